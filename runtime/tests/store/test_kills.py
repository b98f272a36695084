"""P8: the sequencer's process is killed at any instruction, again and again, while appends go on."""

import asyncio
import hashlib
import os
import random
import signal
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest

from contracts.ids import new_id
from contracts.log.tree import EMPTY_ROOT, GrowingTree, leaf_hash
from runtime.entry import parse_entry
from runtime.sequencer import BATCH
from runtime.testing import Cluster, Opened, opened, sequence, write_school
from runtime.testing_kills import ToKill, to_kill

SCRIPT = Path(__file__).with_name("sequencer_to_kill.py")
KILLS = 20
TENANTS = ("lakeside", "hillside")

Seen = dict[tuple[str, int], tuple[int, bytes]]
"""Of each tenant's index: the position, and the SHA-256 of the entry."""

JOURNAL = "SELECT position, tenant, index, entry FROM plan.journal WHERE position > $1 ORDER BY position"
RELAYS = "FROM pg_stat_activity WHERE datname = current_database() AND usename = 'plan_relay'"


@dataclass
class Traffic:
    """What is appended and read all the while."""

    written: int = 0
    position: int = 0
    seen: Seen = field(default_factory=dict)
    signed: dict[tuple[str, int], tuple[bytes, bytes]] = field(default_factory=dict)
    """Of each tenant's size: the root and the signature that a reader was shown."""
    stop_writing: asyncio.Event = field(default_factory=asyncio.Event)
    stop_reading: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, plan: Opened, seed: int) -> None:
        """Append again and again to a few streams of this writer's own; wait only when very much has no index yet."""
        chance = random.Random(seed)
        schools = [new_id() for _ in range(4)]
        while not self.stop_writing.is_set():
            if self.written - self.position < 2 * BATCH:
                names = [f"{n}" for n in range(chance.choice((1, 10, 60)))]
                await write_school(plan, chance.choice(schools), *names)
                self.written += len(names)
            await asyncio.sleep(0.003)

    async def poll(self, plan: Opened) -> None:
        """Ask for checkpoints as audit-service does; no size may ever be shown with another root or signature."""
        connection = await asyncpg.connect(plan.url("audit_app"))
        while not self.stop_reading.is_set():
            for row in await connection.fetch("SELECT * FROM plan.newest_checkpoints"):
                shown = row["root"], row["signature"]
                assert self.signed.setdefault((row["tenant"], row["size"]), shown) == shown
            await asyncio.sleep(0.002)
        await connection.close()

    async def tail(self, plan: Opened) -> None:
        """Read, never look back, and remember all that was seen."""
        connection = await asyncpg.connect(plan.url("notify_app"))
        while True:
            last = self.stop_reading.is_set()
            rows = await connection.fetch(JOURNAL, self.position)
            for row in rows:
                place = (row["tenant"], row["index"])
                assert place not in self.seen, f"{place} was given twice"
                self.seen[place] = (row["position"], hashlib.sha256(row["entry"]).digest())
                self.position = row["position"]
            if last and not rows:
                break
            await asyncio.sleep(0.005)
        await connection.close()


async def until(superuser: asyncpg.Connection, question: str, *given: object) -> None:
    """Ask the database until it says yes."""
    async with asyncio.timeout(60):
        while not await superuser.fetchval(question, *given):
            await asyncio.sleep(0.001)


async def kill_one(started: ToKill, superuser: asyncpg.Connection, chance: random.Random) -> bool:
    """Start a sequencer, see it get on, kill it; returns whether that was in the middle of a batch."""
    await until(superuser, f"SELECT NOT EXISTS (SELECT {RELAYS})")  # The last one's connection is gone.
    large = chance.random() < 0.6
    if large:  # Its first batch is a full one, and the second, in which it dies, a large one.
        await until(superuser, "SELECT count(*) > $1 FROM plan.unsequenced", BATCH)
    before = await superuser.fetchval("SELECT coalesce(max(position), 0) FROM plan.log")
    pid = await started.start()
    await until(superuser, "SELECT max(position) > $1 FROM plan.log", before)
    if large:
        await until(superuser, f"SELECT EXISTS (SELECT {RELAYS} AND backend_xid IS NOT NULL)")
    await asyncio.sleep(chance.uniform(0, 0.01 if large else 0.15))  # A batch is written by one statement.
    in_mid_batch: bool = await superuser.fetchval(
        f"SELECT EXISTS (SELECT {RELAYS} AND backend_xid IS NOT NULL)"
    )
    os.kill(pid, signal.SIGKILL)
    return in_mid_batch


@pytest.mark.slow
async def test_killed_at_any_instruction_nothing_is_skipped_or_given_twice(cluster: Cluster) -> None:
    chance = random.Random(8)
    async with opened(cluster) as plan, opened(cluster, tenant=TENANTS[1], name=plan.name) as other:
        superuser = await asyncpg.connect(cluster.postgres.url(plan.name))
        traffic = Traffic()
        async with asyncio.TaskGroup() as group:
            group.create_task(traffic.tail(plan))
            group.create_task(traffic.poll(plan))
            async with asyncio.TaskGroup() as writers:
                for n, of in enumerate((plan, other, plan)):
                    writers.create_task(traffic.write(of, n))
                async with to_kill(SCRIPT, plan.url("plan_relay")) as started:
                    in_mid_batch = [await kill_one(started, superuser, chance) for _ in range(KILLS)]
                traffic.stop_writing.set()
            await until(superuser, f"SELECT NOT EXISTS (SELECT {RELAYS})")
            await sequence(plan, after_a_kill=True)
            traffic.stop_reading.set()
        written = traffic.written
        rows = await superuser.fetch(JOURNAL, 0)
        events = {row["id"] for row in await superuser.fetch("SELECT id FROM plan.events")}
        left = await superuser.fetchval("SELECT count(*) FROM plan.unsequenced")
        checkpoints = await superuser.fetch("SELECT * FROM plan.checkpoints ORDER BY size")
        await superuser.close()

    assert sum(in_mid_batch) >= KILLS / 4
    assert (len(events), left) == (written, 0)
    assert [row["position"] for row in rows] == list(range(1, written + 1))
    entries = [parse_entry(row["entry"]) for row in rows]
    assert len(entries) == len({entry.id for entry in entries})
    assert {entry.id for entry in entries} == events
    for tenant in TENANTS:
        indexes = [row["index"] for row in rows if row["tenant"] == tenant]
        assert indexes == list(range(len(indexes)))
        known = [entry.known for entry in entries if entry.tenant == tenant]
        assert len(known) > 1_000
        assert all(earlier < later for earlier, later in pairwise(known))
    at_the_end = {
        (row["tenant"], row["index"]): (row["position"], hashlib.sha256(row["entry"]).digest())
        for row in rows
    }
    # Every checkpoint, those that were shown among them, is of the log as it is now.
    kept = {(row["tenant"], row["size"]): (row["root"], row["signature"]) for row in checkpoints}
    assert traffic.signed.items() <= kept.items()
    assert len(traffic.signed) > KILLS
    for tenant in TENANTS:
        tree, roots = GrowingTree(), {0: EMPTY_ROOT}
        for row in rows:
            if row["tenant"] == tenant:
                tree.append(leaf_hash(row["entry"]))
                roots[tree.size] = tree.root
        sizes = [size for of, size in kept if of == tenant]
        assert [kept[tenant, size][0] for size in sizes] == [roots[size] for size in sizes]
        assert max(sizes) == tree.size
    # What had an index kept it, byte for byte, and nothing came before it afterwards.
    assert traffic.seen == at_the_end
