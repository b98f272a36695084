"""Promise against delivery by HTTP: the worked history of law.md 8, and P13 for progress."""

from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from contracts.canonical import instant
from contracts.ids import new_id
from contracts.students import StudentPersonalData, StudentRegistered
from progress_service.testing_promises import (
    PLAN,
    PROVIDER,
    READING,
    SPEECH,
    STUDENT,
    adopted,
    amended,
    calendar,
    opened,
    profile,
    speech,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
URL = f"/progress/v1/students/{STUDENT}/delivery"
SESSIONS = "/progress/v1/sessions"


@pytest_asyncio.fixture(loop_scope="module")
async def lakeside(world):
    await world.publish("district", new_id(), profile())
    await world.publish(f"plan/{PLAN}", STUDENT, opened(), adopted())
    await world.arrived()
    return world


async def record(world: Any, on: str, status: str = "delivered", **fields: Any) -> str:
    body = {"plan": str(PLAN), "item": str(SPEECH), "on": on, "minutes": 30, "status": status}
    body |= {"provider": str(PROVIDER)} if status == "delivered" else {"reason": "provider_absent"}
    answer = await world.post(SESSIONS, body | fields)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def delivery(world: Any, **asked: Any) -> dict[str, Any]:
    answer = await world.get(URL, **asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def of_speech(told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in told["services"] if each["item"] == str(SPEECH))
    return found


async def test_each_week_says_what_was_owed_given_missed_and_made_up_and_what_remains(lakeside) -> None:
    await record(lakeside, "2026-01-27")
    missed = await record(lakeside, "2026-02-03", "missed")
    await record(lakeside, "2026-02-10", minutes=20, status="partial", planned_minutes=30, reason="testing",
                 provider=str(PROVIDER))  # fmt: skip
    make_up = await record(lakeside, "2026-02-12", minutes=15, makes_up=missed)

    told = await delivery(lakeside, **{"from": "2026-01-26", "to": "2026-02-22"})

    speech_weeks = of_speech(told)["weeks"]
    figures = [
        (w["first_on"], w["owed"], w["delivered"], w["made_up"], w["missed"], w["unrecorded"], w["balance"])
        for w in speech_weeks
    ]
    # The week of 16 February is a break: nothing is owed.
    assert figures == [
        ("2026-01-26", "30", 30, 0, {}, "0", "0"),
        ("2026-02-02", "30", 0, 15, {"provider_absent": 30}, "0", "15"),
        ("2026-02-09", "30", 20, 0, {"testing": 10}, "0", "10"),
    ]
    assert of_speech(told)["total"]["balance"] == "25"
    assert {missed, make_up} <= set(speech_weeks[1]["sessions"])
    assert told["calendars"] == [
        {"school_year": "2025-2026", "known": True, "event_id": str(lakeside.written[0].id)}
    ]


async def test_every_figure_names_the_text_that_promised_it(lakeside) -> None:
    await lakeside.publish(f"plan/{PLAN}", STUDENT, amended(speech(60), on=date(2026, 3, 11)))
    await lakeside.arrived()

    (week,) = of_speech(await delivery(lakeside, **{"from": "2026-03-09", "to": "2026-03-15"}))["weeks"]

    adoption, amendment = lakeside.written[2], lakeside.written[3]
    shares = [(s["event_id"], s["version"], s["school_days"], s["owed"]) for s in week["promised_by"]]
    assert shares == [(str(adoption.id), 1, 2, "12"), (str(amendment.id), 2, 3, "36")]
    assert week["owed"] == "48"


async def test_thirds_are_exact_beside_the_rounded_figure(world) -> None:
    await world.publish("district", new_id(), profile())
    await world.publish(
        f"plan/{PLAN}", STUDENT, opened(), adopted(speech(100, starts_on="2025-11-25"), on=date(2025, 9, 1))
    )
    await world.arrived()

    (week,) = of_speech(await delivery(world, **{"from": "2025-11-24", "to": "2025-11-30"}))["weeks"]

    assert (week["owed"], week["owed_exact"], week["balance_exact"]) == ("66.67", "200/3", "200/3")


async def test_what_was_known_at_an_earlier_instant_stays_what_it_was(lakeside) -> None:
    asked = {"from": "2026-01-26", "to": "2026-03-15"}
    steps = [
        lambda: record(lakeside, "2026-01-27"),
        lambda: record(lakeside, "2026-02-03", "missed"),
        lambda: lakeside.publish(f"plan/{PLAN}", STUDENT, amended(speech(60), on=date(2026, 3, 9))),
        lambda: lakeside.publish("district", new_id(), profile(calendar(days_off=["2026-01-28"]))),
        lambda: record(lakeside, "2026-02-10"),
        lambda: lakeside.publish(
            f"plan/{PLAN}", STUDENT, amended(speech(45), on=date(2026, 2, 2), amendment="b")
        ),
    ]
    said: list[tuple[dict[str, Any], str]] = []
    for step in steps:
        made = await step()
        if isinstance(made, str):
            voidable = made
        await lakeside.arrived()
        said.append((await delivery(lakeside, **asked), await known_now(lakeside)))
    await lakeside.post(f"{SESSIONS}/{voidable}/void", {"reason": "a slip"})

    for told, known_at in said:
        again = await delivery(lakeside, **asked, known_at=known_at)
        assert {**again, "asked_known_at": None} == {**told, "asked_known_at": None}
        by_basis = await lakeside.get(URL, **asked, basis=told["basis_text"])
        assert by_basis.json() == told
    assert len({str(told["services"]) for told, _ in said}) == len(said), "each step changed something"


async def known_now(world: Any) -> str:
    """An instant at which both logs knew what they know now."""
    async with world.plan.database.pool.acquire() as connection:
        await connection.execute("SELECT set_config('handrail.tenant', $1, false)", world.tenant)
        last = await connection.fetchval("SELECT max(known_at) FROM plan.log")
    async with world.progress.database.pool.acquire() as connection:
        await connection.execute("SELECT set_config('handrail.tenant', $1, false)", world.tenant)
        ours = await connection.fetchval("SELECT max(known_at) FROM progress.log")
    return instant(max(each for each in (last, ours) if each is not None))


async def test_a_date_as_known_at_means_the_end_of_that_day_in_the_district_s_zone(lakeside) -> None:
    await record(lakeside, "2026-01-27")
    today = date.today()  # noqa: DTZ011 - about the test's own day

    tomorrow = await delivery(lakeside, **{"from": "2026-01-26"}, known_at=today + timedelta(days=1))
    long_ago = await delivery(lakeside, **{"from": "2026-01-26"}, known_at="2020-01-01")

    assert of_speech(tomorrow)["total"]["delivered"] == 30
    assert long_ago["services"] == []


async def test_without_a_calendar_monday_to_friday_are_taken_and_the_answer_says_so(world) -> None:
    await world.publish(f"plan/{PLAN}", STUDENT, opened(), adopted())
    await world.arrived()

    told = await delivery(world, **{"from": "2025-12-22", "to": "2025-12-28"})

    assert told["calendars"] == [{"school_year": "2025-2026", "known": False}]
    assert of_speech(told)["total"]["owed"] == "30"


async def test_the_convention_is_stated_and_the_range_has_sensible_ends(lakeside) -> None:
    told = await delivery(lakeside, to="2026-03-15")

    assert told["first_on"] == "2025-07-01"
    assert "shared evenly over the school days" in told["convention"]
    assert {each["item"] for each in told["services"]} == {str(SPEECH), str(READING)}


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "2020-01-01", "to": "2026-03-01"},
        {"known_at": "yesterday"},
        {"known_at": "2026-03-09T15:04:05"},
        {"known_at": "9999-12-31"},
        {"known_at": "0001-01-01T00:00:00+14:00"},
        {"to": "9999-12-31"},
        {"to": "0001-01-01"},
        {"basis": "plan"},
        {"basis": "notify:3"},
        {"basis": "plan:-1"},
        {"from": "soon"},
        {"week": "2026-W10"},
    ],
)
async def test_a_question_that_cannot_be_read_is_refused(lakeside, asked) -> None:
    assert (await lakeside.get(URL, **asked)).status_code == 422


async def test_a_student_without_plan_or_session_has_no_services(lakeside) -> None:
    student = new_id()
    personal = StudentPersonalData(given_name="June", family_name="Sol", birth_date=date(2015, 4, 1))
    registered = StudentRegistered(effective_on=date(2026, 1, 5), student_id=student, personal=personal)
    await lakeside.publish(f"student/{student}", student, registered)
    await lakeside.arrived()

    answer = await lakeside.get(f"/progress/v1/students/{student}/delivery")

    assert (answer.status_code, answer.json()["services"]) == (200, [])


async def test_nobodys_delivery_is_not_found(lakeside) -> None:
    assert (await lakeside.get(f"/progress/v1/students/{new_id()}/delivery")).status_code == 404
