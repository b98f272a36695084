"""Adopting a plan: 34 CFR 300.320-300.324, 104.33-104.35."""

from datetime import date, timedelta

import pytest

from contracts.meetings import Excusal
from contracts.plan import PlanAdopted
from contracts.problems import Invalid
from contracts.vocabulary import Attendance, ExcusalForm, MeetingRole, PlanKind
from plan_service.domain.adoption import AdoptionRefused, adopt_plan
from plan_service.domain.completeness import missing
from plan_service.domain.draft import DraftAlreadyOpen, NoDraft, OpenDraft, drop_draft, merged, open_draft
from plan_service.domain.team import TeamMember
from plan_service.testing_plans import (
    BEGIN,
    GOAL,
    LEVELS,
    MOTHER,
    PLACEMENT,
    PLAN,
    SENSOR,
    SPEECH,
    STUDENT,
    TEAM,
    TIME,
    TODAY,
    adopt,
    an_id,
    draft_opened,
    extended_time,
    given,
    goal,
    iep_items,
    in_effect,
    item,
    meeting,
    plan_504_items,
    plan_adopted,
    reported,
    speech,
)


def codes(refusal: pytest.ExceptionInfo[AdoptionRefused]) -> set[str]:
    assert all(reason.citation and reason.cure for reason in refusal.value.reasons)
    return {reason.code for reason in refusal.value.reasons}


def adopted(**fields: object) -> PlanAdopted:
    (event,) = adopt_plan(given(draft_opened()), adopt(**fields))
    assert isinstance(event, PlanAdopted)
    return event


def test_a_complete_iep_decided_by_its_team_is_adopted() -> None:
    assert adopted().items == iep_items()


def test_an_iep_is_reviewed_a_year_after_its_meeting() -> None:
    assert adopted(effective_on=date(2025, 12, 20)).review_due_on == date(2026, 12, 9)


def test_a_review_due_on_29_february_is_due_on_the_28th() -> None:
    leap = date(2028, 2, 29)
    assert adopted(meeting=meeting(leap), effective_on=leap, today=leap).review_due_on == date(2029, 2, 28)


def test_an_empty_iep_is_refused_with_everything_it_lacks_at_once() -> None:
    with pytest.raises(AdoptionRefused) as refusal:
        adopt_plan(given(draft_opened()), adopt(items=(), meeting=None))
    assert codes(refusal) == {
        "missing-present-levels", "missing-goal", "missing-service", "missing-placement", "meeting-required",
        "missing-progress-schedule", "missing-strengths", "missing-parents-concerns", "missing-evaluation",
        "missing-needs", "missing-extended-school-year", "missing-special-factor-behavior",
        "missing-special-factor-limited-english", "missing-special-factor-braille",
        "missing-special-factor-communication", "missing-special-factor-deafness",
        "missing-special-factor-assistive-technology",
    }  # fmt: skip


@pytest.mark.parametrize("field", ["statement", "baseline", "target", "measure_method", "due_on"])
def test_a_goal_has_a_statement_a_baseline_a_target_a_measure_and_a_date(field: str) -> None:
    (gap,) = missing(PlanKind.IEP, iep_items(goal(**{field: None})))
    assert gap.code == f"goal-lacks-{field.replace('_', '-')}"
    assert gap.pointer == f"/items/{GOAL}/{field}"


@pytest.mark.parametrize(
    "field", ["service", "minutes", "per", "location", "provider_role", "starts_on", "ends_on"]
)
def test_a_service_has_its_start_frequency_location_duration_and_provider(field: str) -> None:
    (gap,) = missing(PlanKind.IEP, iep_items(speech(**{field: None})))
    assert gap.code == f"service-lacks-{field.replace('_', '-')}"


def test_time_apart_from_other_children_needs_its_reason() -> None:
    apart = item("placement", PLACEMENT, setting="regular_class_80_or_more", percent_with_peers="85")
    assert [gap.code for gap in missing(PlanKind.IEP, iep_items(apart))] == ["placement-lacks-explanation"]


