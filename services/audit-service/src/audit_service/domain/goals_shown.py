"""How the goals of a plan stood on a day, as the console and a packet show them: the progress report's own picture and words."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from audit_service.domain.moment import Moment
from audit_service.domain.packet_scope import Scope
from contracts.event import Event, Recorded
from contracts.goals.history import goals_in_force, progress_by, results_of, told_of
from contracts.goals.picture import says, table_of, too_few
from contracts.goals.progress import GoalProgress
from contracts.plain_words import day_in_words
from contracts.plan_history import History
from contracts.vocabulary import RecordKind

TYPES = ("progress.benchmark_measured", "progress.measurement_voided")
MOST_ROWS = 12
"""Of more results the table shows the latest."""


def goals_of(history: History, entries: Iterable[Recorded[Event]], moment: Moment) -> list[GoalProgress]:
    """Of each goal that the plan had on the day, by the results that were known."""
    day, results = moment.effective_on, results_of(entries)
    found = []
    for goal in goals_in_force(history, day):
        told = told_of([history], goal.id, day)
        if told is not None:
            found.append(progress_by(told, goal, results, day))
    return found


def goals_to_send(
    history: History, released: Iterable[Recorded[Event]], scope: Scope
) -> Sequence[GoalProgress]:
    """The goals as they stood on the day the plan in a packet stands for: a goal's text is the plan's, its picture the
    progress's, and when the plan changed is the plan's history. Each goes out only as released (34 CFR 99.30)."""
    if RecordKind.PLAN not in scope or RecordKind.PROGRESS not in scope:
        return ()
    goals = goals_of(history, released, Moment(scope.document.effective_on))
    return goals if RecordKind.PLAN_HISTORY in scope else [replace(goal, phases=()) for goal in goals]


def shown(progress: GoalProgress) -> dict[str, Any]:
    """The picture's sentence and table, and what stands in its place where there are too few results."""
    enough = progress.enough_for_a_picture
    return {
        "item": progress.item.id,
        "statement": progress.item.statement or "A goal without words",
        "standing": progress.standing.value.replace("_", " "),
        "in_words": says(progress),
        "enough": enough,
        "too_few": None if enough else too_few(progress),
        "rows": _rows(progress),
    }


def _rows(progress: GoalProgress) -> Sequence[Sequence[str]]:
    return [
        [day_in_words(row.result.measured_on), f"{row.result.value} {row.result.unit}",
         "" if row.aim is None else f"{float(row.aim):.1f}"]
        for row in table_of(progress)[-MOST_ROWS:]
    ]  # fmt: skip


def one_of(goals: Iterable[GoalProgress], item: UUID) -> GoalProgress | None:
    """The goal by its id."""
    return next((each for each in goals if each.item.id == item), None)
