"""Refusals as RFC 9457 ``application/problem+json``: one mapping for every route of every service.

A problem says what would make the request pass. It never carries a student's name or the value that was refused:
pointers, codes, ids, dates and numbers only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy.exc
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from contracts.problems import (
    Destroyed,
    ExternalIdTaken,
    Invalid,
    NotFound,
    Problem,
    Reason,
    Rejected,
    VersionConflict,
)
from runtime.append_request import AlreadyClaimed, IdempotencyKeyReused, RequestStillRunning, TenantNotOpen
from runtime.auth import Forbidden, IssuerAway, NotAuthenticated
from runtime.database import UNREACHABLE

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:handrail:problem:"
RETRY_SECONDS = 2
MOST_ERRORS = 50


class Malformed(Problem):
    """The request is not what it says it is: JSON that does not parse, a header of another form (400)."""

    code = "malformed"


class PreconditionRequired(Problem):
    """A change to what exists says which version it is about (428)."""

    code = "if-match-required"


class TooLarge(Problem):
    """The body is longer than this route takes (413)."""

    code = "too-large"


class UnsupportedMediaType(Problem):
    """The body is of another media type than this route takes (415)."""

    code = "unsupported-media-type"


class TooManyRequests(Problem):
    """Slow down (429)."""

    code = "too-many-requests"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotYet(Problem):
    """This service has not taken in the event of ``after_event`` yet (503): ask again in a moment."""

    code = "not-yet"


STATUS: Mapping[type[Problem], int] = {
    Rejected: 409,
    NotFound: 404,
    Destroyed: 410,
    Invalid: 422,
    VersionConflict: 412,
    ExternalIdTaken: 409,
    AlreadyClaimed: 409,
    RequestStillRunning: 409,
    IdempotencyKeyReused: 422,
    TenantNotOpen: 404,
    NotAuthenticated: 401,
    Forbidden: 403,
    Malformed: 400,
    PreconditionRequired: 428,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    TooManyRequests: 429,
    NotYet: 503,
}
"""The family by its status; a subclass has its parent's."""


def status_of(problem: type[Problem]) -> int:
    """The status of a refusal's class."""
    return next((STATUS[cls] for cls in problem.__mro__ if cls in STATUS), 409)


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """What is answered, and the code that is logged."""

    status: int
    code: str
    detail: str
    errors: Sequence[Mapping[str, str]] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)

    def response(self, correlation: str) -> Response:
        """As it goes out."""
        body: dict[str, Any] = {
            "type": TYPE + self.code,
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:handrail:request:{correlation}",
            "code": self.code,
            "errors": list(self.errors),
        }
        if self.facts:
            body["facts"] = dict(self.facts)
        body |= self.shown
        return Response(msgspec.json.encode(body), self.status, dict(self.headers), MEDIA_TYPE)


