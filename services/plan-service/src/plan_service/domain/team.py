"""The IEP team: who must have been at the meeting, or been excused, for its decision to stand (34 CFR 300.321)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from contracts.fields import MeetingId, StudentId
from contracts.meetings import Excusal
from contracts.problems import Reason
from contracts.vocabulary import Attendance, ExcusalForm, MeetingRole
from plan_service.domain.meeting import Meeting

REQUIRED: dict[MeetingRole, tuple[str, str]] = {
    MeetingRole.SPECIAL_EDUCATION_TEACHER: (
        "a special education teacher or provider of the child", "34 CFR 300.321(a)(3)"),
    MeetingRole.AGENCY_REPRESENTATIVE: ("a representative of the district", "34 CFR 300.321(a)(4)"),
    MeetingRole.INTERPRETS_EVALUATION: (
        "somebody who can interpret the evaluation results", "34 CFR 300.321(a)(5)"),
}  # fmt: skip
"""Beside the parents and, for a child in regular education, that teacher. One person may fill several roles."""


@dataclass(frozen=True, slots=True)
class TeamMember:
    """How one person took part."""

    roles: tuple[MeetingRole, ...]
    attendance: Attendance
    excusal: Excusal | None = None

    def covers(self, role: MeetingRole, held_on: date) -> bool:
        """The role was filled, or lawfully excused beforehand."""
        if role not in self.roles:
            return False
        if self.attendance is Attendance.PRESENT:
            return True
        return self.attendance is Attendance.EXCUSED and self._excused_for(held_on)

    def _excused_for(self, held_on: date) -> bool:
        """300.321(e): agreed beforehand; where the member's area is discussed, with written input beforehand."""
        if self.excusal is None or self.excusal.agreed_on > held_on:
            return False
        if self.excusal.form is ExcusalForm.WRITTEN_AGREEMENT:
            return True
        return self.excusal.input_received_on is not None and self.excusal.input_received_on <= held_on


@dataclass(frozen=True, slots=True)
class TeamMeeting:
    """A meeting as a decision about a plan needs it."""

    meeting_id: MeetingId | None = None
    student_id: StudentId | None = None
    held_on: date | None = None
    members: tuple[TeamMember, ...] = ()
    parent_present: bool = False
    """A rights holder took part, in whatever way."""
    attempts: int = 0
    """Recorded attempts to arrange it with a parent."""

    def covers(self, role: MeetingRole) -> bool:
        """Somebody filled the role or was lawfully excused from it."""
        held_on = self.held_on
        return held_on is not None and any(member.covers(role, held_on) for member in self.members)


def missing_from_team(meeting: TeamMeeting, *, regular_education: bool) -> Iterator[Reason]:
    """What keeps a meeting from being one of the IEP team."""
    if meeting.held_on is None:
        yield Reason(
            "meeting-not-held", "The meeting has not been recorded as held.", "34 CFR 300.321(a), 300.324",
            "Record the meeting as held: POST /meetings/{id}/held.", "/meeting",
        )  # fmt: skip
        return
    if not meeting.members:
        yield Reason(
            "attendance-not-recorded", "Nobody's attendance has been recorded.", "34 CFR 300.321(a)",
            "Record who took part in which role: POST /meetings/{id}/attendance.", "/meeting",
        )  # fmt: skip
    if not (meeting.parent_present or meeting.covers(MeetingRole.PARENT) or meeting.attempts):
        yield Reason(
            "parent-not-present", "No parent took part, and no attempt to arrange it with them is recorded.",
            "34 CFR 300.321(a)(1), 300.322(d)",
            "Record the parent's attendance, or each attempt to reach them with its result.", "/meeting",
        )  # fmt: skip
    required = dict(REQUIRED)
    if regular_education:
        required[MeetingRole.REGULAR_EDUCATION_TEACHER] = (
            "a regular education teacher of the child", "34 CFR 300.321(a)(2)")  # fmt: skip
    for role, (who, citation) in required.items():
        if not meeting.covers(role):
            yield Reason(
                f"team-lacks-{role.value.replace('_', '-')}", f"Neither present nor lawfully excused: {who}.", citation,
                "Record the person's attendance in this role, or the excusal agreed beforehand (300.321(e)).", "/meeting",
            )  # fmt: skip


def team_of(meeting: Meeting) -> TeamMeeting:
    """The meeting as its own record knows it."""
    members = (
        TeamMember(taken.roles, taken.attendance, taken.excusal) for taken in meeting.attendance.values()
    )
    return TeamMeeting(
        meeting.meeting_id, meeting.student_id, meeting.held_on, tuple(members), meeting.parent_present,
        meeting.attempts,
    )  # fmt: skip
