"""School days as the district last said them: any day on which children attend for instruction (34 CFR 300.11).

For each school year the calendar recorded last holds, also for days before it was recorded. For a school year of which
no calendar is known every day from Monday to Friday is taken for a school day, and the answer says so.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cached_property
from typing import Protocol
from uuid import UUID

from contracts.district import DistrictProfileSet, SchoolYear
from contracts.streams import YEAR_TURNS_IN, school_year
from contracts.vocabulary import Period

ONE_DAY = timedelta(days=1)
LAST_WEEKDAY = 5


class SaidCalendar(Protocol):
    """A district profile, and the event that said it."""

    @property
    def event_id(self) -> UUID: ...

    @property
    def profile(self) -> DistrictProfileSet: ...


class SchoolDays:
    """The days of the school years a question is about."""

    def __init__(self, profiles: Iterable[SaidCalendar] = ()) -> None:
        self._years: dict[str, tuple[SchoolYear, ...]] = {}
        self._said_by: dict[str, UUID] = {}
        self._counted: dict[tuple[Period, date], int] = {}
        for known in profiles:
            by_label: dict[str, tuple[SchoolYear, ...]] = {}
            for year in known.profile.calendar:
                label = school_year(year.first_on)
                by_label[label] = (*by_label.get(label, ()), year)
            self._years |= by_label
            self._said_by |= dict.fromkeys(by_label, known.event_id)

    @cached_property
    def said_by(self) -> dict[str, UUID]:
        """For each school year of which a calendar is known the event that said it."""
        return dict(self._said_by)

    def is_one(self, day: date) -> bool:
        """Children attend for instruction on ``day``."""
        years = self._years.get(school_year(day))
        if years is None:
            return day.isoweekday() <= LAST_WEEKDAY
        return any(
            year.first_on <= day <= year.last_on
            and day.isoweekday() in year.weekdays
            and day not in year.days_off
            for year in years
        )

    def in_period(self, period: Period, day: date) -> int | None:
        """How many school days the day, week, month or school year of ``day`` has; ``None`` for a term.

        The calendar does not say when terms begin and end.
        """
        if period is Period.TERM:
            return None
        first, after = bounds_of(period, day)
        if (period, first) not in self._counted:
            days = (first + ONE_DAY * n for n in range((after - first).days))
            self._counted[period, first] = sum(1 for each in days if self.is_one(each))
        return self._counted[period, first]


def monday_of(day: date) -> date:
    """The first day of the school week: weeks run from Monday to Sunday."""
    return day - ONE_DAY * (day.isoweekday() - 1)


def bounds_of(period: Period, day: date) -> tuple[date, date]:
    """The period's first day, and the first day after it."""
    match period:
        case Period.DAY:
            return day, day + ONE_DAY
        case Period.WEEK:
            return monday_of(day), monday_of(day) + 7 * ONE_DAY
        case Period.MONTH:
            first = day.replace(day=1)
            return first, (first + 31 * ONE_DAY).replace(day=1)
        case _:
            turned = day.year if day.month >= YEAR_TURNS_IN else day.year - 1
            return date(turned, YEAR_TURNS_IN, 1), date(turned + 1, YEAR_TURNS_IN, 1)
