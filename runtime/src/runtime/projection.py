"""Rebuilding what can be rebuilt: beside the live tables, with progress, swapped in at once; and checking it.

A rebuild fills a copy of the tables in a schema of its own, ``<svc>_next``, with the same handlers (they name their
tables without a schema). When it has caught up, one transaction puts the new tables in the old ones' place together with
the consumer's positions. A check fills a shadow in the same way, compares row by row, and throws it away.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.consumer import Consumer, Unit
from runtime.database import Database, driver, set_tenant
from runtime.deliveries import delivered_id, described, may_pass, open_deliveries
from runtime.event_store import EventStore
from runtime.parking import park, skipped_events
from runtime.store_schema import TENANT
from runtime.transport.journal import JournalTransport
from runtime.transport.port import Delivery, Page, Records, Transport

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild has come: events handled of those there were when it began."""

    done: int
    total: int


Report = Callable[[Progress], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that a replay makes otherwise than it stands: ``live`` or ``replayed`` says where it was found alone."""

    table: str
    where: str
    row: str


async def rebuild(
    consumer: Consumer,
    database: Database,
    store: EventStore,
    report: Report = lambda _progress: None,
    *,
    transport: Transport | None = None,
) -> int:
    """Fill new tables from the sources' logs, catch up, swap. Returns how many events were handled.

    The live tables answer until the swap and their consumer goes on meanwhile. Interrupted, nothing has changed.
    ``transport`` is what the service follows its sources by; without one the journal.
    """
    async with shadow(database, consumer.tables) as schema, AsyncExitStack() as stack:
        replay = _Replay(consumer, database, store, schema)
        await replay.open(transport or JournalTransport(database), stack)
        async with database.pool.acquire() as connection:
            began = await now(connection)
        await replay.run(report)
        await replay.swap(began)
    return replay.done


async def check(
    consumer: Consumer,
    database: Database,
    store: EventStore,
    report: Report = lambda _progress: None,
    *,
    transport: Transport | None = None,
) -> list[Difference]:
    """Replay into shadow tables and name every row that differs (P12): also what comes meanwhile."""
    async with shadow(database, consumer.tables) as schema, AsyncExitStack() as stack:
        replay = _Replay(consumer, database, store, schema)
        await replay.open(transport or JournalTransport(database), stack)
        await replay.run(report)
        found: list[Difference] = []
        async with database.pool.acquire() as connection:
            for tenant in await replay.tenants():
                await connection.execute("SELECT set_config('handrail.tenant', $1, false)", tenant)
                for table in consumer.tables:
                    found += await differences(
                        connection, f"{database.service}_read.{table}", f"{schema}.{table}"
                    )
        return found


class RebuildRunning(RuntimeError):
    """Another rebuild or check of this service is at work; let it end first."""


class ReplayFailed(RuntimeError):
    """The handler fails on an event that the live consumer has neither parked nor skipped. Nothing has changed."""


@asynccontextmanager
async def shadow(database: Database, tables: Sequence[str]) -> AsyncIterator[str]:
    """Empty copies of read tables in ``<svc>_next``, gone at the end unless they were swapped in. One at a time.

    They keep tenants apart from their first row on: a kill may leave them behind until the next start.
    """
    schema = f"{database.service}_next"
    async with one_rebuild(database) as holder:
        for table in tables:
            async with holder.transaction():
                await holder.execute(copy_of(database, table))
                await set_apart(holder, database.service, f"{schema}.{table}")
        try:
            yield schema
        finally:
            for table in tables:
                await holder.execute(f"DROP TABLE IF EXISTS {schema}.{table} CASCADE")


@asynccontextmanager
async def one_rebuild(database: Database) -> AsyncIterator[Any]:
    """The connection that keeps other rebuilds and checks of this service away; leftovers of killed ones are gone."""
    async with database.pool.acquire() as holder:
        if not await holder.fetchval(f"SELECT pg_try_advisory_lock({_lock(database)})"):
            raise RebuildRunning(f"a rebuild or check of {database.service}-service is running already")
        try:
            await _drop_all(holder, f"{database.service}_next")
            yield holder
        finally:
            if not holder.is_closed():
                await holder.execute(f"SELECT pg_advisory_unlock({_lock(database)})")


def copy_of(database: Database, table: str) -> str:
    """The statement that makes an empty copy of a read table in ``<svc>_next``."""
    s = database.service
    return f"CREATE TABLE {s}_next.{table} (LIKE {s}_read.{table} INCLUDING ALL)"


async def drop_leftovers(database: Database) -> None:
    """Drop what a killed rebuild or check has left behind; for the service's start. Does nothing while one runs."""
    async with database.pool.acquire() as connection:
        if await connection.fetchval(f"SELECT pg_try_advisory_lock({_lock(database)})"):
            await _drop_all(connection, f"{database.service}_next")
            await connection.execute(f"SELECT pg_advisory_unlock({_lock(database)})")


def _lock(database: Database) -> str:
    return f"hashtextextended('rebuild/{database.service}', 5)"


async def _drop_all(connection: Any, schema: str) -> None:
    for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema):
        await connection.execute(f'DROP TABLE {schema}."{row["tablename"]}" CASCADE')


