"""How a goal stands against its steps: 20, 40, 60 objects by 31 December, 15 March, 15 June (34 CFR 300.320(a)(2)-(3)).

On each step's date, once it has come: *behind* when its criterion was not met by then; *ahead* when the latest result
was at least half way to the next step; *on track* between the two; *unmeasured* when nothing was measured since the step
before. Half way beyond the last step is half the way from the step before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from contracts.fields import ItemId
from contracts.goals.criterion import Criterion, criterion_of, in_order
from contracts.goals.results import Result
from contracts.items import Goal, Objective
from contracts.vocabulary import GoalStanding

POINTS_FOR_A_PICTURE = 3
"""Fewer points than this make no picture: two always lie on a line."""


Standing = GoalStanding
"""How a step, or the goal as a whole, stands."""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the goal's dated steps, or the goal itself."""

    item: Goal | Objective
    criterion: Criterion
    due_on: date


@dataclass(frozen=True, slots=True)
class StepProgress:
    """How a step stands on the day asked about."""

    step: Step
    standing: Standing
    latest: Result | None
    """The last result by then."""
    completed_by: Result | None
    """The result that met the step's criterion."""


@dataclass(frozen=True, slots=True)
class GoalProgress:
    """How the goal stands on the day asked about."""

    item: Goal | Objective
    on: date
    baseline: Decimal | None
    """The goal's."""
    standing: Standing
    points: tuple[Result, ...]
    left_out: tuple[Result, ...]
    """Results in another unit, which cannot be compared."""
    steps: tuple[StepProgress, ...]
    expected: Fraction | None
    """Where the line from the baseline through the steps stood on the day of the latest result."""
    aim: tuple[tuple[date, Fraction], ...] = ()
    """That line: from the baseline through the steps, a height for each of its days."""
    phases: tuple[tuple[date, str], ...] = ()
    """Days on which the plan changed since it began, and what changed."""

    @property
    def enough_for_a_picture(self) -> bool:
        """There are points enough to draw."""
        return len(self.points) >= POINTS_FOR_A_PICTURE


def steps_of(item: Goal | Objective, goal: Goal | None, objectives: Iterable[Objective]) -> tuple[Step, ...]:
    """A goal's objectives in the order of their dates, and the goal itself where it asks for more or later.

    An objective asked about by itself is its own only step.
    """
    of: list[Goal | Objective] = [item] if isinstance(item, Objective) else [*objectives, item]
    found: list[Step] = []
    for each in of:
        criterion = criterion_of(each, goal)
        if criterion is not None and each.due_on is not None:
            found.append(Step(each, criterion, each.due_on))
    found.sort(key=lambda step: (step.due_on, isinstance(step.item, Goal)))
    last_but_one = found[-2:-1]
    if last_but_one and isinstance(found[-1].item, Goal) and _same(last_but_one[0], found[-1]):
        found.pop()
    return tuple(found)


def _same(objective: Step, goal: Step) -> bool:
    """The last objective asks for what the goal asks for, on the same day."""
    return objective.due_on == goal.due_on and objective.criterion.target == goal.criterion.target


def goal_progress(
    item: Goal | Objective,
    goal: Goal | None,
    objectives: Iterable[Objective],
    begun_on: date | None,
    results: Iterable[Result],
    on: date,
    phases: Iterable[tuple[date, str]] = (),
) -> GoalProgress:
    """How ``item`` stands on ``on``; ``goal`` is the goal itself or that of the objective.

    ``begun_on`` is the day from which the goal binds: where the line begins at the baseline. Every result counts that is
    in the goal's unit, taken for the goal or for one of its objectives.
    """
    steps = steps_of(item, goal, objectives)
    unit = steps[-1].criterion.unit if steps else item.unit
    counting = in_order(result for result in results if result.counts and result.measured_on <= on)
    measures = Criterion(Decimal(0), unit).measures
    points = [result for result in counting if measures(result)]
    baseline = goal.baseline if goal is not None else None
    told = tuple(_step_progress(steps, number, baseline, points, on) for number in range(len(steps)))
    aim = _anchors(begun_on, baseline, steps)
    expected = expected_on(aim, points[-1].measured_on) if points else None
    return GoalProgress(
        item=item,
        on=on,
        baseline=baseline,
        standing=_standing(told, points, expected, on),
        points=tuple(points),
        left_out=tuple(result for result in counting if not measures(result)),
        steps=told,
        expected=expected,
        aim=tuple(aim),
        phases=tuple(sorted((day, what) for day, what in phases if day <= on)),
    )


