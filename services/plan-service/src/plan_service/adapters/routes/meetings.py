"""Meetings: set, moved, held."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.canonical import Instant
from contracts.fields import ExternalId, LanguageTag, Line, Narrative, PlanId, StudentId
from contracts.ids import new_id
from contracts.meetings import Guest, Invitee
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import MeetingMode, MeetingPurpose
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import student_of_meeting
from plan_service.application.desk import Desk
from plan_service.application.meetings import Around, decide_about_meeting
from plan_service.application.shown import MeetingShown
from plan_service.domain.document import documents_of
from plan_service.domain.meeting_held import HoldMeeting, MeetingNotHeld, hold_meeting
from plan_service.domain.meeting_notice import (
    MeetingAlreadyHeld,
    MeetingNotArranged,
    ScheduleMeeting,
    must_be_set,
    schedule_meeting,
)
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["meetings"])
KIND = "meeting"
STAFF = {"kind": "staff", "staff_id": "5e91a5c4-67b6-53dc-b6a6-3901406001c4"}
PARENT = {"kind": "rights_holder", "holder_id": "d6a6d22f-75d0-5eef-af30-17c1a228c4c4"}
EXAMPLE: dict[str, Any] = {
    "student": "92f519a9-b220-59a7-a3fd-4a213fb2d235",
    "purpose": "annual_review",
    "starts_at": "2026-12-03T15:30:00-06:00",
    "place": "Room 4",
    "invitees": [
        {"person": PARENT, "roles": ["parent"]},
        {"person": STAFF, "roles": ["special_education_teacher", "agency_representative"]},
    ],
}
MOVED = {name: value for name, value in EXAMPLE.items() if name != "student"} | {
    "starts_at": "2026-12-07T15:30:00-06:00"
}
HELD = {"held_on": "2026-12-03", "parent_present": True, "interpreter_language": "es"}


class MeetingAgainIn(Form):
    """When, where, what for, and who is asked to come."""

    purpose: MeetingPurpose
    starts_at: Instant
    place: Line | None = None
    mode: MeetingMode = MeetingMode.IN_PERSON
    transition_discussed: bool = False
    """Then the student is always invited."""
    plan: PlanId | None = None
    invitees: tuple[Invitee, ...] = Field(default=(), max_length=100)
    guests: tuple[Guest, ...] = Field(default=(), max_length=50)
    """The names of guests among the invitees, by an id of your own."""
    notes: Narrative | None = None
    reported: ReportedIn | None = None

    def to_command(
        self, meeting_id: UUID, student_id: UUID, external_id: str | None, around: Around
    ) -> ScheduleMeeting:
        """What the domain decides about."""
        return ScheduleMeeting(
            meeting_id=meeting_id,
            student_id=student_id,
            purpose=self.purpose,
            starts_at=self.starts_at,
            today=around.seen.today,
            zone=around.seen.zone,
            known=around.known,
            invitees=self.invitees,
            guests=self.guests,
            transition_discussed=self.transition_discussed,
            plan_id=self.plan,
            place=self.place,
            mode=self.mode,
            notes=self.notes,
            external_id=external_id,
            reported=reported_value(self.reported),
        )


class MeetingIn(MeetingAgainIn):
    """A meeting of an IEP team or a 504 group."""

    student: StudentId
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same meeting again answers 200 with the first."""


class HeldIn(Form):
    """The meeting took place."""

    held_on: date | None = None
    """The day it was set for, where nothing is said."""
    parent_present: bool | None = None
    """Found from the attendance; where it is said it must not contradict that."""
    interpreter_language: LanguageTag | None = None
    notes: Narrative | None = None
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    """The signed list of who was there, the minutes, among the student's documents."""
    reported: ReportedIn | None = None


@routes.get("/meetings", response_model=Page[MeetingShown])
async def get_meetings(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the meetings about the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/meetings/{meeting_id}", response_model=MeetingShown)
async def get_meeting(asked: Asked, who: Reads, meeting_id: UUID) -> Response:
    """Read a meeting."""
    return await asked.one(KIND, meeting_id)


@routes.post(
    "/meetings", response_model=MeetingShown, status_code=201, responses=problems(MeetingNotArranged)
)
async def post_meeting(
    asked: Asked, who: WritesOrReports, body: Annotated[MeetingIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Set a meeting for a time and place."""
    may_write_or_report(who, body.reported)
    await asked.must_see(body.student)
    meeting_id = new_id()

    async def schedule(making: Making) -> Appended:
        return await decide_about_meeting(
            Desk(asked.store), asked.context, meeting_id, body.student, [each.person for each in body.invitees],
            lambda around: schedule_meeting(
                around.meeting, body.to_command(meeting_id, body.student, body.external_id, around)
            ),
            claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond(KIND, meeting_id, schedule, external_id=body.external_id)


@routes.put(
    "/meetings/{meeting_id}", response_model=MeetingShown,
    responses=problems(MeetingNotArranged, MeetingAlreadyHeld),
)  # fmt: skip
async def put_meeting(
    asked: Asked,
    who: WritesOrReports,
    if_match: IfMatch,
    meeting_id: UUID,
    body: Annotated[MeetingAgainIn, Body(examples=[MOVED])],
) -> Response:
    """Set a meeting anew, in full, while it has not been held: the newer time, place and invitees hold."""
    may_write_or_report(who, body.reported)
    student_id = await student_of_meeting(asked, meeting_id)

    def schedule(around: Around) -> Any:
        must_be_set(around.meeting)
        command = body.to_command(meeting_id, student_id, around.meeting.external_id, around)
        return schedule_meeting(around.meeting, command)

    appended = await decide_about_meeting(
        Desk(asked.store), asked.context, meeting_id, student_id, [each.person for each in body.invitees], schedule,
        if_match=if_match,
    )  # fmt: skip
    return await asked.answer(appended, KIND, meeting_id)


@routes.post(
    "/meetings/{meeting_id}/held",
    response_model=MeetingShown,
    responses=problems(MeetingNotHeld, RuleSetNotShipped),
)
async def post_held(
    asked: Asked,
    who: WritesOrReports,
    if_match: IfMatch,
    meeting_id: UUID,
    body: Annotated[HeldIn, Body(examples=[HELD])],
) -> Response:
    """Record that a meeting took place. Record first who took part: `POST .../attendance`."""
    may_write_or_report(who, body.reported)
    student_id = await student_of_meeting(asked, meeting_id)

    def hold(around: Around) -> Any:
        command = HoldMeeting(
            body.held_on, around.seen.today, around.seen.zone, body.parent_present, body.interpreter_language,
            body.notes, around.seen.rules, reported_value(body.reported),
            documents_of(around.student, body.documents, "/documents"),
        )  # fmt: skip
        return hold_meeting(around.meeting, command, around.student)

    async def do(making: Making) -> Appended:
        return await decide_about_meeting(
            Desk(asked.store), asked.context, meeting_id, student_id, (), hold, if_match=if_match,
            answer=making.answer, reported=reported_value(body.reported),
        )  # fmt: skip

    return await asked.respond(KIND, meeting_id, do)
