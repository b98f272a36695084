"""Bounces, unopened mails and letters in batches: a notice that did not reach anybody goes another way, in time."""

import asyncio
import csv
import io
import smtplib
import zipfile
from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts import streams
from contracts.ids import new_id
from contracts.notice_hindrances import NoticeReturned
from contracts.notify import NoticeGiven, NoticeSent
from contracts.students import HolderPersonalData, Rights
from contracts.testing import an_id
from contracts.vocabulary import Channel
from notify_service.adapters import outbox
from notify_service.adapters.bounces import Bounced, ReturnAddresses, ReturnTo, bounced
from notify_service.domain.fallback import letter_follows_on
from notify_service.testing_notices import ADDRESS, HELD

pytestmark = pytest.mark.asyncio(loop_scope="module")


def delivery_report(action: str = "failed", status: str = "5.1.1") -> bytes:
    """As Postfix writes one."""
    fields = (
        f"Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; ana@example.org\nAction: {action}\n"
    )
    fields += f"Status: {status}\nDiagnostic-Code: smtp; 550 5.1.1 <ana@example.org>: no such mailbox\n"
    boundary = "=_report"
    return (
        "From: MAILER-DAEMON@mx.example.org\nTo: b-x@district.example.org\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"\n\n'
        f"--{boundary}\nContent-Type: text/plain\n\nI am sorry.\n"
        f"--{boundary}\nContent-Type: message/delivery-status\n\n{fields}\n"
        f"--{boundary}\nContent-Type: text/rfc822-headers\n\nSubject: A notice\n\n--{boundary}--\n"
    ).encode()


async def hand_in(port: int, to: str, mail: bytes) -> dict[str, tuple[int, bytes]] | None:
    """As a mail server of the world does; what it was refused with."""

    def send() -> dict[str, tuple[int, bytes]] | None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
            try:
                server.sendmail("", [to], mail)
            except smtplib.SMTPRecipientsRefused as refused:
                return refused.recipients
        return None

    return await asyncio.to_thread(send)


async def test_a_delivery_report_says_what_became_of_the_mail():
    assert bounced(delivery_report()) == Bounced(
        "5.1.1", "smtp; 550 5.1.1 <ana@example.org>: no such mailbox"
    )
    assert bounced(delivery_report("delayed", "4.4.1")) is None, "it is still being tried"
    assert bounced(delivery_report("relayed", "2.0.0")) is None
    away = EmailMessage()
    away["Subject"] = "Out of office"
    away.set_content("Action: failed\nStatus: 5.1.1")
    assert bounced(away.as_bytes()) is None, "an answer is no report"
    assert bounced(b"\xff\x00 nothing a mail could be") is None


async def test_a_return_address_is_ours_or_none():
    addresses = ReturnAddresses(b"key", "district.example.org")
    to = ReturnTo(an_id("notice"), an_id("delivery"))
    address = addresses.of(to)

    assert addresses.read(address) == to
    assert addresses.read(address.upper()) == to
    assert len(address.partition("@")[0]) <= 64
    other = "b" if address[2] == "a" else "a"
    assert addresses.read(f"b-{other}{address[3:]}") is None
    assert ReturnAddresses(b"another key", "district.example.org").read(address) is None
    assert addresses.read("sped@district.example.org") is None


async def test_a_mail_that_bounces_was_not_given_and_becomes_a_letter(world):
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")
    envelope_from = world.host.taken[-1][0]
    assert envelope_from.startswith("b-"), "each mail has a return address of its own"

    assert await hand_in(world.returns_port, envelope_from, delivery_report()) is None

    await world.reaches("to_post", notice)
    returned = [each for each in await world.history(notice) if isinstance(each, NoticeReturned)]
    assert [(each.status, each.undoes_given) for each in returned] == [("5.1.1", True)]
    shown = (await world.get(f"/notify/v1/notices/{notice}")).json()
    assert "given" not in shown
    assert shown["deliveries"][-1]["outcome"] == "returned"
    assert await hand_in(world.returns_port, envelope_from, delivery_report()) is None
    assert len([each for each in await world.history(notice) if isinstance(each, NoticeReturned)]) == 1


