"""Copied forward by HTTP: a draft begins with what is in force, or with another plan's last text, and says what to decide."""

from typing import Any

from contracts.items import item_fields
from plan_service.testing_plans import GOAL, LEVELS, iep_items
from plan_service.testing_plans_store import CHILD
from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE
IEP = [item_fields(each) for each in iep_items()]


async def next_draft(lakeside: Any, path: str) -> Any:
    return await lakeside.send("POST", f"{path}/draft", version=await lakeside.etag(path), expect=201)


def marked(draft: Any) -> set[tuple[str, str | None]]:
    return {(mark["item"], mark.get("field")) for mark in draft.json()["marks"]}


def advised(draft: Any) -> set[str]:
    return {each["code"] for each in draft.json()["advice"]}


async def test_the_next_draft_marks_what_to_decide_until_it_is_changed_or_kept(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    opened = await next_draft(lakeside, path)
    goal, levels = str(GOAL), str(LEVELS)

    assert {(goal, "due_on"), (goal, "baseline"), (levels, None)} <= marked(opened)
    assert opened.json()["carried_from"] == {
        "plan": path.removeprefix("/plans/"), "on": lakeside.today.isoformat(),
    }  # fmt: skip
    assert "goals-word-for-word" in advised(opened)

    patch = {
        "items": {goal: {"due_on": "2027-06-15", "statement": "arrange 80 objects by size"}},
        "kept": [{"item": levels}, {"item": goal, "field": "baseline"}],
    }
    saved = await lakeside.send("PATCH", f"{path}/draft", patch, version=opened.headers["etag"], expect=200)
    assert not {(goal, "due_on"), (goal, "baseline"), (levels, None)} & marked(saved)
    assert "goals-word-for-word" not in advised(saved)
    again = await lakeside.send("GET", f"{path}/draft", expect=200)
    assert (marked(again), again.json()["items"][levels]) == (marked(saved), opened.json()["items"][levels])


async def test_only_what_is_marked_is_kept(lakeside) -> None:
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    assert made.json()["marks"] == []
    path = f"/plans/{made.json()['id']}/draft"
    refused = await lakeside.send("PATCH", path, {"kept": [{"item": str(GOAL)}]}, version=1, expect=422)
    (error,) = refused.json()["errors"]
    assert (error["code"], error["pointer"]) == ("nothing-to-keep", "/kept/0")


async def test_marks_stand_in_the_way_of_nothing(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    opened = await next_draft(lakeside, path)
    assert opened.json()["marks"]
    adoption = {"effective_on": lakeside.today.isoformat(), "meeting": str(await lakeside.meeting())}
    await lakeside.send("POST", f"{path}/adoption", adoption, version=opened.headers["etag"], expect=200)


async def test_a_new_plan_may_begin_with_the_last_text_of_another_of_the_student(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    body = {"student": str(CHILD), "kind": "iep", "copy_from": path.removeprefix("/plans/")}
    made = (await lakeside.send("POST", "/plans", body, expect=201)).json()

    assert made["carried_from"]["plan"] == body["copy_from"]
    assert len(made["items"]) == len(IEP)
    assert not made["items"].keys() & {each["id"] for each in IEP}
    assert made["marks"]
    assert {mark["item"] for mark in made["marks"]} <= made["items"].keys()


async def test_only_a_plan_of_the_same_student_and_kind_with_a_text_is_copied(lakeside) -> None:
    path = await lakeside.adopted(IEP)
    draft = await lakeside.send("POST", "/plans", {"student": str(CHILD), "kind": "504"}, expect=201)
    for body, code in (
        ({"kind": "504", "copy_from": path.removeprefix("/plans/")}, "another-kind-of-plan"),
        ({"kind": "504", "copy_from": draft.json()["id"]}, "nothing-to-copy"),
        ({"kind": "iep", "copy_from": str(CHILD)}, "unknown-plan"),
    ):
        refused = await lakeside.send("POST", "/plans", {"student": str(CHILD), **body}, expect=422)
        assert refused.json()["errors"][0]["code"] == code
