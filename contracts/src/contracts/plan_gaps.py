"""What a plan must say before it can bind, but for what hangs on the student's age: 34 CFR 300.320, 300.324(a), 104.33.

plan-service asks it at adoption, audit-service of what was adopted elsewhere and reported.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from contracts.considered import gaps_in_what_was_considered
from contracts.fields import ItemId
from contracts.item_gaps import FAPE_504, LIMITED, OBJECTIVE, SERVICE, gaps_of, objective_gaps
from contracts.items import (
    AnyItem,
    Assessment,
    Goal,
    Objective,
    Placement,
)
from contracts.problems import Reason
from contracts.vocabulary import PlanKind


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of item that no plan is without."""

    kind: str
    what: str
    citation: str


ASKED: Mapping[PlanKind, tuple[Asked, ...]] = {
    PlanKind.IEP: (
        Asked("present_levels", "the present levels", "34 CFR 300.320(a)(1)"),
        Asked("goal", "an annual goal", "34 CFR 300.320(a)(2)"),
        Asked("service", "a service", SERVICE),
        Asked("placement", "the placement", "34 CFR 300.320(a)(5), 300.116"),
        Asked("progress_schedule", "when reports of progress go out", "34 CFR 300.320(a)(3)(ii)"),
    ),
    PlanKind.SECTION_504: (
        Asked("activity_limited", "the activity that is limited", LIMITED),
        Asked("accommodation", "an accommodation", FAPE_504),
        Asked(
            "assistive_technology",
            "whether assistive technology was considered, and who provides, buys and trains",
            FAPE_504,
        ),
    ),
}


def gaps_of_plan(kind: PlanKind, items: Sequence[AnyItem]) -> list[Reason]:
    """Every gap of the plan as a whole: a kind of item that is not there, a question nobody answered."""
    if kind is PlanKind.SECTION_504:
        return list(missing_kinds(kind, items))
    return [*missing_kinds(kind, items), *gaps_in_what_was_considered(items), *_missing_objectives(items)]


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


def missing_kinds(kind: PlanKind, items: Iterable[AnyItem]) -> Iterator[Reason]:
    """Every kind of item that a plan is not without, and that is not there."""
    there = {item.kind for item in items}
    return (missing_kind(asked) for asked in ASKED[kind] if asked.kind not in there)


def missing_kind(asked: Asked) -> Reason:
    """That a plan says nothing of this kind."""
    return Reason(
        f"missing-{asked.kind}".replace("_", "-"), f"The plan does not say {asked.what}.", asked.citation,
        f"Add an item of the kind {asked.kind}.", "/items",
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
