"""Processes that help to fold streams anew: Python folds on one processor at a time.

A helper has its own connections and keys. It is asked for ranges and answers with their rows; it writes nothing.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

import msgspec
import structlog

from runtime.database import Database, open_pool
from runtime.event_store import EventStore
from runtime.keyring import PostgresKeyring
from runtime.refolding import Range, Refolder, Rows, only
from runtime.stream_model import Model

log = structlog.get_logger()

MOST = 3
"""More than these are not kept busy by one process that writes what they fold."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a service's events and keys are. It goes to the helpers through a pipe, and is never shown."""

    service: str
    app_url: str = field(repr=False)
    keyring_url: str = field(repr=False)
    master_key: bytes = field(repr=False)
    older_keys: tuple[bytes, ...] = field(repr=False, default=())


class Helpers:
    """As many as there are processors beside the one that asks; they end with the process that asks, however that ends."""

    def __init__(self, pool: ProcessPoolExecutor, count: int) -> None:
        self._pool = pool
        self.count = count

    async def rows_of(self, of: Range) -> Rows:
        """A whole range, folded. Raises what the folding raises, or `BrokenExecutor` where a helper has ended."""
        return _ROWS.decode(await asyncio.get_running_loop().run_in_executor(self._pool, _folded, of))


@contextmanager
def helpers(source: Source | None, models: Sequence[Model[Any]]) -> Iterator[Helpers | None]:
    """Started when they are first asked; none on a machine with one processor, or without a ``source``."""
    count = min(MOST, len(os.sched_getaffinity(0)) - 1)
    if source is None or count < 1:
        yield None
        return
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=spawn, initializer=_begin, initargs=(source, models))
    try:
        yield Helpers(pool, count)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


Take = Callable[[Rows], Awaitable[None]]


async def fold_all(refolder: Refolder, tenant: str, take: Take, helping: Helpers | None = None) -> None:
    """Fold a tenant's streams, here and by helpers; ``take`` has their rows, in any order, while others are folded.

    What a helper fails at is done here, and fails here if it must; it is not asked again.
    """
    ranges, folded = _Shared(refolder.ranges(tenant)), asyncio.Queue[Rows | None](1)
    lanes = [refolder.rows_of(tenant, ranges)]
    if helping is not None:  # Two for each, so that it need not wait for its next range.
        lanes += [_helped(refolder, helping, ranges) for _ in range(2 * helping.count)]

    async def put(lane: AsyncGenerator[Rows, None]) -> None:
        async with aclosing(lane):
            async for rows in lane:
                await folded.put(rows)
        await folded.put(None)

    try:
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(put(lane))
            going = len(lanes)
            while going:
                rows = await folded.get()
                if rows is None:
                    going -= 1
                else:
                    await take(rows)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _helped(
    refolder: Refolder, helping: Helpers, ranges: AsyncIterator[Range]
) -> AsyncGenerator[Rows, None]:
    async for each in ranges:
        try:
            rows = await helping.rows_of(each)
        except Exception as error:
            log.warning("refolding_helper_failed", error=type(error).__name__)
            async for rows in refolder.rows_of(each.tenant, only(each)):
                yield rows
            return
        yield rows


class _Shared:
    """Ranges for whoever asks next."""

    def __init__(self, ranges: AsyncIterator[Range]) -> None:
        self._ranges = ranges
        self._one_at_a_time = asyncio.Lock()

    def __aiter__(self) -> AsyncIterator[Range]:
        return self

    async def __anext__(self) -> Range:
        async with self._one_at_a_time:
            return await anext(self._ranges)


_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")
_ROWS = msgspec.msgpack.Decoder(Rows)


class _Here:
    """What a helper's process has."""

    loop: asyncio.AbstractEventLoop
    refolder: Refolder


def _begin(source: Source, models: Sequence[Model[Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; who asks says when it is enough.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()  # What is folded has no circles.
    _Here.loop = asyncio.new_event_loop()
    _Here.refolder = Refolder(_Here.loop.run_until_complete(_opened(source)), models)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


async def _opened(source: Source) -> EventStore:
    database = await Database.open(source.service, source.app_url, most=2)
    pool = await open_pool(source.keyring_url, most=1)
    return EventStore(database, PostgresKeyring(pool, source.master_key, source.older_keys))


def _folded(of: Range) -> bytes:
    return _Here.loop.run_until_complete(_fold(of))


async def _fold(of: Range) -> bytes:
    whole = Rows(0, [], [])
    async for rows in _Here.refolder.rows_of(of.tenant, only(of)):
        whole.events += rows.events
        whole.states += rows.states
        whole.resources += rows.resources
    return _ENCODER.encode(whole)
