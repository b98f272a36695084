"""What is answered of evaluations: each with its steps, the consents, the waivers, and what was determined."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from contracts.evaluations import (
    Assessment,
    Determination,
    EligibilityDetermined,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    EvaluationDeclined,
    EvaluationExtended,
    GroupMember,
    ReevaluationWaived,
    ReferralReceived,
    ReferralWithdrawn,
)
from contracts.event import Event
from contracts.meetings import Guest
from contracts.vocabulary import (
    Channel,
    ClockEnd,
    ConsentDecision,
    ConsentMethod,
    EvaluationKind,
    ExtensionGround,
    Law,
    WithoutConsent,
)
from plan_service.application.shown import DocumentRefShown, OfStudent, Part, ReportedShown
from plan_service.application.shown_around import document_shown, reported_shown
from plan_service.domain.evaluation import Evaluation, EvaluationStatus
from plan_service.domain.student import Student
from runtime.stream_model import Resource


class AssessorShown(Part):
    """Who assessed the student, where it was nobody of the staff."""

    name: str
    capacity: str | None = None


class AssessmentShown(Part):
    """One thing that was assessed."""

    area: str
    what: str | None = None
    on: date
    existing: bool
    """Existing data, or a test that all take."""
    staff: UUID | None = None
    by: AssessorShown | None = None
    document: DocumentRefShown | None = None


class CompletionShown(Part):
    """How the evaluation ended."""

    completed_on: date
    in_time: bool | None = None
    """The evaluation's own `in_time`."""
    assessments: tuple[AssessmentShown, ...]
    without_consent: WithoutConsent | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    summary: str | None = None
    reported: ReportedShown | None = None


class StoppedShown(Part):
    """It ended without being made: the referral was withdrawn, or the district refused."""

    on: date
    notice: UUID | None = None
    """The prior written notice of the refusal."""
    reason: str | None = None
    reported: ReportedShown | None = None


class EvaluationShown(OfStudent):
    """An evaluation, from its referral on."""

    kind: EvaluationKind
    laws: tuple[Law, ...]
    referred_on: date
    source: str
    holder: UUID | None = None
    """The rights holder or contact who referred the student."""
    staff: UUID | None = None
    name: str | None = None
    words: str | None = None
    agreed_by: UUID | None = None
    status: EvaluationStatus
    answer_due_on: date | None = None
    """By when the district proposes to evaluate or refuses; absent where the state names no number."""
    consent_received_on: date | None = None
    """Of the consent it rests on."""
    due_on: date | None = None
    """Initial under IDEA: so long after consent was received as the state says. Reevaluation: three years after the last."""
    due_with: ClockEnd | None = None
    """What must have happened by then."""
    due_beyond_calendar: bool | None = None
    """True: the district's school calendar did not reach so far, and it may be due later."""
    clock_ended_on: date | None = None
    """When it had happened, as far as the student's own record says."""
    in_time: bool | None = None
    """It had happened by `due_on`; absent while that is not known, and where no clock ran."""
    completion: CompletionShown | None = None
    stopped: StoppedShown | None = None
    reported: ReportedShown | None = None


class OfEvaluation(OfStudent):
    """A step of an evaluation."""

    evaluation: UUID
    language: str | None = None
    document: DocumentRefShown | None = None
    reported: ReportedShown | None = None


class ConsentRequestShown(OfEvaluation):
    """Consent was asked for."""

    holders: tuple[UUID, ...]
    channel: Channel
    asked_on: date
    notice: UUID | None = None


class EvaluationConsentShown(OfEvaluation):
    """An answer to the question for consent."""

    holder: UUID
    counts: bool
    """False where it was reported and is no consent: by nobody who may, or not in writing."""
    decision: ConsentDecision
    method: ConsentMethod
    answered_on: date
    received_on: date
    due_on: date | None = None
    """By when the evaluation is due if it rests on this answer."""
    due_beyond_calendar: bool | None = None
    """True: the district's school calendar did not reach so far, and it may be due later."""
    comment: str | None = None


