"""The conventions of every service's HTTP surface, put around an app once (the text is ``api.md``).

The order of checks: authentication, authorisation (scope, then sight), Idempotency-Key, If-Match, the body's form, the
rules. What comes earlier is refused before anything later is read. A request that was answered before is answered again
whatever a later check would now say of it.
"""

import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from contracts.problems import Invalid, NotFound, Problem, Reason
from runtime.append_request import IdempotencyKeyReused
from runtime.auth import Allow, Forbidden, bearer_token, guards, is_guarded
from runtime.call import Call, Edge
from runtime.erasing import destroyed_here
from runtime.going_on import also_after_the_end
from runtime.http_edge import LARGEST_BODY, LARGEST_BODY_IN_SCOPE, Around, on_refusal
from runtime.openapi import describe
from runtime.problem_details import (
    Malformed,
    NotYet,
    PreconditionRequired,
    TooLarge,
    UnsupportedMediaType,
)
from runtime.straight_to_routes import go_straight

SEEN_SECONDS = 5.0
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_VERSION = re.compile(r'"(0|[1-9][0-9]{0,17})"')


async def _if_match(
    request: Request,
    if_match: Annotated[
        str, Header(alias="If-Match", description='The ETag you read, e.g. `"3"`: the version this is about.')
    ],
) -> int:
    version: int = request.state.call.if_match
    return version


IfMatch = Annotated[int, Depends(_if_match)]
"""``if_match: IfMatch`` in the signature of what decides about something that exists: 428 without it."""


IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Idempotency-Key"},
    "description": "Makes the request safe to repeat. Clients must send one.",
}
"""For the API page: the route has read it before FastAPI looks at the request."""


async def _after_event(
    after_event: Annotated[
        UUID | None,
        Query(description="Wait (5 s at most) until this service has taken in the event: the `Handrail-Event` of a "
                          "write anywhere."),
    ] = None,
) -> None:  # fmt: skip
    """Waited for by the route already; here so that the API page shows it."""


class _LargerBody:
    def __init__(self, most: int) -> None:
        self.most = most

    async def __call__(self) -> None:
        """Read by the route."""


def takes(most: int) -> Any:
    """For ``dependencies=[takes(512 * MIB)]`` of a route that reads ``asked.request.stream()`` itself."""
    return Depends(_LargerBody(most))


class Route(APIRoute):
    """A route with the conventions in their order. What it needs to know stands in the endpoint's signature."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods = {method.upper() for method in options.get("methods") or ["GET"]}
        dependencies = list(options.pop("dependencies", None) or [])
        if is_guarded(endpoint):
            if "POST" in methods:
                more = dict(options.get("openapi_extra") or {})
                options["openapi_extra"] = more | {
                    "parameters": [*more.get("parameters", ()), IDEMPOTENCY_KEY]
                }
            elif "GET" in methods:
                dependencies.append(Depends(_after_event))
        if options.get("status_code") == 201 and "POST" in methods:
            # Described in one place: every such route answers so, by `Call.respond`.
            made = {"description": "It was there already, with this external id or as it is asked for."}
            known = dict(options.get("responses") or {})
            options["responses"] = {200: {**made, "model": options.get("response_model")}} | known
        super().__init__(path, endpoint, dependencies=dependencies, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()
        checks = _Checks(self)

        async def handle(request: Request) -> Response:
            call = await checks.admit(request)
            if call is None:
                await checks.read(request)
                return await original(request)
            try:
                await checks.read(request, call)
                await checks.go_on(call)
                response = await original(request)
            except (RequestValidationError, Problem, HTTPException) as refusal:
                again = await _answered_before(call, refusal)
                if again is None:
                    await _say_if_destroyed(call, refusal)
                    raise
                response = again
            await checks.remember(call, response)
            return response

        return handle


async def _answered_before(call: Call, refusal: Exception) -> Response | None:
    """The kept answer, which comes before If-Match, the body's form and the rules; not before who may do what."""
    if call.key is None or call.streams or isinstance(refusal, IdempotencyKeyReused | Forbidden | TooLarge):
        return None
    return await call.kept_answer()


