"""Which days are school days. Pure: no database, no clock."""

from datetime import date
from fractions import Fraction

import pytest

from contracts.minutes_convention import HALF, Convention
from contracts.school_days import SchoolDays, monday_of
from contracts.testing import an_id
from progress_service.domain.known import KnownProfile
from progress_service.testing_promises import calendar, profile, speech


def days_of(*profiles: object) -> SchoolDays:
    known = [
        KnownProfile(an_id(str(index)), index, None, each)  # type: ignore[arg-type]
        for index, each in enumerate(profiles)
    ]
    return SchoolDays(known)


def test_a_school_day_is_a_day_of_the_district_s_calendar():
    days = days_of(profile())

    assert days.is_one(date(2025, 12, 9))
    assert not days.is_one(date(2025, 12, 13)), "a Saturday"
    assert not days.is_one(date(2025, 12, 24)), "a day off"
    assert not days.is_one(date(2026, 6, 15)), "after the last day"
    assert not days.is_one(date(2025, 7, 15)), "before the first day of a year that is known"


def test_a_half_day_is_a_school_day_all_the_same():
    assert days_of(profile(calendar(half_days=["2025-12-10"]))).is_one(date(2025, 12, 10))


def test_the_calendar_recorded_last_holds_for_past_days_too():
    later = profile(calendar(days_off=["2025-12-09"]), on=date(2026, 3, 1))

    assert not days_of(profile(), later).is_one(date(2025, 12, 9))
    assert days_of(profile(), later).is_one(date(2025, 12, 24))


def test_a_calendar_of_next_year_leaves_this_year_s_as_it_was():
    next_year = calendar(first_on="2026-08-24", last_on="2027-06-11", days_off=[])
    days = days_of(profile(), profile(next_year))

    assert not days.is_one(date(2025, 12, 24))
    assert days.is_one(date(2026, 12, 24))
    assert set(days.said_by) == {"2025-2026", "2026-2027"}


def test_without_a_calendar_monday_to_friday_are_taken_for_school_days():
    days = days_of()

    assert days.is_one(date(2025, 12, 24))
    assert not days.is_one(date(2025, 12, 27))
    assert days.said_by == {}


DEFAULT = Convention()


@pytest.mark.parametrize(
    ("per", "day", "weigh"),
    [
        pytest.param("week", date(2025, 11, 26), 3, id="Thanksgiving: Monday to Wednesday"),
        pytest.param("month", date(2025, 12, 9), 15, id="1 to 19 December"),
        pytest.param("day", date(2025, 12, 24), 0, id="within the break"),
        pytest.param("term", date(2025, 12, 9), None, id="the calendar does not say when terms begin"),
        # 42 weeks from 25 August to 12 June are 210 weekdays; 27 of them are off.
        pytest.param("year", date(2025, 12, 9), 183, id="the school year"),
    ],
)
def test_a_period_s_school_days_are_those_of_the_whole_period(per, day, weigh):
    assert days_of(profile()).in_period(speech(per=per), day, DEFAULT) == weigh


def test_a_term_is_the_calendar_s():
    terms = [{"name": "Fall", "first_on": "2025-08-25", "last_on": "2025-12-19"}]
    days = days_of(profile(calendar(terms=terms)))

    # 17 weeks of five days, less Labor Day, Columbus Day, Veterans Day and two of Thanksgiving.
    assert days.in_period(speech(per="term"), date(2025, 12, 9), DEFAULT) == 17 * 5 - 5
    assert days.in_period(speech(per="term"), date(2026, 1, 9), DEFAULT) is None


def test_a_shorter_day_weighs_half_where_the_convention_says_so():
    days = days_of(profile(calendar(half_days=["2025-12-19"])))

    assert days.in_period(speech(), date(2025, 12, 15), DEFAULT) == 5
    assert days.in_period(speech(), date(2025, 12, 15), Convention(half_day=HALF)) == Fraction(9, 2)


def test_beyond_the_school_year_every_weekday_counts_but_for_days_off():
    text = speech(extended_school_year=True, starts_on="2026-06-29", ends_on="2026-07-24")

    assert days_of(profile()).in_period(text, date(2026, 7, 1), DEFAULT) == 5
    assert days_of(profile()).bounds(speech(per="year", extended_school_year=True, starts_on="2026-06-29",
                                            ends_on="2026-07-24"), date(2026, 7, 1)) == (
        date(2026, 6, 29), date(2026, 7, 24),
    )  # fmt: skip


def test_a_school_week_runs_from_monday_to_sunday():
    assert monday_of(date(2025, 12, 14)) == date(2025, 12, 8)
    assert monday_of(date(2025, 12, 8)) == date(2025, 12, 8)
