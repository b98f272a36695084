"""Who works for the district."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.district import Credential, RoleHeld, StaffEvent, StaffPersonalData
from contracts.fields import Email, ExternalId, Name
from contracts.ids import new_id
from plan_service.adapters.routes.bodies import ADMIN, OnIn, ReadsRoster, WritesRoster
from plan_service.adapters.routes.forms import Form
from plan_service.adapters.routes.reading import by_any_external_id, must_be
from plan_service.application.desk import Decided, Desk, Seen, claims_of
from plan_service.application.models import SCHOOL, STAFF
from plan_service.application.shown import StaffShown
from plan_service.domain.granting import Granting, RoleNotTheirsToGive, may_change_roles
from plan_service.domain.school import must_be_a_school
from plan_service.domain.staff import DescribeStaff, Staff, describe_staff, end_staff
from runtime import sight
from runtime.append_request import Appended
from runtime.call import Asked, Call, Making
from runtime.going_on import GOES_ON
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.stream_model import Model

routes = Routes(prefix="/plan/v1", tags=["staff"])
EXAMPLE: dict[str, Any] = {
    "given_name": "Carol",
    "family_name": "Roe",
    "email": "carol.roe@harborview.example.org",
    "roles": [{"role": "special_education_director", "starts_on": "2023-08-21"}],
    "external_id": "northwind:staff-17",
}
LEFT = {"on": "2026-06-15"}


class StaffIn(Form):
    """Somebody who works for the district."""

    given_name: Name
    family_name: Name
    email: Email | None = None
    roles: tuple[RoleHeld, ...] = Field(default=(), max_length=50)
    credentials: tuple[Credential, ...] = Field(default=(), max_length=50)
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same person again answers 200 with the first."""
    external_ids: tuple[ExternalId, ...] = Field(default=(), max_length=20)
    """Further systems' ids."""

    @property
    def all_ids(self) -> tuple[ExternalId, ...]:
        """Every external id, the request's own first."""
        return tuple(dict.fromkeys((*((self.external_id,) if self.external_id else ()), *self.external_ids)))

    def schools(self) -> list[tuple[Model[Any], str]]:
        """The streams of the schools it names."""
        ids = {held.school_id for held in self.roles if held.school_id is not None}
        return [(SCHOOL, SCHOOL.stream(id)) for id in sorted(ids)]


@routes.get("/staff", response_model=Page[StaffShown])
async def get_staff(asked: Asked, who: ReadsRoster, listing: Listed) -> Response:
    """List the people who work for the district."""
    return await asked.page("staff", await by_any_external_id(asked, "staff", listing))


@routes.get("/staff/{staff_id}", response_model=StaffShown)
async def get_staff_member(asked: Asked, who: ReadsRoster, staff_id: UUID) -> Response:
    """Read a staff member."""
    return await asked.one("staff", staff_id)


@routes.post(
    "/staff", response_model=StaffShown, status_code=201, responses=problems(RoleNotTheirsToGive), dependencies=[GOES_ON]
)  # fmt: skip
async def post_staff(
    asked: Asked, who: WritesRoster, body: Annotated[StaffIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Add somebody who works for the district. A person who is no administrator of it gives roles in their school only."""
    staff_id = new_id()
    by = await _granting(asked)
    claimed = (body.external_id,) if body.external_id else ()

    async def add(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STAFF, (staff_id,), staff_id,
            lambda seen: _described(seen, staff_id, body, claimed, by),
            beside=body.schools(), claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond("staff", staff_id, add, external_id=body.external_id)


@routes.put(
    "/staff/{staff_id}",
    response_model=StaffShown,
    responses=problems(RoleNotTheirsToGive),
    dependencies=[GOES_ON],
)
async def put_staff(
    asked: Asked,
    who: WritesRoster,
    if_match: IfMatch,
    staff_id: UUID,
    body: Annotated[StaffIn, Body(examples=[EXAMPLE])],
) -> Response:
    """Change what is known of a staff member, in full. Somebody who had left works here again.

    A person who is no administrator of the district changes roles in their own school only, and never their own.
    """
    await must_be(asked, "staff", staff_id)
    by = await _granting(asked)
    appended = await Desk(asked.store).decide(
        asked.context, STAFF, (staff_id,), staff_id, lambda seen: _described(seen, staff_id, body, (), by),
        beside=body.schools(), if_match=if_match,
    )  # fmt: skip
    return await asked.answer(appended, "staff", staff_id)


@routes.post(
    "/staff/{staff_id}/end", response_model=StaffShown, responses=problems(RoleNotTheirsToGive), dependencies=[GOES_ON]
)  # fmt: skip
async def post_staff_end(
    asked: Asked, who: WritesRoster, staff_id: UUID, body: Annotated[OnIn, Body(examples=[LEFT])]
) -> Response:
    """Somebody leaves: `on` is the first day without them. From that day they see nobody's record."""
    by = await _granting(asked)

    def leave(seen: Seen[Staff]) -> list[StaffEvent]:
        may_change_roles(by, staff_id, seen.state.roles, ())
        return end_staff(seen.state, staff_id, body.on)

    async def end(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STAFF, (staff_id,), staff_id, leave, claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond("staff", staff_id, end)


async def _granting(asked: Call) -> Granting | None:
    """Who gives roles, if they are limited in it: a person without the scope ``admin``."""
    if not asked.who.is_person or ADMIN in asked.who.scopes:
        return None
    async with asked.edge.service.database.read(asked.tenant) as rows:
        reach = await sight.reach(rows, asked.who)
    if reach is None:
        return None
    return Granting(reach.staff, reach.schools, reach.district, sight.DISTRICT_ROLES)


def _described(
    seen: Seen[Staff], staff_id: UUID, body: StaffIn, claimed: tuple[str, ...], by: Granting | None
) -> Decided:
    before = seen.state.roles if seen.state.works_on(seen.today) else ()
    may_change_roles(by, staff_id, before, body.roles)
    for place, held in enumerate(body.roles):
        if held.school_id is not None:
            must_be_a_school(seen.of(SCHOOL, held.school_id), f"/roles/{place}/school_id")
    personal = StaffPersonalData(given_name=body.given_name, family_name=body.family_name, email=body.email)
    command = DescribeStaff(staff_id, personal, seen.today, body.roles, body.credentials, body.all_ids)
    events = describe_staff(seen.state, command)
    claims, releases = claims_of(
        "staff", staff_id, body.all_ids, known=seen.state.external_ids, claimed=claimed
    )
    return Decided(events, claims, releases) if events else Decided(())
