"""What a plan must say before it can bind: each gap with the rule that asks for it and what would close it.

A draft may be saved with any of these open; the same list is the gate's at adoption (34 CFR 300.320, 104.33).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal

from contracts.fields import ItemId
from contracts.items import (
    Accommodation,
    ActivityLimited,
    AnyItem,
    Goal,
    Objective,
    Placement,
    PresentLevels,
    SchoolServices,
    Service,
)
from contracts.problems import Reason
from contracts.vocabulary import PlanKind

GOAL = "34 CFR 300.320(a)(2)(i)"
SERVICE = "34 CFR 300.320(a)(4)"
SERVICE_WHEN = "34 CFR 300.320(a)(7)"
LRE = "34 CFR 300.320(a)(5)"
FAPE_504 = "34 CFR 104.33(b)"

_GOAL_FIELDS = {
    "statement": ("what is to be reached", GOAL),
    "baseline": ("where the student stands now", GOAL),
    "target": ("the value to be reached", GOAL),
    "measure_method": ("how progress is measured", "34 CFR 300.320(a)(3)(i)"),
    "due_on": ("the date by which it is to be reached", GOAL),
}
_SERVICE_FIELDS = {
    "service": ("which service", SERVICE),
    "provider_role": ("whose role it is to give it", SERVICE),
    "starts_on": ("its first day", SERVICE_WHEN),
    "minutes": ("its minutes (frequency)", SERVICE_WHEN),
    "per": ("the period in which the minutes are given (frequency)", SERVICE_WHEN),
    "location": ("where it is given", SERVICE_WHEN),
    "ends_on": ("its last day (duration)", SERVICE_WHEN),
}


def missing(kind: PlanKind, items: Sequence[AnyItem]) -> list[Reason]:
    """Every gap of a whole plan."""
    whole = _missing_kinds_iep(items) if kind is PlanKind.IEP else _missing_kinds_504(items)
    return [*whole, *missing_in_items(kind, items)]


def missing_in_items(
    kind: PlanKind, items: Sequence[AnyItem], goals: Collection[ItemId] = ()
) -> list[Reason]:
    """Every gap of single items; ``goals`` are those of the plan beside the items themselves."""
    known = {*goals, *(item.id for item in items if isinstance(item, Goal))}
    return [gap for item in items for gap in _gaps(kind, item, known)]


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


def _missing_kinds_504(items: Sequence[AnyItem]) -> Iterator[Reason]:
    yield from _at_least_one(
        items, ActivityLimited, "activity-limited", "the activity that is limited", "42 USC 12102(2)"
    )
    yield from _at_least_one(items, Accommodation, "accommodation", "an accommodation", FAPE_504)


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


def _gaps(kind: PlanKind, item: AnyItem, goals: Collection[ItemId]) -> Iterator[Reason]:
    match item:
        case PresentLevels():
            yield from _absent(item, {"statement": ("how the student does now", "34 CFR 300.320(a)(1)")})
        case Goal():
            yield from _absent(item, _GOAL_FIELDS)
        case Objective():
            yield from _of_no_goal(item, goals)
        case Service():
            yield from _absent(item, _SERVICE_FIELDS)
        case Placement():
            yield from _placement_gaps(item)
        case ActivityLimited():
            yield from _absent(item, {"activity": ("which activity", "42 USC 12102(2)")})
            if item.activity == "other":
                yield from _absent(item, {"other": ("which activity, in words", "42 USC 12102(2)")})
        case Accommodation() | SchoolServices() if kind is PlanKind.SECTION_504:
            yield from _absent(
                item,
                {"what": ("what is done", FAPE_504), "responsible_role": ("who is responsible", FAPE_504)},
            )
        case _:
            pass


def _placement_gaps(item: Placement) -> Iterator[Reason]:
    yield from _absent(
        item,
        {
            "setting": ("the kind of setting", "34 CFR 300.116"),
            "percent_with_peers": ("how much of the day is spent with other children", LRE),
        },
    )
    if item.percent_with_peers is not None and item.percent_with_peers < Decimal(100):
        yield from _absent(
            item, {"explanation": ("why the rest of the day is apart from other children", LRE)}
        )


def _of_no_goal(item: Objective, goals: Collection[ItemId]) -> Iterator[Reason]:
    if item.goal not in goals:
        yield Reason(
            "objective-of-no-goal", "The objective does not name an annual goal of this plan.",
            "34 CFR 300.320(a)(2)(ii)", "Name the goal's id.", f"/items/{item.id}/goal",
        )  # fmt: skip


def _absent(item: AnyItem, fields: dict[str, tuple[str, str]]) -> Iterator[Reason]:
    for field, (what, citation) in fields.items():
        if getattr(item, field) is None:
            kind = item.kind.replace("_", " ")
            yield Reason(
                f"{item.kind}-lacks-{field}".replace("_", "-"), f"The {kind} does not say {what}.", citation,
                f"Fill in {field}.", f"/items/{item.id}/{field}",
            )  # fmt: skip
