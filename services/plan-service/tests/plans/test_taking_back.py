"""What two people take back: an end that does not hold any more, a plan that never bound (law.md 6)."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.plan import PlanEnded, PlanReopened, PlanVoided
from contracts.problems import Invalid
from contracts.testing import an_id
from contracts.vocabulary import PlanEnd, PlanKind, ReopeningGround, VoidGround
from plan_service.domain.carrying_out import AssignHolder, assign_holder
from plan_service.domain.plan import Plan
from plan_service.domain.reopening import (
    EndInRecord,
    NotEnded,
    ReopeningRefused,
    RequestReopening,
    approve_reopening,
    check_reopening,
)
from plan_service.domain.second_person import SecondPersonRequired
from plan_service.domain.stay_put import StayPut
from plan_service.domain.voiding import PlanIsVoid, RequestVoid, VoidRefused, approve_void, check_void
from plan_service.testing_plans import (
    BEGIN,
    MOTHER,
    PLAN,
    SPEECH,
    STUDENT,
    TODAY,
    draft_opened,
    given,
    in_effect,
    people,
    plan_504_items,
    plan_adopted,
    reported,
)

ENDED_ON, TOMORROW = TODAY - timedelta(days=30), TODAY + timedelta(days=1)
STAFF, OTHER = an_id("staff"), an_id("the plan that stands")


def ended(reason: PlanEnd = PlanEnd.TRANSFERRED) -> Plan:
    return given(PlanEnded(effective_on=ENDED_ON, plan_id=PLAN, reason=reason), start=in_effect())


def end(reason: PlanEnd = PlanEnd.TRANSFERRED) -> EndInRecord:
    return EndInRecord(an_id("end"), ENDED_ON, reason)


def reopening(ground: ReopeningGround = ReopeningGround.STUDENT_RETURNED, **fields: Any) -> RequestReopening:
    return RequestReopening(an_id("reopening"), ground, "They are back.", "clerk", **fields)


def refused(plan: Plan, command: RequestReopening, of: EndInRecord) -> set[str]:
    with pytest.raises(ReopeningRefused) as refusal:
        check_reopening(plan, command, of, TODAY)
    return {reason.code for reason in refusal.value.reasons}


def test_the_plan_of_who_is_back_binds_again_from_that_day_as_it_was() -> None:
    plan = ended()
    (event,) = approve_reopening(plan, reopening(), end(), "director", TODAY)
    assert isinstance(event, PlanReopened)
    assert (event.requested_by, event.approved_by, event.ended_by) == ("clerk", "director", an_id("end"))
    after = given(event, start=plan)
    assert [after.in_effect_on(day) for day in (ENDED_ON, TODAY - timedelta(days=1), TODAY)] == [
        False,
        False,
        True,
    ]
    assert after.lines == plan.lines


def test_an_end_by_mistake_never_held_whatever_it_was_for() -> None:
    plan = ended(PlanEnd.GRADUATED)
    (event,) = approve_reopening(
        plan, reopening(ReopeningGround.MISTAKE), end(PlanEnd.GRADUATED), "director", TODAY
    )
    assert event.effective_on == ENDED_ON
    assert given(event, start=plan).in_effect_on(ENDED_ON)


@pytest.mark.parametrize(
    "reason", [each for each in PlanEnd if each not in (PlanEnd.TRANSFERRED, PlanEnd.LEFT_SCHOOL)]
)
def test_what_ended_for_good_begins_anew_with_an_evaluation(reason: PlanEnd) -> None:
    assert refused(ended(reason), reopening(), end(reason)) == {"eligibility-has-ended"}


def test_an_iep_whose_year_is_over_is_made_anew() -> None:
    later = date(2026, 12, 5)
    assert refused(ended(), reopening(effective_on=later), end()) == {"annual-review-gone-by"}
    kind = PlanKind.SECTION_504
    plan = given(
        draft_opened(kind), plan_adopted(items=plan_504_items(), kind=kind, review_due_on=date(2026, 3, 1))
    )
    assert check_reopening(plan, reopening(effective_on=later), end(), TODAY).effective_on == later


def test_it_binds_again_from_today_at_the_earliest_unless_that_is_reported() -> None:
    before = ENDED_ON + timedelta(days=3)
    assert refused(ended(), reopening(effective_on=before), end()) == {"effective-in-the-past"}
    event = check_reopening(ended(), reopening(effective_on=before, reported=reported(before)), end(), TODAY)
    assert event.effective_on == before


def test_while_a_complaint_is_open_only_the_placement_that_stays_is_taken_up_again() -> None:
    none_was_in_force, this_one = (
        StayPut(ENDED_ON + timedelta(days=3)),
        StayPut(ENDED_ON - timedelta(days=3), 1),
    )
    with pytest.raises(ReopeningRefused) as refusal:
        check_reopening(ended(), reopening(), end(), TODAY, none_was_in_force)
    assert {reason.code for reason in refusal.value.reasons} == {"stay-put"}
    assert check_reopening(ended(), reopening(), end(), TODAY, this_one)
    assert check_reopening(ended(), reopening(ReopeningGround.MISTAKE), end(), TODAY, none_was_in_force)


def test_what_has_not_ended_does_not_bind_again() -> None:
    with pytest.raises(NotEnded):
        check_reopening(in_effect(), reopening(), None, TODAY)


@pytest.mark.parametrize(
    "command", [reopening(effective_on=BEGIN), reopening(ReopeningGround.MISTAKE, effective_on=TODAY)]
)
def test_a_reopening_has_a_day_that_can_be(command: RequestReopening) -> None:
    with pytest.raises(Invalid):
        check_reopening(ended(), command, end(), TODAY)


def void(ground: VoidGround = VoidGround.WRONG_STUDENT, **fields: Any) -> RequestVoid:
    told: dict[str, Any] = {"holder_ids": (MOTHER,)}
    return RequestVoid(an_id("void"), ground, "It is another student's.", "clerk", **told | fields)


def test_a_void_plan_never_bound_and_nothing_of_it_is_lost() -> None:
    plan = in_effect()
    (event,) = approve_void(plan, void(), people(), None, "director", TODAY)
    assert isinstance(event, PlanVoided)
    assert (event.effective_on, event.approved_by, event.holder_ids) == (TODAY, "director", (MOTHER,))
    after = given(event, start=plan)
    assert not any(after.in_effect_on(day) for day in (BEGIN, TODAY, TOMORROW))
    assert after.ended_by(TODAY), "another plan may take its place"
    assert after.lines == plan.lines
    with pytest.raises(PlanIsVoid):
        check_void(after, void(), people(), None, TODAY)


def test_whoever_relied_on_it_is_told_first() -> None:
    plan = given(*assign_holder(in_effect(), AssignHolder(SPEECH, STAFF, BEGIN)), start=in_effect())
    with pytest.raises(VoidRefused) as refusal:
        check_void(plan, void(holder_ids=()), people(), None, TODAY)
    assert [reason.pointer for reason in refusal.value.reasons] == ["/told_holders", "/told_staff"]
    assert check_void(plan, void(staff_ids=(STAFF,)), people(), None, TODAY)


def test_nobody_relied_on_a_draft() -> None:
    assert check_void(given(draft_opened()), void(holder_ids=()), people(), None, TODAY)


def test_a_duplicate_names_the_plan_that_stands() -> None:
    stands = Plan(plan_id=OTHER, student_id=STUDENT, kind=PlanKind.IEP)
    assert check_void(in_effect(), void(VoidGround.DUPLICATE, duplicate_of=OTHER), people(), stands, TODAY)


@pytest.mark.parametrize(
    ("command", "stands"),
    [
        (void(VoidGround.DUPLICATE), None),
        (void(duplicate_of=OTHER), Plan(OTHER, STUDENT)),
        (void(VoidGround.DUPLICATE, duplicate_of=OTHER), Plan()),
        (void(VoidGround.DUPLICATE, duplicate_of=OTHER), Plan(OTHER, an_id("somebody else"))),
        (void(VoidGround.DUPLICATE, duplicate_of=OTHER), Plan(OTHER, STUDENT, void=True)),
        (void(VoidGround.DUPLICATE, duplicate_of=PLAN), in_effect()),
    ],
    ids=[
        "of nothing",
        "of the wrong student",
        "of no plan",
        "of another student's",
        "of a void one",
        "of itself",
    ],
)
def test_a_void_that_cannot_be_is_not_recorded(command: RequestVoid, stands: Plan | None) -> None:
    with pytest.raises(Invalid):
        check_void(in_effect(), command, people(), stands, TODAY)


def test_whoever_asks_approves_neither() -> None:
    with pytest.raises(SecondPersonRequired):
        approve_void(in_effect(), void(), people(), None, "clerk", TODAY)
    with pytest.raises(SecondPersonRequired):
        approve_reopening(ended(), reopening(), end(), "clerk", TODAY)
