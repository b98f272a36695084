"""Every entry of every log, kept as it came: the table of record that evidence is answered from.

Lanes arrive in any order among each other, so what is here may have holes. The frontier names, per source, the first
position that is missing: whatever lies below it is whole, and nothing above it is read.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.consumer import Consumer
from runtime.database import Database, driver
from runtime.entry import parse_entry
from runtime.roles import SERVICES
from runtime.transport.port import Delivery

PAGE = 10_000
POLL_SECONDS = 0.5
"""Only the safety net: whoever has copied moves the frontier on, also over what others copied."""

_KEEP = """
    INSERT INTO audit.copies (source, position, tenant, index, subject, stream, version, type, effective_on, known_at,
                              event_id, entry, sealed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""


class Frontier:
    """Moves the frontier of each source on, over what has no gap. Any number of instances may run it."""

    def __init__(self) -> None:
        self._work = asyncio.Event()

    def wake(self) -> None:
        """Something was copied, and is durable."""
        self._work.set()

    def task(self, database: Database) -> Callable[[], Awaitable[None]]:
        """What runs for as long as the service does."""

        async def run() -> None:
            reached: Mapping[str, int] | None = None
            while True:
                self._work.clear()
                reached = await advance(database, reached)
                with contextlib.suppress(TimeoutError):
                    # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with the waking.
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._work.wait()

        return run


async def advance(database: Database, reached: Mapping[str, int] | None = None) -> Mapping[str, int]:
    """Move every frontier as far as copies reach without a gap; returns the first missing position of each source.

    ``reached``: what the last call returned. A step that came less far than it may has come to the end.
    """
    now = await _advanced(database)
    while reached is None or any(now[source] - reached[source] >= PAGE for source in now):
        reached, now = now, await _advanced(database)
    return now


async def _advanced(database: Database) -> dict[str, int]:
    async with database.once() as connection:
        rows = await connection.fetch(
            "SELECT source, audit.advance_frontier(source, $2) AS next FROM unnest($1::text[]) AS s (source)",
            list(SERVICES), PAGE,
        )  # fmt: skip
    return {row["source"]: row["next"] for row in rows}


def copies(frontier: Frontier) -> Consumer:
    """The consumer of all four sources; it decodes no contents, so nothing it is sent can fail to be kept."""

    async def keep(deliveries: Sequence[Delivery], rows: AsyncConnection) -> None:
        connection = await driver(rows)
        await connection.executemany(_KEEP, [_row(delivery) for delivery in deliveries])

    return Consumer("copies", SERVICES, handle_raw=keep, committed=frontier.wake)


def _row(delivery: Delivery) -> tuple[object, ...]:
    entry = parse_entry(delivery.entry)
    return (
        delivery.source, delivery.position, delivery.tenant, delivery.index, delivery.subject, entry.stream,
        entry.version, entry.type, date.fromisoformat(entry.effective_on), entry.known, entry.id, delivery.entry,
        delivery.sealed,
    )  # fmt: skip
