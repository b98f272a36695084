"""Make-up and compensatory minutes: offered, agreed, declined."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query, Response
from pydantic import ConfigDict, Field

from contracts.event import Event
from contracts.fields import Code, ExternalId, Narrative
from contracts.ids import new_id
from contracts.make_ups import MOST_SESSIONS
from contracts.vocabulary import MakeUpKind
from progress_service.adapters.routes.forms import Form, RecordOut, ReportedIn, VoidIn, may_report
from progress_service.adapters.routes.session_form import PLAN, SPEECH
from progress_service.adapters.routes.sessions import Reads, Writes
from progress_service.application.item_facts import About, Ground, change_shown, record_fact
from progress_service.domain.item_year import ItemYear
from progress_service.domain.make_up import (
    OfferClosed,
    PutMakeUp,
    agree_make_up,
    decline_make_up,
    offer_make_up,
    void_make_up,
)
from progress_service.domain.refusals import CannotBeTrue
from runtime.append_request import Appended
from runtime.auth import Principal
from runtime.call import Asked, Call, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/progress/v1", tags=["make-up"])
OFFER: dict[str, Any] = {
    "plan": PLAN, "item": SPEECH, "on": "2026-10-20", "kind": "make_up", "minutes": 30, "by_on": "2026-11-20",
    "terms": "One session after school.", "external_id": "northwind:offer-3",
}  # fmt: skip
AGREEMENT: dict[str, Any] = {
    "plan": PLAN, "item": SPEECH, "on": "2026-10-27", "kind": "compensatory", "ground": "state_complaint",
    "minutes": 600, "by_on": "2027-06-11", "terms": "As the decision of 20 October asks for.",
    "external_id": "northwind:agreement-3",
}  # fmt: skip
AnyOf = Annotated[UUID | None, Query(description="Only of this service.")]
OfPlan = Annotated[UUID | None, Query(description="Only of this plan.")]


class OfferIn(Form):
    """Minutes offered in place of those not given."""

    plan: UUID
    item: UUID
    """The service in the plan."""
    on: date
    """The day of the offer, or of the agreement or decision."""
    kind: MakeUpKind = MakeUpKind.MAKE_UP
    """`make_up` of missed sessions, or `compensatory`: a remedy beside the plan."""
    minutes: int = Field(ge=1, le=100_000)
    sessions: list[UUID] = Field(default=[], max_length=MOST_SESSIONS)
    """The missed sessions it is for; none: for a shortfall as a whole."""
    by_on: date | None = None
    """The last day by which the minutes are to be given."""
    terms: Narrative | None = None
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, id_: UUID) -> PutMakeUp:
        """What the domain decides about."""
        return PutMakeUp(
            id=id_, plan_id=self.plan, item_id=self.item, on=self.on, kind=self.kind, minutes=self.minutes,
            sessions=tuple(self.sessions), by_on=self.by_on, terms=self.terms, external_id=self.external_id,
            reported=self.reported.to_value() if self.reported else None,
        )  # fmt: skip


class AgreementIn(OfferIn):
    """Minutes that were agreed or decided."""

    ground: Code
    """What it rests on: a code of `GET /progress/v1/codes/make_up_ground`."""
    offer: UUID | None = None
    """The offer it accepts; absent: it was agreed or decided without one."""
    holder: UUID | None = None
    """The rights holder who agreed."""

    def to_command(self, id_: UUID) -> PutMakeUp:
        """What the domain decides about."""
        return replace(super().to_command(id_), ground=self.ground, offer=self.offer, holder=self.holder)


class DeclinedIn(Form):
    """An offer was declined."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"on": "2026-10-27", "terms": "He is too tired after school."}]}
    )

    on: date
    holder: UUID | None = None
    """The rights holder who declined."""
    terms: Narrative | None = None
    """In their own words."""


class OfferOut(RecordOut):
    """An offer."""

    on: date
    kind: MakeUpKind
    minutes: int
    sessions: list[UUID]
    by_on: date | None = None
    terms: str | None = None
    declined_on: date | None = None
    agreed_by: UUID | None = None
    """The agreement it led to."""


class AgreementOut(RecordOut):
    """An agreement."""

    on: date
    kind: MakeUpKind
    ground: str
    minutes: int
    sessions: list[UUID]
    by_on: date | None = None
    offer: UUID | None = None
    holder: UUID | None = None
    terms: str | None = None


async def _put(
    asked: Call, who: Principal, kind: str, command: PutMakeUp, decide: Callable[[Ground], Sequence[Event]]
) -> Response:
    beside = ("make_up_offer", command.offer) if command.offer is not None else None
    about = About(command.plan_id, command.item_id, command.on, command.sessions, beside)

    async def put(making: Making) -> Appended:
        return await record_fact(asked.store, asked.context, who, about, decide, making)

    return await asked.respond(kind, command.id, put, external_id=command.external_id)


