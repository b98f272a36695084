"""What is drawn of a goal: its results, the line aimed at, the trend and where it leads. Pure: nothing is rendered."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given as any_of
from hypothesis import strategies as st

from contracts.goals.history import phases_of
from contracts.goals.picture import forecast, picture, table_of
from contracts.goals.progress import GoalProgress, goal_progress
from contracts.goals.results import Result
from contracts.goals.trend import trend_of
from contracts.goals.words import in_words
from contracts.items import Goal, Objective
from contracts.plan_history import fold, history_of
from contracts.testing import an_id
from progress_service.testing_promises import (
    BEGIN,
    GOAL,
    PLAN,
    READING,
    STUDENT,
    adopted,
    amended,
    goal,
    log_of,
    reading,
    speech,
    steps,
)


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
    told = drawn(progress(*(result(BEGIN + timedelta(days=n), 5 + n) for n in (0, 10, 20))))

    assert told["aim line"] == [("2025-12-09", 5), ("2025-12-31", 20), ("2026-03-15", 40), ("2026-06-15", 60)]
    assert told["steps"] == [("2025-12-31", 20), ("2026-03-15", 40), ("2026-06-15", 60)]


def test_two_results_make_no_trend_and_three_lead_to_the_due_date() -> None:
    first, second, third = (result(BEGIN + timedelta(days=n), 5 + n) for n in (0, 10, 20))
    (words,) = picture(progress(first, second))["layer"]
    assert words["data"]["values"] == [{"says": "No picture yet: 3 results are needed, there are 2."}]
    assert forecast(progress(first, second)) is None
    told = progress(first, second, third)
    assert forecast(told) == 5 + (date(2026, 6, 15) - BEGIN).days
    assert drawn(told)["trend and forecast"] == [("2025-12-09", 5), ("2026-06-15", 193)]


def test_results_of_one_day_lead_nowhere() -> None:
    assert trend_of([result(BEGIN, 5), result(BEGIN, 7), result(BEGIN, 9)]) is None


@any_of(
    start=st.integers(-50, 50), rise=st.integers(-5, 5), on=st.integers(0, 400),
    days=st.lists(st.integers(0, 200), min_size=2, max_size=8, unique=True),
)  # fmt: skip
def test_results_on_a_line_have_that_line_as_their_trend(
    start: int, rise: int, days: list[int], on: int
) -> None:
    points = [result(BEGIN + timedelta(days=day), start + rise * day) for day in days]
    line = trend_of(sorted(points, key=lambda point: point.measured_on))
    assert line is not None
    assert line.on(BEGIN + timedelta(days=on)) == Fraction(start + rise * on)


def test_one_bad_day_does_not_bend_the_trend() -> None:
    """
    Ten results rise by one a day, but on the fifth nothing was counted. Least squares would fall to
    a slope of 1.03 with a height 0.6 too low; the median of the 45 slopes is 1.
    """
    points = [result(BEGIN + timedelta(days=n), 0 if n == 4 else 10 + n) for n in range(10)]

    line = trend_of(points)

    assert line is not None
    assert (line.slope, line.height) == (1, 10)


def test_the_trend_of_an_even_number_of_slopes_is_the_middle_of_the_two_in_the_middle() -> None:
    """Days 0, 1, 2, 3 with 0, 1, 1, 4: slopes 1, 1/2, 4/3, 0, 3/2, 3; in order 0 1/2 1 4/3 3/2 3; (1 + 4/3)/2 = 7/6."""
    points = [result(BEGIN + timedelta(days=n), value) for n, value in enumerate((0, 1, 1, 4))]

    line = trend_of(points)

    assert line is not None
    assert line.slope == Fraction(7, 6)
    # Heights: 0, 1 - 7/6, 1 - 14/6, 4 - 21/6 = 0, -1/6, -4/3, 1/2; the middle of -1/6 and 0.
    assert line.height == Fraction(-1, 12)


def test_the_table_says_what_the_picture_shows() -> None:
    told = progress(*(result(BEGIN + timedelta(days=n), 5 + n) for n in (0, 11, 20)))

    rows = [(row.result.value, row.aim, row.trend) for row in table_of(told)]

    # The line aimed at rises from 5 by 15 objects in 22 days: half way on the eleventh.
    assert rows == [
        (5, 5, 5), (16, Fraction(25, 2), 16), (25, 5 + Fraction(15 * 20, 22), 25),
    ]  # fmt: skip


def test_a_phase_line_stands_where_the_plan_changed() -> None:
    asked = goal()
    assert isinstance(asked, Goal)
    results = [result(BEGIN + timedelta(days=n), 5 + n) for n in (0, 11, 40)]
    told = goal_progress(
        asked, asked, [], BEGIN, results, date(2026, 6, 30), [(date(2026, 1, 7), "services changed")]
    )

    layers = {layer["description"]: layer["data"]["values"] for layer in picture(told)["layer"]}

    assert layers["phase lines"] == [{"day": "2026-01-07T12:00:00", "what": "services changed"}]


def test_the_plan_changed_when_a_service_was_added_and_not_when_it_was_written_once_more() -> None:
    whole = (speech(), goal())
    log = log_of(adopted(*whole), amended(reading(), on=date(2026, 1, 7)), amended(*whole, on=date(2026, 2, 2)),
                 amended(READING, on=date(2026, 3, 4)), amended(goal(target="50"), on=date(2026, 3, 4)))  # fmt: skip

    found = phases_of(fold(history_of(log.entries).entries), GOAL)

    assert found == [
        (date(2026, 1, 7), "services changed"),
        (date(2026, 3, 4), "goal changed and services changed"),
    ]


def test_the_sentences_say_where_the_trend_leads_and_when_the_plan_changed() -> None:
    """5, 16 and 25 objects on days 0, 11 and 20: one a day, so 5 + 188 on 15 June, 188 days after the first."""
    asked = goal()
    assert isinstance(asked, Goal)
    results = [result(BEGIN + timedelta(days=n), 5 + n) for n in (0, 11, 20)]
    changed = [(BEGIN, "goal changed"), (date(2026, 1, 7), "services changed")]
    told = goal_progress(asked, asked, [], BEGIN, results, date(2026, 6, 30), changed)

    described = picture(told)["description"]

    assert described.startswith(in_words(told))
    assert described.endswith(
        "The trend leads to 193 objects by 15 June 2026. On 7 January 2026 the plan changed: services changed."
    )
    few = goal_progress(asked, asked, [], BEGIN, results[:2], date(2026, 6, 30))
    assert "trend" not in picture(few)["description"]
