"""Consumers of one process that stand at the same place of a log are answered by one read of it, and wait for no other."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

import pytest

from contracts.ids import new_id
from runtime.database import Database
from runtime.sequencer import ALONE_SECONDS, EXPLAINED_SECONDS, Leader, Others
from runtime.testing import Cluster, Opened, opened, sequence, write_school
from runtime.testing_consumers import until
from runtime.transport import journal
from runtime.transport.journal import JournalTransport
from runtime.transport.port import Delivery


class Reading(JournalTransport):
    """Counts how often the log was read, and lets a read fail."""

    reads = 0
    fails: Exception | None = None

    async def _rows(self, source, start):
        self.reads += 1
        if self.fails is not None:
            failing, self.fails = self.fails, None
            raise failing
        return await super()._rows(source, start)


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


@asynccontextmanager
async def three_readers(plan: Opened, transport: Reading) -> AsyncIterator[list[list[int]]]:
    """Three consumers, and the positions that each was given."""
    given: list[list[int]] = [[], [], []]

    async def follow(number: int) -> None:
        async def first(lanes: Collection[int]) -> dict[int, int]:
            return dict.fromkeys(lanes, 1)

        async def take(deliveries: Sequence[Delivery], _covered: Collection[int]) -> None:
            given[number] += [delivery.position for delivery in deliveries]

        await transport.follow(f"reader-{number}", "plan", first, take)

    tasks = [asyncio.ensure_future(follow(number)) for number in range(3)]
    try:
        yield given
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def everybody_has(given: list[list[int]], count: int) -> None:
    async def they_have() -> bool:
        return all(len(each) >= count for each in given)

    await until(they_have)


async def test_one_read_answers_all_who_stand_at_the_same_place(plan: Opened, monkeypatch) -> None:
    monkeypatch.setattr(journal, "POLL_SECONDS", 60.0)
    reader = await Database.open("notify", plan.url("notify_app"))
    transport = Reading(reader)
    async with three_readers(plan, transport) as given:
        await until(lambda: _all_wait(transport))
        for count in range(1, 6):
            await write_school(plan, new_id(), "A")
            await sequence(plan)
            before = transport.reads
            transport.wake("plan")
            await everybody_has(given, count)
            await asyncio.sleep(0.1)
            assert transport.reads == before + 1
    assert given == [[1, 2, 3, 4, 5]] * 3
    await reader.close()


async def _all_wait(transport: Reading) -> bool:
    return transport.reads > 0 and len(transport._woken) == 3


async def test_what_comes_while_a_read_is_on_its_way_is_read_after_the_waking(plan: Opened) -> None:
    reader = await Database.open("notify", plan.url("notify_app"))
    transport = Reading(reader)
    listening = asyncio.ensure_future(transport.listen())
    async with three_readers(plan, transport) as given:
        for _ in range(40):
            await write_school(plan, new_id(), "A")
            await sequence(plan)
        await everybody_has(given, 40)
    assert given == [list(range(1, 41))] * 3
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await reader.close()


async def test_a_read_that_failed_is_nobodys_answer_for_long(plan: Opened, monkeypatch) -> None:
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.02)
    reader = await Database.open("notify", plan.url("notify_app"))
    transport = Reading(reader, lease_seconds=2.0)
    async with three_readers(plan, transport) as given:
        await until(lambda: _all_wait(transport))
        await write_school(plan, new_id(), "A")
        await sequence(plan)
        transport.fails = OSError("the database is away")
        transport.wake("plan")
        await everybody_has(given, 1)
    await reader.close()


async def test_a_read_that_nobody_waits_for_any_more_is_broken_off(plan: Opened) -> None:
    reader = await Database.open("notify", plan.url("notify_app"))
    transport, begun, ended = Reading(reader), asyncio.Event(), asyncio.Event()

    async def takes_long(_source: str, _start: object) -> list[object]:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return []

    transport._rows = takes_long  # type: ignore[method-assign, assignment]
    first, second = (asyncio.ensure_future(transport._read("plan", {0: 1})) for _ in range(2))
    await begun.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.sleep(0.05)
    assert not ended.is_set(), "the other still waits"

    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    async with asyncio.timeout(2):
        await ended.wait()
    assert transport._newest == {}
    await reader.close()


@pytest.mark.parametrize(("said", "woken"), [("ours", 0), ("theirs", 1), ("", 1)])
async def test_a_notify_wakes_only_whom_nobody_woke_within_the_process(
    plan: Opened, said: str, woken: int
) -> None:
    reader = await Database.open("notify", plan.url("notify_app"))
    transport = JournalTransport(reader, told="ours")
    listening = asyncio.ensure_future(transport.listen())
    marks = JournalTransport(reader)  # Hears everything, so that it is known when all was heard.
    hearing = asyncio.ensure_future(marks.listen())
    await asyncio.sleep(0.3)
    await write_school(plan, new_id(), "A")
    async with plan.relay.acquire() as connection:
        await Leader("plan", connection, told=said).sequence()  # type: ignore[arg-type]  # A pool's proxy stands for it.

    async def heard() -> bool:
        return marks._turns["plan"] == 1

    await until(heard)
    await asyncio.sleep(0.1)
    assert transport._turns["plan"] == woken
    for task in (listening, hearing):
        task.cancel()
    await asyncio.gather(listening, hearing, return_exceptions=True)
    await reader.close()


def test_the_sequencer_slows_down_once_no_other_process_appends() -> None:
    others = Others(0.0)
    assert not others.away(ALONE_SECONDS)
    assert others.away(ALONE_SECONDS + 1)


def test_what_a_waking_explains_was_of_this_process() -> None:
    others, now = Others(0.0), ALONE_SECONDS + 1
    others.found(now)
    others.explained()

    assert others.away(now + EXPLAINED_SECONDS + 1)


def test_what_no_waking_explains_was_of_another() -> None:
    others, now = Others(0.0), ALONE_SECONDS + 1
    others.found(now)

    assert not others.away(now + EXPLAINED_SECONDS + 0.1)
    assert not others.away(now + ALONE_SECONDS)
    assert others.away(now + EXPLAINED_SECONDS + ALONE_SECONDS + 1)
