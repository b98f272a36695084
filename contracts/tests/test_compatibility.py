"""What breaks a reader or a writer is found, and what does not is let through."""

from typing import Any

import pytest

from contracts.compatibility import REQUEST, RESPONSE, breaking_changes, breaking_event_changes
from contracts.openapi_compatibility import breaking_openapi_changes

Schema = dict[str, Any]


def measured(**changed: Any) -> Schema:
    """A schema of contents, with some properties put in, replaced, or (``None``) taken out."""
    properties: Schema = {
        "value": {"type": "string", "pattern": "^[0-9]+$"},
        "how": {"enum": ["by_hand", "by_device"]},
        "note": {"type": "string", "maxLength": 10},
        "item": {"oneOf": [{"$ref": "#/$defs/Goal"}, {"$ref": "#/$defs/Service"}]},
    } | changed
    return {
        "type": "object",
        "required": ["value"],
        "properties": {name: schema for name, schema in properties.items() if schema is not None},
        "$defs": {
            "Goal": {
                "type": "object",
                "properties": {"kind": {"const": "goal"}, "target": {"type": "string"}},
            },
            "Service": {"type": "object", "properties": {"kind": {"const": "service"}}},
        },
    }


def test_the_same_schema_breaks_nothing() -> None:
    assert breaking_event_changes(measured(), measured()) == []


def test_an_optional_field_may_be_added() -> None:
    assert breaking_event_changes(measured(), measured(by={"type": "string"})) == []


def test_a_code_and_a_variant_may_be_added_and_a_limit_raised() -> None:
    wider = measured(
        how={"enum": ["by_hand", "by_device", "by_report"]}, note={"type": "string", "maxLength": 20}
    )
    wider["properties"]["item"]["oneOf"].append({"$ref": "#/$defs/Placement"})
    wider["$defs"]["Placement"] = {"type": "object", "properties": {"kind": {"const": "placement"}}}

    assert breaking_event_changes(measured(), wider) == []


def test_a_description_may_change() -> None:
    assert breaking_event_changes(measured(), measured() | {"description": "better"}) == []


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (measured(note=None), "/note: the field is removed"),
        (measured() | {"required": ["value", "how"]}, "/how: newly required"),
        (measured() | {"required": []}, "/value: no longer always there"),
        (measured(note={"type": "integer"}), "/note: the type changes from string to integer"),
        (measured(how={"enum": ["by_hand"]}), "/how: the value 'by_device' is no longer allowed"),
        (measured(value={"type": "string", "pattern": "^[0-9]{2}$"}), "/value: the pattern changes"),
        (measured(note={"type": "string", "maxLength": 5}), "/note: maxLength falls to 5"),
        (measured(note={"type": "string", "maxLength": 10, "minLength": 1}), "/note: minLength rises to 1"),
        (measured(note={"type": "string", "maxLength": 10, "enum": ["a"]}), "/note: only certain values"),
        (measured(item={"oneOf": [{"$ref": "#/$defs/Goal"}]}), "/item: the variant kind=service is removed"),
        (measured(item={"$ref": "#/$defs/Goal"}), "/item: the variant kind=service is removed"),
        (measured() | {"additionalProperties": False}, "/: unknown fields are refused now"),
    ],
)
def test_a_breaking_change_is_named_by_its_place(new: Schema, said: str) -> None:
    assert any(change.startswith(said) for change in breaking_event_changes(measured(), new))


def test_a_change_inside_a_variant_is_found() -> None:
    new = measured()
    new["$defs"]["Goal"] = {"type": "object", "properties": {"kind": {"const": "goal"}}}

    assert breaking_event_changes(measured(), new) == ["/item<kind=goal>/target: the field is removed"]


