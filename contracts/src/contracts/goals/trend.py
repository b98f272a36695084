"""Where a goal's results lead, by Theil and Sen: the median of the slopes between every two results.

A line by least squares bends towards one bad day; the median of all slopes does not (up to 29 percent of the results may be
wrong). H. Theil, 1950; P. K. Sen, Journal of the American Statistical Association 63 (1968) 1379-1389. The medians are the
standard library's over exact fractions, so that the same results give the same line for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import combinations
from statistics import median

from contracts.goals.results import Result

METHOD = "Theil-Sen: the median of the slopes between every two results"
MOST_POINTS = 250
"""Of more results the latest count: slopes grow with the square."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through results."""

    slope: Fraction
    """Units a day."""
    height: Fraction
    """At ``since``."""
    since: date

    def on(self, day: date) -> Fraction:
        """The line's height on ``day``."""
        return self.height + self.slope * (day - self.since).days


def trend_of(points: Sequence[Result]) -> Trend | None:
    """The line; ``None`` where all results are of one day, or there are none."""
    latest = points[-MOST_POINTS:]
    placed = [(point.measured_on.toordinal(), Fraction(point.value)) for point in latest]
    slopes = [
        (after - before) / (later - earlier)
        for (earlier, before), (later, after) in combinations(placed, 2)
        if later != earlier
    ]
    if not slopes:
        return None
    slope = median(slopes)
    first = placed[0][0]
    height = median([value - slope * (day - first) for day, value in placed])
    return Trend(slope, height, date.fromordinal(first))
