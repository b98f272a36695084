"""The service's own current state (kept states and resources): written in the append, rebuilt from the service's events.

A rebuild is one pass over the events (`runtime.refolding`), in which other processes help (`runtime.refolding_helpers`).
This one writes all rows, in one transaction: PostgreSQL takes them in while the next are folded, and the new tables get
their keys and indexes when all are there.
"""

import contextlib
import gc
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import structlog

from runtime.database import Database
from runtime.event_store import EventStore
from runtime.projection import (
    Difference,
    Progress,
    Report,
    copy_of,
    differences,
    erase_again,
    now,
    one_rebuild,
    set_apart,
    tenants,
)
from runtime.refolding import RESOURCE_COLUMNS, STATE_COLUMNS, Refolder, Rows
from runtime.refolding_helpers import fold_all, helpers
from runtime.store_address import StoreAddress
from runtime.store_schema import STATES_STORED
from runtime.stream_model import Model
from runtime.transport.journal import newest_position

log = structlog.get_logger()

HELPED_FROM = 50_000
"""Events: to fold fewer is quicker than to start a process that helps."""
INDEX_SECONDS = 3_600.0
INDEX_MEMORY = "512MB"
TABLES = ("states", "resources")

_KEYS = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make
      FROM pg_constraint WHERE contype = 'p' AND conrelid = ANY ($1::text[]::regclass[])
    UNION ALL
    SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
      FROM pg_index WHERE NOT indisprimary AND indrelid = ANY ($1::text[]::regclass[])"""


class CurrentState:
    """Rebuilds and checks the kept states and resources of one service."""

    name = "current-state"

    def __init__(
        self,
        database: Database,
        store: EventStore,
        models: Sequence[Model[Any]],
        at: StoreAddress | None = None,
    ) -> None:
        """``at``: where helpers find events and keys; without it there are none."""
        self._database = database
        self._store = store
        self._models = models
        self._at = at
        self._refolder = Refolder(store, models)
        self._shadow = f"{database.service}_next"
        self._live = f"{database.service}_read"

    async def rebuild(self, report: Report = lambda _progress: None) -> int:
        """New tables beside the live ones, then swapped in at once. Appends wait only for the swap.

        All in one transaction: nobody sees a row of the new tables before they stand apart as the live ones do, and a
        kill leaves nothing behind.
        """
        async with one_rebuild(self._database) as connection, connection.transaction():
            began = await now(connection)
            keys = await self._new_tables(connection)
            before = await newest_position(self._database, self._database.source)
            with _without_collector():
                done = await self._fill(connection, report)
            await connection.execute(f"SET LOCAL maintenance_work_mem = '{INDEX_MEMORY}'")
            for key in keys:
                await connection.execute(key, timeout=INDEX_SECONDS)
            await self._swap(connection, before, began)
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

    async def _swap(self, connection: Any, before: int, began: datetime) -> None:
        for table in TABLES:
            await connection.execute(f"LOCK TABLE {self._live}.{table} IN ACCESS EXCLUSIVE MODE")
        for tenant in await tenants(self._database):
            await connection.execute("SELECT set_config('handrail.tenant', $1, true)", tenant)
            await self._catch_up(connection, tenant, before)
            await erase_again(connection, self._database.service, tenant, began)
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

        async def take(rows: Rows) -> None:
            nonlocal done
            await self._copy(connection, rows)
            done += rows.events
            waiting = report(Progress(done, max(total, done))) if rows.events else None
            if waiting is not None:
                await waiting

        may_help = self._at if total >= HELPED_FROM else None
        with helpers(may_help, self._models) as helping:
            for tenant in await tenants(self._database):
                await fold_all(self._refolder, tenant, take, helping)
        return done

    async def _copy(self, connection: Any, rows: Rows) -> None:
        for table, columns, records in (
            ("states", STATE_COLUMNS, rows.states), ("resources", RESOURCE_COLUMNS, rows.resources),
        ):  # fmt: skip
            if records:
                await connection.copy_records_to_table(
                    table, schema_name=self._shadow, columns=columns, records=records
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
            rows = await self._refolder.rows_of_stream(tenant, await self._store.rows_of(connection, stream))
            await connection.execute(
                f"DELETE FROM {self._shadow}.states WHERE tenant = $1 AND stream = $2", tenant, stream
            )
            kinds, ids = [made[1] for made in rows.resources], [made[2] for made in rows.resources]
            await connection.execute(
                f"DELETE FROM {self._shadow}.resources AS old USING unnest($2::text[], $3::uuid[]) AS fresh (kind, id)"
                " WHERE old.tenant = $1 AND old.kind = fresh.kind AND old.id = fresh.id", tenant, kinds, ids,
            )  # fmt: skip
            await self._copy(connection, rows)


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
