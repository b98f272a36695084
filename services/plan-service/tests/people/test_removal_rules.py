"""Rules about disciplinary removals and their review: each test's name is the rule's own sentence (300.530-300.536, 104.35)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contracts.discipline import (
    ManifestationDetermined,
    RemovalDecided,
    RemovalDecisionPersonalData,
    RemovalRecorded,
)
from contracts.district import SchoolYear
from contracts.evaluations import GroupMember
from contracts.meetings import HolderPerson, StaffPerson
from contracts.problems import Invalid, NotFound
from contracts.removal_days import (
    eleventh_day,
    most_in_a_row,
    removed_days,
    review_due_on,
    total_days,
)
from contracts.testing import an_id
from contracts.transfers import ServiceInWords
from contracts.vocabulary import (
    ConsentDecision,
    EvaluationKind,
    Law,
    ManifestationStep,
    MeetingRole,
    RemovalGround,
    RemovalSetting,
    SpecialCircumstance,
)
from plan_service.domain.discipline import Removal
from plan_service.domain.eligibility import determine_eligibility
from plan_service.domain.manifestation import (
    DecideRemovals,
    DetermineManifestation,
    FollowManifestation,
    ManifestationRefused,
    RemovalDecisionRefused,
    decide_removals,
    determine_manifestation,
    follow_manifestation,
)
from plan_service.domain.removing import (
    EndRemoval,
    GiveRemovalServices,
    RecordRemoval,
    RemovalRefused,
    end_removal,
    give_removal_services,
    protected,
    record_removal,
)
from plan_service.domain.student import Student
from plan_service.testing_evaluations import answered, completed, determine, referred
from plan_service.testing_people import (
    MOTHER,
    STUDENT,
    TEACHER,
    all_rights,
    confirmed,
    contact,
    given,
    registered,
)
from plan_service.testing_people import reported as told

APRIL_20, APRIL_22, MAY_4, MAY_8, MAY_18, MAY_20, JUNE_2, JUNE_4 = (
    date(2026, month, day)
    for month, day in ((4, 20), (4, 22), (5, 4), (5, 8), (5, 18), (5, 20), (6, 2), (6, 4))
)
"""The days of law.md's first history."""
TODAY = date(2026, 6, 3)
YEAR = SchoolYear(
    first_on=date(2025, 8, 25), last_on=date(2026, 6, 12), days_off=(date(2026, 2, 16), date(2026, 5, 25))
)
IDEA, SECTION_504 = frozenset({Law.IDEA}), frozenset({Law.SECTION_504})
DECISION, REVIEW = an_id("removal decision"), an_id("manifestation")
ALL_FACTORS = RemovalDecisionPersonalData(
    behavior="Thrown.", length="Days.", total="Eleven.", closeness="Weeks."
)
HISTORY = ((APRIL_20, APRIL_22), (MAY_4, MAY_8), (MAY_18, MAY_20))


def removal(first: date, last: date, **fields: Any) -> Removal:
    return Removal(an_id(f"removal {first}"), STUDENT, RemovalSetting.OUT_OF_SCHOOL, first, last, **fields)


def remove(first: date, last: date, **fields: Any) -> RecordRemoval:
    wanted: dict[str, Any] = {"calendar": (YEAR,), "protected": IDEA, "setting": RemovalSetting.OUT_OF_SCHOOL}
    return RecordRemoval(
        removal_id=an_id(f"removal {first}"), starts_on=first, ends_on=last, **wanted | fields
    )


def child(*periods: tuple[date, date], **fields: Any) -> Student:
    """A student with a mother who decides, removed on these days."""
    born = date(2010, 6, 20)
    student = given(registered(born), contact(), confirmed(MOTHER, rights=all_rights(born)))
    for first, last in periods:
        student = given(*record_removal(student, remove(first, last, **fields), TODAY), start=student)
    return student


def decide(
    *periods: tuple[date, date], ground: RemovalGround = RemovalGround.PATTERN, **fields: Any
) -> DecideRemovals:
    wanted: dict[str, Any] = {
        "change_of_placement": True, "today": TODAY, "calendar": (YEAR,), "decided_on": MAY_20, "similar_behavior": True,
        "factors": ALL_FACTORS,
    }  # fmt: skip
    ids = tuple(an_id(f"removal {first}") for first, _ in periods)
    return DecideRemovals(DECISION, ground, ids, **wanted | fields)