async def tenants(database: Database) -> list[str]:
    """Every tenant that is open in this service."""
    async with database.pool.acquire() as connection:
        rows = await connection.fetch(f"SELECT {database.service}.open_tenants() AS tenant")
    return [row["tenant"] for row in rows]


class _Replay:
    """One consumer's events handled anew, into the shadow, as the live consumer handled them.

    What it has parked is passed over and what was skipped is left out. A student's events that were passed over are
    looked at again at the swap: they may have been worked off into the old tables meanwhile.
    """

    def __init__(self, consumer: Consumer, database: Database, store: EventStore, schema: str) -> None:
        self.done = 0
        self._consumer = consumer
        self._database = database
        self._store = store
        self._schema = schema
        self._records: dict[str, Records] = {}
        self._reached: dict[str, dict[int, int]] = {source: {} for source in consumer.sources}
        self._passed: list[Delivery] = []
        self._seen: set[str] = set()
        self._skipped: dict[str, set[UUID]] = {}
        self._positions = f"{database.service}_read.positions"
        self._parked = f"{database.service}.parked"

    async def open(self, transport: Transport, stack: AsyncExitStack) -> None:
        """Open the sources' logs at their beginnings."""
        for source in self._consumer.sources:
            self._records[source] = await stack.enter_async_context(transport.records(source))

    async def tenants(self) -> list[str]:
        """Every tenant whose rows may differ."""
        return sorted({*await tenants(self._database), *self._seen})

    async def run(self, report: Report) -> None:
        """Handle everything there is; what comes meanwhile too."""
        total = sum(records.total for records in self._records.values())
        for source, records in self._records.items():
            async for page in records.pages():
                async with self._database.begin() as rows:
                    await self._into_shadow(rows)
                    await self._take(source, page, rows, last=False)
                waiting = report(Progress(self.done, max(total, self.done)))
                if waiting is not None:
                    await waiting

    async def swap(self, began: datetime) -> None:
        """Stop the live consumer at the lock on its positions, handle what came since, and change places."""
        live = f"{self._database.service}_read"
        async with self._database.begin() as rows:
            connection = await driver(rows)
            await connection.execute(f"LOCK TABLE {self._positions} IN EXCLUSIVE MODE")
            await connection.execute(f"LOCK TABLE {self._parked} IN EXCLUSIVE MODE")
            await self._into_shadow(rows)
            self._skipped.clear()
            await self._forget_what_worked(rows)
            await self._handle(self._passed, rows, last=True)
            for source, records in self._records.items():
                async for page in records.pages():
                    await self._take(source, page, rows, last=True)
            for tenant in await self.tenants():
                await set_tenant(rows, tenant)
                await erase_again(connection, self._database.service, tenant, began)
            await set_tenant(rows, "")
            for table in self._consumer.tables:
                await connection.execute(
                    f"DROP TABLE {live}.{table} CASCADE; ALTER TABLE {self._schema}.{table} SET SCHEMA {live}"
                )
            for source, reached in self._reached.items():
                await connection.execute(
                    f"INSERT INTO {self._positions} (consumer, source, lane, next)"
                    " SELECT $1, $2, lane, next FROM unnest($3::smallint[], $4::bigint[]) AS reached (lane, next)"
                    " ON CONFLICT (consumer, source, lane) DO UPDATE SET next = excluded.next",
                    self._consumer.name, source, list(reached), list(reached.values()),
                )  # fmt: skip
        log.info("projection_rebuilt", consumer=self._consumer.name)

    async def _into_shadow(self, rows: AsyncConnection) -> None:
        s = self._database.service
        await (await driver(rows)).execute(f"SET LOCAL search_path = {self._schema}, {s}_read, {s}")

    async def _take(self, source: str, page: Page, rows: AsyncConnection, *, last: bool) -> None:
        reached, fresh = self._reached[source], []
        for delivery in page.deliveries:
            if delivery.unreadable:
                fresh.append(delivery)
            elif delivery.position >= reached.get(delivery.lane, 1):
                reached[delivery.lane] = delivery.position + 1
                fresh.append(delivery)
        for lane, following in page.reached.items():
            reached[lane] = max(following, reached.get(lane, 1))
        await self._handle(fresh, rows, last=last)
        self.done += len(fresh)

    async def _handle(self, deliveries: Sequence[Delivery], rows: AsyncConnection, *, last: bool) -> None:
        for tenant, group in groupby(sorted(deliveries, key=lambda d: d.tenant), key=lambda d: d.tenant):
            self._seen.add(tenant)
            await set_tenant(rows, tenant)
            if self._consumer.handle_raw is not None:
                await self._consumer.handle_raw([d for d in group if not d.unreadable], rows)
                continue
            ready, waiting = await self._sorted_out(tenant, list(group), rows)
            if last:
                for delivery in waiting:
                    await park(self._database, self._consumer.name, delivery, None, rows)
            else:
                self._passed += waiting
            await self._give(ready, rows)

    async def _sorted_out(
        self, tenant: str, deliveries: list[Delivery], rows: AsyncConnection
    ) -> tuple[list[Delivery], list[Delivery]]:
        """What the live consumer has handled or would handle, and what waits with it or would queue."""
        if tenant not in self._skipped:
            self._skipped[tenant] = await skipped_events(self._store, tenant, self._consumer.name)
        if skipped := self._skipped[tenant]:
            deliveries = [d for d in deliveries if delivered_id(d.entry) not in skipped]
        following = await self._live_positions(
            rows
        )  # Before the parked: what is parked later is not yet reached.
        parked = await (await driver(rows)).fetch(
            f"SELECT source, position, subject FROM {self._parked}"
            " WHERE consumer = $1 AND tenant = $2 AND subject = ANY ($3)",
            self._consumer.name, tenant, list({d.subject for d in deliveries}),
        )  # fmt: skip
        places = {(row["source"], row["position"]) for row in parked}
        subjects = {row["subject"] for row in parked}
        ready: list[Delivery] = []
        waiting: list[Delivery] = []
        for d in deliveries:
            behind = d.subject in subjects and d.position >= following.get((d.source, d.lane), 1)
            waits = d.unreadable or behind or (d.source, d.position) in places
            (waiting if waits else ready).append(d)
        return ready, waiting

    async def _live_positions(self, rows: AsyncConnection) -> dict[tuple[str, int], int]:
        found = await (await driver(rows)).fetch(
            f"SELECT source, lane, next FROM {self._positions} WHERE consumer = $1", self._consumer.name
        )
        return {(row["source"], row["lane"]): row["next"] for row in found}

    async def _forget_what_worked(self, rows: AsyncConnection) -> None:
        """What the live consumer has parked after it had worked here is in the new tables: nothing of it waits."""
        connection = await driver(rows)
        passed = {(d.source, d.position) for d in self._passed}
        for tenant in await self.tenants():
            await set_tenant(rows, tenant)
            for row in await connection.fetch(
                f"SELECT source, position, lane FROM {self._parked} WHERE consumer = $1 AND tenant = $2",
                self._consumer.name, tenant,
            ):  # fmt: skip
                place = row["source"], row["position"]
                worked = 0 < row["position"] < self._reached.get(row["source"], {}).get(row["lane"], 1)
                if worked and place not in passed:
                    await connection.execute(
                        f"DELETE FROM {self._parked} WHERE consumer = $1 AND source = $2 AND position = $3",
                        self._consumer.name, *place,
                    )  # fmt: skip

    async def _give(self, deliveries: Sequence[Delivery], rows: AsyncConnection) -> None:
        try:
            opened = await open_deliveries(self._store.keyring, deliveries, self._consumer.types)
        except Exception as error:
            if may_pass(error):
                raise
            for delivery in deliveries:  # Which one it is.
                try:
                    await open_deliveries(self._store.keyring, [delivery], self._consumer.types)
                except Exception as one:
                    raise _failed(delivery.source, delivery.position, one) from one
            raise
        for recorded in opened:
            try:
                if self._consumer.handle is not None:
                    await self._consumer.handle(
                        recorded, Unit(rows, self._store, recorded, self._consumer.name)
                    )
            except Exception as error:
                if may_pass(error):
                    raise
                raise _failed(recorded.source, recorded.position, error) from error


