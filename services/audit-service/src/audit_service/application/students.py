"""Finding a student by the beginning of a name or by another system's number: only those the caller may see."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, any_, bindparam, cast, column, literal, select, table

from audit_service.application.evidence import Evidence
from audit_service.domain.names import words_of
from contracts.event import Value
from runtime import sight
from runtime.auth import Principal
from runtime.database import Database
from runtime.entry import Entry

_STUDENTS = table(
    "students",
    *(column(name) for name in ("tenant", "student", "name", "sort_name", "birth_date", "school", "grade", "external_ids")),
)  # fmt: skip
_WORDS = table("student_words", column("tenant"), column("student"), column("word"))
_PLANS = table("plans", column("tenant"), column("plan"), column("student"), column("kind"))
_PEOPLE = table("people", column("tenant"), column("id"), column("name"))


class PlanFound(Value):
    """A plan of a student."""

    id: UUID
    kind: str


async def student_about(evidence: Evidence, tenant: str, entry: Entry) -> UUID | None:
    """Whose record an entry is of; ``None``: no student's. A destruction stands under the tenant's own subject."""
    kind, _, id_ = entry.stream.partition("/")
    if kind == "destruction":
        asked = await evidence.shown(tenant, kind)
        return next((UUID(each["student"]) for each in asked if str(each["id"]) == id_), None)
    known = await evidence.students_among(tenant, {entry.subject})
    return entry.subject if known or await evidence.destroyed_on(tenant, entry.subject) else None


class StudentNoMore(Value):
    """A student as pages show them whose name was lawfully destroyed."""

    id: UUID
    name: str = "A student whose name was lawfully destroyed"
    birth_date: date | None = None
    school: str | None = None
    plans: tuple[PlanFound, ...] = ()


class StudentFound(Value):
    """A student, as much as it takes to tell them from another."""

    id: UUID
    name: str
    birth_date: date
    school: str | None = None
    grade: str | None = None
    external_ids: tuple[str, ...] = ()
    plans: tuple[PlanFound, ...] = ()


async def find_students(
    database: Database, who: Principal, *, name: str | None = None, external_id: str | None = None,
    student: UUID | None = None, limit: int = 25,
) -> list[StudentFound]:  # fmt: skip
    """By every word of ``name`` as the beginning of one of theirs; in the order of family names."""
    s = _STUDENTS.c
    wanted = select(s.student, s.name, s.birth_date, s.grade, s.external_ids, _PEOPLE.c.name.label("school")).select_from(
        _STUDENTS.outerjoin(_PEOPLE, and_(_PEOPLE.c.tenant == s.tenant, _PEOPLE.c.id == cast(s.school, Text)))
    ).where(s.tenant == who.tenant)  # fmt: skip
    for word in words_of(name or ""):
        beginning = word.replace("\\", "").replace("%", "").replace("_", "") + "%"
        wanted = wanted.where(
            s.student.in_(
                select(_WORDS.c.student).where(_WORDS.c.tenant == who.tenant, _WORDS.c.word.like(beginning))
            )
        )
    if external_id is not None:
        wanted = wanted.where(bindparam("external_id", external_id) == any_(s.external_ids))
    if student is not None:
        wanted = wanted.where(s.student == student)
    async with database.begin(who.tenant) as rows:
        reach = await sight.reach(rows, who)
        if reach is not None:
            wanted = wanted.where(sight.visible(reach, who.tenant, s.student))
        found = (await rows.execute(wanted.order_by(s.sort_name, s.student).limit(literal(limit)))).all()
        plans = await rows.execute(
            select(_PLANS.c.student, _PLANS.c.plan, _PLANS.c.kind)
            .where(_PLANS.c.tenant == who.tenant, _PLANS.c.student.in_([row.student for row in found]))
            .order_by(_PLANS.c.kind, _PLANS.c.plan)
        )
        of: dict[UUID, list[Any]] = {}
        for row in plans:
            of.setdefault(row.student, []).append({"id": row.plan, "kind": row.kind})
    return [
        StudentFound.model_validate(
            {"id": row.student, "name": row.name, "birth_date": row.birth_date, "school": row.school, "grade": row.grade,
             "external_ids": tuple(row.external_ids), "plans": tuple(of.get(row.student, ()))}
        )
        for row in found
    ]  # fmt: skip
