"""The real app on a real PostgreSQL; plans are put into plan-service's store and arrive by the journal."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from contracts.event import Event, Recorded
from contracts.ids import new_id
from progress_service.adapters.tables import read_tables_1, read_tables_2, read_tables_3
from progress_service.main import create_app
from progress_service.settings import Settings
from runtime.access import access_1
from runtime.append_request import Appended, Change
from runtime.sight import sight_1
from runtime.stream_model import Model
from runtime.testing import MASTER_KEY, PASSWORD, Cluster, Opened, open_test_tenant, opened, sequence
from runtime.testing_http import ISSUER, TestIssuer, client_of, looks_left_lying

TENANT = "sandbox-lakeside"


@dataclass(frozen=True)
class Kept:
    """The smallest state of a plan's stream."""

    events: int = 0


def a_model(name: str) -> Model[Kept]:
    """A stream of plan-service of which only the events matter."""
    return Model(name, "test", Kept(), lambda state, _event: Kept(state.events + 1))


@dataclass
class World:
    """progress-service as it runs, and plan-service's store beside it."""

    plan: Opened
    progress: Opened
    app: FastAPI
    http: httpx.AsyncClient
    issuer: TestIssuer
    tenant: str = TENANT
    written: list[Recorded[Event]] = field(default_factory=list)

    async def publish(self, stream: str, subject: UUID, *events: Event) -> Appended:
        """Put events on a stream of plan-service, with their index, for the journal to carry."""
        kind, *rest = stream.split("/")
        loaded = await self.plan.store.load(self.tenant, a_model(kind), *rest)
        appended = await self.plan.store.append(
            self.plan.context(self.tenant), [Change(loaded, subject, list(events))]
        )
        await sequence(self.plan)
        self.written += appended.events
        return appended

    async def arrived(self) -> None:
        """Everything published has been taken in here."""
        answer = await self.get("/progress/v1/sessions", after_event=self.written[-1].id)
        assert answer.status_code == 200, answer.text

    def vendor(self, *scopes: str, **headers: str) -> dict[str, str]:
        """A vendor that may read, write and report."""
        wanted = scopes or ("progress.read", "progress.write", "plan.report")
        token = self.issuer.vendor(*wanted, tenant=self.tenant)
        return {**token, "idempotency-key": str(new_id()), **headers}

    async def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        """As the vendor, unless other headers are given."""
        asked = {name: str(value) for name, value in params.items()}
        return await self.http.get(path, params=asked, headers=headers or self.vendor())

    async def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        """As the vendor, unless other headers are given."""
        return await self.http.post(path, json=body, headers=headers or self.vendor())

    async def post_lines(
        self, lines: Sequence[bytes], headers: dict[str, str] | None = None, **params: str
    ) -> httpx.Response:
        """A batch of sessions."""
        sent = {**(headers or self.vendor()), "content-type": "application/x-ndjson"}
        return await self.http.post(
            "/progress/v1/sessions", content=b"\n".join(lines), headers=sent, params=params
        )


def settings_for(cluster: Cluster, database: str) -> Settings:
    """As the environment would say it."""
    at = cluster.url(database, "plan_app").partition("@")[2]
    return Settings(
        database_url=f"postgresql://{at}",
        database_app_password=PASSWORD,
        database_relay_password=PASSWORD,
        keyring_database_url=f"postgresql://{at}",
        keyring_password=PASSWORD,
        keyring_master_key=base64.b64encode(MASTER_KEY).decode(),
        log_host="test.handrail.invalid",
        issuer_url=ISSUER,
    )


async def make_tables(url: str) -> None:
    """What this service's own migrations make after the event store."""
    owner = await asyncpg.connect(url)
    async with owner.transaction():
        for statement in [
            *read_tables_1(),
            *read_tables_2(),
            *read_tables_3(),
            *sight_1("progress"),
            *access_1("progress"),
        ]:
            await owner.execute(statement)
    await owner.close()


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """A database with this service's tables, to be copied."""
    name = cluster.new_database()
    asyncio.run(make_tables(cluster.url(name, "progress_owner")))
    return name


@asynccontextmanager
async def a_world(cluster: Cluster, template: str) -> AsyncIterator[World]:
    """progress-service running on a database of its own."""
    with cluster.database(template) as database:
        async with (
            opened(cluster, "plan", tenant=TENANT, name=database) as plan,
            opened(cluster, "progress", tenant=TENANT, name=plan.name) as progress,
        ):
            await open_test_tenant(progress.database, "hillview")
            issuer = TestIssuer()
            app = create_app(settings_for(cluster, database), issuer.verifier())
            async with app.router.lifespan_context(app), client_of(app) as http:
                yield World(plan, progress, app, http, issuer)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(cluster: Cluster, template: str) -> AsyncIterator[World]:
    """progress-service on a database of its own, for a module's tests."""
    with looks_left_lying():
        async with a_world(cluster, template) as made:
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def world(running: World) -> World:
    """A district of its own for each test; ``pytestmark = pytest.mark.asyncio(loop_scope="module")`` in the module."""
    tenant = f"{TENANT}-{new_id().hex[:12]}"
    for source in (running.plan, running.progress):
        await open_test_tenant(source.database, tenant)
    return replace(running, tenant=tenant, written=[])
