"""P11: a consumer's process killed with SIGKILL at any point, again and again: every effect is there exactly once."""

import asyncio
import json
import random
import sys
from pathlib import Path

import pytest

from contracts.ids import new_id
from runtime.testing import write_school
from runtime.testing_consumers import effects, in_order_and_once, make_effects_table, until

CHILD = Path(__file__).parent / "reading_child.py"
KILLS = 5
AHEAD = 200
"""So far the writer runs ahead of what was seen handled."""


async def _start(rig) -> asyncio.subprocess.Process:
    told = {
        "app_url": rig.plan.url("notify_app"),
        "keyring_url": rig.plan.url("keyring_app"),
        "servers": rig.broker.servers if rig.broker else None,
        "prefix": rig.broker.prefix if rig.broker else "",
    }
    return await asyncio.create_subprocess_exec(sys.executable, str(CHILD), json.dumps(told))


@pytest.mark.slow
async def test_killed_at_random_points_every_effect_is_there_exactly_once(rig) -> None:
    await make_effects_table(rig.plan)
    chance = random.Random(11)
    schools = [new_id() for _ in range(25)]
    written = handled = 0
    writing = True

    async def write() -> None:
        nonlocal written
        while writing:
            if written > handled + AHEAD:
                await asyncio.sleep(0.05)
                continue
            await write_school(rig.plan, schools[written % len(schools)], "A")
            written += 1
            await asyncio.sleep(0.01)

    async def more_than(count: int) -> bool:
        nonlocal handled
        found = await effects(rig.plan)
        handled = len(found)
        in_order_and_once(found, 0)
        return len(found) > count

    async def all_there() -> bool:
        return in_order_and_once(await effects(rig.plan), written)

    writer = asyncio.ensure_future(write())
    try:
        for _ in range(KILLS):
            before = len(await effects(rig.plan))
            child = await _start(rig)
            try:
                await until(lambda before=before: more_than(before), 60)  # It really works.
                await asyncio.sleep(chance.random() * 0.5)
                assert child.returncode is None
            finally:
                child.kill()
                await child.wait()
        writing = False
        await writer
        child = await _start(rig)
        try:
            await until(all_there, 90)
        finally:
            child.kill()
            await child.wait()
    finally:
        writer.cancel()
    assert written > KILLS * len(schools)
