"""Findings under Section 504: each rule by its sentence."""

from typing import Any
from uuid import UUID

import pytest

from audit_service.testing_findings import (
    MIRA,
    MOTHER,
    PLACE,
    PLAN_504,
    TIME,
    History,
    day,
    plan_504,
)
from audit_service.testing_findings_steps import OF, asked, completed, consented, referred
from contracts.discipline import RemovalDecided
from contracts.district import StaffAdded, StaffEnded
from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationConsentAnswered,
    GroupMember,
    Section504Determination,
)
from contracts.items import Placement
from contracts.meetings import StaffPerson
from contracts.notify import NoticeGiven, NoticeOwed
from contracts.plan import (
    AmendmentAdopted,
    ItemHolderAssigned,
    ItemHolderEnded,
    PlanEnded,
    ReviewHeld,
    StaffInformed,
)
from contracts.testing import an_id
from contracts.vocabulary import PlanKind

ROE, ODE = an_id("Ms. Roe"), an_id("Mr. Ode")
KNOWLEDGE = ("knowledge_of_evaluation", "knowledge_of_child", "knowledge_of_placement_options")


def adopted(history: History | None = None, on: str = "9-23", *left_out: str, **more: Any) -> History:
    items = [item for item in plan_504(day(on)) if item.kind not in left_out]
    return (history or History()).iep(on, *items, kind=PlanKind.SECTION_504, **more)


def decided(
    history: History,
    *roles: str,
    on: str = "9-19",
    sources: tuple[str, ...] = ("medical_report", "parent_input"),
) -> History:
    members = tuple(GroupMember(person=StaffPerson(staff_id=an_id(role)), roles=(role,)) for role in roles)
    said = Section504Determination(eligible=True, impairment="Type 1 diabetes.")
    return history.add("9-19", EligibilityDetermined, student_id=MIRA, eligibility_id=an_id("e"), determination=said,
                       members=members, sources=sources)  # fmt: skip


def held(history: History, who: UUID, on: str, *, told: bool = True) -> History:
    history.add(on, ItemHolderAssigned, plan_id=PLAN_504, item_id=TIME, staff_id=who)
    return (
        history.add(on, StaffInformed, plan_id=PLAN_504, staff_id=who, items=(TIME,), how="in person")
        if told
        else history
    )


def evaluated(history: History | None = None) -> History:
    return completed(referred("9-4", history, laws=("504",)), "9-16", "9-12")


def test_a_student_is_evaluated_from_several_sources_before_the_first_plan() -> None:
    assert adopted().one("s504.evaluate", "9-24") == ("missed", "Plan without evaluation.")
    assert adopted(decided(evaluated(), *KNOWLEDGE)).one("s504.evaluate", "9-24")[0] == "met"
    assert adopted(decided(evaluated(), *KNOWLEDGE, sources=())).one("s504.evaluate", "9-24")[0] == "unproven"


def test_the_first_section_504_evaluation_has_consent() -> None:
    assert evaluated().one("s504.consent", "9-24") == ("missed", "Testing began 2025-09-12 without consent.")
    assert (
        completed(consented(referred("9-4", laws=("504",)), "9-9"), "9-16", "9-12").one(
            "s504.consent", "9-24"
        )[0]
        == "met"
    )
    hearing = completed(referred("9-4", laws=("504",)), "9-16", "9-12", without_consent="hearing_decision")
    assert hearing.one("s504.consent", "9-24")[0] == "excused"


def test_the_group_knows_the_child_the_evaluation_and_the_options() -> None:
    assert decided(History(), *KNOWLEDGE).one("s504.group", "9-24")[0] == "met"
    assert decided(History(), *KNOWLEDGE[:2]).one("s504.group", "9-24") == (
        "missed", "2025-09-19: nobody knows the placement options.",
    )  # fmt: skip
    assert decided(History()).one("s504.group", "9-24")[0] == "unproven"


