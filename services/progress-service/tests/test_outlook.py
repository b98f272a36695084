"""The forward look and figures of many students. Pure: no database, no clock."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from contracts.goals.progress import goal_progress
from contracts.goals.results import Result
from contracts.items import Goal
from contracts.service_delivery import Figures, Given
from contracts.testing import an_id
from progress_service.domain.outlook import GoalOutlook, ServiceOutlook, goals_ahead, pace_of
from progress_service.domain.roll_up import Beside, Group, Sum, in_order, to_leave_the_school
from progress_service.testing_promises import BEGIN, GOAL, PLAN, SPEECH, STUDENT, goal

UNTIL = date(2026, 6, 30)


def outlook(balance: int, pace: Fraction | None, still_owed: int) -> ServiceOutlook:
    return ServiceOutlook(SPEECH, UNTIL, Figures(Fraction(balance), Given()), pace, Fraction(still_owed))


@pytest.mark.parametrize(
    ("balance", "pace", "still_owed", "short_by"),
    [
        pytest.param(60, Fraction(3, 4), 400, 160, id="60 now and a quarter of 400"),
        pytest.param(0, Fraction(1), 400, 0, id="nothing, at full pace"),
        pytest.param(60, Fraction(5, 4), 400, -40, id="caught up by giving a quarter more"),
    ],
)
def test_what_will_be_missing_at_this_pace(
    balance: int, pace: Fraction, still_owed: int, short_by: int
) -> None:
    found = outlook(balance, pace, still_owed)

    assert found.short_by == short_by
    assert found.falls_short is (short_by > 0)


def test_pace_is_what_was_given_made_up_or_excused_of_what_was_owed() -> None:
    """Six weeks of 30 owed 180; 105 delivered, 20 made up, 10 excused: 135/180 = 3/4."""
    given = Given(
        105, {"testing": 30, "student_absent": 10}, {"testing": 20}, excused_of={"student_absent": 10}
    )

    assert pace_of(Figures(Fraction(180), given)) == Fraction(3, 4)
    assert pace_of(Figures(Fraction(0), given)) is None
    assert outlook(0, None, 100).short_by is None
    assert not outlook(0, None, 100).falls_short


def test_what_a_service_that_ended_still_lacks_will_be_lacking() -> None:
    assert outlook(90, None, 0).short_by == 90
    assert outlook(90, None, 0).falls_short


def of_goal(*values: int) -> GoalOutlook:
    asked = goal()
    assert isinstance(asked, Goal)
    results = [
        Result(an_id(str(n)), STUDENT, PLAN, GOAL, BEGIN + timedelta(weeks=n), Decimal(value), "objects")
        for n, value in enumerate(values)
    ]
    on = date(2026, 2, 1)
    (found,) = goals_ahead([goal_progress(asked, asked, [], BEGIN, results, on)], on)
    return found


def test_a_goal_is_missed_at_a_pace_that_does_not_reach_it() -> None:
    # 188 days are 26 weeks and 6 days: one a week leads to 5 + 26.9, three a week to 5 + 80.6.
    assert of_goal(5, 6, 7).missed is True
    assert of_goal(5, 8, 11).missed is False
    assert of_goal(5, 6).missed is None, "two results say nothing"


def group(name: str, students: int, balance: int = 0, of: str | None = None) -> Group:
    members = frozenset(an_id(f"{of or name} {number}") for number in range(students))
    return Group(an_id(name), members, Figures(Fraction(balance), Given(delivered=7)))


def shown(groups: list[Group]) -> list[bool]:
    """Of each group in their order whether it is."""
    told = {each.of for each in to_leave_the_school(groups) if not each.left_out}
    return [each.of in told for each in groups]


def test_figures_of_fewer_than_ten_students_do_not_leave_the_school() -> None:
    assert shown([group("a", 10), group("b", 9), group("c", 3), group("d", 40)]) == [True, False, False, True]


def test_where_one_group_is_left_out_the_next_smallest_goes_too() -> None:
    """Else the total less the others would give the one away."""
    assert shown([group("a", 30), group("b", 9), group("c", 12)]) == [True, False, False]


def test_groups_that_are_left_out_are_of_ten_students_together() -> None:
    """Schools and providers are two sums of the same minutes: what one shows less the other must not tell of fewer."""
    assert shown([group("a", 30), group("b", 2), group("c", 7), group("d", 12)]) == [
        True,
        False,
        False,
        False,
    ]
    assert shown([group("a", 30), group("b", 2), group("c", 8), group("d", 12)]) == [True, False, False, True]


def test_students_of_two_groups_count_once_among_those_left_out() -> None:
    """Two providers of the same six students are six students together, not twelve."""
    same = [group("b", 6, of="the same"), group("c", 6, of="the same")]

    assert shown([group("a", 30), *same, group("d", 12)]) == [True, False, False, False]


def test_the_place_of_a_group_that_is_left_out_tells_nothing_of_its_balance() -> None:
    groups = in_order([group("a", 30, 10), group("b", 5, 500), group("c", 5, 400), group("d", 30, 700)])

    told = to_leave_the_school(groups)

    assert [each.of for each in told[:2]] == [an_id("d"), an_id("a")]
    assert [each.of for each in told[2:]] == sorted([an_id("b"), an_id("c")], key=str)


def test_a_group_that_is_left_out_has_no_figure_at_all() -> None:
    (left_out,) = to_leave_the_school([group("a", 3, balance=90)])

    assert (left_out.students, left_out.figures, left_out.beside) == (0, Figures(None, Given()), Beside())


def test_a_sum_counts_each_student_once() -> None:
    total = Sum()
    for student, owed in (("ana", 30), ("ana", 225), ("jon", 30)):
        total.add(an_id(student), Fraction(owed), Given(delivered=10))

    found = total.group(None)

    assert (found.students, found.figures.owed, found.figures.given.delivered) == (2, 285, 30)


def test_the_largest_balance_stands_first() -> None:
    groups = in_order([group("a", 10, 5), group("b", 10, 50), group("c", 10, -5)])

    assert [each.figures.owed for each in groups] == [50, 5, -5]
