"""Sessions of services: recorded one by one or in batches, read, voided."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from contracts.ids import new_id
from progress_service.adapters.routes.forms import VoidIn, may_report
from progress_service.adapters.routes.session_form import (
    DELIVERED,
    MISSED,
    SessionIn,
    SessionOut,
    session_schema,
)
from progress_service.application.record_measurements import strike_out
from progress_service.application.record_sessions import Sent, record_all, record_many, record_one, refused_of
from progress_service.domain.refusals import BatchRefused, CannotBeTrue, SessionNotPromised
from runtime import ndjson
from runtime.append_request import Appended
from runtime.auth import Principal, allow
from runtime.call import Asked, digest_of
from runtime.http import Routes
from runtime.ndjson import NDJSON, read_model
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.problem_details import UnsupportedMediaType, details_of

Writes = Annotated[Principal, allow("progress.write")]
Reads = Annotated[Principal, allow("progress.read")]

routes = Routes(prefix="/progress/v1", tags=["sessions"])
MOST_LINES = 10_000

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": session_schema(),
                "examples": {"delivered": {"value": DELIVERED}, "missed": {"value": MISSED}},
            },
            NDJSON: {
                "schema": {
                    "type": "string",
                    "description": "A session on each line, at most 10,000, each with its external_id. "
                    "The answer has a line for each: `line`, `status`, and `id` or `problem`.",
                },
            },
        },
    }
}


@routes.post(
    "/sessions",
    status_code=201,
    response_model=SessionOut,
    responses={
        200: {
            "description": "The first session with this external id; or of a batch a result for each line.",
            "model": SessionOut,
        },
        **problems(SessionNotPromised, BatchRefused, CannotBeTrue),
    },
    openapi_extra=_BODY,
)
async def post_session(
    asked: Asked,
    who: Writes,
    all_or_nothing: Annotated[
        bool,
        Query(
            description="Of a batch: all lines in one transaction, or none where one is refused or the process is killed."
        ),
    ] = False,
) -> Response:
    """Record a session that was delivered, cut short or missed.

    Refused (409) on a day on which no plan in force promises it, with the reason; with `reported` it is recorded as it
    happened. As `application/x-ndjson` up to 10,000 lines, each with its `external_id`: every line stands for itself,
    the answer (200) has a line for each, and the same batch again changes nothing.
    """
    body = await asked.request.body()
    kind = asked.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == NDJSON:
        return await _batch(asked, who, body, all_or_nothing)
    if kind != "application/json":
        raise UnsupportedMediaType(f"Send one session as application/json, or many as {NDJSON}.")
    session = read_model(SessionIn, body)
    may_report(who, session.reported)
    sent = Sent(session.to_command(new_id()), asked.body_digest())
    return await asked.respond(
        "session",
        sent.command.session_id,
        lambda making: record_one(asked.store, asked.context, who, sent, making.answer),
        external_id=session.external_id,
    )


async def _batch(asked: Asked, who: Principal, body: bytes, all_or_nothing: bool) -> Response:
    again = await ndjson.answered_before(asked)

    def read(line: bytes) -> tuple[Sent, str | None]:
        session = read_model(SessionIn, line)
        may_report(who, session.reported)
        return Sent(session.to_command(new_id()), digest_of(line)), session.external_id

    lines = ndjson.read_lines(body, MOST_LINES, read)
    if all_or_nothing:
        refused = iter(await refused_of(asked.store, asked.tenant, who, ndjson.taken(lines)))
        problems_of = [
            (line.number, line.sent if isinstance(line.sent, Exception) else next(refused)) for line in lines
        ]
        told = [
            (number, details_of(each, if_match=False)) for number, each in problems_of if each is not None
        ]
        if told:
            raise BatchRefused([(number, each.code, each.detail) for number, each in told], len(lines))
        numbers = [line.number for line in lines]
        results = await record_all(asked.store, asked.context, who, ndjson.taken(lines), numbers)
    else:
        results = await record_many(asked.store, asked.context, who, ndjson.taken(lines))
    return await ndjson.respond(asked, "session", lines, results, again=again)


@routes.get("/sessions", response_model=Page[SessionOut])
async def get_sessions(
    asked: Asked,
    who: Reads,
    listing: Listed,
    item: Annotated[UUID | None, Query(description="Only sessions of this service.")] = None,
    plan: Annotated[UUID | None, Query(description="Only sessions of this plan.")] = None,
) -> Response:
    """List sessions, a page at a time; voided ones say so."""
    fields = {"item": str(item) if item else None, "plan": str(plan) if plan else None}
    return await asked.page("session", listing, fields=fields)


@routes.get("/sessions/{session_id}", response_model=SessionOut)
async def get_session(session_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one session."""
    return await asked.one("session", session_id)


@routes.post("/sessions/{session_id}/void", response_model=SessionOut)
async def post_void(session_id: UUID, body: VoidIn, asked: Asked, who: Writes) -> Response:
    """Strike a session's record through because it was wrong: it stays, and counts no more."""
    shown = await asked.shown("session", session_id)

    async def void(making: Any) -> Appended:
        return await strike_out(asked.store, asked.context, shown, body.reason, making.answer)

    return await asked.respond("session", session_id, void)
