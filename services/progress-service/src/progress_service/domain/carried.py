"""What is recorded beside sessions and results of a plan item: schedules, make-up, who knows their duties, use."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.carrying_out import AccommodationUsed, ResponsibilityAcknowledged, ScheduleSet
from contracts.fields import HolderId, ItemId, PlanId, StaffId, StudentId
from contracts.make_ups import MakeUpAgreed, MakeUpOffered
from contracts.values import Reported
from contracts.vocabulary import MakeUpKind, UseOutcome


@dataclass(frozen=True, slots=True)
class Schedule:
    """On which weekdays a service is given, and by whom."""

    id: UUID
    student: StudentId
    plan: PlanId
    item: ItemId
    first_on: date
    weekdays: tuple[int, ...]
    """ISO: 1 is Monday."""
    staff: StaffId | None = None
    minutes: int | None = None
    """Of each session."""
    last_on: date | None = None
    """Planned when it was set."""
    starts_at: str | None = None
    ended_on: date | None = None
    """The first day without it."""
    external_id: str | None = None
    voided: str | None = None
    """Always nothing: a schedule that was wrong from the start is ended on its first day."""

    @classmethod
    def of(cls, event: ScheduleSet) -> "Schedule":
        """As it was set."""
        return cls(
            event.schedule_id, event.student_id, event.plan_id, event.item_id, event.effective_on,
            tuple(sorted(set(event.weekdays))), event.staff_id, event.minutes, event.ends_on, event.starts_at,
            external_id=event.external_id,
        )  # fmt: skip

    def holds_on(self, day: date) -> bool:
        """A session is planned on ``day``, if it is a school day."""
        return (
            self.first_on <= day
            and (self.last_on is None or day <= self.last_on)
            and (self.ended_on is None or day < self.ended_on)
            and day.isoweekday() in self.weekdays
        )


@dataclass(frozen=True, slots=True)
class MakeUp:
    """Minutes offered or agreed in place of those not given."""

    id: UUID
    student: StudentId
    plan: PlanId
    item: ItemId
    on: date
    kind: MakeUpKind
    minutes: int
    sessions: tuple[UUID, ...] = ()
    by_on: date | None = None
    """The last day by which they are to be given."""
    ground: str | None = None
    """Of an agreement: what it rests on."""
    offer: UUID | None = None
    holder: HolderId | None = None
    terms: str | None = None
    declined_on: date | None = None
    """Of an offer."""
    agreed_by: UUID | None = None
    """Of an offer: the agreement it led to."""
    external_id: str | None = None
    reported: Reported | None = None
    voided: str | None = None

    @property
    def counts(self) -> bool:
        """It has not been struck through."""
        return self.voided is None

    @classmethod
    def offered(cls, event: MakeUpOffered) -> "MakeUp":
        """An offer."""
        return cls(
            event.offer_id, event.student_id, event.plan_id, event.item_id, event.effective_on, event.kind, event.minutes,
            event.sessions, event.by_on, terms=event.personal.terms if event.personal else None,
            external_id=event.external_id, reported=event.reported,
        )  # fmt: skip

    @classmethod
    def agreed(cls, event: MakeUpAgreed) -> "MakeUp":
        """An agreement."""
        return cls(
            event.agreement_id, event.student_id, event.plan_id, event.item_id, event.effective_on, event.kind,
            event.minutes, event.sessions, event.by_on, event.ground, event.offer_id, event.holder_id,
            event.personal.terms if event.personal else None, external_id=event.external_id, reported=event.reported,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A staff member's word that they know their duties under an item."""

    id: UUID
    student: StudentId
    plan: PlanId
    item: ItemId
    on: date
    staff: StaffId
    how: str
    external_id: str | None = None
    reported: Reported | None = None
    voided: str | None = None
    """Always nothing: what somebody said is not unsaid."""

    @classmethod
    def of(cls, event: ResponsibilityAcknowledged) -> "Acknowledgement":
        """As it was given."""
        return cls(
            event.acknowledgement_id, event.student_id, event.plan_id, event.item_id, event.effective_on, event.staff_id,
            event.how, event.external_id, event.reported,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """An accommodation when it was called for."""

    id: UUID
    student: StudentId
    plan: PlanId
    item: ItemId
    on: date
    outcome: UseOutcome
    by: StaffId | None = None
    place: str | None = None
    note: str | None = None
    external_id: str | None = None
    reported: Reported | None = None
    voided: str | None = None

    @property
    def counts(self) -> bool:
        """It has not been struck through."""
        return self.voided is None

    @classmethod
    def of(cls, event: AccommodationUsed) -> "Use":
        """As it was recorded."""
        return cls(
            event.use_id, event.student_id, event.plan_id, event.item_id, event.effective_on, event.outcome, event.by,
            event.place, event.personal.note if event.personal else None, event.external_id, event.reported,
        )  # fmt: skip
