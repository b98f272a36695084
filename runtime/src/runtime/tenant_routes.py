"""``PUT GET /tenant``, its ``/end`` and ``GET POST /clock``: opening and ending a district, moving a sandbox's clock.

The same in every service, and an operator's: each has a log and a clock of its own for every tenant, so each is told.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from contracts.canonical import Instant
from contracts.fields import Name, Narrative
from contracts.shipped_profiles import shipped_profiles
from contracts.store import TenantEnded
from runtime.append_request import TenantHasEnded, TenantNotOpen
from runtime.auth import Principal, allow
from runtime.call import Asked, Call
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.openapi import problems
from runtime.tenants import (
    SANDBOX,
    TENANT,
    ClockGoesForward,
    ahead_of,
    end_tenant,
    move_clock,
    now_for,
    open_tenant,
    subject_of,
)

_ZONES = available_timezones()


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("should be an IANA time zone, e.g. America/Chicago")
    return name


TimeZone = Annotated[Name, AfterValidator(_known_zone)]
"""The IANA name of a time zone."""


def _known_rules(name: str) -> str:
    known = shipped_profiles().names
    if name not in known:
        raise ValueError(f"should be one of {', '.join(known)}")
    return name


StateProfile = Annotated[Name, AfterValidator(_known_rules)]
"""The rules a district is under, of those that are shipped."""

Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))
]
"""What a sandbox's clock may show."""

CENTURIES = 200 * 366 * 24 * 3600 * 1_000_000
Ahead = Annotated[
    int, Field(ge=-CENTURIES, le=CENTURIES, description="Microseconds that the clock is ahead of the time.")
]

Operates = Annotated[Principal, allow("operate")]
LooksAtTenant = Annotated[Principal, allow("operate", "admin", "roster.write", "plan.read", "audit.read")]


class TenantIn(BaseModel):
    """A district to open in this service."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"name": "Lakeside Unified", "time_zone": "America/Chicago"}]},
    )  # fmt: skip

    name: Name
    time_zone: TimeZone
    state_profile: StateProfile | None = None
    """The rule set the district begins with; only plan-service keeps it."""
    subject: UUID | None = None
    """The district's own random id, where another service has given it one already."""
    clock_from: Moment | None = None
    """A sandbox may begin in the past, so that it can have a history; from there its clock only goes forward."""
    clock_ahead: Ahead | None = None
    """In place of `clock_from`: as the service answered that opened the sandbox first."""


class TenantOut(BaseModel):
    """A district that is open here."""

    tenant: str
    subject: UUID
    sandbox: bool
    name: str
    time_zone: str
    now: Instant
    clock_ahead: Ahead
    """What the other services are to be opened with, so that all clocks of a sandbox go alike."""
    ended_on: date | None = None
    """The day on which it ended here; not there while it goes on."""


class TenantEndIn(BaseModel):
    """That a district ends here."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"reason": "The contract is over."}]}
    )

    reason: Narrative


class ClockIn(BaseModel):
    """What a sandbox's clock is to show: a moment in the first service, that one's `clock_ahead` in the others."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"to": "2026-03-01T08:00:00-06:00"}]}
    )

    to: Moment | None = None
    clock_ahead: Ahead | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "ClockIn":
        if (self.to is None) == (self.clock_ahead is None):
            raise ValueError("send either `to` or `clock_ahead`")
        return self


class ClockOut(BaseModel):
    """What the district's clock shows."""

    now: Instant
    sandbox: bool
    clock_ahead: Ahead


Opened = Callable[[Call, TenantIn, datetime], Awaitable[None]]
Ended = Callable[[Call], Awaitable[None]]


async def _nothing_more(_asked: Call, _wanted: TenantIn, _now: datetime) -> None:
    return None


async def _nothing_else(_asked: Call) -> None:
    return None


