"""A meeting as findings ask for it: who was told what and when, who came, who was excused how."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.meetings import (
    AnyPerson,
    AttendanceRecorded,
    HolderPerson,
    MeetingAttemptRecorded,
    MeetingHeld,
    MeetingInvitationRecorded,
    MeetingScheduled,
    StaffPerson,
    StudentPerson,
)
from contracts.vocabulary import Attendance, MeetingPurpose, MeetingRole

OF_THE_IEP_TEAM = frozenset(
    {
        MeetingPurpose.INITIAL, MeetingPurpose.ANNUAL_REVIEW, MeetingPurpose.AMENDMENT, MeetingPurpose.REEVALUATION,
        MeetingPurpose.PLACEMENT,
    }
)  # fmt: skip
"""Meetings of an IEP team (300.321)."""
ANNUAL = frozenset({MeetingPurpose.INITIAL, MeetingPurpose.ANNUAL_REVIEW})
"""A year later the next is due."""


@dataclass
class MeetingFacts:
    """One meeting."""

    meeting_id: UUID
    scheduled: Recorded[MeetingScheduled] | None = None
    starts_on: date | None = None
    invitations: list[Recorded[MeetingInvitationRecorded]] = field(default_factory=list)
    attempts: list[Recorded[MeetingAttemptRecorded]] = field(default_factory=list)
    attendance: dict[AnyPerson, Recorded[AttendanceRecorded]] = field(default_factory=dict)
    """The newest record of each person."""
    held: Recorded[MeetingHeld] | None = None

    @property
    def purpose(self) -> MeetingPurpose | None:
        """What it was called for."""
        return self.scheduled.event.purpose if self.scheduled else None

    @property
    def plan_id(self) -> UUID | None:
        """The plan it is about, where that was said."""
        return self.scheduled.event.plan_id if self.scheduled else None

    @property
    def held_on(self) -> date | None:
        """The day it took place."""
        return self.held.effective_on if self.held else None

    def present(self) -> frozenset[MeetingRole]:
        """The roles of whoever was there."""
        return self._roles(Attendance.PRESENT)

    def excused(self) -> frozenset[MeetingRole]:
        """The roles of whoever was excused."""
        return self._roles(Attendance.EXCUSED)

    def _roles(self, how: Attendance) -> frozenset[MeetingRole]:
        came = (entry.event for entry in self.attendance.values() if entry.event.attendance is how)
        return frozenset(role for event in came for role in event.roles)

    def staff(self) -> frozenset[UUID]:
        """The staff of the team: who was there or was excused."""
        return frozenset(
            person.staff_id
            for person, entry in self.attendance.items()
            if isinstance(person, StaffPerson) and entry.event.attendance is not Attendance.ABSENT
        )

    def invited_holders(self) -> list[Recorded[MeetingInvitationRecorded]]:
        """Notices given to whoever holds rights."""
        return [each for each in self.invitations if isinstance(each.event.person, HolderPerson)]

    def student_invited(self) -> bool:
        """The student was asked to come, or came."""
        asked = {each.person for each in self.scheduled.event.invitees} if self.scheduled else set()
        asked |= {each.event.person for each in self.invitations}
        return any(isinstance(person, StudentPerson) for person in (*asked, *self.attendance))


def meetings_of(
    entries: Iterable[Recorded[Event]], day_of: Callable[[datetime], date]
) -> tuple[MeetingFacts, ...]:
    """Every meeting, in the order in which they became known."""
    found: dict[UUID, MeetingFacts] = {}
    for entry in entries:
        event = entry.event
        if not isinstance(
            event,
            MeetingScheduled
            | MeetingInvitationRecorded
            | MeetingAttemptRecorded
            | AttendanceRecorded
            | MeetingHeld,
        ):
            continue
        of = found.setdefault(event.meeting_id, MeetingFacts(event.meeting_id))
        match event:
            case MeetingScheduled():
                of.scheduled, of.starts_on = entry, day_of(event.starts_at)  # type: ignore[assignment]
            case MeetingInvitationRecorded():
                of.invitations.append(entry)  # type: ignore[arg-type]
            case MeetingAttemptRecorded():
                of.attempts.append(entry)  # type: ignore[arg-type]
            case AttendanceRecorded():
                of.attendance[event.person] = entry  # type: ignore[assignment]
            case MeetingHeld():
                of.held = of.held or entry  # type: ignore[assignment]
    return tuple(found.values())
