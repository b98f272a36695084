"""Setting a meeting and telling those who should come (34 CFR 300.322, 300.321(b)(1))."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.fields import ExternalId, LanguageTag, MeetingId, PlanId, StudentId
from contracts.meetings import (
    AnyPerson,
    AttemptPersonalData,
    Guest,
    GuestPerson,
    Invitee,
    MeetingAttemptRecorded,
    MeetingEvent,
    MeetingInvitationRecorded,
    MeetingPersonalData,
    MeetingScheduled,
    StudentPerson,
)
from contracts.problems import NotFound, Reason, Rejected
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import (
    AttemptMeans,
    AttemptResult,
    Channel,
    InvitationPart,
    MeetingMode,
    MeetingPurpose,
)
from plan_service.domain.meeting import Known, Meeting
from plan_service.domain.rules import UnmetRules, cannot_be_true, day_of, not_in_the_future, settle


class MeetingAlreadyHeld(Rejected):
    """What has taken place cannot be arranged any more."""

    code = "meeting-already-held"


class MeetingNotArranged(UnmetRules):
    """A rule about how a meeting is arranged is not met."""

    code = "meeting-not-arranged"
    what = "Arranging this meeting"


@dataclass(frozen=True, slots=True)
class ScheduleMeeting:
    """Set a meeting for a time and place."""

    meeting_id: MeetingId
    student_id: StudentId
    purpose: MeetingPurpose
    starts_at: datetime
    today: date
    zone: ZoneInfo
    known: Known
    invitees: tuple[Invitee, ...] = ()
    guests: tuple[Guest, ...] = ()
    transition_discussed: bool = False
    plan_id: PlanId | None = None
    place: str | None = None
    mode: MeetingMode = MeetingMode.IN_PERSON
    notes: str | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class RecordInvitation:
    """Somebody was given notice of the meeting."""

    invitation_id: UUID
    person: AnyPerson
    channel: Channel
    parts: tuple[InvitationPart, ...]
    today: date
    zone: ZoneInfo
    known: Known
    given_on: date | None = None
    language: LanguageTag | None = None
    guest: Guest | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class RecordAttempt:
    """Somebody was tried to be reached."""

    attempt_id: UUID
    person: AnyPerson
    means: AttemptMeans
    result: AttemptResult
    today: date
    known: Known
    tried_on: date | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


def schedule_meeting(meeting: Meeting, command: ScheduleMeeting) -> list[MeetingEvent]:
    """Set a meeting, or set it anew while it has not been held."""
    must_be_arrangeable(meeting)
    not_in_the_future(command.reported, command.today)
    must_be_known(
        command.known, [invitee.person for invitee in command.invitees], command.guests, "/invitees/{place}"
    )
    day = command.starts_at.astimezone(command.zone).date()
    reported = settle(MeetingNotArranged, tuple(_unmet(command, day)), command.reported)
    return [
        MeetingScheduled(
            effective_on=day_of(command.reported, command.today), meeting_id=command.meeting_id,
            student_id=command.student_id, purpose=command.purpose, transition_discussed=command.transition_discussed,
            plan_id=command.plan_id, starts_at=command.starts_at, place=command.place, mode=command.mode,
            invitees=command.invitees, personal=personal(command.guests, command.notes),
            external_id=command.external_id, reported=reported,
        )
    ]  # fmt: skip


def record_invitation(meeting: Meeting, command: RecordInvitation) -> list[MeetingEvent]:
    """Record that somebody was told, and what the notice said."""
    meeting_id, starts_at = must_be_set(meeting)
    not_in_the_future(command.reported, command.today)
    guests = (command.guest,) if command.guest else ()
    must_be_known(command.known, [command.person], (*meeting.guests.values(), *guests), "/person")
    given_on = command.given_on or day_of(command.reported, command.today)
    must_have_come(given_on, command.today, "/given_on")
    unmet: list[Reason] = []
    if given_on > (meeting.held_on or starts_at.astimezone(command.zone).date()):
        unmet.append(
            Reason("invited-after-the-meeting", "A notice given after the meeting gave nobody an opportunity to attend.",
                   "34 CFR 300.322(a)(1)", "Report it as what happened, or set the meeting anew.", "/given_on")
        )  # fmt: skip
    return [
        MeetingInvitationRecorded(
            effective_on=given_on, meeting_id=meeting_id, invitation_id=command.invitation_id, person=command.person,
            channel=command.channel, language=command.language, parts=command.parts, personal=personal(guests),
            document=command.document, external_id=command.external_id,
            reported=settle(MeetingNotArranged, unmet, command.reported),
        )
    ]  # fmt: skip


def record_attempt(meeting: Meeting, command: RecordAttempt) -> list[MeetingEvent]:
    """Record one attempt to arrange the meeting with somebody, and its result."""
    meeting_id, _ = must_be_set(meeting)
    not_in_the_future(command.reported, command.today)
    must_be_known(command.known, [command.person], meeting.guests.values(), "/person")
    tried_on = command.tried_on or day_of(command.reported, command.today)
    must_have_come(tried_on, command.today, "/tried_on")
    if meeting.held_on is not None and tried_on > meeting.held_on:
        raise cannot_be_true(
            "attempt-after-the-meeting", f"The meeting was held on {meeting.held_on}: nothing was left to arrange.",
            "/tried_on",
        )  # fmt: skip
    return [
        MeetingAttemptRecorded(
            effective_on=tried_on, meeting_id=meeting_id, attempt_id=command.attempt_id, person=command.person,
            means=command.means, result=command.result,
            personal=AttemptPersonalData(result=command.words) if command.words else None,
            documents=command.documents or None,
            external_id=command.external_id, reported=command.reported,
        )
    ]  # fmt: skip


def must_be_set(meeting: Meeting) -> tuple[MeetingId, datetime]:
    """The meeting's id and time; raises `NotFound` for one that was never set."""
    if meeting.meeting_id is None or meeting.starts_at is None:
        raise NotFound("There is no such meeting here.")
    return meeting.meeting_id, meeting.starts_at


