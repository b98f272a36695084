"""audit-service is killed at any instruction, between signing and publishing, consuming and cosigning, again and again.

Never are there two checkpoints of one size, its own or a cosigned one, and nothing is called inconsistent that is not.
"""

import asyncio
import json
import os
import random
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from audit_service.settings import Settings
from audit_service.testing_facts import JONAS, registered, session
from contracts.event import Actor, Event
from contracts.ids import new_id
from contracts.log.tree import GrowingTree
from runtime.append_request import Change, Context
from runtime.stream_model import Model
from runtime.testing import Cluster, Opened, opened, sequence
from runtime.testing_kills import to_kill

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("audit_to_kill.py")
TENANT = "lakeside"
KILLS = 12
SEEN = """
    SELECT 'cosigned' AS what, source, size, root, cosignature AS signature FROM audit.cosigned
    UNION ALL SELECT 'own', 'audit', size, root, signature FROM audit.checkpoints
    UNION ALL SELECT 'own', 'progress', size, root, signature FROM progress.checkpoints"""
ANY = Model("any", "test", 0, lambda events, _: events + 1)


def told(settings: Settings) -> str:
    """As the process reads them."""
    said = {name: value for name, value in settings if name in settings.model_fields_set}
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in said.items()
    }
    return json.dumps(plain)


async def write(to: Opened, stream: str, event: Event) -> None:
    loaded = await to.store.load(TENANT, ANY, stream)
    context = Context(TENANT, Actor(id=str(new_id()), role="provider"), "request-1")
    await to.store.append(context, [Change(loaded, JONAS, [event])])


async def test_killed_at_random_no_size_is_signed_twice_and_no_alarm_is_without_cause(
    cluster: Cluster, migrated: str, settings_on: Callable[[str], Settings]
) -> None:
    chance = random.Random(20260301)
    name = cluster.new_database(migrated)
    settings = settings_on(name)
    signed: dict[tuple[str, str, int], tuple[bytes, bytes]] = {}
    async with AsyncExitStack() as stack:
        progress = await stack.enter_async_context(opened(cluster, "progress", tenant=TENANT, name=name))
        audit = await stack.enter_async_context(opened(cluster, "audit", tenant=TENANT, name=name))
        admin = await asyncpg.connect(cluster.postgres.url(name))
        stack.push_async_callback(admin.close)
        running = await stack.enter_async_context(to_kill(SCRIPT, told(settings)))

        async def looked() -> None:
            for row in await admin.fetch(SEEN):
                key, found = (row["what"], row["source"], row["size"]), (row["root"], row["signature"])
                assert signed.setdefault(key, found) == found, f"{key} was signed twice"

        for _ in range(KILLS):
            pid = await running.start()
            until = asyncio.get_running_loop().time() + chance.uniform(0, 0.7)
            while asyncio.get_running_loop().time() < until:
                day = date(2025, 9, 1) + timedelta(days=chance.randrange(300))
                await write(progress, f"item/{new_id()}/2025-2026", session(day, name=str(new_id())))
                await sequence(progress)
                await write(audit, f"disclosure/{new_id()}", registered())
                await looked()
            os.kill(pid, signal.SIGKILL)
            await looked()
        await running.start()
        async with asyncio.timeout(30):
            while not await admin.fetchval(
                "SELECT (SELECT max(size) FROM audit.cosigned WHERE source = 'progress')"
                " = (SELECT count(*) FROM progress.log)"
            ):
                await asyncio.sleep(0.05)
        await looked()

        assert len(signed) > KILLS
        leaves = [row["leaf"] for row in await admin.fetch("SELECT leaf FROM progress.log ORDER BY index")]
        roots = {}
        tree = GrowingTree()
        for size, leaf in enumerate(leaves, start=1):
            tree.append(leaf)
            roots[size] = tree.root
        for (_, source, size), (root, _) in signed.items():
            assert source != "progress" or size == 0 or root == roots[size]
        alarms = await admin.fetchval(
            "SELECT count(*) FROM audit.log WHERE position(convert_to('log.inconsistent', 'UTF8') IN entry) > 0"
        )
        assert alarms == 0
