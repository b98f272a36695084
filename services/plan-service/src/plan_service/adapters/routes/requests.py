"""What parents and adult students ask for, and must be answered."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, Narrative, NoticeId
from contracts.ids import new_id
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import RequestKind, RequestVia
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import one_of_student, page_of_student
from plan_service.application.desk import Desk, Seen
from plan_service.application.models import STUDENT
from plan_service.application.shown import RequestShown
from plan_service.domain.document import documents_of
from plan_service.domain.request import MakeRequest, make_request
from plan_service.domain.student import Student
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["requests"])
KIND = "request"
EXAMPLE: dict[str, Any] = {
    "kind": "records",
    "via": "letter",
    "made_on": "2026-03-02",
    "text": "Please send me everything about the evaluation.",
}


class RequestIn(Form):
    """What somebody asks for."""

    kind: RequestKind
    via: RequestVia
    made_on: date | None = None
    """Today where nothing is said."""
    holder: HolderId | None = None
    """Who asks; absent when the person is not known."""
    text: Narrative | None = None
    """In the person's own words."""
    notice: NoticeId | None = None
    """The notice on whose page it was made."""
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    """The letter, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same request again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, request_id: UUID, seen: Seen[Student]) -> MakeRequest:
        """What the domain decides about."""
        return MakeRequest(
            request_id=request_id,
            kind=self.kind,
            via=self.via,
            today=seen.today,
            made_on=self.made_on,
            holder_id=self.holder,
            text=self.text,
            notice_id=self.notice,
            documents=documents_of(seen.state, self.documents, "/documents"),
            rules=seen.rules,
            external_id=self.external_id,
            reported=reported_value(self.reported),
        )


@routes.get("/requests", response_model=Page[RequestShown])
async def get_all_requests(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List what was asked for about the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/requests", response_model=Page[RequestShown])
async def get_requests(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List what was asked for about a student."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/requests/{request_id}", response_model=RequestShown)
async def get_request(asked: Asked, who: Reads, student_id: UUID, request_id: UUID) -> Response:
    """Read a request."""
    return await one_of_student(asked, KIND, student_id, request_id)


@routes.post(
    "/students/{student_id}/requests",
    response_model=RequestShown,
    status_code=201,
    responses=problems(RuleSetNotShipped),
)
async def post_request(
    asked: Asked, who: WritesOrReports, student_id: UUID, body: Annotated[RequestIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Record what a parent or adult student asks for, by whoever asked it."""
    may_write_or_report(who, body.reported)
    request_id = new_id()

    async def make(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id,
            lambda seen: make_request(seen.state, body.to_command(request_id, seen)), claims=making.claims,
            answer=making.answer, reported=reported_value(body.reported),
        )  # fmt: skip

    return await asked.respond(KIND, request_id, make, external_id=body.external_id)
