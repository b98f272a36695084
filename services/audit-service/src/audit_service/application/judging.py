"""Judging: what waits is judged in batches, soon after an event, or on the day on which time alone may change a finding.

One instance judges at a time (an advisory lock); a student is judged from what lies below the frontier when the batch
begins, and what comes meanwhile stays noted. Killed at any point, nothing is lost: it is judged again.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog

from audit_service.application.evidence import Copy, Evidence, opened_events
from audit_service.application.staff_looks import EXPLAINING, LookKept, explained_looks, looks_kept, pass_over
from audit_service.domain.findings.district import District
from audit_service.domain.findings.engine import Judged
from audit_service.domain.findings.finding import Finding
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.rules import judge
from contracts.event import registered_events
from contracts.plan import ItemHolderAssigned, StaffInformed
from contracts.rule_profile import RuleProfiles
from contracts.shipped_profiles import shipped_profiles
from runtime.projection import Difference, tenants

log = structlog.get_logger()

BATCH = 20
BY_THE_DESTRUCTION = ("rec.destroy-notice", "rec.legal-hold")
"""Judged from the destruction's own events, which stay readable: also when nothing else is. What kept the record may be gone,
so what was found of it before stays where nothing is found anew."""
EVERYBODY_SECONDS = 5.0
"""So often every district is looked at: for what another instance noted, and for days that have come."""
POLL_SECONDS = 0.02
AWAKE_SECONDS = 2.0
RESTS = 9
"""After a batch others go first, so many times as long as it took at most: all four services may share one process."""
MOST_REST_SECONDS = 5.0
IDLE_BELOW = 0.5
"""When the process uses less of its time than this share, and is woken when it asked for, it looks idle."""
IDLE_LOOKS = 10
"""It looked idle so many times one after another: nobody needs the rest. Once alone, it may only wait for a database."""
_PREFIXES = ("plan.", "progress.", "notice.", "disclosure.", "packet.", "hold.", "destruction.")


def relevant_types() -> list[str]:
    """The types of events that findings are made from."""
    return sorted(name for name in registered_events() if name.startswith(_PREFIXES))


@dataclass(frozen=True, slots=True)
class Known:
    """One student's record, and the last index of each log on which it rests."""

    record: StudentRecord
    basis: dict[str, int]
    known_at: datetime | None
    kept: tuple[Finding, ...] | None = None
    """What was found before contents were ordered to be destroyed: nobody can judge anew without them."""

    def judged(self, only: str | None = None) -> Judged:
        """The findings, by every rule or by one."""
        if self.kept is None:
            return judge(self.record, only)
        after = tuple(each for rule in BY_THE_DESTRUCTION for each in judge(self.record, rule).findings)
        anew = {(each.rule, each.trigger_on) for each in after}
        stays = (
            each for each in self.kept
            if each.rule != "rec.destroy-notice" and (each.rule, each.trigger_on) not in anew
        )  # fmt: skip
        return Judged(tuple(each for each in (*stays, *after) if only in (None, each.rule)), None)


def _merged(copies: Sequence[Copy], about: Sequence[Copy] | None) -> Sequence[Copy]:
    """In known order, with what is about the student though not under them."""
    if not about:
        return copies
    return sorted([*copies, *about], key=lambda each: (each.entry.known, each.source, each.index))


