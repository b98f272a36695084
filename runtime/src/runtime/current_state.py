"""The service's own current state (kept states and resources): written in the append, rebuilt from the service's events.

Streams lie in the order of the events table's key, so a rebuild is one pass over it: fold a stream, write its rows, go
on to the next. Memory stays flat, and contents are unsealed page by page. PostgreSQL reads the next page and takes in
the rows of the last one while a page is folded, and the new tables get their keys and indexes when all rows are there.
"""

import asyncio
import contextlib
import gc
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import structlog

from contracts.event import Event
from runtime.append_rows import is_kept
from runtime.database import Database
from runtime.event_store import EventStore
from runtime.folding import Fold
from runtime.projection import (
    Difference,
    Progress,
    Report,
    copy_of,
    differences,
    one_rebuild,
    set_apart,
    tenants,
)
from runtime.store_schema import STATES_STORED
from runtime.stream_model import KeptState, Model, Resource
from runtime.transport.journal import newest_position

log = structlog.get_logger()

PAGE = 5_000
AT_ONCE = 250
"""Events opened and folded before others have their turn on the loop."""
INDEX_SECONDS = 3_600.0
INDEX_MEMORY = "512MB"
TABLES = ("states", "resources")
STATE_COLUMNS = ("tenant", "stream", "version", "shape", "state")
RESOURCE_COLUMNS = (
    "tenant",
    "kind",
    "id",
    "student",
    "external_id",
    "stream",
    "version",
    "updated_at",
    "document",
)

