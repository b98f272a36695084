"""The OpenAPI page about plans is true: examples fit, and what is answered is what it says."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from plan_service.testing_plans_store import CHILD
from plan_service.testing_service import ON_ONE_SERVICE
from runtime.ndjson import NDJSON

pytestmark = ON_ONE_SERVICE
OURS = ("drafts", "plans", "amendments", "corrections", "carrying out", "replay")


async def document_of(lakeside: Any) -> dict[str, Any]:
    return dict((await lakeside.http.get("/plan/v1/openapi.json")).json())


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if set(operation.get("tags", ())) & set(OURS)
    ]


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


async def test_every_example_of_a_body_fits_its_schema(lakeside) -> None:
    document = await document_of(lakeside)
    tried = 0
    for name, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in content.get("examples", {}).values():
            errors = [
                error.message
                for error in validator(document, content["schema"]).iter_errors(example["value"])
            ]
            assert not errors, (name, errors)
            tried += 1
    assert tried >= 8


async def test_every_route_has_a_sentence_and_an_answer_with_a_schema(lakeside) -> None:
    for name, operation in operations(await document_of(lakeside)):
        assert operation["description"].endswith("."), name
        good = [answer for status, answer in operation["responses"].items() if status in ("200", "201")]
        assert good or "204" in operation["responses"], name
        kinds = [answer["content"] for answer in good if NDJSON not in answer["content"]]
        assert all("$ref" in str(kind["application/json"]["schema"]) for kind in kinds), name


@pytest.fixture
def checked(lakeside: Any) -> Any:
    """`lakeside`, whose every answer is compared with what the page says."""
    return Checked(lakeside)


class Checked:
    """Compares each good answer with its schema."""

    def __init__(self, lakeside: Any) -> None:
        self.lakeside = lakeside
        self.document: dict[str, Any] = {}
        self.met: set[str] = set()

    async def watch(self) -> None:
        """From now on."""
        self.document = await document_of(self.lakeside)
        send = self.lakeside.http.request

        async def request(method: str, url: str, **options: Any) -> Any:
            response = await send(method, url, **options)
            if response.is_success and response.status_code != 204:
                self.compare(method, url, response)
            return response

        self.lakeside.http = type(
            "Http", (), {"request": staticmethod(request), "get": self.lakeside.http.get}
        )()

    def compare(self, method: str, url: str, response: Any) -> None:
        for path, item in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), url) and method.lower() in item:
                answers = item[method.lower()]["responses"]
                schema = answers[str(response.status_code)]["content"]["application/json"]["schema"]
                errors = [f"{error.json_path}: {error.message}" for error in
                          validator(self.document, schema).iter_errors(response.json())]  # fmt: skip
                assert not errors, (method, path, errors)
                self.met.add(f"{method} {path}")
                return
        raise AssertionError(f"no such route: {method} {url}")


async def test_what_is_answered_is_what_the_page_says(checked) -> None:
    await checked.watch()
    await everything_once(checked.lakeside)
    assert len(checked.met) >= 24, sorted(checked.met)


async def everything_once(lakeside: Any) -> None:
    """Each route of plans, once."""
    from contracts.items import item_fields
    from plan_service.testing_plans import MOTHER, SPEECH, TIME, iep_items, speech

    iep = [item_fields(entry) for entry in iep_items()]
    today = lakeside.today.isoformat()
    made = await lakeside.send("POST", "/plans", {"student": str(CHILD), "kind": "iep"}, expect=201)
    path = f"/plans/{made.json()['id']}"
    await lakeside.send("GET", f"{path}/draft", expect=200)
    saved = await lakeside.send("PATCH", f"{path}/draft", {"items": {each["id"]: each for each in iep}},
                                version=1, expect=200)  # fmt: skip
    adoption = {"effective_on": today, "meeting": str(await lakeside.meeting())}
    done = await lakeside.send(
        "POST", f"{path}/adoption", adoption, version=saved.headers["etag"], expect=200
    )
    basis = {"kind": "written_agreement", "agreed_on": today, "holder_ids": [str(MOTHER)]}
    changes = [{"op": "replace", "item": item_fields(speech(60))}, {"op": "end", "item": str(TIME)}]
    proposal = {"basis": basis, "changes": changes, "reason": "more time", "external_id": "northwind:a-1"}
    proposed = await lakeside.send(
        "POST", f"{path}/amendments", proposal, version=done.headers["etag"], expect=201
    )
    await lakeside.send("POST", f"{path}/amendments", proposal, version=done.headers["etag"], expect=200)
    amendment = f"{path}/amendments/{proposed.json()['id']}"
    answer = {"holder": str(MOTHER), "items": [str(SPEECH), str(TIME)], "decision": "accepted",
              "method": "electronic_signature", "comment": "Thank you.", "language": "es"}  # fmt: skip
    consent = await lakeside.send("POST", f"{amendment}/consents", answer, expect=201)
    event = await lakeside.notice_given(path, proposed.json()["id"])
    await lakeside.send("GET", amendment, after_event=str(event), expect=200)
    await lakeside.send("POST", f"{amendment}/adoption", {}, version=await lakeside.etag(path), expect=200)
    (first, _) = (await lakeside.send("GET", f"{path}/versions", expect=200)).json()["items"]
    right = {"event": first["event_id"], "item": item_fields(speech(location="Room 21")),
             "what_was_wrong": "the room", "evidence": "minutes"}  # fmt: skip
    asked = await lakeside.send(
        "POST", f"{path}/corrections", right, version=await lakeside.etag(path), expect=201
    )
    one = asked.headers["location"].removeprefix("/plan/v1")
    await lakeside.send(
        "POST", f"{one}/approval", version=asked.headers["etag"], client="director", expect=200
    )
    said = await lakeside.send(
        "POST", f"{path}/statements", {"holder": str(MOTHER), "text": "Hello."}, expect=201
    )
    staff = str(await lakeside.staff())
    holder = {"staff": staff, "from": today}
    await lakeside.send("POST", f"{path}/items/{SPEECH}/holders", holder, expect=200)
    told = {"staff": staff, "items": [str(SPEECH)], "on": today, "how": "in person"}
    await lakeside.send("POST", f"{path}/informed", told, expect=200)
    await lakeside.send("POST", f"{path}/items/{SPEECH}/holders/{staff}/end", {"on": today}, expect=200)
    review = {"outcome": "continued", "meeting": str(await lakeside.meeting())}
    await lakeside.send("POST", f"{path}/reviews", review, version=await lakeside.etag(path), expect=200)
    await lakeside.send("POST", f"{path}/draft", version=await lakeside.etag(path), expect=201)
    gone = await lakeside.send("POST", f"{path}/amendments", proposal | {
        "external_id": "northwind:a-2", "basis": {"kind": "meeting", "meeting_id": review["meeting"]}},
        version=await lakeside.etag(path), expect=201)  # fmt: skip
    await lakeside.send("POST", f"{path}/amendments/{gone.json()['id']}/withdrawal", {"reason": "no"},
                        version=gone.headers["etag"], expect=200)  # fmt: skip
    ending = {"reason": "transferred", "effective_on": (lakeside.today).isoformat()}
    await lakeside.send("POST", f"{path}/end", ending, version=await lakeside.etag(path), expect=200)
    for address in (
        "/plans", path, f"{path}/versions/2", f"{path}/history", f"{path}/amendments", f"{path}/consents",
        f"{path}/consents/{consent.json()['id']}", f"{path}/corrections", one, f"{path}/statements",
        f"{path}/statements/{said.json()['id']}", f"{path}/reviews", f"{path}/informed",
        f"{path}/items/{SPEECH}/holders", f"{path}/items/{SPEECH}/holders/{staff}",
    ):  # fmt: skip
        await lakeside.send("GET", address, expect=200)
    await lakeside.send("GET", f"{path}/diff", to=today, **{"from": "2020-01-01"}, expect=200)
