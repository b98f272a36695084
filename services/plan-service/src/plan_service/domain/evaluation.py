"""Evaluations and eligibility as decisions about them need them. Part of the student: see `domain.student`.

From a referral to its end an evaluation is one thing with steps. What stands of the answers is the newest of each
person that counts; one refusal that stands stops it (34 CFR 300.300(a)(3)).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TypeAlias, assert_never
from uuid import UUID

from contracts.evaluations import (
    Assessment,
    EligibilityDetermined,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    EvaluationDeclined,
    EvaluationEvent,
    EvaluationExtended,
    ReevaluationWaived,
    ReferralReceived,
    ReferralWithdrawn,
)
from contracts.fields import ExternalId, HolderId, NoticeId, StaffId
from contracts.problems import NotFound, Rejected
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import ClockEnd, ConsentDecision, EvaluationKind, Law, WithoutConsent


class EvaluationStatus(StrEnum):
    """How far an evaluation has come."""

    REFERRED = "referred"
    CONSENT_ASKED = "consent_asked"
    CONSENTED = "consented"
    REFUSED = "refused"
    """By a holder of the right to decide."""
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    """By the district."""
    COMPLETED = "completed"


class EvaluationClosed(Rejected):
    """The evaluation has ended already: completed, withdrawn or declined."""

    code = "evaluation-closed"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to the question for consent."""

    holder_id: HolderId
    counts: bool
    decision: ConsentDecision
    answered_on: date
    received_on: date
    due_on: date | None = None
    ends_with: ClockEnd = ClockEnd.EVALUATION_COMPLETED
    beyond_calendar: bool = False


