"""Who carries out an item, and who was told of it: 34 CFR 300.323(d), 104.33."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from contracts.fields import ExternalId, ItemId, StaffId
from contracts.plan import ItemHolderAssigned, ItemHolderEnded, PlanEvent, StaffInformed
from contracts.values import Reported
from plan_service.domain.amendment import NeverAdopted
from plan_service.domain.plan import HolderPeriod, Plan
from plan_service.domain.rules import cannot_be_true, not_in_the_future


@dataclass(frozen=True, slots=True)
class AssignHolder:
    """A staff member carries out an item from a day on."""

    item_id: ItemId
    staff_id: StaffId
    starts_on: date
    ends_on: date | None = None


def assign_holder(plan: Plan, command: AssignHolder) -> list[PlanEvent]:
    """Say who carries out an item; saying it once more changes nothing."""
    _known(plan, [command.item_id], "/item")
    if command.ends_on is not None and command.ends_on < command.starts_on:
        raise cannot_be_true("ends-before-it-starts", "The last day lies before the first.", "/until")
    period = HolderPeriod(command.staff_id, command.starts_on, command.ends_on)
    if period in plan.holders.get(command.item_id, ()) or plan.plan_id is None:
        return []
    return [
        ItemHolderAssigned(
            effective_on=command.starts_on, plan_id=plan.plan_id, item_id=command.item_id,
            staff_id=command.staff_id, ends_on=command.ends_on,
        )
    ]  # fmt: skip


def end_holder(plan: Plan, item_id: ItemId, staff_id: StaffId, first_day_without: date) -> list[PlanEvent]:
    """The staff member no longer carries out the item."""
    _known(plan, [item_id], "/item")
    holding = [period for period in plan.holders.get(item_id, ()) if period.staff_id == staff_id]
    if not any(period.covers(first_day_without) for period in holding) or plan.plan_id is None:
        return []
    return [
        ItemHolderEnded(
            effective_on=first_day_without, plan_id=plan.plan_id, item_id=item_id, staff_id=staff_id
        )
    ]


@dataclass(frozen=True, slots=True)
class InformStaff:
    """A staff member was told of their duties."""

    staff_id: StaffId
    items: tuple[ItemId, ...]
    told_on: date
    how: str
    today: date
    external_id: ExternalId | None = None
    reported: Reported | None = None


def inform_staff(plan: Plan, command: InformStaff) -> list[PlanEvent]:
    """Record that somebody was told which items are theirs to carry out, and how."""
    _known(plan, command.items, "/items")
    not_in_the_future(command.reported, command.today)
    if command.told_on > command.today:
        raise cannot_be_true("told-in-the-future", "Telling is recorded once it has been done.", "/on")
    assert plan.plan_id is not None
    return [
        StaffInformed(
            effective_on=command.told_on, plan_id=plan.plan_id, staff_id=command.staff_id, items=command.items,
            how=command.how, external_id=command.external_id, reported=command.reported,
        )
    ]  # fmt: skip


def _known(plan: Plan, items: Iterable[ItemId], pointer: str) -> None:
    if not plan.ever_adopted:
        raise NeverAdopted
    for item_id in items:
        if plan.kind_of(item_id) is None:
            raise cannot_be_true("unknown-item", "The plan has no item by this id.", pointer)
