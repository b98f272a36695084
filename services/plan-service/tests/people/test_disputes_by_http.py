"""Requests with their answers, and disputes, by HTTP: made, answered at the version that was read, listed, refused."""

from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from plan_service.testing_service import ON_ONE_SERVICE, World

pytestmark = ON_ONE_SERVICE

HELD = {"starts_on": "2016-06-20"}
RIGHTS = {"decision": HELD, "record": HELD, "notice": HELD, "contact": HELD}


def codes(answer: Any) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


@dataclass
class Child:
    """A student with a mother who decides."""

    world: World
    at: str
    mother: str

    async def asks(self, kind: str, **fields: Any) -> str:
        """The path of a request."""
        body = {"kind": kind, "via": "letter", "holder": self.mother, "made_on": "2026-09-01"} | fields
        return f"{self.at}/requests/{(await self.world.new(f'{self.at}/requests', body))['id']}"

    async def decide(self, of: str, step: str, body: Any) -> Any:
        """A decision about a thing as it stands."""
        version = (await self.world.get(of)).headers["etag"]
        return await self.world.post(f"{of}/{step}", body, if_match=version)


@pytest_asyncio.fixture(loop_scope="module")
async def child(world: World) -> Child:
    student = await world.new(
        "/students", {"given_name": "Mira", "family_name": "Quill", "birth_date": "2016-06-20"}
    )
    at = f"/students/{student['id']}"
    staff = await world.new("/staff", {"given_name": "Dana", "family_name": "Reed"})
    body = {"name": "Ana Quill", "ground": "biological_parent", "rights": RIGHTS, "language": "es",
            "confirmed_by": staff["id"]}  # fmt: skip
    mother = await world.new(f"{at}/rights-holders", body)
    return Child(world, at, mother["id"])


async def test_the_record_is_asked_for_and_shown_in_time(child: Child) -> None:
    path = await child.asks("records")
    asked = (await child.world.get(path)).json()
    answered = {"outcome": "granted", "answered_on": "2026-09-10", "external_id": "northwind:a1"}
    without = await child.world.post(f"{path}/answer", answered)
    shown = await child.decide(path, "answer", answered)
    again = await child.decide(path, "answer", answered)
    other = await child.decide(path, "answer", {"outcome": "granted"})

    assert (asked["due_on"], without.status_code) == ("2026-10-16", 428)
    assert (shown.status_code, shown.json()["in_time"]) == (200, True)
    assert shown.json()["answer"] == {"answered_on": "2026-09-10", "outcome": "granted", "documents": []}
    assert (again.status_code, again.json()["answer"]) == (200, shown.json()["answer"])
    assert (other.status_code, other.json()["code"]) == (409, "request-closed")


async def test_a_refused_amendment_of_the_record_goes_to_a_hearing_and_leaves_a_statement(
    child: Child,
) -> None:
    path = await child.asks("amendment_of_record")
    refused = {"outcome": "refused", "answered_on": "2026-09-10"}
    untold = await child.decide(path, "answer", refused)
    await child.decide(path, "answer", refused | {"hearing_right_told": True})
    await child.world.post(
        f"{path}/hearing", {"via": "letter", "holder": child.mother, "asked_on": "2026-09-15"}
    )
    decided = {"amended": False, "decided_on": "2026-10-05", "statement_right_told": True}
    await child.decide(path, "hearing-decision", decided)
    statement = {"holder": child.mother, "text": "She was ill.", "placed_on": "2026-10-12"}
    done = (await child.world.post(f"{path}/statements", statement)).json()

    assert (untold.status_code, codes(untold)) == (409, {"hearing-right-not-told"})
    assert (done["answer"]["outcome"], done["hearing"]["amended"]) == ("refused", False)
    assert [each["text"] for each in done["statements"]] == ["She was ill."]


async def test_an_independent_evaluation_is_answered_by_the_districts_complaint(child: Child) -> None:
    path = await child.asks("independent_evaluation")
    refused = await child.decide(path, "answer", {"outcome": "refused", "answered_on": "2026-09-10"})
    filed = await child.world.new(
        f"{child.at}/disputes",
        {"kind": "due_process_complaint", "filed_by": "district", "filed_on": "2026-09-08", "about": ["evaluation"]},
    )  # fmt: skip
    done = await child.decide(
        path, "answer", {"outcome": "hearing_filed", "dispute": filed["id"], "answered_on": "2026-09-10"}
    )

    assert (refused.status_code, codes(refused)) == (409, {"independent-evaluation-refused"})
    assert (done.status_code, done.json()["answer"]["dispute"]) == (200, filed["id"])


async def test_a_dispute_has_its_days_its_steps_and_its_outcome(child: Child) -> None:
    world = child.world
    body = {"kind": "due_process_complaint", "filed_by": "family", "holder": child.mother, "filed_on": "2026-09-01",
            "known_on": "2026-06-01", "about": ["placement"], "external_id": "northwind:d1"}  # fmt: skip
    filed = await world.new(f"{child.at}/disputes", body)
    path = f"{child.at}/disputes/{filed['id']}"
    met = await world.post(f"{path}/steps", {"step": "resolution_meeting_held", "on": "2026-09-10"})
    let = await child.decide(
        path,
        "stay-put-exceptions",
        {"ground": "agreed", "from": "2026-09-12", "holder": child.mother},
    )
    without = await world.post(f"{path}/outcome", {"outcome": "agreed"})
    closed = await child.decide(path, "outcome", {"outcome": "agreed", "closed_on": "2026-09-20"})
    late = await world.post(f"{path}/steps", {"step": "hearing_held", "on": "2026-09-21"})

    assert (filed["resolution_meeting_due_on"], filed["resolution_ends_on"], filed["decision_due_on"]) == (
        "2026-09-16", "2026-10-01", "2026-11-15",
    )  # fmt: skip
    assert (met.status_code, filed["in_time"], without.status_code) == (200, True, 428)
    assert let.json()["stay_put_exceptions"][0]["from"] == "2026-09-12"
    assert closed.json()["outcome"] == {"closed_on": "2026-09-20", "outcome": "agreed", "documents": []}
    assert (late.status_code, late.json()["code"]) == (409, "dispute-closed")
    for at in (f"{child.at}/disputes", "/disputes?external_id=northwind:d1"):
        assert filed["id"] in [each["id"] for each in (await world.get(at)).json()["items"]]
    again = await world.post(f"{child.at}/disputes", body)
    assert (again.status_code, again.json()["id"]) == (200, filed["id"])
    assert [step["step"] for step in (await world.get(path)).json()["steps"]] == ["resolution_meeting_held"]
