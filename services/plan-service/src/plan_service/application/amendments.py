"""Amendments: what of other streams and of the notices each decision about one is made on."""

from collections.abc import Callable, Sequence
from uuid import UUID

from contracts.plan import PlanEvent, TeamMeeting
from contracts.values import Reported
from plan_service.application.notices_given import notices_given, objected_to
from plan_service.application.situation import Situation, decide
from plan_service.domain.amendment import (
    AdoptAmendment,
    Ground,
    ProposeAmendment,
    adopt_amendment,
    propose_amendment,
)
from plan_service.domain.plan import Plan
from runtime.append_request import Answer, Appended, Claim, Context
from runtime.event_store import EventStore


async def propose(
    store: EventStore, context: Context, plan_id: UUID, command: Callable[[Situation], ProposeAmendment], *,
    meeting_id: UUID | None = None, if_match: int | None, claims: Sequence[Claim] = (), answer: Answer | None = None,
    reported: Reported | None = None,
) -> Appended:  # fmt: skip
    """Propose a change to a plan in effect. ``meeting_id``: the meeting it rests on, which must be this student's."""

    def decision(seen: Situation) -> Sequence[PlanEvent]:
        return propose_amendment(seen.plan, command(seen), seen.people)

    return await decide(
        store, context, plan_id, decision, if_match=if_match, meeting_id=lambda _plan: meeting_id, claims=claims,
        answer=answer, reported=reported,
    )  # fmt: skip


async def adopt(
    store: EventStore, context: Context, plan_id: UUID, amendment_id: UUID,
    command: Callable[[Situation], AdoptAmendment], *, if_match: int | None, answer: Answer | None = None,
    reported: Reported | None = None,
) -> Appended:  # fmt: skip
    """Let an amendment bind: at once, later, or on the first lawful day; with what was consented to."""
    notices = await notices_given(store.database, context.tenant, plan_id, amendment_id)
    objected = await objected_to(store.database, context.tenant, plan_id, amendment_id)

    def decision(seen: Situation) -> Sequence[PlanEvent]:
        ground = Ground(seen.rules, seen.people, notices, seen.meeting, objected, seen.stay_put)
        return adopt_amendment(seen.plan, command(seen), ground)

    def meeting_of_basis(plan: Plan) -> UUID | None:
        amendment = plan.amendments.get(amendment_id)
        basis = amendment.basis if amendment else None
        return basis.meeting_id if isinstance(basis, TeamMeeting) else None

    return await decide(
        store, context, plan_id, decision, if_match=if_match, meeting_id=meeting_of_basis, answer=answer,
        reported=reported,
    )  # fmt: skip
