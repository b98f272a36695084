"""Consumers: each event's effect exactly once, whatever is killed when.

The next position of each (consumer, source, lane) is committed in the transaction that writes what the handler did, so
a delivery that comes again is dropped. An event that can never work stops its student alone: it is parked with its
error, and later events of that student queue behind it in order.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.event import Actor, Event, Recorded
from runtime.append_request import Appended, Change, Claim, Context, Release, TenantHasEnded
from runtime.database import Database, driver, set_tenant
from runtime.deliveries import CERTAIN, delivered_id, described, may_pass, open_deliveries
from runtime.entry import parse_entry
from runtime.erasure import Erase
from runtime.event_store import EventStore
from runtime.parking import UNREADABLE, lock_queue, park, skipped_events
from runtime.positions import Positions, Step
from runtime.stream_model import Loaded, Model
from runtime.transport.port import Delivery, StopFollowing, Transport

log = structlog.get_logger()

TRY_AGAIN_SECONDS = (0.2, 0.5, 1.0)
"""What is neither certain nor of the transport is tried again so often before it is parked: a district may just be
opened service by service."""

MOST_PARKED_SHARE = 0.01
MOST_PARKED_SUBJECTS = 20
PARKED_WINDOW = timedelta(hours=1)


class ParkingStopped(StopFollowing):
    """Too much would be parked: something is wrong with the code, not with one student. The consumer stops."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a handler works in: the transaction of the positions."""

    rows: AsyncConnection
    store: EventStore
    recorded: Recorded[Event]
    consumer: str
    made: list[Appended] = field(default_factory=list)
    """What the handler has appended so far."""

    async def load(self, model: Model[Any], *parts: object) -> Loaded[Any]:
        """A stream of this service as this transaction sees it."""
        stream = model.stream(*parts)
        wanted = [(model, stream)]
        return (await self.store.load_many(self.recorded.tenant, wanted, connection=await driver(self.rows)))[
            stream
        ]

    async def append(
        self, *changes: Change[Any], claims: Sequence[Claim] = (), releases: Sequence[Release] = (),
        actor: Actor | None = None,
    ) -> Appended:  # fmt: skip
        """Append events caused by the one in hand; they commit with its position or not at all."""
        recorded = self.recorded
        context = Context(
            tenant=recorded.tenant,
            actor=actor or Actor(id=self.consumer, role="system"),
            correlation=recorded.correlation,
            causation=recorded.id,
            rules=recorded.rules,
        )
        appended = await self.store.append(
            context, changes, claims=claims, releases=releases, connection=await driver(self.rows)
        )
        self.made.append(appended)
        return appended


