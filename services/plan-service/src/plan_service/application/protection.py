"""Under which laws a student is protected when disciplined: the plans that are read for it beside the student."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from contracts.vocabulary import Law, PlanKind
from plan_service.application.desk import Seen
from plan_service.application.plan_model import PLAN
from plan_service.domain.removing import protected
from plan_service.domain.student import Student
from runtime.event_store import EventStore
from runtime.stream_model import Model

LAW_OF = {PlanKind.IEP: Law.IDEA, PlanKind.SECTION_504: Law.SECTION_504}


async def plans_in_place(store: EventStore, tenant: str, student_id: UUID) -> dict[Law, UUID]:
    """The plan of each kind that has, or had last, the student's one place in effect."""
    held = {
        law: await store.held(tenant, f"active_plan:{kind}", str(student_id)) for kind, law in LAW_OF.items()
    }
    return {law: owner[0] for law, owner in held.items() if owner is not None}


def beside(plans: Mapping[Law, UUID]) -> list[tuple[Model[Any], str]]:
    """What is read beside the student."""
    return [(PLAN, PLAN.stream(plan_id)) for plan_id in plans.values()]


def protected_on(seen: Seen[Student], plans: Mapping[Law, UUID], day: date) -> frozenset[Law]:
    """See `domain.removing.protected`."""
    in_effect = {law for law, plan_id in plans.items() if seen.of(PLAN, plan_id).in_effect_on(day)}
    return protected(seen.state.evaluations, in_effect, day)
