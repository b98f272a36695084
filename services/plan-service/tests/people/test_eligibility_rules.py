"""Rules about eligibility under IDEA and Section 504: each test's name is the rule's own sentence."""

from datetime import date
from typing import Any

import pytest

from contracts.evaluations import ActivityLimit, EligibilityDetermined, GroupMember
from contracts.meetings import GuestPerson, HolderPerson
from contracts.problems import Invalid
from contracts.testing import an_id
from contracts.vocabulary import Attendance, EvaluationKind, Law, MeetingRole
from plan_service.domain.eligibility import EligibilityRefused, determine_eligibility
from plan_service.domain.student import Student
from plan_service.domain.team import TeamMeeting, TeamMember
from plan_service.testing_evaluations import (
    KNOWLEDGE,
    NOV_19,
    answered,
    completed,
    determine,
    idea,
    referred,
    section_504,
)
from plan_service.testing_people import MOTHER, STUDENT, all_rights, confirmed, given, registered, reported

INITIAL = EvaluationKind.INITIAL
BORN = date(2016, 6, 20)


def evaluated(*laws: Law, born: date = BORN, on: date = date(2025, 11, 14)) -> Student:
    """A student whose evaluation is complete."""
    return given(
        registered(born), confirmed(MOTHER, rights=all_rights(born)),
        referred(INITIAL, *(laws or (Law.IDEA, Law.SECTION_504))), answered(), completed(on),
    )  # fmt: skip


def reasons(student: Student, command: Any) -> dict[str, str]:
    with pytest.raises(EligibilityRefused) as refusal:
        determine_eligibility(student, command)
    assert all(reason.cure for reason in refusal.value.reasons)
    return {reason.code: str(reason.citation) for reason in refusal.value.reasons}


def test_eligible_is_a_category_and_because_of_it_need_of_special_education() -> None:
    (event,) = determine_eligibility(evaluated(), determine(idea("autism", "speech_or_language_impairment")))

    assert isinstance(event, EligibilityDetermined)
    assert event.effective_on == NOV_19
    assert reasons(evaluated(), determine(idea())) == {"eligible-without-category": "34 CFR 300.8(a)(1)"}
    assert reasons(evaluated(), determine(idea("autism", needs=False))) == {
        "eligible-without-need": "34 CFR 300.8(a)"
    }


@pytest.mark.parametrize("found", [idea("autism", eligible=False, needs=False), idea(eligible=False)])
def test_one_of_the_two_alone_is_not_eligible(found: Any) -> None:
    assert len(determine_eligibility(evaluated(), determine(found))) == 1


def test_who_has_both_is_not_found_ineligible() -> None:
    found = determine(idea("autism", eligible=False))
    assert set(reasons(evaluated(), found)) == {"ineligible-with-category-and-need"}


def test_the_categories_are_those_of_300_8() -> None:
    assert reasons(evaluated(), determine(idea("dyslexia"))) == {"not-a-category": "34 CFR 300.8(c)"}


@pytest.mark.parametrize(
    ("born", "eligible"),
    [(date(2022, 11, 19), True), (date(2022, 11, 20), False), (date(2015, 11, 20), True),
     (date(2015, 11, 19), False)],
)  # fmt: skip
def test_developmental_delay_is_a_category_from_3_to_9(born: date, eligible: bool) -> None:
    command = determine(idea("developmental_delay"))
    if eligible:
        assert len(determine_eligibility(evaluated(born=born), command)) == 1
    else:
        assert set(reasons(evaluated(born=born), command)) == {"developmental-delay-from-3-to-9"}


@pytest.mark.parametrize(
    ("found", "citation"), [(idea("autism"), "34 CFR 300.301(a)"), (section_504(), "34 CFR 104.35(a)")]
)
def test_an_evaluation_comes_before_eligibility(found: Any, citation: str) -> None:
    late = evaluated(on=date(2025, 11, 20))

    assert reasons(late, determine(found)) == {"evaluation-not-completed": citation}
    assert reasons(evaluated(), determine(found, evaluation_id=None)) == {
        "evaluation-not-completed": citation
    }


