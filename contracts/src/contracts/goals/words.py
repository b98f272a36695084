"""Progress in sentences: the same that a picture shows, for a screen reader."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from contracts.goals.criterion import plain_number
from contracts.goals.progress import GoalProgress, Standing, StepProgress

WORDS = {
    Standing.ON_TRACK: "on track",
    Standing.BEHIND: "behind",
    Standing.AHEAD: "ahead",
    Standing.UNMEASURED: "not measured",
    Standing.UPCOMING: "still to come",
}


def in_words(progress: GoalProgress) -> str:
    """The whole of it, in plain English."""
    return " ".join([_points(progress), *(_step(step, progress.on) for step in progress.steps)])


def drawn_in_words(progress: GoalProgress, leads_to: Fraction | None) -> str:
    """All that a picture shows: results and steps, where the trend leads, and on which days the plan changed."""
    said = [in_words(progress)]
    due_on = progress.item.due_on
    if leads_to is not None and due_on is not None:
        height = plain_number(Decimal(f"{float(leads_to):.1f}"))
        said.append(
            f"The trend leads to {height}{f' {progress.item.unit}' if progress.item.unit else ''} by {_day(due_on)}."
        )
    first = progress.points[0].measured_on if progress.points else None
    said += [
        f"On {_day(day)} the plan changed: {what}."
        for day, what in progress.phases
        if first is not None and day > first
    ]
    return " ".join(said)


def _points(progress: GoalProgress) -> str:
    points = progress.points
    if not points:
        return "Nothing has been measured yet."
    latest = points[-1]
    last = f"{plain_number(latest.value)} {latest.unit} on {_day(latest.measured_on)}"
    if len(points) == 1:
        return f"One result: {last}."
    first = points[0]
    begin = f"from {plain_number(first.value)} {first.unit} on {_day(first.measured_on)}"
    return f"{len(points)} results, {begin} to {last}."


def _step(told: StepProgress, on: date) -> str:
    asked = (
        f"By {_day(told.step.due_on)}: {told.step.criterion.as_counted.removeprefix('at least ')} asked for"
    )
    if told.completed_by is not None:
        return f"{asked}, reached on {_day(told.completed_by.measured_on)}: {WORDS[told.standing]}."
    if told.latest is None or told.step.due_on > on or told.standing is Standing.UNMEASURED:
        return f"{asked}: {WORDS[told.standing]}."
    latest = told.latest
    return f"{asked}, {plain_number(latest.value)} measured on {_day(latest.measured_on)}: {WORDS[told.standing]}."


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
