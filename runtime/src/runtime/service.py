"""One running service: its pools, its store, its sequencer, its consumers, and what routes need of them.

The same class whether the service has a process of its own or shares one with the others.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from contracts.event import Event, Recorded
from contracts.ids import made_at
from runtime.consumer import Consumer, ConsumerRunner, Unit
from runtime.current_state import CurrentState
from runtime.database import UNREACHABLE, Database
from runtime.erasing import erasures, settling
from runtime.erasure import Erase
from runtime.event_store import EventStore
from runtime.keyring import PostgresKeyring
from runtime.log_keys import LogKeys
from runtime.migrations import current, newest
from runtime.neighbours import IN_THIS_PROCESS, Neighbours
from runtime.positions import Positions
from runtime.projection import Difference, check, drop_leftovers, tenants
from runtime.roles import SERVICES
from runtime.sequencer import Sequencer
from runtime.store_address import StoreAddress, open_store
from runtime.stream_model import Model
from runtime.transport.journal import JournalTransport
from runtime.transport.kafka import Broker, KafkaTransport
from runtime.transport.port import Transport
from runtime.vault import Vault
from runtime.watching import Watch

log = structlog.get_logger()

END_SECONDS, AGAIN_SECONDS = 10.0, 0.5
SEEN_SECONDS = 5.0
COMPARED_AGAIN_SECONDS = 1.0
CATCH_UP_SECONDS = 20.0
"""Longer than what a process held that was killed is held for it (`runtime.transport.leases.LEASE_SECONDS`)."""
PRUNE_SECONDS = 3600.0
SEEN_KEPT = timedelta(hours=24)
KEPT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a service finds what it runs on. URLs carry the role's password and are never logged."""

    store: StoreAddress
    relay_url: str = field(repr=False)
    log_host: str
    """The first part of every log's origin; fixed when the installation was made."""
    kafka: Broker | None = None
    """The cluster; without one the journal."""


class NotMigrated(RuntimeError):
    """The database is not at the version this code was written for."""


class AnotherLogHost(RuntimeError):
    """This installation's logs were begun under another host name; the message says which to set."""


async def _only_arrive(_recorded: Recorded[Event], _unit: Unit) -> None:
    """Nothing is done with it; that it has arrived is noted, so that ``?after_event=`` may name any service's event."""


