"""Ended plans that bind again: asked for by one person, approved by another."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Body
from starlette.responses import Response

from contracts.fields import ExternalId, Narrative
from contracts.ids import new_id
from contracts.vocabulary import ReopeningGround
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    Writes,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.of_a_plan import must_be_a_plan, one_of_plan
from plan_service.adapters.routes.shapes import ReopeningOut
from plan_service.adapters.routes.two_people import page_of_both, person, respond_waiting
from plan_service.application.adopting import AnotherPlanInEffect
from plan_service.application.taking_back import Reopenings
from plan_service.application.working_papers import Kind
from plan_service.domain.reopening import NotEnded, ReopeningRefused, RequestReopening
from plan_service.domain.second_person import SecondPersonRequired
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["plans"])
KIND: Kind = "reopening"
EXAMPLE = {"ground": "mistake", "reason": "Another student of the same name had graduated."}


class ReopeningIn(Form):
    """Why an ended plan binds again, as it was. What is to be decided anew is its next version."""

    ground: ReopeningGround
    reason: Narrative
    effective_on: date | None = None
    """The first day on which it binds again; today where nothing is said. Of a mistake it is the day of the end."""
    document: UUID | None = None
    """What shows it, among the student's documents."""
    external_id: ExternalId | None = None
    reported: ReportedIn | None = None


@routes.post(
    "/plans/{plan_id}/reopenings", status_code=201, response_model=ReopeningOut,
    responses=problems(ReopeningRefused, NotEnded),
)  # fmt: skip
async def post_reopening(
    plan_id: UUID, if_match: IfMatch, asked: Asked, who: WritesOrReports,
    body: Annotated[ReopeningIn, Body(openapi_examples={"ended by mistake": {"value": EXAMPLE}})],
) -> Response:  # fmt: skip
    """Ask that an ended plan bind again. It waits for a second person and changes nothing until then.

    For an end that was a mistake, or a student who is back within the plan's year. What ended for good (a diploma, no
    longer eligible, consent revoked) begins anew with an evaluation.
    """
    may_write_or_report(who, body.reported)
    wanted = RequestReopening(
        reopening_id=new_id(), ground=body.ground, reason=body.reason, requested_by=person(who),
        effective_on=body.effective_on, external_id=body.external_id, reported=reported_value(body.reported),
    )  # fmt: skip

    async def request(making: Making) -> Appended:
        return await Reopenings(asked.store).request(
            asked.context, plan_id, wanted, body.document, if_match=if_match, claims=making.claims,
            answer=making.answer,
        )  # fmt: skip

    id_ = wanted.reopening_id
    location = f"{asked.request.scope['path']}/{id_}"
    return await respond_waiting(asked, KIND, id_, request, external_id=body.external_id, location=location)


@routes.get("/plans/{plan_id}/reopenings", response_model=Page[ReopeningOut])
async def get_reopenings(plan_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the plan's reopenings, a page at a time: `status` tells those that wait from those that stand."""
    await must_be_a_plan(asked, plan_id)
    return await page_of_both(asked, KIND, plan_id, listing)


@routes.get("/plans/{plan_id}/reopenings/{reopening_id}", response_model=ReopeningOut)
async def get_reopening(plan_id: UUID, reopening_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read a reopening, one that waits for its second person too."""
    return await one_of_plan(asked, KIND, plan_id, reopening_id)


@routes.post(
    "/plans/{plan_id}/reopenings/{reopening_id}/approval", response_model=ReopeningOut,
    responses=problems(SecondPersonRequired, ReopeningRefused, NotEnded, AnotherPlanInEffect),
)  # fmt: skip
async def post_reopening_approval(
    plan_id: UUID, reopening_id: UUID, if_match: IfMatch, asked: Asked, who: Writes
) -> Response:
    """Approve a reopening somebody else has asked for: the plan binds again; its end stays visible."""

    async def approve(making: Making) -> Appended:
        return await Reopenings(asked.store).approve(
            asked.context, plan_id, reopening_id, approved_by=person(who), if_match=if_match, answer=making.answer
        )  # fmt: skip

    return await asked.respond(KIND, reopening_id, approve)


@routes.delete("/plans/{plan_id}/reopenings/{reopening_id}", status_code=204)
async def delete_reopening(
    plan_id: UUID, reopening_id: UUID, if_match: IfMatch, asked: Asked, who: Writes
) -> Response:
    """Give a reopening up that waits for its second person. Nothing is kept of it."""
    await Reopenings(asked.store).approvals.drop(asked.tenant, plan_id, reopening_id, if_match=if_match)
    return Response(status_code=204)
