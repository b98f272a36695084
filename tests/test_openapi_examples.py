"""Every example in the published documents is one that its schema takes: it is the first thing that anybody copies."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from handrail.openapi import FOLDER, document
from runtime.roles import SERVICES

Json = dict[str, Any]
NAMES = ("properties", "patternProperties", "$defs", "schemas")
"""Where the keys are names and not keywords: a field may be called ``example``."""


def examples(part: Any, root: Json, at: str = "#") -> Iterator[tuple[str, Json, Any]]:
    """Each example with its place and the schema that has to take it: of media types, parameters, headers and schemas."""
    if isinstance(part, list):
        for number, inner in enumerate(part):
            yield from examples(inner, root, f"{at}/{number}")
    if not isinstance(part, dict):
        return
    carrier = isinstance(part.get("schema"), dict)
    schema = part["schema"] if carrier else part
    if "example" in part:
        yield f"{at}/example", schema, part["example"]
    found = part.get("examples", ())
    if isinstance(found, dict):
        yield from ((f"{at}/examples/{name}", schema, each["value"]) for name, each in found.items())
    else:
        yield from ((f"{at}/examples/{number}", schema, each) for number, each in enumerate(found))
    for name, inner in part.items():
        if name in ("example", "examples", "default", "const", "enum"):
            continue
        if name in NAMES and isinstance(inner, dict):
            for key, each in inner.items():
                yield from examples(each, root, f"{at}/{name}/{key}")
        else:
            yield from examples(inner, root, f"{at}/{name}")


def refusals(root: Json) -> list[str]:
    """Each example that its schema does not take, with the reason."""
    found = []
    for place, schema, example in examples(root, root):
        whole = {name: inner for name, inner in schema.items() if name not in ("example", "examples")}
        validator = Draft202012Validator(
            {**whole, "components": root["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        found += [
            f"{place}{error.json_path[1:]}: {error.message}" for error in validator.iter_errors(example)
        ]
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_example_is_valid(service: str) -> None:
    root = document(service)
    assert any(examples(root, root))
    assert refusals(root) == []


def without_example(root: Json) -> list[str]:
    """Each JSON body to write with that has no example: at its media type, in its schema, or in the schema it refers to."""
    found = []
    for path, methods in root["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if method not in ("post", "put", "patch") or content is None:
                continue
            schema = content["schema"]
            named = root["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
            if not any(each.get("examples") or "example" in each for each in (content, schema, named)):
                found.append(f"{method.upper()} {path}")
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_json_body_has_an_example(service: str) -> None:
    assert without_example(json.loads((FOLDER / f"{service}.json").read_text())) == []


def test_a_body_without_an_example_is_found_and_one_with_it_anywhere_is_not() -> None:
    def body(content: Json) -> Json:
        return {"requestBody": {"content": {"application/json": content}}}

    ref = {"$ref": "#/components/schemas/N"}
    root: Json = {
        "components": {"schemas": {"N": {"type": "integer"}, "Shown": {"type": "integer", "examples": [1]}}},
        "paths": {"/n": {"get": {}, "post": body({"schema": ref}), "put": body({"schema": ref, "example": 1}),
                         "patch": body({"schema": {**ref, "examples": [1]}})},
                  "/m": {"post": body({"schema": {"$ref": "#/components/schemas/Shown"}}),
                         "put": body({"schema": ref, "examples": {}}), "patch": {"requestBody": {"content": {}}}}},
    }  # fmt: skip

    assert without_example(root) == ["POST /n", "PUT /m"]


def test_an_example_that_is_not_valid_is_found_wherever_it_stands() -> None:
    number = {"type": "integer"}
    day = {"type": "string", "format": "date"}
    root: Json = {
        "components": {"schemas": {"N": {**number, "examples": ["schema"]}, "Held": {"properties": {"example": number}}}},
        "paths": {"/n": {"post": {
            "parameters": [{"name": "n", "in": "query", "schema": number, "example": "parameter"},
                           {"name": "d", "in": "query", "schema": {**day, "examples": ["2026-02-30"]}}],
            "requestBody": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/N"}, "examples": {"one": {"value": "body"}, "two": {"value": 2}},
            }}},
            "responses": {"200": {"content": {"application/json": {
                "schema": {"type": "object", "properties": {"n": {**number, "examples": ["answer"]}}}, "example": {"n": 1.5},
            }}}},
        }}},
    }  # fmt: skip

    said = [line.split(": ", 1)[1] for line in refusals(root)]

    assert [word for word in ("schema", "parameter", "2026-02-30", "body", "1.5", "answer") if word in str(said)] == [
        "schema", "parameter", "2026-02-30", "body", "1.5", "answer",
    ]  # fmt: skip
    assert len(said) == 6
