"""Taking a measurement of a goal or objective, and knowing when it completes what the plan asks for (300.320(a)(2)-(3)).

A criterion is of the usual kinds: a count, a percentage, trials correct of those attempted, a point on a rating scale, a
duration, a level of help. All come to a number in the item's unit; so many of the last results must reach the target.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from contracts.codes import PROMPT_LEVEL
from contracts.fields import ItemId, Measure, PlanId, StaffId
from contracts.goals.criterion import Criterion, criterion_of, plain_number, same_unit
from contracts.goals.results import Result
from contracts.items import Goal, Objective
from contracts.problems import Reason
from contracts.progress import BenchmarkMeasured, MeasurementVoided, ObjectiveMastered, VoidPersonalData
from contracts.values import Reported
from progress_service.domain.item_year import ItemYear
from progress_service.domain.promised_item import REPORT_IT, ItemOnDay
from progress_service.domain.refusals import MeasurementNotExpected, cannot_be_true, settle, wrong_day


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
    by_id = {result.id: result for result in results if result.counts and result.id != without}
    completed = [by_id[each] for year in years for each in year.completing if each in by_id]
    if criterion is None or any(criterion.stands(result, by_id.values()) for result in completed):
        return []
    completing = criterion.completed_by(by_id.values())
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
