"""Sessions by HTTP, on a plan that arrived by the journal."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from contracts.ids import new_id
from contracts.testing import an_id
from progress_service.testing_promises import (
    GOAL,
    PLAN,
    PROVIDER,
    SPEECH,
    STUDENT,
    adopted,
    opened,
    reading,
    speech,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
URL = "/progress/v1/sessions"
SESSION: dict[str, Any] = {
    "plan": str(PLAN), "item": str(SPEECH), "on": "2025-12-16", "minutes": 30, "status": "delivered",
    "provider": str(PROVIDER),
}  # fmt: skip
MISSED: dict[str, Any] = {
    "plan": str(PLAN), "item": str(SPEECH), "on": "2026-01-06", "minutes": 30, "status": "missed",
    "reason": "provider_absent",
}  # fmt: skip
BEFORE: dict[str, Any] = SESSION | {"on": "2025-12-08"}
REPORTED = {"source": "paper log", "reason": "Kept on paper until January.", "occurred_on": "2025-12-08"}


@pytest_asyncio.fixture(loop_scope="module")
async def lakeside(world):
    await world.publish(f"plan/{PLAN}", STUDENT, opened(), adopted())
    await world.arrived()
    return world


def codes(answer: Any) -> set[tuple[str, str | None]]:
    return {(error["code"], error.get("pointer")) for error in answer.json()["errors"]}


async def test_a_session_is_recorded_on_a_plan_that_arrived_by_the_journal(lakeside) -> None:
    answer = await lakeside.post(URL, SESSION | {"group_size": 2})

    assert answer.status_code == 201, answer.text
    read = await lakeside.get(answer.headers["location"])
    assert read.json() == answer.json()
    assert read.headers["etag"] == answer.headers["etag"] == '"1"'
    assert {**SESSION, "group_size": 2, "student": str(STUDENT)}.items() <= read.json().items()
    assert UUID(answer.headers["handrail-event"])


async def test_a_session_outside_the_plan_is_refused_with_the_rule_and_the_way_to_report_it(lakeside) -> None:
    answer = await lakeside.post(URL, BEFORE)

    assert (answer.status_code, answer.json()["code"]) == (409, "session-not-promised")
    (reason,) = answer.json()["errors"]
    assert (reason["code"], reason["citation"]) == ("plan-not-yet-in-force", "34 CFR 300.323(c)(2)")
    assert "reported" in reason["cure"]


async def test_what_took_place_all_the_same_is_reported_with_the_rule_it_leaves_unmet(lakeside) -> None:
    answer = await lakeside.post(URL, BEFORE | {"reported": REPORTED})

    assert answer.status_code == 201, answer.text
    assert [unmet["code"] for unmet in answer.json()["reported"]["unmet"]] == ["plan-not-yet-in-force"]


async def test_reporting_needs_its_own_scope(lakeside) -> None:
    who = lakeside.vendor("progress.write")

    answer = await lakeside.post(URL, BEFORE | {"reported": REPORTED}, who)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"minutes": 0}, {("greater-than-equal", "/minutes")}),
        ({"minutes": 1441}, {("less-than-equal", "/minutes")}),
        ({"minutes": "30"}, {("int-type", "/minutes")}),
        ({"on": 20251216}, {("date-type", "/on")}),
        ({"on": "2025-02-30"}, {("date-parsing", "/on")}),
        ({"status": "cancelled"}, {("enum", "/status")}),
        ({"plan": "x"}, {("uuid-parsing", "/plan")}),
        ({"colour": "red"}, {("extra-forbidden", "/colour")}),
        ({"on": "2999-01-01"}, {("in-the-future", "/on")}),
        ({"status": "missed"}, {("reason-missing", "/reason")}),
        ({"status": "partial", "reason": "rain"}, {("unknown-code", "/reason")}),
        ({"provider": None}, {("provider-missing", "/provider")}),
        ({"item": str(GOAL)}, {("not-a-service", "/item")}),
        ({"makes_up": str(an_id("nothing"))}, {("nothing-to-make-up", "/makes_up")}),
        ({"on": "0001-01-01", "minutes": 0}, {("greater-than-equal", "/minutes")}),
        ({"external_id": "x:\x00"}, {("not-carriable", "/external_id")}),
        ({"external_id": "no colon"}, {("string-pattern-mismatch", "/external_id")}),
    ],
)
async def test_what_cannot_be_true_is_refused_field_by_field(lakeside, change, expected) -> None:
    answer = await lakeside.post(URL, SESSION | change)

    assert answer.status_code == 422, answer.text
    assert codes(answer) == expected


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b'{"plan":', "application/json", 400, "malformed-json"),
        (b"", "application/json", 400, "malformed-json"),
        (b"[]", "application/json", 422, "invalid"),
        (b"[" * 100_000, "application/json", 400, "malformed-json"),
        (b'"\xff"', "application/json", 400, "malformed-json"),
        (b"{}", "text/plain", 415, "unsupported-media-type"),
        (b"{}", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
    ],
)
async def test_a_body_of_another_form_is_refused(lakeside, content, kind, status, code) -> None:
    headers = {**lakeside.vendor(), "content-type": kind}

    answer = await lakeside.http.post(URL, content=content, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_session_of_a_plan_nobody_knows_is_not_found(lakeside) -> None:
    answer = await lakeside.post(URL, SESSION | {"plan": str(new_id())})

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_a_session_of_another_student_s_item_is_refused_even_as_a_report(lakeside) -> None:
    other, item = new_id(), speech().model_copy(update={"id": an_id("their speech")})
    draft = opened().model_copy(update={"plan_id": other})
    await lakeside.publish(f"plan/{other}", new_id(), draft, adopted(item, plan_id=other))
    await lakeside.arrived()

    answer = await lakeside.post(URL, BEFORE | {"item": str(item.id), "reported": REPORTED})

    assert (answer.status_code, codes(answer)) == (422, {("item-of-another-plan", "/item")})


async def test_the_same_external_id_answers_with_the_first_and_another_body_is_refused(lakeside) -> None:
    body = SESSION | {"external_id": "northwind:1"}
    first = await lakeside.post(URL, body)

    again = await lakeside.post(URL, dict(reversed(body.items())))
    other = await lakeside.post(URL, body | {"minutes": 45})

    assert (again.status_code, again.json()) == (200, first.json())
    assert (other.status_code, other.json()["code"]) == (409, "external-id-taken")
    found = await lakeside.get(URL, external_id="northwind:1")
    assert [each["id"] for each in found.json()["items"]] == [first.json()["id"]]


async def test_the_same_idempotency_key_answers_again_and_records_once(lakeside) -> None:
    who = lakeside.vendor()
    first = await lakeside.post(URL, SESSION, who)

    again = await lakeside.post(URL, SESSION, who)
    other = await lakeside.post(URL, SESSION | {"minutes": 45}, who)
    without = await lakeside.http.post(URL, json=SESSION, headers={"authorization": who["authorization"]})

    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (
        201,
        first.json(),
        "true",
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert without.status_code == 400
    assert len((await lakeside.get(URL)).json()["items"]) == 1


async def test_a_missed_session_is_made_up_in_the_next_school_year(lakeside) -> None:
    missed = (await lakeside.post(URL, MISSED)).json()["id"]

    made_up = await lakeside.post(URL, SESSION | {"on": "2026-09-01", "makes_up": missed})

    assert made_up.status_code == 201, made_up.text
    assert made_up.json()["makes_up"] == missed


async def test_a_void_stays_struck_through_and_can_be_repeated(lakeside) -> None:
    made = (await lakeside.post(URL, SESSION)).json()["id"]

    voided = await lakeside.post(f"{URL}/{made}/void", {"reason": "Entered for another student."})
    again = await lakeside.post(f"{URL}/{made}/void", {"reason": "Once more."})

    assert voided.status_code == 200, voided.text
    assert voided.json()["voided"] == {"reason": "Entered for another student."}
    assert (again.status_code, again.json()) == (200, voided.json())
    assert (await lakeside.get(f"{URL}/{made}")).json() == voided.json()
    assert (await lakeside.post(f"{URL}/{new_id()}/void", {"reason": "x"})).status_code == 404


async def test_sessions_are_listed_by_student_item_and_plan_a_page_at_a_time(lakeside) -> None:
    for day in range(16, 19):
        await lakeside.post(URL, SESSION | {"on": date(2025, 12, day).isoformat()})
    await lakeside.post(URL, SESSION | {"item": str(reading().id)})

    first = await lakeside.get(URL, item=SPEECH, student=STUDENT, limit=2)
    second = await lakeside.http.get(first.json()["next"], headers=lakeside.vendor())
    nobody = await lakeside.get(URL, student=new_id())

    days = [each["on"] for page in (first, second) for each in page.json()["items"]]
    assert sorted(days) == ["2025-12-16", "2025-12-17", "2025-12-18"]
    assert nobody.json()["items"] == []


async def test_another_district_sees_and_voids_nothing(lakeside) -> None:
    made = (await lakeside.post(URL, SESSION)).json()["id"]
    scopes = ("progress.read", "progress.write")
    other = {**lakeside.issuer.vendor(*scopes, tenant="hillview"), "idempotency-key": str(new_id())}

    assert (await lakeside.get(f"{URL}/{made}", other)).status_code == 404
    assert (await lakeside.get(URL, other)).json()["items"] == []
    assert (await lakeside.post(f"{URL}/{made}/void", {"reason": "x"}, other)).status_code == 404
    assert (await lakeside.post(URL, SESSION, other)).status_code == 404


async def test_a_filter_that_no_external_id_can_have_finds_nothing(lakeside) -> None:
    answer = await lakeside.http.get(f"{URL}?external_id=x%00", headers=lakeside.vendor())

    assert answer.status_code in (200, 422), answer.text
