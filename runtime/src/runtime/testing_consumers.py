"""A consumer whose effect can be counted, on whichever transport: each event leaves one row, twice would be two."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy import text

from contracts.event import Event, Recorded
from runtime.consumer import Consumer, ConsumerRunner, Unit
from runtime.database import Database
from runtime.event_store import EventStore
from runtime.testing import Opened
from runtime.transport.port import Transport

EFFECTS = """
    CREATE TABLE IF NOT EXISTS notify_read.effects (
        tenant text NOT NULL, subject uuid NOT NULL, version bigint NOT NULL, position bigint NOT NULL,
        at bigint GENERATED ALWAYS AS IDENTITY)"""

ADD = text(
    "INSERT INTO effects (tenant, subject, version, position) VALUES (:tenant, :subject, :version, :position)"
)

Handler = Callable[[Recorded[Event], Unit], Awaitable[None]]


async def leave_a_row(recorded: Recorded[Event], unit: Unit) -> None:
    """The effect."""
    await unit.rows.execute(
        ADD,
        {"tenant": recorded.tenant, "subject": recorded.subject, "version": recorded.version,
         "position": recorded.position},
    )  # fmt: skip


def counting(handle: Handler = leave_a_row) -> Consumer:
    """The consumer under test."""
    return Consumer("counting", ("plan",), handle)


async def make_effects_table(plan: Opened) -> None:
    """The reader's own table."""
    reader = await Database.open("notify", plan.url("notify_app"))
    async with reader.pool.acquire() as connection:
        await connection.execute(EFFECTS)
    await reader.close()


@asynccontextmanager
async def reading(
    plan: Opened, transport: Transport, database: Database, consumer: Consumer
) -> AsyncIterator[ConsumerRunner]:
    """One instance of the consumer, running."""
    runner = ConsumerRunner(consumer, database, EventStore(database, plan.keyring), transport)
    task = asyncio.ensure_future(runner.follow("plan"))
    try:
        yield runner
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def effects(plan: Opened) -> list[tuple[str, int, int]]:
    """``(subject, version, position)`` in the order in which the effects were made."""
    async with plan.database.pool.acquire():
        pass
    reader = await Database.open("notify", plan.url("notify_app"))
    try:
        async with reader.pool.acquire() as connection:
            rows = await connection.fetch(
                "SELECT subject, version, position FROM notify_read.effects ORDER BY at"
            )
    finally:
        await reader.close()
    return [(str(row["subject"]), row["version"], row["position"]) for row in rows]


async def until(what: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not await what():
            await asyncio.sleep(0.02)


def in_order_and_once(found: list[tuple[str, int, int]], expected: int) -> bool:
    """Every event's effect once, and per subject in the order of its versions."""
    assert len({position for _, _, position in found}) == len(found), "an effect is there twice"
    last: dict[str, int] = {}
    for subject, version, _ in found:
        assert version == last.get(subject, 0) + 1, "out of order within a subject"
        last[subject] = version
    return len(found) == expected
