"""Drafts given to parents: from then on the exact text is an education record."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, LanguageTag
from contracts.ids import new_id
from contracts.plan import PlanEvent
from contracts.vocabulary import Channel
from plan_service.adapters.routes.forms import Form, Reads, Writes
from plan_service.adapters.routes.of_a_plan import list_of_plan, one_of_plan
from plan_service.adapters.routes.shapes import DraftShareOut
from plan_service.application.situation import Situation, decide
from plan_service.application.working_papers import WorkingPapers
from plan_service.domain.draft import NoDraft, ShareDraft, share_draft
from plan_service.domain.rules import cannot_be_true
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["drafts"])
KIND = "draft_share"
EXAMPLE = {
    "holders": ["5b8c9d04-4a1f-4a44-82b7-d9a41f6a7d1e"], "channel": "handed_over", "language": "es",
    "document": "7d1e5b8c-9d04-4a1f-8a44-c2b7d9a41f6a",
}  # fmt: skip


class DraftShareIn(Form):
    """A draft as somebody was given it."""

    holders: tuple[HolderId, ...] = Field(min_length=1)
    """To which rights holders."""
    channel: Channel
    language: LanguageTag
    document: UUID
    """The exact text given, among the student's documents."""
    draft_version: Annotated[int, Field(ge=1)] | None = None
    """Which saved version of the draft it shows; the newest where nothing is said."""
    given_on: date | None = None
    """Today where nothing is said."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""


@routes.post(
    "/plans/{plan_id}/draft-shares", status_code=201, response_model=DraftShareOut, responses=problems(NoDraft)
)  # fmt: skip
async def post_draft_share(
    plan_id: UUID, asked: Asked, who: Writes,
    body: Annotated[DraftShareIn, Body(openapi_examples={"handed over": {"value": EXAMPLE}})],
) -> Response:  # fmt: skip
    """Record that a draft was given to rights holders. Nothing binds by it; what was given is kept with the record."""
    share_id = new_id()
    paper = await WorkingPapers(asked.store.database, asked.store.keyring).read(asked.tenant, plan_id)
    newest = paper.version if paper else 0

    def share(seen: Situation) -> list[PlanEvent]:
        document = seen.people.document(body.document, "/document")
        if document is None:
            raise cannot_be_true("unknown-document", "This student has no such document.", "/document")
        command = ShareDraft(
            share_id, body.draft_version or newest, document, tuple(dict.fromkeys(body.holders)), body.channel,
            body.language, seen.today, body.given_on, body.external_id,
        )  # fmt: skip
        return share_draft(seen.plan, newest, command, seen.people)

    async def do(making: Making) -> Appended:
        return await decide(
            asked.store, asked.context, plan_id, share, claims=making.claims, answer=making.answer
        )

    return await asked.respond(KIND, share_id, do, external_id=body.external_id)


@routes.get("/plans/{plan_id}/draft-shares", response_model=Page[DraftShareOut])
async def get_draft_shares(plan_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List what was given of the plan's drafts, a page at a time."""
    return await list_of_plan(asked, KIND, plan_id, listing)


@routes.get("/plans/{plan_id}/draft-shares/{draft_share_id}", response_model=DraftShareOut)
async def get_draft_share(plan_id: UUID, draft_share_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read what was given once."""
    return await one_of_plan(asked, KIND, plan_id, draft_share_id)