def tenant_routes(service: str, opened: Opened = _nothing_more, ended: Ended = _nothing_else) -> APIRouter:
    """The routes for ``service``.

    ``opened`` is told of a district that is open now, ``ended`` of one that has ended, each time: make them repeatable.
    """
    routes = Routes(prefix=f"/{service}/v1", tags=["installation"])

    @routes.put("/tenant", response_model=TenantOut, responses=problems(ClockGoesForward, TenantHasEnded))
    async def put_tenant(asked: Asked, who: Operates, body: TenantIn) -> Response:
        """Open the token's district in this service. Repeating it changes nothing; one that has ended stays so."""
        await open_tenant(
            asked.store, asked.tenant, name=body.name, time_zone=body.time_zone, actor=asked.who.actor,
            correlation=asked.correlation, subject=body.subject, clock_from=body.clock_from,
            clock_ahead=None if body.clock_ahead is None else timedelta(microseconds=body.clock_ahead),
        )  # fmt: skip
        await opened(asked, body, await now_for(asked.store, asked.tenant))
        return await _tenant(asked)

    @routes.get("/tenant", response_model=TenantOut, responses=problems(TenantNotOpen))
    async def get_tenant(asked: Asked, who: LooksAtTenant) -> Response:
        """Read whether and how the token's district is open here."""
        return await _tenant(asked)

    @routes.post(
        "/tenant/end", response_model=TenantOut, responses=problems(TenantNotOpen), dependencies=[GOES_ON]
    )
    async def post_end(asked: Asked, who: Operates, body: TenantEndIn) -> Response:
        """End the token's district in this service, for good. Repeating it changes nothing.

        Nothing new is decided or reported of its students, and nothing is sent. What is recorded stays readable, can be
        exported and lawfully destroyed, and its log can be verified.
        """
        await end_tenant(
            asked.store, asked.tenant, body.reason, actor=asked.who.actor, correlation=asked.correlation
        )
        await ended(asked)
        asked.edge.ends.forget(asked.tenant)
        return await _tenant(asked)

    @routes.get("/clock", response_model=ClockOut, responses=problems(TenantNotOpen))
    async def get_clock(asked: Asked, who: LooksAtTenant) -> Response:
        """Read the district's clock: the time, or a sandbox's own."""
        await asked.district()
        return await _clock(asked)

    @routes.post(
        "/clock", response_model=ClockOut, responses=problems(ClockGoesForward), dependencies=[GOES_ON]
    )
    async def post_clock(asked: Asked, who: Operates, body: ClockIn) -> Response:
        """Move a sandbox's clock forward. To where it stands already: nothing happens."""
        await asked.district()
        to = body.to or timedelta(microseconds=body.clock_ahead or 0)
        await move_clock(asked.store, asked.tenant, to, actor=asked.who.actor, correlation=asked.correlation)
        return await _clock(asked)

    return routes


async def _tenant(asked: Call) -> Response:
    subject = await subject_of(asked.store, asked.tenant)
    if subject is None:
        raise TenantNotOpen()
    history = await asked.store.read(asked.tenant, TENANT.name)
    opened = history[0].event
    ended = next((each.effective_on for each in history if isinstance(each.event, TenantEnded)), None)
    shown = TenantOut.model_validate(
        {"tenant": asked.tenant, "subject": subject, "sandbox": asked.tenant.startswith(SANDBOX),
         "now": await now_for(asked.store, asked.tenant), "clock_ahead": await _ahead(asked), "ended_on": ended,
         **opened.model_dump(include={"name", "time_zone"})}
    )  # fmt: skip
    return Response(shown.model_dump_json(exclude_none=True), media_type="application/json")


async def _ahead(asked: Call) -> int:
    return await ahead_of(asked.store, asked.tenant) // timedelta(microseconds=1)


async def _clock(asked: Call) -> Response:
    now = await now_for(asked.store, asked.tenant)
    shown = ClockOut(now=now, sandbox=asked.tenant.startswith(SANDBOX), clock_ahead=await _ahead(asked))
    return Response(shown.model_dump_json(), media_type="application/json")
