"""Builders for tests about a student and their people: everything a test does not speak about has a sensible value."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from contracts.meetings import (
    AnyPerson,
    AttendanceRecorded,
    Excusal,
    HolderPerson,
    MeetingAttemptRecorded,
    MeetingEvent,
    MeetingScheduled,
)
from contracts.students import (
    ContactPersonalData,
    ContactProposed,
    Held,
    HolderPersonalData,
    ReleasePersonalData,
    Rights,
    RightsHolderConfirmed,
    StudentEnrolled,
    StudentEvent,
    StudentPersonalData,
    StudentRegistered,
)
from contracts.testing import an_id
from contracts.values import Reported
from contracts.vocabulary import (
    AttemptMeans,
    AttemptResult,
    Attendance,
    ConsentMethod,
    ExcusalForm,
    MeetingPurpose,
    MeetingRole,
    RecordKind,
    ReleasePurpose,
    RightsGround,
)
from plan_service.domain import meeting as meetings
from plan_service.domain import student as students
from plan_service.domain.meeting import Known, Meeting
from plan_service.domain.meeting_held import HoldMeeting, RecordAttendance
from plan_service.domain.meeting_notice import ScheduleMeeting
from plan_service.domain.release import SignRelease
from plan_service.domain.rights_holder import ConfirmRightsHolder
from plan_service.domain.rules import Rules
from plan_service.domain.student import Student

STUDENT, MOTHER, FATHER, AUNT, DIRECTOR, TEACHER = (
    an_id(name) for name in ("student", "mother", "father", "aunt", "director", "teacher")
)
MEETING = an_id("meeting")
ZONE = ZoneInfo("America/Chicago")
BORN = date(2008, 3, 3)
"""The student is 18 on 2026-03-03."""
TODAY = date(2026, 4, 20)
AT_THREE = datetime(2026, 4, 20, 20, 0, tzinfo=UTC)


def given(*events: StudentEvent, start: Student | None = None) -> Student:
    """The student after these events."""
    return reduce(students.evolve, events, start or Student())


def registered(born: date = BORN) -> StudentRegistered:
    """The student is known."""
    personal = StudentPersonalData(given_name="Jonas", family_name="Feld", birth_date=born)
    return StudentRegistered(effective_on=date(2024, 8, 26), student_id=STUDENT, personal=personal)


def enrolled(grade: str, since: date) -> StudentEnrolled:
    """The student goes to school in a grade."""
    return StudentEnrolled(effective_on=since, student_id=STUDENT, school_id=an_id("school"), grade=grade)


def all_rights(since: date = BORN, until: date | None = None) -> Rights:
    """All four, over the same days."""
    held = Held(starts_on=since, ends_on=until)
    return Rights(decision=held, record=held, notice=held, contact=held)


def confirmed(holder: Any = FATHER, **fields: Any) -> RightsHolderConfirmed:
    """Somebody holds rights."""
    complete: dict[str, Any] = {
        "personal": HolderPersonalData(name="Karl Feld"), "ground": RightsGround.BIOLOGICAL_PARENT,
        "rights": all_rights(), "language": "en", "confirmed_by": str(DIRECTOR), "effective_on": date(2024, 9, 1),
    }  # fmt: skip
    return RightsHolderConfirmed(student_id=STUDENT, holder_id=holder, **complete | fields)


def contact(who: Any = AUNT) -> ContactProposed:
    """Somebody is named as a contact."""
    personal = ContactPersonalData(given_name="Luz", family_name="Feld", legal_guardian=True)
    return ContactProposed(
        effective_on=date(2024, 8, 26), student_id=STUDENT, contact_id=who, personal=personal
    )


def confirm(holder: Any = MOTHER, **fields: Any) -> ConfirmRightsHolder:
    """A command to confirm somebody."""
    complete: dict[str, Any] = {
        "personal": HolderPersonalData(name="Ana Feld"), "ground": RightsGround.BIOLOGICAL_PARENT,
        "rights": all_rights(until=date(2026, 3, 2)), "language": "en", "confirmed_by": str(DIRECTOR), "today": TODAY,
        "rules": Rules(),
    }  # fmt: skip
    return ConfirmRightsHolder(holder_id=holder, **complete | fields)


def release(holder: Any = STUDENT, **fields: Any) -> SignRelease:
    """A command to release the plan to a college."""
    complete: dict[str, Any] = {
        "personal": ReleasePersonalData(recipient="Bayside College"), "purpose": ReleasePurpose.COLLEGE,
        "records": (RecordKind.PLAN,), "method": ConsentMethod.PAPER_SIGNATURE, "today": TODAY,
    }  # fmt: skip
    return SignRelease(release_id=an_id("release"), holder_id=holder, **complete | fields)


def reported(on: date = TODAY) -> Reported:
    """It happened already."""
    return Reported(source="paper file", reason="It was before our time.", occurred_on=on)


def given_meeting(*events: MeetingEvent) -> Meeting:
    """The meeting after these events."""
    return reduce(meetings.evolve, events, Meeting())


def scheduled(**fields: Any) -> MeetingScheduled:
    """A meeting is set for today at three."""
    complete: dict[str, Any] = {
        "effective_on": date(2026, 4, 1), "purpose": MeetingPurpose.ANNUAL_REVIEW, "starts_at": AT_THREE,
    }  # fmt: skip
    return MeetingScheduled(meeting_id=MEETING, student_id=STUDENT, **complete | fields)


def took_part(person: AnyPerson, *roles: MeetingRole) -> AttendanceRecorded:
    """Somebody took part."""
    return AttendanceRecorded(
        effective_on=TODAY, meeting_id=MEETING, person=person, roles=roles, attendance=Attendance.PRESENT
    )


def attempted() -> MeetingAttemptRecorded:
    """The father was tried to be reached."""
    return MeetingAttemptRecorded(
        effective_on=date(2026, 4, 10), meeting_id=MEETING, attempt_id=an_id("attempt"),
        person=HolderPerson(holder_id=FATHER), means=AttemptMeans.PHONE, result=AttemptResult.NO_ANSWER,
    )  # fmt: skip


def known(*holders: Any) -> Known:
    """Whose ids are known."""
    return Known(frozenset({DIRECTOR, TEACHER}), frozenset(holders or (FATHER, MOTHER, AUNT, STUDENT)))


def schedule(**fields: Any) -> ScheduleMeeting:
    """A command to set a meeting."""
    complete: dict[str, Any] = {
        "purpose": MeetingPurpose.ANNUAL_REVIEW, "starts_at": AT_THREE, "today": TODAY, "zone": ZONE, "known": known(),
    }  # fmt: skip
    return ScheduleMeeting(meeting_id=MEETING, student_id=STUDENT, **complete | fields)


def attend(person: AnyPerson, roles: Sequence[MeetingRole], **fields: Any) -> RecordAttendance:
    """A command to record how somebody took part."""
    complete: dict[str, Any] = {
        "attendance": Attendance.PRESENT, "today": TODAY, "zone": ZONE, "known": known(),
    }  # fmt: skip
    return RecordAttendance(person=person, roles=tuple(roles), **complete | fields)


def excusal(**fields: Any) -> Excusal:
    """The father agreed in writing, three days before."""
    complete: dict[str, Any] = {
        "form": ExcusalForm.WRITTEN_AGREEMENT, "agreed_on": date(2026, 4, 17), "agreed_by": FATHER,
    }  # fmt: skip
    return Excusal(**complete | fields)


def hold(**fields: Any) -> HoldMeeting:
    """A command to record the meeting as held."""
    return HoldMeeting(**{"held_on": None, "today": TODAY, "zone": ZONE} | fields)
