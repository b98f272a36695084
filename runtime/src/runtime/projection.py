"""Rebuilding what can be rebuilt: beside the live tables, with progress, swapped in at once; and checking it.

A rebuild fills a copy of the tables in a schema of its own, ``<svc>_next``, with the same handlers (they name their
tables without a schema). When it has caught up, one transaction puts the new tables in the old ones' place together with
the consumer's positions. A check fills a shadow in the same way, compares row by row, and throws it away.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.consumer import Consumer, Unit, open_deliveries
from runtime.database import Database, driver, set_tenant
from runtime.event_store import EventStore
from runtime.roles import SERVICES
from runtime.transport.port import Delivery

log = structlog.get_logger()

PAGE = 2_000


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
    consumer: Consumer, database: Database, store: EventStore, report: Report = lambda _progress: None
) -> int:
    """Fill new tables from the sources' journals, catch up, swap. Returns how many events were handled.

    The live tables answer until the swap and their consumer goes on meanwhile. Interrupted, nothing has changed.
    """
    async with shadow(database, consumer.tables) as schema:
        positions, done = await _replay(consumer, database, store, schema, report)
        await _swap(consumer, database, store, schema, positions)
    return done


async def check(
    consumer: Consumer, database: Database, store: EventStore, report: Report = lambda _progress: None
) -> list[Difference]:
    """Replay into shadow tables and name every row that differs (P12). The consumer must stand still meanwhile."""
    async with shadow(database, consumer.tables) as schema:
        await _replay(consumer, database, store, schema, report)
        found: list[Difference] = []
        async with database.pool.acquire() as connection:
            for tenant in await tenants(database):
                await connection.execute("SELECT set_config('handrail.tenant', $1, false)", tenant)
                for table in consumer.tables:
                    found += await differences(
                        connection, f"{database.service}_read.{table}", f"{schema}.{table}"
                    )
        return found


class RebuildRunning(RuntimeError):
    """Another rebuild or check of this service is at work; let it end first."""


@asynccontextmanager
async def shadow(database: Database, tables: Sequence[str]) -> AsyncIterator[str]:
    """Empty copies of read tables in ``<svc>_next``, gone at the end unless they were swapped in. One at a time."""
    schema = f"{database.service}_next"
    async with database.pool.acquire() as holder:
        lock = f"hashtextextended('rebuild/{database.service}', 5)"
        if not await holder.fetchval(f"SELECT pg_try_advisory_lock({lock})"):
            raise RebuildRunning(f"a rebuild or check of {database.service}-service is running already")
        for table in tables:
            await holder.execute(
                f"DROP TABLE IF EXISTS {schema}.{table} CASCADE;"
                f" CREATE TABLE {schema}.{table} (LIKE {database.service}_read.{table} INCLUDING ALL)"
            )
        try:
            yield schema
        finally:
            for table in tables:
                await holder.execute(f"DROP TABLE IF EXISTS {schema}.{table} CASCADE")
            await holder.execute(f"SELECT pg_advisory_unlock({lock})")


async def tenants(database: Database) -> list[str]:
    """Every tenant that appears in any source this role can read."""
    async with database.pool.acquire() as connection:
        found: set[str] = set()
        for owner in SERVICES:
            if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", f"{owner}.journal"):
                rows = await connection.fetch(f"SELECT DISTINCT tenant FROM {owner}.journal")
                found |= {row["tenant"] for row in rows}
    return sorted(found)


async def pages(
    database: Database, source: str, after: int, up_to: int | None = None, size: int = PAGE
) -> AsyncIterator[list[Delivery]]:
    """The source's records in position order, a page at a time."""
    bound = up_to if up_to is not None else 2**62
    while True:
        async with database.pool.acquire() as connection:
            rows = await connection.fetch(
                "SELECT position, tenant, index, subject, lane, entry, sealed"
                f" FROM {source}.journal WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3",
                after, bound, size,
            )  # fmt: skip
        if not rows:
            return
        after = rows[-1]["position"]
        yield [Delivery(source, **dict(row)) for row in rows]


async def last_position(database: Database, source: str) -> int:
    """The newest position of a source."""
    async with database.pool.acquire() as connection:
        last: int = await connection.fetchval(f"SELECT coalesce(max(position), 0) FROM {source}.journal")
    return last


async def _replay(
    consumer: Consumer, database: Database, store: EventStore, schema: str, report: Report
) -> tuple[dict[str, int], int]:
    """Handle everything there is; what comes meanwhile too. Returns the last position of each source and the count."""
    total = sum([await last_position(database, source) for source in consumer.sources])
    reached: dict[str, int] = dict.fromkeys(consumer.sources, 0)
    done = 0
    for source in consumer.sources:
        async for page in pages(database, source, reached[source]):
            await _handle_page(consumer, database, store, schema, page)
            reached[source] = page[-1].position
            done += len(page)
            waiting = report(Progress(done, max(total, done)))
            if waiting is not None:
                await waiting
    return reached, done


async def _handle_page(
    consumer: Consumer, database: Database, store: EventStore, schema: str, page: Sequence[Delivery]
) -> None:
    async with database.begin() as rows:
        await (await driver(rows)).execute(
            f"SET LOCAL search_path = {schema}, {database.service}_read, {database.service}"
        )
        await _handle(consumer, store, page, rows)


async def _handle(
    consumer: Consumer, store: EventStore, page: Sequence[Delivery], rows: AsyncConnection
) -> None:
    for tenant, group in groupby(sorted(page, key=lambda d: d.tenant), key=lambda d: d.tenant):
        await set_tenant(rows, tenant)
        deliveries = list(group)
        if consumer.handle_raw is not None:
            await consumer.handle_raw(deliveries, rows)
            continue
        for recorded in await open_deliveries(store.keyring, deliveries, consumer.types):
            if consumer.handle is not None:
                await consumer.handle(recorded, Unit(rows, store, recorded, consumer.name))


async def _swap(
    consumer: Consumer, database: Database, store: EventStore, schema: str, reached: dict[str, int]
) -> None:
    """Stop the live consumer at the lock on its positions, handle what came since, and change places."""
    name, live = consumer.name, f"{database.service}_read"
    async with database.begin() as rows:
        connection = await driver(rows)
        await connection.execute(f"LOCK TABLE {live}.positions IN EXCLUSIVE MODE")
        await connection.execute(f"SET LOCAL search_path = {schema}, {live}, {database.service}")
        for source in consumer.sources:
            async for page in pages(database, source, reached[source]):
                await _handle(consumer, store, page, rows)
                reached[source] = page[-1].position
        await set_tenant(rows, "")
        for table in consumer.tables:
            await connection.execute(
                f"DROP TABLE {live}.{table} CASCADE; ALTER TABLE {schema}.{table} SET SCHEMA {live}"
            )
            await set_apart(connection, database.service, f"{live}.{table}")
        for source, position in reached.items():
            await connection.execute(
                f"INSERT INTO {live}.positions (consumer, source, lane, next)"
                " SELECT $1, $2, generate_series(0, 59), $3"
                " ON CONFLICT (consumer, source, lane) DO UPDATE SET next = excluded.next",
                name, source, position + 1,
            )  # fmt: skip
    log.info("projection_rebuilt", consumer=name)


async def set_apart(connection: Any, service: str, table: str) -> None:
    """Row-level security as on the table it replaces."""
    has_tenant = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'tenant')", table
    )
    if has_tenant:
        await connection.execute(f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON {table} TO {service}_app
                USING (tenant = nullif(current_setting('handrail.tenant', true), ''))
                WITH CHECK (tenant = nullif(current_setting('handrail.tenant', true), ''))""")


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
