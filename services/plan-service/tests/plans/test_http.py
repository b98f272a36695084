"""Plans by HTTP: the main job on the real app, and every refusal as the caller sees it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.items import item_fields
from contracts.plan import PlanAdopted
from contracts.testing import an_id
from plan_service.application.names import names_of
from plan_service.application.plan_model import PLAN
from plan_service.testing_plans import (
    AUNT,
    GOAL,
    MOTHER,
    SPEECH,
    TIME,
    iep_items,
    item,
    plan_504_items,
    speech,
)
from plan_service.testing_plans_store import CHILD
from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE

IEP = [item_fields(entry) for entry in iep_items()]
AMENDED = item_fields(speech(60))


def proposal(lakeside: Any, **fields: Any) -> dict[str, Any]:
    """Twice the speech, no extended time, agreed today."""
    return {
        "basis": {
            "kind": "written_agreement", "agreed_on": lakeside.today.isoformat(), "holder_ids": [str(MOTHER)],
        },
        "changes": [{"op": "replace", "item": AMENDED}, {"op": "end", "item": str(TIME)}],
        "reason": "She is understood by few people outside her family.",
    } | fields  # fmt: skip


def consent(**fields: Any) -> dict[str, Any]:
    """The mother says yes to more speech."""
    return {
        "holder": str(MOTHER), "items": [str(SPEECH)], "decision": "accepted", "method": "paper_signature",
    } | fields  # fmt: skip


def codes(response: Any) -> set[str]:
    return {error["code"] for error in response.json()["errors"]}


async def test_a_notice_that_came_back_was_not_given(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    proposed = await lakeside.send("POST", f"{path}/amendments", proposal(lakeside),
                                   version=await lakeside.etag(path), expect=201)  # fmt: skip
    amendment = f"{path}/amendments/{proposed.json()['id']}"
    await lakeside.send("POST", f"{amendment}/consents", consent(), expect=201)
    notice, _ = await lakeside.notice(path, proposed.json()["id"])
    event = await lakeside.returned(notice, path, proposed.json()["id"])
    await lakeside.send("GET", amendment, after_event=str(event), expect=200)

    refused = await lakeside.send("POST", f"{amendment}/adoption", {"effective_on": "earliest"},
                                  version=await lakeside.etag(path), expect=409)  # fmt: skip

    assert codes(refused) == {"prior-written-notice-required"}


async def test_the_main_job_from_draft_to_replay(lakeside) -> None:
    ten_days_on = lakeside.today + timedelta(days=10)
    path = await lakeside.adopted(IEP)
    proposed = await lakeside.send("POST", f"{path}/amendments", proposal(lakeside),
                                   version=await lakeside.etag(path), expect=201)  # fmt: skip
    amendment = f"{path}/amendments/{proposed.json()['id']}"
    untold = await lakeside.send(
        "POST", f"{amendment}/adoption", {}, version=proposed.headers["etag"], expect=409
    )
    assert untold.json()["code"] == "amendment-refused"
    assert codes(untold) == {"prior-written-notice-required", "consent-required"}

    answered = await lakeside.send("POST", f"{amendment}/consents", consent(), expect=201)
    assert answered.json()["counts"] is True
    event = await lakeside.notice_given(path, proposed.json()["id"])
    await lakeside.send("GET", amendment, after_event=str(event), expect=200)
    too_soon = await lakeside.send("POST", f"{amendment}/adoption", {"effective_on": lakeside.today.isoformat()},
                                   version=await lakeside.etag(path), expect=409)  # fmt: skip
    assert too_soon.json()["facts"]["earliest"] == ten_days_on.isoformat()
    adopted = await lakeside.send("POST", f"{amendment}/adoption", {"effective_on": "earliest"},
                                  version=await lakeside.etag(path), expect=200)  # fmt: skip
    assert adopted.json()["status"] == "adopted"
    assert adopted.json()["effective_on"] == ten_days_on.isoformat()
    assert adopted.json()["withheld"] == [str(TIME)]
    assert len(adopted.json()["notices"]) == 1

    now = (await lakeside.send("GET", path, expect=200)).json()
    later = (await lakeside.send("GET", path, effective_on=ten_days_on.isoformat(), expect=200)).json()
    assert minutes(now) == 30
    assert minutes(later) == 60
    assert later["withheld"][0]["item_id"] == str(TIME)
    assert later["review_due_on"] == now["review_due_on"]
    assert later["version"] == 2


async def test_an_agreement_not_to_meet_may_follow_its_proposal(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    sought = proposal(lakeside, basis={"kind": "written_agreement"})
    proposed = await lakeside.send("POST", f"{path}/amendments", sought,
                                   version=await lakeside.etag(path), expect=201)  # fmt: skip
    assert proposed.json()["agreement_sought"] is True
    assert "basis" not in proposed.json()
    amendment = f"{path}/amendments/{proposed.json()['id']}"
    await lakeside.send("POST", f"{amendment}/consents", consent(), expect=201)
    early = await lakeside.send(
        "POST", f"{amendment}/adoption", {}, version=await lakeside.etag(path), expect=409
    )
    assert "agreement-awaited" in codes(early)

    signed = {"agreed_on": lakeside.today.isoformat(), "holder_ids": [str(AUNT)]}
    hers = await lakeside.send("POST", f"{amendment}/agreement", signed, expect=200)
    assert hers.json()["agreement_sought"] is True, "the aunt decides nothing"
    agreed = await lakeside.send(
        "POST", f"{amendment}/agreement", signed | {"holder_ids": [str(MOTHER)]}, expect=200
    )
    assert "agreement_sought" not in agreed.json()
    assert agreed.json()["basis"]["holder_ids"] == [str(MOTHER)]
    pending = (await lakeside.send("GET", path, expect=200)).json()["pending"]
    assert pending[0]["basis"] == agreed.json()["basis"]
    event = await lakeside.notice_given(path, proposed.json()["id"])
    await lakeside.send("GET", amendment, after_event=str(event), expect=200)
    await lakeside.send("POST", f"{amendment}/adoption", {}, version=await lakeside.etag(path), expect=200)
    half = proposal(lakeside, basis={"kind": "written_agreement", "holder_ids": [str(MOTHER)]})
    refused = await lakeside.send(
        "POST", f"{path}/amendments", half, version=await lakeside.etag(path), expect=422
    )
    assert codes(refused) == {"agreed-on-no-day"}


def minutes(document: dict[str, Any]) -> int:
    (found,) = [entry["item"]["minutes"] for entry in document["items"] if entry["item"]["id"] == str(SPEECH)]
    return int(found)


async def test_why_a_plan_is_this_students_own_is_said_when_it_is_adopted(lakeside) -> None:
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    path, why = f"/plans/{made.json()['id']}", "Her results of 14 November ask for it."
    adoption = {
        "effective_on": lakeside.today.isoformat(), "meeting": str(await lakeside.meeting()), "individual_reason": why,
    }  # fmt: skip
    done = await lakeside.send("POST", f"{path}/adoption", adoption, version=made.headers["etag"], expect=200)
    assert done.json()["individual_reason"] == why
    (words,) = [
        each["words"]
        for each in (await lakeside.send("GET", f"{path}/history", expect=200)).json()["entries"]
        if each["type"] == "plan.adopted"
    ]
    assert why in words


async def test_an_answer_with_its_basis_can_be_had_again_byte_for_byte(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    first = await lakeside.send("GET", path, expect=200)
    basis = f"plan:{first.json()['basis']['plan']}"
    await lakeside.send(
        "POST", f"{path}/amendments", proposal(lakeside), version=first.headers["etag"], expect=201
    )
    day = first.json()["effective_on"]
    again = await lakeside.send("GET", path, basis=basis, effective_on=day, expect=200)
    assert again.content == first.content
    assert (await lakeside.send("GET", path, effective_on=day, expect=200)).content != first.content
    known = await lakeside.send("GET", path, known_at=first.json()["known_at"], effective_on=day, expect=200)
    assert known.content == first.content


async def test_before_anything_was_known_there_is_nothing(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    await lakeside.send("GET", path, known_at="2020-01-01", expect=404)
    await lakeside.send("GET", path, known_at="last tuesday", expect=422)
    await lakeside.send("GET", path, basis="progress:1", expect=422)


async def test_versions_diff_and_history_tell_what_happened(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    body = proposal(lakeside, reported={
        "source": "paper file", "reason": "agreed on the phone", "occurred_on": lakeside.today.isoformat()})  # fmt: skip
    everything = "plan.read plan.write plan.report"
    etag = await lakeside.etag(path)
    proposed = await lakeside.send(
        "POST", f"{path}/amendments", body, version=etag, scopes=everything, expect=201
    )
    report = {"reported": body["reported"]}
    adoption = f"{path}/amendments/{proposed.json()['id']}/adoption"
    done = await lakeside.send(
        "POST", adoption, report, version=proposed.headers["etag"], scopes=everything, expect=200
    )
    assert {unmet["code"] for unmet in done.json()["reported"]["unmet"]} == {
        "prior-written-notice-required", "consent-required",
    }  # fmt: skip
    versions = (await lakeside.send("GET", f"{path}/versions", expect=200)).json()["items"]
    assert [version["kind"] for version in versions] == ["adopted", "amended"]
    assert minutes((await lakeside.send("GET", f"{path}/versions/1", expect=200)).json()) in (30, 60)
    await lakeside.send("GET", f"{path}/versions/3", expect=404)
    day, known = lakeside.today.isoformat(), versions[0]["known_at"]
    diff = (
        await lakeside.send("GET", f"{path}/diff", to=day, **{"from": f"{day},{known}"}, expect=200)
    ).json()
    assert {each["item_id"]: each["change"] for each in diff["differences"]} == {
        str(SPEECH): "changed", str(TIME): "ended",
    }  # fmt: skip
    assert all(each["event_id"] == versions[1]["event_id"] and each["words"] for each in diff["differences"])
    history = (await lakeside.send("GET", f"{path}/history", expect=200)).json()["entries"]
    assert [entry["type"] for entry in history] == [
        "plan.draft_opened", "plan.adopted", "plan.amendment_proposed", "plan.amendment_adopted",
    ]  # fmt: skip
    assert "Reported by paper file" in history[-1]["words"]


async def test_a_history_names_people(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    staff = str(await lakeside.staff())
    informed = {"staff": staff, "items": [str(SPEECH)], "on": lakeside.today.isoformat(), "how": "spoken to"}
    await lakeside.send("POST", f"{path}/informed", informed, expect=200)
    await lakeside.send(
        "POST", f"{path}/amendments", proposal(lakeside), version=await lakeside.etag(path), expect=201
    )
    statement = {
        "holder": str(MOTHER),
        "text": "I asked for this in May.",
        "made_on": lakeside.today.isoformat(),
    }
    await lakeside.send("POST", f"{path}/statements", statement, expect=201)
    told = (await lakeside.send("GET", f"{path}/history", expect=200)).json()["entries"]
    by_type = {entry["type"]: entry["words"] for entry in told}
    assert "told Ada Roe of their duties" in by_type["plan.staff_informed"]
    assert "a statement of R. Quill" in by_type["plan.statement_added"]


async def test_the_people_of_another_student_have_no_name_in_a_history(lakeside) -> None:
    async with lakeside.plan.database.begin(lakeside.tenant) as rows:
        theirs = await names_of(rows, lakeside.tenant, CHILD, [str(MOTHER), str(CHILD), "vendor-1"])
        others = await names_of(rows, lakeside.tenant, an_id("another student"), [str(MOTHER), str(CHILD)])
    assert theirs[str(MOTHER)] == "R. Quill"
    assert others == {}


async def test_an_incomplete_adoption_is_refused_with_everything_it_lacks(lakeside) -> None:
    made = await lakeside.send("POST", "/plans", {"student": str(CHILD), "kind": "iep"}, expect=201)
    assert made.json()["items"] == {}
    missing = {gap["code"]: gap for gap in made.json()["missing"]}
    assert missing["missing-goal"]["citation"] == "34 CFR 300.320(a)(2)"
    adoption = f"/plans/{made.json()['id']}/adoption"
    refused = await lakeside.send("POST", adoption, {"effective_on": lakeside.today.isoformat()},
                                  version=made.headers["etag"], expect=409)  # fmt: skip
    assert codes(refused) == set(missing) | {"meeting-required"}
    assert all(error["citation"] and error["cure"] for error in refused.json()["errors"])


async def test_a_draft_is_patched_item_by_item_and_field_by_field(lakeside) -> None:
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    draft = f"/plans/{made.json()['id']}/draft"
    patch = {"items": {str(SPEECH): {"minutes": 45, "location": None}, str(TIME): None}}
    patched = await lakeside.send("PATCH", draft, patch, version=made.headers["etag"], expect=200)
    items = patched.json()["items"]
    assert (items[str(SPEECH)]["minutes"], "location" in items[str(SPEECH)], str(TIME) in items) == (
        45,
        False,
        False,
    )
    assert {gap["code"] for gap in patched.json()["missing"]} == {"service-lacks-location"}
    assert (await lakeside.send("GET", draft, expect=200)).json() == patched.json()
    stale = await lakeside.send("PATCH", draft, patch, version=made.headers["etag"], expect=412)
    assert stale.json()["facts"] == {"expected": 1, "actual": 2, "mergeable": True}
    await lakeside.send("PATCH", draft, patch, expect=428)


async def test_who_saves_a_draft_second_is_told_what_the_other_and_what_both_changed(lakeside) -> None:
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    draft, read = f"/plans/{made.json()['id']}/draft", made.headers["etag"]

    async def send(change: Any, version: str, expect: int) -> Any:
        return await lakeside.send("PATCH", draft, {"items": change}, version=version, expect=expect)

    theirs = await send({str(SPEECH): {"minutes": 45}, str(GOAL): {"target": "50"}}, read, 200)
    clash = await send({str(SPEECH): {"minutes": 60, "location": "Room 31"}}, read, 412)
    apart = await send({str(SPEECH): {"location": "Room 31"}}, read, 412)
    both = await send({str(SPEECH): {"location": "Room 31"}}, theirs.headers["etag"], 200)
    gone = await send({str(SPEECH): None}, both.headers["etag"], 200)
    no_longer = await send({str(SPEECH): {"minutes": 60}}, both.headers["etag"], 412)
    unknown = await send({str(SPEECH): {"minutes": 60}}, '"77"', 412)

    def told(answer: Any) -> tuple[bool | None, dict[str, str]]:
        codes = {error["pointer"].removeprefix("/items/"): error["code"] for error in answer.json()["errors"]}
        return answer.json()["facts"].get("mergeable"), codes

    assert told(clash) == (False, {
        f"{SPEECH}/minutes": "changed-by-both", f"{SPEECH}/location": "changed-by-you",
        f"{GOAL}/target": "changed-by-others",
    })  # fmt: skip
    assert told(apart) == (True, {
        f"{SPEECH}/minutes": "changed-by-others", f"{SPEECH}/location": "changed-by-you",
        f"{GOAL}/target": "changed-by-others",
    })  # fmt: skip
    assert (
        both.json()["items"][str(SPEECH)] | {"minutes": 45, "location": "Room 31"}
        == both.json()["items"][str(SPEECH)]
    )
    assert str(SPEECH) not in gone.json()["items"]
    assert told(no_longer) == (False, {str(SPEECH): "changed-by-both"})
    assert told(unknown) == (None, {})
    fits_nowhere = await send({str(SPEECH): {"minutes": "many"}}, read, 422)
    assert fits_nowhere.json()["errors"][0]["pointer"] == f"/items/{SPEECH}/minutes"
    merge = clash.json()["merge"]
    assert merge["items"][str(SPEECH)]["fields"]["minutes"] == {"base": 30, "theirs": 45, "yours": 60}
    assert merge["items"][str(GOAL)]["fields"]["target"]["theirs"] == "50"
    assert (merge["version"], merge["patch"]) == (2, {"items": {str(SPEECH): {"location": "Room 31"}}})
    assert no_longer.json()["merge"]["items"][str(SPEECH)]["taken_out_by"] == "others"
    before_both = await send({str(GOAL): {"target": "70"}}, read, 412)  # Three versions ago.
    assert before_both.json()["merge"]["items"][str(GOAL)]["fields"]["target"] == {
        "base": "60", "theirs": "50", "yours": "70",
    }  # fmt: skip


async def test_what_does_not_fit_in_a_draft_is_not_said_back(lakeside) -> None:
    made = await lakeside.send("POST", "/plans", {"student": str(CHILD), "kind": "iep"}, expect=201)
    patch = {
        "items": {str(GOAL): {"kind": "Ivo's wish"}, str(SPEECH): {"kind": "service", "per": "Ivo's day"}}
    }
    path = f"/plans/{made.json()['id']}/draft"
    refused = await lakeside.send("PATCH", path, patch, version=made.headers["etag"], expect=422)

    nul = {"items": {str(GOAL): {"kind": "goal", "statement": "a\u0000b"}}}
    uncarriable = await lakeside.send("PATCH", path, nul, version=made.headers["etag"], expect=422)
    assert uncarriable.json()["errors"][0]["pointer"] == f"/items/{GOAL}/statement"
    assert "Ivo" not in refused.text
    assert "present_levels" in refused.json()["errors"][0]["detail"]


async def test_an_adoption_takes_the_words_of_its_notice_along(lakeside) -> None:
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    path = f"/plans/{made.json()['id']}"
    words = {"explanation": "He reads on the level of second grade.", "other_factors": "None."}
    adoption = {
        "effective_on": lakeside.today.isoformat(),
        "meeting": str(await lakeside.meeting()),
        "notice": words,
    }
    unknown = adoption | {"notice": {"why": "Because."}}
    refused = await lakeside.send(
        "POST", f"{path}/adoption", unknown, version=made.headers["etag"], expect=422
    )
    assert refused.json()["errors"][0]["pointer"] == "/notice/why"
    await lakeside.send("POST", f"{path}/adoption", adoption, version=made.headers["etag"], expect=200)

    stored = await lakeside.plan.store.read(lakeside.tenant, PLAN.stream(UUID(made.json()["id"])))
    (adopted,) = (each.event for each in stored if isinstance(each.event, PlanAdopted))
    assert adopted.notice is not None
    assert adopted.notice.model_dump(exclude_none=True) == words


async def test_what_the_refusal_of_a_second_editor_shows_is_recorded_as_seen(lakeside) -> None:
    made = await lakeside.send("POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201)  # fmt: skip
    draft, read = f"/plans/{made.json()['id']}/draft", made.headers["etag"]
    change = {"items": {str(SPEECH): {"minutes": 45}}}
    await lakeside.send("PATCH", draft, change, version=read, expect=200)

    async def looks() -> int:
        async with lakeside.plan.store.database.lend(lakeside.tenant) as connection:
            return int(
                await connection.fetchval(
                    "SELECT count(*) FROM plan.access WHERE tenant = $1", lakeside.tenant
                )
            )

    before = await looks()
    await lakeside.send("PATCH", draft, change, version='"77"', expect=412)
    assert await looks() == before
    await lakeside.send("PATCH", draft, change, version=read, expect=412)
    assert await looks() == before + 1


async def test_a_draft_tells_advice_apart_from_what_the_law_asks_for(lakeside) -> None:
    poor = {"items": {str(GOAL): {"unit": None, "due_on": None}}}
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    draft = f"/plans/{made.json()['id']}/draft"
    patched = (await lakeside.send("PATCH", draft, poor, version=made.headers["etag"], expect=200)).json()
    assert [gap["code"] for gap in patched["missing"]] == ["goal-lacks-due-on"]
    said = {each["code"]: each for each in patched["advice"]}
    assert (said["goal-no-unit"]["letter"], said["goal-no-date"]["letter"]) == ("measurable", "time_bound")
    assert said["goal-no-unit"] | {"letter": "measurable"} == {
        "code": "goal-no-unit", "detail": "The goal has no unit.", "citation": "SMART: practice, not law",
        "cure": "Fill in unit.", "pointer": f"/items/{GOAL}/unit", "letter": "measurable",
    }  # fmt: skip
    assert "letter" not in said["accommodation-lacks-need"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({str(SPEECH): {"minutes": "many"}}, f"/items/{SPEECH}/minutes"),
        ({str(SPEECH): {"colour": "red"}}, f"/items/{SPEECH}/colour"),
        ({str(SPEECH): {"id": str(GOAL)}}, f"/items/{SPEECH}/id"),
        ({str(an_id("new")): {"what": "no kind"}}, f"/items/{an_id('new')}"),
    ],
    ids=["a wrong type", "an unknown field", "another id", "no kind"],
)  # fmt: skip
async def test_a_patch_that_does_not_fit_names_its_place(lakeside, change: Any, pointer: str) -> None:
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    draft = f"/plans/{made.json()['id']}/draft"
    refused = await lakeside.send("PATCH", draft, {"items": change}, version=made.headers["etag"], expect=422)
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_a_draft_is_dropped_and_leaves_only_that_it_was(lakeside) -> None:
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    path = f"/plans/{made.json()['id']}"
    await lakeside.send("DELETE", f"{path}/draft", version=made.headers["etag"], expect=204)
    await lakeside.send("GET", f"{path}/draft", expect=404)
    assert (await lakeside.send("GET", path, expect=200)).json()["status"] == "dropped"


async def test_the_next_version_begins_with_what_is_in_force(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    opened = await lakeside.send("POST", f"{path}/draft", version=await lakeside.etag(path), expect=201)
    assert set(opened.json()["items"]) == {each["id"] for each in IEP}
    again = await lakeside.send("POST", f"{path}/draft", version=await lakeside.etag(path), expect=409)
    assert again.json()["code"] == "draft-already-open"
    meeting = str(await lakeside.meeting())
    adoption = {"effective_on": lakeside.today.isoformat(), "meeting": meeting}
    done = await lakeside.send(
        "POST", f"{path}/adoption", adoption, version=opened.headers["etag"], expect=200
    )
    assert done.json()["versions"] == 2


async def test_the_same_plan_again_is_the_first_and_another_under_its_id_is_refused(lakeside) -> None:
    body = {"student": str(CHILD), "kind": "iep", "items": IEP, "external_id": "northwind:plan-17"}
    first = await lakeside.send("POST", "/plans", body, expect=201)
    again = await lakeside.send("POST", "/plans", body, expect=200)
    assert again.json() == first.json()
    other = await lakeside.send("POST", "/plans", body | {"items": []}, expect=409)
    assert other.json()["code"] == "external-id-taken"
    found = await lakeside.send("GET", "/plans", external_id="northwind:plan-17", expect=200)
    assert [line["id"] for line in found.json()["items"]] == [first.json()["id"]]


async def test_a_request_that_comes_twice_is_done_once(lakeside) -> None:
    body = {"student": str(CHILD), "kind": "iep", "items": IEP}
    first = await lakeside.send("POST", "/plans", body, key="once", expect=201)
    again = await lakeside.send("POST", "/plans", body, key="once", expect=201)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    path = f"/plans/{first.json()['id']}"
    adoption = {"effective_on": lakeside.today.isoformat(), "meeting": str(await lakeside.meeting())}
    done = await lakeside.send("POST", f"{path}/adoption", adoption, version=1, key="adopt", expect=200)
    same = await lakeside.send("POST", f"{path}/adoption", adoption, version=1, key="adopt", expect=200)
    assert (same.json(), same.headers["handrail-event"]) == (done.json(), done.headers["handrail-event"])


async def test_a_504_plan_is_adopted_without_an_iep_team(lakeside) -> None:
    items = [item_fields(entry) for entry in plan_504_items()]
    path = await lakeside.adopted(items, "504")
    document = (await lakeside.send("GET", path, expect=200)).json()
    assert (document["status"], document["kind"], len(document["items"])) == ("in_force", "504", 3)


async def test_a_student_has_one_plan_of_a_kind(lakeside) -> None:
    first = await lakeside.adopted(IEP)
    second = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    adoption = f"/plans/{second.json()['id']}/adoption"
    tomorrow = (lakeside.today + timedelta(days=1)).isoformat()
    body = {"effective_on": tomorrow, "meeting": str(await lakeside.meeting())}
    refused = await lakeside.send("POST", adoption, body, version=1, expect=409)
    assert refused.json()["code"] == "another-plan-in-effect"
    await lakeside.send("POST", f"{first}/end", {"reason": "transferred", "effective_on": tomorrow},
                        version=await lakeside.etag(first), expect=200)  # fmt: skip
    await lakeside.send("POST", adoption, body, version=1, expect=200)


async def test_reporting_needs_its_own_scope(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    reported = {"source": "paper", "reason": "found in the file", "occurred_on": lakeside.today.isoformat()}
    end = {"reason": "transferred", "effective_on": lakeside.today.isoformat(), "reported": reported}
    etag = await lakeside.etag(path)
    await lakeside.send("POST", f"{path}/end", end, version=etag, scopes="plan.write", expect=403)
    end.pop("reported")
    await lakeside.send("POST", f"{path}/end", end, version=etag, scopes="plan.report", expect=403)


async def test_a_contacts_answer_is_kept_and_never_counts(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    proposed = await lakeside.send("POST", f"{path}/amendments", proposal(lakeside),
                                   version=await lakeside.etag(path), expect=201)  # fmt: skip
    consents = f"{path}/amendments/{proposed.json()['id']}/consents"
    kept = await lakeside.send("POST", consents, consent(holder=str(AUNT)), expect=201)
    assert kept.json()["counts"] is False
    stranger = await lakeside.send("POST", consents, consent(holder=str(an_id("a stranger"))), expect=422)
    assert codes(stranger) == {"unknown-holder"}
    assert (await lakeside.send("GET", f"{path}/consents", expect=200)).json()["items"][0][
        "id"
    ] == kept.json()["id"]


async def test_a_withdrawn_amendment_leaves_no_change(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    proposed = await lakeside.send("POST", f"{path}/amendments", proposal(lakeside),
                                   version=await lakeside.etag(path), expect=201)  # fmt: skip
    amendment = f"{path}/amendments/{proposed.json()['id']}"
    gone = await lakeside.send("POST", f"{amendment}/withdrawal", {"reason": "They move away."},
                               version=proposed.headers["etag"], expect=200)  # fmt: skip
    assert gone.json()["status"] == "withdrawn"
    closed = await lakeside.send("POST", f"{amendment}/consents", consent(), expect=409)
    assert closed.json()["code"] == "amendment-closed"
    assert (await lakeside.send("GET", path, expect=200)).json()["pending"] == []


async def test_a_correction_waits_for_a_second_person(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    (version,) = (await lakeside.send("GET", f"{path}/versions", expect=200)).json()["items"]
    right = item_fields(speech(location="Room 21"))
    body = {
        "event": version["event_id"],
        "item": right,
        "what_was_wrong": "The room.",
        "evidence": "Minutes, page 2.",
    }
    asked = await lakeside.send(
        "POST", f"{path}/corrections", body, version=await lakeside.etag(path), expect=201
    )
    assert asked.json()["status"] == "pending"
    one = asked.headers["location"].removeprefix("/plan/v1")
    assert (await lakeside.send("GET", one, expect=200)).json() == asked.json()
    assert room(await lakeside.send("GET", path, expect=200)) == "Room 12"
    etag = asked.headers["etag"]
    alone = await lakeside.send("POST", f"{one}/approval", version=etag, expect=409)
    assert alone.json()["code"] == "second-person-required"
    approved = await lakeside.send("POST", f"{one}/approval", version=etag, client="director", expect=200)
    assert (approved.json()["status"], approved.json()["approved_by"]) == ("approved", "director")
    assert room(await lakeside.send("GET", path, expect=200)) == "Room 21"
    told = (await lakeside.send("GET", f"{path}/history", expect=200)).json()["entries"]
    assert {entry["rules"] for entry in told} == {"federal@2026-1"}
    wrong = {**body, "event": str(an_id("no event"))}
    refused = await lakeside.send(
        "POST", f"{path}/corrections", wrong, version=await lakeside.etag(path), expect=422
    )
    assert codes(refused) == {"unknown-change"}


def room(response: Any) -> str:
    (found,) = [entry["item"] for entry in response.json()["items"] if entry["item"]["id"] == str(SPEECH)]
    return str(found["location"])


async def test_corrections_that_wait_are_listed_with_those_that_stand(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    (version,) = (await lakeside.send("GET", f"{path}/versions", expect=200)).json()["items"]
    made = []
    for number in range(3):
        body = {"event": version["event_id"], "item": item_fields(speech(location=f"Room {number}")),
                "what_was_wrong": "the room", "evidence": "minutes", "external_id": f"northwind:c{number}"}  # fmt: skip
        etag = await lakeside.etag(path)
        asked = await lakeside.send("POST", f"{path}/corrections", body, version=etag, expect=201)
        made.append(asked.json()["id"])
        if number == 1:
            approval = f"{path}/corrections/{made[1]}/approval"
            await lakeside.send(
                "POST", approval, version=asked.headers["etag"], client="director", expect=200
            )

    whole = (await lakeside.send("GET", f"{path}/corrections", expect=200)).json()["items"]
    paged, page = [], (await lakeside.send("GET", f"{path}/corrections", limit="1", expect=200)).json()
    while page:
        paged += page["items"]
        at, _, query = page.get("next", "").removeprefix("/plan/v1").partition("?")
        parameters = dict(part.split("=", 1) for part in query.split("&") if part)
        page = (await lakeside.send("GET", at, expect=200, **parameters)).json() if at else None
    named = (await lakeside.send("GET", f"{path}/corrections", external_id="northwind:c2", expect=200)).json()
    first = next(each for each in whole if each["id"] == made[0])
    later = await lakeside.send("GET", f"{path}/corrections", updated_after=first["updated_at"], expect=200)

    assert {each["id"]: each["status"] for each in whole} == dict(
        zip(made, ("pending", "approved", "pending"), strict=True)
    )
    assert paged == whole
    assert [each["id"] for each in named["items"]] == [made[2]]
    assert {each["id"] for each in later.json()["items"]} == set(made[1:])


async def test_a_list_of_a_plan_there_is_not_is_not_found(lakeside) -> None:
    nowhere = f"/plans/{an_id('nothing')}"
    for kind in (
        "amendments",
        "consents",
        "corrections",
        "statements",
        "reviews",
        "informed",
        "exit-summaries",
    ):
        await lakeside.send("GET", f"{nowhere}/{kind}", expect=404)


async def test_a_correction_given_up_leaves_nothing(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    (version,) = (await lakeside.send("GET", f"{path}/versions", expect=200)).json()["items"]
    body = {"event": version["event_id"], "item": AMENDED, "what_was_wrong": "minutes", "evidence": "none"}
    asked = await lakeside.send(
        "POST", f"{path}/corrections", body, version=await lakeside.etag(path), expect=201
    )
    one = asked.headers["location"].removeprefix("/plan/v1")
    await lakeside.send("DELETE", one, version=asked.headers["etag"], expect=204)
    await lakeside.send("GET", one, expect=404)


async def test_a_statement_stands_beside_the_plan_in_its_writers_words(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    body = {"holder": str(MOTHER), "text": "  We asked for Ms. Roe, by name. ", "via": "letter"}
    kept = await lakeside.send("POST", f"{path}/statements", body, expect=201)
    assert (await lakeside.send("GET", path, expect=200)).json()["statements"][0]["text"] == body["text"]
    read = await lakeside.send("GET", f"{path}/statements/{kept.json()['id']}", expect=200)
    assert read.json() == kept.json()


async def test_a_review_moves_the_date_of_the_next(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    etag = await lakeside.etag(path)
    refused = await lakeside.send(
        "POST", f"{path}/reviews", {"outcome": "continued"}, version=etag, expect=409
    )
    assert codes(refused) == {"meeting-required"}
    held = {"outcome": "continued", "meeting": str(await lakeside.meeting())}
    done = await lakeside.send("POST", f"{path}/reviews", held, version=etag, expect=200)
    assert done.json()["review_due_on"] == lakeside.today.replace(year=lakeside.today.year + 1).isoformat()
    (listed,) = (await lakeside.send("GET", f"{path}/reviews", expect=200)).json()["items"]
    assert (listed["outcome"], listed["meeting"]) == ("continued", held["meeting"])
    assert listed["review_due_on"] == done.json()["review_due_on"]
    assert (await lakeside.send("GET", f"{path}/reviews/{listed['id']}", expect=200)).json() == listed


async def test_a_review_and_who_was_told_are_recorded_once_by_their_external_id(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    told = {"staff": str(await lakeside.staff()), "items": [str(SPEECH)], "on": lakeside.today.isoformat(),
            "how": "in person"}  # fmt: skip
    held = {"outcome": "continued", "meeting": str(await lakeside.meeting())}
    for kind, body, other in (
        ("informed", told, {"how": "by phone"}), ("reviews", held, {"outcome": "change_decided"}),
    ):  # fmt: skip
        mine = body | {"external_id": f"northwind:{kind}-1"}
        etag = await lakeside.etag(path)
        first = await lakeside.send("POST", f"{path}/{kind}", mine, version=etag, expect=200)
        again = await lakeside.send("POST", f"{path}/{kind}", mine, version=etag, expect=200)
        taken = await lakeside.send("POST", f"{path}/{kind}", mine | other, version=etag, expect=409)

        assert (again.json(), again.headers["etag"]) == (first.json(), first.headers["etag"])
        assert taken.json()["code"] == "external-id-taken"
        found = await lakeside.send("GET", f"{path}/{kind}", external_id=mine["external_id"], expect=200)
        assert [each["external_id"] for each in found.json()["items"]] == [mine["external_id"]]


async def test_a_meeting_of_another_student_decides_nothing_here(lakeside) -> None:
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    body = {"effective_on": lakeside.today.isoformat(), "meeting": str(an_id("no meeting"))}
    refused = await lakeside.send("POST", f"/plans/{made.json()['id']}/adoption", body, version=1, expect=422)
    assert codes(refused) == {"unknown-meeting"}


async def test_holders_and_informed_staff_stand_in_the_plan(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    staff = await lakeside.staff()
    body = {"staff": str(staff), "from": lakeside.today.isoformat()}
    await lakeside.send("POST", f"{path}/items/{SPEECH}/holders", body, expect=200)
    told = {"staff": str(staff), "items": [str(SPEECH)], "on": lakeside.today.isoformat(), "how": "in person"}
    await lakeside.send("POST", f"{path}/informed", told, expect=200)
    document = (await lakeside.send("GET", path, expect=200)).json()
    (entry,) = [each for each in document["items"] if each["item"]["id"] == str(SPEECH)]
    assert [holder["staff_id"] for holder in entry["holders"]] == [str(staff)]
    nobody = await lakeside.send(
        "POST", f"{path}/items/{SPEECH}/holders", body | {"staff": str(CHILD)}, expect=422
    )
    assert codes(nobody) == {"unknown-staff"}
    end = f"{path}/items/{SPEECH}/holders/{staff}/end"
    await lakeside.send("POST", end, {"on": lakeside.today.isoformat()}, expect=200)
    document = (await lakeside.send("GET", path, expect=200)).json()
    assert all("holders" not in each or not each["holders"] for each in document["items"])


async def test_who_carries_out_an_item_and_who_was_told_is_read_by_itself(lakeside) -> None:
    path, today = await lakeside.adopted(IEP), lakeside.today
    staff, other = str(await lakeside.staff()), str(await lakeside.staff())
    holders = f"{path}/items/{SPEECH}/holders"
    for each in (staff, other):
        await lakeside.send("POST", holders, {"staff": each, "from": today.isoformat()}, expect=200)
    ends_on = (today + timedelta(days=30)).isoformat()
    await lakeside.send("POST", f"{holders}/{staff}/end", {"on": ends_on}, expect=200)
    told = {"staff": staff, "items": [str(SPEECH)], "on": today.isoformat(), "how": "in person"}
    await lakeside.send("POST", f"{path}/informed", told, expect=200)

    listed = (await lakeside.send("GET", holders, student=str(CHILD), expect=200)).json()["items"]
    one = (await lakeside.send("GET", f"{holders}/{staff}", expect=200)).json()
    (informed,) = (await lakeside.send("GET", f"{path}/informed", expect=200)).json()["items"]

    assert {(each["staff"], each.get("until")) for each in listed} == {
        (staff, (today + timedelta(days=29)).isoformat()), (other, None),
    }  # fmt: skip
    assert one in listed
    assert told.items() <= informed.items()
    assert (await lakeside.send("GET", f"{path}/informed/{informed['id']}", expect=200)).json() == informed
    await lakeside.send("GET", f"{path}/items/{TIME}/holders/{staff}", expect=404)
    elsewhere = await lakeside.send("GET", f"{path}/items/{TIME}/holders", expect=200)
    assert elsewhere.json()["items"] == []


async def test_an_unassigned_teacher_finds_no_plan(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    headers = lakeside.issuer.person("special_education_teacher", "plan.read", tenant=lakeside.tenant)
    for address in (path, f"{path}/draft", f"{path}/history", f"{path}/amendments"):
        assert (await lakeside.http.get(f"/plan/v1{address}", headers=headers)).status_code == 404
    everything = await lakeside.http.get("/plan/v1/plans", headers=headers)
    assert everything.json()["items"] == []


async def test_another_districts_plan_is_not_found(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    headers = lakeside.issuer.vendor("plan.read", tenant="another-district")
    assert (await lakeside.http.get(f"/plan/v1{path}", headers=headers)).status_code == 404


async def test_an_item_stays_what_it_is(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    other = item_fields(item("modification", SPEECH, what="half the exercises"))
    body = proposal(lakeside, changes=[{"op": "replace", "item": other}])
    refused = await lakeside.send(
        "POST", f"{path}/amendments", body, version=await lakeside.etag(path), expect=422
    )
    assert codes(refused) == {"another-kind"}


async def test_in_texas_an_amendment_binds_after_five_school_days_and_keeps_its_rules(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    first, last = lakeside.today - timedelta(days=30), lakeside.today + timedelta(days=120)
    texas = {
        "name": "Lakeside", "time_zone": "America/Chicago", "state_profile": "federal@2026-1+tx@2025-2",
        "languages": ["en"], "partial_consent": False, "notice_days": 0, "mailing_days": 3,
        "calendar": [{"first_on": first.isoformat(), "last_on": last.isoformat()}],
    }  # fmt: skip
    etag = await lakeside.etag("/district")
    setting = {"scopes": "admin roster.write plan.read", "expect": 200}
    await lakeside.send("PUT", "/district", texas, version=etag, **setting)
    proposed = await lakeside.send(
        "POST", f"{path}/amendments", proposal(lakeside), version=await lakeside.etag(path), expect=201
    )
    amendment = proposed.json()["id"]
    event = await lakeside.notice_given(path, amendment)
    await lakeside.send("GET", path, after_event=str(event), expect=200)
    ask = {"effective_on": "earliest"}

    adopted = await lakeside.send(
        "POST", f"{path}/amendments/{amendment}/adoption", ask, version=await lakeside.etag(path), expect=200
    )

    # A week of school days is a week, whatever day it begins on, but for a notice given at the weekend.
    ahead = 7 if lakeside.today.isoweekday() <= 5 else 12 - lakeside.today.isoweekday()
    assert adopted.json()["effective_on"] == (lakeside.today + timedelta(days=ahead)).isoformat()
    federal = texas | {"state_profile": "federal@2026-1"}
    await lakeside.send("PUT", "/district", federal, version=await lakeside.etag("/district"), **setting)
    told = (await lakeside.send("GET", f"{path}/history", expect=200)).json()["entries"]
    assert [entry["rules"] for entry in told[-2:]] == ["federal@2026-1+tx@2025-2"] * 2


async def test_while_a_due_process_complaint_is_open_the_placement_stays(lakeside) -> None:
    path, day = await lakeside.adopted(IEP), lakeside.today.isoformat()
    whole = {"name": "Lakeside", "time_zone": "America/Chicago", "state_profile": "federal@2026-1", "languages": ["en"],
             "partial_consent": False, "notice_days": 0, "mailing_days": 3, "calendar": []}  # fmt: skip
    await lakeside.send("PUT", "/district", whole, version=await lakeside.etag("/district"), expect=200,
                        scopes="admin roster.write plan.read")  # fmt: skip
    disputes = f"/students/{CHILD}/disputes"
    filed = await lakeside.send(
        "POST", disputes, {"kind": "due_process_complaint", "filed_by": "family", "holder": str(MOTHER)}, expect=201
    )  # fmt: skip
    items = (await lakeside.send("GET", path, expect=200)).json()["items"]
    placement = next(entry["item"] for entry in items if entry["item"]["kind"] == "placement")
    moved = {"changes": [{"op": "replace", "item": placement | {"setting": "separate_class"}}]}
    proposed = await lakeside.send("POST", f"{path}/amendments", proposal(lakeside) | moved,
                                   version=await lakeside.etag(path), expect=201)  # fmt: skip
    adoption = f"{path}/amendments/{proposed.json()['id']}/adoption"
    refused = await lakeside.send("POST", adoption, {}, version=await lakeside.etag(path), expect=409)
    dispute = f"{disputes}/{filed.json()['id']}"
    let = {"ground": "agreed", "from": day, "holder": str(MOTHER)}
    await lakeside.send(
        "POST", f"{dispute}/stay-put-exceptions", let, version=await lakeside.etag(dispute), expect=200
    )
    after = await lakeside.send("POST", adoption, {}, version=await lakeside.etag(path), expect=409)

    stays = next(error for error in refused.json()["errors"] if error["code"] == "stay-put")
    assert "as in version 1" in stays["detail"]
    assert stays["citation"] == "34 CFR 300.518"
    assert "stay-put" not in {error["code"] for error in after.json()["errors"]}