@dataclass(frozen=True, slots=True)
class Extended:
    """Another last day, or none any more."""

    agreed_on: date
    due_on: date | None = None
    beyond_calendar: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """The evaluation ended without being made: the referral was withdrawn, or the district refused."""

    status: EvaluationStatus
    on: date
    notice_id: NoticeId | None = None
    reason: str | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """How an evaluation ended."""

    completed_on: date
    assessments: tuple[Assessment, ...] = ()
    without_consent: WithoutConsent | None = None
    documents: tuple[DocumentRef, ...] = ()
    summary: str | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation, from its referral on."""

    evaluation_id: UUID
    kind: EvaluationKind
    laws: tuple[Law, ...]
    referred_on: date
    source: str
    holder_id: HolderId | None = None
    staff_id: StaffId | None = None
    name: str | None = None
    words: str | None = None
    agreed_by: HolderId | None = None
    triennial_on: date | None = None
    """Of a reevaluation: by when the law wants one."""
    answer_due_on: date | None = None
    """By when the district answers the referral."""
    external_id: ExternalId | None = None
    reported: Reported | None = None
    asked_on: tuple[date, ...] = ()
    answers: tuple[Answered, ...] = ()
    extended: tuple[Extended, ...] = ()
    """What counts, in the order in which it was recorded."""
    stopped: Stopped | None = None
    completed: Completed | None = None
    determined_on: date | None = None
    """When eligibility under IDEA was first determined by it."""
    met_on: date | None = None
    """The meeting in which it was."""

    @property
    def standing(self) -> tuple[Answered, ...]:
        """The newest answer that counts of each person; what came after the end changes nothing any more."""
        newest: dict[HolderId, Answered] = {}
        for answer in sorted(self.answers, key=lambda each: each.answered_on):
            if answer.counts and (
                self.completed is None or answer.answered_on <= self.completed.completed_on
            ):
                newest[answer.holder_id] = answer
        return tuple(newest.values())

    @property
    def refusal(self) -> Answered | None:
        """A refusal that stands."""
        return next((each for each in self.standing if each.decision is ConsentDecision.REFUSED), None)

    @property
    def consent(self) -> Answered | None:
        """The consent it rests on: the first received of those that stand, while nobody refuses."""
        given = [each for each in self.standing if each.decision is ConsentDecision.ACCEPTED]
        return min(given, key=lambda each: each.received_on) if given and self.refusal is None else None

    @property
    def due_on(self) -> date | None:
        """By when it is to be completed; ``None`` where no clock runs."""
        if self.kind is EvaluationKind.REEVALUATION:
            return self.triennial_on
        if self.extended:
            return self.extended[-1].due_on
        return self.consent.due_on if self.consent else None

    @property
    def beyond_calendar(self) -> bool:
        """The district's school calendar did not reach to `due_on`."""
        if self.due_on is None or self.kind is EvaluationKind.REEVALUATION:
            return False
        if self.extended:
            return self.extended[-1].beyond_calendar
        return self.consent is not None and self.consent.beyond_calendar

    @property
    def ended_on(self) -> date | None:
        """When it was completed, withdrawn or declined."""
        if self.completed is not None:
            return self.completed.completed_on
        return self.stopped.on if self.stopped else None

    @property
    def in_time(self) -> bool | None:
        """Whether its time was kept; ``None`` while that is not known, and where no clock ran."""
        ended_on = self.clock_ended_on
        return None if ended_on is None or self.due_on is None else ended_on <= self.due_on

    @property
    def ends_with(self) -> ClockEnd:
        """What ends its time."""
        return self.consent.ends_with if self.consent else ClockEnd.EVALUATION_COMPLETED

    @property
    def clock_ended_on(self) -> date | None:
        """When that had happened, as far as this student's own record says: a proposed plan is not part of it."""
        match self.ends_with:
            case ClockEnd.EVALUATION_COMPLETED:
                return self.completed.completed_on if self.completed else None
            case ClockEnd.ELIGIBILITY_DETERMINED:
                return self.determined_on
            case ClockEnd.MEETING_HELD:
                return self.met_on
            case ClockEnd.PLAN_PROPOSED:
                return None

    @property
    def status(self) -> EvaluationStatus:
        """How far it has come."""
        if self.completed is not None:
            return EvaluationStatus.COMPLETED
        if self.stopped is not None:
            return self.stopped.status
        if self.refusal is not None:
            return EvaluationStatus.REFUSED
        if self.consent is not None:
            return EvaluationStatus.CONSENTED
        return EvaluationStatus.CONSENT_ASKED if self.asked_on else EvaluationStatus.REFERRED

    def completed_by(self, day: date) -> bool:
        """It was complete on ``day``."""
        return self.completed is not None and self.completed.completed_on <= day


@dataclass(frozen=True, slots=True)
class Determined:
    """What was found under one law."""

    law: Law
    eligible: bool
    determined_on: date


@dataclass(frozen=True, slots=True)
class Evaluations:
    """All of a student's."""

    evaluations: Mapping[UUID, Evaluation] = field(default_factory=dict)
    waived: tuple[date, ...] = ()
    """Days on which a reevaluation was due that was waived by an agreement that counts."""
    determined: tuple[Determined, ...] = ()

    def evaluation(self, evaluation_id: UUID) -> Evaluation:
        """The evaluation by its id; raises `NotFound`."""
        known = self.evaluations.get(evaluation_id)
        if known is None:
            raise NotFound("This student has no such evaluation.")
        return known

    def last_completed_on(self, law: Law) -> date | None:
        """When the newest evaluation under a law was completed."""
        ends = [
            each.completed.completed_on
            for each in self.evaluations.values()
            if each.completed is not None and law in each.laws
        ]
        return max(ends, default=None)

    def eligible_before(self, law: Law, day: date) -> bool:
        """What was found last before ``day`` is that the student is eligible."""
        before = [each for each in self.determined if each.law is law and each.determined_on < day]
        return bool(before) and sorted(before, key=lambda each: each.determined_on)[-1].eligible


