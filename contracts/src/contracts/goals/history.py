"""A goal's or objective's text in the plans that were known, and how it stood on a day: a pure function of both histories."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.fields import ItemId
from contracts.goals.criterion import Criterion, criterion_of, in_order
from contracts.goals.progress import GoalProgress, goal_progress, ids_of
from contracts.goals.results import Result, result_of
from contracts.items import AnyItem, Goal, Objective
from contracts.plan_history import History, Lines, fold, holding_on, in_force_on
from contracts.progress import BenchmarkMeasured, MeasurementVoided


@dataclass(frozen=True, slots=True)
class ToldOf:
    """The plan that says most about the item on the day."""

    history: History
    lines: Lines
    item: AnyItem
    event_id: UUID
    in_force: bool


def told_of(histories: Iterable[History], item_id: ItemId, on: date) -> ToldOf | None:
    """The plan that says most about an item on a day: the one in force, otherwise the one known last."""
    candidates = [
        found for history in histories if history.entries and (found := _find(history, item_id, on))
    ]
    return max(
        candidates, key=lambda each: (each.in_force, each.history.entries[-1].index or 0), default=None
    )


def progress_by(told: ToldOf, item: Goal | Objective, results: Iterable[Result], on: date) -> GoalProgress:
    """How it stands on ``on``; of ``results`` those count that were taken for it, or for one of the goal's objectives."""
    goal, objectives = _around(told, item, on)
    ids = set(ids_of(item, objectives))
    mine = [result for result in results if result.item in ids]
    phases = phases_of(told.lines, (goal or item).id)
    return goal_progress(item, goal, objectives, _begun_on(told, goal or item), mine, on, phases)


def masters_of(
    histories: Iterable[History], item_id: ItemId, results: Iterable[Result], completing: Collection[UUID]
) -> list[Result]:
    """The results by which the item stands mastered, by day: of ``completing``, those with which the run is complete still.

    ``results`` are all that are known of the item. What completed a run of which a result was struck through since masters
    nothing. Where no text of the item is known to hold a result against, it masters as it was recorded.
    """
    known = list(histories)
    counting = [result for result in results if result.item == item_id and result.counts]

    def stands(result: Result) -> bool:
        told = told_of(known, item_id, result.measured_on)
        if told is None:
            return True
        asked = _criterion(told, result.measured_on)
        return asked is not None and asked.stands(result, counting)

    return [result for result in in_order(counting) if result.id in completing and stands(result)]


def _criterion(told: ToldOf, on: date) -> Criterion | None:
    """What the item asks for on a day; ``None`` for what is no goal or objective, or names no target."""
    if not isinstance(told.item, Goal | Objective):
        return None
    return criterion_of(told.item, _around(told, told.item, on)[0])


def results_of(entries: Iterable[Recorded[Event]]) -> list[Result]:
    """Every measurement that was recorded, and counts."""
    found: dict[UUID, Result] = {}
    for entry in entries:
        match entry.event:
            case BenchmarkMeasured() as measured:
                found[measured.measurement_id] = result_of(measured)
            case MeasurementVoided() as voided:
                found.pop(voided.measurement_id, None)
            case _:
                pass
    return list(found.values())


def goals_in_force(history: History, on: date) -> list[Goal]:
    """The goals a plan has on a day, in the order of their dates."""
    lines = fold(history.entries)
    if not in_force_on(lines, on):
        return []
    holding = (holding_on(line, on) for line in lines.items.values())
    goals = [change.item for change in holding if change is not None and isinstance(change.item, Goal)]
    return sorted(goals, key=lambda goal: (goal.due_on or date.max, str(goal.id)))


def _find(history: History, item_id: ItemId, on: date) -> ToldOf | None:
    lines = fold(history.entries)
    line = lines.items.get(item_id, ())
    texts = [change for change in line if change.item is not None]
    if not texts:
        return None
    holding = holding_on(line, on)
    before = [change for change in texts if change.effective_on <= on]
    change = max(before, key=lambda each: each.key) if before else min(texts, key=lambda each: each.key)
    assert change.item is not None
    in_force = in_force_on(lines, on) and holding is not None and holding.item is not None
    return ToldOf(history, lines, change.item, change.recorded.id, in_force)


def _around(found: ToldOf, item: Goal | Objective, on: date) -> tuple[Goal | None, list[Objective]]:
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
    begun_on = min((change.effective_on for change in lines.items.get(goal, ())), default=date.min)
    for item_id, line in lines.items.items():
        texts = sorted((change for change in line), key=lambda change: change.key)
        kinds = {change.item.kind for change in texts if change.item is not None}
        if item_id != goal and "service" not in kinds:
            continue
        what = "goal changed" if item_id == goal else "services changed"
        said: AnyItem | None = None
        for change in texts:
            if change.item != said and change.effective_on > begun_on:
                found.setdefault(change.effective_on, set()).add(what)
            said = change.item
    return [(day, " and ".join(sorted(what))) for day, what in sorted(found.items())]


def _begun_on(found: ToldOf, item: Goal | Objective) -> date | None:
    line = found.lines.items.get(item.id, ())
    return min((change.effective_on for change in line), default=None)
