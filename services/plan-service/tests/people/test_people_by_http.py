"""Staff, students and everybody around them by HTTP: what works, what is refused, and that districts stay apart."""

from typing import Any

import asyncpg
import pytest

from contracts.ids import new_id
from plan_service.testing_service import ON_ONE_SERVICE, World

pytestmark = ON_ONE_SERVICE

MIRA: dict[str, Any] = {
    "given_name": "Mira", "family_name": "Quill", "birth_date": "2010-06-20", "home_language": "es",
    "external_id": "northwind:604821",
}  # fmt: skip
HELD = {"starts_on": "2010-06-20"}
RIGHTS = {"decision": HELD, "record": HELD, "notice": HELD, "contact": HELD}
REPORTED = {"source": "paper file", "reason": "It was before our time.", "occurred_on": "2026-11-20"}


def codes(answer: Any) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


async def a_director(world: World) -> str:
    body = {"given_name": "Dana", "family_name": "Reed",
            "roles": [{"role": "special_education_director", "starts_on": "2020-08-01"}]}  # fmt: skip
    made: str = (await world.new("/staff", body))["id"]
    return made


async def a_mother(world: World, student: str, **fields: Any) -> Any:
    body = {"name": "Ana Quill", "ground": "biological_parent", "rights": RIGHTS, "language": "es",
            "confirmed_by": await a_director(world)}  # fmt: skip
    return await world.new(f"/students/{student}/rights-holders", body | fields)


async def test_a_student_is_registered_at_a_school_and_read_back(world: World) -> None:
    school = await world.new("/schools", {"name": "Lakeside Elementary"})
    made = await world.new(
        "/students", MIRA | {"school": school["id"], "grade": "grade_10", "enrolled_on": "2026-08-24"}
    )
    read = await world.get(f"/students/{made['id']}")

    assert read.json() == made
    assert read.headers["etag"] == '"2"'
    assert (made["school"], made["grade"]) == (school["id"], "grade_10")
    assert made["enrolments"] == [{"school": school["id"], "grade": "grade_10", "from": "2026-08-24"}]
    assert (await world.get("/students", external_id="northwind:604821")).json()["items"] == [made]


async def test_the_same_external_id_answers_with_the_first_and_another_body_is_refused(world: World) -> None:
    made = await world.new("/students", MIRA)
    again = await world.post("/students", MIRA)
    other = await world.post("/students", MIRA | {"given_name": "Mirabel"})

    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert (other.status_code, other.json()["code"]) == (409, "external-id-taken")
    assert other.json()["facts"]["id"] == made["id"]
    assert "Mirabel" not in other.text


async def test_a_second_external_id_belongs_to_one_student_only(world: World) -> None:
    await world.new("/students", MIRA | {"external_ids": ["state:77"]})
    taken = await world.post("/students", MIRA | {"external_id": "northwind:2", "external_ids": ["state:77"]})
    found = await world.get("/students", external_id="state:77")

    assert (taken.status_code, taken.json()["code"]) == (409, "external-id-taken")
    assert [each["given_name"] for each in found.json()["items"]] == ["Mira"]


@pytest.mark.parametrize("kind", ["students", "schools", "staff"])
async def test_what_is_not_here_is_not_found_whatever_version_is_asked_for(world: World, kind: str) -> None:
    write = world.patch if kind == "students" else world.put
    body = {"name": "Lakeside"} if kind == "schools" else {"given_name": "Mira", "family_name": "Quill"}
    assert (await write(f"/{kind}/{new_id()}", body, if_match='"999"')).status_code == 404


