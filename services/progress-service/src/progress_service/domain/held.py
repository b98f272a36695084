"""Who carries out an item, as plan-service's record says it (34 CFR 300.323(d))."""

from datetime import date

from contracts.fields import ItemId, StaffId
from contracts.plan import ItemHolderAssigned, ItemHolderEnded
from contracts.plan_history import History


def held_by(history: History, staff: StaffId, first_on: date, last_on: date) -> list[ItemId]:
    """The items a staff member carries out on a day from ``first_on`` to ``last_on``, in the order of their record."""
    until: dict[tuple[ItemId, date], date | None] = {}
    for entry in history.entries:
        match entry.event:
            case ItemHolderAssigned(item_id=item_id, staff_id=who) as assigned if who == staff:
                until[item_id, assigned.effective_on] = assigned.ends_on
            case ItemHolderEnded(item_id=item_id, staff_id=who) as ended if who == staff:
                for (item, since), last in list(until.items()):
                    if item == item_id and since <= ended.effective_on:
                        before = date.fromordinal(ended.effective_on.toordinal() - 1)
                        until[item, since] = before if last is None else min(last, before)
            case _:
                pass
    return list(
        dict.fromkeys(
            item
            for (item, since), last in until.items()
            if since <= last_on and (last is None or max(since, first_on) <= last)
        )
    )
