"""Who of the staff looked at a student's record on which days, without opening every event of the record of access again."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from audit_service.application.evidence import Evidence, json_of
from audit_service.domain.findings.access import UNUSUAL
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.rules import judge
from audit_service.domain.unusual_access import Look, looks_in
from contracts.event import Actor, EventClass
from contracts.students import AssignmentEnded, StudentAssigned, StudentEnrolled, StudentWithdrawn
from runtime.erasure import erased_among

_LOOKS = """
    SELECT l.student, l.staff, l.role, l.looked_on, c.event_id, c.source, c.index, c.known_at
      FROM audit_read.staff_looks l
      JOIN audit.copies c ON c.tenant = l.tenant AND c.event_id = l.event_id
      JOIN audit.frontier f ON f.source = c.source AND c.position < f.next
     WHERE l.tenant = current_setting('handrail.tenant') AND l.student = ANY ($1)
       AND ($2::timestamptz IS NULL OR c.known_at <= $2)
       AND ($3::jsonb IS NULL OR c.index <= coalesce(($3::jsonb ->> c.source)::bigint, -1))"""

_LOOKED = """
    UPDATE audit_read.finding_students
       SET staff = ARRAY(SELECT DISTINCT each FROM unnest(staff || $2::uuid[]) AS each ORDER BY each)
     WHERE tenant = current_setting('handrail.tenant') AND student = $1 AND NOT staff @> $2::uuid[]"""
_PASSED = """
    DELETE FROM audit_read.finding_queue q USING unnest($1::text[], $2::bigint[]) AS f (source, next)
     WHERE q.tenant = current_setting('handrail.tenant') AND q.subject = ANY ($3) AND q.kind = 'look'
       AND q.source = f.source AND q.position < f.next"""
EXPLAINING = tuple(
    each.type for each in (StudentAssigned, AssignmentEnded, StudentEnrolled, StudentWithdrawn)
)
"""The student's own events that may explain a look."""


@dataclass(frozen=True, slots=True)
class LookKept:
    """A look, and where the event stands that tells of it."""

    look: Look
    source: str
    index: int
    known_at: datetime


async def looks_kept(
    evidence: Evidence, tenant: str, students: Collection[UUID], *, known_at: datetime | None,
    basis: dict[str, int] | None,
) -> dict[UUID, list[LookKept]]:  # fmt: skip
    """Of each student, as known: the first look of each of the staff on each day.

    What the projection has not taken in yet is read from the copies, and what it will leave out (of students whose record of
    access is erased) is left out, so that an answer never depends on how far it is.
    """
    behind = await evidence.looks_not_kept(tenant, students, known_at=known_at, basis=basis)
    async with evidence.database.lend(tenant) as connection:
        rows = await connection.fetch(_LOOKS, list(students), known_at, json_of(basis))
        erased = await erased_among(connection, "audit", tenant, students, EventClass.PROOF) if behind else ()
    found: dict[UUID, list[LookKept]] = {student: [] for student in students}
    for row in rows:
        look = Look(Actor(id=str(row["staff"]), role=row["role"]), row["looked_on"], row["event_id"])
        found[row["student"]].append(LookKept(look, row["source"], row["index"], row["known_at"]))
    for copy in behind:
        if copy.recorded is not None and copy.entry.subject not in erased:
            for told in looks_in([copy.recorded]):
                party = Actor(id=str(UUID(told.party.id)), role=told.party.role)
                look = Look(party, told.on, told.event_id)
                found[copy.entry.subject].append(LookKept(look, copy.source, copy.index, copy.entry.known))
    return {student: _first_of_each_day(looks) for student, looks in found.items()}


def _first_of_each_day(looks: Iterable[LookKept]) -> list[LookKept]:
    first: dict[tuple[str, date], LookKept] = {}
    for each in sorted(looks, key=lambda each: (each.known_at, each.source, each.index)):
        first.setdefault((each.look.party.id, each.look.on), each)
    return sorted(first.values(), key=lambda each: (each.look.party.id, each.look.on))


def explained_looks(records: Iterable[StudentRecord]) -> dict[UUID, list[UUID]]:
    """Those of whom every look is explained by a role, with who looked: nothing that is kept of them changes."""
    return {
        record.student: sorted({UUID(look.party.id) for look in record.looks}, key=str)
        for record in records
        if not judge(record, UNUSUAL).findings
    }


async def pass_over(
    evidence: Evidence, tenant: str, explained: Mapping[UUID, Collection[UUID]], frontier: Mapping[str, int]
) -> None:
    """Judge nobody for these looks; what is recorded later of those who looked has the student judged anew all the same."""
    async with evidence.database.lend(tenant) as connection, connection.transaction():
        await connection.executemany(_LOOKED, list(explained.items()))
        await connection.execute(_PASSED, list(frontier), list(frontier.values()), list(explained))
