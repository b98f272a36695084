"""Accommodations in daily life: who knows their duties, and what was used."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query, Response

from contracts.fields import Code, ExternalId, Line, Narrative
from contracts.ids import new_id
from contracts.vocabulary import UseOutcome
from progress_service.adapters.routes.forms import Form, RecordOut, ReportedIn, VoidIn, may_report
from progress_service.adapters.routes.session_form import PLAN, PROVIDER
from progress_service.adapters.routes.sessions import Reads, Writes
from progress_service.application.item_facts import About, change_shown, record_fact
from progress_service.domain.refusals import CannotBeTrue
from progress_service.domain.use import (
    Acknowledge,
    LogUse,
    SpeaksForThemselves,
    UseNotPromised,
    acknowledge,
    log_use,
    void_use,
)
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/progress/v1", tags=["accommodations"])
EXTENDED_TIME = "c2b7d9a4-1f6a-4a1f-8a44-7d1e5b8c9d05"
ACKNOWLEDGED: dict[str, Any] = {
    "plan": PLAN, "item": EXTENDED_TIME, "staff": PROVIDER, "on": "2026-10-05", "how": "read it in Handrail",
    "external_id": "northwind:known-12",
}  # fmt: skip
USED: dict[str, Any] = {
    "plan": PLAN, "item": EXTENDED_TIME, "on": "2026-10-09", "outcome": "provided", "by": PROVIDER, "place": "test",
    "note": "Used 20 of 30 extra minutes.", "external_id": "northwind:use-31",
}  # fmt: skip
OfItem = Annotated[UUID | None, Query(description="Only of this item.")]
OfPlan = Annotated[UUID | None, Query(description="Only of this plan.")]


class AcknowledgementIn(Form):
    """A staff member's own word that they know their duties under an item."""

    plan: UUID
    item: UUID
    staff: UUID
    """Whose word it is. A person who is signed in says it of themselves; a system reports it for them."""
    on: date
    how: Line
    """E.g. `read it in Handrail`, `signed the sheet`."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None


class AcknowledgementOut(RecordOut):
    """A staff member's word."""

    staff: UUID
    on: date
    how: str


class UseIn(Form):
    """What became of an accommodation when it was called for."""

    plan: UUID
    item: UUID
    on: date
    outcome: UseOutcome
    by: UUID | None = None
    """Who was responsible for it then: a staff member."""
    place: Code | None = None
    """Where: a code of the list `place`."""
    note: Narrative | None = None
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None


class UseOut(RecordOut):
    """One use."""

    on: date
    outcome: UseOutcome
    by: UUID | None = None
    place: str | None = None
    note: str | None = None


@routes.post(
    "/acknowledgements",
    status_code=201,
    response_model=AcknowledgementOut,
    responses={
        200: {"description": "The first with this external id.", "model": AcknowledgementOut},
        **problems(SpeaksForThemselves, CannotBeTrue),
    },
)
async def post_acknowledgement(
    asked: Asked,
    who: Writes,
    body: Annotated[AcknowledgementIn, Body(openapi_examples={"a teacher": {"value": ACKNOWLEDGED}})],
) -> Response:
    """Record a staff member's own word that they know their duties under an item of the plan.

    Beside it stands what `POST /plan/v1/plans/{id}/informed` records: that somebody told them.
    """
    may_report(who, body.reported)
    speaker = who.actor.id if who.is_person else None
    command = Acknowledge(
        acknowledgement_id=new_id(), plan_id=body.plan, item_id=body.item, staff=body.staff, on=body.on, how=body.how,
        external_id=body.external_id, reported=body.reported.to_value() if body.reported else None,
    )  # fmt: skip
    about = About(body.plan, body.item, body.on)

    async def record(making: Making) -> Appended:
        return await record_fact(
            asked.store, asked.context, who, about,
            lambda ground: acknowledge(command, ground.item, ground.today, speaker), making,
        )  # fmt: skip

    return await asked.respond(
        "acknowledgement", command.acknowledgement_id, record, external_id=body.external_id
    )


@routes.get("/acknowledgements", response_model=Page[AcknowledgementOut])
async def get_acknowledgements(
    asked: Asked, who: Reads, listing: Listed, item: OfItem = None, plan: OfPlan = None
) -> Response:
    """List who said that they know their duties, a page at a time."""
    fields = {"item": str(item) if item else None, "plan": str(plan) if plan else None}
    return await asked.page("acknowledgement", listing, fields=fields)


@routes.get("/acknowledgements/{acknowledgement_id}", response_model=AcknowledgementOut)
async def get_acknowledgement(acknowledgement_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one acknowledgement."""
    return await asked.one("acknowledgement", acknowledgement_id)


@routes.post(
    "/accommodation-uses",
    status_code=201,
    response_model=UseOut,
    responses={
        200: {"description": "The first with this external id.", "model": UseOut},
        **problems(UseNotPromised, CannotBeTrue),
    },
)
async def post_use(
    asked: Asked, who: Writes, body: Annotated[UseIn, Body(openapi_examples={"in a test": {"value": USED}})]
) -> Response:
    """Log what became of an accommodation when it was called for: provided, not provided, or declined."""
    may_report(who, body.reported)
    command = LogUse(
        use_id=new_id(), plan_id=body.plan, item_id=body.item, on=body.on, outcome=body.outcome, by=body.by,
        place=body.place, note=body.note, external_id=body.external_id,
        reported=body.reported.to_value() if body.reported else None,
    )  # fmt: skip
    about = About(body.plan, body.item, body.on)

    async def record(making: Making) -> Appended:
        return await record_fact(
            asked.store,
            asked.context,
            who,
            about,
            lambda ground: log_use(command, ground.item, ground.today),
            making,
        )

    return await asked.respond("accommodation_use", command.use_id, record, external_id=body.external_id)


@routes.get("/accommodation-uses", response_model=Page[UseOut])
async def get_uses(
    asked: Asked, who: Reads, listing: Listed, item: OfItem = None, plan: OfPlan = None
) -> Response:
    """List logged uses, a page at a time; voided ones say so."""
    fields = {"item": str(item) if item else None, "plan": str(plan) if plan else None}
    return await asked.page("accommodation_use", listing, fields=fields)


@routes.get("/accommodation-uses/{accommodation_use_id}", response_model=UseOut)
async def get_use(accommodation_use_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one use."""
    return await asked.one("accommodation_use", accommodation_use_id)


@routes.post("/accommodation-uses/{accommodation_use_id}/void", response_model=UseOut)
async def post_use_void(accommodation_use_id: UUID, body: VoidIn, asked: Asked, who: Writes) -> Response:
    """Strike a record of use through because it was wrong: it stays, and counts no more."""
    shown = await asked.shown("accommodation_use", accommodation_use_id)

    async def void(making: Making) -> Appended:
        return await change_shown(
            asked.store, asked.context, shown, lambda year, _today: void_use(year, accommodation_use_id, body.reason),
            making,
        )  # fmt: skip

    return await asked.respond("accommodation_use", accommodation_use_id, void)
