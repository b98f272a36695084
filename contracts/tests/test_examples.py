"""Golden examples decode for ever: what was once written must be read by every later version.

None is ever changed. A field that is added later has an example of its own: ``<event>.v<n>.<field>.json``.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from contracts.canonical import canonical, parse_instant
from contracts.event import Event, registered_events
from contracts.items import ITEM_CLASSES
from contracts.testing import read_example
from contracts.timeline import sentence

CONTRACTS = Path(__file__).parents[1]
EXAMPLES = sorted((CONTRACTS / "examples").glob("*.json"))
ENVELOPE = {
    *("id", "source", "tenant", "subject", "class", "stream", "version", "type", "schema", "effective_on"),
    *(
        "recorded_at",
        "known_at",
        "position",
        "index",
        "actor",
        "correlation",
        "causation",
        "rules",
        "contents",
    ),
}


def example(path: Path) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return fields


def newest(cls: type[Event]) -> list[dict[str, Any]]:
    return [example(path) for path in EXAMPLES if path.name.startswith(f"{cls.type}.v{cls.schema_number}.")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_golden_example_still_decodes(path: Path) -> None:
    recorded = read_example(path.read_text(encoding="utf-8"))

    assert path.name.startswith(f"{recorded.type}.v")
    assert recorded.event.event_class.value == example(path)["class"]


@pytest.mark.parametrize("name", sorted(registered_events()))
def test_every_event_has_a_complete_golden_example(name: str) -> None:
    cls = registered_events()[name]
    examples = newest(cls)

    shown = {field for fields in examples for field in fields["contents"]}
    assert shown == set(cls.model_fields) - {"effective_on"}
    assert all(set(fields) == ENVELOPE for fields in examples)


@pytest.mark.parametrize("name", sorted(registered_events()))
def test_what_is_written_is_what_was_read(name: str) -> None:
    for fields in newest(registered_events()[name]):
        recorded = read_example(json.dumps(fields))

        assert recorded.event.contents() == canonical(fields["contents"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_fits_the_committed_schema(path: Path) -> None:
    event = re.match(r".+?\.v[0-9]+(?=\.)", path.name)
    assert event is not None
    schema = json.loads((CONTRACTS / "schemas" / f"{event[0]}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)

    errors = list(Draft202012Validator(schema).iter_errors(example(path)["contents"]))

    assert errors == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_fields_of_a_later_writer_are_ignored(path: Path) -> None:
    fields = example(path)
    fields["contents"] = _with_unknown_fields(fields["contents"])

    assert read_example(json.dumps(fields)).event == read_example(path.read_text(encoding="utf-8")).event


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_event_has_a_sentence(path: Path) -> None:
    recorded = read_example(path.read_text(encoding="utf-8"))

    told = sentence(recorded, {recorded.actor.id: "Dana Lee"})

    assert "Dana Lee (case manager)" in told
    assert f"recorded {recorded.type}" not in told, "this event is told by its name only"
    assert str(recorded.effective_on.year) in told
    assert told.endswith((".", "!", "?", "”"))
    assert "_" not in told, "codes are said in words"


def test_the_adopted_plan_shows_every_kind_of_item() -> None:
    adopted = [fields["contents"]["items"] for fields in newest(registered_events()["plan.adopted"])]

    items = max(adopted, key=lambda each: sum(map(len, each)))
    assert [item["kind"] for item in items] == list(ITEM_CLASSES)
    for item in items:
        if item["kind"] != "activity_limited":
            assert set(item) == set(ITEM_CLASSES[item["kind"]].model_fields), item["kind"]


def test_examples_have_ids_and_instants_of_their_own() -> None:
    examples = [example(path) for path in EXAMPLES]

    assert len({fields["id"] for fields in examples}) == len(examples)
    assert all(
        parse_instant(fields["known_at"]) > parse_instant(fields["recorded_at"]) for fields in examples
    )


def _with_unknown_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {"zz_added_later": 1} | {key: _with_unknown_fields(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_unknown_fields(inner) for inner in value]
    return value
