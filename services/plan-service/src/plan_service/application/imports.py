"""Imports of rosters as jobs: asked for, kept with what was uploaded, worked one at a time in each district.

A job that was cut off, by a kill or a power cut, begins again from its first row when the service is back: every row is
compared with what stands, so that what was written already stays as it is. What was uploaded is kept sealed, and is gone
when the job has ended; what it wrote are ordinary events with the job's id as their correlation.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, Literal
from uuid import UUID

import msgspec
import structlog

from contracts.event import Actor, Json
from contracts.ids import new_id
from contracts.problems import NotFound
from plan_service.application.import_uploads import ImportUploads
from plan_service.application.roster_entries import Reading, Refused, RosterFormat
from plan_service.application.roster_import import AT_ONCE, RosterImport, Tally
from plan_service.application.roster_terms import Terms
from plan_service.application.situation import day_of_district
from runtime.append_request import Answer, Context, TenantHasEnded, TenantNotOpen
from runtime.database import UNREACHABLE, driver
from runtime.event_store import EventStore
from runtime.tenants import ended_on, subject_of

log = structlog.get_logger()

Status = Literal["waiting", "running", "done", "failed", "interrupted"]
MOST_ATTEMPTS = 5
"""A set that ends the process five times is not tried a sixth."""
LOOK_SECONDS = 0.5
TELL_SECONDS = 0.3
WRITTEN = ("created", "changed", "unchanged", "unmatched")
COUNTS = ("read", "created", "changed", "unchanged", "ignored", "unmatched", "refused")


class AskedFor(msgspec.Struct, frozen=True):
    """What an import was asked to do."""

    format: str
    name: str
    all_or_nothing: bool = False
    drafts: Literal["all", "current"] = "all"


@dataclass(frozen=True, slots=True)
class Job:
    """One import, as it stands."""

    id: UUID
    version: int
    status: Status
    asked: AskedFor
    actor: Actor
    attempts: int
    tally: Json
    made_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    updated_at: datetime

    def to_json(self) -> Json:
        """The job as answered."""
        answer: Json = {
            "id": str(self.id), "format": self.asked.format, "name": self.asked.name, "status": self.status,
            "all_or_nothing": self.asked.all_or_nothing, "drafts": self.asked.drafts,
            "total": 0, "done": 0, **dict.fromkeys(COUNTS, 0), "refusals": [], "left_out": {}, **self.tally,
            "made_at": self.made_at.isoformat(),
        }  # fmt: skip
        for name, at in (("started_at", self.started_at), ("ended_at", self.ended_at)):
            if at is not None:
                answer[name] = at.isoformat()
        return answer


class AnsweredBefore(Exception):
    """The same request had made a job before; nothing was kept of this one."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class ImportJobs:
    """The jobs of every district of this service, and the worker that does them."""

    def __init__(
        self, store: EventStore, formats: Mapping[str, RosterFormat], roster_roles: frozenset[str]
    ) -> None:
        self._store = store
        self._formats = formats
        self._roster_roles = roster_roles
        self._uploads = ImportUploads(store)
        self._busy: set[str] = set()

    # Asked for and read

    async def ask(self, context: Context, asked: AskedFor, upload: BinaryIO) -> UUID:
        """Keep an import to be done. Durable on return, or nothing; raises `AnsweredBefore` for a repeated request."""
        id = new_id()
        tenant = context.tenant
        district = await self._district(tenant)
        async with self._store.database.begin(tenant) as rows:
            connection = await driver(rows)
            await connection.execute(
                "INSERT INTO plan.imports (tenant, id, asked, actor) VALUES ($1, $2, $3::jsonb, $4)",
                tenant, id, msgspec.json.encode(asked).decode(), context.actor.model_dump_json(exclude_none=True),
            )  # fmt: skip
            appended = await self._store.append(
                context, [], answer=Answer(202, "import", id), connection=connection
            )
            if appended.replayed is not None:
                raise AnsweredBefore(appended.replayed)
            await self._uploads.keep(connection, tenant, district, id, upload)
        return id

    async def job(self, tenant: str, id: UUID) -> Job:
        """One job; raises `NotFound`."""
        async with self._store.database.lend(tenant) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM plan.imports WHERE tenant = $1 AND id = $2", tenant, id
            )
        if row is None:
            raise NotFound("There is no import by that id.")
        return _job(row)

    async def page(
        self, tenant: str, after: UUID | None, limit: int, updated_after: datetime | None = None
    ) -> list[Job]:
        """Up to ``limit`` jobs in the order of ids, which never changes."""
        async with self._store.database.lend(tenant) as connection:
            rows = await connection.fetch(
                "SELECT * FROM plan.imports WHERE tenant = $1 AND ($2::uuid IS NULL OR id > $2)"
                " AND ($4::timestamptz IS NULL OR updated_at > $4) ORDER BY id LIMIT $3",
                tenant, after, limit, updated_after,
            )  # fmt: skip
        return [_job(row) for row in rows]

    # Worked

    async def run(self) -> None:
        """Do what waits, for ever; districts side by side, each one job at a time."""
        async with asyncio.TaskGroup() as group:
            while True:
                async with self._store.database.pool.acquire() as connection:
                    tenants = [
                        row["tenant"]
                        for row in await connection.fetch("SELECT tenant FROM plan.imports_open")
                    ]
                for tenant in tenants:
                    if tenant not in self._busy:
                        self._busy.add(tenant)
                        group.create_task(self._guarded(tenant))
                await asyncio.sleep(LOOK_SECONDS)

    async def _guarded(self, tenant: str) -> None:
        try:
            await self.work(tenant)
        except UNREACHABLE as error:
            log.warning("import_interrupted", tenant=tenant, error=type(error).__name__)
        except Exception:
            log.exception("import_not_possible", tenant=tenant)
        finally:
            self._busy.discard(tenant)

    async def work(self, tenant: str) -> None:
        """Do every job that waits in one district, unless another instance is at it."""
        lock = f"plan/imports/{tenant}"
        async with (
            self._store.database.pool.acquire() as held
        ):  # Cleared when it comes back, whatever became of the lock.
            if not await held.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 4))", lock):
                return
            try:
                while (job := await self._next(tenant)) is not None:
                    await self._work(tenant, job)
            finally:
                with contextlib.suppress(*UNREACHABLE):
                    await held.execute("SELECT pg_advisory_unlock(hashtextextended($1, 4))", lock)

    async def _next(self, tenant: str) -> Job | None:
        async with self._store.database.lend(tenant) as connection:
            row = await connection.fetchrow(
                "UPDATE plan.imports SET status = 'running', attempts = attempts + 1, version = version + 1,"
                " started_at = coalesce(started_at, clock_timestamp()), updated_at = clock_timestamp()"
                " WHERE tenant = $1 AND id = (SELECT id FROM plan.imports WHERE tenant = $1"
                " AND status IN ('waiting', 'running') ORDER BY made_at, id LIMIT 1) RETURNING *", tenant,
            )  # fmt: skip
        return None if row is None else _job(row)

    async def _work(self, tenant: str, job: Job) -> None:
        if job.attempts > MOST_ATTEMPTS:
            await self._end(tenant, job, "interrupted", job.tally)
            return
        try:
            await self._must_go_on(tenant)
            async with self._uploads.unpacked(tenant, job.id, job.asked.name) as path:
                status, tally = await self._import(tenant, job, path)
        except UNREACHABLE:
            raise
        except TenantHasEnded as ended:
            refused = Refused(job.asked.name, None, ended.code, ended.message)
            status, tally = "failed", {**job.tally, "refusals": [_refusal(refused)]}
        except Exception:
            log.exception("import_failed", tenant=tenant, job=str(job.id))
            refused = Refused(job.asked.name, None, "internal-error",
                              "Something went wrong here, not in the set. It has been recorded; try again.")  # fmt: skip
            status, tally = "failed", {**job.tally, "refusals": [_refusal(refused)]}
        await self._end(tenant, job, status, tally)

    async def _must_go_on(self, tenant: str) -> None:
        """Of a district that has ended no set is taken in, whatever else may still be recorded of it."""
        async with self._store.database.lend(tenant) as connection:
            on = await ended_on(connection, self._store.database.service, tenant)
        if on is not None:
            raise TenantHasEnded(on)

    async def _import(self, tenant: str, job: Job, path: Path) -> tuple[Status, Json]:
        day = await day_of_district(self._store, tenant)
        format = self._formats[job.asked.format]
        terms = Terms(
            format.name, day.today, await self._district(tenant), job.asked.drafts, self._roster_roles
        )
        context = Context(tenant, job.actor, correlation=str(job.id), rules=day.rule_set)
        passes = 2 if job.asked.all_or_nothing else 1
        if job.asked.all_or_nothing:
            trial = RosterImport(self._store, context, terms, trial=True)
            told = await self._read(tenant, job, path, terms, trial, 0)
            if trial.tally.refused:
                return "failed", told
        importing = RosterImport(self._store, context, terms)
        told = await self._read(tenant, job, path, terms, importing, passes - 1)
        tally = importing.tally
        used = tally.created + tally.changed + tally.unchanged + tally.unmatched
        return ("failed" if tally.refused and not used else "done"), told

    async def _read(
        self, tenant: str, job: Job, path: Path, terms: Terms, importing: RosterImport, before: int
    ) -> Json:
        """One pass over the set, telling how far it has come; ``before`` passes have been."""
        format = self._formats[job.asked.format]
        passes = 2 if job.asked.all_or_nothing else 1
        opened = format.open(path, terms.today)
        trial = before < passes - 1
        told_at = 0.0

        def told() -> Json:
            total, done = opened.progress.total, opened.progress.done
            tally = _tally(importing.tally)
            if trial:  # Nothing of it has been written.
                tally |= dict.fromkeys(WRITTEN, 0)
            return {"total": total * passes, "done": min(done, total) + total * before, **tally}

        while some := await asyncio.to_thread(_some, opened.readings):
            await importing.take(some)
            if monotonic() - told_at > TELL_SECONDS:
                told_at = monotonic()
                await self._tell(tenant, job, told())
        await importing.finish(absent_are_gone=await asyncio.to_thread(format.absent_are_gone, path))
        return told()

    async def _tell(self, tenant: str, job: Job, tally: Json) -> None:
        async with self._store.database.lend(tenant) as connection:
            await connection.execute(
                "UPDATE plan.imports SET tally = $3::jsonb, version = version + 1, updated_at = clock_timestamp()"
                " WHERE tenant = $1 AND id = $2", tenant, job.id, msgspec.json.encode(tally).decode(),
            )  # fmt: skip

    async def _end(self, tenant: str, job: Job, status: Status, tally: Json) -> None:
        async with self._store.database.begin(tenant) as rows:
            connection = await driver(rows)
            await connection.execute(
                "UPDATE plan.imports SET status = $3, tally = $4::jsonb, version = version + 1,"
                " updated_at = clock_timestamp(), ended_at = clock_timestamp() WHERE tenant = $1 AND id = $2",
                tenant, job.id, status, msgspec.json.encode(tally).decode(),
            )  # fmt: skip
            await self._uploads.drop(connection, tenant, job.id)
        counts = {name: tally.get(name, 0) for name in COUNTS}
        log.info("import_ended", tenant=tenant, job=str(job.id), status=status, **counts)

    async def _district(self, tenant: str) -> UUID:
        found = await subject_of(self._store, tenant)
        if found is None:
            raise TenantNotOpen()
        return found


def _some(readings: Any) -> list[Reading]:
    """The next readings of a set; in a thread, because files and parsers block."""
    some: list[Reading] = []
    for reading in readings:
        some.append(reading)
        if len(some) == AT_ONCE:
            break
    return some


def _tally(tally: Tally) -> Json:
    told: Json = {name: getattr(tally, name) for name in COUNTS}
    told["refusals"] = [_refusal(each) for each in tally.refusals]
    told["left_out"] = dict(sorted(tally.notes.items()))
    if tally.last_event is not None:
        told["after_event"] = str(tally.last_event)
    return told


def _refusal(refused: Refused) -> Json:
    return {"file": refused.file, "line": refused.line, "code": refused.code, "reason": refused.reason}


def _job(row: Any) -> Job:
    return Job(
        row["id"], row["version"], row["status"], msgspec.json.decode(row["asked"], type=AskedFor),
        Actor.model_validate_json(row["actor"]), row["attempts"], msgspec.json.decode(row["tally"]), row["made_at"],
        row["started_at"], row["ended_at"], row["updated_at"],
    )  # fmt: skip
