"""What people say to each other about a draft: working papers like the draft itself, gone with it.

They are no part of the record: no event says them, no packet and no projection knows them, and nothing is kept of them
once the draft is adopted or dropped. What must last belongs into the plan, a statement or a meeting's record.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.canonical import instant
from contracts.event import Json
from contracts.problems import NotFound
from plan_service.application.drafts import items_of
from plan_service.application.working_papers import Paper, WorkingPapers
from plan_service.domain.rules import cannot_be_true
from runtime.append_request import Answer, Appended, Context
from runtime.event_store import EventStore

KIND: Literal["comment"] = "comment"


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody says, of an item of the draft or of the whole."""

    comment_id: UUID
    plan_id: UUID
    text: str
    by: str
    role: str
    item: UUID | None = None


class DraftComments:
    """Comments on the drafts of plan-service's plans."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.papers = WorkingPapers(store.database, store.keyring)

    async def say(self, context: Context, comment: Comment, answer: Answer | None = None) -> Appended:
        """Add a comment to an open draft; raises `NotFound` without one, `Invalid` for an item it does not have."""
        tenant, plan_id = context.tenant, comment.plan_id
        draft = await self.papers.read(tenant, plan_id)
        if draft is None:
            raise NotFound("No draft of this plan is open.")
        if comment.item is not None and comment.item not in {item.id for item in items_of(draft)}:
            raise cannot_be_true("unknown-item", "The draft has no item by this id.", "/item")
        content = {
            "text": comment.text, "by": comment.by, "role": comment.role, "said_at": instant(await self._now(tenant)),
            **({"item": str(comment.item)} if comment.item else {}),
        }  # fmt: skip
        paper = Paper(comment.comment_id, KIND, plan_id, draft.student_id, 0, content)
        async with self.papers.writing(tenant) as connection:
            # Whoever adopts or drops the draft meanwhile waits for this, or this for them: no comment outlives it.
            if not await self.papers.hold_open(connection, tenant, draft):
                raise NotFound("No draft of this plan is open.")
            appended = await self.store.append(context, [], answer=answer, connection=connection)
            if appended.replayed is None:
                await self.papers.begin(connection, tenant, paper)
        return appended

    async def resolve(
        self, context: Context, plan_id: UUID, comment_id: UUID, by: str, answer: Answer | None = None
    ) -> Appended:  # fmt: skip
        """Say that a comment is dealt with; once more is nothing. Raises `NotFound`."""
        tenant = context.tenant
        paper = await self.of(tenant, plan_id, comment_id)
        resolved = {"by": by, "at": instant(await self._now(tenant))}
        async with self.papers.writing(tenant) as connection:
            appended = await self.store.append(context, [], answer=answer, connection=connection)
            if appended.replayed is None and "resolved" not in paper.content:
                await self.papers.rewrite(connection, tenant, paper, paper.content | {"resolved": resolved})
        return appended

    async def of(self, tenant: str, plan_id: UUID, comment_id: UUID) -> Paper:
        """One comment on the plan's draft; raises `NotFound`."""
        paper = await self.papers.read(tenant, comment_id)
        if paper is None or paper.kind != KIND or paper.plan_id != plan_id:
            raise NotFound("There is nothing here under this id that you may see.")
        return paper

    async def all_of(self, tenant: str, plan_id: UUID) -> list[Paper]:
        """Every comment on the plan's draft in the order in which they were said; raises `NotFound` without a draft."""
        if await self.papers.read(tenant, plan_id) is None:
            raise NotFound("No draft of this plan is open.")
        return sorted(await self.papers.of_plan(tenant, plan_id, KIND), key=_said)

    async def _now(self, tenant: str) -> datetime:
        async with self.store.database.lend(tenant) as connection:
            now: datetime = await connection.fetchval("SELECT plan.now_for($1)", tenant)
        return now


def _said(paper: Paper) -> tuple[str, UUID]:
    return paper.content["said_at"], paper.id


def comment_fields(paper: Paper) -> Json:
    """A comment as an answer shows it."""
    return {"plan": str(paper.plan_id), "student": str(paper.student_id), **paper.content}
