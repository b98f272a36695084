"""Who sees which student here, and what is recorded of it."""

import json
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from contracts.district import RoleHeld, StaffAdded, StaffPersonalData
from contracts.ids import new_id
from contracts.students import AssignmentEnded, StudentAssigned
from contracts.testing import an_id
from progress_service.testing_promises import (
    GOAL,
    PLAN,
    PROVIDER,
    SPEECH,
    STEPS,
    STUDENT,
    TIME,
    adopted,
    opened,
)
from runtime.testing_http import routes_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
SESSION: dict[str, Any] = {
    "plan": str(PLAN), "item": str(SPEECH), "on": "2025-12-16", "minutes": 30, "status": "delivered",
    "provider": str(PROVIDER),
}  # fmt: skip
RESULT: dict[str, Any] = {
    "plan": str(PLAN), "item": str(STEPS[0]), "measured_on": "2025-12-19", "value": "21", "unit": "objects",
}  # fmt: skip
ROLE = "special_education_teacher"
SINCE = date(2025, 9, 1)
TEACHER, OTHER = an_id("teacher"), an_id("another teacher")


def teacher(staff: Any) -> StaffAdded:
    return StaffAdded(
        effective_on=SINCE,
        staff_id=staff,
        personal=StaffPersonalData(given_name="Ada", family_name="Roe"),
        roles=(RoleHeld(role=ROLE, starts_on=SINCE),),
    )


@pytest_asyncio.fixture(loop_scope="module")
async def lakeside(world):
    for staff in (TEACHER, OTHER):
        await world.publish(f"staff/{staff}", staff, teacher(staff))
    assigned = StudentAssigned(
        effective_on=SINCE, student_id=STUDENT, assignment_id=an_id("given"), staff_id=TEACHER, role=ROLE
    )
    await world.publish(f"student/{STUDENT}", STUDENT, assigned)
    await world.publish(f"plan/{PLAN}", STUDENT, opened(), adopted())
    await world.arrived()
    return world


def person(world: Any, staff: Any) -> dict[str, str]:
    headers: dict[str, str] = world.issuer.person(
        ROLE, "progress.read", "progress.write", "plan.report", staff=staff, tenant=world.tenant
    )
    return headers


async def test_a_teacher_records_and_reads_for_assigned_students_alone(lakeside) -> None:
    mine, other = person(lakeside, TEACHER), person(lakeside, OTHER)

    made = await lakeside.post("/progress/v1/sessions", SESSION, mine)
    refused = await lakeside.post("/progress/v1/sessions", SESSION, other)

    assert made.status_code == 201, made.text
    assert refused.status_code == 404
    assert len((await lakeside.get("/progress/v1/sessions", mine)).json()["items"]) == 1
    assert (await lakeside.get("/progress/v1/sessions", other)).json()["items"] == []


async def test_a_batch_tells_an_unassigned_teacher_nothing_of_any_line(lakeside) -> None:
    lines = [json.dumps(SESSION | {"external_id": f"notes:{n}"}).encode() for n in range(3)]
    mine = await lakeside.post_lines(lines[:1], person(lakeside, TEACHER))

    told = await lakeside.post_lines(lines, person(lakeside, OTHER))

    assert json.loads(mine.text)["status"] == 201
    assert [json.loads(line)["status"] for line in told.text.splitlines()] == [404, 404, 404]


async def test_every_route_that_names_a_student_is_as_if_empty_for_an_unassigned_teacher(lakeside) -> None:
    about = {"plan": str(PLAN), "item": str(SPEECH)}
    of_time = {"plan": str(PLAN), "item": str(TIME), "on": "2026-01-09"}
    minutes = about | {"on": "2026-01-09", "minutes": 30}
    posted: dict[str, Any] = {
        "sessions": SESSION,
        "measurements": RESULT,
        "schedules": about | {"weekdays": [2], "from": "2026-01-05"},
        "make-up-offers": minutes,
        "make-up-agreements": minutes | {"ground": "agreement"},
        "acknowledgements": of_time | {"staff": str(OTHER), "how": "in person"},
        "accommodation-uses": of_time | {"outcome": "provided"},
        "reports": {"plan": str(PLAN), "from": "2025-12-09", "until": "2026-01-09"},
    }
    ids = {"student_id": str(STUDENT), "item_id": str(GOAL), "staff_id": str(PROVIDER)}
    for what, body in posted.items():
        made = await lakeside.post(f"/progress/v1/{what}", body)
        assert made.status_code == 201, made.text
        ids[f"{what[:-1].replace('-', '_')}_id"] = made.json()["id"]
    bodies = {f"/progress/v1/{what}": body for what, body in posted.items()}
    bodies["/progress/v1/schedules/{schedule_id}/end"] = {"on": "2026-02-02"}
    bodies["/progress/v1/make-up-offers/{make_up_offer_id}/decline"] = {"on": "2026-02-02"}
    other, tried = person(lakeside, OTHER), 0
    for route in routes_of(lakeside.app):
        path = str(route.path)
        if (
            not path.startswith("/progress/v1")
            or path.endswith(("/tenant", "/tenant/end", "/clock"))
            or "/codes" in path
        ):
            continue
        for method in route.methods or ():
            answer = await lakeside.http.request(
                method, path.format(**ids), json=bodies.get(path, {"reason": "x"}) if method == "POST" else None,
                headers=other,
            )  # fmt: skip
            told = answer.text.replace(ids["staff_id"], "").replace(path, "")
            empty = answer.status_code == 200 and not any(each in told for each in ids.values())
            assert answer.status_code == 404 or empty, f"{method} {path}: {answer.status_code} {answer.text}"
            tried += 1
    assert tried > 40


async def test_sight_ends_with_the_assignment(lakeside) -> None:
    ended = AssignmentEnded(effective_on=date(2026, 3, 1), student_id=STUDENT, assignment_id=an_id("given"))
    await lakeside.publish(f"student/{STUDENT}", STUDENT, ended)
    await lakeside.arrived()

    answer = await lakeside.get(f"/progress/v1/students/{STUDENT}/delivery", person(lakeside, TEACHER))

    assert answer.status_code == 404


async def test_every_read_of_contents_is_recorded_with_what_was_seen(lakeside) -> None:
    made = (await lakeside.post("/progress/v1/sessions", SESSION)).json()["id"]
    await lakeside.post("/progress/v1/measurements", RESULT)
    for path in (
        f"sessions/{made}",
        "sessions",
        f"students/{STUDENT}/delivery",
        f"items/{GOAL}/progress",
    ):
        assert (await lakeside.get(f"/progress/v1/{path}")).status_code == 200

    async with lakeside.progress.database.lend(lakeside.tenant) as connection:
        rows = await connection.fetch("SELECT subject, seen::text FROM progress.access ORDER BY id")

    assert {row["subject"] for row in rows} == {STUDENT}
    seen = " ".join(row["seen"] for row in rows)
    for kind in ("session", "delivery", "progress"):
        assert f'"kind": "{kind}"' in seen, kind
    assert made in seen


async def test_codes_are_read_by_anybody_who_may_read_progress(lakeside) -> None:
    answer = await lakeside.get("/progress/v1/codes/missed_reason", person(lakeside, new_id()))

    assert answer.status_code == 200
