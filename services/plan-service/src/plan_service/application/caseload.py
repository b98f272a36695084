"""The plans somebody answers for, a page at a time: what is drafted, in force or due, and what each draft still lacks.

One statement for a page, whatever its length: plan, student, draft and case managers come together.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Date, Text, case, cast, column, func, literal, or_, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.event import Json
from contracts.vocabulary import PlanKind
from runtime import resources
from runtime.paging import Listing
from runtime.resources import RESOURCES
from runtime.sight import Reach, visible

CASE_MANAGER = "case_manager"
"""Of the code list ``staff_role``."""

_PAPERS = table(
    "working_papers",
    *(column(name) for name in ("tenant", "id", "kind", "version", "updated_at", "lacking", "sealed")),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which plans: of a case manager, of one kind, to be reviewed before a day, with gaps in an open draft."""

    case_manager: UUID | None = None
    kind: PlanKind | None = None
    review_due_before: date | None = None
    lacking: bool | None = None

    def fields(self) -> dict[str, str | None]:
        """As they stand in the list's address."""
        said = {
            "case_manager": self.case_manager,
            "kind": self.kind.value if self.kind else None,
            "review_due_before": self.review_due_before,
            "lacking": None if self.lacking is None else str(self.lacking).lower(),
        }
        return {name: None if value is None else str(value) for name, value in said.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """One plan of a caseload."""

    plan: UUID
    student: UUID
    fields: Json


def list_name(tenant: str, wanted: Wanted) -> str:
    """What a cursor of this list belongs to."""
    return resources.list_name(tenant, "caseload", wanted.fields())


async def caseload(
    rows: AsyncConnection, tenant: str, wanted: Wanted, listing: Listing, today: date, reach: Reach | None
) -> tuple[list[Line], UUID | None]:
    """A page in the order of the plans' ids, and the last id when there is more behind it.

    ``reach`` limits it to the students somebody may see.
    """
    plan, student, of_student = RESOURCES.alias("plan"), RESOURCES.alias("student"), RESOURCES.alias("given")
    document, given = plan.c.document, of_student.c.document
    managing = (*managing_on(of_student, tenant, today), of_student.c.student == plan.c.student)
    managers = select(func.array_agg(given.op("->>")("staff"))).where(*managing).scalar_subquery()
    asked = (
        select(
            plan.c.id, plan.c.student, cast(document, Text).label("plan"),
            cast(student.c.document, Text).label("who"), _PAPERS.c.version.label("draft"), _PAPERS.c.updated_at,
            cast(_PAPERS.c.lacking, Text).label("lacking"), managers.label("managers"),
        )
        .select_from(
            plan.join(student, (student.c.tenant == plan.c.tenant) & (student.c.kind == "student")
                      & (student.c.id == plan.c.student))
            .outerjoin(_PAPERS, (_PAPERS.c.tenant == plan.c.tenant) & (_PAPERS.c.id == plan.c.id)
                       & (_PAPERS.c.kind == "draft") & _PAPERS.c.sealed.is_not(None))
        )
        .where(plan.c.tenant == tenant, plan.c.kind == "plan", document.op("->>")("void").is_(None))
    )  # fmt: skip
    if wanted.case_manager is not None:
        theirs = given.op("->>")("staff") == str(wanted.case_manager)
        asked = asked.where(select(literal(1)).where(*managing, theirs).exists())
    if wanted.kind is not None:
        asked = asked.where(document.op("->>")("kind") == wanted.kind.value)
    if wanted.review_due_before is not None:
        due = cast(document.op("->>")("review_due_on"), Date)
        asked = asked.where(due < wanted.review_due_before)
    if wanted.lacking is not None:
        gaps = case((_PAPERS.c.lacking.is_(None), 0), else_=func.jsonb_array_length(_PAPERS.c.lacking))
        asked = asked.where(gaps > 0 if wanted.lacking else gaps == 0)
    if listing.student is not None:
        asked = asked.where(plan.c.student == listing.student)
    if listing.external_id is not None:
        asked = asked.where(plan.c.external_id == listing.external_id)
    if listing.updated_after is not None:
        asked = asked.where(func.greatest(plan.c.updated_at, _PAPERS.c.updated_at) > listing.updated_after)
    if reach is not None:
        asked = asked.where(visible(reach, tenant, plan.c.student))
    if (after := listing.after(list_name(tenant, wanted))) is not None:
        asked = asked.where(plan.c.id > after)
    found = (await rows.execute(asked.order_by(plan.c.id).limit(listing.limit + 1))).all()
    lines = [Line(row.id, row.student, _line(row, today)) for row in found[: listing.limit]]
    return lines, lines[-1].plan if len(found) > listing.limit else None


def managing_on(given: Any, tenant: str, today: date) -> tuple[ColumnElement[bool], ...]:
    """The conditions that leave of ``given``, an alias of the resources, the assignments of case managers today."""
    said, day = given.c.document, literal(today)
    return (
        given.c.tenant == tenant, given.c.kind == "assignment", said.op("->>")("role") == CASE_MANAGER,
        cast(said.op("->>")("from"), Date) <= day,
        or_(said.op("->>")("until").is_(None), cast(said.op("->>")("until"), Date) >= day),
    )  # fmt: skip


def _line(row: Any, today: date) -> Json:
    plan, who = msgspec.json.decode(row.plan), msgspec.json.decode(row.who)
    names = ("given_name", "family_name", "preferred_given_name", "preferred_family_name", "grade", "school")
    return {
        "plan": str(row.id),
        "student": {"id": str(row.student), **{name: who[name] for name in names if who.get(name)}},
        "kind": plan["kind"],
        "state": state_of(plan, today),
        **({"review_due_on": plan["review_due_on"]} if plan.get("review_due_on") else {}),
        "pending_amendments": plan["pending_amendments"],
        "case_managers": sorted(row.managers or ()),
        **({"draft": _draft(row.draft, row.updated_at, row.lacking)} if row.draft is not None else {}),
    }


def _draft(version: int, saved_at: datetime, lacking: str | None) -> Json:
    gaps = msgspec.json.decode(lacking) if lacking is not None else None
    known = {} if gaps is None else {"lacking": [{k: v for k, v in gap.items() if v} for gap in gaps]}
    return {"version": version, "saved_at": saved_at.isoformat(), **known}


def state_of(plan: Json, today: date) -> str:
    """Whether the plan binds on ``today``; of one that does not: not yet, or no longer, or it was never adopted."""
    begun = [binding for binding in plan["bindings"] if binding["starts_on"] <= today.isoformat()]
    if begun:
        # Of one day the later record holds, whatever was recorded after it of an earlier one: as `Plan.in_effect_on`.
        _, holds = max(enumerate(begun), key=lambda each: (each[1]["starts_on"], each[0]))
        return "in_force" if holds["binds"] else "ended"
    return "adopted" if plan["bindings"] else "draft"
