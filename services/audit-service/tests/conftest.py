"""A district of four services on one real database: facts are appended and indexed as always, audit-service follows."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from audit_service.application.credentials import put_account
from audit_service.application.evidence import Evidence
from audit_service.application.secret_hash import kept_form
from audit_service.application.tokens import Person
from audit_service.main import create_app
from audit_service.settings import Settings
from audit_service.testing_facts import DANA, JONAS, notice
from contracts.event import Actor, Event
from contracts.ids import new_id
from contracts.testing import an_id
from runtime.append_request import Appended, Change, Context
from runtime.keyring_schema import KEYRING
from runtime.log_schema import checkpoint_grants
from runtime.migrations import upgrade
from runtime.roles import SERVICES, create_keyring_roles, create_service_roles
from runtime.service import Service
from runtime.store_schema import journal_grants
from runtime.stream_model import Model
from runtime.testing import (
    MASTER_KEY,
    PASSWORD,
    PASSWORDS,
    Cluster,
    Opened,
    open_test_tenant,
    opened,
    sequence,
    whole_store,
)
from runtime.testing_http import TestIssuer, client_of

TENANT = "lakeside"


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> str:
    """A template database in which audit-service's own migrations have run."""
    name = "template_audit"
    cluster.postgres.psql("postgres", f"CREATE DATABASE {name}")

    async def prepare() -> None:
        admin = await asyncpg.connect(cluster.postgres.url(name))
        await create_keyring_roles(admin, PASSWORD, PASSWORD)
        for service in SERVICES:
            await create_service_roles(admin, service, PASSWORDS)
        await admin.close()

    async def stores() -> None:
        for service in SERVICES:
            owner = await asyncpg.connect(cluster.url(name, f"{service}_owner"))
            if service == "audit":
                made = journal_grants(service, journal=True) + checkpoint_grants(service, journal=True)
                made.append("GRANT SELECT ON audit.alembic_version TO audit_app")
            else:
                made = whole_store(service)
            async with owner.transaction():
                for statement in made:
                    await owner.execute(statement)
            await owner.close()
        owner = await asyncpg.connect(cluster.url(name, "keyring_owner"))
        for step in KEYRING:
            await owner.execute(step)
        await owner.close()

    asyncio.run(prepare())
    upgrade("audit", cluster.url(name, "audit_owner"))
    asyncio.run(stores())
    return name


@dataclass(frozen=True)
class Count:
    """The state of a stream of which only the version matters."""

    events: int = 0


def _any_stream(stream: str) -> Model[Count]:
    return Model(stream.split("/")[0], "test", Count(), lambda state, _: Count(state.events + 1))


@dataclass
class World:
    """What tests write with and ask."""

    sources: dict[str, Opened]
    audit: Service
    evidence: Evidence
    app: FastAPI
    http: httpx.AsyncClient
    issuer: TestIssuer
    tenant: str = TENANT
    actor: Actor = field(default_factory=lambda: Actor(id=str(an_id("Dana Reed")), role="case_manager"))

    def vendor(self, *scopes: str, **more: str) -> dict[str, str]:
        """A vendor that may read everything, unless other scopes are given."""
        wanted = scopes or ("audit.read", "plan.read", "progress.read", "notice.read", "packet.write")
        return {**self.issuer.vendor(*wanted, tenant=self.tenant), "idempotency-key": str(new_id()), **more}

    async def get(self, path: str, headers: dict[str, str] | None = None, **asked: object) -> httpx.Response:
        """As the vendor, unless other headers are given."""
        params = {name: str(value) for name, value in asked.items()} or None
        return await self.http.get(f"/audit/v1{path}", params=params, headers=headers or self.vendor())

    async def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
        """As the vendor, unless other headers are given."""
        return await self.http.post(f"/audit/v1{path}", json=body, headers=headers or self.vendor())

    async def write(
        self, source: str, subject: UUID, stream: str, *events: Event, tenant: str | None = None
    ) -> Appended:
        """Append to a service's own store and give indexes, as its sequencer does."""
        done = await self.append(source, subject, stream, *events, tenant=tenant)
        await sequence(self.sources[source])
        return done

    async def append(
        self, source: str, subject: UUID, stream: str, *events: Event, tenant: str | None = None
    ) -> Appended:
        """Append without an index."""
        to = self.sources[source]
        context = Context(tenant or self.tenant, self.actor, "request-1", rules="federal@2026-1")
        model = _any_stream(stream)
        loaded = await to.store.load(context.tenant, model, *stream.split("/")[1:])
        return await to.store.append(context, [Change(loaded, subject, events)])

    async def caused(self, source: str, event_id: str) -> str:
        """A notice that came of an event; its own event's id, once audit-service has it."""
        to = self.sources[source]
        owed = notice()[0].model_copy(update={"notice_id": new_id()})
        stream = f"notice/{new_id()}"
        loaded = await to.store.load(self.tenant, _any_stream(stream), stream.split("/")[1])
        context = Context(self.tenant, self.actor, "request-2", causation=UUID(event_id))
        done = await to.store.append(context, [Change(loaded, JONAS, [owed])])
        await sequence(to)
        await self.caught_up()
        return str(done.last_event)

    async def caught_up(self) -> None:
        """Wait until everything indexed lies below the frontier and every name is known."""
        async with asyncio.timeout(20):
            while not await self._caught_up():
                await asyncio.sleep(0.01)

    async def _caught_up(self) -> bool:
        # As the superuser: a service reads no other service's log, and its own only by the district.
        plan = self.sources["plan"]
        connection = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
        try:
            for source in SERVICES:
                waiting = await connection.fetchval(
                    f"""SELECT (SELECT next FROM audit.frontier WHERE source = $1)
                              <= (SELECT coalesce(max(position), 0) FROM {source}.journal)""", source,
                )  # fmt: skip
                if waiting:
                    return False
            lanes = await connection.fetch(
                """SELECT j.source, j.lane FROM (
                       SELECT 'plan' AS source, lane, max(position) AS last FROM plan.journal GROUP BY lane
                       UNION ALL SELECT 'audit', lane, max(position) FROM audit.journal GROUP BY lane) AS j
                    WHERE NOT EXISTS (SELECT FROM audit_read.positions p WHERE p.consumer = 'people'
                                         AND p.source = j.source AND p.lane = j.lane AND p.next > j.last)"""
            )
            return not lanes
        finally:
            await connection.close()


