"""Asking for findings: as they stand today from what is kept; of another (D, K) judged from the logs themselves."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import Field
from sqlalchemy import ColumnElement, bindparam, column, func, literal, select, table, tuple_
from sqlalchemy import Date as DATE

from audit_service.application.judging import BATCH, Judging
from audit_service.domain.findings.engine import own_rules
from audit_service.domain.findings.finding import Finding, State, ids_in
from audit_service.domain.moment import Moment
from contracts.canonical import Instant
from contracts.event import Value
from contracts.rule_profile import RuleSetNotShipped, resolve
from contracts.shipped_profiles import shipped_profiles
from runtime import sight
from runtime.auth import Principal

_FINDINGS = table(
    "findings",
    *(column(name) for name in ("tenant", "student", "rule", "about", "state", "severity", "says", "trigger_on", "due_on",
                                "done_on", "facts", "events", "cure", "rules", "plan", "item", "wakes_on")),
)  # fmt: skip
_OF = table("finding_students", column("tenant"), column("student"), column("case_managers"))
_STUDENTS = table("students", column("tenant"), column("student"), column("school"))
FAR = date.max
MOST_STUDENTS = 200
"""Of another day at most so many students are judged for one page."""


class FindingTold(Value):
    """One finding as it is read."""

    student: UUID
    student_name: str | None = None
    rule: str
    cite: str | None = None
    about: str
    """The same for the same duty whenever it is asked about."""
    state: State
    severity: Literal["H", "M", "L"]
    says: str
    """The sentence, with names, as of the day."""
    practice: bool = False
    """Practice, not law."""
    trigger_on: date
    due_on: date | None = None
    done_on: date | None = None
    days_late: int | None = None
    facts: dict[str, str] = Field(default_factory=dict)
    events: tuple[UUID, ...] = ()
    cure: str | None = None
    rules: str
    plan: UUID | None = None
    item: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the findings is asked for; all of it must fit."""

    student: UUID | None = None
    school: UUID | None = None
    rule: str | None = None
    states: tuple[State, ...] = ()
    case_manager: UUID | None = None
    due_before: date | None = None

    def fits(self, finding: Finding) -> bool:
        """Whether a finding that was judged is one of these; whose it is was looked at before."""
        return (
            self.rule in (None, finding.rule)
            and (not self.states or finding.state in self.states)
            and (self.due_before is None or (finding.due_on is not None and finding.due_on < self.due_before))
        )


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """A page in the order of due days."""

    on: date
    known_at: Instant | None
    basis: dict[str, int]
    items: tuple[FindingTold, ...]
    next: list[Any] | None
    waiting: int = 0
    """So many students are still to be judged anew."""


async def findings_today(
    judging: Judging, who: Principal, wanted: Wanted, *, after: Sequence[Any] | None, limit: int
) -> FindingsPage:
    """From what is kept, of the students the caller may see."""
    evidence = judging.evidence
    today = await evidence.judged_on(who.tenant)
    waiting = await judging.settled(who.tenant, seconds=2.0)
    f = _FINDINGS.c
    due = func.coalesce(f.due_on, literal(FAR, DATE))
    asked = select(_FINDINGS).where(f.tenant == who.tenant, *_conditions(who.tenant, wanted))
    if after is not None:
        asked = asked.where(
            tuple_(due, f.student, f.rule, f.about)
            > tuple_(literal(date.fromisoformat(after[0]), DATE), literal(UUID(after[1])), literal(after[2]), literal(after[3]))
        )  # fmt: skip
    async with evidence.database.read(who.tenant) as rows:
        reach = await sight.reach(rows, who)
        if reach is not None:
            asked = asked.where(sight.visible(reach, who.tenant, f.student))
        found = (await rows.execute(asked.order_by(due, f.student, f.rule, f.about).limit(limit + 1))).all()
    read = [(row.student, _read(row)) for row in found[:limit]]
    extents = {
        source: following - 1 for source, following in (await evidence.sizes(who.tenant)).items() if following
    }
    last = found[limit - 1] if len(found) > limit else None
    return FindingsPage(
        today, None, extents, await tell(judging, who.tenant, read, today),
        [(last.due_on or FAR).isoformat(), str(last.student), last.rule, last.about] if last is not None else None, waiting,
    )  # fmt: skip


