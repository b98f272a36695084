"""The real plan-service on a real PostgreSQL, for tests: migrated by its own scripts, spoken to by HTTP without a socket."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from alembic import command
from fastapi import FastAPI
from pydantic import SecretStr

from contracts.ids import new_id
from plan_service.main import create_app
from plan_service.settings import Settings
from runtime import migrations
from runtime.testing import MASTER_KEY, PASSWORD, Cluster
from runtime.testing_http import ISSUER, TestIssuer, client_of, no_row_differs

TENANT = "sandbox-lakeside"
TODAY = "2026-11-24"
"""The day in the sandboxes of tests, until one moves its clock."""
ON_ONE_SERVICE = pytest.mark.asyncio(loop_scope="module")
"""The mark of test files whose tests share one running service."""
EVERYTHING = ("roster.write", "plan.read", "plan.write", "plan.report", "admin")


def migrated(cluster: Cluster) -> str:
    """A database to copy from, with this service's migrations applied; call it outside an event loop."""
    name = cluster.new_database()
    config = migrations._config("plan", cluster.url(name, "plan_owner"))
    command.stamp(config, "0001")  # The cluster's template has the stores already, with their logs.
    cluster.drop_later(name, "plan")
    command.upgrade(config, "head")
    return name


def settings_for(cluster: Cluster, database: str) -> Settings:
    """As the environment would say it."""
    at = cluster.url(database, "plan_app").partition("@")[2]
    return Settings(
        database_url=f"postgresql://{at}",
        database_app_password=SecretStr(PASSWORD),
        database_relay_password=SecretStr(PASSWORD),
        keyring_database_url=f"postgresql://{at}",
        keyring_password=SecretStr(PASSWORD),
        keyring_master_key=SecretStr(base64.b64encode(MASTER_KEY).decode()),
        log_host="test.handrail.invalid",
        issuer_url=ISSUER,
    )


@dataclass
class World:
    """plan-service as it runs, with a district that is open."""

    app: FastAPI
    http: httpx.AsyncClient
    issuer: TestIssuer
    cluster: Cluster
    database: str
    tenant: str = TENANT
    stranger: str = "sandbox-harborview"
    """Another district, not open yet."""
    scopes: tuple[str, ...] = EVERYTHING

    def operator(self, tenant: str | None = None) -> dict[str, str]:
        """Whoever runs the installation."""
        token = self.issuer.token(
            sub="operator",
            client_id="operator",
            role="operator",
            scope="operate admin",
            tenant=tenant or self.tenant,
        )
        return {"authorization": f"Bearer {token}", "idempotency-key": str(new_id())}

    def vendor(self, *scopes: str, tenant: str | None = None, key: str | None = None) -> dict[str, str]:
        """A vendor's client."""
        token = self.issuer.vendor(*(scopes or self.scopes), tenant=tenant or self.tenant)
        return {**token, "idempotency-key": key or str(new_id())}

    async def get(self, path: str, headers: Mapping[str, str] | None = None, **params: Any) -> httpx.Response:
        """Read, as the vendor unless told otherwise."""
        return await self.http.get(f"/plan/v1{path}", params=params, headers=headers or self.vendor())

    async def post(
        self, path: str, body: Any, headers: Mapping[str, str] | None = None, *, if_match: str | None = None
    ) -> httpx.Response:
        """Create or decide."""
        sent = {**(headers or self.vendor()), **({"if-match": if_match} if if_match else {})}
        return await self.http.post(f"/plan/v1{path}", json=body, headers=sent)

    async def put(
        self, path: str, body: Any, headers: Mapping[str, str] | None = None, *, if_match: str | None = None
    ) -> httpx.Response:
        """Replace."""
        sent = {**(headers or self.vendor()), **({"if-match": if_match} if if_match else {})}
        return await self.http.put(f"/plan/v1{path}", json=body, headers=sent)

    async def patch(
        self, path: str, body: Any, headers: Mapping[str, str] | None = None, *, if_match: str | None = None
    ) -> httpx.Response:
        """Change."""
        sent = {**(headers or self.vendor()), **({"if-match": if_match} if if_match else {})}
        return await self.http.patch(f"/plan/v1{path}", json=body, headers=sent)

    async def new(self, path: str, body: Any) -> Any:
        """What a POST made; fails the test when it was refused."""
        answer = await self.post(path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def open_district(self, tenant: str | None = None) -> None:
        """A district in Chicago, on a day that never changes."""
        wanted = {
            "name": "Lakeside Schools",
            "time_zone": "America/Chicago",
            "clock_from": f"{TODAY}T18:00:00Z",
        }
        answer = await self.put("/tenant", wanted, self.operator(tenant))
        assert answer.status_code == 200, answer.text

    async def today_is(self, day: str) -> None:
        """Move the sandbox's clock to noon in Chicago of this day."""
        to = datetime.fromisoformat(f"{day}T18:00:00").replace(tzinfo=UTC)
        answer = await self.post("/clock", {"to": to.isoformat()}, self.operator())
        assert answer.status_code == 200, answer.text


@asynccontextmanager
async def a_world(cluster: Cluster, template: str) -> AsyncIterator[World]:
    """The service running on a database of its own."""
    with cluster.database(template) as database:
        async with running_on(cluster, database) as world:
            yield world


@asynccontextmanager
async def running_on(cluster: Cluster, database: str) -> AsyncIterator[World]:
    """The service running, with a district that is open; the database stays when it has ended."""
    issuer = TestIssuer()
    app = create_app(settings_for(cluster, database), issuer.verifier())
    async with app.router.lifespan_context(app), client_of(app) as http:
        world = World(app, http, issuer, cluster, database)
        await world.open_district()
        yield world
        await no_row_differs(app)
