"""Which days are school days. Pure: no database, no clock."""

from datetime import date

from contracts.school_days import SchoolDays, monday_of
from contracts.testing import an_id
from contracts.vocabulary import Period
from progress_service.domain.known import KnownProfile
from progress_service.testing_promises import calendar, profile


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


def test_a_period_s_school_days_are_those_of_the_whole_period():
    days = days_of(profile())

    assert days.in_period(Period.WEEK, date(2025, 11, 26)) == 3, "Thanksgiving: Monday to Wednesday"
    assert days.in_period(Period.MONTH, date(2025, 12, 9)) == 15, "1 to 19 December"
    assert days.in_period(Period.DAY, date(2025, 12, 24)) == 0
    assert days.in_period(Period.TERM, date(2025, 12, 9)) is None, (
        "the calendar does not say when terms begin"
    )
    # 42 weeks from 25 August to 12 June are 210 weekdays; 27 of them are off.
    assert days.in_period(Period.YEAR, date(2025, 12, 9)) == 183


def test_a_school_week_runs_from_monday_to_sunday():
    assert monday_of(date(2025, 12, 14)) == date(2025, 12, 8)
    assert monday_of(date(2025, 12, 8)) == date(2025, 12, 8)
