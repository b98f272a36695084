"""What an IEP team considers whatever it decides, and what the student's age asks: 34 CFR 300.324(a), 300.106, 300.320(b)-(c)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from contracts.items import AnyItem, SpecialFactor
from contracts.testing import an_id
from contracts.vocabulary import PlanKind
from plan_service.domain.adoption import AdoptionRefused, adopt_plan
from plan_service.domain.ages import Ages
from plan_service.domain.completeness import missing
from plan_service.domain.practice import advice
from plan_service.testing_plans import (
    BEGIN,
    GOAL,
    LEVELS,
    adopt,
    draft_opened,
    given,
    iep_items,
    item,
    levels,
    plan_504_items,
)

IEP = PlanKind.IEP
DAY = timedelta(days=1)
BORN = date(2010, 6, 20)
AT_16, A_YEAR_BEFORE_18 = date(2026, 6, 20), date(2027, 6, 20)
AFTER_SCHOOL = {
    "training": "a certificate", "education": "community college", "employment": "works in a kitchen",
    "assessments": "interest inventory", "services": "job coach", "courses": "culinary arts",
}  # fmt: skip


def codes(*items: AnyItem, on: date = BEGIN, ages: Ages | None = None) -> list[str]:
    return [gap.code for gap in missing(IEP, items, on, ages or Ages(BORN))]


def without(kind: str) -> tuple[AnyItem, ...]:
    return tuple(each for each in iep_items() if each.kind != kind)


def without_factor(factor: str) -> tuple[AnyItem, ...]:
    return tuple(
        each for each in iep_items() if not (isinstance(each, SpecialFactor) and each.factor == factor)
    )


def after_school(**fields: object) -> AnyItem:
    return item("transition", an_id("after school"), **AFTER_SCHOOL | fields)


@pytest.mark.parametrize("field", ["strengths", "parents_concerns", "evaluation", "needs"])
def test_strengths_concerns_evaluation_and_needs_are_said_in_some_present_levels(field: str) -> None:
    code = f"missing-{field.replace('_', '-')}"
    silent = iep_items(levels(**{field: None}))
    assert codes(*silent) == [code]
    (gap,) = missing(IEP, silent)
    assert gap.pointer == f"/items/{LEVELS}/{field}"
    said_elsewhere = item("present_levels", an_id("more"), statement="a", effect="b", **{field: "c"})
    assert codes(*silent, said_elsewhere) == []


@pytest.mark.parametrize(
    "factor", ["behavior", "limited_english", "braille", "communication", "deafness", "assistive_technology"]
)
def test_silence_about_a_special_factor_is_a_gap(factor: str) -> None:
    (gap,) = missing(IEP, without_factor(factor))
    assert gap.code == f"missing-special-factor-{factor}".replace("_", "-")
    assert (gap.citation or "").startswith("34 CFR 300.324(a)(2)")


def test_assistive_technology_may_be_answered_by_its_own_item() -> None:
    own = item("assistive_technology", an_id("own"), considered=True, need="not needed")
    assert codes(*without_factor("assistive_technology"), own) == []


def test_technology_that_is_needed_is_named() -> None:
    needed = item("special_factor", an_id("assistive_technology"), factor="assistive_technology", answer="yes",
                  reason="The hand tires.")  # fmt: skip
    assert codes(*iep_items(needed)) == ["assistive-technology-not-named"]
    device = item("assistive_technology", an_id("own"), considered=True, need="The hand tires.",
                  device_or_service="tablet", training="four sessions")  # fmt: skip
    assert codes(*iep_items(needed, device)) == []


def test_an_extended_school_year_is_considered_for_this_student_with_a_reason() -> None:
    assert codes(*without("extended_school_year")) == ["missing-extended-school-year"]
    silent = item("extended_school_year", an_id("summer"))
    assert codes(*iep_items(silent)) == [
        "extended-school-year-not-considered", "extended-school-year-lacks-needed", "extended-school-year-lacks-reason",
    ]  # fmt: skip
    needed = item("extended_school_year", an_id("summer"), considered=True, needed=True, reason="Lost words.")
    assert codes(*iep_items(needed)) == [
        "extended-school-year-lacks-services", "extended-school-year-lacks-starts-on",
        "extended-school-year-lacks-ends-on",
    ]  # fmt: skip


def test_objectives_are_required_of_who_takes_an_alternate_assessment_and_of_nobody_else() -> None:
    alternate = item(
        "assessment", an_id("test"), assessment="State test", participation="alternate", reason="why"
    )
    assert codes(*iep_items(alternate)) == ["goal-lacks-objectives"]
    empty = item("objective", an_id("step"), goal=str(GOAL))
    assert codes(*iep_items(alternate, empty)) == ["objective-lacks-target", "objective-lacks-due-on"]
    assert codes(*iep_items(empty)) == []
    step = item("objective", an_id("step"), goal=str(GOAL), target="20", due_on="2025-12-31")
    assert codes(*iep_items(alternate, step)) == []


def test_an_iep_in_effect_at_16_says_what_comes_after_school() -> None:
    assert codes(*iep_items(), on=AT_16 - DAY) == []
    assert codes(*iep_items(), on=AT_16) == ["missing-transition"]
    assert codes(*iep_items(after_school()), on=AT_16) == []


def test_a_state_may_ask_for_transition_earlier() -> None:
    assert codes(*iep_items(), ages=Ages(BORN, transition=14)) == ["missing-transition"]


@pytest.mark.parametrize("field", AFTER_SCHOOL)
def test_a_transition_part_has_goals_from_assessments_services_and_courses(field: str) -> None:
    assert codes(*iep_items(after_school(**{field: None})), on=AT_16) == [f"transition-lacks-{field}"]
    assert codes(*iep_items(after_school(**{field: None})), on=AT_16 - DAY) == []


def test_a_year_before_majority_the_plan_says_that_the_student_was_told_of_the_rights() -> None:
    told = after_school(told_of_rights_on="2027-06-01")
    assert codes(*iep_items(after_school()), on=A_YEAR_BEFORE_18 - DAY) == []
    assert codes(*iep_items(after_school()), on=A_YEAR_BEFORE_18) == ["missing-statement-of-rights"]
    assert codes(*iep_items(told), on=A_YEAR_BEFORE_18) == []


def test_where_no_rights_pass_at_majority_nobody_is_told_of_any() -> None:
    nowhere = Ages(BORN, majority=None)
    assert codes(*iep_items(after_school()), on=A_YEAR_BEFORE_18, ages=nowhere) == []
    later = Ages(BORN, majority=21)
    assert codes(*iep_items(after_school()), on=A_YEAR_BEFORE_18, ages=later) == []


def test_a_504_plan_and_an_unknown_birth_date_ask_nothing_of_age() -> None:
    assert missing(PlanKind.SECTION_504, plan_504_items(), AT_16, Ages(BORN)) == []
    assert codes(*iep_items(), on=AT_16, ages=Ages()) == []


def owed_later(*items: AnyItem, today: date, born: date = BORN) -> list[tuple[str, date]]:
    said = advice(IEP, items, today, Ages(born))
    return [(each.reason.code, each.owed_on) for each in said if each.owed_on]


def test_what_a_birthday_within_the_plans_year_will_ask_for_is_said_beforehand() -> None:
    assert owed_later(*iep_items(), today=BEGIN) == [("missing-transition", AT_16)]
    assert owed_later(*iep_items(after_school()), today=BEGIN) == []
    assert owed_later(*iep_items(), today=BEGIN, born=date(2010, 12, 10)) == []
    assert owed_later(*iep_items(), today=AT_16 + DAY) == [("missing-statement-of-rights", A_YEAR_BEFORE_18)]


def test_the_gate_refuses_what_the_students_age_asks_for_and_the_plan_lacks() -> None:
    command = replace(adopt(), ages=Ages(date(2009, 12, 9)))
    with pytest.raises(AdoptionRefused) as refusal:
        adopt_plan(given(draft_opened()), command)
    assert [reason.code for reason in refusal.value.reasons] == ["missing-transition"]
    assert adopt_plan(given(draft_opened()), replace(adopt(), ages=Ages(date(2009, 12, 10))))
