"""Loading one stream of a thousand events, as a decision does before it is made; and one ten times as long.

Floor: the stream's rows in plain JSON, fetched in the order of their key and decoded by msgspec into structs.
Ours: `EventStore.load`, once from the kept state, as every command does, and once with the kept state of another shape,
so that all events are fetched, unsealed, checked, decoded and folded.
"""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from bench import floors
from bench.ground import TENANT, Ground, Opened, administrator, opened
from bench.history import YEAR, items, session
from bench.measure import Path, Row, take_turns
from contracts.event import Actor
from progress_service.application.item_streams import ITEM
from runtime.append_request import Change, Context
from runtime.stream_model import Model

FEW, MANY = 1_000, 10_000
AN_APPEND = 500
OF_ANOTHER_SHAPE = replace(ITEM, shape="another")
_FLOOR_TABLE = """
    CREATE TABLE public.floor_stream (
        stream text NOT NULL, version bigint NOT NULL, contents bytea NOT NULL, PRIMARY KEY (stream, version));
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    GRANT SELECT ON public.floor_stream TO PUBLIC"""
_FLOOR = "SELECT version, contents FROM public.floor_stream WHERE stream = $1 ORDER BY version"


async def bench(ground: Ground) -> list[Row]:
    """One reader, one stream after the other."""
    rounds = 3 if ground.quick else 9
    urls = await ground.database()
    async with opened(urls) as store, administrator(urls) as admin:
        await admin.execute(_FLOOR_TABLE)
        streams = {events: await _filled(store, admin, events) for events in (FEW, MANY)}
        await admin.execute("VACUUM ANALYZE progress.events, public.floor_stream")
        paths: dict[str, Path] = {}
        for events, stream in streams.items():
            times = 10 * FEW // events
            paths |= {
                f"floor {events}": _floor(store, stream, times),
                f"kept {events}": _ours(store, ITEM, stream, times),
                f"folded {events}": _ours(store, OF_ANOTHER_SHAPE, stream, times),
            }
        await take_turns(paths, 1)
        rates = await take_turns(paths, rounds)
    rows = [
        Row("load", f"{events:,} events, {told}", "loads/s", rates[f"{name} {events}"],
            "fetch and decode the same rows in plain", rates[f"floor {events}"])
        for events in streams for name, told in (("kept", "from the kept state"), ("folded", "folded from its events"))
    ]  # fmt: skip
    for name, told in (("kept", "from the kept state"), ("folded", "folded from its events")):
        rows.append(
            Row("load", f"{MANY:,} events, {told}", "loads/s", rates[f"{name} {MANY}"],
                f"ours, of {FEW:,}", rates[f"{name} {FEW}"])
        )  # fmt: skip
    return rows


async def _filled(store: Opened, admin: Any, events: int) -> str:
    """A stream of so many sessions, appended as a service would, and the same rows for the floor."""
    [item] = items(1)
    context = Context(
        TENANT, Actor(id=str(uuid4()), role="provider", client="vendor"), correlation=str(uuid4())
    )
    stream_id = uuid4()
    rows: list[tuple[str, int, bytes]] = []
    for start in range(0, events, AN_APPEND):
        loaded = await store.store.load(TENANT, ITEM, stream_id, YEAR)
        written = [session(item, start + number) for number in range(AN_APPEND)]
        await store.store.append(context, [Change(loaded, item.student, written)])
        rows += [
            (loaded.stream, start + number, event.contents()) for number, event in enumerate(written, start=1)
        ]
    await admin.copy_records_to_table("floor_stream", records=rows)
    return loaded.stream


def _floor(store: Opened, stream: str, times: int) -> Path:
    async def work(_: Any) -> int:
        for _ in range(times):
            async with store.database.pool.acquire() as connection:
                rows = await connection.fetch(_FLOOR, stream)
            [floors.decode(row["contents"]) for row in rows]
        return times

    return Path(work)


def _ours(store: Opened, model: Model[Any], stream: str, times: int) -> Path:
    async def work(_: Any) -> int:
        for _ in range(times):
            found = await store.store.load_many(TENANT, [(model, stream)])
            assert found[stream].state.sessions
        return times

    return Path(work)
