"""NDJSON: one thing to record on each line, a result for each line, in the same order.

Every line stands for itself and carries its own ``external_id``: a batch that was cut off is sent again as it is.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.responses import Response

from contracts.fields import ExternalId
from contracts.ids import new_id
from contracts.problems import Invalid, Problem, Reason
from runtime.append_request import Answer
from runtime.call import Call
from runtime.event_store import keep_answer
from runtime.problem_details import details_of

NDJSON = "application/x-ndjson"

_EXTERNAL_ID: TypeAdapter[str] = TypeAdapter(ExternalId)

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class Made(Protocol):
    """What became of a line: the thing's id, whether it was made now, and the newest event of the append that made it."""

    @property
    def id(self) -> UUID: ...
    @property
    def created(self) -> bool: ...
    @property
    def event(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Line(Generic[T]):
    """One line: its number in what was sent, and what is on it or why it cannot be taken."""

    number: int
    sent: T | Exception
    external_id: str | None = None


def read_model(model: type[M], body: bytes, *, strict: bool = True) -> M:
    """One body from its JSON; raises FastAPI's error for another form, so that it is answered as ever.

    ``strict``: no number in a string, no other type than the field's. Models with unions of their own cannot be.
    """
    try:
        return model.model_validate_json(body, strict=strict)
    except ValidationError as error:
        raise _unreadable(error, body) from error


def read_lines(body: bytes, most: int, read: Callable[[bytes], tuple[T, str | None]]) -> list[Line[T]]:
    """Every line that is not blank, as ``read`` takes it, with its external id; raises `Invalid` for more than ``most``."""
    numbered = [(number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
    if len(numbered) > most:
        message = f"{len(numbered)} lines are more than {most}: send them in parts."
        raise Invalid(message, reasons=(Reason("too-many-lines", message),))
    return [_line(number, line, read) for number, line in numbered]


def _line(number: int, line: bytes, read: Callable[[bytes], tuple[T, str | None]]) -> Line[T]:
    try:
        sent, external_id = read(line)
        if external_id is None:
            message = "Each line needs an external_id, so that the batch can be sent again safely."
            raise Invalid(message, reasons=(Reason("missing", message, pointer="/external_id"),))
    except (Problem, RequestValidationError) as error:
        return Line(number, error, _own_id(line))
    return Line(number, sent, external_id)


def _own_id(line: bytes) -> str | None:
    """The external id of a line that cannot be taken, so that its sender finds it again; only one of our form."""
    try:
        return _EXTERNAL_ID.validate_python(json.loads(line)["external_id"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def taken(lines: Sequence[Line[T]]) -> list[T]:
    """What stands on the lines that could be read."""
    return [line.sent for line in lines if not isinstance(line.sent, Exception)]


async def answered_before(asked: Call) -> bool:
    """Whether this very batch was answered: it is gone through again, so that the answer is as fresh as the rows.

    Raises `IdempotencyKeyReused` for another body under the same key.
    """
    keyed = asked.context.request
    return keyed is not None and await asked.store.kept_answer(asked.tenant, keyed) is not None


async def respond(
    asked: Call, kind: str, lines: Sequence[Line[Any]], results: Sequence[Made | Problem], *, again: bool
) -> Response:
    """A line for each line: its number, status, and the thing's id or the problem. ``results`` are of the lines `taken`."""
    events = [each.event for each in results if not isinstance(each, Problem) and each.event is not None]
    headers = {"Handrail-Event": str(events[-1])} if events else {}
    keyed = asked.context.request
    if again:
        headers["Idempotent-Replayed"] = "true"
    elif keyed is not None:
        answer = Answer(200, f"{kind}_batch", new_id(), events[-1] if events else None)
        await keep_answer(asked.store, asked.tenant, keyed, answer)
    return Response(b"".join(_render(lines, results, asked.correlation)), 200, headers, NDJSON)


def _render(
    lines: Sequence[Line[Any]], results: Sequence[Made | Problem], correlation: str
) -> Iterator[bytes]:
    outcomes = iter(results)
    for line in lines:
        outcome = line.sent if isinstance(line.sent, Exception) else next(outcomes)
        yield msgspec.json.encode(_result(line, outcome, correlation)) + b"\n"


def _result(line: Line[Any], outcome: Made | Exception, correlation: str) -> dict[str, Any]:
    told: dict[str, Any] = {"line": line.number}
    if line.external_id is not None:
        told["external_id"] = line.external_id
    if not isinstance(outcome, Exception):
        return told | {"status": 201 if outcome.created else 200, "id": str(outcome.id)}
    details = details_of(outcome, if_match=False)
    return told | {
        "status": details.status,
        "problem": msgspec.Raw(bytes(details.response(correlation).body)),
    }


def _unreadable(error: ValidationError, body: bytes) -> RequestValidationError:
    errors = error.errors(include_url=False)
    if any(each["type"] == "json_invalid" for each in errors):
        return RequestValidationError(
            [{"type": "json_invalid", "loc": ("body", 0), "msg": "JSON decode error"}]
        )
    located: list[Any] = [{**each, "loc": ("body", *each["loc"])} for each in errors]
    return RequestValidationError(located, body=json.loads(body))
