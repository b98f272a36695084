"""P6, P7, P8: the order of indexes, what a reader sees of it, and what a kill leaves behind."""

import asyncio
import hashlib
import multiprocessing
import os
import random
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import asyncpg
import pytest

from contracts.canonical import canonical, parse_instant
from contracts.ids import new_id
from contracts.lanes import lane_of
from runtime.entry import parse_entry
from runtime.event_store import Change
from runtime.sequencer import Leader, Sequencer
from runtime.tenants import move_clock
from runtime.testing import SCHOOL, Cluster, Opened, opened, school_named, sequence, write_school

JOURNAL = "SELECT position, tenant, index, subject, lane, entry FROM plan.journal ORDER BY position"


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


async def journal(plan: Opened) -> list[asyncpg.Record]:
    async with plan.database.pool.acquire() as connection:
        return list(await connection.fetch(JOURNAL))


async def test_an_entry_is_canonical_and_says_what_the_format_says(plan: Opened) -> None:
    school = new_id()
    await write_school(plan, school, "Lakeside", "Lakeside North")
    await sequence(plan)

    rows = await journal(plan)
    entry = parse_entry(rows[1]["entry"])
    async with plan.database.lend(plan.tenant) as connection:
        stored = await connection.fetchrow("SELECT * FROM plan.events WHERE version = 2")
        leaf = await connection.fetchval("SELECT leaf FROM plan.log WHERE index = 1")

    fields = __import__("json").loads(rows[1]["entry"])
    assert canonical(fields) == rows[1]["entry"]
    assert set(fields) == {"v", "id", "tenant", "subject", "class", "nth", "stream", "version", "type", "schema",
                           "effective_on", "recorded_at", "known_at", "actor", "correlation", "digest",
                           "sealed_sha256"}  # fmt: skip
    assert (entry.nth, entry.version, entry.stream) == (2, 2, f"school/{school}")
    assert entry.digest == stored["digest"].hex()
    assert entry.sealed_sha256 == hashlib.sha256(stored["sealed"]).hexdigest()
    assert entry.known > entry.recorded
    assert len(fields["known_at"]) == len("2026-01-31T12:00:00.000000Z")
    assert leaf == hashlib.sha256(b"\x00" + rows[1]["entry"]).digest()
    assert b"Lakeside" not in rows[1]["entry"]


async def test_positions_are_the_services_and_indexes_each_tenants_own(cluster: Cluster) -> None:
    async with opened(cluster) as plan, opened(cluster, tenant="hillside", name=plan.name) as other:
        for n in range(3):
            await write_school(plan, new_id(), f"{n}")
            await write_school(other, new_id(), f"{n}")
        await sequence(plan)
        rows = await journal(plan)
    assert [row["position"] for row in rows] == [1, 2, 3, 4, 5, 6]
    for tenant in ("lakeside", "hillside"):
        assert [row["index"] for row in rows if row["tenant"] == tenant] == [0, 1, 2]
    assert all(row["lane"] == lane_of(row["tenant"], row["subject"]) for row in rows)


async def test_known_at_always_grows_by_index_even_when_the_clock_stands(plan: Opened) -> None:
    for _ in range(5):
        await write_school(plan, new_id(), *[f"{n}" for n in range(40)])
    await sequence(plan)
    known = [parse_entry(row["entry"]).known for row in await journal(plan)]
    assert len(known) == 200
    assert all(later - earlier >= timedelta(microseconds=1) for earlier, later in pairwise(known))


async def test_nth_counts_the_entries_of_each_subject_across_restarts(plan: Opened) -> None:
    school = new_id()
    for n in range(4):
        await write_school(plan, school, f"{n}")
        await sequence(plan)  # Each with a new leader, which remembers nothing.
    assert [parse_entry(row["entry"]).nth for row in await journal(plan)] == [1, 2, 3, 4]


async def test_a_sandbox_clock_move_waits_for_what_came_before_it(cluster: Cluster) -> None:
    async with opened(cluster, tenant="sandbox-a") as plan:
        sequencer = Sequencer("plan", plan.url("plan_relay"))
        running = asyncio.ensure_future(sequencer.run())
        try:
            await write_school(plan, new_id(), *[f"{n}" for n in range(20)])
            there = datetime.now(UTC) + timedelta(days=30)
            await move_clock(plan.store, "sandbox-a", there, actor=plan.context().actor, correlation="c")
            await write_school(plan, new_id(), "after")
            async with asyncio.timeout(5):
                while len(rows := await journal(plan)) < 22:
                    await asyncio.sleep(0.01)
        finally:
            running.cancel()
    known = [parse_entry(row["entry"]).known for row in rows]
    assert all(moment < there for moment in known[:20])
    assert all(moment >= there for moment in known[20:])
    assert parse_entry(rows[20]["entry"]).type == "tenant.clock_moved"


EVENTS = 40_000
WRITERS = 8
EACH = 20