_KEYS = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make
      FROM pg_constraint WHERE contype = 'p' AND conrelid = ANY ($1::text[]::regclass[])
    UNION ALL
    SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
      FROM pg_index WHERE NOT indisprimary AND indrelid = ANY ($1::text[]::regclass[])"""


@dataclass
class Folding:
    """A stream in hand: its state, what of it is kept, what it shows."""

    model: Model[Any]
    kept: KeptState[Any] | None = None
    resources: dict[tuple[str, UUID], tuple[Resource, int, Any]] = field(default_factory=dict)
    fold: Fold[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.fold = Fold(self.model, self.model.initial)

    def take(self, event: Event | None, version: int, recorded_at: datetime) -> None:
        """Fold one more event; ``None`` where its contents were lawfully destroyed."""
        if not self.fold.take(event) or event is None:
            if self.fold.unfounded and event is None:
                self.kept = None
                self.resources.clear()
            return
        if is_kept(version):
            self.kept = KeptState(version, self.fold.state)
        for resource in self.fold.resources(event):
            self.resources[resource.kind, resource.id] = (resource, version, recorded_at)


class CurrentState:
    """Rebuilds and checks the kept states and resources of one service."""

    name = "current-state"

    def __init__(self, database: Database, store: EventStore, models: Sequence[Model[Any]]) -> None:
        self._database = database
        self._store = store
        self._models = {model.name: model for model in models}
        self._shadow = f"{database.service}_next"
        self._live = f"{database.service}_read"

    async def rebuild(self, report: Report = lambda _progress: None) -> int:
        """New tables beside the live ones, then swapped in at once. Appends wait only for the swap.

        All in one transaction: nobody sees a row of the new tables before they stand apart as the live ones do, and a
        kill leaves nothing behind.
        """
        async with one_rebuild(self._database) as connection, connection.transaction():
            keys = await self._new_tables(connection)
            before = await newest_position(self._database, self._database.source)
            with _without_collector():
                done = await self._fill(connection, report)
            await connection.execute(f"SET LOCAL maintenance_work_mem = '{INDEX_MEMORY}'")
            for key in keys:
                await connection.execute(key, timeout=INDEX_SECONDS)
            await self._swap(connection, before)
        log.info("current_state_rebuilt", service=self._database.service, events=done)
        return done

    async def check(self, report: Report = lambda _progress: None) -> list[Difference]:
        """Every row that a replay makes otherwise (P12). Appends go on, and wait only while rows are compared."""
        found: list[Difference] = []
        async with one_rebuild(self._database) as connection:
            never_committed = connection.transaction()
            await never_committed.start()
            try:
                await self._new_tables(connection)
                before = await newest_position(self._database, self._database.source)
                await self._fill(connection, report)
                for table in TABLES:
                    await connection.execute(f"LOCK TABLE {self._live}.{table} IN SHARE MODE")
                for tenant in await tenants(self._database):
                    await connection.execute("SELECT set_config('handrail.tenant', $1, true)", tenant)
                    await self._catch_up(connection, tenant, before)
                    for table in TABLES:
                        found += await differences(
                            connection, f"{self._live}.{table}", f"{self._shadow}.{table}"
                        )
            finally:
                await never_committed.rollback()
        return found

    async def _swap(self, connection: Any, before: int) -> None:
        for table in TABLES:
            await connection.execute(f"LOCK TABLE {self._live}.{table} IN ACCESS EXCLUSIVE MODE")
        for tenant in await tenants(self._database):
            await connection.execute("SELECT set_config('handrail.tenant', $1, true)", tenant)
            await self._catch_up(connection, tenant, before)
        await connection.execute("SELECT set_config('handrail.tenant', '', true)")
        for table in TABLES:
            await set_apart(connection, self._database.service, f"{self._shadow}.{table}")
            await connection.execute(
                f"DROP TABLE {self._live}.{table}; ALTER TABLE {self._shadow}.{table} SET SCHEMA {self._live}"
            )

    async def _new_tables(self, connection: Any) -> list[str]:
        """Make the new tables without keys and indexes; returns the statements that make those.

        Made of all rows at once they cost a fraction of what they cost row by row.
        """
        for table in TABLES:
            await connection.execute(copy_of(self._database, table))
        await connection.execute(
            f"ALTER TABLE {self._shadow}.states SET ({STATES_STORED})"
        )  # Not copied by LIKE.
        rows = await connection.fetch(_KEYS, [f"{self._shadow}.{table}" for table in TABLES])
        for row in rows:
            await connection.execute(row["drop"])
        return [row["make"] for row in rows]

    async def _fill(self, connection: Any, report: Report) -> int:
        total = await newest_position(self._database, self._database.source)
        done = 0
        for tenant in await tenants(self._database):
            folding: dict[str, Folding] = {}
            async with _one_at_a_time() as writing, aclosing(self._pages(tenant)) as pages:
                async for page in _one_ahead(pages):
                    await writing(self._copy(connection, tenant, await self._fold(tenant, page, folding)))
                    done += len(page)
                    waiting = report(Progress(done, max(total, done)))
                    if waiting is not None:
                        await waiting
                await writing(self._copy(connection, tenant, list(folding.items())))
        return done

    async def _fold(
        self, tenant: str, page: Sequence[Any], folding: dict[str, Folding]
    ) -> list[tuple[str, Folding]]:
        """Fold a page; what is left in ``folding`` is the last stream, which may go on in the next page."""
        finished: list[tuple[str, Folding]] = []
        for start in range(0, len(page), AT_ONCE):
            rows = page[start : start + AT_ONCE]
            events = await self._store.open_events(tenant, rows)
            for row, event in zip(rows, events, strict=True):
                stream = row["stream"]
                if stream not in folding:
                    finished += folding.items()
                    folding.clear()
                    model = self._models[stream.partition("/")[0]]
                    folding[stream] = Folding(model)
                folding[stream].take(event, row["version"], row["recorded_at"])
            await asyncio.sleep(
                0
            )  # What has come in the meantime is taken off the wire, so that PostgreSQL goes on.
        return finished

    async def _pages(self, tenant: str) -> AsyncGenerator[list[Any], None]:
        stream, version = "", 0
        while True:
            async with self._database.lend(tenant) as connection, connection.transaction():
                # Without statistics (or with few rows left) the planner would sort all that is left for each page.
                await connection.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
                rows = await connection.fetch(
                    "SELECT stream, version, id, type, schema, effective_on, recorded_at, digest, sealed"
                    f" FROM {self._database.service}.events WHERE tenant = $1 AND (stream, version) > ($2, $3)"
                    f" ORDER BY stream, version LIMIT {PAGE}", tenant, stream, version,
                )  # fmt: skip
            if not rows:
                return
            stream, version = rows[-1]["stream"], rows[-1]["version"]
            yield rows

    async def _copy(self, connection: Any, tenant: str, finished: Sequence[tuple[str, Folding]]) -> None:
        if not finished:
            return
        await connection.copy_records_to_table(
            "states",
            schema_name=self._shadow,
            columns=STATE_COLUMNS,
            records=state_rows(tenant, finished),
        )
        await connection.copy_records_to_table(
            "resources",
            schema_name=self._shadow,
            columns=RESOURCE_COLUMNS,
            records=resource_rows(tenant, finished),
        )

    async def _catch_up(self, connection: Any, tenant: str, before: int) -> None:
        """Fold anew every stream that has changed since the rebuild began; appends stand at the lock meanwhile."""
        s = self._database.service
        changed = await connection.fetch(
            f"SELECT DISTINCT e.stream FROM ("
            f" SELECT event_id FROM {s}.log WHERE tenant = $1 AND position > $2"
            f" UNION ALL SELECT event_id FROM {s}.unsequenced WHERE tenant = $1) AS fresh"
            f" JOIN {s}.events e ON e.tenant = $1 AND e.id = fresh.event_id", tenant, before,
        )  # fmt: skip
        for row in changed:
            stream = row["stream"]
            folding: dict[str, Folding] = {}
            await self._fold(tenant, await self._store.rows_of(connection, stream), folding)
            await connection.execute(
                f"DELETE FROM {self._shadow}.states WHERE tenant = $1 AND stream = $2", tenant, stream
            )
            kinds, ids = (
                zip(*folding[stream].resources, strict=True) if folding[stream].resources else ((), ())
            )
            await connection.execute(
                f"DELETE FROM {self._shadow}.resources AS old USING unnest($2::text[], $3::uuid[]) AS fresh (kind, id)"
                " WHERE old.tenant = $1 AND old.kind = fresh.kind AND old.id = fresh.id", tenant, list(kinds), list(ids),
            )  # fmt: skip
            await self._copy(connection, tenant, list(folding.items()))


T = TypeVar("T")


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """What is folded has no circles: looking for some took an eighth of a rebuild."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()