def _step_progress(
    steps: Sequence[Step], number: int, baseline: Decimal | None, points: Sequence[Result], on: date
) -> StepProgress:
    step = steps[number]
    by_then = [point for point in points if point.measured_on <= step.due_on]
    latest = by_then[-1] if by_then else None
    completed_by = step.criterion.completed_by(by_then)
    before = steps[number - 1].due_on if number else None
    standing = Standing.ON_TRACK
    if completed_by is None:
        if on < step.due_on:
            standing = Standing.UPCOMING
        elif latest is None or (before is not None and latest.measured_on <= before):
            standing = Standing.UNMEASURED
        else:
            standing = Standing.BEHIND
    elif latest is not None and _beyond(
        latest.value, _half_way(steps, number, baseline), step.criterion.falling
    ):
        standing = Standing.AHEAD
    return StepProgress(step, standing, latest, completed_by)


def _half_way(steps: Sequence[Step], number: int, baseline: Decimal | None) -> Fraction:
    """From this step half way to the next; after the last one by half of what it asked for beyond the one before."""
    target = Fraction(steps[number].criterion.target)
    if number + 1 < len(steps):
        return (target + Fraction(steps[number + 1].criterion.target)) / 2
    before = steps[number - 1].criterion.target if number else baseline
    return target + (target - Fraction(before)) / 2 if before is not None else target


def _beyond(value: Decimal, mark: Fraction, falling: bool) -> bool:
    return Fraction(value) <= mark if falling else Fraction(value) >= mark


def _anchors(
    begun_on: date | None, baseline: Decimal | None, steps: Sequence[Step]
) -> list[tuple[date, Fraction]]:
    start = [(begun_on, Fraction(baseline))] if begun_on is not None and baseline is not None else []
    later = [(step.due_on, Fraction(step.criterion.target)) for step in steps]
    return [*start, *(anchor for anchor in later if not start or anchor[0] > start[0][0])]


def expected_on(anchors: Sequence[tuple[date, Fraction]], day: date) -> Fraction | None:
    """The aim line's height on ``day``: straight from anchor to anchor, level after the last."""
    if not anchors or day < anchors[0][0]:
        return None
    for (first, low), (last, high) in pairwise(anchors):
        if day <= last:
            return low + (high - low) * Fraction((day - first).days, (last - first).days or 1)
    return anchors[-1][1]


def _standing(
    steps: Sequence[StepProgress], points: Sequence[Result], expected: Fraction | None, on: date
) -> Standing:
    """As a whole: as the last step stands whose date has come; before the first one, by the aim line."""
    come = [step for step in steps if step.step.due_on <= on]
    if come:
        return come[-1].standing
    if not points:
        return Standing.UNMEASURED
    if any(step.standing is Standing.AHEAD for step in steps):
        return Standing.AHEAD
    if expected is None or not steps:
        return Standing.UPCOMING
    falling = steps[0].step.criterion.falling
    return Standing.ON_TRACK if _beyond(points[-1].value, expected, falling) else Standing.BEHIND


def ids_of(item: Goal | Objective, objectives: Iterable[Objective]) -> list[ItemId]:
    """The items whose results count for ``item``."""
    return (
        [item.id] if isinstance(item, Objective) else [item.id, *(objective.id for objective in objectives)]
    )
