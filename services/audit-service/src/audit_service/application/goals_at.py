"""Reading how a plan's goals stood at (D, K) from the copies of both logs."""

from uuid import UUID

from audit_service.application.evidence import Evidence, opened_events
from audit_service.domain.goals_shown import TYPES, goals_of
from audit_service.domain.moment import Moment
from contracts.event import registered_events
from contracts.goals.progress import GoalProgress
from contracts.plan_document import history_of


async def goals_at(
    evidence: Evidence, tenant: str, student: UUID, plan: UUID, moment: Moment
) -> list[GoalProgress]:
    """Of each goal the plan had on the day."""
    types = [*TYPES, *(name for name in registered_events() if name.startswith("plan."))]
    copies = await evidence.of_student(
        tenant, student, known_at=moment.known_at, basis=dict(moment.basis) if moment.basis is not None else None, types=types,
    )  # fmt: skip
    entries = opened_events(copies)
    history = history_of(entry for entry in entries if entry.stream == f"plan/{plan}")
    return goals_of(history, entries, moment)
