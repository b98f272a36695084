"""The caseload: which plans somebody answers for, what is due, and what each open draft still lacks."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime
from starlette.responses import Response

from contracts.vocabulary import PlanKind
from plan_service.adapters.routes.forms import Reads
from plan_service.adapters.routes.shapes import Out
from plan_service.application.caseload import Wanted, caseload, list_name
from plan_service.application.situation import day_of_district
from runtime import sight
from runtime.call import Asked
from runtime.http import Routes
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["plans"])


class CaseloadStudentOut(Out):
    """Whose plan it is."""

    id: UUID
    given_name: str
    family_name: str
    preferred_given_name: str | None = None
    preferred_family_name: str | None = None
    grade: str | None = None
    school: UUID | None = None


class GapOut(Out):
    """A gap in a draft; its words are in the draft itself."""

    code: str
    citation: str | None = None
    pointer: str | None = None


class CaseloadDraftOut(Out):
    """The open draft."""

    version: int
    """Its ETag."""
    saved_at: AwareDatetime
    lacking: list[GapOut] | None = None
    """What it lacked when it was last saved; absent where it was saved before this was kept."""


class CaseloadLineOut(Out):
    """A plan of the caseload."""

    plan: UUID
    student: CaseloadStudentOut
    kind: PlanKind
    state: Literal["draft", "adopted", "in_force", "ended"]
    """`draft`: never adopted; `adopted`: it binds from a later day."""
    review_due_on: date | None = None
    pending_amendments: list[UUID]
    case_managers: list[UUID]
    """Who is assigned as case manager today."""
    draft: CaseloadDraftOut | None = None


@routes.get("/caseload", response_model=Page[CaseloadLineOut])
async def get_caseload(
    asked: Asked, who: Reads, listing: Listed,
    case_manager: Annotated[UUID | None, Query(description="Only students whose case manager this is today.")] = None,
    kind: Annotated[PlanKind | None, Query(description="Only IEPs, or only Section 504 plans.")] = None,
    review_due_before: Annotated[date | None, Query(description="Only plans whose next review is due before.")] = None,
    lacking: Annotated[bool | None, Query(description="Only open drafts that lack something, or all but those.")] = None,
) -> Response:  # fmt: skip
    """List the plans you may see with what is due and what their drafts lack, a page at a time."""
    wanted = Wanted(case_manager, kind, review_due_before, lacking)
    day = await day_of_district(asked.store, asked.tenant)
    async with asked.edge.service.database.read(asked.tenant) as rows:
        reach = await sight.reach(rows, asked.who)
        lines, last = await caseload(rows, asked.tenant, wanted, listing, day.today, reach)
    for line in lines:
        asked.saw(line.student, "caseload", (line.plan,))
    of = list_name(asked.tenant, wanted)
    return asked.listed([line.fields for line in lines], listing, of, last, wanted.fields())
