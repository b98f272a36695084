"""The districts of this installation, for its operator."""

from typing import Annotated

from pydantic import BaseModel
from starlette.responses import Response

from contracts.store import TenantOpened
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
            found.append(
                TenantRow(tenant=slug, name=opened.name, time_zone=opened.time_zone, sandbox=opened.sandbox)
            )
    return Response(TenantRows(items=found).model_dump_json(), media_type="application/json")
