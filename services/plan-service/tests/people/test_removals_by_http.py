"""Removals by HTTP: recorded and counted, decided about, reviewed, and what followed; refused before the review."""

from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from contracts.ids import new_id
from plan_service.testing_service import ON_ONE_SERVICE, World

pytestmark = ON_ONE_SERVICE

HELD = {"starts_on": "2016-06-20"}
RIGHTS = {"decision": HELD, "record": HELD, "notice": HELD, "contact": HELD}
HAPPENED = {"source": "paper file", "reason": "It was before our time.", "occurred_on": "2026-09-01"}
FOUND = {"law": "idea", "eligible": True, "categories": ["autism"], "needs_special_education": True}
FACTORS = {
    "behavior": "Thrown.",
    "length": "Days.",
    "total": "Twelve.",
    "closeness": "Weeks.",
    "similar_behavior": True,
}
SOURCES = ["observation", "parent_input"]
YEAR = {"first_on": "2026-08-24", "last_on": "2027-06-11", "days_off": ["2026-11-26", "2026-11-27"]}


def codes(answer: Any) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


@dataclass
class Child:
    """A student who is eligible under IDEA, with a mother who decides, and somebody of the staff."""

    world: World
    at: str
    mother: str
    staff: str

    async def removed(self, first: str, last: str, **fields: Any) -> Any:
        body = {"setting": "out_of_school", "from": first, "until": last, "staff": self.staff} | fields
        return await self.world.post(f"{self.at}/removals", body)

    def person(self, *roles: str) -> Any:
        return {"person": {"kind": "staff", "staff_id": self.staff}, "roles": roles}


@pytest_asyncio.fixture(loop_scope="module")
async def child(world: World) -> Child:
    district = await world.get("/district")
    wanted = {name: value for name, value in district.json().items()
              if name not in ("id", "version", "updated_at", "in_force_from")} | {"calendar": [YEAR]}  # fmt: skip
    answer = await world.put("/district", wanted, {**world.vendor(), "if-match": district.headers["etag"]})
    assert answer.status_code == 200, answer.text
    made = await world.new(
        "/students", {"given_name": "Mira", "family_name": "Quill", "birth_date": "2016-06-20"}
    )
    at = f"/students/{made['id']}"
    staff = await world.new("/staff", {"given_name": "Dana", "family_name": "Reed"})
    mother = await world.new(f"{at}/rights-holders", {
        "name": "Ana Quill", "ground": "biological_parent", "rights": RIGHTS, "language": "es",
        "confirmed_by": staff["id"]})  # fmt: skip
    group = [{"person": {"kind": "staff", "staff_id": staff["id"]}}]
    await world.new(f"{at}/eligibility", {"determination": FOUND, "members": group, "reported": HAPPENED})
    return Child(world, at, mother["id"], staff["id"])


async def test_a_series_of_removals_is_counted_judged_reviewed_and_followed(child: Child) -> None:
    world, at = child.world, child.at
    removals = []
    for first, last in (
        ("2026-10-05", "2026-10-09"),
        ("2026-10-19", "2026-10-23"),
        ("2026-11-02", "2026-11-03"),
    ):
        made = await child.removed(first, last, behavior="Threw a chair.")
        assert made.status_code == 201, made.text
        removals.append(made.json()["id"])
    days = (await world.get(f"{at}/removal-days")).json()
    assert days == {"on": "2026-11-24", "year_from": "2026-08-24", "total": "12", "most_in_a_row": "5",
                    "eleventh_day": "2026-11-02"}  # fmt: skip
    given = await world.new(f"{at}/removals/{removals[2]}/services", {
        "services": [{"service": "reading_instruction"}], "from": "2026-11-02", "until": "2026-11-03",
        "staff": [child.staff]})  # fmt: skip
    body = {
        "ground": "pattern",
        "removals": removals,
        "change_of_placement": True,
        "decided_on": "2026-11-03",
    }
    refused = await world.post(f"{at}/removal-decisions", body)
    assert (refused.status_code, codes(refused)) == (409, {"factor-not-considered"})
    decision = await world.new(f"{at}/removal-decisions", body | FACTORS | {"external_id": "northwind:d1"})
    assert (decision["school_days"], decision["due_on"]) == ("12", "2026-11-17")
    review = {"decision": decision["id"], "law": "idea", "by_disability": True, "by_failure": False,
              "determined_on": "2026-11-16", "sources": SOURCES, "members": [child.person("other")]}  # fmt: skip
    alone = await world.post(f"{at}/manifestations", review)
    assert codes(alone) == {"without-agency-representative", "without-parent"}
    parent = {"person": {"kind": "rights_holder", "holder_id": child.mother}, "roles": ["parent"]}
    team = [child.person("agency_representative"), child.person("special_education_teacher"), parent]
    found = await world.new(f"{at}/manifestations", review | {"members": team})
    assert (found["is_manifestation"], found["in_time"]) == (True, True)
    step = await world.new(
        f"{at}/manifestations/{found['id']}/steps", {"step": "behavior_assessment_started"}
    )

    for kind, one in (("removal-decisions", decision), ("manifestations", found),
                      (f"removals/{removals[2]}/services", given), (f"manifestations/{found['id']}/steps", step)):  # fmt: skip
        read = (await world.get(f"{at}/{kind}/{one['id']}")).json()
        assert (
            read.items()
            >= {name: each for name, each in one.items() if name not in ("version", "updated_at")}.items()
        )
        assert [each["id"] for each in (await world.get(f"{at}/{kind}")).json()["items"]] == [one["id"]]
    for kind in ("removals", "removal-decisions", "manifestations"):
        listed = (await world.get(f"/{kind}", student=at.rpartition("/")[2])).json()["items"]
        assert len(listed) == (3 if kind == "removals" else 1)
    assert (await world.get("/removal-decisions", external_id="northwind:d1")).json()["items"][0][
        "id"
    ] == decision["id"]
    assert (await world.get(f"{at}/removals/{new_id()}/services/{given['id']}")).status_code == 404


async def test_more_than_ten_school_days_in_a_row_are_refused_before_the_review_and_reported_as_they_were(
    child: Child,
) -> None:
    refused = await child.removed("2026-10-05", "2026-10-19")
    assert (refused.status_code, codes(refused)) == (409, {"manifestation-determination-required"})
    happened = HAPPENED | {"occurred_on": "2026-10-05"}
    told = await child.removed("2026-10-05", "2026-10-19", reported=happened)
    assert told.status_code == 201, told.text
    assert [each["code"] for each in told.json()["reported"]["unmet"]] == [
        "manifestation-determination-required"
    ]
    back = await child.world.post(
        f"{child.at}/removals/{told.json()['id']}/return",
        {"back_on": "2026-10-15", "reason": "The parents called."},
    )
    assert (back.status_code, back.json()["back_on"]) == (200, "2026-10-15")
    assert (await child.world.get(f"{child.at}/removal-days")).json()["total"] == "8"
