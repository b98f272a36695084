"""The record of access: what it costs a request that shows something of a student, and what it costs to tell it as events.

Floor of the row: one INSERT with a commit of its own for each request, on as many connections.
Ours: `runtime.access.AccessRecord.record`, sixteen requests at work: looks that come at the same time share a commit, so what a
request waits for is one commit and no connection of its own. The answer leaves after it: the milliseconds are what is added.
"""

import asyncio
import json
from dataclasses import dataclass

from bench.ground import TENANT, Ground, Opened, opened
from bench.measure import CONNECTIONS, Path, Row, take_turns
from contracts.event import Actor
from contracts.ids import new_id
from contracts.store import Seen
from contracts.vocabulary import AccessGround
from runtime.access import AccessRecord, Look
from runtime.database import Database
from runtime.event_store import EventStore

SOMEBODY = Actor(id=str(new_id()), role="case_manager", client="console")


@dataclass
class _Service:
    """What the recorder needs of its service."""

    name: str
    database: Database
    store: EventStore


async def bench(ground: Ground) -> list[Row]:
    """Requests by turns; then the rows that have come in, told as events."""
    looks = 500 if ground.quick else 4_000
    rounds = 3 if ground.quick else 5
    urls = await ground.database("plan")
    async with opened(urls) as it:
        record = AccessRecord(_Service("plan", it.database, it.store))

        async def ours(_prepared: object) -> int:
            await _at_work(looks, lambda: _look(record))
            return looks

        async def floor(_prepared: object) -> int:
            await _at_work(looks, lambda: _insert(it))
            return looks

        rates = await take_turns({"floor": Path(floor), "ours": Path(ours)}, rounds)
    rate = sorted(rates["ours"])[rounds // 2]
    return [
        Row("access", f"looks recorded, {CONNECTIONS} requests at work", "looks/s", rates["ours"],
            "one INSERT and one commit each", rates["floor"], 1.0,
            facts={"ms a request": round(1_000 * CONNECTIONS / rate, 2)})
    ]  # fmt: skip


async def _at_work(times: int, one: object) -> None:
    left = times

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await one()  # type: ignore[operator]

    await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))


async def _look(record: AccessRecord) -> None:
    student = new_id()
    looks = [Look(student, (Seen(kind="plan", ids=(str(student),)),))]
    await record.record(TENANT, SOMEBODY, AccessGround.SCHOOL_OFFICIAL, "read a plan", looks)


async def _insert(it: Opened) -> None:
    student = new_id()
    seen = json.dumps({"party": SOMEBODY.model_dump(), "what": [{"kind": "plan", "ids": [str(student)]}]})
    async with it.database.lend(TENANT) as connection:
        await connection.execute(
            "INSERT INTO plan.access (tenant, subject, at, seen) VALUES ($1, $2, clock_timestamp(), $3::text::jsonb)",
            TENANT, student, seen,
        )  # fmt: skip
