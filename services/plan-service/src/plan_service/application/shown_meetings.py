"""What is answered of meetings, and of each invitation, attempt and attendance."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid5

from contracts.event import Event
from contracts.meetings import (
    AnyPerson,
    AttendanceRecorded,
    MeetingAttemptRecorded,
    MeetingInvitationRecorded,
)
from plan_service.application.shown import (
    AttemptShown,
    AttendanceShown,
    InvitationShown,
    MeetingShown,
    OfMeeting,
)
from plan_service.application.shown_around import document_shown, documents_shown, reported_shown
from plan_service.domain.meeting import Meeting, key_of
from runtime.stream_model import Resource


def of_meeting(state: Meeting, event: Event) -> Iterator[Resource]:
    """The meeting, and the one thing the event recorded of it."""
    if state.meeting_id is None or state.student_id is None:
        return
    shown = meeting_shown(state)
    yield Resource("meeting", state.meeting_id, shown.kept(), state.student_id, state.external_id)
    match event:
        case MeetingInvitationRecorded():
            invitation = InvitationShown(
                **_common(state, event), channel=event.channel, given_on=event.effective_on, language=event.language,
                parts=event.parts, document=document_shown(event.document),
            )  # fmt: skip
            yield _resource("invitation", event.invitation_id, invitation)
        case MeetingAttemptRecorded():
            attempt = AttemptShown(
                **_common(state, event), means=event.means, result=event.result, tried_on=event.effective_on,
                words=event.personal.result if event.personal else None,
                documents=documents_shown(event.documents or ()),
            )  # fmt: skip
            yield _resource("attempt", event.attempt_id, attempt)
        case AttendanceRecorded():
            attendance = AttendanceShown(
                **_common(state, event), roles=event.roles, attendance=event.attendance, mode=event.mode,
                excusal=event.excusal, on=event.effective_on, documents=documents_shown(event.documents or ()),
            )  # fmt: skip
            yield _resource("attendance", attendance_id(state.meeting_id, event.person), attendance)
        case _:
            pass


def attendance_id(meeting_id: UUID, person: AnyPerson) -> UUID:
    """Of one person and one meeting there is one record of attendance; the newer holds."""
    return uuid5(meeting_id, key_of(person))


def meeting_shown(state: Meeting) -> MeetingShown:
    """The meeting as answered."""
    assert state.student_id is not None
    assert state.starts_at is not None
    return MeetingShown(
        student=state.student_id, external_id=state.external_id, purpose=state.purpose,
        transition_discussed=state.transition_discussed, plan=state.plan_id, starts_at=state.starts_at,
        place=state.place, mode=state.mode, invitees=state.invitees, guests=tuple(state.guests.values()),
        invitations=state.invited, attempts=state.attempts, attendance=len(state.attendance), held_on=state.held_on,
        parent_present=state.parent_present if state.held_on else None,
        interpreter_language=state.interpreter_language, documents=documents_shown(state.documents),
        reported=state.reported,
    )  # fmt: skip


def _common(
    state: Meeting, event: MeetingInvitationRecorded | MeetingAttemptRecorded | AttendanceRecorded
) -> dict[str, Any]:
    return {
        "student": state.student_id,
        "meeting": event.meeting_id,
        "person": event.person,
        "external_id": event.external_id,
        "reported": reported_shown(event.reported),
    }


def _resource(kind: str, id: UUID, shown: OfMeeting) -> Resource:
    return Resource(kind, id, shown.kept(), shown.student, shown.external_id)
