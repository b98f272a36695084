"""What differs between two states of a plan: item by item, field by field, each with the event that made it so."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import JsonValue

from contracts.event import Value
from contracts.fields import EventId, ItemId
from contracts.items import AnyItem, item_fields
from contracts.plain_words import day_in_words, field_label, item_in_words, value_in_words
from contracts.plan_shape import DocumentItem, PlanDocument

_NOT_TEXT = {"id", "kind"}
_MANY = {"present_levels", "progress_schedule", "school_services"}
"""Kinds that people speak of as several."""


class FieldDifference(Value):
    """One field of an item: what it was and what it is; absent where it says nothing."""

    field: str
    before: JsonValue = None
    after: JsonValue = None


class ItemDifference(Value):
    """One item: in the second state and not in the first, in the first and not in the second, or with another text."""

    item_id: ItemId
    kind: str
    change: Literal["added", "ended", "changed"]
    title: str
    """Which item, in words: as the later state knows it."""
    fields: tuple[FieldDifference, ...]
    cause: Literal["decision", "correction", "withdrawal", "plan_end", "void", "other_moment"]
    """``other_moment``: no event between the two states, the second only looks at an earlier day or instant."""
    event_id: EventId | None = None
    """The event that made it so."""
    since: date | None = None
    """The first day of the later state of the item."""

    def to_json(self) -> dict[str, Any]:
        """The difference as JSON: what is absent has no key."""
        return self.model_dump(mode="json", exclude_none=True)


def diff(before: PlanDocument | None, after: PlanDocument | None) -> tuple[ItemDifference, ...]:
    """The items that differ, in the order of the later state, then those that only the earlier one has."""
    old = {entry.item.id: entry for entry in before.items} if before else {}
    new = {entry.item.id: entry for entry in after.items} if after else {}
    found = [_changed(old.get(item_id), entry, after) for item_id, entry in new.items()]
    found += [_ended(entry, after) for item_id, entry in old.items() if item_id not in new]
    return tuple(difference for difference in found if difference is not None)


def describe(difference: ItemDifference, titles: Mapping[str, str] | None = None) -> str:
    """The difference in one plain sentence; ``titles`` says in words which items others name by their ids."""
    what = difference.title
    s, is_ = ("", "are") if difference.kind in _MANY else ("s", "is")
    since = f" from {day_in_words(difference.since)}" if difference.since else ""
    match difference.change:
        case "added":
            return f"New {what}{since}."
        case "ended" if difference.cause == "void":
            return f"{_capital(what)} {is_} struck out: the plan never bound."
        case "ended":
            return f"{_capital(what)} end{s}{since}." if since else f"{_capital(what)} {is_} not in the plan."
        case "changed":
            told = "; ".join(_field(difference.kind, field, titles or {}) for field in difference.fields)
            how = {
                "correction": " (a correction: the plan had been written down wrongly)",
                "withdrawal": " (an amendment was withdrawn)",
            }.get(difference.cause, "")
            return f"{_capital(what)} change{s}{since}{how}: {told}."


def _changed(
    old: DocumentItem | None, new: DocumentItem, after: PlanDocument | None
) -> ItemDifference | None:
    fields = _field_differences(old.item if old else None, new.item)
    if old is not None and old.item == new.item:
        return None
    cause, event_id = _cause(old, new, after)
    return ItemDifference(
        item_id=new.item.id,
        kind=new.item.kind,
        change="changed" if old else "added",
        title=item_in_words(new.item),
        fields=fields,
        cause=cause,
        event_id=event_id,
        since=new.since,
    )


def _cause(
    old: DocumentItem | None, new: DocumentItem, after: PlanDocument | None
) -> tuple[Literal["decision", "correction", "withdrawal"], EventId]:
    withdrawn = {entry.adopted_by: entry.withdrawn_by for entry in after.withdrawn} if after else {}
    if old is not None and old.changed_by in withdrawn:
        return "withdrawal", withdrawn[old.changed_by]
    if old is not None and old.changed_by == new.changed_by and new.corrected_by is not None:
        return "correction", new.corrected_by
    return "decision", new.changed_by


def _ended(old: DocumentItem, after: PlanDocument | None) -> ItemDifference:
    cause: Literal["decision", "withdrawal", "plan_end", "void", "other_moment"] = "other_moment"
    event_id: EventId | None = None
    since: date | None = None
    withdrawn = {entry.adopted_by: entry.withdrawn_by for entry in after.withdrawn} if after else {}
    ended = (
        next((entry for entry in after.ended_items if entry.item.id == old.item.id), None) if after else None
    )
    if after is not None and after.voiding is not None:
        cause, event_id = "void", after.voiding.event_id
    elif after is not None and after.ending is not None:
        cause, event_id, since = "plan_end", after.ending.event_id, after.ending.ended_on
    elif ended is not None:
        cause, event_id, since = "decision", ended.ended_by, ended.ended_on
    elif old.changed_by in withdrawn:
        cause, event_id = "withdrawal", withdrawn[old.changed_by]
    return ItemDifference(
        item_id=old.item.id,
        kind=old.item.kind,
        change="ended",
        title=item_in_words(old.item),
        fields=_field_differences(old.item, None),
        cause=cause,
        event_id=event_id,
        since=since,
    )


def _field_differences(old: AnyItem | None, new: AnyItem | None) -> tuple[FieldDifference, ...]:
    before = item_fields(old) if old else {}
    after = item_fields(new) if new else {}
    return tuple(
        FieldDifference(field=field, before=before.get(field), after=after.get(field))
        for field in dict.fromkeys((*before, *after))
        if field not in _NOT_TEXT and before.get(field) != after.get(field)
    )


def _field(kind: str, difference: FieldDifference, titles: Mapping[str, str]) -> str:
    name = field_label(difference.field)
    before, after = (
        titles.get(str(value)) or value_in_words(kind, difference.field, value)
        for value in (difference.before, difference.after)
    )
    return f"{name} {after}" if difference.before is None else f"{name} {after} instead of {before}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
