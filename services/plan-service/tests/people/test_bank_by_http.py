"""The bank by HTTP: who sets up the district writes it, who reads plans reads it."""

from typing import Any

from plan_service.adapters.routes.bank import EXAMPLE
from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE


async def test_an_entry_is_added_read_changed_and_ended(world: Any) -> None:
    body = EXAMPLE | {"external_id": "northwind:bank-3"}
    made = await world.new("/bank", body)
    at = f"/bank/{made['id']}"

    assert {name: made[name] for name in EXAMPLE} == EXAMPLE
    assert (await world.post("/bank", body)).status_code == 200
    taken = await world.post("/bank", body | {"title": "Another"})
    assert (taken.status_code, taken.json()["code"]) == (409, "external-id-taken")
    one = await world.get(at)
    changed = await world.put(at, EXAMPLE | {"title": "Reading to a friend"}, if_match=one.headers["etag"])
    assert (changed.json()["title"], changed.json()["external_id"]) == (
        "Reading to a friend",
        "northwind:bank-3",
    )
    stale = await world.put(at, EXAMPLE, if_match=one.headers["etag"])
    assert stale.status_code == 412
    assert (await world.post(f"{at}/end", {"on": "2027-06-12"})).json()["ended_on"] == "2027-06-12"
    now = await world.get(at)
    refused = await world.put(at, EXAMPLE, if_match=now.headers["etag"])
    assert (refused.status_code, refused.json()["code"]) == (409, "bank-entry-ended")

    listed = await world.get("/bank", kind="goal", external_id="northwind:bank-3")
    assert [each["id"] for each in listed.json()["items"]] == [made["id"]]
    assert (await world.get("/bank", kind="service")).json()["items"] == []


async def test_it_is_narrowed_by_each_tag_a_page_at_a_time(world: Any) -> None:
    reading = sorted([(await world.new("/bank", EXAMPLE))["id"] for _ in range(3)])
    plain = await world.new("/bank", {"kind": "goal", "title": "Plain", "text": "As it is."})

    async def found(**asked: Any) -> list[str]:
        return [each["id"] for each in (await world.get("/bank", **asked)).json()["items"]]

    assert await found() == sorted([*reading, plain["id"]])
    assert (
        await found(areas="reading", grades="grade_3", categories="specific_learning_disability") == reading
    )
    assert await found(areas="math") == await found(areas="reading", grades="grade_9") == []
    first = (await world.get("/bank", areas="reading", limit=2)).json()
    second = (await world.http.get(first["next"], headers=world.vendor())).json()
    assert [each["id"] for each in (*first["items"], *second["items"])] == reading


async def test_who_sets_up_the_district_writes_and_who_reads_plans_reads(world: Any) -> None:
    teaches = world.vendor("plan.read", "plan.write")
    assert (await world.post("/bank", EXAMPLE, teaches)).status_code == 403
    made = await world.new("/bank", EXAMPLE)
    assert (await world.get(f"/bank/{made['id']}", teaches)).status_code == 200
    assert (await world.get("/bank", world.vendor("notice.read"))).status_code == 403
    assert (await world.put(f"/bank/{made['id']}", EXAMPLE, teaches, if_match='"1"')).status_code == 403
    assert (await world.post(f"/bank/{made['id']}/end", {"on": "2027-06-12"}, teaches)).status_code == 403
