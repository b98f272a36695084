"""Plans that never bound: made for the wrong student, or twice. Asked for by one person, approved by another."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, Narrative, NoticeId, PlanId, StaffId
from contracts.ids import new_id
from contracts.problems import NotFound
from contracts.vocabulary import VoidGround
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    Writes,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.of_a_plan import must_be_a_plan
from plan_service.adapters.routes.shapes import VoidOut
from plan_service.adapters.routes.two_people import person, respond_waiting
from plan_service.application.situation import must_work_here
from plan_service.application.taking_back import Voids, VoidWaits
from plan_service.application.working_papers import Kind
from plan_service.domain.second_person import SecondPersonRequired
from plan_service.domain.voiding import PlanIsVoid, RequestVoid, VoidRefused
from runtime import resources
from runtime.append_request import Appended
from runtime.call import Asked, Call, Making
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Listing, Page

routes = Routes(prefix="/plan/v1", tags=["plans"])
KIND: Kind = "void"
EXAMPLE: dict[str, Any] = {
    "ground": "duplicate",
    "duplicate_of": "7b974bf6-412a-5696-b8cb-6f91cf6cb2f1",
    "reason": "The same IEP had been entered twice, once by the roster's import.",
    "told_holders": ["d6a6d22f-75d0-5eef-af30-17c1a228c4c4"],
    "told_staff": ["5e91a5c4-67b6-53dc-b6a6-3901406001c4"],
}


class VoidIn(Form):
    """Why the plan never bound, and who relied on it and was told. A plan that did bind is ended instead."""

    ground: VoidGround
    reason: Narrative
    duplicate_of: PlanId | None = None
    """Of `duplicate`: the plan that stands."""
    told_holders: tuple[HolderId, ...] = ()
    """The rights holders who were told that it never bound."""
    told_staff: tuple[StaffId, ...] = ()
    """Those of the staff who had relied on it and were told."""
    notices: tuple[NoticeId, ...] = ()
    """The notices that told them."""
    document: UUID | None = None
    """What shows it, among the student's documents."""
    external_id: ExternalId | None = None
    reported: ReportedIn | None = None


@routes.get("/voids", response_model=Page[VoidOut])
async def get_voids(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the plans that were found void, of the students you may see."""
    return await asked.page(KIND, listing)


@routes.post(
    "/plans/{plan_id}/void", status_code=201, response_model=VoidOut,
    responses=problems(VoidRefused, PlanIsVoid, VoidWaits),
)  # fmt: skip
async def post_void(
    plan_id: UUID, if_match: IfMatch, asked: Asked, who: WritesOrReports,
    body: Annotated[VoidIn, Body(openapi_examples={"entered twice": {"value": EXAMPLE}})],
) -> Response:  # fmt: skip
    """Ask that it be stated that the plan never bound. It waits for a second person and changes nothing until then."""
    may_write_or_report(who, body.reported)
    wanted = RequestVoid(
        void_id=new_id(), ground=body.ground, reason=body.reason, requested_by=person(who),
        duplicate_of=body.duplicate_of, holder_ids=tuple(dict.fromkeys(body.told_holders)),
        staff_ids=tuple(dict.fromkeys(body.told_staff)), notice_ids=tuple(dict.fromkeys(body.notices)),
        external_id=body.external_id, reported=reported_value(body.reported),
    )  # fmt: skip

    async def request(making: Making) -> Appended:
        for staff_id in wanted.staff_ids:
            await must_work_here(asked.store, asked.tenant, staff_id)
        return await Voids(asked.store).request(
            asked.context, plan_id, wanted, body.document, if_match=if_match, claims=making.claims,
            answer=making.answer,
        )  # fmt: skip

    return await respond_waiting(
        asked, KIND, wanted.void_id, request, external_id=body.external_id, location=asked.request.scope["path"]
    )  # fmt: skip


@routes.get("/plans/{plan_id}/void", response_model=VoidOut)
async def get_void(plan_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read that the plan never bound, or that somebody has asked for it to be stated."""
    shown = await asked.shown(KIND, await _void_of(asked, plan_id))
    return Response(shown.body(), 200, {"ETag": shown.etag}, "application/json")


@routes.post(
    "/plans/{plan_id}/void/approval", response_model=VoidOut,
    responses=problems(SecondPersonRequired, VoidRefused, PlanIsVoid),
)  # fmt: skip
async def post_void_approval(plan_id: UUID, if_match: IfMatch, asked: Asked, who: Writes) -> Response:
    """Approve a void somebody else has asked for: the plan never bound; it stays to be read, struck through."""
    void_id = await _void_of(asked, plan_id)

    async def approve(making: Making) -> Appended:
        return await Voids(asked.store).approve(
            asked.context, plan_id, void_id, approved_by=person(who), if_match=if_match, answer=making.answer
        )  # fmt: skip

    return await asked.respond(KIND, void_id, approve)


@routes.delete("/plans/{plan_id}/void", status_code=204)
async def delete_void(plan_id: UUID, if_match: IfMatch, asked: Asked, who: Writes) -> Response:
    """Give a void up that waits for its second person. Nothing is kept of it."""
    void_id = await _void_of(asked, plan_id)
    await Voids(asked.store).approvals.drop(asked.tenant, plan_id, void_id, if_match=if_match)
    return Response(status_code=204)


async def _void_of(asked: Call, plan_id: UUID) -> UUID:
    """The one that waits or stands: there is one of a plan. Raises `NotFound`."""
    await must_be_a_plan(asked, plan_id)
    for paper in await Voids(asked.store).approvals.papers.of_plan(asked.tenant, plan_id, KIND):
        return paper.id
    async with asked.edge.service.database.read(asked.tenant) as rows:
        found, _ = await resources.find_page(
            rows, asked.tenant, KIND, Listing(limit=1), fields={"plan": str(plan_id)}
        )
    if not found:
        raise NotFound("Nobody has asked that this plan be void.")
    return found[0].id
