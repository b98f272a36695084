"""A plan as findings ask for it: its texts day by day, and each change that bound."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import cast
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.fields import AmendmentId
from contracts.items import AnyItem
from contracts.plan import (
    AmendmentAdopted,
    AmendmentProposed,
    PlanAdopted,
    PlanEnded,
    PlanEvent,
)
from contracts.plan_history import History, Lines, adoption_on, fold, history_of, holding_on
from contracts.vocabulary import PlanKind

Change = Recorded[PlanAdopted] | Recorded[AmendmentAdopted]


@dataclass(frozen=True)
class PlanFacts:
    """One plan, as far as it counts on the day that is asked about."""

    plan_id: UUID
    kind: PlanKind
    history: History

    @cached_property
    def lines(self) -> Lines:
        """One line of changes per item."""
        return fold(self.history.entries)

    def binds_on(self, day: date) -> bool:
        """It is in force on ``day``."""
        return adoption_on(self.lines.bindings, day) is not None

    def adoption_on(self, day: date) -> Recorded[PlanAdopted] | None:
        """The adoption by which it is in force on ``day``."""
        return adoption_on(self.lines.bindings, day)

    def items_on(self, day: date) -> Mapping[UUID, AnyItem]:
        """What it says on ``day``; nothing where it is not in force."""
        if not self.binds_on(day):
            return {}
        held = {item: holding_on(line, day) for item, line in self.lines.items.items()}
        return {
            item: change.item
            for item, change in held.items()
            if change is not None and change.item is not None
        }

    @cached_property
    def adoptions(self) -> tuple[Recorded[PlanAdopted], ...]:
        """Each time the whole plan was decided, by the days from which they bind."""
        found = [
            cast(Recorded[PlanAdopted], e) for e in self.history.entries if isinstance(e.event, PlanAdopted)
        ]
        return tuple(sorted(found, key=lambda each: each.effective_on))

    @cached_property
    def amendments(self) -> tuple[Recorded[AmendmentAdopted], ...]:
        """Each amendment that bound and was not withdrawn."""
        found = [
            cast(Recorded[AmendmentAdopted], e)
            for e in self.history.entries
            if isinstance(e.event, AmendmentAdopted) and e.id not in self.lines.withdrawals
        ]
        return tuple(sorted(found, key=lambda each: each.effective_on))

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Adoptions and amendments, by the days from which they bind: each makes a version."""
        return tuple(sorted((*self.adoptions, *self.amendments), key=lambda each: each.effective_on))

    def number_of(self, change: Recorded[Event]) -> int:
        """Which version it made, counted by the day from which it bound."""
        return next(n for n, each in enumerate(self.changes, 1) if each.id == change.id)

    @cached_property
    def ends(self) -> tuple[Recorded[PlanEnded], ...]:
        """Each end that holds."""
        return tuple(
            cast(Recorded[PlanEnded], e) for e in self.history.entries if isinstance(e.event, PlanEnded)
        )

    @cached_property
    def turning_days(self) -> tuple[date, ...]:
        """The days on which what it says may change."""
        days = {each.effective_on for line in self.lines.items.values() for each in line}
        return tuple(sorted(days | {binding.key[0] for binding in self.lines.bindings}))

    def proposal_of(self, amendment: AmendmentId) -> Recorded[AmendmentProposed] | None:
        """How the amendment was proposed."""
        return next(
            (
                cast(Recorded[AmendmentProposed], e)
                for e in self.history.entries
                if isinstance(e.event, AmendmentProposed) and e.event.amendment_id == amendment
            ),
            None,
        )


def plans_of(entries: Iterable[Recorded[Event]]) -> tuple[PlanFacts, ...]:
    """Every plan of which something bound or is to bind, but for those that never did because they were void."""
    streams: dict[str, list[Recorded[Event]]] = {}
    for entry in entries:
        if isinstance(entry.event, PlanEvent):
            streams.setdefault(entry.stream, []).append(entry)
    found: list[PlanFacts] = []
    for stream in streams.values():
        history = history_of(stream)
        adopted = next((e.event for e in stream if isinstance(e.event, PlanAdopted)), None)
        if adopted is None or history.plan_id is None:
            continue
        plan = PlanFacts(history.plan_id, adopted.kind, history)
        if plan.lines.void is None:
            found.append(plan)
    return tuple(found)
