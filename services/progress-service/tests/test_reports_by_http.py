"""Progress reports by HTTP: drafted, issued as PDF and JSON, never made anew."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio

from contracts.plan import PlanReopened, ReasonPersonalData
from contracts.students import StudentPersonalData, StudentRegistered
from contracts.testing import an_id
from contracts.vocabulary import ReopeningGround
from progress_service.testing_promises import (
    GOAL,
    PLAN,
    PROVIDER,
    SPEECH,
    STEPS,
    STUDENT,
    adopted,
    amended,
    ended,
    goal,
    item,
    opened,
    profile,
    speech,
    steps,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
API = "/progress/v1"
SCHEDULE = an_id("progress schedule")
DATES = ["2026-01-30", "2026-04-10", "2026-06-12"]
REPORT: dict[str, Any] = {
    "plan": str(PLAN), "due_on": "2026-01-30", "narratives": {str(GOAL): "Colors are easy now."}, "summary": "A good winter.",
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module")
async def lakeside(world):
    named = StudentPersonalData(given_name="Ana", family_name="Rivers", birth_date=date(2014, 3, 2))
    registered = StudentRegistered(effective_on=date(2025, 8, 1), student_id=STUDENT, personal=named)
    schedule = item("progress_schedule", SCHEDULE, report_dates=DATES)
    await world.publish(f"student/{STUDENT}", STUDENT, registered)
    await world.publish(f"plan/{PLAN}", STUDENT, opened(), adopted(speech(), goal(), *steps(), schedule))
    await world.publish("district", an_id("district"), profile())
    await world.arrived()
    await world.post(
        f"{API}/sessions",
        {"plan": str(PLAN), "item": str(SPEECH), "on": "2026-01-06", "minutes": 30, "status": "delivered",
         "provider": str(PROVIDER)},
    )  # fmt: skip
    for day, value in (("2025-12-12", 8), ("2025-12-19", 21), ("2026-01-09", 24)):
        result = {
            "plan": str(PLAN),
            "item": str(STEPS[0]),
            "measured_on": day,
            "value": value,
            "unit": "objects",
        }
        assert (await world.post(f"{API}/measurements", result)).status_code == 201
    return world


async def made(world: Any, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = await world.post(f"{API}/reports", body)
    assert answer.status_code == status, answer.text
    fields: dict[str, Any] = answer.json()
    return fields


async def test_a_report_is_drafted_issued_and_stays_as_it_was(lakeside) -> None:
    drafted = await lakeside.get(f"{API}/students/{STUDENT}/report-draft", plan=PLAN, due_on="2026-01-30")
    issued = await made(lakeside, REPORT)

    assert drafted.status_code == 200, drafted.text
    of_draft = {each["item_id"]: each["in_words"] for each in drafted.json()["goals"]}
    assert {each["item_id"]: each["in_words"] for each in issued["goals"]} == of_draft
    assert (issued["first_on"], issued["last_on"]) == ("2025-12-09", "2026-01-30")
    assert (issued["given_name"], issued["summary"]) == ("Ana", "A good winter.")
    (given,) = issued["services"]
    assert (given["owed"], given["delivered"]) == ("174.00", 30), "4/5 of a week and five weeks of 30"

    late = {
        "plan": str(PLAN),
        "item": str(STEPS[0]),
        "measured_on": "2026-01-12",
        "value": 3,
        "unit": "objects",
    }
    await lakeside.post(f"{API}/measurements", late)
    await lakeside.publish(f"plan/{PLAN}", STUDENT, amended(speech(60), on=date(2026, 1, 12)))
    await lakeside.arrived()
    again = (await lakeside.get(f"{API}/reports/{issued['id']}")).json()
    assert again == issued


async def test_of_a_plan_ended_by_mistake_and_reopened_goals_and_promises_are_reported_as_before(
    lakeside,
) -> None:
    asked = {"plan": PLAN, "due_on": "2026-01-30"}
    before = (await lakeside.get(f"{API}/students/{STUDENT}/report-draft", **asked)).json()
    end = await lakeside.publish(f"plan/{PLAN}", STUDENT, ended(date(2026, 1, 12)))
    reopened = PlanReopened(
        effective_on=date(2026, 1, 12), plan_id=PLAN, reopening_id=an_id("reopening"), ended_by=end.events[0].id,
        ground=ReopeningGround.MISTAKE, personal=ReasonPersonalData(reason="It was another student."),
        requested_by="one", approved_by="two",
    )  # fmt: skip
    await lakeside.publish(f"plan/{PLAN}", STUDENT, reopened)
    await lakeside.arrived()

    after = (await lakeside.get(f"{API}/students/{STUDENT}/report-draft", **asked)).json()

    assert before["goals"]
    assert (after["goals"], after["services"]) == (before["goals"], before["services"])


async def test_the_pdf_is_tagged_and_its_bytes_are_those_the_log_commits_to(lakeside) -> None:
    issued = await made(lakeside, REPORT)

    answer = await lakeside.get(f"{API}/reports/{issued['id']}.pdf")

    document = issued["document"]
    assert answer.headers["content-type"] == "application/pdf"
    assert hashlib.sha256(bytes.fromhex(document["salt"]) + answer.content).hexdigest() == document["digest"]
    assert answer.content.startswith(b"%PDF-1.7")
    assert b"pdfuaid" in answer.content


async def test_a_date_is_answered_once_and_again_after_a_void(lakeside) -> None:
    first = await made(lakeside, REPORT | {"external_id": "northwind:1"})

    assert (await made(lakeside, REPORT | {"external_id": "northwind:1"}, 200))["id"] == first["id"]
    assert (await made(lakeside, REPORT, 409))["code"] == "report-already-issued"
    voided = await lakeside.post(f"{API}/reports/{first['id']}/void", {"reason": "Wrong scale."})
    assert voided.json()["voided"] == {"reason": "Wrong scale."}
    await made(lakeside, REPORT)
    assert len((await lakeside.get(f"{API}/reports", plan=PLAN)).json()["items"]) == 2


async def test_the_dates_of_the_schedule_stand_as_their_reports_do(lakeside) -> None:
    await made(lakeside, REPORT)

    due = (await lakeside.get(f"{API}/students/{STUDENT}/reports-due")).json()["reports"]

    assert [each["due_on"] for each in due] == DATES
    assert due[0]["state"] == "issued_late"
    assert due[1]["state"] == "overdue"


@pytest.mark.parametrize(
    ("differs", "status", "code"),
    [
        ({"due_on": "2026-02-02"}, 422, "cannot-be-true"),
        ({"due_on": None}, 422, "invalid"),
        ({"narratives": {str(SPEECH): "no goal"}}, 422, "cannot-be-true"),
        ({"plan": str(an_id("nobody's"))}, 404, "not-found"),
        ({"summary": "x" * 20_001}, 422, "invalid"),
    ],
)
async def test_a_report_that_cannot_be_is_refused(
    lakeside, differs: dict[str, Any], status: int, code: str
) -> None:
    assert (await made(lakeside, REPORT | differs, status))["code"] == code


async def test_a_report_beside_the_schedule_speaks_of_its_own_days(lakeside) -> None:
    body = {"plan": str(PLAN), "from": "2025-12-15", "until": "2025-12-21"}

    issued = await made(lakeside, body)

    assert "due_on" not in issued
    assert issued["services"][0]["owed"] == "30.00"


async def test_the_picture_with_too_few_results_says_so(lakeside) -> None:
    picture = await lakeside.get(f"{API}/items/{STEPS[2]}/progress.svg")

    assert 'aria-label="No picture yet: 3 results are needed, there are none.' in picture.text


async def due(world: Any) -> list[tuple[str, str]]:
    answer = await world.get(f"{API}/students/{STUDENT}/reports-due")
    assert answer.status_code == 200, answer.text
    return [(each["due_on"], each["state"]) for each in answer.json()["reports"]]


async def test_what_was_due_on_an_earlier_day_is_still_said(lakeside) -> None:
    """Nothing was issued at first; then January's report was, and was voided; then the schedule dropped April."""
    url = f"{API}/students/{STUDENT}/reports-due"

    async def asked(**how: str) -> dict[str, Any]:
        answer = await lakeside.get(url, **how)
        assert answer.status_code == 200, answer.text
        fields: dict[str, Any] = answer.json()
        return fields

    nothing = await asked()
    before = datetime.now(UTC).isoformat()
    issued = await made(lakeside, REPORT)
    told = await settled(asked)
    between = datetime.now(UTC).isoformat()
    await lakeside.post(f"{API}/reports/{issued['id']}/void", {"reason": "Wrong scale."})
    march = item("progress_schedule", SCHEDULE, report_dates=["2026-05-01", "2026-06-12"])
    await lakeside.publish(f"plan/{PLAN}", STUDENT, amended(march, on=date(2026, 3, 2)))
    await lakeside.arrived()

    assert (await asked(known_at=before))["reports"] == nothing["reports"]
    assert [each.get("report") for each in told["reports"]] == [issued["id"], None, None]
    assert (await asked(known_at=between))["reports"] == told["reports"]
    assert await asked(basis=told["basis_text"]) == told
    now = await asked()
    assert [(each["due_on"], each["state"]) for each in now["reports"]][:2] == [
        ("2026-01-30", "overdue"), ("2026-05-01", "overdue"),
    ]  # fmt: skip
    then = await asked(known_at="2026-01-15")
    assert (then["on"], then["reports"]) == ("2026-01-15", [])


