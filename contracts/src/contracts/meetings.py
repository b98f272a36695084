"""Meetings of an IEP team or a 504 group: stream ``meeting/{id}`` of plan-service, its subject the student."""

from datetime import date
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.canonical import Instant
from contracts.event import Event, EventClass, Value, event
from contracts.fields import (
    ExternalId,
    HolderId,
    LanguageTag,
    Line,
    MeetingId,
    Name,
    Narrative,
    PlanId,
    StaffId,
    StudentId,
)
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import (
    AttemptMeans,
    AttemptResult,
    Attendance,
    Channel,
    ExcusalForm,
    InvitationPart,
    MeetingMode,
    MeetingPurpose,
    MeetingRole,
)


class StaffPerson(Value):
    """A staff member."""

    kind: Literal["staff"] = "staff"
    staff_id: StaffId


class HolderPerson(Value):
    """Somebody who holds educational rights for the student."""

    kind: Literal["rights_holder"] = "rights_holder"
    holder_id: HolderId


class StudentPerson(Value):
    """The student."""

    kind: Literal["student"] = "student"


class GuestPerson(Value):
    """Anybody else; the name stands in the event's personal data under the same id."""

    kind: Literal["guest"] = "guest"
    guest_id: UUID


AnyPerson: TypeAlias = StaffPerson | HolderPerson | StudentPerson | GuestPerson
Person = Annotated[AnyPerson, Field(discriminator="kind")]


class Guest(Value):
    """Who a guest is."""

    guest_id: UUID
    name: Name
    capacity: Line | None = None
    """As what they come: grandmother, advocate, interpreter."""


class MeetingPersonalData(Value):
    """Names and narrative of a meeting."""

    guests: tuple[Guest, ...] = ()
    notes: Narrative | None = None


class Invitee(Value):
    """Who is asked to come, in which roles."""

    person: Person
    roles: tuple[MeetingRole, ...] = ()


@event("plan.meeting_scheduled")
class MeetingScheduled(Event):
    """A meeting is set for a time and place; scheduled once more, the newer time, place and invitees hold."""

    meeting_id: MeetingId
    student_id: StudentId
    purpose: MeetingPurpose
    transition_discussed: bool = False
    """Then the student is always invited (300.321(b))."""
    plan_id: PlanId | None = None
    starts_at: Instant
    place: Line | None = None
    mode: MeetingMode = MeetingMode.IN_PERSON
    invitees: tuple[Invitee, ...] = ()
    personal: MeetingPersonalData | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.meeting_invitation_recorded", of=EventClass.PROOF)
class MeetingInvitationRecorded(Event):
    """Somebody was given notice of the meeting, saying what it must say (300.322(a)-(b))."""

    meeting_id: MeetingId
    invitation_id: UUID
    person: Person
    channel: Channel
    language: LanguageTag | None = None
    parts: tuple[InvitationPart, ...] = ()
    """What the notice said."""
    personal: MeetingPersonalData | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class AttemptPersonalData(Value):
    """What came of it, in words."""

    result: Narrative


@event("plan.meeting_attempt_recorded", of=EventClass.PROOF)
class MeetingAttemptRecorded(Event):
    """One attempt to arrange the meeting with a parent, and its result (300.322(d))."""

    meeting_id: MeetingId
    attempt_id: UUID
    person: Person
    means: AttemptMeans
    result: AttemptResult
    personal: AttemptPersonalData | None = None
    documents: tuple[DocumentRef, ...] | None = None
    """The letter that came back, the log of the calls."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


class Excusal(Value):
    """How a member was excused beforehand (300.321(e))."""

    form: ExcusalForm
    agreed_on: date
    agreed_by: HolderId
    """The parent who agreed or consented."""
    whole: bool = True
    """From the whole meeting; false: from a part of it."""
    input_received_on: date | None = None
    """The member's written input, owed where the member's area is discussed."""


@event("plan.attendance_recorded")
class AttendanceRecorded(Event):
    """Who took part in which roles, or was excused how; once more for the same person, the newer record holds."""

    meeting_id: MeetingId
    person: Person
    roles: tuple[MeetingRole, ...]
    attendance: Attendance
    mode: MeetingMode = MeetingMode.IN_PERSON
    excusal: Excusal | None = None
    personal: MeetingPersonalData | None = None
    documents: tuple[DocumentRef, ...] | None = None
    """The signed excusal, the member's written input."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.meeting_held")
class MeetingHeld(Event):
    """The meeting took place on ``effective_on``."""

    meeting_id: MeetingId
    parent_present: bool
    """A rights holder took part, in whatever way."""
    interpreter_language: LanguageTag | None = None
    """The language into which was interpreted."""
    personal: MeetingPersonalData | None = None
    documents: tuple[DocumentRef, ...] | None = None
    """The signed list of who was there, the minutes."""
    reported: Reported | None = None


MeetingEvent: TypeAlias = (
    MeetingScheduled | MeetingInvitationRecorded | MeetingAttemptRecorded | AttendanceRecorded | MeetingHeld
)