def member(*roles: MeetingRole) -> GroupMember:
    return GroupMember(person=StaffPerson(staff_id=TEACHER), roles=roles)


TEAM = (
    member(MeetingRole.AGENCY_REPRESENTATIVE), member(MeetingRole.SPECIAL_EDUCATION_TEACHER),
    GroupMember(person=HolderPerson(holder_id=MOTHER), roles=(MeetingRole.PARENT,)),
)  # fmt: skip
GROUP = (
    member(MeetingRole.KNOWLEDGE_OF_CHILD, MeetingRole.KNOWLEDGE_OF_EVALUATION),
    member(MeetingRole.KNOWLEDGE_OF_PLACEMENT_OPTIONS),
)


def review(*, yes: bool = False, law: Law = Law.IDEA, **fields: Any) -> DetermineManifestation:
    wanted: dict[str, Any] = {
        "today": TODAY, "determined_on": JUNE_2, "members": TEAM if law is Law.IDEA else GROUP, "sources": ("observation",),
    }  # fmt: skip
    return DetermineManifestation(REVIEW, DECISION, law, yes, False, **wanted | fields)


def reviewed(
    student: Student, command: DetermineManifestation, *periods: tuple[date, date], **of: Any
) -> Student:
    decided = given(*decide_removals(student, decide(*periods, **of)), start=student)
    return given(*determine_manifestation(decided, command), start=decided)


def refused(student: Student, command: RecordRemoval) -> set[str]:
    with pytest.raises(RemovalRefused) as refusal:
        record_removal(student, command, TODAY)
    return {reason.code for reason in refusal.value.reasons}


def test_removed_days_are_school_days_and_part_of_a_day_is_half_of_one() -> None:
    week = removal(date(2026, 5, 21), date(2026, 5, 27), part_days=(date(2026, 5, 22),))
    assert list(removed_days([week], [YEAR]).items()) == [
        (date(2026, 5, 21), Decimal(1)), (date(2026, 5, 22), Decimal("0.5")),
        (date(2026, 5, 26), Decimal(1)), (date(2026, 5, 27), Decimal(1)),
    ]  # fmt: skip
    assert removed_days([removal(APRIL_20, APRIL_22, counts=False)], [YEAR]) == {}


def test_the_history_of_law_md_comes_to_eleven_days_and_its_review_is_due_on_4_june() -> None:
    removals = [removal(first, last) for first, last in HISTORY]
    assert total_days(removals, [YEAR], MAY_20) == Decimal(11)
    assert total_days(removals, [YEAR], MAY_18) == Decimal(9)
    assert most_in_a_row(removals, [YEAR]) == Decimal(5)
    assert eleventh_day(removals, [YEAR], MAY_20) == MAY_20
    assert eleventh_day(removals[:2], [YEAR], MAY_20) is None
    assert review_due_on(MAY_20, [YEAR]) == JUNE_4


def test_a_weekend_and_a_holiday_do_not_break_a_row_and_a_school_day_does() -> None:
    to_friday, from_tuesday = (
        removal(date(2026, 5, 18), date(2026, 5, 22)),
        removal(date(2026, 5, 26), date(2026, 5, 28)),
    )
    assert most_in_a_row([to_friday, from_tuesday], [YEAR]) == Decimal(8)
    assert most_in_a_row([removal(MAY_18, MAY_18), removal(MAY_20, MAY_20)], [YEAR]) == Decimal(1)


def test_days_of_another_year_and_a_return_sooner_do_not_count() -> None:
    back = removal(MAY_4, MAY_8, back_on=date(2026, 5, 6))
    assert total_days([back], [YEAR], MAY_20) == Decimal(2)
    assert total_days([back], [YEAR], date(2026, 7, 1)) == Decimal(0)


def test_ten_school_days_may_be_removed_as_anybody_is() -> None:
    (event,) = record_removal(child(), remove(MAY_4, date(2026, 5, 15)), TODAY)
    assert isinstance(event, RemovalRecorded)
    assert (event.counts, event.reported) == (True, None)


