"""The sequencer: gives each settled event the next index of its tenant's log, in one batch for all tenants.

One at a time for each service: an advisory lock held by the very connection that writes. A second instance waits and
takes over when that connection dies. Killed at any instruction, a batch is there whole or not at all, so indexes are
never skipped or given twice.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag

from contracts.lanes import lane_of
from contracts.log.checkpoint import Checkpoint
from contracts.log.tree import GrowingTree, leaf_hash
from runtime.database import UNREACHABLE
from runtime.entry import make_entry
from runtime.log_keys import LogKeys
from runtime.log_tree import LogTree, TreeIncomplete, fill

log = structlog.get_logger()

POLL_SECONDS = 0.01
IDLE_POLL_SECONDS = 0.05
ALONE_POLL_SECONDS = 0.25
BUSY_POLLS = 10
"""So many polls without work, and the quieter pace: appends of this process wake it anyway."""
ALONE_SECONDS = 30.0
"""After so long without an append of another process, the quietest."""
EXPLAINED_SECONDS = 0.1
"""A waking may come after what it tells of was found; within so long."""
BREATH_SECONDS = 0.004
BATCH = 2_000
RETRY_SECONDS = 0.5
MICROSECOND = timedelta(microseconds=1)
LOST: tuple[type[BaseException], ...] = (*UNREACHABLE, asyncpg.PostgresError, asyncpg.InternalClientError)
"""What ends a leader. The last is the driver's own: a connection that ends within a batch may not be rolled back."""

_WAITING = """
    SELECT waiting.seq, events.*, {s}.now_for(events.tenant) AS now
      FROM (SELECT seq, event_id FROM {s}.unsequenced ORDER BY seq LIMIT $1) AS waiting
      JOIN {s}.events ON events.id = waiting.event_id ORDER BY waiting.seq"""
_WRITE = """
    WITH taken AS (DELETE FROM {s}.unsequenced WHERE seq = ANY ($11::bigint[])),
    written AS (
        INSERT INTO {s}.log (position, tenant, index, event_id, known_at, subject, nth, lane, entry, leaf)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::uuid[], $5::timestamptz[], $6::uuid[],
                             $7::bigint[], $8::smallint[], $9::bytea[], $10::bytea[])),
    complete AS (
        INSERT INTO {s}.tree_hashes (tenant, level, place, hash)
        SELECT * FROM unnest($12::text[], $13::smallint[], $14::bigint[], $15::bytea[]))
    SELECT pg_notify('{s}_log', $16)"""
"""One statement, so one commit: rows leave the queue as they enter the log. An event already there refuses the whole."""
_LAST = """
    SELECT t.tenant, l.index, l.known_at FROM unnest($1::text[]) AS t (tenant)
      CROSS JOIN LATERAL (SELECT index, known_at FROM {s}.log WHERE log.tenant = t.tenant
                           ORDER BY index DESC LIMIT 1) AS l"""
_NTH = """
    SELECT g.tenant, g.subject, l.nth FROM unnest($1::text[], $2::uuid[]) AS g (tenant, subject)
      CROSS JOIN LATERAL (SELECT nth FROM {s}.log WHERE log.tenant = g.tenant AND log.subject = g.subject
                           ORDER BY nth DESC LIMIT 1) AS l"""
_UNSIGNED = """
    SELECT t.tenant, coalesce(l.index + 1, 0) AS size, c.size AS signed FROM {s}.tenants t
      LEFT JOIN LATERAL (SELECT index FROM {s}.log WHERE log.tenant = t.tenant ORDER BY index DESC LIMIT 1) AS l ON true
      LEFT JOIN LATERAL (SELECT size FROM {s}.checkpoints WHERE checkpoints.tenant = t.tenant
                          ORDER BY size DESC LIMIT 1) AS c ON true
     WHERE c.size IS DISTINCT FROM coalesce(l.index + 1, 0)"""
