"""Consent to evaluate: asked, given or refused; and the clock it starts (34 CFR 300.9, 300.300, 300.301(c), 104.35)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.day_count import Counted, count_from
from contracts.evaluations import (
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    EvaluationConsentPersonalData,
    EvaluationEvent,
)
from contracts.fields import ExternalId, HolderId, LanguageTag, NoticeId
from contracts.problems import Reason
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Channel, ConsentDecision, ConsentMethod, EvaluationKind, Law
from plan_service.domain.evaluation import Evaluation, EvaluationClosed
from plan_service.domain.identity import must_be_known
from plan_service.domain.rights_holder import decides_on, must_be_around
from plan_service.domain.rules import (
    FEDERAL,
    Rules,
    UnmetRules,
    cannot_be_true,
    day_of,
    not_in_the_future,
    settle,
)
from plan_service.domain.student import Student


class ConsentNotAsked(UnmetRules):
    """Nobody was asked who may answer."""

    code = "evaluation-consent-not-asked"
    what = "Asking for consent like this"


class ConsentRefused(UnmetRules):
    """The answer does not count."""

    code = "evaluation-consent-refused"
    what = "This answer"


@dataclass(frozen=True, slots=True)
class AskConsent:
    """Rights holders are asked to consent to an evaluation."""

    evaluation_id: UUID
    consent_request_id: UUID
    holder_ids: tuple[HolderId, ...]
    channel: Channel
    today: date
    asked_on: date | None = None
    language: LanguageTag | None = None
    notice_id: NoticeId | None = None
    document: DocumentRef | None = None
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class AnswerEvaluation:
    """Somebody gives or refuses consent to an evaluation."""

    evaluation_id: UUID
    evaluation_consent_id: UUID
    holder_id: HolderId
    decision: ConsentDecision
    method: ConsentMethod
    today: date
    answered_on: date | None = None
    """The day of the signature."""
    received_on: date | None = None
    """The day on which the district had it; the same day where nothing is said."""
    rules: Rules = FEDERAL
    language: LanguageTag | None = None
    document: DocumentRef | None = None
    comment: str | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def ask_consent(student: Student, command: AskConsent) -> list[EvaluationEvent]:
    """Record that consent was asked for; once more is one more effort."""
    student_id = must_be_known(student)
    evaluation = student.evaluations.evaluation(command.evaluation_id)
    for place, holder_id in enumerate(command.holder_ids):
        must_be_around(student, holder_id, f"/holders/{place}")
    not_in_the_future(command.reported, command.today)
    asked_on = command.asked_on or day_of(command.reported, command.today)
    _between(evaluation, asked_on, command.today, "asked", "/asked_on")
    must_be_open(evaluation, command.reported)
    unmet = tuple(asked_of_nobody_who_decides(student, evaluation, command, asked_on))
    return [
        EvaluationConsentAsked(
            effective_on=asked_on, student_id=student_id, evaluation_id=command.evaluation_id,
            consent_request_id=command.consent_request_id, holder_ids=command.holder_ids, channel=command.channel,
            language=command.language, notice_id=command.notice_id, document=command.document,
            external_id=command.external_id, reported=settle(ConsentNotAsked, unmet, command.reported),
        )
    ]  # fmt: skip


def answer_evaluation(student: Student, command: AnswerEvaluation) -> list[EvaluationEvent]:
    """Record an answer. A reported one of somebody without the right stands in the record and is never consent."""
    student_id = must_be_known(student)
    evaluation = student.evaluations.evaluation(command.evaluation_id)
    must_be_around(student, command.holder_id)
    not_in_the_future(command.reported, command.today)
    answered_on = command.answered_on or day_of(command.reported, command.today)
    _between(evaluation, answered_on, command.today, "answered", "/answered_on")
    received_on = command.received_on or answered_on
    if not answered_on <= received_on <= command.today:
        raise cannot_be_true(
            "received-on-no-such-day",
            f"An answer is received between the day it was given ({answered_on}) and today ({command.today}).",
            "/received_on",
        )
    must_be_open(evaluation, command.reported)
    unmet = (
        *not_by_a_rights_holder(student, evaluation, command, answered_on),
        *not_in_writing(command.decision, command.method),
    )
    starts = not unmet and command.decision is ConsentDecision.ACCEPTED and runs_a_clock(evaluation)
    due = evaluation_due(received_on, command.rules) if starts else None
    return [
        EvaluationConsentAnswered(
            effective_on=answered_on, student_id=student_id, evaluation_id=command.evaluation_id,
            evaluation_consent_id=command.evaluation_consent_id, holder_id=command.holder_id, counts=not unmet,
            decision=command.decision, method=command.method, received_on=received_on,
            due_on=due.on if due else None, due_beyond_calendar=True if due and due.beyond_calendar else None,
            clock_ends_with=command.rules.evaluation.ends_with if due else None,
            language=command.language, document=command.document,
            personal=EvaluationConsentPersonalData(comment=command.comment) if command.comment else None,
            external_id=command.external_id, reported=settle(ConsentRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def evaluation_due(received_on: date, rules: Rules = FEDERAL) -> Counted:
    """34 CFR 300.301(c)(1): 60 days after consent was received, or the state's own time. That day is day 0.

    Federally summer counts; a state may count school days, or leave longer breaks out.
    """
    clock = rules.evaluation
    return count_from(received_on, clock.due, rules.calendar, break_over=clock.pauses.break_over)


def runs_a_clock(evaluation: Evaluation) -> bool:
    """34 CFR 300.301(c) is about the initial evaluation under IDEA; Section 504 has no number of days."""
    return evaluation.kind is EvaluationKind.INITIAL and Law.IDEA in evaluation.laws


def asked_of_nobody_who_decides(
    student: Student, evaluation: Evaluation, command: AskConsent, asked_on: date
) -> Iterator[Reason]:
    """34 CFR 300.300(a)(1), 104.35(a): consent is asked of somebody who may give it."""
    if not any(decides_on(student, holder_id, asked_on, command.rules) for holder_id in command.holder_ids):
        yield Reason(
            "consent-asked-of-nobody-who-decides", f"Nobody who was asked held the right to decide on {asked_on}.",
            consent_citation(evaluation), "Ask a holder of the right to decide, or confirm one first.", "/holders",
        )  # fmt: skip


def not_by_a_rights_holder(
    student: Student, evaluation: Evaluation, command: AnswerEvaluation, answered_on: date
) -> Iterator[Reason]:
    """34 CFR 300.300(a), 300.520: consent comes from who holds the right to decide on that day."""
    if not decides_on(student, command.holder_id, answered_on, command.rules):
        yield Reason(
            "consent-not-by-rights-holder", f"Whoever answered held no right to decide on {answered_on}.",
            f"{consent_citation(evaluation)}, 300.30, 300.520",
            "Let a holder of the right to decide answer, or confirm this person's rights first.", "/holder",
        )  # fmt: skip


def not_in_writing(decision: ConsentDecision, method: ConsentMethod) -> Iterator[Reason]:
    """34 CFR 300.9(b): consent is written; a refusal may be said."""
    if decision is ConsentDecision.ACCEPTED and method is ConsentMethod.ORAL:
        yield Reason(
            "consent-not-written", "Consent to evaluate is given in writing.", "34 CFR 300.9(b)",
            "Have it signed on paper or electronically, or written.", "/method",
        )  # fmt: skip


def consent_citation(evaluation: Evaluation) -> str:
    """Where it stands that consent is needed."""
    if Law.IDEA not in evaluation.laws:
        return "34 CFR 104.35(a)"
    return "34 CFR 300.300(a)" if evaluation.kind is EvaluationKind.INITIAL else "34 CFR 300.300(c)"


def must_be_open(evaluation: Evaluation, reported: Reported | None) -> None:
    """What is asked, answered or decided after the end changes nothing; as a late entry it is taken."""
    if evaluation.ended_on is not None and reported is None:
        raise EvaluationClosed(
            f"This evaluation was {evaluation.status} on {evaluation.ended_on}; nothing about it is decided now."
        )


def _between(evaluation: Evaluation, day: date, today: date, done: str, pointer: str) -> None:
    if not evaluation.referred_on <= day <= today:
        raise cannot_be_true(
            f"{done}-on-no-such-day",
            f"Consent is {done} between the referral ({evaluation.referred_on}) and today ({today}).",
            pointer,
        )
