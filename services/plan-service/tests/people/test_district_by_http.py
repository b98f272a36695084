"""The district and its schools by HTTP."""

from typing import Any

from plan_service.testing_service import ON_ONE_SERVICE, World

pytestmark = ON_ONE_SERVICE

PROFILE: dict[str, Any] = {
    "name": "Lakeside Schools",
    "time_zone": "America/Chicago",
    "state_profile": "federal@2026-1",
    "languages": ["en", "es"],
    "partial_consent": True,
    "notice_days": 10,
    "mailing_days": 3,
}


async def test_a_district_that_was_opened_has_a_profile(world: World) -> None:
    answer = await world.get("/district")

    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"1"'
    assert answer.json()["state_profile"] == "federal@2026-1"


async def test_opening_it_once_more_changes_nothing(world: World) -> None:
    await world.open_district()

    assert (await world.get("/district")).headers["etag"] == '"1"'
    assert (await world.get("/tenant", world.operator())).json()["name"] == "Lakeside Schools"


async def test_the_profile_is_set_by_whoever_read_it(world: World) -> None:
    unread = await world.put("/district", PROFILE)
    stale = await world.put("/district", PROFILE, if_match='"0"')
    done = await world.put("/district", PROFILE, if_match='"1"')

    assert (unread.status_code, stale.status_code, done.status_code) == (428, 412, 200), done.text
    assert done.headers["etag"] == '"2"'
    assert done.json()["notice_days"] == 10


async def test_rules_nobody_knows_are_refused_with_those_that_are_known(world: World) -> None:
    refused = await world.put("/district", PROFILE | {"state_profile": "federal@2026-1+zz@1"}, if_match='"1"')

    assert refused.status_code == 422, refused.text
    (error,) = refused.json()["errors"]
    assert error["pointer"] == "/state_profile"
    assert "federal@2026-1+tx@2025-2" in refused.text
    assert (await world.get("/district")).headers["etag"] == '"1"'


async def test_a_district_is_not_opened_under_rules_nobody_knows(world: World) -> None:
    wanted = {"name": "Harborview", "time_zone": "America/Chicago", "state_profile": "federal@2026-1+zz@1"}
    refused = await world.put("/tenant", wanted, world.operator(world.stranger))

    assert refused.status_code == 422, refused.text
    assert "federal@2026-1+tx@2025-2" in refused.text
    assert (await world.get("/tenant", world.operator(world.stranger))).status_code != 200


async def test_a_state_profile_is_named_with_its_floor(world: World) -> None:
    texas = "federal@2026-1+tx@2025-2"
    done = await world.put("/district", PROFILE | {"state_profile": texas}, if_match='"1"')

    assert done.status_code == 200, done.text
    assert (await world.get("/district")).json()["state_profile"] == texas