def must_be_arrangeable(meeting: Meeting) -> None:
    """Refuse to arrange what has taken place."""
    if meeting.held_on is not None:
        raise MeetingAlreadyHeld(f"The meeting was held on {meeting.held_on}. Set another one.")


def must_have_come(day: date, today: date, pointer: str) -> None:
    """Refuse an act of a day that is still to come."""
    if day > today:
        raise cannot_be_true("still-to-come", f"{day} is still to come.", pointer)


def must_be_known(known: Known, people: Iterable[AnyPerson], guests: Iterable[Guest], pointer: str) -> None:
    """Refuse an id that belongs to nobody here."""
    named = {guest.guest_id for guest in guests}
    for place, person in enumerate(people):
        if not known.knows(person) or (isinstance(person, GuestPerson) and person.guest_id not in named):
            raise cannot_be_true(
                "unknown-person", "Nobody by this id is known here: a staff member, a rights holder or contact of this "
                "student, or a guest whose name comes along.", pointer.format(place=place),
            )  # fmt: skip


def personal(guests: Iterable[Guest] = (), notes: str | None = None) -> MeetingPersonalData | None:
    """Names and narrative, where there are any."""
    named = tuple(guests)
    return MeetingPersonalData(guests=named, notes=notes) if named or notes else None


def _unmet(command: ScheduleMeeting, day: date) -> Iterator[Reason]:
    if day < command.today:
        yield Reason(
            "meeting-in-the-past", f"{day} has passed: parents could not be told any more.", "34 CFR 300.322(a)",
            "Report a meeting that has taken place: the same route with `reported`.", "/starts_at",
        )  # fmt: skip
    invited = any(isinstance(invitee.person, StudentPerson) for invitee in command.invitees)
    if command.transition_discussed and not invited:
        yield Reason(
            "student-not-invited", "Where transition is discussed, the student is invited.", "34 CFR 300.321(b)(1)",
            "Add the student to the invitees.", "/invitees",
        )  # fmt: skip
