"""The consumer ``webhooks``: what happened in any log, to be told to the endpoints that want it.

What is told is thin: which event, of which type, of which student by random id. Whoever may read more reads it from the
change feed, within their scopes. So contents are never opened here: the entry says all of it.
"""

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notify_service.adapters.webhooks.tables import DELIVERIES, ENDPOINTS, HAPPENED
from notify_service.application.webhooks import wants
from runtime.consumer import Consumer
from runtime.database import driver
from runtime.entry import parse_entry
from runtime.tenants import ended_on
from runtime.transport.port import Delivery

_ENDPOINTS = select(ENDPOINTS.c.webhook, ENDPOINTS.c.event_types).where(
    ENDPOINTS.c.tenant == bindparam("tenant")
)
SOURCES = ("plan", "progress", "notify", "audit")


def webhook_consumer(wake: Callable[[], None]) -> Consumer:
    """``wake`` tells a sender in this process that there may be work."""

    async def note(deliveries: Sequence[Delivery], rows: AsyncConnection) -> None:
        tenant = deliveries[0].tenant
        endpoints = (await rows.execute(_ENDPOINTS, {"tenant": tenant})).all()
        if not endpoints or await ended_on(await driver(rows), "notify", tenant) is not None:
            return
        happened, told = [], []
        for delivery in deliveries:
            entry = parse_entry(delivery.entry)
            place = {
                "tenant": tenant,
                "event_id": entry.id,
                "source": delivery.source,
                "position": delivery.position,
            }
            happened.append({
                **place, "type": entry.type, "subject": delivery.subject,
                "effective_on": date.fromisoformat(entry.effective_on), "known_at": entry.known,
            })  # fmt: skip
            told += [
                {**place, "webhook": row.webhook} for row in endpoints if wants(row.event_types, entry.type)
            ]
        await rows.execute(insert(HAPPENED).values(happened).on_conflict_do_nothing())
        if told:
            await rows.execute(insert(DELIVERIES).values(told).on_conflict_do_nothing())
            wake()

    return Consumer("webhooks", SOURCES, handle_raw=note)
