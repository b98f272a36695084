"""JSON Schema of each event's contents, made from its class, as `contracts/schemas` keeps it."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.event import Event

Schema = dict[str, Any]


class _StoredShape(GenerateJsonSchema):
    """What is absent has no key, so nothing is ever null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def event_schema(cls: type[Event]) -> Schema:
    """The schema of the contents of ``cls``; readers ignore fields it does not name."""
    schema: Schema = _tidy(cls.model_json_schema(mode="serialization", schema_generator=_StoredShape))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:handrail:event:{cls.type}:{cls.schema_number}",
        "x-class": cls.event_class.value,
    } | schema


def _tidy(schema: Any) -> Any:
    """Without titles made up from names and null defaults, open to fields added later, constants always there."""
    if isinstance(schema, list):
        return [_tidy(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidy_keyword(key, inner) for key, inner in schema.items() if not _noise(key, inner)}
    constants = [name for name, inner in tidy.get("properties", {}).items() if "const" in inner]
    if constants:
        required = tidy.get("required", [])
        tidy["required"] = [*(name for name in constants if name not in required), *required]
    return tidy


def _tidy_keyword(key: str, inner: Any) -> Any:
    if key in {"properties", "$defs"}:
        return {name: _tidy(schema) for name, schema in inner.items()}
    return _tidy(inner)


def _noise(key: str, inner: Any) -> bool:
    return (
        key == "title"
        or (key == "additionalProperties" and inner is False)
        or (key == "default" and inner is None)
    )
