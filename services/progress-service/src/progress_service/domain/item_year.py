"""What is recorded of one plan item in one school year: sessions of a service, results of a goal or objective.

`evolve` never refuses: the past has already happened.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import assert_never, cast
from uuid import UUID

from contracts.event import Event
from contracts.fields import ItemId, Measure, PlanId, StaffId, StudentId
from contracts.progress import (
    AccommodationUsed,
    AccommodationUseVoided,
    BenchmarkMeasured,
    ItemEvent,
    MakeUpAgreed,
    MakeUpDeclined,
    MakeUpOffered,
    MakeUpVoided,
    MeasurementVoided,
    ObjectiveMastered,
    ResponsibilityAcknowledged,
    ScheduleEnded,
    ScheduleSet,
    ServiceDelivered,
    SessionMissed,
    SessionVoided,
)
from contracts.values import Reported


class SessionOutcome(StrEnum):
    """How a session went."""

    DELIVERED = "delivered"
    PARTIAL = "partial"
    """It took place, for fewer minutes than planned."""
    MISSED = "missed"
    """It was owed and did not take place."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a service."""

    id: UUID
    student: StudentId
    plan: PlanId
    item: ItemId
    on: date
    minutes: int
    """Given; of a missed session: owed."""
    status: SessionOutcome
    planned_minutes: int | None = None
    reason: str | None = None
    provider: StaffId | None = None
    group_size: int | None = None
    makes_up: UUID | None = None
    external_id: str | None = None
    reported: Reported | None = None
    voided: str | None = None
    """Why the record was wrong: it stays, struck through, and counts no more."""

    @property
    def counts(self) -> bool:
        """It has not been struck through."""
        return self.voided is None

    @property
    def missed_minutes(self) -> int:
        """Minutes that were to be given in this session and were not."""
        if self.status is SessionOutcome.MISSED:
            return self.minutes
        return max(0, (self.planned_minutes or self.minutes) - self.minutes)


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement of a goal or objective."""

    id: UUID
    student: StudentId
    plan: PlanId
    item: ItemId
    measured_on: date
    value: Measure
    unit: str
    by: StaffId | None = None
    documents: tuple[UUID, ...] | None = None
    external_id: str | None = None
    reported: Reported | None = None
    voided: str | None = None

    @property
    def counts(self) -> bool:
        """It has not been struck through."""
        return self.voided is None


@dataclass(frozen=True, slots=True)
class ItemYear:
    """One item in one school year, in the order in which things were recorded."""

    sessions: dict[UUID, Session] = field(default_factory=dict)
    results: dict[UUID, Result] = field(default_factory=dict)
    completing: tuple[UUID, ...] = ()
    """The results that completed what the item asks for."""

    @property
    def mastered(self) -> bool:
        """A result that still counts has completed what the item asks for."""
        return any(
            self.results[result_id].counts for result_id in self.completing if result_id in self.results
        )


def evolve(year: ItemYear, event: Event) -> ItemYear:
    """The year with one more fact."""
    known = cast(ItemEvent, event)
    match known:
        case ServiceDelivered() | SessionMissed():
            return replace(year, sessions=year.sessions | {known.session_id: _session(known)})
        case SessionVoided():
            voided = replace(year.sessions[known.session_id], voided=known.personal.reason)
            return replace(year, sessions=year.sessions | {known.session_id: voided})
        case BenchmarkMeasured():
            return replace(year, results=year.results | {known.measurement_id: _result(known)})
        case MeasurementVoided():
            struck = replace(year.results[known.measurement_id], voided=known.personal.reason)
            return replace(year, results=year.results | {known.measurement_id: struck})
        case ObjectiveMastered():
            return replace(year, completing=(*year.completing, known.measurement_id))
        case (
            ScheduleSet() | ScheduleEnded() | MakeUpOffered() | MakeUpAgreed() | MakeUpDeclined() | MakeUpVoided()
            | ResponsibilityAcknowledged() | AccommodationUsed() | AccommodationUseVoided()
        ):  # fmt: skip
            return year
        case _:
            assert_never(known)


def _session(event: ServiceDelivered | SessionMissed) -> Session:
    took_place = event if isinstance(event, ServiceDelivered) else None
    return Session(
        id=event.session_id,
        student=event.student_id,
        plan=event.plan_id,
        item=event.item_id,
        on=event.effective_on,
        minutes=event.minutes,
        status=SessionOutcome(took_place.status.value) if took_place else SessionOutcome.MISSED,
        planned_minutes=took_place.planned_minutes if took_place else None,
        reason=event.reason,
        provider=event.provider,
        group_size=took_place.group_size if took_place else None,
        makes_up=took_place.makes_up if took_place else None,
        external_id=event.external_id,
        reported=event.reported,
    )


def _result(event: BenchmarkMeasured) -> Result:
    return Result(
        id=event.measurement_id,
        student=event.student_id,
        plan=event.plan_id,
        item=event.item_id,
        measured_on=event.effective_on,
        value=event.value,
        unit=event.unit,
        by=event.by,
        documents=event.documents,
        external_id=event.external_id,
        reported=event.reported,
    )
