"""The journal: consumers follow the owners' event stores directly, with the same positions as Kafka would carry."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from contracts.lanes import LANES
from runtime.database import UNREACHABLE, Database
from runtime.roles import SERVICES
from runtime.transport.leases import LEASE_SECONDS, Leases
from runtime.transport.port import Delivery, Handle, NextPositions, Page, StopFollowing

log = structlog.get_logger()

PAGE_PER_LANE = 64
REPLAY_PAGE = 2_000
POLL_SECONDS = 1.0
"""Only the safety net: the sequencer's NOTIFY, or a sequencer in this process, wakes us long before."""
RETRY_SECONDS = 0.5
RESTS = 2
MOST_REST_SECONDS = 0.03
"""After a small batch, so many times as long as it took: when much comes in, fewer and larger batches take it."""

_PAGE = """
    SELECT page.* FROM unnest($1::smallint[], $2::bigint[]) AS wanted (lane, start)
     CROSS JOIN LATERAL (
        SELECT position, tenant, index, subject, lane, entry, sealed FROM {owner}.journal
         WHERE journal.lane = wanted.lane AND journal.position >= wanted.start
         ORDER BY journal.lane, journal.position LIMIT {most}) AS page
     ORDER BY page.position"""
_OWN = """
    SELECT log.position, log.tenant, log.index, log.subject, log.lane, log.entry, events.sealed
      FROM {owner}.log JOIN {owner}.events ON events.id = log.event_id WHERE log.position = ANY ($1)"""


@dataclass(slots=True)
class _Shared:
    """One read of a source that several consumers are answered by."""

    turn: int
    """After which waking it began."""
    start: Mapping[int, int]
    reading: "asyncio.Future[Sequence[Delivery]]"
    waiting: int = 0
    """So many wait for it; when the last has gone it is broken off."""


