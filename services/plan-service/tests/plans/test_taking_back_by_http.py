"""Reopening and voiding a plan by HTTP: one person asks, another approves; what was taken back stays to be read."""

from datetime import timedelta
from typing import Any

from contracts.ids import new_id
from contracts.items import item_fields
from plan_service.application.models import STUDENT
from plan_service.testing_plans import MOTHER, SPEECH, iep_items
from plan_service.testing_plans_store import CHILD, found_eligible, record
from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE

IEP = [item_fields(entry) for entry in iep_items()]
MISTAKE = {"ground": "mistake", "reason": "Another student of the same name had moved."}
WRONG = {"ground": "wrong_student", "reason": "It is June Weir's.", "told_holders": [str(MOTHER)]}


async def ended(lakeside: Any, path: str, reason: str = "transferred") -> None:
    end = {"reason": reason, "effective_on": lakeside.today.isoformat()}
    await lakeside.send("POST", f"{path}/end", end, version=await lakeside.etag(path), expect=200)


async def test_an_end_by_mistake_is_undone_by_two_people_and_stays_visible(lakeside: Any) -> None:
    path = await lakeside.adopted(IEP)
    at = f"{path}/reopenings"
    early = await lakeside.send("POST", at, MISTAKE, version=await lakeside.etag(path), expect=409)
    assert early.json()["code"] == "plan-not-ended"
    await ended(lakeside, path)
    etag = await lakeside.etag(path)

    asked = await lakeside.send("POST", at, MISTAKE, version=etag, expect=201)

    one = asked.headers["location"].removeprefix("/plan/v1")
    assert (asked.json()["status"], asked.json()["effective_on"]) == ("pending", lakeside.today.isoformat())
    assert (await lakeside.send("GET", path, expect=200)).json()["status"] == "ended"
    alone = await lakeside.send("POST", f"{one}/approval", version=asked.headers["etag"], expect=409)
    assert alone.json()["code"] == "second-person-required"
    done = await lakeside.send(
        "POST", f"{one}/approval", version=asked.headers["etag"], client="director", expect=200
    )
    assert (done.json()["status"], done.json()["requested_by"], done.json()["approved_by"]) == (
        "approved", "sis", "director",
    )  # fmt: skip
    now = (await lakeside.send("GET", path, expect=200)).json()
    assert (now["status"], len(now["items"])) == ("in_force", len(IEP))
    history = (await lakeside.send("GET", f"{path}/history", expect=200)).json()["entries"]
    assert [entry["type"] for entry in history[-2:]] == ["plan.ended", "plan.reopened"]
    assert (await lakeside.send("GET", one, expect=200)).json() == done.json()
    assert (await lakeside.send("GET", at, expect=200)).json()["items"] == [done.json()]


async def test_a_plan_whose_place_was_taken_does_not_bind_again(lakeside: Any) -> None:
    path = await lakeside.adopted(IEP)
    await ended(lakeside, path)
    asked = await lakeside.send(
        "POST", f"{path}/reopenings", MISTAKE, version=await lakeside.etag(path), expect=201
    )
    await lakeside.adopted([entry | {"id": str(new_id())} for entry in IEP if entry["kind"] != "goal"
                            and entry["kind"] != "objective"] + [e for e in IEP if e["kind"] == "goal"])  # fmt: skip
    one = asked.headers["location"].removeprefix("/plan/v1")
    refused = await lakeside.send(
        "POST", f"{one}/approval", version=asked.headers["etag"], client="director", expect=409
    )
    assert refused.json()["code"] == "another-plan-in-effect"
    await lakeside.send("DELETE", one, version=asked.headers["etag"], expect=204)
    await lakeside.send("GET", one, expect=404)


async def test_the_next_version_of_an_ended_plan_begins_with_its_last_text(lakeside: Any) -> None:
    path = await lakeside.adopted(IEP)
    end = {
        "reason": "transferred",
        "effective_on": lakeside.today.replace(year=lakeside.today.year + 1).isoformat(),
    }
    await lakeside.send("POST", f"{path}/end", end, version=await lakeside.etag(path), expect=200)
    draft = await lakeside.send("POST", f"{path}/draft", version=await lakeside.etag(path), expect=201)
    assert str(SPEECH) in draft.json()["items"]


