"""Nothing is sent any more of a district that has ended: mails, letters, booklets, webhooks; its letters can still be read."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts import streams
from contracts.notify import NoticeGiven, NoticeOpened, NoticeOwed, NoticeRendered, NoticeSent
from contracts.store import AccessRecorded, TenantOpened
from notify_service.adapters.sending.yearly import YearlyBooklets
from runtime.append_request import Change
from runtime.parked import parked_events
from runtime.tenants import TENANT, now_for, subject_of
from runtime.testing import sequence

BIRTH = {"month": "6", "day": "20", "year": "2010"}


@pytest.fixture
async def world(cluster, helpers) -> AsyncIterator[Any]:
    async with helpers.a_world(cluster, send_lease_seconds=0.6) as made:
        await begun(made)
        yield made


async def begun(world) -> None:
    """The first event of its log, as of any district that was opened."""
    store = world.notify.store
    loaded, subject = await store.load(world.tenant, TENANT), await subject_of(store, world.tenant)
    opened = TenantOpened(
        effective_on=date(2025, 7, 1), name="Lakeside", time_zone="America/Chicago", sandbox=True
    )
    await store.append(world.notify.context(world.tenant), [Change(loaded, subject, [opened])])


async def mailed(world) -> tuple[UUID, str]:
    """A notice that has gone out by mail, and the path of its page."""
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")
    found = re.search(r"http://test(/n/\S+)", world.text())
    assert found
    return notice, found[1]


async def post(world, path: str, **form: Any) -> httpx.Response:
    return await world.http.post(path, data=form)


async def end(world) -> None:
    answer = await world.post("/notify/v1/tenant/end", {"reason": "The contract is over."}, world.operator())
    assert answer.status_code == 200, answer.text
    assert answer.json()["ended_on"]


async def all_taken_in(world) -> None:
    """What stands in plan-service's log has been handled here."""
    for recorded in world.written:
        assert await world.app.state.edge.service.seen(world.tenant, recorded.id, 10)


async def test_what_has_not_left_when_the_district_ends_never_leaves(world):
    world.host.on_rcpt = lambda: "451 4.7.1 Greylisted"
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("to_send")
    await end(world)
    before = await world.history(notice)
    world.host.behave()

    now = await now_for(world.notify.store, world.tenant)
    moved = await world.post(
        "/notify/v1/clock", {"to": (now + timedelta(days=3)).isoformat()}, world.operator()
    )
    assert moved.status_code == 200, moved.text
    world.app.state.sender.wake()
    await asyncio.sleep(1.5)

    assert world.mails == []
    assert await world.history(notice) == before


async def test_a_mail_that_goes_over_while_the_district_ends_is_on_record_as_sent(world):
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def held() -> None:
        taken.set()
        await go_on.wait()

    await world.arrange()
    await world.elect_email()
    world.host.after_taking = held
    await world.propose()
    try:
        await asyncio.wait_for(taken.wait(), 30)
        await end(world)
    finally:
        go_on.set()

    notice = await world.reaches("given")
    assert [type(event) for event in await world.history(notice)] == [
        NoticeOwed, NoticeRendered, NoticeSent, NoticeGiven,
    ]  # fmt: skip
    assert len(world.mails) == 1


async def test_what_comes_of_the_other_services_is_taken_in_and_owes_nothing(world):
    await world.arrange()
    await world.elect_email()
    await world.taken_in()
    await end(world)
    await world.propose()
    await all_taken_in(world)

    assert await world.notices() == []
    assert await parked_events(world.notify.database, world.tenant) == []
    assert await YearlyBooklets(world.app.state.edge.service).look(world.tenant) == 0


async def test_a_parent_still_reads_the_letter_and_is_told_that_it_is_answered_elsewhere(world):
    notice, path = await mailed(world)
    await end(world)

    page = await post(world, path, **BIRTH, lang="es")
    assert page.status_code == 200
    assert "el distrito ya no usa este servicio" in page.text
    assert "/objection" not in page.text
    assert isinstance((await world.history(notice))[-1], NoticeOpened)
    letter = await post(world, f"{path}/notice.pdf", **(form := proof_of(page)))
    assert letter.content.startswith(b"%PDF")
    for answer in ("acknowledgement", "objection", "request"):
        refused = await post(world, f"{path}/{answer}", **form, key="k", text="No.", kind="meeting")
        assert (refused.status_code, "ya no usa este servicio" in refused.text) == (409, True)
    assert isinstance((await world.history(notice))[-1], NoticeOpened)

    assert await world.app.state.edge.access.roll_up() > 0
    await sequence(world.notify)
    day = (await now_for(world.notify.store, world.tenant)).date()
    looks = [
        entry.event
        for days in range(-1, 2)
        for entry in await world.notify.store.read(
            world.tenant, streams.access(world.family.student, day + timedelta(days=days))
        )
    ]
    assert any(isinstance(look, AccessRecorded) for look in looks)


def proof_of(page) -> dict[str, str]:
    found = re.search(r'name="proof" value="([^"]+)"', page.text)
    assert found
    return {"proof": found[1], "lang": "es"}


async def test_a_link_that_has_run_out_is_not_replaced(world):
    _, path = await mailed(world)
    mails = len(world.mails)
    for _ in range(5):
        await post(world, path, month="1", day="1", year="2001")
    await end(world)

    page = await post(world, f"{path}/link")

    assert page.status_code == 410
    assert "no longer uses this service" in page.text or "ya no usa este servicio" in page.text
    await asyncio.sleep(0.5)
    assert len(world.mails) == mails


async def test_whoever_writes_by_http_is_refused_and_whoever_reads_is_not(world):
    notice, _ = await mailed(world)
    await end(world)

    body = {"student": str(world.family.student), "holder": str(world.family.holder)}
    made = await world.post("/notify/v1/notices", body, operator(world))
    assert (made.status_code, made.json()["code"]) == (409, "tenant-ended")
    read = await world.get(f"/notify/v1/notices/{notice}", operator(world))
    assert read.status_code == 200, read.text


def operator(world) -> dict[str, str]:
    token = world.issuer.token(sub="operator", client_id="operator", role="operator",
                               scope="operate notice.read notice.write", tenant=world.tenant)  # fmt: skip
    return {"authorization": f"Bearer {token}", "idempotency-key": "k-1"}
