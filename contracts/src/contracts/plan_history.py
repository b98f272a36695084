"""A plan's history, and the one line of changes per item that it folds into (eventlog.md 9).

Nothing here refuses: the past has already happened, whatever its order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias, cast, get_args
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.fields import AmendmentId, EventId, ItemId
from contracts.items import Add, AnyItem, End, Replace
from contracts.plan import (
    AmendmentAdopted,
    AmendmentWithdrawn,
    PlanAdopted,
    PlanCorrected,
    PlanEnded,
    PlanEvent,
    PlanReopened,
    PlanVoided,
)

PLAN_EVENTS: tuple[type[Event], ...] = get_args(PlanEvent)


@dataclass(frozen=True, slots=True)
class History:
    """Everything recorded of one plan, in index order. Make it with `evolve`, ask it with `plan_document.in_force`."""

    entries: tuple[Recorded[PlanEvent], ...] = ()

    @property
    def plan_id(self) -> UUID | None:
        """The plan it is about."""
        return self.entries[0].event.plan_id if self.entries else None

    @property
    def student(self) -> UUID | None:
        """The student it is about."""
        return self.entries[0].subject if self.entries else None


def evolve(history: History, recorded: Recorded[Event]) -> History:
    """The history with one more entry; what is no event of this plan changes nothing.

    An entry already there is replaced: so one that was folded right after its append takes its index when it has one.
    """
    if not isinstance(recorded.event, PLAN_EVENTS):
        return history
    entry = cast(Recorded[PlanEvent], recorded)
    if history.entries and entry.event.plan_id != history.plan_id:
        return history
    for place, earlier in enumerate(history.entries):
        if earlier.id == entry.id:
            return History((*history.entries[:place], entry, *history.entries[place + 1 :]))
    return History((*history.entries, entry))


def history_of(entries: Iterable[Recorded[Event]]) -> History:
    """The history of all ``entries``, which come in index order."""
    history = History()
    for entry in entries:
        history = evolve(history, entry)
    return history


def known_entries(history: History, known_at: datetime | None) -> tuple[Recorded[PlanEvent], ...]:
    """What the log knew at ``known_at``; without it everything, entries that have no index yet included."""
    if known_at is None:
        return history.entries
    return tuple(
        entry for entry in history.entries if entry.known_at is not None and entry.known_at <= known_at
    )


Key: TypeAlias = tuple[date, int, int]
"""What decides between changes: the later first day; on equal days the later entry; within one the later place."""


@dataclass(frozen=True, slots=True)
class LineChange:
    """One change to one item."""

    key: Key
    op: Literal["add", "replace", "end"]
    item_id: ItemId
    item: AnyItem | None
    """The text from then on, as corrected; ``None`` where the item ends."""
    recorded: Recorded[PlanAdopted] | Recorded[AmendmentAdopted]
    correction: Recorded[PlanCorrected] | None = None

    @property
    def effective_on(self) -> date:
        """The first day it holds."""
        return self.key[0]

    @property
    def amendment_id(self) -> AmendmentId | None:
        """The amendment that made it, if one did."""
        event = self.recorded.event
        return event.amendment_id if isinstance(event, AmendmentAdopted) else None


@dataclass(frozen=True, slots=True)
class Binding:
    """From when the plan as a whole binds, binds again, or no longer does."""

    key: Key
    recorded: Recorded[PlanAdopted] | Recorded[PlanEnded] | Recorded[PlanReopened]


@dataclass(frozen=True, slots=True)
class Amendment:
    """An adopted amendment that stands."""

    key: Key
    recorded: Recorded[AmendmentAdopted]


@dataclass(frozen=True, slots=True)
class Lines:
    """What a plan's known entries fold into."""

    items: dict[ItemId, tuple[LineChange, ...]]
    """Changes per item, in index order; items in the order in which they first appear."""
    bindings: tuple[Binding, ...]
    amendments: tuple[Amendment, ...]
    withdrawals: dict[EventId, Recorded[AmendmentWithdrawn]]
    """By the id of the adoption that a withdrawal undid."""
    void: Recorded[PlanVoided] | None = None
    """That the plan never bound, whatever stands above: the first statement of it."""