class Judging:
    """Keeps findings as they stand today, and makes them as they stood on another."""

    def __init__(self, evidence: Evidence, profiles: Callable[[], RuleProfiles] = shipped_profiles) -> None:
        self.evidence = evidence
        self._profiles = profiles
        self._work = asyncio.Event()
        self._awake: dict[str, float] = {}
        self._asked = 0
        """So many wait for what is judged just now."""

    def wake(self, of: Iterable[str]) -> None:
        """Something of these tenants was noted; it may not be committed yet, nor below the frontier."""
        until = asyncio.get_running_loop().time() + AWAKE_SECONDS
        self._awake |= dict.fromkeys(of, until)
        self._work.set()

    async def run(self) -> None:
        """Judge for as long as the service runs; the instance that holds the lock does."""
        async with self.evidence.database.pool.acquire() as holder:
            while not await holder.fetchval(
                "SELECT pg_try_advisory_lock(hashtextextended('audit findings', 7))"
            ):
                await asyncio.sleep(1)
            try:
                await self._run()
            finally:
                if not holder.is_closed():
                    await holder.execute("SELECT pg_advisory_unlock(hashtextextended('audit findings', 7))")

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        everybody_at = 0.0
        while True:
            now = clock()
            if now >= everybody_at:
                everybody_at = now + EVERYBODY_SECONDS
                self._awake |= dict.fromkeys(await tenants(self.evidence.database), now)
            judged = 0
            # A batch of each in turn: no district waits for another's thousands.
            for tenant in list(self._awake):
                began = clock()
                if done := await self.judge_waiting(tenant):
                    judged += done
                    self._awake[tenant] = clock() + POLL_SECONDS
                    await self._give_way(min(RESTS * (clock() - began), MOST_REST_SECONDS))
                elif self._awake[tenant] <= clock():
                    del self._awake[tenant]
            if judged:
                continue
            self._work.clear()
            pause = POLL_SECONDS if self._awake else max(0.0, everybody_at - clock())
            try:
                async with asyncio.timeout(pause):
                    await self._work.wait()
                await asyncio.sleep(POLL_SECONDS)
            except TimeoutError:
                continue

    async def _give_way(self, seconds: float) -> None:
        """Let the rest of this process go first while it has something to do, so long at most, and until somebody asks."""
        clock = asyncio.get_running_loop().time
        until, idle = clock() + seconds, 0
        while (now := clock()) < until and not self._asked:
            used, pause = time.process_time(), min(POLL_SECONDS, until - now)
            await asyncio.sleep(pause)
            passed = clock() - now
            looks_idle = passed < 1.25 * pause and time.process_time() - used < IDLE_BELOW * passed
            idle = idle + 1 if looks_idle else 0
            if idle == IDLE_LOOKS:
                return

    async def judge_waiting(self, tenant: str, most: int = BATCH) -> int:
        """Judge a batch of what waits in a district; returns how many students were judged."""
        frontier = await self.evidence.frontier()
        today = await self.evidence.judged_on(tenant)
        await self._spread(tenant, frontier)
        noted = await self._noted(tenant, frontier, today, most)
        if not noted:
            return 0
        district = await self.district(tenant)
        looked = [student for student, why in noted.items() if why == {"look"}]
        explained = await self._explained(tenant, looked, today, district) if looked else {}
        judged = [student for student in noted if student not in explained]
        if explained:
            await pass_over(self.evidence, tenant, explained, frontier)
        if judged:
            known = await self.records(tenant, judged, today, district)
            await self._keep(tenant, known, judged, frontier)
        return len(noted)

    async def _explained(
        self, tenant: str, students: Collection[UUID], today: date, district: District
    ) -> dict[UUID, list[UUID]]:
        known = await self.records(tenant, students, today, district, types=EXPLAINING)
        return explained_looks(each.record for each in known.values() if each.kept is None)

    async def waiting(self, tenant: str) -> int:
        """How many students have something that is not judged yet."""
        today = await self.evidence.judged_on(tenant)
        async with self.evidence.database.lend(tenant) as connection:
            count: int = await connection.fetchval(
                """SELECT count(*) FROM (
                       SELECT subject FROM audit_read.finding_queue WHERE tenant = current_setting('handrail.tenant')
                       UNION SELECT student FROM audit_read.finding_students
                              WHERE tenant = current_setting('handrail.tenant') AND wakes_on <= $1) AS w""", today
            )  # fmt: skip
        return count

    async def settled(self, tenant: str, seconds: float = 5.0) -> int:
        """Wait until everything is judged, so long at most; returns how many students still wait."""
        deadline = asyncio.get_running_loop().time() + seconds
        self._asked += 1
        try:
            while waiting := await self.waiting(tenant):
                if asyncio.get_running_loop().time() > deadline:
                    break
                self.wake([tenant])
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._asked -= 1
        return waiting

    async def district(
        self, tenant: str, *, known_at: datetime | None = None, basis: dict[str, int] | None = None
    ) -> District:
        """What the district had said, as known."""
        copies = await self.evidence.of_district(tenant, known_at=known_at, basis=basis)
        zone = (await self.evidence.district(tenant)).time_zone
        return District(self._profiles(), tuple(opened_events(copies)), zone)

    async def records(
        self, tenant: str, students: Collection[UUID], today: date, district: District, *,
        known_at: datetime | None = None, basis: dict[str, int] | None = None, types: Collection[str] | None = None,
    ) -> dict[UUID, Known]:  # fmt: skip
        """What was known of each student; only events of some types, when given."""
        wanted = relevant_types() if types is None else types
        found = await self.evidence.of_students(
            tenant, students, known_at=known_at, basis=basis, types=wanted
        )
        about = await self.evidence.of_destructions(tenant, students, known_at=known_at, basis=basis)
        looks = await looks_kept(self.evidence, tenant, students, known_at=known_at, basis=basis)
        kept = await self._kept(tenant, students)
        return {
            student: _known(
                student,
                _merged(copies, about.get(student)),
                looks[student],
                today,
                district,
                kept.get(student),
            )
            for student, copies in found.items()
        }

    async def found(self, tenant: str, student: UUID) -> tuple[Finding, ...]:
        """A student's findings as of now, judged as they are asked for."""
        today = await self.evidence.judged_on(tenant)
        known = await self.records(tenant, [student], today, await self.district(tenant))
        return known[student].judged().findings

    async def _kept(self, tenant: str, students: Collection[UUID]) -> dict[UUID, tuple[Finding, ...]]:
        async with self.evidence.database.lend(tenant) as connection:
            rows = await connection.fetch(
                """SELECT student, document->>'findings' AS findings FROM audit_read.resources
                    WHERE tenant = current_setting('handrail.tenant') AND kind = 'destruction' AND student = ANY ($1)
                      AND document->>'status' = 'destroyed' ORDER BY id""", list(students),
            )  # fmt: skip
        return {row["student"]: _as_found(msgspec.json.decode(row["findings"] or "[]")) for row in rows}

    async def differing(self, tenant: str) -> list[Difference]:
        """Every finding kept that is otherwise when its student is judged anew. What waits is left out."""
        today = await self.evidence.judged_on(tenant)
        async with self.evidence.database.lend(tenant) as connection:
            rows = await connection.fetch(
                """SELECT student FROM audit_read.finding_students s
                    WHERE tenant = current_setting('handrail.tenant') AND wakes_on > $1 AND NOT EXISTS (
                        SELECT FROM audit_read.finding_queue q WHERE q.tenant = s.tenant)""", today
            )  # fmt: skip
            kept = await connection.fetch(
                "SELECT student, rule, about, state, says, due_on, done_on FROM audit_read.findings"
                " WHERE tenant = current_setting('handrail.tenant') AND student = ANY ($1)", [r["student"] for r in rows],
            )  # fmt: skip
        students = [row["student"] for row in rows]
        live = {
            (r["student"], r["rule"], r["about"]): (r["state"], r["says"], r["due_on"], r["done_on"])
            for r in kept
        }
        anew: dict[Any, Any] = {}
        district = await self.district(tenant)
        for start in range(0, len(students), BATCH):
            for student, known in (
                await self.records(tenant, students[start : start + BATCH], today, district)
            ).items():
                for f in known.judged().findings:
                    anew[student, f.rule, f.about] = (f.state.value, f.says, f.due_on, f.done_on)
        return [
            Difference("findings", "live" if key in live else "replayed", f"{key[1]} {key[2]} of {key[0]}")
            for key in sorted({*live, *anew}, key=str)
            if live.get(key) != anew.get(key)
        ]

    async def _spread(self, tenant: str, frontier: Mapping[str, int]) -> None:
        """What the district or its staff did touches students: each of them is to be judged."""
        async with self.evidence.database.lend(tenant) as connection, connection.transaction():
            rows = await connection.fetch(
                """DELETE FROM audit_read.finding_queue
                    WHERE tenant = current_setting('handrail.tenant') AND kind IN ('staff', 'district') AND position < $1
                   RETURNING subject, kind""", frontier["plan"]
            )  # fmt: skip
            for row in rows:
                await connection.execute(
                    """UPDATE audit_read.finding_students SET wakes_on = '-infinity'
                        WHERE tenant = current_setting('handrail.tenant') AND ($1::uuid IS NULL OR staff @> ARRAY[$1::uuid])""",
                    row["subject"] if row["kind"] == "staff" else None,
                )  # fmt: skip

    async def _noted(
        self, tenant: str, frontier: Mapping[str, int], today: date, most: int
    ) -> dict[UUID, set[str]]:
        """Students that wait, each with why: something of theirs, a look, a day that has come."""
        async with self.evidence.database.lend(tenant) as connection:
            rows = await connection.fetch(
                """SELECT q.subject, q.kind FROM audit_read.finding_queue q
                     JOIN unnest($1::text[], $2::bigint[]) AS f (source, next) ON f.source = q.source
                    WHERE q.tenant = current_setting('handrail.tenant') AND q.kind IN ('student', 'look')
                      AND q.position < f.next
                    LIMIT $3""", list(frontier), list(frontier.values()), most,
            )  # fmt: skip
            rows += await connection.fetch(
                """SELECT student AS subject, 'day' AS kind FROM audit_read.finding_students
                    WHERE tenant = current_setting('handrail.tenant') AND wakes_on <= $1 ORDER BY wakes_on LIMIT $2""",
                today, most,
            )  # fmt: skip
        noted: dict[UUID, set[str]] = {}
        for row in rows:
            noted.setdefault(row["subject"], set()).add(row["kind"])
        return noted

    async def _keep(
        self, tenant: str, known: Mapping[UUID, Known], noted: Collection[UUID], frontier: Mapping[str, int]
    ) -> None:
        students, findings = [], []
        for student, each in known.items():
            judged = each.judged()
            await asyncio.sleep(0)
            students.append(
                (student, each.record.today, judged.wakes_on or date.max, _staff(each.record),
                 sorted(each.record.assigned_as("case_manager"), key=str))
            )  # fmt: skip
            findings += [
                {"student": student, **finding.model_dump(mode="json")} for finding in judged.findings
            ]
        async with self.evidence.database.lend(tenant) as connection, connection.transaction():
            await connection.execute(
                "DELETE FROM audit_read.findings WHERE tenant = current_setting('handrail.tenant') AND student = ANY ($1)",
                list(known),
            )  # fmt: skip
            await connection.execute(_INSERT, msgspec.json.encode(findings).decode())
            await connection.executemany(_JUDGED, students)
            await connection.execute(
                """DELETE FROM audit_read.finding_queue q USING unnest($1::text[], $2::bigint[]) AS f (source, next)
                    WHERE q.tenant = current_setting('handrail.tenant') AND q.subject = ANY ($3) AND q.source = f.source
                      AND q.position < f.next""", list(frontier), list(frontier.values()), list(noted),
            )  # fmt: skip


