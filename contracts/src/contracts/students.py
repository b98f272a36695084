"""A student, their people and their rights holders: stream ``student/{id}`` of plan-service."""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from contracts.discipline import DisciplineEvent
from contracts.disputes import DisputeEvent
from contracts.evaluations import EvaluationEvent
from contracts.event import Event, EventClass, Value, event
from contracts.fields import (
    Code,
    Email,
    ExternalId,
    HolderId,
    LanguageTag,
    Line,
    Measure,
    Name,
    Narrative,
    PersonRef,
    Phone,
    PlanId,
    SchoolId,
    StaffId,
    StudentId,
)
from contracts.initial_services import InitialServicesEvent
from contracts.requests import RequestEvent
from contracts.transfers import TransferEvent
from contracts.values import DocumentRef, Imported, PostalAddress, Reported
from contracts.vocabulary import (
    ConsentMethod,
    PlanKind,
    RecordKind,
    ReleasePurpose,
    RequestKind,
    RequestVia,
    RightsEnd,
    RightsGround,
)


class StudentPersonalData(Value):
    """Who the student is."""

    given_name: Name
    middle_name: Name | None = None
    family_name: Name
    suffix: Name | None = None
    preferred_given_name: Name | None = None
    preferred_family_name: Name | None = None
    birth_date: date
    sex: Code | None = None
    """Of the list ``sex``, as the source gives it."""


@event("plan.student_registered", of=EventClass.IDENTITY)
class StudentRegistered(Event):
    """A student is known to the district's record."""

    student_id: StudentId
    personal: StudentPersonalData
    home_language: LanguageTag | None = None
    external_ids: tuple[ExternalId, ...] = ()
    imported: Imported | None = None


@event("plan.student_changed", of=EventClass.IDENTITY)
class StudentChanged(Event):
    """The student's details from now on, in full."""

    student_id: StudentId
    personal: StudentPersonalData
    home_language: LanguageTag | None = None
    external_ids: tuple[ExternalId, ...] = ()
    imported: Imported | None = None


@event("plan.student_enrolled")
class StudentEnrolled(Event):
    """The student attends a school in a grade from ``effective_on``; a later enrolment takes its place."""

    student_id: StudentId
    school_id: SchoolId
    grade: Code | None = None
    """Of the list ``grade``."""
    imported: Imported | None = None


@event("plan.student_withdrawn")
class StudentWithdrawn(Event):
    """The student no longer attends the school; ``effective_on`` is the first day without them."""

    student_id: StudentId
    school_id: SchoolId
    reason: Line | None = None
    """The source's own word for it."""
    imported: Imported | None = None


class ContactPersonalData(Value):
    """Somebody around the student, as a roster or the school describes them."""

    given_name: Name
    family_name: Name
    relation: Code | None = None
    """Of the list ``relation``."""
    emails: tuple[Email, ...] = ()
    phones: tuple[Phone, ...] = ()
    address: PostalAddress | None = None
    legal_guardian: bool | None = None
    """What the source says; it confers no right until a person confirms authority."""
    lives_with: bool | None = None
    emergency: bool | None = None
    priority: int | None = None
    restrictions: Narrative | None = None
    """Limits on contact. Anything here blocks automatic notice until somebody has reviewed it."""


@event("plan.contact_proposed", of=EventClass.IDENTITY)
class ContactProposed(Event):
    """A roster or a person names a contact of the student. A contact holds no rights."""

    student_id: StudentId
    contact_id: UUID
    personal: ContactPersonalData
    external_id: ExternalId | None = None
    imported: Imported | None = None


@event("plan.contact_changed", of=EventClass.IDENTITY)
class ContactChanged(Event):
    """The contact's details from now on, in full."""

    student_id: StudentId
    contact_id: UUID
    personal: ContactPersonalData
    external_id: ExternalId | None = None
    imported: Imported | None = None


@event("plan.contact_unlinked", of=EventClass.IDENTITY)
class ContactUnlinked(Event):
    """The contact no longer belongs to the student; nothing recorded before is touched."""

    student_id: StudentId
    contact_id: UUID
    imported: Imported | None = None


class HolderPersonalData(Value):
    """Who the rights holder is and where they are reached."""

    name: Name
    """As it stands on a letter."""
    email: Email | None = None
    phone: Phone | None = None
    address: PostalAddress | None = None


class Held(Value):
    """One right, from a first to a last day, both inclusive."""

    starts_on: date
    ends_on: date | None = None
    source: Line | None = None
    """What this flag rests on where it is not the ground itself: an order, a statute, an agreement."""


class Rights(Value):
    """Four flags apart: what is absent is not held."""

    decision: Held | None = None
    """Consents and refuses."""
    record: Held | None = None
    """Inspects the record, asks for its amendment, releases it."""
    notice: Held | None = None
    """Is given every notice."""
    contact: Held | None = None
    """May be contacted. An order that ends this blocks delivery at once."""


