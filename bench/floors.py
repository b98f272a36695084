"""The same history without everything Handrail adds: plain JSON in one table, decoded by msgspec into a struct."""

import random
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from bench import history
from bench.ground import Ground, Urls, administrator
from bench.history import SESSIONS, Item, contents_of, day_of, items_for

_TABLE = """
    CREATE TABLE public.floor_history (
        position bigint PRIMARY KEY, stream text NOT NULL, version bigint NOT NULL, effective_on date NOT NULL,
        contents bytea NOT NULL)"""


class Session(msgspec.Struct):
    """A session as it stands in the floor's table."""

    session_id: UUID
    item_id: UUID
    plan_id: UUID
    student_id: UUID
    minutes: int
    status: str
    planned_minutes: int | None = None
    provider: UUID | None = None
    external_id: str | None = None
    held_on: date | None = None


decode = msgspec.json.Decoder(Session).decode


def sizes(ground: Ground) -> tuple[int, int]:
    """A history, and one ten times as long."""
    return (4_000, 40_000) if ground.quick else (100_000, 1_000_000)


async def filled(ground: Ground, events: int) -> Urls:
    """The run's database with a history of ``events`` sessions, ours and the floor's; only read by whoever asks."""
    return await ground.shared(f"history of {events}", lambda urls: _fill(urls, events))


async def _fill(urls: Urls, events: int) -> None:
    await history.fill(urls, events)
    async with administrator(urls) as admin:
        await admin.execute(_TABLE)
        everything = items_for(events)
        for number in range(SESSIONS):
            await admin.copy_records_to_table("floor_history", records=_rows(everything, number))
        await admin.execute("VACUUM ANALYZE public.floor_history")


def _rows(everything: list[Item], number: int) -> Iterator[tuple[Any, ...]]:
    """Position, stream, version, day, contents of every item's ``number``-th session."""
    chance = random.Random(number)
    for item in everything:
        chance.getrandbits(62)
        contents = contents_of(item, number, UUID(int=chance.getrandbits(128), version=4))
        yield number * len(everything) + item.number + 1, item.stream, number + 1, day_of(number), contents


async def pages(connection: asyncpg.Connection, most: int) -> AsyncIterator[list[asyncpg.Record]]:
    """All rows in the order of the key."""
    done = 0
    while rows := await connection.fetch(
        "SELECT * FROM public.floor_history WHERE position > $1 ORDER BY position LIMIT $2", done, most
    ):
        done = rows[-1]["position"]
        yield rows
