"""P12: a replay makes the same rows as stand, a rebuild swaps in at once, and what differs is named."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text

from contracts.event import Event, Recorded
from contracts.ids import new_id
from runtime.consumer import Consumer, ConsumerRunner, Unit
from runtime.current_state import CurrentState
from runtime.database import Database
from runtime.event_store import EventStore
from runtime.projection import Progress, check, rebuild
from runtime.testing import SCHOOL, Cluster, Opened, opened, sequence, write_school
from runtime.testing_consumers import until
from runtime.transport.journal import JournalTransport

TABLE = """
    CREATE TABLE notify_read.school_names (
        tenant text NOT NULL, school uuid NOT NULL, name text NOT NULL, changes int NOT NULL,
        PRIMARY KEY (tenant, school));
    ALTER TABLE notify_read.school_names ENABLE ROW LEVEL SECURITY;
    ALTER TABLE notify_read.school_names FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON notify_read.school_names TO notify_app
        USING (tenant = current_setting('handrail.tenant', true))"""


async def names(recorded: Recorded[Event], unit: Unit) -> None:
    await unit.rows.execute(
        text(
            "INSERT INTO school_names VALUES (:tenant, :school, :name, 1) ON CONFLICT (tenant, school)"
            " DO UPDATE SET name = excluded.name, changes = school_names.changes + 1"
        ),
        {"tenant": recorded.tenant, "school": recorded.subject, "name": recorded.event.name},  # type: ignore[attr-defined]
    )


NAMES = Consumer("names", ("plan",), names, projection=True, tables=("school_names",))


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


@pytest.fixture
async def reader(plan: Opened) -> AsyncIterator[tuple[Database, EventStore]]:
    database = await Database.open("notify", plan.url("notify_app"))
    async with database.pool.acquire() as connection:
        await connection.execute(TABLE)
    yield database, EventStore(database, plan.keyring)
    await database.close()


async def count(database: Database, tenant: str) -> int:
    async with database.lend(tenant) as connection:
        return int(await connection.fetchval("SELECT sum(changes) FROM notify_read.school_names") or 0)


async def test_a_rebuild_equals_the_live_projection_and_goes_on_from_there(
    plan: Opened, reader: tuple[Database, EventStore]
) -> None:
    database, store = reader
    schools = [new_id() for _ in range(30)]
    runner = ConsumerRunner(NAMES, database, store, JournalTransport(database))
    following = asyncio.ensure_future(runner.follow("plan"))
    seen: list[Progress] = []
    try:
        for school in schools:
            await write_school(plan, school, "A", "B")
        await sequence(plan)
        await until(lambda: _has(database, plan.tenant, 60))
        assert await check(NAMES, database, store) == []

        assert await rebuild(NAMES, database, store, seen.append) == 60
        assert seen[-1] == Progress(60, 60)
        assert await check(NAMES, database, store) == []

        await write_school(plan, schools[0], "C")
        await sequence(plan)
        await until(lambda: _has(database, plan.tenant, 61))
    finally:
        following.cancel()
    assert await check(NAMES, database, store) == []
    async with database.pool.acquire() as connection:  # Still tenants apart after the swap.
        assert await connection.fetchval("SELECT count(*) FROM notify_read.school_names") == 0


async def _has(database: Database, tenant: str, expected: int) -> bool:
    return await count(database, tenant) == expected


async def test_a_row_that_was_tampered_with_is_named(
    plan: Opened, reader: tuple[Database, EventStore]
) -> None:
    database, store = reader
    await write_school(plan, new_id(), "A")
    await sequence(plan)
    await rebuild(NAMES, database, store)
    async with database.lend(plan.tenant) as connection:
        await connection.execute("UPDATE notify_read.school_names SET name = 'other'")

    found = await check(NAMES, database, store)

    assert sorted(d.where for d in found) == ["live", "replayed"]


async def test_an_interrupted_rebuild_changes_nothing(
    plan: Opened, reader: tuple[Database, EventStore]
) -> None:
    database, store = reader
    for _ in range(5):
        await write_school(plan, new_id(), "A")
    await sequence(plan)
    await rebuild(NAMES, database, store)

    def interrupt(_progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rebuild(NAMES, database, store, interrupt)
    assert await count(database, plan.tenant) == 5
    async with database.pool.acquire() as connection:
        assert await connection.fetchval("SELECT to_regclass('notify_next.school_names') IS NULL")


async def test_the_current_state_is_rebuilt_from_the_events_alone(plan: Opened) -> None:
    current = CurrentState(plan.database, plan.store, [SCHOOL])
    schools = [new_id() for _ in range(20)]
    for school in schools:
        await write_school(plan, school, "A", "B", "C")
    await sequence(plan)
    assert await current.check() == []

    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    await superuser.execute("DELETE FROM plan_read.resources; DELETE FROM plan_read.states WHERE version > 2")
    await superuser.close()
    assert len(await current.check()) > 0

    # What is appended while the rebuild runs, sequenced or not, is in it.
    async def meanwhile(_progress: Progress) -> None:
        await write_school(plan, schools[3], "D")

    await current.rebuild(meanwhile)
    assert (await plan.store.load(plan.tenant, SCHOOL, schools[3])).state.name == "D"
    await sequence(plan)
    assert await current.check() == []
    await write_school(plan, schools[4], "E")
    await sequence(plan)
    assert await current.check() == []
