"""Sessions and measurements of one plan item: stream ``item/{id}/{school year}`` of progress-service."""

from typing import TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.carrying_out import (
    AccommodationUsed,
    AccommodationUseVoided,
    ResponsibilityAcknowledged,
    ScheduleEnded,
    ScheduleSet,
)
from contracts.event import Event, Value, event
from contracts.fields import (
    Code,
    ExternalId,
    ItemId,
    Line,
    Measure,
    Minutes,
    Narrative,
    PlanId,
    StaffId,
    StudentId,
    TimeOfDay,
)
from contracts.make_ups import MakeUpAgreed, MakeUpDeclined, MakeUpOffered, MakeUpVoided
from contracts.progress_reports import ProgressReportIssued, ProgressReportVoided
from contracts.values import Reported, VoidPersonalData
from contracts.vocabulary import SessionStatus

__all__ = [
    "AccommodationUseVoided",
    "AccommodationUsed",
    "BenchmarkMeasured",
    "ItemEvent",
    "MakeUpAgreed",
    "MakeUpDeclined",
    "MakeUpOffered",
    "MakeUpVoided",
    "MeasurementVoided",
    "ObjectiveMastered",
    "ProgressEvent",
    "ProgressReportIssued",
    "ProgressReportVoided",
    "ReportEvent",
    "ResponsibilityAcknowledged",
    "ScheduleEnded",
    "ScheduleSet",
    "ServiceDelivered",
    "SessionMissed",
    "SessionPersonalData",
    "SessionVoided",
    "VoidPersonalData",
]


class SessionPersonalData(Value):
    """What the provider wrote of one session."""

    note: Narrative | None = None
    late_because: Narrative | None = None
    """Why it was recorded long after its day."""


@event("progress.service_delivered")
class ServiceDelivered(Event):
    """A session of a service took place on ``effective_on``."""

    session_id: UUID
    plan_id: PlanId
    item_id: ItemId
    student_id: StudentId
    """Whose it is: the envelope's subject, so that an item's own state knows it."""
    minutes: Minutes
    """Given."""
    planned_minutes: Minutes | None = None
    """Planned for this session."""
    status: SessionStatus = SessionStatus.DELIVERED
    reason: Code | None = None
    """Why only in part; of the list ``missed_reason``."""
    provider: StaffId | None = None
    group_size: int | None = Field(default=None, ge=1)
    """How many students took part."""
    makes_up: UUID | None = None
    """The missed session whose minutes this one makes up."""
    external_id: ExternalId | None = None
    reported: Reported | None = None
    starts_at: TimeOfDay | None = None
    group: Code | None = None
    """Alone, in a small group, with the class: of the list ``group``, as it was."""
    provider_role: Code | None = None
    """As whom the provider gave it: of the list ``staff_role``."""
    credential: Code | None = None
    """The licence under which it was given: of the list ``credential``."""
    location: Line | None = None
    """Where it was, e.g. ``Room 12``."""
    setting: Code | None = None
    """Of the list ``service_setting``: among whom."""
    agreement_id: UUID | None = None
    """The agreement on make-up or compensatory minutes under which it was given."""
    personal: SessionPersonalData | None = None


@event("progress.session_missed")
class SessionMissed(Event):
    """A session of a service that was owed on ``effective_on`` did not take place."""

    session_id: UUID
    plan_id: PlanId
    item_id: ItemId
    student_id: StudentId
    """Whose it is: the envelope's subject, so that an item's own state knows it."""
    minutes: Minutes
    """Owed."""
    reason: Code
    """Of the list ``missed_reason``."""
    provider: StaffId | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None
    starts_at: TimeOfDay | None = None
    """When it was to begin."""
    personal: SessionPersonalData | None = None


@event("progress.session_voided")
class SessionVoided(Event):
    """The session's record was wrong (another student, a duplicate); it stays, struck through, and counts no more.

    ``effective_on`` is the session's day.
    """

    session_id: UUID
    plan_id: PlanId
    item_id: ItemId
    personal: VoidPersonalData


@event("progress.benchmark_measured")
class BenchmarkMeasured(Event):
    """One measurement of a goal or objective, taken on ``effective_on``."""

    measurement_id: UUID
    plan_id: PlanId
    item_id: ItemId
    student_id: StudentId
    """Whose it is: the envelope's subject, so that an item's own state knows it."""
    value: Measure
    unit: Line
    by: StaffId | None = None
    """Who measured."""
    documents: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=20)
    """What shows it (work samples, a scored test): ids of documents of plan-service."""
    external_id: ExternalId | None = None
    reported: Reported | None = None
    correct: int | None = Field(default=None, ge=0, le=100_000)
    """Of ``attempted`` trials; the value is then their percentage."""
    attempted: int | None = Field(default=None, ge=1, le=100_000)
    prompt_level: Code | None = None
    """How much help was needed: of the list ``prompt_level``; the value is then the level's number there."""


@event("progress.measurement_voided")
class MeasurementVoided(Event):
    """The measurement's record was wrong; it stays, struck through, and counts no more.

    ``effective_on`` is the measurement's day.
    """

    measurement_id: UUID
    plan_id: PlanId
    item_id: ItemId
    personal: VoidPersonalData


@event("progress.objective_mastered")
class ObjectiveMastered(Event):
    """A measurement completed what an objective or goal asks for."""

    plan_id: PlanId
    item_id: ItemId
    measurement_id: UUID
    """The one that completed it."""


ItemEvent: TypeAlias = (
    ServiceDelivered
    | SessionMissed
    | SessionVoided
    | BenchmarkMeasured
    | MeasurementVoided
    | ObjectiveMastered
    | ScheduleSet
    | ScheduleEnded
    | MakeUpOffered
    | MakeUpAgreed
    | MakeUpDeclined
    | MakeUpVoided
    | ResponsibilityAcknowledged
    | AccommodationUsed
    | AccommodationUseVoided
)
"""What stands on ``item/{id}/{school year}``."""

ReportEvent: TypeAlias = ProgressReportIssued | ProgressReportVoided
"""What stands on ``report/{id}``."""

ProgressEvent: TypeAlias = ItemEvent | ReportEvent
