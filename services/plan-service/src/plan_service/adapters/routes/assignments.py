"""Who works with a student as what, and may therefore see the record."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from starlette.responses import Response

from contracts.fields import Code, ExternalId, StaffId
from contracts.ids import new_id
from plan_service.adapters.routes.bodies import Dated, From, OnIn, ReadsRoster, Until, WritesAround
from plan_service.adapters.routes.reading import one_of_student, page_of_student
from plan_service.adapters.routes.rights_holders import staff_of
from plan_service.application.desk import Desk
from plan_service.application.models import STAFF, STUDENT
from plan_service.application.shown import AssignmentShown
from plan_service.domain.assignment import Assign, assign, assignment_like, end_assignment
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["assignments"])
KIND = "assignment"
EXAMPLE: dict[str, Any] = {
    "staff": "5e91a5c4-67b6-53dc-b6a6-3901406001c4",
    "role": "case_manager",
    "from": "2025-08-25",
}
ENDED = {"on": "2026-01-12"}


class AssignmentIn(Dated):
    """A staff member works with the student in a role."""

    staff: StaffId
    role: Code
    """Of the list `staff_role`."""
    from_: From
    until: Until = None
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same assignment again answers 200 with the first."""


@routes.get("/assignments", response_model=Page[AssignmentShown])
async def get_all_assignments(asked: Asked, who: ReadsRoster, listing: Listed) -> Response:
    """List who works with the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/assignments", response_model=Page[AssignmentShown])
async def get_assignments(asked: Asked, who: ReadsRoster, student_id: UUID, listing: Listed) -> Response:
    """List who works, or worked, with a student."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/assignments/{assignment_id}", response_model=AssignmentShown)
async def get_assignment(asked: Asked, who: ReadsRoster, student_id: UUID, assignment_id: UUID) -> Response:
    """Read an assignment."""
    return await one_of_student(asked, KIND, student_id, assignment_id)


@routes.post("/students/{student_id}/assignments", response_model=AssignmentShown, status_code=201)
async def post_assignment(
    asked: Asked, who: WritesAround, student_id: UUID, body: Annotated[AssignmentIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Let a staff member work with the student, and see the record for as long."""
    command = Assign(new_id(), body.staff, body.role, body.from_, body.until, body.external_id)
    before = assignment_like(
        (await Desk(asked.store).see(asked.tenant, STUDENT, (student_id,))).state, command
    )
    assignment_id = before or command.assignment_id

    async def add(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id,
            lambda seen: assign(seen.state, command, seen.of(STAFF, body.staff)), beside=staff_of(body.staff),
            claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond(KIND, assignment_id, add, external_id=body.external_id)


@routes.post(
    "/students/{student_id}/assignments/{assignment_id}/end", response_model=AssignmentShown, dependencies=[GOES_ON]
)  # fmt: skip
async def post_assignment_end(
    asked: Asked,
    who: WritesAround,
    student_id: UUID,
    assignment_id: UUID,
    body: Annotated[OnIn, Body(examples=[ENDED])],
) -> Response:
    """End an assignment: `on` is the first day without it."""

    async def end(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id,
            lambda seen: end_assignment(seen.state, assignment_id, body.on), answer=making.answer,
        )  # fmt: skip

    return await asked.respond(KIND, assignment_id, end)
