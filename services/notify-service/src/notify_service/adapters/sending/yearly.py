"""The safeguards booklet once a school year (34 CFR 300.504(a)), to all who hold the right to notice of a child with an IEP.

No event says that a school year has begun; the district's calendar does, by the district's own clock. What was done for a
year stands in a row, so that the children are looked through once; the notices' ids follow from plan, holder and year, so
that looking twice gives nothing twice.
"""

import asyncio
from datetime import date
from uuid import UUID, uuid5

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ids import new_id
from contracts.notify import NoticeOwed
from contracts.plan import PlanAdopted
from contracts.plan_document import in_force
from contracts.vocabulary import NoticeKind, PlanKind, PlanStatus
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.outbox import kind_of_holder
from notify_service.adapters.sending.steps import SENDER
from notify_service.adapters.tables import BOOKLET_YEARS, PLAN_ENTRIES
from notify_service.application.notices import NOTICE, PREFERENCES
from notify_service.domain.owing import Obligation, booklet_of_year
from notify_service.domain.recipients import Recipient, owed_to
from runtime.append_request import Change, Context
from runtime.database import UNREACHABLE, driver
from runtime.projection import tenants
from runtime.service import Service
from runtime.tenants import ended_on

log = structlog.get_logger()
LOOK_SECONDS = 30.0


class YearlyBooklets:
    """One in each process; whoever comes first does it."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def run(self) -> None:
        """Look from time to time whether a school year has begun anywhere."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                for tenant in await tenants(self._service.database):
                    await self.look(tenant)
            except UNREACHABLE as error:
                log.warning("yearly_booklets_interrupted", error=type(error).__name__)

    async def look(self, tenant: str) -> int:
        """Make the booklets of the year that has begun owed; returns how many."""
        async with self._service.database.begin(tenant) as rows:
            if await ended_on(await driver(rows), "notify", tenant) is not None:
                return 0
            today = await known_facts.today_in(rows, tenant)
            profile = await known_facts.profile_on(rows, tenant, today)
            years = [
                year
                for year in (profile.calendar if profile else ())
                if year.first_on <= today <= year.last_on
            ]
            if not years or await _done(rows, tenant, years[0].first_on):
                return 0
            plans = await _plans(rows, tenant)
        owed = 0
        for student, plan in plans:
            owed += await self._of_plan(tenant, student, plan, years[0].first_on)
        async with self._service.database.begin(tenant) as rows:
            await rows.execute(
                insert(BOOKLET_YEARS)
                .values(tenant=tenant, begins_on=years[0].first_on)
                .on_conflict_do_nothing()
            )
        log.info("yearly_booklets_owed", tenant=tenant, count=owed)
        return owed

    async def _of_plan(self, tenant: str, student: UUID, plan: UUID, begins_on: date) -> int:
        async with self._service.database.begin(tenant) as rows:
            today = await known_facts.today_in(rows, tenant)
            history = await known_facts.plan_history(rows, tenant, plan)
            document = in_force(history, today)
            if (
                document is None
                or document.kind is not PlanKind.IEP
                or document.status is not PlanStatus.IN_FORCE
            ):
                return 0
            adopted = next(
                entry for entry in reversed(history.entries) if isinstance(entry.event, PlanAdopted)
            )
            everybody = await known_facts.recipients_of(rows, tenant, student)
            made = 0
            for person in owed_to(everybody, today):
                given = await self._owed_before(rows, tenant, student, person.holder_id)
                obligation = booklet_of_year(begins_on, given, today)
                if obligation is not None:
                    made += await self._owe(rows, tenant, person, obligation, adopted.id, begins_on, today)
        if made:
            self._service.store.wake()
        return made

    async def _owed_before(
        self, rows: AsyncConnection, tenant: str, student: UUID, holder: UUID
    ) -> list[date]:
        found = []
        for notice in await kind_of_holder(
            rows, tenant, student, holder, NoticeKind.PROCEDURAL_SAFEGUARDS.value
        ):
            owed = (await self._service.store.load(tenant, NOTICE, notice)).state.owed
            if owed is not None:
                found.append(owed.owed_on)
        return found

    async def _owe(
        self, rows: AsyncConnection, tenant: str, person: Recipient, obligation: Obligation, cause: UUID,
        begins_on: date, today: date,
    ) -> int:  # fmt: skip
        connection = await driver(rows)
        notice_id = uuid5(cause, f"{person.holder_id} booklet {begins_on}")
        stream = NOTICE.stream(notice_id)
        loaded = (await self._service.store.load_many(tenant, [(NOTICE, stream)], connection=connection))[
            stream
        ]
        if loaded.version:
            return 0
        preferences = (await self._service.store.load(tenant, PREFERENCES, person.holder_id)).state
        preference = preferences.on(person.student_id, today)
        owed = NoticeOwed(
            effective_on=today, notice_id=notice_id, student_id=person.student_id, kind=obligation.kind,
            holder_id=person.holder_id, caused_by=cause, language=preference.language if preference else person.language,
            occasion=obligation.occasion,
        )  # fmt: skip
        context = Context(tenant, SENDER, f"school-year-{new_id()}", causation=cause)
        appended = await self._service.store.append(
            context, [Change(loaded, person.student_id, [owed])], connection=connection
        )
        await outbox.put(
            rows, tenant, notice_id, student=person.student_id, holder=person.holder_id, amendment=None,
            correlation=context.correlation, caused_by=appended.events[-1].id,
            due_at=await known_facts.now_of(rows, tenant), owed=obligation, source_event=cause,
        )  # fmt: skip
        return 1


async def _done(rows: AsyncConnection, tenant: str, begins_on: date) -> bool:
    wanted = select(BOOKLET_YEARS.c.begins_on).where(
        BOOKLET_YEARS.c.tenant == tenant, BOOKLET_YEARS.c.begins_on == begins_on
    )
    return (await rows.execute(wanted)).one_or_none() is not None


async def _plans(rows: AsyncConnection, tenant: str) -> list[tuple[UUID, UUID]]:
    found = await rows.execute(
        select(PLAN_ENTRIES.c.student, PLAN_ENTRIES.c.plan)
        .distinct()
        .where(PLAN_ENTRIES.c.tenant == tenant, PLAN_ENTRIES.c.type == PlanAdopted.type)
        .order_by(PLAN_ENTRIES.c.student)
    )
    return [(row.student, row.plan) for row in found]
