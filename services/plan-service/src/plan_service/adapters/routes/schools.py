"""The district's schools."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, Name
from contracts.ids import new_id
from plan_service.adapters.routes.bodies import ReadsRoster, WritesRoster
from plan_service.adapters.routes.forms import Form
from plan_service.adapters.routes.reading import by_any_external_id, must_be
from plan_service.application.desk import Decided, Desk, Seen, claims_of
from plan_service.application.models import SCHOOL
from plan_service.application.shown import SchoolShown
from plan_service.domain.school import DescribeSchool, School, describe_school
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import IfMatch, Routes
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["schools"])
EXAMPLE: dict[str, Any] = {"name": "Lakeside Elementary", "external_id": "northwind:school-1"}


class SchoolIn(Form):
    """A school."""

    name: Name
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same school again answers 200 with the first."""
    external_ids: tuple[ExternalId, ...] = Field(default=(), max_length=20)
    """Further systems' ids."""

    @property
    def all_ids(self) -> tuple[ExternalId, ...]:
        """Every external id, the request's own first."""
        return tuple(dict.fromkeys((*((self.external_id,) if self.external_id else ()), *self.external_ids)))


@routes.get("/schools", response_model=Page[SchoolShown])
async def get_schools(asked: Asked, who: ReadsRoster, listing: Listed) -> Response:
    """List the district's schools."""
    return await asked.page("school", await by_any_external_id(asked, "school", listing))


@routes.get("/schools/{school_id}", response_model=SchoolShown)
async def get_school(asked: Asked, who: ReadsRoster, school_id: UUID) -> Response:
    """Read a school."""
    return await asked.one("school", school_id)


@routes.post("/schools", response_model=SchoolShown, status_code=201)
async def post_school(
    asked: Asked, who: WritesRoster, body: Annotated[SchoolIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Add a school."""
    school_id = new_id()

    async def add(making: Making) -> Appended:
        own = (body.external_id,) if body.external_id else ()
        return await Desk(asked.store).decide(
            asked.context, SCHOOL, (school_id,), await asked.district(),
            lambda seen: _described(seen, school_id, body, own), claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond("school", school_id, add, external_id=body.external_id)


@routes.put("/schools/{school_id}", response_model=SchoolShown)
async def put_school(
    asked: Asked,
    who: WritesRoster,
    if_match: IfMatch,
    school_id: UUID,
    body: Annotated[SchoolIn, Body(examples=[EXAMPLE])],
) -> Response:
    """Change what is known of a school, in full."""
    await must_be(asked, "school", school_id)
    appended = await Desk(asked.store).decide(
        asked.context, SCHOOL, (school_id,), await asked.district(),
        lambda seen: _described(seen, school_id, body, ()), if_match=if_match,
    )  # fmt: skip
    return await asked.answer(appended, "school", school_id)


def _described(seen: Seen[School], school_id: UUID, body: SchoolIn, claimed: tuple[str, ...]) -> Decided:
    command = DescribeSchool(school_id, body.name, seen.today, body.all_ids)
    events = describe_school(seen.state, command)
    claims, releases = claims_of(
        "school", school_id, body.all_ids, known=seen.state.external_ids, claimed=claimed
    )
    return Decided(events, claims, releases) if events else Decided(())
