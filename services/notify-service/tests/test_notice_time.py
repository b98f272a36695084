"""How long a family has before the change: the district's days and its state's, in the letter and on the page."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.district import SchoolYear
from contracts.notice_time import notice_time_of
from contracts.shipped_profiles import shipped_profiles
from notify_service.adapters.page.rendering import start_of_change
from notify_service.application.notice_text import how_long
from notify_service.application.wording import LANGUAGES, wording
from notify_service.testing_notices import Family

TEXAS = "federal@2026-1+tx@2025-2"
YEAR = SchoolYear(first_on=date(2025, 8, 25), last_on=date(2026, 6, 12), days_off=(date(2026, 2, 27),))
TUESDAY = date(2026, 2, 24)


def facts(notice_days: int, school_days: int, requested: date | str = "earliest") -> Any:
    return SimpleNamespace(notice_days=notice_days, school_days=school_days, requested=requested)


@pytest.mark.parametrize(
    ("state_profile", "notice_days", "told"),
    [
        ("federal@2026-1", 10, (10, 0)),
        (TEXAS, 10, (10, 5)),
        ("federal@2026-1+mn@2026-1", 0, (0, 0)),
        ("federal@2019-1", 7, (7, 0)),
    ],
)
def test_a_letter_tells_the_districts_days_and_its_states(
    state_profile: str, notice_days: int, told: tuple[int, int]
) -> None:
    family = Family(notice_days=notice_days, state_profile=state_profile)
    assert notice_time_of(family.profile(), TUESDAY, shipped_profiles()) == told


@pytest.mark.parametrize(
    ("notice_days", "school_days", "said"),
    [
        (10, 0, "10 days"),
        (3, 5, "5 school days"),
        (0, 1, "1 school day"),
        (10, 5, "10 days, and at least 5 school days,"),
    ],
)
def test_the_longer_of_two_times_is_told_and_both_where_that_depends(
    notice_days: int, school_days: int, said: str
) -> None:
    assert how_long(facts(notice_days, school_days), wording("en")) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_school_days_are_told_in_every_language(language: str) -> None:
    assert "5" in how_long(facts(10, 5), wording(language))


def test_the_page_counts_the_school_days_of_the_districts_calendar() -> None:
    assert start_of_change(facts(3, 5), TUESDAY, (YEAR,)) == date(2026, 3, 4)
    assert start_of_change(facts(3, 5, date(2026, 3, 9)), TUESDAY, (YEAR,)) == date(2026, 3, 9)
    assert start_of_change(facts(3, 0), TUESDAY) == date(2026, 2, 27)


def test_the_page_names_no_day_that_the_calendar_does_not_tell() -> None:
    assert start_of_change(facts(3, 5), date(2026, 6, 11), (YEAR,)) is None
