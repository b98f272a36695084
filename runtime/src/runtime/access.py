"""The record of access: who saw what of a student's record, when and why (34 CFR 300.614, 99.32).

A look is a row before its answer leaves: looks that happen at the same time share one commit. A task turns rows into one
``access.recorded`` event per student and day and removes them in the same transaction, so that killing the process at
any point loses nothing and records nothing twice. No contents: kinds and ids.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from contracts import streams
from contracts.event import Actor, Event
from contracts.ids import new_id
from contracts.problems import Problem
from contracts.store import AccessRecorded, Read, Seen
from contracts.vocabulary import AccessGround
from runtime import metrics
from runtime.append_request import Change, Context
from runtime.database import Database, driver
from runtime.event_store import EventStore
from runtime.stream_model import Model
from runtime.tenants import TENANT

log = structlog.get_logger()

EVERY_SECONDS = 60.0
EVERY_ROWS = 500
MOST_AT_ONCE = 1_000
MOST_READS = 200
MOST_BYTES_OF_AN_EVENT = 192 * 1024
MOST_BYTES = 2 * 1024 * 1024
"""Of what is turned into events at a time: below what an event, and a request's events together, may have."""
"""In one event: a page of ids each, well under the largest contents."""
RECORDER = Actor(id="access-record", role="system")


class Recording(Protocol):
    """What the recorder needs of its service; late, because a service is opened after its routes are made."""

    name: str
    database: Database
    store: EventStore


@dataclass(frozen=True, slots=True)
class AccessDay:
    """The state of one student's day: how many events it has; nothing is decided about it."""

    events: int = 0


def _count(state: AccessDay, _event: Event) -> AccessDay:
    return AccessDay(state.events + 1)


ACCESS: Model[AccessDay] = Model("access", "1", AccessDay(), _count)
"""``access/{subject}/{day}``; each service adds it to its models."""


