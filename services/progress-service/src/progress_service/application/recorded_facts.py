"""Everything recorded here of one student, from the log itself, so that it can be read as known at any instant."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from itertools import groupby

from contracts.event import Event, Recorded
from contracts.fields import StudentId
from progress_service.domain.item_year import ItemYear, evolve
from progress_service.domain.known import Basis
from runtime.event_store import EventStore

INDEXED_WITHIN_SECONDS = 1.0
PAUSE_SECONDS = 0.01

_STREAMS = """
    SELECT DISTINCT stream FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND student = $1 AND stream LIKE 'item/%'"""
_WAITING = """
    SELECT EXISTS (SELECT FROM unsequenced u JOIN events e ON e.id = u.event_id
                    WHERE e.tenant = current_setting('handrail.tenant') AND e.stream = ANY ($1))"""
_EVENTS = """
    SELECT e.*, l.position, l.index, l.known_at FROM events e LEFT JOIN log l ON l.event_id = e.id
     WHERE e.tenant = current_setting('handrail.tenant') AND e.stream = ANY ($1)
       AND ($2::timestamptz IS NULL OR l.known_at <= $2) ORDER BY e.stream, e.version"""


async def facts_of(store: EventStore, tenant: str, student: StudentId) -> list[Recorded[Event]]:
    """Everything recorded of the student's items, stream by stream in order.

    What was just appended is waited for a moment, until it has its index and the answer its basis.
    """
    async with store.database.lend(tenant) as connection:
        streams = [row["stream"] for row in await connection.fetch(_STREAMS, student)]
        deadline = asyncio.get_running_loop().time() + INDEXED_WITHIN_SECONDS
        while await connection.fetchval(_WAITING, streams) and asyncio.get_running_loop().time() < deadline:
            store.wake()
            await asyncio.sleep(PAUSE_SECONDS)
    return await facts_in(store, tenant, streams)


async def facts_in(
    store: EventStore, tenant: str, streams: Sequence[str], known_at: datetime | None = None
) -> list[Recorded[Event]]:
    """Everything on some streams, or what was known of it then, stream by stream in order."""
    if not streams:
        return []
    async with store.database.lend(tenant) as connection:
        rows = await connection.fetch(_EVENTS, streams, known_at)
    return await store.open_rows(tenant, rows)


def years_of(facts: Iterable[Recorded[Event]]) -> list[ItemYear]:
    """Each item's school years, folded from facts that stand stream by stream in order."""
    return [
        reduce(evolve, (recorded.event for recorded in of_stream), ItemYear())
        for _, of_stream in groupby(facts, key=lambda recorded: recorded.stream)
    ]


def basis_of(plan: Iterable[int | None], facts: Sequence[Recorded[Event]]) -> Basis:
    """What an answer rests on."""
    return Basis(
        plan=max((index for index in plan if index is not None), default=None),
        progress=max((fact.index for fact in facts if fact.index is not None), default=None),
        waiting=sum(1 for fact in facts if fact.index is None),
    )
