"""What is owed beside the plan, what is to come, and a provider's week."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import text

from contracts.fields import ItemId, StaffId, StudentId
from contracts.goals.history import goals_in_force
from contracts.items import Service
from contracts.school_days import ONE_DAY, bounds_of, monday_of
from contracts.service_delivery import Figures, ServiceDelivery, delivery
from contracts.sessions import Session, SessionOutcome
from contracts.vocabulary import Period
from progress_service.application.progress_of import progress_in
from progress_service.application.sight_of import seen_of
from progress_service.application.student_record import StudentRecord, record_of
from progress_service.domain.carried import MakeUp
from progress_service.domain.flags import Flag, clashes, sittings
from progress_service.domain.held import held_by
from progress_service.domain.known import Basis, Knowledge
from progress_service.domain.make_up import AgreementBalance, balance_of
from progress_service.domain.outlook import (
    WEEKS_OF_PACE,
    GoalOutlook,
    ServiceOutlook,
    goals_ahead,
    pace_of,
)
from progress_service.domain.scheduled import Expected, expected
from runtime.auth import Principal
from runtime.event_store import EventStore

_SCHEDULED = text("""
    SELECT DISTINCT student FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND kind = 'schedule' AND document->>'staff' = :staff""")
_HOLDS = text("""
    SELECT DISTINCT student FROM plan_entries
     WHERE tenant = current_setting('handrail.tenant') AND type = 'plan.item_holder_assigned'
       AND convert_from(contents, 'UTF8')::json->>'staff_id' = :staff""")
_GIVEN = text("""
    SELECT DISTINCT student FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND kind = 'session' AND document->>'provider' = :staff
       AND document->>'on' BETWEEN :first AND :last""")


@dataclass(frozen=True, slots=True)
class Compensatory:
    """What is owed beside the plan's own minutes, service by service."""

    services: tuple[ServiceDelivery, ...]
    open_offers: tuple[MakeUp, ...]
    agreements: tuple[AgreementBalance, ...]
    basis: Basis


async def compensatory_of(
    store: EventStore, tenant: str, student: StudentId, first_on: date, last_on: date, knowledge: Knowledge
) -> Compensatory:
    """Missed owed minutes by reason, offers, agreements, and what of them was given; raises `NotFound` for nobody's id."""
    record = await record_of(store, tenant, student, knowledge)
    offers = [
        offer
        for offer in record.offers
        if offer.counts and offer.declined_on is None and offer.agreed_by is None and offer.on <= last_on
    ]
    return Compensatory(
        delivery(
            record.plans,
            record.sessions,
            record.days,
            first_on,
            last_on,
            on=record.on,
            by=Period.YEAR,
            named=record.named,
        ),
        tuple(sorted(offers, key=lambda offer: (offer.on, str(offer.id)))),
        tuple(balance_of(record.agreements, record.sessions, last_on)),
        record.basis,
    )


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forward look."""

    services: tuple[ServiceOutlook, ...]
    goals: tuple[GoalOutlook, ...]
    basis: Basis


async def outlook_of(
    store: EventStore, tenant: str, student: StudentId, on: date, knowledge: Knowledge
) -> Outlook:
    """At the pace of the last weeks, what falls short by the end of the school year; raises `NotFound` for nobody's id."""
    record = await record_of(store, tenant, student, knowledge)
    first_on, until = bounds_of(Period.YEAR, on)
    so_far = _by_item(record, first_on, on)
    recent = _by_item(record, monday_of(on) - WEEKS_OF_PACE * 7 * ONE_DAY, on)
    ahead = _by_item(record, on + ONE_DAY, until) if on < until else {}
    services = [
        ServiceOutlook(
            item_id, until, figures, pace_of(recent[item_id]) if item_id in recent else None,
            ahead[item_id].owed if item_id in ahead else Fraction(0),
        )
        for item_id, figures in so_far.items()
    ]  # fmt: skip
    goals = [progress_in(record, item_id, on).progress for item_id in _goals_on(record, on)]
    return Outlook(tuple(services), tuple(goals_ahead(goals, on)), record.basis)