_SIGNED = """
    WITH soon AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS set)
    INSERT INTO {s}.checkpoints (tenant, size, root, signature)
    SELECT made.* FROM soon, unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[]) AS made
     WHERE soon.set IS NOT NULL ON CONFLICT DO NOTHING"""
"""Nobody waits for the disk: what a crash loses of this is signed again, and comes out the same, byte for byte."""
_NEWEST = "SELECT size, root FROM {s}.checkpoints WHERE tenant = $1 ORDER BY size DESC LIMIT 1"
SIGN_EVERY = 20
"""Idle polls between two looks for what was not signed."""


@dataclass(frozen=True, slots=True)
class _Last:
    index: int
    known_at: datetime | None


NEVER = _Last(-1, None)


class Leader:
    """What the sequencer remembers while it holds the lock; forgotten with the connection."""

    def __init__(
        self, service: str, connection: asyncpg.Connection, keys: LogKeys | None = None, *, told: str = ""
    ) -> None:
        self.service = service
        self._told = told
        """Goes with the NOTIFY: whoever knows it was told within the process."""
        self.connection = connection
        self.position: int | None = None
        self.spoiled: dict[str, str] = {}
        """Tenants whose log is no longer what was signed: nothing more is signed of it. Why, in words."""
        self._keys = keys
        self._last: dict[str, _Last] = {}
        self._nth: dict[tuple[str, UUID], int] = {}
        self._trees: dict[str, GrowingTree] = {}
        self._unsigned: set[str] = set()

    async def sequence(self, most: int = BATCH) -> int:
        """Index up to ``most`` settled events; durable on return. Returns how many there were."""
        s = self.service
        rows = await self.connection.fetch(_WAITING.format(s=s), most)
        if not rows:
            return 0
        if self.position is None:
            self.position = await self.connection.fetchval(f"SELECT coalesce(max(position), 0) FROM {s}.log")
        await self._remember(rows)
        written, last, nth = self._number(rows, self.position)
        trees, complete = self._grown(written)
        await self.connection.execute(
            _WRITE.format(s=s), *written, [row["seq"] for row in rows], *complete, self._told
        )
        # Only what is committed is remembered; an error above ends this leader.
        self.position += len(rows)
        self._last |= last
        self._nth |= nth
        self._trees |= trees
        self._unsigned |= trees.keys()
        if len(self._nth) > 200_000:
            self._nth.clear()
        return len(rows)

    async def sign(self) -> None:
        """Sign what is committed and not signed yet, and store it: one checkpoint for each tenant of the last batches.

        Killed before it is stored, the next leader signs the same: `sign_what_is_left`.
        """
        if self._keys is None:
            return
        made: list[list[object]] = [[], [], [], []]
        for tenant in sorted(self._unsigned - self.spoiled.keys()):
            try:
                signer = await self._keys.signer(self.connection, tenant)
            except InvalidTag:  # Another master key, or an altered row: no reason to stop giving indexes.
                self.spoiled[tenant] = "its signing key cannot be opened"
                continue
            tree = self._trees[tenant]
            checkpoint = Checkpoint(signer.name, tree.size, tree.root)
            values = (tenant, tree.size, checkpoint.root, signer.sign(checkpoint.text).blob)
            for column, value in zip(made, values, strict=True):
                column.append(value)
        if made[0]:
            await self.connection.execute(_SIGNED.format(s=self.service), *made)
        self._unsigned.clear()

    async def sign_what_is_left(self) -> None:
        """Sign every log whose newest checkpoint is not of its whole: the one before was killed, or there was none yet."""
        if self._keys is None:
            return
        for row in await self.connection.fetch(_UNSIGNED.format(s=self.service)):
            tenant, size = row["tenant"], row["size"]
            if tenant not in self._trees and tenant not in self.spoiled:
                await self._plant(tenant, size)
            if tenant in self._trees and self._trees[tenant].size == size:
                self._unsigned.add(tenant)
        await self.sign()

    async def _plant(self, tenant: str, size: int) -> None:
        """The tree as it stands, unless what was signed of it says otherwise."""
        tree = LogTree.own(self.service, self.connection, tenant)
        signed = await self.connection.fetchrow(_NEWEST.format(s=self.service), tenant)
        try:
            await fill(tree, f"{self.service}.tree_hashes", {}, size, self.connection, tenant)
            self._trees[tenant] = await tree.growing(size)
            if signed is None:
                return
            if signed["size"] > size:
                self.spoiled[tenant] = f"{signed['size']} entries were signed, and {size} are there"
            elif await tree.root(signed["size"]) != signed["root"]:
                self.spoiled[tenant] = f"the first {signed['size']} entries are not what was signed"
        except TreeIncomplete as error:
            self.spoiled[tenant] = str(error)
        if tenant in self.spoiled:
            log.error("log_spoiled", service=self.service, tenant=tenant, detail=self.spoiled[tenant])

    async def _remember(self, rows: Sequence[asyncpg.Record]) -> None:
        tenants = {row["tenant"] for row in rows} - self._last.keys()
        if tenants:
            self._last |= dict.fromkeys(tenants, NEVER)
            for row in await self.connection.fetch(_LAST.format(s=self.service), list(tenants)):
                self._last[row["tenant"]] = _Last(row["index"], row["known_at"])
            for tenant in tenants - self._trees.keys() - self.spoiled.keys():
                await self._plant(tenant, self._last[tenant].index + 1)
        subjects = {(row["tenant"], row["subject"]) for row in rows} - self._nth.keys()
        if subjects:
            self._nth |= dict.fromkeys(subjects, 0)
            names, ids = zip(*subjects, strict=True)
            for row in await self.connection.fetch(_NTH.format(s=self.service), list(names), list(ids)):
                self._nth[row["tenant"], row["subject"]] = row["nth"]

    def _number(
        self, rows: Sequence[asyncpg.Record], position: int
    ) -> tuple[list[list[object]], dict[str, _Last], dict[tuple[str, UUID], int]]:
        columns: list[list[object]] = [[] for _ in range(10)]
        last: dict[str, _Last] = {}
        nth: dict[tuple[str, UUID], int] = {}
        for row in rows:
            position += 1
            tenant, subject = row["tenant"], row["subject"]
            before = last.get(tenant) or self._last[tenant]
            known_at = (
                row["now"] if before.known_at is None else max(row["now"], before.known_at + MICROSECOND)
            )
            last[tenant] = _Last(before.index + 1, known_at)
            place = nth.get((tenant, subject), self._nth[tenant, subject]) + 1
            nth[tenant, subject] = place
            entry = make_entry(row, nth=place, known_at=known_at)
            values = (position, tenant, before.index + 1, row["id"], known_at, subject, place,
                      lane_of(tenant, subject), entry, leaf_hash(entry))  # fmt: skip
            for column, value in zip(columns, values, strict=True):
                column.append(value)
        return columns, last, nth

    def _grown(self, written: Sequence[Sequence[Any]]) -> tuple[dict[str, GrowingTree], list[list[object]]]:
        """The trees with the new leaves, and the rows for what is complete now."""
        trees: dict[str, GrowingTree] = {}
        complete: list[list[object]] = [[], [], [], []]
        for tenant, leaf in zip(written[1], written[9], strict=True):
            # What cannot be read cannot be gone on from; it is said in `spoiled`.
            if tenant not in self._trees:
                continue
            tree = trees.get(tenant)
            if tree is None:
                tree = trees[tenant] = self._trees[tenant].copy()
            for found in tree.append(leaf):
                for column, value in zip(complete, (tenant, *found), strict=True):
                    column.append(value)
        return trees, complete


