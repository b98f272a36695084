"""Plans beside the plans around them: who has the same set as most of their peers (the measure: `domain.individual`).

One statement brings all that is compared, of a district or of one author: plan, student, latest eligibility, case
manager, texts. What is compared is everybody's; what is shown is only of students whom the caller may see.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, Text, and_, cast, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.event import Json
from contracts.individual import (
    SameSet,
    Sets,
    category_of,
    grade_band,
    in_a_line,
    promised,
    same_as_most,
    section_of,
    sets_of,
)
from contracts.items import AnyItem
from contracts.problems import Reason
from contracts.vocabulary import Law, PlanKind
from plan_service.application.caseload import managing_on, state_of
from plan_service.application.item_texts import KIND, held_on
from runtime.paging import Listing
from runtime.resources import RESOURCES
from runtime.sight import Reach, visible

_NAMES = ("given_name", "middle_name", "family_name", "preferred_given_name", "preferred_family_name")


@dataclass(frozen=True, slots=True)
class Group:
    """Whose plans are compared with each other."""

    category: str
    grade_band: str
    case_manager: UUID


@dataclass(frozen=True, slots=True)
class Placed:
    """A plan with the group it is in, if anything places it in one."""

    plan: UUID
    student: UUID
    kind: PlanKind
    group: Group | None
    names: tuple[str, ...]
    sets: Sets
    in_force: bool
    reason: str | None
    """Why its set is this student's own, as the team said when it was adopted."""
    seen: bool
    """The list may show it: the caller may see the student, and it is what was asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are shown; what is compared stays the same."""

    case_manager: UUID | None = None
    category: str | None = None
    student: UUID | None = None

    def fields(self) -> dict[str, str | None]:
        """As they stand in the list's address."""
        return {
            "case_manager": str(self.case_manager) if self.case_manager else None,
            "category": self.category,
        }

    def takes_in(self, placed: Placed) -> bool:
        """Whether a plan is asked for."""
        group = placed.group
        return (
            group is not None
            and self.case_manager in (None, group.case_manager)
            and self.category in (None, group.category)
            and self.student in (None, placed.student)
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A plan with a set that is that of most of its peers."""

    placed: Placed
    found: Sequence[SameSet]

    def to_json(self) -> Json:
        """As it is answered."""
        group = self.placed.group
        assert group is not None
        return {
            "plan": str(self.placed.plan),
            "student": str(self.placed.student),
            "kind": self.placed.kind.value,
            "group": {
                "category": group.category,
                "grade_band": group.grade_band,
                "case_manager": str(group.case_manager),
                "peers": self.found[0].peers,
            },
            "same": [
                {
                    "section": of.section,
                    "items": of.items,
                    "same": of.same,
                    "nearly": of.nearly,
                    "of": of.peers,
                }
                for of in self.found
            ],
            **({"reason": self.placed.reason} if self.placed.reason else {}),
        }


async def pointed_out(
    rows: AsyncConnection, tenant: str, wanted: Wanted, listing: Listing, of: str, today: date, reach: Reach | None
) -> tuple[list[Line], UUID | None]:  # fmt: skip
    """A page in the order of the plans' ids, and the last id when there is more behind it."""
    placed = await _placed(rows, _asked(tenant, today, listing, reach), today)
    compared = await asyncio.to_thread(_compared, placed)
    lines = [line for line in compared if line.placed.seen and wanted.takes_in(line.placed)]
    after = listing.after(of)
    lines = sorted((line for line in lines if after is None or line.placed.plan > after), key=_plan)
    page = lines[: listing.limit]
    return page, page[-1].placed.plan if len(lines) > listing.limit else None


def _compared(plans: Sequence[Placed]) -> list[Line]:
    """Every plan in force with the set of most of its group."""
    groups: defaultdict[Group, list[Placed]] = defaultdict(list)
    for placed in plans:
        if placed.group is not None and placed.in_force:
            groups[placed.group].append(placed)
    return [
        Line(placed, found)
        for group in groups.values()
        for placed, found in zip(group, same_as_most([each.sets for each in group]), strict=True)
        if found
    ]


async def beside_peers(
    rows: AsyncConnection, tenant: str, plan_id: UUID, items: Sequence[AnyItem], today: date
) -> Reason | None:  # fmt: skip
    """What is said of a draft that would have the set of most of its peers."""
    return in_a_line((await same_as_peers(rows, tenant, plan_id, items, today))[1])


async def same_as_peers(
    rows: AsyncConnection, tenant: str, plan_id: UUID, items: Sequence[AnyItem], today: date
) -> tuple[int, list[SameSet]]:  # fmt: skip
    """How many peers a draft has, and which of its sets are those of most; its plan's text in force is none of them."""
    around = await _placed(rows, _beside(tenant, today, plan_id), today)
    mine = next((placed for placed in around if placed.plan == plan_id), None)
    if mine is None or mine.group is None:
        return 0, []
    said = [(section, promised(item)) for item in items if (section := section_of(item)) is not None]
    peers = [
        each.sets for each in around if each.in_force and each.group == mine.group and each.plan != plan_id
    ]
    return len(peers), same_as_most([sets_of(said, mine.names), *peers])[0]


def _plan(line: Line) -> UUID:
    return line.placed.plan


_PLAN, _STUDENT = RESOURCES.alias("plan"), RESOURCES.alias("student")


def _asked(tenant: str, today: date, listing: Listing, reach: Reach | None) -> Select[Any]:
    """Every plan that was ever adopted; ``seen`` are those that the list may show."""
    seen = true() if reach is None else visible(reach, tenant, _PLAN.c.student)
    if listing.external_id is not None:
        seen = and_(seen, func.coalesce(_PLAN.c.external_id == listing.external_id, false()))
    if listing.updated_after is not None:
        seen = and_(seen, _PLAN.c.updated_at > listing.updated_after)
    return _columns(tenant, today, seen).where(
        func.json_array_length(_PLAN.c.document.op("->")("bindings")) > 0
    )


def _beside(tenant: str, today: date, plan_id: UUID) -> Select[Any]:
    """The plan, and those of the same author."""
    own = RESOURCES.alias("own")
    whose = select(own.c.student).where(own.c.tenant == tenant, own.c.kind == "plan", own.c.id == plan_id)
    author = _manager(tenant, today, whose.scalar_subquery())
    return _columns(tenant, today, true()).where(
        or_(_PLAN.c.id == plan_id, _PLAN.c.student.in_(_managed(tenant, today, author)))
    )


def _columns(tenant: str, today: date, seen: ColumnElement[bool]) -> Select[Any]:
    eligible, said = RESOURCES.alias("eligible"), RESOURCES.alias("said")
    found = eligible.c.document.op("->")("determination")
    categories = (
        select(cast(found.op("->")("categories"), Text))
        .where(eligible.c.tenant == tenant, eligible.c.student == _PLAN.c.student, eligible.c.kind == "eligibility",
               found.op("->>")("law") == Law.IDEA.value, found.op("->>")("eligible") == "true")
        .order_by(eligible.c.document.op("->>")("determined_on").desc(), eligible.c.id.desc()).limit(1)
        .scalar_subquery()
    )  # fmt: skip
    text = func.json_build_array(said.c.version, said.c.document)
    texts = (
        select(cast(func.json_agg(text), Text))
        .where(said.c.tenant == tenant, said.c.student == _PLAN.c.student, said.c.kind == KIND,
               said.c.document.op("->>")("plan") == cast(_PLAN.c.id, Text))
        .scalar_subquery()
    )  # fmt: skip
    return (
        select(
            _PLAN.c.id, _PLAN.c.student, cast(_PLAN.c.document, Text).label("plan"),
            cast(_STUDENT.c.document, Text).label("who"), categories.label("categories"),
            _manager(tenant, today, _PLAN.c.student).label("manager"), texts.label("texts"), seen.label("seen"),
        )
        .select_from(
            _PLAN.join(_STUDENT, (_STUDENT.c.tenant == _PLAN.c.tenant) & (_STUDENT.c.kind == "student")
                       & (_STUDENT.c.id == _PLAN.c.student))
        )
        .where(_PLAN.c.tenant == tenant, _PLAN.c.kind == "plan", _PLAN.c.document.op("->>")("void").is_(None))
        .order_by(_PLAN.c.id)
    )  # fmt: skip


def _manager(tenant: str, today: date, student: Any) -> Any:
    """The student's case manager today; of several the one assigned last."""
    given = RESOURCES.alias("given")
    said = given.c.document
    return (
        select(said.op("->>")("staff"))
        .where(*managing_on(given, tenant, today), given.c.student == student)
        .order_by(said.op("->>")("from").desc(), given.c.id.desc()).limit(1)
        .scalar_subquery()
    )  # fmt: skip


def _managed(tenant: str, today: date, staff: Any) -> Select[Any]:
    """Students whose case manager somebody is today."""
    given = RESOURCES.alias("managed")
    return select(given.c.student).where(
        *managing_on(given, tenant, today), given.c.document.op("->>")("staff") == staff
    )


async def _placed(rows: AsyncConnection, asked: Select[Any], today: date) -> list[Placed]:
    return [_read(row, today) for row in (await rows.execute(asked)).all()]


def _read(row: Any, today: date) -> Placed:
    plan, who = msgspec.json.decode(row.plan), msgspec.json.decode(row.who)
    kind = PlanKind(plan["kind"])
    category = category_of(kind, msgspec.json.decode(row.categories) if row.categories else ())
    band = grade_band(who.get("grade"))
    group = Group(category, band, UUID(row.manager)) if category and band and row.manager else None
    names = tuple(who[name] for name in _NAMES if who.get(name))
    said = held_on(msgspec.json.decode(row.texts) if row.texts else (), today)
    in_force = state_of(plan, today) == "in_force"
    return Placed(
        row.id, row.student, kind, group, names, sets_of(said, names), in_force, plan.get("individual_reason"),
        bool(row.seen),
    )  # fmt: skip
