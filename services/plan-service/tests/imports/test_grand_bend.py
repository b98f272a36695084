"""The real data of Grand Bend through the front door: as Ed-Fi 5.2 XML, as OneRoster 1.2 CSV, and as both."""

from collections import Counter

from plan_service.testing_service import ON_ONE_SERVICE

pytestmark = ON_ONE_SERVICE
EVERYTHING = 480 + 946 + 52


async def test_ed_fi_becomes_students_proposed_contacts_and_draft_plans_and_again_changes_nothing(
    district, grand_bend
):
    job = await district.bring_in("edfi", grand_bend("edfi-grand-bend"), name="edfi-grand-bend")

    assert (job["status"], job["name"], job["format"]) == ("done", "edfi-grand-bend", "edfi")
    assert (job["created"], job["refused"], job["refusals"]) == (EVERYTHING, 0, [])
    assert job["total"] == job["done"] > 0
    assert job["left_out"] == {
        "contact-without-student": 1, "not-read": 1, "other-program": 70, "student-not-known": 926, "unusable-email": 3
    }  # fmt: skip
    assert job["unmatched"] == 926
    assert job["read"] == job["created"] + job["unmatched"] + job["ignored"]

    students = await district.resources("student")
    assert len(students) == 480
    assert len(await district.resources("contact")) == 946
    assert await district.resources("rights_holder") == []
    plans = await district.all_of("/plans")
    assert Counter(plan["kind"] for plan in plans) == {"iep": 51, "504": 1}
    assert all(plan["drafting"] and not plan["versions"] for plan in plans)
    assert {plan["student"] for plan in plans} <= {str(student["id"]) for student in students}
    events = await district.events()

    again = await district.bring_in("edfi", grand_bend("edfi-grand-bend"), name="edfi-grand-bend")
    assert (again["status"], again["created"], again["changed"], again["unchanged"]) == (
        "done",
        0,
        0,
        EVERYTHING,
    )
    assert "after_event" not in again
    assert await district.events() == events


async def test_a_draft_says_where_it_came_from_and_lacks_everything(district, students_and_programs):
    await district.bring_in("edfi", students_and_programs)

    (plan,) = [plan for plan in await district.all_of("/plans") if plan["kind"] == "504"]
    assert plan["external_id"].startswith("edfi:")
    draft = (await district.world.get(f"/plans/{plan['id']}/draft")).json()
    assert draft["items"] == {}
    assert draft["missing"]
    service = district.world.app.state.edge.service
    (opened,) = await service.store.read(district.world.tenant, f"plan/{plan['id']}")
    assert opened.event.imported.source_recorded_on.isoformat() == "2021-11-02"
    assert opened.actor.id == "vendor-1"
    participations = await district.resources("participation")
    assert len(participations) == 52


async def test_only_who_still_takes_part_gets_a_draft_when_that_is_asked_for(district, students_and_programs):
    job = await district.bring_in("edfi", students_and_programs, drafts="current")

    assert job["created"] == 480 + 52
    # 19 have the last day of the participation, 9 more only the day of leaving special education.
    assert len(await district.all_of("/plans")) == 52 - 19 - 9


async def test_one_roster_brings_schools_staff_students_and_contacts(district, grand_bend):
    job = await district.bring_in("oneroster", grand_bend("oneroster12-grand-bend"))

    assert (job["status"], job["refused"]) == ("done", 0)
    assert job["created"] == 3 + 68 + 480 + 946
    schools = await district.all_of("/schools")
    assert len(schools) == 3
    staff = [row["document"] for row in await district.resources("staff")]
    assert len(staff) == 68
    events = await district.events()

    again = await district.bring_in("oneroster", grand_bend("oneroster12-grand-bend"))
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 3 + 68 + 480 + 946)
    assert await district.events() == events


async def test_the_same_students_from_two_systems_are_480_students_and_neither_undoes_the_other(
    district, grand_bend, students_and_programs
):
    await district.bring_in("edfi", students_and_programs)
    second = await district.bring_in("oneroster", grand_bend("oneroster12-grand-bend"))

    assert second["refused"] == 0
    students = await district.resources("student")
    assert len(students) == 480
    events = await district.events()
    assert events["plan.student_changed"] == 480  # each has its second external id now
    for format, files in (
        ("edfi", students_and_programs),
        ("oneroster", grand_bend("oneroster12-grand-bend")),
    ):
        again = await district.bring_in(format, files)
        assert (again["created"], again["changed"]) == (0, 0)
    assert await district.events() == events


async def test_a_changed_birth_date_changes_one_student(district, students_and_programs):
    files = students_and_programs
    await district.bring_in("edfi", files)
    before = await district.events()

    corrected = files["Student.xml"].replace(b"2014-11-13", b"2014-11-14", 1)
    assert corrected != files["Student.xml"]
    job = await district.bring_in("edfi", {**files, "Student.xml": corrected})

    assert (job["created"], job["changed"], job["unchanged"]) == (0, 1, 480 + 52 - 1)
    assert await district.events() == {**before, "plan.student_changed": 1}
    (student,) = await district.rows(
        "SELECT document FROM plan_read.resources WHERE tenant = $1 AND kind = 'student'"
        " AND external_id = 'edfi:604821'"
    )
    assert '"2014-11-14"' in student["document"]


async def test_all_or_nothing_of_a_sound_set_is_all(district, students_and_programs):
    job = await district.bring_in("edfi", students_and_programs, all_or_nothing=True)

    assert (job["status"], job["created"], job["unmatched"]) == ("done", 480 + 52, 0)
    assert job["done"] == job["total"]
    assert (await district.events())["plan.draft_opened"] == 52
