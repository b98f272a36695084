"""NDJSON: a result for each line, and the same batch again changes nothing."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
import pytest_asyncio
from asyncpg.exceptions import ConnectionDoesNotExistError

from contracts.ids import new_id
from progress_service.application import record_sessions
from progress_service.testing_promises import (
    PLAN,
    PROVIDER,
    READING,
    SPEECH,
    STUDENT,
    adopted,
    opened,
    speech,
)
from runtime.append_rows import LARGEST_APPEND

pytestmark = pytest.mark.asyncio(loop_scope="module")
LINE: dict[str, Any] = {
    "plan": str(PLAN), "item": str(READING), "on": "2025-12-16", "minutes": 45, "status": "delivered",
    "provider": str(PROVIDER),
}  # fmt: skip
URL = "/progress/v1/sessions"


def lines(count: int, vendor: str = "northwind", **fields: Any) -> list[bytes]:
    return [
        json.dumps(LINE | {"on": f"2026-{1 + n % 5:02}-{1 + n % 28:02}", "external_id": f"{vendor}:{n}"} | fields).encode()
        for n in range(count)
    ]  # fmt: skip


def results(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest_asyncio.fixture(loop_scope="module")
async def lakeside(world):
    await world.publish(f"plan/{PLAN}", STUDENT, opened(), adopted())
    await world.arrived()
    return world


async def recorded(world: Any) -> list[dict[str, Any]]:
    found, page = [], (await world.get(URL, limit=500)).json()
    found += page["items"]
    while "next" in page:
        page = (await world.http.get(page["next"], headers=world.vendor())).json()
        found += page["items"]
    return found


async def test_a_batch_answers_each_line_and_the_same_again_changes_nothing(lakeside) -> None:
    sent = lines(400)

    first = results(await lakeside.post_lines(sent))
    again = results(await lakeside.post_lines(sent))

    assert [each["line"] for each in first] == list(range(1, 401))
    assert {each["status"] for each in first} == {201}
    assert {each["status"] for each in again} == {200}
    assert [each["id"] for each in again] == [each["id"] for each in first]
    assert len(await recorded(lakeside)) == 400


async def test_one_broken_line_among_many_is_refused_with_its_number(lakeside) -> None:
    sent = lines(300)
    sent[99] = b'{"plan": '
    sent[199] = json.dumps(LINE | {"minutes": 0, "external_id": "northwind:x"}).encode()
    sent[250] = json.dumps(LINE | {"on": "2025-12-01", "external_id": "northwind:y"}).encode()

    told = results(await lakeside.post_lines(sent))

    refused = {each["line"]: (each["status"], each["problem"]["code"]) for each in told if "problem" in each}
    assert refused == {
        100: (400, "malformed-json"),
        200: (422, "invalid"),
        251: (409, "session-not-promised"),
    }
    assert len(await recorded(lakeside)) == 297
    assert told[199]["problem"]["errors"][0]["pointer"] == "/minutes"


async def test_each_line_needs_an_external_id(lakeside) -> None:
    (told,) = results(await lakeside.post_lines([json.dumps(LINE).encode()]))

    assert (told["status"], told["problem"]["errors"][0]["pointer"]) == (422, "/external_id")


async def test_the_same_line_twice_in_a_batch_is_recorded_once(lakeside) -> None:
    (line,) = lines(1)
    changed = json.dumps(json.loads(line) | {"minutes": 20}).encode()

    first, second, third = results(await lakeside.post_lines([line, line, changed]))

    assert (first["status"], second["status"], second["id"]) == (201, 200, first["id"])
    assert (third["status"], third["problem"]["code"]) == (409, "external-id-taken")


async def test_a_single_session_and_a_line_share_their_external_ids(lakeside) -> None:
    (line,) = lines(1)
    single = await lakeside.post(URL, json.loads(line))

    (told,) = results(await lakeside.post_lines([line]))

    assert (told["status"], told["id"]) == (200, single.json()["id"])


async def test_blank_lines_are_passed_over_and_keep_the_numbers(lakeside) -> None:
    first, second = lines(2)

    told = results(await lakeside.post_lines([first, b"", b"\r", second, b""]))

    assert [each["line"] for each in told] == [1, 4]
    assert results(await lakeside.post_lines([b""])) == []


async def test_more_than_ten_thousand_lines_are_refused_whole(lakeside) -> None:
    answer = await lakeside.post_lines([b"{}"] * 10_001)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too-many-lines")


async def test_two_vendors_with_the_same_lines_at_once_record_each_once(lakeside) -> None:
    sent = lines(200)

    first, second = await asyncio.gather(lakeside.post_lines(sent), lakeside.post_lines(list(reversed(sent))))

    told = [*results(first), *results(second)]
    assert {each["status"] for each in told} <= {200, 201}
    assert sum(each["status"] == 201 for each in told) == 200
    assert len(await recorded(lakeside)) == 200


async def test_singles_beside_a_batch_on_the_same_item_lose_nothing(lakeside) -> None:
    async def singles() -> set[int]:
        return {(await lakeside.post(URL, LINE | {"minutes": 10 + n})).status_code for n in range(15)}

    told, statuses = await asyncio.gather(lakeside.post_lines(lines(300)), singles())

    assert {each["status"] for each in results(told)} == {201}
    assert statuses == {201}
    assert len(await recorded(lakeside)) == 315


async def test_lines_of_unknown_plans_and_reports_without_the_scope_are_refused_alone(lakeside) -> None:
    report = {"source": "paper", "reason": "on paper", "occurred_on": "2025-12-08"}
    sent = [
        *lines(1, plan=str(new_id())),
        *lines(1, on="2025-12-08", reported=report),
        *lines(1, item=str(SPEECH), minutes=30),
    ]
    who = lakeside.vendor("progress.write")

    told = results(await lakeside.post_lines(sent, who))

    assert [each["status"] for each in told] == [404, 403, 201]


async def test_more_than_4_mib_of_events_in_one_batch_are_taken_in_parts(lakeside) -> None:
    report = {"source": "paper", "reason": "\U0001f4da" * 20_000, "occurred_on": "2026-01-05"}
    sent = [
        json.dumps(json.loads(line) | {"reported": report}, ensure_ascii=False).encode()
        for line in lines(60, on="2026-01-05")
    ]
    assert 60 * len(report["reason"].encode()) > LARGEST_APPEND

    told = results(await lakeside.post_lines(sent))

    assert {each["status"] for each in told} == {201}
    assert len(await recorded(lakeside)) == 60


@pytest.mark.slow
async def test_of_ten_thousand_lines_the_broken_one_is_refused_and_the_rest_taken_or_none(lakeside) -> None:
    sent: list[bytes] = []
    for number in range(40):
        plan, item = new_id(), speech(starts_on=None).model_copy(update={"id": new_id()})
        draft = opened().model_copy(update={"plan_id": plan})
        await lakeside.publish(f"plan/{plan}", new_id(), draft, adopted(item, plan_id=plan))
        sent += lines(250, vendor=f"northwind{number}", plan=str(plan), item=str(item.id))
    whole, sent[6_665] = sent[6_665], b'{"plan": '
    await lakeside.arrived()

    refused = await lakeside.post_lines(sent, all_or_nothing="true")
    assert (refused.status_code, refused.json()["code"]) == (409, "batch-refused")
    assert refused.json()["facts"]["lines"] == [6_666]
    assert await recorded(lakeside) == []

    told = results(await lakeside.post_lines(sent))
    assert [(each["line"], each["status"]) for each in told if each["status"] != 201] == [(6_666, 400)]
    assert len(told) == 10_000

    sent[6_665] = whole
    again = results(await lakeside.post_lines(sent))
    assert [each["line"] for each in again if each["status"] == 201] == [6_666]
    assert {each["status"] for each in again} == {200, 201}


async def test_all_or_nothing_that_breaks_off_in_the_middle_leaves_nothing(
    lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, appended = lines(400), record_sessions._append
    calls = 0

    async def third_one_fails(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ConnectionDoesNotExistError("the server closed the connection")
        return await appended(*given, **more)

    with monkeypatch.context() as broken:
        broken.setattr(record_sessions, "_append", third_one_fails)
        answer = await lakeside.post_lines(sent, all_or_nothing="true")
    assert (answer.status_code, calls) == (503, 3)
    assert await recorded(lakeside) == []

    assert {each["status"] for each in results(await lakeside.post_lines(sent, all_or_nothing="true"))} == {
        201
    }
    assert len(await recorded(lakeside)) == 400


async def test_a_line_that_is_refused_only_when_it_is_recorded_is_named_too(
    lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the transaction somebody else was faster: here nothing was found at the look."""

    async def nothing_found(_store: Any, _tenant: Any, _who: Any, batch: Sequence[Any]) -> list[None]:
        return [None] * len(batch)

    monkeypatch.setattr("progress_service.adapters.routes.sessions.refused_of", nothing_found)
    sent = lines(300)
    sent[217] = json.dumps(json.loads(sent[217]) | {"on": "2020-01-06"}).encode()
    answer = await lakeside.post_lines([b"", *sent], all_or_nothing="true")

    assert (answer.status_code, answer.json()["code"]) == (409, "batch-refused")
    assert answer.json()["facts"]["lines"] == [219]
    assert await recorded(lakeside) == []


async def test_all_or_nothing_of_more_than_one_append_can_hold_is_one_transaction_too(lakeside) -> None:
    report = {"source": "paper", "reason": "\U0001f4da" * 20_000, "occurred_on": "2026-01-05"}
    sent = [
        json.dumps(json.loads(line) | {"reported": report}, ensure_ascii=False).encode()
        for line in lines(60, on="2026-01-05")
    ]
    told = results(await lakeside.post_lines(sent, all_or_nothing="true"))
    assert {each["status"] for each in told} == {201}
    assert len(await recorded(lakeside)) == 60
