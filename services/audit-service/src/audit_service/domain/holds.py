"""Legal holds: what must be kept whatever a schedule says (34 CFR 99.10(e); practice: litigation, audits, disputes)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast
from uuid import UUID

from contracts.event import Event
from contracts.problems import Invalid, NotFound, Reason
from contracts.records import HoldEvent, HoldOpened, HoldPersonalData, HoldReleased, HoldReleasePersonalData
from contracts.vocabulary import HoldGround


@dataclass(frozen=True, slots=True)
class Hold:
    """What decisions ask of a hold."""

    student: UUID | None = None
    released: bool = False

    @property
    def stands(self) -> bool:
        """It was opened, and nobody has released it."""
        return self.student is not None and not self.released


@dataclass(frozen=True, slots=True)
class OpenHold:
    """Somebody sets a hold."""

    hold_id: UUID
    student: UUID
    ground: HoldGround
    reason: str
    matter: str | None
    review_on: date | None
    dispute_id: UUID | None = None
    set_by: str | None = None


def open_hold(hold: Hold, command: OpenHold, *, today: date) -> Sequence[HoldEvent]:
    """From now on nothing of the student's record may be destroyed."""
    if hold.student is not None:
        return []
    if command.review_on is not None and command.review_on < today:
        reason = Reason("in-the-past", f"today is {today}; give a day to come, or none", pointer="/review_on")
        raise Invalid("A hold is looked at again on a day to come.", reasons=(reason,))
    return [
        HoldOpened(
            effective_on=today, hold_id=command.hold_id, student_id=command.student, ground=command.ground,
            personal=HoldPersonalData(reason=command.reason, matter=command.matter), review_on=command.review_on,
            dispute_id=command.dispute_id, set_by=command.set_by,
        )
    ]  # fmt: skip


def release_hold(
    hold: Hold, hold_id: UUID, reason: str, *, today: date, by: str | None = None
) -> Sequence[HoldEvent]:
    """It no longer stands. A hold never ends by itself, also not on the day it was to be looked at again."""
    if hold.student is None:
        raise NotFound("There is no such hold here.")
    if hold.released:
        return []
    personal = HoldReleasePersonalData(reason=reason)
    return [
        HoldReleased(
            effective_on=today, hold_id=hold_id, student_id=hold.student, personal=personal, released_by=by
        )
    ]  # fmt: skip


def evolve(hold: Hold, event: Event) -> Hold:
    """The hold after the event."""
    match cast(HoldEvent, event):
        case HoldOpened() as opened:
            return Hold(opened.student_id)
        case HoldReleased():
            return replace(hold, released=True)
