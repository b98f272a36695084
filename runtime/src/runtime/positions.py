"""Where consumers stand: for each (consumer, source, lane) the position that comes next, and which events they have seen."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from runtime.database import Database
from runtime.deliveries import delivered_id
from runtime.transport.port import Delivery

TOGETHER_SECONDS = 0.004
"""So long the first of several that pass over waits for the others: one waking reaches them all at the same moment."""

_MOVE_ON = """
    WITH moved AS (
        INSERT INTO {positions} AS p (consumer, source, lane, next)
        SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[]) AS done (consumer, source, lane, next)
         ORDER BY consumer, source, lane -- Two instances wait for each other at most, never both.
        ON CONFLICT (consumer, source, lane) DO UPDATE SET next = greatest(p.next, excluded.next)
        RETURNING p.consumer, p.source, p.lane, coalesce(old.next, 1) AS before),
    noted AS (
        INSERT INTO {service}.seen_events (event_id, consumer, source)
        SELECT fresh.id, fresh.consumer, fresh.source
          FROM unnest($5::uuid[], $6::text[], $7::text[], $8::smallint[], $9::bigint[])
            AS fresh (id, consumer, source, lane, position)
          JOIN moved USING (consumer, source, lane) WHERE fresh.position >= moved.before
        ON CONFLICT DO NOTHING)
    SELECT lane, before FROM moved"""
"""The positions are moved on and stay locked, each with where it stood; and what is new is noted as seen."""


@dataclass(frozen=True, slots=True)
class Step:
    """A consumer has come past these deliveries of one source, and past the last of them on the lanes it covers too."""

    consumer: str
    deliveries: Sequence[Delivery]
    covered: Collection[int] = ()
    seen: bool = True
    """Whether they are noted as seen; what is parked is not."""

    @property
    def source(self) -> str:
        """Of all of them."""
        return self.deliveries[0].source

    def following(self) -> dict[int, int]:
        """What comes next, by lane."""
        following = dict.fromkeys(self.covered, self.deliveries[-1].position + 1)
        return following | {delivery.lane: delivery.position + 1 for delivery in self.deliveries}


class Positions:
    """Of one service's consumers: of those whose effects are for ever, or of its projections, whose positions go with them."""

    def __init__(self, database: Database, *, projections: bool) -> None:
        self._database = database
        self._table = f"{database.service}_read.positions" if projections else f"{database.service}.positions"
        self._sql = _MOVE_ON.format(positions=self._table, service=database.service)
        self._passing: list[Step] = []
        self._moving: asyncio.Future[None] | None = None

    async def of(self, consumer: str, source: str) -> Mapping[int, int]:
        """What comes next on each lane that the consumer has come to."""
        async with self._database.once() as connection:
            rows = await connection.fetch(
                f"SELECT lane, next FROM {self._table} WHERE consumer = $1 AND source = $2", consumer, source
            )
        return {row["lane"]: row["next"] for row in rows}

    async def move_on(self, connection: Any, step: Step) -> dict[int, int]:
        """Within the connection's transaction; returns where each lane stood: what lies below it was done before."""
        rows = await connection.fetch(self._sql, *_arguments([step]))
        return {row["lane"]: row["before"] for row in rows}

    async def pass_over(self, step: Step) -> None:
        """Move on past what has no effect; durable on return, safe to repeat.

        Consumers that pass over in the same moment are moved on by one statement.
        """
        self._passing.append(step)
        if self._moving is None:
            self._moving = asyncio.ensure_future(self._move_all())
            self._moving.add_done_callback(_heard)
        # Whoever is broken off leaves the others' to go on.
        await asyncio.shield(self._moving)

    async def _move_all(self) -> None:
        await asyncio.sleep(TOGETHER_SECONDS)
        steps, self._passing, self._moving = self._passing, [], None
        async with self._database.once() as connection:
            await connection.execute(self._sql, *_arguments(steps))


def _heard(moving: "asyncio.Future[None]") -> None:
    """Where all who waited were broken off nobody asks how it went."""
    if not moving.cancelled():
        moving.exception()


def _arguments(steps: Sequence[Step]) -> tuple[Sequence[object], ...]:
    """By column: the positions, and the events that are noted."""
    following: dict[tuple[str, str, int], int] = {}
    noted: list[tuple[UUID, str, str, int, int]] = []
    for step in steps:
        for lane, place in step.following().items():
            key = step.consumer, step.source, lane
            following[key] = max(place, following.get(key, 0))
        if step.seen:
            noted += [
                (delivered_id(each.entry), step.consumer, step.source, each.lane, each.position)
                for each in step.deliveries
            ]
    return (
        *([key[column] for key in following] for column in range(3)), list(following.values()),
        *([each[column] for each in noted] for column in range(5)),
    )  # fmt: skip