def test_more_than_ten_school_days_in_a_row_wait_for_the_review() -> None:
    assert refused(child(), remove(MAY_4, MAY_18)) == {"manifestation-determination-required"}
    in_two = child((MAY_4, date(2026, 5, 15)))
    assert refused(in_two, remove(MAY_18, MAY_18)) == {"manifestation-determination-required"}
    assert refused(in_two, remove(MAY_18, MAY_18, protected=SECTION_504)) == {
        "manifestation-determination-required"
    }
    assert record_removal(in_two, remove(date(2026, 5, 19), MAY_20), TODAY), "a day of school lies between"


def test_protected_is_who_has_a_plan_is_eligible_or_is_being_evaluated() -> None:
    day = date(2025, 12, 1)
    referral, refusal = (
        referred(EvaluationKind.INITIAL, Law.IDEA, Law.SECTION_504),
        answered(ConsentDecision.REFUSED),
    )

    def by(*events: Any, plans: tuple[Law, ...] = ()) -> frozenset[Law]:
        return protected(given(*events, start=child()).evaluations, plans, day)

    assert by() == frozenset()
    assert by(plans=(Law.SECTION_504,)) == SECTION_504
    assert by(referral) == IDEA | SECTION_504
    assert by(referral, refusal) == frozenset()
    assert by(referral, completed()) == frozenset(), "neither found eligible nor still being evaluated"
    evaluated = given(referred(), completed(), start=child())
    assert (
        protected(given(*determine_eligibility(evaluated, determine()), start=evaluated).evaluations, (), day)
        == IDEA
    )


def test_who_has_no_plan_and_is_not_eligible_is_removed_as_anybody_is() -> None:
    assert record_removal(child(), remove(MAY_4, MAY_20, protected=frozenset()), TODAY)


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (review(yes=False), set()),
        (review(yes=True), {"behavior-is-a-manifestation"}),
        (review(yes=True, law=Law.SECTION_504), {"behavior-is-a-manifestation"}),
        (review(yes=True, law=Law.SECTION_504, current_drug_use=True), set()),
    ],
    ids=[
        "no manifestation",
        "a manifestation",
        "by the 504 group",
        "current use of drugs, under Section 504",
    ],
)
def test_after_the_review_it_goes_on_only_where_it_is_no_manifestation(
    found: DetermineManifestation, codes: set[str]
) -> None:
    first = (MAY_4, date(2026, 5, 15))
    student = reviewed(child(first), found, first, ground=RemovalGround.CONSECUTIVE, factors=None)
    longer = remove(MAY_18, JUNE_4, protected=frozenset({found.law}))
    assert (refused(student, longer) if codes else set()) == codes
    if not codes:
        assert record_removal(student, longer, TODAY)


def test_for_weapons_drugs_and_injury_45_school_days_elsewhere_whatever_the_review_finds() -> None:
    special: dict[str, Any] = {
        "setting": RemovalSetting.INTERIM_SETTING, "circumstance": SpecialCircumstance.WEAPON,
    }  # fmt: skip
    first, last = date(2026, 1, 12), date(2026, 3, 16)
    assert len(removed_days([removal(first, last)], [YEAR])) == 45
    assert record_removal(child(), remove(first, last, **special), TODAY)
    assert refused(child(), remove(first, last + timedelta(days=1), **special)) == {
        "longer-than-45-school-days"
    }


def test_what_no_calendar_says_is_not_counted_as_short() -> None:
    assert refused(child(), remove(MAY_4, MAY_18, calendar=())) == {"school-calendar-too-short"}
    assert record_removal(child(), remove(MAY_4, date(2026, 5, 15), calendar=()), TODAY)


def test_in_school_with_all_the_plan_gives_is_no_removal() -> None:
    kept = remove(MAY_4, MAY_20, setting=RemovalSetting.IN_SCHOOL, placement_kept=True)
    (event,) = record_removal(child(), kept, TODAY)
    assert isinstance(event, RemovalRecorded)
    assert event.counts is False
    with pytest.raises(Invalid):
        record_removal(child(), remove(MAY_4, MAY_8, placement_kept=True), TODAY)