def _failed(source: str, position: int | None, error: Exception) -> ReplayFailed:
    return ReplayFailed(f"{source} position {position}: {described(error)}")


async def now(connection: Any) -> datetime:
    """The database's time."""
    found: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return found


async def erase_again(connection: Any, service: str, tenant: str, since: datetime) -> None:
    """What was erased while new tables were filled may be in them: `runtime.erasing.settle` erases it once more.

    For the transaction that swaps them in, on a connection with its tenant set.
    """
    await connection.execute(
        f"UPDATE {service}.erasures SET settled_at = NULL WHERE tenant = $1 AND erased_at >= $2",
        tenant, since,
    )  # fmt: skip


async def set_apart(connection: Any, service: str, table: str) -> None:
    """Row-level security as on the table it is a copy of."""
    has_tenant = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'tenant')", table
    )
    if has_tenant:
        await connection.execute(f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON {table} TO {service}_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})
        """)


async def differences(connection: Any, live: str, replayed: str) -> list[Difference]:
    rows = await connection.fetch(f"""
        SELECT 'live' AS place, row::text FROM (
            SELECT to_jsonb(l) AS row FROM {live} l WHERE tenant = current_setting('handrail.tenant')
            EXCEPT SELECT to_jsonb(r) FROM {replayed} r WHERE tenant = current_setting('handrail.tenant')) AS only_live
        UNION ALL
        SELECT 'replayed', row::text FROM (
            SELECT to_jsonb(r) AS row FROM {replayed} r WHERE tenant = current_setting('handrail.tenant')
            EXCEPT SELECT to_jsonb(l) FROM {live} l WHERE tenant = current_setting('handrail.tenant')) AS only_replayed
        LIMIT 100""")
    return [Difference(live, row["place"], row["row"]) for row in rows]
