"""Corrections, statements, reviews, who carries it out: law.md 6, 34 CFR 300.324(b), 300.323(d)."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.items import AnyItem
from contracts.plan import (
    ItemHolderAssigned,
    ItemHolderEnded,
    PlanCorrected,
    ReviewHeld,
    StaffInformed,
    StatementAdded,
)
from contracts.problems import Invalid
from contracts.rule_profile import Due
from contracts.testing import an_id
from contracts.vocabulary import MeetingRole, PlanKind, ReviewOutcome
from plan_service.application.situation import Day
from plan_service.domain.amendment import NeverAdopted
from plan_service.domain.carrying_out import (
    AssignHolder,
    InformStaff,
    assign_holder,
    end_holder,
    inform_staff,
)
from plan_service.domain.correction import (
    ChangeInRecord,
    CorrectionRefused,
    RequestCorrection,
    approve_correction,
    check_correction,
)
from plan_service.domain.review import HoldReview, ReviewRefused, hold_review
from plan_service.domain.rules import Profile, Profiles, Rules
from plan_service.domain.second_person import SecondPersonRequired
from plan_service.domain.statement import AddStatement, add_statement
from plan_service.testing_plans import (
    BEGIN,
    GOAL,
    MOTHER,
    PLACEMENT,
    SPEECH,
    TIME,
    TODAY,
    draft_opened,
    extended_time,
    given,
    goal,
    in_effect,
    item,
    meeting,
    people,
    plan_504_items,
    plan_adopted,
    reported,
    speech,
)

STAFF = an_id("staff")
EVENT = an_id("event 1")
TOMORROW = TODAY + timedelta(days=1)
IN_RECORD = ChangeInRecord(EVENT, SPEECH, BEGIN, "service")


def correction(**fields: object) -> RequestCorrection:
    complete = {
        "correction_id": an_id("correction"), "event_id": EVENT, "item": speech(location="Room 21"),
        "what_was_wrong": "The room was written down as 12.", "evidence": "Minutes, page 2.", "requested_by": "clerk",
    }  # fmt: skip
    return RequestCorrection(**complete | fields)  # type: ignore[arg-type]


def test_a_correction_reaches_back_to_the_decision_it_is_about() -> None:
    (event,) = approve_correction(in_effect(), correction(), IN_RECORD, "director")
    assert isinstance(event, PlanCorrected)
    assert (event.effective_on, event.requested_by, event.approved_by) == (BEGIN, "clerk", "director")


def test_a_correction_that_says_what_the_record_says_corrects_nothing() -> None:
    with pytest.raises(Invalid) as refused:
        check_correction(correction(item=speech()), replace(IN_RECORD, item=speech()), TODAY)
    assert [reason.code for reason in refused.value.reasons] == ["nothing-corrected"]


def test_whoever_asks_for_a_correction_does_not_approve_it() -> None:
    with pytest.raises(SecondPersonRequired):
        approve_correction(in_effect(), correction(), IN_RECORD, "clerk")


def test_approving_a_correction_twice_corrects_once() -> None:
    plan = in_effect()
    after = given(*approve_correction(plan, correction(), IN_RECORD, "director"), start=plan)
    assert approve_correction(after, correction(), IN_RECORD, "director") == []


@pytest.mark.parametrize(
    ("command", "corrected"),
    [
        (correction(), None),
        (correction(), ChangeInRecord(EVENT, SPEECH, BEGIN, None)),
        (correction(item=extended_time().model_copy(update={"id": SPEECH})), IN_RECORD),
        (correction(reported=reported(TOMORROW)), IN_RECORD),
    ],
    ids=[
        "a change that is not in the record",
        "the end of an item",
        "an item of another kind",
        "a day to come",
    ],
)
def test_a_correction_puts_right_the_text_of_one_change_and_nothing_else(
    command: RequestCorrection, corrected: ChangeInRecord | None
) -> None:
    with pytest.raises(Invalid):
        check_correction(command, corrected, TODAY)


PLACED = item("placement", PLACEMENT, setting="regular_class_80_or_more", percent_with_peers="85")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (speech(30), speech(15)),
        (speech(30), speech(30, per="month")),
        (speech(30), speech(None)),  # type: ignore[arg-type]
        (PLACED, PLACED.model_copy(update={"setting": "separate_class"})),
    ],
    ids=["fewer minutes", "the same minutes, less often", "no minutes", "another placement"],
)
def test_fewer_minutes_or_another_placement_is_an_amendment_and_no_correction(
    before: AnyItem, after: AnyItem
) -> None:
    record = ChangeInRecord(EVENT, before.id, BEGIN, before.kind, before)
    with pytest.raises(CorrectionRefused) as refusal:
        check_correction(correction(item=after), record, TODAY)
    assert [reason.code for reason in refusal.value.reasons] == ["amendment-not-correction"]
    told = correction(item=after, reported=reported(TODAY))
    (event,) = approve_correction(in_effect(), told, check_correction(told, record, TODAY), "director")
    assert isinstance(event, PlanCorrected)
    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["amendment-not-correction"]


def test_another_room_or_more_minutes_may_be_put_right() -> None:
    record = ChangeInRecord(EVENT, SPEECH, BEGIN, "service", speech(30))
    for right in (speech(30, location="Room 21"), speech(60)):
        assert check_correction(correction(item=right), record, TODAY)


def test_a_correction_leaves_what_binds_as_it_was() -> None:
    plan = in_effect()
    after = given(*approve_correction(plan, correction(), IN_RECORD, "director"), start=plan)
    assert (after.bindings, after.review_due_on) == (plan.bindings, plan.review_due_on)
    assert all(after.item_on(item_id, TODAY) for item_id in plan.lines)
    assert not after.says(speech(), TODAY)


def test_an_iep_is_reviewed_by_its_team_in_a_meeting_and_again_within_a_year() -> None:
    with pytest.raises(ReviewRefused) as refusal:
        hold_review(in_effect(), HoldReview(ReviewOutcome.CONTINUED, TODAY, Rules()))
    assert [reason.code for reason in refusal.value.reasons] == ["meeting-required"]
    with pytest.raises(ReviewRefused):
        alone = meeting(TODAY, without=MeetingRole.SPECIAL_EDUCATION_TEACHER)
        hold_review(in_effect(), HoldReview(ReviewOutcome.CONTINUED, TODAY, Rules(), meeting=alone))
    (event,) = hold_review(
        in_effect(), HoldReview(ReviewOutcome.CONTINUED, TODAY, Rules(), meeting=meeting(TODAY))
    )
    assert isinstance(event, ReviewHeld)
    assert (event.effective_on, event.review_due_on) == (TODAY, date(2027, 2, 24))


def test_a_504_plan_is_reviewed_by_the_districts_policy() -> None:
    plan = given(
        draft_opened(PlanKind.SECTION_504),
        plan_adopted(items=plan_504_items(), kind=PlanKind.SECTION_504, review_due_on=None),
    )
    due = date(2027, 2, 24)
    (event,) = hold_review(plan, HoldReview(ReviewOutcome.CONTINUED, TODAY, Rules(), review_due_on=due))
    assert given(event, start=plan).review_due_on == due


def test_a_review_is_recorded_once_it_has_been_held() -> None:
    with pytest.raises(Invalid):
        hold_review(in_effect(), HoldReview(ReviewOutcome.CONTINUED, TODAY, Rules(), held_on=TOMORROW))


def test_what_was_never_adopted_is_not_reviewed() -> None:
    draft = given(draft_opened())
    with pytest.raises(NeverAdopted):
        hold_review(draft, HoldReview(ReviewOutcome.CONTINUED, TODAY, Rules()))


def test_a_statement_is_kept_as_it_was_written_and_changes_nothing() -> None:
    plan = in_effect()
    said = AddStatement(an_id("statement"), MOTHER, "  She likes Ms. Roe.  ", TODAY)
    (event,) = add_statement(plan, said, people())
    assert isinstance(event, StatementAdded)
    assert event.personal.text == "  She likes Ms. Roe.  "
    assert given(event, start=plan) == plan


def test_a_statement_is_of_somebody_known_around_the_student() -> None:
    with pytest.raises(Invalid):
        add_statement(in_effect(), AddStatement(an_id("s"), an_id("a stranger"), "Hello.", TODAY), people())


def test_a_statement_is_not_dated_after_today() -> None:
    with pytest.raises(Invalid):
        add_statement(
            in_effect(), AddStatement(an_id("s"), MOTHER, "Hello.", TODAY, made_on=TOMORROW), people()
        )


def test_somebody_carries_out_an_item_from_a_day_on_until_another_does() -> None:
    plan = in_effect()
    (begun,) = assign_holder(plan, AssignHolder(SPEECH, STAFF, BEGIN))
    assert isinstance(begun, ItemHolderAssigned)
    after = given(begun, start=plan)
    assert assign_holder(after, AssignHolder(SPEECH, STAFF, BEGIN)) == []
    (ended,) = end_holder(after, SPEECH, STAFF, TODAY)
    assert isinstance(ended, ItemHolderEnded)
    assert end_holder(given(ended, start=after), SPEECH, STAFF, TODAY) == []


@pytest.mark.parametrize(
    "command",
    [
        AssignHolder(an_id("no item"), STAFF, BEGIN),
        AssignHolder(SPEECH, STAFF, TODAY, BEGIN),
    ],
    ids=["an item the plan never had", "ending before it begins"],
)
def test_nobody_carries_out_what_cannot_be(command: AssignHolder) -> None:
    with pytest.raises(Invalid):
        assign_holder(in_effect(), command)


def test_staff_are_told_of_their_duties_on_a_day_that_has_come() -> None:
    (event,) = inform_staff(in_effect(), InformStaff(STAFF, (SPEECH, TIME), TODAY, "in person", TODAY))
    assert isinstance(event, StaffInformed)
    with pytest.raises(Invalid):
        inform_staff(in_effect(), InformStaff(STAFF, (SPEECH,), TOMORROW, "in person", TODAY))


def test_a_day_is_judged_by_the_rules_in_force_on_it() -> None:
    texas = "federal@2026-1+tx@2025-2"
    profiles = Profiles((Profile(BEGIN, "UTC", notice_days=5), Profile(TODAY, "UTC", texas, notice_days=10)))
    day = Day(TODAY, ZoneInfo("UTC"), profiles)

    assert (day.rules_on(BEGIN).notice_days, day.rules_on(BEGIN).state_notice) == (5, None)
    assert (day.rules.notice_days, day.rules.state_notice) == (10, Due(count=-5, kind="school"))
    assert day.rule_set == texas
    assert day.rules_on(BEGIN - timedelta(days=1)) == Rules()


def test_an_item_that_ended_is_still_known() -> None:
    plan = given(draft_opened(), plan_adopted(TODAY, [goal()]), start=in_effect())
    assert (plan.kind_of(SPEECH), plan.item_on(SPEECH, TODAY), plan.ids_of("goal")) == (
        "service",
        None,
        (GOAL,),
    )
