"""Forgetting what was lawfully destroyed, in every service: the consumer ``erasures`` of audit-service's log.

Each stream that held destroyed contents is folded anew from what is left, under the append's own lock, so that current
state is what a rebuild would make. Projections remove their rows. A batch that was opened with a key still in memory may
write a row just afterwards: so all of it is done once more when no process has the key any longer, and then the tables
are written anew, as a deleted row's bytes would lie in its file for weeks.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

import structlog

from contracts.event import Event, EventClass, Recorded
from contracts.problems import Destroyed
from contracts.records import ContentsDestroyed
from runtime.consumer import Consumer, ConsumerRunner, Unit
from runtime.database import Database
from runtime.erasure import Erase, Erasure
from runtime.event_store import EventStore
from runtime.keyring import CACHE_SECONDS, PostgresKeyring
from runtime.projection import tenants
from runtime.refolding import RESOURCE_COLUMNS, STATE_COLUMNS, Refolder
from runtime.stream_model import Model

log = structlog.get_logger()

SETTLE_SECONDS = 2 * CACHE_SECONDS
LOOK_SECONDS = 60.0


class Erasing(Protocol):
    """What the work needs of its service (`runtime.service.Service` is one)."""

    name: str
    database: Database
    store: EventStore
    keyring: PostgresKeyring
    models: Sequence[Model[Any]]
    runners: list[ConsumerRunner]
    erasers: Sequence[Erase]


def erasures(service: Erasing) -> Consumer:
    """Every service runs it."""

    async def handle(recorded: Recorded[Event], _unit: Unit) -> None:
        event = recorded.event
        if not isinstance(event, ContentsDestroyed):
            return
        erasure = Erasure(
            recorded.tenant,
            event.destruction_id,
            event.student_id,
            frozenset(event.classes),
            event.effective_on,
        )
        await erase(service, erasure)

    return Consumer("erasures", ("audit",), handle, types=frozenset({ContentsDestroyed.type}))


async def erase(service: Erasing, erasure: Erasure) -> None:
    """Nothing readable of these contents is left in this service's tables, nor in this process's memory; durable on return."""
    service.keyring.forget(erasure.tenant)
    service.store.forget(erasure.tenant)
    async with service.database.lend(erasure.tenant) as connection, connection.transaction():
        gone = set[UUID]()
        for stream in await _streams(service, erasure, connection):
            gone |= await _fold_anew(service, erasure, stream, connection)
        for each in _erasers(service):
            await each(erasure, connection)
        if erasure.takes(EventClass.IDENTITY):
            gone.add(erasure.subject)
        await connection.execute(
            f"DELETE FROM {service.name}.claims WHERE tenant = $1 AND owner = ANY ($2)",
            erasure.tenant, list(gone),
        )  # fmt: skip
        await connection.execute(
            f"INSERT INTO {service.name}.erasures (tenant, destruction, subject, classes, destroyed_on)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            erasure.tenant, erasure.destruction, erasure.subject, sorted(erasure.classes), erasure.on,
        )  # fmt: skip
    log.info("contents_erased", service=service.name, destruction=str(erasure.destruction))


def _erasers(service: Erasing) -> Iterable[Erase]:
    yield from (runner.consumer.erase for runner in service.runners if runner.consumer.erase is not None)
    yield from service.erasers


async def _streams(service: Erasing, erasure: Erasure, connection: Any) -> list[str]:
    """Every stream with destroyed contents; what has no index yet included."""
    s = service.name
    rows = await connection.fetch(
        f"SELECT DISTINCT e.stream FROM ("
        f" SELECT event_id FROM {s}.log WHERE tenant = $1 AND subject = $2"
        f" UNION ALL SELECT event_id FROM {s}.unsequenced WHERE tenant = $1) AS theirs"
        f" JOIN {s}.events e ON e.id = theirs.event_id"
        " WHERE e.tenant = $1 AND e.subject = $2 AND e.class = ANY ($3) ORDER BY e.stream",
        erasure.tenant, erasure.subject, sorted(erasure.classes),
    )  # fmt: skip
    return [row["stream"] for row in rows]


async def _fold_anew(service: Erasing, erasure: Erasure, stream: str, connection: Any) -> set[UUID]:
    """State and resources of one stream from what is left; returns the ids that show nothing any more."""
    s, tenant = service.name, erasure.tenant
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", f"{s}/{tenant}/{stream}"
    )
    events = await service.store.rows_of(connection, stream)
    made = await Refolder(service.store, service.models).rows_of_stream(tenant, events)
    shown = await connection.fetch(
        f"DELETE FROM {s}_read.resources WHERE tenant = $1 AND stream = $2 RETURNING kind, id", tenant, stream
    )
    await connection.execute(f"DELETE FROM {s}_read.states WHERE tenant = $1 AND stream = $2", tenant, stream)
    for table, columns, records in (
        ("states", STATE_COLUMNS, made.states),
        ("resources", RESOURCE_COLUMNS, made.resources),
    ):
        places = ", ".join(f"${n + 1}" for n in range(len(columns)))
        await connection.executemany(
            f"INSERT INTO {s}_read.{table} ({', '.join(columns)}) VALUES ({places})", records
        )
    gone = {(row["kind"], row["id"]) for row in shown} - {(row[1], row[2]) for row in made.resources}
    await connection.executemany(
        f"INSERT INTO {s}.gone (tenant, kind, id, student, destroyed_on) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT DO NOTHING",
        [(tenant, kind, id_, erasure.subject, erasure.on) for kind, id_ in gone],
    )
    return {id_ for _, id_ in gone}


async def settle(service: Erasing, *, after: float = SETTLE_SECONDS) -> int:
    """Erase once more what was erased ``after`` seconds ago or earlier, and write the tables anew; returns how many."""
    s, done = service.name, 0
    for tenant in await tenants(service.database):
        async with service.database.lend(tenant) as connection:
            rows = await connection.fetch(
                f"SELECT * FROM {s}.erasures WHERE tenant = $1 AND settled_at IS NULL"
                " AND erased_at <= clock_timestamp() - make_interval(secs => $2)", tenant, after,
            )  # fmt: skip
        for row in rows:
            classes = frozenset(map(EventClass, row["classes"]))
            await erase(
                service, Erasure(tenant, row["destruction"], row["subject"], classes, row["destroyed_on"])
            )
        if rows:
            await _write_anew(service)
            async with service.database.lend(tenant) as connection:
                await connection.execute(
                    f"UPDATE {s}.erasures SET settled_at = clock_timestamp() WHERE tenant = $1 AND destruction = ANY ($2)",
                    tenant, [row["destruction"] for row in rows],
                )  # fmt: skip
        done += len(rows)
    return done


async def _write_anew(service: Erasing) -> None:
    """No file holds what was deleted, and no statistics hold it as a frequent value."""
    tables = ["states", "resources"]
    for runner in service.runners:
        tables += runner.consumer.tables if runner.consumer.erase is not None else ()
    async with service.database.pool.acquire() as connection:
        for table in tables:
            await connection.execute(f"VACUUM (FULL, ANALYZE) {service.name}_read.{table}", timeout=3600)


def settling(service: Erasing) -> Any:
    """What runs for as long as the service does."""

    async def run() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await settle(service)

    return run


async def destroyed_here(
    database: Database, tenant: str, ids: Sequence[UUID]
) -> tuple[UUID, Destroyed] | None:
    """Whether the last of these ids was something of a student whose contents are gone: whose, and since when."""
    s = database.service
    if not ids:
        return None
    async with database.lend(tenant) as connection:
        row = await connection.fetchrow(
            f"SELECT student, destroyed_on FROM {s}.gone WHERE tenant = $1 AND id = $2"
            f" UNION ALL SELECT subject, destroyed_on FROM {s}.erasures WHERE tenant = $1 AND subject = $2"
            " ORDER BY destroyed_on DESC LIMIT 1", tenant, ids[-1],
        )  # fmt: skip
    return None if row is None else (row["student"], Destroyed(row["destroyed_on"]))
