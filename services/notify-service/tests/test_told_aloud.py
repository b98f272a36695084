"""A notice told aloud or signed: given once it was understood (34 CFR 300.503(c)(2)); what was not leaves all else under way."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import pytest

from contracts.notify import NoticeAttemptFailed, NoticeGiven, NoticeSent
from contracts.vocabulary import Channel, CommunicationMode
from notify_service.testing_notices import DAY

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def given(world, notice: UUID) -> list[tuple[date, Channel]]:
    history = await world.history(notice)
    return [(each.effective_on, each.channel) for each in history if isinstance(each, NoticeGiven)]


async def test_what_was_told_and_not_understood_was_not_given(world):
    await world.arrange()
    await world.propose()
    notice = await world.reaches("to_post")
    told = {"language": "es", "mode": "sign_language", "interpreter": "Rosa Lind", "understood": False}
    path = f"/notify/v1/notices/{notice}/deliveries"

    refused = await world.post(path, {"channel": "read_aloud", "told": told})
    taken = await world.post(path, {"channel": "read_aloud", "told": told | {"understood": True}})

    assert (refused.status_code, refused.json()["code"]) == (409, "notice-not-understood")
    assert taken.json()["status"] == "given"
    sent = next(each for each in await world.history(notice) if isinstance(each, NoticeSent))
    assert sent.told is not None
    assert sent.personal.interpreter == "Rosa Lind"


async def test_a_telling_reported_stands_with_what_was_unmet_and_gives_nothing_that_was_not_understood(world):
    await world.arrange()
    await world.elect_email(mode=CommunicationMode.SIGN_LANGUAGE)
    await world.propose()
    notice = await world.reaches("blocked")
    told = {"language": "ase", "mode": "sign_language", "understood": False}
    path = f"/notify/v1/notices/{notice}/deliveries"
    reported = {"source": "call log", "reason": "told at home", "occurred_on": str(DAY)}

    misheard = await world.post(path, {"channel": "read_aloud", "told": told, "reported": reported})
    unsaid = await world.post(path, {"channel": "read_aloud", "reported": reported})

    assert misheard.json()["status"] == "blocked"
    assert unsaid.json()["status"] == "given"
    sent = [each for each in await world.history(notice) if isinstance(each, NoticeSent)]
    assert [each.reported.unmet[0].code for each in sent] == [
        "notice-not-understood",
        "telling-not-described",
    ]


@pytest.mark.parametrize("told_after", [-4, 0, 2])
async def test_a_posted_letter_counts_from_its_own_day_whenever_somebody_was_told_in_vain(world, told_after):
    await world.arrange(mailing_days=3)
    await world.propose()
    notice = await world.reaches("to_post")
    await world.later(timedelta(days=5))
    posted = await world.today()
    await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "letter"})
    await world.later(timedelta(days=max(told_after, 0)))

    shown = await world.told_in_vain(notice, posted + timedelta(days=told_after))

    assert (shown["status"], await given(world, notice)) == ("sent", [])
    await world.later(timedelta(days=4))
    await world.reaches("given", notice)
    assert await given(world, notice) == [(posted + timedelta(days=3), Channel.LETTER)]


async def test_a_letter_still_follows_a_mail_that_nobody_opened(world):
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")

    await world.told_in_vain(notice, await world.today())
    await world.later(timedelta(days=8))

    async with asyncio.timeout(10):
        while "unopened" not in (await world.state(notice))[1]:
            await asyncio.sleep(0.02)
    assert [channel for _, channel in await given(world, notice)] == [Channel.EMAIL]


async def test_what_the_log_says_of_a_mail_in_doubt_is_still_recorded_as_of_that_mail(world):
    world.host.hangs_up = True
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("in_doubt")

    shown = await world.told_in_vain(notice, await world.today())
    assert shown["status"] == "in_doubt"
    path = f"/notify/v1/notices/{notice}/deliveries"
    found = await world.post(path, {"channel": "email", "note": "the log says delivered"})

    assert found.json()["status"] == "given"
    sent = [each for each in await world.history(notice) if isinstance(each, NoticeSent)]
    assert [each.channel for each in sent] == [Channel.READ_ALOUD, Channel.EMAIL]
    assert sent[0].delivery_id != sent[1].delivery_id
    assert [each["outcome"] for each in found.json()["deliveries"]] == ["not_understood", "sent"]
    assert not [each for each in await world.history(notice) if isinstance(each, NoticeAttemptFailed)]


@pytest.mark.parametrize("channel", ["letter", "handed_over", "email"])
async def test_only_what_is_read_aloud_or_signed_is_told(world, channel):
    await world.arrange()
    await world.propose()
    notice = await world.reaches("to_post")
    told = {"language": "es", "mode": "oral", "understood": False}
    reported = {"source": "call log", "reason": "told by phone", "occurred_on": str(DAY)}

    answer = await world.post(
        f"/notify/v1/notices/{notice}/deliveries", {"channel": channel, "told": told, "reported": reported}
    )

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/told")
