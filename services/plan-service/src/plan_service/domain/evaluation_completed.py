"""Completing an evaluation: it rests on consent, or on an exception somebody can show (34 CFR 300.300, 104.35).

That it comes late is no reason to refuse it: it is still owed, and whether it was in time stands beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.evaluations import Assessment, EvaluationCompleted, EvaluationEvent, EvaluationPersonalData
from contracts.fields import ExternalId
from contracts.problems import Reason
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import EvaluationKind, Law, WithoutConsent
from plan_service.domain.evaluation import Evaluation, EvaluationClosed
from plan_service.domain.evaluation_consent import consent_citation, must_be_open
from plan_service.domain.identity import must_be_known
from plan_service.domain.rules import UnmetRules, cannot_be_true, day_of, not_in_the_future, settle
from plan_service.domain.student import Student


class EvaluationRefused(UnmetRules):
    """The evaluation has no ground to stand on."""

    code = "evaluation-refused"
    what = "Completing this evaluation"


@dataclass(frozen=True, slots=True)
class CompleteEvaluation:
    """Everything has been assessed."""

    evaluation_id: UUID
    assessments: tuple[Assessment, ...]
    today: date
    completed_on: date | None = None
    without_consent: WithoutConsent | None = None
    documents: tuple[DocumentRef, ...] = ()
    summary: str | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def complete_evaluation(student: Student, command: CompleteEvaluation) -> list[EvaluationEvent]:
    """Record what was assessed, and that the evaluation is complete."""
    student_id = must_be_known(student)
    evaluation = student.evaluations.evaluation(command.evaluation_id)
    if evaluation.completed is not None:
        raise EvaluationClosed(
            f"This evaluation was completed on {evaluation.completed.completed_on} already."
        )
    must_be_open(evaluation, command.reported)
    not_in_the_future(command.reported, command.today)
    completed_on = command.completed_on or day_of(command.reported, command.today)
    _could_be_true(evaluation, command, completed_on)
    unmet = (
        *overrides_a_refusal(evaluation, command),
        *tested_without_consent(evaluation, command),
        *tested_before_consent(evaluation, command),
        *went_on_without_an_answer(evaluation, command),
        *overrides_without_a_decision(command),
    )
    return [
        EvaluationCompleted(
            effective_on=completed_on, student_id=student_id, evaluation_id=command.evaluation_id,
            assessments=command.assessments, without_consent=command.without_consent, documents=command.documents,
            personal=EvaluationPersonalData(summary=command.summary) if command.summary else None,
            external_id=command.external_id, reported=settle(EvaluationRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def needs_consent(evaluation: Evaluation) -> bool:
    """34 CFR 300.300(a) and (c); under Section 504 before the initial evaluation only (OCR's reading of 104.35)."""
    return evaluation.kind is EvaluationKind.INITIAL or Law.IDEA in evaluation.laws


def overrides_a_refusal(evaluation: Evaluation, command: CompleteEvaluation) -> Iterator[Reason]:
    """34 CFR 300.300(a)(3), (c): a refusal stops the evaluation; only due process overrides it."""
    refusal = evaluation.refusal
    if refusal is None or command.without_consent is WithoutConsent.HEARING_DECISION:
        return
    initial = evaluation.kind is EvaluationKind.INITIAL and Law.IDEA in evaluation.laws
    yield Reason(
        "refused-by-rights-holder", f"Consent to this evaluation was refused on {refusal.answered_on}.",
        "34 CFR 300.300(a)(3)" if initial else consent_citation(evaluation),
        "Stop, unless the person consents later or a due process decision overrides the refusal.",
    )  # fmt: skip


def tested_without_consent(evaluation: Evaluation, command: CompleteEvaluation) -> Iterator[Reason]:
    """34 CFR 300.300(a): consent comes before testing; existing data and tests that all take need none."""
    begun_on = _testing_begun_on(command)
    excepted = command.without_consent is not None or evaluation.refusal is not None
    if begun_on is None or excepted or evaluation.consent is not None or not needs_consent(evaluation):
        return
    yield Reason(
        "testing-without-consent", f"Testing began on {begun_on}; no consent that counts is on record.",
        consent_citation(evaluation), "Record the consent, or the exception that stands for it.", "/assessments",
    )  # fmt: skip


def tested_before_consent(evaluation: Evaluation, command: CompleteEvaluation) -> Iterator[Reason]:
    """34 CFR 300.300(a): consent is there on the day testing begins."""
    begun_on, consent = _testing_begun_on(command), evaluation.consent
    if (
        begun_on is None
        or consent is None
        or begun_on >= consent.received_on
        or not needs_consent(evaluation)
    ):
        return
    if command.without_consent is None:
        yield Reason(
            "testing-before-consent",
            f"Testing began on {begun_on}, before consent was received on {consent.received_on}.",
            consent_citation(evaluation), "Test anew after consent; a test that all take is marked `existing`.",
            "/assessments",
        )  # fmt: skip


def went_on_without_an_answer(evaluation: Evaluation, command: CompleteEvaluation) -> Iterator[Reason]:
    """34 CFR 300.300(c): for a reevaluation reasonable efforts and no answer suffice; for an initial one they do not."""
    if command.without_consent is not WithoutConsent.NO_ANSWER:
        return
    if evaluation.kind is EvaluationKind.INITIAL:
        yield Reason(
            "no-answer-is-no-consent", "Nobody's silence lets an initial evaluation go on.", "34 CFR 300.300(a)",
            "Ask again; a due process decision may stand for the consent.", "/without_consent",
        )  # fmt: skip
    begun_on = _testing_begun_on(command)
    if not any(begun_on is None or asked_on <= begun_on for asked_on in evaluation.asked_on):
        yield Reason(
            "efforts-not-recorded", "No effort to obtain consent before testing is on record.", "34 CFR 300.300(c)",
            "Record each effort: POST .../consent-requests.", "/without_consent",
        )  # fmt: skip


def overrides_without_a_decision(command: CompleteEvaluation) -> Iterator[Reason]:
    """34 CFR 300.300(a)(3): what overrides a parent is a decision somebody can show."""
    if command.without_consent is WithoutConsent.HEARING_DECISION and not command.documents:
        yield Reason(
            "override-without-decision", "A due process decision is claimed and not on record.", "34 CFR 300.300(a)(3)",
            "Add the decision to the student's documents and name it.", "/documents",
        )  # fmt: skip


def _testing_begun_on(command: CompleteEvaluation) -> date | None:
    return min((each.done_on for each in command.assessments if not each.existing), default=None)


def _could_be_true(evaluation: Evaluation, command: CompleteEvaluation, completed_on: date) -> None:
    if not evaluation.referred_on <= completed_on <= command.today:
        raise cannot_be_true(
            "completed-on-no-such-day",
            f"It is completed between the referral ({evaluation.referred_on}) and today ({command.today}).",
            "/completed_on",
        )
    for place, each in enumerate(command.assessments):
        if each.done_on > completed_on:
            raise cannot_be_true(
                "assessed-after-the-end", f"The evaluation was completed on {completed_on}.",
                f"/assessments/{place}/on",
            )  # fmt: skip
