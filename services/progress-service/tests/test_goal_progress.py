"""The goal of 20, 40, 60 objects by 31 December, 15 March, 15 June, worked by hand. Pure: no database, no clock."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from contracts.goals.progress import GoalProgress, Standing, goal_progress, ids_of
from contracts.goals.results import Result
from contracts.goals.words import in_words
from contracts.items import Goal, Objective
from contracts.testing import an_id
from progress_service.testing_promises import BEGIN, GOAL, PLAN, STEPS, STUDENT, goal, item, steps

DEC_31, MAR_15, JUN_15 = date(2025, 12, 31), date(2026, 3, 15), date(2026, 6, 15)
ON_TRACK, BEHIND, AHEAD, UNMEASURED, UPCOMING = (
    Standing.ON_TRACK, Standing.BEHIND, Standing.AHEAD, Standing.UNMEASURED, Standing.UPCOMING)  # fmt: skip


def result(day: str, value: str, **fields: Any) -> Result:
    said = {"unit": "objects"} | fields
    on = date.fromisoformat(day)
    return Result(an_id(f"{day} {value}"), STUDENT, PLAN, GOAL, on, Decimal(value), **said)


def progress(
    on: date, *results: Result, of: Goal | None = None, objectives: list[Objective] | None = None
) -> GoalProgress:
    asked = of or goal()
    assert isinstance(asked, Goal)
    below = (
        objectives if objectives is not None else [each for each in steps() if isinstance(each, Objective)]
    )
    return goal_progress(asked, asked, below, BEGIN, results, on)


def standings(told: GoalProgress) -> list[Standing]:
    return [step.standing for step in told.steps]


@pytest.mark.parametrize(
    ("value", "standing"),
    [("12", BEHIND), ("19", BEHIND), ("20", ON_TRACK), ("29", ON_TRACK), ("30", AHEAD), ("45", AHEAD)],
)
def test_after_31_december_20_objects_are_on_track_and_30_half_way_to_the_next_step_are_ahead(
    value, standing
):
    told = progress(DEC_31, result("2025-12-19", value))

    assert (told.steps[0].standing, told.standing) == (standing, standing)


@pytest.mark.parametrize(
    ("value", "standing"), [("39", BEHIND), ("40", ON_TRACK), ("49", ON_TRACK), ("50", AHEAD)]
)
def test_after_15_march_40_objects_are_on_track_and_50_are_ahead(value, standing):
    told = progress(MAR_15, result("2025-12-19", "21"), result("2026-03-12", value))

    assert standings(told) == [ON_TRACK, standing, UPCOMING]
    assert told.standing is standing


@pytest.mark.parametrize(
    ("value", "standing"), [("59", BEHIND), ("60", ON_TRACK), ("69", ON_TRACK), ("70", AHEAD)]
)
def test_after_15_june_60_objects_are_on_track_and_half_a_step_more_are_ahead(value, standing):
    told = progress(
        JUN_15, result("2025-12-19", "21"), result("2026-03-12", "38"), result("2026-06-12", value)
    )

    assert standings(told) == [ON_TRACK, BEHIND, standing]


def test_the_last_objective_that_asks_for_what_the_goal_asks_is_not_told_twice():
    assert [step.step.item.id for step in progress(DEC_31).steps] == list(STEPS)


def test_a_goal_that_asks_for_more_than_its_last_objective_is_a_step_of_its_own():
    told = progress(DEC_31, of=goal(target="80"))  # type: ignore[arg-type]

    assert [step.step.item.id for step in told.steps] == [*STEPS, GOAL]


def test_a_goal_without_objectives_is_its_own_only_step():
    told = progress(JUN_15, result("2026-06-12", "60"), objectives=[])

    assert [(step.step.item.id, step.standing) for step in told.steps] == [(GOAL, ON_TRACK)]


def test_a_date_that_passed_with_nothing_measured_since_the_one_before_is_unmeasured():
    told = progress(MAR_15, result("2025-12-19", "21"))

    assert standings(told) == [ON_TRACK, UNMEASURED, UPCOMING]


def test_a_step_reached_before_its_date_stands_as_reached():
    told = progress(date(2026, 1, 20), result("2025-12-19", "21"), result("2026-01-19", "40"))

    assert standings(told) == [ON_TRACK, ON_TRACK, UPCOMING]


def test_before_the_first_date_the_aim_line_decides():
    # From 5 objects on 9 December to 20 on 31 December: 22 days, 15 objects; on the 20th day 5 + 15 x 11/22 = 12.5.
    day = date(2025, 12, 20)
    above, below = progress(day, result("2025-12-20", "13")), progress(day, result("2025-12-20", "12"))

    assert (above.expected, above.standing, below.standing) == (Fraction(25, 2), ON_TRACK, BEHIND)


def test_results_after_the_day_asked_about_are_not_known_of():
    told = progress(DEC_31, result("2025-12-19", "12"), result("2026-01-09", "35"))

    assert [str(point.value) for point in told.points] == ["12"]


def test_voided_results_and_those_in_another_unit_are_no_points():
    told = progress(
        DEC_31,
        result("2025-12-19", "45", voided="another student's"),
        result("2025-12-18", "80", unit="percent"),
    )

    assert (told.points, told.standing) == ((), UNMEASURED)
    assert [str(each.value) for each in told.left_out] == ["80"]


def test_a_goal_that_falls_is_ahead_below_and_behind_above():
    falling = goal(baseline="12", target="4", unit="times a day", due_on="2026-06-15")
    assert isinstance(falling, Goal)

    def standing(value: str) -> Standing:
        return progress(
            JUN_15, result("2026-06-12", value, unit="times a day"), of=falling, objectives=[]
        ).standing

    assert [standing(value) for value in ("5", "4", "1", "0")] == [BEHIND, ON_TRACK, ON_TRACK, AHEAD]


def test_an_objective_by_itself_is_its_own_only_step():
    below = [each for each in steps() if isinstance(each, Objective)]
    whole = goal()
    assert isinstance(whole, Goal)

    told = goal_progress(below[1], whole, below, BEGIN, [result("2026-03-12", "41")], MAR_15)

    assert [(step.step.item.id, step.standing) for step in told.steps] == [(STEPS[1], ON_TRACK)]
    assert (ids_of(below[1], below), ids_of(whole, below)) == ([STEPS[1]], [GOAL, *STEPS])


def test_a_criterion_of_several_in_a_row_is_met_by_so_many():
    step = item("objective", STEPS[0], target="20", unit="objects", due_on="2025-12-31", results_needed=2)
    assert isinstance(step, Objective)

    once = progress(DEC_31, result("2025-12-18", "22"), objectives=[step])
    twice = progress(DEC_31, result("2025-12-18", "22"), result("2025-12-19", "21"), objectives=[step])

    assert (once.steps[0].standing, twice.steps[0].standing) == (BEHIND, ON_TRACK)


def test_no_picture_is_made_of_fewer_than_three_points():
    two = [result("2025-12-12", "10"), result("2025-12-19", "21")]

    assert not progress(DEC_31, *two).enough_for_a_picture
    assert progress(DEC_31, *two, result("2025-12-22", "22")).enough_for_a_picture


def test_a_goal_without_target_or_date_has_points_and_no_steps():
    told = progress(DEC_31, result("2025-12-19", "21"), of=goal(target=None), objectives=[])  # type: ignore[arg-type]

    assert (len(told.points), told.steps, told.standing) == (1, (), UPCOMING)


def test_the_sentence_says_what_the_picture_shows():
    told = progress(
        date(2026, 3, 20), result("2025-12-19", "21"), result("2026-01-30", "30"), result("2026-03-12", "38")
    )

    assert in_words(told) == (
        "3 results, from 21 objects on 19 December 2025 to 38 objects on 12 March 2026. "
        "By 31 December 2025: 20 objects asked for, reached on 19 December 2025: on track. "
        "By 15 March 2026: 40 objects asked for, 38 measured on 12 March 2026: behind. "
        "By 15 June 2026: 60 objects asked for: still to come."
    )


def test_the_sentence_says_that_nothing_was_measured():
    assert in_words(progress(DEC_31)) == (
        "Nothing has been measured yet. By 31 December 2025: 20 objects asked for: not measured. "
        "By 15 March 2026: 40 objects asked for: still to come. By 15 June 2026: 60 objects asked for: still to come."
    )