def test_a_section_504_plan_says_what_proves_it() -> None:
    assert adopted().one("s504.plan-complete", "9-24")[0] == "met"
    lacking = adopted(None, "9-23", "assistive_technology")
    assert lacking.one("s504.plan-complete", "9-24")[0] == "overdue"
    assert lacking.find("s504.plan-complete", "9-24")[0].severity == "L"


def test_every_accommodation_has_a_holder_in_post_who_was_told() -> None:
    assert adopted().one("s504.responsible", "10-15") == ("overdue", "extended time: none since 2025-09-23.")
    assert held(adopted(), ROE, "9-23").one("s504.responsible", "10-15")[0] == "met"
    assert held(adopted(), ROE, "9-23", told=False).one("s504.responsible", "10-15")[0] == "unproven"


@pytest.mark.parametrize("leaves", ["the item", "the district"])
def test_a_gap_between_two_holders_stays_on_record(leaves: str) -> None:
    history = held(adopted(), ROE, "9-23")
    if leaves == "the item":
        history.add("10-1", ItemHolderEnded, plan_id=PLAN_504, item_id=TIME, staff_id=ROE)
    else:
        history.staff(
            "2025-08-01", StaffAdded, staff_id=ROE, personal={"given_name": "Ann", "family_name": "Roe"}
        )
        history.staff("10-1", StaffEnded, staff_id=ROE)
    assert history.one("s504.responsible", "10-15") == ("overdue", "extended time: none since 2025-10-01.")
    states = [f.state.value for f in held(history, ODE, "10-20").find("s504.responsible", "10-25")]
    assert sorted(states) == ["met", "met_late"]


def test_a_section_504_plan_is_reviewed_by_the_districts_policy_which_is_no_federal_date() -> None:
    history = adopted(None, "2025-09-23", review_due_on=day("2026-09-19"))
    state, says = history.one("s504.review", "2026-09-22")
    assert (state, says) == ("overdue", "Due 2026-09-19 by district policy; not a federal date.")
    assert history.find("s504.review", "2026-09-22")[0].severity == "L"
    history.add("2026-09-25", ReviewHeld, plan_id=PLAN_504, outcome="continued")
    assert history.one("s504.review", "2026-10-01")[0] == "met_late"
    assert adopted().find("s504.review", "2026-09-22")[0].due_on == day("2028-09-23")
    ended = adopted(None, "2025-09-23", review_due_on=day("2026-09-19")).add(
        "6-12", PlanEnded, plan_id=PLAN_504, reason="graduated"
    )
    assert ended.one("s504.review", "2026-10-01")[0] == "not_applicable"


def test_a_significant_change_of_placement_follows_an_evaluation() -> None:
    def moved(history: History) -> tuple[str, str]:
        place = Placement(id=PLACE, setting="separate_school", percent_with_peers=0)
        history.add(
            "3-9",
            AmendmentAdopted,
            plan_id=PLAN_504,
            amendment_id=an_id("a"),
            changes=({"op": "replace", "item": place},),
        )
        return history.one("s504.reevaluate-change", "3-10")

    assert moved(adopted()) == ("missed", "Changed 2026-03-09 without.")
    assert (
        moved(completed(referred("2-1", adopted(), laws=("504",), kind="reevaluation"), "3-1", "2-20"))[0]
        == "met"
    )


def test_the_family_gets_notice_of_the_four_rights() -> None:
    assert decided(History(), *KNOWLEDGE).one("s504.safeguards", "9-24") == (
        "overdue",
        "No notice at identification of 2025-09-19.",
    )
    history = decided(History(), *KNOWLEDGE)
    of = {"notice_id": an_id("n"), "kind": "section_504_notice", "holder_id": MOTHER}
    history.add("9-19", NoticeOwed, student_id=MIRA, caused_by=history.last, language="en", **of)
    history.add("9-19", NoticeGiven, channel="handed_over", basis="handed_over", **of)
    assert history.one("s504.safeguards", "9-24")[0] == "met"


