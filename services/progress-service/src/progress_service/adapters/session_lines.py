"""NDJSON: a session on each line, a result for each line, in the same order."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from contracts.canonical import NotCanonical, canonical
from contracts.ids import new_id
from contracts.problems import Invalid, Problem, Reason
from progress_service.adapters.routes.forms import may_report
from progress_service.adapters.routes.session_form import SessionIn
from progress_service.application.record_sessions import Sent, Taken
from runtime.auth import Principal
from runtime.problem_details import details_of

NDJSON = "application/x-ndjson"
MOST_LINES = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number in what was sent, and the session on it or why there is none."""

    number: int
    sent: Sent | Exception
    external_id: str | None = None


def read_session(body: bytes) -> SessionIn:
    """One session from its JSON; raises FastAPI's error for a body of another form, so that it is answered as ever."""
    try:
        return SessionIn.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise _unreadable(error, body) from error


def read_lines(body: bytes, who: Principal) -> list[Line]:
    """Every line that is not blank; raises `Invalid` for more than ten thousand."""
    numbered = [(number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
    if len(numbered) > MOST_LINES:
        message = f"{len(numbered)} lines are more than {MOST_LINES}: send them in parts."
        raise Invalid(message, reasons=(Reason("too-many-lines", message),))
    return [_line(number, line, who) for number, line in numbered]


def render(lines: Sequence[Line], results: Sequence[Taken | Problem], correlation: str) -> Iterator[bytes]:
    """A line of JSON for each line that was sent: its number, status, and the session's id or the problem."""
    outcomes = iter(results)
    for line in lines:
        outcome = line.sent if isinstance(line.sent, Exception) else next(outcomes)
        yield msgspec.json.encode(_result(line, outcome, correlation)) + b"\n"


def digest_of(body: bytes) -> bytes:
    """Tells another body from the same again, as `runtime.call.Call.body_digest` does for a single one."""
    try:
        return hashlib.sha256(canonical(json.loads(body))).digest()
    except (NotCanonical, ValueError):
        return hashlib.sha256(body).digest()


def _line(number: int, line: bytes, who: Principal) -> Line:
    try:
        session = read_session(line)
        may_report(who, session.reported)
        if session.external_id is None:
            message = "Each line needs an external_id, so that the batch can be sent again safely."
            raise Invalid(message, reasons=(Reason("missing", message, pointer="/external_id"),))
    except (Problem, RequestValidationError) as error:
        return Line(number, error)
    return Line(number, Sent(session.to_command(new_id()), digest_of(line)), session.external_id)


def _result(line: Line, outcome: Taken | Exception, correlation: str) -> dict[str, Any]:
    told: dict[str, Any] = {"line": line.number}
    if line.external_id is not None:
        told["external_id"] = line.external_id
    if isinstance(outcome, Taken):
        return told | {"status": 201 if outcome.created else 200, "id": str(outcome.session_id)}
    details = details_of(outcome, if_match=False)
    return told | {
        "status": details.status,
        "problem": msgspec.Raw(bytes(details.response(correlation).body)),
    }


def last_event(results: Sequence[Taken | Problem]) -> UUID | None:
    """The newest event of a batch."""
    events = [result.event for result in results if isinstance(result, Taken) and result.event is not None]
    return events[-1] if events else None


def _unreadable(error: ValidationError, body: bytes) -> RequestValidationError:
    errors = error.errors(include_url=False)
    if any(each["type"] == "json_invalid" for each in errors):
        return RequestValidationError(
            [{"type": "json_invalid", "loc": ("body", 0), "msg": "JSON decode error"}]
        )
    located: list[Any] = [{**each, "loc": ("body", *each["loc"])} for each in errors]
    return RequestValidationError(located, body=json.loads(body))
