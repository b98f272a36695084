"""The sample district's school years."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Year:
    """A school year: Monday to Friday but for the days off."""

    first: date
    last: date
    off: tuple[date, ...]

    def school_days(self) -> Iterator[date]:
        """Every day on which children attend."""
        day = self.first
        while day <= self.last:
            if day.weekday() < 5 and day not in self.off:
                yield day
            day += timedelta(days=1)

    def body(self) -> dict[str, Any]:
        """As the district's profile carries it."""
        return {
            "first_on": self.first.isoformat(), "last_on": self.last.isoformat(),
            "days_off": [day.isoformat() for day in self.off],
        }  # fmt: skip


def school_year(begins: int) -> Year:
    """The year that begins in August of ``begins``, with the usual breaks."""

    def days(first: date, count: int = 1) -> list[date]:
        return [first + timedelta(days=n) for n in range(count)]

    off = [
        *days(_monday(begins, 9, 1)), *days(_monday(begins, 10, 2)), *days(date(begins, 11, 11)),
        *days(_thursday(begins, 11, 4), 2), *days(date(begins, 12, 22), 12), *days(_monday(begins + 1, 1, 3)),
        *days(_monday(begins + 1, 2, 3), 5), *days(_monday(begins + 1, 4, 1), 5), *days(_monday(begins + 1, 5, 4)),
    ]  # fmt: skip
    first = _monday(begins, 8, 4)
    last = _monday(begins + 1, 6, 2) + timedelta(days=4)
    return Year(first, last, tuple(sorted(day for day in off if first <= day <= last)))


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _monday(year: int, month: int, nth: int) -> date:
    return _nth(year, month, 0, nth)


def _thursday(year: int, month: int, nth: int) -> date:
    return _nth(year, month, 3, nth)
