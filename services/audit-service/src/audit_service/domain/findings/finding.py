"""A finding: one rule, one duty, how it stands on a day as then known. It sets facts beside a rule and calls nobody anything."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.event import Value
from contracts.fields import EventId, ItemId, PlanId

ONE_DAY = timedelta(days=1)
Severity = Literal["H", "M", "L"]


class State(StrEnum):
    """How a duty stands (law.md 5)."""

    MET = "met"
    MET_LATE = "met_late"
    DUE = "due"
    OVERDUE = "overdue"
    """Still owed."""
    MISSED = "missed"
    """The moment is gone: nothing done now would be in time."""
    UNPROVEN = "unproven"
    """Claimed, and no event proves it."""
    EXCUSED = "excused"
    """An exception is on record."""
    NOT_APPLICABLE = "not_applicable"


BROKEN = frozenset({State.MET_LATE, State.OVERDUE, State.MISSED, State.UNPROVEN})
OPEN = frozenset({State.DUE, State.OVERDUE, State.UNPROVEN})
"""Something can still be done."""


class Finding(Value):
    """One duty under one rule. ``about`` names it among all of the student's, the same whenever it is judged.

    ``says`` may hold an id in braces, read as a name by whoever may see it, and ``{late}``, the days late: both are filled in
    when it is read, so that a row kept since yesterday is true today.
    """

    rule: str
    about: str
    state: State
    severity: Severity
    says: str
    trigger_on: date
    """The day that set the duty off; by the rules then in force it is judged."""
    due_on: date | None = None
    done_on: date | None = None
    facts: Mapping[str, str] = Field(default_factory=dict)
    events: tuple[EventId, ...] = ()
    cure: str | None = None
    rules: str
    plan: PlanId | None = None
    item: ItemId | None = None
    wakes_on: date | None = None
    """The first day on which time alone may change the state."""

    def days_late(self, today: date) -> int | None:
        """Calendar days after the due day: until it was done, or until now where it is still owed."""
        if self.due_on is None or self.state not in (State.MET_LATE, State.OVERDUE, State.MISSED):
            return None
        until = self.done_on if self.state is State.MET_LATE and self.done_on else today
        return max((until - self.due_on).days, 0)

    def told(self, today: date, names: Mapping[str, str]) -> str:
        """The sentence as somebody reads it aloud on ``today``."""
        text = self.says.replace("{late}", str(self.days_late(today) or 0))
        for id_ in ids_in(text):
            text = text.replace(
                f"{{{id_}}}", names.get(str(id_), "somebody or something without a name here")
            )
        return text


def ids_in(text: str) -> tuple[UUID, ...]:
    """The ids a sentence names in braces."""
    found: list[UUID] = []
    for part in text.split("{")[1:]:
        try:
            found.append(UUID(part.partition("}")[0]))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


def state_of(due_on: date | None, done_on: date | None, today: date) -> State:
    """Done by the due day, later, or not yet. Without a due day a duty is open until it is done, and never late."""
    if done_on is not None:
        return State.MET if due_on is None or done_on <= due_on else State.MET_LATE
    return State.DUE if due_on is None or today <= due_on else State.OVERDUE
