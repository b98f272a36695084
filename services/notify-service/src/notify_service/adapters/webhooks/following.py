"""The consumer ``webhooks``: what happened in any log, to be told to the endpoints that want it.

What is told is thin: which event, of which type, of which student by random id. Whoever may read more reads it from the
change feed, within their scopes.
"""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from contracts.event import Event, Recorded
from notify_service.adapters.webhooks.tables import DELIVERIES, ENDPOINTS, HAPPENED
from notify_service.application.webhooks import wants
from runtime.consumer import Consumer, Unit

SOURCES = ("plan", "progress", "notify", "audit")


def webhook_consumer(wake: Callable[[], None]) -> Consumer:
    """``wake`` tells a sender in this process that there may be work."""

    async def handle(recorded: Recorded[Event], unit: Unit) -> None:
        endpoints = (
            await unit.rows.execute(
                select(ENDPOINTS.c.webhook, ENDPOINTS.c.event_types).where(
                    ENDPOINTS.c.tenant == recorded.tenant
                )
            )
        ).all()
        wanting = [row.webhook for row in endpoints if wants(row.event_types, recorded.type)]
        if not endpoints or recorded.position is None or recorded.known_at is None:
            return
        await unit.rows.execute(
            insert(HAPPENED)
            .values(tenant=recorded.tenant, source=recorded.source, position=recorded.position, event_id=recorded.id,
                    type=recorded.type, subject=recorded.subject, effective_on=recorded.effective_on,
                    known_at=recorded.known_at)
            .on_conflict_do_nothing()
        )  # fmt: skip
        for webhook in wanting:
            await unit.rows.execute(
                insert(DELIVERIES)
                .values(tenant=recorded.tenant, webhook=webhook, event_id=recorded.id, source=recorded.source,
                        position=recorded.position)
                .on_conflict_do_nothing()
            )  # fmt: skip
        if wanting:
            wake()

    return Consumer("webhooks", SOURCES, handle=handle)