class EvaluationExtensionShown(OfEvaluation):
    """Another last day for the evaluation, or none any more."""

    ground: ExtensionGround
    counts: bool
    """False where it was reported and moves no day."""
    agreed_on: date
    due_on: date | None = None
    """From now on; absent where no time runs any more."""
    was_due_on: date | None = None
    due_beyond_calendar: bool | None = None
    """True: the district's school calendar did not reach so far, and it may be due later."""
    holder: UUID | None = None
    staff: UUID | None = None
    method: ConsentMethod | None = None
    days: tuple[date, ...] = ()
    words: str | None = None
    previous_agency: str | None = None


class ReevaluationWaiverShown(OfStudent):
    """An agreement that a reevaluation is unnecessary."""

    holder: UUID
    staff: UUID | None = None
    counts: bool
    """False where it was reported and is no such agreement."""
    agreed_on: date
    due_on: date
    """The reevaluation that is not made."""
    method: ConsentMethod
    document: DocumentRefShown | None = None
    reported: ReportedShown | None = None


class EligibilityShown(OfStudent):
    """What was determined under one law."""

    evaluation: UUID | None = None
    determination: Determination
    determined_on: date
    members: tuple[GroupMember, ...] = ()
    guests: tuple[Guest, ...] = ()
    meeting: UUID | None = None
    sources: tuple[str, ...] = ()
    basis: str | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    reported: ReportedShown | None = None


def of_evaluations(state: Student, event: Event) -> Iterator[Resource]:
    """What an event changes of it: the evaluation with its step, or the one thing that was recorded."""
    match event:
        case ReferralReceived() | ReferralWithdrawn() | EvaluationDeclined() | EvaluationCompleted():
            yield from _evaluation(state, event.evaluation_id)
        case EvaluationConsentAsked():
            yield from _evaluation(state, event.evaluation_id)
            yield _resource("consent_request", event.consent_request_id, _asked(event))
        case EvaluationConsentAnswered():
            yield from _evaluation(state, event.evaluation_id)
            yield _resource("evaluation_consent", event.evaluation_consent_id, _answered(event))
        case EvaluationExtended():
            yield from _evaluation(state, event.evaluation_id)
            yield _resource("evaluation_extension", event.evaluation_extension_id, _extended(event))
        case ReevaluationWaived():
            yield _resource("reevaluation_waiver", event.reevaluation_waiver_id, _waived(event))
        case EligibilityDetermined():
            if event.evaluation_id is not None:
                yield from _evaluation(state, event.evaluation_id)
            yield _resource("eligibility", event.eligibility_id, _determined(event))
        case _:
            pass


def _resource(kind: str, id: UUID, shown: OfStudent) -> Resource:
    return Resource(kind, id, shown.kept(), shown.student, shown.external_id)


def _evaluation(state: Student, evaluation_id: UUID) -> Iterator[Resource]:
    known = state.evaluations.evaluations.get(evaluation_id)
    if known is None or state.student_id is None:
        return
    consent = known.consent
    shown = EvaluationShown(
        student=state.student_id, external_id=known.external_id, kind=known.kind, laws=known.laws,
        referred_on=known.referred_on, source=known.source, holder=known.holder_id, staff=known.staff_id,
        name=known.name, words=known.words, agreed_by=known.agreed_by, status=known.status,
        consent_received_on=consent.received_on if consent else None, due_on=known.due_on,
        due_with=known.ends_with if known.due_on else None,
        due_beyond_calendar=True if known.beyond_calendar else None,
        clock_ended_on=known.clock_ended_on, in_time=known.in_time,
        answer_due_on=known.answer_due_on, stopped=_stopped(known),
        completion=_completion(known), reported=reported_shown(known.reported),
    )  # fmt: skip
    yield _resource("evaluation", evaluation_id, shown)


