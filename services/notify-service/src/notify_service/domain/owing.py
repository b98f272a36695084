"""What must be told to whom, from what happened: 34 CFR 300.503, 300.504, 300.322, 300.520, 300.530(h), 300.300(b)(4), 104.36.

Every rule is one case of `owed_of`. Whoever it is owed to, and whether it can go out, is decided elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.discipline import RemovalDecided
from contracts.disputes import DisputeFiled
from contracts.district import SchoolYear
from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationConsentAsked,
    EvaluationDeclined,
    ReferralReceived,
)
from contracts.event import Event
from contracts.fields import AmendmentId, MeetingId, NoticeId, PlanId
from contracts.meetings import MeetingScheduled
from contracts.notice_time import first_day_of_change
from contracts.plan import AmendmentProposed, PlanAdopted, PlanCorrected, PlanEnded, PlanVoided
from contracts.progress_reports import ProgressReportIssued
from contracts.records import FAMILY_NOT_TOLD, DestructionRefused
from contracts.requests import RequestAnswered
from contracts.rule_profile import Due
from contracts.students import RequestMade, RightsHolderConfirmed
from contracts.vocabulary import (
    DisputeKind,
    DisputeParty,
    EvaluationKind,
    Law,
    NoticeKind,
    NoticeOccasion,
    PlanEnd,
    PlanKind,
    RequestKind,
    RequestOutcome,
    RightsGround,
)

ONE_DAY = timedelta(days=1)
FARTHEST_BACK = 90
"""So far back from a change the last day for its notice is looked for, in days."""

TOLD_BEFORE = frozenset(
    {PlanEnd.CONSENT_REVOKED, PlanEnd.GRADUATED, PlanEnd.REACHED_MAXIMUM_AGE, PlanEnd.NO_LONGER_ELIGIBLE}
)
"""Ends that are the district's own act, or that notice must come before (300.300(b)(4)(i), 300.102(a)(3), 300.503)."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """Notice of one kind is owed to everybody who holds the right to it."""

    kind: NoticeKind
    occasion: NoticeOccasion
    due_on: date | None = None
    """The last day on which it is in time, where a number is set."""
    plan_id: PlanId | None = None
    amendment_id: AmendmentId | None = None
    meeting_id: MeetingId | None = None
    said_by: tuple[NoticeId, ...] = ()
    """Notices with which the decision itself says that it was told."""
    reported: bool = False
    """It had happened already: a person says whether notice was given then."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long before what a notice must be given: the district's and its state's."""

    notice_days: int = 0
    state: Due | None = None
    meeting: Due | None = None
    calendar: tuple[SchoolYear, ...] = ()

    def last_day_before(self, change: date) -> date | None:
        """The last day on which a notice is early enough for a change of that day; ``None`` where no calendar says."""
        for back in range(FARTHEST_BACK):
            day = change - ONE_DAY * back
            first = first_day_of_change(day, self.notice_days, self.state, self.calendar)
            if first is not None and first <= change:
                return day
        return None

    def last_day_before_meeting(self, day: date) -> date | None:
        """Early enough to come (300.322(a)(1)): by the state's number, where it has one."""
        if self.meeting is None:
            return None
        return Times(state=self.meeting, calendar=self.calendar).last_day_before(day)


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule asks for beside the event itself."""

    times: Times = Times()
    plan_kind: PlanKind | None = None
    laws: tuple[Law, ...] = (Law.IDEA,)
    """Under which the student is or was to be evaluated, or has a plan."""
    first_of_year: bool = True
    """No complaint of this kind had been filed in this school year."""
    request: RequestKind | None = None
    """What had been asked for, of an answer."""


def owed_of(event: Event, on: date, known: Known) -> tuple[Obligation, ...]:
    """What is owed because of ``event``, which counts from ``on``."""
    match event:
        case AmendmentProposed():
            return (_of_amendment(event, known),)
        case PlanAdopted():
            kind = decision_notice(event.kind)
            return (
                () if event.reported else (Obligation(kind, NoticeOccasion.PLAN_ADOPTED, on, event.plan_id),)
            )
        case PlanEnded() if event.reason in TOLD_BEFORE:
            return (_of_end(event, on, known),)
        case PlanCorrected():
            return (
                Obligation(
                    NoticeKind.CORRECTION_NOTICE, NoticeOccasion.RECORD_CORRECTED, None, event.plan_id
                ),
            )
        case PlanVoided():
            return (
                Obligation(NoticeKind.CORRECTION_NOTICE, NoticeOccasion.PLAN_VOIDED, None, event.plan_id,
                           said_by=event.notice_ids),
            )  # fmt: skip
        case MeetingScheduled():
            return _of_meeting(event, known)
        case ProgressReportIssued():
            report = Obligation(
                NoticeKind.PROGRESS_REPORT, NoticeOccasion.REPORT_ISSUED, event.due_on, event.plan_id
            )
            return () if event.reported else (report,)
        case RightsHolderConfirmed() if event.ground is RightsGround.ADULT_STUDENT:
            return (Obligation(NoticeKind.RIGHTS_TRANSFER, NoticeOccasion.RIGHTS_TRANSFERRED, on),)
        case DestructionRefused() if {unmet.code for unmet in event.unmet} == {FAMILY_NOT_TOLD}:
            # Nothing else keeps the record: it is no longer needed, and the family is to know before it goes.
            return (Obligation(NoticeKind.DESTRUCTION_NOTICE, NoticeOccasion.RECORDS_NO_LONGER_NEEDED),)
    return (*_of_evaluation(event, known), *_of_safeguards(event, on, known))


def booklet_of_year(year_begins_on: date, given_on: Sequence[date], today: date) -> Obligation | None:
    """The booklet once a school year (300.504(a)): nothing where one was given in it, for whatever reason."""
    if today < year_begins_on or any(day >= year_begins_on for day in given_on):
        return None
    return Obligation(NoticeKind.PROCEDURAL_SAFEGUARDS, NoticeOccasion.SCHOOL_YEAR)


def decision_notice(kind: PlanKind | None) -> NoticeKind:
    """The form of the law under which the plan is: 300.503, or 104.36."""
    is_504 = kind is PlanKind.SECTION_504
    return NoticeKind.SECTION_504_NOTICE if is_504 else NoticeKind.PRIOR_WRITTEN_NOTICE


def _of_amendment(event: AmendmentProposed, known: Known) -> Obligation:
    asked = event.requested if isinstance(event.requested, date) else None
    return Obligation(
        decision_notice(known.plan_kind), NoticeOccasion.AMENDMENT_PROPOSED,
        known.times.last_day_before(asked) if asked else None, event.plan_id, event.amendment_id,
        reported=event.reported is not None,
    )  # fmt: skip


def _of_end(event: PlanEnded, on: date, known: Known) -> Obligation:
    revoked = event.reason is PlanEnd.CONSENT_REVOKED
    return Obligation(
        decision_notice(known.plan_kind),
        NoticeOccasion.CONSENT_REVOKED if revoked else NoticeOccasion.PLAN_ENDED,
        known.times.last_day_before(on), event.plan_id, said_by=event.notice_ids,
        reported=event.reported is not None,
    )  # fmt: skip


def _of_meeting(event: MeetingScheduled, known: Known) -> tuple[Obligation, ...]:
    """Parents are told of every meeting of the team early enough to come; of one that was reported they were or were not."""
    if event.reported is not None:
        return ()
    due = known.times.last_day_before_meeting(event.starts_at.date())
    return (
        Obligation(NoticeKind.MEETING_NOTICE, NoticeOccasion.MEETING_SCHEDULED, due, event.plan_id,
                   meeting_id=event.meeting_id),
    )  # fmt: skip


def _of_evaluation(event: Event, known: Known) -> tuple[Obligation, ...]:
    """Of a proposal or a refusal to evaluate, and of what was found (300.503(a), 104.36)."""
    is_504 = Law.IDEA not in known.laws
    kind = NoticeKind.SECTION_504_NOTICE if is_504 else NoticeKind.PRIOR_WRITTEN_NOTICE
    match event:
        case EvaluationConsentAsked():
            occasion = NoticeOccasion.EVALUATION_PROPOSED
        case EvaluationDeclined():
            occasion = NoticeOccasion.EVALUATION_REFUSED
        case EligibilityDetermined():
            law_504 = event.determination.law is Law.SECTION_504
            kind = NoticeKind.SECTION_504_NOTICE if law_504 else NoticeKind.PRIOR_WRITTEN_NOTICE
            return () if event.reported else (Obligation(kind, NoticeOccasion.ELIGIBILITY_DETERMINED),)
        case RequestAnswered():
            refused = event.outcome in (RequestOutcome.REFUSED, RequestOutcome.HEARING_FILED)
            if not refused or known.request is not RequestKind.INDEPENDENT_EVALUATION or event.reported:
                return ()
            said = (event.notice_id,) if event.notice_id else ()
            return (Obligation(kind, NoticeOccasion.REQUEST_REFUSED, said_by=said),)
        case _:
            return ()
    said = (event.notice_id,) if event.notice_id else ()
    return () if event.reported else (Obligation(kind, occasion, said_by=said),)


def _of_safeguards(event: Event, on: date, known: Known) -> tuple[Obligation, ...]:
    """The booklet, beside the yearly one: 300.504(a)(1)-(4), 300.530(h)."""
    booklet = NoticeKind.PROCEDURAL_SAFEGUARDS
    match event:
        case ReferralReceived() if Law.IDEA in event.laws and event.reported is None:
            by_parent = event.holder_id is not None
            asked = event.kind is EvaluationKind.INITIAL or by_parent
            return (Obligation(booklet, NoticeOccasion.REFERRAL),) if asked else ()
        case DisputeFiled() if known.first_of_year and event.reported is None:
            if event.kind is DisputeKind.STATE_COMPLAINT:
                return (Obligation(booklet, NoticeOccasion.STATE_COMPLAINT),)
            if event.kind is DisputeKind.DUE_PROCESS_COMPLAINT and event.filed_by is DisputeParty.FAMILY:
                return (Obligation(booklet, NoticeOccasion.DUE_PROCESS_COMPLAINT),)
        case RequestMade() if event.kind is RequestKind.PROCEDURAL_SAFEGUARDS:
            return (Obligation(booklet, NoticeOccasion.PARENT_REQUEST),)
        case RemovalDecided() if event.change_of_placement and event.reported is None:
            if known.laws == (Law.SECTION_504,):  # 104.36: its own notice, which tells of its own rights.
                return (Obligation(NoticeKind.SECTION_504_NOTICE, NoticeOccasion.PLACEMENT_CHANGED, on),)
            told = Obligation(NoticeKind.PRIOR_WRITTEN_NOTICE, NoticeOccasion.PLACEMENT_CHANGED, on)
            return (told, Obligation(booklet, NoticeOccasion.DISCIPLINARY_CHANGE, on))
    return ()