async def test_a_report_to_an_address_that_is_none_of_ours_is_refused(world):
    refused = await hand_in(world.returns_port, "b-forged@127.0.0.1", delivery_report())
    assert refused is not None


async def test_a_letter_that_comes_back_waits_for_another_address(world):
    await world.arrange(mailing_days=0)
    await world.propose()
    notice = await world.reaches("to_post")
    await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "letter"})
    await world.reaches("given", notice)
    sent = next(each for each in await world.history(notice) if isinstance(each, NoticeSent))

    answer = await world.post(
        f"/notify/v1/notices/{notice}/returns",
        {"delivery": str(sent.delivery_id), "answer": "Moved, no address"},
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["reasons"][0]["code"] == "letter-returned"
    assert "given" not in answer.json()
    # Something else is said of the district or the student: the address is the one it came back from.
    await world.publish(streams.student(world.family.student), world.family.student, world.family.confirmed())
    await world.taken_in()
    await asyncio.sleep(0.3)
    assert await world.state(notice) == ("blocked", ["letter-returned"])
    moved = world.family.confirmed(
        personal=HolderPersonalData(
            name="Ana Quill", address=ADDRESS.model_copy(update={"lines": ("8 Kelp St",)})
        )
    )
    await world.publish(streams.student(world.family.student), world.family.student, moved)
    await world.reaches("to_post", notice)
    unknown = await world.post(
        f"/notify/v1/notices/{notice}/returns", {"delivery": str(an_id("none")), "answer": "x"}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (409, "nothing-sent-that-way")


async def test_a_letter_that_came_back_is_posted_again_in_a_batch_to_its_new_address(world):
    await world.arrange(mailing_days=3)
    await world.propose()
    notice = await world.reaches("to_post")
    sent = await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "letter"})
    back = {"delivery": sent.json()["deliveries"][-1]["id"], "answer": "Moved, no address"}
    await world.post(f"/notify/v1/notices/{notice}/returns", back)
    new = ADDRESS.model_copy(update={"lines": ("8 Kelp St",)})
    moved = world.family.confirmed(personal=HolderPersonalData(name="Ana Quill", address=new))
    await world.publish(streams.student(world.family.student), world.family.student, moved)
    await world.reaches("to_post", notice)
    batch = (await world.post("/notify/v1/batches", {})).json()

    posted = await world.post(f"/notify/v1/batches/{batch['id']}/posting", {"on": batch["made_on"]})

    assert posted.status_code == 200, posted.text
    assert (await world.state(notice))[0] == "posted"
    sendings = [each for each in await world.history(notice) if isinstance(each, NoticeSent)]
    assert [each.batch_id for each in sendings] == [None, UUID(batch["id"])]


@pytest.mark.parametrize("from_the_start", [True, False])
async def test_a_letter_with_nowhere_to_go_goes_by_mail_where_that_was_elected(world, from_the_start):
    await world.arrange(mailing_days=0, **({"address": None} if from_the_start else {}))
    await world.elect_email(channels=(Channel.LETTER, Channel.EMAIL))
    await world.propose()
    if not from_the_start:
        notice = await world.reaches("to_post")
        await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "letter"})
        sent = next(each for each in await world.history(notice) if isinstance(each, NoticeSent))
        back = {"delivery": str(sent.delivery_id), "answer": "Moved, no address"}
        await world.post(f"/notify/v1/notices/{notice}/returns", back)

    await world.reaches("given")

    assert len(world.mails) == 1


async def test_who_wants_notices_told_is_a_task_for_a_person(world):
    await world.arrange()
    await world.elect_email(channels=(Channel.READ_ALOUD, Channel.LETTER))
    await world.propose()

    notice = await world.reaches("blocked")

    assert (await world.state(notice))[1] == ["mode-needs-a-person"]


