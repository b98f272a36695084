"""Real PostgreSQL for tests: one embedded cluster for a run, a database of its own for each test that asks."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from contracts.district import SchoolAdded, SchoolChanged
from contracts.event import Actor, Event
from contracts.ids import new_id
from runtime.append_request import Appended, Change, Context
from runtime.database import Database, open_pool
from runtime.embedded_postgres import EmbeddedPostgres
from runtime.erasure import erasures_1
from runtime.event_store import EventStore
from runtime.keyring import PostgresKeyring
from runtime.keyring_schema import KEYRING
from runtime.log_keys import LogKeys
from runtime.log_schema import (
    LOG_HEADS,
    LOG_TABLES,
    NEWEST_CHECKPOINTS,
    checkpoint_grants,
    log_heads_1,
    log_tables_1,
)
from runtime.roles import SERVICES, RolePasswords, create_keyring_roles, create_service_roles
from runtime.sequencer import Leader
from runtime.store_address import StoreAddress, open_store
from runtime.store_schema import event_store_1, event_store_4, journal_grants
from runtime.stream_model import Model, Resource

TEMPLATE = "template_handrail"
PASSWORD = "test-only"
MASTER_KEY = bytes(range(32))
PASSWORDS = RolePasswords(PASSWORD, PASSWORD, PASSWORD)


LOG_HOST = "test.handrail.invalid"


def whole_store(service: str) -> list[str]:
    """A service's store with its log, and what lets the others follow it."""
    grants = journal_grants(service, journal=True) + checkpoint_grants(service, journal=True)
    later = log_tables_1(service) + log_heads_1(service) + erasures_1(service) + event_store_4(service)
    return event_store_1(service) + later + grants


class Cluster:
    """The run's PostgreSQL. Databases are copied from a template that has every service's store and the keyring."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self.postgres = postgres
        self._made = 0
        self._psql: subprocess.Popen[str] | None = None

    @classmethod
    def start(cls, folder: Path) -> "Cluster":
        """Start a cluster in ``folder``; what tests write need not survive a power cut."""
        options = {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "scram_iterations": "1",
            "autovacuum": "off",
        }
        postgres = EmbeddedPostgres(folder, superuser_password=PASSWORD, options=options)
        postgres.start()
        cluster = cls(postgres)
        asyncio.run(cluster._make_template())
        return cluster

    async def _make_template(self) -> None:
        self.postgres.psql("postgres", f"CREATE DATABASE {TEMPLATE}")
        admin = await asyncpg.connect(self.postgres.url(TEMPLATE))
        await create_keyring_roles(admin, PASSWORD, PASSWORD)
        for service in SERVICES:
            await create_service_roles(admin, service, PASSWORDS)
        await admin.close()
        for service in SERVICES:
            owner = await asyncpg.connect(self.postgres.url(TEMPLATE, f"{service}_owner", PASSWORD))
            async with owner.transaction():
                for statement in whole_store(service):
                    await owner.execute(statement)
            await owner.close()
        owner = await asyncpg.connect(self.postgres.url(TEMPLATE, "keyring_owner", PASSWORD))
        for step in KEYRING:
            await owner.execute(step)
        await owner.close()

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """A fresh database with every service's empty store, by its name; dropped at the end of what went well."""
        name = self.new_database(template)
        yield name
        self._run(
            f"DROP DATABASE {name} (FORCE)"
        )  # Of a test that failed inside it stays, for whoever looks.

    def new_database(self, template: str = TEMPLATE) -> str:
        """The same, for the rest of the run."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def _run(self, statement: str) -> None:
        """By one psql that stays: starting one for each test's database took as long as the copying."""
        said = self._said(statement)
        if said.startswith("FATAL:"):  # A test has cut every connection there was, this one too.
            self._psql = None
            said = self._said(statement)
        if said != "done\n":
            self._psql = None  # It ends with the first statement that fails.
            raise RuntimeError(f"psql said {said!r} to: {statement}")

    def _said(self, statement: str) -> str:
        if self._psql is None:
            self._psql = self.postgres.open_psql("postgres")
        assert self._psql.stdin is not None
        assert self._psql.stdout is not None
        self._psql.stdin.write(f"{statement};\n\\echo done\n")
        self._psql.stdin.flush()
        return self._psql.stdout.readline()

    def drop_later(self, database: str, service: str) -> None:
        """Take away what came after `event_store_1`, for a service's own migrations to make."""
        later = (*LOG_TABLES, "log_secrets", "erasures", "gone")
        tables = ", ".join(f"{service}.{table}" for table in later)
        views = f"{service}.{NEWEST_CHECKPOINTS}, {service}.{LOG_HEADS}"
        self.postgres.psql(
            database,
            f"DROP VIEW {views}; DROP POLICY view ON {service}.unsequenced; DROP TABLE {tables};"
            f" ALTER TABLE {service}.tenants DROP COLUMN ended_on",
        )

    def url(self, database: str, role: str) -> str:
        """A connection URL as one of the roles."""
        return self.postgres.url(database, role, PASSWORD)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(frozen=True, slots=True)
