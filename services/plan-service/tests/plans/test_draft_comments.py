"""Comments on a draft: said by whom, of what, resolved; no event has them, and nothing is kept of them after the draft."""

import asyncio
from typing import Any

from contracts.ids import new_id
from contracts.items import item_fields
from plan_service.testing_plans import GOAL, SPEECH, iep_items
from plan_service.testing_plans_store import CHILD
from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE
IEP = [item_fields(each) for each in iep_items()]
WORDS = "Is 60 within reach by June?"


async def draft(lakeside: Any) -> str:
    made = await lakeside.send(
        "POST", "/plans", {"student": str(CHILD), "kind": "iep", "items": IEP}, expect=201
    )
    return f"/plans/{made.json()['id']}"


async def said(lakeside: Any, path: str, **more: str) -> dict[str, Any]:
    body = {"text": WORDS} | more
    return dict((await lakeside.send("POST", f"{path}/draft/comments", body, expect=201)).json())


async def listed(lakeside: Any, path: str, **asked: str) -> list[str]:
    answer = await lakeside.send("GET", f"{path}/draft/comments", expect=200, **asked)
    return [each["id"] for each in answer.json()["items"]]


async def rows_of_comments(lakeside: Any) -> int:
    async with lakeside.plan.database.lend(lakeside.tenant) as connection:
        return int(
            await connection.fetchval("SELECT count(*) FROM plan.working_papers WHERE kind = 'comment'")
        )


async def test_a_comment_is_of_an_item_or_of_the_whole_and_says_by_whom(lakeside) -> None:
    path = await draft(lakeside)
    whole, of_goal = await said(lakeside, path), await said(lakeside, path, item=str(GOAL))

    assert (whole["text"], whole["by"], "item" in whole, "resolved" in whole) == (WORDS, "sis", False, False)
    assert of_goal["item"] == str(GOAL)
    assert await listed(lakeside, path) == [whole["id"], of_goal["id"]]
    assert await listed(lakeside, path, item=str(GOAL)) == [of_goal["id"]]
    assert await listed(lakeside, path, item=str(SPEECH)) == []
    one = await lakeside.send("GET", f"{path}/draft/comments/{whole['id']}", expect=200)
    assert one.json() == whole


async def test_comments_are_listed_as_they_were_said_a_page_at_a_time(lakeside) -> None:
    path = await draft(lakeside)
    made = [(await said(lakeside, path))["id"] for _ in range(5)]
    page = (await lakeside.send("GET", f"{path}/draft/comments", limit="2", expect=200)).json()
    found = [each["id"] for each in page["items"]]
    while page.get("next"):
        page = (await lakeside.send("GET", page["next"].removeprefix("/plan/v1"), expect=200)).json()
        found += [each["id"] for each in page["items"]]
    assert found == made


async def test_a_comment_is_resolved_by_whom_and_once(lakeside) -> None:
    path = await draft(lakeside)
    comment, other = await said(lakeside, path), await said(lakeside, path)
    at = f"{path}/draft/comments/{comment['id']}/resolution"
    done = await lakeside.send("POST", at, expect=200)
    again = await lakeside.send("POST", at, client="another", expect=200)

    assert done.json()["resolved"]["by"] == again.json()["resolved"]["by"] == "sis"
    assert await listed(lakeside, path, resolved="true") == [comment["id"]]
    assert await listed(lakeside, path, resolved="false") == [other["id"]]


async def test_the_same_request_again_says_it_once(lakeside) -> None:
    path = await draft(lakeside)
    for _ in range(2):
        await lakeside.send("POST", f"{path}/draft/comments", {"text": WORDS}, key="said-once", expect=201)
    assert len(await listed(lakeside, path)) == 1


async def test_no_event_has_it_and_the_draft_is_as_it_was(lakeside) -> None:
    path = await draft(lakeside)
    before = await lakeside.send("GET", f"{path}/draft", expect=200)
    version = await lakeside.etag(path)
    await said(lakeside, path)
    after = await lakeside.send("GET", f"{path}/draft", expect=200)

    assert await lakeside.etag(path) == version
    assert (after.json(), after.headers["etag"]) == (before.json(), before.headers["etag"])
    assert WORDS not in (await lakeside.send("GET", f"{path}/history", expect=200)).text


async def test_nothing_of_it_is_kept_when_the_draft_is_adopted_or_dropped(lakeside) -> None:
    adopted, dropped = await draft(lakeside), await draft(lakeside)
    comments = [await said(lakeside, adopted), await said(lakeside, dropped)]
    body = {"effective_on": lakeside.today.isoformat(), "meeting": str(await lakeside.meeting())}
    await lakeside.send("POST", f"{adopted}/adoption", body, version=1, expect=200)
    await lakeside.send("DELETE", f"{dropped}/draft", version=1, expect=204)

    assert await rows_of_comments(lakeside) == 0
    for path, comment in zip((adopted, dropped), comments, strict=True):
        await lakeside.send("GET", f"{path}/draft/comments", expect=404)
        await lakeside.send("GET", f"{path}/draft/comments/{comment['id']}", expect=404)
        await lakeside.send("POST", f"{path}/draft/comments", {"text": WORDS}, expect=404)
    await lakeside.send("POST", f"{adopted}/draft", version=await lakeside.etag(adopted), expect=201)
    assert await listed(lakeside, adopted) == []


async def test_a_comment_said_while_the_draft_is_dropped_does_not_outlive_it(lakeside) -> None:
    path = await draft(lakeside)
    saying = [lakeside.send("POST", f"{path}/draft/comments", {"text": WORDS}) for _ in range(6)]
    await asyncio.gather(
        *saying[:3], lakeside.send("DELETE", f"{path}/draft", version=1, expect=204), *saying[3:]
    )
    assert await rows_of_comments(lakeside) == 0


async def test_only_items_of_the_draft_are_commented_and_only_under_their_plan(lakeside) -> None:
    path, other = await draft(lakeside), await draft(lakeside)
    refused = await lakeside.send(
        "POST", f"{path}/draft/comments", {"text": WORDS, "item": str(new_id())}, expect=422
    )
    assert refused.json()["errors"][0]["pointer"] == "/item"
    comment = await said(lakeside, path)
    await lakeside.send("GET", f"{other}/draft/comments/{comment['id']}", expect=404)
    await lakeside.send("POST", f"{other}/draft/comments/{comment['id']}/resolution", expect=404)
