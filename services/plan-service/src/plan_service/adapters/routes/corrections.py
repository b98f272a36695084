"""Corrections: the text misreported a decision; asked for by one person, approved by another."""

from typing import Annotated
from uuid import UUID

from fastapi import Body
from starlette.responses import Response

from contracts.fields import ExternalId, Narrative
from contracts.ids import new_id
from contracts.items import Item
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
from plan_service.adapters.routes.shapes import CorrectionOut
from plan_service.adapters.routes.two_people import page_of_both, person, respond_waiting
from plan_service.application.corrections import Corrections
from plan_service.application.working_papers import Kind
from plan_service.domain.correction import CorrectionRefused, RequestCorrection
from plan_service.domain.second_person import SecondPersonRequired
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["corrections"])
KIND: Kind = "correction"


class CorrectionIn(Form):
    """What was written down wrongly. What changes a decision is an amendment."""

    event: UUID
    """The adoption or amendment whose text is wrong."""
    item: Item
    """The right text of the item, in full."""
    what_was_wrong: Narrative
    evidence: Narrative
    """Proof of what was truly decided."""
    document: UUID | None = None
    """The proof itself, among the student's documents."""
    external_id: ExternalId | None = None
    reported: ReportedIn | None = None


EXAMPLE = {
    "event": "019351f0-7c1d-7f5e-9b7a-2f4f1c9d8e01",
    "item": {
        "id": "0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e03", "kind": "service", "service": "speech_language_therapy",
        "minutes": 60, "per": "week", "location": "Room 21", "provider_role": "speech_language_pathologist",
        "starts_on": "2026-03-09", "ends_on": "2026-12-08"},
    "what_was_wrong": "The room was written down as 12.",
    "evidence": "Minutes of 26 February, page 2.",
}  # fmt: skip


@routes.post(
    "/plans/{plan_id}/corrections", status_code=201, response_model=CorrectionOut, responses=problems(CorrectionRefused)
)  # fmt: skip
async def post_correction(
    plan_id: UUID, if_match: IfMatch, asked: Asked, who: WritesOrReports,
    body: Annotated[CorrectionIn, Body(openapi_examples={"a wrong room": {"value": EXAMPLE}})],
) -> Response:  # fmt: skip
    """Ask for a correction. It waits for a second person and changes nothing until then.

    Fewer minutes or another placement change what was decided: that is an amendment, and refused.
    """
    may_write_or_report(who, body.reported)
    correction = RequestCorrection(
        correction_id=new_id(),
        event_id=body.event,
        item=body.item,
        what_was_wrong=body.what_was_wrong,
        evidence=body.evidence,
        requested_by=person(who),
        external_id=body.external_id,
        reported=reported_value(body.reported),
    )

    async def request(making: Making) -> Appended:
        return await Corrections(asked.store).request(
            asked.context, plan_id, correction, body.document, if_match=if_match, claims=making.claims,
            answer=making.answer,
        )  # fmt: skip

    id_ = correction.correction_id
    location = f"{asked.request.scope['path']}/{id_}"
    return await respond_waiting(asked, KIND, id_, request, external_id=body.external_id, location=location)


@routes.get("/plans/{plan_id}/corrections", response_model=Page[CorrectionOut])
async def get_corrections(plan_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the plan's corrections, a page at a time: `status` tells those that wait from those that stand."""
    await must_be_a_plan(asked, plan_id)
    return await page_of_both(asked, KIND, plan_id, listing)


@routes.get("/plans/{plan_id}/corrections/{correction_id}", response_model=CorrectionOut)
async def get_correction(plan_id: UUID, correction_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read a correction, one that waits for its second person too."""
    return await one_of_plan(asked, "correction", plan_id, correction_id)


@routes.post(
    "/plans/{plan_id}/corrections/{correction_id}/approval", response_model=CorrectionOut,
    responses=problems(SecondPersonRequired, CorrectionRefused),
)  # fmt: skip
async def post_approval(
    plan_id: UUID, correction_id: UUID, if_match: IfMatch, asked: Asked, who: Writes
) -> Response:
    """Approve a correction somebody else has asked for: from now on its text holds; the wrong one stays visible."""

    async def approve(making: Making) -> Appended:
        return await Corrections(asked.store).approve(
            asked.context, plan_id, correction_id, approved_by=person(who), if_match=if_match, answer=making.answer
        )  # fmt: skip

    return await asked.respond("correction", correction_id, approve)


@routes.delete("/plans/{plan_id}/corrections/{correction_id}", status_code=204)
async def delete_correction(
    plan_id: UUID, correction_id: UUID, if_match: IfMatch, asked: Asked, who: Writes
) -> Response:
    """Give a correction up that waits for its second person. Nothing is kept of it."""
    await Corrections(asked.store).approvals.drop(asked.tenant, plan_id, correction_id, if_match=if_match)
    return Response(status_code=204)
