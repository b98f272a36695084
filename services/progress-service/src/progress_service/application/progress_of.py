"""A goal's or objective's results against its steps, on D as known at K."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ItemId, StudentId
from contracts.items import AnyItem, Goal, Objective
from contracts.plan import PlanAdopted
from contracts.plan_history import History, Lines, binding_on, fold, holding_on
from contracts.problems import Invalid, NotFound, Reason
from progress_service.application.student_record import StudentRecord, record_of
from progress_service.domain.goal_progress import GoalProgress, goal_progress, ids_of
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


@dataclass(frozen=True, slots=True)
class _Found:
    """The plan that says most about the item on the day."""

    history: History
    lines: Lines
    item: AnyItem
    event_id: UUID
    in_force: bool


async def progress_of(
    store: EventStore, tenant: str, student: StudentId, item_id: ItemId, on: date, knowledge: Knowledge
) -> ProgressOf:
    """How the goal or objective stands. Raises `NotFound` where no text of it was known, `Invalid` for another kind."""
    return progress_in(await record_of(store, tenant, student, knowledge), item_id, on)


def progress_in(record: StudentRecord, item_id: ItemId, on: date) -> ProgressOf:
    """`progress_of` in a record that was read before."""
    known = list(record.histories.values())
    candidates = [found for history in known if history.entries and (found := _find(history, item_id, on))]
    if not candidates:
        raise NotFound("Nothing was known of this item then.")
    found = max(candidates, key=lambda each: (each.in_force, each.history.entries[-1].index or 0))
    item = found.item
    if not isinstance(item, Goal | Objective):
        reason = Reason("not-a-goal", "progress is of goals and objectives", pointer="/item")
        raise Invalid(
            f"The item is of the kind {item.kind}: progress is of goals and objectives.", reasons=(reason,)
        )
    goal, objectives = _around(found, item, on)
    ids = set(ids_of(item, objectives))
    results = [result for result in record.results if result.item in ids]
    completing = {result_id for year in record.years for result_id in year.completing}
    masters = [
        result
        for result in results
        if result.id in completing and result.item == item_id and result.counts and result.measured_on <= on
    ]
    return ProgressOf(
        plan_id=found.history.entries[0].event.plan_id,
        event_id=found.event_id,
        in_force=found.in_force,
        progress=goal_progress(
            item,
            goal,
            objectives,
            _begun_on(found, goal or item),
            results,
            on,
            phases_of(found.lines, (goal or item).id),
        ),
        mastered_by=masters[0].id if masters else None,
        mastered_on=masters[0].measured_on if masters else None,
        basis=record.basis,
    )


def _find(history: History, item_id: ItemId, on: date) -> _Found | None:
    lines = fold(history.entries)
    line = lines.items.get(item_id, ())
    texts = [change for change in line if change.item is not None]
    if not texts:
        return None
    holding = holding_on(line, on)
    binding = binding_on(lines.bindings, on)
    binds = binding is not None and isinstance(binding.recorded.event, PlanAdopted)
    before = [change for change in texts if change.effective_on <= on]
    change = max(before, key=lambda each: each.key) if before else min(texts, key=lambda each: each.key)
    assert change.item is not None
    in_force = binds and holding is not None and holding.item is not None
    return _Found(history, lines, change.item, change.recorded.id, in_force)


def _around(found: _Found, item: Goal | Objective, on: date) -> tuple[Goal | None, list[Objective]]:
    """The goal it is or belongs to, and the goal's objectives in force that day."""
    if isinstance(item, Objective):
        change = holding_on(found.lines.items.get(item.goal, ()), on) if item.goal else None
        return (change.item if change is not None and isinstance(change.item, Goal) else None), []
    holding = (holding_on(line, on) for line in found.lines.items.values())
    texts = [change.item for change in holding if change is not None]
    objectives = [text for text in texts if isinstance(text, Objective) and text.goal == item.id]
    return item, sorted(objectives, key=lambda each: (each.order or 0, each.due_on or date.max))


def phases_of(lines: Lines, goal: ItemId) -> list[tuple[date, str]]:
    """Days after the beginning on which the goal's text or a service changed: how it was taught was another from then."""
    found: dict[date, set[str]] = {}
    for item_id, line in lines.items.items():
        texts = sorted((change for change in line), key=lambda change: change.key)
        kinds = {change.item.kind for change in texts if change.item is not None}
        if item_id != goal and "service" not in kinds:
            continue
        what = "goal changed" if item_id == goal else "services changed"
        for change in texts[1:]:
            found.setdefault(change.effective_on, set()).add(what)
    return [(day, " and ".join(sorted(what))) for day, what in sorted(found.items())]


def _begun_on(found: _Found, item: Goal | Objective) -> date | None:
    line = found.lines.items.get(item.id, ())
    return min((change.effective_on for change in line), default=None)
