"""Each goal tested for Specific, Measurable, Attainable, Relevant, Time-bound: a reason for each letter that it fails.

SMART is practice, not law: what is found here is advice and never stands in the way of an adoption.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate, pairwise

from contracts.fields import ItemId
from contracts.items import AnyItem, Goal, Objective, PresentLevels
from contracts.problems import Reason

CITATION = "SMART: practice, not law"
FEWEST_WORDS = 4
"""A statement of fewer words says neither who, nor what, nor how much."""
VAGUE = frozenset(
    {"improve", "improves", "better", "understand", "understands", "appreciate", "appreciates", "progress"}
)
"""Words of a statement without any number that nobody can observe."""
WHOLE = Decimal(100)
_WORD = re.compile(r"\w+")


class Letter(StrEnum):
    """What a goal should be."""

    SPECIFIC = "specific"
    MEASURABLE = "measurable"
    ATTAINABLE = "attainable"
    RELEVANT = "relevant"
    TIME_BOUND = "time_bound"


@dataclass(frozen=True, slots=True)
class Advice:
    """What would make a plan better, or will be owed later; nothing is refused for it."""

    reason: Reason
    letter: Letter | None = None
    """The letter that a goal fails."""
    owed_on: date | None = None
    """The law asks for it from this day on."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a goal is tested against."""

    starts_on: date
    ends_on: date
    """The day on which the plan's year is over."""
    objectives: Sequence[Objective]
    """The goal's own."""
    levels: Mapping[ItemId, PresentLevels]
    """Of the plan."""


def smart(items: Sequence[AnyItem], starts_on: date, ends_on: date) -> list[Advice]:
    """Every letter that a goal of the plan fails, with each of its reasons."""
    levels = {item.id: item for item in items if isinstance(item, PresentLevels)}
    found: list[Advice] = []
    for goal in items:
        if isinstance(goal, Goal):
            own = [item for item in items if isinstance(item, Objective) and item.goal == goal.id]
            found += smart_goal(goal, Around(starts_on, ends_on, in_their_order(own), levels))
    return found


def in_their_order(objectives: Sequence[Objective]) -> list[Objective]:
    """By the order they say, else by their dates."""
    return sorted(objectives, key=lambda each: (each.order or len(objectives) + 1, each.due_on or date.max))


def smart_goal(goal: Goal, around: Around) -> list[Advice]:
    """Every letter that one goal fails, with each of its reasons."""
    tests = {
        Letter.SPECIFIC: _specific(goal),
        Letter.MEASURABLE: _measurable(goal, around.objectives),
        Letter.ATTAINABLE: _attainable(goal, around.objectives),
        Letter.RELEVANT: _relevant(goal, around.levels),
        Letter.TIME_BOUND: _time_bound(goal, around),
    }
    return [Advice(reason, letter) for letter, reasons in tests.items() for reason in reasons]


def _specific(goal: Goal) -> Iterator[Reason]:
    if goal.statement is None:
        yield _of(goal, "no-statement", "The goal does not say what is to be reached.",
                  "Say what the student will do, and under which conditions.", "statement")  # fmt: skip
    elif len(goal.statement.split()) < FEWEST_WORDS:
        yield _of(goal, "vague-statement", f"The statement has fewer than {FEWEST_WORDS} words.",
                  "Say what the student will do, and under which conditions.", "statement")  # fmt: skip
    elif VAGUE & set(_WORD.findall(goal.statement.casefold())) and not any(map(str.isdigit, goal.statement)):
        yield _of(goal, "nothing-to-see", "It says that something gets better, and not what anybody could see or count.",
                  "Say what the student will do, how well and how often.", "statement")  # fmt: skip
    if goal.area is None:
        yield _of(goal, "no-area", "The goal names no area.", "Fill in area.", "area")


def _measurable(goal: Goal, objectives: Sequence[Objective]) -> Iterator[Reason]:
    for field, what in {
        "baseline": "no baseline: where the student stands now",
        "target": "no target",
        "unit": "no unit",
        "measure_method": "no way of measuring",
    }.items():
        if getattr(goal, field) is None:
            code = f"no-{field}".replace("_", "-")
            yield _of(goal, code, f"The goal has {what}.", f"Fill in {field}.", field)
    for objective in objectives:
        if objective.target is None:
            yield _of(objective, "no-target", "The objective has no target.", "Fill in target.", "target")
        if objective.unit and goal.unit and _plain(objective.unit) != _plain(goal.unit):
            yield _of(objective, "another-unit", f"The objective counts {objective.unit}, its goal {goal.unit}.",
                      f"Say the objective in {goal.unit}, or leave its unit out.", "unit")  # fmt: skip