def test_an_evaluation_under_one_law_does_not_serve_the_other() -> None:
    assert set(reasons(evaluated(Law.SECTION_504), determine())) == {"evaluation-not-completed"}


def test_an_evaluation_comes_before_eligibility_ends() -> None:
    eligible = evaluated()
    student = given(
        *determine_eligibility(eligible, determine(determined_on=date(2025, 11, 18))), start=eligible
    )
    ended = determine(idea(eligible=False, needs=False), evaluation_id=None)

    assert reasons(student, ended) == {"evaluation-not-completed": "34 CFR 300.305(e)"}


def test_under_section_504_an_impairment_substantially_limits_an_activity_or_function() -> None:
    assert len(determine_eligibility(evaluated(), determine(section_504()))) == 1
    assert reasons(evaluated(), determine(section_504(impairment=None, limited=()))) == {
        "impairment-not-named": "42 USC 12102(1)", "no-activity-limited": "42 USC 12102(2)",
    }  # fmt: skip
    nothing = section_504(eligible=False, impairment=None, limited=())
    assert len(determine_eligibility(evaluated(), determine(nothing))) == 1


def test_the_lists_are_open_and_other_comes_with_words() -> None:
    said = section_504(limited=(ActivityLimit(activity="other", other="interacting with others"),))
    assert len(determine_eligibility(evaluated(), determine(said))) == 1
    with pytest.raises(Invalid):
        determine_eligibility(evaluated(), determine(section_504(limited=(ActivityLimit(activity="other"),))))


def test_section_504_draws_upon_several_sources() -> None:
    command = determine(section_504(), sources=("medical_report", "medical_report"))
    assert reasons(evaluated(), command) == {"several-sources-required": "34 CFR 104.35(c)"}


def test_a_504_group_knows_the_child_the_evaluation_data_and_the_placement_options() -> None:
    command = determine(section_504(), roles=KNOWLEDGE[:1])
    assert reasons(evaluated(), command) == {
        "nobody-with-knowledge-of-evaluation": "34 CFR 104.35(c)",
        "nobody-with-knowledge-of-placement-options": "34 CFR 104.35(c)",
    }


def met(held_on: date | None = NOV_19, *roles: MeetingRole) -> TeamMeeting:
    member = TeamMember(roles or KNOWLEDGE, Attendance.PRESENT)
    return TeamMeeting(an_id("meeting"), STUDENT, held_on, (member,))


def test_who_took_part_in_the_meeting_brings_the_knowledge_too() -> None:
    command = determine(section_504(), members=(), meeting=met(), determined_on=None)
    (event,) = determine_eligibility(evaluated(), command)

    assert event.effective_on == NOV_19


def test_a_meeting_that_was_not_held_determined_nothing() -> None:
    assert reasons(evaluated(), determine(meeting=met(None))) == {"meeting-not-held": "34 CFR 300.306(a)"}


def test_what_was_determined_against_a_rule_is_recorded_with_the_rule_beside_it() -> None:
    command = determine(idea("dyslexia", needs=False), evaluation_id=None, reported=reported(NOV_19))
    (event,) = determine_eligibility(evaluated(), command)

    assert isinstance(event, EligibilityDetermined)
    assert event.reported is not None
    assert {unmet.code for unmet in event.reported.unmet} == {
        "evaluation-not-completed", "eligible-without-need", "not-a-category",
    }  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"determined_on": date(2026, 1, 1)},
        {"evaluation_id": an_id("another")},
        {"members": ()},
        {"members": (GroupMember(person=HolderPerson(holder_id=an_id("nobody"))),)},
        {"members": (GroupMember(person=GuestPerson(guest_id=an_id("guest"))),)},
    ],
)
def test_what_cannot_be_true_is_refused_even_as_a_report(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        determine_eligibility(evaluated(), determine(**fields, reported=reported(NOV_19)))
