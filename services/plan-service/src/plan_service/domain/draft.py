"""Working on a plan before anything is decided: drafts are working papers, opened and dropped by an event each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.fields import ExternalId, ItemId, PlanId, StudentId
from contracts.items import AnyItem
from contracts.plan import DraftDropped, DraftOpened, PlanEvent, ReasonPersonalData
from contracts.problems import Rejected
from contracts.values import Imported
from contracts.vocabulary import PlanKind
from plan_service.domain.plan import Plan
from plan_service.domain.rules import cannot_be_true


class DraftAlreadyOpen(Rejected):
    """A plan has one draft at a time."""

    code = "draft-already-open"


class NoDraft(Rejected):
    """There is nothing being worked on."""

    code = "no-draft"


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """Begin work on a plan, or on the next version of one."""

    plan_id: PlanId
    student_id: StudentId
    kind: PlanKind
    today: date
    external_id: ExternalId | None = None
    imported: Imported | None = None


def open_draft(plan: Plan, command: OpenDraft) -> list[PlanEvent]:
    """Begin work; what is in force stays in force meanwhile."""
    if plan.drafting:
        raise DraftAlreadyOpen("A draft of this plan is open already. Change it, or drop it first.")
    return [
        DraftOpened(
            effective_on=command.today, plan_id=command.plan_id, student_id=command.student_id, kind=command.kind,
            external_id=command.external_id, imported=command.imported,
        )
    ]  # fmt: skip


def drop_draft(plan: Plan, today: date, reason: str | None = None) -> list[PlanEvent]:
    """Give the draft up; nothing of it ever bound."""
    if not plan.drafting or plan.plan_id is None:
        raise NoDraft("No draft of this plan is open.")
    personal = ReasonPersonalData(reason=reason) if reason else None
    return [DraftDropped(effective_on=today, plan_id=plan.plan_id, personal=personal)]


def merged(items: Sequence[AnyItem], changes: Mapping[ItemId, AnyItem | None]) -> tuple[AnyItem, ...]:
    """The draft with some of its items replaced, added or, where ``None``, taken out."""
    kept = {item.id: item for item in items}
    for item_id, item in changes.items():
        if item is None:
            kept.pop(item_id, None)
        else:
            kept[item_id] = item
    return tuple(kept.values())


def distinct(items: Sequence[AnyItem]) -> tuple[AnyItem, ...]:
    """The items, each id once: two things under one id could never be told apart again."""
    seen: set[ItemId] = set()
    for place, item in enumerate(items):
        if item.id in seen:
            raise cannot_be_true("duplicate-item", "Two items have the same id.", f"/items/{place}/id")
        seen.add(item.id)
    return tuple(items)


def same_kinds(plan: Plan, items: Sequence[AnyItem]) -> None:
    """An item never changes its kind: consents, sessions and measurements point at it."""
    for place, item in enumerate(items):
        kind = plan.kind_of(item.id)
        if kind is not None and kind != item.kind:
            raise cannot_be_true(
                "another-kind", f"The item is a {kind} in this plan and stays one; give the new one a new id.",
                f"/items/{place}/kind",
            )  # fmt: skip
