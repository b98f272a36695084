"""What a single item must say: 34 CFR 300.320, 300.324(a)(2), 300.105-300.106; 104.33."""

from typing import Any

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from contracts.items import ITEM_CLASSES, AnyItem, item_fields
from contracts.testing import an_id
from contracts.vocabulary import PlanKind
from plan_service.domain.completeness import missing
from plan_service.testing_plans import (
    GOAL,
    PLACEMENT,
    TECHNOLOGY,
    extended_time,
    iep_items,
    item,
    levels,
    plan_504_items,
    speech,
)

IEP, SECTION_504 = PlanKind.IEP, PlanKind.SECTION_504
NEW = an_id("a new item")


def codes(kind: PlanKind, *items: AnyItem) -> list[str]:
    """What these lack that the plan would not lack without them."""
    whole = iep_items(*items) if kind is IEP else plan_504_items(*items)
    gaps = missing(kind, whole)
    assert all(gap.citation and gap.cure and gap.pointer for gap in gaps)
    return [gap.code for gap in gaps]


def test_the_plans_that_tests_begin_with_lack_nothing() -> None:
    assert codes(IEP) == codes(SECTION_504) == []


@pytest.mark.parametrize("field", ["statement", "effect"])
def test_present_levels_say_how_the_student_does_and_what_the_disability_does_to_that(field: str) -> None:
    assert codes(IEP, levels(**{field: None})) == [f"present-levels-lacks-{field}"]


@pytest.mark.parametrize("kind", ["accommodation", "modification"])
@pytest.mark.parametrize("field", ["what", "where", "responsible_role", "since"])
def test_a_support_of_an_iep_says_what_where_from_when_and_whose_role_it_is(kind: str, field: str) -> None:
    said = item_fields(extended_time()) | {"id": str(NEW), "kind": kind, field: None}
    assert codes(IEP, _item(said)) == [f"{kind}-lacks-{field.replace('_', '-')}"]


@pytest.mark.parametrize("kind", ["accommodation", "modification", "school_services"])
@pytest.mark.parametrize("field", ["what", "responsible_role"])
def test_school_services_and_accommodations_of_a_504_plan_have_a_responsible_role(
    kind: str, field: str
) -> None:
    said = {
        "id": str(NEW),
        "kind": kind,
        "what": "Bus with a lift.",
        "responsible_role": "bus_driver",
        field: None,
    }
    assert codes(SECTION_504, _item(said)) == [f"{kind}-lacks-{field}".replace("_", "-")]


def test_a_service_of_no_minutes_is_none() -> None:
    assert codes(IEP, speech(0)) == ["service-of-no-minutes"]


def test_nothing_ends_before_it_starts() -> None:
    assert codes(IEP, speech(ends_on="2025-12-08")) == ["service-ends-before-it-starts"]
    assert codes(IEP, speech(ends_on="2025-12-09")) == []
    assert codes(IEP, extended_time(ends_on="2025-12-08")) == ["accommodation-ends-before-it-starts"]


def test_a_service_of_a_504_plan_is_asked_for_under_section_504() -> None:
    (gap,) = missing(SECTION_504, plan_504_items(speech(location=None)))
    assert (gap.code, gap.citation) == ("service-lacks-location", "34 CFR 104.33(b)")


def test_a_goal_of_a_504_plan_is_no_duty_and_so_never_in_the_way() -> None:
    assert codes(SECTION_504, item("goal", GOAL)) == []


def test_time_apart_is_explained_under_both_laws() -> None:
    apart = item("placement", PLACEMENT, setting="separate_class", percent_with_peers="20")
    for kind, citation in ((IEP, "34 CFR 300.320(a)(5)"), (SECTION_504, "34 CFR 104.34(a)")):
        whole = iep_items(apart) if kind is IEP else plan_504_items(apart)
        assert [(gap.code, gap.citation) for gap in missing(kind, whole)] == [
            ("placement-lacks-explanation", citation)
        ]


