"""Referral, consent to evaluate, evaluation, eligibility: part of stream ``student/{id}`` of plan-service.

They are the student's own history and rest on who holds the right to decide: in one stream with the rights holders, a
consent and the end of the right it rests on cannot pass each other.
"""

from datetime import date
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.event import Event, EventClass, Value, event
from contracts.fields import (
    Code,
    ExternalId,
    HolderId,
    LanguageTag,
    Line,
    MeetingId,
    Name,
    Narrative,
    NoticeId,
    StaffId,
    StudentId,
)
from contracts.meetings import Guest, Person
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import (
    Channel,
    ClockEnd,
    ConsentDecision,
    ConsentMethod,
    EvaluationKind,
    ExtensionGround,
    Law,
    MeetingRole,
    WithoutConsent,
)


class ReferralPersonalData(Value):
    """Who refers the student where it is neither a rights holder nor staff, and what they say."""

    name: Name | None = None
    words: Narrative | None = None


@event("plan.referral_received")
class ReferralReceived(Event):
    """Somebody asks that the student be evaluated, for the first time or again (300.301(b), 300.303(a), 104.35)."""

    student_id: StudentId
    evaluation_id: UUID
    """The evaluation that is asked for; what follows names it."""
    kind: EvaluationKind
    laws: tuple[Law, ...]
    source: Code
    """Of the list ``referral_source``."""
    holder_id: HolderId | None = None
    staff_id: StaffId | None = None
    personal: ReferralPersonalData | None = None
    agreed_by: HolderId | None = None
    """Who agreed with the district to evaluate again within a year (300.303(b)(1))."""
    due_on: date | None = None
    """Of a reevaluation under IDEA: three years after the last evaluation, where that is known (300.303(b)(2))."""
    answer_due_on: date | None = None
    """By when the district proposes to evaluate and asks for consent, or refuses; absent where no number is set."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


class ReferralWithdrawalPersonalData(Value):
    """Why, in the person's own words."""

    words: Narrative


@event("plan.referral_withdrawn")
class ReferralWithdrawn(Event):
    """Who referred the student, or who decides for them, takes the referral back; nothing more is owed on it."""

    student_id: StudentId
    evaluation_id: UUID
    holder_id: HolderId | None = None
    staff_id: StaffId | None = None
    personal: ReferralWithdrawalPersonalData | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class EvaluationDeclinedPersonalData(Value):
    """Why the district refuses."""

    reason: Narrative


@event("plan.evaluation_declined")
class EvaluationDeclined(Event):
    """The district refuses to evaluate; prior written notice says so (300.301(b), 300.503(a)(2))."""

    student_id: StudentId
    evaluation_id: UUID
    notice_id: NoticeId | None = None
    """The prior written notice of the refusal."""
    staff_id: StaffId | None = None
    """Who decided it."""
    personal: EvaluationDeclinedPersonalData
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.evaluation_consent_asked", of=EventClass.PROOF)
class EvaluationConsentAsked(Event):
    """Consent to evaluate was asked of rights holders (300.300(a)); each time is one effort."""

    student_id: StudentId
    evaluation_id: UUID
    consent_request_id: UUID
    holder_ids: tuple[HolderId, ...]
    channel: Channel
    language: LanguageTag | None = None
    notice_id: NoticeId | None = None
    """The prior written notice of the proposal to evaluate (300.503)."""
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class EvaluationConsentPersonalData(Value):
    """What the person adds, in their own words."""

    comment: Narrative


@event("plan.evaluation_consent_answered", of=EventClass.PROOF)
class EvaluationConsentAnswered(Event):
    """Somebody gave or refused consent to evaluate; ``effective_on`` is the day of their answer (300.9, 300.300)."""

    student_id: StudentId
    evaluation_id: UUID
    evaluation_consent_id: UUID
    holder_id: HolderId
    counts: bool
    """They held the right to decide on that day and, where they consent, did so in writing."""
    decision: ConsentDecision
    method: ConsentMethod
    received_on: date
    """The day on which the district had it: the clock runs from here."""
    due_on: date | None = None
    """By when the evaluation is to be completed if it rests on this consent (300.301(c)); absent where no clock runs."""
    clock_ends_with: ClockEnd | None = None
    """What is to have happened by then; where nothing is said, that the evaluation is complete."""
    due_beyond_calendar: bool | None = None
    """True: the district's school calendar did not reach to ``due_on``, which may be later than that day."""
    language: LanguageTag | None = None
    document: DocumentRef | None = None
    personal: EvaluationConsentPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class EvaluationExtensionPersonalData(Value):
    """What was agreed or tried, in words, and from where the student has come."""

    words: Narrative | None = None
    previous_agency: Name | None = None


