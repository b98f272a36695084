"""Ranges of streams, folded anew here and by helpers: the same rows, whoever folds them and whatever happens to a helper."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from contracts.ids import new_id
from runtime import current_state, refolding
from runtime.current_state import CurrentState
from runtime.refolding import Range, Refolder, Rows
from runtime.refolding_helpers import Helpers, Source, fold_all, helpers
from runtime.sealing import SealBroken
from runtime.testing import MASTER_KEY, SCHOOL, Cluster, Opened, opened, sequence, write_school

STREAMS = 50


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
def source(plan: Opened) -> Source:
    return Source("plan", plan.url("plan_app"), plan.url("keyring_app"), MASTER_KEY)


def children() -> set[int]:
    """The helpers of this process."""
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {int(pid) for pid in pids if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()}


def is_there(pid: int) -> bool:
    """It runs, or waits for its parent to look."""
    return Path(f"/proc/{pid}").exists()


async def folded(plan: Opened, helping: Helpers | None = None) -> tuple[int, list[Any], list[Any]]:
    events, states, resources = 0, list[Any](), list[Any]()

    async def take(rows: Rows) -> None:
        nonlocal events
        await asyncio.sleep(0)
        events += rows.events
        states.extend(rows.states)
        resources.extend(rows.resources)

    await fold_all(Refolder(plan.store, [SCHOOL]), plan.tenant, take, helping)
    return events, sorted(states), sorted(resources)


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


async def test_helpers_make_the_same_rows(
    plan: Opened, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = await folded(plan)
    helped = 0
    rows_of = Helpers.rows_of

    async def counted(self: Helpers, of: Range) -> Rows:
        nonlocal helped
        rows = await rows_of(self, of)
        helped += rows.events
        return rows

    monkeypatch.setattr(Helpers, "rows_of", counted)
    with helpers(source, [SCHOOL]) as helping:
        together = await folded(plan, helping)

    assert alone[0] == sum(n % 4 + 1 for n in range(STREAMS))
    assert len(alone[1]) == len(alone[2]) == STREAMS
    assert together == alone
    assert 0 < helped < alone[0]


async def test_a_rebuild_with_helpers_is_what_a_check_finds(
    plan: Opened, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_state, "HELPED_FROM", 1)
    current = CurrentState(plan.database, plan.store, [SCHOOL], source)

    assert await current.rebuild() == sum(n % 4 + 1 for n in range(STREAMS))
    assert await CurrentState(plan.database, plan.store, [SCHOOL]).check() == []
    assert await current.check() == []


async def test_what_a_helper_does_not_live_to_do_is_done_here(plan: Opened, source: Source) -> None:
    alone = await folded(plan)
    before = children()
    with helpers(source, [SCHOOL]) as helping:
        assert helping is not None
        await helping.rows_of(Range(plan.tenant, "", "a"))  # It has started.
        [helper] = children() - before
        os.kill(helper, signal.SIGKILL)
        assert await folded(plan, helping) == alone


async def test_what_cannot_be_folded_says_the_same_with_helpers(plan: Opened, source: Source) -> None:
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    await superuser.execute(
        "SET session_replication_role = replica; ALTER TABLE plan.events DISABLE TRIGGER ALL;"
        "UPDATE plan.events SET digest = sha256('x') WHERE version = 4"
    )
    await superuser.close()

    with helpers(source, [SCHOOL]) as helping:
        for helped in (None, helping):
            with pytest.raises(SealBroken):
                await folded(plan, helped)


async def test_no_secret_is_shown(source: Source) -> None:
    assert "postgresql" not in repr(source)
    assert repr(MASTER_KEY) not in repr(source)


ORPHAN = """
import asyncio, os, signal, sys
from runtime.refolding import Range
from runtime.refolding_helpers import Source, helpers
from runtime.testing import MASTER_KEY, SCHOOL

async def main():
    os.sched_getaffinity = lambda _pid: {0, 1}
    with helpers(Source("plan", sys.argv[1], sys.argv[2], MASTER_KEY), [SCHOOL]) as helping:
        await helping.rows_of(Range("lakeside", "", "a"))
        print(open(f"/proc/self/task/{os.getpid()}/children").read(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_helpers_end_with_the_process_that_asked(plan: Opened, source: Source, tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, script, source.app_url, source.keyring_url], stdout=subprocess.PIPE,
        timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == -signal.SIGKILL
    pids = [int(pid) for pid in done.stdout.split()]
    assert pids
    async with asyncio.timeout(10):
        while await asyncio.to_thread(lambda: any(map(is_there, pids))):
            await asyncio.sleep(0.05)
