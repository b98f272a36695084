"""The OpenAPI page says what every route may answer: the problems of the conventions beside the route's own."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI

from contracts.problems import Problem
from runtime.problem_details import MEDIA_TYPE, status_of

SCHEMA = "Problem"
_ERROR = {
    "type": "object",
    "description": "One unmet rule or one field.",
    "properties": {
        "pointer": {"type": "string", "description": "JSON Pointer into the body that was sent."},
        "parameter": {"type": "string", "description": "A parameter of the path or the query."},
        "header": {"type": "string"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "citation": {"type": "string", "description": "The rule, e.g. `34 CFR 300.503(a)`."},
        "cure": {"type": "string", "description": "What would make it pass."},
    },
    "required": ["code", "detail"],
}
PROBLEM = {
    "title": SCHEMA,
    "type": "object",
    "description": "A refusal (RFC 9457). It never carries a student's name or the value that was refused.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {
            "type": "string",
            "format": "uri",
            "description": "Names this request in the operator's log.",
        },
        "code": {"type": "string", "description": "Stable: programs decide by it."},
        "errors": {"type": "array", "items": _ERROR},
        "facts": {"type": "object", "description": "Ids, dates and numbers that belong to it."},
    },
    "required": ["type", "title", "status", "detail", "instance", "code", "errors"],
}

_EVERYWHERE = {
    400: "Malformed: the request is not what it says it is.",
    401: "No token, or one that does not count.",
    403: "The token's scopes do not allow this.",
    404: "Nothing under this id that the caller may see, or the district is not open here.",
    422: "Unknown, missing or wrong fields: `errors` points at each.",
    429: "Too many requests; `Retry-After` says when.",
    500: "A mistake of ours, recorded under `instance`.",
    503: "Not possible at this moment; `Retry-After` says when to try again.",
}
_WITH_BODY = {
    409: "A rule refuses it, an external id is taken, or the same request is still running.",
    413: "The body is too large.",
    415: "The body is of another media type.",
}
_WITH_VERSION = {
    412: "It has changed since it was read: read it again.",
    428: "If-Match is missing.",
}


def problems(*refusals: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """For ``responses=problems(PlanNotInEffect, PriorWrittenNoticeRequired)``: a route's own refusals, by status."""
    by_status: dict[int, list[type[Problem]]] = {}
    for refusal in refusals:
        by_status.setdefault(status_of(refusal), []).append(refusal)
    return {
        status: _response("\n\n".join(f"`{each.code}`: {_first_line(each)}" for each in found))
        for status, found in by_status.items()
    }


def problem_showing(refusal: type[Problem], **members: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """For ``responses=`` of a refusal whose answer has members of its own, each with its schema."""
    responses = problems(refusal)
    content = responses[status_of(refusal)]["content"][MEDIA_TYPE]
    # Written out: whoever compares two versions of the document reads no `allOf`.
    known: dict[str, Any] = PROBLEM
    content["schema"] = known | {"title": refusal.__name__, "properties": known["properties"] | members}
    return responses


def _first_line(of: type[Problem]) -> str:
    return (of.__doc__ or "").strip().split("\n")[0]


def _response(description: str) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{SCHEMA}"}}}
    return {"description": description, "content": content}


def describe(app: FastAPI) -> None:
    """Make the app's OpenAPI document carry the conventions."""
    made = app.openapi

    def with_problems() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(made())
        return made()

    app.openapi = with_problems  # type: ignore[method-assign]


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add the problems to each operation, and take out the framework's own form of them. Changes ``document``."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas[SCHEMA] = PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for item in document.get("paths", {}).values():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                _complete(method, operation)
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    wanted = dict(_EVERYWHERE)
    if "security" not in operation:
        wanted = {status: wanted[status] for status in (404, 422, 500, 503)}
    if method in ("post", "put", "patch", "delete"):
        wanted |= _WITH_BODY
    parameters: Iterable[dict[str, Any]] = operation.get("parameters", ())
    if any(each.get("name", "").lower() == "if-match" for each in parameters):
        wanted |= _WITH_VERSION
    for status, description in wanted.items():
        responses.setdefault(str(status), _response(description))
    operation["responses"] = dict(sorted(responses.items()))
