"""Every script that a name or a passage may come in: as itself in the letter, or a task for a person, never a box in silence."""

import pytest
import structlog

from notify_service.application.letter import letter_pdf
from notify_service.application.notice_text import compose
from notify_service.application.samples import samples_of
from notify_service.application.wording import wording
from runtime.tagged_pdf import shows_every_letter

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "name",
    [
        "김민지",
        "נועה לוי",
        "प्रिया शर्मा",
        "สมชาย ใจดี",
        "さくら",
        "Олена",
        "Ελένη",
        "王小明",
        "ليلى",
        "Nguyễn",
        "សុខា ចាន់",
        "ສົມພອນ",
        "အောင်ဆန်း",
        "রহিমা খাতুন",
        "தமிழ்ச்செல்வி",
        "లక్ష్మీ రెడ్డి",
        "አበበ በቀለ",
    ],
)
async def test_a_name_stands_in_the_letter_in_its_own_script(name):
    facts = next(samples_of("prior_written_notice")).model_copy(update={"holder_name": name})
    with structlog.testing.capture_logs() as logged:
        pdf = letter_pdf(compose(facts, wording("en"), "en"), facts)
    assert logged == []
    assert shows_every_letter(pdf)


async def test_a_letter_with_a_character_that_no_font_has_goes_out_and_is_a_task(world):
    await world.arrange(language="en")
    await world.publish(
        f"student/{world.family.student}",
        world.family.student,
        world.family.confirmed(name="Ana \U000122a2"),
    )
    await world.elect_email()
    await world.propose()
    await world.reaches("given")

    (task,) = (await world.get("/notify/v1/tasks", student=world.family.student)).json()["items"]

    assert [reason["code"] for reason in task["reasons"]] == ["letters-not-shown"]


async def test_a_letter_with_boxes_stays_a_task_once_it_has_waited_for_something_else(world):
    await world.arrange(language="en")
    student, stream = world.family.student, f"student/{world.family.student}"
    boxed = world.family.confirmed(name="Ana \U000122a2")
    await world.publish(stream, student, boxed)
    await world.propose()
    notice = await world.reaches("to_post")
    no_contact = boxed.rights.model_copy(update={"contact": None})
    await world.publish(stream, student, boxed.model_copy(update={"rights": no_contact}))
    await world.reaches("blocked", notice)

    await world.publish(stream, student, boxed)

    await world.reaches("to_post", notice)
    assert await world.state(notice) == ("to_post", ["letters-not-shown"])


@pytest.mark.parametrize("waits_for", ["letter-returned", "mail-in-doubt"])
async def test_a_letter_with_boxes_stays_a_task_when_it_comes_back_or_nobody_knows_whether_it_went(
    world, waits_for
):
    await world.arrange(language="en", mailing_days=0)
    boxed = world.family.confirmed(name="Ana \U000122a2")
    await world.publish(f"student/{world.family.student}", world.family.student, boxed)
    if waits_for == "mail-in-doubt":
        await world.elect_email()
        world.host.hangs_up = True
        await world.propose()
        notice = await world.reaches("in_doubt")
        world.host.behave()
    else:
        await world.propose()
        notice = await world.reaches("to_post")
        given = await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "letter"})
        sending = given.json()["deliveries"][-1]["id"]
        back = {"delivery": sending, "answer": "Moved, no address"}
        await world.post(f"/notify/v1/notices/{notice}/returns", back)
        await world.reaches("blocked", notice)

    assert (await world.state(notice))[1] == [waits_for, "letters-not-shown"]