def test_a_variant_may_be_kept_under_another_name_but_not_become_another_one() -> None:
    def source(name: str, *codes: str) -> Schema:
        kept = {"type": "string", "title": name, "enum": list(codes)}
        return measured(source={"anyOf": [{"$ref": f"#/$defs/{name}"}, {"type": "null"}]}) | {
            "$defs": measured()["$defs"] | {name: kept}
        }

    before = source("Source", "plan", "audit")

    assert breaking_event_changes(before, source("SourceName", "plan", "audit")) == []
    assert breaking_event_changes(before, source("SourceName", "plan")) == [
        "/source: the variant Source is removed"
    ]


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    tree: Schema = {
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
    }

    assert breaking_event_changes(tree, tree) == []


def test_a_request_may_ask_for_less_and_a_response_may_say_more() -> None:
    less = measured() | {"required": []}
    more = measured() | {"required": ["value", "how"]}

    assert breaking_changes(measured(), less, REQUEST) == []
    assert breaking_changes(measured(), more, RESPONSE) == []
    assert breaking_changes(measured(), more, REQUEST) != []
    assert breaking_changes(measured(), less, RESPONSE) != []


def api(**changed: Any) -> Schema:
    operation: Schema = {
        "parameters": [{"name": "limit", "in": "query", "required": False, "schema": {"type": "integer"}}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/In"}}}},
        "responses": {
            "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Out"}}}}
        },
    } | changed
    return {
        "paths": {"/v1/plans": {"post": operation, "get": {"responses": {"200": {"description": "ok"}}}}},
        "components": {
            "schemas": {
                "In": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}},
                "Out": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            }
        },
    }


def with_schema(name: str, schema: Schema) -> Schema:
    document = api()
    document["components"]["schemas"][name] = schema
    return document


def without(path: str, method: str | None = None) -> Schema:
    document = api()
    if method:
        del document["paths"][path][method]
    else:
        del document["paths"][path]
    return document


def test_the_same_document_breaks_nothing() -> None:
    assert breaking_openapi_changes(api(), api()) == []


def test_an_optional_request_field_a_response_field_and_a_path_may_be_added() -> None:
    document = with_schema(
        "In",
        {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"type": "string"}, "source": {"type": "string"}},
        },
    )
    document["components"]["schemas"]["Out"]["properties"]["version"] = {"type": "integer"}
    document["paths"]["/v1/meetings"] = {"get": {"responses": {}}}

    assert breaking_openapi_changes(api(), document) == []


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (without("/v1/plans"), "/v1/plans: the path is removed"),
        (without("/v1/plans", "get"), "GET /v1/plans: the method is removed"),
        (api(parameters=[]), "POST /v1/plans: the parameter limit (query) is removed"),
        (
            api(
                parameters=[{"name": "limit", "in": "query", "required": True, "schema": {"type": "integer"}}]
            ),
            "POST /v1/plans: the parameter limit (query) is newly required",
        ),
        (
            api(parameters=[{"name": "limit", "in": "query", "schema": {"type": "string"}}]),
            "POST /v1/plans: parameter limit: /: the type changes from integer to string",
        ),
        (
            with_schema(
                "In",
                {
                    "type": "object",
                    "required": ["kind", "source"],
                    "properties": {"kind": {"type": "string"}, "source": {"type": "string"}},
                },
            ),
            "POST /v1/plans request: /source: newly required",
        ),
        (
            with_schema("In", {"type": "object", "required": [], "properties": {}}),
            "POST /v1/plans request: /kind: the field is removed",
        ),
        (
            with_schema("Out", {"type": "object", "properties": {}}),
            "POST /v1/plans 201: /id: the field is removed",
        ),
        (api(responses={}), "POST /v1/plans: the answer 201 is removed"),
        (
            api(responses={"201": {"content": {}}}),
            "POST /v1/plans 201: the media type application/json is removed",
        ),
        (
            api(requestBody={"required": True, "content": {"application/json": {"schema": {}}}}),
            "POST /v1/plans: a request body is newly required",
        ),
    ],
)
def test_what_breaks_a_caller_is_named(new: Schema, said: str) -> None:
    assert said in breaking_openapi_changes(api(), new)
