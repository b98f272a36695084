"""What would break a caller of a published OpenAPI document."""

from collections.abc import Iterator
from typing import Any

from contracts.compatibility import REQUEST, RESPONSE, Directions, breaking_changes

Document = dict[str, Any]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def breaking_openapi_changes(old: Document, new: Document) -> list[str]:
    """Each change by which a caller of ``old`` would fail against ``new``."""
    return list(dict.fromkeys(_changes(old, new)))


def _changes(old: Document, new: Document) -> Iterator[str]:
    for path, before in old.get("paths", {}).items():
        after = new.get("paths", {}).get(path)
        if after is None:
            yield f"{path}: the path is removed"
            continue
        for method in _METHODS:
            if method in before:
                where = f"{method.upper()} {path}"
                if method not in after:
                    yield f"{where}: the method is removed"
                else:
                    yield from _operation(before[method], after[method], where, old, new)


def _operation(before: Document, after: Document, where: str, old: Document, new: Document) -> Iterator[str]:
    yield from _parameters(before, after, where, old, new)
    yield from _request_body(before, after, where, old, new)
    for status, answer in before.get("responses", {}).items():
        given = after.get("responses", {}).get(status)
        if given is None:
            yield f"{where}: the answer {status} is removed"
            continue
        answer, given = _at(answer, old), _at(given, new)
        yield from _contents(answer, given, f"{where} {status}", RESPONSE, old, new)


def _parameters(before: Document, after: Document, where: str, old: Document, new: Document) -> Iterator[str]:
    known = _parameters_by_name(before, old)
    given = _parameters_by_name(after, new)
    for name, parameter in known.items():
        if name not in given:
            yield f"{where}: the parameter {name[1]} ({name[0]}) is removed"
            continue
        changes = breaking_changes(
            parameter.get("schema", {}), given[name].get("schema", {}), REQUEST, old_root=old, new_root=new
        )
        yield from (f"{where}: parameter {name[1]}: {change}" for change in changes)
    for name, parameter in given.items():
        if parameter.get("required") and not known.get(name, {}).get("required"):
            yield f"{where}: the parameter {name[1]} ({name[0]}) is newly required"


def _parameters_by_name(operation: Document, root: Document) -> dict[tuple[str, str], Document]:
    parameters = [_at(parameter, root) for parameter in operation.get("parameters", ())]
    return {(parameter["in"], parameter["name"]): parameter for parameter in parameters}


def _request_body(
    before: Document, after: Document, where: str, old: Document, new: Document
) -> Iterator[str]:
    sent, taken = _at(before.get("requestBody", {}), old), _at(after.get("requestBody", {}), new)
    if taken.get("required") and not sent.get("required"):
        yield f"{where}: a request body is newly required"
    if sent and not taken:
        yield f"{where}: the request body is removed"
    elif sent:
        yield from _contents(sent, taken, f"{where} request", REQUEST, old, new)


def _contents(
    before: Document, after: Document, where: str, directions: Directions, old: Document, new: Document
) -> Iterator[str]:
    for media_type, content in before.get("content", {}).items():
        given = after.get("content", {}).get(media_type)
        if given is None:
            yield f"{where}: the media type {media_type} is removed"
            continue
        changes = breaking_changes(
            content.get("schema", {}), given.get("schema", {}), directions, old_root=old, new_root=new
        )
        yield from (f"{where}: {change}" for change in changes)


def _at(part: Document, root: Document) -> Document:
    if "$ref" not in part:
        return part
    target: Any = root
    for step in part["$ref"].removeprefix("#/").split("/"):
        target = target[step.replace("~1", "/").replace("~0", "~")]
    resolved: Document = target
    return resolved
