"""Sessions and measurements of one plan item: stream ``item/{id}/{school year}`` of progress-service."""

from typing import TypeAlias
from uuid import UUID

from pydantic import Field

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
)
from contracts.values import Reported
from contracts.vocabulary import SessionStatus


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
    makes_up: UUID | None = None
    """The missed session whose minutes this one makes up."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


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


class VoidPersonalData(Value):
    """Why the record was wrong."""

    reason: Narrative


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


ProgressEvent: TypeAlias = (
    ServiceDelivered
    | SessionMissed
    | SessionVoided
    | BenchmarkMeasured
    | MeasurementVoided
    | ObjectiveMastered
)
