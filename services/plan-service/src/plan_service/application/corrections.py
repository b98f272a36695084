"""Corrections: asked for by one person, kept as a working paper, and recorded when a second person approves.

Not an event until then: a correction that nobody approved has corrected nothing, and a plan's stream holds what happened
to the plan. What is asked for is kept sealed like a draft, with a version of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.event import Json
from contracts.fields import EventId, ItemId
from contracts.items import item_fields, read_item
from contracts.plan_document import history_of
from contracts.plan_history import fold
from contracts.problems import NotFound
from contracts.values import DocumentRef, Reported
from plan_service.application.situation import change, load_plan, situation
from plan_service.application.working_papers import Paper, WorkingPapers
from plan_service.domain.correction import (
    ChangeInRecord,
    RequestCorrection,
    approve_correction,
    check_correction,
)
from runtime.event_store import Answer, Appended, Claim, Context, EventStore


class Corrections:
    """Corrections of plan-service's plans, from the request to the event."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.papers = WorkingPapers(store.database, store.keyring)

    async def request(
        self, context: Context, plan_id: UUID, asked: RequestCorrection, document: UUID | None = None, *,
        if_match: int, claims: Sequence[Claim] = (), answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Keep a correction until a second person approves; refuses what no approval could make right."""
        loaded = (await load_plan(self.store, context.tenant, plan_id)).at_version(if_match)
        seen = await situation(self.store, context.tenant, loaded)
        corrected = await self._change_in_record(context.tenant, plan_id, asked.event_id, asked.item.id)
        check_correction(asked, corrected, seen.today)
        kept = _kept(asked, seen.people.document(document, "/document"))
        assert seen.plan.student_id is not None
        paper = Paper(asked.correction_id, "correction", plan_id, seen.plan.student_id, 0, kept)
        async with self.papers.writing(context.tenant) as connection:
            appended = await self.store.append(
                context, [], claims=claims, answer=answer, connection=connection
            )
            if appended.replayed is None:
                await self.papers.begin(connection, context.tenant, paper)
        return appended

    async def approve(
        self, context: Context, plan_id: UUID, correction_id: UUID, *, approved_by: str, if_match: int,
        answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Record the correction: the second person stands for it. Raises `SecondPersonRequired`."""
        paper = await self.pending(context.tenant, plan_id, correction_id)
        paper.must_be(if_match)
        asked = _asked(paper)
        seen = await situation(
            self.store, context.tenant, await load_plan(self.store, context.tenant, plan_id)
        )
        found = await self._change_in_record(context.tenant, plan_id, asked.event_id, asked.item.id)
        corrected = check_correction(asked, found, seen.today)
        events = approve_correction(seen.plan, asked, corrected, approved_by)
        async with self.papers.writing(context.tenant) as connection:
            appended = await self.store.append(
                replace(context, rules=seen.day.rule_set),
                [change(seen, events)],
                answer=answer,
                connection=connection,
            )
            await self.papers.finish(connection, context.tenant, paper)
        self.store.wake()
        return appended

    async def drop(self, tenant: str, plan_id: UUID, correction_id: UUID, *, if_match: int) -> None:
        """Give the request up; nothing is kept of it."""
        paper = await self.pending(tenant, plan_id, correction_id)
        paper.must_be(if_match)
        async with self.papers.writing(tenant) as connection:
            await self.papers.finish(connection, tenant, paper)

    async def pending(self, tenant: str, plan_id: UUID, correction_id: UUID) -> Paper:
        """A correction that waits for its second person; raises `NotFound`."""
        paper = await self.papers.read(tenant, correction_id)
        if paper is None or paper.kind != "correction" or paper.plan_id != plan_id:
            raise NotFound("No correction by this id waits for approval.")
        return paper

    async def _change_in_record(
        self, tenant: str, plan_id: UUID, event_id: EventId, item_id: ItemId
    ) -> ChangeInRecord | None:
        history = history_of(await self.store.read(tenant, f"plan/{plan_id}"))
        for made in fold(history.entries).items.get(item_id, ()):
            if made.recorded.id == event_id:
                kind = made.item.kind if made.item else None
                return ChangeInRecord(event_id, item_id, made.effective_on, kind)
        return None


def pending_fields(paper: Paper) -> Json:
    """A correction that waits, as an answer shows it."""
    shown = {
        "id": str(paper.id),
        "plan": str(paper.plan_id),
        "student": str(paper.student_id),
        "status": "pending",
    }
    document = paper.content.get("document")
    named = {"document": document["document"]} if document else {}
    return shown | {name: value for name, value in paper.content.items() if name != "document"} | named


def _kept(asked: RequestCorrection, document: DocumentRef | None) -> Json:
    fields: dict[str, Any] = {
        "event": str(asked.event_id),
        "item": item_fields(asked.item),
        "what_was_wrong": asked.what_was_wrong,
        "evidence": asked.evidence,
        "requested_by": asked.requested_by,
        "external_id": asked.external_id,
        "document": document.model_dump(mode="json") if document else None,
        "reported": asked.reported.model_dump(mode="json") if asked.reported else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _asked(paper: Paper) -> RequestCorrection:
    content = paper.content
    return RequestCorrection(
        correction_id=paper.id,
        event_id=UUID(content["event"]),
        item=read_item(content["item"]),
        what_was_wrong=content["what_was_wrong"],
        evidence=content["evidence"],
        requested_by=content["requested_by"],
        document=DocumentRef.model_validate(content["document"]) if "document" in content else None,
        external_id=content.get("external_id"),
        reported=Reported.model_validate(content["reported"]) if "reported" in content else None,
    )
