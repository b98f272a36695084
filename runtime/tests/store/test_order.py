"""P6 and P7: the order of indexes under eight writers, late commits, takeovers and clocks that differ by five seconds."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import asyncpg
import pytest

from contracts.ids import new_event_id, new_id
from contracts.problems import VersionConflict
from runtime.append_request import Change, Context
from runtime.entry import parse_entry
from runtime.sequencer import MICROSECOND, Leader, Sequencer
from runtime.testing import SCHOOL, Cluster, Opened, opened, school_named, write_school

EVENTS = 40_000
WRITERS = 8
EACH = 20
TAKEOVERS_AT = (10_000, 20_000, 30_000)

JOURNAL = "SELECT position, tenant, index, entry FROM plan.journal ORDER BY position"

CLOCKS = """
    CREATE OR REPLACE FUNCTION plan.now_for(p_tenant text) RETURNS timestamptz LANGUAGE sql VOLATILE STRICT AS $$
        SELECT clock_timestamp() + clock_ahead
               - CASE current_setting('application_name') WHEN 'behind' THEN interval '5 s' ELSE '0' END
          FROM plan.tenants WHERE tenant = p_tenant
    $$"""
"""The database's clock, 5 seconds earlier for the instance that calls itself ``behind``."""

RELAYS = """
    SELECT count(*) AS connected, count(*) FILTER (WHERE backend_xid IS NOT NULL) AS writing,
           count(*) FILTER (WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)) AS locking
      FROM pg_stat_activity WHERE datname = current_database() AND usename = 'plan_relay'"""

THE_LEADER = """
      FROM pg_stat_activity WHERE datname = current_database() AND usename = 'plan_relay'
       AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"""


BEHIND_MS: ContextVar[int] = ContextVar("how far the clock of the instance that appends is behind", default=0)


def event_id_by_own_clock() -> UUID:
    """The id an instance makes whose clock is behind: its first 48 bits are the milliseconds."""
    return UUID(int=new_event_id().int - (BEHIND_MS.get() << 80))


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


def relay_url(plan: Opened, instance: str) -> str:
    return f"{plan.url('plan_relay')}&application_name={instance}"


@dataclass
class Heard:
    """The last event each writer got back, and on which stream: what the others name as the cause of theirs."""

    last: dict[int, tuple[str, UUID]] = field(default_factory=dict)

    def from_another(self, writer: int, stream: str, chance: random.Random) -> UUID | None:
        others = [event for other, (on, event) in self.last.items() if other != writer and on != stream]
        return chance.choice(others) if others else None


@dataclass
class Watched:
    """What was seen of who leads."""

    samples: int = 0
    leading: Counter[int] = field(default_factory=Counter)


def delay_of_commit(chance: random.Random) -> float:
    """Every second commit comes late, a few so late that many batches pass them by."""
    if chance.random() < 0.04:
        return chance.uniform(0.05, 0.3)
    return chance.uniform(0, 0.02) if chance.random() < 0.5 else 0


