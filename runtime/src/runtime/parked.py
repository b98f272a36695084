"""Parked events: look at them, try them again in order, or skip one by a decision that is itself an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from contracts.event import Actor
from contracts.problems import NotFound
from contracts.store import ParkedSkipped
from runtime.append_request import Change, Context, TenantHasEnded
from runtime.consumer import Consumer, Unit
from runtime.database import Database, driver
from runtime.deliveries import delivered_id, described, may_pass, open_deliveries
from runtime.event_store import EventStore
from runtime.parking import lock_queue
from runtime.tenants import TENANT
from runtime.transport.port import Delivery

log = structlog.get_logger()

COLUMNS = "source, position, tenant, index, subject, lane, entry, sealed"


@dataclass(frozen=True, slots=True)
class Parked:
    """One event that waits; ``error`` is set on the one that failed, empty on those queued behind it."""

    consumer: str
    source: str
    position: int
    subject: UUID
    event_id: UUID
    error: str | None
    parked_at: datetime


async def parked_events(database: Database, tenant: str) -> list[Parked]:
    """All that waits for this tenant, in order."""
    async with database.lend(tenant) as connection:
        rows = await connection.fetch(
            f"SELECT * FROM {database.service}.parked WHERE tenant = $1 ORDER BY consumer, subject, position",
            tenant,
        )
    return [
        Parked(row["consumer"], row["source"], row["position"], row["subject"], delivered_id(row["entry"]),
               row["error"], row["parked_at"])
        for row in rows
    ]  # fmt: skip


async def retry_parked(
    consumer: Consumer, database: Database, store: EventStore, tenant: str, subject: UUID
) -> int:
    """Work off a subject's queue in order; all of it or, when one fails again, up to that one. Returns how many worked."""
    worked = 0
    while True:
        async with database.begin(tenant) as rows:
            waiting = await _waiting(database, consumer.name, tenant, subject, rows)
            if not waiting:
                return worked
            first = waiting[0]
            try:
                async with rows.begin_nested():
                    for recorded in await open_deliveries(store.keyring, [first], consumer.types):
                        if consumer.handle is not None:
                            await consumer.handle(recorded, Unit(rows, store, recorded, consumer.name))
                    if consumer.handle_raw is not None:
                        await consumer.handle_raw([first], rows)
            except TenantHasEnded:  # Nothing follows from it any more: it need not wait.
                log.info("passed_over_after_the_end", consumer=consumer.name, position=first.position)
            except Exception as error:
                if may_pass(error):
                    raise
                await (await driver(rows)).execute(
                    f"UPDATE {database.service}.parked SET error = $4"
                    " WHERE consumer = $1 AND source = $2 AND position = $3",
                    consumer.name, first.source, first.position, described(error),
                )  # fmt: skip
                return worked
            await _remove(database, consumer.name, first, rows)
        worked += 1
        if consumer.committed is not None:
            consumer.committed()
        store.wake()


async def skip_parked(
    consumer: str, database: Database, store: EventStore, tenant: str, subject: UUID, *, reason: str, actor: Actor,
    correlation: str,
) -> UUID:  # fmt: skip
    """Pass over the first event of a subject's queue for good; the decision is an event. Returns the skipped event's id.

    Raises `NotFound` when nothing of the subject is parked.
    """
    async with database.begin(tenant) as rows:
        waiting = await _waiting(database, consumer, tenant, subject, rows)
        if not waiting:
            raise NotFound("Nothing of this subject is parked for that consumer.")
        first = waiting[0]
        connection = await driver(rows)
        now: datetime = await connection.fetchval(f"SELECT {database.service}.now_for($1)", tenant)
        loaded = (await store.load_many(tenant, [(TENANT, TENANT.name)], connection=connection))[TENANT.name]
        own = await connection.fetchrow(
            f"SELECT subject FROM {database.service}.tenants WHERE tenant = $1", tenant
        )
        failed = await connection.fetchval(
            f"SELECT error FROM {database.service}.parked WHERE consumer = $1 AND source = $2 AND position = $3",
            consumer, first.source, first.position,
        )  # fmt: skip
        event_id = delivered_id(first.entry)
        skipped = ParkedSkipped(
            effective_on=now.astimezone(ZoneInfo(loaded.state.time_zone)).date(), consumer=consumer,
            source=first.source, subject=subject, position=max(0, first.position), event_id=event_id,
            error=failed, reason=reason,
        )  # fmt: skip
        await store.append(
            Context(tenant, actor, correlation),
            [Change(loaded, own["subject"], [skipped])],
            connection=connection,
        )
        await _remove(database, consumer, first, rows)
        # The one behind it is now first: it has not failed, it only waited.
    store.wake()
    return event_id


async def _waiting(
    database: Database, consumer: str, tenant: str, subject: UUID, rows: Any
) -> Sequence[Delivery]:
    await lock_queue(database, consumer, tenant, subject, rows)
    found = await (await driver(rows)).fetch(
        f"SELECT {COLUMNS} FROM {database.service}.parked WHERE consumer = $1 AND tenant = $2 AND subject = $3"
        " ORDER BY source, position LIMIT 1 FOR UPDATE", consumer, tenant, subject,
    )  # fmt: skip
    return [Delivery(**dict(row)) for row in found]


async def _remove(database: Database, consumer: str, delivery: Delivery, rows: Any) -> None:
    await (await driver(rows)).execute(
        f"DELETE FROM {database.service}.parked WHERE consumer = $1 AND source = $2 AND position = $3",
        consumer, delivery.source, delivery.position,
    )  # fmt: skip
