"""Who carries out an item, and who was told of it (34 CFR 300.323(d), 104.33)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, Line
from contracts.plan import PlanEvent
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    Writes,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.of_a_plan import list_of_plan, one_of_plan
from plan_service.adapters.routes.shapes import InformedOut, ItemHolderOut, PlanOut
from plan_service.application.plan_model import item_holder_id
from plan_service.application.situation import Situation, decide, must_work_here
from plan_service.domain.amendment import NeverAdopted
from plan_service.domain.carrying_out import (
    AssignHolder,
    InformStaff,
    assign_holder,
    end_holder,
    inform_staff,
)
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["carrying out"])
HOLDER = "item_holder"
STAFF = "2b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e05"


class HolderIn(Form):
    """A staff member carries out an item."""

    staff: UUID
    from_: Annotated[date, Field(alias="from")]
    """The first day."""
    until: date | None = None
    """The last day, if it is known at the start."""


class HolderEndIn(Form):
    """The staff member no longer does."""

    on: date
    """The first day without them."""


class InformedIn(Form):
    """Somebody was told which items are theirs to carry out."""

    staff: UUID
    items: list[UUID] = Field(min_length=1)
    on: date
    """The day on which they were told."""
    how: Line
    """E.g. `in person`, `read it in Handrail`."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the plan, and records nothing."""
    reported: ReportedIn | None = None


@routes.post(
    "/plans/{plan_id}/items/{item_id}/holders", response_model=PlanOut, responses=problems(NeverAdopted)
)
async def post_holder(
    plan_id: UUID, item_id: UUID, asked: Asked, who: Writes,
    body: Annotated[HolderIn, Body(openapi_examples={"from today": {"value": {"staff": STAFF, "from": "2026-11-24"}}})],
) -> Response:  # fmt: skip
    """Say who carries out an item, from a day on. `GET /plans/{id}` shows the holders of each item."""
    await must_work_here(asked.store, asked.tenant, body.staff)

    def assign(seen: Situation) -> list[PlanEvent]:
        return assign_holder(seen.plan, AssignHolder(item_id, body.staff, body.from_, body.until))

    return await asked.respond("plan", plan_id, lambda making: decide(
        asked.store, asked.context, plan_id, assign, answer=making.answer))  # fmt: skip


@routes.get("/plans/{plan_id}/items/{item_id}/holders", response_model=Page[ItemHolderOut])
async def get_holders(plan_id: UUID, item_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List who carries out an item, or did, a page at a time."""
    return await list_of_plan(asked, HOLDER, plan_id, listing, item=str(item_id))


@routes.get("/plans/{plan_id}/items/{item_id}/holders/{staff}", response_model=ItemHolderOut)
async def get_holder(plan_id: UUID, item_id: UUID, staff: UUID, asked: Asked, who: Reads) -> Response:
    """Read since when, and until when, a staff member carries out an item."""
    return await one_of_plan(asked, HOLDER, plan_id, item_holder_id(plan_id, item_id, staff))


@routes.post(
    "/plans/{plan_id}/items/{item_id}/holders/{staff}/end",
    response_model=PlanOut,
    responses=problems(NeverAdopted),
)
async def post_holder_end(
    plan_id: UUID,
    item_id: UUID,
    staff: UUID,
    asked: Asked,
    who: Writes,
    body: Annotated[
        HolderEndIn, Body(openapi_examples={"from a Monday on": {"value": {"on": "2026-03-09"}}})
    ],
) -> Response:
    """Say that a staff member no longer carries out an item."""

    def end(seen: Situation) -> list[PlanEvent]:
        return end_holder(seen.plan, item_id, staff, body.on)

    return await asked.respond("plan", plan_id, lambda making: decide(
        asked.store, asked.context, plan_id, end, answer=making.answer))  # fmt: skip


@routes.post("/plans/{plan_id}/informed", response_model=PlanOut, responses=problems(NeverAdopted))
async def post_informed(
    plan_id: UUID, asked: Asked, who: WritesOrReports,
    body: Annotated[InformedIn, Body(openapi_examples={"in person": {"value": {
        "staff": STAFF, "items": ["0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e03"], "on": "2026-03-06", "how": "in person"}}})],
) -> Response:  # fmt: skip
    """Record that a staff member was told of their duties under the plan (34 CFR 300.323(d))."""
    may_write_or_report(who, body.reported)
    await must_work_here(asked.store, asked.tenant, body.staff)

    def inform(seen: Situation) -> list[PlanEvent]:
        command = InformStaff(
            body.staff, tuple(body.items), body.on, body.how, seen.today, body.external_id, reported_value(body.reported)
        )  # fmt: skip
        return inform_staff(seen.plan, command)

    return await asked.respond("plan", plan_id, lambda making: decide(
        asked.store, asked.context, plan_id, inform, claims=making.claims, answer=making.answer),
        external_id=body.external_id, claimed_as="informed")  # fmt: skip


@routes.get("/plans/{plan_id}/informed", response_model=Page[InformedOut])
async def get_all_informed(plan_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List who was told of their duties under the plan, a page at a time."""
    return await list_of_plan(asked, "informed", plan_id, listing)


@routes.get("/plans/{plan_id}/informed/{informed_id}", response_model=InformedOut)
async def get_informed(plan_id: UUID, informed_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read who was told of which duties, when and how."""
    return await one_of_plan(asked, "informed", plan_id, informed_id)
