"""A student is referred for an evaluation, under IDEA, Section 504 or both (34 CFR 300.301(b), 300.303, 104.35).

Until the evaluation is complete the referral may be taken back, and the district may refuse it with notice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.day_count import count_from
from contracts.evaluations import (
    EvaluationDeclined,
    EvaluationDeclinedPersonalData,
    EvaluationEvent,
    ReferralPersonalData,
    ReferralReceived,
    ReferralWithdrawalPersonalData,
    ReferralWithdrawn,
)
from contracts.fields import ExternalId, HolderId, NoticeId, StaffId
from contracts.problems import Reason
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import EvaluationKind, Law
from plan_service.domain.ages import years_after
from plan_service.domain.evaluation import Evaluation
from plan_service.domain.evaluation_consent import must_be_open
from plan_service.domain.identity import must_be_known
from plan_service.domain.reevaluation import again_within_a_year, reevaluation_due_on
from plan_service.domain.rights_holder import decides_on, must_be_around
from plan_service.domain.rules import FEDERAL, Rules, UnmetRules, cannot_be_true, done_on, settle
from plan_service.domain.student import Student


class ReferralRefused(UnmetRules):
    """The student may not be evaluated again yet."""

    code = "referral-refused"
    what = "This reevaluation"


class WithdrawalOfReferralRefused(UnmetRules):
    """Somebody else's referral stays."""

    code = "referral-withdrawal-refused"
    what = "Withdrawing this referral"


class DeclineRefused(UnmetRules):
    """The district may not refuse like this."""

    code = "evaluation-decline-refused"
    what = "Refusing to evaluate like this"


@dataclass(frozen=True, slots=True)
class ReceiveReferral:
    """Somebody asks that the student be evaluated."""

    evaluation_id: UUID
    kind: EvaluationKind
    laws: tuple[Law, ...]
    source: str
    today: date
    referred_on: date | None = None
    holder_id: HolderId | None = None
    staff_id: StaffId | None = None
    name: str | None = None
    words: str | None = None
    agreed_by: HolderId | None = None
    """Who agreed to evaluate again within a year."""
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