def test_a_fully_regular_placement_needs_no_reason() -> None:
    regular = item("placement", PLACEMENT, setting="regular_class_80_or_more", percent_with_peers="100")
    assert missing(PlanKind.IEP, iep_items(regular)) == []


def test_an_objective_belongs_to_a_goal_of_the_plan() -> None:
    stray = item("objective", an_id("objective"), goal=str(an_id("another goal")))
    assert [gap.code for gap in missing(PlanKind.IEP, iep_items(stray))] == ["objective-of-no-goal"]
    assert missing(PlanKind.IEP, iep_items(item("objective", an_id("objective"), goal=str(GOAL)))) == []


def test_a_504_plan_names_what_is_limited_and_who_is_responsible() -> None:
    assert missing(PlanKind.SECTION_504, plan_504_items()) == []
    nobody = item("accommodation", SENSOR, what="phone for the sensor")
    assert [gap.code for gap in missing(PlanKind.SECTION_504, plan_504_items(nobody))] == [
        "accommodation-lacks-responsible-role"
    ]
    assert {gap.code for gap in missing(PlanKind.SECTION_504, ())} == {
        "missing-activity-limited", "missing-accommodation", "missing-assistive-technology",
    }  # fmt: skip


def test_a_504_plan_needs_no_meeting_of_an_iep_team_and_its_review_is_the_districts_policy() -> None:
    plan = given(draft_opened(PlanKind.SECTION_504))
    command = adopt(items=plan_504_items(), meeting=None, review_due_on=date(2026, 12, 9))
    (event,) = adopt_plan(plan, command)
    assert isinstance(event, PlanAdopted)
    assert (event.meeting_id, event.review_due_on) == (None, date(2026, 12, 9))


def test_a_meeting_that_was_not_held_decides_nothing() -> None:
    with pytest.raises(AdoptionRefused) as refusal:
        adopt_plan(given(draft_opened()), adopt(meeting=meeting(None)))
    assert codes(refusal) == {"meeting-not-held"}


@pytest.mark.parametrize("role", [role for role in TEAM if role is not MeetingRole.PARENT])
def test_each_required_role_is_present_or_excused(role: MeetingRole) -> None:
    with pytest.raises(AdoptionRefused) as refusal:
        adopt_plan(given(draft_opened()), adopt(meeting=meeting(without=role)))
    assert codes(refusal) == {f"team-lacks-{role.replace('_', '-')}"}


def test_a_member_whose_area_is_discussed_is_excused_only_with_written_input_before() -> None:
    role = MeetingRole.REGULAR_EDUCATION_TEACHER
    excusal = Excusal(form=ExcusalForm.WRITTEN_CONSENT, agreed_on=BEGIN, agreed_by=MOTHER)
    silent = TeamMember((role,), Attendance.EXCUSED, excusal)
    with pytest.raises(AdoptionRefused):
        adopted(meeting=meeting(BEGIN, silent, without=role))
    wrote = TeamMember((role,), Attendance.EXCUSED, excusal.model_copy(update={"input_received_on": BEGIN}))
    assert adopted(meeting=meeting(BEGIN, wrote, without=role))


def test_a_member_excused_only_afterwards_was_not_excused() -> None:
    role = MeetingRole.REGULAR_EDUCATION_TEACHER
    later = Excusal(form=ExcusalForm.WRITTEN_AGREEMENT, agreed_on=BEGIN + timedelta(days=1), agreed_by=MOTHER)
    with pytest.raises(AdoptionRefused):
        adopted(meeting=meeting(BEGIN, TeamMember((role,), Attendance.EXCUSED, later), without=role))


def test_what_is_recorded_later_for_an_earlier_day_does_not_push_out_what_began_after_it() -> None:
    late = given(plan_adopted(BEGIN, [goal()]), start=given(plan_adopted(TODAY), start=in_effect()))
    assert late.item_on(TIME, TODAY) is not None
    assert late.item_on(TIME, TODAY - timedelta(days=1)) is None


