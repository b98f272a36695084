"""kill -9 at any point of a notice's way, and start again: no one gets two, and none is lost without a word."""

import asyncio
import hashlib
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from contracts.ids import new_id
from contracts.items import Replace
from contracts.notify import NoticeGiven, NoticeRendered
from contracts.vocabulary import NoticePart
from notify_service.testing_notices import service_item
from runtime.testing import Cluster, opened
from runtime.testing_http import TestIssuer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]
PROCESS = Path(__file__).parent / "service_process.py"
WORDS = (*range(1, 110, 9 if os.environ.get("HANDRAIL_LONG") == "1" else 27), 10_000)
"""Before which of the words of the work on a letter of two changes it is killed: there are 125 to 160, so not before the last.
Every ninth with ``HANDRAIL_LONG=1``."""


class Killable:
    """notify-service as a process."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self._process: asyncio.subprocess.Process | None = None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, *die_before: int) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, str(PROCESS), json.dumps(self.settings), *map(str, die_before),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            while b"running" not in (line := await self._process.stdout.readline()):
                assert line, "the process ended by itself"
        self._reading = asyncio.ensure_future(self._process.stdout.read())

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(cluster: Cluster, helpers: Any) -> AsyncIterator[tuple[Any, Killable]]:
    """A district, a mail server, and a service that can be killed."""
    async with (
        opened(cluster, "plan", tenant=helpers.TENANT) as plan,
        opened(cluster, "notify", tenant=helpers.TENANT, name=plan.name) as notify,
        helpers.a_mail_host() as host,
    ):
        await helpers.make_tables(plan)
        settings = helpers.settings_for(cluster, plan.name, smtp_port=host.port, send_lease_seconds=0.5)
        world = helpers.World(plan, notify, None, None, TestIssuer(), host)
        service = Killable(plain(settings))
        try:
            yield world, service
        finally:
            await service.kill()


def plain(settings: Any) -> dict[str, Any]:
    told = settings.model_dump(mode="json", exclude_none=True)
    for name in (
        "database_app_password",
        "database_relay_password",
        "keyring_password",
        "keyring_master_key",
    ):
        told[name] = getattr(settings, name).get_secret_value()
    return {name: value for name, value in told.items() if value != "**********"}


@asynccontextmanager
async def held(world: Any, at: str) -> AsyncIterator[asyncio.Event]:
    """The mail server stops at a point until the block ends; the event says that it has come there."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def stop() -> None:
        reached.set()
        await go_on.wait()

    setattr(world.host, at, stop)
    try:
        yield reached
    finally:
        world.host.behave()
        go_on.set()


async def test_killed_before_the_mail_goes_over_it_is_sent_once_after_the_start(stage):
    world, service = stage
    await world.arrange()
    await world.elect_email()
    await service.start()
    async with held(world, "before_rcpt") as reached:
        await world.propose()
        await asyncio.wait_for(reached.wait(), 30)
        await service.kill()

    await service.start()

    await world.reaches("given", seconds=40)
    assert len(world.mails) == 1


async def test_killed_while_the_mail_goes_over_it_is_in_doubt_and_never_sent_again_by_itself(stage):
    world, service = stage
    await world.arrange()
    await world.elect_email()
    await service.start()
    async with held(world, "after_taking") as reached:
        await world.propose()
        await asyncio.wait_for(reached.wait(), 30)
        await service.kill()

    await service.start()

    await world.reaches("in_doubt", seconds=40)
    await asyncio.sleep(1.5)
    assert len(world.mails) == 1


async def test_killed_at_random_again_and_again_nobody_gets_two_and_none_is_lost(stage):
    world, service = stage
    chance = random.Random(20261124)
    for _ in range(3):
        await service.start()
        await world.arrange()
        await world.elect_email()
        await world.propose()
        await asyncio.sleep(chance.uniform(0.0, 0.5))
        await service.kill()

    await service.start()

    async with asyncio.timeout(60):
        while len(states := await all_states(world)) < 3 or not set(states.values()) <= {"given", "in_doubt"}:
            await asyncio.sleep(0.1)
    mails = [mail[1][0] for mail in world.host.taken]
    assert len(mails) == len(set(mails)), "somebody got two"
    for notice, state in states.items():
        given = [event for event in await world.history(notice) if isinstance(event, NoticeGiven)]
        assert len(given) == (state == "given")


@pytest.mark.parametrize("word", WORDS)
async def test_a_letter_of_two_changes_killed_before_any_word_of_it_goes_out_once_with_all_of_both(
    stage, word
):
    world, service = stage
    service.settings["mail_patience_seconds"] = 3600  # Both are of one day, however long a start takes.
    await service.start(word)
    await world.arrange()
    await world.elect_email()
    await world.propose()
    other = Replace(item=service_item(world.family.speech, 45))
    await world.propose(amendment_id=new_id(), changes=(other,))
    await seen_through(world, service)
    assert service.runs is (word == WORDS[-1])
    if not service.runs:
        await service.start()

    states = await seen_through(world, service)

    assert len(set(states.values())) == 1
    doubt = "in_doubt" in states.values()
    assert len(world.mails) == 1 or (doubt and not world.mails)
    for notice, mate in (tuple(states), tuple(reversed(states))):
        history = await world.history(notice)
        assert len([event for event in history if isinstance(event, NoticeGiven)]) == (not doubt)
        text = [event for event in history if isinstance(event, NoticeRendered)][-1]
        assert (text.together_with, set(text.parts)) == ((mate,), set(NoticePart))
        for mail in world.mails:
            assert digest_of_letter(mail, text.document.salt) == text.document.digest


async def seen_through(world: Any, service: Killable) -> dict[UUID, str]:
    """Until both have gone, or the service was killed. Once they are one letter, nothing more is waited for."""
    async with asyncio.timeout(90):
        while True:
            async with world.notify.database.lend(world.tenant) as connection:
                rows = await connection.fetch(
                    "SELECT notice, state, leader FROM notify.outbox WHERE student = $1", world.family.student
                )
                if any(row["leader"] for row in rows):
                    await connection.execute(
                        "UPDATE notify.outbox SET due_at = due_at - interval '1 day'"
                        " WHERE student = $1 AND state = 'to_send' AND due_at > now()", world.family.student,
                    )  # fmt: skip
            states = {row["notice"]: row["state"] for row in rows}
            if not service.runs or (len(states) == 2 and set(states.values()) <= {"given", "in_doubt"}):
                return states
            await asyncio.sleep(0.02)


def digest_of_letter(mail: bytes, salt: str) -> str:
    (letter,) = message_from_bytes(mail, policy=default).iter_attachments()  # type: ignore[attr-defined]
    return hashlib.sha256(bytes.fromhex(salt) + letter.get_content()).hexdigest()


async def all_states(world: Any) -> dict[UUID, str]:
    async with world.notify.database.lend(world.tenant) as connection:
        rows = await connection.fetch("SELECT notice, state FROM notify.outbox")
    return {row["notice"]: row["state"] for row in rows}