async def _say_if_destroyed(call: Call, refusal: Exception) -> None:
    """What was there, and was lawfully destroyed, is not simply not found: 410, and the day; to whoever may see it."""
    if not isinstance(refusal, NotFound):
        return
    named = [id for value in call.request.path_params.values() if (id := _uuid(str(value)))]
    if not named and (student := _uuid(call.request.query_params.get("student"))):
        named = [student]
    found = await destroyed_here(call.edge.service.database, call.tenant, named)
    if found is not None:
        student, destroyed = found
        await call.must_see(student)
        raise destroyed from refusal


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


class _Checks:
    """What one route's requests go through, read once from its signature."""

    def __init__(self, route: APIRoute) -> None:
        self.guards: list[Allow] = list(guards(route.dependant))
        self.wants_version = any(call is _if_match for call in _calls(route.dependant))
        self.largest = max(
            (c.most for c in _calls(route.dependant) if isinstance(c, _LargerBody)), default=LARGEST_BODY
        )
        self.scopes = tuple(scope for guard in self.guards for scope in guard.scopes)
        self.goes_on = any(call is also_after_the_end for call in _calls(route.dependant))
        self.streams = self.largest != LARGEST_BODY
        self.reads_json = route.body_field is not None and _is_json(route)
        self.reads_body = route.body_field is not None
        self.known = {
            name for each in (route.dependant, *_inner(route.dependant)) for name in _query_names(each)
        }
        self.status = route.status_code or 200
        self.purpose = _purpose(route)
        # The outermost thing a path names says whose all of it is.
        self.named = next((name for name in route.param_convertors if name.endswith("_id")), None)
        self.kind = next(
            (
                part.replace("-", "_")
                for part in reversed(route.path_format.split("/"))
                if part.isidentifier()
            ),
            "record",
        )

    async def admit(self, request: Request) -> Call | None:
        """Authentication, authorisation, waiting for ``after_event``, sight, Idempotency-Key."""
        request.scope[LARGEST_BODY_IN_SCOPE] = self.largest
        if not self.guards:
            _refuse_nul(request)
            return None
        edge: Edge = request.app.state.edge
        who = await edge.verifier.verify(bearer_token(request))
        call = request.state.call = Call(request, edge, who, self.status, self.purpose, streams=self.streams)
        for guard in self.guards:
            guard.check(who)
        _refuse_nul(request)
        self._refuse_unknown(request)
        if request.method == "GET":
            await _wait_for(call)
        try:
            await self._see(call)
        except NotFound as refusal:
            await _say_if_destroyed(call, refusal)
            raise
        if request.method == "POST":  # The others are safe to repeat by themselves: If-Match tells.
            call.key = _key(request, needed=not who.is_person)
        return call

    async def read(self, request: Request, call: Call | None = None) -> None:
        """The body within its limit, then If-Match, then whether the body is what this route reads."""
        if not self.streams and (self.reads_body or (call is not None and call.key is not None)):
            await request.body()
        if call is not None and self.wants_version:
            call.if_match = _expected_version(request)
        if self.reads_json and await request.body() and not _says_json(request):
            raise UnsupportedMediaType("Send the body as JSON, with 'Content-Type: application/json'.")

    async def go_on(self, call: Call) -> None:
        """Of a district that has ended only what goes on."""
        writes = call.request.method != "GET" and not self.goes_on
        await call.edge.ends.check(call.who, self.scopes, writes=writes)

    async def remember(self, call: Call, response: Response) -> None:
        """Record what the answer shows of a student before it leaves."""
        if response.status_code >= 300:
            return
        if call.request.method == "GET" and self.named is not None and not call.has_looks:
            owner = await self._owner(call)  # An empty list of what is not there is not found either.
            if owner is not None:
                call.saw(owner, self.kind, (call.request.path_params[self.named],))
        await call.record_looks()

    async def _see(self, call: Call) -> None:
        """A person sees what is theirs to see; what is not looks as if it were not there."""
        if call.who.is_person and self.named is not None:
            owner = await self._owner(call)
            if owner is not None:
                await call.must_see(owner)

    async def _owner(self, call: Call) -> UUID | None:
        if self.named is None:
            return None
        try:
            id = UUID(call.request.path_params[self.named])
        except ValueError:  # The path's own form is refused with 422 a little later.
            return None
        return await call.owner(self.named.removesuffix("_id"), id)

    def _refuse_unknown(self, request: Request) -> None:
        if not request.scope["query_string"]:
            return
        unknown = sorted(set(request.query_params) - self.known)
        if unknown:
            names = ", ".join(sorted(self.known)) or "none"
            raise Invalid(
                "A parameter in the address is not known here.",
                reasons=tuple(
                    Reason("extra-forbidden", f"is not known here; known are: {names}") for _ in unknown
                ),
            )


