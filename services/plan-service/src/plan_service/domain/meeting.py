"""A meeting as decisions about it need it: set for when, who was told, who was tried, who came, whether it was held."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from contracts.fields import ExternalId, HolderId, MeetingId, PlanId, StaffId, StudentId
from contracts.meetings import (
    AnyPerson,
    AttendanceRecorded,
    Excusal,
    Guest,
    GuestPerson,
    HolderPerson,
    Invitee,
    MeetingAttemptRecorded,
    MeetingEvent,
    MeetingHeld,
    MeetingInvitationRecorded,
    MeetingScheduled,
    StaffPerson,
    StudentPerson,
)
from contracts.values import DocumentRef
from contracts.vocabulary import Attendance, MeetingMode, MeetingPurpose, MeetingRole


@dataclass(frozen=True, slots=True)
class Taken:
    """How somebody took part."""

    roles: tuple[MeetingRole, ...]
    attendance: Attendance
    excusal: Excusal | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting."""

    meeting_id: MeetingId | None = None
    student_id: StudentId | None = None
    purpose: MeetingPurpose = MeetingPurpose.OTHER
    transition_discussed: bool = False
    plan_id: PlanId | None = None
    starts_at: datetime | None = None
    place: str | None = None
    mode: MeetingMode = MeetingMode.IN_PERSON
    invitees: tuple[Invitee, ...] = ()
    guests: Mapping[UUID, Guest] = field(default_factory=dict)
    external_id: ExternalId | None = None
    invited: int = 0
    attempts: int = 0
    """Recorded attempts to arrange it with a parent."""
    attendance: Mapping[str, Taken] = field(default_factory=dict)
    held_on: date | None = None
    parent_present: bool = False
    interpreter_language: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    """What was kept of it when it was held."""
    reported: bool = False


def evolve(meeting: Meeting, event: MeetingEvent) -> Meeting:
    """What follows from one more event."""
    match event:
        case MeetingScheduled():
            return replace(
                meeting, meeting_id=event.meeting_id, student_id=event.student_id, purpose=event.purpose,
                transition_discussed=event.transition_discussed, plan_id=event.plan_id, starts_at=event.starts_at,
                place=event.place, mode=event.mode, invitees=event.invitees, guests=_guests(meeting, event),
                external_id=meeting.external_id or event.external_id,
                reported=meeting.reported or event.reported is not None,
            )  # fmt: skip
        case MeetingInvitationRecorded():
            return replace(meeting, invited=meeting.invited + 1, guests=_guests(meeting, event))
        case MeetingAttemptRecorded():
            return replace(meeting, attempts=meeting.attempts + 1)
        case AttendanceRecorded():
            taken = {
                **meeting.attendance,
                key_of(event.person): Taken(event.roles, event.attendance, event.excusal),
            }
            return replace(meeting, attendance=taken, guests=_guests(meeting, event))
        case MeetingHeld():
            return replace(
                meeting, held_on=event.effective_on, parent_present=event.parent_present,
                interpreter_language=event.interpreter_language, guests=_guests(meeting, event),
                documents=event.documents or (),
                reported=meeting.reported or event.reported is not None,
            )  # fmt: skip
        case _:
            assert_never(event)


def key_of(person: AnyPerson) -> str:
    """Who somebody is among those of one meeting."""
    match person:
        case StaffPerson():
            return f"staff {person.staff_id}"
        case HolderPerson():
            return f"rights_holder {person.holder_id}"
        case StudentPerson():
            return "student"
        case GuestPerson():
            return f"guest {person.guest_id}"
        case _:
            assert_never(person)


@dataclass(frozen=True, slots=True)
class Known:
    """Ids that a command about a meeting names, as far as they are known: read before the decision."""

    staff: frozenset[StaffId] = frozenset()
    holders: frozenset[HolderId] = frozenset()
    """Holders of rights, contacts, and the student."""

    def knows(self, person: AnyPerson) -> bool:
        """Whether the id belongs to somebody; a guest is known by being named."""
        match person:
            case StaffPerson():
                return person.staff_id in self.staff
            case HolderPerson():
                return person.holder_id in self.holders
            case _:
                return True


def _guests(
    meeting: Meeting, event: MeetingScheduled | MeetingInvitationRecorded | AttendanceRecorded | MeetingHeld
) -> Mapping[UUID, Guest]:
    if event.personal is None or not event.personal.guests:
        return meeting.guests
    return {**meeting.guests, **{guest.guest_id: guest for guest in event.personal.guests}}