async def test_a_patch_changes_what_it_says_and_nothing_else(world: World) -> None:
    made = await world.new("/students", MIRA | {"middle_name": "Elena"})
    path = f"/students/{made['id']}"
    blind = await world.patch(path, {"family_name": "Quill-Sol"})
    done = await world.patch(path, {"family_name": "Quill-Sol", "middle_name": None}, if_match='"1"')
    stale = await world.patch(path, {"home_language": "en"}, if_match='"1"')
    impossible = await world.patch(path, {"given_name": None}, if_match='"2"')
    nothing = await world.patch(path, {"family_name": "Quill-Sol"}, if_match='"2"')

    assert (blind.status_code, stale.status_code, impossible.status_code) == (428, 412, 422)
    assert done.json()["family_name"] == "Quill-Sol"
    assert "middle_name" not in done.json()
    assert done.json()["home_language"] == "es"
    assert (nothing.status_code, nothing.headers["etag"]) == (200, '"2"')


async def test_an_external_id_that_was_taken_away_is_free_again(world: World) -> None:
    made = await world.new("/students", MIRA)
    await world.patch(f"/students/{made['id']}", {"external_ids": ["northwind:1"]}, if_match='"1"')

    assert (await world.post("/students", MIRA)).status_code == 201


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"birth_date": "2999-01-01"}, "/birth_date"),
        ({"birth_date": "1890-01-01"}, "/birth_date"),
        ({"birth_date": "20.6.2010"}, "/birth_date"),
        ({"nickname": "Mi"}, "/nickname"),
        ({"given_name": ""}, "/given_name"),
        ({"external_id": "no source"}, "/external_id"),
        ({"school": str(new_id())}, "/school"),
        ({"home_language": "Spanish!"}, "/home_language"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(
    world: World, fields: dict[str, Any], pointer: str
) -> None:
    answer = await world.post("/students", MIRA | fields)

    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert "Mira" not in answer.text


async def test_a_student_moves_to_another_school_and_leaves(world: World) -> None:
    first = await world.new("/schools", {"name": "Lakeside Elementary"})
    second = await world.new("/schools", {"name": "Harbor Middle School"})
    made = await world.new("/students", MIRA | {"school": first["id"], "enrolled_on": "2024-08-26"})
    path = f"/students/{made['id']}"
    moved = await world.post(
        f"{path}/enrolment", {"school": second["id"], "grade": "grade_6", "from": "2025-08-25"}
    )
    left = await world.post(f"{path}/withdrawal", {"on": "2026-06-13", "reason": "moved away"})
    again = await world.post(f"{path}/withdrawal", {"on": "2026-06-13"})

    assert (moved.status_code, moved.json()["school"]) == (201, second["id"])
    assert "school" not in left.json()
    assert left.json()["enrolments"][1]["until"] == "2026-06-12"
    assert again.json()["version"] == left.json()["version"]
    listed = (await world.get("/enrolments", student=made["id"])).json()["items"]
    assert {(each["school"], each["from"], each.get("until")) for each in listed} == {
        (first["id"], "2024-08-26", None), (second["id"], "2025-08-25", "2026-06-12"),
    }  # fmt: skip
    assert (await world.get(f"{path}/enrolments")).json()["items"] == listed
    assert (await world.get(f"{path}/enrolments/{listed[0]['id']}")).json() == listed[0]


async def test_one_parent_of_two_students_is_a_contact_of_each(world: World) -> None:
    one = await world.new("/students", MIRA)
    other = await world.new("/students", MIRA | {"given_name": "Leo", "external_id": "northwind:604822"})
    contact = {"given_name": "Ana", "family_name": "Quill", "external_id": "northwind:c1"}
    made = await world.new(f"/students/{one['id']}/contacts", contact)
    also = await world.new(f"/students/{other['id']}/contacts", contact)
    again = await world.post(f"/students/{one['id']}/contacts", contact)
    listed = await world.get("/contacts", external_id="northwind:c1")

    assert made["id"] != also["id"]
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert {each["student"] for each in listed.json()["items"]} == {one["id"], other["id"]}
    strange = await world.get(f"/students/{one['id']}/contacts/{also['id']}")
    assert strange.status_code == 404


async def test_a_contact_changes_and_is_unlinked(world: World) -> None:
    student = await world.new("/students", MIRA)
    path = f"/students/{student['id']}/contacts"
    made = await world.new(path, {"given_name": "Ana", "family_name": "Quill"})
    changed = await world.put(
        f"{path}/{made['id']}", {"given_name": "Ana", "family_name": "Sol"}, if_match='"2"'
    )
    gone = await world.post(f"{path}/{made['id']}/unlink", {})

    assert changed.json()["family_name"] == "Sol"
    assert gone.json()["linked"] is False


async def test_a_rights_holder_is_confirmed_by_somebody_who_is_named(world: World) -> None:
    student = await world.new("/students", MIRA)
    path = f"/students/{student['id']}/rights-holders"
    body = {"name": "Ana Quill", "ground": "biological_parent", "rights": RIGHTS, "language": "es"}
    unnamed = await world.post(path, body)
    stranger = await world.post(path, body | {"confirmed_by": str(new_id())})
    made = await a_mother(world, student["id"])

    assert (unnamed.status_code, codes(unnamed)) == (409, {"not-confirmed-by-a-person"})
    assert unnamed.json()["errors"][0]["citation"] == "34 CFR 300.30"
    assert (stranger.status_code, codes(stranger)) == (422, {"unknown-staff"})
    assert made["rights"]["decision"] == HELD
    assert (await world.get(path)).json()["items"] == [made]


async def test_a_reported_holder_stands_with_the_rules_it_left_unmet(world: World) -> None:
    student = await world.new("/students", MIRA)
    path = f"/students/{student['id']}/rights-holders"
    body = {"name": "Uma Vale", "ground": "court_order", "rights": {"record": HELD}, "language": "en",
            "reported": REPORTED}  # fmt: skip
    only_writes = await world.post(path, body, world.vendor("plan.write"))
    made = await world.new(path, body)

    assert only_writes.status_code == 403
    assert {each["code"] for each in made["reported"]["unmet"]} == {
        "not-confirmed-by-a-person",
        "evidence-required",
    }
    assert made["confirmed_on"] == "2026-11-20"


async def test_at_majority_the_students_own_rights_end_the_parents_to_decide(world: World) -> None:
    student = await world.new("/students", MIRA | {"birth_date": "2008-03-03"})
    mother = await a_mother(world, student["id"])
    since = {"starts_on": "2026-03-03"}
    adult = await world.new(
        f"/students/{student['id']}/rights-holders",
        {"name": "Mira Quill", "ground": "adult_student", "language": "en", "confirmed_by": await a_director(world),
         "rights": {"decision": since, "record": since, "notice": since, "contact": since}},
    )  # fmt: skip
    after = (await world.get(f"/students/{student['id']}/rights-holders/{mother['id']}")).json()

    assert adult["id"] == student["id"]
    assert after["rights"]["decision"]["ends_on"] == "2026-03-02"
    assert after["rights"]["record"]["ends_on"] == "2026-03-02"
    assert "ends_on" not in after["rights"]["notice"]


async def test_a_rights_holders_rights_end(world: World) -> None:
    student = await world.new("/students", MIRA)
    mother = await a_mother(world, student["id"], external_id="northwind:h1")
    path = f"/students/{student['id']}/rights-holders/{mother['id']}/end"
    body = {"reason": "court_order", "on": "2026-10-01"}
    too_early = await world.post(path, body | {"on": "2001-01-01"})
    ended = await world.post(path, body)

    assert (too_early.status_code, codes(too_early)) == (422, {"ends-before-it-begins"})
    assert ended.json()["ended_on"] == "2026-10-01"
    assert ended.json()["external_id"] == "northwind:h1"


async def test_staff_are_assigned_and_leave(world: World) -> None:
    student = await world.new("/students", MIRA)
    staff = await a_director(world)
    path = f"/students/{student['id']}/assignments"
    body = {"staff": staff, "role": "case_manager", "from": "2026-08-24"}
    made = await world.new(path, body)
    again = await world.post(path, body)
    ended = await world.post(f"{path}/{made['id']}/end", {"on": "2026-11-01"})
    left = await world.post(f"/staff/{staff}/end", {"on": "2026-11-02"})
    late = await world.post(path, body | {"from": "2026-11-03"})
    backwards = await world.post(path, body | {"until": "2026-08-01"})

    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert ended.json()["until"] == "2026-10-31"
    assert left.json()["ended_on"] == "2026-11-02"
    assert (late.status_code, codes(late)) == (422, {"staff-has-left"})
    assert (backwards.status_code, codes(backwards)) == (422, {"ends-before-it-begins"})


async def test_a_father_cannot_release_the_record_of_a_student_who_is_18(world: World) -> None:
    """Worked history B of law.md: the release of 20 March, signed by the father, is refused."""
    student = await world.new("/students", MIRA | {"birth_date": "2008-03-03"})
    father = await a_mother(world, student["id"], name="Karl Quill")
    path = f"/students/{student['id']}/releases"
    body = {"holder": father["id"], "recipient": "Bayside College, Disability Office", "purpose": "college",
            "records": ["plan"], "method": "paper_signature", "signed_on": "2026-03-20"}  # fmt: skip
    refused = await world.post(path, body)
    reported = await world.new(path, body | {"reported": REPORTED})
    own = await world.new(path, body | {"holder": student["id"], "signed_on": "2026-04-13"})

    assert (refused.status_code, codes(refused)) == (409, {"release-by-the-student-only"})
    assert refused.json()["errors"][0]["citation"] == "34 CFR 99.5(a), 99.30"
    assert (reported["serves"], own["serves"]) == (False, True)
    revoked = await world.post(f"{path}/{own['id']}/revocation", {"on": "2026-05-01"})
    assert revoked.json()["revoked_on"] == "2026-05-01"


async def test_a_request_is_recorded_whoever_makes_it(world: World) -> None:
    student = await world.new("/students", MIRA)
    path = f"/students/{student['id']}/requests"
    made = await world.new(path, {"kind": "records", "via": "phone", "text": "Todo, por favor."})
    unknown = await world.post(path, {"kind": "records", "via": "phone", "holder": str(new_id())})
    future = await world.post(path, {"kind": "records", "via": "phone", "made_on": "2999-01-01"})

    assert made["text"] == "Todo, por favor."
    assert (unknown.status_code, future.status_code) == (422, 422)
    assert (await world.get(f"{path}/{made['id']}")).json() == made


async def test_a_document_is_kept_named_and_read_back(world: World) -> None:
    student = await world.new("/students", MIRA)
    path = f"/plan/v1/students/{student['id']}/documents"
    pdf = ("order.pdf", b"%PDF-1.7 an order", "application/pdf")
    said = {"title": "Order of the county court", "kind": "court_order", "external_id": "northwind:d1"}
    made = await world.http.post(path, files={"file": pdf}, data=said, headers=world.vendor())
    again = await world.http.post(path, files={"file": pdf}, data=said, headers=world.vendor())
    other = await world.http.post(
        path, files={"file": pdf}, data=said | {"title": "x"}, headers=world.vendor()
    )
    lies = ("order.pdf", b"MZ not a PDF", "application/pdf")
    lying = await world.http.post(path, files={"file": lies}, data={"title": "x"}, headers=world.vendor())
    program = ("run.exe", b"MZ", "application/x-msdownload")
    strange = await world.http.post(
        path, files={"file": program}, data={"title": "x"}, headers=world.vendor()
    )

    assert made.status_code == 201, made.text
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert (other.status_code, other.json()["code"]) == (409, "external-id-taken")
    assert (lying.status_code, strange.status_code) == (415, 415)
    content = await world.get(f"/students/{student['id']}/documents/{made.json()['id']}/content")
    assert (content.content, content.headers["content-type"]) == (pdf[1], "application/pdf")
    assert content.headers["content-disposition"].startswith("attachment")
    mother = await a_mother(world, student["id"], ground="court_order", evidence=made.json()["id"])
    assert mother["evidence"]["digest"] == made.json()["digest"]


async def test_a_list_comes_in_pages_that_meet_everyone_once(world: World) -> None:
    for number in range(5):
        await world.new("/students", MIRA | {"external_id": f"northwind:{number}"})
    page = (await world.get("/students", limit=2)).json()
    seen = [each["id"] for each in page["items"]]
    while "next" in page:
        page = (await world.http.get(page["next"], headers=world.vendor())).json()
        seen += [each["id"] for each in page["items"]]

    assert len(seen) == len(set(seen)) == 5
    newest = (await world.get("/students", limit=500)).json()["items"]
    since = min(each["updated_at"] for each in newest)
    assert len((await world.get("/students", updated_after=since)).json()["items"]) == 4


async def test_another_districts_ids_are_not_found(world: World) -> None:
    student = await world.new("/students", MIRA)
    mother = await a_mother(world, student["id"])
    await world.open_district(world.stranger)
    strangers = world.vendor(tenant=world.stranger)

    for path in (f"/students/{student['id']}", f"/students/{student['id']}/rights-holders",
                 f"/students/{student['id']}/rights-holders/{mother['id']}"):  # fmt: skip
        assert (await world.get(path, strangers)).status_code == 404, path
    assert (await world.get("/students", strangers)).json()["items"] == []
    for path, body in (("contacts", {"given_name": "A", "family_name": "B"}),
                       ("requests", {"kind": "records", "via": "phone"}),
                       ("assignments", {"staff": str(new_id()), "role": "other", "from": "2026-01-01"})):  # fmt: skip
        refused = await world.post(
            f"/students/{student['id']}/{path}", body, world.vendor(tenant=world.stranger)
        )
        assert refused.status_code == 404, refused.text
    also = await world.post("/students", MIRA, world.vendor(tenant=world.stranger))
    assert also.status_code == 201, "another district may use the same external id"


async def test_sql_of_the_services_role_reaches_one_district_only(world: World) -> None:
    student = await world.new("/students", MIRA)
    connection = await asyncpg.connect(world.cluster.url(world.database, "plan_app"))
    try:
        assert await connection.fetchval("SELECT count(*) FROM resources") == 0
        await connection.execute("SELECT set_config('handrail.tenant', $1, false)", world.stranger)
        for table in ("resources", "states", "events", "claims", "log"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        await connection.execute("SELECT set_config('handrail.tenant', $1, false)", world.tenant)
        found = await connection.fetchval("SELECT id FROM resources WHERE kind = 'student'")
        assert str(found) == student["id"]
    finally:
        await connection.close()


async def test_an_idempotency_key_answers_again(world: World) -> None:
    headers = world.vendor(key="k-1")
    first = await world.post("/students", MIRA | {"external_id": None}, headers)
    again = await world.post("/students", MIRA | {"external_id": None}, headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"


async def test_from_majority_on_the_student_is_who_may_decide(world: World) -> None:
    student = await world.new(
        "/students", {"given_name": "Jonas", "family_name": "Feld", "birth_date": "2008-03-03"}
    )
    at = f"/students/{student['id']}"
    held = {"starts_on": "2008-03-03"}
    staff = await world.new("/staff", {"given_name": "Dana", "family_name": "Reed"})
    father = await world.new(
        f"{at}/rights-holders",
        {"name": "Karl Feld", "ground": "biological_parent", "language": "en", "confirmed_by": staff["id"],
         "rights": {"decision": held, "notice": held, "contact": held}},
    )  # fmt: skip

    before = (await world.get(f"{at}/deciding", on="2026-03-02")).json()
    from_then = (await world.get(f"{at}/deciding", on="2026-03-03")).json()

    assert (before["holders"], from_then["holders"]) == ([father["id"]], [student["id"]])
    assert (before["rights_pass_on"], before["told_by"]) == ("2026-03-03", "2025-03-03")