_INSERT = """
    INSERT INTO audit_read.findings (tenant, student, rule, about, state, severity, says, trigger_on, due_on, done_on, facts,
                                     events, cure, rules, plan, item, wakes_on)
    SELECT current_setting('handrail.tenant'), r.*
      FROM jsonb_to_recordset($1::jsonb) AS r (
           student uuid, rule text, about text, state text, severity text, says text, trigger_on date, due_on date,
           done_on date, facts jsonb, events uuid[], cure text, rules text, plan uuid, item uuid, wakes_on date)
    ON CONFLICT (tenant, student, rule, about) DO NOTHING"""
_JUDGED = """
    INSERT INTO audit_read.finding_students (tenant, student, judged_on, wakes_on, staff, case_managers)
    VALUES (current_setting('handrail.tenant'), $1, $2, $3, $4, $5)
    ON CONFLICT (tenant, student) DO UPDATE SET judged_on = excluded.judged_on, wakes_on = excluded.wakes_on,
        staff = excluded.staff, case_managers = excluded.case_managers"""


def _staff(record: StudentRecord) -> list[UUID]:
    """Of whom of the staff a finding may speak."""
    events = (entry.event for entry in record.known)
    named = {e.staff_id for e in events if isinstance(e, ItemHolderAssigned | StaffInformed)}
    return sorted(named | {UUID(look.party.id) for look in record.looks}, key=str)


def _as_found(kept: Sequence[Any]) -> tuple[Finding, ...]:
    """Findings as they are kept, told without the words that are gone."""
    says = "The contents were lawfully destroyed: the state and the days are what was found before."
    return tuple(
        Finding(about=f"kept {number}", says=says, **each) for number, each in enumerate(kept, start=1)
    )


def _known(
    student: UUID, copies: Sequence[Copy], looks: Sequence[LookKept], today: date, district: District,
    kept: tuple[Finding, ...] | None = None,
) -> Known:  # fmt: skip
    basis: dict[str, int] = {}
    for copy in copies:
        basis[copy.source] = max(basis.get(copy.source, -1), copy.index)
    for kept_look in looks:
        basis[kept_look.source] = max(basis.get(kept_look.source, -1), kept_look.index)
    moments = [copy.entry.known for copy in copies] + [each.known_at for each in looks]
    for entry in district.entries:
        if entry.index is not None:
            basis["plan"] = max(basis.get("plan", -1), entry.index)
        if entry.known_at is not None:
            moments.append(entry.known_at)
    looked = tuple(each.look for each in looks)
    record = StudentRecord(student, today, tuple(opened_events(copies)), district, looked)
    return Known(record, basis, max(moments, default=None), kept)
