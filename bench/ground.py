"""What benchmarks stand on: one embedded PostgreSQL that writes as durably as an installation's, databases, a broker."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from bench.measure import CONNECTIONS, Skipped
from runtime.database import Database
from runtime.embedded_postgres import EmbeddedPostgres
from runtime.event_store import EventStore
from runtime.keyring import PostgresKeyring
from runtime.store_address import StoreAddress, open_store
from runtime.testing import MASTER_KEY, PASSWORD, Cluster, open_test_tenant
from runtime.testing_kafka import GivenBroker, KafkaBroker, KafkaUnavailable, broker_or_reason

TENANT = "lakeside"


@dataclass(frozen=True, slots=True)
class Urls:
    """Where a database is, for this process or another one."""

    service: str
    app: str
    relay: str
    keyring: str
    admin: str

    @property
    def store(self) -> StoreAddress:
        """For `open_store`."""
        return StoreAddress(self.service, self.app, self.keyring, MASTER_KEY)

    def app_of(self, other: str) -> str:
        """As another service sees this database."""
        return self.app.replace(f"//{self.service}_app:", f"//{other}_app:")


@dataclass(frozen=True, slots=True)
class Opened:
    """One service's store."""

    urls: Urls
    database: Database
    keyring: PostgresKeyring
    store: EventStore


@asynccontextmanager
async def opened(urls: Urls, *, most: int = CONNECTIONS) -> AsyncIterator[Opened]:
    """Open a service's store as the service does."""
    async with open_store(urls.store, most=most) as (store, keyring):
        yield Opened(urls, store.database, keyring, store)


@asynccontextmanager
async def administrator(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    """The database's superuser: for floors' own tables and for filling a store faster than appends would."""
    connection = await asyncpg.connect(urls.admin, command_timeout=600)
    try:
        yield connection
    finally:
        await connection.close()


class Ground:
    """The run's PostgreSQL with its default settings (fsync, synchronous_commit and full_page_writes are on)."""

    def __init__(self, *, quick: bool) -> None:
        self.quick = quick
        self.folder = Path(tempfile.mkdtemp(prefix="handrail-bench-"))
        self.folder.chmod(0o711)
        self.cluster = Cluster(EmbeddedPostgres(self.folder / "postgres", superuser_password=PASSWORD))
        self._named: dict[str, Urls] = {}
        self._kafka: KafkaBroker | GivenBroker | None = None

    async def start(self) -> None:
        """Make the cluster, with every service's empty store as the template of databases."""
        await asyncio.to_thread(self.cluster.postgres.start)
        await self.cluster._make_template()

    async def kafka(self) -> str:
        """Where the run's Apache Kafka is, started when it is first asked for; raises `Skipped` where there can be none."""
        if self._kafka is None:
            found = broker_or_reason()
            if isinstance(found, str):
                raise Skipped(found)
            try:
                await asyncio.to_thread(found.start)
            except KafkaUnavailable as reason:
                raise Skipped(str(reason)) from reason
            self._kafka = found
        return self._kafka.bootstrap_servers

    def stop(self) -> None:
        """Stop the servers and remove their folders."""
        if self._kafka is not None:
            self._kafka.close()
        self.cluster.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def database(self, service: str = "progress") -> Urls:
        """A fresh database in which `TENANT` is open in ``service``."""
        urls = self.urls(service, await asyncio.to_thread(self.cluster.new_database))
        async with opened(urls, most=1) as store:
            await open_test_tenant(store.database, TENANT)
        return urls

    async def copy(self, urls: Urls) -> Urls:
        """A copy that may be written to."""
        name = make_url(urls.admin).database
        assert name is not None
        return self.urls(urls.service, await asyncio.to_thread(self.cluster.new_database, name))

    def urls(self, service: str, name: str) -> Urls:
        """Where the database ``name`` is, as ``service`` sees it."""
        url = self.cluster.url
        return Urls(service, url(name, f"{service}_app"), url(name, f"{service}_relay"), url(name, "keyring_app"),
                    self.cluster.postgres.url(name))  # fmt: skip

    async def shared(self, name: str, fill: Callable[[Urls], Awaitable[None]]) -> Urls:
        """The database called ``name``, filled by whichever benchmark asks first and only read by all."""
        if name not in self._named:
            urls = await self.database()
            await fill(urls)
            self._named[name] = urls
        return self._named[name]
