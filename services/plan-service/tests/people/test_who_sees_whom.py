"""A person sees the students that are theirs to see: every route of people and meetings, walked by an unassigned teacher."""

import re
from typing import Any

import pytest_asyncio

from contracts.ids import new_id
from plan_service.testing_service import ON_ONE_SERVICE, World
from runtime.testing_http import routes_of, unguarded

pytestmark = ON_ONE_SERVICE

SCOPES = ("plan.read", "plan.write", "plan.report", "progress.write", "roster.write")
PEOPLE = re.compile(
    r"/plan/v1/(students/\{student_id\}(/(contacts|rights-holders|assignments|documents|releases|requests|enrolment"
    r"|withdrawal|evaluations|eligibility|reevaluation-waivers|transfers|removals|removal-days|removal-decisions|manifestations).*)?|meetings/\{meeting_id\}.*)$"
)


class Place:
    """A student with a teacher, another teacher who has nothing to do with them, a meeting."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: dict[str, str] = {}

    def as_staff(self, name: str, role: str = "special_education_teacher") -> dict[str, str]:
        token = self.world.issuer.person(role, *SCOPES, staff=self.ids[name], tenant=self.world.tenant)  # type: ignore[arg-type]
        return {**token, "idempotency-key": str(new_id())}


@pytest_asyncio.fixture(loop_scope="module")
async def place(world: World) -> Place:
    it = Place(world)
    for name in ("assigned", "stranger"):
        body = {"given_name": name, "family_name": "Roe",
                "roles": [{"role": "special_education_teacher", "starts_on": "2020-08-01"}]}  # fmt: skip
        it.ids[name] = (await world.new("/staff", body))["id"]
    student = await world.new(
        "/students", {"given_name": "Mira", "family_name": "Quill", "birth_date": "2010-06-20"}
    )
    it.ids["student_id"] = student["id"]
    path = f"/students/{student['id']}"
    contact = await world.new(f"{path}/contacts", {"given_name": "Ana", "family_name": "Quill"})
    it.ids["contact_id"] = contact["id"]
    meeting = {"student": student["id"], "purpose": "other", "starts_at": "2026-11-30T15:00:00Z"}
    it.ids["meeting_id"] = (await world.new("/meetings", meeting))["id"]
    body = {"staff": it.ids["assigned"], "role": "special_education_teacher", "from": "2020-08-01"}
    answer = await world.post(f"{path}/assignments", body)
    it.ids["assignment_id"] = answer.json()["id"]
    seen = await world.get("/schools", after_event=answer.headers["handrail-event"])
    assert seen.status_code == 200, seen.text
    return it


async def test_no_route_shows_an_unassigned_teacher_a_student(place: Place) -> None:
    walked = 0
    for route in routes_of(place.world.app):
        if not PEOPLE.match(route.path):
            continue
        path = re.sub(r"\{(\w+)\}", lambda name: place.ids.get(name[1], str(new_id())), route.path)
        for method in route.methods or ():
            headers = place.as_staff("stranger") | {"if-match": '"1"'}
            body: dict[str, Any] = {} if method == "GET" else {"json": {}}
            answer = await place.world.http.request(method, path, headers=headers, **body)
            assert answer.status_code in {403, 404}, (
                f"{method} {route.path}: {answer.status_code} {answer.text}"
            )
            assert "Quill" not in answer.text
            walked += 1
    assert walked > 50


async def test_lists_leave_out_whom_one_does_not_see(place: Place) -> None:
    for path in ("/students", "/contacts", "/assignments", "/rights-holders", "/releases", "/requests", "/documents",
                 "/meetings", "/evaluations", "/consent-requests", "/evaluation-consents", "/eligibility",
                 "/reevaluation-waivers", "/transfers", "/removals", "/removal-decisions",
                 "/manifestations"):  # fmt: skip
        answer = await place.world.get(path, place.as_staff("stranger"))
        assert (answer.status_code, answer.json()["items"]) == (200, []), path


async def test_a_meeting_is_not_set_for_a_student_one_does_not_see(place: Place) -> None:
    body = {"student": place.ids["student_id"], "purpose": "other", "starts_at": "2026-11-30T15:00:00Z"}
    answer = await place.world.post("/meetings", body, place.as_staff("stranger"))

    assert answer.status_code == 404


async def test_whoever_is_assigned_sees_the_student_until_the_assignment_ends(place: Place) -> None:
    path = f"/students/{place.ids['student_id']}"
    before = await place.world.get(path, place.as_staff("assigned"))
    ended = await place.world.post(
        f"{path}/assignments/{place.ids['assignment_id']}/end", {"on": "2026-11-24"}
    )
    after = await place.world.get(
        path, place.as_staff("assigned"), after_event=ended.headers["handrail-event"]
    )

    assert (before.status_code, after.status_code) == (200, 404)


async def test_a_teacher_confirms_a_rights_holder_in_their_own_name(place: Place) -> None:
    held = {"starts_on": "2010-06-20"}
    body = {"name": "Ana Quill", "ground": "biological_parent", "rights": {"notice": held, "contact": held},
            "language": "es"}  # fmt: skip
    answer = await place.world.post(
        f"/students/{place.ids['student_id']}/rights-holders", body, place.as_staff("assigned")
    )

    assert answer.status_code == 201, answer.text
    assert answer.json()["confirmed_by"] == place.ids["assigned"]


async def test_what_was_read_stands_in_the_record_of_access(place: Place) -> None:
    await place.world.get(f"/students/{place.ids['student_id']}", place.as_staff("assigned"))
    async with place.world.app.state.edge.service.database.lend(place.world.tenant) as connection:
        waiting = await connection.fetch("SELECT subject, seen::text FROM plan.access")
        recorded = await connection.fetch("SELECT subject FROM plan.events WHERE type = 'access.recorded'")

    assert {str(row["subject"]) for row in (*waiting, *recorded)} == {place.ids["student_id"]}
    assert not any("Quill" in row["seen"] for row in waiting)


async def test_every_route_asks_for_a_token(world: World) -> None:
    public = unguarded(world.app)

    assert {path.split()[-1].rsplit("/", 1)[-1] for path in public} <= {"live", "ready", "metrics"}
