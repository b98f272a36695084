"""Two people write on one draft: the text both began with, theirs and yours, field by field, and what goes together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from uuid import UUID

from contracts.event import Json
from contracts.fields import ItemId
from contracts.items import AnyItem, item_fields
from contracts.problems import Reason, VersionConflict

Fields: TypeAlias = Mapping[str, Any]
Text: TypeAlias = Mapping[ItemId, Fields]
"""A draft's items by their ids, as JSON."""
Touched: TypeAlias = Mapping[ItemId, frozenset[str] | None]
"""By item the fields that were changed; ``None``: the item was taken out."""

BOTH, OTHERS, YOURS = "changed-by-both", "changed-by-others", "changed-by-you"


def text_of(items: Sequence[AnyItem]) -> Text:
    """The items as a text that can be compared."""
    return {item.id: item_fields(item) for item in items}


def touched(before: Text, after: Text) -> Touched:
    """What is changed between two texts of a draft, item by item."""
    found: dict[ItemId, frozenset[str] | None] = {item_id: None for item_id in before if item_id not in after}
    for item_id, fields in after.items():
        known = before.get(item_id, {})
        names = {name for name in fields.keys() | known.keys() if fields.get(name) != known.get(name)}
        if names:
            found[item_id] = frozenset(names)
    return found


def keeps(theirs: Touched, again: Touched) -> bool:
    """Whether what ``again`` changes leaves everything alone that they changed."""
    shared = [(theirs[item_id], again[item_id]) for item_id in theirs if item_id in again]
    return all(one is not None and other is not None and not one & other for one, other in shared)


@dataclass(frozen=True)
class ThreeWay:
    """What you read, what it has become by others, and what you would have made of it."""

    base: Text
    theirs: Text
    yours: Text

    @cached_property
    def by_them(self) -> Touched:
        """What others have changed since you read it."""
        return touched(self.base, self.theirs)

    @cached_property
    def by_you(self) -> Touched:
        """What you would change of it."""
        return touched(self.base, self.yours)

    def reasons(self) -> list[Reason]:
        """Each field that somebody changed since you read the draft, or that you would change: who, and whether both."""
        return [reason for item_id in self._items() for reason in self._of_item(item_id)]

    def items(self) -> Json:
        """Of each item that somebody changed: every field that is not the same in all three texts, with the three.

        Where a field or item is not there, its text has no key; ``taken_out_by`` says who took an item out.
        """
        return {str(item_id): self._three_texts(item_id) for item_id in self._items()}

    def patch(self) -> Json:
        """What of yours meets nothing of theirs, as a merge patch on what it has become: sent, it loses nobody's work."""
        found: dict[str, Any] = {}
        for item_id, names in self.by_you.items():
            contested = self.by_them.get(item_id, frozenset())
            if contested is None or (names is None and contested):
                continue
            if names is None:
                found[str(item_id)] = None
            elif free := names - contested:
                before, after = self.base.get(item_id, {}), self.yours[item_id]
                found[str(item_id)] = {
                    name: change_of(before.get(name), after.get(name)) for name in sorted(free)
                }
        return {"items": found}

    def _items(self) -> list[ItemId]:
        return list(dict.fromkeys([*self.by_them, *self.by_you]))

    def _of_item(self, item_id: ItemId) -> Iterator[Reason]:
        pointer = f"/items/{item_id}"
        theirs, yours = self.by_them.get(item_id, frozenset()), self.by_you.get(item_id, frozenset())
        if theirs is None or yours is None:
            yield _of_whole_item(pointer, theirs, yours)
            return
        for name in sorted(theirs | yours):
            yield _of_field(
                f"{pointer}/{name}", name in theirs, name in yours, alike=self._alike(item_id, name)
            )

    def _alike(self, item_id: ItemId, name: str) -> bool:
        return bool(self.theirs.get(item_id, {}).get(name) == self.yours.get(item_id, {}).get(name))

    def _three_texts(self, item_id: ItemId) -> Json:
        texts = {
            "base": self.base.get(item_id),
            "theirs": self.theirs.get(item_id),
            "yours": self.yours.get(item_id),
        }
        fields = {
            name: {whose: text[name] for whose, text in texts.items() if text is not None and name in text}
            for name in sorted({name for text in texts.values() for name in text or ()})
        }
        told: Json = {"kind": next(iter(fields["kind"].values()))}
        if texts["base"] is not None:
            gone = [by for by, whose in (("others", "theirs"), ("you", "yours")) if texts[whose] is None]
            told |= {"taken_out_by": "both" if len(gone) == 2 else gone[0]} if gone else {}
        told["fields"] = {
            name: said for name, said in fields.items()
            if name != "id" and (len(said) < len(texts) or any(text != said["base"] for text in said.values()))
        }  # fmt: skip
        return told


class DraftSavedMeanwhile(VersionConflict):
    """Somebody else has saved the draft since you read it (412): ``errors`` says who changed which field of which item.

    ``merge`` has of each such field the text you read, theirs and yours, and a patch with what of yours meets nothing of
    theirs. With the fact ``mergeable`` your own patch does: the same again with the new ETag keeps the work of both.
    """

    def __init__(
        self, plan_id: UUID, student_id: UUID, three: ThreeWay, *, mergeable: bool, expected: int, actual: int
    ) -> None:
        super().__init__(f"draft/{plan_id}", expected=expected, actual=actual)
        advice = (
            f'They changed nothing that you change: send the same patch again with If-Match "{actual}".'
            if mergeable
            else "Your patch meets what they changed: `merge` has the three texts of each field. Decide, and send yours"
            f' with If-Match "{actual}"; its `patch` is what of yours meets nothing of theirs.'
        )
        self.message = f"Somebody else has saved this draft since you read it (version {expected}; it is now {actual}). {advice}"
        self.student_id = student_id
        self.reasons = tuple(three.reasons())
        self.facts["mergeable"] = mergeable
        self.shown = {"merge": {"version": actual, "items": three.items(), "patch": three.patch()}}


def change_of(before: Any, after: Any) -> Any:
    """The merge patch (RFC 7396) that makes ``after`` of ``before``."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return after
    return {name: None for name in before if name not in after} | {
        name: change_of(before.get(name), text) for name, text in after.items() if before.get(name) != text
    }


def _of_whole_item(pointer: str, theirs: frozenset[str] | None, yours: frozenset[str] | None) -> Reason:
    if theirs is None and yours:
        return _reason(BOTH, "Somebody else took this item out, and you change it.", pointer)
    if yours is None and theirs:
        return _reason(BOTH, "You take this item out, and somebody else changed it.", pointer)
    if theirs is None:
        return _reason(OTHERS, "Somebody else took this item out.", pointer)
    return _reason(YOURS, "Only you take this item out.", pointer)


def _of_field(pointer: str, by_them: bool, by_you: bool, *, alike: bool) -> Reason:
    if by_them and by_you and not alike:
        return _reason(BOTH, "Somebody else changed this field too.", pointer)
    if by_them:
        return _reason(OTHERS, "Somebody else changed this field; your patch leaves it.", pointer)
    return _reason(YOURS, "Only you change this field.", pointer)


def _reason(code: str, message: str, pointer: str) -> Reason:
    cure = "Read theirs, decide, and send yours with the new ETag." if code == BOTH else None
    return Reason(code, message, cure=cure, pointer=pointer)
