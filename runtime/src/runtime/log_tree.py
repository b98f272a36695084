"""Reading a log's tree: whatever is asked, the few tiles it takes are read in one round trip, and the rest is arithmetic."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from contracts.log.tiles import Run, by_tile, nodes_of, runs_for
from contracts.log.tree import (
    HASH_BYTES,
    TILE_WIDTH,
    GrowingTree,
    Node,
    consistency_proof,
    inclusion_proof,
    root_of,
    root_of_full,
)

FILLED_AT_ONCE = 64
T = TypeVar("T")

_WANTED = """
    SELECT wanted.level, wanted.first, count(*) AS hashes, string_agg(found.hash, ''::bytea ORDER BY found.place) AS joined
      FROM unnest($2::integer[], $3::bigint[], $4::bigint[]) AS wanted (level, first, past)
     CROSS JOIN LATERAL (
        ({leaves} LIMIT {width}) UNION ALL
        (SELECT t.place, t.hash FROM {hashes}
          WHERE {of_hashes} AND t.tenant = $1 AND t.level = wanted.level AND t.place >= wanted.first
            AND t.place < wanted.past ORDER BY t.place LIMIT {width})) AS found (place, hash)
     GROUP BY wanted.level, wanted.first"""
"""One row a run: a thousand rows of 32 bytes cost the driver more than all the hashing.

A run lies in one tile. The limits say so to the planner: it would guess that two bounds leave one in 200 of all leaves, and
from some three million on compile the query (JIT) for longer than it runs.
"""


class TreeIncomplete(Exception):
    """A hash that a tree of this size has is not in the database: rows are missing."""


class LogTree:
    """One tenant's tree, by a connection that may read it: ``connection`` is lent for as long as this is used."""

    def __init__(self, connection: Any, tenant: str, sql: str) -> None:
        self._connection = connection
        self._tenant = tenant
        self._sql = sql

    @classmethod
    def own(cls, service: str, connection: Any, tenant: str) -> "LogTree":
        """A service's own log."""
        return cls(connection, tenant, _own(service))

    async def hashes(self, run: Run) -> list[bytes]:
        """The hashes from ``run.first`` on, through as many tiles as it reaches over, as far as there are any, in order."""
        rows = await self._fetch(by_tile(run))
        return [
            hash_ for row in sorted(rows, key=lambda row: row["first"]) for hash_ in _apart(row["joined"])
        ]

    async def answer(self, question: Callable[[Node], T]) -> T:
        """What ``question`` makes of the tree's nodes; raises `TreeIncomplete`."""
        runs = runs_for(question)
        found = {(row["level"], row["first"]): row for row in await self._fetch(runs)} if runs else {}
        hashes: dict[tuple[int, int], bytes] = {}
        for run in runs:
            row = found.get((run.level, run.first))
            if row is None or row["hashes"] != run.past - run.first:
                raise TreeIncomplete(
                    f"of level {run.level} hashes from {run.first} to {run.past - 1} are missing"
                )
            for place, hash_ in enumerate(_apart(row["joined"]), run.first):
                hashes[run.level, place] = hash_
        return question(nodes_of(hashes))

    async def root(self, size: int) -> bytes:
        """The root of the first ``size`` entries."""
        return await self.answer(lambda node: root_of(size, node))

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """See `contracts.log.tree.inclusion_proof`."""
        return await self.answer(lambda node: inclusion_proof(index, size, node))

    async def inclusions(self, indexes: Sequence[int], size: int) -> list[list[bytes]]:
        """Many of them at once."""
        return await self.answer(lambda node: [inclusion_proof(index, size, node) for index in indexes])

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """See `contracts.log.tree.consistency_proof`."""
        return await self.answer(lambda node: consistency_proof(old, new, node))

    async def growing(self, size: int) -> GrowingTree:
        """The tree as it goes on from ``size``."""
        return await self.answer(lambda node: GrowingTree.at(size, node))

    async def _fetch(self, runs: list[Run]) -> Sequence[Any]:
        found: Sequence[Any] = await self._connection.fetch(
            self._sql, self._tenant, [run.level for run in runs], [run.first for run in runs],
            [run.past for run in runs],
        )  # fmt: skip
        return found


def _apart(joined: bytes) -> list[bytes]:
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


def tree_sql(leaves: str, hashes: str, of_hashes: str = "true") -> str:
    """How a tree is read: ``leaves`` selects ``(place, leaf)`` of ``wanted`` by place, ``hashes t`` holds the full tiles'."""
    return _WANTED.format(leaves=leaves, hashes=hashes, of_hashes=of_hashes, width=TILE_WIDTH)


def _own(service: str) -> str:
    leaves = f"""
        SELECT l.index, l.leaf FROM {service}.log l
         WHERE wanted.level = 0 AND l.tenant = $1 AND l.index >= wanted.first AND l.index < wanted.past
         ORDER BY l.index"""
    return tree_sql(leaves, f"{service}.tree_hashes t")


async def fill(
    tree: LogTree, table: str, known: dict[str, object], size: int, connection: Any, tenant: str
) -> int:
    """Store the full tiles' hashes that are missing of a log of ``size``; returns how many were.

    For a log that was begun before its tree was kept; a log that is whole costs a look at each level. Two may do it at once.
    ``known`` are the table's further columns.
    """
    made = 0
    columns = "".join(f", {name}" for name in known)
    for level in range(1, 8):
        wanted = size >> 8 * level
        if not wanted:
            break
        of = " AND ".join(
            ["tenant = $1", "level = $2", *(f"{name} = '{value}'" for name, value in known.items())]
        )
        there: int = await connection.fetchval(
            f"SELECT coalesce(max(place) + 1, 0) FROM {table} WHERE {of}", tenant, level
        )
        while there < wanted:
            until = min(wanted, there + FILLED_AT_ONCE)
            below = await tree.hashes(Run(level - 1, there * TILE_WIDTH, until * TILE_WIDTH))
            if len(below) != (until - there) * TILE_WIDTH:
                raise TreeIncomplete(f"hashes of level {level - 1} from {there * TILE_WIDTH} on are missing")
            roots = [root_of_full(below[at : at + TILE_WIDTH]) for at in range(0, len(below), TILE_WIDTH)]
            values = "".join(f", '{value}'" for value in known.values())
            await connection.execute(
                f"INSERT INTO {table} (tenant, level, place, hash{columns})"
                f" SELECT $1, $2, place, hash{values} FROM unnest($3::bigint[], $4::bytea[]) AS made (place, hash)"
                " ON CONFLICT DO NOTHING",
                tenant, level, list(range(there, until)), roots,
            )  # fmt: skip
            made += until - there
            there = until
    return made
