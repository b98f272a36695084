"""``PUT GET /tenant`` and ``GET POST /clock``: opening a district and moving a sandbox's clock, the same in every service.

An operator's routes: each service has a log and a clock of its own for every tenant, so each is told.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from contracts.canonical import Instant
from contracts.fields import Name
from runtime.auth import Principal, allow
from runtime.call import Asked, Call
from runtime.event_store import TenantNotOpen
from runtime.http import Routes
from runtime.openapi import problems
from runtime.tenants import SANDBOX, TENANT, ClockGoesForward, move_clock, now_for, open_tenant, subject_of

_ZONES = available_timezones()


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("should be an IANA time zone, e.g. America/Chicago")
    return name


TimeZone = Annotated[Name, AfterValidator(_known_zone)]
"""The IANA name of a time zone."""

Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))
]
"""What a sandbox's clock may show."""

Operates = Annotated[Principal, allow("operate")]
LooksAtTenant = Annotated[Principal, allow("operate", "admin", "plan.read", "audit.read")]


class TenantIn(BaseModel):
    """A district to open in this service."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Name
    time_zone: TimeZone
    state_profile: Name | None = None
    """The rule set the district begins with; only plan-service keeps it."""
    subject: UUID | None = None
    """The district's own random id, where another service has given it one already."""
    clock_from: Moment | None = None
    """A sandbox may begin in the past, so that it can have a history; from there its clock only goes forward."""


class TenantOut(BaseModel):
    """A district that is open here."""

    tenant: str
    subject: UUID
    sandbox: bool
    name: str
    time_zone: str
    now: Instant


class ClockIn(BaseModel):
    """The moment a sandbox's clock is to show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Moment


class ClockOut(BaseModel):
    """What the district's clock shows."""

    now: Instant
    sandbox: bool


Opened = Callable[[Call, TenantIn, datetime], Awaitable[None]]


async def _nothing_more(_asked: Call, _wanted: TenantIn, _now: datetime) -> None:
    return None


def tenant_routes(service: str, opened: Opened = _nothing_more) -> APIRouter:
    """The routes for ``service``. ``opened`` is told of a district that is open now, each time: make it repeatable."""
    routes = Routes(prefix=f"/{service}/v1", tags=["installation"])

    @routes.put("/tenant", response_model=TenantOut, responses=problems(ClockGoesForward))
    async def put_tenant(asked: Asked, who: Operates, body: TenantIn) -> Response:
        """Open the token's district in this service. Repeating it changes nothing."""
        await open_tenant(
            asked.store, asked.tenant, name=body.name, time_zone=body.time_zone, actor=asked.who.actor,
            correlation=asked.correlation, subject=body.subject, clock_from=body.clock_from,
        )  # fmt: skip
        await opened(asked, body, await now_for(asked.store, asked.tenant))
        return await _tenant(asked)

    @routes.get("/tenant", response_model=TenantOut, responses=problems(TenantNotOpen))
    async def get_tenant(asked: Asked, who: LooksAtTenant) -> Response:
        """Read whether and how the token's district is open here."""
        return await _tenant(asked)

    @routes.get("/clock", response_model=ClockOut, responses=problems(TenantNotOpen))
    async def get_clock(asked: Asked, who: LooksAtTenant) -> Response:
        """Read the district's clock: the time, or a sandbox's own."""
        await asked.district()
        return _clock(asked, await now_for(asked.store, asked.tenant))

    @routes.post("/clock", response_model=ClockOut, responses=problems(ClockGoesForward))
    async def post_clock(asked: Asked, who: Operates, body: ClockIn) -> Response:
        """Move a sandbox's clock forward. To where it stands already: nothing happens."""
        await asked.district()
        await move_clock(
            asked.store, asked.tenant, body.to, actor=asked.who.actor, correlation=asked.correlation
        )
        return _clock(asked, await now_for(asked.store, asked.tenant))

    return routes


async def _tenant(asked: Call) -> Response:
    subject = await subject_of(asked.store, asked.tenant)
    if subject is None:
        raise TenantNotOpen("This district is not open here; add it with `handrail tenants add`.")
    history = await asked.store.read(asked.tenant, TENANT.name)
    opened = history[0].event
    shown = TenantOut.model_validate(
        {"tenant": asked.tenant, "subject": subject, "sandbox": asked.tenant.startswith(SANDBOX),
         "now": await now_for(asked.store, asked.tenant), **opened.model_dump(include={"name", "time_zone"})}
    )  # fmt: skip
    return Response(shown.model_dump_json(), media_type="application/json")


def _clock(asked: Call, now: datetime) -> Response:
    shown = ClockOut(now=now, sandbox=asked.tenant.startswith(SANDBOX))
    return Response(shown.model_dump_json(), media_type="application/json")
