"""What an adoption reads of what came before it: the student's plans of the kind, and the answers about first services."""

from dataclasses import dataclass

from contracts.vocabulary import PlanKind
from plan_service.application.plan_model import PLAN
from plan_service.application.situation import Situation
from plan_service.domain.eligibility import KnownEligibility
from plan_service.domain.initial_services import FirstServices
from plan_service.domain.plan import Plan
from runtime.event_store import EventStore


@dataclass(frozen=True, slots=True)
class Before:
    """The student's plans of one kind that have bound, and whether they came from elsewhere with one."""

    bound: tuple[Plan, ...]
    came_with_one: bool

    @property
    def any(self) -> bool:
        """There was one."""
        return self.came_with_one or bool(self.bound)


async def plans_before(store: EventStore, tenant: str, seen: Situation) -> Before:
    """Of the kind of the plan in hand, itself included."""
    kind = seen.plan.kind
    async with store.database.lend(tenant) as connection:
        others = await connection.fetch(
            "SELECT id FROM plan_read.resources"
            " WHERE tenant = $1 AND kind = 'plan' AND student = $2 AND id <> $3 AND document ->> 'kind' = $4",
            tenant, seen.plan.student_id, seen.plan.plan_id, kind.value,
        )  # fmt: skip
    loaded = (
        await store.load_many(tenant, [(PLAN, PLAN.stream(row["id"])) for row in others]) if others else {}
    )
    plans = [seen.plan, *(other.state for other in loaded.values())]
    return Before(
        tuple(plan for plan in plans if plan.ever_adopted and not plan.void),
        any(transfer.kind is kind for transfer in seen.around.state.transfers.values()),
    )


def known_eligibility(seen: Situation, before: Before) -> KnownEligibility:
    """What was found of the student, on whose stream the append rests."""
    return KnownEligibility(seen.around.state.evaluations, before.any)


def first_services(seen: Situation, before: Before) -> FirstServices | None:
    """Of an IEP; absent for a Section 504 plan. The answers are the student's own, on whom the append rests."""
    if seen.plan.kind is not PlanKind.IEP:
        return None
    revoked = [plan.revoked_on for plan in before.bound if plan.revoked_on is not None]
    return FirstServices(
        seen.around.state.services_consents, seen.people, before.any, max(revoked, default=None)
    )
