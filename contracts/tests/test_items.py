"""Items: every kind may be incomplete in a draft, none may hold what it does not know."""

import json
from decimal import Decimal
from typing import get_args

import pytest
from pydantic import ValidationError

from contracts.items import (
    ITEM_CLASSES,
    Add,
    AnyItem,
    BaseItem,
    End,
    Goal,
    item_fields,
    parse_change,
    parse_item,
    read_item,
)
from contracts.testing import an_id

ID = str(an_id("item"))


def test_every_kind_is_listed_by_its_name() -> None:
    assert set(ITEM_CLASSES.values()) == set(get_args(AnyItem))
    assert all(cls.model_fields["kind"].default == kind for kind, cls in ITEM_CLASSES.items())


@pytest.mark.parametrize("kind", ITEM_CLASSES)
def test_a_draft_item_may_say_nothing_yet(kind: str) -> None:
    item = parse_item({"id": ID, "kind": kind})

    assert item_fields(item) == {"id": ID, "kind": kind}


@pytest.mark.parametrize("kind", ITEM_CLASSES)
def test_an_unknown_field_is_refused_from_a_caller_and_ignored_in_the_store(kind: str) -> None:
    fields = {"id": ID, "kind": kind, "mood": "good"}

    with pytest.raises(ValidationError, match="mood"):
        parse_item(fields)
    assert item_fields(read_item(fields)) == {"id": ID, "kind": kind}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="union_tag_invalid"):
        parse_item({"id": ID, "kind": "song"})


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "goal", "target": "many"},
        {"kind": "goal", "due_on": "2026-02-30"},
        {"kind": "service", "per": "fortnight"},
        {"kind": "service", "minutes": -1},
        {"kind": "service", "minutes": 1.5},
        {"kind": "placement", "percent_with_peers": 101},
        {"kind": "special_factor", "answer": "maybe"},
        {"kind": "accommodation", "where": "In Class"},
        {"kind": "accommodation", "what": ""},
        {"kind": "objective", "goal": "the first one"},
    ],
)
def test_a_wrong_value_is_refused_even_in_a_draft(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        parse_item({"id": ID} | fields)


def test_a_measure_keeps_its_places() -> None:
    item = parse_item({"id": ID, "kind": "goal", "target": "60.0"})

    assert isinstance(item, Goal)
    assert item.target == Decimal("60.0")
    assert json.dumps(item_fields(item)["target"]) == '"60.0"'


def test_a_change_carries_the_whole_item_or_ends_it_by_its_id() -> None:
    added = parse_change({"op": "add", "item": {"id": ID, "kind": "goal"}})
    ended = parse_change({"op": "end", "item": ID})

    assert isinstance(added, Add)
    assert isinstance(ended, End)
    assert added.item_id == ended.item_id == an_id("item")


@pytest.mark.parametrize(
    "fields",
    [
        {"op": "end", "item": {"id": ID, "kind": "goal"}},
        {"op": "add", "item": ID},
        {"op": "drop", "item": ID},
        {"item": ID},
    ],
)
def test_a_change_that_is_none_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        parse_change(fields)


def test_every_kind_has_an_id_that_never_changes_and_room_for_the_other_systems() -> None:
    assert all(issubclass(cls, BaseItem) for cls in ITEM_CLASSES.values())
    with pytest.raises(ValidationError):
        parse_item({"kind": "goal"})
