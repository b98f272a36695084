"""Leases: how instances of a consumer share the lanes, kept in the consumer's own schema.

Each lease has a fencing number that grows with every change of hands.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from contracts.ids import new_id
from contracts.lanes import LANES
from runtime.database import UNREACHABLE, Database

LEASE_SECONDS = 10.0
RENEW_SECONDS = 2.0

_EXTEND = """
    WITH seen AS (
        UPDATE {s}.consumer_members SET seen_at = clock_timestamp() WHERE consumer = $1 AND member = $2 RETURNING 1),
    kept AS (
        UPDATE {s}.lane_leases SET until = clock_timestamp() + make_interval(secs => $3)
         WHERE consumer = $1 AND owner = $2 AND until > clock_timestamp() RETURNING 1)
    SELECT (SELECT count(*) FROM kept) AS kept,
           (SELECT count(*) FROM seen) + (SELECT count(*) FROM {s}.consumer_members
             WHERE consumer = $1 AND member <> $2 AND seen_at >= clock_timestamp() - make_interval(secs => $3)) AS members"""


class HeldLease:
    """The lanes this instance holds now; a lane whose time has run out is not held, whatever the table says."""

    def __init__(self) -> None:
        self.fences: dict[int, int] = {}
        self.until = 0.0

    def lanes(self) -> set[int]:
        """Lanes that are safely ours at this moment."""
        return set(self.fences) if asyncio.get_running_loop().time() < self.until else set()


class Leases:
    """Shares out the 60 lanes of a consumer among its live instances."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._member = new_id()

    @asynccontextmanager
    async def held(self, consumer: str) -> AsyncIterator[HeldLease]:
        """Hold a fair share of the lanes, renewed in the background, given back at the end."""
        lease = HeldLease()
        await self._renew(consumer, lease)
        renewing = asyncio.ensure_future(self._keep(consumer, lease))
        try:
            yield lease
        finally:
            renewing.cancel()
            with contextlib.suppress(*UNREACHABLE, asyncio.CancelledError):
                await renewing
            with contextlib.suppress(*UNREACHABLE):
                await asyncio.shield(self._give_back(consumer))

    async def _keep(self, consumer: str, lease: HeldLease) -> None:
        while True:
            await asyncio.sleep(min(RENEW_SECONDS, self._seconds / 4))
            try:
                if not await self._extend(consumer, lease):
                    await self._renew(consumer, lease)
            except UNREACHABLE:
                continue  # The lease runs out by itself.

    async def _extend(self, consumer: str, lease: HeldLease) -> bool:
        """Keep what is held, in one statement; false when there may be more to take, or too much is held."""
        asked_at = asyncio.get_running_loop().time()
        async with self._database.once() as connection:
            row = await connection.fetchrow(
                _EXTEND.format(s=self._database.service), consumer, self._member, self._seconds
            )
        if row["kept"] != len(lease.fences) or row["kept"] != -(-LANES // max(1, row["members"])):
            return False
        lease.until = asked_at + self._seconds
        return True

    async def _renew(self, consumer: str, lease: HeldLease) -> None:
        asked_at = asyncio.get_running_loop().time()
        s = self._database.service
        async with self._database.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                f"INSERT INTO {s}.lane_leases (consumer, lane) SELECT $1, generate_series(0, {LANES - 1})"
                " ON CONFLICT DO NOTHING", consumer,
            )  # fmt: skip
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 3))", f"{s}/{consumer}"
            )
            members = await self._members(connection, consumer)
            share = -(-LANES // members)
            rows = await connection.fetch(
                f"SELECT lane, owner, until < clock_timestamp() AS over FROM {s}.lane_leases"
                " WHERE consumer = $1 ORDER BY lane", consumer,
            )  # fmt: skip
            mine = [row["lane"] for row in rows if row["owner"] == self._member][:share]
            free = [
                row["lane"]
                for row in rows
                if row["owner"] is None or (row["over"] and row["owner"] != self._member)
            ]
            wanted = mine + free[: share - len(mine)]
            fences = await connection.fetch(
                f"UPDATE {s}.lane_leases SET fence = fence + (owner IS DISTINCT FROM $2)::int, owner = $2,"
                " until = clock_timestamp() + make_interval(secs => $4)"
                " WHERE consumer = $1 AND lane = ANY ($3::smallint[]) RETURNING lane, fence",
                consumer, self._member, wanted, self._seconds,
            )  # fmt: skip
            # What is above our share goes at once; its next owner starts from the table of positions.
            await connection.execute(
                f"UPDATE {s}.lane_leases SET owner = NULL, until = '-infinity'"
                " WHERE consumer = $1 AND owner = $2 AND lane <> ALL ($3::smallint[])",
                consumer, self._member, wanted,
            )  # fmt: skip
        lease.fences = {row["lane"]: row["fence"] for row in fences}
        lease.until = asked_at + self._seconds

    async def _members(self, connection: Any, consumer: str) -> int:
        s = self._database.service
        await connection.execute(
            f"INSERT INTO {s}.consumer_members VALUES ($1, $2, clock_timestamp())"
            " ON CONFLICT (consumer, member) DO UPDATE SET seen_at = excluded.seen_at", consumer, self._member,
        )  # fmt: skip
        await connection.execute(
            f"DELETE FROM {s}.consumer_members WHERE consumer = $1"
            " AND seen_at < clock_timestamp() - make_interval(secs => $2)", consumer, self._seconds,
        )  # fmt: skip
        count: int = await connection.fetchval(
            f"SELECT count(*) FROM {s}.consumer_members WHERE consumer = $1", consumer
        )
        return max(1, count)

    async def _give_back(self, consumer: str) -> None:
        s, member = self._database.service, self._member
        async with self._database.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                f"UPDATE {s}.lane_leases SET owner = NULL, until = '-infinity' WHERE consumer = $1 AND owner = $2",
                consumer, member,
            )  # fmt: skip
            await connection.execute(
                f"DELETE FROM {s}.consumer_members WHERE consumer = $1 AND member = $2", consumer, member
            )
