"""The first day on which a change may bind after a prior written notice: the state's time and the district's, both kept."""

from collections.abc import Sequence
from datetime import date, timedelta

from contracts.district import DistrictProfileSet, SchoolYear
from contracts.rule_profile import Due, RuleProfiles, RuleSetNotShipped, resolve

ONE_DAY = timedelta(days=1)


def first_day_of_change(
    given_on: date, notice_days: int, state: Due | None, calendar: Sequence[SchoolYear]
) -> date | None:
    """The later of both; ``None`` where the calendar does not reach far enough to say.

    The day of the notice is day 0 (34 CFR 300.11). ``notice_days`` are the district's own, in calendar days.
    """
    district = given_on + ONE_DAY * notice_days
    if state is None:
        return district
    count = abs(state.count)
    if state.kind != "school":
        return max(district, given_on + ONE_DAY * count)
    reached = school_days_after(calendar, given_on, count)
    return max(district, reached) if reached else None


def notice_time_of(profile: DistrictProfileSet, day: date, known: RuleProfiles) -> tuple[int, int]:
    """The calendar days and the school days that a letter of ``day`` tells: the district's and its state's.

    Under rules that are not shipped the district's own alone: the letter goes out, and nobody decides by them.
    """
    try:
        state = resolve(profile.state_profile, day, known).rule("idea.pwn-before").due
    except RuleSetNotShipped:
        state = None
    if state is None:
        return profile.notice_days, 0
    count = abs(state.count)
    return (profile.notice_days, count) if state.kind == "school" else (max(profile.notice_days, count), 0)


def school_days_after(calendar: Sequence[SchoolYear], day: date, count: int) -> date | None:
    """The day on which ``count`` school days have come after ``day``; ``None`` where no calendar says.

    Between two school years no day counts. After the last one known nothing is taken for granted.
    """
    last_known = max((year.last_on for year in calendar), default=day)
    left = count
    while left and day < last_known:
        day += ONE_DAY
        left -= is_school_day(calendar, day)
    return None if left else day


def is_school_day(calendar: Sequence[SchoolYear], day: date) -> bool:
    """Children attend for instruction on ``day``, 34 CFR 300.11; a half day is one."""
    return any(
        year.first_on <= day <= year.last_on
        and day.isoweekday() in year.weekdays
        and day not in year.days_off
        for year in calendar
    )
