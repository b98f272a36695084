"""Ranges of streams, folded anew here and by helpers: the same rows, whoever folds them and whatever happens to a helper."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from contracts.ids import new_id
from runtime import current_state, refolding
from runtime.current_state import CurrentState
from runtime.refolding import Range, Refolder, Rows
from runtime.refolding_helpers import Helper, NotHelped, fold_all, helpers
from runtime.sealing import SealBroken
from runtime.store_address import StoreAddress
from runtime.stream_model import Model
from runtime.testing import (
    LONG_SCHOOL,
    MASTER_KEY,
    SCHOOL,
    Cluster,
    Opened,
    opened,
    sequence,
    write_school,
)
from runtime.testing_consumers import until

STREAMS = 50
EVENTS = sum(number % 4 + 1 for number in range(STREAMS))


@pytest.fixture
async def plan(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Opened]:
    """Fifty schools of one to four events each; ranges and pages are short, so that there are many."""
    monkeypatch.setattr(refolding, "RANGE", 9)
    monkeypatch.setattr(refolding, "PAGE", 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    async with opened(cluster) as it:
        for number in range(STREAMS):
            await write_school(it, new_id(), *"ABCD"[: number % 4 + 1])
        await sequence(it)
        yield it


@pytest.fixture
def at(plan: Opened) -> StoreAddress:
    return StoreAddress("plan", plan.url("plan_app"), plan.url("keyring_app"), MASTER_KEY)


def is_there(pid: int) -> bool:
    """It runs, or waits for its parent to look."""
    return Path(f"/proc/{pid}").exists()


async def folded(
    plan: Opened, helping: Sequence[Helper] = (), model: Model[Any] = SCHOOL
) -> tuple[int, list[Any], list[Any]]:
    events, states, resources = 0, list[Any](), list[Any]()

    async def take(rows: Rows) -> None:
        nonlocal events
        await asyncio.sleep(0)
        events += rows.events
        states.extend(rows.states)
        resources.extend(rows.resources)

    async with asyncio.timeout(30):
        await fold_all(Refolder(plan.store, [model]), plan.tenant, take, helping)
    return events, sorted(states), sorted(resources)


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events each answer of a helper was of."""
    counted: list[int] = []
    answer = Helper.answer

    async def counting(self: Helper) -> Rows:
        rows = await answer(self)
        counted.append(rows.events)
        return rows

    monkeypatch.setattr(Helper, "answer", counting)
    return counted


async def started(helping: Sequence[Helper], tenant: str) -> None:
    """All helpers have answered once."""
    for helper in helping:
        helper.ask(Range(tenant, "", "a"))
        assert (await helper.answer()).events == 0


async def test_ranges_hold_every_stream_once(plan: Opened) -> None:
    refolder = Refolder(plan.store, [SCHOOL])
    async with aclosing(refolder.ranges(plan.tenant)) as found:
        ranges = [each async for each in found]
    async with plan.database.lend(plan.tenant) as connection:
        streams = [row["stream"] for row in await connection.fetch("SELECT DISTINCT stream FROM plan.events")]

    assert len(ranges) > 5
    for stream in streams:
        holding = [
            each for each in ranges if each.after < stream and (each.until is None or stream <= each.until)
        ]
        assert len(holding) == 1


@pytest.mark.parametrize("processors", [2, 4])
async def test_helpers_make_the_same_rows(
    plan: Opened, at: StoreAddress, helped: list[int], processors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = await folded(plan)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(processors)))
    with helpers(at, [SCHOOL]) as helping:
        await started(helping, plan.tenant)
        together = await folded(plan, helping)

    assert len(helping) == processors - 1
    assert alone[0] == EVENTS
    assert len(alone[1]) == len(alone[2]) == STREAMS
    assert together == alone
    assert 0 < sum(helped) < EVENTS


async def test_a_rebuild_with_helpers_is_what_a_check_finds(
    plan: Opened, at: StoreAddress, helped: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_state, "HELPED_FROM", 1)
    current = CurrentState(plan.database, plan.store, [SCHOOL], at)

    with monkeypatch.context() as slow:
        slow.setattr(Refolder, "_fold", slowly(Refolder._fold))  # A helper takes a second to start.
        assert await current.rebuild() == EVENTS
    assert sum(helped) > 0
    assert await CurrentState(plan.database, plan.store, [SCHOOL]).check() == []


