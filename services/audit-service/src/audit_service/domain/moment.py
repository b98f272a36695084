"""The two times of every question: effective D and known K; and the basis that lets an answer be given again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.canonical import parse_instant
from contracts.problems import Invalid, Reason
from contracts.vocabulary import ServiceName

SOURCES = tuple(service.value for service in ServiceName)
YEARS_AHEAD = 5
"""A reevaluation is due within three years; what is asked beyond that costs time and tells nothing."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked about: the day, what was known when, and how far each log may be read.

    ``known_at`` absent: everything there is. ``basis`` absent: every log as far as it reaches; a log that a given basis
    does not name is not read at all.
    """

    effective_on: date
    known_at: datetime | None = None
    basis: Mapping[str, int] | None = None


def read_day(text: str | None, today: date, *, field: str = "effective_on") -> date:
    """``2026-03-09``; without it today."""
    if not text:
        return today
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _unreadable(field, "a date like 2026-03-09") from error


def day_asked(day: date, today: date, *, field: str = "effective_on") -> date:
    """The day, unless it lies further ahead than anything is judged: a plan without an end owes something on every day."""
    last = date(today.year + YEARS_AHEAD, 12, 31)
    if day > last:
        reason = Reason("too-far-ahead", f"a day up to {last}", pointer=f"/{field}")
        raise Invalid(f"Nothing is judged further ahead than {last}.", reasons=(reason,))
    return day


def in_order(from_on: date | None, to_on: date | None) -> None:
    """Raises `Invalid` for a span that ends before it begins."""
    if from_on is not None and to_on is not None and to_on < from_on:
        reason = Reason("ends-before-it-begins", f"a day from {from_on} on", pointer="/to_on")
        raise Invalid(f"The days are in the wrong order: {to_on} is before {from_on}.", reasons=(reason,))


def within(basis: Mapping[str, int] | None, sizes: Mapping[str, int]) -> None:
    """Raises `Invalid` for a basis that no answer can have named: entries beyond those known here."""
    beyond = [source for source, last in (basis or {}).items() if last >= sizes.get(source, 0)]
    if beyond:
        known = basis_text({source: size - 1 for source, size in sizes.items() if size}) or "nothing"
        reason = Reason(
            "beyond-the-log", f"what an earlier answer named; known here is {known}", pointer="/basis"
        )
        raise Invalid(
            f"The basis reaches further than what is known here ({', '.join(beyond)}).", reasons=(reason,)
        )


def read_known(text: str | None, zone: str, *, field: str = "known_at") -> datetime | None:
    """An instant with its offset, or a date, which means the end of that day in the district's zone."""
    if not text:
        return None
    try:
        if len(text) == len("2026-03-09"):
            last = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), ZoneInfo(zone))
            return last - timedelta(microseconds=1)
        moment = parse_instant(text)
        if moment.tzinfo is None:
            raise ValueError("an instant needs its offset")
        return moment
    except (ValueError, OverflowError) as error:
        expected = "a date like 2026-03-09 or an instant like 2026-03-09T15:04:05Z"
        raise _unreadable(field, expected) from error


def read_basis(text: str | None) -> dict[str, int] | None:
    """``plan:120,notify:33``: the last index of each log used."""
    if not text:
        return None
    found: dict[str, int] = {}
    for part in text.split(","):
        source, _, index = part.partition(":")
        if source not in SOURCES or source in found or not index.isascii() or not index.isdigit():
            raise _unreadable("basis", "the last index of each log, like plan:120,notify:33")
        found[source] = min(int(index), 2**62)
    return found


def basis_text(basis: Mapping[str, int]) -> str:
    """As `read_basis` reads it; sources in one order for ever."""
    return ",".join(f"{source}:{basis[source]}" for source in SOURCES if source in basis)


def read_state(text: str, today: date, zone: str, *, field: str) -> Moment:
    """One side of a diff: ``D`` or ``D,K``."""
    day, _, known = text.partition(",")
    return Moment(
        day_asked(read_day(day, today, field=field), today, field=field), read_known(known, zone, field=field)
    )


def _unreadable(field: str, expected: str) -> Invalid:
    return Invalid(
        "A date or basis could not be read.", reasons=(Reason("unreadable", expected, pointer=f"/{field}"),)
    )


def basis_of(entries: Any) -> dict[str, int]:
    """The last index of each log among entries that have ``source`` and ``index``."""
    found: dict[str, int] = {}
    for entry in entries:
        if entry.index is not None:
            found[entry.source] = max(found.get(entry.source, -1), entry.index)
    return found
