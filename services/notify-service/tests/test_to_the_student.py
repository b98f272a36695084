"""Letters and pages to a student who holds the rights speak to them: of "your child" nobody is told who is that child."""

import re
from dataclasses import asdict

import pytest
from sqlalchemy import select, update

from contracts.event import EventClass
from contracts.ids import new_id
from contracts.vocabulary import NoticeKind
from notify_service.adapters.sending.preparing import FACTS, facts_kept
from notify_service.adapters.tables import OUTBOX
from notify_service.application.notice_text import compose
from notify_service.application.samples import samples_of
from notify_service.application.wording import LANGUAGES, flat_texts, wording

pytestmark = pytest.mark.asyncio(loop_scope="module")
A_CHILD = {
    "en": re.compile(r"\bchild\b|parental", re.I), "es": re.compile(r"\bhij[oa]|\bniñ[oa]", re.I),
    "vi": re.compile(r"con quý vị|con tôi|cho con\b|của con\b"), "zh-Hans": re.compile("孩子|子女"), "ar": re.compile("طفل"),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
async def test_no_letter_to_the_student_speaks_of_a_child(language, kind):
    for facts in samples_of(kind):
        said = str(
            asdict(compose(facts.model_copy(update={"to_student": True}), wording(language), language))
        )
        assert not A_CHILD[language].search(said)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_words_to_a_student_stand_for_ones_to_a_parent_and_name_no_other_places(language):
    words = flat_texts(wording(language))
    theirs = {
        key.removeprefix("to_student."): text for key, text in words.items() if key.startswith("to_student.")
    }
    assert [key for key in theirs if key not in words] == []
    for key, text in theirs.items():
        assert set(re.findall(r"{\w+}", text)) <= set(re.findall(r"{\w+}", words[key])), key
    said = {key: text for key, text in flat_texts(wording(language).to_student()).items() if "." in key}
    left = [
        key for key, text in said.items()
        if not key.startswith(("fields.", "kinds.", "codes.")) and A_CHILD[language].search(text)
    ]  # fmt: skip
    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_parent_is_still_told_of_their_child(language):
    facts = next(samples_of(NoticeKind.PRIOR_WRITTEN_NOTICE))
    assert A_CHILD[language].search(compose(facts, wording(language), language).about)


async def test_an_adult_student_is_written_to_and_asked_for_their_own_date_of_birth(world):
    student = new_id()
    await world.arrange(student=student, holder=student, language="en")
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")
    path = re.search(r"http://test(/n/\S+)", world.text())[1]

    gate = await world.http.get(path)
    page = await world.http.post(path, data={"month": "6", "day": "20", "year": "2010"})

    assert "Your date of birth" in gate.text
    assert "About you, Mira Quill" in page.text
    assert "The district proposes to change your plan." in page.text
    assert "To see my records" in page.text
    assert not A_CHILD["en"].search(re.sub(r"<style>.*?</style>", "", gate.text + page.text, flags=re.S))
    async with world.notify.database.lend(world.tenant) as connection:
        kept = await connection.fetchval("SELECT facts FROM notify.outbox WHERE notice = $1", notice)
    assert (await facts_kept(world.app.state.at_hand.service, world.tenant, kept)).to_student
    read = await world.get(f"/notify/v1/notices/{notice}")
    assert read.json()["text"]["translation"] == "drafted"


async def test_of_a_letter_written_to_a_student_as_to_a_parent_the_page_says_what_the_letter_says(world):
    student = new_id()
    await world.arrange(student=student, holder=student, language="en")
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")
    path = re.search(r"http://test(/n/\S+)", world.text())[1]
    service = world.app.state.at_hand.service
    async with world.notify.database.begin(world.tenant) as rows:
        of_it = (OUTBOX.c.tenant == world.tenant) & (OUTBOX.c.notice == notice)
        kept = await facts_kept(service, world.tenant, await rows.scalar(select(OUTBOX.c.facts).where(of_it)))
        before = kept.model_copy(update={"to_student": False}).model_dump_json(exclude_none=True)
        document = await service.vault.keep(world.tenant, student, before.encode(), FACTS, EventClass.PROOF)
        await rows.execute(update(OUTBOX).where(of_it).values(facts=document.document))

    page = await world.http.post(path, data={"month": "6", "day": "20", "year": "2010"})

    assert "About your child" in page.text
    assert "The district proposes to change your child" in page.text
    assert "To see my records" in page.text
