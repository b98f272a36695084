"""The evaluation clock of each shipped state, by the district's own calendar: when it is due, and what ends it."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.district import SchoolYear
from contracts.evaluations import EligibilityDetermined, EvaluationConsentAnswered
from contracts.shipped_profiles import shipped_profiles
from contracts.testing import an_id
from contracts.vocabulary import ClockEnd
from plan_service.domain.ages import Ages, ages_of, reached
from plan_service.domain.evaluation_consent import answer_evaluation
from plan_service.domain.rules import Profile, Rules, rules_of
from plan_service.domain.student import Student
from plan_service.testing_evaluations import EVALUATION, SEPT_22, TODAY, answer, completed, idea, referred
from plan_service.testing_people import (
    MEETING,
    MOTHER,
    STUDENT,
    all_rights,
    confirmed,
    enrolled,
    given,
    registered,
)

BORN = date(2016, 6, 20)
OFF = (
    date(2025, 9, 1), date(2025, 10, 13), date(2025, 11, 11), date(2025, 11, 27), date(2025, 11, 28),
    *(date(2025, 12, 22) + timedelta(days=n) for n in range(12)),
)  # fmt: skip
YEAR = SchoolYear(first_on=date(2025, 8, 25), last_on=date(2026, 6, 12), days_off=OFF)
STATES = {"ca": "2026-1", "ma": "2026-1", "tx": "2025-2", "mn": "2026-1", "il": "2026-1"}


def under(state: str, *calendar: SchoolYear) -> Rules:
    profile = Profile(date(2025, 8, 1), "UTC", f"federal@2026-1+{state}@{STATES[state]}", calendar=calendar)
    return rules_of(profile, TODAY, shipped_profiles())


def child(*events: Any) -> Student:
    return given(registered(BORN), confirmed(MOTHER, rights=all_rights(BORN)), referred(), *events)


def consented(state: str, *calendar: SchoolYear, on: date = SEPT_22) -> EvaluationConsentAnswered:
    (event,) = answer_evaluation(child(), answer(answered_on=on, rules=under(state, *calendar)))
    assert isinstance(event, EvaluationConsentAnswered)
    return event


def determined(on: date, *, met: bool = True) -> EligibilityDetermined:
    return EligibilityDetermined(
        effective_on=on, student_id=STUDENT, eligibility_id=an_id("eligibility"), evaluation_id=EVALUATION,
        determination=idea("autism"), meeting_id=MEETING if met else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "due_on", "ends_with"),
    [
        ("ca", date(2025, 11, 21), ClockEnd.MEETING_HELD),
        ("ma", date(2025, 11, 26), ClockEnd.PLAN_PROPOSED),
        ("tx", date(2025, 11, 26), ClockEnd.EVALUATION_COMPLETED),
        ("mn", date(2025, 11, 4), ClockEnd.EVALUATION_COMPLETED),
        ("il", date(2025, 12, 19), ClockEnd.ELIGIBILITY_DETERMINED),
    ],
)
def test_a_states_evaluation_is_due_by_its_own_days(state: str, due_on: date, ends_with: ClockEnd) -> None:
    event = consented(state, YEAR)

    assert (event.due_on, event.clock_ends_with, event.due_beyond_calendar) == (due_on, ends_with, None)


def test_in_california_a_break_of_more_than_five_school_days_is_not_counted() -> None:
    assert consented("ca", YEAR, on=date(2025, 12, 1)).due_on == date(2026, 1, 30) + timedelta(days=12)


def test_without_a_calendar_the_day_may_be_too_early_and_says_so() -> None:
    event = consented("mn")

    assert (event.due_on, event.due_beyond_calendar) == (date(2025, 11, 3), True)


@pytest.mark.parametrize(
    ("state", "after", "in_time"),
    [
        ("tx", [completed(date(2025, 11, 26))], True),
        ("tx", [completed(date(2025, 11, 27))], False),
        ("ca", [completed(date(2025, 11, 14))], None),
        ("ca", [completed(date(2025, 11, 14)), determined(date(2025, 11, 21))], True),
        ("ca", [completed(date(2025, 11, 14)), determined(date(2025, 11, 22))], False),
        ("ca", [completed(date(2025, 11, 14)), determined(date(2025, 11, 21), met=False)], None),
        ("il", [completed(date(2025, 11, 14)), determined(date(2025, 12, 20), met=False)], False),
        ("ma", [completed(date(2025, 11, 14)), determined(date(2025, 11, 21))], None),
    ],
)
def test_whether_it_was_in_time_is_asked_of_what_the_state_ends_it_with(
    state: str, after: list[Any], in_time: bool | None
) -> None:
    student = child(consented(state, YEAR), *after)

    assert student.evaluations.evaluation(EVALUATION).in_time is in_time


# --- Ages ---


@pytest.mark.parametrize(
    ("state", "from_day"),
    [
        ("tx", date(2030, 6, 20)),
        ("ma", date(2030, 6, 20)),
        ("il", date(2030, 12, 20)),
        ("ca", date(2032, 6, 20)),
    ],
)
def test_transition_begins_at_the_states_own_age(state: str, from_day: date) -> None:
    assert ages_of(child(), under(state)).transition_from == from_day


def test_in_minnesota_transition_begins_in_grade_nine_and_at_sixteen_at_the_latest() -> None:
    in_ninth = child(enrolled("grade_8", date(2028, 9, 1)), enrolled("grade_9", date(2029, 9, 3)))
    ages = ages_of(in_ninth, under("mn"))

    assert (ages.transition_from, ages.transition_words) == (date(2029, 9, 3), "in grade 9")
    assert ages_of(child(enrolled("grade_8", date(2030, 9, 1))), under("mn")).transition_from == date(
        2032, 6, 20
    )
    assert ages_of(in_ninth, under("tx")).transition_from == date(2030, 6, 20)


def test_half_a_year_is_six_months_and_a_day_that_month_does_not_have_is_the_next() -> None:
    fourteen_and_a_half = under("il").transition_age
    assert reached(date(2016, 8, 31), fourteen_and_a_half) == date(2031, 3, 1)
    assert reached(date(2016, 12, 31), fourteen_and_a_half) == date(2031, 7, 1)


def test_where_no_rights_pass_at_majority_nobody_is_told_of_them() -> None:
    assert ages_of(child(), Rules(rights_transfer=False)).told_of_rights_from is None
    assert Ages(BORN).told_of_rights_from == date(2033, 6, 20)