@event("plan.rights_holder_confirmed", of=EventClass.IDENTITY)
class RightsHolderConfirmed(Event):
    """A person confirmed that somebody holds rights, and why; once more: the details in full."""

    student_id: StudentId
    holder_id: HolderId
    contact_id: UUID | None = None
    """The proposed contact this person is, if a roster named them."""
    personal: HolderPersonalData
    ground: RightsGround
    rights: Rights
    language: LanguageTag
    """In which notices are given."""
    confirmed_by: PersonRef
    evidence: DocumentRef | None = None
    """The order, certificate or appointment that was seen."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.rights_holder_ended", of=EventClass.IDENTITY)
class RightsHolderEnded(Event):
    """All of a holder's rights end; ``effective_on`` is the first day without them."""

    student_id: StudentId
    holder_id: HolderId
    reason: RightsEnd
    confirmed_by: PersonRef


@event("plan.student_assigned")
class StudentAssigned(Event):
    """A staff member works with the student as what, and may therefore see the record (99.31(a)(1))."""

    student_id: StudentId
    assignment_id: UUID
    staff_id: StaffId
    role: Code
    """Of the list ``staff_role``."""
    ends_on: date | None = None
    """Last day, if it is known at the start."""
    external_id: ExternalId | None = None


@event("plan.assignment_ended")
class AssignmentEnded(Event):
    """The assignment is over; ``effective_on`` is the first day without it."""

    student_id: StudentId
    assignment_id: UUID


class SpecialEducationFacts(Value):
    """What another system says of a special education participation, in its own words and dates."""

    idea_eligible: bool | None = None
    disabilities: tuple[Line, ...] = ()
    setting: Line | None = None
    services: tuple[Line, ...] = ()
    special_education_hours_per_week: Measure | None = None
    school_hours_per_week: Measure | None = None
    shortened_school_day: bool | None = None
    last_evaluation_on: date | None = None
    iep_begins_on: date | None = None
    iep_ends_on: date | None = None
    iep_review_on: date | None = None
    """Held or due: the source (Ed-Fi 5.2) does not say which."""
    exit_on: date | None = None
    exit_reason: Line | None = None


class Section504Facts(Value):
    """What another system says of a Section 504 participation: that there is one, never what the plan holds."""

    eligible: bool | None = None
    accommodation_plan: bool | None = None
    disability: Line | None = None
    eligibility_decided_on: date | None = None
    meeting_on: date | None = None


@event("plan.program_participation_reported")
class ProgramParticipationReported(Event):
    """Another system says the student takes part in a program. It proves no plan; a draft may be opened from it."""

    student_id: StudentId
    participation_id: UUID
    kind: PlanKind
    program: Name
    """The source's name of the program."""
    starts_on: date
    ends_on: date | None = None
    exit_reason: Line | None = None
    source: Name
    external_id: ExternalId
    special_education: SpecialEducationFacts | None = None
    section_504: Section504Facts | None = None
    plan_id: PlanId | None = None
    """The draft plan opened from it."""


class ReleasePersonalData(Value):
    """To whom the record may go."""

    recipient: Name
    address: PostalAddress | None = None
    email: Email | None = None


@event("plan.release_signed", of=EventClass.PROOF)
class ReleaseSigned(Event):
    """The holder of the record rights consents to a disclosure: which records, why, to whom (34 CFR 99.30)."""

    student_id: StudentId
    release_id: UUID
    holder_id: HolderId
    """Who signed; ``effective_on`` is the date of the signature."""
    personal: ReleasePersonalData
    purpose: ReleasePurpose
    records: tuple[RecordKind, ...]
    expires_on: date | None = None
    """Last day on which it serves."""
    method: ConsentMethod
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.release_revoked", of=EventClass.PROOF)
class ReleaseRevoked(Event):
    """The release no longer serves from ``effective_on``; what was disclosed before stays disclosed."""

    student_id: StudentId
    release_id: UUID
    holder_id: HolderId | None = None


class RequestPersonalData(Value):
    """What was asked, in the person's own words."""

    text: Narrative


@event("plan.request_made")
class RequestMade(Event):
    """A parent or adult student asks for something that must be answered."""

    student_id: StudentId
    request_id: UUID
    kind: RequestKind
    holder_id: HolderId | None = None
    """Absent when the person is not known to hold rights."""
    personal: RequestPersonalData | None = None
    via: RequestVia
    notice_id: UUID | None = None
    """The notice on whose page it was made."""
    due_on: date | None = None
    """By when it is to be answered, where a number is set; of the record also before any meeting or hearing (300.613)."""
    documents: tuple[DocumentRef, ...] | None = None
    """The letter in which it was made."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


class DocumentPersonalData(Value):
    """What a document is called."""

    title: Line


@event("plan.document_added")
class DocumentAdded(Event):
    """A scan or file became part of the student's record; ``effective_on`` is the day it was received."""

    student_id: StudentId
    document: DocumentRef
    kind: Code
    """Of the list ``document_kind``."""
    personal: DocumentPersonalData
    external_id: ExternalId | None = None


StudentEvent: TypeAlias = (
    StudentRegistered
    | StudentChanged
    | StudentEnrolled
    | StudentWithdrawn
    | ContactProposed
    | ContactChanged
    | ContactUnlinked
    | RightsHolderConfirmed
    | RightsHolderEnded
    | StudentAssigned
    | AssignmentEnded
    | ProgramParticipationReported
    | ReleaseSigned
    | ReleaseRevoked
    | RequestMade
    | DocumentAdded
    | RequestEvent
    | DisputeEvent
    | EvaluationEvent
    | InitialServicesEvent
    | TransferEvent
    | DisciplineEvent
)