async def test_a_void_plan_is_struck_through_and_nothing_more_is_decided_about_it(lakeside: Any) -> None:
    path = await lakeside.adopted(IEP)
    etag = await lakeside.etag(path)
    await lakeside.send("GET", f"{path}/void", expect=404)
    untold = await lakeside.send(
        "POST", f"{path}/void", WRONG | {"told_holders": []}, version=etag, expect=409
    )
    assert {error["code"] for error in untold.json()["errors"]} == {"void-untold"}

    asked = await lakeside.send("POST", f"{path}/void", WRONG, version=etag, expect=201)

    assert asked.headers["location"] == f"/plan/v1{path}/void"
    twice = await lakeside.send("POST", f"{path}/void", WRONG, version=etag, expect=409)
    assert twice.json()["code"] == "void-waits"
    approval = f"{path}/void/approval"
    alone = await lakeside.send("POST", approval, version=asked.headers["etag"], expect=409)
    assert alone.json()["code"] == "second-person-required"
    key = str(new_id())
    done = await lakeside.send(
        "POST", approval, version=asked.headers["etag"], client="director", key=key, expect=200
    )
    again = await lakeside.send(
        "POST", approval, version=asked.headers["etag"], client="director", key=key, expect=200
    )
    assert done.json() == again.json() == (await lakeside.send("GET", f"{path}/void", expect=200)).json()
    now = (await lakeside.send("GET", path, expect=200)).json()
    assert (now["status"], now.get("items", []), len(now["struck"])) == ("void", [], len(IEP))
    (line,) = (await lakeside.send("GET", "/plans", student=str(CHILD), expect=200)).json()["items"]
    assert line["void"] is True
    assert (await lakeside.send("GET", "/caseload", student=str(CHILD), expect=200)).json()["items"] == []
    listed = await lakeside.send("GET", "/voids", student=str(CHILD), expect=200)
    assert [each["plan"] for each in listed.json()["items"]] == [line["id"]]
    refused = await lakeside.send("POST", f"{path}/draft", version=await lakeside.etag(path), expect=409)
    assert refused.json()["code"] == "plan-void"
    statement = {"holder": str(MOTHER), "text": "We were never asked."}
    await lakeside.send("POST", f"{path}/statements", statement, expect=201)
    await lakeside.adopted([entry | {"id": str(new_id())} for entry in IEP])


async def test_a_void_given_up_leaves_nothing(lakeside: Any) -> None:
    path = await lakeside.adopted(IEP)
    asked = await lakeside.send("POST", f"{path}/void", WRONG, version=await lakeside.etag(path), expect=201)
    await lakeside.send("DELETE", f"{path}/void", version=asked.headers["etag"], expect=204)
    await lakeside.send("GET", f"{path}/void", expect=404)


async def test_who_has_a_plan_in_effect_is_protected_when_disciplined_and_by_a_void_one_is_not(
    lakeside: Any,
) -> None:
    path, today = await lakeside.adopted(IEP), lakeside.today
    long = {"setting": "out_of_school", "from": today.isoformat(),
            "until": (today + timedelta(days=20)).isoformat()}  # fmt: skip
    refused = await lakeside.send("POST", f"/students/{CHILD}/removals", long, expect=409)
    assert {error["code"] for error in refused.json()["errors"]} == {"school-calendar-too-short"}
    asked = await lakeside.send("POST", f"{path}/void", WRONG, version=await lakeside.etag(path), expect=201)
    etag = asked.headers["etag"]
    await lakeside.send("POST", f"{path}/void/approval", version=etag, client="director", expect=200)
    not_eligible = found_eligible(today, CHILD, eligible=False)  # Else that alone would protect the child.
    await record(lakeside.plan, STUDENT, [CHILD], not_eligible, CHILD)
    await lakeside.send("POST", f"/students/{CHILD}/removals", long, expect=201)


async def test_while_a_complaint_is_open_the_district_neither_ends_an_iep_nor_takes_up_one_that_had_ended(
    lakeside: Any,
) -> None:
    complaint = {"kind": "due_process_complaint", "filed_by": "family", "holder": str(MOTHER)}
    path, disputes = await lakeside.adopted(IEP), f"/students/{CHILD}/disputes"
    first = (await lakeside.send("POST", disputes, complaint, expect=201)).json()["id"]
    graduated = {"reason": "graduated", "effective_on": lakeside.today.isoformat()}
    refused = await lakeside.send(
        "POST", f"{path}/end", graduated, version=await lakeside.etag(path), expect=409
    )
    (stays,) = [each for each in refused.json()["errors"] if each["code"] == "stay-put"]
    assert "version 1" in stays["detail"]

    settled = f"{disputes}/{first}"
    closed = {"outcome": "withdrawn"}
    await lakeside.send(
        "POST", f"{settled}/outcome", closed, version=await lakeside.etag(settled), expect=200
    )
    await ended(lakeside, path)
    await lakeside.send("POST", disputes, complaint, expect=201)
    back = {"ground": "student_returned", "reason": "She is back."}
    again = await lakeside.send(
        "POST", f"{path}/reopenings", back, version=await lakeside.etag(path), expect=409
    )
    assert [each["code"] for each in again.json()["errors"]] == ["stay-put"]
