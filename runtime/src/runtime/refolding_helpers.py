"""Processes that help to fold streams anew: Python folds on one processor at a time.

A helper has its own connections and keys. It is asked for ranges and answers with their rows; it writes nothing, and ends
when its pipe does: with the process that asks, however that ends. Whoever asks does what a helper does not live to do.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, aclosing, contextmanager
from multiprocessing.connection import Connection
from typing import Any

import msgspec
import structlog

from runtime.logging import configure_logging
from runtime.refolding import Range, Refolder, Rows, only
from runtime.store_address import StoreAddress, open_store
from runtime.stream_model import Model

log = structlog.get_logger()

MOST = 3
"""However many processors there are: one process writes what all have folded."""
ASKED_AHEAD = 2
"""Ranges a helper has been asked for, so that it need not wait for its next one."""
MOST_SECONDS = 300.0
"""For one range."""
_SPAWN = multiprocessing.get_context("spawn")


class NotHelped(RuntimeError):
    """The helper has ended, stands still, or could not fold the range: why, without any contents."""


class _Failed(msgspec.Struct, tag=True):
    error: str


_ENCODER = msgspec.msgpack.Encoder(uuid_format="bytes")
_RANGE = msgspec.msgpack.Decoder(Range)
_ANSWER = msgspec.msgpack.Decoder(Rows | _Failed)


class Helper:
    """One process. Its answers come in the order in which it was asked."""

    def __init__(self, at: StoreAddress, models: Sequence[Model[Any]]) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_help, args=(theirs, at, models), daemon=True)
        # Ctrl-C goes to every process of the terminal; who asks says when it is enough.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()  # So that its end is the pipe's.

    def ask(self, of: Range) -> None:
        """Ask for a range; raises `NotHelped`."""
        try:
            self._pipe.send_bytes(_ENCODER.encode(of))
        except (OSError, ValueError) as error:
            raise NotHelped("it has ended") from error

    async def answer(self) -> Rows:
        """All rows of the range that was asked for first; raises `NotHelped`."""
        try:
            async with asyncio.timeout(MOST_SECONDS):
                answer: Rows | _Failed = _ANSWER.decode(await asyncio.to_thread(self._pipe.recv_bytes))
        except TimeoutError as error:
            raise NotHelped(f"it has stood still for {MOST_SECONDS:.0f} s") from error
        except (OSError, EOFError, msgspec.DecodeError) as error:
            raise NotHelped("it has ended") from error
        if isinstance(answer, _Failed):
            raise NotHelped(answer.error)
        return answer

    def end(self) -> None:
        """End the process, whatever it does; safe to repeat. Who asks it afterwards gets `NotHelped`."""
        self.process.kill()
        self.process.join()
        self._pipe.close()


@contextmanager
def helpers(at: StoreAddress | None, models: Sequence[Model[Any]]) -> Iterator[list[Helper]]:
    """One for each processor beside this process's, `MOST` at most; none without an ``at``."""
    helping: list[Helper] = []
    if at is None:
        yield helping
        return
    with ExitStack() as stack:
        try:
            for _ in range(min(MOST, len(os.sched_getaffinity(0)) - 1)):
                helping.append(Helper(at, models))
                stack.callback(helping[-1].end)
        except OSError as error:  # No room for another process: it goes without.
            log.warning("refolding_helper_not_started", error=type(error).__name__)
        yield helping


Take = Callable[[Rows], Awaitable[None]]


async def fold_all(refolder: Refolder, tenant: str, take: Take, helping: Sequence[Helper] = ()) -> None:
    """Fold a tenant's streams, here and by helpers; ``take`` has their rows, in any order, while others are folded.

    What a helper fails at is done here, and fails here if it must; that helper is ended.
    """
    ranges, folded = _Shared(refolder.ranges(tenant)), asyncio.Queue[Rows | None](1)
    lanes = [refolder.rows_of(tenant, ranges), *(_helped(refolder, helper, ranges) for helper in helping)]

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
    refolder: Refolder, helper: Helper, ranges: AsyncIterator[Range]
) -> AsyncGenerator[Rows, None]:
    asked: deque[Range] = deque()
    more = True
    while True:
        fresh = await anext(ranges, None) if more else None
        more = fresh is not None
        if fresh is not None:
            asked.append(fresh)
        if not asked:
            return
        try:
            if fresh is not None:
                helper.ask(fresh)
            if more and len(asked) < ASKED_AHEAD:
                continue
            rows = await helper.answer()
        except NotHelped as error:
            log.warning("refolding_helper_failed", error=str(error))
            helper.end()  # It may still owe answers: they must not be taken for those of the next tenant's ranges.
            break
        asked.popleft()
        yield rows
    for each in asked:
        async with aclosing(refolder.rows_of(each.tenant, only(each))) as pages:
            async for rows in pages:
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


def _help(pipe: Connection, at: StoreAddress, models: Sequence[Model[Any]]) -> None:
    """What a helper's process does until its pipe ends."""
    configure_logging("error")
    gc.disable()  # What is folded has no circles.
    try:
        asyncio.run(_answer_all(pipe, at, models))
    except (EOFError, OSError):  # Nobody asks any more, or there is no database.
        os._exit(1)


async def _answer_all(pipe: Connection, at: StoreAddress, models: Sequence[Model[Any]]) -> None:
    async with open_store(at, most=2) as (store, _):
        refolder = Refolder(store, models)
        while True:
            of = _RANGE.decode(pipe.recv_bytes())
            pipe.send_bytes(_ENCODER.encode(await _answer(refolder, of)))


async def _answer(refolder: Refolder, of: Range) -> Rows | _Failed:
    whole = Rows(0, [], [])
    try:
        async for rows in refolder.rows_of(of.tenant, only(of)):
            whole.events += rows.events
            whole.states += rows.states
            whole.resources += rows.resources
    except Exception as error:
        return _Failed(type(error).__name__)
    return whole
