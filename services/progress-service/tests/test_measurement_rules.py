"""What may be recorded of a goal or objective, and when a result completes it. Pure: no database, no clock."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest

from contracts.event import Event
from contracts.problems import Reason
from contracts.progress import BenchmarkMeasured, MeasurementVoided, ObjectiveMastered
from contracts.testing import an_id
from contracts.values import Reported
from progress_service.domain.item_year import ItemYear, evolve
from progress_service.domain.measurement import TakeMeasurement, take_measurement, void_measurement
from progress_service.domain.promised_item import KnownPlan
from progress_service.domain.refusals import CannotBeTrue, MeasurementNotExpected
from progress_service.testing_promises import (
    GOAL,
    SPEECH,
    STEPS,
    TODAY,
    adopted,
    goal,
    item,
    known,
    measurement,
    opened,
    year,
)


def measure(
    command: TakeMeasurement, *, before: ItemYear | None = None, plan: KnownPlan | None = None, other: Sequence[ItemYear] = ()
) -> Sequence[Event]:  # fmt: skip
    on_the_day = (plan or known()).on(command.item_id, command.measured_on)
    return take_measurement(before or year(), other, command, on_the_day, TODAY)


def after(*commands: TakeMeasurement, plan: KnownPlan | None = None) -> ItemYear:
    events: list[Event] = []
    for command in commands:
        events += measure(command, before=year(*events), plan=plan)
    return year(*events)


def refused(command: TakeMeasurement, plan: KnownPlan | None = None) -> Reason:
    with pytest.raises(MeasurementNotExpected) as refusal:
        measure(command, plan=plan)
    (reason,) = refusal.value.reasons
    return reason


def of_goal(value: str, **fields: Any) -> TakeMeasurement:
    return measurement(Decimal(value), item_id=GOAL, **fields)


def objects(value: str, day: int = 19, **fields: Any) -> TakeMeasurement:
    return measurement(Decimal(value), measured_on=date(2025, 12, day), **fields)


def test_a_result_below_the_target_is_measured_and_masters_nothing():
    (measured,) = measure(objects("19"))

    assert isinstance(measured, BenchmarkMeasured)
    assert (measured.value, measured.unit) == (Decimal(19), "objects")


def test_the_result_that_reaches_the_target_masters_the_objective():
    _, mastered = measure(objects("20"))

    assert isinstance(mastered, ObjectiveMastered)
    assert mastered.measurement_id == objects("20").measurement_id
    assert mastered.effective_on == date(2025, 12, 19)


def test_an_objective_is_mastered_once():
    before = after(objects("20"))

    assert len(measure(objects("25", 22), before=before)) == 1


@pytest.mark.parametrize(
    ("values", "masters"),
    [(["20", "21", "22"], True), (["20", "19", "21"], False), (["20", "19", "20", "21", "22"], True), (["20", "20"], False)],
)  # fmt: skip
def test_a_criterion_of_three_in_a_row_is_completed_by_three_in_a_row(values: list[str], masters: bool):
    plan = known(opened(), adopted(goal(), item("objective", STEPS[0], goal=str(GOAL), target="20", unit="objects",
                                                results_needed=3)))  # fmt: skip

    history = after(*(objects(value, 10 + n) for n, value in enumerate(values)), plan=plan)

    assert history.mastered is masters


def test_a_late_entry_that_fills_the_gap_masters_by_the_last_of_the_run():
    plan = known(opened(), adopted(goal(), item("objective", STEPS[0], goal=str(GOAL), target="20", unit="objects",
                                                results_needed=2)))  # fmt: skip
    before = after(objects("15", 10), objects("20", 12), objects("15", 16), objects("22", 18), plan=plan)

    _, mastered = measure(objects("21", 17), before=before, plan=plan)

    assert isinstance(mastered, ObjectiveMastered)
    assert mastered.effective_on == date(2025, 12, 18)


def test_a_run_goes_on_over_the_summer():
    plan = known(opened(), adopted(goal(results_needed=2, due_on="2026-12-08"), on=date(2025, 12, 9)))
    june = after(of_goal("60", measured_on=date(2026, 6, 12)), plan=plan)
    autumn = of_goal("61", measured_on=date(2026, 9, 4))
    on_the_day = plan.on(GOAL, autumn.measured_on)

    _, mastered = take_measurement(year(), [june], autumn, on_the_day, date(2026, 9, 5))

    assert isinstance(mastered, ObjectiveMastered)


def test_a_goal_that_falls_is_mastered_by_coming_down_to_its_target():
    plan = known(
        opened(),
        adopted(goal(statement="leaves the seat less often", baseline="12", target="3", unit="times a day")),
    )

    assert len(measure(of_goal("4", unit="times a day"), plan=plan)) == 1
    assert len(measure(of_goal("3", unit="times a day"), plan=plan)) == 2


def test_an_objective_falls_when_its_goal_does():
    step = item("objective", STEPS[0], goal=str(GOAL), target="8", unit="times a day")
    plan = known(opened(), adopted(goal(baseline="12", target="3", unit="times a day"), step))

    assert len(measure(measurement(Decimal(10), unit="times a day"), plan=plan)) == 1
    assert len(measure(measurement(Decimal(8), unit="times a day"), plan=plan)) == 2


def test_a_result_in_another_unit_is_refused():
    reason = refused(measurement(Decimal(20), unit="percent"))

    assert (reason.code, reason.pointer) == ("other-unit", "/unit")
    assert len(measure(measurement(Decimal(20), unit=" Objects"))) == 2


def test_a_result_reported_in_another_unit_is_recorded_and_masters_nothing():
    report = Reported(source="paper", reason="on paper", occurred_on=date(2025, 12, 19))

    (measured,) = measure(measurement(Decimal(80), unit="percent", reported=report))

    assert isinstance(measured, BenchmarkMeasured)
    assert measured.reported is not None
    assert [unmet.code for unmet in measured.reported.unmet] == ["other-unit"]


def test_measured_are_goals_and_objectives():
    with pytest.raises(CannotBeTrue):
        measure(measurement(Decimal(1), item_id=SPEECH))


def test_a_result_before_the_plan_or_still_to_come_is_refused():
    assert refused(objects("20", 8)).code == "plan-not-yet-in-force"
    with pytest.raises(CannotBeTrue):
        measure(measurement(Decimal(20), measured_on=date(2026, 7, 1)))


def test_voiding_the_result_that_mastered_leaves_the_objective_unmastered():
    completing = objects("20")
    before = after(completing)

    events = void_measurement(
        before, [], completing.measurement_id, "another student's", known().on(STEPS[0], TODAY)
    )

    assert [type(event) for event in events] == [MeasurementVoided]
    assert not year(*[*measure(completing), *events]).mastered
    assert len(measure(objects("21", 22), before=year(*[*measure(completing), *events]))) == 2


def test_voiding_the_result_in_between_masters_by_those_that_stay():
    plan = known(opened(), adopted(goal(), item("objective", STEPS[0], goal=str(GOAL), target="20", unit="objects",
                                                results_needed=2)))  # fmt: skip
    wrong = objects("2", 16)
    before = after(objects("20", 12), wrong, objects("22", 18), plan=plan)

    _, mastered = void_measurement(
        before, [], wrong.measurement_id, "a slip", plan.on(STEPS[0], date(2025, 12, 16))
    )

    assert isinstance(mastered, ObjectiveMastered)
    assert mastered.effective_on == date(2025, 12, 18)


def test_voiding_once_more_changes_nothing():
    command = objects("19")
    once = void_measurement(after(command), [], command.measurement_id, "a slip", None)
    voided = year(*measure(command), *once)

    assert void_measurement(voided, [], command.measurement_id, "a slip", None) == []


def test_voiding_a_result_on_which_the_run_rests_lets_a_new_run_master_anew():
    """20 and 21 in a row mastered; without the 20 the 21 stands alone, and 22 completes the next run."""
    plan = known(opened(), adopted(goal(), item("objective", STEPS[0], goal=str(GOAL), target="20", unit="objects",
                                                results_needed=2)))  # fmt: skip
    first = objects("20", 10)
    before = after(objects("15", 9), first, objects("21", 11), plan=plan)
    assert before.mastered
    voids = void_measurement(
        before, [], first.measurement_id, "a wrong sheet", plan.on(STEPS[0], date(2025, 12, 10))
    )
    assert [type(each) for each in voids] == [MeasurementVoided]
    struck = reduce(evolve, voids, before)

    (measured,) = measure(objects("15", 12), before=struck, plan=plan)
    _, mastered = measure(objects("22", 12), before=struck, plan=plan)

    assert isinstance(measured, BenchmarkMeasured)
    assert isinstance(mastered, ObjectiveMastered)
    assert mastered.effective_on == date(2025, 12, 12)


def test_an_objective_without_a_target_is_measured_and_never_mastered():
    plan = known(opened(), adopted(goal(), item("objective", an_id("open"), goal=str(GOAL), unit="objects")))

    assert len(measure(measurement(Decimal(99), item_id=an_id("open")), plan=plan)) == 1