def _refuse_nul(request: Request) -> None:
    """U+0000 in the address: PostgreSQL has no such text, so nothing can be named by it."""
    named = list(request.path_params.values())
    if request.scope["query_string"]:  # To look into none costs a fortieth of a command.
        named += [part for pair in request.query_params.multi_items() for part in pair]
    if any("\x00" in str(text) for text in named):
        raise Invalid(
            "The address contains the character U+0000, which no text here can contain.",
            reasons=(Reason("character-not-allowed", "leave the character U+0000 (%00) out"),),
        )


def _calls(dependant: Any) -> Iterator[Any]:
    return (inner.call for inner in _inner(dependant))


def _inner(dependant: Any) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each
        yield from _inner(each)


def _query_names(dependant: Any) -> Iterator[str]:
    for each in dependant.query_params:
        annotation = each.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from (info.alias or name for name, info in annotation.model_fields.items())
        else:
            yield each.alias


def _is_json(route: APIRoute) -> bool:
    from fastapi.params import Form

    return route.body_field is not None and not isinstance(route.body_field.field_info, Form)


def _purpose(route: APIRoute) -> str:
    """In words a parent can follow: the first sentence of the route's own description."""
    return (route.summary or route.description.split("\n")[0].split(". ")[0] or route.name).strip(" .")[:200]


def _says_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _key(request: Request, *, needed: bool) -> str | None:
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        if needed:
            raise Malformed(
                "Send an Idempotency-Key of your own with every POST, so that it can be repeated safely."
            )
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise Malformed("An Idempotency-Key is one header of 1 to 200 visible ASCII characters, e.g. a UUID.")
    return keys[0]


def _expected_version(request: Request) -> int:
    versions = request.headers.getlist("if-match")
    if not versions:
        raise PreconditionRequired('Read it first and send its ETag as If-Match, e.g. If-Match: "3".')
    matched = _VERSION.fullmatch(versions[0].strip())
    if len(versions) > 1 or matched is None:
        raise Malformed('If-Match is the one ETag you read, with its quotation marks, e.g. If-Match: "3".')
    return int(matched[1])


async def _wait_for(call: Call) -> None:
    asked = call.request.query_params.get("after_event")
    try:
        event = UUID(asked) if asked else None
    except ValueError:  # Refused with 422 a little later.
        return
    if event is not None and not await call.edge.service.seen(call.tenant, event, SEEN_SECONDS):
        raise NotYet("This service has not taken in that event yet. Ask again in a moment.", event=event)


class Routes(APIRouter):
    """A router whose routes keep the conventions: ``routes = Routes(prefix="/plan/v1", tags=["plans"])``."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, route_class=Route, **options)


def take_in(app: FastAPI, *routers: APIRouter) -> None:
    """Make the routers' routes the app's own.

    `FastAPI.include_router` keeps routers apart: it makes every route anew at its first use, and asks each router at each
    request whether it has changed, which was a fifth of a request's time.
    """
    for router in routers:
        app.router.routes.extend(router.routes)


def service_app(
    edge: Edge, prefix: str, *, title: str, summary: str,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
) -> FastAPI:  # fmt: skip
    """A service's app under ``prefix``, with the conventions around it.

    FastAPI's own telemetry is off: it would send out the messages of exceptions and of refused bodies, which quote them.
    """
    app = FastAPI(
        title=title,
        summary=summary,
        version="1",
        openapi_url=f"{prefix}/openapi.json",
        docs_url=f"{prefix}/docs",
        redoc_url=None,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    install(app, edge)
    return app


def install(app: FastAPI, edge: Edge) -> None:
    """Put the conventions around an app: problems for every refusal, limits, correlation, one log line a request."""
    app.state.edge = edge
    app.router.route_class = Route
    for kind in (Problem, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, on_refusal)
    app.add_middleware(Around, edge=edge)
    go_straight(app.router)
    describe(app)