@pytest.mark.parametrize("considered", [None, False])
def test_assistive_technology_is_considered_under_both_laws(considered: bool | None) -> None:
    technology = item("assistive_technology", TECHNOLOGY, considered=considered, need="none", provided_by="nobody",
                      bought_by="nobody", trained_by="nobody")  # fmt: skip
    assert codes(IEP, technology) == codes(SECTION_504, technology) == ["assistive-technology-not-considered"]


@pytest.mark.parametrize("field", ["need", "provided_by", "bought_by", "trained_by"])
def test_under_504_who_provides_buys_and_trains_or_that_nobody_does_is_stated(field: str) -> None:
    said = {
        "considered": True,
        "need": "none",
        "provided_by": "nobody",
        "bought_by": "nobody",
        "trained_by": "nobody",
    }
    assert codes(SECTION_504, item("assistive_technology", TECHNOLOGY, **said)) == []
    assert codes(SECTION_504, item("assistive_technology", TECHNOLOGY, **said | {field: None})) == [
        f"assistive-technology-lacks-{field}".replace("_", "-")
    ]


def test_a_device_comes_with_its_training() -> None:
    device = {"considered": True, "need": "The hand tires.", "device_or_service": "tablet"}
    assert codes(IEP, item("assistive_technology", TECHNOLOGY, **device)) == [
        "assistive-technology-lacks-training"
    ]
    assert codes(IEP, item("assistive_technology", TECHNOLOGY, **device, training="four sessions")) == []


@pytest.mark.parametrize("field", ["answer", "reason"])
def test_a_special_factor_is_answered_with_a_reason(field: str) -> None:
    said = {"factor": "behavior", "answer": "no", "reason": "Looked at."}
    assert codes(IEP, item("special_factor", NEW, **said | {field: None})) == [
        f"special-factor-lacks-{field}"
    ]


def test_a_special_factor_answered_yes_has_its_supports() -> None:
    said = {"factor": "behavior", "answer": "yes", "reason": "Leaves the seat."}
    assert codes(IEP, item("special_factor", NEW, **said)) == ["special-factor-lacks-supports"]
    assert codes(IEP, item("special_factor", NEW, **said, supports="Praise within the minute.")) == []


def test_an_assessment_says_with_which_accommodations_or_why_the_alternate_one() -> None:
    said = {"assessment": "State test"}
    assert codes(IEP, item("assessment", NEW, **said)) == ["assessment-lacks-participation"]
    assert codes(IEP, item("assessment", NEW, **said, participation="standard")) == []
    with_none = item("assessment", NEW, **said, participation="with_accommodations", accommodations=[])
    assert codes(IEP, with_none) == ["assessment-lacks-accommodations"]


def test_reports_of_progress_have_their_days() -> None:
    assert codes(IEP, item("progress_schedule", NEW, report_dates=[])) == [
        "progress-schedule-lacks-report-dates"
    ]


@any_of(
    st.sampled_from(PlanKind),
    st.lists(st.sampled_from(sorted(ITEM_CLASSES)), max_size=6),
)  # fmt: skip
def test_every_gap_of_any_draft_has_its_rule_its_cure_and_a_place_of_this_draft(
    kind: PlanKind, kinds: list[str]
) -> None:
    items = [item(each, an_id(f"{place}")) for place, each in enumerate(kinds)]
    found = missing(kind, items)
    places = {"/items", *(f"/items/{each.id}" for each in items)}
    assert all(gap.citation and gap.cure for gap in found)
    assert {"/".join((gap.pointer or "").split("/")[:3]) for gap in found} <= places
    assert len({(gap.code, gap.pointer) for gap in found}) == len(found)


def _item(fields: dict[str, Any]) -> AnyItem:
    said = dict(fields)
    return item(said.pop("kind"), said.pop("id"), **said)
