"""One change to one item of a plan, as decisions need it: from when, and what it is about; the text stays in the record."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

from contracts.canonical import canonical
from contracts.fields import AmendmentId, ItemId
from contracts.items import AnyItem, Objective, SpecialFactor, item_fields

Op = Literal["add", "replace", "end"]


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One change to one item, without its text."""

    starts_on: date
    op: Op
    kind: str | None = None
    """The item's kind; ``None`` where it ends."""
    amendment_id: AmendmentId | None = None
    goal: ItemId | None = None
    """Of an objective the goal it is a step of."""
    factor: str | None = None
    """Of a special factor which one."""
    digest: str | None = None
    """Of the text; ``None`` where it was corrected since."""


def item_change(
    starts_on: date, op: Op, item: AnyItem | None = None, amendment_id: AmendmentId | None = None
) -> ItemChange:
    """The change that gives the item this text; without an item it ends."""
    if item is None:
        return ItemChange(starts_on, op, amendment_id=amendment_id)
    goal = item.goal if isinstance(item, Objective) else None
    factor = item.factor if isinstance(item, SpecialFactor) else None
    return ItemChange(starts_on, op, item.kind, amendment_id, goal, factor, digest_of(item))


def digest_of(item: AnyItem) -> str:
    """Tells another text from the same again."""
    return sha256(canonical(item_fields(item))).hexdigest()[:16]
