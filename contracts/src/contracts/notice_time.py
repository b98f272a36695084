"""The first day on which a change may bind after a prior written notice: the state's time and the district's, both kept."""

from collections.abc import Sequence
from datetime import date, timedelta

from contracts.district import SchoolYear
from contracts.rule_profile import Due

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
