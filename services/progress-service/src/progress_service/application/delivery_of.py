"""A student's promises against what became of them, as known at K."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from contracts.fields import StudentId
from contracts.minutes_convention import Convention
from contracts.service_delivery import ServiceDelivery, delivery
from contracts.streams import school_year
from contracts.vocabulary import Period
from progress_service.application.student_record import record_of
from progress_service.domain.flags import Flag, flags_of
from progress_service.domain.known import Basis, Knowledge
from progress_service.domain.scheduled import Expected, expected, silent
from runtime.event_store import EventStore


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """Whether a school year's days are known, and who said them."""

    school_year: str
    said_by: UUID | None


@dataclass(frozen=True, slots=True)
class DeliveryOf:
    """The answer, and what it rests on."""

    services: tuple[ServiceDelivery, ...]
    flags: tuple[Flag, ...]
    silent: tuple[Expected, ...]
    """Scheduled sessions of which nobody has said anything."""
    convention: Convention
    """Of the last day asked about."""
    calendars: tuple[CalendarYear, ...]
    basis: Basis


async def delivery_of(
    store: EventStore, tenant: str, student: StudentId, first_on: date, last_on: date, knowledge: Knowledge,
    today: date, by: Period = Period.WEEK,
) -> DeliveryOf:  # fmt: skip
    """What was owed, given, missed and made up from ``first_on`` to ``last_on``; raises `NotFound` for nobody's id."""
    record = await record_of(store, tenant, student, knowledge)
    day = knowledge.day(today, record.zone)
    sessions = record.sessions
    asked = [session for session in sessions if first_on <= session.on <= last_on]
    planned = expected(record.schedules, record.days, first_on, last_on)
    labels = sorted({school_year(first_on), school_year(last_on)})
    return DeliveryOf(
        services=delivery(
            record.plans, sessions, record.days, first_on, last_on, on=record.on, by=by, named=record.named
        ),
        flags=tuple(flags_of(asked, record.service_on, record.days, record.recorded_on, record.on)),
        silent=tuple(
            each
            for each in silent(planned, sessions, day)
            if record.service_on(each.item, each.on) is not None
        ),
        convention=record.on(last_on),
        calendars=tuple(CalendarYear(label, record.days.said_by.get(label)) for label in labels),
        basis=replace(record.basis, day=day),
    )
