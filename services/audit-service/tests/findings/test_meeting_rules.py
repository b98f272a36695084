"""Findings about the team and its meetings: each rule by its sentence."""

from typing import Any

import pytest

from audit_service.testing_findings import IEP, MIRA, MOTHER, PLACE, SLP, STEP, TEACHER, History, day, usual
from audit_service.testing_findings_steps import met
from contracts.items import Placement
from contracts.meetings import (
    AttendanceRecorded,
    HolderPerson,
    MeetingAttemptRecorded,
    MeetingInvitationRecorded,
    StaffPerson,
    StudentPerson,
)
from contracts.plan import PlanEnded, ReviewHeld
from contracts.progress import BenchmarkMeasured
from contracts.testing import an_id

MEETING = an_id("meeting")
ROLES = (
    "regular_education_teacher",
    "special_education_teacher",
    "agency_representative",
    "interprets_evaluation",
)
PARTS = ("purpose", "time", "place", "attendees", "right_to_bring_others")


def came(
    history: History,
    *roles: str,
    on: str = "12-4",
    attendance: str = "present",
    who: object = SLP,
    **more: Any,
) -> History:
    return history.add(on, AttendanceRecorded, meeting_id=MEETING, person=StaffPerson(staff_id=who), roles=roles,
                       attendance=attendance, **more)  # fmt: skip


def invited(history: History, on: str, parts: tuple[str, ...] = PARTS) -> History:
    return history.add(on, MeetingInvitationRecorded, meeting_id=MEETING, invitation_id=an_id(f"invited {on}"),
                       person=HolderPerson(holder_id=MOTHER), channel="email", parts=parts)  # fmt: skip


def test_the_team_reviews_the_iep_within_a_year_of_the_last_annual_meeting() -> None:
    history = met(History(), "12-4").iep("12-9", meeting_id=MEETING)
    assert history.one("idea.annual-review", "7-1") == ("due", "Review due 2026-12-04.")
    assert history.one("idea.annual-review", "2026-12-14") == ("overdue", "Review due 2026-12-04, 10 late.")
    late = met(history, "2026-12-20", "annual_review", name="second")
    assert late.one("idea.annual-review", "2027-01-02") == (
        "met_late",
        "Review due 2026-12-04, held 2026-12-20, 16 days late.",
    )


def test_an_amendment_never_moves_the_annual_date_and_an_iep_that_ended_owes_no_review() -> None:
    history = met(met(History(), "12-4").iep("12-9", meeting_id=MEETING), "3-1", "amendment", name="between")
    assert history.find("idea.annual-review", "7-1")[0].due_on == day("2026-12-04")
    history.add("6-12", PlanEnded, plan_id=IEP, reason="graduated")
    assert history.one("idea.annual-review", "2027-01-01")[0] == "not_applicable"


def test_a_benchmark_that_was_missed_is_looked_at_by_the_team() -> None:
    measured = {
        "measurement_id": an_id("m"),
        "plan_id": IEP,
        "item_id": STEP,
        "student_id": MIRA,
        "unit": "objects",
    }
    history = History().iep("12-9").add("1-20", BenchmarkMeasured, value=12, **measured)
    assert history.find("idea.review-no-progress", "1-30") == []
    assert history.one("idea.review-no-progress", "2-1") == (
        "due",
        "20 of 60 objects off track since 2026-01-30.",
    )
    history.add("2-20", ReviewHeld, plan_id=IEP, outcome="continued")
    assert history.one("idea.review-no-progress", "3-1")[0] == "met"


def test_every_role_of_the_team_is_there_or_was_excused() -> None:
    assert met(History(), "12-4").one("idea.team-complete", "12-5")[0] == "unproven"
    whole = came(met(History(), "12-4"), *ROLES)
    assert whole.one("idea.team-complete", "12-5") == ("met", "2025-12-04: every role was there.")
    lacking = came(met(History(), "12-4"), *ROLES[1:])
    assert lacking.one("idea.team-complete", "12-5") == (
        "missed",
        "2025-12-04: no regular education teacher.",
    )
    excusal = {"form": "written_agreement", "agreed_on": day("12-1"), "agreed_by": MOTHER}
    excused = came(lacking, ROLES[0], who=TEACHER, attendance="excused", excusal=excusal)
    assert excused.one("idea.team-complete", "12-5")[0] == "excused"


