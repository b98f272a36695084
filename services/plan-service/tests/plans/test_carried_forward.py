"""A draft that begins with an earlier text: what needs a decision is marked until it is changed or kept; nothing is refused."""

from dataclasses import replace
from datetime import date

import pytest

from contracts.ids import new_id
from contracts.items import AnyItem
from contracts.problems import Invalid
from contracts.testing import an_id
from contracts.vocabulary import PlanKind
from plan_service.domain.carried_forward import (
    Carried,
    carry_forward,
    keep,
    renewed,
    still_open,
    word_for_word,
)
from plan_service.testing_plans import (
    GOAL,
    LEVELS,
    PLACEMENT,
    PLAN,
    SPEECH,
    TIME,
    extended_time,
    goal,
    iep_items,
    item,
    levels,
    plan_504_items,
    speech,
)

A_YEAR_ON = date(2026, 12, 10)
IN_BETWEEN = date(2026, 3, 1)


def carried(*items: AnyItem, today: date = A_YEAR_ON, kind: PlanKind = PlanKind.IEP) -> Carried:
    return carry_forward(PLAN, kind, items, today)


def codes(of: Carried, *items: AnyItem) -> list[str]:
    return [mark.code for mark in still_open(of, items)]


@pytest.mark.parametrize(
    ("entry", "field", "code"),
    [
        (goal(baseline=None), "due_on", "goal-due-passed"),
        (goal(due_on=None), "baseline", "goal-baseline-from-before"),
        (item("objective", an_id("o"), goal=str(GOAL), due_on="2026-03-15"), "due_on", "objective-due-passed"),
        (speech(), "ends_on", "service-ends-passed"),
        (extended_time(ends_on="2026-06-12"), "ends_on", "accommodation-ends-passed"),
        (levels(), None, "present-levels-from-before"),
        (item("special_factor", an_id("f"), factor="braille"), None, "special-factor-to-be-answered-again"),
        (item("assistive_technology", an_id("a")), None, "assistive-technology-to-be-considered-again"),
        (item("extended_school_year", an_id("e")), None, "extended-school-year-to-be-decided-again"),
        (item("placement", PLACEMENT), None, "placement-to-be-decided-again"),
        (item("transition", an_id("t")), None, "transition-to-be-updated"),
        (item("progress_schedule", an_id("p"), report_dates=["2026-01-30"]), "report_dates",
         "progress-schedule-dates-passed"),
    ],
)  # fmt: skip
def test_what_a_review_decides_anew_is_marked_with_its_rule(
    entry: AnyItem, field: str | None, code: str
) -> None:
    (mark,) = carried(entry).marks

    assert (mark.item, mark.field, mark.code) == (entry.id, field, code)
    assert "34 CFR" in mark.citation


def test_what_has_not_passed_is_not_marked() -> None:
    dated = (speech(), extended_time(ends_on="2026-06-12"), goal(baseline=None))
    assert carried(*dated, today=IN_BETWEEN).marks == ()


def test_of_a_504_plan_the_rules_of_504_are_named() -> None:
    marks = carried(*plan_504_items(extended_time(ends_on="2026-06-12")), kind=PlanKind.SECTION_504).marks
    assert marks
    assert not any("34 CFR 300" in mark.citation for mark in marks)


def test_a_mark_goes_when_its_field_is_changed_and_stays_when_another_is() -> None:
    began = carried(speech())

    assert codes(began, speech(minutes=60)) == ["service-ends-passed"]
    assert codes(began, speech(ends_on="2027-12-08")) == []
    assert codes(began) == []


def test_a_mark_of_a_whole_item_goes_with_any_change_of_it() -> None:
    began = carried(levels())

    assert codes(began, levels()) == ["present-levels-from-before"]
    assert codes(began, levels(needs="Fewer steps.")) == []


def test_what_is_kept_is_marked_no_more() -> None:
    began = carried(goal(), speech())
    kept = replace(began, kept=keep(began, [(SPEECH, "ends_on")]))

    assert codes(kept, goal(), speech()) == ["goal-due-passed", "goal-baseline-from-before"]
    assert keep(kept, [(GOAL, "due_on")]) == {(SPEECH, "ends_on"), (GOAL, "due_on")}


@pytest.mark.parametrize("began", [carried(speech()), None])
def test_only_what_is_marked_can_be_kept(began: Carried | None) -> None:
    with pytest.raises(Invalid):
        keep(began, [(TIME, None)])


def test_goals_word_for_word_as_before_are_counted_in_one_line() -> None:
    other = goal().model_copy(update={"id": an_id("another goal")})
    began = carried(goal(), other)

    said = word_for_word(began, [goal(due_on="2027-06-15"), other])
    assert said is not None
    assert said.message.startswith("2 of 2 goals")
    said = word_for_word(began, [goal(statement="arrange 60 objects by colour"), other])
    assert said is not None
    assert said.message.startswith("1 of 2 goals")
    kept = replace(began, kept=keep(began, [(other.id, "baseline")]))
    assert word_for_word(kept, [goal(target="80"), other]) is None


def test_items_of_another_plan_get_ids_of_their_own_and_still_point_at_each_other() -> None:
    grown = goal(present_levels=str(LEVELS), external_id="sis:1")
    step = item("objective", an_id("o"), goal=str(GOAL))
    lost = item("objective", an_id("p"), goal=str(an_id("a goal that is gone")))
    first, second, third, fourth = renewed([levels(), grown, step, lost], new_id)

    assert {first.id, second.id, third.id, fourth.id}.isdisjoint({LEVELS, GOAL, step.id, lost.id})
    assert second.external_id is None
    assert (second.present_levels, third.goal, fourth.goal) == (first.id, second.id, None)  # type: ignore[union-attr]


def test_the_whole_of_a_plan_carried_forward_unread_is_marked() -> None:
    marked = {mark.item for mark in still_open(carried(*iep_items()), iep_items())}
    assert {GOAL, SPEECH, LEVELS, PLACEMENT} < marked