def details_of(error: BaseException, *, if_match: bool = True) -> ProblemDetails:
    """The problem that stands for ``error``; what we do not know is a 500 that says nothing of ours.

    ``if_match`` says whether the request named a version: without one a lost race is ours to repeat, not the caller's
    mistake.
    """
    match error:
        case VersionConflict() if not if_match:
            return _busy(
                "Others are changing the same thing at this moment. Nothing was changed; send it again."
            )
        case Problem():
            return _refused(error)
        case RequestValidationError():
            return _unreadable(error)
        case HTTPException():
            return _of_http(error)
        case IssuerAway():
            return ProblemDetails(503, "issuer-unavailable", "Tokens cannot be checked at this moment; try again.",
                                  headers={"Retry-After": str(RETRY_SECONDS)})  # fmt: skip
    if is_unreachable(error):
        return ProblemDetails(
            503, "unavailable", "The database cannot be reached at this moment. Nothing is half done; try again.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )  # fmt: skip
    return ProblemDetails(
        500, "internal-error", "Something went wrong here. It has been recorded under `instance`."
    )


def is_unreachable(error: BaseException) -> bool:
    """Whether the database (or keyring) cannot do its work now, also when SQLAlchemy has wrapped the driver's word."""
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return True
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        if error.connection_invalidated:
            return True
        return any(is_unreachable(inner) for inner in _inside(error))
    # The driver's DataError is a wrong argument of ours, though it inherits from InterfaceError.
    return isinstance(error, UNREACHABLE) and not isinstance(error, ValueError)


def _inside(error: sqlalchemy.exc.DBAPIError) -> Iterator[BaseException]:
    inner: BaseException | None = error.orig
    while inner is not None:
        yield inner
        inner = inner.__cause__


def _busy(detail: str) -> ProblemDetails:
    return ProblemDetails(503, "busy", detail, headers={"Retry-After": "1"})


def _refused(problem: Problem) -> ProblemDetails:
    headers: dict[str, str] = {}
    if isinstance(problem, NotAuthenticated | Forbidden):
        headers["WWW-Authenticate"] = problem.challenge
    if isinstance(problem, TooManyRequests):
        headers["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, NotYet | RequestStillRunning):
        headers["Retry-After"] = "1"
    facts = {name: fact for name, value in problem.facts.items() if (fact := _fact(value)) is not None}
    return ProblemDetails(
        status_of(type(problem)), problem.code, problem.message,
        [_reason(reason) for reason in problem.reasons], facts, headers, problem.shown,
    )  # fmt: skip


def _reason(reason: Reason) -> dict[str, str]:
    said = {"pointer": reason.pointer, "code": reason.code, "detail": reason.message, "citation": reason.citation,
            "cure": reason.cure}  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


_PLAIN = re.compile(r"[A-Za-z0-9_.:/@+-]{1,100}")


def _fact(value: Any) -> Any:
    """Ids, dates, numbers and codes pass; what could be a name or a sentence does not."""
    match value:
        case bool() | int() | float():
            return value
        case UUID() | date() | Decimal():
            return str(value)
        case str() if _PLAIN.fullmatch(value):
            return str(value)
        case list() | tuple() | set() | frozenset():
            return [fact for inner in value if (fact := _fact(inner)) is not None]
    return None


_STATUSES = {status.value: status for status in HTTPStatus}
_HTTP = {404: "not-found", 405: "method-not-allowed", 400: "malformed", 413: "too-large"}


def _of_http(error: HTTPException) -> ProblemDetails:
    """The router's own refusals."""
    known = _STATUSES.get(error.status_code, HTTPStatus.BAD_REQUEST)
    code = _HTTP.get(error.status_code, known.phrase.lower().replace(" ", "-"))
    return ProblemDetails(
        error.status_code, code, known.description or known.phrase, headers=error.headers or {}
    )


def _unreadable(error: RequestValidationError) -> ProblemDetails:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        place = found[0]["loc"][-1]
        return ProblemDetails(400, "malformed-json", f"The body is not JSON: it breaks at character {place}.")
    errors = [_field(each, error.body) for each in found[:MOST_ERRORS]]
    count = f"{len(found)} fields are" if len(found) > 1 else "A field is"
    return ProblemDetails(
        422, "invalid", f"{count} unknown, missing or of the wrong form: see `errors`.", errors
    )


_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "uuid_parsing": "should be a UUID",
    "json_invalid": "should be JSON",
    "url_parsing": "should be a URL",
}
_QUOTES_NOTHING = re.compile(
    r"(string|int|float|bool|date|datetime|time|timezone|time_delta|decimal|dict|list|tuple|set|frozen_set|bytes|model|"
    r"literal|enum|too|greater|less|multiple|finite|none|union_tag_not|uuid_type|uuid_version|url_type|url_scheme)_?.*"
)


def _field(error: Mapping[str, Any], body: Any) -> dict[str, str]:
    where, *path = error["loc"] or ("body",)
    said = {"code": str(error["type"]).replace("_", "-"), "detail": in_words(error)}
    if where == "body":
        return {"pointer": pointer_of(path, body, missing=error["type"] == "missing"), **said}
    name = ".".join(str(part) for part in path)
    return {"header" if where == "header" else "parameter": name, **said}


def in_words(error: Mapping[str, Any]) -> str:
    """What is wrong with a field, of pydantic's error with its ``input``; without the value that is wrong."""
    kind, given = error["type"], error.get("input")
    if kind in _WORDS:
        return _WORDS[kind]
    if kind == "union_tag_invalid":
        context = error["ctx"]
        return f"{context['discriminator']} should be one of {context['expected_tags']}"
    said = (
        str(error["msg"])
        .removeprefix("Value error, ")
        .removeprefix("Assertion failed, ")
        .removeprefix("Input ")
    )
    if kind not in ("value_error", "assertion_error") and not _QUOTES_NOTHING.fullmatch(kind):
        return "does not fit"
    if kind in ("value_error", "assertion_error") and any(text in said for text in _texts(given)):
        return "does not fit"
    return said


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            if value:
                yield value
        case bool() | None:
            pass
        case int() | float() | Decimal() | date() | UUID():
            yield str(value)
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)


def pointer_of(path: Sequence[str | int], body: Any, *, missing: bool = False) -> str:
    """The JSON Pointer into what was sent. pydantic's path also names the branches of unions, which were not sent."""
    steps = _walk(list(path)[:32], body, missing)
    return "".join("/" + _shown(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _walk(path: list[Any], value: Any, missing: bool) -> list[str | int]:
    """The longest way through what was sent that keeps the order of ``path``."""
    if not path:
        return []
    first, rest = path[0], path[1:]
    entered: list[str | int] | None = None
    if (isinstance(value, dict) and first in value) or (
        isinstance(value, list) and isinstance(first, int) and first < len(value)
    ):
        entered = [first, *_walk(rest, value[first], missing)]
        if len(entered) == len(path):
            return entered
    if missing and not rest and isinstance(value, dict):
        return [first]
    skipped = _walk(rest, value, missing)
    return entered if entered is not None and len(entered) >= len(skipped) else skipped


_NAME_OF_A_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")


def _shown(step: str | int) -> str:
    """Field names and ids; a key that is a sentence is somebody's words."""
    text = str(step)
    return text if isinstance(step, int) or _NAME_OF_A_FIELD.fullmatch(text) or _is_id(text) else "?"


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
