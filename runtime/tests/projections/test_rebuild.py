"""P12: a replay makes the same rows as stand, a rebuild swaps in at once, and what differs is named."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from contracts.event import Event, Recorded
from contracts.ids import new_id
from runtime.consumer import Consumer, ConsumerRunner, Unit
from runtime.current_state import CurrentState
from runtime.database import Database
from runtime.event_store import EventStore
from runtime.parked import parked_events, retry_parked, skip_parked
from runtime.projection import Progress, ReplayFailed, check, drop_leftovers, rebuild
from runtime.testing import SCHOOL, Cluster, Opened, open_test_tenant, opened, sequence, write_school
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


async def test_what_is_appended_during_a_check_is_no_difference(plan: Opened) -> None:
    current, school, new = CurrentState(plan.database, plan.store, [SCHOOL]), new_id(), new_id()
    await write_school(plan, school, "A")
    await sequence(plan)

    async def meanwhile(_progress: Progress) -> None:
        await write_school(plan, school, "B")
        await sequence(plan)
        await write_school(plan, new, "C")

    assert await current.check(meanwhile) == []
    await write_school(plan, new, "D")  # Nothing is locked any more.


@pytest.mark.parametrize("of", ["current state", "projection"])
async def test_what_was_erased_while_new_tables_were_filled_is_erased_once_more(
    plan: Opened, reader: tuple[Database, EventStore], of: str
) -> None:
    database, store = reader if of == "projection" else (plan.database, plan.store)
    await open_test_tenant(database, plan.tenant)
    await write_school(plan, new_id(), "A")
    await sequence(plan)
    before, meanwhile = new_id(), new_id()

    async def erased(destruction: UUID) -> None:
        async with database.lend(plan.tenant) as connection:
            await connection.execute(
                f"INSERT INTO {database.service}.erasures (tenant, destruction, subject, classes, destroyed_on, settled_at)"
                " VALUES ($1, $2, $3, '{record}', current_date, clock_timestamp())",
                plan.tenant, destruction, new_id(),
            )  # fmt: skip

    await erased(before)
    if of == "projection":
        await rebuild(NAMES, database, store, lambda _progress: erased(meanwhile))
    else:
        await CurrentState(database, store, [SCHOOL]).rebuild(lambda _progress: erased(meanwhile))

    async with database.lend(plan.tenant) as connection:
        rows = await connection.fetch(f"SELECT destruction, settled_at FROM {database.service}.erasures")
    assert {row["destruction"]: row["settled_at"] is not None for row in rows} == {
        before: True,
        meanwhile: False,
    }


async def test_shadow_tables_keep_tenants_apart_from_their_first_row_on(
    plan: Opened, reader: tuple[Database, EventStore]
) -> None:
    database, store = reader
    for _ in range(5):
        await write_school(plan, new_id(), "A")
    await sequence(plan)
    seen: list[tuple[int, int]] = []

    async def look(shadow: str, at: Database) -> None:
        async with at.lend(plan.tenant) as connection:
            with_tenant = await connection.fetchval(f"SELECT count(*) FROM {shadow}")
        async with at.pool.acquire() as connection:
            seen.append((with_tenant, await connection.fetchval(f"SELECT count(*) FROM {shadow}")))
            assert await connection.fetchval(
                "SELECT relforcerowsecurity AND relrowsecurity FROM pg_class WHERE oid = $1::regclass", shadow
            )

    await check(NAMES, database, store, lambda _: look("notify_next.school_names", database))
    assert seen == [(5, 0)]


async def test_nobody_sees_the_new_current_state_before_it_stands_apart(plan: Opened) -> None:
    for _ in range(5):
        await write_school(plan, new_id(), "A")
    await sequence(plan)
    current = CurrentState(plan.database, plan.store, [SCHOOL])
    looked = 0

    async def look(_progress: Progress) -> None:
        nonlocal looked
        looked += 1
        async with plan.database.lend(plan.tenant) as connection:
            assert await connection.fetchval("SELECT to_regclass('plan_next.resources') IS NULL")

    for run in (current.rebuild, current.check):
        await run(look)
    assert looked == 2
    assert await current.check() == []
    async with plan.database.pool.acquire() as connection:
        for table in ("states", "resources"):
            assert await connection.fetchval(f"SELECT count(*) FROM plan_read.{table}") == 0


async def test_what_a_killed_rebuild_left_behind_is_dropped(
    plan: Opened, reader: tuple[Database, EventStore]
) -> None:
    database, store = reader

    async def leave() -> None:
        async with database.pool.acquire() as connection:
            await connection.execute("CREATE TABLE notify_next.left_behind AS SELECT 'Ana' AS name")

    async def is_left() -> bool:
        async with database.pool.acquire() as connection:
            return bool(
                await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'notify_next'")
            )

    await leave()
    await drop_leftovers(database)
    assert not await is_left()

    await leave()
    await check(NAMES, database, store)
    assert not await is_left()

    # Beside one that runs nothing is touched.
    await write_school(plan, new_id(), "A")
    await sequence(plan)
    await rebuild(NAMES, database, store, lambda _: drop_leftovers(database))
    assert await count(database, plan.tenant) == 1


@pytest.fixture
async def choked(
    plan: Opened, reader: tuple[Database, EventStore]
) -> AsyncIterator[tuple[Consumer, ConsumerRunner, UUID, Callable[[], None]]]:
    """A live projection that has parked one school's third event and what came behind it, and a cure."""
    database, store = reader
    await open_test_tenant(database, plan.tenant)
    sick, cured = new_id(), False

    async def choking(recorded: Recorded[Event], unit: Unit) -> None:
        if recorded.subject == sick and recorded.version == 3 and not cured:
            raise ValueError
        await names(recorded, unit)

    def cure() -> None:
        nonlocal cured
        cured = True

    consumer = replace(NAMES, handle=choking)
    runner = ConsumerRunner(consumer, database, store, JournalTransport(database))
    await write_school(plan, sick, "A", "B", "C", "D")
    await write_school(plan, new_id(), "A", "B")
    await follow_once(plan, database, runner)
    assert await count(database, plan.tenant) == 4
    assert len(await parked_events(database, plan.tenant)) == 2
    return consumer, runner, sick, cure


