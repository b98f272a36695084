"""What is drawn of a goal: its results, the line aimed at, the trend and where it leads. Pure: nothing is rendered."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given as any_of
from hypothesis import strategies as st

from contracts.items import Goal, Objective
from contracts.testing import an_id
from progress_service.domain.goal_progress import GoalProgress, goal_progress
from progress_service.domain.item_year import Result
from progress_service.domain.picture import forecast, picture, trend
from progress_service.testing_promises import BEGIN, GOAL, PLAN, STUDENT, goal, steps


def result(day: date, value: Any) -> Result:
    return Result(an_id(f"{day} {value}"), STUDENT, PLAN, GOAL, day, Decimal(value), unit="objects")


def progress(*results: Result) -> GoalProgress:
    asked = goal()
    assert isinstance(asked, Goal)
    below = [each for each in steps() if isinstance(each, Objective)]
    return goal_progress(asked, asked, below, BEGIN, results, date(2026, 6, 30))


def drawn(of: GoalProgress) -> dict[str, list[tuple[str, float]]]:
    return {
        layer["description"]: [(each["day"][:10], each["value"]) for each in layer["data"]["values"]]
        for layer in picture(of)["layer"]
    }


def test_the_line_aimed_at_goes_from_the_baseline_through_20_40_and_60_objects() -> None:
    assert drawn(progress()) == {
        "aim line": [("2025-12-09", 5), ("2025-12-31", 20), ("2026-03-15", 40), ("2026-06-15", 60)],
        "steps": [("2025-12-31", 20), ("2026-03-15", 40), ("2026-06-15", 60)],
    }


def test_two_results_make_no_trend_and_three_lead_to_the_due_date() -> None:
    first, second, third = (result(BEGIN + timedelta(days=n), 5 + n) for n in (0, 10, 20))
    assert "trend and forecast" not in drawn(progress(first, second))
    assert forecast(progress(first, second)) is None
    told = progress(first, second, third)
    assert forecast(told) == 5 + (date(2026, 6, 15) - BEGIN).days
    assert drawn(told)["trend and forecast"] == [("2025-12-09", 5), ("2026-06-15", 193)]


def test_results_of_one_day_lead_nowhere() -> None:
    assert trend([result(BEGIN, 5), result(BEGIN, 7), result(BEGIN, 9)], date(2026, 6, 15)) is None


@any_of(
    start=st.integers(-50, 50), rise=st.integers(-5, 5), on=st.integers(0, 400),
    days=st.lists(st.integers(0, 200), min_size=2, max_size=8, unique=True),
)  # fmt: skip
def test_results_on_a_line_have_that_line_as_their_trend(
    start: int, rise: int, days: list[int], on: int
) -> None:
    points = [result(BEGIN + timedelta(days=day), start + rise * day) for day in days]
    assert trend(points, BEGIN + timedelta(days=on)) == Fraction(start + rise * on)