def _conditions(tenant: str, wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    f = _FINDINGS.c
    if wanted.student is not None:
        yield f.student == wanted.student
    if wanted.rule is not None:
        yield f.rule == wanted.rule
    if wanted.states:
        yield f.state.in_([state.value for state in wanted.states])
    if wanted.due_before is not None:
        yield f.due_on < wanted.due_before
    yield from whose(tenant, f.student, wanted)


def whose(tenant: str, student: ColumnElement[Any], wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    """The conditions on a student."""
    if wanted.school is not None:
        yield student.in_(
            select(_STUDENTS.c.student).where(
                _STUDENTS.c.tenant == tenant, _STUDENTS.c.school == wanted.school
            )
        )
    if wanted.case_manager is not None:
        yield student.in_(
            select(_OF.c.student).where(
                _OF.c.tenant == tenant, bindparam("case_manager", wanted.case_manager) == func.any(_OF.c.case_managers)
            )
        )  # fmt: skip


def _read(row: Any) -> Finding:
    facts = msgspec.json.decode(row.facts) if isinstance(row.facts, str | bytes) else row.facts
    said = {name: getattr(row, name) for name in Finding.model_fields if name not in ("facts", "events")}
    return Finding.model_validate({**said, "facts": facts, "events": tuple(row.events)})


async def findings_at(
    judging: Judging,
    who: Principal,
    wanted: Wanted,
    moment: Moment,
    *,
    after: Sequence[Any] | None,
    limit: int,
) -> FindingsPage:
    """Judged from the logs as they were known: of one student, or of those the caller may see, student by student."""
    tenant = who.tenant
    basis = dict(moment.basis) if moment.basis is not None else None
    students = [wanted.student] if wanted.student else await _visible(judging, who, wanted, after)
    district = await judging.district(tenant, known_at=moment.known_at, basis=basis)
    items: list[tuple[UUID, Finding]] = []
    reached: dict[str, int] = {}
    known_at: datetime | None = None
    following: list[Any] | None = None
    for start in range(0, len(students), BATCH):
        batch = students[start : start + BATCH]
        known = await judging.records(
            tenant, batch, moment.effective_on, district, known_at=moment.known_at, basis=basis
        )
        for student in batch:
            of = known[student]
            judged = sorted(of.judged(wanted.rule).findings, key=partial(_place, student))
            fitting = [finding for finding in judged if wanted.fits(finding)]
            if after is not None and len(after) > 2 and str(student) == after[1]:
                fitting = [each for each in fitting if _place(student, each) > list(after)]
            room = limit - len(items)
            items += [(student, finding) for finding in fitting[:room]]
            for source, index in of.basis.items():
                reached[source] = max(reached.get(source, -1), index)
            known_at = max(filter(None, (known_at, of.known_at)), default=None)
            if len(fitting) > room:
                following = _place(student, fitting[room - 1]) if room else [str(student)]
                break
        if following is not None:
            break
    if following is None and wanted.student is None and len(students) == MOST_STUDENTS:
        following = [str(students[-1]), "after"]
    told = await tell(judging, tenant, items, moment.effective_on)
    return FindingsPage(
        moment.effective_on, known_at, basis if basis is not None else reached, told, following
    )


def _place(student: UUID, finding: Finding) -> list[str]:
    """Where it stands among its student's, as a page goes on behind it."""
    return [(finding.due_on or FAR).isoformat(), str(student), finding.rule, finding.about]


async def _visible(
    judging: Judging, who: Principal, wanted: Wanted, after: Sequence[Any] | None
) -> list[UUID]:
    s = _STUDENTS.c
    asked = select(s.student).where(s.tenant == who.tenant, *whose(who.tenant, s.student, wanted))
    if after is not None:
        begin = literal(UUID(after[1] if len(after) > 2 else after[0]))
        asked = asked.where(s.student > begin if after[1:] == ["after"] else s.student >= begin)
    async with judging.evidence.database.read(who.tenant) as rows:
        reach = await sight.reach(rows, who)
        if reach is not None:
            asked = asked.where(sight.visible(reach, who.tenant, s.student))
        return list((await rows.scalars(asked.order_by(s.student).limit(MOST_STUDENTS))).all())


async def tell(
    judging: Judging, tenant: str, findings: Sequence[tuple[UUID, Finding]], today: date
) -> tuple[FindingTold, ...]:
    """Findings with names and the days late as of ``today``."""
    ids = {str(id_) for _, finding in findings for id_ in ids_in(finding.says)}
    names = await judging.evidence.names(tenant, ids | {str(student) for student, _ in findings})
    cites = _Cites()
    return tuple(_told(student, finding, today, names, cites) for student, finding in findings)


class _Cites:
    """What a finding's rule cites, by the rule set that was in force."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, date], Any] = {}

    def of(self, finding: Finding) -> str | None:
        """34 CFR 300.323(c)(1)."""
        if (own := own_rules().get(finding.rule)) is not None:
            return own.cite
        key = finding.rules, finding.trigger_on
        if key not in self._known:
            try:
                self._known[key] = resolve(*key, shipped_profiles())
            except RuleSetNotShipped:
                self._known[key] = None
        rules = self._known[key]
        cite: str | None = rules.rule(finding.rule).cite if rules else None
        return cite


def _told(
    student: UUID, finding: Finding, today: date, names: Mapping[str, str], cites: _Cites
) -> FindingTold:
    return FindingTold(
        student=student, student_name=names.get(str(student)), rule=finding.rule, cite=cites.of(finding),
        about=finding.about, state=finding.state, severity=finding.severity, says=finding.told(today, names),
        practice=finding.severity == "L", trigger_on=finding.trigger_on, due_on=finding.due_on, done_on=finding.done_on,
        days_late=finding.days_late(today), facts=dict(finding.facts), events=finding.events, cure=finding.cure,
        rules=finding.rules, plan=finding.plan, item=finding.item,
    )  # fmt: skip


def students_of(items: Collection[FindingTold]) -> list[UUID]:
    """Whose findings these are."""
    return list(dict.fromkeys(item.student for item in items))