class Others:
    """Whether processes append that cannot wake this one: something is found, and no waking of ours explains it."""

    def __init__(self, now: float) -> None:
        self._seen = now
        self._found: float | None = None

    def found(self, now: float) -> None:
        """There was something to index, and nobody had woken us."""
        if self._found is None:
            self._found = now

    def explained(self) -> None:
        """It was of this process, whose waking came just after."""
        self._found = None

    def away(self, now: float) -> bool:
        """None has appended for a while."""
        if self._found is not None and now - self._found > EXPLAINED_SECONDS:
            self._seen, self._found = now, None
        return now - self._seen > ALONE_SECONDS


class Sequencer:
    """Runs until cancelled; on the loss of its connection it starts over with a new one.

    ``sequenced`` is called after each committed batch, in this process, to wake what follows the log; ``told`` goes with the
    NOTIFY that wakes the others.
    ``keys`` sign each log after its batch; without them nothing is signed. ``publish`` (with Kafka) is run beside it while
    this instance leads: it gets the leader's connection URL only through its own pool, and stops when leadership ends.
    """

    def __init__(
        self, service: str, relay_url: str, *, sequenced: Callable[[], None] = lambda: None,
        publish: Callable[[], Awaitable[None]] | None = None, keys: LogKeys | None = None, told: str = "",
    ) -> None:  # fmt: skip
        self.service = service
        self.leading = False
        self.spoiled: Mapping[str, str] = {}
        self.problem: str | None = None
        self._url = relay_url
        self._sequenced = sequenced
        self._publish = publish
        self._keys = keys
        self._told = told
        self._work = asyncio.Event()

    def wake(self) -> None:
        """There is something to index: called after an append in this process."""
        self._work.set()

    async def run(self) -> None:
        """Lead whenever the lock is free, for ever."""
        while True:
            try:
                connection = await asyncpg.connect(self._url, timeout=10, command_timeout=60)
                try:
                    await self._lead(connection)
                finally:  # At once: the other instance takes over while this one waits.
                    self.leading = False
                    connection.terminate()
            except LOST as error:
                self.problem = type(error).__name__
                log.warning("sequencer_interrupted", service=self.service, error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    async def _lead(self, connection: asyncpg.Connection) -> None:
        lock = f"SELECT pg_try_advisory_lock(hashtextextended('sequencer/{self.service}', 2))"
        while not await connection.fetchval(lock):
            self.problem = None
            await asyncio.sleep(RETRY_SECONDS)
        self.leading, self.problem = True, None
        log.info("sequencer_leads", service=self.service)
        publishing = asyncio.ensure_future(self._publish()) if self._publish else None
        leader = Leader(self.service, connection, self._keys, told=self._told)
        self.spoiled = leader.spoiled
        try:
            clock = asyncio.get_running_loop().time
            quiet, woken, others = 0, False, Others(clock())
            await leader.sign_what_is_left()
            while True:
                if publishing is not None and publishing.done():
                    publishing.result()
                self._work.clear()
                try:
                    done = await leader.sequence()
                except BaseException:  # It may be committed all the same: whoever follows looks.
                    self._sequenced()
                    raise
                if done:
                    if not woken:
                        others.found(clock())
                    quiet = 0
                    self._sequenced()
                    await leader.sign()
                    if done == BATCH:  # A backlog is worked off at once.
                        continue
                    await asyncio.sleep(BREATH_SECONDS)  # What comes in the next moment shares one batch.
                else:
                    quiet += 1
                    if quiet % SIGN_EVERY == 0:
                        await leader.sign_what_is_left()
                pause = POLL_SECONDS if quiet < BUSY_POLLS else IDLE_POLL_SECONDS
                if others.away(clock()):
                    pause = ALONE_POLL_SECONDS
                with contextlib.suppress(TimeoutError):
                    # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with the waking.
                    async with asyncio.timeout(pause):
                        await self._work.wait()
                woken = self._work.is_set()
                if woken:
                    others.explained()
        finally:
            if publishing is not None:
                publishing.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await publishing
