"""What a roster changes, and what it never does."""

import msgspec
import pytest

from contracts.district import RoleHeld, StaffChanged
from contracts.event import Actor
from plan_service.application.models import STAFF
from plan_service.testing_service import ON_ONE_SERVICE
from plan_service.testing_sets import (
    DEMOGRAPHICS,
    ORGS,
    ROLES,
    USERS,
    born,
    contacts,
    manifest,
    oneroster,
    role,
    student,
    students,
    user,
)
from runtime.append_request import Change, Context

pytestmark = ON_ONE_SERVICE


async def documents(district, kind):
    """What reads answer of one kind, by its first external id."""
    return {
        row["external_id"]: msgspec.json.decode(row["document"]) for row in await district.resources(kind)
    }


async def test_a_set_becomes_a_school_students_enrolled_in_it_a_teacher_and_a_proposed_contact(district):
    job = await district.bring_in("oneroster", oneroster())

    assert (job["status"], job["created"], job["refused"]) == ("done", 5, 0)
    (school,) = await district.resources("school")
    children = await documents(district, "student")
    assert {child["given_name"]: (child["grade"], child["sex"]) for child in children.values()} == {
        "Ada": ("grade_5", "female"), "Alan": ("grade_6", "male")
    }  # fmt: skip
    assert {child["school"] for child in children.values()} == {str(school["id"])}
    (teacher,) = (await documents(district, "staff")).values()
    assert [(held["role"], held["school_id"], held["starts_on"]) for held in teacher["roles"]] == [
        ("regular_education_teacher", str(school["id"]), "2025-08-20")
    ]
    (contact,) = (await documents(district, "contact")).values()
    assert (contact["given_name"], contact["relation"], contact["linked"]) == ("Grace", "parent", True)


async def test_another_grade_is_another_enrolment_and_the_same_set_again_is_nothing(district):
    files = oneroster()
    await district.bring_in("oneroster", files)
    files["users.csv"] = files["users.csv"].replace(",05,", ",06,")
    await district.world.today_is("2027-08-20")

    job = await district.bring_in("oneroster", files)
    again = await district.bring_in("oneroster", files)

    assert (job["changed"], job["unchanged"]) == (1, 4)
    assert (again["changed"], again["unchanged"]) == (0, 5)
    children = await documents(district, "student")
    assert [each["grade"] for each in children["oneroster:s1"]["enrolments"]] == ["grade_5", "grade_6"]


async def test_whoever_is_missing_in_a_whole_set_is_withdrawn_or_unlinked_and_never_erased(district):
    await district.bring_in("oneroster", oneroster())
    await district.world.today_is("2027-01-15")
    files = oneroster()
    files["users.csv"] = USERS + user("s1", grade="05", number="1") + user("t1", "Edsger", number="900")
    files["roles.csv"] = ROLES + role("r1", "s1", "student") + role("r4", "t1", "teacher")
    files["demographics.csv"] = DEMOGRAPHICS + born("s1")

    job = await district.bring_in("oneroster", files)

    assert (job["status"], job["refused"], job["changed"]) == ("done", 0, 2)
    children = await documents(district, "student")
    assert "school" not in children["oneroster:s2"]
    assert children["oneroster:s2"]["enrolments"][0]["until"] == "2027-01-14"
    (contact,) = (await documents(district, "contact")).values()
    assert (contact["given_name"], contact["linked"]) == ("Grace", False)

    back = await district.bring_in("oneroster", oneroster())
    assert back["changed"] == 2
    assert (await documents(district, "student"))["oneroster:s2"]["school"]
    assert [each["linked"] for each in (await documents(district, "contact")).values()] == [True]


async def test_absence_says_nothing_in_a_delta_or_beside_a_refused_row(district):
    await district.bring_in("oneroster", oneroster())
    await district.world.today_is("2027-01-15")
    part = oneroster()
    part["users.csv"] = USERS + user("s1", grade="05", number="1") + user("", grade="05")
    part["roles.csv"] = ROLES + role("r1", "s1", "student")
    part["demographics.csv"] = DEMOGRAPHICS + born("s1")

    refused = await district.bring_in("oneroster", part)
    assert (refused["refused"], refused["changed"]) == (1, 0)
    assert (await documents(district, "contact"))["oneroster:p1"]["linked"]


async def test_a_set_in_which_most_are_missing_is_taken_for_the_mistake_it_is(district):
    many = oneroster()
    for n in range(60):
        many["users.csv"] += user(f"x{n}", grade="03", number=f"x{n}")
        many["roles.csv"] += role(f"rx{n}", f"x{n}", "student")
        many["demographics.csv"] += born(f"x{n}")
    await district.bring_in("oneroster", many)
    await district.world.today_is("2027-01-15")

    job = await district.bring_in("oneroster", oneroster())

    assert [refusal["code"] for refusal in job["refusals"]] == ["too-many-absent"]
    assert job["changed"] == 0


