"""Exactly one mail per notice, whatever the mail server does: slow, refusing, dropping the line, away."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from contracts.notify import NoticeAttemptFailed, NoticeGiven, NoticeOwed, NoticeRendered, NoticeSent
from contracts.vocabulary import Channel
from notify_service.adapters.sending import mailing
from notify_service.adapters.smtp import on_envelope

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def owed(world, **family) -> None:
    await world.arrange(**family)
    await world.elect_email()
    await world.propose()


async def tried(world, times: int) -> UUID:
    """Wait until so many tries have failed."""
    notice = await world.reaches("to_send")
    async with asyncio.timeout(15):
        while len([e for e in await world.history(notice) if isinstance(e, NoticeAttemptFailed)]) < times:
            await asyncio.sleep(0.02)
    return notice


async def test_a_server_that_refuses_for_now_is_tried_again_and_gets_the_same_mail_once(world):
    world.host.on_rcpt = lambda: "451 4.7.1 Greylisted"
    await owed(world)
    notice = await tried(world, 1)
    world.host.behave()

    await world.later(timedelta(minutes=5))

    await world.reaches("given", notice)
    kinds = [type(event) for event in await world.history(notice)]
    assert kinds == [NoticeOwed, NoticeRendered, NoticeAttemptFailed, NoticeSent, NoticeGiven]
    failed = (await world.history(notice))[2]
    assert (failed.answer, failed.permanent) == ("451 4.7.1 Greylisted", False)
    assert len(world.mails) == 1


async def test_a_server_that_refuses_the_mail_itself_for_now_has_not_taken_it(world):
    world.host.on_data = lambda: "452 4.3.1 Out of storage"
    await owed(world)
    notice = await tried(world, 1)
    world.host.behave()

    await world.later(timedelta(minutes=5))

    await world.reaches("given", notice)
    assert len(world.mails) == 1


async def test_an_address_refused_for_good_becomes_a_letter(world):
    world.host.on_rcpt = lambda: "550 5.1.1 No such user"
    await owed(world)

    notice = await world.reaches("to_post")

    failed = (await world.history(notice))[-1]
    assert isinstance(failed, NoticeAttemptFailed)
    assert (failed.answer, failed.permanent) == ("550 5.1.1 No such user", True)
    assert world.mails == []


@pytest.mark.parametrize(
    "email", ["a,b@example.org", '"x"<y@example.org>', "<ana@example.org>", "ana@-", "ana@exa..mple"]
)
async def test_an_odd_address_goes_to_nobody_else_and_becomes_a_letter(world, email):
    before = len(world.host.taken)
    await owed(world, email=email)

    await world.reaches("to_post")

    assert len(world.host.taken) == before


async def test_a_day_of_refusals_ends_in_a_letter(world, monkeypatch):
    assert timedelta(hours=20) < sum(mailing.PAUSES, timedelta()) < timedelta(hours=26)
    monkeypatch.setattr(mailing, "PAUSES", mailing.PAUSES[:3])
    world.host.on_rcpt = lambda: "421 4.3.2 Try later"
    await owed(world)
    notice = await tried(world, 1)

    async with asyncio.timeout(40):
        while (await world.state(notice))[0] != "to_post":
            await world.later(timedelta(hours=4))
            await asyncio.sleep(0.1)

    failed = [event for event in await world.history(notice) if isinstance(event, NoticeAttemptFailed)]
    assert [event.permanent for event in failed] == [False] * (len(failed) - 1) + [True]
    assert world.mails == []


async def test_a_slow_server_gets_one_mail_although_the_lease_is_much_shorter(world):
    slow = asyncio.Event()
    world.host.after_taking = lambda: asyncio.wait_for(slow.wait(), 20)
    await owed(world)
    notice = await world.reaches("handing_over")
    await asyncio.sleep(2.0)

    assert (await world.state(notice))[0] == "handing_over"
    slow.set()

    await world.reaches("given", notice)
    assert len(world.mails) == 1


async def test_a_line_that_breaks_after_the_mail_went_over_leaves_a_doubt_and_no_second_mail(world):
    world.host.hangs_up = True
    await owed(world)

    notice = await world.reaches("in_doubt")

    world.host.behave()
    await world.later(timedelta(days=1))
    await asyncio.sleep(0.3)
    assert await world.state(notice) == ("in_doubt", ["mail-in-doubt"])
    assert len(world.mails) == 1
    assert not any(isinstance(event, NoticeSent | NoticeGiven) for event in await world.history(notice))


async def in_doubt(world) -> UUID:
    world.host.hangs_up = True
    await owed(world)
    notice = await world.reaches("in_doubt")
    world.host.behave()
    return notice


async def test_a_doubt_ends_when_a_person_finds_the_mail_in_the_servers_log(world):
    notice = await in_doubt(world)

    answer = await world.post(
        f"/notify/v1/notices/{notice}/deliveries", {"channel": "email", "note": "queued as 4F1, delivered"}
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["given"]["basis"] == "email_accepted"
    assert len(world.mails) == 1


async def test_a_doubt_ends_when_a_person_finds_no_such_mail_and_lets_it_go_again_as_the_same_mail(world):
    notice = await in_doubt(world)

    await world.post(f"/notify/v1/notices/{notice}/dispatch", {"reason": "Not in the server's log."})

    await world.reaches("given", notice)
    failed = [event for event in await world.history(notice) if isinstance(event, NoticeAttemptFailed)]
    assert [event.answer for event in failed] == ["Not in the server's log."]
    assert world.mail(0)["Message-ID"] == world.mail(1)["Message-ID"]
    assert world.mails[0] == world.mails[1]


async def test_a_letter_posted_while_the_mail_is_tried_again_stops_the_mail(world):
    world.host.on_rcpt = lambda: "451 4.7.1 Greylisted"
    await owed(world)
    notice = await tried(world, 1)

    await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "handed_over"})

    world.host.behave()
    await world.later(timedelta(days=2))
    await asyncio.sleep(0.3)
    sent = [event.channel for event in await world.history(notice) if isinstance(event, NoticeSent)]
    assert (sent, world.mails) == ([Channel.HANDED_OVER], [])


@pytest.mark.parametrize("stage", ["greeting", "mail itself"])
async def test_a_mail_refused_at_once_and_for_good_is_no_mail_sent(world, stage):
    if stage == "greeting":
        world.host.on_mail = lambda: "554 5.7.1 Not from you"
    else:
        world.host.on_data = lambda: "554 5.6.0 Not this one"
    await owed(world)

    notice = await (world.reaches("to_post") if stage == "mail itself" else tried(world, 1))

    failed = [event for event in await world.history(notice) if isinstance(event, NoticeAttemptFailed)]
    # Whom a server takes mails from is our trouble, not this family's: it is tried again.
    assert [event.permanent for event in failed] == [stage == "mail itself"]
    assert failed[0].answer.startswith("554 ")
    assert world.mails == []


async def test_a_line_that_breaks_in_the_middle_of_the_mail_leaves_a_doubt(world):
    """The very server, but that it hangs up once the first kilobytes of the mail have come."""
    async with hanging_up_in_the_middle() as port:
        office = world.app.state.at_hand.office
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(
                world.app.state.sender, "_office", replace(office, server=replace(office.server, port=port))
            )
            await owed(world)
            notice = await world.reaches("in_doubt")

    assert not any(isinstance(event, NoticeSent | NoticeGiven) for event in await world.history(notice))


@asynccontextmanager
async def hanging_up_in_the_middle():
    async def talk(reader, writer):
        writer.write(b"220 mail.test\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 Go on\r\n")
                await reader.readexactly(4096)
                writer.transport.abort()
                return
            writer.write(b"250 OK\r\n")

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


ODD = [
    ("ana+school@example.org", True), ("o'brien@example.org", True), ("a_b-c.d@sub.example.org", True),
    ("ana@xn--mnchen-3ya.example", True), ("ana@m\u00fcnchen.example", True), ("\u00e1na@example.org", False),
    ("ana@localhost", True), ('"ana quill"@example.org', False), ("ana@example.org, evil@example.org", False),
    ("ana@example.org\r\nBcc: evil@example.org", False), ("ana@example.org\x00", False), ("Ana <ana@example.org>", False),
    ("ana(comment)@example.org", False), ("ana@[127.0.0.1]", False), ("ana@-example.org", False), ("@example.org", False),
    ("ana@", False), ("ana", False), ("", False), ("ana@@example.org", False), ("a@b@example.org", False),
    (".ana@example.org", False), ("ana..quill@example.org", False), ("ana.@example.org", False),
    ("a" * 250 + "@example.org", False),
    ("ana@example.org ", False), ("ana\u202e@example.org", False), ("ana%evil.org@example.org", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "taken"), ODD)
async def test_an_address_is_one_mailbox_or_none(text, taken):
    assert (on_envelope(text) is not None) is taken


@pytest.mark.parametrize(
    ("email", "to"),
    [("ana@m\u00fcnchen.example", "ana@xn--mnchen-3ya.example"), ("ana@STRASSE.example", "ana@STRASSE.example"),
     ("ana@stra\u00dfe.example", "ana@xn--strae-oqa.example"),
     ("ana@\u0645\u062b\u0627\u0644.example", "ana@xn--mgbh0fb.example")],
)  # fmt: skip
async def test_a_domain_in_other_letters_gets_its_mail_from_any_server(world, email, to):
    before = len(world.host.taken)
    await owed(world, email=email)

    await world.reaches("given")

    ((_, envelope_to, mail),) = world.host.taken[before:]
    assert envelope_to == [to]
    assert f"<{to}>".encode() in mail


async def test_header_lines_in_names_stay_text(world):
    await world.arrange()
    await world.publish(
        f"student/{world.family.student}", world.family.student,
        world.family.confirmed(name="Ana\r\nBcc: evil@example.org\r\n\r\nQuill"),
    )  # fmt: skip
    await world.elect_email()
    await world.propose()

    await world.reaches("given")

    assert world.mail()["Bcc"] is None
    assert [envelope[1] for envelope in world.host.taken if world.family.email in envelope[1]] == [
        [world.family.email]
    ]


async def test_a_step_that_fails_by_a_fault_of_ours_is_seen_and_tried_again_and_what_was_noted_stays(
    world, monkeypatch
):
    async def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr(mailing, "send", broken)
        await world.arrange(language="so")
        await world.elect_email(language="so")
        await world.propose()
        async with asyncio.timeout(15):
            while "step-failed" not in (await world.state(notice := await world.reaches("to_send")))[1]:
                await asyncio.sleep(0.02)
    stood = await world.state(notice)

    await world.later(timedelta(minutes=11))

    await world.reaches("given", notice)
    assert stood == ("to_send", ["step-failed", "language-fallback"])
    assert (await world.state(notice))[1] == ["language-fallback"]
    assert len(world.mails) == 1
