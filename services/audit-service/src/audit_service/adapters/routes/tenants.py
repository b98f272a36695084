"""The districts of this installation, for its operator."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel
from starlette.responses import Response

from contracts.store import TenantEnded, TenantOpened
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes
from runtime.projection import tenants
from runtime.tenants import TENANT

routes = Routes(prefix="/audit/v1", tags=["installation"])
Operates = Annotated[Principal, allow("operate", everywhere=True)]


class TenantRow(BaseModel):
    """A district that was opened here."""

    tenant: str
    name: str
    time_zone: str
    sandbox: bool
    ended_on: date | None = None
    """The day on which it ended here; not there while it goes on."""


class TenantRows(BaseModel):
    """Every district."""

    items: list[TenantRow]


@routes.get("/tenants", response_model=TenantRows)
async def get_tenants(asked: Asked, who: Operates) -> Response:
    """List the districts of this installation."""
    found: list[TenantRow] = []
    for slug in await tenants(asked.store.database):
        history = await asked.store.read(slug, TENANT.name)
        if history and isinstance(history[0].event, TenantOpened):
            opened = history[0].event
            ended = next((each.effective_on for each in history if isinstance(each.event, TenantEnded)), None)
            row = {
                "tenant": slug,
                **opened.model_dump(include={"name", "time_zone", "sandbox"}),
                "ended_on": ended,
            }
            found.append(TenantRow.model_validate(row))
    return Response(TenantRows(items=found).model_dump_json(exclude_none=True), media_type="application/json")