Handler = Callable[[Recorded[Event], Unit], Awaitable[None]]
RawHandler = Callable[[Sequence[Delivery], AsyncConnection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A named reader of sources. The name is the key of its positions and is never changed.

    ``handle`` gets one decoded event at a time; ``handle_raw`` gets the deliveries of one tenant as they came (for what
    must keep even that which cannot be decoded). ``projection`` says that all it writes can be rebuilt: its positions
    then live, and vanish, with the read models.
    """

    name: str
    sources: tuple[str, ...]
    handle: Handler | None = None
    handle_raw: RawHandler | None = None
    projection: bool = False
    tables: tuple[str, ...] = ()
    """The projection's tables in ``<svc>_read``: what a rebuild fills anew."""
    types: frozenset[str] | None = None
    """When given, events of other types are passed over undecoded."""
    erase: Erase | None = None
    """Of a projection: removes what came of contents that were lawfully destroyed, as a rebuild would leave it out."""
    committed: Callable[[], None] | None = None
    """Called when the effects of a batch are durable."""


class ConsumerRunner:
    """Runs one consumer in this process."""

    def __init__(
        self, consumer: Consumer, database: Database, store: EventStore, transport: Transport,
        positions: Positions | None = None,
    ) -> None:  # fmt: skip
        self.consumer = consumer
        self.stopped: str | None = None
        self._database = database
        self._store = store
        self._transport = transport
        self._handled = LastHour()
        self._parked: deque[tuple[datetime, UUID]] = deque()
        self._positions = positions or Positions(database, projections=consumer.projection)

    async def follow(self, source: str) -> None:
        """Follow one of the consumer's sources until cancelled, or until too much would be parked."""
        try:
            await self._transport.follow(
                self.consumer.name, source, lambda lanes: self.next_positions(source, lanes), self.handle
            )
        except ParkingStopped as error:
            self.stopped = str(error)
            log.error("consumer_stopped", consumer=self.consumer.name, source=source)

    async def next_positions(self, source: str, lanes: Collection[int]) -> dict[int, int]:
        """See `runtime.transport.port.NextPositions`."""
        known = await self._positions.of(self.consumer.name, source)
        return {lane: known.get(lane, 1) for lane in lanes}

    async def furthest(self, source: str) -> int:
        """The last position that any lane of ``source`` has come to."""
        return max((await self._positions.of(self.consumer.name, source)).values(), default=1) - 1

    async def handle(self, deliveries: Sequence[Delivery], covered: Collection[int] = ()) -> None:
        """Make the deliveries' effects and positions durable; all together, or one by one when one of them fails."""
        if deliveries[0].unreadable:
            for delivery in deliveries:
                await self._park_unreadable(delivery)
            return
        if not self._concerns(deliveries):
            await self._pass_over(deliveries, covered)
            return
        try:
            await self._transaction(deliveries, covered)
        except Exception as error:
            if may_pass(error):
                raise
            log.info("batch_taken_apart", consumer=self.consumer.name, error=type(error).__name__)
            for delivery in deliveries:
                await self._alone(delivery)

    def _concerns(self, deliveries: Sequence[Delivery]) -> bool:
        """Whether any of them may be of a type that is handled here."""
        types = self.consumer.types
        if types is None:
            return True
        try:
            return any(parse_entry(delivery.entry).type in types for delivery in deliveries)
        except msgspec.DecodeError:
            return True

    async def _pass_over(self, deliveries: Sequence[Delivery], covered: Collection[int]) -> None:
        """Move on past what has no effect here, also where its student is parked."""
        await self._positions.pass_over(Step(self.consumer.name, deliveries, covered))
        self._handled.add(len(deliveries))

    async def _alone(self, delivery: Delivery) -> None:
        for pause in (*TRY_AGAIN_SECONDS, None):
            try:
                await self._transaction([delivery])
                return
            except TenantHasEnded:
                # What would follow from it is recorded no more: nothing for a person to see to.
                await self._pass_over([delivery], ())
                log.info("passed_over_after_the_end", consumer=self.consumer.name, source=delivery.source,
                         position=delivery.position)  # fmt: skip
                return
            except Exception as error:
                if may_pass(error):
                    raise
                if pause is None or isinstance(error, CERTAIN):
                    await self._park(delivery, error)
                    return
                await asyncio.sleep(pause)

    async def _transaction(self, deliveries: Sequence[Delivery], covered: Collection[int] = ()) -> None:
        # Order matters per subject only, and a subject belongs to one tenant.
        by_tenant = sorted(deliveries, key=lambda delivery: delivery.tenant)
        async with self._database.begin(by_tenant[0].tenant) as rows:
            step = Step(self.consumer.name, deliveries, covered)
            before = await self._positions.move_on(await driver(rows), step)
            fresh = [delivery for delivery in by_tenant if delivery.position >= before[delivery.lane]]
            appended = False
            for tenant, group in groupby(fresh, key=lambda delivery: delivery.tenant):
                if tenant != by_tenant[0].tenant:
                    await set_tenant(rows, tenant)
                appended |= await self._handle_tenant(tenant, list(group), rows)
        self._handled.add(len(fresh))
        if self.consumer.committed is not None:
            self.consumer.committed()
        if appended:
            self._store.wake()

    async def _handle_tenant(self, tenant: str, deliveries: list[Delivery], rows: AsyncConnection) -> bool:
        """Returns whether anything was appended."""
        if self.consumer.handle_raw is not None:
            await self.consumer.handle_raw(deliveries, rows)
            return False
        parked = await self._parked_subjects(tenant, deliveries, rows)
        behind = [delivery for delivery in deliveries if delivery.subject in parked]
        for delivery in behind:
            await park(self._database, self.consumer.name, delivery, None, rows)
        opened = await open_deliveries(
            self._store.keyring, [d for d in deliveries if d.subject not in parked], self.consumer.types
        )
        return any([await self._give(recorded, rows) for recorded in opened])

    async def _give(self, recorded: Recorded[Event], rows: AsyncConnection) -> bool:
        if self.consumer.handle is None:
            raise RuntimeError(f"{self.consumer.name} has no handler")
        unit = Unit(rows, self._store, recorded, self.consumer.name)
        await self.consumer.handle(recorded, unit)
        return bool(unit.made)

    async def _parked_subjects(
        self, tenant: str, deliveries: list[Delivery], rows: AsyncConnection
    ) -> set[UUID]:
        subjects = await self._subjects_in_parked(tenant, {d.subject for d in deliveries}, rows)
        if not subjects:
            return subjects
        # Just now an operator may be working off the last of a queue: nothing may be put behind it then.
        for subject in sorted(subjects):
            await lock_queue(self._database, self.consumer.name, tenant, subject, rows)
        return await self._subjects_in_parked(tenant, subjects, rows)

    async def _subjects_in_parked(
        self, tenant: str, subjects: Collection[UUID], rows: AsyncConnection
    ) -> set[UUID]:
        found = await (await driver(rows)).fetch(
            f"SELECT DISTINCT subject FROM {self._database.service}.parked"
            " WHERE consumer = $1 AND tenant = $2 AND subject = ANY ($3)",
            self.consumer.name, tenant, list(subjects),
        )  # fmt: skip
        return {row["subject"] for row in found}

    async def _park(self, delivery: Delivery, error: Exception) -> None:
        self._stop_when_too_much(delivery)
        async with self._database.begin(delivery.tenant) as rows:
            step = Step(self.consumer.name, [delivery], seen=False)
            before = await self._positions.move_on(await driver(rows), step)
            if delivery.position >= before[delivery.lane]:
                await park(self._database, self.consumer.name, delivery, described(error), rows)
        log.error("event_parked", consumer=self.consumer.name, source=delivery.source, position=delivery.position,
                  error=type(error).__name__)  # fmt: skip

    async def _park_unreadable(self, delivery: Delivery) -> None:
        """It comes again whenever its partition is read again, also when an operator has skipped it."""
        if delivered_id(delivery.entry) in await skipped_events(
            self._store, delivery.tenant, self.consumer.name
        ):
            return
        async with self._database.begin(delivery.tenant) as rows:
            if await park(self._database, self.consumer.name, delivery, UNREADABLE, rows):
                self._stop_when_too_much(delivery)
                log.error("record_unreadable", consumer=self.consumer.name, source=delivery.source,
                          subject=str(delivery.subject))  # fmt: skip

    def _stop_when_too_much(self, delivery: Delivery) -> None:
        now = datetime.now(UTC)
        self._parked.append((now, delivery.subject))
        while self._parked[0][0] < now - PARKED_WINDOW:
            self._parked.popleft()
        subjects = {subject for _, subject in self._parked}
        share = len(self._parked) / (len(self._parked) + self._handled.total())
        if len(subjects) > MOST_PARKED_SUBJECTS and share > MOST_PARKED_SHARE:
            raise ParkingStopped(
                f"{self.consumer.name}: {len(subjects)} students would be parked within an hour"
            )


class LastHour:
    """How many events were handled within `PARKED_WINDOW`, to the minute."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[datetime, int]] = deque()

    def add(self, count: int) -> None:
        """So many were handled now."""
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        if self._minutes and self._minutes[-1][0] == minute:
            count += self._minutes.pop()[1]
        self._minutes.append((minute, count))
        self.total()

    def total(self) -> int:
        """Of the last hour."""
        oldest = datetime.now(UTC) - PARKED_WINDOW
        while self._minutes and self._minutes[0][0] < oldest:
            self._minutes.popleft()
        return sum(count for _, count in self._minutes)
