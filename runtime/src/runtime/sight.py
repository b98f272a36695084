"""Who sees which student: those assigned to them, their school's by role, the district's by role.

The one place where that is decided. Every service keeps the few facts it needs (staff with their roles, assignments,
enrolments) in its own read schema, fed from plan-service's events. Access follows legitimate educational interest
(34 CFR 99.31(a)(1)): it begins and ends with the assignment or the role, on the district's own day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    String,
    TableClause,
    Uuid,
    bindparam,
    column,
    false,
    literal,
    or_,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.district import DistrictProfileSet, StaffAdded, StaffChanged, StaffEnded
from contracts.event import Event, EventClass, Recorded
from contracts.students import AssignmentEnded, StudentAssigned, StudentEnrolled, StudentWithdrawn
from runtime.auth import Principal
from runtime.consumer import Consumer, Unit
from runtime.erasure import rows_of
from runtime.store_schema import TENANT

SCHOOL_ROLES = frozenset({"principal", "site_administrator"})
"""See every student of the school the role is held in."""
DISTRICT_ROLES = frozenset(
    {
        "special_education_director",
        "compliance_officer",
        "district_administrator",
        "records_officer",
        "operator",
    }
)
"""See every student of the district; held in one school only, that school's."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far somebody sees by their roles; assignments come on top."""

    today: date
    staff: UUID
    district: bool = False
    schools: frozenset[UUID] = frozenset()
    works_here: bool = True

    @property
    def everybody(self) -> bool:
        """Whether nobody of the district has to be left out."""
        return self.works_here and self.district


@dataclass(frozen=True, slots=True)
class Held:
    """A role somebody holds today."""

    role: str
    school: UUID | None


def reach_of(staff: UUID, today: date, roles: Iterable[Held], *, works_here: bool) -> Reach:
    """What these roles show. A school's role without its school shows nothing: better too little than a whole district."""
    if not works_here:
        return Reach(today, staff, works_here=False)
    held = list(roles)
    return Reach(
        today,
        staff,
        district=any(h.role in DISTRICT_ROLES and h.school is None for h in held),
        schools=frozenset(
            h.school for h in held if h.school is not None and h.role in SCHOOL_ROLES | DISTRICT_ROLES
        ),
    )


def sees(reach: Reach, *, assigned: bool, school: UUID | None) -> bool:
    """Whether this reach takes in a student who is, or is not, assigned and attends ``school``."""
    return reach.works_here and (
        reach.district or assigned or (school is not None and school in reach.schools)
    )


def _table(name: str, *columns: str) -> TableClause:
    return table(name, *(column(each) for each in ("tenant", *columns)))


STAFF = _table("sight_staff", "staff", "version", "gone_on")
ROLES = _table("sight_roles", "staff", "place", "role", "school", "starts_on", "ends_on")
ASSIGNMENTS = _table("sight_assignments", "assignment", "student", "staff", "starts_on", "ends_on")
ENROLMENTS = _table("sight_enrolments", "student", "version", "starts_on", "school", "attends")
DISTRICTS = _table("sight_districts", "time_zone")
TABLES = ("sight_staff", "sight_roles", "sight_assignments", "sight_enrolments", "sight_districts")


def sight_1(service: str) -> list[str]:
    """The statements (run as ``<svc>_owner`` in a migration) that make the tables. Never changed once released."""
    s = f"{service}_read"
    keys = {"sight_staff": "staff", "sight_roles": "staff, place", "sight_assignments": "assignment",
            "sight_enrolments": "student, version", "sight_districts": ""}  # fmt: skip
    columns = {
        "sight_staff": "staff uuid NOT NULL, version bigint NOT NULL, gone_on date",
        "sight_roles": "staff uuid NOT NULL, place smallint NOT NULL, role text NOT NULL, school uuid,"
                       " starts_on date NOT NULL, ends_on date",
        "sight_assignments": "assignment uuid NOT NULL, student uuid NOT NULL, staff uuid NOT NULL,"
                             " starts_on date NOT NULL, ends_on date",
        "sight_enrolments": "student uuid NOT NULL, version bigint NOT NULL, starts_on date NOT NULL,"
                            " school uuid NOT NULL, attends boolean NOT NULL",
        "sight_districts": "time_zone text NOT NULL",
    }  # fmt: skip
    statements = [f"SET LOCAL ROLE {service}_app"]
    for name in TABLES:
        key = ", ".join(filter(None, ("tenant", keys[name])))
        statements.append(f"""
            CREATE TABLE {s}.{name} (tenant text NOT NULL, {columns[name]}, PRIMARY KEY ({key}));
            ALTER TABLE {s}.{name} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {s}.{name} FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON {s}.{name} TO {service}_app USING (tenant = {TENANT}) WITH CHECK (tenant = {TENANT})
        """)
    statements += [
        f"CREATE INDEX sight_assignments_staff ON {s}.sight_assignments (tenant, staff)",
        f"CREATE INDEX sight_enrolments_school ON {s}.sight_enrolments (tenant, school)",
        "RESET ROLE",
    ]
    return statements


