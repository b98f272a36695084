"""Connections: lent for one tenant at a time; none that is lent without a tenant reaches any tenant's rows.

The append and the loads go by the driver (asyncpg); read models, queries and migrations by SQLAlchemy on the same role.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

SET_TENANT = "SELECT set_config('handrail.tenant', $1, false)"
SET_TENANT_TO_READ = "SELECT set_config('handrail.tenant', $1, false), set_config('default_transaction_read_only', 'on', false)"
SET_TENANT_HERE = "SELECT set_config('handrail.tenant', $1, true)"

UNREACHABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)
"""What is raised when the database cannot do its work now (503): away, starting, shutting down, disk or slots full.

`asyncpg.InternalClientError` is what a statement meets whose connection the database has just ended: the driver has read
the database's last word and not yet the end of the line.
"""


IDLE_SECONDS = 300
"""So long a connection may lie idle in the driver's pool, and so old one of SQLAlchemy's may become."""
OLDEST_POSTGRESQL = 18
"""Consumers ask where a position stood in the statement that moves it on (``RETURNING old``)."""


class DatabaseTooOld(RuntimeError):
    """The server is older than what our statements need; the message says which it is."""


def must_be_new_enough(connection: Any) -> None:
    """Raise `DatabaseTooOld` for a PostgreSQL before `OLDEST_POSTGRESQL`."""
    major = connection.get_server_version().major
    if major < OLDEST_POSTGRESQL:
        raise DatabaseTooOld(
            f"PostgreSQL {OLDEST_POSTGRESQL} or newer is needed, and this is {major}: upgrade the server, then start again."
        )


FIRST_NUMBER_NOT_FIXED = 10_000
"""Types with lower numbers are PostgreSQL's own, the same in every database (``access/transam.h``), and in every version but
for the rows of its catalogs, which nobody reads here."""


class _Connection(asyncpg.Connection):
    """Knows whether its last use may have left anything on it, and whose rows it reaches."""

    _clean = False
    _tenant: str | None = None
    _described: ClassVar[dict[frozenset[int], Any]] = {}
    """By the numbers of types the driver does not know (arrays, above all): what the database says of them."""

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float) -> Any:
        """The driver's own, which asks the database; a process asks once for what is fixed, and not on each connection.

        That was a quarter of what a service's start costs its database.
        """
        asked = frozenset(typeoids)
        described = self._described.get(asked)
        if described is None:
            described = await super()._introspect_types(typeoids, timeout)  # type: ignore[misc]  # Not in its stubs.
            if max(asked) < FIRST_NUMBER_NOT_FIXED:
                self._described[asked] = described
        return described

    def left_nothing(self) -> None:
        """It need not be cleared when it comes back: at most its tenant is left on it."""
        self._clean = True

    async def reach(self, tenant: str, setting: str = SET_TENANT) -> None:
        """This tenant's rows only; no round trip where the last use reached the same tenant's."""
        if self._tenant == tenant:
            return
        self._tenant = None  # Broken off in between, nobody knows.
        await self.execute(setting, tenant)
        self._tenant = tenant

    async def clear(self) -> None:
        """Unless its last use left nothing; asked when it comes back."""
        clean, self._clean = self._clean, False
        if not clean:
            self._tenant = None
            await self.execute(self.get_reset_query())


async def _clear(connection: Any) -> None:
    await connection.clear()


async def open_pool(url: str, *, most: int = 8, least: int = 1) -> asyncpg.Pool:
    """A driver pool. A connection that comes back is cleared, also of its tenant, unless `Database` knows better."""
    pool = await asyncpg.create_pool(
        url,
        connection_class=_Connection,
        reset=_clear,
        min_size=least,
        max_size=most,
        timeout=10,
        command_timeout=60,
        max_inactive_connection_lifetime=IDLE_SECONDS,
    )
    return pool


class Once:
    """See `Database.once`. A class, because every command passes here twice."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Any:
        self._connection = await self._pool.acquire()
        return self._connection

    async def __aexit__(self, kind: object, _error: object, _trace: object) -> None:
        if kind is None:
            self._connection.left_nothing()  # type: ignore[attr-defined]  # The pool's proxy passes it on.
        await self._pool.release(self._connection)


