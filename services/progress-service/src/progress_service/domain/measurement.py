"""Taking a measurement of a goal or objective, and knowing when it completes what the plan asks for (300.320(a)(2)-(3))."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ItemId, Measure, PlanId, StaffId
from contracts.items import AnyItem, Goal, Objective
from contracts.problems import Reason
from contracts.progress import BenchmarkMeasured, MeasurementVoided, ObjectiveMastered, VoidPersonalData
from contracts.values import Reported
from progress_service.domain.item_year import ItemYear, Result
from progress_service.domain.promised_item import REPORT_IT, ItemOnDay
from progress_service.domain.refusals import MeasurementNotExpected, cannot_be_true, settle, wrong_day


@dataclass(frozen=True, slots=True)
class Criterion:
    """What the item asks for, in its own words: so many results in a row that reach the target in its unit."""

    target: Measure
    unit: str | None = None
    results_needed: int = 1
    falling: bool = False
    """The target lies below the baseline: a result must come down to it."""

    def reached_by(self, value: Measure) -> bool:
        """The value is at the target or beyond it."""
        return value <= self.target if self.falling else value >= self.target

    def measures(self, result: Result) -> bool:
        """The result counts and is in the criterion's unit."""
        return result.counts and (self.unit is None or same_unit(result.unit, self.unit))

    def completed_by(self, results: Iterable[Result]) -> Result | None:
        """The result that completes the run: the first, by day, with as many before it as are needed."""
        run = 0
        for result in in_order(result for result in results if self.measures(result)):
            run = run + 1 if self.reached_by(result.value) else 0
            if run == self.results_needed:
                return result
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMeasurement:
    """One result, as somebody measured it."""

    measurement_id: UUID
    plan_id: PlanId
    item_id: ItemId
    measured_on: date
    value: Measure
    unit: str
    by: StaffId | None = None
    documents: tuple[UUID, ...] | None = None
    external_id: str | None = None
    reported: Reported | None = None


def criterion_of(item: AnyItem | None, goal: Goal | None = None) -> Criterion | None:
    """What a goal or objective asks for; ``None`` where it names no target.

    An objective falls when its goal does: the goal's target lies below its baseline.
    """
    if not isinstance(item, Goal | Objective) or item.target is None:
        return None
    of = item if isinstance(item, Goal) else goal
    falling = of is not None and of.baseline is not None and of.target is not None and of.target < of.baseline
    unit = item.unit or (goal.unit if goal is not None else None)
    return Criterion(item.target, unit, item.results_needed or 1, falling)


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
        value=command.value,
        unit=command.unit,
        by=command.by,
        documents=command.documents,
        external_id=command.external_id,
        reported=reported,
    )
    result = Result(
        command.measurement_id, item.student_id, command.plan_id, command.item_id, command.measured_on, command.value,
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