class JournalTransport:
    """Reads ``<owner>.journal`` as the consumer's own role; the service's own log with each tenant set in turn.

    Run `listen` beside it where sources are other processes.
    """

    def __init__(self, database: Database, *, lease_seconds: float = LEASE_SECONDS, told: str = "") -> None:
        self._database = database
        self._leases = Leases(database, lease_seconds)
        self._woken: dict[asyncio.Event, str] = {}
        self._told = told
        """What a NOTIFY says of which this transport is woken within the process."""
        self._turns: Counter[str] = Counter()
        self._newest: dict[str, _Shared] = {}

    def wake(self, source: str) -> None:
        """``source`` has indexed something: look now instead of at the next poll."""
        self._turns[source] += 1
        for event, followed in self._woken.items():
            if followed == source:
                event.set()

    async def listen(self) -> None:
        """Be woken by the sequencers' NOTIFY, one a batch; runs until cancelled."""
        while True:
            try:
                async with self._database.pool.acquire() as connection:
                    heard = {f"{source}_log": partial(self._heard, source) for source in SERVICES}
                    try:
                        for channel, wake in heard.items():
                            await connection.add_listener(channel, wake)
                        while True:
                            await asyncio.sleep(30)
                            await connection.fetchval("SELECT 1")
                    finally:
                        for channel, wake in heard.items():
                            await connection.remove_listener(channel, wake)
            except UNREACHABLE:
                await asyncio.sleep(RETRY_SECONDS)

    def _heard(self, source: str, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        if not self._told or payload != self._told:
            self.wake(source)

    async def follow(self, consumer: str, source: str, next_positions: NextPositions, handle: Handle) -> None:
        """See `Transport.follow`."""
        woken = asyncio.Event()
        self._woken[woken] = source
        try:
            while True:
                try:
                    await self._follow(consumer, source, next_positions, handle, woken)
                except UNREACHABLE as error:
                    log.warning(
                        "journal_interrupted", consumer=consumer, source=source, error=type(error).__name__
                    )
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            del self._woken[woken]

    async def _follow(
        self, consumer: str, source: str, next_positions: NextPositions, handle: Handle, woken: asyncio.Event
    ) -> None:
        async with self._leases.held(f"{consumer}/{source}") as lease:
            start: dict[int, int] = {}
            clock = asyncio.get_running_loop().time
            while True:
                woken.clear()
                lanes = lease.lanes()
                if lanes != start.keys():
                    start = await next_positions(lanes) if lanes else {}
                came = await self._read(source, start) if start else ()
                began = clock()
                if came:
                    if not lease.lanes() >= lanes:
                        continue
                    if not await self._handed(handle, came, consumer):
                        start = {}
                        continue
                    start |= {delivery.lane: delivery.position + 1 for delivery in came}
                    if len(came) >= PAGE_PER_LANE:  # A lane may have more.
                        continue
                    # What comes in the next moment shares one batch.
                    await asyncio.sleep(min(RESTS * (clock() - began), MOST_REST_SECONDS))
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await woken.wait()
                except TimeoutError:
                    self._turns[source] += 1  # Nobody has woken us: look for oneself.

    async def _read(self, source: str, start: Mapping[int, int]) -> Sequence[Delivery]:
        """What comes next from these positions. Consumers that stand at the same ones are answered by one read.

        A read that began after the newest waking has seen all that is known to be there.
        """
        shared = self._newest.get(source)
        if shared is None or shared.turn != self._turns[source] or shared.start != start:
            reading = asyncio.ensure_future(self._deliveries(source, dict(start)))
            shared = self._newest[source] = _Shared(self._turns[source], dict(start), reading)
        shared.waiting += 1
        came: Sequence[Delivery] | None = None
        try:
            came = await asyncio.shield(shared.reading)
        finally:
            shared.waiting -= 1
            left = not shared.waiting and not shared.reading.done()
            if left:
                shared.reading.cancel()
            # What failed or was broken off is no answer; and a backlog is not held in memory until the next waking.
            over = left or (shared.reading.done() and (came is None or len(came) >= PAGE_PER_LANE))
            if over and self._newest.get(source) is shared:
                del self._newest[source]
        return came

    async def _deliveries(self, source: str, start: Mapping[int, int]) -> Sequence[Delivery]:
        return [_delivery(source, row) for row in await self._rows(source, start)]

    async def _rows(self, source: str, start: Mapping[int, int]) -> Sequence[Any]:
        lanes, starts = list(start), list(start.values())
        own = source == self._database.source
        rows: list[Any]
        async with self._database.once() as connection:
            if not own:
                rows = await connection.fetch(_PAGE.format(owner=source, most=PAGE_PER_LANE), lanes, starts)
                return rows
            places = await connection.fetch(
                f"SELECT position, tenant FROM {source}.log_places($1, $2, $3)", lanes, starts, PAGE_PER_LANE
            )  # fmt: skip
        return await _own_rows(self._database, places)

    async def _handed(self, handle: Handle, deliveries: Sequence[Delivery], consumer: str) -> bool:
        try:
            await handle(deliveries, ())
        except StopFollowing:
            raise
        except UNREACHABLE:
            raise
        except Exception as error:
            log.warning("consumer_failed", consumer=consumer, error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
            return False
        return True

    async def waiting(self, source: str, done: int) -> int | None:
        """How many positions the owner's log is ahead."""
        return max(0, await newest_position(self._database, source) - done)

    @asynccontextmanager
    async def records(self, source: str) -> AsyncIterator["JournalRecords"]:
        """See `Transport.records`."""
        yield JournalRecords(self._database, source, await newest_position(self._database, source))


class JournalRecords:
    """The owner's log in position order, which says of every lane how far it was read."""

    def __init__(self, database: Database, source: str, total: int) -> None:
        self.total = total
        self._database = database
        self._source = source
        self._after = 0

    async def pages(self) -> AsyncIterator[Page]:
        """See `Records.pages`."""
        while True:
            rows = await self._rows()
            if not rows:
                return
            self._after = rows[-1]["position"]
            yield Page(
                [_delivery(self._source, row) for row in rows],
                dict.fromkeys(range(LANES), self._after + 1),
            )

    async def _rows(self) -> Sequence[Any]:
        source = self._source
        rows: list[Any]
        async with self._database.once() as connection:
            if source != self._database.source:
                rows = await connection.fetch(
                    f"SELECT position, tenant, index, subject, lane, entry, sealed FROM {source}.journal"
                    " WHERE position > $1 ORDER BY position LIMIT $2", self._after, REPLAY_PAGE,
                )  # fmt: skip
                return rows
            places = await connection.fetch(
                f"SELECT position, tenant FROM {source}.log_places_after($1, $2)", self._after, REPLAY_PAGE
            )
        return await _own_rows(self._database, places)


async def newest_position(database: Database, source: str) -> int:
    """The last position of a source, where the journal is the transport; of the service's own log always."""
    async with database.once() as connection:
        own = f"SELECT {source}.newest_position()"
        others = f"SELECT coalesce(max(position), 0) FROM {source}.journal"
        newest: int = await connection.fetchval(own if source == database.source else others)
    return newest


async def _own_rows(database: Database, places: Sequence[Any]) -> list[Any]:
    """The service's own records, by position: a tenant's are reached only with that tenant set (P4)."""
    positions: dict[str, list[int]] = {}
    for place in places:
        positions.setdefault(place["tenant"], []).append(place["position"])
    rows: list[Any] = []
    for tenant, wanted in positions.items():
        async with database.lend(tenant) as connection:
            rows += await connection.fetch(_OWN.format(owner=database.source), wanted)
    return sorted(rows, key=lambda row: row["position"])


def _delivery(source: str, row: Any) -> Delivery:
    return Delivery(source, row["position"], row["tenant"], row["index"], row["subject"], row["lane"],
                    bytes(row["entry"]), bytes(row["sealed"]))  # fmt: skip