async def follow_once(plan: Opened, database: Database, runner: ConsumerRunner) -> None:
    """Hand the live consumer all there is; what it has, it drops."""
    await sequence(plan)
    async with JournalTransport(database).records("plan") as records:
        async for page in records.pages():
            await runner.handle(page.deliveries)


async def test_a_replay_passes_over_what_is_parked(plan, reader, choked) -> None:
    database, store = reader
    consumer, _runner, sick, cure = choked
    for working in (False, True):  # A handler that has been mended changes nothing before it is tried again.
        assert await check(consumer, database, store) == []
        await rebuild(consumer, database, store)
        assert await count(database, plan.tenant) == 4
        assert [p.error for p in await parked_events(database, plan.tenant)] == ["ValueError", None]
        if not working:
            cure()
    assert await retry_parked(consumer, database, store, plan.tenant, sick) == 2
    assert await count(database, plan.tenant) == 6
    assert await check(consumer, database, store) == []
    assert await rebuild(consumer, database, store) == 6
    assert await count(database, plan.tenant) == 6


async def test_a_replay_goes_on_without_what_was_skipped(plan, reader, choked) -> None:
    database, store = reader
    consumer, _runner, sick, _cure = choked
    await skip_parked(consumer.name, database, store, plan.tenant, sick, reason="a duplicate",
                      actor=plan.context().actor, correlation="c")  # fmt: skip
    assert await retry_parked(consumer, database, store, plan.tenant, sick) == 1
    assert await count(database, plan.tenant) == 5
    assert await check(consumer, database, store) == []
    await rebuild(consumer, database, store)
    assert await count(database, plan.tenant) == 5
    assert await check(consumer, database, store) == []


async def test_what_is_worked_off_during_a_rebuild_is_in_the_new_tables(plan, reader, choked) -> None:
    database, store = reader
    consumer, _runner, sick, cure = choked
    cure()

    async def retry(_progress: Progress) -> None:
        await retry_parked(consumer, database, store, plan.tenant, sick)

    await rebuild(consumer, database, store, retry)
    assert await parked_events(database, plan.tenant) == []
    assert await count(database, plan.tenant) == 6
    assert await check(consumer, database, store) == []


async def test_what_the_live_consumer_had_not_come_to_queues_at_the_swap(plan, reader, choked) -> None:
    database, store = reader
    consumer, runner, sick, cure = choked
    await write_school(plan, sick, "E")
    await sequence(plan)
    await rebuild(consumer, database, store)
    assert await count(database, plan.tenant) == 4
    assert len(await parked_events(database, plan.tenant)) == 3
    await follow_once(plan, database, runner)
    cure()
    assert await retry_parked(consumer, database, store, plan.tenant, sick) == 3
    assert await count(database, plan.tenant) == 7
    assert await check(consumer, database, store) == []


async def test_what_was_parked_after_it_had_worked_in_the_rebuild_waits_no_more(
    plan: Opened, reader: tuple[Database, EventStore]
) -> None:
    database, store = reader
    await open_test_tenant(database, plan.tenant)

    async def broken(_recorded: Recorded[Event], _unit: Unit) -> None:
        raise ValueError

    live = ConsumerRunner(replace(NAMES, handle=broken), database, store, JournalTransport(database))
    school = new_id()
    await write_school(plan, school, "A", "B")
    await sequence(plan)

    await rebuild(NAMES, database, store, lambda _: follow_once(plan, database, live))
    assert await parked_events(database, plan.tenant) == []
    assert await count(database, plan.tenant) == 2


async def test_a_replay_that_fails_where_the_live_consumer_did_not_names_the_event(
    plan: Opened, reader: tuple[Database, EventStore]
) -> None:
    database, store = reader

    async def broken(_recorded: Recorded[Event], _unit: Unit) -> None:
        raise ValueError("Ana")

    await write_school(plan, new_id(), "A")
    await sequence(plan)
    with pytest.raises(ReplayFailed, match=r"^plan position 1: ValueError$"):
        await rebuild(replace(NAMES, handle=broken), database, store)