def slowly(do: Callable[..., Awaitable[Rows]]) -> Callable[..., Awaitable[Rows]]:
    async def slow(*arguments: Any) -> Rows:
        await asyncio.sleep(0.1)
        return await do(*arguments)

    return slow


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "in the middle of an answer"])
async def test_what_a_helper_does_not_live_to_do_is_done_here(
    plan: Opened, at: StoreAddress, busy: bool
) -> None:
    alone = await folded(plan, model=LONG_SCHOOL)
    with helpers(at, [LONG_SCHOOL]) as helping:
        await started(helping, plan.tenant)
        helper = helping[0].process.pid
        assert helper is not None
        if busy:
            for _ in range(2):
                helping[0].ask(Range(plan.tenant, ""))
            await until(lambda: asyncio.to_thread(writes, helper))
        os.kill(helper, signal.SIGKILL)
        assert await folded(plan, helping, LONG_SCHOOL) == alone


def writes(pid: int) -> bool:
    """The process waits for room in its pipe."""
    return "alloc" in Path(f"/proc/{pid}/wchan").read_text()


async def test_an_answer_still_owed_is_not_taken_for_another_tenants(
    plan: Opened, at: StoreAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(plan.cluster, tenant="hillside", name=plan.name) as other:
        for _ in range(STREAMS):
            await write_school(other, new_id(), "H")
        alone = [await folded(each) for each in (plan, other)]
        with helpers(at, [SCHOOL]) as helping:
            await started(helping, plan.tenant)
            with monkeypatch.context() as failing:
                failing.setattr(Helper, "answer", not_helped)
                first = await folded(plan, helping)
            assert [first, await folded(other, helping)] == alone


async def not_helped(_helper: Helper) -> Rows:
    raise NotHelped("it has stood still")


async def test_what_cannot_be_folded_says_the_same_with_helpers(plan: Opened, at: StoreAddress) -> None:
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    await superuser.execute(
        "SET session_replication_role = replica; ALTER TABLE plan.events DISABLE TRIGGER ALL;"
        "UPDATE plan.events SET digest = sha256('x') WHERE version = 4"
    )
    await superuser.close()

    with helpers(at, [SCHOOL]) as helping:
        for helped_by in ([], helping):
            with pytest.raises(SealBroken):
                await folded(plan, helped_by)


async def test_helpers_that_reach_no_database_are_done_without(plan: Opened, at: StoreAddress) -> None:
    with helpers(replace(at, keyring_url=plan.url("nobody")), [SCHOOL]) as helping:
        await asyncio.to_thread(helping[0].process.join, 20)
        assert await folded(plan, helping) == await folded(plan)


async def test_no_secret_is_shown(at: StoreAddress) -> None:
    assert "postgresql" not in repr(at)
    assert repr(MASTER_KEY) not in repr(at)


ORPHAN = """
import asyncio, os, signal, sys
from runtime.refolding import Range
from runtime.refolding_helpers import helpers
from runtime.store_address import StoreAddress
from runtime.testing import MASTER_KEY, SCHOOL

async def main():
    os.sched_getaffinity = lambda _pid: {0, 1}
    with helpers(StoreAddress("plan", sys.argv[1], sys.argv[2], MASTER_KEY), [SCHOOL]) as helping:
        helping[0].ask(Range("lakeside", "", "a"))
        await helping[0].answer()
        print(helping[0].process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_helpers_end_with_the_process_that_asked(
    plan: Opened, at: StoreAddress, tmp_path: Path
) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, script, at.app_url, at.keyring_url], stdout=subprocess.PIPE,
        timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == -signal.SIGKILL
    pids = [int(pid) for pid in done.stdout.split()]
    assert pids
    async with asyncio.timeout(10):
        while await asyncio.to_thread(lambda: any(map(is_there, pids))):
            await asyncio.sleep(0.05)
