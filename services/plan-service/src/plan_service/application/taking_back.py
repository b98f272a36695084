"""Voids and reopenings from the request of one person to the approval by another."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from contracts.event import Json
from contracts.plan import PlanEnded
from contracts.plan_document import history_of
from contracts.plan_history import fold
from contracts.problems import Rejected
from contracts.vocabulary import ReopeningGround, VoidGround
from plan_service.application.adopting import place_in_effect
from plan_service.application.approvals import (
    Approvals,
    Approved,
    document_in,
    kept_document,
    kept_report,
    report_in,
)
from plan_service.application.plan_model import PLAN
from plan_service.application.situation import Situation
from plan_service.application.working_papers import Paper
from plan_service.domain.plan import Plan
from plan_service.domain.reopening import EndInRecord, RequestReopening, approve_reopening, check_reopening
from plan_service.domain.voiding import RequestVoid, approve_void, check_void
from runtime.append_request import Answer, Appended, Claim, Context
from runtime.event_store import EventStore


class VoidWaits(Rejected):
    """Somebody has asked for it already."""

    code = "void-waits"

    def __init__(self, void_id: UUID) -> None:
        super().__init__("This plan's void waits for its second person.", void=void_id)


class Reopenings:
    """Ended plans that are to bind again."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.approvals = Approvals(store, "reopening")

    async def request(
        self, context: Context, plan_id: UUID, asked: RequestReopening, document: UUID | None = None, *,
        if_match: int, claims: Sequence[Claim] = (), answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Keep it until a second person approves; refuses what no approval could make right."""

        async def checked(seen: Situation) -> Json:
            wanted = replace(asked, document=seen.people.document(document, "/document"))
            end = await self._end(context.tenant, seen)
            event = check_reopening(seen.plan, wanted, end, seen.today, seen.stay_put)
            return {
                "ground": wanted.ground.value,
                "reason": wanted.reason,
                "effective_on": event.effective_on.isoformat(),
                "requested_by": wanted.requested_by,
                "external_id": wanted.external_id,
                "document": kept_document(wanted.document),
                "reported": kept_report(wanted.reported),
            }

        return await self.approvals.request(
            context, plan_id, asked.reopening_id, checked, if_match=if_match, claims=claims, answer=answer
        )

    async def approve(
        self, context: Context, plan_id: UUID, reopening_id: UUID, *, approved_by: str, if_match: int,
        answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Let the plan bind again. Raises `SecondPersonRequired`, `AnotherPlanInEffect` where another took its place."""

        async def decided(seen: Situation, paper: Paper) -> Approved:
            end = await self._end(context.tenant, seen)
            events = approve_reopening(
                seen.plan, _reopening(paper), end, approved_by, seen.today, seen.stay_put
            )
            place = await place_in_effect(self.store, context.tenant, seen.plan, events[0].effective_on)
            return Approved(events, place.claims, place.releases, place.resting_on)

        return await self.approvals.approve(
            context, plan_id, reopening_id, decided, if_match=if_match, answer=answer
        )

    async def _end(self, tenant: str, seen: Situation) -> EndInRecord | None:
        """The end that holds: nothing binds after it."""
        history = history_of(await self.store.read(tenant, seen.loaded.stream))
        last = max(fold(history.entries).bindings, key=lambda binding: binding.key, default=None)
        if last is None or not isinstance(last.recorded.event, PlanEnded):
            return None
        ended = last.recorded
        return EndInRecord(ended.id, ended.effective_on, ended.event.reason)


class Voids:
    """Plans that never bound."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.approvals = Approvals(store, "void")

    async def request(
        self, context: Context, plan_id: UUID, asked: RequestVoid, document: UUID | None = None, *,
        if_match: int, claims: Sequence[Claim] = (), answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Keep it until a second person approves; one waits at a time."""

        async def checked(seen: Situation) -> Json:
            for waiting in await self.approvals.papers.of_plan(context.tenant, plan_id, "void"):
                raise VoidWaits(waiting.id)
            wanted = replace(asked, document=seen.people.document(document, "/document"))
            check_void(seen.plan, wanted, seen.people, await self._stands(context.tenant, wanted), seen.today)
            return {
                "ground": wanted.ground.value,
                "reason": wanted.reason,
                "duplicate_of": str(wanted.duplicate_of) if wanted.duplicate_of else None,
                "told_holders": [str(each) for each in wanted.holder_ids],
                "told_staff": [str(each) for each in wanted.staff_ids],
                "notices": [str(each) for each in wanted.notice_ids],
                "requested_by": wanted.requested_by,
                "external_id": wanted.external_id,
                "document": kept_document(wanted.document),
                "reported": kept_report(wanted.reported),
            }

        return await self.approvals.request(
            context, plan_id, asked.void_id, checked, if_match=if_match, claims=claims, answer=answer
        )

    async def approve(
        self, context: Context, plan_id: UUID, void_id: UUID, *, approved_by: str, if_match: int,
        answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """State that the plan never bound. Raises `SecondPersonRequired`."""

        async def decided(seen: Situation, paper: Paper) -> Approved:
            asked = _void(paper)
            stands = await self._stands(context.tenant, asked)
            return Approved(approve_void(seen.plan, asked, seen.people, stands, approved_by, seen.today))

        return await self.approvals.approve(
            context, plan_id, void_id, decided, if_match=if_match, answer=answer
        )

    async def _stands(self, tenant: str, asked: RequestVoid) -> Plan | None:
        if asked.duplicate_of is None:
            return None
        return (await self.store.load(tenant, PLAN, asked.duplicate_of)).state


def _reopening(paper: Paper) -> RequestReopening:
    content = paper.content
    ground = ReopeningGround(content["ground"])
    # Of a mistake the day is the end's own, whichever holds by now.
    on = None if ground is ReopeningGround.MISTAKE else date.fromisoformat(content["effective_on"])
    return RequestReopening(
        paper.id, ground, content["reason"], content["requested_by"], on, document_in(paper),
        content.get("external_id"), report_in(paper),
    )  # fmt: skip


def _void(paper: Paper) -> RequestVoid:
    content = paper.content

    def ids(name: str) -> tuple[UUID, ...]:
        return tuple(UUID(each) for each in content[name])

    return RequestVoid(
        paper.id, VoidGround(content["ground"]), content["reason"], content["requested_by"],
        UUID(content["duplicate_of"]) if "duplicate_of" in content else None, ids("told_holders"), ids("told_staff"),
        ids("notices"), document_in(paper), content.get("external_id"), report_in(paper),
    )  # fmt: skip