async def _write(plan: Opened, much: int, seed: int) -> None:
    """Appends of 20 events on own and on shared streams, with commits delayed at random."""
    chance = random.Random(seed)
    shared = [UUID(int=n) for n in range(1, 4)]
    caused_by: UUID | None = None
    for _ in range(much // EACH):
        school = chance.choice(shared) if chance.random() < 0.3 else new_id()
        context = plan.context()
        context = type(context)(context.tenant, context.actor, context.correlation, causation=caused_by)
        async with plan.database.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("SELECT set_config('handrail.tenant', $1, true)", plan.tenant)
            loaded = (
                await plan.store.load_many(plan.tenant, [(SCHOOL, f"school/{school}")], connection=connection)
            )[f"school/{school}"]
            events = [school_named(school, f"{n}", first=loaded.version + n == 0) for n in range(EACH)]
            try:
                appended = await plan.store.append(
                    context, [Change(loaded, school, events)], connection=connection
                )
            except Exception:  # A lost race on a shared stream: nothing of it remains.
                await transaction.rollback()
                continue
            if chance.random() < 0.05:
                await asyncio.sleep(chance.random() * 0.02)
            await transaction.commit()
            caused_by = appended.events[-1].id


async def _tail(plan: Opened, stop: asyncio.Event) -> list[tuple[int, int]]:
    """What a reader sees: never a position or an index before the one under it."""
    seen: list[tuple[int, int]] = []
    connection = await asyncpg.connect(plan.url("notify_app"))
    while True:
        last = stop.is_set()
        rows = await connection.fetch(
            "SELECT position, index FROM plan.journal WHERE position > $1 ORDER BY position",
            seen[-1][0] if seen else 0,
        )  # fmt: skip
        seen += [(row["position"], row["index"]) for row in rows]
        if last and not rows:
            await connection.close()
            return seen
        await asyncio.sleep(0.003)


@pytest.mark.slow
@pytest.mark.parametrize("run", [1, 2, 3])
async def test_index_order_never_contradicts_causation_or_versions(cluster: Cluster, run: int) -> None:
    async with opened(cluster) as plan:
        stop = asyncio.Event()
        sequencers = [Sequencer("plan", plan.url("plan_relay")) for _ in range(2)]
        running = [asyncio.ensure_future(s.run()) for s in sequencers]
        tailing = asyncio.ensure_future(_tail(plan, stop))
        try:
            await asyncio.gather(
                *(_write(plan, EVENTS // WRITERS, seed=run * 100 + w) for w in range(WRITERS))
            )
            async with plan.database.lend(plan.tenant) as connection:
                written = await connection.fetchval("SELECT count(*) FROM plan.events")
                async with asyncio.timeout(60):
                    while await connection.fetchval("SELECT count(*) FROM plan.log") < written:
                        await asyncio.sleep(0.05)
        finally:
            stop.set()
            for task in running:
                task.cancel()
        seen = await tailing
        rows = await journal(plan)

    entries = [parse_entry(row["entry"]) for row in rows]
    place = {entry.id: n for n, entry in enumerate(entries)}
    versions: dict[str, int] = {}
    out_of_order = 0
    for n, entry in enumerate(entries):
        out_of_order += entry.version != versions.get(entry.stream, 0) + 1
        versions[entry.stream] = entry.version
        out_of_order += entry.causation is not None and place[entry.causation] > n
    assert written > EVENTS * 0.7
    assert out_of_order == 0
    assert [row["index"] for row in rows] == list(range(written))
    assert seen == [(row["position"], row["index"]) for row in rows]
    assert sum(s.leading for s in sequencers) <= 1


def _sequence_until_killed(url: str) -> None:
    async def work() -> None:
        await Sequencer("plan", url).run()

    asyncio.run(work())


@pytest.mark.slow
async def test_killed_at_any_instruction_nothing_is_skipped_or_given_twice(plan: Opened) -> None:
    chance = random.Random(8)
    writing = asyncio.gather(*(_write(plan, 4_000, seed=w) for w in range(2)))
    spawn = multiprocessing.get_context("spawn")
    before: list[asyncpg.Record] = []
    for _ in range(6):
        process = spawn.Process(target=_sequence_until_killed, args=(plan.url("plan_relay"),), daemon=True)
        process.start()
        await asyncio.sleep(1.0 + chance.random() * 0.7)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        rows = await journal(plan)
        assert rows[: len(before)] == before  # What had an index keeps it, byte for byte.
        before = rows
    await writing
    await asyncio.sleep(0.3)
    await sequence(plan)
    rows = await journal(plan)
    async with plan.database.lend(plan.tenant) as connection:
        written = await connection.fetchval("SELECT count(*) FROM plan.events")
    assert rows[: len(before)] == before
    assert [row["index"] for row in rows] == list(range(written))
    assert len({parse_entry(row["entry"]).id for row in rows}) == written


async def test_two_instances_whose_clocks_differ_keep_known_at_growing(plan: Opened) -> None:
    """known_at comes from the database's clock alone, so what an instance thinks of the time does not matter."""
    earlier = parse_instant("2026-01-01T00:00:00.000000Z")
    await write_school(plan, new_id(), "A")
    connection = await asyncpg.connect(plan.url("plan_relay"))
    leader = Leader("plan", connection)
    await leader.sequence()
    future = datetime.now(UTC) + timedelta(seconds=5)
    leader._last["lakeside"] = type(leader._last["lakeside"])(
        0, future
    )  # As if indexed by a clock 5 s ahead.
    await write_school(plan, new_id(), "B")
    await leader.sequence()
    await connection.close()
    known = [parse_entry(row["entry"]).known for row in await journal(plan)]
    assert known[1] == future + timedelta(microseconds=1)
    assert known[0] > earlier
