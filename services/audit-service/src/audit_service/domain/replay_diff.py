"""What differs between two states of a student's record: plans item by item, and what became of all that was owed under them."""

from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

from audit_service.domain.replay import StudentReplay
from contracts.event import Value
from contracts.plan_diff import FieldDifference, ItemDifference, diff

_FOLLOWS = frozenset({"says", "days_late", "facts", "events"})
"""What changes from day to day, or with each event, while the thing stands as it stood: told beside another change only."""


class StandingDifference(Value):
    """One notice, service, goal, report or finding that stands otherwise in the second state than in the first."""

    of: dict[str, str]
    """Which: by its id; a finding by ``rule`` and ``about``."""
    change: Literal["added", "gone", "changed"]
    fields: tuple[FieldDifference, ...]


class PlanDifferences(Value):
    """One plan, item by item."""

    plan: UUID
    items: tuple[ItemDifference, ...]


class StudentDiff(Value):
    """Everything that differs, in the order of the later state."""

    plans: tuple[PlanDifferences, ...]
    notices: tuple[StandingDifference, ...]
    delivery: tuple[StandingDifference, ...]
    results: tuple[StandingDifference, ...]
    reports: tuple[StandingDifference, ...]
    findings: tuple[StandingDifference, ...]


def student_diff(before: StudentReplay, after: StudentReplay) -> StudentDiff:
    """What differs from ``before`` to ``after``."""
    return StudentDiff(
        plans=tuple(_plans(before, after)),
        notices=_standing(before.notices, after.notices, "notice"),
        delivery=_standing(before.delivery, after.delivery, "item"),
        results=_standing(before.results, after.results, "item"),
        reports=_standing(before.reports, after.reports, "report"),
        findings=_standing(before.findings, after.findings, "rule", "about"),
    )


def _plans(before: StudentReplay, after: StudentReplay) -> Iterable[PlanDifferences]:
    old = {document.plan_id: document for document in before.plans}
    new = {document.plan_id: document for document in after.plans}
    for plan in dict.fromkeys([*new, *old]):
        if items := diff(old.get(plan), new.get(plan)):
            yield PlanDifferences(plan=plan, items=items)


def _standing(before: Sequence[Value], after: Sequence[Value], *key: str) -> tuple[StandingDifference, ...]:
    old, new = (
        {tuple(str(getattr(each, name)) for name in key): each.model_dump(mode="json") for each in side}
        for side in (before, after)
    )
    found = []
    for of in dict.fromkeys([*new, *old]):
        was, is_ = old.get(of, {}), new.get(of, {})
        fields = tuple(
            FieldDifference(field=name, before=was.get(name), after=is_.get(name))
            for name in {**is_, **was}
            if name not in key and was.get(name) != is_.get(name)
        )
        if any(each.field not in _FOLLOWS for each in fields):
            change: Literal["added", "gone", "changed"] = (
                "added" if of not in old else "gone" if of not in new else "changed"
            )
            named = dict(zip(key, of, strict=True))
            found.append(StandingDifference(of=named, change=change, fields=fields))
    return tuple(found)
