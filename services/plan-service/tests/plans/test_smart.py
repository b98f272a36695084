"""Each goal tested for Specific, Measurable, Attainable, Relevant, Time-bound, which is practice and refuses nothing."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import given as any_of
from hypothesis import strategies as st

from contracts.items import AnyItem, Objective, parse_item
from contracts.testing import an_id
from contracts.vocabulary import PlanKind
from plan_service.adapters.routes.drafts import ITEMS as EXAMPLE
from plan_service.domain.adoption import adopt_plan
from plan_service.domain.ages import Ages
from plan_service.domain.completeness import missing
from plan_service.domain.practice import advice
from plan_service.domain.smart import Letter, smart
from plan_service.testing_plans import (
    BEGIN,
    GOAL,
    LEVELS,
    PLACEMENT,
    SPEECH,
    TIME,
    adopt,
    draft_opened,
    extended_time,
    given,
    goal,
    iep_items,
    item,
    levels,
    plan_504_items,
    speech,
)

ENDS = date(2026, 12, 9)
S, M, A, R, T = Letter


def sorting(**fields: Any) -> AnyItem:
    """Arrange 60 objects by kind, by 15 June."""
    return goal(**{"area": "adaptive", "present_levels": str(LEVELS)} | fields)


def step(order: int, target: Any, due_on: Any, **fields: Any) -> AnyItem:
    said = {"goal": str(GOAL), "order": order, "target": target, "unit": "objects", "due_on": due_on}
    return item("objective", an_id(f"step {order}"), **said | fields)


STEPS = (step(1, "20", "2025-12-31"), step(2, "40", "2026-03-15"), step(3, "60", "2026-06-15"))
"""20 of 60 objects by December 31, 20 more by March 15, 20 more by June 15."""


def failed(*items: AnyItem) -> list[tuple[Letter | None, str]]:
    found = smart((levels(), *items), BEGIN, ENDS)
    assert all("practice, not law" in (each.reason.citation or "") and each.reason.cure for each in found)
    assert all((each.reason.pointer or "").startswith("/items/") for each in found)
    return [(each.letter, each.reason.code) for each in found]


def test_20_of_60_objects_by_december_20_more_by_march_20_more_by_june_is_one_smart_goal() -> None:
    assert failed(sorting(), *STEPS) == []
    assert missing(PlanKind.IEP, iep_items(sorting(), *STEPS)) == []
    (event,) = adopt_plan(given(draft_opened()), adopt(items=iep_items(sorting(), *STEPS)))
    assert event.effective_on == BEGIN


def test_the_example_of_the_api_page_is_that_goal() -> None:
    items = [parse_item(fields) for fields in EXAMPLE]
    assert smart(items, date(2026, 9, 28), date(2027, 9, 28)) == []
    assert [each.target for each in items if isinstance(each, Objective)] == [20, 40, 60]


@pytest.mark.parametrize(
    ("wrong", "letter", "code"),
    [
        ({"statement": None}, S, "goal-no-statement"),
        ({"statement": "Improve reading."}, S, "goal-vague-statement"),
        ({"area": None}, S, "goal-no-area"),
        ({"baseline": None}, M, "goal-no-baseline"),
        ({"target": None}, M, "goal-no-target"),
        ({"unit": None}, M, "goal-no-unit"),
        ({"measure_method": None}, M, "goal-no-measure-method"),
        ({"baseline": "60"}, A, "goal-nothing-to-reach"),
        ({"unit": "percent", "target": "101"}, A, "goal-beyond-the-whole"),
        ({"present_levels": None}, R, "goal-no-present-levels"),
        ({"present_levels": str(SPEECH)}, R, "goal-unknown-present-levels"),
        ({"due_on": None}, T, "goal-no-date"),
        ({"due_on": "2026-12-10"}, T, "goal-due-after-the-plan"),
        ({"due_on": "2025-12-09"}, T, "goal-due-before-the-plan"),
    ],
)
def test_a_goal_fails_a_letter_with_its_reason(wrong: dict[str, Any], letter: Letter, code: str) -> None:
    assert failed(sorting(**wrong)) == [(letter, code)]


def test_a_goal_due_on_the_last_day_of_the_plans_year_is_in_time() -> None:
    assert failed(sorting(due_on="2026-12-09")) == []


def test_a_goal_of_another_area_than_its_present_levels_is_not_seen_to_be_relevant() -> None:
    found = smart((levels(area="reading"), sorting()), BEGIN, ENDS)
    assert [each.reason.code for each in found] == ["goal-another-area"]


def test_a_goal_that_says_nothing_fails_every_letter_it_can_with_every_reason_at_once() -> None:
    assert {letter for letter, _ in failed(item("goal", GOAL))} == {S, M, R, T}
    assert len(failed(item("goal", GOAL))) == 8


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (step(2, "20", "2026-03-15"), [(A, "objective-does-not-climb")]),
        (step(2, "61", "2026-03-15"), [(A, "objective-does-not-climb"), (A, "objective-does-not-climb")]),
        (step(2, None, "2026-03-15"), [(M, "objective-no-target")]),
        (step(2, "40", "2026-03-15", unit="words"), [(M, "objective-another-unit")]),
        (step(2, "40", None), [(T, "objective-no-date")]),
        (step(2, "40", "2025-12-31"), [(T, "objective-due-out-of-order")]),
    ],
    ids=["no further", "past the goal", "no target", "another unit", "no date", "not later"],
)  # fmt: skip
def test_objectives_climb_step_by_step_to_the_goal(second: AnyItem, found: list[tuple[Letter, str]]) -> None:
    assert failed(sorting(), STEPS[0], second, STEPS[2]) == found


def test_so_many_more_at_each_step_is_told_as_what_is_reached_in_all() -> None:
    """20 of 60 objects, 20 more, 20 more: results are compared with the total."""
    more = [step(n, "20", day) for n, day in enumerate(("2025-12-31", "2026-03-15", "2026-06-15"), 1)]
    cures = {
        each.reason.cure for each in advice(PlanKind.IEP, iep_items(sorting(), *more), BEGIN, Ages())
        if each.reason.code == "objective-does-not-climb"
    }  # fmt: skip
    assert cures == {"Where each says so many more, give what is reached in all: 20, 40, 60."}


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        ("Ida will improve her reading skills.", False),
        ("Makes progress in all her subjects.", False),
        ("Improves from 12 to 40 words read in a minute.", True),
        ("Reads a paragraph aloud without help.", True),
    ],
)
def test_a_specific_goal_says_what_anybody_could_see_or_count(statement: str, seen: bool) -> None:
    assert ((S, "goal-nothing-to-see") in failed(sorting(statement=statement))) is not seen


def test_capitals_and_blanks_make_no_other_unit() -> None:
    assert failed(sorting(), step(1, "20", "2025-12-31", unit=" Objects")) == []


def test_no_objective_is_due_after_its_goal() -> None:
    late = step(3, "60", "2026-06-16")
    assert failed(sorting(), STEPS[0], STEPS[1], late) == [(T, "objective-due-after-the-goal")]


def test_where_less_is_better_the_steps_go_down() -> None:
    fewer = sorting(baseline="12", target="4")
    assert failed(fewer, step(1, "9", "2025-12-31"), step(2, "4", "2026-03-15")) == []
    assert failed(fewer, step(1, "13", "2025-12-31")) == [(A, "objective-does-not-climb")]


def test_objectives_of_another_goal_do_not_count() -> None:
    assert failed(sorting(), step(1, "99", "2030-01-01", goal=str(an_id("another goal")))) == []


@any_of(st.lists(st.integers(min_value=1, max_value=60), min_size=1, max_size=5, unique=True), st.randoms())
def test_steps_are_found_to_climb_exactly_when_they_do(targets: list[int], chance: Any) -> None:
    chance.shuffle(targets)
    steps = [step(n, str(target), f"2026-01-{n:02}") for n, target in enumerate(targets, 1)]
    chance.shuffle(steps)
    assert (failed(sorting(), *steps) == []) == (targets == sorted(targets))


@any_of(
    baseline=st.none() | st.integers(-50, 50), target=st.none() | st.integers(-50, 50),
    unit=st.sampled_from([None, "objects", "percent"]), due=st.none() | st.dates(date(2025, 1, 1), date(2028, 1, 1)),
)  # fmt: skip
def test_a_goal_passes_a_letter_only_with_what_the_letter_asks(
    baseline: int | None, target: int | None, unit: str | None, due: date | None
) -> None:
    said = {"baseline": baseline, "target": target, "unit": unit, "due_on": due and due.isoformat()}
    letters = {letter for letter, _ in failed(sorting(**said))}
    assert (M in letters) == (None in (baseline, target, unit))
    assert (T in letters) == (due is None or not BEGIN < due <= ENDS)
    assume(target is not None)
    assert (A in letters) == (target == baseline)


def test_advice_never_stands_in_the_way_of_an_adoption() -> None:
    poor = iep_items(goal(unit=None, due_on="2030-01-01"), levels(as_of_on=None), extended_time(need=None))
    assert {each.letter for each in advice(PlanKind.IEP, poor, BEGIN, Ages())} >= {S, M, R, T, None}
    assert adopt_plan(given(draft_opened()), adopt(items=poor))


def test_a_draft_is_taken_to_begin_with_its_services() -> None:
    """A goal due within a year of them is in time, although the draft is written before."""
    items = iep_items(sorting(due_on="2026-12-09"), speech(starts_on="2025-12-09"))
    assert not [each for each in advice(PlanKind.IEP, items, date(2025, 11, 20), Ages()) if each.letter]


def codes(kind: PlanKind, *items: AnyItem) -> set[str]:
    whole = iep_items(sorting(), *items) if kind is PlanKind.IEP else plan_504_items(*items)
    return {each.reason.code for each in advice(kind, whole, BEGIN, Ages())}


def test_practice_asks_for_dated_data_needs_checks_sources_and_alternatives() -> None:
    assert codes(PlanKind.IEP, levels(as_of_on=None)) >= {
        "present-levels-lacks-as-of-on", "accommodation-lacks-need", "accommodation-lacks-how-checked",
        "placement-lacks-alternatives-considered", "missing-assessment",
    }  # fmt: skip
    assert codes(PlanKind.SECTION_504) == {
        "accommodation-lacks-need", "accommodation-lacks-where", "accommodation-lacks-since",
        "accommodation-lacks-how-checked", "activity-limited-lacks-impairment", "activity-limited-lacks-evidence",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "percent", "contradicts"),
    [
        ("regular_class_80_or_more", "80", False), ("regular_class_80_or_more", "79.9", True),
        ("regular_class_40_to_79", "79.9", False), ("regular_class_40_to_79", "80", True),
        ("regular_class_less_than_40", "39.9", False), ("regular_class_less_than_40", "40", True),
        ("separate_school", "100", False),
    ],
)  # fmt: skip
def test_a_setting_and_its_percent_of_the_day_agree(setting: str, percent: str, contradicts: bool) -> None:
    placed = item(
        "placement", PLACEMENT, setting=setting, percent_with_peers=Decimal(percent), explanation="why"
    )
    assert ("placement-setting-contradicts-percent" in codes(PlanKind.IEP, placed)) is contradicts


@pytest.mark.parametrize(
    ("minutes", "per", "too_many"), [(2400, "week", False), (2401, "week", True), (500, "day", True)]
)
def test_a_service_promises_no_more_minutes_than_there_are(minutes: int, per: str, too_many: bool) -> None:
    found = codes(PlanKind.IEP, speech(minutes, per=per))
    assert ("service-of-more-than-there-is" in found) is too_many


def test_a_code_that_is_in_no_list_is_pointed_out_and_may_stay() -> None:
    odd = item("accommodation", TIME, what="a", accommodation="beanbag", where=["test", "pool"])
    found = [each.reason for each in advice(PlanKind.IEP, iep_items(odd), BEGIN, Ages())
             if each.reason.code == "code-not-listed"]  # fmt: skip
    assert [reason.pointer for reason in found] == [f"/items/{TIME}/accommodation", f"/items/{TIME}/where"]