def evaluations_after(known: Evaluations, event: EvaluationEvent) -> Evaluations:
    """What follows from one more event."""
    match event:
        case ReferralReceived():
            return replace(known, evaluations={**known.evaluations, event.evaluation_id: _referred(event)})
        case (
            ReferralWithdrawn()
            | EvaluationDeclined()
            | EvaluationConsentAsked()
            | EvaluationConsentAnswered()
            | EvaluationExtended()
            | EvaluationCompleted()
        ):
            evaluation = known.evaluations.get(event.evaluation_id)
            if evaluation is None:
                return known
            return replace(
                known, evaluations={**known.evaluations, event.evaluation_id: _stepped(evaluation, event)}
            )
        case ReevaluationWaived():
            return replace(known, waived=(*known.waived, event.due_on)) if event.counts else known
        case EligibilityDetermined():
            found = Determined(event.determination.law, event.determination.eligible, event.effective_on)
            return replace(known, determined=(*known.determined, found), evaluations=_looked_at(known, event))
        case _:
            assert_never(event)


def _looked_at(known: Evaluations, event: EligibilityDetermined) -> Mapping[UUID, Evaluation]:
    """The first determination under IDEA that names an evaluation is what some states' time for it ends with."""
    evaluation = known.evaluations.get(event.evaluation_id) if event.evaluation_id else None
    if evaluation is None or event.determination.law is not Law.IDEA:
        return known.evaluations
    met_on = event.effective_on if event.meeting_id else None
    looked_at = replace(
        evaluation, determined_on=evaluation.determined_on or event.effective_on, met_on=evaluation.met_on or met_on
    )  # fmt: skip
    return {**known.evaluations, evaluation.evaluation_id: looked_at}


def _referred(event: ReferralReceived) -> Evaluation:
    personal = event.personal
    return Evaluation(
        event.evaluation_id, event.kind, event.laws, event.effective_on, event.source, event.holder_id, event.staff_id,
        personal.name if personal else None, personal.words if personal else None, event.agreed_by, event.due_on,
        event.answer_due_on, event.external_id, event.reported,
    )  # fmt: skip


Step: TypeAlias = (
    ReferralWithdrawn
    | EvaluationDeclined
    | EvaluationConsentAsked
    | EvaluationConsentAnswered
    | EvaluationExtended
    | EvaluationCompleted
)


def _stepped(evaluation: Evaluation, event: Step) -> Evaluation:
    match event:
        case ReferralWithdrawn():
            words = event.personal.words if event.personal else None
            stopped = Stopped(
                EvaluationStatus.WITHDRAWN, event.effective_on, reason=words, reported=event.reported
            )
            return replace(evaluation, stopped=stopped)
        case EvaluationDeclined():
            stopped = Stopped(
                EvaluationStatus.DECLINED, event.effective_on, event.notice_id, event.personal.reason, event.reported
            )  # fmt: skip
            return replace(evaluation, stopped=stopped)
        case EvaluationExtended():
            extended = Extended(event.effective_on, event.due_on, bool(event.due_beyond_calendar))
            return (
                replace(evaluation, extended=(*evaluation.extended, extended)) if event.counts else evaluation
            )
        case EvaluationConsentAsked():
            return replace(evaluation, asked_on=(*evaluation.asked_on, event.effective_on))
        case EvaluationConsentAnswered():
            answer = Answered(
                event.holder_id, event.counts, event.decision, event.effective_on, event.received_on, event.due_on,
                event.clock_ends_with or ClockEnd.EVALUATION_COMPLETED, bool(event.due_beyond_calendar),
            )  # fmt: skip
            return replace(evaluation, answers=(*evaluation.answers, answer))
        case EvaluationCompleted():
            completed = Completed(
                event.effective_on, event.assessments, event.without_consent, event.documents,
                event.personal.summary if event.personal else None, event.reported,
            )  # fmt: skip
            return replace(evaluation, completed=completed)
        case _:
            assert_never(event)
