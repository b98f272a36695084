"""An endpoint is stopped with a mail: a slow or refusing mail server holds up nothing else, and loses nothing."""

import asyncio
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from contracts.ids import new_event_id
from contracts.vocabulary import WebhookEnd
from notify_service.adapters.webhooks.delivering import Answer, Due, Message, Teller
from notify_service.application.webhooks import RETRY_AFTER

pytestmark = pytest.mark.asyncio(loop_scope="module")
ASLEEP = "https://hooks.sis.invalid/"


async def an_endpoint(world) -> Due:
    """Registered, with one delivery that no other teller takes up."""
    body = {"url": ASLEEP, "event_types": ["plan.student_registered"], "mail_to": "it@sis.example.org"}
    made = await world.post("/notify/v1/webhooks", body, world.vendor("webhook.write"))
    assert made.status_code == 201, made.text
    due = Due(world.tenant, UUID(made.json()["id"]), new_event_id())
    async with world.notify.database.lend(world.tenant) as connection:
        await connection.execute(
            "INSERT INTO notify.webhook_deliveries (tenant, webhook, event_id, source, position, tries, due_at)"
            " VALUES ($1, $2, $3, 'plan', 1, $4, now() + interval '1 day')",
            due.tenant, due.webhook, due.event_id, len(RETRY_AFTER),
        )  # fmt: skip
    return due


def a_teller(world) -> Teller:
    hand = world.app.state.at_hand
    return Teller(hand.service, None, hand.office)


async def noted(teller: Teller, due: Due, status: int) -> None:
    """The last try was answered so."""
    await teller._note(Message(due, ASLEEP, "", (), len(RETRY_AFTER)), Answer(status, "X", 1))


async def stands(world, due: Due) -> tuple[str, int]:
    """The delivery's state, and how many attempts are noted."""
    async with world.notify.database.lend(world.tenant) as connection:
        return (
            await connection.fetchval("SELECT state FROM notify.webhook_deliveries WHERE event_id = $1", due.event_id),
            await connection.fetchval("SELECT count(*) FROM notify.webhook_attempts WHERE event_id = $1", due.event_id),
        )  # fmt: skip


async def status(world, due: Due) -> str:
    """The endpoint's, as a vendor reads it."""
    found = await world.get(f"/notify/v1/webhooks/{due.webhook}", world.vendor("webhook.write"))
    return found.json()["status"]


@pytest.mark.parametrize("answer", [410, 503])
async def test_the_last_try_stays_due_while_nobody_can_be_told_of_the_stop(world, answer):
    due, teller = await an_endpoint(world), a_teller(world)
    world.host.on_rcpt = lambda: "451 4.7.1 Greylisted"

    await noted(teller, due, answer)

    assert (await stands(world, due), await status(world, due)) == (("due", 1), "active")
    world.host.behave()

    await noted(teller, due, answer)

    assert (await stands(world, due), await status(world, due)) == (("given_up", 2), "disabled")


@asynccontextmanager
async def a_slow_mail_server(world):
    """Does not answer who the mail is for until the block ends."""
    asked, answers = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asked.set()
        await answers.wait()

    world.host.before_rcpt = wait
    try:
        yield asked
    finally:
        world.host.before_rcpt = lambda: None
        answers.set()


async def test_a_slow_mail_about_one_endpoint_keeps_no_other_from_being_stopped_and_the_attempt_is_noted(
    world,
):
    one, other, teller = await an_endpoint(world), await an_endpoint(world), a_teller(world)
    async with a_slow_mail_server(world) as asked:
        first = asyncio.create_task(noted(teller, one, 410))
        await asyncio.wait_for(asked.wait(), 5)
        assert await stands(world, one) == ("due", 1)
        world.host.before_rcpt = lambda: None

        async with asyncio.timeout(5):
            await noted(teller, other, 410)

        assert (await status(world, one), await status(world, other)) == ("active", "disabled")
    await first
    assert await status(world, one) == "disabled"


async def test_a_stop_that_fails_loses_no_attempt(world, monkeypatch):
    due, teller = await an_endpoint(world), a_teller(world)

    async def broken(*_arguments: object) -> bool:
        raise RuntimeError("as a bug would")

    monkeypatch.setattr(teller, "stop", broken)
    with pytest.raises(RuntimeError):
        await noted(teller, due, 410)

    assert await stands(world, due) == ("due", 1)


async def test_an_endpoint_that_is_stopped_twice_at_once_is_told_of_once(world):
    due, teller = await an_endpoint(world), a_teller(world)
    before = len(world.host.taken)

    stopped = await asyncio.gather(
        *(teller.stop(due.tenant, due.webhook, WebhookEnd.GONE, "410") for _ in range(3))
    )

    assert stopped == [True, False, False], "none waits for the one that is at it"
    assert len(world.host.taken) == before + 1


async def test_a_last_try_that_was_answered_while_the_stop_was_under_way_has_all_its_tries_once_enabled(
    world,
):
    due, teller = await an_endpoint(world), a_teller(world)
    async with a_slow_mail_server(world) as asked:
        first = asyncio.create_task(teller.stop(due.tenant, due.webhook, WebhookEnd.FAILING, "503"))
        await asyncio.wait_for(asked.wait(), 5)
        await noted(teller, due, 503)
    await first
    assert (await stands(world, due), await status(world, due)) == (("due", 1), "disabled")

    enabled = await world.post(
        f"/notify/v1/webhooks/{due.webhook}/enabling", {}, world.vendor("webhook.write")
    )

    assert enabled.status_code == 200, enabled.text
    async with world.notify.database.lend(world.tenant) as connection:
        tries = await connection.fetchval(
            "SELECT tries FROM notify.webhook_deliveries WHERE event_id = $1", due.event_id
        )
    assert tries == 0
