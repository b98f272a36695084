"""School days as the district last said them: any day on which children attend for instruction (34 CFR 300.11).

For each school year the calendar recorded last holds, also for days before it was recorded. For a school year of which
no calendar is known every day from Monday to Friday is taken for a school day, and the answer says so.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Protocol
from uuid import UUID

from contracts.district import DistrictProfileSet, SchoolYear
from contracts.items import Service
from contracts.minutes_convention import WHOLE, Convention
from contracts.streams import YEAR_TURNS_IN, school_year
from contracts.vocabulary import Period

ONE_DAY = timedelta(days=1)
LAST_WEEKDAY = 5
NONE = Fraction(0)


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
        self._counted: dict[tuple[date, date, Convention, bool], Fraction] = {}
        for known in profiles:
            by_label: dict[str, tuple[SchoolYear, ...]] = {}
            for year in known.profile.calendar:
                label = school_year(year.first_on)
                by_label[label] = (*by_label.get(label, ()), year)
            self._years |= by_label
            self._said_by |= dict.fromkeys(by_label, known.event_id)
        years = [year for of_label in self._years.values() for year in of_label]
        self._off = {day for year in years for day in year.days_off}
        self._half = {day for year in years for day in year.half_days}
        self._closed = {day for year in years for day in year.closures or ()}

    @cached_property
    def said_by(self) -> dict[str, UUID]:
        """For each school year of which a calendar is known the event that said it."""
        return dict(self._said_by)

    def is_one(self, day: date) -> bool:
        """Children attend for instruction on ``day``."""
        return day not in self._off and self._in_session(day)

    def is_closed(self, day: date) -> bool:
        """``day`` was to be a school day, and school was closed."""
        return day in self._closed and self._in_session(day)

    def _in_session(self, day: date) -> bool:
        years = self._years.get(school_year(day))
        if years is None:
            return day.isoweekday() <= LAST_WEEKDAY
        return any(
            year.first_on <= day <= year.last_on and day.isoweekday() in year.weekdays for year in years
        )

    def weight(self, day: date, convention: Convention, *, extended: bool = False) -> Fraction:
        """What the day weighs when a period's minutes are shared out; 0: nothing falls on it.

        ``extended``: for services beyond the school year, given from Monday to Friday but for days off (300.106).
        """
        if extended:
            return WHOLE if day.isoweekday() <= LAST_WEEKDAY and day not in self._off else NONE
        if self.is_one(day):
            return convention.half_day if day in self._half else WHOLE
        return WHOLE if convention.closures_planned and self.is_closed(day) else NONE

    def in_period(self, service: Service, day: date, convention: Convention) -> Fraction | None:
        """What the days of the service's period around ``day`` weigh together.

        ``None`` where the plan names no period, or the calendar no term.
        """
        bounds = self.bounds(service, day)
        if bounds is None:
            return None
        first, last = bounds
        key = first, last, convention, bool(service.extended_school_year)
        if key not in self._counted:
            days = (first + ONE_DAY * n for n in range((last - first).days + 1))
            weights = (self.weight(each, convention, extended=key[3]) for each in days)
            self._counted[key] = sum(weights, NONE)
        return self._counted[key]

    def bounds(self, service: Service, day: date) -> tuple[date, date] | None:
        """First and last day of the service's period around ``day``.

        A term is the calendar's. Beyond the school year, terms and years are the service's own days.
        """
        if service.per is None:
            return None
        period = Period(service.per)
        if period in (Period.DAY, Period.WEEK, Period.MONTH):
            return bounds_of(period, day)
        if service.extended_school_year:
            own = service.starts_on, service.ends_on
            return (own[0], own[1]) if own[0] and own[1] else None
        return self._term_of(day) if period is Period.TERM else bounds_of(period, day)

    def _term_of(self, day: date) -> tuple[date, date] | None:
        terms = [term for year in self._years.get(school_year(day), ()) for term in year.terms or ()]
        return next(
            ((term.first_on, term.last_on) for term in terms if term.first_on <= day <= term.last_on), None
        )

    def between(self, first_on: date, last_on: date) -> int:
        """School days after ``first_on`` until ``last_on``, that day included."""
        return sum(1 for n in range((last_on - first_on).days) if self.is_one(first_on + ONE_DAY * (n + 1)))


def monday_of(day: date) -> date:
    """The first day of the school week: weeks run from Monday to Sunday."""
    return day - ONE_DAY * (day.isoweekday() - 1)


def bounds_of(period: Period, day: date) -> tuple[date, date]:
    """First and last day of the day, week, month or school year of ``day``."""
    match period:
        case Period.DAY:
            return day, day
        case Period.WEEK:
            return monday_of(day), monday_of(day) + 6 * ONE_DAY
        case Period.MONTH:
            first = day.replace(day=1)
            return first, (first + 31 * ONE_DAY).replace(day=1) - ONE_DAY
        case _:
            turned = day.year if day.month >= YEAR_TURNS_IN else day.year - 1
            return date(turned, YEAR_TURNS_IN, 1), date(turned + 1, YEAR_TURNS_IN, 1) - ONE_DAY
