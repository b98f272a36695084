"""Progress reports: the period they speak of, what they freeze, which dates they answer. Pure: no database, no clock."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from contracts.goals.progress import goal_progress
from contracts.goals.results import Result
from contracts.items import Goal
from contracts.testing import an_id
from progress_service.application.report_words import languages, words_in
from progress_service.application.reports import in_words_of, report_pdf, words_of
from progress_service.domain.known import Basis
from progress_service.domain.refusals import CannotBeTrue
from progress_service.domain.report import (
    Draft,
    IssueReport,
    Report,
    ReportAlreadyIssued,
    ReportPeriod,
    due_reports,
    evolve,
    free_period,
    goal_reported,
    issue_report,
    scheduled_period,
    void_report,
)
from progress_service.testing_promises import BEGIN, GOAL, PLAN, STUDENT, goal
from runtime.drawing import drawn

DATES = (date(2026, 1, 30), date(2026, 4, 10), date(2026, 6, 12))
APRIL_24 = date(2026, 4, 24)
PERIOD = ReportPeriod(date(2026, 1, 31), date(2026, 4, 10), date(2026, 4, 10))


def draft(**fields: object) -> Draft:
    asked = goal()
    assert isinstance(asked, Goal)
    results = [
        Result(an_id(str(n)), STUDENT, PLAN, GOAL, BEGIN + timedelta(weeks=n), Decimal(5 + n), "objects")
        for n in range(1, 5)
    ]
    told = goal_progress(asked, asked, [], BEGIN, results, PERIOD.last_on)
    reported, words = goal_reported(told, None)
    made = Draft(PLAN, STUDENT, PERIOD, (reported,), (words,), (), (told,), Basis(12, 30))
    return replace(made, **fields)  # type: ignore[arg-type]


COMMAND = IssueReport(report_id=an_id("report"), on=APRIL_24, narratives={GOAL: "Colors are easy now."})


@pytest.mark.parametrize(
    ("due_on", "today", "first", "last"),
    [
        pytest.param("2026-01-30", "2026-01-29", "2025-12-09", "2026-01-29", id="the first, a day early"),
        pytest.param("2026-04-10", "2026-04-24", "2026-01-31", "2026-04-10", id="the second, two weeks late"),
        pytest.param("2026-06-12", "2026-06-12", "2026-04-11", "2026-06-12", id="the third, on its day"),
    ],
)
def test_a_report_speaks_of_the_time_since_the_date_before_it(
    due_on: str, today: str, first: str, last: str
) -> None:
    period = scheduled_period(DATES, date.fromisoformat(due_on), BEGIN, date.fromisoformat(today))

    assert (str(period.first_on), str(period.last_on), str(period.due_on)) == (first, last, due_on)


def test_a_date_the_plan_does_not_name_is_refused_with_those_it_names() -> None:
    with pytest.raises(CannotBeTrue, match="2026-04-10"):
        scheduled_period(DATES, date(2026, 5, 1), BEGIN, APRIL_24)


def test_a_report_for_a_date_long_to_come_has_no_time_to_speak_of() -> None:
    with pytest.raises(CannotBeTrue, match="before it begins"):
        scheduled_period(DATES, date(2026, 6, 12), BEGIN, date(2026, 3, 1))
    with pytest.raises(CannotBeTrue):
        free_period(date(2026, 3, 2), date(2026, 3, 1))


def test_what_is_issued_is_the_draft_with_the_provider_s_own_words() -> None:
    (event,) = issue_report(COMMAND, draft(), {}, None, APRIL_24)

    (told,) = event.personal.goals
    assert (event.goals, told.narrative) == (draft().goals, "Colors are easy now.")
    assert told.in_words.startswith(
        "4 results, from 6 objects on 16 December 2025 to 9 objects on 6 January 2026."
    )
    assert (event.plan_index, event.progress_index, event.due_on) == (12, 30, date(2026, 4, 10))


def test_a_date_is_answered_once_until_its_report_is_voided() -> None:
    with pytest.raises(ReportAlreadyIssued):
        issue_report(COMMAND, draft(), {date(2026, 4, 10): an_id("first")}, None, APRIL_24)


def test_the_pdf_says_all_of_it_and_draws_the_goal() -> None:
    command = replace(COMMAND, given_name="Ana", family_name="Rivers", summary="A good winter.")
    (event,) = issue_report(command, draft(), {}, None, APRIL_24)

    said = words_of(event, draft().pictures, lambda picture: f"<svg>{picture['description']}</svg>")

    (told,) = said["goals"]
    assert (said["name"], said["due_on"], said["summary"]) == (
        "Ana Rivers",
        "Due by the plan's schedule on: April 10, 2026",
        "A good winter.",
    )
    assert (told["narrative"], told["standing"]) == ("Colors are easy now.", "behind")
    assert told["in_words"] in told["picture"]
    assert (
        told["alt"] == f"{told['in_words']} The trend leads to 31.9 objects by 15 June 2026."
    )  # 6 + 181 / 7 = 31.86
    assert told["rows"][0] == ["December 16, 2025", "6 objects", "7.0"]  # 5 + 55 * 7/188 = 7.05


@pytest.mark.parametrize(
    ("command", "of", "code"),
    [
        pytest.param(
            {"narratives": {an_id("nobody's"): "?"}}, {}, "not-in-the-report", id="words about no goal of it"
        ),
        pytest.param({"on": date(2026, 4, 25)}, {}, "in-the-future", id="issued tomorrow"),
        pytest.param({"narratives": {}}, {"goals": (), "told": ()}, "nothing-to-report", id="of no goal"),
    ],
)
def test_a_report_that_cannot_be_is_refused(
    command: dict[str, object], of: dict[str, object], code: str
) -> None:
    with pytest.raises(CannotBeTrue) as refused:
        issue_report(replace(COMMAND, **command), draft(**of), {}, None, APRIL_24)  # type: ignore[arg-type]

    assert code in {reason.code for reason in refused.value.reasons}


def test_a_voided_report_stays_and_voiding_it_again_changes_nothing() -> None:
    (issued,) = issue_report(COMMAND, draft(), {}, None, APRIL_24)
    report = evolve(Report(), issued)
    (voided,) = void_report(report, "another student's")

    after = evolve(report, voided)

    assert (after.document, after.voided) == (report.document, "another student's")
    assert report.document["issued_on"] == str(issued.effective_on)
    assert void_report(after, "again") == []


def test_every_date_of_the_schedule_stands_as_its_report_does() -> None:
    issued = {
        date(2026, 1, 30): (an_id("one"), date(2026, 1, 29)),
        date(2026, 4, 10): (an_id("two"), APRIL_24),
    }

    found = due_reports(PLAN, DATES, issued, date(2026, 6, 12))

    assert [(each.state.value, each.days_late) for each in found] == [
        ("issued", 0),
        ("issued_late", 14),
        ("due", 0),
    ]
    assert [each.state.value for each in due_reports(PLAN, DATES, {}, date(2026, 4, 20))] == [
        "overdue", "overdue", "upcoming",
    ]  # fmt: skip


@pytest.mark.parametrize("language", sorted(languages()))
def test_the_report_is_in_the_familys_language_and_readable_by_a_screen_reader(language: str) -> None:
    spoken = in_words_of(draft(), language)
    (event,) = issue_report(replace(COMMAND, language=language), spoken, {}, None, APRIL_24)
    said = words_of(event, spoken.pictures, drawn)
    (told,) = said["goals"]
    english = words_in("en")
    assert (
        ("drafted" in words_in(language).texts["status"]) is (said["note"] is not None) is (language != "en")
    )
    for key in ("title", "stands", "measured_on", "services"):
        assert (said["words"][key] == english(key)) is (language == "en")
    assert ("results, from 6 objects" in told["in_words"]) is (language == "en")
    assert ("results. Dark dashes" in told["picture"]) is (language == "en")
    with capture_logs() as logs:
        pdf = report_pdf(event, spoken.pictures, drawn)
    assert pdf.startswith(b"%PDF-1.7")
    assert logs == []  # Every letter had its glyph: the PDF is PDF/UA-1.


def test_all_languages_say_the_same_things_and_others_are_served_or_fall_back() -> None:
    assert languages() == {"en", "es", "vi", "ar", "zh-Hans"}
    spanish = words_in("es").texts
    for language in languages() - {"en", "es"}:
        texts = words_in(language).texts
        assert texts.keys() == spanish.keys()
        for table in ("sayings", "standing"):
            assert texts[table].keys() == spanish[table].keys()
            for key, text in texts[table].items():
                assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", spanish[table][key])), (
                    language,
                    key,
                )
    assert spanish.keys() - words_in("en").texts.keys() == {"note", "sayings"}
    served = {"es-MX": "es", "zh-CN": "zh-Hans", "zh-Hant": "en", "fr": "en", "AR": "ar"}
    assert {tag: words_in(tag).tag for tag in served} == served
