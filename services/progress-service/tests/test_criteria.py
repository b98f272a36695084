"""The usual kinds of criterion: what a result is as a number, and when so many of the last complete it. Pure."""

from datetime import timedelta
from decimal import Decimal

import pytest

from contracts.goals.criterion import Criterion, criterion_of
from contracts.goals.results import Result
from contracts.items import Goal
from contracts.testing import an_id
from progress_service.domain.measurement import value_of
from progress_service.domain.refusals import CannotBeTrue
from progress_service.testing_promises import BEGIN, GOAL, PLAN, STUDENT, goal, measurement


def result(number: int, value: object) -> Result:
    day = BEGIN + timedelta(days=number)
    return Result(an_id(str(number)), STUDENT, PLAN, GOAL, day, Decimal(str(value)), unit="percent")


def completed_on(criterion: Criterion, *values: object) -> int | None:
    done = criterion.completed_by([result(number, value) for number, value in enumerate(values)])
    return None if done is None else (done.measured_on - BEGIN).days


@pytest.mark.parametrize(
    ("values", "on"),
    [
        pytest.param((80, 80, 80, 80), 3, id="four in a row"),
        pytest.param((80, 70, 80, 80, 80), 4, id="four of five"),
        pytest.param((80, 70, 80, 70, 80, 80), None, id="four of six are not four of five"),
        pytest.param((80, 70, 80, 70, 80, 80, 80), 6, id="the last five"),
        pytest.param((80, 80, 80), None, id="too few"),
        pytest.param((80, 80, 80, 79.9), None, id="just short"),
    ],
)
def test_80_percent_in_4_of_5_results(values: tuple[object, ...], on: int | None) -> None:
    criterion = Criterion(Decimal(80), "percent", 4, results_of=5)

    assert completed_on(criterion, *values) == on
    assert criterion.as_counted == "at least 80 percent in 4 of 5 results in a row"


def test_the_criterion_is_said_in_the_plan_s_own_words() -> None:
    own = criterion_of(goal(criterion="without help, on three days"))

    assert own is not None
    assert own.in_words == "without help, on three days"
    counted = criterion_of(goal(results_needed=3))
    assert counted is not None
    assert counted.in_words == "at least 60 objects in 3 results in a row"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        pytest.param({"value": "82.5"}, "82.5", id="a percentage"),
        pytest.param({"value": None, "correct": 8, "attempted": 10}, "80", id="8 of 10 trials"),
        pytest.param({"value": None, "correct": 2, "attempted": 3}, "66.666667", id="2 of 3 trials"),
        pytest.param({"value": "80", "correct": 8, "attempted": 10}, "80", id="both, alike"),
        pytest.param({"value": None, "prompt_level": "independent"}, "0", id="no help"),
        pytest.param({"value": None, "prompt_level": "full_physical"}, "6", id="most help"),
    ],
)
def test_what_a_result_is_as_a_number(said: dict[str, object], value: str) -> None:
    fields = {name: Decimal(str(each)) if name == "value" and each else each for name, each in said.items()}

    assert value_of(measurement(**fields)) == Decimal(value)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"value": None}, "no-result"),
        ({"value": None, "correct": 11, "attempted": 10}, "more-than-attempted"),
        ({"value": None, "correct": 8}, "trials-in-part"),
        ({"value": Decimal(70), "correct": 8, "attempted": 10}, "contradicting-values"),
        ({"value": None, "prompt_level": "shouting"}, "unknown-code"),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(said: dict[str, object], code: str) -> None:
    with pytest.raises(CannotBeTrue) as refused:
        value_of(measurement(**said))

    assert code in {reason.code for reason in refused.value.reasons}


def test_less_help_is_progress_also_without_a_baseline() -> None:
    asked = goal(baseline=None, target="1", unit="prompt level", measured_as="prompting")
    criterion = criterion_of(asked)

    assert isinstance(asked, Goal)
    assert criterion is not None
    assert criterion.falling
    assert criterion.reached_by(Decimal(0))
    assert not criterion.reached_by(Decimal(2))


def test_a_duration_is_in_the_goal_s_own_unit() -> None:
    criterion = criterion_of(goal(baseline="2", target="20", unit="minutes on task", measured_as="duration"))

    assert criterion is not None
    assert criterion.as_counted == "at least 20 minutes on task"
