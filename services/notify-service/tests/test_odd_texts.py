"""What people write, however long or twisted: a clear limit or a letter, and never one that reads as something else."""

import asyncio
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from contracts.notice_hindrances import NoticeBlocked
from contracts.plan import AmendmentPersonalData
from contracts.shown_text import as_shown
from notify_service.application.letter import letter_pdf
from notify_service.application.notice_text import compose
from notify_service.application.samples import samples_of
from notify_service.application.wording import wording
from notify_service.domain.delivery import begins

pytestmark = pytest.mark.asyncio(loop_scope="module")
TURNED = "The aide is \u202edesoppo ton\u202c \u2067agreed\u2069."
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
FIVE_MB = "Mira needs time. " * 310_000


async def test_a_text_that_turns_its_neighbours_round_is_shown_harmlessly(world):
    await world.arrange(language="en")
    await world.publish(
        f"student/{world.family.student}", world.family.student, world.family.confirmed(name="Ana \u202eQuill"),
    )  # fmt: skip
    await world.elect_email()
    said = AmendmentPersonalData(
        reason=TURNED, evaluations_used=TURNED, options_considered=TURNED, other_factors=TURNED
    )
    await world.propose(personal=said)
    await world.reaches("given")

    mail = world.mail()
    path = re.search(r"/n/\S+", world.text()).group(0)
    page = await world.http.post(path, data={"month": "6", "day": "20", "year": "2010"})

    assert "The aide is desoppo ton agreed." in page.text
    for shown in (page.text, world.text(), str(mail["To"]), str(mail["Subject"])):
        assert not TURNS.search(shown)


async def test_a_letter_sets_no_character_that_turns_the_words_around_it():
    sample = next(samples_of("prior_written_notice"))
    turned = sample.model_copy(update={"holder_name": f"Ana {TURNED}"})
    plain = sample.model_copy(update={"holder_name": "Ana The aide is desoppo ton agreed."})

    made = [letter_pdf(compose(facts, wording("en"), "en"), facts) for facts in (turned, plain)]

    assert made[0] == made[1]


async def test_marks_that_turn_nothing_but_themselves_stay():
    assert as_shown("\u05d0\u200f!") == "\u05d0\u200f!"


async def test_five_megabytes_of_reasons_are_refused_with_the_limit(world):
    await world.arrange()
    await world.taken_in()
    body = {"student": str(world.family.student), "holder": str(world.family.holder), "plan": str(world.family.plan),
            "kind": "prior_written_notice", "action": "A proposal.", "explanation": FIVE_MB}  # fmt: skip

    refused = await world.post("/notify/v1/notices", body)

    assert refused.status_code == 422
    (error,) = [each for each in refused.json()["errors"] if each["pointer"] == "/explanation"]
    assert "20000" in str(error)
    assert len(refused.content) < 20_000, "what was sent is not sent back"


async def test_five_megabytes_on_the_parents_page_are_told_and_change_nothing(world):
    await world.arrange(language="en")
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")
    path = re.search(r"/n/\S+", world.text()).group(0)
    page = await world.http.post(path, data={"month": "6", "day": "20", "year": "2010"})
    proof = re.search(r'name="proof" value="([^"]+)"', page.text).group(1)
    before = await world.history(notice)

    answer = await world.http.post(f"{path}/objection", data={"proof": proof, "key": "k", "text": FIVE_MB})

    # Nobody types so much: the page's own fields end at what is taken, and say so.
    assert answer.status_code == 400
    assert len(answer.content) < 5_000
    assert page.text.count('maxlength="20000"') == 2
    assert await world.history(notice) == before


async def test_the_longest_reasons_that_are_taken_make_a_letter(world):
    longest = ("Mira needs time. " * 1177)[:20_000]
    await world.arrange(language="en")
    said = AmendmentPersonalData(
        reason=longest, evaluations_used=longest, options_considered=longest, other_factors=longest
    )
    await world.propose(personal=said)

    notice = await world.reaches("to_post", seconds=40)

    assert (await world.get(f"/notify/v1/notices/{notice}.pdf")).content.startswith(b"%PDF")


async def test_a_student_of_whose_people_none_may_be_contacted_is_a_task_for_each_and_never_silence(world):
    await world.arrange(restrictions="No contact by order of 2026-01-05")
    father = world.family.confirmed(holder=world.family.amendment, name="Luis Quill", rights=world.family.rights.model_copy(
        update={"contact": None}))  # fmt: skip
    await world.publish(f"student/{world.family.student}", world.family.student, father)

    await world.propose()

    for notice in [await world.reaches("blocked"), *(await world.notices())[1:]]:
        await world.reaches("blocked", notice)
    tasks = (await world.get("/notify/v1/tasks", student=world.family.student)).json()["items"]
    assert sorted(each["reasons"][0]["code"] for each in tasks) == [
        "contact-restricted",
        "contact-right-not-held",
    ]
    for notice in await world.notices():
        assert [each for each in await world.history(notice) if isinstance(each, NoticeBlocked)], (
            "a finding needs a fact"
        )
    assert world.mails == []


@pytest.mark.parametrize(
    ("zone", "day", "hour_utc"),
    [
        ("America/Chicago", date(2026, 3, 9), 5), ("America/Chicago", date(2026, 3, 8), 6),
        ("America/Chicago", date(2026, 11, 2), 6), ("America/Havana", date(2026, 3, 8), 5),
    ],
)  # fmt: skip
async def test_a_day_begins_when_it_does_there_also_when_the_clocks_are_moved(zone, day, hour_utc):
    at = begins(day, ZoneInfo(zone))

    assert (at.date(), at.hour) == (day, hour_utc)
    assert at.astimezone(ZoneInfo(zone)).date() == day


async def test_a_letter_whose_days_have_not_passed_by_the_clock_that_was_set_back_waits_on(world):
    await world.arrange(mailing_days=5)
    await world.propose()
    notice = await world.reaches("to_post")
    posted = await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "letter"})
    counts_on = posted.json()["counts_on"]
    async with world.notify.database.lend(world.tenant) as connection:
        # As after the clock of the database was set back: due by the row, while the day is still to come.
        await connection.execute(
            "UPDATE notify.outbox SET due_at = $2 WHERE notice = $1",
            notice,
            datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")),
        )
        world.app.state.at_hand.wake()
        for _ in range(200):
            due = await connection.fetchval("SELECT due_at FROM notify.outbox WHERE notice = $1", notice)
            if due is None or (due.year > 2025 and due.month != 1):
                break
            await asyncio.sleep(0.02)

    shown = (await world.get(f"/notify/v1/notices/{notice}")).json()
    assert (shown["status"], shown["counts_on"]) == ("sent", counts_on)
    assert "given" not in shown