def settings_for(cluster: Cluster, database: str, public_url: str = "http://test") -> Settings:
    """As the environment would say it."""
    at = cluster.url(database, "audit_app").partition("@")[2]
    return Settings(
        database_url=f"postgresql://{at}",
        database_app_password=PASSWORD,
        database_relay_password=PASSWORD,
        keyring_database_url=f"postgresql://{at}",
        keyring_password=PASSWORD,
        keyring_master_key=base64.b64encode(MASTER_KEY).decode(),
        token_signing_key=base64.b64encode(bytes(range(32))).decode(),
        session_key="test-only-session-key",
        public_url=public_url,
        log_host="test.handrail.invalid",
    )


@pytest.fixture
def settings_on(cluster: Cluster) -> Callable[[str], Settings]:
    """The settings with which audit-service runs on a database of the run's PostgreSQL."""
    return partial(settings_for, cluster)


@asynccontextmanager
async def a_world(
    cluster: Cluster, template: str, issuer: TestIssuer | None, public_url: str = "http://test"
) -> AsyncIterator[World]:
    """Plan, progress and notify as stores; audit-service running. Without a test's issuer, its own."""
    async with AsyncExitStack() as stack:
        name = stack.enter_context(cluster.database(template))
        sources: dict[str, Opened] = {}
        for service in SERVICES:
            sources[service] = await stack.enter_async_context(
                opened(cluster, service, tenant=TENANT, name=name)
            )
        settings = settings_for(cluster, name, public_url)
        app = create_app(settings, issuer.verifier() if issuer else None)
        await stack.enter_async_context(app.router.lifespan_context(app))
        running = app.state.edge.service
        http = await stack.enter_async_context(client_of(app))
        yield World(sources, running, running.evidence, app, http, issuer or TestIssuer())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(cluster: Cluster, migrated: str) -> AsyncIterator[World]:
    """The services on a database of their own, for a module's tests; tokens are made by the tests."""
    async with a_world(cluster, migrated, TestIssuer()) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def world(running: World) -> World:
    """A district of its own for each test; ``pytestmark = pytest.mark.asyncio(loop_scope="module")`` in the module."""
    return await _another_district(running)


async def _another_district(running: World) -> World:
    tenant = f"lakeside-{new_id().hex[:12]}"
    for source in running.sources.values():
        await open_test_tenant(source.database, tenant)
    sources = {name: replace(source, tenant=tenant) for name, source in running.sources.items()}
    return replace(running, tenant=tenant, sources=sources, issuer=running.issuer.of(tenant))


@pytest.fixture
async def alone(cluster: Cluster, migrated: str) -> AsyncIterator[World]:
    """The services on a database that one test has to itself."""
    async with a_world(cluster, migrated, TestIssuer()) as made:
        yield made


PASSWORD_OF_DANA = "correct horse battery"


@asynccontextmanager
async def _listening(cluster: Cluster, migrated: str) -> AsyncIterator[tuple[World, str]]:
    """The services behind a real socket, with the built-in issuer."""
    socket_ = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{socket_.getsockname()[1]}"
    async with a_world(cluster, migrated, None, url) as made:
        server = uvicorn.Server(uvicorn.Config(made.app, lifespan="off", log_config=None))
        serving = asyncio.ensure_future(server.serve(sockets=[socket_]))
        try:
            yield made, url
        finally:
            server.should_exit = True
            await serving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def listening(cluster: Cluster, migrated: str) -> AsyncIterator[tuple[World, str]]:
    """These for a module's tests."""
    async with _listening(cluster, migrated) as made:
        yield made


@pytest.fixture
async def listening_alone(cluster: Cluster, migrated: str) -> AsyncIterator[tuple[World, str]]:
    """These for one test."""
    async with _listening(cluster, migrated) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def console(listening: tuple[World, str]) -> tuple[World, str]:
    """The same in a district of the test's own, with Dana's account as compliance officer: its login is the district's name."""
    running, url = listening
    world = await _another_district(running)
    dana = Person(world.tenant, world.tenant, DANA, "Dana Reed", "compliance_officer")
    await put_account(world.audit.database, dana, await kept_form(PASSWORD_OF_DANA))
    return world, url