def test_a_report_of_a_removal_says_what_was_unmet() -> None:
    (event,) = record_removal(child(), remove(MAY_4, MAY_20, reported=told(MAY_4)), TODAY)
    assert [each.code for each in event.reported.unmet] == [  # type: ignore[union-attr]
        "manifestation-determination-required"
    ]


@pytest.mark.parametrize(
    "command",
    [remove(MAY_8, MAY_4), remove(MAY_4, MAY_8, part_days=(MAY_18,)), remove(MAY_4, date(2027, 8, 1))],
)
def test_a_removal_has_days_that_can_be(command: RecordRemoval) -> None:
    with pytest.raises(Invalid):
        record_removal(child(), command, TODAY)


def test_who_was_back_is_removed_anew_and_not_by_another_day_of_return() -> None:
    student, known = child((MAY_4, MAY_8)), an_id(f"removal {MAY_4}")
    student = given(*end_removal(student, EndRemoval(known, date(2026, 5, 5)), TODAY), start=student)
    later = EndRemoval(known, MAY_8)
    with pytest.raises(RemovalRefused) as refusal:
        end_removal(student, later, TODAY)
    assert [reason.code for reason in refusal.value.reasons] == ["was-back-before"]
    (event,) = end_removal(student, replace(later, reported=told(MAY_8)), TODAY)
    assert given(event, start=student).discipline.removals[known].back_on == MAY_8


def test_a_student_may_be_back_sooner() -> None:
    student, known = child((MAY_4, MAY_8)), an_id(f"removal {MAY_4}")
    sooner = EndRemoval(known, date(2026, 5, 6))
    after = given(*end_removal(student, sooner, TODAY), start=student)
    assert after.discipline.removals[known].last_on == date(2026, 5, 5)
    assert end_removal(after, sooner, TODAY) == []
    with pytest.raises(Invalid):
        end_removal(student, EndRemoval(known, MAY_18), TODAY)
    with pytest.raises(NotFound):
        end_removal(student, EndRemoval(an_id("none"), MAY_8), TODAY)


def test_services_are_given_during_a_removal() -> None:
    student, known = child((MAY_4, MAY_8)), an_id(f"removal {MAY_4}")
    some = (ServiceInWords(service="counseling"),)
    assert give_removal_services(student, GiveRemovalServices(known, an_id("s"), some, MAY_4, MAY_8), TODAY)
    with pytest.raises(Invalid):
        give_removal_services(student, GiveRemovalServices(known, an_id("s"), some, MAY_4, MAY_18), TODAY)


def test_a_series_is_judged_by_every_factor_and_its_review_is_due_ten_school_days_later() -> None:
    student = child(*HISTORY)
    (event,) = decide_removals(student, decide(*HISTORY))
    assert isinstance(event, RemovalDecided)
    assert (event.school_days, event.due_on, event.effective_on) == (Decimal(11), JUNE_4, MAY_20)
    with pytest.raises(RemovalDecisionRefused) as refusal:
        decide_removals(student, decide(*HISTORY, similar_behavior=None, factors=None))
    assert {reason.code for reason in refusal.value.reasons} == {"factor-not-considered"}
    assert len(refusal.value.reasons) == 5
    (no,) = decide_removals(student, decide(*HISTORY, change_of_placement=False))
    assert isinstance(no, RemovalDecided)
    assert no.due_on is None


def test_more_than_ten_days_in_a_row_always_are_a_change() -> None:
    with pytest.raises(RemovalDecisionRefused) as refusal:
        wanted = decide(*HISTORY, ground=RemovalGround.CONSECUTIVE, change_of_placement=False)
        decide_removals(child(*HISTORY), wanted)
    assert [reason.code for reason in refusal.value.reasons] == ["consecutive-days-are-a-change"]


def test_a_decision_is_about_removals_there_are() -> None:
    with pytest.raises(Invalid):
        decide_removals(child(), decide(*HISTORY))
    with pytest.raises(Invalid):
        decide_removals(child(*HISTORY), decide(*HISTORY, ground=RemovalGround.SPECIAL_CIRCUMSTANCE))


