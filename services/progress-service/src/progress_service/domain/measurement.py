"""Taking a measurement of a goal or objective, and knowing when it completes what the plan asks for (300.320(a)(2)-(3)).

A criterion is of the usual kinds: a count, a percentage, trials correct of those attempted, a point on a rating scale, a
duration, a level of help. All come to a number in the item's unit; so many of the last results must reach the target.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from contracts.codes import PROMPT_LEVEL
from contracts.fields import ItemId, Measure, PlanId, StaffId
from contracts.items import AnyItem, Goal, Objective
from contracts.problems import Reason
from contracts.progress import BenchmarkMeasured, MeasurementVoided, ObjectiveMastered, VoidPersonalData
from contracts.values import Reported
from contracts.vocabulary import MeasureKind
from progress_service.domain.item_year import ItemYear, Result
from progress_service.domain.promised_item import REPORT_IT, ItemOnDay
from progress_service.domain.refusals import MeasurementNotExpected, cannot_be_true, settle, wrong_day


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMeasurement:
    """One result, as somebody measured it."""

    measurement_id: UUID
    plan_id: PlanId
    item_id: ItemId
    measured_on: date
    value: Measure | None
    """Absent where trials or a level of help say it."""
    unit: str
    by: StaffId | None = None
    documents: tuple[UUID, ...] | None = None
    external_id: str | None = None
    reported: Reported | None = None
    correct: int | None = None
    attempted: int | None = None
    prompt_level: str | None = None


SIX_PLACES = Decimal("0.000001")
LEVELS = {code: Decimal(number) for number, code in enumerate(PROMPT_LEVEL.labels)}
"""Levels of help from none: a level's number is its place in the list."""


def value_of(command: TakeMeasurement) -> Measure:
    """The result as a number: as it was given, the percentage of trials that were correct, or the level of help."""
    wrong: list[Reason] = []
    said: list[Decimal] = []
    if command.attempted is not None and command.correct is not None:
        if command.correct > command.attempted:
            message = f"{command.correct} correct of {command.attempted} attempted cannot be."
            wrong.append(Reason("more-than-attempted", message, pointer="/correct"))
        said.append(_plain(Decimal(100 * command.correct) / command.attempted))
    elif command.attempted is not None or command.correct is not None:
        message = "Say how many were correct and how many were attempted."
        wrong.append(Reason("trials-in-part", message, pointer="/attempted"))
    if command.prompt_level is not None:
        if command.prompt_level not in LEVELS:
            message = f"The level of help is one of: {', '.join(LEVELS)}."
            wrong.append(Reason("unknown-code", message, pointer="/prompt_level"))
        else:
            said.append(LEVELS[command.prompt_level])
    if command.value is not None:
        said.append(command.value)
    if not said and not wrong:
        message = "Give a value, or trials (correct, attempted), or a prompt_level."
        wrong.append(Reason("no-result", message, pointer="/value"))
    if len({_plain(value) for value in said}) > 1:
        message = "The value is not what the trials or the level of help say: leave it out, or mend it."
        wrong.append(Reason("contradicting-values", message, pointer="/value"))
    cannot_be_true(wrong)
    return said[-1]


def _plain(value: Decimal) -> Decimal:
    """With six places at most, and no zeros behind them."""
    return Decimal(plain_number(value.quantize(SIX_PLACES)))


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


def take_measurement(
    year: ItemYear, other_years: Iterable[ItemYear], command: TakeMeasurement, item: ItemOnDay, today: date
) -> list[BenchmarkMeasured | ObjectiveMastered]:
    """Record one result; the result that completes the run also masters the item.

    ``other_years`` are the item's results of the school years around: a run goes on over the summer.
    """
    cannot_be_true(
        [*wrong_day(command.measured_on, today, command.reported, "/measured_on"), *_wrong_kind(item)]
    )
    value = value_of(command)
    criterion = criterion_of(item.item, item.goal)
    unmet = [reason for reason in (item.unmet, _other_unit(command, criterion)) if reason is not None]
    reported = settle(
        MeasurementNotExpected, unmet, command.reported, plan=command.plan_id, item=command.item_id,
        measured_on=command.measured_on,
    )  # fmt: skip
    measured = BenchmarkMeasured(
        effective_on=command.measured_on,
        measurement_id=command.measurement_id,
        plan_id=command.plan_id,
        item_id=command.item_id,
        student_id=item.student_id,
        value=value,
        unit=command.unit,
        by=command.by,
        documents=command.documents,
        external_id=command.external_id,
        reported=reported,
        correct=command.correct,
        attempted=command.attempted,
        prompt_level=command.prompt_level,
    )
    result = Result(
        command.measurement_id, item.student_id, command.plan_id, command.item_id, command.measured_on, value,
        command.unit,
    )  # fmt: skip
    years = [year, *other_years]
    results = [*_results(years), result]
    return [measured, *_mastery(years, results, criterion)]


def void_measurement(
    year: ItemYear, other_years: Iterable[ItemYear], measurement_id: UUID, reason: str, item: ItemOnDay | None
) -> list[MeasurementVoided | ObjectiveMastered]:
    """Strike a result through. Where others complete the run without it, the item is mastered by them."""
    struck = year.results[measurement_id]
    if not struck.counts:
        return []
    voided = MeasurementVoided(
        effective_on=struck.measured_on,
        measurement_id=measurement_id,
        plan_id=struck.plan,
        item_id=struck.item,
        personal=VoidPersonalData(reason=reason),
    )
    years = [year, *other_years]
    left = [result for result in _results(years) if result.id != measurement_id]
    criterion = criterion_of(item.item, item.goal) if item is not None else None
    return [voided, *_mastery(years, left, criterion, without=measurement_id)]


def _results(years: Iterable[ItemYear]) -> list[Result]:
    return [result for year in years for result in year.results.values()]


def _mastery(
    years: Iterable[ItemYear], results: list[Result], criterion: Criterion | None, without: UUID | None = None
) -> list[ObjectiveMastered]:
    counting = {result.id for result in results if result.counts}
    already = any(
        result_id in counting for year in years for result_id in year.completing if result_id != without
    )
    completing = criterion.completed_by(results) if criterion and not already else None
    if completing is None:
        return []
    return [
        ObjectiveMastered(
            effective_on=completing.measured_on,
            plan_id=completing.plan,
            item_id=completing.item,
            measurement_id=completing.id,
        )
    ]


def _wrong_kind(item: ItemOnDay) -> list[Reason]:
    if item.item is None or isinstance(item.item, Goal | Objective):
        return []
    message = f"The item is of the kind {item.item.kind}: measured are goals and objectives."
    return [Reason("not-a-goal", message, pointer="/item")]


def _other_unit(command: TakeMeasurement, criterion: Criterion | None) -> Reason | None:
    if criterion is None or criterion.unit is None or same_unit(command.unit, criterion.unit):
        return None
    return Reason(
        "other-unit",
        f"The plan measures this in {criterion.unit}, the result is in {command.unit}.",
        "34 CFR 300.320(a)(3)(i)",
        f"Measure in {criterion.unit}, or amend the item. {REPORT_IT}",
        "/unit",
    )