@event("plan.evaluation_extended", of=EventClass.PROOF)
class EvaluationExtended(Event):
    """The time for an evaluation has another end than the consent gave it (300.301(d), 300.309(c), a state's own)."""

    student_id: StudentId
    evaluation_id: UUID
    evaluation_extension_id: UUID
    ground: ExtensionGround
    counts: bool
    """What the ground asks for is there; if not, it was reported and moves no day."""
    due_on: date | None = None
    """The last day from now on; absent where none is left, as of a child who is repeatedly not produced."""
    was_due_on: date | None = None
    """The last day until then."""
    due_beyond_calendar: bool | None = None
    """True: the district's school calendar did not reach to ``due_on``, which may be later than that day."""
    holder_id: HolderId | None = None
    """Who agreed, of those who decide for the student."""
    staff_id: StaffId | None = None
    """Who agreed for the district."""
    method: ConsentMethod | None = None
    days: tuple[date, ...] = ()
    """Days on which the child was asked for and not produced; or school days of absence."""
    document: DocumentRef | None = None
    personal: EvaluationExtensionPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class AssessorPersonalData(Value):
    """Who assessed the student, where it was nobody of the staff."""

    name: Name
    capacity: Line | None = None
    """As what: a clinic's psychologist, a physician."""


class Assessment(Value):
    """One thing that was assessed, by whom and when."""

    area: Code
    """Of the list ``assessment_area``."""
    what: Line | None = None
    """The test, scale, observation or record."""
    done_on: date
    existing: bool = False
    """Existing data, or a test that all take: needs no consent."""
    staff_id: StaffId | None = None
    personal: AssessorPersonalData | None = None
    document: DocumentRef | None = None


class EvaluationPersonalData(Value):
    """What the evaluation found."""

    summary: Narrative


@event("plan.evaluation_completed")
class EvaluationCompleted(Event):
    """The evaluation is complete: what was assessed, by whom, with which reports (300.301(c), 300.303, 104.35)."""

    student_id: StudentId
    evaluation_id: UUID
    assessments: tuple[Assessment, ...]
    without_consent: WithoutConsent | None = None
    documents: tuple[DocumentRef, ...] = ()
    """The reports; under ``hearing_decision`` the decision too."""
    personal: EvaluationPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.reevaluation_waived", of=EventClass.PROOF)
class ReevaluationWaived(Event):
    """A rights holder and the district agree that the reevaluation due is unnecessary (300.303(b)(2))."""

    student_id: StudentId
    reevaluation_waiver_id: UUID
    holder_id: HolderId
    staff_id: StaffId | None = None
    """Who agreed for the district."""
    counts: bool
    """The holder held the right to decide on that day, and it was before the reevaluation was due."""
    due_on: date
    """The reevaluation that is not made; the next is due three years later."""
    method: ConsentMethod
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class IdeaDetermination(Value):
    """Eligible is who has a disability of a category and, because of it, needs special education (300.8)."""

    law: Literal[Law.IDEA] = Law.IDEA
    eligible: bool
    categories: tuple[Code, ...] = ()
    """Of the list ``idea_category``. The category never decides services."""
    needs_special_education: bool


class ActivityLimit(Value):
    """A major life activity or bodily function that is substantially limited (42 USC 12102(2))."""

    activity: Code
    """Of the list ``activity``."""
    other: Line | None = None
    """Which, where the activity is ``other``."""
    how: Narrative | None = None


class Section504Determination(Value):
    """Eligible is who has an impairment that substantially limits a major life activity or bodily function."""

    law: Literal[Law.SECTION_504] = Law.SECTION_504
    eligible: bool
    impairment: Narrative | None = None
    """In words; mitigating measures are not looked at, what is episodic is judged as when it is active."""
    limited: tuple[ActivityLimit, ...] = ()


AnyDetermination: TypeAlias = IdeaDetermination | Section504Determination
Determination = Annotated[AnyDetermination, Field(discriminator="law")]


class GroupMember(Value):
    """Somebody who took part in the decision, and what they bring."""

    person: Person
    roles: tuple[MeetingRole, ...] = ()


class EligibilityPersonalData(Value):
    """What the decision rests on, in words, and who the guests are."""

    basis: Narrative | None = None
    guests: tuple[Guest, ...] = ()


@event("plan.eligibility_determined")
class EligibilityDetermined(Event):
    """A group determined under one law whether the student is eligible; under both laws it is two facts."""

    student_id: StudentId
    eligibility_id: UUID
    evaluation_id: UUID | None = None
    determination: Determination
    members: tuple[GroupMember, ...] = ()
    meeting_id: MeetingId | None = None
    sources: tuple[Code, ...] = ()
    """What was drawn upon: of the list ``information_source``."""
    documents: tuple[DocumentRef, ...] = ()
    personal: EligibilityPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


EvaluationEvent: TypeAlias = (
    ReferralReceived
    | ReferralWithdrawn
    | EvaluationDeclined
    | EvaluationConsentAsked
    | EvaluationConsentAnswered
    | EvaluationExtended
    | EvaluationCompleted
    | ReevaluationWaived
    | EligibilityDetermined
)