async def test_a_row_marked_as_deleted_ends_what_it_is_about(district):
    await district.bring_in("oneroster", oneroster())
    await district.world.today_is("2027-01-15")
    delta = {
        "manifest.csv": manifest("delta"), "orgs.csv": ORGS, "roles.csv": ROLES, "demographics.csv": DEMOGRAPHICS,
        "users.csv": USERS + user("p1", "Grace", gone=True) + user("t1", "Edsger", gone=True)
        + user("s2", "Alan", gone=True) + user("nobody", "Nemo", gone=True),
    }  # fmt: skip

    job = await district.bring_in("oneroster", delta)

    assert (job["status"], job["refused"], job["changed"], job["unmatched"]) == ("done", 0, 3, 1)
    assert not (await documents(district, "contact"))["oneroster:p1"]["linked"]
    assert (await documents(district, "staff"))["oneroster:t1"]["ended_on"] == "2027-01-15"
    assert "school" not in (await documents(district, "student"))["oneroster:s2"]
    again = await district.bring_in("oneroster", delta)
    assert (again["changed"], again["unchanged"]) == (0, 3)


async def test_a_role_given_by_a_person_stays_and_a_role_the_roster_no_longer_tells_of_ends(district):
    await district.bring_in("oneroster", oneroster())
    (row,) = await district.resources("staff")
    store = district.world.app.state.edge.service.store

    loaded = await store.load(district.world.tenant, STAFF, row["id"])
    (held,) = loaded.state.roles
    given = RoleHeld(role="case_manager", school_id=held.school_id, starts_on=held.starts_on)
    changed = StaffChanged(
        effective_on=held.starts_on, staff_id=row["id"], personal=loaded.state.personal, roles=(held, given),
        external_ids=loaded.state.external_ids,
    )  # fmt: skip
    context = Context(district.world.tenant, Actor(id="dana", role="operator"), "by-hand-1")
    await store.append(context, [Change(loaded, row["id"], [changed])])
    await district.world.today_is("2027-01-15")

    same = await district.bring_in("oneroster", oneroster())
    assert (same["changed"], same["unchanged"]) == (0, 5)
    files = oneroster()
    files["roles.csv"] = files["roles.csv"].replace("primary,teacher", "primary,counselor")
    job = await district.bring_in("oneroster", files)

    assert job["changed"] == 1
    (teacher,) = (await documents(district, "staff")).values()
    assert {each["role"]: each.get("ends_on") for each in teacher["roles"]} == {
        "counselor": None, "case_manager": None, "regular_education_teacher": "2027-01-14"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "on", "code"),
    [
        ("Ada", "2014-05-06", None),
        ("Zelda", "2014-05-06", "number-of-another"),
        ("Ada", "2014-05-07", "number-of-another"),
    ],
)
async def test_another_systems_row_is_the_same_child_only_when_number_birth_date_and_name_agree(
    district, given, on, code
):
    await district.bring_in("oneroster", oneroster())

    job = await district.bring_in(
        "edfi", {"Student.xml": students(student("1", given, on)), "Contact.xml": contacts("1")}
    )

    if code is None:
        assert (job["created"], job["changed"], job["refused"]) == (1, 1, 0)
        child = (await documents(district, "student"))["oneroster:s1"]
        assert child["external_ids"] == ["oneroster:s1", "edfi:1"]
        assert (child["sex"], child["grade"]) == ("female", "grade_5")  # what Ed-Fi did not say stays
    else:
        assert [refusal["code"] for refusal in job["refusals"]] == [code]
        assert (job["created"], job["unmatched"]) == (0, 1)
    assert len(await district.resources("student")) == 2


async def test_one_sources_second_id_for_a_number_is_for_a_person_to_settle(district):
    await district.bring_in("oneroster", oneroster())
    files = oneroster()
    files["users.csv"] = files["users.csv"].replace("s1,,,true", "s9,,,true").replace('"s1"', '"s9"')
    files["roles.csv"] = files["roles.csv"].replace(",s1,", ",s9,")
    files["demographics.csv"] = files["demographics.csv"].replace("s1,", "s9,")

    job = await district.bring_in("oneroster", files)

    assert [refusal["code"] for refusal in job["refusals"]] == ["match-needed"]
    assert len(await district.resources("student")) == 2


async def test_contacts_find_students_of_an_earlier_import(district):
    await district.bring_in("edfi", {"Student.xml": students(student("1"))})

    job = await district.bring_in("edfi", {"Contact.xml": contacts("1", "2")})

    assert (job["created"], job["unmatched"], job["refused"]) == (1, 1, 0)
    assert job["left_out"]["student-not-known"] == 1


async def test_a_roster_never_makes_a_rights_holder_and_keeps_its_hands_off_one(district):
    await district.bring_in("oneroster", oneroster())
    assert await district.resources("rights_holder") == []
    assert "plan.rights_holder_confirmed" not in await district.events()
