"""Every rule of the federal floor that plan-service decides by has a test whose name is the rule's sentence.

A rule that is new in the floor has to be put in one list or the other; a test that is renamed is renamed here too.
"""

import ast
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from contracts.rule_profile import resolve
from contracts.shipped_profiles import shipped_profiles

TESTS = Path(__file__).parent
DECIDED_HERE = {
    "idea.referral-answered": (
        "test_a_district_refuses_to_evaluate_with_prior_written_notice",
        "test_a_state_names_a_time_for_the_answer_to_a_referral",
        "test_a_referral_is_taken_back_by_who_made_it_or_decides",
    ),
    "idea.evaluation-consent": (
        "test_testing_does_not_begin_without_consent",
        "test_consent_comes_from_a_holder_of_the_right_to_decide",
        "test_existing_data_and_tests_that_all_take_need_no_consent",
    ),
    "idea.evaluation-60": (
        "test_the_evaluation_is_completed_within_60_calendar_days_of_receiving_consent",
        "test_the_day_consent_is_received_is_day_0_and_summer_counts",
        "test_no_time_runs_any_more_for_a_child_who_is_repeatedly_not_produced",
        "test_of_a_student_who_has_moved_in_mid_clock_parent_and_district_agree_on_a_day",
        "test_more_time_for_a_learning_disability_is_agreed_in_writing",
    ),
    "idea.reevaluation-3y": (
        "test_a_reevaluation_is_due_three_years_after_the_last_evaluation",
        "test_nobody_is_reevaluated_twice_in_a_year_unless_agreed",
        "test_both_agree_that_the_reevaluation_is_unnecessary_before_it_is_due",
        "test_one_agreement_waives_one_reevaluation_and_the_next_only_once_that_has_come_due",
    ),
    "idea.evaluation-before-exit": (
        "test_an_evaluation_comes_before_eligibility_ends",
        "test_an_iep_does_not_end_for_who_stays_without_an_evaluation",
    ),
    "idea.annual-review": (
        "test_an_iep_is_reviewed_a_year_after_its_meeting",
        "test_an_amendment_leaves_the_annual_review_date_alone",
    ),
    "idea.team-complete": ("test_each_required_role_is_present_or_excused",),
    "idea.excusal": (
        "test_a_member_is_excused_in_a_form_beforehand_by_a_parent",
        "test_a_member_whose_area_is_discussed_is_excused_only_with_written_input_before",
    ),
    "idea.meeting-notice": ("test_a_notice_after_the_meeting_is_reported_not_decided",),
    "idea.meeting-attempts": ("test_a_meeting_without_a_parent_shows_the_attempts_to_reach_them",),
    "idea.transition-invites": ("test_the_student_is_invited_where_transition_is_discussed",),
    "idea.iee-answered": (
        "test_an_independent_evaluation_is_provided_or_the_district_files_for_a_hearing",
        "test_a_state_names_a_time_for_an_independent_evaluation_and_for_a_change_of_the_record",
    ),
    "idea.content": (
        "test_an_empty_iep_is_refused_with_everything_it_lacks_at_once",
        "test_a_goal_has_a_statement_a_baseline_a_target_a_measure_and_a_date",
        "test_a_service_has_its_start_frequency_location_duration_and_provider",
        "test_objectives_are_required_of_who_takes_an_alternate_assessment_and_of_nobody_else",
        "test_an_amendment_takes_nothing_from_an_iep_that_every_iep_says",
        "test_an_objective_does_not_outlive_its_goal",
    ),
    "idea.lre": (
        "test_time_apart_from_other_children_needs_its_reason",
        "test_a_fully_regular_placement_needs_no_reason",
    ),
    "idea.special-factors": (
        "test_silence_about_a_special_factor_is_a_gap",
        "test_an_extended_school_year_is_considered_for_this_student_with_a_reason",
    ),
    "idea.at-considered": (
        "test_assistive_technology_is_considered_under_both_laws",
        "test_a_device_comes_with_its_training",
    ),
    "idea.transition-16": (
        "test_an_iep_in_effect_at_16_says_what_comes_after_school",
        "test_a_state_may_ask_for_transition_earlier",
    ),
    "idea.majority-notice": (
        "test_a_year_before_majority_the_plan_says_that_the_student_was_told_of_the_rights",
        "test_where_no_rights_pass_at_majority_nobody_is_told_of_them",
    ),
    "idea.rights-transfer": (
        "test_at_majority_consents_come_from_the_student",
        "test_consents_about_a_plan_come_from_the_student_too",
        "test_a_guardian_or_representative_of_the_adult_decides_in_the_students_place",
    ),
    "idea.staff-informed": ("test_staff_are_told_of_their_duties_on_a_day_that_has_come",),
    "idea.initial-consent": (
        "test_a_first_iep_binds_only_with_consent_to_its_services",
        "test_a_refusal_stands_and_nobody_overrides_it",
        "test_consent_is_asked_for_once_not_for_each_plan",
    ),
    "idea.pwn-before": (
        "test_an_amendment_waits_for_prior_written_notice",
        "test_an_amendment_waits_the_required_days_after_its_notice",
        "test_graduation_from_an_iep_waits_for_prior_written_notice",
    ),
    "idea.revocation": (
        "test_consent_to_all_services_is_revoked_in_writing_by_who_may_give_it_and_told_of_before_they_stop",
        "test_a_revocation_of_consent_is_not_retroactive",
    ),
    "idea.amendment-agreed": (
        "test_an_agreement_is_one_of_somebody_who_may_decide",
        "test_a_change_without_a_meeting_waits_for_the_written_agreement",
        "test_a_change_decided_in_a_meeting_needs_the_meeting_held_by_the_team",
    ),
    "idea.partial-consent": (
        "test_only_what_was_consented_to_changes_where_partial_consent_is_honoured",
        "test_without_partial_consent_a_refusal_is_a_disagreement_and_the_meetings_decision_stands",
    ),
    "idea.stay-put": (
        "test_while_it_is_open_a_change_of_placement_is_refused_and_the_version_that_stays_is_named",
        "test_while_a_due_process_complaint_is_open_the_district_ends_no_iep",
        "test_it_may_change_when_agreed_or_for_discipline",
        "test_a_complaint_does_not_end_because_nobody_agrees_and_a_mediator_decides_nothing",
    ),
    "idea.transfer": (
        "test_comparable_services_are_owed_on_the_first_school_day",
        "test_a_plan_from_another_state_is_not_adopted_but_made_anew",
    ),
    "idea.records-request": ("test_the_former_school_is_asked_for_the_records_and_answers",),
    "idea.removal-services": (
        "test_services_are_given_during_a_removal",
        "test_the_history_of_law_md_comes_to_eleven_days_and_its_review_is_due_on_4_june",
    ),
    "idea.removal-pattern": (
        "test_a_series_is_judged_by_every_factor_and_its_review_is_due_ten_school_days_later",
        "test_more_than_ten_days_in_a_row_always_are_a_change",
    ),
    "idea.manifestation": (
        "test_district_parent_and_relevant_members_answer_both_questions",
        "test_for_weapons_drugs_and_injury_45_school_days_elsewhere_whatever_the_review_finds",
    ),
    "idea.exit-summary": ("test_a_summary_of_performance_says_achievement_performance_and_recommendations",),
    "rec.inspect": (
        "test_the_record_is_shown_within_45_days",
        "test_the_record_is_not_withheld_from_who_holds_the_right_over_it",
    ),
    "rec.amend": (
        "test_who_is_refused_a_change_of_the_record_is_told_of_the_right_to_a_hearing",
        "test_a_statement_is_kept_with_the_record_that_was_not_changed",
    ),
    "rec.college": (
        "test_a_father_cannot_release_the_record_of_a_student_who_is_18",
        "test_an_adult_student_releases_their_own_record",
    ),
    "s504.evaluate": (
        "test_an_evaluation_under_one_law_does_not_serve_the_other",
        "test_a_504_plan_comes_after_an_evaluation",
    ),
    "s504.consent": ("test_section_504_asks_for_consent_before_the_initial_evaluation_only",),
    "s504.group": (
        "test_a_504_group_knows_the_child_the_evaluation_data_and_the_placement_options",
        "test_section_504_draws_upon_several_sources",
    ),
    "s504.plan-complete": (
        "test_a_504_plan_names_what_is_limited_and_who_is_responsible",
        "test_an_amendment_takes_nothing_from_a_504_plan_that_every_504_plan_says",
    ),
    "s504.responsible": (
        "test_school_services_and_accommodations_of_a_504_plan_have_a_responsible_role",
        "test_somebody_carries_out_an_item_from_a_day_on_until_another_does",
    ),
    "s504.review": ("test_a_504_plan_is_reviewed_by_the_districts_policy",),
    "s504.reevaluate-change": (
        "test_a_504_plan_ends_for_who_stays_after_an_evaluation_under_section_504",
        "test_more_than_ten_school_days_in_a_row_wait_for_the_review",
    ),
    "s504.manifestation": ("test_under_section_504_a_group_decides_that_knows_child_data_and_options",),
    "s504.safeguards": ("test_a_change_to_a_504_plan_needs_notice_and_no_number_of_days",),
}
DECIDED_ELSEWHERE = {
    "idea.iep-30": "a finding over what is recorded: a late meeting is held all the same",
    "idea.services-start": "a finding over sessions, which are progress-service's",
    "idea.in-effect-start": "a finding over the plan's history and the calendar",
    "idea.review-no-progress": "a finding over measurements",
    "idea.copies": "a finding: no decision here waits for a copy",
    "idea.pwn-content": "notify-service: a part without content keeps a notice from going out",
    "idea.language": "notify-service writes in the holder's language",
    "idea.safeguards-yearly": "a finding over notices",
    "idea.safeguards-trigger": "a finding over notices",
    "idea.amendment-told": "a finding over who was told",
    "idea.progress-report": "a finding over reports",
    "idea.minutes": "progress-service counts them",
    "idea.missed-reason": "a finding over sessions",
    "idea.benchmark-measured": "a finding over measurements",
    "idea.surrogate": "a finding over who holds the rights",
    "rec.access-log": "every service records who looked, audit-service what was disclosed",
    "rec.disclosure-consent": "audit-service refuses a packet without a release",
    "rec.destroy-notice": "audit-service",
    "rec.legal-hold": "audit-service",
    "rec.prompt-entry": "a finding over the two times of each event",
    "qual.individual": "a finding over many plans",
    "qual.carry-over": "a finding over two versions",
}


def floor() -> set[str]:
    """Every rule of the federal floor."""
    return set(resolve("federal@2026-1", date(2026, 1, 1), shipped_profiles()).rules)


@cache
def written() -> frozenset[str]:
    """The name of every test of plan-service."""
    return frozenset(
        node.name
        for file in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def test_every_rule_of_the_floor_is_decided_here_or_it_is_said_where() -> None:
    assert set(DECIDED_HERE) | set(DECIDED_ELSEWHERE) == floor()
    assert not set(DECIDED_HERE) & set(DECIDED_ELSEWHERE)


@pytest.mark.parametrize("rule", sorted(DECIDED_HERE))
def test_a_rule_that_is_decided_here_is_shown_by_a_sentence(rule: str) -> None:
    assert DECIDED_HERE[rule]
    assert set(DECIDED_HERE[rule]) <= written()
