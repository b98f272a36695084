"""The wordings: the same passages with the same places in every language, and a letter in each that anybody can read."""

from string import Formatter

import pytest
import structlog
from babel.dates import format_date

from contracts.vocabulary import NoticeKind
from notify_service.application.letter import letter_pdf
from notify_service.application.notice_text import compose
from notify_service.application.readability import is_long, long_sentences, readability
from notify_service.application.samples import DAY, samples_of
from notify_service.application.wording import LANGUAGES, flat_texts, wording
from notify_service.domain.facts import NoticeFacts
from notify_service.domain.languages import language_for


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_places(language):
    english, words = flat_texts(wording("en")), flat_texts(wording(language))
    assert set(english) <= set(words)
    assert [key for key in english if places(english[key]) != places(words[key])] == []


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
def test_every_code_that_one_language_words_all_word(language):
    assert set(wording("es").texts["codes"]) == set(wording(language).texts["codes"])
    for listed, labels in wording("es").texts["codes"].items():
        assert set(labels) == set(wording(language).texts["codes"][listed]), listed
    for table in ("kinds", "fields"):
        assert set(wording("es").texts[table]) == set(wording(language).texts[table])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_of_notice_can_be_written_in_every_language_with_every_letter_in_the_font(language, kind):
    facts = list(samples_of(kind))[-1]
    with structlog.testing.capture_logs() as logged:
        pdf = letter_pdf(compose(facts, wording(language), language), facts)
    assert pdf.startswith(b"%PDF-")
    assert [entry["event"] for entry in logged] == [], "a letter that no font has is shown as a box"


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_occasion_can_be_written(kind):
    for facts in samples_of(kind):
        text = compose(facts, wording("en"), "en")
        assert text.opening
        assert text.sections
        assert text.what_now
        assert "{" not in "".join([*text.opening, *text.what_now, *(s.heading for s in text.sections)])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_the_page_says_what_the_letter_said(language, kind):
    """From the facts as they are kept: an hour, too, by the name of the district's zone."""
    for facts in samples_of(kind):
        kept = NoticeFacts.model_validate_json(facts.model_dump_json(exclude_none=True))
        assert compose(kept, wording(language), language) == compose(facts, wording(language), language)
        meeting = facts.meeting
        if meeting is not None:
            assert "GMT" not in compose(kept, wording(language), language).sections[1].blocks[0].text


def test_a_wording_reads_from_right_to_left_where_its_script_does():
    facts = next(samples_of(NoticeKind.PRIOR_WRITTEN_NOTICE))
    assert compose(facts, wording("ar"), "ar").direction == "rtl"
    assert compose(facts, wording("vi"), "vi").direction == "ltr"


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "February 24, 2026"), ("es", "24 de febrero de 2026"), ("vi", "24 tháng 2, 2026"), ("zh-Hans", "2026年2月24日"),
     ("ar", "24 فبراير 2026")],
)  # fmt: skip
def test_a_day_is_written_as_in_its_language(language, written):
    assert wording(language).day(DAY) == written == format_date(DAY, "long", locale=wording(language).locale)


@pytest.mark.parametrize(
    ("wanted", "used", "fell_back"),
    [("es-MX", "es", False), ("zh", "zh-Hans", False), ("zh-CN", "zh-Hans", False), ("zh-Hant", "en", True),
     ("so", "en", True), ("ar", "ar", False)],
)  # fmt: skip
def test_one_script_is_no_translation_of_another(wanted, used, fell_back):
    chosen = language_for(wanted, LANGUAGES)
    assert (chosen.used, chosen.fell_back) == (used, fell_back)


@pytest.mark.parametrize(
    ("tag", "name"),
    [("hmn", "Hmong"), ("mam", "mam"), ("yue", "Cantonese"), ("zh-Hant", "Traditional Chinese"), ("so-SO", "Somali"),
     ("ase", "American Sign Language"), ("tlh", "Klingon"), ("qqq", "qqq"), ("und", "Unknown language")],
)  # fmt: skip
def test_a_holder_of_whatever_language_gets_a_notice_that_names_it(tag, name):
    facts = next(samples_of(NoticeKind.PRIOR_WRITTEN_NOTICE))
    for language in LANGUAGES:
        assert compose(facts, wording(language), tag).fallback
    assert name in (compose(facts, wording("en"), tag).fallback or "")


@pytest.mark.parametrize(("language", "measure"), [("en", "flesch_kincaid"), ("es", "fernandez_huerta"),
                                                   ("vi", "sentence_length"), ("zh-Hans", "sentence_length")])  # fmt: skip
def test_how_hard_a_notice_is_to_read_is_measured_and_long_sentences_pointed_out(language, measure):
    facts = next(samples_of(NoticeKind.PRIOR_WRITTEN_NOTICE))
    text = compose(facts, wording(language), language)
    measured = readability(text)
    assert measured.measure == measure
    assert measured.words > 50
    assert measured.long_sentences == len(long_sentences(text))
    assert all(is_long(sentence, language) for sentence in long_sentences(text))


def test_plain_words_are_easier_than_officialese():
    facts = next(samples_of(NoticeKind.PRIOR_WRITTEN_NOTICE))
    hard = "Notwithstanding the aforementioned considerations, the multidisciplinary evaluation necessitated individualization."
    plain = compose(facts, wording("en"), "en")
    officialese = compose(
        facts, wording("en").reworded({"letter.opening": hard * 3}, "x", "drafted", ""), "en"
    )
    assert (readability(plain).grade or 0) < (readability(officialese).grade or 0)


def test_no_words_of_ours_to_a_student_stand_in_the_place_of_the_district_s_own():
    own = {
        "safeguards.idea": "Our state's safeguards.",
        "letter.opening": "Ours.",
        "to_student.letter.opening": "Ours to you.",
    }
    said = wording("en").reworded(own, "x", "reviewed", "Dr. Counsel").to_student()
    assert said("safeguards.idea") == "Our state's safeguards."
    assert said("letter.opening") == "Ours to you."
    assert said("letter.about", student="A") == wording("en").to_student()("letter.about", student="A")
