"""Who took part in a meeting, who was excused how, and that it was held (34 CFR 300.321, 300.322(c)-(d))."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from contracts.fields import ExternalId, LanguageTag
from contracts.meetings import (
    AnyPerson,
    AttendanceRecorded,
    Excusal,
    Guest,
    MeetingEvent,
    MeetingHeld,
)
from contracts.problems import Reason
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Attendance, ExcusalForm, MeetingMode, MeetingRole
from plan_service.domain.meeting import Known, Meeting
from plan_service.domain.meeting_notice import must_be_known, must_be_set, must_have_come, personal
from plan_service.domain.rights_holder import decides_on, must_be_around
from plan_service.domain.rules import FEDERAL, Rules, UnmetRules, cannot_be_true, not_in_the_future, settle
from plan_service.domain.student import Student

EXCUSABLE = frozenset(
    {
        MeetingRole.REGULAR_EDUCATION_TEACHER,
        MeetingRole.SPECIAL_EDUCATION_TEACHER,
        MeetingRole.AGENCY_REPRESENTATIVE,
        MeetingRole.INTERPRETS_EVALUATION,
    }
)
"""300.321(e) knows excusal for the members (a)(2) to (5) only."""


class ExcusalNotValid(UnmetRules):
    """A member was not excused as the rules ask."""

    code = "excusal-not-valid"
    what = "This excusal"


class MeetingNotHeld(UnmetRules):
    """The meeting cannot count as held."""

    code = "meeting-not-held"
    what = "Recording this meeting as held"


@dataclass(frozen=True, slots=True)
class RecordAttendance:
    """Somebody took part, was excused, or stayed away."""

    person: AnyPerson
    roles: tuple[MeetingRole, ...]
    attendance: Attendance
    today: date
    zone: ZoneInfo
    known: Known
    mode: MeetingMode = MeetingMode.IN_PERSON
    excusal: Excusal | None = None
    guest: Guest | None = None
    notes: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class HoldMeeting:
    """The meeting took place."""

    held_on: date | None
    today: date
    zone: ZoneInfo
    parent_present: bool | None = None
    """As the caller says; found from the attendance where nothing is said."""
    interpreter_language: LanguageTag | None = None
    notes: str | None = None
    rules: Rules = FEDERAL
    reported: Reported | None = None
    documents: tuple[DocumentRef, ...] = ()


def record_attendance(meeting: Meeting, command: RecordAttendance, student: Student) -> list[MeetingEvent]:
    """Record how one person took part; once more for the same person, the newer record holds."""
    meeting_id, starts_at = must_be_set(meeting)
    not_in_the_future(command.reported, command.today)
    guests = (command.guest,) if command.guest else ()
    must_be_known(command.known, [command.person], (*meeting.guests.values(), *guests), "/person")
    day = meeting.held_on or starts_at.astimezone(command.zone).date()
    excused = command.attendance is Attendance.EXCUSED
    if excused != (command.excusal is not None):
        raise cannot_be_true(
            "excusal-has-a-form",
            "Say how somebody was excused, and only of somebody who was excused.",
            "/excusal",
        )
    if not excused and day > command.today:
        raise cannot_be_true("still-to-come", f"The meeting is on {day}.", "/attendance")
    unmet: tuple[Reason, ...] = ()
    if command.excusal is not None:
        must_be_around(student, command.excusal.agreed_by, "/excusal/agreed_by")
        must_have_come(command.excusal.agreed_on, command.today, "/excusal/agreed_on")
        unmet = tuple(_excused_otherwise(command.excusal, command, day, student))
    return [
        AttendanceRecorded(
            effective_on=min(day, command.today), meeting_id=meeting_id, person=command.person, roles=command.roles,
            attendance=command.attendance, mode=command.mode, excusal=command.excusal,
            personal=personal(guests, command.notes), documents=command.documents or None,
            external_id=command.external_id,
            reported=settle(ExcusalNotValid, unmet, command.reported),
        )
    ]  # fmt: skip


def hold_meeting(meeting: Meeting, command: HoldMeeting, student: Student) -> list[MeetingEvent]:
    """Record that the meeting took place, with or without a parent."""
    meeting_id, starts_at = must_be_set(meeting)
    not_in_the_future(command.reported, command.today)
    set_for = starts_at.astimezone(command.zone).date()
    held_on = command.held_on or (command.reported.occurred_on if command.reported else set_for)
    must_have_come(held_on, command.today, "/held_on")
    if meeting.held_on is not None:
        if meeting.held_on == held_on:
            return []
        raise cannot_be_true("held-already", f"The meeting was held on {meeting.held_on}.", "/held_on")
    present = _present(meeting, command, student, held_on)
    unmet = tuple(_not_held_so(meeting, held_on, set_for, present))
    return [
        MeetingHeld(
            effective_on=held_on, meeting_id=meeting_id, parent_present=present,
            interpreter_language=command.interpreter_language, personal=personal(notes=command.notes),
            documents=command.documents or None,
            reported=settle(MeetingNotHeld, unmet, command.reported),
        )
    ]  # fmt: skip


def _present(meeting: Meeting, command: HoldMeeting, student: Student, held_on: date) -> bool:
    found = parent_present(meeting, student, held_on, command.rules)
    if command.parent_present is None or command.parent_present == found:
        return found
    if command.reported is not None and not meeting.attendance:
        return command.parent_present
    raise cannot_be_true(
        "attendance-says-otherwise",
        "The attendance that was recorded says otherwise of the parents.",
        "/parent_present",
    )


def parent_present(meeting: Meeting, student: Student, day: date, rules: Rules) -> bool:
    """Somebody who holds the right to decide took part, in whatever way; a contact does not count."""
    here = {key for key, taken in meeting.attendance.items() if taken.attendance is Attendance.PRESENT}
    holders = {f"rights_holder {holder_id}": holder_id for holder_id in student.holders}
    if student.student_id is not None:
        holders["student"] = student.student_id
    return any(decides_on(student, holders[key], day, rules) for key in here & holders.keys())


def _excused_otherwise(
    excusal: Excusal, command: RecordAttendance, day: date, student: Student
) -> Iterator[Reason]:
    if not EXCUSABLE.issuperset(command.roles):
        yield Reason(
            "role-cannot-be-excused", "Only teachers, the district's representative and who interprets the evaluation "
            "can be excused.", "34 CFR 300.321(e)", "Record the person as absent.", "/roles",
        )  # fmt: skip
    if excusal.agreed_on > day:
        yield Reason(
            "excused-after-the-meeting", f"A member is excused before the meeting of {day}, not after it.",
            "34 CFR 300.321(e)", "Record the person as absent.", "/excusal/agreed_on",
        )  # fmt: skip
    if not decides_on(student, excusal.agreed_by, excusal.agreed_on, command.rules):
        yield Reason(
            "excusal-not-by-a-parent", "Whoever agreed does not hold the right to decide on that day.",
            "34 CFR 300.321(e)", "Let a parent agree, or confirm this person's rights.", "/excusal/agreed_by",
        )  # fmt: skip
    received_on = excusal.input_received_on
    still_to_come = (
        received_on is None and command.today < day
    )  # The meeting's team is looked at again once it was held.
    in_time = still_to_come or (received_on is not None and received_on <= day)
    if excusal.form is ExcusalForm.WRITTEN_CONSENT and not in_time:
        yield Reason(
            "excusal-without-input", "A member whose area is discussed gives written input before the meeting.",
            "34 CFR 300.321(e)(2)(ii)", "Say when the written input was received.", "/excusal/input_received_on",
        )  # fmt: skip


def _not_held_so(meeting: Meeting, held_on: date, set_for: date, present: bool) -> Iterator[Reason]:
    if held_on != set_for:
        yield Reason(
            "held-on-another-day", f"The meeting is set for {set_for}.", "34 CFR 300.322(a)",
            "Set it anew for the day on which it takes place, or report it.", "/held_on",
        )  # fmt: skip
    if not any(taken.attendance is Attendance.PRESENT for taken in meeting.attendance.values()):
        yield Reason(
            "attendance-not-recorded", "Nobody's attendance has been recorded.", "34 CFR 300.321(a)",
            "Record who took part in which role: POST /meetings/{id}/attendance.",
        )  # fmt: skip
    if not present and not meeting.attempts:
        yield Reason(
            "parent-not-present", "No parent took part, and no attempt to arrange it with them is recorded.",
            "34 CFR 300.322(d)", "Record the parent's attendance, or each attempt to reach them with its result.",
        )  # fmt: skip
