"""A district that has ended: for as long as its records can be read, who may read them can change, and what is open is closed."""

from typing import Any

import pytest_asyncio

from contracts.ids import new_id
from plan_service.testing_service import EVERYTHING, ON_ONE_SERVICE, TODAY, World

pytestmark = ON_ONE_SERVICE

CHILD = {"given_name": "Jonas", "family_name": "Feld", "birth_date": "2008-03-03"}
HELD = {"starts_on": "2010-06-20"}
HOLDER = {"ground": "biological_parent", "language": "en",
          "rights": {"decision": HELD, "record": HELD, "notice": HELD, "contact": HELD}}  # fmt: skip


class Ended:
    """A student's people as they were when the district ended."""

    def __init__(self, world: World, made: dict[str, str]) -> None:
        self.world, self.made = world, made
        self.at = f"/students/{made['student']}"

    def officer(self) -> dict[str, str]:
        """Whoever still looks after the records."""
        token = self.world.issuer.token(sub="officer", client_id="officer", role="operator",
                                        scope=" ".join((*EVERYTHING, "operate")), tenant=self.world.tenant)  # fmt: skip
        return {"authorization": f"Bearer {token}", "idempotency-key": str(new_id())}

    async def post(self, path: str, body: Any, *, of: str | None = None) -> Any:
        """A decision, about ``of`` as it stands."""
        return await self.world.post(
            path, body, self.officer(), if_match=await self.version(of) if of else None
        )

    async def version(self, of: str) -> str:
        """For If-Match."""
        return (await self.world.get(of, self.officer())).headers["etag"]


@pytest_asyncio.fixture(loop_scope="module")
async def ended(world: World) -> Ended:
    made = {"student": (await world.new("/students", CHILD))["id"]}
    at = f"/students/{made['student']}"
    made["director"] = (await world.new("/staff", {"given_name": "Clara", "family_name": "Wren"}))["id"]
    made["counselor"] = (await world.new("/staff", {"given_name": "Ben", "family_name": "Ode"}))["id"]
    assigned = {"staff": made["counselor"], "role": "counselor", "from": "2026-08-24"}
    made["assignment"] = (await world.new(f"{at}/assignments", assigned))["id"]
    contact = {"given_name": "Karl", "family_name": "Feld"}
    made["contact"] = (await world.new(f"{at}/contacts", contact))["id"]
    father = HOLDER | {"name": "Karl Feld", "confirmed_by": made["director"], "contact": made["contact"]}
    made["father"] = (await world.new(f"{at}/rights-holders", father))["id"]
    asked = {"kind": "records", "via": "letter", "holder": made["student"], "made_on": "2026-11-20"}
    made["request"] = (await world.new(f"{at}/requests", asked))["id"]
    filed = {
        "kind": "state_complaint",
        "filed_by": "family",
        "filed_on": "2026-11-20",
        "about": ["placement"],
    }
    made["dispute"] = (await world.new(f"{at}/disputes", filed))["id"]
    answer = await world.post("/tenant/end", {"reason": "The contract is over."}, world.operator())
    assert answer.status_code == 200, answer.text
    return Ended(world, made)


async def test_an_order_still_ends_a_parents_rights_and_forbids_contact(ended: Ended) -> None:
    contact = f"{ended.at}/contacts/{ended.made['contact']}"
    body = {"given_name": "Karl", "family_name": "Feld", "restrictions": "No contact: order of 23 November."}
    kept_away = await ended.world.put(contact, body, ended.officer(), if_match=await ended.version(contact))
    gone = await ended.post(
        f"{ended.at}/rights-holders/{ended.made['father']}/end",
        {"reason": "court_order", "on": TODAY, "confirmed_by": ended.made["director"]},
    )

    assert (kept_away.status_code, kept_away.json()["restrictions"]) == (200, body["restrictions"])
    assert (gone.status_code, gone.json()["ended_on"]) == (200, TODAY)


async def test_whoever_leaves_sees_no_more_and_somebody_follows(ended: Ended) -> None:
    unassigned = await ended.post(f"{ended.at}/assignments/{ended.made['assignment']}/end", {"on": TODAY})
    staff = f"/staff/{ended.made['director']}"
    body = {"given_name": "Clara", "family_name": "Wren",
            "roles": [{"role": "compliance_officer", "starts_on": TODAY}]}  # fmt: skip
    changed = await ended.world.put(staff, body, ended.officer(), if_match=await ended.version(staff))
    left = await ended.post(f"/staff/{ended.made['counselor']}/end", {"on": TODAY})
    follows = await ended.post("/staff", {"given_name": "Nora", "family_name": "Vale"})

    assert (unassigned.status_code, unassigned.json()["until"]) == (200, "2026-11-23")
    assert (changed.status_code, len(changed.json()["roles"])) == (200, 1)
    assert (left.status_code, left.json()["ended_on"]) == (200, TODAY)
    assert follows.status_code == 201, follows.text


async def test_a_student_of_age_is_confirmed_and_signs_the_release_for_a_college(ended: Ended) -> None:
    since = {"starts_on": "2026-03-03"}
    adult = await ended.post(
        f"{ended.at}/rights-holders",
        {"name": "Jonas Feld", "ground": "adult_student", "language": "en", "confirmed_by": ended.made["director"],
         "rights": {"decision": since, "record": since, "notice": since, "contact": since}},
    )  # fmt: skip
    release = {"holder": ended.made["student"], "recipient": "Bayside College", "purpose": "college",
               "records": ["plan"], "method": "paper_signature"}  # fmt: skip
    signed = await ended.post(f"{ended.at}/releases", release)
    father = await ended.world.get(f"{ended.at}/rights-holders/{ended.made['father']}", ended.officer())

    assert (adult.status_code, signed.status_code) == (201, 201), adult.text
    assert father.json()["rights"]["record"]["ends_on"] == "2026-03-02"


async def test_what_was_open_about_the_record_is_shown_as_answered_and_closed(ended: Ended) -> None:
    request = f"{ended.at}/requests/{ended.made['request']}"
    dispute = f"{ended.at}/disputes/{ended.made['dispute']}"
    answered = await ended.post(f"{request}/answer", {"outcome": "granted"}, of=request)
    closed = await ended.post(f"{dispute}/outcome", {"outcome": "withdrawn"}, of=dispute)

    assert answered.status_code == 200, answered.text
    assert answered.json()["answer"]["outcome"] == "granted"
    assert (closed.status_code, closed.json()["outcome"]["outcome"]) == (200, "withdrawn"), closed.text


async def test_nothing_else_is_recorded_of_the_student(ended: Ended) -> None:
    for path, body in (
        (f"{ended.at}/assignments", {"staff": ended.made["director"], "role": "counselor", "from": TODAY}),
        (f"{ended.at}/contacts", {"given_name": "Luz", "family_name": "Feld"}),
        (f"{ended.at}/requests", {"kind": "records", "via": "letter"}),
    ):
        refused = await ended.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "tenant-ended")
