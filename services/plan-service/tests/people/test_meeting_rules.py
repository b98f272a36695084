"""Rules about meetings: who must be told, who counts as a parent, how a member is excused."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from contracts.meetings import (
    AttendanceRecorded,
    GuestPerson,
    HolderPerson,
    Invitee,
    MeetingHeld,
    StaffPerson,
    StudentPerson,
)
from contracts.problems import Invalid, NotFound
from contracts.students import StudentEvent
from contracts.testing import an_id
from contracts.vocabulary import Attendance, ExcusalForm, MeetingRole, RightsGround
from plan_service.domain.meeting import Meeting
from plan_service.domain.meeting_held import ExcusalNotValid, MeetingNotHeld, hold_meeting, record_attendance
from plan_service.domain.meeting_notice import MeetingAlreadyHeld, MeetingNotArranged, schedule_meeting
from plan_service.testing_people import (
    AUNT,
    FATHER,
    STUDENT,
    TEACHER,
    TODAY,
    all_rights,
    attempted,
    attend,
    confirmed,
    contact,
    excusal,
    given,
    given_meeting,
    hold,
    registered,
    reported,
    schedule,
    scheduled,
    took_part,
)

PARENT, PSYCHOLOGIST = MeetingRole.PARENT, MeetingRole.INTERPRETS_EVALUATION
TEACHES = took_part(StaffPerson(staff_id=TEACHER), MeetingRole.SPECIAL_EDUCATION_TEACHER)
MINOR: tuple[StudentEvent, ...] = (
    registered(date(2012, 3, 3)),
    confirmed(FATHER, rights=all_rights(date(2012, 3, 3))),
)


def codes(refusal: Any) -> set[str]:
    return {reason.code for reason in refusal.value.reasons}


def held_so(meeting: Meeting, *people: StudentEvent, **fields: Any) -> MeetingHeld:
    (event,) = hold_meeting(meeting, hold(**fields), given(*(people or MINOR)))
    assert isinstance(event, MeetingHeld)
    return event


def test_a_meeting_is_set_for_a_day_on_which_people_can_still_come() -> None:
    yesterday = datetime(2026, 4, 19, 20, 0, tzinfo=UTC)

    with pytest.raises(MeetingNotArranged) as refusal:
        schedule_meeting(Meeting(), schedule(starts_at=yesterday))

    assert codes(refusal) == {"meeting-in-the-past"}


def test_the_districts_own_day_decides_not_utcs() -> None:
    late_in_chicago = datetime(2026, 4, 21, 3, 0, tzinfo=UTC)

    with pytest.raises(MeetingNotArranged):
        schedule_meeting(Meeting(), schedule(starts_at=late_in_chicago, today=date(2026, 4, 21)))
    assert schedule_meeting(Meeting(), schedule(starts_at=late_in_chicago))


def test_the_student_is_invited_where_transition_is_discussed() -> None:
    with pytest.raises(MeetingNotArranged) as refusal:
        schedule_meeting(Meeting(), schedule(transition_discussed=True))

    assert codes(refusal) == {"student-not-invited"}
    invitees = (Invitee(person=StudentPerson()),)
    assert schedule_meeting(Meeting(), schedule(transition_discussed=True, invitees=invitees))


def test_a_guest_is_named() -> None:
    invitees = (Invitee(person=GuestPerson(guest_id=an_id("guest"))),)

    with pytest.raises(Invalid) as refusal:
        schedule_meeting(Meeting(), schedule(invitees=invitees))

    assert codes(refusal) == {"unknown-person"}


def test_what_was_held_is_not_set_again() -> None:
    meeting = given_meeting(
        scheduled(), MeetingHeld(effective_on=TODAY, meeting_id=an_id("meeting"), parent_present=True)
    )

    with pytest.raises(MeetingAlreadyHeld):
        schedule_meeting(meeting, schedule())


def test_what_was_never_set_is_not_held() -> None:
    with pytest.raises(NotFound):
        hold_meeting(Meeting(), hold(), given(*MINOR))


def test_a_parent_who_decides_was_there() -> None:
    meeting = given_meeting(scheduled(), TEACHES, took_part(HolderPerson(holder_id=FATHER), PARENT))

    assert held_so(meeting).parent_present


def test_a_contact_in_a_parents_chair_is_no_parent() -> None:
    meeting = given_meeting(scheduled(), TEACHES, took_part(HolderPerson(holder_id=AUNT), PARENT))

    with pytest.raises(MeetingNotHeld) as refusal:
        held_so(meeting, *MINOR, contact(AUNT))

    assert codes(refusal) == {"parent-not-present"}


def test_after_majority_the_student_stands_where_the_parents_stood() -> None:
    own = confirmed(STUDENT, ground=RightsGround.ADULT_STUDENT, rights=all_rights(date(2026, 3, 3)))
    meeting = given_meeting(scheduled(), TEACHES, took_part(StudentPerson(), MeetingRole.STUDENT))

    assert held_so(meeting, registered(), own).parent_present


def test_without_a_parent_the_attempts_are_on_record() -> None:
    alone = given_meeting(scheduled(), TEACHES)

    with pytest.raises(MeetingNotHeld) as refusal:
        held_so(alone)
    assert codes(refusal) == {"parent-not-present"}
    assert not held_so(given_meeting(scheduled(), TEACHES, attempted())).parent_present


def test_nobody_there_is_no_meeting() -> None:
    with pytest.raises(MeetingNotHeld) as refusal:
        held_so(given_meeting(scheduled(), attempted()))

    assert codes(refusal) == {"attendance-not-recorded"}


def test_a_meeting_held_on_another_day_than_it_was_set_for_is_reported() -> None:
    meeting = given_meeting(scheduled(), TEACHES, attempted())

    with pytest.raises(MeetingNotHeld) as refusal:
        held_so(meeting, held_on=date(2026, 4, 19))
    event = held_so(meeting, reported=reported(date(2026, 4, 19)))

    assert codes(refusal) == {"held-on-another-day"}
    assert event.effective_on == date(2026, 4, 19)
    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["held-on-another-day"]


def test_recording_it_as_held_once_more_is_nothing() -> None:
    meeting = given_meeting(scheduled(), TEACHES, attempted())
    again = given_meeting(scheduled(), TEACHES, attempted(), held_so(meeting))

    assert hold_meeting(again, hold(), given(*MINOR)) == []


@pytest.mark.parametrize(
    ("said", "roles", "code"),
    [
        ({"agreed_on": date(2026, 4, 21)}, (PSYCHOLOGIST,), "excused-after-the-meeting"),
        ({"agreed_by": AUNT}, (PSYCHOLOGIST,), "excusal-not-by-a-parent"),
        ({"form": ExcusalForm.WRITTEN_CONSENT}, (PSYCHOLOGIST,), "excusal-without-input"),
        (
            {"form": ExcusalForm.WRITTEN_CONSENT, "input_received_on": date(2026, 4, 21)},
            (PSYCHOLOGIST,),
            "excusal-without-input",
        ),
        ({}, (PARENT,), "role-cannot-be-excused"),
    ],
)
def test_an_excusal_has_its_form(said: dict[str, Any], roles: tuple[MeetingRole, ...], code: str) -> None:
    student = given(*MINOR, contact(AUNT))
    command = attend(StaffPerson(staff_id=TEACHER), roles, attendance=Attendance.EXCUSED, excusal=excusal(**said),
                     today=date(2026, 4, 22))  # fmt: skip

    with pytest.raises(ExcusalNotValid) as refusal:
        record_attendance(given_meeting(scheduled()), command, student)

    assert codes(refusal) == {code}


def test_before_the_meeting_an_excusal_is_recorded_whose_written_input_is_still_to_come() -> None:
    consented = excusal(form=ExcusalForm.WRITTEN_CONSENT)
    command = attend(
        StaffPerson(staff_id=TEACHER), [PSYCHOLOGIST], attendance=Attendance.EXCUSED, excusal=consented,
        today=date(2026, 4, 18),
    )  # fmt: skip
    (event,) = record_attendance(given_meeting(scheduled()), command, given(*MINOR))

    assert (event.excusal, event.reported) == (consented, None)


@pytest.mark.parametrize("form", [ExcusalForm.WRITTEN_AGREEMENT, ExcusalForm.WRITTEN_CONSENT])
def test_a_member_is_excused_before_the_meeting(form: ExcusalForm) -> None:
    said = excusal(form=form, input_received_on=date(2026, 4, 18))
    command = attend(
        StaffPerson(staff_id=TEACHER),
        [PSYCHOLOGIST],
        attendance=Attendance.EXCUSED,
        excusal=said,
        today=date(2026, 4, 18),
    )
    (event,) = record_attendance(given_meeting(scheduled()), command, given(*MINOR))

    assert isinstance(event, AttendanceRecorded)
    assert event.effective_on == date(2026, 4, 18)


def test_nobody_has_taken_part_before_the_day() -> None:
    command = attend(StaffPerson(staff_id=TEACHER), [PSYCHOLOGIST], today=date(2026, 4, 19))

    with pytest.raises(Invalid) as refusal:
        record_attendance(given_meeting(scheduled()), command, given(*MINOR))

    assert codes(refusal) == {"still-to-come"}


def test_whoever_is_there_is_not_excused_as_well() -> None:
    command = attend(StaffPerson(staff_id=TEACHER), [PSYCHOLOGIST], excusal=excusal())

    with pytest.raises(Invalid) as refusal:
        record_attendance(given_meeting(scheduled()), command, given(*MINOR))

    assert codes(refusal) == {"excusal-has-a-form"}
