"""What a goal or objective asks for, as a number that results are held against (34 CFR 300.320(a)(2)-(3)).

A criterion is of the usual kinds: a count, a percentage, trials correct of those attempted, a point on a rating scale, a
duration, a level of help. All come to a number in the item's unit; so many of the last results must reach the target.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from contracts.fields import Measure
from contracts.goals.results import Result
from contracts.items import AnyItem, Goal, Objective
from contracts.vocabulary import MeasureKind


@dataclass(frozen=True, slots=True)
class Criterion:
    """What the item asks for: so many of the last results, in its unit, that reach the target."""

    target: Measure
    unit: str | None = None
    results_needed: int = 1
    falling: bool = False
    """The target lies below the baseline: a result must come down to it."""
    results_of: int | None = None
    """Of how many results in a row they must be; absent: all of them."""
    said: str | None = None
    """The plan's own words for it."""

    @property
    def in_words(self) -> str:
        """The plan's own words; where it has none, what is counted."""
        return self.said or self.as_counted

    @property
    def as_counted(self) -> str:
        """What is counted: ``at least 80 percent in 4 of 5 results in a row``."""
        limit = "at most" if self.falling else "at least"
        run = ""
        if self.results_needed > 1:
            of = self.results_of if self.results_of and self.results_of > self.results_needed else None
            run = f" in {self.results_needed}{f' of {of}' if of else ''} results in a row"
        return f"{limit} {plain_number(self.target)}{f' {self.unit}' if self.unit else ''}{run}"

    def reached_by(self, value: Measure) -> bool:
        """The value is at the target or beyond it."""
        return value <= self.target if self.falling else value >= self.target

    def measures(self, result: Result) -> bool:
        """The result counts and is in the criterion's unit."""
        return result.counts and (self.unit is None or same_unit(result.unit, self.unit))

    def completed_by(self, results: Iterable[Result]) -> Result | None:
        """The result that completes the run: the first, by day, with as many before it as are needed."""
        last: deque[bool] = deque(maxlen=max(self.results_of or 0, self.results_needed))
        for result in in_order(result for result in results if self.measures(result)):
            last.append(self.reached_by(result.value))
            if last[-1] and sum(last) >= self.results_needed:
                return result
        return None

    def stands(self, result: Result, results: Iterable[Result]) -> bool:
        """With ``result`` the run is still complete, also without what was struck through since."""
        known = list(results)
        until = [each for each in known if each.measured_on <= result.measured_on]
        return any(each.id == result.id for each in known) and self.completed_by(until) is not None


def plain_number(value: Decimal) -> str:
    """Without an exponent or zeros behind the point."""
    written = format(value, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def criterion_of(item: AnyItem | None, goal: Goal | None = None) -> Criterion | None:
    """What a goal or objective asks for; ``None`` where it names no target.

    An objective falls when its goal does: the goal's target lies below its baseline.
    """
    if not isinstance(item, Goal | Objective) or item.target is None:
        return None
    of = item if isinstance(item, Goal) else goal
    falling = of is not None and of.baseline is not None and of.target is not None and of.target < of.baseline
    if of is not None and of.baseline is None and of.measured_as is MeasureKind.PROMPTING:
        falling = True
    unit = item.unit or (goal.unit if goal is not None else None)
    said = item.criterion if isinstance(item, Goal) else None
    return Criterion(item.target, unit, item.results_needed or 1, falling, item.results_of, said)


def same_unit(one: str, other: str) -> bool:
    """Units are the plan's own words; capitals and blanks around them make no difference."""
    return one.strip().casefold() == other.strip().casefold()


def in_order(results: Iterable[Result]) -> list[Result]:
    """By the day they were taken; of one day in the order in which they were recorded."""
    return sorted(results, key=lambda result: result.measured_on)
