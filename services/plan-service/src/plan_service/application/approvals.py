"""What one person asks for and another approves: it waits as a working paper, and becomes an event, or nothing.

Corrections, voids and reopenings go this way. What is asked is looked at when it is asked for, so that nobody waits for
what no approval could make right, and again when it is approved.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from contracts.event import Json
from contracts.plan import PlanEvent
from contracts.problems import NotFound
from contracts.values import DocumentRef, Reported
from plan_service.application.situation import Situation, change, load_plan, must_stand, situation
from plan_service.application.working_papers import Kind, Paper, WorkingPapers
from runtime.append_request import Answer, Appended, Claim, Context, Release
from runtime.event_store import EventStore
from runtime.stream_model import Loaded


@dataclass(frozen=True, slots=True)
class Approved:
    """What an approval records, and what goes with it."""

    events: Sequence[PlanEvent]
    claims: Sequence[Claim] = ()
    releases: Sequence[Release] = ()
    resting_on: Sequence[Loaded[Any]] = ()


class Approvals:
    """Requests of one kind, from the first person to the second."""

    def __init__(self, store: EventStore, kind: Kind) -> None:
        self.store = store
        self.kind = kind
        self.papers = WorkingPapers(store.database, store.keyring)

    async def request(
        self, context: Context, plan_id: UUID, id_: UUID, asked: Callable[[Situation], Awaitable[Json]], *,
        if_match: int, claims: Sequence[Claim] = (), answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Keep what ``asked`` says until a second person approves; what it raises refuses the request. Raises `PlanIsVoid`."""
        loaded = must_stand((await load_plan(self.store, context.tenant, plan_id)).at_version(if_match))
        seen = await situation(self.store, context.tenant, loaded)
        content = {name: value for name, value in (await asked(seen)).items() if value is not None}
        assert seen.plan.student_id is not None
        paper = Paper(id_, self.kind, plan_id, seen.plan.student_id, 0, content)
        async with self.papers.writing(context.tenant) as connection:
            appended = await self.store.append(
                context, [], claims=claims, answer=answer, connection=connection
            )
            if appended.replayed is None:
                await self.papers.begin(connection, context.tenant, paper)
        return appended

    async def approve(
        self, context: Context, plan_id: UUID, id_: UUID,
        decision: Callable[[Situation, Paper], Awaitable[Approved]], *, if_match: int, answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Record what ``decision`` says of the paper; it is done with it. Durable on return."""
        paper = await self.pending(context.tenant, plan_id, id_)
        paper.must_be(if_match)
        loaded = must_stand(await load_plan(self.store, context.tenant, plan_id))
        seen = await situation(self.store, context.tenant, loaded)
        said = await decision(seen, paper)
        async with self.papers.writing(context.tenant) as connection:
            appended = await self.store.append(
                replace(context, rules=seen.day.rule_set), [change(seen, said.events)], claims=said.claims,
                releases=said.releases, resting_on=[*seen.resting_on, *said.resting_on], answer=answer,
                connection=connection,
            )  # fmt: skip
            await self.papers.finish(connection, context.tenant, paper)
        self.store.wake()
        return appended

    async def drop(self, tenant: str, plan_id: UUID, id_: UUID, *, if_match: int) -> None:
        """Give the request up; nothing is kept of it."""
        paper = await self.pending(tenant, plan_id, id_)
        paper.must_be(if_match)
        async with self.papers.writing(tenant) as connection:
            await self.papers.finish(connection, tenant, paper)

    async def pending(self, tenant: str, plan_id: UUID, id_: UUID) -> Paper:
        """What waits for its second person; raises `NotFound`."""
        paper = await self.papers.read(tenant, id_)
        if paper is None or paper.kind != self.kind or paper.plan_id != plan_id:
            raise NotFound(f"No {self.kind} by this id waits for approval.")
        return paper


def pending_fields(paper: Paper) -> Json:
    """What waits, as an answer shows it."""
    shown = {
        "id": str(paper.id),
        "plan": str(paper.plan_id),
        "student": str(paper.student_id),
        "status": "pending",
    }
    document = paper.content.get("document")
    named = {"document": document["document"]} if document else {}
    return shown | {name: value for name, value in paper.content.items() if name != "document"} | named


def kept_document(document: DocumentRef | None) -> Json | None:
    """A document as a paper keeps it; `document_in` reads it back."""
    return document.model_dump(mode="json") if document else None


def kept_report(reported: Reported | None) -> Json | None:
    """A report as a paper keeps it; `report_in` reads it back."""
    return reported.model_dump(mode="json") if reported else None


def document_in(paper: Paper) -> DocumentRef | None:
    """See `kept_document`."""
    return DocumentRef.model_validate(paper.content["document"]) if "document" in paper.content else None


def report_in(paper: Paper) -> Reported | None:
    """See `kept_report`."""
    return Reported.model_validate(paper.content["reported"]) if "reported" in paper.content else None