async def _change(
    asked: Call, kind: str, id_: UUID, decide: Callable[[ItemYear, date], Sequence[Event]]
) -> Response:
    shown = await asked.shown(kind, id_)

    async def change(making: Making) -> Appended:
        return await change_shown(asked.store, asked.context, shown, decide, making)

    return await asked.respond(kind, id_, change)


@routes.post(
    "/make-up-offers",
    status_code=201,
    response_model=OfferOut,
    responses={
        200: {"description": "The first with this external id.", "model": OfferOut},
        **problems(CannotBeTrue),
    },
)
async def post_offer(
    asked: Asked,
    who: Writes,
    body: Annotated[OfferIn, Body(openapi_examples={"one session": {"value": OFFER}})],
) -> Response:
    """Offer to give minutes of a service in place of those that were not given."""
    may_report(who, body.reported)
    command = body.to_command(new_id())
    return await _put(
        asked, who, "make_up_offer", command,
        lambda ground: offer_make_up(command, ground.item, ground.sessions, ground.today),
    )  # fmt: skip


@routes.get("/make-up-offers", response_model=Page[OfferOut])
async def get_offers(
    asked: Asked, who: Reads, listing: Listed, item: AnyOf = None, plan: OfPlan = None
) -> Response:
    """List offers, a page at a time: open, agreed to, declined; voided ones say so."""
    fields = {"item": str(item) if item else None, "plan": str(plan) if plan else None}
    return await asked.page("make_up_offer", listing, fields=fields)


@routes.get("/make-up-offers/{make_up_offer_id}", response_model=OfferOut)
async def get_offer(make_up_offer_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one offer."""
    return await asked.one("make_up_offer", make_up_offer_id)


@routes.post(
    "/make-up-offers/{make_up_offer_id}/decline",
    response_model=OfferOut,
    responses=problems(OfferClosed, CannotBeTrue),
)
async def post_decline(make_up_offer_id: UUID, body: DeclinedIn, asked: Asked, who: Writes) -> Response:
    """Record that an offer was declined: what was not given stays owed."""
    return await _change(
        asked, "make_up_offer", make_up_offer_id,
        lambda year, today: decline_make_up(year, make_up_offer_id, body.on, body.holder, body.terms, today),
    )  # fmt: skip


@routes.post("/make-up-offers/{make_up_offer_id}/void", response_model=OfferOut)
async def post_offer_void(make_up_offer_id: UUID, body: VoidIn, asked: Asked, who: Writes) -> Response:
    """Strike the record of an offer through because it was wrong: it stays, and counts no more."""
    return await _change(
        asked, "make_up_offer", make_up_offer_id,
        lambda year, _today: void_make_up(year, make_up_offer_id, body.reason),
    )  # fmt: skip


@routes.post(
    "/make-up-agreements",
    status_code=201,
    response_model=AgreementOut,
    responses={
        200: {"description": "The first with this external id.", "model": AgreementOut},
        **problems(OfferClosed, CannotBeTrue),
    },
)
async def post_agreement(
    asked: Asked,
    who: Writes,
    body: Annotated[AgreementIn, Body(openapi_examples={"after a complaint": {"value": AGREEMENT}})],
) -> Response:
    """Record that minutes were agreed or decided: by the family and the district, a team, a state, a hearing.

    Sessions given under it name it as `agreement`; what remains is read at `/students/{id}/compensatory`.
    """
    may_report(who, body.reported)
    command = body.to_command(new_id())
    return await _put(
        asked, who, "make_up_agreement", command,
        lambda ground: agree_make_up(ground.year, command, ground.item, ground.sessions, ground.today),
    )  # fmt: skip


@routes.get("/make-up-agreements", response_model=Page[AgreementOut])
async def get_agreements(
    asked: Asked, who: Reads, listing: Listed, item: AnyOf = None, plan: OfPlan = None
) -> Response:
    """List agreements, a page at a time; voided ones say so."""
    fields = {"item": str(item) if item else None, "plan": str(plan) if plan else None}
    return await asked.page("make_up_agreement", listing, fields=fields)


@routes.get("/make-up-agreements/{make_up_agreement_id}", response_model=AgreementOut)
async def get_agreement(make_up_agreement_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one agreement."""
    return await asked.one("make_up_agreement", make_up_agreement_id)


@routes.post("/make-up-agreements/{make_up_agreement_id}/void", response_model=AgreementOut)
async def post_agreement_void(
    make_up_agreement_id: UUID, body: VoidIn, asked: Asked, who: Writes
) -> Response:
    """Strike the record of an agreement through because it was wrong: it stays, and counts no more."""
    return await _change(
        asked, "make_up_agreement", make_up_agreement_id,
        lambda year, _today: void_make_up(year, make_up_agreement_id, body.reason),
    )  # fmt: skip
