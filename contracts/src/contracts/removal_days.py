"""Counting removed school days by the district's calendar: 34 CFR 300.11, 300.530(b)-(g), 300.536.

A day removed for part of it counts as half. Days without school neither count nor break a run of consecutive days.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from contracts.district import SchoolYear
from contracts.notice_time import is_school_day, school_days_after

TEN = Decimal(10)
"""School days of removal in a year, and in a row, up to which nothing is a change of placement."""
REVIEW_DAYS = 10
"""School days from the decision to the manifestation determination, 300.530(e)(1)."""
LONGEST_ELSEWHERE = 45
"""School days in an interim setting for weapons, drugs or serious injury, 300.530(g)."""
WHOLE, HALF = Decimal(1), Decimal("0.5")


class Removal(Protocol):
    """A removal from the placement, both days inclusive."""

    @property
    def starts_on(self) -> date: ...

    @property
    def last_on(self) -> date: ...

    @property
    def part_days(self) -> Collection[date]: ...

    @property
    def counts(self) -> bool: ...


def removed_days(removals: Iterable[Removal], calendar: Sequence[SchoolYear]) -> dict[date, Decimal]:
    """Each school day on which the student was removed, and how much of it; in their order. Two removals are one day."""
    found: dict[date, Decimal] = {}
    for removal in removals:
        if not removal.counts:
            continue
        for later in range((removal.last_on - removal.starts_on).days + 1):
            day = removal.starts_on + timedelta(days=later)
            if is_school_day(calendar, day):
                part = HALF if day in removal.part_days else WHOLE
                found[day] = max(part, found.get(day, part))
    return dict(sorted(found.items()))


def total_days(removals: Iterable[Removal], calendar: Sequence[SchoolYear], on: date) -> Decimal:
    """The school days removed in the school year of ``on``, up to that day."""
    year = school_year_of(calendar, on)
    if year is None:
        return Decimal(0)
    days = removed_days(removals, calendar)
    return sum((part for day, part in days.items() if year.first_on <= day <= on), Decimal(0))


def most_in_a_row(removals: Iterable[Removal], calendar: Sequence[SchoolYear]) -> Decimal:
    """The longest run of consecutive school days removed."""
    longest = run = Decimal(0)
    before: date | None = None
    for day, part in removed_days(removals, calendar).items():
        follows = before is not None and school_days_after(calendar, before, 1) == day
        run = run + part if follows else part
        longest, before = max(longest, run), day
    return longest


def eleventh_day(removals: Iterable[Removal], calendar: Sequence[SchoolYear], on: date) -> date | None:
    """The day in the school year of ``on`` on which more than ten are reached: from then on services are owed (300.530(d))."""
    year = school_year_of(calendar, on)
    if year is None:
        return None
    so_far = Decimal(0)
    for day, part in removed_days(removals, calendar).items():
        if year.first_on <= day <= year.last_on:
            so_far += part
            if so_far > TEN:
                return day
    return None


def review_due_on(decided_on: date, calendar: Sequence[SchoolYear]) -> date | None:
    """Ten school days after the decision; ``None`` where the calendar does not reach far enough, or back enough."""
    if not any(year.first_on <= decided_on for year in calendar):
        return None
    return school_days_after(calendar, decided_on, REVIEW_DAYS)


def school_year_of(calendar: Sequence[SchoolYear], day: date) -> SchoolYear | None:
    """The school year ``day`` is in."""
    return next((year for year in calendar if year.first_on <= day <= year.last_on), None)