def decided() -> Student:
    student = child(*HISTORY)
    return given(*decide_removals(student, decide(*HISTORY)), start=student)


def unmet(command: DetermineManifestation) -> list[str]:
    with pytest.raises(ManifestationRefused) as refusal:
        determine_manifestation(decided(), command)
    return [reason.code for reason in refusal.value.reasons]


def test_district_parent_and_relevant_members_answer_both_questions() -> None:
    (event,) = determine_manifestation(decided(), review(yes=True))
    assert isinstance(event, ManifestationDetermined)
    assert (event.by_disability, event.by_failure, event.effective_on) == (True, False, JUNE_2)
    assert unmet(review(members=(member(MeetingRole.OTHER),))) == [
        "without-agency-representative",
        "without-parent",
    ]
    assert unmet(review(members=(TEAM[0], TEAM[2]))) == ["without-relevant-members"]
    assert unmet(review(sources=())) == ["nothing-reviewed"]


def test_who_disagrees_with_a_determination_appeals_and_nobody_determines_until_it_suits() -> None:
    student = decided()
    student = given(*determine_manifestation(student, review(yes=True)), start=student)
    again = replace(review(yes=False), manifestation_id=an_id("again"))
    with pytest.raises(ManifestationRefused) as refusal:
        determine_manifestation(student, again)
    assert [(each.code, each.citation) for each in refusal.value.reasons] == [
        ("already-determined", "34 CFR 300.532(a)")
    ]
    (overturned,) = determine_manifestation(student, replace(again, reported=told(JUNE_2)))
    assert isinstance(overturned, ManifestationDetermined)
    assert determine_manifestation(
        student, replace(review(law=Law.SECTION_504), manifestation_id=an_id("504"))
    )


def test_a_determination_reported_without_the_parent_is_cured_by_holding_it_with_them() -> None:
    student = decided()
    without = tuple(each for each in TEAM if not isinstance(each.person, HolderPerson))
    alone = replace(review(members=without), reported=told(JUNE_2))
    (first,) = determine_manifestation(student, alone)
    student = given(first, start=student)
    again = replace(review(yes=True), manifestation_id=an_id("again"))
    (second,) = determine_manifestation(student, again)
    student = given(second, start=student)
    with pytest.raises(ManifestationRefused) as refusal:
        determine_manifestation(student, replace(again, manifestation_id=an_id("a third time")))

    assert isinstance(first, ManifestationDetermined)
    assert first.reported is not None
    assert [each.code for each in first.reported.unmet] == ["without-parent"]
    assert [each.code for each in refusal.value.reasons] == ["already-determined"]


def test_under_section_504_a_group_decides_that_knows_child_data_and_options() -> None:
    assert determine_manifestation(decided(), review(law=Law.SECTION_504))
    assert unmet(review(law=Law.SECTION_504, members=GROUP[:1])) == ["nobody-knows"]


@pytest.mark.parametrize(
    "command",
    [
        review(members=()),
        review(current_drug_use=True),
        review(determined_on=date(2026, 5, 19)),
        review(members=(GroupMember(person=HolderPerson(holder_id=an_id("nobody"))),)),
    ],
    ids=["by nobody", "an exception of the other law", "before it was decided", "somebody unknown"],
)
def test_a_determination_that_cannot_be_is_not_recorded(command: DetermineManifestation) -> None:
    with pytest.raises(Invalid):
        determine_manifestation(decided(), command)


def test_what_follows_is_recorded_from_the_determination_on() -> None:
    student = given(*determine_manifestation(decided(), review(yes=True)), start=decided())
    started = FollowManifestation(REVIEW, an_id("step"), ManifestationStep.BEHAVIOR_ASSESSMENT_STARTED, TODAY)
    after = given(*follow_manifestation(student, started), start=student)
    assert after.discipline.manifestations[REVIEW].steps == (ManifestationStep.BEHAVIOR_ASSESSMENT_STARTED,)
    early = FollowManifestation(REVIEW, an_id("step"), ManifestationStep.RETURNED, TODAY, MAY_20)
    with pytest.raises(Invalid):
        follow_manifestation(student, early)
    with pytest.raises(NotFound):
        follow_manifestation(decided(), started)
