"""Counting a time: each test's name is the rule's own sentence. The calendar is that of law.md's two histories."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.day_count import Counted, Pauses, count_from, pauses_of
from contracts.district import SchoolYear
from contracts.rule_profile import Due


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


YEAR = SchoolYear(
    first_on=date(2025, 8, 25), last_on=date(2026, 6, 12),
    days_off=(
        date(2025, 9, 1), date(2025, 10, 13), date(2025, 11, 11), date(2025, 11, 27), date(2025, 11, 28),
        *days(date(2025, 12, 22), date(2026, 1, 2)), date(2026, 1, 19), *days(date(2026, 2, 16), date(2026, 2, 20)),
        *days(date(2026, 3, 30), date(2026, 4, 3)), date(2026, 5, 25),
    ),
)  # fmt: skip
NEXT_YEAR = SchoolYear(first_on=date(2026, 8, 24), last_on=date(2027, 6, 11))
BOTH = (YEAR, NEXT_YEAR)


def due(count: int, kind: Any = "calendar") -> Due:
    return Due(count=count, kind=kind)


@pytest.mark.parametrize(
    ("start", "time", "expected"),
    [
        (date(2025, 9, 22), due(60), date(2025, 11, 21)),
        (date(2024, 2, 29), due(1, "year"), date(2025, 2, 28)),
        (date(2025, 12, 31), due(11, "month"), date(2026, 11, 30)),
        (date(2026, 3, 3), due(-1, "year"), date(2025, 3, 3)),
        (date(2026, 3, 3), due(-10), date(2026, 2, 21)),
    ],
)
def test_calendar_days_months_and_years_ask_no_calendar(start: date, time: Due, expected: date) -> None:
    assert count_from(start, time) == Counted(expected)


def test_school_days_are_the_districts_own() -> None:
    assert count_from(date(2025, 11, 24), due(3, "school"), BOTH) == Counted(date(2025, 12, 1))


def test_between_two_school_years_no_school_day_passes() -> None:
    assert count_from(date(2026, 6, 11), due(2, "school"), BOTH) == Counted(date(2026, 8, 24))


def test_school_working_days_are_counted_as_school_days() -> None:
    start = date(2025, 9, 22)
    assert count_from(start, due(45, "school_working"), BOTH) == count_from(start, due(45, "school"), BOTH)


@pytest.mark.parametrize("calendar", [(), (YEAR,)])
def test_where_the_calendar_does_not_reach_every_weekday_counts_and_it_is_said(
    calendar: tuple[SchoolYear, ...],
) -> None:
    assert count_from(date(2026, 6, 11), due(3, "school"), calendar) == Counted(
        date(2026, 6, 16), beyond_calendar=True
    )


def test_a_break_of_more_than_five_school_days_does_not_count() -> None:
    without = count_from(date(2025, 12, 15), due(60), BOTH)
    with_breaks = count_from(date(2025, 12, 15), due(60), BOTH, break_over=5)

    # 22 December to 2 January: ten weekdays off, twelve days. The five of February are not more than five.
    assert with_breaks.on - without.on == timedelta(days=12)


def test_the_summer_between_two_known_years_is_such_a_break() -> None:
    assert count_from(date(2026, 6, 12), due(2), BOTH, break_over=5) == Counted(date(2026, 6, 14))
    assert count_from(date(2026, 6, 12), due(3), BOTH, break_over=5) == Counted(date(2026, 8, 22))


def test_after_the_last_known_day_no_break_is_taken_for_granted() -> None:
    assert count_from(date(2026, 6, 12), due(3), (YEAR,), break_over=5) == Counted(
        date(2026, 6, 15), beyond_calendar=True
    )


def test_what_prolongs_a_time_is_read_from_the_profiles_words() -> None:
    assert pauses_of(("absence>=3", "break>5s", "rain")) == (Pauses(5, 3), ("rain",))
