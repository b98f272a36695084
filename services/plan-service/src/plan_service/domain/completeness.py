"""What a plan must say before it can bind: each gap with the rule that asks for it and what would close it.

A draft may be saved with any of these open; the same list is the gate's at adoption (34 CFR 300.320, 104.33).
"""

from collections.abc import Collection, Sequence
from datetime import date

from contracts.fields import ItemId
from contracts.items import AnyItem
from contracts.plan_gaps import gaps_in_items, gaps_of_plan, in_regular_education
from contracts.problems import Reason
from contracts.vocabulary import PlanKind
from plan_service.domain.ages import Ages
from plan_service.domain.transition import transition_gaps

__all__ = ["NO_AGES", "in_regular_education", "missing", "missing_in_items"]
NO_AGES = Ages()


def missing(
    kind: PlanKind, items: Sequence[AnyItem], starts_on: date | None = None, ages: Ages = NO_AGES
) -> list[Reason]:
    """Every gap of a whole plan that would bind from ``starts_on``; without a day nothing is asked that hangs on age."""
    at_age = transition_gaps(items, starts_on, ages) if starts_on and kind is PlanKind.IEP else ()
    return [*gaps_of_plan(kind, items), *at_age, *missing_in_items(kind, items)]


def missing_in_items(
    kind: PlanKind, items: Sequence[AnyItem], goals: Collection[ItemId] = ()
) -> list[Reason]:
    """Every gap of single items; ``goals`` are those of the plan beside the items themselves."""
    return gaps_in_items(kind, items, goals)
