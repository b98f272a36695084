"""What the sequencer writes: entries, indexes, positions, known_at, nth. Its order and its end: test_order.py, test_kills.py."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
import pytest

from contracts.canonical import canonical
from contracts.ids import new_id
from contracts.lanes import lane_of
from runtime.entry import parse_entry
from runtime.sequencer import Leader, Sequencer
from runtime.tenants import move_clock
from runtime.testing import Cluster, Opened, opened, sequence, write_school

JOURNAL = "SELECT position, tenant, index, subject, lane, entry FROM plan.journal ORDER BY position"


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


async def journal(plan: Opened) -> list[asyncpg.Record]:
    """What another service reads of it."""
    connection = await asyncpg.connect(plan.url("notify_app"))
    rows = await connection.fetch(JOURNAL)
    await connection.close()
    return list(rows)


async def test_an_entry_is_canonical_and_says_what_the_format_says(plan: Opened) -> None:
    school = new_id()
    await write_school(plan, school, "Lakeside", "Lakeside North")
    await sequence(plan)

    rows = await journal(plan)
    entry = parse_entry(rows[1]["entry"])
    async with plan.database.lend(plan.tenant) as connection:
        stored = await connection.fetchrow("SELECT * FROM plan.events WHERE version = 2")
        leaf = await connection.fetchval("SELECT leaf FROM plan.log WHERE index = 1")

    fields = json.loads(rows[1]["entry"])
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


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.UniqueViolationError("two of one position"),
        # What the driver says when the connection ends within a batch, before it can be rolled back.
        asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_ends_a_leader_the_sequencer_starts_over(
    plan: Opened, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequence_for_real = Leader.sequence
    errors = [error]

    async def sequence_after_the_error(leader: Leader) -> int:
        if errors:
            raise errors.pop()
        return await sequence_for_real(leader)

    monkeypatch.setattr(Leader, "sequence", sequence_after_the_error)
    await write_school(plan, new_id(), "A")
    running = asyncio.ensure_future(Sequencer("plan", plan.url("plan_relay")).run())
    try:
        async with asyncio.timeout(10):
            while not await journal(plan):
                assert not running.done()
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
    assert errors == []
