"""Answering what was asked for; of the record also the hearing and the statement (34 CFR 300.613-620, 300.502)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, MeetingId, Narrative, NoticeId, StaffId
from contracts.ids import new_id
from contracts.vocabulary import RequestOutcome, RequestVia
from plan_service.adapters.routes.about_student import respond_about_student
from plan_service.adapters.routes.forms import (
    Form,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import must_be_of_student
from plan_service.application.deciding import meeting_of
from plan_service.application.desk import Seen
from plan_service.application.shown import RequestShown
from plan_service.domain.document import documents_of
from plan_service.domain.request_answer import (
    AnswerRefused,
    AnswerRequest,
    AskRecordHearing,
    DecideRecordHearing,
    HearingNotOwed,
    PlaceStatement,
    RequestClosed,
    StatementRefused,
    answer_request,
    ask_record_hearing,
    decide_record_hearing,
    place_statement,
)
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.going_on import GOES_ON
from runtime.http import IfMatch, Routes
from runtime.openapi import problems

routes = Routes(prefix="/plan/v1", tags=["requests"])
KIND = "request"
MOTHER = "d6a6d22f-75d0-5eef-af30-17c1a228c4c4"
ANSWERED: dict[str, Any] = {
    "outcome": "refused",
    "answered_on": "2026-03-20",
    "hearing_right_told": True,
    "words": "The observation of 12 January is as the teacher wrote it that day.",
}
ASKED: dict[str, Any] = {"holder": MOTHER, "via": "letter", "asked_on": "2026-03-27"}
DECIDED: dict[str, Any] = {"amended": False, "statement_right_told": True, "decided_on": "2026-05-04"}
PLACED: dict[str, Any] = {"holder": MOTHER, "text": "She was ill that day.", "placed_on": "2026-05-11"}
Documents = Annotated[tuple[UUID, ...], Field(max_length=100)]


class StepIn(Form):
    """What every step of a request may carry."""

    documents: Documents = ()
    """Among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id for the step. The same again answers 200 with the request, and records nothing."""
    reported: ReportedIn | None = None


class RequestAnswerIn(StepIn):
    """How the district answers."""

    outcome: RequestOutcome
    answered_on: date | None = None
    """Today where nothing is said."""
    staff: StaffId | None = None
    notice: NoticeId | None = None
    """The notice in which it is answered."""
    meeting: MeetingId | None = None
    """The meeting that was asked for."""
    dispute: UUID | None = None
    """With `hearing_filed`: the district's due process complaint."""
    hearing_right_told: bool = False
    """Of a refusal to change the record: the person was told of the right to a hearing."""
    words: Narrative | None = None

    def to_command(self, request_id: UUID, seen: Seen[Student]) -> AnswerRequest:
        """What the domain decides about."""
        meeting = meeting_of(seen, self.meeting)
        return AnswerRequest(
            request_id=request_id, outcome=self.outcome, today=seen.today, answered_on=self.answered_on,
            staff_id=self.staff, notice_id=self.notice, meeting_id=meeting.meeting_id if meeting else None,
            dispute_id=self.dispute, hearing_right_told=self.hearing_right_told, words=self.words,
            documents=documents_of(seen.state, self.documents, "/documents"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


class RecordHearingIn(StepIn):
    """Somebody asks for a hearing about the record."""

    via: RequestVia
    asked_on: date | None = None
    """Today where nothing is said."""
    holder: HolderId | None = None
    words: Narrative | None = None

    def to_command(self, request_id: UUID, seen: Seen[Student]) -> AskRecordHearing:
        """What the domain decides about."""
        return AskRecordHearing(
            request_id=request_id, via=self.via, today=seen.today, asked_on=self.asked_on, holder_id=self.holder,
            words=self.words, documents=documents_of(seen.state, self.documents, "/documents"),
            external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


class RecordHearingDecisionIn(StepIn):
    """What the hearing decided."""

    amended: bool
    """The record was changed, and the person told so."""
    decided_on: date | None = None
    """Today where nothing is said."""
    statement_right_told: bool = False
    """Where it was not: the person was told that a statement may be placed in the record."""
    words: Narrative | None = None

    def to_command(self, request_id: UUID, seen: Seen[Student]) -> DecideRecordHearing:
        """What the domain decides about."""
        return DecideRecordHearing(
            request_id=request_id, amended=self.amended, today=seen.today, decided_on=self.decided_on,
            statement_right_told=self.statement_right_told, words=self.words,
            documents=documents_of(seen.state, self.documents, "/documents"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


class RecordStatementIn(StepIn):
    """A statement on what was not changed."""

    holder: HolderId
    text: Narrative
    """In the writer's own words, unedited."""
    placed_on: date | None = None
    """Today where nothing is said."""

    def to_command(self, request_id: UUID, statement_id: UUID, seen: Seen[Student]) -> PlaceStatement:
        """What the domain decides about."""
        return PlaceStatement(
            request_id=request_id, record_statement_id=statement_id, holder_id=self.holder, text=self.text,
            today=seen.today, placed_on=self.placed_on,
            documents=documents_of(seen.state, self.documents, "/documents"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


@routes.post(
    "/students/{student_id}/requests/{request_id}/answer", response_model=RequestShown,
    responses=problems(AnswerRefused, RequestClosed), dependencies=[GOES_ON],
)  # fmt: skip
async def post_request_answer(
    asked: Asked, who: WritesOrReports, if_match: IfMatch, student_id: UUID, request_id: UUID,
    body: Annotated[RequestAnswerIn, Body(examples=[ANSWERED])],
) -> Response:  # fmt: skip
    """Answer a request, each kind by its own rule. Late it is still taken, and `in_time` is false."""
    may_write_or_report(who, body.reported)
    await must_be_of_student(asked, KIND, student_id, request_id)

    return await respond_about_student(
        asked, KIND, request_id, student_id,
        lambda seen: answer_request(seen.state, body.to_command(request_id, seen)), staff={"/staff": body.staff},
        meeting=body.meeting, reported=reported_value(body.reported), if_match=if_match,
        external_id=body.external_id, claimed_as="request_answer",
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/requests/{request_id}/hearing", response_model=RequestShown,
    responses=problems(HearingNotOwed, RequestClosed),
)  # fmt: skip
async def post_record_hearing(
    asked: Asked, who: WritesOrReports, student_id: UUID, request_id: UUID,
    body: Annotated[RecordHearingIn, Body(examples=[ASKED])],
) -> Response:  # fmt: skip
    """Record that a hearing is asked for about a change of the record that was refused."""
    may_write_or_report(who, body.reported)

    return await respond_about_student(
        asked, KIND, request_id, student_id,
        lambda seen: ask_record_hearing(seen.state, body.to_command(request_id, seen)),
        reported=reported_value(body.reported),
        external_id=body.external_id, claimed_as="record_hearing",
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/requests/{request_id}/hearing-decision", response_model=RequestShown,
    responses=problems(HearingNotOwed, RequestClosed),
)  # fmt: skip
async def post_record_hearing_decision(
    asked: Asked, who: WritesOrReports, if_match: IfMatch, student_id: UUID, request_id: UUID,
    body: Annotated[RecordHearingDecisionIn, Body(examples=[DECIDED])],
) -> Response:  # fmt: skip
    """Record what the hearing about the record decided."""
    may_write_or_report(who, body.reported)
    await must_be_of_student(asked, KIND, student_id, request_id)

    return await respond_about_student(
        asked, KIND, request_id, student_id,
        lambda seen: decide_record_hearing(seen.state, body.to_command(request_id, seen)),
        reported=reported_value(body.reported), if_match=if_match,
        external_id=body.external_id, claimed_as="record_hearing_decision",
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/requests/{request_id}/statements", response_model=RequestShown,
    responses=problems(StatementRefused),
)  # fmt: skip
async def post_record_statement(
    asked: Asked, who: WritesOrReports, student_id: UUID, request_id: UUID,
    body: Annotated[RecordStatementIn, Body(examples=[PLACED])],
) -> Response:  # fmt: skip
    """Place a statement in the record, on what was not changed."""
    may_write_or_report(who, body.reported)
    statement_id = new_id()

    return await respond_about_student(
        asked, KIND, request_id, student_id,
        lambda seen: place_statement(seen.state, body.to_command(request_id, statement_id, seen)),
        reported=reported_value(body.reported),
        external_id=body.external_id, claimed_as="record_statement",
    )  # fmt: skip
