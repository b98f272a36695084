"""The sequencer: gives each settled event the next index of its tenant's log, in one batch for all tenants.

One at a time for each service: an advisory lock held by the very connection that writes. A second instance waits and
takes over when that connection dies. Killed at any instruction, a batch is there whole or not at all, so indexes are
never skipped or given twice.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from contracts.lanes import lane_of
from runtime.database import UNREACHABLE
from runtime.entry import leaf_hash, make_entry

log = structlog.get_logger()

POLL_SECONDS = 0.01
IDLE_POLL_SECONDS = 0.05
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
                             $7::bigint[], $8::smallint[], $9::bytea[], $10::bytea[]))
    SELECT pg_notify('{s}_log', '')"""
"""One statement, so one commit: rows leave the queue as they enter the log. An event already there refuses the whole."""
_LAST = """
    SELECT t.tenant, l.index, l.known_at FROM unnest($1::text[]) AS t (tenant)
      CROSS JOIN LATERAL (SELECT index, known_at FROM {s}.log WHERE log.tenant = t.tenant
                           ORDER BY index DESC LIMIT 1) AS l"""
_NTH = """
    SELECT g.tenant, g.subject, l.nth FROM unnest($1::text[], $2::uuid[]) AS g (tenant, subject)
      CROSS JOIN LATERAL (SELECT nth FROM {s}.log WHERE log.tenant = g.tenant AND log.subject = g.subject
                           ORDER BY nth DESC LIMIT 1) AS l"""


@dataclass(frozen=True, slots=True)
class _Last:
    index: int
    known_at: datetime | None


NEVER = _Last(-1, None)


class Leader:
    """What the sequencer remembers while it holds the lock; forgotten with the connection."""

    def __init__(self, service: str, connection: asyncpg.Connection) -> None:
        self.service = service
        self.connection = connection
        self.position: int | None = None
        self._last: dict[str, _Last] = {}
        self._nth: dict[tuple[str, UUID], int] = {}

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
        await self.connection.execute(_WRITE.format(s=s), *written, [row["seq"] for row in rows])
        # Only what is committed is remembered; an error above ends this leader.
        self.position += len(rows)
        self._last |= last
        self._nth |= nth
        if len(self._nth) > 200_000:
            self._nth.clear()
        return len(rows)

    async def _remember(self, rows: Sequence[asyncpg.Record]) -> None:
        tenants = {row["tenant"] for row in rows} - self._last.keys()
        if tenants:
            self._last |= dict.fromkeys(tenants, NEVER)
            for row in await self.connection.fetch(_LAST.format(s=self.service), list(tenants)):
                self._last[row["tenant"]] = _Last(row["index"], row["known_at"])
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


class Sequencer:
    """Runs until cancelled; on the loss of its connection it starts over with a new one.

    ``sequenced`` is called after each committed batch, in this process, to wake what follows the log.
    ``publish`` (with Kafka) is run beside it while this instance leads: it gets the leader's connection URL only through
    its own pool, and stops when leadership ends.
    """

    def __init__(
        self, service: str, relay_url: str, *, sequenced: Callable[[], None] = lambda: None,
        publish: Callable[[], Awaitable[None]] | None = None,
    ) -> None:  # fmt: skip
        self.service = service
        self.leading = False
        self.problem: str | None = None
        self._url = relay_url
        self._sequenced = sequenced
        self._publish = publish
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
        leader = Leader(self.service, connection)
        try:
            quiet = 0
            while True:
                if publishing is not None and publishing.done():
                    publishing.result()
                self._work.clear()
                if done := await leader.sequence():
                    quiet = 0
                    self._sequenced()
                    if (
                        done < BATCH
                    ):  # What comes in the next moment shares one batch; a backlog is worked off at once.
                        await asyncio.sleep(BREATH_SECONDS)
                    continue
                quiet += 1
                with contextlib.suppress(TimeoutError):
                    # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with the waking.
                    async with asyncio.timeout(POLL_SECONDS if quiet < 100 else IDLE_POLL_SECONDS):
                        await self._work.wait()
        finally:
            if publishing is not None:
                publishing.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await publishing
