"""Counting a time of the law from its day 0: calendar days, the district's own school days, months, years (34 CFR 300.11).

Where the district's calendar does not reach, Monday to Friday count as school days and no break is known of: the day that
is found may be too early, never too late, and says so. A waiting time is another matter: see `contracts.notice_time`.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.district import SchoolYear
from contracts.notice_time import ONE_DAY, is_school_day
from contracts.rule_profile import Due

COUNTABLE = ("calendar", "school", "school_working", "month", "year")
"""Kinds of day that can be counted; ``school_working`` as the district's school days. No list of holidays is known here."""
SCHOOL_KINDS = frozenset({"school", "school_working"})
FRIDAY = 5

_ABSENCE = re.compile(r"absence>=(\d+)")
_BREAK = re.compile(r"break>(\d+)s")


@dataclass(frozen=True, slots=True)
class Pauses:
    """What a time does not run on, or is prolonged by."""

    break_over: int | None = None
    """Days of a break of more than so many school days are not counted."""
    absences_from: int | None = None
    """So many school days of absence, or more, prolong it by as many."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The last day of a time."""

    on: date
    beyond_calendar: bool = False
    """The district's calendar did not reach: it may be later than this day."""


def pauses_of(extends: Sequence[str]) -> tuple[Pauses, tuple[str, ...]]:
    """What a profile says in ``extends``, and those of its words that mean nothing here."""
    absence, a_break = (
        next((int(found[1]) for each in extends if (found := meant.fullmatch(each))), None)
        for meant in (_ABSENCE, _BREAK)
    )
    unknown = tuple(each for each in extends if not (_ABSENCE.fullmatch(each) or _BREAK.fullmatch(each)))
    return Pauses(a_break, absence), unknown


def count_from(
    day: date, due: Due, calendar: Sequence[SchoolYear] = (), *, break_over: int | None = None
) -> Counted:
    """The day on which ``due`` has passed since ``day``, which is day 0; with a count below zero, so long before it."""
    if due.kind in ("month", "year"):
        return Counted(_months_after(day, due.count * (12 if due.kind == "year" else 1)))
    if due.kind == "calendar" and break_over is None:
        return Counted(day + timedelta(days=due.count))
    step = ONE_DAY if due.count >= 0 else -ONE_DAY
    first, last = _known(calendar, day)
    paused = frozenset(_in_breaks(calendar, break_over)) if break_over is not None else frozenset()
    left, beyond = abs(due.count), False
    while left:
        day += step
        known = first <= day <= last
        beyond = beyond or not known
        left -= _counts(due, calendar, day, paused, known=known)
    return Counted(day, beyond)


def _counts(
    due: Due, calendar: Sequence[SchoolYear], day: date, paused: frozenset[date], *, known: bool
) -> bool:
    if day in paused:
        return False
    if due.kind not in SCHOOL_KINDS:
        return True
    return is_school_day(calendar, day) if known else day.isoweekday() <= FRIDAY


def _known(calendar: Sequence[SchoolYear], day: date) -> tuple[date, date]:
    if not calendar:
        return day, day
    return min(year.first_on for year in calendar), max(year.last_on for year in calendar)


def _in_breaks(calendar: Sequence[SchoolYear], over: int) -> Iterator[date]:
    """The days of every longer break, from its first Monday-to-Friday day to its last: weekends beside it count."""
    first, last = _known(calendar, date.min)
    run: list[date] = []
    day = first
    while day <= last:
        if not is_school_day(calendar, day):
            run.append(day)
        else:
            yield from _longer(run, over)
            run = []
        day += ONE_DAY


def _longer(run: Sequence[date], over: int) -> Iterator[date]:
    week = [day for day in run if day.isoweekday() <= FRIDAY]
    if len(week) > over:
        yield from (day for day in run if week[0] <= day <= week[-1])


def _months_after(day: date, months: int) -> date:
    """Where the month has no such day, its last."""
    months += day.month - 1
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
