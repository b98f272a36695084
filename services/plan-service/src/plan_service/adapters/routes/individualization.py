"""Whether plans are individual: where a plan has the set of most plans around it, pointed out so that a person can look."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from contracts.individual import MEASURE
from contracts.vocabulary import PlanKind
from plan_service.adapters.routes.forms import Reads
from plan_service.adapters.routes.shapes import Out
from plan_service.application.individualization import Wanted, pointed_out
from plan_service.application.situation import day_of_district
from runtime import resources, sight
from runtime.call import Asked
from runtime.http import Routes
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["district"])


class GroupOut(Out):
    """Whose plans are compared."""

    category: str
    """Of an IEP the IDEA categories of the latest eligibility, several joined by `+`; `504`: Section 504 plans."""
    grade_band: str
    """`grades_k_2`, `grades_3_5`, `grades_6_8`, `grades_9_12`, or a grade's own code."""
    case_manager: UUID
    peers: int
    """So many other plans are in force in it; at least ten."""


class SameOut(Out):
    """A set of the plan that is also that of most of its peers."""

    section: Literal["goals", "services", "accommodations"]
    items: int
    """How many different texts the set has."""
    same: int
    """So many peers have it word for word."""
    nearly: int
    """So many more have it nearly so."""
    of: int
    """Of so many peers."""


class IndividualizationLineOut(Out):
    """A plan with the set of most of its peers. It says what is the same, and nothing about what is right."""

    plan: UUID
    student: UUID
    kind: PlanKind
    group: GroupOut
    same: list[SameOut]
    reason: str | None = None
    """Why it is this student's own, as the team said when it was adopted (`individual_reason`)."""


class IndividualizationOut(Page[IndividualizationLineOut]):
    """A page of plans, and how they were compared."""

    measure: str = Field(description="How it is measured, in words.")


@routes.get("/district/individualization", response_model=IndividualizationOut)
async def get_individualization(
    asked: Asked, who: Reads, listing: Listed,
    case_manager: Annotated[UUID | None, Query(description="Only plans of students whose case manager this is today.")] = None,
    category: Annotated[str | None, Query(max_length=300, description="An IDEA category, or `504`.")] = None,
) -> Response:  # fmt: skip
    """List plans in force that have the same goals, services or accommodations as most plans around them.

    A plan's peers are the other plans with the same category, grade band and case manager; with fewer than ten nothing is
    said. Peers are counted, not shown. Nothing is refused for it: a set may be what this student needs.
    """
    wanted = Wanted(case_manager, category, listing.student)
    of = resources.list_name(asked.tenant, "individualization", wanted.fields())
    day = await day_of_district(asked.store, asked.tenant)
    async with asked.edge.service.database.read(asked.tenant) as rows:
        reach = await sight.reach(rows, asked.who)
        lines, last = await pointed_out(rows, asked.tenant, wanted, listing, of, day.today, reach)
    for line in lines:
        asked.saw(line.placed.student, "individualization", (line.placed.plan,))
    shown = [line.to_json() for line in lines]
    return asked.listed(shown, listing, of, last, wanted.fields(), more={"measure": MEASURE})
