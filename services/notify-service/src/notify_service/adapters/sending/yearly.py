"""The safeguards booklet once a school year (34 CFR 300.504(a)), to all who hold the right to notice of a child with an IEP.

No event says that a school year has begun; the district's calendar does, by the district's own clock. What was done for a
year stands in a row, so that the children are looked through once. Who gets a plan, or is confirmed, later in the year is
looked at then, by the consumer ``owed``.
"""

import asyncio
import contextlib
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.district import SchoolYear
from contracts.ids import new_id
from contracts.plan import PlanAdopted
from contracts.problems import VersionConflict
from notify_service.adapters import known_facts
from notify_service.adapters.booklets import Stand, owe_of_plan, year_of
from notify_service.adapters.sending.steps import SENDER, TRIES
from notify_service.adapters.tables import BOOKLET_YEARS, PLAN_ENTRIES
from runtime.append_request import Appended, Change, Context
from runtime.database import UNREACHABLE, driver
from runtime.projection import tenants
from runtime.service import Service
from runtime.stream_model import Loaded, Model
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
            year = await year_of(rows, tenant, today)
            if year is None or await _done(rows, tenant, year.first_on):
                return 0
            plans = await _plans(rows, tenant)
        owed = 0
        for student, plan in plans:
            owed += await self._until_settled(tenant, student, plan, year)
        async with self._service.database.begin(tenant) as rows:
            await rows.execute(
                insert(BOOKLET_YEARS).values(tenant=tenant, begins_on=year.first_on).on_conflict_do_nothing()
            )
        log.info("yearly_booklets_owed", tenant=tenant, count=owed)
        return owed

    async def _until_settled(self, tenant: str, student: UUID, plan: UUID, year: SchoolYear) -> int:
        for _ in range(TRIES):
            # The consumer may make the same booklet owed at this moment: looked at again, it is not owed any more.
            with contextlib.suppress(VersionConflict):
                return await self._of_plan(tenant, student, plan, year)
        return await self._of_plan(tenant, student, plan, year)

    async def _of_plan(self, tenant: str, student: UUID, plan: UUID, year: SchoolYear) -> int:
        store, correlation = self._service.store, f"school-year-{new_id()}"
        async with self._service.database.begin(tenant) as rows:
            connection = await driver(rows)

            async def load(model: Model[Any], id_: UUID) -> Loaded[Any]:
                stream = model.stream(id_)
                return (await store.load_many(tenant, [(model, stream)], connection=connection))[stream]

            async def append(change: Change[Any], cause: UUID) -> Appended:
                context = Context(tenant, SENDER, correlation, causation=cause)
                return await store.append(context, [change], connection=connection)

            today = await known_facts.today_in(rows, tenant)
            stand = Stand(rows, tenant, correlation, load, append)
            made = await owe_of_plan(stand, student, plan, year, today)
        if made:
            store.wake()
        return made


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
