"""A plan's past: in force on D as known at K, its versions, what differs between two moments, everything recorded."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from contracts.canonical import canonical
from contracts.plan_document import PlanDocument, PlanVersion
from plan_service.adapters.routes.forms import Reads
from plan_service.adapters.routes.shapes import DiffOut, HistoryOut
from plan_service.application.names import names_in
from plan_service.application.replay import Moment, PastOf, parse_basis, parse_known, parse_moment, past_of
from runtime.call import Asked
from runtime.http import Routes
from runtime.paging import Page

routes = Routes(prefix="/plan/v1", tags=["replay"])

EffectiveOn = Annotated[
    date | None, Query(description="D: the day asked about; today where nothing is said.")
]
KnownAt = Annotated[
    str | None,
    Query(description="K: what the record knew then. An instant, or a date: the end of that day in the district's zone.",
          examples=["2026-03-25"]),
]  # fmt: skip
Basis = Annotated[
    str | None,
    Query(description="The `basis` of an earlier answer, e.g. `plan:17`: the same question gives the same bytes again.",
          examples=["plan:17"]),
]  # fmt: skip
D_K = "`D` or `D,K`: a day, and what the record knew at K."


@routes.get("/plans/{plan_id}", response_model=PlanDocument, response_model_exclude_none=True)
async def get_plan(
    plan_id: UUID, asked: Asked, who: Reads, effective_on: EffectiveOn = None, known_at: KnownAt = None,
    basis: Basis = None,
) -> Response:  # fmt: skip
    """Read the plan as in force on a day, as known at an instant; without either, today with all that is known.

    Each item names the event that made it so. `basis` names the last entry of the log it rests on. The ETag is the
    version of the plan's record now, for If-Match.
    """
    past = await past_of(asked.store, asked.tenant, plan_id)
    known = parse_known(known_at, past.day, "known_at") if known_at else None
    moment = Moment(effective_on or past.day.today, known)
    document = past.document(moment, parse_basis(basis))
    return _answer(past, document.to_bytes())


@routes.get("/plans/{plan_id}/versions", response_model=Page[PlanVersion], response_model_exclude_none=True)
async def get_versions(plan_id: UUID, asked: Asked, who: Reads, known_at: KnownAt = None) -> Response:
    """List the plan's versions: every adoption and amendment, numbered for ever."""
    past = await past_of(asked.store, asked.tenant, plan_id)
    known = parse_known(known_at, past.day, "known_at") if known_at else None
    found = [version.model_dump(mode="json", exclude_none=True) for version in past.versions(known)]
    return _answer(past, canonical({"items": found}))


@routes.get(
    "/plans/{plan_id}/versions/{number}", response_model=PlanDocument, response_model_exclude_none=True
)
async def get_version(
    plan_id: UUID, number: int, asked: Asked, who: Reads, known_at: KnownAt = None
) -> Response:
    """Read the plan as it was on the first day of a version."""
    past = await past_of(asked.store, asked.tenant, plan_id)
    known = parse_known(known_at, past.day, "known_at") if known_at else None
    return _answer(past, past.version_document(number, known).to_bytes())


@routes.get("/plans/{plan_id}/diff", response_model=DiffOut, response_model_exclude_none=True)
async def get_diff(
    plan_id: UUID, asked: Asked, who: Reads,
    from_: Annotated[str, Query(alias="from", description=D_K, examples=["2026-03-01"])],
    to: Annotated[str, Query(description=D_K, examples=["2026-03-25,2026-03-25"])],
    basis: Basis = None,
) -> Response:  # fmt: skip
    """Compare two states of the plan, item by item, each difference with its event and a plain sentence."""
    past = await past_of(asked.store, asked.tenant, plan_id)
    before, after = parse_moment(from_, past.day, "from"), parse_moment(to, past.day, "to")
    return _answer(past, canonical(past.difference(before, after, parse_basis(basis))))


@routes.get("/plans/{plan_id}/history", response_model=HistoryOut, response_model_exclude_none=True)
async def get_history(plan_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read everything recorded of the plan, in order, in sentences that name people as they are called today."""
    past = await past_of(asked.store, asked.tenant, plan_id)
    async with asked.store.database.read(asked.tenant) as rows:
        people = await names_in(rows, asked.tenant, past.student, past.entries)
    return _answer(past, canonical(past.told(people)))


def _answer(past: PastOf, body: bytes) -> Response:
    return Response(body, 200, {"ETag": f'"{past.version}"'}, "application/json")
