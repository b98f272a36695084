"""Who of the staff looked at a student's record on which days, without opening every event of the record of access again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit_service.application.evidence import Evidence, json_of
from audit_service.domain.unusual_access import Look
from contracts.event import Actor

_LOOKS = """
    SELECT DISTINCT ON (l.student, l.staff, l.looked_on)
           l.student, l.staff, l.role, l.looked_on, c.event_id, c.source, c.index, c.known_at
      FROM audit_read.staff_looks l
      JOIN audit.copies c ON c.tenant = l.tenant AND c.event_id = l.event_id
      JOIN audit.frontier f ON f.source = c.source AND c.position < f.next
     WHERE l.tenant = current_setting('handrail.tenant') AND l.student = ANY ($1)
       AND ($2::timestamptz IS NULL OR c.known_at <= $2)
       AND ($3::jsonb IS NULL OR c.index <= coalesce(($3::jsonb ->> c.source)::bigint, -1))
     ORDER BY l.student, l.staff, l.looked_on, c.known_at, c.source, c.index"""


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
    """Of each student, as known: the first look of each of the staff on each day."""
    async with evidence.database.lend(tenant) as connection:
        rows = await connection.fetch(_LOOKS, list(students), known_at, json_of(basis))
    found: dict[UUID, list[LookKept]] = {student: [] for student in students}
    for row in rows:
        look = Look(Actor(id=str(row["staff"]), role=row["role"]), row["looked_on"], row["event_id"])
        found[row["student"]].append(LookKept(look, row["source"], row["index"], row["known_at"]))
    return found