@dataclass
class Service:
    """What one service is made of; `running` holds it open."""

    name: str
    addresses: Addresses
    models: Sequence[Model[Any]] = ()
    """Every kind of stream of this service: what a rebuild folds."""
    consumers: Callable[["Service"], Sequence[Consumer]] = lambda _service: ()
    tasks: Callable[["Service"], Sequence[Callable[[], Awaitable[None]]]] = lambda _service: ()
    """Further work that runs for as long as the service does."""
    erasers: Sequence[Erase] = ()
    """What has to go with destroyed contents beside current state and projections."""
    neighbours: Neighbours = IN_THIS_PROCESS
    database: Database = field(init=False)
    keyring: PostgresKeyring = field(init=False)
    store: EventStore = field(init=False)
    vault: Vault = field(init=False)
    sequencer: Sequencer = field(init=False)
    transport: Transport = field(init=False)
    runners: list[ConsumerRunner] = field(init=False, default_factory=list)
    watch: Watch = field(init=False)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Service"]:
        """Database, keyring, store and vault, and nothing that runs: for commands beside a running instance."""
        async with AsyncExitStack() as stack:
            at = self.addresses.store
            self.store, self.keyring = await stack.enter_async_context(
                open_store(at, appended=lambda: self.sequencer.wake())
            )
            self.database = self.store.database
            self.vault = Vault(self.database, self.keyring)
            self.transport = self._open_transport(stack)
            self.sequencer = Sequencer(
                self.name, self.addresses.relay_url, sequenced=self._sequenced, publish=self._publisher(),
                keys=LogKeys(self.name, self.addresses.log_host, at.master_key, at.older_keys), told=self.neighbours.told,
            )  # fmt: skip
            consumers = [*self.consumers(self), erasures(self)]
            followed = {source for consumer in consumers for source in consumer.sources}
            others = tuple(s for s in SERVICES if s not in followed and s != self.database.source)
            if others:
                consumers.append(Consumer("arrivals", others, _only_arrive, types=frozenset()))
            positions = {kind: Positions(self.database, projections=kind) for kind in (False, True)}
            self.runners = [
                ConsumerRunner(
                    consumer, self.database, self.store, self.transport, positions[consumer.projection]
                )
                for consumer in consumers
            ]
            self.watch = Watch(self.database, self.transport, self.runners)
            yield self

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Service"]:
        """Open everything, run until the block ends, then stop in order: nothing half done is left behind."""
        async with self.opened():
            await self._keep_log_host()
            await drop_leftovers(self.database)
            work: list[Callable[[], Awaitable[None]]] = [
                self.sequencer.run,
                self._prune,
                self.watch.run,
                settling(self),
                *self.tasks(self),
            ]
            if isinstance(self.transport, JournalTransport):
                work.append(self.transport.listen)
            for runner in self.runners:
                work += [partial(runner.follow, source) for source in runner.consumer.sources]
            # What stands now stands until the end: the collector need not look at it again and again.
            gc.collect()
            gc.freeze()
            running = [asyncio.ensure_future(self._kept_up(task)) for task in work]
            self.neighbours.services.append(self)
            try:
                yield self
            finally:
                self.neighbours.services.remove(self)
                await _end(running)

    def _open_transport(self, stack: AsyncExitStack) -> Transport:
        if self.addresses.kafka is None:
            journal = JournalTransport(self.database, told=self.neighbours.told)
            self.neighbours.join(journal)
            stack.callback(self.neighbours.leave, journal)
            return journal
        return KafkaTransport(self.database, self.addresses.kafka, self.addresses.log_host)

    def _publisher(self) -> Callable[[], Awaitable[None]] | None:
        if not isinstance(self.transport, KafkaTransport):
            return None
        transport, url = self.transport, self.addresses.relay_url
        return lambda: transport.publish(url)

    def _sequenced(self) -> None:
        self.neighbours.sequenced(self.database.source)
        if isinstance(self.transport, KafkaTransport):
            self.transport.wake()

    async def _kept_up(self, task: Callable[[], Awaitable[None]]) -> None:
        """Background work that fails starts again: one bad minute must not end it for good."""
        while True:
            try:
                await task()
                return
            except UNREACHABLE as error:
                log.warning("background_interrupted", service=self.name, error=type(error).__name__)
            except Exception:
                log.exception("background_failed", service=self.name)
            await asyncio.sleep(1.0)

    async def _keep_log_host(self) -> None:
        """The logs' origins name a host that was chosen at the first start: another would be another log."""
        connection = await asyncpg.connect(self.addresses.relay_url, timeout=10)
        try:
            await connection.execute(
                f"UPDATE {self.name}.relay SET log_host = $1 WHERE log_host IS NULL", self.addresses.log_host
            )
            kept: str = await connection.fetchval(f"SELECT log_host FROM {self.name}.relay")
        finally:
            await connection.close()
        if kept != self.addresses.log_host:
            raise AnotherLogHost(
                f"The logs of {self.name}-service were begun under {kept}, not {self.addresses.log_host}: "
                f"set HANDRAIL_LOG_HOST={kept}."
            )

    async def _prune(self) -> None:
        while True:
            async with self.database.pool.acquire() as connection:
                await connection.execute(
                    f"DELETE FROM {self.name}.seen_events WHERE at < clock_timestamp() - $1::interval", SEEN_KEPT
                )  # fmt: skip
            for tenant in await tenants(self.database):
                async with self.database.lend(tenant) as connection:
                    await connection.execute(
                        f"DELETE FROM {self.name}.kept_answers WHERE tenant = $1"
                        f" AND kept_at < clock_timestamp() - interval '{KEPT_DAYS} days'",
                        tenant,
                    )
            await asyncio.sleep(PRUNE_SECONDS)

    async def seen(self, tenant: str, event_id: UUID, timeout: float = SEEN_SECONDS) -> bool:
        """Wait until this service has taken the event in: its own at once, another's when every consumer has it."""
        deadline = asyncio.get_running_loop().time() + timeout
        pause = 0.005
        while not await self._has_seen(tenant, event_id):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        return True

    async def _has_seen(self, tenant: str, event_id: UUID) -> bool:
        following: dict[str, int] = {}
        for runner in self.runners:
            for source in runner.consumer.sources:
                following[source] = following.get(source, 0) + 1
        async with self.database.once() as connection:
            row = await connection.fetchrow(
                f"SELECT min(source) AS source, count(*) AS consumers FROM {self.name}.seen_events WHERE event_id = $1",
                event_id,
            )  # fmt: skip
        if row["source"] is not None and row["consumers"] >= following.get(row["source"], 0):
            return True
        if not following.get(self.database.source) and await self._has_made(tenant, event_id):
            return True
        # What arrived longer ago than is kept: it is here, unless something waits.
        made_long_ago = made_at(event_id) < datetime.now(UTC) - SEEN_KEPT
        return row["source"] is None and made_long_ago and not self.degraded()

    async def _has_made(self, tenant: str, event_id: UUID) -> bool:
        async with self.database.lend(tenant) as connection:
            made: bool = await connection.fetchval(
                f"SELECT EXISTS (SELECT FROM {self.name}.events WHERE id = $1)", event_id
            )
        return made

    @property
    def needed(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What no request can be answered without; each raises when it fails."""
        return {
            "database": lambda: self.database.ready(),
            "migrations": self._migrated,
            "keyring": lambda: self.keyring.ready(),
        }

    async def _migrated(self) -> None:
        async with self.database.pool.acquire() as connection:
            found = await current(self.name, connection)
        if found != newest(self.name):
            raise NotMigrated(f"the schema is at {found}: run `handrail migrate {self.name}`")

    async def differing_rows(self) -> list[Difference]:
        """Every row kept to read from that a replay makes otherwise (P12).

        The service may go on: what came while it was compared is the same again a moment after its consumers have taken it in.
        """
        found = await self.compared_rows()
        if found:
            await self._catch_up()
            await asyncio.sleep(COMPARED_AGAIN_SECONDS)
            again = set(await self.compared_rows())
            found = [each for each in found if each in again]
        return found

    async def _catch_up(self) -> None:
        """Until no consumer has anything before it, where that can be told; so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_SECONDS):
                for runner in self.runners:
                    for source in runner.consumer.sources:
                        while await self.transport.waiting(source, await runner.furthest(source)):
                            await asyncio.sleep(COMPARED_AGAIN_SECONDS)

    async def compared_rows(self) -> list[Difference]:
        """The same, compared once: also what is being written just now."""
        found = await self.current_state.check()
        for runner in self.runners:
            if runner.consumer.tables:
                found += await check(runner.consumer, self.database, self.store, transport=self.transport)
        return found

    @property
    def current_state(self) -> CurrentState:
        """What rebuilds and checks kept states and resources."""
        return CurrentState(self.database, self.store, self.models, self.addresses.store)

    def degraded(self) -> list[tuple[str, str]]:
        """What works less than it should, as ``(what, detail)``: reasons to look, none to stop answering."""
        found: list[tuple[str, str]] = []
        if self.sequencer.problem:
            found.append(("sequencer", self.sequencer.problem))
        if self.sequencer.spoiled:
            of = len(self.sequencer.spoiled)
            found.append(
                ("log", f"of {of} districts is no longer what was signed: `handrail log verify {self.name}`")
            )
        found += [
            (f"consumer {runner.consumer.name}", runner.stopped) for runner in self.runners if runner.stopped
        ]
        if isinstance(self.transport, KafkaTransport) and self.transport.problem:
            found.append(("kafka", self.transport.problem))
        return found + self.watch.waiting


async def _end(running: Sequence["asyncio.Future[None]"]) -> None:
    """Cancel until all have ended: one that was just leaving a time limit may take the first for that limit's own."""
    clock = asyncio.get_running_loop().time
    until, left = clock() + END_SECONDS, set(running)
    while left and clock() < until:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    if left:
        log.warning("background_not_ended", tasks=len(left))