def test_no_regular_education_teacher_is_asked_where_the_child_is_never_in_regular_class() -> None:
    apart = Placement(id=PLACE, setting="separate_school", percent_with_peers=0, explanation="Whole day.")
    history = History().iep("9-1", *usual(day("9-1"), "placement"), apart)
    assert came(met(history, "12-4"), *ROLES[1:]).one("idea.team-complete", "12-5")[0] == "met"


@pytest.mark.parametrize(("form", "input_on", "agreed", "state"), [
    ("written_agreement", None, "12-1", "met"), ("written_consent", "12-3", "12-1", "met"),
    ("written_consent", None, "12-1", "missed"), ("written_consent", "12-6", "12-1", "missed"),
    ("written_agreement", None, "12-5", "missed"),
])  # fmt: skip
def test_a_member_is_excused_before_the_meeting_and_with_input(
    form: str, input_on: str | None, agreed: str, state: str
) -> None:
    excusal = {
        "form": form,
        "agreed_on": day(agreed),
        "agreed_by": MOTHER,
        "input_received_on": day(input_on) if input_on else None,
    }
    history = came(
        met(History(), "12-4"), ROLES[0], on="12-3", who=TEACHER, attendance="excused", excusal=excusal
    )
    assert history.one("idea.excusal", "12-10")[0] == state
    if input_on is None and form == "written_consent":
        assert history.one("idea.excusal", "12-10")[1] == "Mr. Lee excused without input."


def test_parents_are_told_of_a_meeting_before_it_with_all_that_a_notice_says() -> None:
    assert met(History(), "12-4").one("idea.meeting-notice", "12-5") == (
        "missed",
        "No notice of the meeting of 2025-12-04.",
    )
    told = invited(met(History(), "12-4"), "11-21")
    assert told.one("idea.meeting-notice", "12-5") == ("met", "Meeting of 2025-12-04: sent 13 days before.")
    lacks = invited(met(History(), "12-4"), "11-21", PARTS[:4])
    assert lacks.one("idea.meeting-notice", "12-5")[1].endswith(
        "sent 13 days before; lacks right to bring others."
    )
    assert lacks.one("idea.meeting-notice", "11-25")[0] == "due"
    assert invited(met(History(), "12-4"), "12-4").one("idea.meeting-notice", "12-5")[0] == "missed"


def test_a_meeting_without_a_parent_has_a_log_of_attempts() -> None:
    alone = met(History(), "12-4", parent=False)
    assert alone.one("idea.meeting-attempts", "12-5") == (
        "missed",
        "Meeting of 2025-12-04 without a parent: 0 attempts recorded.",
    )
    tried = alone.add("12-1", MeetingAttemptRecorded, meeting_id=MEETING, attempt_id=an_id("call"), means="phone",
                      person=HolderPerson(holder_id=MOTHER), result="no_answer")  # fmt: skip
    assert tried.one("idea.meeting-attempts", "12-5")[0] == "met"
    assert met(History(), "12-4").find("idea.meeting-attempts", "12-5") == []


def test_the_student_is_invited_where_transition_is_discussed() -> None:
    history = met(History(), "12-4", "annual_review", transition_discussed=True)
    assert history.one("idea.transition-invites", "12-5") == (
        "missed",
        "Meeting of 2025-12-04: student not invited.",
    )
    history.add(
        "12-4",
        AttendanceRecorded,
        meeting_id=MEETING,
        person=StudentPerson(),
        roles=("student",),
        attendance="present",
    )
    assert history.one("idea.transition-invites", "12-5")[0] == "met"
    assert met(History(), "12-4").find("idea.transition-invites", "12-5") == []


def test_an_outside_agency_is_invited_with_consent_only() -> None:
    agency = {"person": {"kind": "guest", "guest_id": str(an_id("agency"))}, "roles": ["transition_agency"]}
    student = {"person": {"kind": "student"}, "roles": ["student"]}
    history = met(History(), "12-4", "annual_review", transition_discussed=True, invitees=(agency, student))
    assert history.one("idea.transition-invites", "12-5")[0] == "unproven"
