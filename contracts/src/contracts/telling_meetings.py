"""Meetings in sentences."""

from typing import assert_never

from contracts.codes import label
from contracts.meetings import (
    AnyPerson,
    AttendanceRecorded,
    GuestPerson,
    HolderPerson,
    MeetingAttemptRecorded,
    MeetingEvent,
    MeetingHeld,
    MeetingInvitationRecorded,
    MeetingPersonalData,
    MeetingScheduled,
    StaffPerson,
    StudentPerson,
)
from contracts.telling import Names, Told, by, counted, listed, plainly
from contracts.vocabulary import Attendance


def tell_meeting(event: MeetingEvent, names: Names) -> Told:
    """One event of a meeting."""
    match event:
        case MeetingScheduled():
            place = f" in {event.place}" if event.place else ""
            invited = (
                f", inviting {counted(len(event.invitees), 'person', 'people')}" if event.invitees else ""
            )
            at = f"{event.starts_at:%Y-%m-%d %H:%M} UTC"
            return Told(
                f"scheduled a meeting ({plainly(event.purpose)}) for {at}{place}{invited}",
                reported=event.reported,
            )
        case MeetingInvitationRecorded():
            who = _person(event.person, event.personal, names)
            what = f"gave {who} notice of the meeting {by(event.channel)}"
            says = f", saying {listed([plainly(part) for part in event.parts])}" if event.parts else ""
            return Told(f"{what}{says}", reported=event.reported)
        case MeetingAttemptRecorded():
            who = _person(event.person, None, names)
            what = f"tried to reach {who} for the meeting by {plainly(event.means)}: {plainly(event.result)}"
            return Told(what, why=event.personal.result if event.personal else None, reported=event.reported)
        case AttendanceRecorded():
            who = _person(event.person, event.personal, names)
            roles = f" as {listed([plainly(role) for role in event.roles])}" if event.roles else ""
            how = f" ({plainly(event.mode)})" if event.attendance is Attendance.PRESENT else ""
            excused = f" by {plainly(event.excusal.form)}" if event.excusal else ""
            what = f"recorded that {who} was {event.attendance}{excused}{how}{roles} at the meeting"
            return Told(what, reported=event.reported)
        case MeetingHeld():
            parent = "with" if event.parent_present else "without"
            interpreted = (
                f", interpreted into {label('language', event.interpreter_language)}"
                if event.interpreter_language
                else ""
            )
            return Told(f"held the meeting {parent} a parent{interpreted}", reported=event.reported)
        case _:
            assert_never(event)


def _person(person: AnyPerson, personal: MeetingPersonalData | None, names: Names) -> str:
    match person:
        case StaffPerson():
            return names.staff(person.staff_id)
        case HolderPerson():
            return names.holder(person.holder_id)
        case StudentPerson():
            return "the student"
        case GuestPerson():
            guests = personal.guests if personal else ()
            named = [guest.name for guest in guests if guest.guest_id == person.guest_id]
            return named[0] if named else names.of("guest", person.guest_id)
        case _:
            assert_never(person)
