"""Appending ten sessions at a time, sixteen writers.

Floor: the same sixteen connections insert the same ten rows a commit by ``unnest`` into a plain table with one primary
key ``(tenant, stream, version)``: no second index, no check, no sealing, no queue for the sequencer, no state, no lock.
Ours: `EventStore.append`, each call ten new events on a stream, at the version it saw.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial, reduce
from typing import Any
from unittest.mock import patch
from uuid import UUID

import runtime.append_rows
from bench import floors
from bench.ground import TENANT, Ground, Opened, administrator, opened
from bench.history import ACTOR, CORRELATION, ITEM_YEAR, ITEM_YEAR_ALONE, SESSIONS, YEAR, Item, items, session
from bench.measure import CONNECTIONS, Path, Row, take_turns
from contracts.event import Actor
from contracts.ids import new_event_id, new_id
from runtime.append_request import Change, Context
from runtime.sealing import FORMAT, NONCE_BYTES, SALT_BYTES, Key, Sealed
from runtime.stream_model import Loaded, Model

TENS = 10
_FLOOR_TABLE = """
    CREATE TABLE public.floor_events (
        tenant text NOT NULL, stream text NOT NULL, version bigint NOT NULL, id uuid NOT NULL, subject uuid NOT NULL,
        type text NOT NULL, schema smallint NOT NULL, class text NOT NULL, effective_on date NOT NULL,
        recorded_at timestamptz NOT NULL, actor text NOT NULL, correlation text NOT NULL, digest bytea NOT NULL,
        contents bytea NOT NULL, PRIMARY KEY (tenant, stream, version));
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    GRANT SELECT, INSERT ON public.floor_events TO PUBLIC"""
_FLOOR_INSERT = """
    INSERT INTO public.floor_events SELECT * FROM unnest(
        $1::text[], $2::text[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::smallint[], $8::text[],
        $9::date[], $10::timestamptz[], $11::text[], $12::text[], $13::bytea[], $14::bytea[])"""


async def bench(ground: Ground) -> list[Row]:
    """Into an empty store; then into one with a history and one with a history ten times as long."""
    return [*await _against_raw(ground), *await _at_ten_times(ground)]


async def _against_raw(ground: Ground) -> list[Row]:
    """Each writer fills whole streams of a school year."""
    streams = 2 if ground.quick else 4
    rounds = 3 if ground.quick else 9
    urls = await ground.database()
    async with opened(urls) as store, administrator(urls) as admin:
        await admin.execute(_FLOOR_TABLE)
        alone = partial(_tens, ITEM_YEAR_ALONE, streams)
        paths = {
            "floor": Path(
                lambda rows: _at_once(_insert(store, tens) for tens in rows), lambda: _raw(streams)
            ),
            "without sealing": Path(lambda work: _unsealed(store, work), alone),
            "with sealing": Path(lambda work: _append(store, work), alone),
            "with sealing, each session also a resource": Path(
                lambda work: _append(store, work), lambda: _tens(ITEM_YEAR, streams)
            ),
        }
        await take_turns(paths, 1)  # Connections, plans and keys are there before anything counts.
        rates = await take_turns(paths, rounds)
    return [
        Row("append", f"tens, {name}", "events/s", rates[name], "raw unnest insert of the same rows", rates["floor"],
            0.8 if name == "without sealing" else None)
        for name in paths if name != "floor"
    ]  # fmt: skip


async def _at_ten_times(ground: Ground) -> list[Row]:
    """The same appends, with sealing and resources, into copies of two histories."""
    few, many = floors.sizes(ground)
    rounds = 3 if ground.quick else 7
    async with AsyncExitStack() as stack:
        stores = {
            events: await stack.enter_async_context(opened(await ground.copy(await floors.filled(ground, events))))
            for events in (few, many)
        }  # fmt: skip
        work = partial(_tens, ITEM_YEAR, 1)
        paths = {str(events): Path(partial(_append, store), work) for events, store in stores.items()}
        await take_turns(paths, 1)
        rates = await take_turns(paths, rounds)
    return [
        Row("append", f"tens, with sealing, into {many:,} events", "events/s", rates[str(many)],
            f"ours, into {few:,} events", rates[str(few)])
    ]  # fmt: skip


async def _at_once(writers: Iterable[Coroutine[Any, Any, int]]) -> int:
    return sum(await asyncio.gather(*writers))


def _raw(streams: int) -> list[list[list[Any]]]:
    """For each connection its commits, each ten rows by column."""
    return [
        [
            _plain_rows(item, stream, start)
            for stream in [f"item/{new_id()}/{YEAR}" for _ in range(streams)]
            for start in range(0, SESSIONS, TENS)
        ]
        for item in items(CONNECTIONS)
    ]


async def _insert(store: Opened, commits: list[list[Any]]) -> int:
    for columns in commits:
        async with store.database.pool.acquire() as connection:
            await connection.execute(_FLOOR_INSERT, *columns)
    return TENS * len(commits)


Tens = list[list[tuple[Context, Change[Any]]]]


def _tens(model: Model[Any], streams: int) -> Tens:
    """For each connection its appends: what the commands before had decided, and on which state."""
    return [
        [tens for _ in range(streams) for tens in _year(model, item, new_id())] for item in items(CONNECTIONS)
    ]


def _year(model: Model[Any], item: Item, stream_id: UUID) -> Iterator[tuple[Context, Change[Any]]]:
    context = Context(
        TENANT, Actor(id=str(new_id()), role="provider", client="vendor"), correlation=str(new_id())
    )
    state = model.initial
    for start in range(0, SESSIONS, TENS):
        events = [session(item, number) for number in range(start, start + TENS)]
        yield (
            context,
            Change(Loaded(model, model.stream(stream_id, YEAR), start, state), item.student, events),
        )
        state = reduce(model.evolve, events, state)


async def _append(store: Opened, work: Tens) -> int:
    async def writer(tens: list[tuple[Context, Change[Any]]]) -> int:
        for context, change in tens:
            await store.store.append(context, [change])
        return TENS * len(tens)

    return await _at_once(writer(tens) for tens in work)


async def _unsealed(store: Opened, work: Tens) -> int:
    with patch.object(runtime.append_rows, "seal", _not_sealed):
        return await _append(store, work)


_PLAIN = session(items(1)[0], 0).contents()
_NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def _plain_rows(item: Item, stream: str, start: int) -> list[list[Any]]:
    """Rows that cost nothing to make: what is left is the driver, the wire and PostgreSQL."""
    day = _NOW.date()
    return [
        [TENANT] * TENS, [stream] * TENS, list(range(start + 1, start + TENS + 1)),
        [new_event_id() for _ in range(TENS)], [item.student] * TENS, ["progress.service_delivered"] * TENS,
        [1] * TENS, ["record"] * TENS, [day] * TENS, [_NOW] * TENS, [ACTOR] * TENS, [CORRELATION] * TENS,
        [bytes(32)] * TENS, [bytes(61) + _PLAIN + bytes(16)] * TENS,
    ]  # fmt: skip


def _not_sealed(key: Key, event_id: UUID, plain: bytes) -> Sealed:
    """Bytes of the same form and length, neither hashed nor encrypted."""
    return Sealed(bytes(32), FORMAT + key.id + bytes(NONCE_BYTES + SALT_BYTES) + plain + bytes(16))