def _stopped(known: Evaluation) -> StoppedShown | None:
    stopped = known.stopped
    if stopped is None:
        return None
    return StoppedShown(
        on=stopped.on, notice=stopped.notice_id, reason=stopped.reason, reported=reported_shown(stopped.reported)
    )  # fmt: skip


def _completion(known: Evaluation) -> CompletionShown | None:
    done = known.completed
    if done is None:
        return None
    return CompletionShown(
        completed_on=done.completed_on, in_time=known.in_time,
        assessments=tuple(_assessment(each) for each in done.assessments), without_consent=done.without_consent,
        documents=tuple(DocumentRefShown.model_validate(each.model_dump()) for each in done.documents),
        summary=done.summary, reported=reported_shown(done.reported),
    )  # fmt: skip


def _assessment(each: Assessment) -> AssessmentShown:
    by = AssessorShown.model_validate(each.personal.model_dump()) if each.personal else None
    return AssessmentShown(
        area=each.area, what=each.what, on=each.done_on, existing=each.existing, staff=each.staff_id, by=by,
        document=document_shown(each.document),
    )  # fmt: skip


def _asked(event: EvaluationConsentAsked) -> ConsentRequestShown:
    return ConsentRequestShown(
        student=event.student_id, external_id=event.external_id, evaluation=event.evaluation_id,
        holders=event.holder_ids, channel=event.channel, asked_on=event.effective_on, language=event.language,
        notice=event.notice_id, document=document_shown(event.document), reported=reported_shown(event.reported),
    )  # fmt: skip


def _answered(event: EvaluationConsentAnswered) -> EvaluationConsentShown:
    return EvaluationConsentShown(
        student=event.student_id, external_id=event.external_id, evaluation=event.evaluation_id, holder=event.holder_id,
        counts=event.counts, decision=event.decision, method=event.method, answered_on=event.effective_on,
        received_on=event.received_on, due_on=event.due_on, due_beyond_calendar=event.due_beyond_calendar,
        language=event.language,
        comment=event.personal.comment if event.personal else None, document=document_shown(event.document),
        reported=reported_shown(event.reported),
    )  # fmt: skip


def _extended(event: EvaluationExtended) -> EvaluationExtensionShown:
    personal = event.personal
    return EvaluationExtensionShown(
        student=event.student_id, external_id=event.external_id, evaluation=event.evaluation_id, ground=event.ground,
        counts=event.counts, agreed_on=event.effective_on, due_on=event.due_on, was_due_on=event.was_due_on,
        due_beyond_calendar=event.due_beyond_calendar, holder=event.holder_id, staff=event.staff_id,
        method=event.method, days=event.days, words=personal.words if personal else None,
        previous_agency=personal.previous_agency if personal else None, document=document_shown(event.document),
        reported=reported_shown(event.reported),
    )  # fmt: skip


def _waived(event: ReevaluationWaived) -> ReevaluationWaiverShown:
    return ReevaluationWaiverShown(
        student=event.student_id, external_id=event.external_id, holder=event.holder_id, staff=event.staff_id,
        counts=event.counts, agreed_on=event.effective_on, due_on=event.due_on, method=event.method,
        document=document_shown(event.document), reported=reported_shown(event.reported),
    )  # fmt: skip


def _determined(event: EligibilityDetermined) -> EligibilityShown:
    personal = event.personal
    return EligibilityShown(
        student=event.student_id, external_id=event.external_id, evaluation=event.evaluation_id,
        determination=event.determination, determined_on=event.effective_on, members=event.members,
        guests=personal.guests if personal else (), meeting=event.meeting_id, sources=event.sources,
        basis=personal.basis if personal else None,
        documents=tuple(DocumentRefShown.model_validate(each.model_dump()) for each in event.documents),
        reported=reported_shown(event.reported),
    )  # fmt: skip
