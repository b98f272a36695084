"""A state report's number with the children behind it: judged from the logs, student by student, of those one may see."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import column, select, table

from audit_service.application.judging import BATCH, Judging
from audit_service.domain.indicators import Indicator, Year
from contracts.event import Value
from runtime import sight
from runtime.auth import Principal

_STUDENTS = table("students", column("tenant"), column("student"))


class Child(Value):
    """A child behind a number."""

    student: UUID
    name: str | None = None
    counted: bool
    """Of a share: in the numerator."""
    why: str


class IndicatorLine(Value):
    """One number."""

    line: str
    count: int
    of: int | None = None
    """Of a share: the denominator."""
    percent: str | None = None
    children: tuple[Child, ...]


class IndicatorReport(Value):
    """One indicator of one school year. It helps to fill in a state's form, and does not replace its edit checks."""

    indicator: str
    title: str
    explanation: str
    first_on: date
    last_on: date
    counted_on: date
    as_of: date
    basis: dict[str, int]
    lines: tuple[IndicatorLine, ...]


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Which report."""

    name: str
    indicator: Indicator
    year: Year


async def report(judging: Judging, who: Principal, asked: AskedFor) -> IndicatorReport:
    """Judged from the logs as they are now. A whole district is gone through: seconds for thousands of students."""
    evidence, tenant = judging.evidence, who.tenant
    today = await evidence.judged_on(tenant)
    students = await _concerned(judging, who, asked.indicator.concerns)
    district = await judging.district(tenant)
    found: dict[str, list[tuple[UUID, bool, str]]] = {}
    for start in range(0, len(students), BATCH):
        known = await judging.records(tenant, students[start : start + BATCH], today, district)
        for student, each in known.items():
            for counted in asked.indicator.line(each.record, asked.year):
                found.setdefault(counted.line, []).append((student, counted.counted, counted.why))
    names = await evidence.names(tenant, {str(student) for rows in found.values() for student, _, _ in rows})
    sizes = await evidence.sizes(tenant)
    lines = tuple(
        _line(line, rows, names, share=asked.indicator.share) for line, rows in sorted(found.items())
    )
    return IndicatorReport(
        indicator=asked.name, title=asked.indicator.title, explanation=" ".join((asked.indicator.line.__doc__ or "").split()),
        first_on=asked.year.first, last_on=asked.year.last, counted_on=asked.year.count_on, as_of=today,
        basis={source: size - 1 for source, size in sizes.items() if size}, lines=lines,
    )  # fmt: skip


def _line(
    line: str, rows: list[tuple[UUID, bool, str]], names: dict[str, str], *, share: bool
) -> IndicatorLine:
    count = sum(counted for _, counted, _ in rows)
    children = tuple(
        Child(student=student, name=names.get(str(student)), counted=counted, why=why)
        for student, counted, why in rows
    )
    percent = f"{100 * count / len(rows):.2f}" if share else None
    return IndicatorLine(
        line=line, count=count, of=len(rows) if share else None, percent=percent, children=children
    )


async def _concerned(judging: Judging, who: Principal, types: tuple[str, ...]) -> list[UUID]:
    """Students one may see of whom there is an event of such a type."""
    with_event = await judging.evidence.students_with(who.tenant, types)
    s = _STUDENTS.c
    asked = select(s.student).where(s.tenant == who.tenant)
    async with judging.evidence.database.read(who.tenant) as rows:
        reach = await sight.reach(rows, who)
        if reach is not None:
            asked = asked.where(sight.visible(reach, who.tenant, s.student))
        seen = (await rows.scalars(asked.order_by(s.student))).all()
    return [student for student in seen if student in with_event]