async def settled(asked: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """The answer, once all it rests on has its index."""
    for _ in range(100):
        told = await asked()
        if "waiting" not in told["basis"]:
            return told
        await asyncio.sleep(0.05)
    raise AssertionError("a fact got no index")


async def test_a_date_stands_by_the_schedule_that_was_in_force_on_it(lakeside) -> None:
    """January's date stays due though the schedule of March no longer names it; April's is no date any more."""
    march = item("progress_schedule", SCHEDULE, report_dates=["2026-05-01", "2026-06-12"])
    await lakeside.publish(f"plan/{PLAN}", STUDENT, amended(march, on=date(2026, 3, 2)))
    await lakeside.arrived()

    assert await due(lakeside) == [
        ("2026-01-30", "overdue"), ("2026-05-01", "overdue"), ("2026-06-12", "overdue"),
    ]  # fmt: skip
    issued = await made(lakeside, {"plan": str(PLAN), "due_on": "2026-05-01"})
    assert issued["first_on"] == "2026-01-31"


async def test_a_plan_that_has_ended_owes_no_report_after_its_end(lakeside) -> None:
    await made(lakeside, REPORT)
    await lakeside.publish(f"plan/{PLAN}", STUDENT, ended(date(2026, 2, 2)))
    await lakeside.arrived()

    assert await due(lakeside) == [("2026-01-30", "issued_late")]


async def test_of_two_reports_for_one_date_at_the_same_moment_one_is_issued(lakeside) -> None:
    answers = await asyncio.gather(*(lakeside.post(f"{API}/reports", REPORT) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409], [a.text for a in answers]
    refused = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert refused == ["report-already-issued"] * 2
