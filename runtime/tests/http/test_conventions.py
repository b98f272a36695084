"""The conventions of api.md, on real routes over a real store."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import asyncpg
import pytest
import structlog

from contracts.district import SchoolAdded, SchoolChanged
from contracts.ids import new_id
from runtime.append_rows import LARGEST_APPEND, LARGEST_CONTENTS, plain_contents

LAKESIDE = {"name": "Lakeside"}
PROBLEM = "application/problem+json"


async def school(sample, name: str = "Lakeside"):
    made = await sample.http.post(
        "/plan/v1/schools", json={"name": name}, headers=sample.vendor("roster.write")
    )
    assert made.status_code == 201, made.text
    return made


async def count(sample, table: str) -> int:
    async with sample.plan.database.lend(sample.plan.tenant) as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))


def refused(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["code"] == code
    assert problem["type"] == f"urn:handrail:problem:{code}"
    assert problem["status"] == status
    assert problem["instance"] == f"urn:handrail:request:{answer.headers['x-request-id']}"
    return problem


async def test_what_is_made_is_answered_with_its_address_its_version_and_its_event(sample) -> None:
    made = await school(sample)

    assert made.headers["location"] == f"/plan/v1/schools/{made.json()['id']}"
    assert made.headers["etag"] == '"1"'
    assert UUID(made.headers["handrail-event"])
    read = await sample.http.get(made.headers["location"], headers=sample.issuer.vendor("plan.read"))
    assert read.json() == made.json()
    assert read.headers["etag"] == '"1"'
    assert read.headers["cache-control"] == "no-store"


# --- Idempotency-Key ---


async def test_the_same_request_again_is_answered_again_and_does_nothing(sample) -> None:
    headers = sample.vendor("roster.write", key="again")
    first = await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=headers)
    second = await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=headers)

    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotent-replayed"] == "true"
    for header in ("location", "etag", "handrail-event"):
        assert second.headers[header] == first.headers[header]
    assert await count(sample, "plan.events") == 1


async def test_a_key_with_another_body_is_refused_before_the_body_is_looked_at(sample) -> None:
    headers = sample.vendor("roster.write", key="again")
    await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=headers)

    for body in ({"name": "Hillside"}, {"name": "Refuse me"}, {"nonsense": True}):
        answer = await sample.http.post("/plan/v1/schools", json=body, headers=headers)
        refused(answer, 422, "idempotency-key-reused")
    malformed = await sample.http.post(
        "/plan/v1/schools", content=b"{", headers={**headers, "content-type": "application/json"}
    )
    refused(malformed, 422, "idempotency-key-reused")
    assert await count(sample, "plan.events") == 1


async def test_another_client_another_path_and_another_district_have_keys_of_their_own(sample) -> None:
    body = {"given_name": "A", "family_name": "B", "birth_date": "2015-04-01"}
    mine = {**sample.issuer.vendor("roster.write"), "idempotency-key": "1"}
    theirs = {**sample.issuer.vendor("roster.write", client="vendor-2"), "idempotency-key": "1"}

    answers = [
        await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=mine),
        await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=theirs),
        await sample.http.post("/plan/v1/students", json=body, headers=mine),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert not any("idempotent-replayed" in answer.headers for answer in answers)


async def test_a_refusal_is_not_kept(sample) -> None:
    headers = sample.vendor("roster.write", key="1")
    refusal = await sample.http.post("/plan/v1/schools", json={"name": "Refuse me"}, headers=headers)
    refused(refusal, 409, "school-needs-its-name")

    assert (await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=headers)).status_code == 201


async def test_an_answered_request_is_answered_again_though_its_version_is_stale_by_now(sample) -> None:
    path = (await school(sample)).headers["location"] + "/renaming"
    headers = sample.vendor("roster.write", key="k", **{"if-match": '"1"'})
    first = await sample.http.post(path, json={"name": "Hillside"}, headers=headers)
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')

    second = await sample.http.post(path, json={"name": "Hillside"}, headers=headers)
    without = await sample.http.post(
        path, json={"name": "Hillside"}, headers={k: v for k, v in headers.items() if k != "if-match"}
    )

    for answer in (second, without):
        assert (answer.status_code, answer.headers["idempotent-replayed"]) == (200, "true")
    assert await count(sample, "plan.events") == 2


async def test_the_same_request_while_the_first_is_running_is_refused_with_409(sample) -> None:
    headers = sample.vendor("roster.write", key="slow")
    async with sample.plan.database.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), 'plan', $1::text, $2::text, 'POST',"
            " '/plan/v1/schools', 'slow'), 7))",
            "lakeside", "vendor-1",
        )  # fmt: skip
        answer = await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=headers)

    refused(answer, 409, "request-still-running")
    assert answer.headers["retry-after"] == "1"


async def test_many_at_once_with_one_key_make_one_thing(sample) -> None:
    headers = sample.vendor("roster.write", key="all at once".replace(" ", "-"))

    answers = await asyncio.gather(
        *(sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=headers) for _ in range(8))
    )

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert await count(sample, "plan.events") == 1


async def test_a_client_must_send_a_key_and_a_person_need_not(sample) -> None:
    client = await sample.http.post(
        "/plan/v1/schools", json=LAKESIDE, headers=sample.issuer.vendor("roster.write")
    )
    refused(client, 400, "malformed")

    headers = sample.issuer.person("district_administrator", "roster.write")
    assert (await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=headers)).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "with space", "tab\there"])
async def test_a_key_of_another_form_is_malformed(sample, key: str) -> None:
    headers = {**sample.issuer.vendor("roster.write"), "idempotency-key": key}
    refused(await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=headers), 400, "malformed")


# --- If-Match ---


async def test_a_change_without_the_version_it_is_about_is_refused(sample) -> None:
    path = (await school(sample)).headers["location"]
    answer = await sample.http.patch(path, json={"name": "B"}, headers=sample.vendor("roster.write"))
    refused(answer, 428, "if-match-required")


@pytest.mark.parametrize("version", ["1", "*", 'W/"1"', '"1", "2"', '""', '"x"', '"01"'])
async def test_a_version_of_another_form_is_malformed(sample, version: str) -> None:
    path = (await school(sample)).headers["location"]
    headers = sample.vendor("roster.write", **{"if-match": version})
    refused(await sample.http.patch(path, json={"name": "B"}, headers=headers), 400, "malformed")


async def test_a_stale_version_is_refused_and_says_which_it_is_now(sample) -> None:
    path = (await school(sample)).headers["location"]
    headers = sample.vendor("roster.write", **{"if-match": '"1"'})
    assert (await sample.http.patch(path, json={"name": "B"}, headers=headers)).headers["etag"] == '"2"'

    headers["idempotency-key"] = "another"
    problem = refused(
        await sample.http.patch(path, json={"name": "C"}, headers=headers), 412, "version-conflict"
    )

    assert problem["facts"] == {"expected": 1, "actual": 2}


async def test_nothing_to_do_is_answered_with_what_stands(sample) -> None:
    path = (await school(sample)).headers["location"]
    headers = sample.vendor("roster.write", **{"if-match": '"1"'})
    answer = await sample.http.patch(path, json=LAKESIDE, headers=headers)
    assert (answer.status_code, answer.headers["etag"], "handrail-event" in answer.headers) == (
        200,
        '"1"',
        False,
    )


# --- external_id ---


async def test_the_same_external_id_with_the_same_body_is_the_first_thing(sample) -> None:
    body = {"name": "Lakeside", "external_id": "SIS:1"}
    first = await sample.http.post("/plan/v1/schools", json=body, headers=sample.vendor("roster.write"))
    reordered = json.dumps(dict(reversed(body.items())), indent=3)
    second = await sample.http.post(
        "/plan/v1/schools", content=reordered,
        headers=sample.vendor("roster.write", **{"content-type": "application/json"}),
    )  # fmt: skip

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert await count(sample, "plan.events") == 1


async def test_a_repeated_request_gets_its_answer_though_its_external_id_stands_and_a_rule_would_now_refuse(
    sample,
) -> None:
    headers, body = sample.vendor("roster.write", key="k"), {"name": "Lakeside", "external_id": "SIS:1"}
    first = await sample.http.post("/plan/v1/schools", json=body, headers=headers)
    sample.taboo.add("Lakeside")

    again = await sample.http.post("/plan/v1/schools", json=body, headers=headers)
    with_another_key = await sample.http.post(
        "/plan/v1/schools", json=body, headers=sample.vendor("roster.write")
    )

    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert with_another_key.status_code == 200
    assert again.json() == with_another_key.json() == first.json()


async def test_the_same_external_id_with_another_body_is_refused(sample) -> None:
    body = {"name": "Lakeside", "external_id": "SIS:1"}
    first = await sample.http.post("/plan/v1/schools", json=body, headers=sample.vendor("roster.write"))

    for name in ("Hillside", "Refuse me"):
        answer = await sample.http.post(
            "/plan/v1/schools", json={**body, "name": name}, headers=sample.vendor("roster.write")
        )
        problem = refused(answer, 409, "external-id-taken")
        assert problem["facts"] == {"id": first.json()["id"]}


async def test_an_external_id_posted_by_eight_at_once_makes_one_thing(sample) -> None:
    body = {"name": "Lakeside", "external_id": "SIS:1"}
    answers = await asyncio.gather(
        *(
            sample.http.post("/plan/v1/schools", json=body, headers=sample.vendor("roster.write"))
            for _ in range(8)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


# --- Bodies ---


@pytest.mark.parametrize("body", [b"{", b'{"name": }', b"\xff\xfe", b"[" * 100_000, b'{"name": "a"} x'])
async def test_what_is_not_json_is_malformed(sample, body: bytes) -> None:
    headers = sample.vendor("roster.write", **{"content-type": "application/json"})
    answer = await sample.http.post("/plan/v1/schools", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/name", "missing"),
        ({"name": ""}, "/name", "string-too-short"),
        ({"name": 7}, "/name", "string-type"),
        ({"name": None}, "/name", "string-type"),
        ({"name": "A", "colour": "red"}, "/colour", "extra-forbidden"),
        ({"name": "A", "Jane Doe is ill": 1}, "/?", "extra-forbidden"),
        ({"name": "A", "external_id": "no colon"}, "/external_id", "string-pattern-mismatch"),
        ([], "", "model-attributes-type"),
        ("text", "", "model-attributes-type"),
    ],
)
async def test_a_wrong_field_is_pointed_at(sample, body, pointer: str, code: str) -> None:
    answer = await sample.http.post("/plan/v1/schools", json=body, headers=sample.vendor("roster.write"))
    problem = refused(answer, 422, "invalid")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]


async def test_no_body_where_one_is_needed(sample) -> None:
    refused(await sample.http.post("/plan/v1/schools", headers=sample.vendor("roster.write")), 422, "invalid")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
async def test_another_media_type_is_refused(sample, kind: str) -> None:
    headers = sample.vendor("roster.write", **{"content-type": kind})
    answer = await sample.http.post("/plan/v1/schools", content=b'{"name": "A"}', headers=headers)
    refused(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("value", ["nul\x00", "half \ud800"])
async def test_text_that_cannot_be_stored_is_refused(sample, value: str) -> None:
    headers = sample.vendor("roster.write", **{"content-type": "application/json"})
    answer = await sample.http.post("/plan/v1/schools", content=json.dumps({"name": value}), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/name")


async def pieces(size: int, piece: int = 65_536) -> AsyncIterator[bytes]:
    for _ in range(size // piece + 1):
        yield b"x" * piece


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_huge_body_is_refused_while_it_is_read(sample, chunked: bool) -> None:
    size = 10 * 1024 * 1024 + 1
    headers = sample.vendor("roster.write", **{"content-type": "application/json"})
    answer = await sample.http.post(
        "/plan/v1/schools", content=pieces(size) if chunked else b"x" * size, headers=headers
    )
    refused(answer, 413, "too-large")


async def test_a_body_that_says_it_is_huge_is_refused_unread(door) -> None:
    http, issuer = door
    token = issuer.person("district_administrator", "roster.write")["authorization"].encode()
    headers = [
        (b"content-length", str(10 * 1024 * 1024 + 1).encode()), (b"content-type", b"application/json"),
        (b"authorization", token),
    ]  # fmt: skip
    scope = {
        "type": "http", "method": "POST", "path": "/plan/v1/schools", "raw_path": b"", "query_string": b"",
        "headers": headers, "scheme": "http", "server": ("test", 80), "client": ("test", 1), "http_version": "1.1",
    }  # fmt: skip
    sent: list[dict] = []

    async def receive() -> dict:
        raise AssertionError("the body was read")

    async def send(message: dict) -> None:
        sent.append(message)

    await http._transport.app(scope, receive, send)
    assert sent[0]["status"] == 413


async def test_a_route_may_take_more_and_has_its_own_limit(sample) -> None:
    headers = sample.vendor("roster.write")
    taken = await sample.http.post("/plan/v1/uploads", content=pieces(12 * 1024 * 1024), headers=headers)
    assert (taken.status_code, taken.json()["bytes"] > 12 * 1024 * 1024) == (200, True)
    headers = sample.vendor("roster.write")
    refused(
        await sample.http.post("/plan/v1/uploads", content=pieces(21 * 1024 * 1024), headers=headers),
        413,
        "too-large",
    )


async def test_the_largest_event_is_taken_and_one_byte_more_is_refused(sample, monkeypatch) -> None:
    """The limit is the store's; here it is brought down to the size of a school's name."""
    size = len(plain_contents(SchoolAdded(effective_on=date(2026, 9, 1), school_id=new_id(), name="x" * 100)))
    monkeypatch.setattr("runtime.append_rows.LARGEST_CONTENTS", size)

    await school(sample, "x" * 100)
    answer = await sample.http.post(
        "/plan/v1/schools", json={"name": "x" * 101}, headers=sample.vendor("roster.write")
    )

    problem = refused(answer, 422, "invalid")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [("/name", "too-long")]


# --- Order of checks ---


async def test_who_may_not_is_told_before_anything_is_read(sample) -> None:
    nobody = await sample.http.post(
        "/plan/v1/schools", content=b"{", headers={"content-type": "application/json"}
    )
    refused(nobody, 401, "not-authenticated")

    headers = {**sample.issuer.vendor("plan.read"), "content-type": "application/json"}
    refused(await sample.http.post("/plan/v1/schools", content=b"{", headers=headers), 403, "forbidden")

    headers = {**sample.issuer.vendor("roster.write"), "content-type": "application/json"}
    refused(await sample.http.post("/plan/v1/schools", content=b"{", headers=headers), 400, "malformed")

    path = f"/plan/v1/schools/{new_id()}"
    headers = sample.vendor("roster.write", **{"content-type": "application/json"})
    refused(await sample.http.patch(path, content=b"{", headers=headers), 428, "if-match-required")
    headers["if-match"] = '"1"'
    refused(await sample.http.patch(path, content=b"{", headers=headers), 400, "malformed-json")
    refused(await sample.http.patch(path, json={}, headers=headers), 422, "invalid")
    refused(await sample.http.patch(path, json=LAKESIDE, headers=headers), 412, "version-conflict")


# --- Not found, not allowed ---


async def test_the_routers_own_refusals_are_problems_too(sample) -> None:
    headers = sample.issuer.vendor("plan.read")
    refused(await sample.http.get("/plan/v1/nothing", headers=headers), 404, "not-found")
    wrong = await sample.http.put("/plan/v1/schools", headers=headers)
    refused(wrong, 405, "method-not-allowed")
    assert wrong.headers["allow"] == "GET, POST"
    refused(await sample.http.get(f"/plan/v1/schools/{new_id()}", headers=headers), 404, "not-found")
    problem = refused(await sample.http.get("/plan/v1/schools/7", headers=headers), 422, "invalid")
    assert problem["errors"] == [
        {"parameter": "school_id", "code": "uuid-parsing", "detail": "should be a UUID"}
    ]


async def test_a_path_that_two_routers_share_is_found_by_every_method_of_both_and_not_allowed_by_another(
    door,
) -> None:
    http, issuer = door
    headers = issuer.vendor("plan.read")
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await http.request(method, "/plan/v1/schools", headers=headers)
        refused(answer, 405, "method-not-allowed")
        assert answer.headers.get_list("allow") == ["GET, POST"]
    # Found: each is refused for what it asks, in its own router.
    refused(await http.get("/plan/v1/schools?colour=red", headers=headers), 422, "invalid")
    refused(await http.post("/plan/v1/schools", json=LAKESIDE, headers=headers), 403, "forbidden")
    refused(await http.get("/plan/v1/uploads", headers=headers), 405, "method-not-allowed")


async def test_a_slash_too_many_is_sent_to_the_path_without_it(door) -> None:
    http, issuer = door
    for method in ("GET", "POST"):
        answer = await http.request(method, "/plan/v1/schools/?name=a", headers=issuer.vendor("plan.read"))
        assert (answer.status_code, answer.headers["location"]) == (307, "http://test/plan/v1/schools?name=a")
    refused(await http.get("/plan/v1/nothing/", headers=issuer.vendor("plan.read")), 404, "not-found")


async def test_an_empty_list_of_what_is_not_there_is_not_found_and_of_what_is_there_is_empty(sample) -> None:
    path = (await school(sample)).headers["location"]
    headers = sample.issuer.vendor("plan.read")

    here = await sample.http.get(f"{path}/students", headers=headers)
    nowhere = await sample.http.get(f"/plan/v1/schools/{new_id()}/students", headers=headers)

    assert (here.status_code, here.json()) == (200, {"items": []})
    refused(nowhere, 404, "not-found")


async def test_a_district_that_is_not_open_here_is_404(sample) -> None:
    headers = {**sample.issuer.vendor("roster.write", tenant="elsewhere"), "idempotency-key": "1"}
    refused(
        await sample.http.post("/plan/v1/schools", json=LAKESIDE, headers=headers), 404, "tenant-not-open"
    )


async def test_another_districts_thing_is_not_there(sample) -> None:
    path = (await school(sample)).headers["location"]
    headers = sample.issuer.vendor("plan.read", tenant="elsewhere")
    refused(await sample.http.get(path, headers=headers), 404, "not-found")


async def test_an_unknown_parameter_is_refused_and_those_known_are_named(sample) -> None:
    answer = await sample.http.get("/plan/v1/schools?studnet=1", headers=sample.issuer.vendor("plan.read"))
    problem = refused(answer, 422, "invalid")
    assert (
        "after_event, cursor, external_id, limit, name, student, updated_after"
        in problem["errors"][0]["detail"]
    )


# --- Rules ---


async def test_a_rules_refusal_names_citation_and_cure(sample) -> None:
    answer = await sample.http.post(
        "/plan/v1/schools", json={"name": "Refuse me"}, headers=sample.vendor("roster.write")
    )
    problem = refused(answer, 409, "school-needs-its-name")
    assert problem["detail"] == "This name will not do."
    assert problem["errors"] == [
        {"pointer": "/name", "code": "name-not-known", "detail": "nobody knows it", "citation": "34 CFR 300.8",
         "cure": "ask the district"}
    ]  # fmt: skip


# --- after_event ---


async def test_after_event_waits_until_the_service_has_it(sample) -> None:
    made = await school(sample)
    event = made.headers["handrail-event"]
    headers = sample.issuer.vendor("plan.read")
    answer = await sample.http.get(f"{made.headers['location']}?after_event={event}", headers=headers)
    assert answer.status_code == 200


async def test_after_event_that_does_not_come_says_not_yet(sample, monkeypatch) -> None:
    monkeypatch.setattr("runtime.http.SEEN_SECONDS", 0.05)
    answer = await sample.http.get(
        f"/plan/v1/schools?after_event={new_id()}", headers=sample.issuer.vendor("plan.read")
    )
    refused(answer, 503, "not-yet")
    assert answer.headers["retry-after"] == "1"


async def test_after_event_of_another_form_is_refused(sample) -> None:
    answer = await sample.http.get(
        "/plan/v1/schools?after_event=x", headers=sample.issuer.vendor("plan.read")
    )
    refused(answer, 422, "invalid")


async def test_a_request_holds_4_mib_of_events_and_with_a_byte_more_nothing_of_it_is_kept(sample) -> None:
    made = await school(sample)
    path = f"{made.headers['location']}/names"
    nameless = SchoolChanged(effective_on=date(2026, 9, 1), school_id=UUID(made.json()["id"]), name="x")
    frame = len(plain_contents(nameless)) - 1
    full = ["x" * (LARGEST_CONTENTS - frame)] * (LARGEST_APPEND // LARGEST_CONTENTS)

    async def post(names: list[str]):
        headers = sample.vendor("roster.write", **{"if-match": '"1"'})
        return await sample.http.post(path, json={"names": names}, headers=headers)

    for too_much in ([*full, "x"], [*full[:-1], full[-1] + "x"]):
        problem = refused(await post(too_much), 422, "invalid")
        assert [error["code"] for error in problem["errors"]] == ["too-long"]
        assert await count(sample, "plan.events") == 1
        assert await count(sample, "plan.kept_answers") == 1
        read = await sample.http.get(made.headers["location"], headers=sample.issuer.vendor("plan.read"))
        assert read.json() == made.json()
    kept = await post(full)
    assert (kept.status_code, kept.headers["etag"]) == (200, '"17"'), kept.text
    assert await count(sample, "plan.events") == 17


# --- Faults ---


async def test_an_unexpected_error_says_nothing_of_ours(sample, capsys) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await sample.http.get("/plan/v1/broken", headers=sample.issuer.vendor("plan.read"))
    problem = refused(answer, 500, "internal-error")
    assert "Jane" not in answer.text
    assert "Runtime" not in answer.text
    assert problem["instance"].endswith(answer.headers["x-request-id"])
    assert [line["event"] for line in lines] == ["request_failed", "request_refused"]


async def test_a_database_that_goes_away_in_mid_request_is_503_and_leaves_nothing(sample) -> None:
    """The connection is cut while the append waits for its stream: nothing of it remains, and the next one works."""
    path = (await school(sample)).headers["location"]
    school_id = path.rpartition("/")[2]
    before = await count(sample, "plan.events")
    async with sample.plan.database.pool.acquire() as holder, holder.transaction():
        await holder.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('plan/lakeside/school/' || $1, 1))", school_id
        )
        headers = sample.vendor("roster.write", **{"if-match": '"1"'})
        writing = asyncio.ensure_future(sample.http.patch(path, json={"name": "B"}, headers=headers))
        cut = 0
        while not cut:
            await asyncio.sleep(0.02)
            out = sample.plan.cluster.postgres.psql(
                sample.plan.name,
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE wait_event = 'advisory' AND datname = current_database()",
            )
            cut = int(out)
        answer = await writing

    refused(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    assert await count(sample, "plan.events") == before
    assert (await sample.http.patch(path, json={"name": "B"}, headers=headers)).status_code == 200


async def test_a_full_disk_is_503_and_the_same_request_works_when_there_is_room(sample) -> None:
    """The disk fills up at the append's last table, when all its other rows are written."""
    superuser = await asyncpg.connect(sample.plan.cluster.postgres.url(sample.plan.name))
    await superuser.execute("""
        CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON plan.unsequenced
            FOR EACH STATEMENT EXECUTE FUNCTION public.full()""")
    path, headers = "/plan/v1/schools", sample.vendor("roster.write")
    body = LAKESIDE | {"external_id": "sis:1"}
    tables = ("plan.events", "plan.unsequenced", "plan.claims", "plan.kept_answers", "plan_read.states",
              "plan_read.resources")  # fmt: skip

    answer = await sample.http.post(path, json=body, headers=headers)

    refused(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    assert [await count(sample, table) for table in tables] == [0] * 6
    await superuser.execute("DROP TRIGGER full_disk ON plan.unsequenced")
    await superuser.close()
    made = await sample.http.post(path, json=body, headers=headers)
    assert (made.status_code, "idempotent-replayed" in made.headers) == (201, False), made.text
    assert [await count(sample, table) for table in tables] == [1] * 6


async def test_a_read_without_a_database_is_503(sample) -> None:
    """SQLAlchemy wraps what the driver says."""
    path = (await school(sample)).headers["location"]
    sample.plan.cluster.postgres.stop()
    try:
        for _ in range(3):
            answer = await sample.http.get(path, headers=sample.issuer.vendor("plan.read"))
            refused(answer, 503, "unavailable")
        headers = sample.vendor("roster.write", **{"if-match": '"1"'})
        refused(await sample.http.patch(path, json={"name": "B"}, headers=headers), 503, "unavailable")
    finally:
        sample.plan.cluster.postgres.start()
    assert (await sample.http.patch(path, json={"name": "B"}, headers=headers)).status_code == 200


async def test_a_read_whose_connection_is_cut_is_503(sample) -> None:
    """What the driver says reaches us inside an error of SQLAlchemy's."""
    path = (await school(sample)).headers["location"]
    async with sample.plan.database.pool.acquire() as holder, holder.transaction():
        await holder.execute("LOCK TABLE plan_read.resources IN ACCESS EXCLUSIVE MODE")
        reading = asyncio.ensure_future(sample.http.get(path, headers=sample.issuer.vendor("plan.read")))
        while not int(
            sample.plan.cluster.postgres.psql(
                sample.plan.name,
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()",
            )
        ):
            await asyncio.sleep(0.02)
        refused(await reading, 503, "unavailable")
    assert (await sample.http.get(path, headers=sample.issuer.vendor("plan.read"))).status_code == 200


# --- Traces ---


async def test_one_line_a_request_says_who_and_what_for_both_outcomes_and_no_contents(sample) -> None:
    secret = "Jane Doe"
    with structlog.testing.capture_logs() as lines:
        await sample.http.post(
            "/plan/v1/schools",
            json={"name": secret, "motto": "x" * 30},
            headers=sample.vendor("roster.write"),
        )
        await sample.http.get(f"/plan/v1/schools?name={secret}", headers=sample.issuer.vendor("plan.read"))
        await sample.http.get("/plan/v1/schools", headers={"authorization": f"Bearer {secret}"})

    assert [line["event"] for line in lines] == ["request_refused", "request_answered", "request_refused"]
    assert [line.get("code") for line in lines] == ["invalid", None, "not-authenticated"]
    assert lines[0]["who"] == "vendor-1"
    assert lines[0]["route"] == "/plan/v1/schools"
    assert "who" not in lines[2]
    assert secret not in str(lines)


async def test_a_sane_request_id_is_kept_and_another_is_replaced(sample) -> None:
    given = await sample.http.get("/plan/v1/codes", headers={"x-request-id": "abc-12345"})
    assert given.headers["x-request-id"] == "abc-12345"
    for strange in ("short", "with space and more", "x" * 65, '"}{"'):
        answer = await sample.http.get("/plan/v1/codes", headers={"x-request-id": strange})
        assert UUID(answer.headers["x-request-id"])


# --- Lists ---


async def test_a_list_is_read_page_by_page_and_everything_is_met_once(sample) -> None:
    made = {(await school(sample, f"School {n}")).json()["id"] for n in range(7)}
    headers, path, met = sample.issuer.vendor("plan.read"), "/plan/v1/schools?limit=3", []
    while path:
        page = await sample.http.get(path, headers=headers)
        assert page.status_code == 200, page.text
        met += [row["id"] for row in page.json()["items"]]
        path = page.json().get("next")
        assert ("link" in page.headers) == (path is not None)
        if path:
            assert page.headers["link"] == f'<{path}>; rel="next"'
            await school(sample, "added meanwhile")

    assert made <= set(met)
    assert len(met) == len(set(met))


async def test_lists_are_narrowed(sample) -> None:
    body = {"name": "Lakeside", "external_id": "SIS:1"}
    first = await sample.http.post("/plan/v1/schools", json=body, headers=sample.vendor("roster.write"))
    await school(sample, "Hillside")
    headers = sample.issuer.vendor("plan.read")

    async def names(**query: str) -> list[str]:
        found = await sample.http.get("/plan/v1/schools", params=query, headers=headers)
        return sorted(row["name"] for row in found.json()["items"])

    assert await names() == ["Hillside", "Lakeside"]
    assert await names(external_id="SIS:1") == ["Lakeside"]
    assert await names(external_id="SIS:2") == []
    assert await names(name="Hillside") == ["Hillside"]
    assert await names(updated_after=first.json()["updated_at"]) == ["Hillside"]
    assert await names(student=str(new_id())) == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "updated_after=2026-01-01T00:00:00", "student=7"]
)
async def test_a_filter_of_another_form_is_refused(sample, query: str) -> None:
    answer = await sample.http.get(f"/plan/v1/schools?{query}", headers=sample.issuer.vendor("plan.read"))
    problem = refused(answer, 422, "invalid")
    assert problem["errors"][0]["parameter"] == query.partition("=")[0]


async def test_a_cursor_of_another_list_is_refused(sample) -> None:
    for _ in range(3):
        await school(sample)
    headers = sample.issuer.vendor("plan.read")
    cursor = (
        (await sample.http.get("/plan/v1/schools?limit=1", headers=headers)).json()["next"].rpartition("=")[2]
    )
    for path in (
        f"/plan/v1/schools?cursor={cursor}&external_id=A:1", f"/plan/v1/schools?cursor={cursor}&name=x",
        f"/plan/v1/students?cursor={cursor}", f"/plan/v1/schools?cursor={cursor[:-2]}AA", "/plan/v1/schools?cursor=x",
        "/plan/v1/schools?cursor=%C3%A4",
    ):  # fmt: skip
        problem = refused(await sample.http.get(path, headers=headers), 422, "invalid")
        assert problem["errors"][0]["code"] == "cursor-invalid"