_ROLES_TODAY = text(
    """SELECT day.today, s.staff, s.gone_on, r.role, r.school
         FROM (SELECT timezone(coalesce((SELECT time_zone FROM sight_districts WHERE tenant = :tenant), 'UTC'),
                               now_for(:tenant))::date) AS day (today)
         LEFT JOIN sight_staff s ON s.tenant = :tenant AND s.staff = :staff
         LEFT JOIN sight_roles r ON r.tenant = s.tenant AND r.staff = s.staff AND r.starts_on <= day.today
                                AND (r.ends_on IS NULL OR r.ends_on >= day.today)"""
).bindparams(bindparam("tenant", type_=String), bindparam("staff", type_=Uuid))
"""Asked with nearly every request of a person, so in one statement. The tenant's own time: a sandbox has a clock of its own."""


async def reach(rows: AsyncConnection, principal: Principal) -> Reach | None:
    """How far somebody sees today; ``None`` for a client, which sees its tenant within its scopes."""
    if not principal.is_person:
        return None
    staff = _uuid(principal.id)
    if staff is None:
        return Reach(date.min, UUID(int=0), works_here=False)
    known = (await rows.execute(_ROLES_TODAY, {"tenant": principal.tenant, "staff": staff})).all()
    today: date | None = known[0].today
    if today is None:
        return Reach(date.min, UUID(int=0), works_here=False)
    works_here = known[0].staff is not None and (known[0].gone_on is None or known[0].gone_on > today)
    held = [Held(row.role, row.school) for row in known if row.role is not None]
    return reach_of(staff, today, held, works_here=works_here)


