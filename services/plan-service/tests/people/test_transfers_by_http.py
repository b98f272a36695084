"""A student comes with a plan from elsewhere, by HTTP: recorded, given something comparable, records asked for, settled."""

from typing import Any

from contracts.ids import new_id
from plan_service.testing_service import ON_ONE_SERVICE, World

pytestmark = ON_ONE_SERVICE

HELD = {"starts_on": "2016-06-20"}
RIGHTS = {"decision": HELD, "record": HELD, "notice": HELD, "contact": HELD}
SPEECH = {"service": "speech_language_therapy", "minutes": 30, "per": "week"}
TRANSFER = {"kind": "iep", "same_state": True, "same_year": True, "district": "Bayside Unified",
            "received_on": "2026-11-20", "services": [SPEECH], "accommodations": ["extended time"]}  # fmt: skip


def codes(answer: Any) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


async def test_from_the_first_day_to_a_plan_of_the_districts_own(world: World) -> None:
    student = await world.new(
        "/students", {"given_name": "Mira", "family_name": "Quill", "birth_date": "2016-06-20"}
    )
    at = f"/students/{student['id']}"
    staff = await world.new("/staff", {"given_name": "Dana", "family_name": "Reed"})
    mother = await world.new(f"{at}/rights-holders", {
        "name": "Ana Quill", "ground": "biological_parent", "rights": RIGHTS, "language": "es",
        "confirmed_by": staff["id"]})  # fmt: skip

    made = await world.new(f"{at}/transfers", TRANSFER | {"external_id": "northwind:t1"})

    path = f"{at}/transfers/{made['id']}"
    assert (made["district"], made["accommodations"], made.get("comparable_from")) == (
        "Bayside Unified", ["extended time"], None,
    )  # fmt: skip
    less = await world.post(f"{path}/comparable-services", {
        "services": [{"service": "counseling"}], "starts_on": "2026-11-24"})  # fmt: skip
    assert (less.status_code, codes(less)) == (409, {"not-comparable", "parents-not-consulted"})
    begun = await world.new(f"{path}/comparable-services", {
        "services": [SPEECH], "starts_on": "2026-11-24", "holders": [mother["id"]]})  # fmt: skip
    asked = await world.new(
        f"{path}/records-requests", {"recipient": "Bayside Elementary", "channel": "email"}
    )
    answered = await world.post(
        f"{path}/records-requests/{asked['id']}/answer", {"answer": "in_part", "words": "Soon."}
    )
    assert answered.status_code == 200, answered.text
    assert (answered.json()["answer"], answered.json()["answered_on"]) == ("in_part", "2026-11-24")
    for kind, one in (("comparable-services", begun), ("records-requests", asked)):
        listed = (await world.get(f"{path}/{kind}")).json()["items"]
        assert [each["id"] for each in listed] == [one["id"]]
        assert (await world.get(f"{path}/{kind}/{one['id']}")).json()["transfer"] == made["id"]
        assert (await world.get(f"{at}/transfers/{new_id()}/{kind}/{one['id']}")).status_code == 404
    no_plan = await world.post(f"{path}/settlement", {"outcome": "new_plan", "plan": str(new_id())})
    assert (no_plan.status_code, codes(no_plan)) == (422, {"unknown-plan"})
    unknown = {"outcome": "found_ineligible", "eligibility": str(new_id())}
    assert codes(await world.post(f"{path}/settlement", unknown)) == {"unknown-eligibility"}
    settled = await world.post(f"{path}/settlement", {"outcome": "left", "reason": "They moved on."})
    assert settled.status_code == 200, settled.text
    read = (await world.get(path)).json()
    assert (read["settlement"]["outcome"], read["comparable_from"]) == ("left", "2026-11-24")
    for list_ in (f"{at}/transfers", "/transfers"):
        found = (await world.get(list_, external_id="northwind:t1")).json()["items"]
        assert [each["id"] for each in found] == [made["id"]]
