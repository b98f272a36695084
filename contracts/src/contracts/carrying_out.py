"""How a plan item is carried out: its schedule, who knows of it, its use. Stream ``item/{id}/{school year}``."""

from datetime import date
from uuid import UUID

from pydantic import Field

from contracts.district import Weekday
from contracts.event import Event, EventClass, Value, event
from contracts.fields import (
    Code,
    ExternalId,
    ItemId,
    Line,
    Minutes,
    Narrative,
    PlanId,
    StaffId,
    StudentId,
    TimeOfDay,
)
from contracts.values import Reported, VoidPersonalData
from contracts.vocabulary import UseOutcome


@event("progress.schedule_set")
class ScheduleSet(Event):
    """From ``effective_on`` the service is given on these weekdays by this staff member."""

    schedule_id: UUID
    plan_id: PlanId
    item_id: ItemId
    student_id: StudentId
    staff_id: StaffId | None = None
    """Who gives it; absent: nobody has been found yet."""
    weekdays: tuple[Weekday, ...] = Field(min_length=1, max_length=7)
    """One session on each of these that is a school day."""
    minutes: Minutes | None = None
    """Of each session; absent: the plan's minutes shared among the period's sessions."""
    ends_on: date | None = None
    """Last day; absent: until it is ended."""
    starts_at: TimeOfDay | None = None
    external_id: ExternalId | None = None


@event("progress.schedule_ended")
class ScheduleEnded(Event):
    """The schedule no longer holds; ``effective_on`` is the first day without it.

    It stands on the stream of the school year in which the schedule began.
    """

    schedule_id: UUID
    plan_id: PlanId
    item_id: ItemId


@event("progress.responsibility_acknowledged", of=EventClass.PROOF)
class ResponsibilityAcknowledged(Event):
    """A staff member says on ``effective_on`` that they know their duties under the item (300.323(d), 104.33).

    Their own word, beside ``plan.staff_informed``, which is the word of whoever told them.
    """

    acknowledgement_id: UUID
    plan_id: PlanId
    item_id: ItemId
    student_id: StudentId
    staff_id: StaffId
    how: Line
    """E.g. ``read it in Handrail``, ``signed the sheet``."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


class UsePersonalData(Value):
    """What somebody wrote of an accommodation's use."""

    note: Narrative


@event("progress.accommodation_used")
class AccommodationUsed(Event):
    """An accommodation was called for on ``effective_on``: given, not given, or declined."""

    use_id: UUID
    plan_id: PlanId
    item_id: ItemId
    student_id: StudentId
    outcome: UseOutcome
    by: StaffId | None = None
    """Who was responsible for it then."""
    place: Code | None = None
    """Of the list ``place``: class, test, bus, ..."""
    external_id: ExternalId | None = None
    reported: Reported | None = None
    personal: UsePersonalData | None = None


@event("progress.accommodation_use_voided")
class AccommodationUseVoided(Event):
    """The record of use was wrong; it stays, struck through, and counts no more. ``effective_on`` is its day."""

    use_id: UUID
    plan_id: PlanId
    item_id: ItemId
    personal: VoidPersonalData
