"""Comments on a draft, by HTTP: of an item or of the whole; working papers, gone with the draft."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query
from pydantic import AwareDatetime
from starlette.responses import Response

from contracts.event import Json
from contracts.fields import Narrative
from contracts.ids import new_id
from plan_service.adapters.routes.forms import Form, Reads, Writes
from plan_service.adapters.routes.shapes import Out
from plan_service.adapters.routes.two_people import person, respond_waiting
from plan_service.application.draft_comments import KIND, Comment, DraftComments, comment_fields
from plan_service.application.working_papers import Paper
from runtime.append_request import Appended
from runtime.call import Asked, Call, Making
from runtime.http import Routes
from runtime.paging import Listed, Listing, Page
from runtime.resources import Shown

routes = Routes(prefix="/plan/v1", tags=["drafts"])
EXAMPLE: dict[str, Any] = {"text": "Is 60 within reach by June? In the spring it was 12."}


class CommentIn(Form):
    """What you say about the draft."""

    text: Narrative
    item: UUID | None = None
    """An item of the draft; absent: the draft as a whole."""


class ResolvedOut(Out):
    """Who said that it is dealt with."""

    by: str
    at: AwareDatetime


class CommentOut(Out):
    """A comment on a draft. It is no part of the record and gone with the draft."""

    id: UUID
    plan: UUID
    student: UUID
    text: str
    item: UUID | None = None
    """Absent: about the draft as a whole."""
    by: str
    """Who said it."""
    role: str
    said_at: AwareDatetime
    resolved: ResolvedOut | None = None
    version: int
    updated_at: AwareDatetime


@routes.get("/plans/{plan_id}/draft/comments", response_model=Page[CommentOut])
async def get_draft_comments(
    plan_id: UUID, asked: Asked, who: Reads, listing: Listed,
    item: Annotated[UUID | None, Query(description="Only comments on this item.")] = None,
    resolved: Annotated[bool | None, Query(description="Only comments that are dealt with, or all but those.")] = None,
) -> Response:  # fmt: skip
    """List what was said about the draft, in the order in which it was said."""

    def wanted(comment: Json) -> bool:
        of_item = item is None or comment.get("item") == str(item)
        return of_item and resolved in (None, "resolved" in comment)

    fields = {
        "item": str(item) if item else None,
        "resolved": None if resolved is None else str(resolved).lower(),
    }
    of = f"{asked.tenant} comments on {plan_id} {fields}"
    after = listing.after(of)
    comments = await DraftComments(asked.store).all_of(asked.tenant, plan_id)
    passed = next((place for place, each in enumerate(comments, 1) if each.id == after), 0)
    found = [
        shown
        for paper in comments[passed:]
        if wanted(paper.content) and _listed(shown := _shown(paper), listing)
    ]
    page = found[: listing.limit]
    for shown in page:
        asked.saw(shown.student, KIND, (shown.id,))
    last = page[-1].id if len(found) > listing.limit else None
    return asked.listed([shown.fields() for shown in page], listing, of, last, fields)


@routes.get("/plans/{plan_id}/draft/comments/{comment_id}", response_model=CommentOut)
async def get_draft_comment(plan_id: UUID, comment_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read a comment."""
    await DraftComments(asked.store).of(asked.tenant, plan_id, comment_id)
    return await asked.one(KIND, comment_id)


@routes.post("/plans/{plan_id}/draft/comments", response_model=CommentOut, status_code=201)
async def post_draft_comment(
    plan_id: UUID, asked: Asked, who: Writes, body: Annotated[CommentIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Say something about the draft or one of its items. No event keeps it: it is gone when the draft is adopted or dropped."""
    comment = Comment(new_id(), plan_id, body.text, person(who), who.role, body.item)

    async def say(making: Making) -> Appended:
        return await DraftComments(asked.store).say(asked.context, comment, making.answer)

    location = f"/plan/v1/plans/{plan_id}/draft/comments/{comment.comment_id}"
    return await respond_waiting(asked, KIND, comment.comment_id, say, external_id=None, location=location)


@routes.post("/plans/{plan_id}/draft/comments/{comment_id}/resolution", response_model=CommentOut)
async def post_comment_resolution(plan_id: UUID, comment_id: UUID, asked: Asked, who: Writes) -> Response:
    """Say that a comment is dealt with. It stays to be read as long as the draft."""

    async def resolve(making: Making) -> Appended:
        comments = DraftComments(asked.store)
        return await comments.resolve(asked.context, plan_id, comment_id, person(who), making.answer)

    return await asked.respond(KIND, comment_id, resolve)


async def fetch_comment(call: Call, comment_id: UUID) -> Shown | None:
    """A comment by its id."""
    paper = await DraftComments(call.store).papers.read(call.tenant, comment_id)
    return _shown(paper) if paper is not None and paper.kind == KIND else None


def _shown(paper: Paper) -> Shown:
    return Shown(KIND, paper.id, comment_fields(paper), paper.version, paper.updated_at, paper.student_id)


def _listed(shown: Shown, listing: Listing) -> bool:
    later = (
        listing.updated_after is None or shown.updated_at is None or shown.updated_at > listing.updated_after
    )
    return later and listing.student in (None, shown.student) and listing.external_id is None
