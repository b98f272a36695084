"""The compensatory balance, the forward look, a provider's week and a district's figures, by HTTP."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from contracts.canonical import instant
from contracts.district import RoleHeld, StaffAdded, StaffPersonalData
from contracts.plan import ItemHolderAssigned, ItemHolderEnded
from contracts.students import StudentEnrolled
from contracts.testing import an_id
from progress_service.testing_promises import (
    PLAN,
    PROVIDER,
    READING,
    SPEECH,
    STUDENT,
    adopted,
    amended,
    opened,
    profile,
    speech,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
API = "/progress/v1"
SCHOOL = an_id("school")
SESSION: dict[str, Any] = {"plan": str(PLAN), "item": str(SPEECH), "minutes": 30, "provider": str(PROVIDER)}
GIVEN = SESSION | {"status": "delivered"}
MISSED = {**SESSION, "status": "missed", "reason": "provider_absent"}
WINTER = {"from": "2025-12-09", "to": "2026-02-08"}


@pytest_asyncio.fixture(loop_scope="module")
async def lakeside(world):
    enrolled = StudentEnrolled(
        effective_on=date(2025, 8, 25), student_id=STUDENT, school_id=SCHOOL, grade="grade_3"
    )
    await world.publish(f"student/{STUDENT}", STUDENT, enrolled)
    await world.publish(f"plan/{PLAN}", STUDENT, opened(), adopted())
    await world.publish("district", an_id("district"), profile())
    await world.arrived()
    return world


async def made(world: Any, what: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = await world.post(f"{API}/{what}", body)
    assert answer.status_code == status, answer.text
    fields: dict[str, Any] = answer.json()
    return fields


async def read(world: Any, path: str, **asked: object) -> dict[str, Any]:
    answer = await world.get(f"{API}/{path}", **asked)
    assert answer.status_code == 200, answer.text
    fields: dict[str, Any] = answer.json()
    return fields


async def a_winter(world: Any) -> dict[str, Any]:
    """Two sessions given, one missed and made up, one missed, one under an agreement."""
    for day in ("2025-12-16", "2026-01-06"):
        await made(world, "sessions", GIVEN | {"on": day})
    first = await made(world, "sessions", MISSED | {"on": "2026-01-13"})
    second = await made(world, "sessions", MISSED | {"on": "2026-01-20"})
    await made(world, "sessions", GIVEN | {"on": "2026-01-22", "makes_up": first["id"]})
    agreement = await made(
        world, "make-up-agreements",
        {"plan": str(PLAN), "item": str(SPEECH), "on": "2026-01-21", "kind": "compensatory", "ground": "state_complaint",
         "minutes": 90, "by_on": "2026-01-31"},
    )  # fmt: skip
    await made(world, "sessions", GIVEN | {"on": "2026-01-29", "agreement": agreement["id"], "minutes": 40})
    await made(
        world, "make-up-offers",
        {"plan": str(PLAN), "item": str(SPEECH), "on": "2026-01-23", "minutes": 30, "sessions": [second["id"]]},
    )  # fmt: skip
    return agreement


async def test_the_balance_says_what_was_missed_offered_agreed_and_what_remains(lakeside) -> None:
    agreement = await a_winter(lakeside)

    found = await read(lakeside, f"students/{STUDENT}/compensatory", **WINTER)

    (of_speech,) = [each for each in found["services"] if each["item"] == str(SPEECH)]
    assert of_speech["remaining"] == {"provider_absent": 30}
    (told,) = found["agreements"]
    assert (told["agreement"], told["given"], told["remaining"], told["overdue"]) == (
        agreement["id"],
        40,
        50,
        True,
    )
    assert [offer["minutes"] for offer in found["open_offers"]] == [30]
    assert (found["agreed"], found["given"], found["remaining"]) == (90, 40, 50)


async def test_what_the_ledger_said_on_an_earlier_day_is_still_said(lakeside) -> None:
    await made(lakeside, "sessions", GIVEN | {"on": "2025-12-16"})
    before = await read(lakeside, f"students/{STUDENT}/compensatory", **WINTER)
    ledger = await read(lakeside, f"students/{STUDENT}/delivery", **WINTER)
    outlook = await read(lakeside, f"students/{STUDENT}/outlook", on="2026-02-08")

    await a_winter_later(lakeside)

    for path, earlier, asked in (
        ("compensatory", before, WINTER), ("delivery", ledger, WINTER), ("outlook", outlook, {"on": "2026-02-08"}),
    ):  # fmt: skip
        again = await read(lakeside, f"students/{STUDENT}/{path}", basis=earlier["basis_text"], **asked)
        assert again == earlier, path
        assert (await read(lakeside, f"students/{STUDENT}/{path}", **asked)) != earlier, path


async def a_winter_later(world: Any) -> None:
    await a_winter_but_first(world)
    await world.publish(f"plan/{PLAN}", STUDENT, amended(speech(45), on=date(2026, 1, 5)))
    off = [*map(str, profile().calendar[0].days_off), "2026-01-14"]
    closed = profile().calendar[0].model_copy(update={"days_off": tuple(map(date.fromisoformat, off))})
    await world.publish("district", an_id("district"), profile(closed, on=date(2026, 1, 14)))
    await world.arrived()


async def a_winter_but_first(world: Any) -> None:
    await made(world, "sessions", MISSED | {"on": "2026-01-13"})


async def test_at_the_pace_of_the_last_weeks_a_service_falls_short(lakeside) -> None:
    await a_winter(lakeside)

    found = await read(lakeside, f"students/{STUDENT}/outlook", on="2026-02-06")

    of_speech = next(each for each in found["services"] if each["item"] == str(SPEECH))
    # From 22 December: five school weeks owed 150; 30 given, 30 made up: 60/150.
    assert (of_speech["pace"], of_speech["falls_short"]) == ("0.4", True)
    # Until 12 June from 9 February: 18 weeks less two of breaks.
    assert of_speech["still_owed"] == str(16 * 30)
    assert of_speech["until"] == "2026-06-30"


async def test_a_provider_s_week_says_what_is_planned_owed_and_recorded(lakeside) -> None:
    await made(
        lakeside, "schedules",
        {"plan": str(PLAN), "item": str(SPEECH), "staff": str(PROVIDER), "weekdays": [2, 4], "from": "2026-01-05",
         "minutes": 15, "starts_at": "10:00"},
    )  # fmt: skip
    await made(lakeside, "sessions", GIVEN | {"on": "2026-01-13", "minutes": 15, "starts_at": "10:00"})
    await made(
        lakeside,
        "sessions",
        GIVEN | {"item": str(READING), "on": "2026-01-13", "minutes": 45, "starts_at": "10:10"},
    )

    found = await read(lakeside, f"staff/{PROVIDER}/week", on="2026-01-14")

    (service,) = found["services"]
    assert (service["student"], service["week"]["owed"], service["week"]["delivered"]) == (
        str(STUDENT),
        "30",
        15,
    )
    assert [(each["on"], each["recorded"]) for each in service["sessions"]] == [
        ("2026-01-13", True), ("2026-01-15", False),
    ]  # fmt: skip
    assert [flag["code"] for flag in found["flags"]] == ["overlap"]


async def test_what_somebody_carries_out_without_a_schedule_stands_in_their_week_too(lakeside) -> None:
    """Speech from 5 January, until the 20th: in the week of the 12th 30 minutes are owed, in that of the 26th none by them."""
    about = {"plan_id": PLAN, "item_id": SPEECH, "staff_id": PROVIDER}
    assigned = ItemHolderAssigned(effective_on=date(2026, 1, 5), **about)
    ended_ = ItemHolderEnded(effective_on=date(2026, 1, 21), **about)
    await lakeside.publish(f"plan/{PLAN}", STUDENT, assigned, ended_)
    await lakeside.arrived()

    found = await read(lakeside, f"staff/{PROVIDER}/week", on="2026-01-14")

    (service,) = found["services"]
    assert (service["item"], service["service"], service["week"]["owed"], service["sessions"]) == (
        str(SPEECH), "speech_language_therapy", "30", [],
    )  # fmt: skip
    for week in ("2025-12-30", "2026-01-28"):
        assert (await read(lakeside, f"staff/{PROVIDER}/week", on=week))["services"] == []
    assert len((await read(lakeside, f"staff/{PROVIDER}/week", on="2026-01-20"))["services"]) == 1


async def test_what_a_provider_s_week_was_on_an_earlier_day_is_still_said(lakeside) -> None:
    """15 of 30 were given then, in a session that overlapped another; since, that one was voided, 30 given, 40 promised."""
    await made(
        lakeside, "schedules",
        {"plan": str(PLAN), "item": str(SPEECH), "staff": str(PROVIDER), "weekdays": [2, 4], "from": "2026-01-05"},
    )  # fmt: skip
    at_ten = {"on": "2026-01-13", "starts_at": "10:00", "minutes": 15}
    await made(lakeside, "sessions", GIVEN | at_ten)
    twice = await made(lakeside, "sessions", GIVEN | at_ten | {"item": str(READING)})
    await read(lakeside, f"students/{STUDENT}/delivery", **WINTER)
    before = await read(lakeside, f"staff/{PROVIDER}/week", on="2026-01-14")
    moment = datetime.now(UTC)

    await made(lakeside, f"sessions/{twice['id']}/void", {"reason": "Entered twice."}, 200)
    await made(lakeside, "sessions", GIVEN | {"on": "2026-01-15"})
    await lakeside.publish(f"plan/{PLAN}", STUDENT, amended(speech(40), on=date(2026, 1, 12)))
    await lakeside.arrived()

    then = await read(lakeside, f"staff/{PROVIDER}/week", on="2026-01-14", known_at=moment.isoformat())
    assert then.pop("asked_known_at") == instant(moment)
    assert then == before
    (service,) = before["services"]
    assert (service["week"]["owed"], service["week"]["delivered"], len(before["flags"])) == ("30", 15, 1)
    now = await read(lakeside, f"staff/{PROVIDER}/week", on="2026-01-14")
    (service,) = now["services"]
    assert (service["week"]["owed"], service["week"]["delivered"], now["flags"]) == ("40", 45, [])
    assert [each["recorded"] for each in service["sessions"]] == [True, True]
    long_ago = await read(lakeside, f"staff/{PROVIDER}/week", on="2026-01-14", known_at="2020-01-01")
    assert (long_ago["services"], long_ago["flags"]) == ([], [])


async def test_a_district_s_figures_are_the_sum_of_its_students_ledgers(lakeside) -> None:
    await a_winter(lakeside)
    ledger = await read(lakeside, f"students/{STUDENT}/delivery", **WINTER)

    # One student of one school: what goes to a client says nothing.
    told = await read(lakeside, "roll-up", **WINTER)
    (school,) = told["schools"]
    assert told["least_students"] == 10
    for group in (school, *told["providers"]):
        assert group == ({"of": group["of"]} if "of" in group else {}) | {"left_out": True}

    school = await as_director(lakeside, **WINTER)
    assert UUID(school["of"]) == SCHOOL
    for figure in ("delivered", "made_up", "missed_minutes", "excused", "under_agreement"):
        assert school[figure] == sum(each["total"][figure] for each in ledger["services"]), figure
    assert float(school["owed"]) == sum(float(each["total"]["owed"]) for each in ledger["services"])


async def as_director(world: Any, **asked: object) -> dict[str, Any]:
    """The one school's figures, as the district's director reads them."""
    role, staff, since = "special_education_director", an_id("director"), date(2025, 8, 1)
    called = StaffPersonalData(given_name="Ida", family_name="Stone")
    held = (RoleHeld(role=role, starts_on=since),)
    if not any(isinstance(each.event, StaffAdded) for each in world.written):
        added = StaffAdded(effective_on=since, staff_id=staff, personal=called, roles=held)
        await world.publish(f"staff/{staff}", staff, added)
        await world.arrived()
    director = world.issuer.person(role, "progress.read", staff=staff, tenant=world.tenant)
    answer = await world.get(f"{API}/roll-up", director, **asked)
    assert answer.status_code == 200, answer.text
    (school,) = answer.json()["schools"]
    fields: dict[str, Any] = school
    return fields


async def test_a_district_s_figures_sum_up_what_is_owed_beside_the_plans(lakeside) -> None:
    """90 agreed on 21 January, 40 of them given on the 29th: 50 remain; 30 are offered. On the 22nd 90 remain."""
    await a_winter(lakeside)

    def beside(school: dict[str, Any]) -> tuple[int, ...]:
        return tuple(school[name] for name in ("offered", "agreed", "agreed_given", "agreed_remaining"))

    assert beside(await as_director(lakeside, **WINTER)) == (30, 90, 40, 50)
    assert beside(await as_director(lakeside, **WINTER | {"to": "2026-01-22"})) == (0, 90, 0, 90)
    of_february = await as_director(lakeside, **{"from": "2026-02-01", "to": "2026-02-08"})
    assert beside(of_february) == (30, 90, 40, 50)


async def test_what_an_agreement_names_is_made_up_by_what_is_given_under_it(lakeside) -> None:
    missed = await made(lakeside, "sessions", MISSED | {"on": "2026-01-13"})
    agreement = await made(
        lakeside, "make-up-agreements",
        {"plan": str(PLAN), "item": str(SPEECH), "on": "2026-01-21", "ground": "agreement", "minutes": 30,
         "sessions": [missed["id"]]},
    )  # fmt: skip
    await made(lakeside, "sessions", GIVEN | {"on": "2026-01-29", "agreement": agreement["id"]})

    found = await read(lakeside, f"students/{STUDENT}/compensatory", **WINTER)
    school = await as_director(lakeside, **WINTER)

    of_speech = next(each for each in found["services"] if each["item"] == str(SPEECH))
    for told in (of_speech, school):
        assert (told["made_up"], told["remaining"], told["under_agreement"]) == (30, {}, 0)
    assert (found["given"], found["remaining"], school["agreed_remaining"]) == (30, 0, 0)
    # The ledger, the forward look and a report's draft say the same.
    ledger = await read(lakeside, f"students/{STUDENT}/delivery", **WINTER)
    outlook = await read(lakeside, f"students/{STUDENT}/outlook", on="2026-02-08")
    draft = await read(
        lakeside,
        f"students/{STUDENT}/report-draft",
        plan=PLAN,
        until=WINTER["to"],
        **{"from": WINTER["from"]},
    )
    of_ledger = next(each["total"] for each in ledger["services"] if each["item"] == str(SPEECH))
    assert (of_ledger["made_up"], of_ledger["under_agreement"], of_ledger["balance"]) == (
        30,
        0,
        of_speech["balance"],
    )
    assert of_speech["balance"] == next(
        each["balance"] for each in outlook["services"] if each["item"] == str(SPEECH)
    )
    assert next(each["made_up"] for each in draft["services"] if each["item_id"] == str(SPEECH)) == 30


async def test_what_a_district_s_figures_were_on_an_earlier_day_is_still_said(lakeside) -> None:
    given = await made(lakeside, "sessions", GIVEN | {"on": "2025-12-16"})
    other = await made(
        lakeside, "sessions", GIVEN | {"on": "2025-12-18", "item": str(READING), "minutes": 45}
    )
    agreed = await made(
        lakeside, "make-up-agreements",
        {"plan": str(PLAN), "item": str(SPEECH), "on": "2026-01-05", "kind": "compensatory", "ground": "state_complaint",
         "minutes": 60},
    )  # fmt: skip
    ledger = await read(lakeside, f"students/{STUDENT}/delivery", **WINTER)
    assert ledger["basis"].get("waiting") is None
    before = await as_director(lakeside, **WINTER)
    moment = datetime.now(UTC).isoformat()

    await made(lakeside, f"sessions/{given['id']}/void", {"reason": "another student's"}, 200)
    await made(lakeside, f"make-up-agreements/{agreed['id']}/void", {"reason": "twice"}, 200)
    await a_winter_later(lakeside)

    assert (before["delivered"], before["agreed_remaining"]) == (75, 60)
    assert await as_director(lakeside, known_at=moment, **WINTER) == before
    now = await as_director(lakeside, **WINTER)
    assert (now["delivered"], now["missed_minutes"], now["agreed_remaining"]) == (other["minutes"], 30, 0)
    assert now["owed"] != before["owed"]


async def test_what_was_silent_is_told_from_the_day_asked_about(lakeside) -> None:
    """Speech on Tuesdays: by 14 January 2026 those of the 6th and 13th were silent; the 20th was still to come."""
    await made(
        lakeside, "schedules", {"plan": str(PLAN), "item": str(SPEECH), "weekdays": [2], "from": "2026-01-05"}
    )  # fmt: skip
    asked = {"from": "2026-01-05", "to": "2026-01-25"}
    told = await read(lakeside, f"students/{STUDENT}/delivery", **asked)
    assert [each["on"] for each in told["silent"]] == ["2026-01-06", "2026-01-13", "2026-01-20"]
    indexes, _, day = told["basis_text"].rpartition(",")
    assert day.startswith("day:20")

    then = await read(lakeside, f"students/{STUDENT}/delivery", basis=f"{indexes},day:2026-01-14", **asked)

    assert [each["on"] for each in then["silent"]] == ["2026-01-06", "2026-01-13"]
    assert await read(lakeside, f"students/{STUDENT}/delivery", basis=then["basis_text"], **asked) == then
    for wrong in ("day:yesterday", "day:2026-01-14,day:2026-01-15"):
        assert (await lakeside.get(f"{API}/students/{STUDENT}/delivery", basis=wrong)).status_code == 422
