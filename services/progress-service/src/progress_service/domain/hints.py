"""Hints for a decision, commonly used in progress monitoring: what the results suggest, never what must be done.

How many results a rule needs is part of it; with fewer, nothing is hinted and the answer says so. No law sets these numbers.
- The last four results against the aim line, of six at least: IRIS Center, Peabody College, Vanderbilt University, "Analyzing
  Progress Monitoring Data: Four-Point Method" (six weeks, or six data points where they come more often). States word it so
  too: Iowa Department of Education, "Progress Monitoring Procedures" (four consecutive points below the line).
- The trend against the aim line, of eight at least, and the median of the last three: common rules of practice. Published
  counts differ (an Iowa education agency asks for seven to twelve), so these are no more than a beginning.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from statistics import median

from contracts.goals.progress import GoalProgress, expected_on
from contracts.goals.results import Result
from contracts.goals.trend import trend_of

FOUR_POINT_SOURCE = "IRIS Center, Vanderbilt University: Four-Point Method (of six results or more)"
PRACTICE = "a common rule of practice; published counts differ"
FOUR_POINT_NEEDS, TREND_NEEDS, MEDIAN_NEEDS = 6, 8, 3


class HintCode(StrEnum):
    """What the results suggest."""

    FOUR_BELOW = "four_below"
    FOUR_ABOVE = "four_above"
    TREND_FALLS_SHORT = "trend_falls_short"
    TREND_REACHES = "trend_reaches"
    MEDIAN_BELOW = "median_below"
    MEDIAN_ABOVE = "median_above"


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint, in words, with its source and the results it rests on."""

    code: HintCode
    says: str
    rests_on: tuple[Result, ...]
    source: str = PRACTICE


@dataclass(frozen=True, slots=True)
class Hints:
    """What is hinted, and which rules had too few results to speak."""

    found: tuple[Hint, ...]
    silent: tuple[str, ...]


def hints_of(progress: GoalProgress) -> Hints:
    """Every hint that the results since the plan last changed give."""
    since = max((day for day, _ in progress.phases), default=None)
    points = [point for point in progress.points if since is None or point.measured_on >= since]
    falling = bool(progress.steps) and progress.steps[0].step.criterion.falling
    found: list[Hint] = []
    silent: list[str] = []
    if not progress.aim:
        return Hints((), ("There is no line to aim at: the goal names no baseline, target or date.",))
    for name, needs, rule in (
        ("last four results", FOUR_POINT_NEEDS, _four_points),
        ("trend", TREND_NEEDS, _trend),
        ("median of the last three", MEDIAN_NEEDS, _median),
    ):
        if len(points) < needs:
            changed = " since the plan changed" if since is not None else ""
            silent.append(
                f"The {name} cannot be judged: {needs} results are needed{changed}, there are {len(points)}."
            )
        else:
            found += rule(progress, points, falling)
    return Hints(tuple(found), tuple(silent))


def _short(value: Fraction, line: Fraction, falling: bool) -> bool:
    """The value lies on the wrong side of the line."""
    return value > line if falling else value < line


def _sides(progress: GoalProgress, points: Sequence[Result], falling: bool) -> list[bool | None]:
    """Of each result whether it falls short of the line; ``None`` on it, or before it begins."""
    sides: list[bool | None] = []
    for point in points:
        line = expected_on(progress.aim, point.measured_on)
        value = Fraction(point.value)
        sides.append(None if line is None or value == line else _short(value, line, falling))
    return sides


def _four_points(progress: GoalProgress, points: Sequence[Result], falling: bool) -> Iterator[Hint]:
    last = points[-4:]
    sides = _sides(progress, last, falling)
    if all(side is True for side in sides):
        says = "The last four results all fall short of the aim line: think of changing how it is taught."
        yield Hint(HintCode.FOUR_BELOW, says, tuple(last), FOUR_POINT_SOURCE)
    elif all(side is False for side in sides):
        says = "The last four results are all better than the aim line: think of a higher goal."
        yield Hint(HintCode.FOUR_ABOVE, says, tuple(last), FOUR_POINT_SOURCE)


def _trend(progress: GoalProgress, points: Sequence[Result], falling: bool) -> Iterator[Hint]:
    line, due_on, target = trend_of(points), progress.item.due_on, progress.item.target
    if line is None or due_on is None or target is None:
        return
    if _short(line.on(due_on), Fraction(target), falling):
        says = f"At this pace the goal is not reached by {_day(due_on)}: think of changing how it is taught."
        yield Hint(HintCode.TREND_FALLS_SHORT, says, tuple(points))
    else:
        says = f"At this pace the goal is reached by {_day(due_on)}."
        yield Hint(HintCode.TREND_REACHES, says, tuple(points))


def _median(progress: GoalProgress, points: Sequence[Result], falling: bool) -> Iterator[Hint]:
    last = points[-3:]
    line = expected_on(progress.aim, last[-1].measured_on)
    middle = median(Fraction(point.value) for point in last)
    if line is None or middle == line:
        return
    if _short(middle, line, falling):
        says = "The median of the last three results falls short of the aim line."
        yield Hint(HintCode.MEDIAN_BELOW, says, tuple(last))
    else:
        says = "The median of the last three results is better than the aim line."
        yield Hint(HintCode.MEDIAN_ABOVE, says, tuple(last))


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
