"""Hints commonly used in progress monitoring: what the results suggest, and when they say nothing. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest

from contracts.goals.progress import GoalProgress, goal_progress
from contracts.goals.results import Result
from contracts.items import Goal
from contracts.testing import an_id
from progress_service.domain.hints import FOUR_POINT_SOURCE, PRACTICE, hints_of
from progress_service.testing_promises import BEGIN, GOAL, PLAN, STUDENT, goal

DUE = date(2026, 6, 15)
"""188 days after the plan begins; the line aimed at rises from 5 to 60: 55/188 a day, 2.05 a week."""


def progress(
    values: Sequence[int], phases: Sequence[tuple[date, str]] = (), **fields: object
) -> GoalProgress:
    """A result a week from the first week on."""
    asked = goal(**fields)
    assert isinstance(asked, Goal)
    results = [
        Result(
            an_id(str(week)), STUDENT, PLAN, GOAL, BEGIN + timedelta(weeks=week), Decimal(value), "objects"
        )
        for week, value in enumerate(values, start=1)
    ]
    return goal_progress(asked, asked, [], BEGIN, results, date(2026, 6, 30), phases)


def hinted(*asked: object, **fields: object) -> set[str]:
    return {hint.code.value for hint in hints_of(progress(*asked, **fields)).found}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        pytest.param(
            [8, 10, 10, 10, 11, 12], {"four_below", "median_below"}, id="the last four below 13.2 15.2 17.3"
        ),
        pytest.param([8, 10, 14, 16, 18, 20], {"four_above", "median_above"}, id="the last four above"),
        pytest.param([8, 10, 10, 10, 18, 12], {"median_below"}, id="one of the last four above"),
        pytest.param([8, 10, 10, 10, 11], {"median_below"}, id="five results: the four-point rule needs six"),
        pytest.param([1, 1], set(), id="two results say nothing"),
    ],
)
def test_the_last_four_and_the_median_of_three_against_the_line(values: list[int], codes: set[str]) -> None:
    assert hinted(values) == codes


def test_a_trend_is_judged_from_eight_results_on() -> None:
    slow, fast = [6 + n for n in range(8)], [6 + 3 * n for n in range(8)]

    assert "trend_falls_short" in hinted(slow)  # One a week: 5 + 26.9 weeks = 31.9 of 60.
    assert "trend_reaches" in hinted(fast)  # Three a week: 3 + 80.6.
    assert not {"trend_falls_short", "trend_reaches"} & hinted(slow[:7])


def test_a_goal_to_come_down_to_is_held_against_the_line_the_other_way_round() -> None:
    falling = {"baseline": "60", "target": "5"}

    assert "four_above" in hinted([50, 45, 40, 35, 30, 25], **falling)
    assert "four_below" in hinted([60, 60, 60, 60, 60, 60], **falling)


def test_results_before_the_plan_changed_are_not_held_against_it() -> None:
    changed = [(BEGIN + timedelta(weeks=4), "services changed")]

    found = hints_of(progress([8, 10, 10, 10, 11, 12], changed))

    assert {hint.code.value for hint in found.found} == {"median_below"}
    assert any("since the plan changed" in each for each in found.silent)


def test_each_hint_names_its_source_and_the_results_it_rests_on() -> None:
    told = progress([8, 10, 10, 10, 11, 12])

    four = next(hint for hint in hints_of(told).found if hint.code == "four_below")

    assert four.source == FOUR_POINT_SOURCE
    assert {hint.source for hint in hints_of(told).found if hint.code != "four_below"} == {PRACTICE}
    assert four.rests_on == told.points[-4:]


def test_without_a_line_to_aim_at_nothing_is_hinted() -> None:
    found = hints_of(progress([8, 10, 10, 10, 11, 12], baseline=None, target=None))

    assert found.found == ()
    assert "no line to aim at" in found.silent[0]
