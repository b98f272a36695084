"""A school's or a district's minutes, and a provider's: every figure the sum of the students' own ledgers.

Sessions given as they were owed are summed by the database; the few that were missed, cut short, made up or given under an
agreement are counted one by one, by the very function of the ledger (`contracts.service_delivery.counted`).
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from contracts.fields import ItemId, PlanId, StudentId
from contracts.minutes_convention import ConventionOn, conventions
from contracts.plan_history import History
from contracts.promises import PromisedServices
from contracts.school_days import NONE, SchoolDays
from contracts.service_delivery import Given, counted
from contracts.sessions import Session, SessionOutcome
from contracts.shipped_profiles import shipped_profiles
from contracts.vocabulary import MakeUpKind
from progress_service.application.known_plans import all_histories, known_profiles
from progress_service.application.recorded_facts import facts_in, years_of
from progress_service.application.sight_of import seen_of
from progress_service.domain.carried import MakeUp
from progress_service.domain.known import Knowledge
from progress_service.domain.make_up import balance_of
from progress_service.domain.roll_up import Beside, Group, Sum, in_order
from runtime.auth import Principal
from runtime.event_store import EventStore

_COUNTS = """
     WHERE r.tenant = current_setting('handrail.tenant') AND r.kind = 'session' AND r.document->'voided' IS NULL
       AND r.stream <> ALL (:touched)"""
_TOUCHED = text("""
    SELECT DISTINCT e.stream FROM events e LEFT JOIN log l ON l.event_id = e.id
     WHERE e.tenant = current_setting('handrail.tenant') AND e.stream LIKE 'item/%'
       AND (l.known_at IS NULL OR l.known_at > :known_at)""")
_PLAIN = text(f"""
    SELECT r.student, r.document->>'item' AS item, r.document->>'provider' AS provider,
           sum((r.document->>'minutes')::int)::int AS minutes
      FROM resources r {_COUNTS}
       AND r.document->>'status' = 'delivered' AND r.document->>'makes_up' IS NULL AND r.document->>'agreement' IS NULL
       AND r.document->>'on' BETWEEN :first AND :last
     GROUP BY 1, 2, 3""")
_OTHERS = text(f"""
    SELECT r.id, r.student, r.document->>'plan' AS plan, r.document->>'item' AS item, r.document->>'on' AS on_day,
           (r.document->>'minutes')::int AS minutes, r.document->>'status' AS status,
           (r.document->>'planned_minutes')::int AS planned, r.document->>'reason' AS reason,
           r.document->>'provider' AS provider, r.document->>'makes_up' AS makes_up, r.document->>'agreement' AS agreement
      FROM resources r {_COUNTS}
       AND (r.document->>'status' <> 'delivered' OR r.document->>'makes_up' IS NOT NULL
            OR r.document->>'agreement' IS NOT NULL)""")
_BESIDE = text("""
    SELECT id, kind, student, document->>'plan' AS plan, document->>'item' AS item, document->>'on' AS on_day,
           document->>'kind' AS of_kind, (document->>'minutes')::int AS minutes, document->>'declined_on' AS declined_on,
           document->>'agreed_by' AS agreed_by, document->>'sessions' AS sessions
      FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND kind IN ('make_up_offer', 'make_up_agreement')
       AND document->'voided' IS NULL AND stream <> ALL (:touched)""")
_SCHOOLS = text("""
    SELECT DISTINCT ON (student) student, school FROM sight_enrolments
     WHERE tenant = current_setting('handrail.tenant') AND starts_on <= :on
     ORDER BY student, starts_on DESC, version DESC""")


@dataclass(frozen=True, slots=True)
class RollUp:
    """The answer: by school, and by provider; a provider owes nothing by themselves, so theirs has no ``owed``."""

    schools: list[Group]
    providers: list[Group]


@dataclass(frozen=True, slots=True)
class _Read:
    histories: dict[PlanId, tuple[StudentId, History]]
    days: SchoolDays
    on: ConventionOn
    plain: list[Any]
    others: dict[tuple[StudentId, ItemId], list[Session]]
    offers: list[MakeUp]
    agreements: list[MakeUp]
    school_of: dict[StudentId, UUID | None]
    seen: set[StudentId]


async def roll_up_of(
    store: EventStore, tenant: str, principal: Principal, first_on: date, last_on: date,
    knowledge: Knowledge = Knowledge(),  # noqa: B008 - it never changes
) -> RollUp:  # fmt: skip
    """Of every student the caller may see, from ``first_on`` to ``last_on``, in the schools they are now known to be at."""
    read = await _read(store, tenant, principal, first_on, last_on, knowledge)
    return await asyncio.to_thread(_rolled_up, read, first_on, last_on)


async def _read(
    store: EventStore, tenant: str, principal: Principal, first_on: date, last_on: date, knowledge: Knowledge
) -> _Read:
    async with store.database.begin(tenant, snapshot=True) as rows:
        # What is kept says how a stream stands now: those touched since K are read from the log instead.
        touched: list[str] = []
        if knowledge.known_at is not None:
            touched = list((await rows.execute(_TOUCHED, {"known_at": knowledge.known_at})).scalars())
        between, kept = {"first": str(first_on), "last": str(last_on)}, {"touched": touched}
        histories = _known(await all_histories(rows), knowledge)
        profiles = knowledge.of_plan(await known_profiles(rows))
        plain = list(await rows.execute(_PLAIN, between | kept))
        others = [_session(row) for row in await rows.execute(_OTHERS, kept)]
        beside = [(row.kind, _make_up(row)) for row in await rows.execute(_BESIDE, kept)]
        school_of = {row.student: row.school for row in await rows.execute(_SCHOOLS, {"on": last_on})}
    years = years_of(knowledge.of_progress(await facts_in(store, tenant, touched, knowledge.known_at)))
    others += [session for year in years for session in year.sessions.values() if session.counts]
    offers = [made for kind, made in beside if kind == "make_up_offer"]
    agreements = [made for kind, made in beside if kind == "make_up_agreement"]
    offers += [offer for year in years for offer in year.offers.values() if offer.counts]
    agreements += [agreed for year in years for agreed in year.agreements.values() if agreed.counts]
    students = {student for student, _ in histories.values()} | {row.student for row in plain}
    students |= {session.student for session in others} | {made.student for made in (*offers, *agreements)}
    async with store.database.read(tenant) as rows:
        seen = await seen_of(rows, principal, students)
    by_item: dict[tuple[StudentId, ItemId], list[Session]] = defaultdict(list)
    for session in others:
        by_item[session.student, session.item].append(session)
    return _Read(histories, SchoolDays(profiles), conventions(profiles, shipped_profiles()), plain, by_item, offers,
                 agreements, school_of, seen)  # fmt: skip


def _known(
    histories: dict[PlanId, tuple[StudentId, History]], knowledge: Knowledge
) -> dict[PlanId, tuple[StudentId, History]]:
    if knowledge.known_at is None:
        return histories
    known = {
        plan_id: (student, History(tuple(knowledge.of_plan(history.entries))))
        for plan_id, (student, history) in histories.items()
    }
    return {plan_id: told for plan_id, told in known.items() if told[1].entries}


def _rolled_up(read: _Read, first_on: date, last_on: date) -> RollUp:
    schools: dict[UUID | None, Sum] = defaultdict(Sum)
    providers: dict[UUID | None, Sum] = defaultdict(Sum)
    for student, history in read.histories.values():
        if student in read.seen:
            plan = PromisedServices(history)
            for item_id in plan.services():
                owed = [each.minutes for each in plan.owed(item_id, first_on, last_on, read.days, read.on)]
                if owed:
                    total = None if None in owed else sum((each for each in owed if each is not None), NONE)
                    schools[read.school_of.get(student)].add(student, total, Given())
    for row in read.plain:
        if row.student in read.seen:
            given = Given(delivered=row.minutes)
            _add(schools, providers, read, row.student, _id(row.provider), given)
    named = {agreed.id: agreed.sessions for agreed in read.agreements}
    for (student, _), sessions in read.others.items():
        if student in read.seen:
            for session, day, given in counted(sessions, read.on, named):
                if first_on <= day <= last_on:
                    _add(schools, providers, read, student, session.provider, given)
    for student, beside in _beside(read, last_on):
        if student in read.seen:
            schools[read.school_of.get(student)].beside += beside
    return RollUp(
        in_order(each.group(of) for of, each in schools.items()),
        in_order(replace(each, owed=None).group(of) for of, each in providers.items()),
    )


def _beside(read: _Read, last_on: date) -> Iterator[tuple[StudentId, Beside]]:
    """What each offer and agreement comes to, as a student's own compensatory balance says it."""
    for offer in read.offers:
        if offer.declined_on is None and offer.agreed_by is None and offer.on <= last_on:
            yield offer.student, Beside(offered=offer.minutes)
    given = [
        session for of_item in read.others.values() for session in of_item if session.agreement is not None
    ]
    for balance in balance_of(read.agreements, given, last_on):
        agreed = balance.agreement
        yield agreed.student, Beside(agreed=agreed.minutes, given=balance.given, remaining=balance.remaining)


def _add(
    schools: dict[UUID | None, Sum], providers: dict[UUID | None, Sum], read: _Read, student: StudentId,
    provider: UUID | None, given: Given,
) -> None:  # fmt: skip
    schools[read.school_of.get(student)].add(student, NONE, given)
    providers[provider].add(student, NONE, given)


def _id(written: str | None) -> UUID | None:
    return UUID(written) if written else None


def _session(row: Any) -> Session:
    return Session(
        row.id, row.student, UUID(row.plan), UUID(row.item), date.fromisoformat(row.on_day), row.minutes,
        SessionOutcome(row.status), planned_minutes=row.planned, reason=row.reason, provider=_id(row.provider),
        makes_up=_id(row.makes_up), agreement=_id(row.agreement),
    )  # fmt: skip


def _make_up(row: Any) -> MakeUp:
    return MakeUp(
        row.id, row.student, UUID(row.plan), UUID(row.item), date.fromisoformat(row.on_day), MakeUpKind(row.of_kind), row.minutes,
        tuple(UUID(each) for each in json.loads(row.sessions or "[]")),
        declined_on=date.fromisoformat(row.declined_on) if row.declined_on else None, agreed_by=_id(row.agreed_by),
    )  # fmt: skip