def _plain(unit: str) -> str:
    # As progress-service compares units.
    return unit.strip().casefold()


def _attainable(goal: Goal, objectives: Sequence[Objective]) -> Iterator[Reason]:
    if goal.target is None:
        return
    if goal.target == goal.baseline:
        yield _of(goal, "nothing-to-reach", f"The target, {goal.target}, is where the student stands already.",
                  "Choose a target that is reached by work of a year.", "target")  # fmt: skip
    if goal.unit in {"percent", "%"} and goal.target > WHOLE:
        yield _of(goal, "beyond-the-whole", f"{goal.target} percent is more than the whole.",
                  "Choose a target of 100 percent or less.", "target")  # fmt: skip
    yield from _climbing(goal, goal.target, objectives)


def _climbing(goal: Goal, target: Decimal, objectives: Sequence[Objective]) -> Iterator[Reason]:
    """Each objective goes on from the one before, toward the target and not past it."""
    down = goal.baseline is not None and target < goal.baseline
    before = goal.baseline
    cure = _adding_up(goal, target, objectives)
    for objective in objectives:
        step = objective.target
        if step is None:
            continue
        back = before is not None and (step >= before if down else step <= before)
        past = step < target if down else step > target
        if back or past:
            begun = f"from {before} " if before is not None else ""
            yield _of(
                objective,
                "does-not-climb",
                f"{step} is no step {begun}to the goal's target, {target}.",
                cure,
                "target",
            )
        before = step


def _adding_up(goal: Goal, target: Decimal, objectives: Sequence[Objective]) -> str:
    """What would make the steps climb; of 20, 20 more and 20 more the totals, because results are compared with totals."""
    steps = [each.target for each in objectives if each.target is not None]
    totals = list(accumulate(steps, initial=goal.baseline or Decimal(0)))
    if len(steps) > 1 and totals[-1] == target:
        return (
            f"Where each says so many more, give what is reached in all: {', '.join(map(str, totals[1:]))}."
        )
    return "Choose targets that go step by step from the baseline to the goal's target."


def _relevant(goal: Goal, levels: Mapping[ItemId, PresentLevels]) -> Iterator[Reason]:
    grown_from = levels.get(goal.present_levels) if goal.present_levels else None
    if goal.present_levels is None:
        yield _of(goal, "no-present-levels", "The goal does not say out of which present levels it grows.",
                  "Fill in present_levels with the id of that item.", "present_levels")  # fmt: skip
    elif grown_from is None:
        yield _of(goal, "unknown-present-levels", "The present levels it names are not in this plan.",
                  "Name present levels of this plan.", "present_levels")  # fmt: skip
    elif None not in (goal.area, grown_from.area) and goal.area != grown_from.area:
        yield _of(goal, "another-area", f"The goal is about {goal.area}, its present levels about {grown_from.area}.",
                  "Name the present levels that show this need.", "present_levels")  # fmt: skip


def _time_bound(goal: Goal, around: Around) -> Iterator[Reason]:
    if goal.due_on is None:
        yield _of(goal, "no-date", "The goal has no date.", "Fill in due_on.", "due_on")
    elif goal.due_on > around.ends_on:
        yield _of(goal, "due-after-the-plan", f"It is due on {goal.due_on}, after the plan's year ends on {around.ends_on}.",
                  f"Choose {around.ends_on} or earlier.", "due_on")  # fmt: skip
    elif goal.due_on <= around.starts_on:
        yield _of(goal, "due-before-the-plan", f"It is due on {goal.due_on}, and the plan begins on {around.starts_on}.",
                  f"Choose a day after {around.starts_on}.", "due_on")  # fmt: skip
    for objective in around.objectives:
        if objective.due_on is None:
            yield _of(objective, "no-date", "The objective has no date.", "Fill in due_on.", "due_on")
        elif goal.due_on is not None and objective.due_on > goal.due_on:
            yield _of(objective, "due-after-the-goal", f"It is due on {objective.due_on}, after its goal, on {goal.due_on}.",
                      f"Choose {goal.due_on} or earlier.", "due_on")  # fmt: skip
    dated = [each for each in around.objectives if each.due_on is not None]
    for earlier, later in pairwise(dated):
        if later.due_on <= earlier.due_on:  # type: ignore[operator]
            yield _of(later, "due-out-of-order", f"It is due on {later.due_on}, and the step before it on {earlier.due_on}.",
                      "Give each objective a later date than the one before it.", "due_on")  # fmt: skip


def _of(item: Goal | Objective, code: str, message: str, cure: str, field: str) -> Reason:
    return Reason(f"{item.kind}-{code}", message, CITATION, cure, f"/items/{item.id}/{field}")
