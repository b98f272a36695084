"""Parking: the queue in which what cannot be handled waits, and behind it what follows of the same student."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.store import ParkedSkipped
from runtime.database import Database, driver
from runtime.event_store import EventStore
from runtime.recent_states import TENANT_STREAM
from runtime.transport.port import Delivery

UNREADABLE = "Unreadable"


async def park(
    database: Database, consumer: str, delivery: Delivery, error: str | None, rows: AsyncConnection
) -> bool:
    """Have a delivery wait, in a transaction that has its tenant set. ``False`` when it waits already."""
    made = await (await driver(rows)).fetchval(
        f"INSERT INTO {database.service}.parked"
        " (consumer, source, position, tenant, subject, lane, index, entry, sealed, error)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING true",
        consumer, delivery.source, delivery.position, delivery.tenant, delivery.subject, delivery.lane,
        delivery.index, delivery.entry, delivery.sealed,
        UNREADABLE if delivery.unreadable else error,
    )  # fmt: skip
    return made is not None


async def lock_queue(
    database: Database, consumer: str, tenant: str, subject: UUID, rows: AsyncConnection
) -> None:
    """Until the transaction ends nobody else works at this subject's queue."""
    await (await driver(rows)).execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 8))",
        f"{database.service}/{consumer}/{tenant}/{subject}",
    )


async def skipped_events(store: EventStore, tenant: str, consumer: str) -> set[UUID]:
    """The events that operators have decided this consumer goes on without."""
    history = await store.read(tenant, TENANT_STREAM)
    return {
        recorded.event.event_id
        for recorded in history
        if isinstance(recorded.event, ParkedSkipped) and recorded.event.consumer == consumer
    }