async def _one_ahead(pages: AsyncIterator[T]) -> AsyncIterator[T]:
    """The same pages; the next one is being fetched while one is in hand."""

    async def following() -> T | None:
        return await anext(pages, None)

    coming = asyncio.ensure_future(following())
    try:
        while (page := await coming) is not None:
            coming = asyncio.ensure_future(following())
            yield page
    finally:
        coming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await coming


@asynccontextmanager
async def _one_at_a_time() -> AsyncIterator[Callable[[Coroutine[Any, Any, None]], Awaitable[None]]]:
    """Work that goes on beside the caller's: each piece begins when the one before is done, all are done at the end."""
    running: asyncio.Future[None] | None = None

    async def begin(work: Coroutine[Any, Any, None]) -> None:
        nonlocal running
        before, running = running, None
        try:
            if before is not None:
                await before
        except BaseException:
            work.close()
            raise
        running = asyncio.ensure_future(work)

    try:
        yield begin
        if running is not None:
            await running
    finally:
        if running is not None and not running.done():
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


def state_rows(tenant: str, finished: Sequence[tuple[str, Folding]]) -> Iterator[tuple[Any, ...]]:
    for stream, folding in finished:
        if folding.kept is not None:
            model, kept = folding.model, folding.kept
            yield tenant, stream, kept.version, model.shape, model.dump(kept.state)


def resource_rows(tenant: str, finished: Sequence[tuple[str, Folding]]) -> Iterator[tuple[Any, ...]]:
    for stream, folding in finished:
        for resource, version, updated_at in folding.resources.values():
            document = msgspec.json.encode(resource.document).decode()
            yield (tenant, resource.kind, resource.id, resource.student, resource.external_id, stream, version,
                   updated_at, document)  # fmt: skip