def visible(reach: Reach, tenant: str, student: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that leaves of a list what this reach shows: `sees`, for many students at once."""
    if not reach.works_here:
        return false()
    if reach.district:
        return true()
    today = reach.today
    assigned = select(ASSIGNMENTS.c.student).where(
        ASSIGNMENTS.c.tenant == tenant, ASSIGNMENTS.c.staff == reach.staff, ASSIGNMENTS.c.starts_on <= today,
        or_(ASSIGNMENTS.c.ends_on.is_(None), ASSIGNMENTS.c.ends_on >= today),
    )  # fmt: skip
    if not reach.schools:
        return student.in_(assigned)
    return or_(student.in_(assigned), student.in_(_attending(tenant, reach.schools, today)))


def _attending(tenant: str, schools: frozenset[UUID], today: date) -> Any:
    """Students whose latest enrolment is in one of the schools, unless they have left it since."""
    ever = ENROLMENTS.alias("ever")
    candidates = select(ever.c.student).where(ever.c.tenant == tenant, ever.c.school.in_(schools))
    latest = (
        select(ENROLMENTS.c.student, ENROLMENTS.c.school, ENROLMENTS.c.starts_on, ENROLMENTS.c.version)
        .distinct(ENROLMENTS.c.student)
        .where(ENROLMENTS.c.tenant == tenant, ENROLMENTS.c.attends, ENROLMENTS.c.starts_on <= today,
               ENROLMENTS.c.student.in_(candidates))
        .order_by(ENROLMENTS.c.student, ENROLMENTS.c.starts_on.desc(), ENROLMENTS.c.version.desc())
        .subquery("latest")
    )  # fmt: skip
    left = ENROLMENTS.alias("left_school")
    has_left = select(literal(1)).where(
        left.c.tenant == tenant, left.c.student == latest.c.student, left.c.school == latest.c.school,
        left.c.attends.is_(False), left.c.starts_on <= today, left.c.starts_on >= latest.c.starts_on,
        left.c.version > latest.c.version,
    ).exists()  # fmt: skip
    return select(latest.c.student).where(latest.c.school.in_(schools), ~has_left)


async def may_see(rows: AsyncConnection, principal: Principal, student: UUID) -> bool:
    """Whether the caller sees this student; a client sees every student of its tenant."""
    how_far = await reach(rows, principal)
    if how_far is None or how_far.everybody:
        return True
    return bool(await rows.scalar(select(visible(how_far, principal.tenant, literal(student)))))


async def sight(recorded: Recorded[Event], rows: AsyncConnection) -> None:
    """Keep the facts by which sight is decided."""
    tenant, version, on = recorded.tenant, recorded.version, recorded.effective_on
    match recorded.event:
        case StaffAdded() | StaffChanged() as staff:
            comes_back = {"gone_on": None} if isinstance(staff, StaffAdded) else {}
            await _put(rows, STAFF, ("tenant", "staff"), tenant=tenant, staff=staff.staff_id, version=version,
                       **comes_back)  # fmt: skip
            await rows.execute(text("DELETE FROM sight_roles WHERE tenant = :tenant AND staff = :staff"),
                               {"tenant": tenant, "staff": staff.staff_id})  # fmt: skip
            for place, held in enumerate(staff.roles):
                await _put(rows, ROLES, ("tenant", "staff", "place"), tenant=tenant, staff=staff.staff_id, place=place,
                           role=held.role, school=held.school_id, starts_on=held.starts_on, ends_on=held.ends_on)  # fmt: skip
        case StaffEnded() as staff:
            await _put(
                rows,
                STAFF,
                ("tenant", "staff"),
                tenant=tenant,
                staff=staff.staff_id,
                version=version,
                gone_on=on,
            )
        case StudentAssigned() as given:
            await _put(rows, ASSIGNMENTS, ("tenant", "assignment"), tenant=tenant, assignment=given.assignment_id,
                       student=given.student_id, staff=given.staff_id, starts_on=on, ends_on=given.ends_on)  # fmt: skip
        case AssignmentEnded() as ended:
            await rows.execute(
                text("UPDATE sight_assignments SET ends_on = least(ends_on, :last)"
                     " WHERE tenant = :tenant AND assignment = :assignment"),
                {"last": on - timedelta(days=1), "tenant": tenant, "assignment": ended.assignment_id},
            )  # fmt: skip
        case StudentEnrolled() | StudentWithdrawn() as moved:
            await _put(rows, ENROLMENTS, ("tenant", "student", "version"), tenant=tenant, student=moved.student_id,
                       version=version, starts_on=on, school=moved.school_id,
                       attends=isinstance(moved, StudentEnrolled))  # fmt: skip
        case DistrictProfileSet() as profile:
            await _put(rows, DISTRICTS, ("tenant",), tenant=tenant, time_zone=profile.time_zone)


async def _put(rows: AsyncConnection, into: TableClause, key: tuple[str, ...], **values: Any) -> None:
    await rows.execute(_putting(into, key, tuple(values)), values)


@cache
def _putting(into: TableClause, key: tuple[str, ...], names: tuple[str, ...]) -> Insert:
    statement = insert(into).values({name: bindparam(name) for name in names})
    changed = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=changed)


def _uuid(text_: str) -> UUID | None:
    try:
        return UUID(text_)
    except ValueError:
        return None


SIGHT_TYPES = frozenset(
    each.type
    for each in (StaffAdded, StaffChanged, StaffEnded, StudentAssigned, AssignmentEnded, StudentEnrolled,
                 StudentWithdrawn, DistrictProfileSet)
)  # fmt: skip


async def _handle(recorded: Recorded[Event], unit: Unit) -> None:
    await sight(recorded, unit.rows)


_FORGET = rows_of(
    sight_assignments=("student", EventClass.RECORD), sight_enrolments=("student", EventClass.RECORD)
)
SIGHT = Consumer(
    "sight", ("plan",), handle=_handle, projection=True, tables=TABLES, types=SIGHT_TYPES, erase=_FORGET
)
"""Every service runs it."""