def _by_item(record: StudentRecord, first_on: date, last_on: date) -> dict[ItemId, Figures]:
    sessions = [session for session in record.sessions if session.on <= last_on]
    found = delivery(
        record.plans,
        sessions,
        record.days,
        first_on,
        last_on,
        on=record.on,
        by=Period.YEAR,
        named=record.named,
    )
    return {each.item_id: each.total for each in found}


def _goals_on(record: StudentRecord, day: date) -> list[ItemId]:
    return [goal.id for history in record.histories.values() for goal in goals_in_force(history, day)]


@dataclass(frozen=True, slots=True)
class OwedThisWeek:
    """One service of one student in a provider's week."""

    student: StudentId
    item_id: ItemId
    service: Service | None
    figures: Figures | None
    """Of the whole week; ``None`` where nothing is owed or given."""
    sessions: tuple[Expected, ...]
    """Planned; none of a service that they carry out without a schedule."""
    told: frozenset[date]
    """Days of which something was recorded."""


@dataclass(frozen=True, slots=True)
class ProvidersWeek:
    """What a provider is to give in a week, and to whom."""

    first_on: date
    last_on: date
    services: tuple[OwedThisWeek, ...]
    flags: tuple[Flag, ...]
    """Sessions of theirs that cannot all have been so."""


async def week_of(
    store: EventStore, tenant: str, principal: Principal, staff: StaffId, day: date, knowledge: Knowledge
) -> ProvidersWeek:
    """The week of ``day``, from Monday, as it was known: only of students the caller may see now."""
    first_on = monday_of(day)
    last_on = first_on + 6 * ONE_DAY
    week = {"staff": str(staff), "first": str(first_on), "last": str(last_on)}
    async with store.database.read(tenant) as rows:
        # Whoever was ever theirs: what of it was known, and counts, each record says.
        students: set[StudentId] = set()
        for of_theirs in (_SCHEDULED, _HOLDS, _GIVEN):
            students |= set((await rows.execute(of_theirs, week)).scalars())
        seen = await seen_of(rows, principal, students)
    services: list[OwedThisWeek] = []
    took_place: list[Session] = []
    for student in sorted(seen, key=str):
        record = await record_of(store, tenant, student, knowledge)
        services += _week_in(record, staff, first_on, last_on)
        took_place += [
            session
            for session in record.sessions
            if session.provider == staff
            and first_on <= session.on <= last_on
            and session.counts
            and session.status is not SessionOutcome.MISSED
        ]
    return ProvidersWeek(first_on, last_on, tuple(services), tuple(clashes(sittings(took_place))))


def _week_in(record: StudentRecord, staff: StaffId, first_on: date, last_on: date) -> list[OwedThisWeek]:
    planned = list(
        expected((each for each in record.schedules if each.staff == staff), record.days, first_on, last_on)
    )
    totals = _by_item(record, first_on, last_on)
    found = []
    held = [
        item_id
        for history in record.histories.values()
        for item_id in held_by(history, staff, first_on, last_on)
    ]
    for item_id in dict.fromkeys([*(each.item for each in planned), *held]):
        sessions = tuple(
            each
            for each in planned
            if each.item == item_id and record.service_on(item_id, each.on) is not None
        )
        told = frozenset(
            session.on for session in record.sessions if session.item == item_id and session.counts
        )
        service = _service_in(record, item_id, first_on, last_on)
        if sessions or (item_id in held and service is not None):
            found.append(OwedThisWeek(record.student, item_id, service, totals.get(item_id), sessions, told))
    return found


def _service_in(record: StudentRecord, item_id: ItemId, first_on: date, last_on: date) -> Service | None:
    """Its text in force last in the week."""
    days = (last_on - ONE_DAY * n for n in range((last_on - first_on).days + 1))
    return next((service for day in days if (service := record.service_on(item_id, day)) is not None), None)
