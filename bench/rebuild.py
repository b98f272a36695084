"""Rebuilding the current state of progress-service from a million sessions.

Floor: what must be done at the very least to get a readable row for every event. Plain JSON is read from one table in
the order of its key, 5,000 rows a page, decoded by msgspec into a struct, written as JSON again and copied into a table
with nothing but a primary key. No sealing, no envelope, no fold, no state, no tenant, no second index, no swap.
Ours: `CurrentState.rebuild`: read each stream, unseal, check against the digest, decode, fold, write states and
resources into tables with all their indexes, swap them in.
"""

import resource
import time

import msgspec

from bench import floors
from bench.apart import Apart
from bench.ground import Ground, Urls, administrator, opened
from bench.measure import Row, take_turns
from bench.processes import peak_mebibytes, run
from progress_service.application.item_streams import ITEM
from runtime.current_state import CurrentState

PAGE = 5_000
_FLOOR_TABLE = """
    CREATE TABLE public.floor_sessions (
        id uuid PRIMARY KEY, student uuid NOT NULL, stream text NOT NULL, version bigint NOT NULL, document text NOT NULL)"""


async def bench(ground: Ground) -> list[Row]:
    """One history, rebuilt by turns."""
    _, events = floors.sizes(ground)
    urls = await floors.filled(ground, events)
    async with administrator(urls) as admin:
        await admin.execute(_FLOOR_TABLE)
    apart = Apart()
    paths = {"floor": apart.path("floor", _floor, urls), "ours": apart.path("ours", _ours, urls)}
    rates = await take_turns(paths, 3)
    return [
        Row("rebuild", f"{events:,} events", "events/s", rates["ours"], "pages, msgspec, COPY", rates["floor"], 0.4,
            facts=apart.facts("ours", "floor"))
    ]  # fmt: skip


def _floor(urls: Urls) -> tuple[int, float, int]:
    return run(_pages_of_floor(urls))


async def _pages_of_floor(urls: Urls) -> tuple[int, float, int]:
    encode = msgspec.json.Encoder().encode
    async with administrator(urls) as connection:
        await connection.execute("TRUNCATE public.floor_sessions")
        began, done = time.perf_counter(), 0
        async for rows in floors.pages(connection, PAGE):
            written = []
            for row in rows:
                session = floors.decode(row["contents"])
                session.held_on = row["effective_on"]
                written.append(
                    (
                        session.session_id,
                        session.student_id,
                        row["stream"],
                        row["version"],
                        encode(session).decode(),
                    )
                )
            await connection.copy_records_to_table("floor_sessions", records=written)
            done += len(rows)
        return done, time.perf_counter() - began, peak_mebibytes()


def _ours(urls: Urls) -> tuple[int, float, int]:
    return run(_rebuild(urls))


async def _rebuild(urls: Urls) -> tuple[int, float, int]:
    async with opened(urls, most=4) as store:
        began = time.perf_counter()
        done = await CurrentState(store.database, store.store, [ITEM], urls.store).rebuild()
        seconds = time.perf_counter() - began
        helper = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024  # The largest of them.
        return done, seconds, peak_mebibytes() + helper
