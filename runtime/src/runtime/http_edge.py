"""Around every app: whatever happens inside, the caller gets an answer and the log gets one line, without contents.

Counts what comes in, gives each request its correlation id, and turns what nobody expected into a problem that says
nothing of ours.
"""

import re
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import structlog
from fastapi import Request
from prometheus_client import Counter, Histogram
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime import metrics
from runtime.call import Call, Edge, new_correlation
from runtime.logging import places
from runtime.problem_details import ProblemDetails, TooLarge, details_of

log = structlog.get_logger()

LARGEST_BODY = 10 * 1024 * 1024
LARGEST_BODY_IN_SCOPE = "handrail.largest_body"
_ID = re.compile(rb"[A-Za-z0-9._:-]{8,64}")


async def on_refusal(request: Request, error: Exception) -> Response:
    """The answer to a refusal, wherever it was raised."""
    answer = _problem(request.scope, details_of(error, if_match="if-match" in request.headers))
    if answer.status_code == 405:
        answer.headers["Allow"] = ", ".join(_methods_of_this_path(request))
    return answer


def _methods_of_this_path(request: Request) -> list[str]:
    """All that any route takes under this path: the refusal itself knows those of the first one only."""
    fitting = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in fitting for method in getattr(route, "methods", None) or ()})


def _problem(scope: Scope, details: ProblemDetails) -> Response:
    scope["state"]["refusal"] = details.code
    return details.response(scope["state"]["correlation"])


class Around:
    """The outermost layer; `runtime.http.install` adds it."""

    def __init__(self, app: ASGIApp, edge: Edge) -> None:
        self.app = app
        self.edge = edge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["correlation"] = _correlation(scope)
        answered: list[int] = []
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.append(message["status"])
                message = {**message, "headers": _with_ours(message["headers"], state["correlation"])}
            await send(message)

        try:
            await self.app(scope, _limited(scope, receive), sending)
        except Exception as error:
            details = details_of(error, if_match=any(name == b"if-match" for name, _ in scope["headers"]))
            # Named here, not left to the log's settings: a message or a local variable may be a student's.
            what = "request_failed" if details.status == 500 else "request_not_possible"
            log.warning(what, code=details.code, correlation=state["correlation"], came_through=places(error))
            if answered:  # Too late for another answer: the connection breaks off, which the caller can see.
                raise ConnectionAbortedError("the answer could not be finished") from None
            await _problem(scope, details)(scope, receive, sending)
        finally:
            self._trace(scope, answered[0] if answered else 0, time.perf_counter() - began)

    def _trace(self, scope: Scope, status: int, seconds: float) -> None:
        state, service = scope["state"], self.edge.service.name
        route = getattr(scope.get("route"), "path_format", "none")
        call: Call | None = state.get("call")
        fields: dict[str, Any] = {"service": service, "method": scope["method"], "route": route, "status": status,
                                  "correlation": state["correlation"], "ms": round(seconds * 1000, 1)}  # fmt: skip
        if call is not None:
            fields |= {
                "tenant": call.tenant,
                "who": call.who.id,
                "role": call.who.role,
                "client": call.who.client_id,
            }
        if code := state.get("refusal"):
            fields["code"] = code
            metrics.REFUSALS.labels(service, code).inc()
        counted, timed = _measured(service, scope["method"], route, status)
        counted.inc()
        timed.observe(seconds)
        log.info("request_refused" if code else "request_answered", **fields)


@lru_cache(maxsize=10_000)
def _measured(service: str, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return metrics.REQUESTS.labels(service, method, route, status), metrics.REQUEST_SECONDS.labels(
        service, method, route
    )


def _correlation(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return str(value, "ascii")
    return new_correlation()


def _with_ours(headers: Any, correlation: str) -> list[tuple[bytes, bytes]]:
    kept = list(headers)
    present = {name.lower() for name, _ in kept}
    ours = {
        b"x-request-id": correlation.encode(),
        b"x-content-type-options": b"nosniff",
        b"cache-control": b"no-store",
    }
    return kept + [(name, value) for name, value in ours.items() if name not in present]


def _limited(scope: Scope, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Counts what comes in, whatever its header says, and stops at the route's limit."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    read = 0

    async def receiving() -> Message:
        nonlocal read
        most: int = scope.get(LARGEST_BODY_IN_SCOPE, LARGEST_BODY)
        if declared.isdigit() and int(declared) > most:
            raise _too_large(most)
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise _too_large(most)
        return message

    return receiving


def _too_large(most: int) -> TooLarge:
    return TooLarge(
        f"The body is longer than the {most // (1024 * 1024)} MiB that are taken here. Send it in parts."
    )
