"""A goal's or objective's results against its steps, on D as known at K."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ItemId, StudentId
from contracts.goals.history import masters_of, progress_by, told_of
from contracts.goals.progress import GoalProgress
from contracts.items import Goal, Objective
from contracts.problems import Invalid, NotFound, Reason
from progress_service.application.student_record import StudentRecord, record_of
from progress_service.domain.known import Basis, Knowledge
from runtime.event_store import EventStore


@dataclass(frozen=True, slots=True)
class ProgressOf:
    """The answer, and what it rests on."""

    plan_id: UUID
    event_id: UUID
    """The event that made the item's text hold."""
    in_force: bool
    """The plan in force that day has the item."""
    progress: GoalProgress
    mastered_by: UUID | None
    mastered_on: date | None
    basis: Basis


async def progress_of(
    store: EventStore, tenant: str, student: StudentId, item_id: ItemId, on: date, knowledge: Knowledge
) -> ProgressOf:
    """How the goal or objective stands. Raises `NotFound` where no text of it was known, `Invalid` for another kind."""
    return progress_in(await record_of(store, tenant, student, knowledge), item_id, on)


def progress_in(record: StudentRecord, item_id: ItemId, on: date) -> ProgressOf:
    """`progress_of` in a record that was read before."""
    told = told_of(record.histories.values(), item_id, on)
    if told is None:
        raise NotFound("Nothing was known of this item then.")
    item = told.item
    if not isinstance(item, Goal | Objective):
        reason = Reason("not-a-goal", "progress is of goals and objectives", pointer="/item")
        raise Invalid(
            f"The item is of the kind {item.kind}: progress is of goals and objectives.", reasons=(reason,)
        )
    results = record.results
    completing = {result_id for year in record.years for result_id in year.completing}
    masters = [
        result
        for result in masters_of(record.histories.values(), item_id, results, completing)
        if result.measured_on <= on
    ]
    return ProgressOf(
        plan_id=told.history.entries[0].event.plan_id,
        event_id=told.event_id,
        in_force=told.in_force,
        progress=progress_by(told, item, results, on),
        mastered_by=masters[0].id if masters else None,
        mastered_on=masters[0].measured_on if masters else None,
        basis=record.basis,
    )
