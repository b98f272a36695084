"""What every channel must pass: e-mail, letter, by hand, read aloud; and whatever is added.

Two suites. `Told` says how a family comes to be told by a channel and how it is done; each sentence is run over every channel
of `CHANNELS`, so that one without a `Told` fails. `CARRIERS` are those that leave by themselves, each with its real other side.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.notify import NoticeGiven, NoticeRendered, NoticeReturned, NoticeSent
from contracts.vocabulary import Channel, CommunicationMode
from notify_service.adapters.carrying import Outcome
from notify_service.adapters.smtp import MailServer
from notify_service.domain.channels import CHANNELS

pytestmark = pytest.mark.asyncio(loop_scope="module")
MAILING_DAYS = 3
EVERY = pytest.mark.parametrize("channel", list(Channel))


@dataclass(frozen=True)
class Told:
    """A family that is told by one channel."""

    prefer: dict[str, Any] | None
    """What it has set; nothing: as every family is told."""
    waits_as: str
    """Where the notice stands until somebody has done it; of what leaves by itself, where it ends."""


TOLD = {
    Channel.EMAIL: Told({}, "given"),
    Channel.LETTER: Told(None, "to_post"),
    Channel.HANDED_OVER: Told({"channels": (Channel.HANDED_OVER,)}, "blocked"),
    Channel.READ_ALOUD: Told({"channels": (), "mode": CommunicationMode.SIGN_LANGUAGE}, "blocked"),
}


async def told_by(world, channel: Channel, **family) -> UUID:
    """A change is proposed to a family that is told by this channel; as far as it goes by itself."""
    told = TOLD[channel]
    await world.arrange(mailing_days=MAILING_DAYS, **family)
    if told.prefer is not None:
        elected = {} if channel is Channel.EMAIL else {"electronic_notice_elected_on": None}
        await world.elect_email(**elected | told.prefer)
    await world.propose()
    return await world.reaches(told.waits_as)


async def do(world, channel: Channel, notice: UUID, key: str = "first"):
    """What a person does, where one is needed."""
    if CHANNELS[channel].leaves_by_itself:
        return
    spoken = {"language": "es", "mode": "sign_language", "interpreter": "Rosa Lind", "understood": True}
    body = {"channel": channel.value, **({"told": spoken} if channel is Channel.READ_ALOUD else {})}
    headers = world.vendor(**{"idempotency-key": f"{notice}-{key}"})
    answer = await world.post(f"/notify/v1/notices/{notice}/deliveries", body, headers)
    assert answer.status_code == 200, answer.text


async def of(world, notice: UUID, kind: type) -> list[Any]:
    return [event for event in await world.history(notice) if isinstance(event, kind)]


@EVERY
async def test_a_notice_leaves_by_the_channel_its_holder_is_told_by_and_only_with_its_text_fixed(
    world, channel
):
    notice = await told_by(world, channel)
    await do(world, channel, notice)

    kinds = [type(event) for event in await world.history(notice)]
    assert kinds.index(NoticeRendered) < kinds.index(NoticeSent)
    (sent,) = await of(world, notice, NoticeSent)
    assert sent.channel is channel


@EVERY
async def test_it_is_kept_to_whom_and_where_it_went_at_that_moment_and_no_more(world, channel):
    notice = await told_by(world, channel)
    await do(world, channel, notice)

    (sent,) = await of(world, notice, NoticeSent)
    goes_to = CHANNELS[channel].goes_to
    assert sent.personal.name == "Ana Quill"
    assert (sent.personal.email is not None) is (goes_to == "email")
    assert (sent.personal.address is not None) is (goes_to == "address")


@EVERY
async def test_it_counts_from_the_day_its_channel_says_and_not_before(world, channel):
    notice = await told_by(world, channel)
    assert CHANNELS[channel].leaves_by_itself or not await of(world, notice, NoticeGiven), (
        "nothing is done yet"
    )
    await do(world, channel, notice)

    rules = CHANNELS[channel]
    if rules.takes_days:
        shown = (await world.get(f"/notify/v1/notices/{notice}")).json()
        (sent,) = await of(world, notice, NoticeSent)
        assert date.fromisoformat(shown["counts_on"]) == sent.effective_on + timedelta(days=MAILING_DAYS)
        assert not await of(world, notice, NoticeGiven), "its days have not passed"
        return
    (sent,), (given,) = await of(world, notice, NoticeSent), await of(world, notice, NoticeGiven)
    assert (given.channel, given.basis, given.effective_on) == (channel, rules.basis, sent.effective_on)
    assert given.amendment_id == world.family.amendment


@EVERY
async def test_it_is_recorded_once_however_often_it_is_said(world, channel):
    notice = await told_by(world, channel)
    for _ in range(2):
        await do(world, channel, notice)
    world.app.state.at_hand.wake()
    await asyncio.sleep(0.1)

    assert len(await of(world, notice, NoticeSent)) == 1
    assert len(world.mails) == (1 if channel is Channel.EMAIL else 0)


@EVERY
async def test_nothing_leaves_by_it_to_whoever_may_not_be_contacted(world, channel):
    await world.arrange(restrictions="No contact by order of 2026-01-05")
    if (prefer := TOLD[channel].prefer) is not None:
        await world.elect_email(**prefer)
    await world.propose()

    notice = await world.reaches("blocked")

    assert (await world.state(notice))[1] == ["contact-restricted"]
    assert not await of(world, notice, NoticeSent | NoticeRendered)


@EVERY
async def test_what_comes_back_was_not_given_where_it_can_come_back(world, channel):
    notice = await told_by(world, channel)
    await do(world, channel, notice)
    (sent,) = await of(world, notice, NoticeSent)

    back = {"delivery": str(sent.delivery_id), "answer": "Moved away."}
    answer = await world.post(f"/notify/v1/notices/{notice}/returns", back)

    assert answer.status_code == 200, answer.text
    (returned,) = await of(world, notice, NoticeReturned)
    was_given = bool(await of(world, notice, NoticeGiven))
    assert returned.undoes_given is (was_given and CHANNELS[channel].comes_back)


# What leaves by itself, with its real other side.


@dataclass
class FarSide:
    """The other side of a carrier, and how to make it behave."""

    carrier: Any
    to: str
    behave: Callable[[str], None]
    """``takes``, ``refuses``, ``refuses for now``, ``hangs up after taking``."""
    taken: Callable[[], list[bytes]]
    away: Callable[[], Any]
    """The same carrier, whose other side is not there."""


def mail(world, helpers) -> FarSide:
    to, host = f"{world.family.amendment}@example.org", world.host

    def behave(how: str) -> None:
        host.behave()
        host.on_rcpt = {"refuses": lambda: "550 5.1.1 No", "refuses for now": lambda: "451 4.7.1 Later"}.get(
            how, lambda: None
        )
        host.hangs_up = how == "hangs up after taking"

    def server(port: int) -> MailServer:
        return MailServer(host="127.0.0.1", port=port, tls="none", timeout=5)

    return FarSide(
        server(host.port), to, behave, lambda: [content for _, rcpt, content in host.taken if to in rcpt],
        lambda: server(helpers.a_free_port()),
    )  # fmt: skip


CARRIERS = {Channel.EMAIL: mail}
CARRIED = pytest.mark.parametrize(
    "channel", [each for each, rules in CHANNELS.items() if rules.leaves_by_itself]
)
MESSAGE = (
    b"From: a@example.org\r\nMessage-ID: <one@example.org>\r\nSubject: A notice\r\n\r\nIt is attached.\r\n"
)


async def hand_over(side: FarSide, before: Callable[[], Awaitable[bool]]):
    return await side.carrier.hand_over("notices@example.org", side.to, MESSAGE, before)


def counted(says: bool = True) -> tuple[list[int], Callable[[], Awaitable[bool]]]:
    called: list[int] = []

    async def before() -> bool:
        called.append(1)
        return says

    return called, before


@CARRIED
@pytest.mark.parametrize(
    ("how", "outcome", "asked", "taken"),
    [
        ("takes", Outcome.ACCEPTED, 1, 1), ("refuses", Outcome.REFUSED, 0, 0),
        ("refuses for now", Outcome.REFUSED_FOR_NOW, 0, 0), ("hangs up after taking", Outcome.IN_DOUBT, 1, 1),
    ],
)  # fmt: skip
async def test_a_carrier_says_what_the_other_side_said_and_marks_the_moment_before(
    world, helpers, channel, how, outcome, asked, taken
):
    side = CARRIERS[channel](world, helpers)
    side.behave(how)
    called, before = counted()

    answered = await hand_over(side, before)

    assert (answered.outcome, len(called), len(side.taken())) == (outcome, asked, taken)
    assert answered.answer or outcome is Outcome.IN_DOUBT


@CARRIED
async def test_a_carrier_hands_nothing_over_that_it_is_told_not_to(world, helpers, channel):
    side = CARRIERS[channel](world, helpers)
    side.behave("takes")
    called, before = counted(False)

    assert (await hand_over(side, before)).outcome is Outcome.NOT_OURS
    assert (len(called), side.taken()) == (1, [])


@CARRIED
async def test_a_carrier_whose_other_side_is_not_there_has_given_nothing_away(world, helpers, channel):
    side = CARRIERS[channel](world, helpers)
    side.carrier = side.away()
    called, before = counted()

    assert (await hand_over(side, before)).outcome is Outcome.REFUSED_FOR_NOW
    assert called == []


@CARRIED
async def test_the_same_message_handed_over_again_is_the_same_to_the_other_side(world, helpers, channel):
    side = CARRIERS[channel](world, helpers)
    side.behave("takes")
    for _ in range(2):
        await hand_over(side, counted()[1])

    first, second = side.taken()
    assert first == second
    assert b"<one@example.org>" in first