async def test_the_mail_itself_is_kept_as_it_went(world):
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")

    sent = next(each for each in await world.history(notice) if isinstance(each, NoticeSent))

    assert sent.message is not None
    kept = await world.app.state.at_hand.service.vault.fetch(world.tenant, sent.message.document)
    assert kept.content.replace(b"\r\n", b"\n") == world.mails[-1].replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("due_on", "follows_on"),
    [(None, date(2026, 3, 7)), (date(2026, 3, 20), date(2026, 3, 7)), (date(2026, 3, 8), date(2026, 3, 5)),
     (date(2026, 3, 2), date(2026, 3, 3))],
)  # fmt: skip
async def test_an_unopened_mail_is_followed_by_a_letter_early_enough(due_on, follows_on):
    assert letter_follows_on(date(2026, 3, 2), due_on, mailing_days=3) == follows_on


async def test_an_unopened_mail_is_a_task_and_goes_with_the_next_batch(world):
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")
    async with world.notify.database.lend(world.tenant) as connection:
        due = await connection.fetchval("SELECT due_at FROM notify.outbox WHERE notice = $1", notice)
        assert due is not None
        await connection.execute(
            "UPDATE notify.outbox SET due_at = $2 WHERE notice = $1", notice, due - timedelta(days=9)
        )
    world.app.state.at_hand.wake()
    async with asyncio.timeout(10):
        while "unopened" not in (await world.state(notice))[1]:
            await asyncio.sleep(0.02)
    tasks = (await world.get("/notify/v1/tasks", student=world.family.student)).json()["items"]
    assert [each["reasons"][0]["code"] for each in tasks] == ["unopened"]

    batch = (await world.post("/notify/v1/batches", {})).json()

    named = [UUID(each) for letter in batch["letters"] for each in letter["notices"]]
    assert notice in named
    given_before = [each for each in await world.history(notice) if isinstance(each, NoticeGiven)]
    today = batch["made_on"]
    posted = await world.post(f"/notify/v1/batches/{batch['id']}/posting", {"on": today, "carrier": "USPS"})
    assert posted.status_code == 200, posted.text
    history = await world.history(notice)
    assert [each.channel.value for each in history if isinstance(each, NoticeSent)] == ["email", "letter"]
    assert [each for each in history if isinstance(each, NoticeGiven)] == given_before, (
        "it had been given by mail"
    )


async def test_letters_are_printed_with_a_manifest_and_posted_once(world):
    await world.arrange(mailing_days=3)
    await world.propose()
    notice = await world.reaches("to_post")

    batch = (await world.post("/notify/v1/batches", {})).json()
    again = await world.post("/notify/v1/batches", {})

    assert (again.status_code, again.json()["code"]) == (409, "nothing-to-post")
    manifest = await world.get(f"/notify/v1/batches/{batch['id']}/manifest.csv")
    lines = {line["notices"]: line for line in csv.DictReader(io.StringIO(manifest.text))}
    assert lines[str(notice)]["address"].startswith("14 Pier Street")
    letters = await world.get(f"/notify/v1/batches/{batch['id']}/letters.zip")
    with zipfile.ZipFile(io.BytesIO(letters.content)) as archive:
        assert archive.read(lines[str(notice)]["file"]).startswith(b"%PDF-")

    on = batch["made_on"]
    posted = await world.post(f"/notify/v1/batches/{batch['id']}/posting", {"on": on})
    twice = await world.post(f"/notify/v1/batches/{batch['id']}/posting", {"on": on})

    assert posted.json()["posted_on"] == on
    assert (twice.status_code, twice.json()["code"]) == (409, "batch-posted")
    await world.reaches("posted", notice)
    sent = [each for each in await world.history(notice) if isinstance(each, NoticeSent)]
    assert [str(each.batch_id) for each in sent] == [batch["id"]]