def access_1(service: str) -> list[str]:
    """The statements (run as ``<svc>_owner``) that let the task find the districts whose rows wait. Never changed."""
    s = service
    return [
        f"CREATE POLICY waiting ON {s}.access FOR SELECT TO {s}_owner USING (true)",
        f"CREATE VIEW {s}.access_waiting AS SELECT tenant, count(*) AS rows FROM {s}.access GROUP BY tenant",
        f"COMMENT ON VIEW {s}.access_waiting IS 'slugs and counts, nothing about students'",
        f"GRANT SELECT ON {s}.access_waiting TO {s}_app",
    ]


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody was shown of one student."""

    student: UUID
    what: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class _Waiting:
    tenant: str
    rows: Sequence[tuple[UUID, str]]
    done: "asyncio.Future[None]"


class AccessRecord:
    """Takes looks in, and turns them into events."""

    def __init__(self, service: Recording) -> None:
        self._service = service
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._fresh = 0
        self._enough = asyncio.Event()

    async def record(
        self, tenant: str, party: Actor, ground: AccessGround, purpose: str, looks: Iterable[Look]
    ) -> None:
        """Durable on return; raises what the database raises, and then nothing may be shown."""
        told = {
            "party": party.model_dump(exclude_none=True),
            "ground": ground.value,
            "purpose": purpose[:1000],
        }
        rows = [
            (look.student, json.dumps(told | {"what": [seen.model_dump(mode="json") for seen in look.what]}))
            for look in looks
        ]
        if not rows:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(tenant, rows, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        """One commit after the other; what comes in meanwhile shares the next one."""
        while self._waiting:
            tenant, batch = self._next()
            try:
                await self._insert(tenant, [row for waiting in batch for row in waiting.rows])
            except Exception as error:
                for waiting in batch:
                    if not waiting.done.done():
                        waiting.done.set_exception(error)
                continue
            rows = sum(len(waiting.rows) for waiting in batch)
            metrics.ACCESS_ROWS.labels(self._service.name).inc(rows)
            metrics.ACCESS_COMMITS.labels(self._service.name).inc()
            self._fresh += rows
            if self._fresh >= EVERY_ROWS:
                self._enough.set()
            for waiting in batch:
                if not waiting.done.done():
                    waiting.done.set_result(None)

    def _next(self) -> tuple[str, list[_Waiting]]:
        """Those of one district, so that one statement keeps them."""
        tenant = self._waiting[0].tenant
        batch: list[_Waiting] = []
        others: list[_Waiting] = []
        for waiting in self._waiting:
            mine = waiting.tenant == tenant and len(batch) < MOST_AT_ONCE
            (batch if mine else others).append(waiting)
        self._waiting = others
        return tenant, batch

    async def _insert(self, tenant: str, rows: Sequence[tuple[UUID, str]]) -> None:
        s = self._service.name
        async with self._service.database.lend(tenant) as connection:
            await connection.execute(
                f"INSERT INTO {s}.access (tenant, subject, at, seen)"
                f" SELECT $1, subject, coalesce({s}.now_for($1), clock_timestamp()), seen::jsonb"
                " FROM unnest($2::uuid[], $3::text[]) AS looks (subject, seen)",
                tenant, [subject for subject, _ in rows], [seen for _, seen in rows],
            )  # fmt: skip

    async def run(self) -> None:
        """Turn rows into events every minute, or sooner when many have come in; also those of a process that died."""
        while True:
            self._fresh = 0
            self._enough.clear()
            await self.roll_up()
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._enough.wait()
            except TimeoutError:
                continue

    async def roll_up(self) -> int:
        """Turn all rows that wait into events; returns how many rows there were.

        What fails for one district holds up no other: it is raised when all have had their turn.
        """
        total, failed = 0, None
        async with self._service.database.pool.acquire() as connection:
            waiting = await connection.fetch(f"SELECT tenant FROM {self._service.name}.access_waiting")
        for row in waiting:
            try:
                while done := await self._roll_up(row["tenant"]):
                    total += done
            except Problem as problem:  # Another instance was at the same day: next time.
                log.warning(
                    "access_not_rolled_up",
                    service=self._service.name,
                    tenant=row["tenant"],
                    code=problem.code,
                )
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return total

    async def _roll_up(self, tenant: str) -> int:
        """One transaction: rows out, events in."""
        store, s = self._service.store, self._service.name
        async with self._service.database.begin(tenant) as rows:
            connection = await driver(rows)
            # One at a time for a district: two instances would stand in each other's way.
            mine = await connection.fetchval(
                "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 3))", f"{s}/access/{tenant}"
            )
            if not mine:
                return 0
            taken = await connection.fetch(
                f"DELETE FROM {s}.access WHERE id IN (SELECT id FROM ("
                "  SELECT id, row_number() OVER w AS place, sum(length(seen::text)) OVER w AS bytes"
                f"   FROM {s}.access WHERE tenant = $1 WINDOW w AS (ORDER BY id)"
                f" ) AS waiting WHERE place = 1 OR (place <= {EVERY_ROWS} AND bytes <= {MOST_BYTES}))"
                " RETURNING id, subject, at, seen::text AS seen", tenant,
            )  # fmt: skip
            if not taken:
                return 0
            home = (await store.load_many(tenant, [(TENANT, TENANT.name)], connection=connection))[
                TENANT.name
            ]
            reads = _by_day(taken, ZoneInfo(home.state.time_zone))
            names = [streams.access(subject, day) for subject, day in reads]
            loaded = await store.load_many(tenant, [(ACCESS, name) for name in names], connection=connection)
            changes = [
                Change(loaded[streams.access(subject, day)], subject, _events(day, seen))
                for (subject, day), seen in reads.items()
            ]
            context = Context(tenant, RECORDER, correlation=str(new_id()))
            await store.append(context, changes, connection=connection)
        store.wake()
        metrics.ACCESS_EVENTS.labels(s).inc(sum(len(change.events) for change in changes))
        return len(taken)


def _by_day(rows: Iterable[Any], zone: ZoneInfo) -> dict[tuple[UUID, date], list[Read]]:
    """Reads by student and the district's day, in the order they happened."""
    found: dict[tuple[UUID, date], list[Read]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["id"]):
        at: datetime = row["at"].astimezone(UTC)
        seen: Mapping[str, Any] = json.loads(row["seen"])
        found[row["subject"], at.astimezone(zone).date()].append(Read.model_validate({**seen, "at": at}))
    return found


def _events(day: date, reads: list[Read]) -> list[AccessRecorded]:
    parts: list[list[Read]] = []
    room = 0
    for read in _folded(reads):
        needed = len(read.model_dump_json(exclude_none=True).encode())
        if not parts or needed > room or len(parts[-1]) == MOST_READS:
            parts.append([])
            room = MOST_BYTES_OF_AN_EVENT
        parts[-1].append(read)
        room -= needed
    return [AccessRecorded(effective_on=day, reads=tuple(part)) for part in parts]


def _folded(reads: list[Read]) -> list[Read]:
    """The same look by the same party again within a minute is one entry with its count."""

    def same(read: Read) -> str:
        minute = read.at.replace(second=0, microsecond=0)
        return f"{minute.isoformat()} {read.model_dump_json(exclude={'at', 'count'})}"

    kept = []
    for _, group in groupby(sorted(reads, key=lambda read: (same(read), read.at)), key=same):
        together = list(group)
        kept.append(together[0].model_copy(update={"count": sum(read.count for read in together)}))
    return sorted(kept, key=lambda read: read.at)
