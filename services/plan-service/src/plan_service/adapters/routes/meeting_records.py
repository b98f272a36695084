"""What is recorded of one person and a meeting: the invitation, attempts to reach them, whether they took part."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, LanguageTag, Narrative
from contracts.ids import new_id
from contracts.meetings import Excusal, Guest, Person
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import (
    AttemptMeans,
    AttemptResult,
    Attendance,
    Channel,
    InvitationPart,
    MeetingMode,
    MeetingRole,
)
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.meetings import PARENT
from plan_service.adapters.routes.reading import one_of_meeting, page_of_meeting, student_of_meeting
from plan_service.application.desk import Desk
from plan_service.application.meetings import Around, decide_about_meeting
from plan_service.application.shown import AttemptShown, AttendanceShown, InvitationShown
from plan_service.application.shown_meetings import attendance_id
from plan_service.domain.document import document_of, documents_of
from plan_service.domain.meeting_held import ExcusalNotValid, RecordAttendance, record_attendance
from plan_service.domain.meeting_notice import (
    MeetingNotArranged,
    RecordAttempt,
    RecordInvitation,
    record_attempt,
    record_invitation,
)
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["meetings"])
INVITED: dict[str, Any] = {
    "person": PARENT,
    "channel": "letter",
    "given_on": "2026-11-20",
    "language": "es",
    "parts": ["purpose", "time", "place", "attendees", "right_to_bring_others"],
}
TRIED: dict[str, Any] = {"person": PARENT, "means": "phone", "result": "no_answer", "tried_on": "2026-11-18"}
TOOK_PART: dict[str, Any] = {"person": PARENT, "roles": ["parent"], "attendance": "present"}


class InvitationIn(Form):
    """Somebody was given notice of the meeting."""

    person: Person
    channel: Channel
    given_on: date | None = None
    """Today where nothing is said."""
    language: LanguageTag | None = None
    parts: tuple[InvitationPart, ...] = ()
    """What the notice said (34 CFR 300.322(b))."""
    guest: Guest | None = None
    """The name of a guest who was not among the invitees."""
    document: UUID | None = None
    """The letter, among the student's documents."""
    external_id: ExternalId | None = None
    reported: ReportedIn | None = None

    def to_command(self, invitation_id: UUID, around: Around) -> RecordInvitation:
        """What the domain decides about."""
        return RecordInvitation(
            invitation_id=invitation_id, person=self.person, channel=self.channel,
            parts=tuple(dict.fromkeys(self.parts)), today=around.seen.today, zone=around.seen.zone, known=around.known,
            given_on=self.given_on, language=self.language, guest=self.guest,
            document=document_of(around.student, self.document, "/document"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


class AttemptIn(Form):
    """One attempt to arrange the meeting with a parent, and its result (34 CFR 300.322(d))."""

    person: Person
    means: AttemptMeans
    result: AttemptResult
    tried_on: date | None = None
    """Today where nothing is said."""
    words: Narrative | None = None
    """What came of it, in words."""
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    """The letter that came back, the log of the calls, among the student's documents."""
    external_id: ExternalId | None = None
    reported: ReportedIn | None = None

    def to_command(self, attempt_id: UUID, around: Around) -> RecordAttempt:
        """What the domain decides about."""
        return RecordAttempt(
            attempt_id=attempt_id, person=self.person, means=self.means, result=self.result,
            today=around.seen.today, known=around.known, tried_on=self.tried_on, words=self.words,
            documents=documents_of(around.student, self.documents, "/documents"),
            external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


class AttendanceIn(Form):
    """How somebody took part, or was excused beforehand."""

    person: Person
    roles: tuple[MeetingRole, ...] = Field(min_length=1, max_length=12)
    attendance: Attendance
    mode: MeetingMode = MeetingMode.IN_PERSON
    excusal: Excusal | None = None
    """How a member was excused (34 CFR 300.321(e)); with `"attendance": "excused"` and only then."""
    guest: Guest | None = None
    """The name of a guest who was not among the invitees."""
    notes: Narrative | None = None
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    """The signed excusal, the member's written input, among the student's documents."""
    external_id: ExternalId | None = None
    reported: ReportedIn | None = None

    def to_command(self, around: Around) -> RecordAttendance:
        """What the domain decides about."""
        return RecordAttendance(
            person=self.person, roles=tuple(dict.fromkeys(self.roles)), attendance=self.attendance,
            today=around.seen.today, zone=around.seen.zone, known=around.known, mode=self.mode, excusal=self.excusal,
            guest=self.guest, notes=self.notes, documents=documents_of(around.student, self.documents, "/documents"),
            rules=around.seen.rules, external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/meetings/{meeting_id}/invitations", response_model=Page[InvitationShown])
async def get_invitations(asked: Asked, who: Reads, meeting_id: UUID, listing: Listed) -> Response:
    """List who was told of a meeting."""
    return await page_of_meeting(asked, "invitation", meeting_id, listing)


@routes.get("/meetings/{meeting_id}/invitations/{invitation_id}", response_model=InvitationShown)
async def get_invitation(asked: Asked, who: Reads, meeting_id: UUID, invitation_id: UUID) -> Response:
    """Read an invitation."""
    return await one_of_meeting(asked, "invitation", meeting_id, invitation_id)


@routes.post(
    "/meetings/{meeting_id}/invitations", response_model=InvitationShown, status_code=201,
    responses=problems(MeetingNotArranged),
)  # fmt: skip
async def post_invitation(
    asked: Asked,
    who: WritesOrReports,
    meeting_id: UUID,
    body: Annotated[InvitationIn, Body(examples=[INVITED])],
) -> Response:
    """Record that somebody was given notice of the meeting, and what it said."""
    may_write_or_report(who, body.reported)
    student_id, invitation_id = await student_of_meeting(asked, meeting_id), new_id()

    async def record(making: Making) -> Appended:
        return await decide_about_meeting(
            Desk(asked.store), asked.context, meeting_id, student_id, (body.person,),
            lambda around: record_invitation(around.meeting, body.to_command(invitation_id, around)),
            claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond("invitation", invitation_id, record, external_id=body.external_id)


@routes.get("/meetings/{meeting_id}/attempts", response_model=Page[AttemptShown])
async def get_attempts(asked: Asked, who: Reads, meeting_id: UUID, listing: Listed) -> Response:
    """List the attempts to arrange a meeting."""
    return await page_of_meeting(asked, "attempt", meeting_id, listing)


@routes.get("/meetings/{meeting_id}/attempts/{attempt_id}", response_model=AttemptShown)
async def get_attempt(asked: Asked, who: Reads, meeting_id: UUID, attempt_id: UUID) -> Response:
    """Read an attempt."""
    return await one_of_meeting(asked, "attempt", meeting_id, attempt_id)


@routes.post("/meetings/{meeting_id}/attempts", response_model=AttemptShown, status_code=201)
async def post_attempt(
    asked: Asked, who: WritesOrReports, meeting_id: UUID, body: Annotated[AttemptIn, Body(examples=[TRIED])]
) -> Response:
    """Record one attempt to arrange the meeting with somebody, and its result."""
    may_write_or_report(who, body.reported)
    student_id, attempt_id = await student_of_meeting(asked, meeting_id), new_id()

    async def record(making: Making) -> Appended:
        return await decide_about_meeting(
            Desk(asked.store), asked.context, meeting_id, student_id, (body.person,),
            lambda around: record_attempt(around.meeting, body.to_command(attempt_id, around)),
            claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond("attempt", attempt_id, record, external_id=body.external_id)


@routes.get("/meetings/{meeting_id}/attendance", response_model=Page[AttendanceShown])
async def get_attendance(asked: Asked, who: Reads, meeting_id: UUID, listing: Listed) -> Response:
    """List who took part in a meeting, or was excused."""
    return await page_of_meeting(asked, "attendance", meeting_id, listing)


@routes.get("/meetings/{meeting_id}/attendance/{attendance_id}", response_model=AttendanceShown)
async def get_one_attendance(asked: Asked, who: Reads, meeting_id: UUID, attendance_id: UUID) -> Response:
    """Read how somebody took part."""
    return await one_of_meeting(asked, "attendance", meeting_id, attendance_id)


@routes.post(
    "/meetings/{meeting_id}/attendance", response_model=AttendanceShown, status_code=201,
    responses=problems(ExcusalNotValid, RuleSetNotShipped),
)  # fmt: skip
async def post_attendance(
    asked: Asked, who: WritesOrReports, meeting_id: UUID,
    body: Annotated[AttendanceIn, Body(examples=[TOOK_PART])],
) -> Response:  # fmt: skip
    """Record how somebody took part; once more for the same person, the newer record holds."""
    may_write_or_report(who, body.reported)
    student_id, id = await student_of_meeting(asked, meeting_id), attendance_id(meeting_id, body.person)

    async def record(making: Making) -> Appended:
        return await decide_about_meeting(
            Desk(asked.store), asked.context, meeting_id, student_id, (body.person,),
            lambda around: record_attendance(around.meeting, body.to_command(around), around.student),
            claims=making.claims, answer=making.answer, reported=reported_value(body.reported),
        )  # fmt: skip

    return await asked.respond("attendance", id, record, external_id=body.external_id)
