"""Nobody gives themself or others more of the record to see than is theirs to give."""

from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from contracts.district import RoleHeld
from contracts.testing import an_id
from plan_service.domain.granting import Granting, RoleNotTheirsToGive, may_change_roles
from plan_service.testing_service import ON_ONE_SERVICE, World

LAKESIDE, HILLSIDE = an_id("lakeside"), an_id("hillside")
ADMINISTRATOR, COLLEAGUE = an_id("administrator"), an_id("colleague")
BY = Granting(ADMINISTRATOR, frozenset({LAKESIDE}), office_roles=frozenset({"records_officer"}))


def held(role: str = "principal", school: Any = LAKESIDE) -> RoleHeld:
    return RoleHeld(role=role, school_id=school, starts_on=date(2025, 8, 25))


def refusal(*arguments: Any) -> set[str]:
    with pytest.raises(RoleNotTheirsToGive) as refused:
        may_change_roles(*arguments)
    return {reason.code for reason in refused.value.reasons}


def test_a_person_gives_and_takes_away_roles_in_their_own_school() -> None:
    may_change_roles(BY, COLLEAGUE, (), (held(),))
    may_change_roles(BY, COLLEAGUE, (held(),), ())


@pytest.mark.parametrize(
    ("role", "code"),
    [
        (held(school=None), "role-in-the-whole-district"),
        (held(school=HILLSIDE), "another-school"),
        (held("records_officer"), "role-of-the-office"),
    ],
)
def test_a_role_beyond_their_own_school_is_neither_given_nor_taken_away(role: RoleHeld, code: str) -> None:
    assert refusal(BY, COLLEAGUE, (), (role,)) == {code}
    assert refusal(BY, COLLEAGUE, (held(), role), (held(),)) == {code}


def test_a_role_that_stays_as_it_is_hinders_nobody() -> None:
    may_change_roles(BY, COLLEAGUE, (held(school=None),), (held(school=None), held()))


def test_nobody_changes_their_own_roles() -> None:
    assert refusal(BY, ADMINISTRATOR, (held(),), (held(), held("site_administrator"))) == {"own-roles"}
    may_change_roles(BY, ADMINISTRATOR, (held(),), (held(),))


def test_who_sees_the_whole_district_gives_roles_in_every_school_and_none_in_all_of_it() -> None:
    wide = Granting(ADMINISTRATOR, frozenset(), district=True)

    may_change_roles(wide, COLLEAGUE, (), (held(school=HILLSIDE),))
    assert refusal(wide, COLLEAGUE, (), (held(school=None),)) == {"role-in-the-whole-district"}


def test_the_roster_and_the_districts_administrators_are_not_limited() -> None:
    may_change_roles(None, COLLEAGUE, (), (held("operator", None),))


class School:
    """A school with an administrator who signs in, and another school."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.here = self.elsewhere = self.administrator = self.colleague = ""

    def signed_in(self, role: str = "site_administrator", *scopes: str) -> dict[str, str]:
        return self.world.issuer.person(
            role, *(scopes or ("roster.write",)), staff=self.administrator, tenant=self.world.tenant  # type: ignore[arg-type]
        )  # fmt: skip

    def described(self, role: str = "principal", school: str | None = None) -> dict[str, Any]:
        place = {"school_id": school} if school else {}
        return {"given_name": "Kim", "family_name": "Roe",
                "roles": [{"role": role, "starts_on": "2020-08-01", **place}]}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module")
async def school(world: World) -> School:
    it = School(world)
    it.here = (await world.new("/schools", {"name": "Lakeside Elementary"}))["id"]
    it.elsewhere = (await world.new("/schools", {"name": "Hillside Middle School"}))["id"]
    it.administrator = (await world.new("/staff", it.described("site_administrator", it.here)))["id"]
    answer = await world.post("/staff", it.described("principal", it.here))
    it.colleague = answer.json()["id"]
    taken_in = None
    for _ in range(6):  # 503 says "not yet" after five seconds: on a busy machine it may come to that.
        taken_in = await world.get("/schools", after_event=answer.headers["handrail-event"])
        if taken_in.status_code == 200:
            break
    assert taken_in is not None
    assert taken_in.status_code == 200, taken_in.text
    return it


@ON_ONE_SERVICE
async def test_a_schools_administrator_cannot_make_themself_the_districts(school: School) -> None:
    world, me = school.world, f"/staff/{school.administrator}"
    wide = school.described("district_administrator")

    answer = await world.put(me, wide, school.signed_in(), if_match='"1"')
    by_another = await world.post("/staff", wide, school.signed_in())
    by_office = await world.post(
        "/staff", school.described("district_administrator", school.here), school.signed_in()
    )
    by_colleague = await world.put(f"/staff/{school.colleague}", wide, school.signed_in(), if_match='"1"')

    for refused in (answer, by_another, by_office, by_colleague):
        assert (refused.status_code, refused.json()["code"]) == (409, "role-not-theirs-to-give"), refused.text
    assert (await world.get(me)).json()["roles"][0]["school_id"] == school.here


@ON_ONE_SERVICE
async def test_a_schools_administrator_works_on_the_staff_of_their_school(school: School) -> None:
    world = school.world
    added = await world.post("/staff", school.described("school_nurse", school.here), school.signed_in())
    beyond = await world.post(
        "/staff", school.described("school_nurse", school.elsewhere), school.signed_in()
    )
    left = await world.post(f"/staff/{school.colleague}/end", {"on": "2026-11-24"}, school.signed_in())

    assert (added.status_code, beyond.status_code, left.status_code) == (201, 409, 200)
    assert beyond.json()["errors"][0]["pointer"] == "/roles/0"


@ON_ONE_SERVICE
async def test_nobody_is_ended_who_works_beyond_ones_school(school: School) -> None:
    director = await school.world.new("/staff", school.described("special_education_director"))

    answer = await school.world.post(f"/staff/{director['id']}/end", {"on": "2026-11-24"}, school.signed_in())

    assert (answer.status_code, answer.json()["code"]) == (409, "role-not-theirs-to-give")


@ON_ONE_SERVICE
async def test_an_administrator_of_the_district_gives_every_role(school: School) -> None:
    admin = school.signed_in("district_administrator", "roster.write", "admin")

    answer = await school.world.post("/staff", school.described("special_education_director"), admin)

    assert answer.status_code == 201, answer.text