def test_a_child_wholly_outside_regular_education_needs_no_regular_teacher_on_the_team() -> None:
    outside = item(
        "placement", PLACEMENT, setting="separate_school", percent_with_peers="0", explanation="safety"
    )
    team = meeting(without=MeetingRole.REGULAR_EDUCATION_TEACHER)
    assert adopted(items=iep_items(outside), meeting=team)


def test_a_meeting_without_a_parent_shows_the_attempts_to_reach_them() -> None:
    with pytest.raises(AdoptionRefused) as refusal:
        adopted(meeting=meeting(without=MeetingRole.PARENT))
    assert codes(refusal) == {"parent-not-present"}
    assert adopted(meeting=meeting(without=MeetingRole.PARENT, attempts=3))


def test_a_plan_never_binds_before_it_was_decided() -> None:
    with pytest.raises(AdoptionRefused) as refusal:
        adopted(meeting=meeting(BEGIN), effective_on=date(2025, 12, 8), today=date(2025, 12, 8))
    assert codes(refusal) == {"effective-before-decided"}


def test_a_decision_made_now_does_not_bind_from_the_past() -> None:
    with pytest.raises(AdoptionRefused) as refusal:
        adopted(today=TODAY)
    assert codes(refusal) == {"effective-in-the-past"}


def test_a_reported_adoption_stands_with_the_rules_it_left_unmet() -> None:
    event = adopted(items=(), meeting=None, today=TODAY, reported=reported(BEGIN))
    assert event.reported is not None
    assert {unmet.code for unmet in event.reported.unmet} >= {"missing-goal", "meeting-required"}


def test_nobody_reports_what_is_still_to_come() -> None:
    with pytest.raises(Invalid):
        adopted(reported=reported(TODAY), today=BEGIN)


def test_what_is_not_being_drafted_cannot_be_adopted() -> None:
    with pytest.raises(NoDraft):
        adopt_plan(in_effect(), adopt())


def test_an_item_keeps_its_kind_for_ever() -> None:
    plan = given(draft_opened(), start=in_effect())
    other = item("modification", SPEECH, what="half the exercises")
    with pytest.raises(Invalid):
        adopt_plan(plan, adopt(items=iep_items(other)))


def test_two_items_never_share_an_id() -> None:
    with pytest.raises(Invalid):
        adopted(items=(*iep_items(), extended_time()))


def test_an_item_that_the_next_adoption_leaves_out_ends() -> None:
    again = given(draft_opened(), plan_adopted(TODAY, [goal()]), start=in_effect())
    assert again.item_on(TIME, TODAY) is None
    assert again.item_on(GOAL, TODAY) is not None
    assert again.item_on(TIME, BEGIN) is not None


def test_a_plan_has_one_draft_at_a_time() -> None:
    command = OpenDraft(PLAN, STUDENT, PlanKind.IEP, TODAY)
    with pytest.raises(DraftAlreadyOpen):
        open_draft(given(draft_opened()), command)
    dropped = given(*drop_draft(given(draft_opened()), TODAY), start=given(draft_opened()))
    assert open_draft(dropped, command)


def test_a_draft_is_merged_item_by_item() -> None:
    items = merged(iep_items(), {TIME: None, SPEECH: speech(60), LEVELS: item("present_levels", LEVELS)})
    assert {entry.id for entry in items} == {entry.id for entry in iep_items()} - {TIME}
    assert speech(60) in items


def test_no_plan_begins_to_bind_after_its_own_review_is_due() -> None:
    for plan, fields in (
        (given(draft_opened()), {"effective_on": date(2026, 12, 10)}),
        (
            given(draft_opened(PlanKind.SECTION_504)),
            {"items": plan_504_items(), "meeting": None, "review_due_on": BEGIN - timedelta(days=1)},
        ),
    ):
        with pytest.raises(AdoptionRefused) as refusal:
            adopt_plan(plan, adopt(**fields))
        assert codes(refusal) == {"begins-after-its-review"}