def fold(known: Sequence[Recorded[PlanEvent]]) -> Lines:
    """One line of changes per item, corrected and without what was withdrawn."""
    corrections = _corrections(known)
    withdrawals = _withdrawals(known)
    items: dict[ItemId, tuple[LineChange, ...]] = {}
    bindings: list[Binding] = []
    amendments: list[Amendment] = []
    void: Recorded[PlanVoided] | None = None

    def add(change: LineChange) -> None:
        items[change.item_id] = (*items.get(change.item_id, ()), change)

    for place, entry in enumerate(known):
        event, start = entry.event, (entry.effective_on, place)
        if isinstance(event, PlanAdopted):
            adopted = cast(Recorded[PlanAdopted], entry)
            bindings.append(Binding((*start, 0), adopted))
            for number, change in enumerate(_adoption_changes(event, tuple(items))):
                add(_line_change(change, (*start, number), adopted, corrections))
        elif isinstance(event, AmendmentAdopted) and entry.id not in withdrawals:
            amended = cast(Recorded[AmendmentAdopted], entry)
            amendments.append(Amendment((*start, 0), amended))
            for number, change in enumerate(event.changes):
                add(_line_change(change, (*start, number), amended, corrections))
        elif isinstance(event, PlanEnded):
            bindings.append(Binding((*start, 0), cast(Recorded[PlanEnded], entry)))
        elif isinstance(event, PlanReopened):
            bindings.append(Binding((*start, 0), cast(Recorded[PlanReopened], entry)))
        elif isinstance(event, PlanVoided):
            void = void or cast(Recorded[PlanVoided], entry)
    return Lines(items, tuple(bindings), tuple(amendments), withdrawals, void)


def holding_on(changes: Sequence[LineChange], day: date) -> LineChange | None:
    """The change that holds on ``day``: the greatest first day up to it; on equal days the later entry."""
    return max((change for change in changes if change.effective_on <= day), key=_key, default=None)


def ends_a_text(changes: Sequence[LineChange], end: LineChange) -> bool:
    """Whether ``end`` follows on a text of the item, so that something was in force until then."""
    before = max((change for change in changes if change.key < end.key), key=_key, default=None)
    return before is not None and before.op != "end"


def binding_on(bindings: Sequence[Binding], day: date) -> Binding | None:
    """The adoption, end or reopening that decides whether the plan binds on ``day``."""
    return max((binding for binding in bindings if binding.key[0] <= day), key=_key, default=None)


def adoption_on(bindings: Sequence[Binding], day: date) -> Recorded[PlanAdopted] | None:
    """The adoption by which the plan binds on ``day``; a reopened plan binds by the last one before. A void is not asked."""
    binding = binding_on(bindings, day)
    if binding is None or isinstance(binding.recorded.event, PlanEnded):
        return None
    adopted = binding_on([each for each in bindings if isinstance(each.recorded.event, PlanAdopted)], day)
    return cast(Recorded[PlanAdopted], adopted.recorded) if adopted else None


def in_force_on(lines: Lines, day: date) -> bool:
    """The plan binds on ``day``; one that was voided never did."""
    return lines.void is None and adoption_on(lines.bindings, day) is not None


def _key(dated: LineChange | Binding) -> Key:
    return dated.key


def _adoption_changes(event: PlanAdopted, known_items: Sequence[ItemId]) -> list[Add | Replace | End]:
    """An adoption is one change per item, and an end for each item of the plan it leaves out."""
    present = {item.id for item in event.items}
    ends = [End(item=item_id) for item_id in known_items if item_id not in present]
    return [
        *ends,
        *(Replace(item=item) if item.id in known_items else Add(item=item) for item in event.items),
    ]


def _line_change(
    change: Add | Replace | End,
    key: Key,
    recorded: Recorded[PlanAdopted] | Recorded[AmendmentAdopted],
    corrections: dict[tuple[EventId, ItemId], Recorded[PlanCorrected]],
) -> LineChange:
    if isinstance(change, End):
        # There is no text to correct: a correction never brings back an item that was ended.
        return LineChange(key, "end", change.item, None, recorded)
    correction = corrections.get((recorded.id, change.item.id))
    item = correction.event.item if correction else change.item
    return LineChange(key, change.op, change.item.id, item, recorded, correction)


def _corrections(
    known: Sequence[Recorded[PlanEvent]],
) -> dict[tuple[EventId, ItemId], Recorded[PlanCorrected]]:
    """The last known correction of each change; one whose text is of another item corrects nothing."""
    found: dict[tuple[EventId, ItemId], Recorded[PlanCorrected]] = {}
    for entry in known:
        if isinstance(entry.event, PlanCorrected) and entry.event.item.id == entry.event.corrects.item_id:
            corrects = entry.event.corrects
            found[corrects.event_id, corrects.item_id] = cast(Recorded[PlanCorrected], entry)
    return found


def _withdrawals(known: Sequence[Recorded[PlanEvent]]) -> dict[EventId, Recorded[AmendmentWithdrawn]]:
    """The adoptions that a later entry withdrew; an amendment adopted after its withdrawal stands."""
    adopted: dict[AmendmentId, list[EventId]] = {}
    undone: dict[EventId, Recorded[AmendmentWithdrawn]] = {}
    for entry in known:
        if isinstance(entry.event, AmendmentAdopted):
            adopted.setdefault(entry.event.amendment_id, []).append(entry.id)
        elif isinstance(entry.event, AmendmentWithdrawn):
            for adoption in adopted.pop(entry.event.amendment_id, []):
                undone[adoption] = cast(Recorded[AmendmentWithdrawn], entry)
    return undone
