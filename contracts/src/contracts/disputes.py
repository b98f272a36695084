"""Disputes and stay-put: part of stream ``student/{id}`` of plan-service."""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from contracts.event import Event, Value, event
from contracts.fields import Code, ExternalId, HolderId, MeetingId, Name, Narrative, StudentId
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import DisputeKind, DisputeOutcome, DisputeParty, DisputeStep, StayPutGround


class DisputePersonalData(Value):
    """Who files where it is nobody known around the student, and what is complained of."""

    name: Name | None = None
    words: Narrative | None = None


@event("plan.dispute_filed")
class DisputeFiled(Event):
    """A complaint was filed, or mediation asked for; ``effective_on`` is the day on which it was received."""

    student_id: StudentId
    dispute_id: UUID
    kind: DisputeKind
    filed_by: DisputeParty
    holder_id: HolderId | None = None
    """Who of the family."""
    about: tuple[Code, ...] = ()
    """Of the list ``dispute_subject``."""
    happened_on: date | None = None
    """The day of what a state complaint is about."""
    known_on: date | None = None
    """When who filed a due process complaint knew, or should have known, of what it is about."""
    withheld: bool | None = None
    """True: it is said that the district misled or withheld what it had to tell (300.511(f))."""
    in_time: bool | None = None
    """Within one year (300.153(c)) or two (300.511(e), (f)), as far as the days are known. Who decides says what follows."""
    resolution_meeting_due_on: date | None = None
    """Of a family's due process complaint: 15 days (300.510(a))."""
    resolution_ends_on: date | None = None
    """30 days (300.510(b))."""
    decision_due_on: date | None = None
    """60 days (300.152(a)); or 45 after the resolution period (300.515(a))."""
    personal: DisputePersonalData | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


class DisputeWordsPersonalData(Value):
    """What was done or decided, in words."""

    words: Narrative


@event("plan.dispute_step_taken")
class DisputeStepTaken(Event):
    """Something happened on the way to an outcome."""

    student_id: StudentId
    dispute_id: UUID
    dispute_step_id: UUID
    step: DisputeStep
    decision_due_on: date | None = None
    """By when it is decided from now on, where the step moves that day."""
    meeting_id: MeetingId | None = None
    personal: DisputeWordsPersonalData | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.dispute_closed")
class DisputeClosed(Event):
    """The dispute ended: agreed, decided, withdrawn or dismissed. With a due process complaint stay-put ends."""

    student_id: StudentId
    dispute_id: UUID
    outcome: DisputeOutcome
    personal: DisputeWordsPersonalData | None = None
    documents: tuple[DocumentRef, ...] = ()
    """The agreement, or the decision."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.stay_put_excepted")
class StayPutExcepted(Event):
    """From ``effective_on`` on the placement may change although the complaint is open (300.518)."""

    student_id: StudentId
    dispute_id: UUID
    stay_put_exception_id: UUID
    ground: StayPutGround
    counts: bool
    """What the ground asks for is there; if not, it was reported and lets nothing change."""
    holder_id: HolderId | None = None
    """Who agreed, of those who decide for the student."""
    personal: DisputeWordsPersonalData | None = None
    documents: tuple[DocumentRef, ...] = ()
    """The agreement, or the order."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


DisputeEvent: TypeAlias = DisputeFiled | DisputeStepTaken | DisputeClosed | StayPutExcepted
