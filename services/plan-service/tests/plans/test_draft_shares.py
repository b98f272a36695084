"""A draft given to a parent: the exact text is an education record from then on, and the draft goes on."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from contracts.ids import new_id
from contracts.items import item_fields
from contracts.testing import an_id
from plan_service.testing_plans import MOTHER, iep_items
from plan_service.testing_plans_store import CHILD
from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE

IEP = [item_fields(entry) for entry in iep_items()]


@pytest_asyncio.fixture(loop_scope="module")
async def draft(lakeside: Any) -> str:
    """A draft that was saved twice."""
    body = {"student": str(CHILD), "kind": "iep", "items": IEP[:1]}
    made = await lakeside.send("POST", "/plans", body, expect=201)
    path = f"/plans/{made.json()['id']}"
    await lakeside.send("PATCH", f"{path}/draft", {"items": {IEP[1]["id"]: IEP[1]}}, version=1, expect=200)
    return path


async def scan(lakeside: Any) -> str:
    """What was handed over."""
    headers = lakeside.issuer.vendor("roster.write", "plan.write", tenant=lakeside.tenant)
    answer = await lakeside.http.post(
        f"/plan/v1/students/{CHILD}/documents", data={"title": "The draft"},
        files={"file": ("draft.pdf", b"%PDF-1.4 draft", "application/pdf")},
        headers=headers | {"idempotency-key": str(new_id())},
    )  # fmt: skip
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["id"])


async def shared(lakeside: Any, **fields: Any) -> dict[str, Any]:
    return {"holders": [str(MOTHER)], "channel": "handed_over", "language": "es",
            "document": await scan(lakeside)} | fields  # fmt: skip


async def test_what_was_given_is_kept_and_the_draft_goes_on(lakeside: Any, draft: str) -> None:
    before = await lakeside.etag(draft)
    given = await shared(lakeside, external_id="northwind:share-7")
    made = await lakeside.send("POST", f"{draft}/draft-shares", given, expect=201)
    assert (made.json()["draft_version"], made.json()["holders"]) == (2, [str(MOTHER)])
    again = await lakeside.send("POST", f"{draft}/draft-shares", given, expect=200)
    assert again.json()["id"] == made.json()["id"]

    saved = {"items": {IEP[1]["id"]: None}}
    await lakeside.send("PATCH", f"{draft}/draft", saved, version=2, expect=200)
    dropped = await lakeside.send("DELETE", f"{draft}/draft", version=3, expect=204)
    assert dropped.headers["handrail-event"]
    kept = (await lakeside.send("GET", f"{draft}/draft-shares", expect=200)).json()["items"]
    assert [(each["draft_version"], each["document"]) for each in kept] == [(2, given["document"])]
    one = await lakeside.send("GET", f"{draft}/draft-shares/{made.json()['id']}", expect=200)
    assert one.json()["external_id"] == "northwind:share-7"
    assert await lakeside.etag(draft) != before


async def test_an_earlier_version_may_have_been_given_and_a_later_one_not(lakeside: Any, draft: str) -> None:
    first = await shared(lakeside, draft_version=1, given_on=(lakeside.today - timedelta(days=3)).isoformat())
    made = await lakeside.send("POST", f"{draft}/draft-shares", first, expect=201)
    assert made.json()["given_on"] == (lakeside.today - timedelta(days=3)).isoformat()

    later = await lakeside.send(
        "POST", f"{draft}/draft-shares", await shared(lakeside, draft_version=3), expect=422
    )
    assert later.json()["errors"][0]["code"] == "unknown-draft-version"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"holders": [str(an_id("nobody"))]}, "unknown-holder"),
        ({"document": str(an_id("nothing"))}, "unknown-document"),
        ({"given_on": "2099-01-01"}, "given-in-the-future"),
    ],
)
async def test_what_cannot_be_is_refused(
    lakeside: Any, draft: str, fields: dict[str, Any], code: str
) -> None:
    refused = await lakeside.send("POST", f"{draft}/draft-shares", await shared(lakeside, **fields), expect=422)  # fmt: skip
    assert [error["code"] for error in refused.json()["errors"]] == [code]


async def test_without_a_draft_there_is_nothing_to_give(lakeside: Any) -> None:
    path = await lakeside.adopted(IEP)
    refused = await lakeside.send("POST", f"{path}/draft-shares", await shared(lakeside), expect=409)
    assert refused.json()["code"] == "no-draft"
