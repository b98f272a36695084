"""What an adoption reads about the student's first services: the answers, and the IEPs they have had (34 CFR 300.300(b))."""

from contracts.vocabulary import PlanKind
from plan_service.application.plan_model import PLAN
from plan_service.application.situation import Situation
from plan_service.domain.initial_services import FirstServices
from plan_service.domain.plan import Plan
from runtime.event_store import EventStore


async def first_services(store: EventStore, tenant: str, seen: Situation) -> FirstServices | None:
    """Of an IEP; absent for a Section 504 plan. The answers are the student's own, on whom the append rests."""
    if seen.plan.kind is not PlanKind.IEP:
        return None
    student = seen.around.state
    came_with_one = any(transfer.kind is PlanKind.IEP for transfer in student.transfers.values())
    bound = [plan for plan in await _ieps(store, tenant, seen) if plan.ever_adopted and not plan.void]
    revoked = [plan.revoked_on for plan in bound if plan.revoked_on is not None]
    return FirstServices(
        student.services_consents, seen.people, came_with_one or bool(bound), max(revoked, default=None)
    )


async def _ieps(store: EventStore, tenant: str, seen: Situation) -> list[Plan]:
    """This one, and every other of the student."""
    async with store.database.lend(tenant) as connection:
        others = await connection.fetch(
            "SELECT id FROM plan_read.resources"
            " WHERE tenant = $1 AND kind = 'plan' AND student = $2 AND id <> $3 AND document ->> 'kind' = 'iep'",
            tenant, seen.plan.student_id, seen.plan.plan_id,
        )  # fmt: skip
    return [seen.plan, *[(await store.load(tenant, PLAN, row["id"])).state for row in others]]