def test_of_an_evaluation_under_both_laws_the_safeguards_of_idea_are_one_means() -> None:
    def asked_of(*laws: str, told: bool = True, booklet: bool = True) -> tuple[str, str]:
        history = referred("9-4", laws=laws)
        if booklet:
            of = {"notice_id": an_id("booklet"), "kind": "procedural_safeguards", "holder_id": MOTHER}
            history.add("9-10", NoticeOwed, student_id=MIRA, caused_by=history.last, language="en", **of)
            history.add("9-10", NoticeGiven, channel="handed_over", basis="handed_over", **of)
        return asked(history, "9-15", notice="9-15" if told else None).one("s504.safeguards", "9-24")

    assert asked_of("idea", "504") == ("met", "Notice 2025-09-15, evaluation of 2025-09-15.")
    again = asked(referred("9-4", laws=("504",)), "9-15", notice=None)
    assert len(asked(again, "9-20", notice=None).find("s504.safeguards", "9-24")) == 1, (
        "one proposal, asked twice"
    )
    nothing = ("overdue", "No notice at evaluation of 2025-09-15.")
    assert asked_of("idea", "504", booklet=False) == nothing
    assert asked_of("idea", "504", told=False) == nothing
    assert asked_of("504") == nothing, "a prior written notice is none of Section 504 alone"


@pytest.mark.parametrize(
    ("given", "holder", "state"),
    [
        ("2025-09-10", MOTHER, "overdue"),
        ("2026-08-26", MOTHER, "met"),
        ("2026-08-26", an_id("a neighbor"), "overdue"),
        ("2026-09-10", MOTHER, "met"),
    ],
)
def test_the_booklet_that_serves_is_of_that_school_year_or_since_the_referral_and_to_a_holder(
    given: str, holder: UUID, state: str
) -> None:
    history = referred("2026-09-04", laws=("idea", "504"))
    of = {"notice_id": an_id("booklet"), "kind": "procedural_safeguards", "holder_id": holder}
    history.add(given, NoticeGiven, channel="handed_over", basis="handed_over", **of)
    history = asked(history, "2026-09-15", notice="2026-09-15")
    assert history.one("s504.safeguards", "2026-09-24")[0] == state


def test_a_disciplinary_change_of_placement_under_a_504_plan_is_told_as_its_act() -> None:
    def moved(*, change: bool = True) -> History:
        return adopted(on="9-23").add(
            "5-20", RemovalDecided, student_id=MIRA, removal_decision_id=an_id("d"), ground="pattern", removal_ids=(),
            school_days=11, change_of_placement=change, similar_behavior=True,
        )  # fmt: skip

    def states(history: History) -> list[str]:
        return [
            found.state.value
            for found in history.find("s504.safeguards", "5-21")
            if "2026-05-20" in found.says
        ]

    assert states(moved()) == ["overdue"]
    assert states(moved(change=False)) == []
    being_evaluated = referred("5-4", moved())
    assert states(being_evaluated) == [], (
        "IDEA protects who is being evaluated, and asks for its booklet: 300.534"
    )
    booklet = [f for f in being_evaluated.find("idea.safeguards-trigger", "5-21") if "2026-05-20" in f.says]
    assert [f.state.value for f in booklet] == ["overdue"]
    unwilling = being_evaluated.add(
        "5-10", EvaluationConsentAnswered, **OF, evaluation_consent_id=an_id("no"), holder_id=MOTHER, counts=True,
        decision="refused", method="paper_signature", received_on=day("5-10"),
    )  # fmt: skip
    assert states(unwilling) == ["overdue"], "who was not allowed to be evaluated is not: 300.534(c)(1)"
    told = moved()
    of = {"notice_id": an_id("told"), "kind": "section_504_notice", "holder_id": MOTHER}
    told.add("5-20", NoticeOwed, student_id=MIRA, caused_by=told.last, language="en", **of)
    told.add("5-20", NoticeGiven, channel="handed_over", basis="handed_over", **of)
    assert states(told) == ["met"]
