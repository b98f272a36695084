"""Rebuilding the current state of progress-service from a million sessions.

Floor: what must be done at the very least to get a readable row for every event. Plain JSON is read from one table in
the order of its key, 5,000 rows a page, decoded by msgspec into a struct, written as JSON again and copied into a table
with nothing but a primary key. No sealing, no envelope, no fold, no state, no tenant, no second index, no swap.
Ours: `CurrentState.rebuild`: read each stream, unseal, check against the digest, decode, fold, write states and
resources into tables with all their indexes, swap them in.
"""

import time
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from bench import history
from bench.ground import Ground, Urls, administrator, in_processes, opened, peak_mebibytes, run
from bench.history import items_for, rows_of_plain
from bench.measure import Path, Row, take_turns
from progress_service.application.item_streams import ITEM
from runtime.current_state import CurrentState

PAGE = 5_000
FEWEST, MOST = 100_000, 1_000_000
_FLOOR_TABLES = """
    CREATE TABLE public.floor_history (
        position bigint PRIMARY KEY, stream text NOT NULL, version bigint NOT NULL, effective_on date NOT NULL,
        contents bytea NOT NULL);
    CREATE TABLE public.floor_sessions (
        id uuid PRIMARY KEY, student uuid NOT NULL, stream text NOT NULL, version bigint NOT NULL, document text NOT NULL)"""


async def bench(ground: Ground) -> list[Row]:
    """One history, rebuilt by turns; each turn in a process of its own, so that its memory can be told."""
    events = FEWEST if ground.quick else MOST
    urls = await ground.shared(f"history of {events}", lambda urls: history.fill(urls, events))
    await _fill_floor(urls, events)
    peaks: dict[str, int] = {}

    def path(name: str, work: Any) -> Path:
        async def turn(_: Any) -> tuple[int, float]:
            [(done, seconds, peak)] = await in_processes(work, [(urls,)])
            peaks[name] = max(peaks.get(name, 0), peak)
            return done, seconds

        return Path(turn)

    rates = await take_turns({"floor": path("floor", _floor), "ours": path("ours", _ours)}, 3)
    return [
        Row("rebuild", f"{events:,} events", "events/s", rates["ours"], "pages, msgspec, COPY", rates["floor"], 0.4,
            {"peak MiB": peaks["ours"], "floor's peak MiB": peaks["floor"]})
    ]  # fmt: skip


async def _fill_floor(urls: Urls, events: int) -> None:
    async with administrator(urls) as admin:
        await admin.execute(_FLOOR_TABLES)
        everything = items_for(events)
        for number in range(history.SESSIONS):
            await admin.copy_records_to_table("floor_history", records=rows_of_plain(everything, number))
        await admin.execute("VACUUM ANALYZE public.floor_history")


class _Session(msgspec.Struct):
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


def _floor(urls: Urls) -> tuple[int, float, int]:
    return run(_pages_of_floor(urls))


async def _pages_of_floor(urls: Urls) -> tuple[int, float, int]:
    decode, encode = msgspec.json.Decoder(_Session).decode, msgspec.json.Encoder().encode
    async with administrator(urls) as connection:
        await connection.execute("TRUNCATE public.floor_sessions")
        began, done = time.perf_counter(), 0
        while rows := await connection.fetch(
            "SELECT * FROM public.floor_history WHERE position > $1 ORDER BY position LIMIT $2", done, PAGE
        ):
            written = []
            for row in rows:
                session = decode(row["contents"])
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
            done = rows[-1]["position"]
        return done, time.perf_counter() - began, peak_mebibytes()


def _ours(urls: Urls) -> tuple[int, float, int]:
    return run(_rebuild(urls))


async def _rebuild(urls: Urls) -> tuple[int, float, int]:
    async with opened(urls, most=4) as store:
        began = time.perf_counter()
        done = await CurrentState(store.database, store.store, [ITEM]).rebuild()
        return done, time.perf_counter() - began, peak_mebibytes()