def receive_referral(student: Student, command: ReceiveReferral) -> list[EvaluationEvent]:
    """Record the referral, by whoever made it. With it the evaluation begins to be followed."""
    student_id = must_be_known(student)
    referred_on = done_on(command.referred_on, command.reported, command.today, "referred")
    if student.personal is not None and referred_on < student.personal.birth_date:
        raise cannot_be_true(
            "referred-before-birth", "Nobody is referred before they are born.", "/referred_on"
        )
    if command.holder_id is not None:
        must_be_around(student, command.holder_id)
    if command.agreed_by is not None:
        must_be_around(student, command.agreed_by, "/agreed_by")
    again = command.kind is EvaluationKind.REEVALUATION and Law.IDEA in command.laws
    unmet = tuple(_unmet(student, command, referred_on)) if again else ()
    told = command.name is not None or command.words is not None
    due = command.rules.referral_answer if Law.IDEA in command.laws else None
    return [
        ReferralReceived(
            effective_on=referred_on, student_id=student_id, evaluation_id=command.evaluation_id, kind=command.kind,
            laws=command.laws, source=command.source, holder_id=command.holder_id, staff_id=command.staff_id,
            personal=ReferralPersonalData(name=command.name, words=command.words) if told else None,
            agreed_by=command.agreed_by, due_on=reevaluation_due_on(student.evaluations) if again else None,
            answer_due_on=count_from(referred_on, due, command.rules.calendar).on if due else None,
            external_id=command.external_id, reported=settle(ReferralRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def _unmet(student: Student, command: ReceiveReferral, referred_on: date) -> Iterator[Reason]:
    agreed_by = command.agreed_by
    last = again_within_a_year(student.evaluations, referred_on)
    if last is None or (agreed_by is not None and decides_on(student, agreed_by, referred_on, command.rules)):
        return
    yield Reason(
        "reevaluation-within-a-year", f"The last evaluation was completed on {last}, less than a year before.",
        "34 CFR 300.303(b)(1)",
        f"Agree with a holder of the right to decide and name them, or wait until {years_after(last, 1)}.",
        "/agreed_by",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class WithdrawReferral:
    """Somebody takes a referral back."""

    evaluation_id: UUID
    today: date
    withdrawn_on: date | None = None
    holder_id: HolderId | None = None
    staff_id: StaffId | None = None
    words: str | None = None
    document: DocumentRef | None = None
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


def withdraw_referral(student: Student, command: WithdrawReferral) -> list[EvaluationEvent]:
    """Take the referral back; what was asked and answered stays in the record."""
    student_id = must_be_known(student)
    evaluation = student.evaluations.evaluation(command.evaluation_id)
    withdrawn_on = done_on(command.withdrawn_on, command.reported, command.today, "withdrawn")
    _after_the_referral(evaluation, withdrawn_on, "/withdrawn_on")
    must_be_open(evaluation, command.reported)
    if command.holder_id is not None:
        must_be_around(student, command.holder_id)
    unmet = tuple(withdrawn_by_another(student, evaluation, command, withdrawn_on))
    return [
        ReferralWithdrawn(
            effective_on=withdrawn_on, student_id=student_id, evaluation_id=command.evaluation_id,
            holder_id=command.holder_id, staff_id=command.staff_id,
            personal=ReferralWithdrawalPersonalData(words=command.words) if command.words else None,
            document=command.document, external_id=command.external_id,
            reported=settle(WithdrawalOfReferralRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def withdrawn_by_another(
    student: Student, evaluation: Evaluation, command: WithdrawReferral, withdrawn_on: date
) -> Iterator[Reason]:
    """34 CFR 300.301(b): a parent or an agency asks for the evaluation, and takes back what they asked for."""
    holder, staff = command.holder_id, command.staff_id
    if holder is not None and (
        holder == evaluation.holder_id or decides_on(student, holder, withdrawn_on, command.rules)
    ):
        return
    if holder is None and staff is not None and staff == evaluation.staff_id:
        return
    yield Reason(
        "withdrawn-by-another",
        "A referral is taken back by whoever made it, or by a holder of the right to decide.", "34 CFR 300.301(b)",
        "Name that person; or the district refuses to evaluate, with notice: POST .../refusal.", "/holder",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeclineEvaluation:
    """The district refuses to evaluate."""

    evaluation_id: UUID
    reason: str
    today: date
    declined_on: date | None = None
    notice_id: NoticeId | None = None
    staff_id: StaffId | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def decline_evaluation(student: Student, command: DeclineEvaluation) -> list[EvaluationEvent]:
    """Record the district's refusal, with the notice that says so."""
    student_id = must_be_known(student)
    evaluation = student.evaluations.evaluation(command.evaluation_id)
    declined_on = done_on(command.declined_on, command.reported, command.today, "declined")
    _after_the_referral(evaluation, declined_on, "/declined_on")
    must_be_open(evaluation, command.reported)
    unmet = (*declined_without_notice(command), *declined_after_consent(evaluation, declined_on))
    return [
        EvaluationDeclined(
            effective_on=declined_on, student_id=student_id, evaluation_id=command.evaluation_id,
            notice_id=command.notice_id, staff_id=command.staff_id,
            personal=EvaluationDeclinedPersonalData(reason=command.reason), document=command.document,
            external_id=command.external_id, reported=settle(DeclineRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def declined_without_notice(command: DeclineEvaluation) -> Iterator[Reason]:
    """34 CFR 300.503(a)(2): notice comes before the district refuses to start an evaluation."""
    if command.notice_id is None:
        yield Reason(
            "declined-without-notice", "No prior written notice of the refusal is named.", "34 CFR 300.503(a)(2)",
            "Give notice of the refusal (POST /notices) and name it.", "/notice",
        )  # fmt: skip


def declined_after_consent(evaluation: Evaluation, declined_on: date) -> Iterator[Reason]:
    """34 CFR 300.301(c): who asked for consent and has it owes the evaluation."""
    consent = evaluation.consent
    if consent is not None and consent.received_on <= declined_on:
        yield Reason(
            "declined-after-consent", f"Consent was received on {consent.received_on}: the evaluation is owed.",
            "34 CFR 300.301(c)", "Complete the evaluation, or let whoever asked for it take the referral back.",
        )  # fmt: skip


def _after_the_referral(evaluation: Evaluation, day: date, pointer: str) -> None:
    if day < evaluation.referred_on:
        raise cannot_be_true(
            "before-the-referral", f"The student was referred on {evaluation.referred_on}.", pointer
        )
