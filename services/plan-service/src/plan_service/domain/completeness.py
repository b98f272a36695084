"""What a plan must say before it can bind: each gap with the rule that asks for it and what would close it.

A draft may be saved with any of these open; the same list is the gate's at adoption (34 CFR 300.320, 104.33).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from contracts.fields import ItemId
from contracts.items import (
    Accommodation,
    ActivityLimited,
    AnyItem,
    Assessment,
    AssistiveTechnology,
    Goal,
    Objective,
    Placement,
    PresentLevels,
    ProgressSchedule,
    Service,
)
from contracts.problems import Reason
from contracts.vocabulary import PlanKind
from plan_service.domain.ages import Ages
from plan_service.domain.considered import gaps_in_what_was_considered
from plan_service.domain.item_gaps import FAPE_504, LIMITED, OBJECTIVE, SERVICE, gaps_of, objective_gaps
from plan_service.domain.transition import transition_gaps

NO_AGES = Ages()


def missing(
    kind: PlanKind, items: Sequence[AnyItem], starts_on: date | None = None, ages: Ages = NO_AGES
) -> list[Reason]:
    """Every gap of a whole plan that would bind from ``starts_on``; without a day nothing is asked that hangs on age."""
    if kind is PlanKind.IEP:
        whole = [
            *_missing_kinds_iep(items),
            *gaps_in_what_was_considered(items),
            *_missing_objectives(items),
            *(transition_gaps(items, starts_on, ages) if starts_on else ()),
        ]
    else:
        whole = list(_missing_kinds_504(items))
    return [*whole, *missing_in_items(kind, items)]


def missing_in_items(
    kind: PlanKind, items: Sequence[AnyItem], goals: Collection[ItemId] = ()
) -> list[Reason]:
    """Every gap of single items; ``goals`` are those of the plan beside the items themselves."""
    known = {*goals, *(item.id for item in items if isinstance(item, Goal))}
    return [gap for item in items for gap in gaps_of(kind, item, known)]


def in_regular_education(items: Iterable[AnyItem]) -> bool:
    """The child is or may be in regular education; a placement that does not say otherwise counts as that."""
    return any(
        item.percent_with_peers is None or item.percent_with_peers > 0
        for item in items
        if isinstance(item, Placement)
    )


def _missing_kinds_iep(items: Sequence[AnyItem]) -> Iterator[Reason]:
    yield from _at_least_one(
        items, PresentLevels, "present-levels", "the present levels", "34 CFR 300.320(a)(1)"
    )
    yield from _at_least_one(items, Goal, "goal", "an annual goal", "34 CFR 300.320(a)(2)")
    yield from _at_least_one(items, Service, "service", "a service", SERVICE)
    yield from _at_least_one(items, Placement, "placement", "the placement", "34 CFR 300.320(a)(5), 300.116")
    yield from _at_least_one(
        items, ProgressSchedule, "progress-schedule", "when reports of progress go out",
        "34 CFR 300.320(a)(3)(ii)",
    )  # fmt: skip


def _missing_kinds_504(items: Sequence[AnyItem]) -> Iterator[Reason]:
    yield from _at_least_one(
        items, ActivityLimited, "activity-limited", "the activity that is limited", LIMITED
    )
    yield from _at_least_one(items, Accommodation, "accommodation", "an accommodation", FAPE_504)
    yield from _at_least_one(
        items, AssistiveTechnology, "assistive-technology",
        "whether assistive technology was considered, and who provides, buys and trains", FAPE_504,
    )  # fmt: skip


def _missing_objectives(items: Sequence[AnyItem]) -> Iterator[Reason]:
    """Objectives are the law's only for who takes an alternate assessment; else the state's or the team's choice."""
    if not any(isinstance(item, Assessment) and item.participation == "alternate" for item in items):
        return
    objectives = [item for item in items if isinstance(item, Objective)]
    served = {objective.goal for objective in objectives}
    for item in items:
        if isinstance(item, Goal) and item.id not in served:
            yield Reason(
                "goal-lacks-objectives",
                "The goal has no objectives, and the student takes an alternate assessment.", OBJECTIVE,
                "Add an item of the kind objective that names this goal.", f"/items/{item.id}",
            )  # fmt: skip
    for objective in objectives:
        yield from objective_gaps(objective)


def _at_least_one(
    items: Sequence[AnyItem], kind: type[AnyItem], code: str, what: str, citation: str
) -> Iterator[Reason]:
    if not any(isinstance(item, kind) for item in items):
        name = kind.model_fields["kind"].default
        yield Reason(
            f"missing-{code}",
            f"The plan does not say {what}.",
            citation,
            f"Add an item of the kind {name}.",
            "/items",
        )
