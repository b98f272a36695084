"""Corrections from the request of one person to the approval by another; until then a working paper, not an event."""

from collections.abc import Sequence
from uuid import UUID

from contracts.event import Json
from contracts.fields import EventId, ItemId
from contracts.items import item_fields, read_item
from contracts.plan_document import history_of
from contracts.plan_history import fold
from contracts.values import DocumentRef
from plan_service.application.approvals import (
    Approvals,
    Approved,
    document_in,
    kept_document,
    kept_report,
    report_in,
)
from plan_service.application.situation import Situation
from plan_service.application.working_papers import Paper
from plan_service.domain.correction import (
    ChangeInRecord,
    RequestCorrection,
    approve_correction,
    check_correction,
)
from runtime.append_request import Answer, Appended, Claim, Context
from runtime.event_store import EventStore


class Corrections:
    """Corrections of plan-service's plans, from the request to the event."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.approvals = Approvals(store, "correction")

    async def request(
        self, context: Context, plan_id: UUID, asked: RequestCorrection, document: UUID | None = None, *,
        if_match: int, claims: Sequence[Claim] = (), answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Keep a correction until a second person approves; refuses what no approval could make right."""

        async def checked(seen: Situation) -> Json:
            corrected = await self._change_in_record(context.tenant, plan_id, asked.event_id, asked.item.id)
            check_correction(asked, corrected, seen.today)
            return _kept(asked, seen.people.document(document, "/document"))

        return await self.approvals.request(
            context, plan_id, asked.correction_id, checked, if_match=if_match, claims=claims, answer=answer
        )

    async def approve(
        self, context: Context, plan_id: UUID, correction_id: UUID, *, approved_by: str, if_match: int,
        answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Record the correction: the second person stands for it. Raises `SecondPersonRequired`."""

        async def decided(seen: Situation, paper: Paper) -> Approved:
            asked = _asked(paper)
            found = await self._change_in_record(context.tenant, plan_id, asked.event_id, asked.item.id)
            return Approved(
                approve_correction(seen.plan, asked, check_correction(asked, found, seen.today), approved_by)
            )

        return await self.approvals.approve(
            context, plan_id, correction_id, decided, if_match=if_match, answer=answer
        )

    async def _change_in_record(
        self, tenant: str, plan_id: UUID, event_id: EventId, item_id: ItemId
    ) -> ChangeInRecord | None:
        history = history_of(await self.store.read(tenant, f"plan/{plan_id}"))
        for made in fold(history.entries).items.get(item_id, ()):
            if made.recorded.id == event_id:
                kind = made.item.kind if made.item else None
                return ChangeInRecord(event_id, item_id, made.effective_on, kind, made.item)
        return None


def _kept(asked: RequestCorrection, document: DocumentRef | None) -> Json:
    return {
        "event": str(asked.event_id),
        "item": item_fields(asked.item),
        "what_was_wrong": asked.what_was_wrong,
        "evidence": asked.evidence,
        "requested_by": asked.requested_by,
        "external_id": asked.external_id,
        "document": kept_document(document),
        "reported": kept_report(asked.reported),
    }


def _asked(paper: Paper) -> RequestCorrection:
    content = paper.content
    return RequestCorrection(
        correction_id=paper.id,
        event_id=UUID(content["event"]),
        item=read_item(content["item"]),
        what_was_wrong=content["what_was_wrong"],
        evidence=content["evidence"],
        requested_by=content["requested_by"],
        document=document_in(paper),
        external_id=content.get("external_id"),
        reported=report_in(paper),
    )
