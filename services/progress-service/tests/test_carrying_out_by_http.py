"""Schedules, make-up and use by HTTP, and what the ledger says of them; on a plan that arrived by the journal."""

import json
from typing import Any

import pytest
import pytest_asyncio

from contracts.ids import new_id
from contracts.testing import an_id
from progress_service.testing_promises import (
    PLAN,
    PROVIDER,
    READING,
    SPEECH,
    STUDENT,
    TIME,
    adopted,
    opened,
    profile,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
API = "/progress/v1"
OF_SPEECH: dict[str, Any] = {"plan": str(PLAN), "item": str(SPEECH)}
SCHEDULE = OF_SPEECH | {"staff": str(PROVIDER), "weekdays": [2], "from": "2026-01-05", "minutes": 30}
GIVEN = OF_SPEECH | {"minutes": 30, "status": "delivered", "provider": str(PROVIDER)}
MISSED = OF_SPEECH | {"minutes": 30, "status": "missed", "reason": "provider_absent"}
OFFER = OF_SPEECH | {"on": "2026-02-10", "minutes": 30, "by_on": "2026-03-10", "terms": "After school."}


@pytest_asyncio.fixture(loop_scope="module")
async def lakeside(world):
    await world.publish(f"plan/{PLAN}", STUDENT, opened(), adopted())
    await world.publish("district", an_id("district"), profile())
    await world.arrived()
    return world


async def made(world: Any, what: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = await world.post(f"{API}/{what}", body)
    assert answer.status_code == status, answer.text
    fields: dict[str, Any] = answer.json()
    return fields


async def ledger(world: Any, **asked: str) -> dict[str, Any]:
    answer = await world.get(f"{API}/students/{STUDENT}/delivery", **asked)
    assert answer.status_code == 200, answer.text
    fields: dict[str, Any] = answer.json()
    return fields


async def test_a_planned_session_of_which_nothing_is_recorded_is_silent(lakeside) -> None:
    schedule = await made(lakeside, "schedules", SCHEDULE | {"external_id": "northwind:schedule-1"})
    await made(lakeside, "sessions", GIVEN | {"on": "2026-01-06"})
    await made(lakeside, "sessions", MISSED | {"on": "2026-01-13"})

    found = await ledger(lakeside, **{"from": "2026-01-05", "to": "2026-01-25"})

    assert [(each["on"], each["schedule"]) for each in found["silent"]] == [("2026-01-20", schedule["id"])]
    again = await made(lakeside, "schedules", SCHEDULE | {"external_id": "northwind:schedule-1"}, 200)
    assert again["id"] == schedule["id"]


async def test_a_schedule_is_listed_by_its_provider_and_ended(lakeside) -> None:
    schedule = await made(lakeside, "schedules", SCHEDULE)

    listed = (await lakeside.get(f"{API}/schedules", staff=PROVIDER)).json()["items"]
    assert [each["id"] for each in listed] == [schedule["id"]]
    ended = await made(lakeside, f"schedules/{schedule['id']}/end", {"on": "2026-01-13"}, 200)
    assert ended["ended_on"] == "2026-01-13"
    found = await ledger(lakeside, **{"from": "2026-01-05", "to": "2026-01-25"})
    assert [each["on"] for each in found["silent"]] == ["2026-01-06"]


async def test_a_schedule_before_the_plan_is_refused(lakeside) -> None:
    answer = await lakeside.post(f"{API}/schedules", SCHEDULE | {"from": "2025-12-01"})

    assert (answer.status_code, answer.json()["code"]) == (409, "session-not-promised")


async def test_an_offer_is_agreed_to_and_given_under(lakeside) -> None:
    missed = await made(lakeside, "sessions", MISSED | {"on": "2026-01-13"})
    offer = await made(lakeside, "make-up-offers", OFFER | {"sessions": [missed["id"]]})
    agreement = await made(
        lakeside,
        "make-up-agreements",
        OFFER | {"on": "2026-02-12", "ground": "agreement", "offer": offer["id"], "sessions": [missed["id"]]},
    )
    offer = (await lakeside.get(f"{API}/make-up-offers/{offer['id']}")).json()
    assert offer["agreed_by"] == agreement["id"]

    given = GIVEN | {"on": "2026-02-24", "makes_up": missed["id"], "agreement": agreement["id"]}
    session = await made(lakeside, "sessions", given)

    assert session["agreement"] == agreement["id"]
    found = await ledger(lakeside, **{"from": "2026-01-12", "to": "2026-01-18"})
    (speech,) = [each for each in found["services"] if each["item"] == str(SPEECH)]
    assert (speech["total"]["made_up"], speech["total"]["balance"], speech["total"]["remaining"]) == (
        30,
        "0",
        {},
    )


async def test_a_declined_offer_is_closed_and_an_agreement_is_voided(lakeside) -> None:
    offer = await made(lakeside, "make-up-offers", OFFER)
    at = f"make-up-offers/{offer['id']}"
    declined = await made(lakeside, f"{at}/decline", {"on": "2026-02-12"}, 200)
    assert declined["declined_on"] == "2026-02-12"

    refused = await lakeside.post(
        f"{API}/make-up-agreements", OFFER | {"ground": "agreement", "offer": offer["id"], "on": "2026-02-13"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "offer-closed")
    ordered = await made(
        lakeside, "make-up-agreements", OFFER | {"ground": "hearing_decision", "kind": "compensatory"}
    )
    voided = await made(
        lakeside, f"make-up-agreements/{ordered['id']}/void", {"reason": "Another student's."}, 200
    )
    assert voided["voided"]["reason"] == "Another student's."
    assert (await made(lakeside, f"{at}/void", {"reason": "Twice."}, 200))["voided"]


async def test_who_knows_their_duties_and_what_was_used_is_logged(lakeside) -> None:
    of_time = {"plan": str(PLAN), "item": str(TIME)}
    known = await made(
        lakeside,
        "acknowledgements",
        of_time | {"staff": str(PROVIDER), "on": "2026-01-05", "how": "signed the sheet"},
    )
    use = await made(
        lakeside, "accommodation-uses", of_time | {"on": "2026-01-09", "outcome": "provided", "place": "test"}
    )

    (listed,) = (await lakeside.get(f"{API}/acknowledgements", item=TIME)).json()["items"]
    assert listed["id"] == known["id"]
    assert listed["staff"] == str(PROVIDER)
    await made(lakeside, f"accommodation-uses/{use['id']}/void", {"reason": "Another test."}, 200)
    (struck,) = (await lakeside.get(f"{API}/accommodation-uses", plan=PLAN)).json()["items"]
    assert struck["voided"]["reason"] == "Another test."


@pytest.mark.parametrize(
    ("what", "body", "code"),
    [
        (
            "accommodation-uses",
            {"item": str(TIME), "on": "2025-12-01", "outcome": "provided"},
            "use-not-promised",
        ),
        (
            "accommodation-uses",
            {"item": str(SPEECH), "on": "2026-01-09", "outcome": "provided"},
            "cannot-be-true",
        ),
        ("make-up-offers", {"item": str(TIME), "on": "2026-01-09", "minutes": 30}, "cannot-be-true"),
        ("make-up-offers", {"item": str(SPEECH), "on": "2999-01-09", "minutes": 30}, "cannot-be-true"),
        ("schedules", {"item": str(SPEECH), "weekdays": [8], "from": "2026-01-05"}, "invalid"),
    ],
)
async def test_what_cannot_be_so_is_refused(lakeside, what: str, body: dict[str, Any], code: str) -> None:
    answer = await lakeside.post(f"{API}/{what}", {"plan": str(PLAN)} | body)

    assert answer.status_code in (409, 422), answer.text
    assert answer.json()["code"] == code


async def test_a_plan_nobody_knows_is_not_found(lakeside) -> None:
    answer = await lakeside.post(f"{API}/schedules", SCHEDULE | {"plan": str(new_id())})

    assert answer.status_code == 404


async def test_flags_come_with_the_ledger(lakeside) -> None:
    await made(
        lakeside, "sessions", GIVEN | {"on": "2026-01-06", "location": "Gym", "late_because": "Paper."}
    )

    flags = (await ledger(lakeside, **{"from": "2026-01-05", "to": "2026-01-11"}))["flags"]

    assert {flag["code"] for flag in flags} == {"late_entry", "other_location"}


def lines(count: int, broken: int | None = None) -> list[bytes]:
    return [
        json.dumps(
            GIVEN | {"item": str(READING), "on": f"2026-01-{5 + n % 5:02}", "minutes": 900 * 2 if n == broken else 45,
                     "external_id": f"northwind:{n}"}
        ).encode()
        for n in range(count)
    ]  # fmt: skip


async def test_one_broken_line_keeps_back_a_batch_that_is_all_or_nothing(lakeside) -> None:
    refused = await lakeside.post_lines(lines(300, broken=217), all_or_nothing="true")

    assert (refused.status_code, refused.json()["code"]) == (409, "batch-refused")
    assert refused.json()["facts"]["lines"] == [218]
    assert (await lakeside.get(f"{API}/sessions")).json()["items"] == []
    taken = await lakeside.post_lines(lines(300), all_or_nothing="true")
    assert {json.loads(line)["status"] for line in taken.text.splitlines()} == {201}


async def test_without_it_one_line_is_refused_with_its_number_and_the_rest_taken(lakeside) -> None:
    answer = await lakeside.post_lines(lines(300, broken=217))

    told = [json.loads(line) for line in answer.text.splitlines()]
    assert [each["line"] for each in told if each["status"] != 201] == [218]