async def write(plan: Opened, number: int, heard: Heard, chance: random.Random) -> None:
    """A writer's share of the events, on streams of its own and on three that all share.

    Every second writer is on an instance whose clock is 5 seconds behind: its events' ids are earlier than their causes'.
    """
    BEHIND_MS.set(5_000 * (number % 2))
    shared = [UUID(int=n) for n in range(1, 4)]
    own = [new_id() for _ in range(3)]
    context = plan.context()
    connection = await asyncpg.connect(plan.url("plan_app"))
    for _ in range(EVENTS // WRITERS // EACH):
        school = chance.choice(shared if chance.random() < 0.25 else own)
        while (last := await append_once(plan, connection, context, number, school, heard, chance)) is None:
            pass
        heard.last[number] = (f"school/{school}", last)
    await connection.close()


async def append_once(
    plan: Opened, connection: asyncpg.Connection, context: Context, number: int, school: UUID, heard: Heard,
    chance: random.Random,
) -> UUID | None:  # fmt: skip
    """Append twenty events and commit, perhaps late; ``None`` when the race for the stream was lost."""
    stream = f"school/{school}"
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('handrail.tenant', $1, true)", plan.tenant)
            loaded = (await plan.store.load_many(plan.tenant, [(SCHOOL, stream)], connection=connection))[
                stream
            ]
            events = [school_named(school, f"{n}", first=loaded.version + n == 0) for n in range(EACH)]
            caused = replace(context, causation=heard.from_another(number, stream, chance))
            appended = await plan.store.append(
                caused, [Change(loaded, school, events)], connection=connection
            )
            await asyncio.sleep(delay_of_commit(chance))
    except VersionConflict:
        return None
    return appended.last_event


async def tail(plan: Opened, stop: asyncio.Event) -> list[tuple[int, int]]:
    """What a reader sees that never looks back."""
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


async def watch(
    plan: Opened, sequencers: list[Sequencer], running: list[asyncio.Task[None]], stop: asyncio.Event
) -> Watched:
    """Sample who leads, by what the instances say and by what the database knows; both go on whatever happens."""
    watched = Watched()
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    while not stop.is_set():
        leading = [n for n, sequencer in enumerate(sequencers) if sequencer.leading]
        relays = await superuser.fetchrow(RELAYS)
        # An instance whose connection has just died still says that it leads, until it looks: it can write nothing.
        # By the time the database has answered it may have looked, and be connected anew.
        leading = [n for n in leading if sequencers[n].leading]
        both_say_so = len(leading) == 2 and relays["connected"] == 2
        two = both_say_so or relays["writing"] > 1 or relays["locking"] > 1
        assert not two, f"two lead at once: {leading}, {dict(relays)}"
        assert [task for task in running if task.done()] == []
        watched.samples += 1
        watched.leading.update(leading)
        await asyncio.sleep(0.02)
    await superuser.close()
    return watched


async def take_over(plan: Opened) -> list[str]:
    """End the leader's connection in the middle of the run until the other one leads; returns who led in turn."""
    led = ["ahead"]
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    for mark in TAKEOVERS_AT:
        while await superuser.fetchval("SELECT coalesce(max(position), 0) FROM plan.log") < mark:
            await asyncio.sleep(0.02)
        while (leader := await superuser.fetchval(f"SELECT application_name {THE_LEADER}")) in {
            None,
            led[-1],
        }:
            await superuser.fetch(f"SELECT pg_terminate_backend(pid, 5000) {THE_LEADER}")
            await asyncio.sleep(0.02)
        led.append(leader)
    await superuser.close()
    return led


async def all_indexed(plan: Opened) -> None:
    async with plan.database.lend(plan.tenant) as connection:
        while await connection.fetchval("SELECT count(*) FROM plan.log") < EVENTS:
            await asyncio.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("run", [1, 2, 3])
async def test_index_order_never_contradicts_causation_or_versions(
    plan: Opened, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.append_rows.new_event_id", event_id_by_own_clock)
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    await superuser.execute(CLOCKS)
    heard, stop = Heard(), asyncio.Event()
    sequencers = [Sequencer("plan", relay_url(plan, instance)) for instance in ("ahead", "behind")]
    running: list[asyncio.Task[None]] = []
    try:
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            running.append(asyncio.create_task(sequencers[0].run()))
            while not sequencers[0].leading:
                await asyncio.sleep(0.01)
            running.append(asyncio.create_task(sequencers[1].run()))
            tailing = group.create_task(tail(plan, stop))
            watching = group.create_task(watch(plan, sequencers, running, stop))
            taking_over = group.create_task(take_over(plan))
            async with asyncio.TaskGroup() as writers:
                for number in range(WRITERS):
                    chance = random.Random(run * 100 + number)
                    writers.create_task(write(plan, number, heard, chance))
            await all_indexed(plan)
            stop.set()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    seen, watched = tailing.result(), watching.result()
    assert await superuser.fetchval("SELECT count(*) FROM plan.events") == EVENTS
    rows = await superuser.fetch(JOURNAL)
    await superuser.close()

    entries = [parse_entry(row["entry"]) for row in rows]
    place = {entry.id: n for n, entry in enumerate(entries)}
    versions: Counter[str] = Counter()
    out_of_order, crossing, id_before_its_cause = [], 0, 0
    for n, entry in enumerate(entries):
        versions[entry.stream] += 1
        if entry.version != versions[entry.stream]:
            out_of_order.append((n, entry.stream, entry.version))
        if entry.causation is not None:
            cause = entries[place[entry.causation]]
            if place[entry.causation] >= n:
                out_of_order.append((n, "caused by", place[entry.causation]))
            crossing += cause.stream != entry.stream and cause.actor != entry.actor
            id_before_its_cause += entry.id < cause.id
    assert watched.samples > 50
    assert watched.leading.keys() == {0, 1}
    assert out_of_order == []
    assert [(row["position"], row["index"]) for row in rows] == [(n + 1, n) for n in range(EVENTS)]
    assert len(place) == EVENTS
    assert crossing > EVENTS * 0.95  # Now and then all others had last written on the very same stream.
    assert id_before_its_cause > EVENTS * 0.1
    assert seen == [(row["position"], row["index"]) for row in rows]
    # Each takeover went to the other clock, and known_at grew all the same: by its least while the clock was behind.
    assert taking_over.result() == ["ahead", "behind", "ahead", "behind"]
    steps = [later.known - earlier.known for earlier, later in pairwise(entries)]
    assert min(steps) == MICROSECOND
    assert steps.count(MICROSECOND) > 1_000


async def test_what_does_not_fit_one_batch_waits_for_the_next_in_the_same_order(plan: Opened) -> None:
    schools = [new_id() for _ in range(3)]
    written = []
    for n in range(12):
        appended = await write_school(plan, schools[n % 3], "A", "B", "C")
        written += [recorded.id for recorded in appended.events]
    connection = await asyncpg.connect(plan.url("plan_relay"))
    leader = Leader("plan", connection)
    batches = [await leader.sequence(most=10) for _ in range(5)]
    await connection.close()
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    rows = await superuser.fetch(JOURNAL)
    await superuser.close()
    assert batches == [10, 10, 10, 6, 0]
    assert [parse_entry(row["entry"]).id for row in rows] == written


async def test_known_at_grows_under_an_instance_whose_clock_is_five_seconds_behind(plan: Opened) -> None:
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    await superuser.execute(CLOCKS)
    for instance in ("ahead", "behind", "behind"):
        await write_school(plan, new_id(), "A")
        connection = await asyncpg.connect(relay_url(plan, instance))
        assert await Leader("plan", connection).sequence() == 1
        await connection.close()
    known = [parse_entry(row["entry"]).known for row in await superuser.fetch(JOURNAL)]
    await superuser.close()
    assert [later - earlier for earlier, later in pairwise(known)] == [timedelta(microseconds=1)] * 2