class Opened:
    """One service's store on a fresh database, with a tenant that is open."""

    database: Database
    keyring: PostgresKeyring
    store: EventStore
    cluster: Cluster
    name: str
    tenant: str
    relay: asyncpg.Pool
    """One connection as ``<svc>_relay``, opened when it is first needed."""

    def url(self, role: str) -> str:
        """A connection URL to this database."""
        return self.cluster.url(self.name, role)

    def context(self, tenant: str | None = None) -> Context:
        """Somebody who acts."""
        return Context(
            tenant or self.tenant, Actor(id=str(new_id()), role="case_manager"), correlation=str(new_id())
        )


@asynccontextmanager
async def opened(
    cluster: Cluster, service: str = "plan", *, tenant: str = "lakeside", name: str | None = None
) -> AsyncIterator[Opened]:
    """Open ``service`` on a new database (or on ``name``) with one tenant."""
    with nullcontext(name) if name else cluster.database() as at:
        address = StoreAddress(
            service, cluster.url(at, f"{service}_app"), cluster.url(at, "keyring_app"), MASTER_KEY
        )
        async with open_store(address) as (store, keyring):
            relay = await open_pool(cluster.url(at, f"{service}_relay"), most=1, least=0)
            try:
                await open_test_tenant(store.database, tenant)
                yield Opened(store.database, keyring, store, cluster, at, tenant, relay)
            finally:
                await relay.close()


async def open_test_tenant(database: Database, tenant: str) -> UUID:
    """A tenant row without its events."""
    subject = new_id()
    async with database.lend(tenant) as connection:
        await connection.execute(
            f"INSERT INTO {database.service}.tenants (tenant, subject, sandbox) VALUES ($1, $2, $3)"
            " ON CONFLICT DO NOTHING", tenant, subject, tenant.startswith("sandbox-"),
        )  # fmt: skip
    return subject


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The run's PostgreSQL, started once."""
    folder = Path(tempfile.mkdtemp(prefix="handrail-test-"))
    folder.chmod(0o711)
    cluster = Cluster.start(folder / "postgres")
    try:
        yield cluster
    finally:
        cluster.postgres.kill()  # In good order it would first write to disk what is then removed.
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class SchoolName:
    """The smallest state a stream can have."""

    name: str = ""
    changes: int = 0


def _rename(state: SchoolName, event: Event) -> SchoolName:
    name = event.name if isinstance(event, SchoolAdded | SchoolChanged) else state.name
    return SchoolName(name, state.changes + 1)


def _school_resource(state: SchoolName, event: Event) -> list[Resource]:
    if not isinstance(event, SchoolAdded | SchoolChanged):
        return []
    return [Resource("school", event.school_id, {"name": state.name, "changes": state.changes})]


SCHOOL: Model[SchoolName] = Model("school", "1", SchoolName(), _rename, _school_resource)
"""A real stream of plan-service, small enough to write by the thousand."""


def _long_school_resource(state: SchoolName, event: Event) -> list[Resource]:
    return [
        replace(shown, document={"name": state.name * 300_000}) for shown in _school_resource(state, event)
    ]


LONG_SCHOOL = replace(SCHOOL, resources=_long_school_resource)
"""One of its documents is more than a pipe holds."""


def school_named(school_id: UUID, name: str = "Lakeside Elementary", *, first: bool = True) -> Event:
    """An event for `SCHOOL`."""
    of = SchoolAdded if first else SchoolChanged
    return of(effective_on=date(2026, 9, 1), school_id=school_id, name=name)


async def write_school(
    opened: Opened, school_id: UUID, *names: str, context: Context | None = None
) -> Appended:
    """Append one event for each name, in one call, at the version the stream is at."""
    context = context or opened.context()
    loaded = await opened.store.load(context.tenant, SCHOOL, school_id)
    events = [school_named(school_id, name, first=loaded.version + n == 0) for n, name in enumerate(names)]
    return await opened.store.append(context, [Change(loaded, school_id, events)])


async def sequence(opened: Opened, *, after_a_kill: bool = False) -> int:
    """Give every settled event of the service its index and sign the logs, as the sequencer does; returns how many.

    ``after_a_kill``: what the one before had no time to sign is signed too, as every sequencer does when it begins to lead.
    """
    service = opened.database.service
    async with opened.relay.acquire() as connection:
        leader, total = Leader(service, connection, LogKeys(service, LOG_HOST, MASTER_KEY)), 0  # type: ignore[arg-type]  # A pool's proxy stands for it.
        if after_a_kill:
            await leader.sign_what_is_left()
        while done := await leader.sequence():
            total += done
            await leader.sign()
    return total