@pytest.mark.parametrize("stands", ["waits", "is in a batch", "is in a batch already posted"])
async def test_a_letter_that_waits_stops_when_its_people_may_not_be_written_to_any_more(world, stands):
    await world.arrange()
    await world.propose()
    notice = await world.reaches("to_post")
    student, batch = world.family.student, None
    if stands != "waits":
        batch = (await world.post("/notify/v1/batches", {})).json()
    if stands == "is in a batch already posted":
        await world.post(f"/notify/v1/batches/{batch['id']}/posting", {"on": batch["made_on"]})

    no_contact = world.family.confirmed(rights=Rights(decision=HELD, notice=HELD, record=HELD))
    await world.publish(streams.student(student), student, no_contact)
    await world.taken_in()

    if stands == "is in a batch already posted":
        await world.reaches("posted", notice)
        return
    await world.reaches("blocked", notice)
    assert (await world.state(notice))[1] == ["contact-right-not-held"]
    if batch is not None:
        posted = await left_out(world, batch, notice)
        assert posted.json()["left_out"] == [str(notice)]
    assert not any(isinstance(event, NoticeSent) for event in await world.history(notice))


async def test_whether_a_letter_went_before_a_restriction_came_in_here_is_asked_for(world, monkeypatch):
    """The sender has not looked yet, the read model knows already."""
    notice, batch = await printed_and_forbidden(world, monkeypatch)

    await left_out(world, batch, notice)

    assert (await world.state(notice))[0] == "to_post"
    assert not any(isinstance(event, NoticeSent) for event in await world.history(notice))


@pytest.mark.parametrize("looked", [True, False])
async def test_a_letter_that_went_before_a_restriction_is_recorded_as_it_happened(world, monkeypatch, looked):
    notice, batch = await printed_and_forbidden(world, monkeypatch, looked=looked)
    posting, went = f"/notify/v1/batches/{batch['id']}/posting", {"went_anyway": [str(notice)]}

    both = await world.post(posting, {"on": batch["made_on"], "left_out": [str(notice)]} | went)
    stranger = await world.post(posting, {"on": batch["made_on"], "went_anyway": [str(new_id())]})
    posted = await world.post(posting, {"on": batch["made_on"]} | went)

    assert both.json()["errors"][0]["code"] == "both-went-and-left-out"
    assert stranger.json()["errors"][0]["pointer"] == "/went_anyway"
    assert posted.status_code == 200, posted.text
    assert posted.json()["left_out"] == []
    await world.reaches("posted", notice)
    sent = [each for each in await world.history(notice) if isinstance(each, NoticeSent)]
    assert [(str(each.batch_id), each.effective_on.isoformat()) for each in sent] == [
        (batch["id"], batch["made_on"])
    ]


async def printed_and_forbidden(world, monkeypatch, *, looked: bool = False) -> tuple[UUID, dict[str, Any]]:
    """A letter in a batch, to somebody who may not be written to since."""
    await world.arrange(mailing_days=3)
    await world.propose()
    notice = await world.reaches("to_post")
    batch = (await world.post("/notify/v1/batches", {})).json()
    if not looked:
        monkeypatch.setattr(outbox, "look_again", nothing)
    student = world.family.student
    no_contact = world.family.confirmed(rights=Rights(decision=HELD, notice=HELD, record=HELD))
    await world.publish(streams.student(student), student, no_contact)
    await world.taken_in()
    if looked:
        await world.reaches("blocked", notice)
    return notice, batch


async def left_out(world, batch: dict[str, Any], notice: UUID) -> httpx.Response:
    """Posted without it, once it was asked for."""
    posting, on = f"/notify/v1/batches/{batch['id']}/posting", {"on": batch["made_on"]}
    asked = await world.post(posting, on)
    assert (asked.status_code, asked.json()["code"]) == (409, "went-or-left-out")
    assert asked.json()["facts"]["notices"] == [str(notice)]
    return await world.post(posting, on | {"left_out": [str(notice)]})


async def nothing(*_arguments: object, **_named: object) -> None:
    """Nobody looks."""


async def test_a_letter_waits_as_a_mail_once_its_people_elect_that(world):
    await world.arrange()
    await world.propose()
    notice = await world.reaches("to_post")
    await world.taken_in()

    elected = {"language": "es", "channels": ["email"], "electronic_notice_elected_on": "2025-09-10"}
    await world.put(f"/notify/v1/preferences/{world.family.holder}", elected)

    await world.reaches("given", notice)
    assert len(world.mails) == 1
