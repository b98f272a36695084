"""Builders for tests about evaluations and eligibility: what a test does not speak about has a sensible value."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from contracts.evaluations import (
    ActivityLimit,
    Assessment,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    GroupMember,
    IdeaDetermination,
    ReferralReceived,
    Section504Determination,
)
from contracts.meetings import StaffPerson
from contracts.testing import an_id
from contracts.vocabulary import (
    Channel,
    ConsentDecision,
    ConsentMethod,
    EvaluationKind,
    Law,
    MeetingRole,
)
from plan_service.domain.eligibility import DetermineEligibility
from plan_service.domain.evaluation_completed import CompleteEvaluation
from plan_service.domain.evaluation_consent import AnswerEvaluation, AskConsent
from plan_service.domain.reevaluation import WaiveReevaluation
from plan_service.domain.referral import ReceiveReferral
from plan_service.testing_people import MOTHER, STUDENT, TEACHER

EVALUATION = an_id("evaluation")
TODAY = date(2025, 12, 20)
SEPT_8, SEPT_15, SEPT_22, NOV_14, NOV_19, NOV_21 = (
    date(2025, month, day) for month, day in ((9, 8), (9, 15), (9, 22), (11, 14), (11, 19), (11, 21))
)
"""The days of law.md's first history."""
KNOWLEDGE = (
    MeetingRole.KNOWLEDGE_OF_CHILD,
    MeetingRole.KNOWLEDGE_OF_EVALUATION,
    MeetingRole.KNOWLEDGE_OF_PLACEMENT_OPTIONS,
)


def referred(
    kind: EvaluationKind = EvaluationKind.INITIAL, *laws: Law, on: date = SEPT_8, evaluation: Any = EVALUATION
) -> ReferralReceived:
    """The student was referred."""
    return ReferralReceived(
        effective_on=on, student_id=STUDENT, evaluation_id=evaluation, kind=kind, laws=laws or (Law.IDEA,),
        source="parent", holder_id=MOTHER,
    )  # fmt: skip


def consent_asked(on: date = SEPT_15) -> EvaluationConsentAsked:
    """The mother was asked."""
    return EvaluationConsentAsked(
        effective_on=on, student_id=STUDENT, evaluation_id=EVALUATION, consent_request_id=an_id("consent request"),
        holder_ids=(MOTHER,), channel=Channel.LETTER,
    )  # fmt: skip


def answered(
    decision: ConsentDecision = ConsentDecision.ACCEPTED, on: date = SEPT_22, **fields: Any
) -> EvaluationConsentAnswered:
    """The mother answered, and it counts."""
    complete: dict[str, Any] = {
        "holder_id": MOTHER, "counts": True, "method": ConsentMethod.PAPER_SIGNATURE, "received_on": on,
        "due_on": NOV_21 if decision is ConsentDecision.ACCEPTED else None,
    }  # fmt: skip
    return EvaluationConsentAnswered(
        effective_on=on, student_id=STUDENT, evaluation_id=EVALUATION, decision=decision,
        evaluation_consent_id=an_id(f"consent {on}"), **complete | fields,
    )  # fmt: skip


def completed(on: date = NOV_14, evaluation: Any = EVALUATION) -> EvaluationCompleted:
    """It was completed."""
    return EvaluationCompleted(
        effective_on=on, student_id=STUDENT, evaluation_id=evaluation, assessments=(assessment(),)
    )


def assessment(on: date = date(2025, 10, 20), *, existing: bool = False) -> Assessment:
    """Reading was tested."""
    return Assessment(area="academic_performance", done_on=on, existing=existing, staff_id=TEACHER)


def refer(kind: EvaluationKind = EvaluationKind.INITIAL, *laws: Law, **fields: Any) -> ReceiveReferral:
    """A command to record a referral."""
    complete: dict[str, Any] = {"source": "parent", "holder_id": MOTHER, "today": TODAY}
    return ReceiveReferral(evaluation_id=EVALUATION, kind=kind, laws=laws or (Law.IDEA,), **complete | fields)


def ask(*holders: Any, **fields: Any) -> AskConsent:
    """A command to record that consent was asked for."""
    return AskConsent(
        EVALUATION, an_id("consent request"), holders or (MOTHER,), Channel.LETTER, **{"today": TODAY} | fields
    )  # fmt: skip


def answer(
    holder: Any = MOTHER, decision: ConsentDecision = ConsentDecision.ACCEPTED, **fields: Any
) -> AnswerEvaluation:
    """A command to record an answer of 22 September."""
    complete: dict[str, Any] = {
        "method": ConsentMethod.PAPER_SIGNATURE, "today": TODAY, "answered_on": SEPT_22,
    }  # fmt: skip
    return AnswerEvaluation(EVALUATION, an_id("consent"), holder, decision, **complete | fields)


def complete(*assessments: Assessment, **fields: Any) -> CompleteEvaluation:
    """A command to complete the evaluation on 14 November."""
    told: dict[str, Any] = {"today": TODAY, "completed_on": NOV_14}
    return CompleteEvaluation(EVALUATION, assessments or (assessment(),), **told | fields)


def waive(holder: Any = MOTHER, **fields: Any) -> WaiveReevaluation:
    """A command to waive the reevaluation that is due."""
    told: dict[str, Any] = {"method": ConsentMethod.PAPER_SIGNATURE, "today": TODAY}
    return WaiveReevaluation(an_id("waiver"), holder, **told | fields)


def idea(*categories: str, eligible: bool = True, needs: bool = True) -> IdeaDetermination:
    """What was found under IDEA."""
    return IdeaDetermination(eligible=eligible, categories=categories, needs_special_education=needs)


def section_504(**fields: Any) -> Section504Determination:
    """What was found under Section 504."""
    told: dict[str, Any] = {
        "eligible": True, "impairment": "Type 1 diabetes",
        "limited": (ActivityLimit(activity="endocrine_function"), ActivityLimit(activity="eating")),
    }  # fmt: skip
    return Section504Determination(**told | fields)


def determine(
    found: Any = None, *, roles: Sequence[MeetingRole] = KNOWLEDGE, **fields: Any
) -> DetermineEligibility:
    """A command to determine eligibility on 19 November."""
    told: dict[str, Any] = {
        "determination": found or idea("specific_learning_disability"), "today": TODAY, "determined_on": NOV_19,
        "evaluation_id": EVALUATION, "sources": ("parent_input", "observation"),
        "members": (GroupMember(person=StaffPerson(staff_id=TEACHER), roles=tuple(roles)),),
    }  # fmt: skip
    return DetermineEligibility(an_id("eligibility"), **told | fields)