class Database:
    """One service's own schemas, as its ``<svc>_app`` role sees them."""

    def __init__(self, service: str, pool: asyncpg.Pool, lent: asyncpg.Pool, engine: AsyncEngine) -> None:
        self.service = service
        self.source = service
        self.pool = pool
        self._lent = lent
        """What is lent for a tenant keeps it, so it never gets into the other pool."""
        self.engine = engine
        self._undirected = engine.execution_options(isolation_level="AUTOCOMMIT")

    @classmethod
    async def open(cls, service: str, url: str, *, most: int = 8) -> "Database":
        """Open both pools on ``url`` (as ``<svc>_app``); raises one of `UNREACHABLE`."""
        pool = await open_pool(url, most=most)
        async with Once(pool) as connection:
            must_be_new_enough(connection)
        engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=most,
            max_overflow=4,
            pool_use_lifo=True,
            pool_recycle=IDLE_SECONDS,
            pool_timeout=10,
            connect_args={"connection_class": _Connection},
        )
        return cls(service, pool, await open_pool(url, most=most, least=0), engine)

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()
        await self._lent.close()
        await self.pool.close()

    @asynccontextmanager
    async def lend(self, tenant: str) -> AsyncIterator[asyncpg.Connection]:
        """A driver connection that reaches this tenant's rows only. Whoever changes another setting does it for a transaction.

        Nothing is cleared after a use that went well: who is lent it next names their tenant first.
        """
        async with self._lent.acquire() as connection:
            await connection.reach(tenant)  # type: ignore[attr-defined]  # The pool's proxy passes it on.
            yield connection  # type: ignore[misc]  # A pool's proxy stands for the connection.
            connection.left_nothing()  # type: ignore[attr-defined]

    def once(self) -> "Once":
        """``async with database.once() as connection``: for a single statement that sets its tenant itself.

        It leaves nothing behind, so nothing is cleared: one round trip instead of three.
        """
        return Once(self.pool)

    @asynccontextmanager
    async def read(self, tenant: str) -> AsyncIterator[AsyncConnection]:
        """For SQLAlchemy's statements that only read, and need not see the rows of one moment: this tenant's only.

        Each is a transaction of its own: one round trip where `begin` takes three. What would write is refused.
        """
        async with self._undirected.connect() as connection:
            raw, known = await driver(connection), False
            try:
                await raw.reach(tenant, SET_TENANT_TO_READ)
                try:
                    yield connection
                except UNREACHABLE:
                    raise
                except Exception:
                    known = True  # Each statement has ended by itself.
                    raise
                known = True
            finally:
                if not known:
                    await connection.invalidate()

    @asynccontextmanager
    async def begin(
        self, tenant: str | None = None, *, snapshot: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """One transaction for SQLAlchemy that reaches this tenant's rows only (or, without one, no tenant's).

        With ``snapshot`` all of its statements see the rows of one moment. The driver begins and ends it, at half of what
        it costs SQLAlchemy.
        """
        async with self._undirected.connect() as connection:
            raw, known = await driver(connection), False
            try:
                await raw.execute(_begin(tenant or "", snapshot=snapshot))
                yield connection
                await raw.execute("COMMIT")
                known = True
            except UNREACHABLE:
                raise
            except Exception:
                await raw.execute("ROLLBACK")
                known = True
                raise
            finally:
                if not known:  # Broken off, nobody knows where: it is lent to nobody again.
                    await connection.invalidate()

    async def ready(self) -> None:
        """Raise when the database does not answer."""
        await self.pool.fetchval("SELECT 1")


def _begin(tenant: str, *, snapshot: bool) -> str:
    """In one round trip: a setting takes no parameter. In such a literal backslash and quote are two (PostgreSQL 18, 4.1.2.2)."""
    begin = "BEGIN READ WRITE, ISOLATION LEVEL REPEATABLE READ" if snapshot else "BEGIN READ WRITE"
    literal = tenant.replace("\\", "\\\\").replace("'", "''")
    return f"{begin}; SET LOCAL handrail.tenant TO E'{literal}'"


async def set_tenant(connection: AsyncConnection, tenant: str) -> None:
    """Point an open transaction at one tenant; forgotten when the transaction ends."""
    await (await driver(connection)).fetchval(SET_TENANT_HERE, tenant)


async def driver(connection: AsyncConnection) -> Any:
    """The asyncpg connection inside an SQLAlchemy transaction that has begun."""
    raw = await connection.get_raw_connection()
    return raw.driver_connection
