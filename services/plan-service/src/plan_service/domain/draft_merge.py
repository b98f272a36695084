"""Two people write on one draft: what the other has changed since it was read, and what both did. No text is told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from contracts.fields import ItemId
from contracts.items import AnyItem, item_fields
from contracts.problems import Reason, VersionConflict

Touched: TypeAlias = Mapping[ItemId, frozenset[str] | None]
"""By item the fields that were changed; ``None``: the item was taken out."""

BOTH, OTHERS, YOURS = "changed-by-both", "changed-by-others", "changed-by-you"


class DraftSavedMeanwhile(VersionConflict):
    """Somebody else has saved the draft since you read it (412): ``errors`` says who changed which field of which item.

    With the fact ``mergeable`` nothing was changed by both: the same patch with the new ETag keeps the work of both.
    """

    def __init__(
        self, plan_id: UUID, reasons: Sequence[Reason], *, fits: bool, expected: int, actual: int
    ) -> None:
        super().__init__(f"draft/{plan_id}", expected=expected, actual=actual)
        mergeable = fits and all(reason.code != BOTH for reason in reasons)
        advice = (
            f'They changed nothing that you change: send the same patch again with If-Match "{actual}".'
            if mergeable
            else "Your patch meets what they changed: read the draft again, decide, and send yours with If-Match"
            f' "{actual}".'
        )
        self.message = f"Somebody else has saved this draft since you read it (version {expected}; it is now {actual}). {advice}"
        self.reasons = tuple(reasons)
        self.facts["mergeable"] = mergeable


def touched(before: Sequence[AnyItem], after: Sequence[AnyItem]) -> dict[ItemId, frozenset[str] | None]:
    """What is changed between two texts of a draft, item by item."""
    old = {item.id: item_fields(item) for item in before}
    new = {item.id: item_fields(item) for item in after}
    found: dict[ItemId, frozenset[str] | None] = {item_id: None for item_id in old if item_id not in new}
    for item_id, fields in new.items():
        known = old.get(item_id, {})
        names = {name for name in fields.keys() | known.keys() if fields.get(name) != known.get(name)}
        if names:
            found[item_id] = frozenset(names)
    return found


def in_turn(saved: Iterable[Touched]) -> Touched:
    """What several saved versions changed, taken together."""
    found: dict[ItemId, frozenset[str] | None] = {}
    for each in saved:
        for item_id, names in each.items():
            before = found.get(item_id)
            found[item_id] = names if names is None or before is None else names | before
    return found


def three_way(theirs: Touched, yours: Touched) -> list[Reason]:
    """Each field that somebody changed since you read the draft, or that you would change: who, and whether both."""
    return [
        reason for item_id in dict.fromkeys([*theirs, *yours]) for reason in _of_item(item_id, theirs, yours)
    ]


def _of_item(item_id: ItemId, theirs: Touched, yours: Touched) -> Iterator[Reason]:
    pointer = f"/items/{item_id}"
    their_names, your_names = theirs.get(item_id, frozenset()), yours.get(item_id, frozenset())
    if their_names is None or your_names is None:
        yield _of_whole_item(pointer, their_names, your_names)
        return
    for name in sorted(their_names | your_names):
        if name in their_names and name in your_names:
            yield _reason(BOTH, "Somebody else changed this field too.", f"{pointer}/{name}")
        elif name in their_names:
            yield _reason(
                OTHERS, "Somebody else changed this field; your patch leaves it.", f"{pointer}/{name}"
            )
        else:
            yield _reason(YOURS, "Only you change this field.", f"{pointer}/{name}")


def _of_whole_item(pointer: str, theirs: frozenset[str] | None, yours: frozenset[str] | None) -> Reason:
    if theirs is None and yours:
        return _reason(BOTH, "Somebody else took this item out, and you change it.", pointer)
    if yours is None and theirs:
        return _reason(BOTH, "You take this item out, and somebody else changed it.", pointer)
    if theirs is None:
        return _reason(OTHERS, "Somebody else took this item out.", pointer)
    return _reason(YOURS, "Only you take this item out.", pointer)


def _reason(code: str, message: str, pointer: str) -> Reason:
    cure = "Read theirs, decide, and send yours with the new ETag." if code == BOTH else None
    return Reason(code, message, cure=cure, pointer=pointer)
