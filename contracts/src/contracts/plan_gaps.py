"""What a plan must say before it can bind, but for what hangs on the student's age: 34 CFR 300.320, 300.324(a), 104.33.

plan-service asks it at adoption, audit-service of what was adopted elsewhere and reported.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from contracts.considered import gaps_in_what_was_considered
from contracts.fields import ItemId
from contracts.item_gaps import FAPE_504, LIMITED, OBJECTIVE, SERVICE, gaps_of, objective_gaps
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


def gaps_of_plan(kind: PlanKind, items: Sequence[AnyItem]) -> list[Reason]:
    """Every gap of the plan as a whole: a kind of item that is not there, a question nobody answered."""
    if kind is PlanKind.SECTION_504:
        return list(_missing_kinds_504(items))
    return [*_missing_kinds_iep(items), *gaps_in_what_was_considered(items), *_missing_objectives(items)]


def gaps_in_items(kind: PlanKind, items: Sequence[AnyItem], goals: Collection[ItemId] = ()) -> list[Reason]:
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
