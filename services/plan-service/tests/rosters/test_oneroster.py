"""OneRoster rows one by one: what is taken, what is refused, and in which words."""

from datetime import date

import pytest

from plan_service.adapters.rosters import (
    Found,
    Ignored,
    Refusal,
    RosterContact,
    RosterPhone,
    RosterSchool,
    RosterStaff,
    RosterStudent,
    RosterUnlinked,
    Unmatched,
)


def records(readings, kind):
    return [
        reading.record
        for reading in readings
        if isinstance(reading, Found) and isinstance(reading.record, kind)
    ]


def refused(readings):
    return [
        (reading.file, reading.line, reading.code) for reading in readings if isinstance(reading, Refusal)
    ]


def ignored(readings):
    return [
        (reading.file, reading.line, reading.code) for reading in readings if isinstance(reading, Ignored)
    ]


def test_a_set_gives_schools_students_contacts_and_staff(oneroster):
    readings = oneroster.read()

    assert refused(readings) == ignored(readings) == []
    (student,), (contact,), (teacher,) = (
        records(readings, kind) for kind in (RosterStudent, RosterContact, RosterStaff)
    )
    assert (student.external_id, student.birth_date, student.sex) == (
        "oneroster:s1",
        date(2014, 5, 6),
        "female",
    )
    assert student.school_external_id == "oneroster:o1"
    assert (contact.student_external_id, contact.relation) == ("oneroster:s1", "parent")
    assert contact.legal_guardian is None
    assert [(role.role, role.external_id) for role in teacher.roles] == [("teacher", "oneroster:r3")]
    assert teacher.email == "t1@example.org"


def test_a_password_is_never_kept(oneroster):
    readings = oneroster.read({"users.csv": oneroster.files()["users.csv"] + "x1,,,hunter2\n"})

    assert "hunter2" not in repr(readings)


def test_a_parent_linked_from_either_side_or_both_comes_once_for_each_student(oneroster):
    users = (
        oneroster.USERS
        + oneroster.user("s1", agents="p1")
        + oneroster.user("s2")
        + oneroster.user("s3", agents="p1")
        + oneroster.user("p1", agents="s1, s2")
    )
    roles = oneroster.ROLES + "".join(f"r{n},,,{u},primary,{r},,,o1,\n" for n, (u, r) in enumerate(
        [("s1", "student"), ("s2", "student"), ("s3", "student"), ("p1", "guardian")]
    ))  # fmt: skip
    readings = oneroster.read({"users.csv": users, "roles.csv": roles})

    assert [contact.student_external_id for contact in records(readings, RosterContact)] == [
        "oneroster:s1", "oneroster:s2", "oneroster:s3",
    ]  # fmt: skip


def test_a_teacher_who_is_also_a_parent_is_both(oneroster):
    roles = oneroster.files()["roles.csv"] + "r4,,,t1,secondary,parent,,,o1,\n"
    users = oneroster.files()["users.csv"].replace('"p1"', '"p1,t1"')
    readings = oneroster.read({"roles.csv": roles, "users.csv": users})

    assert {contact.external_id for contact in records(readings, RosterContact)} == {
        "oneroster:p1",
        "oneroster:t1",
    }
    assert [member.external_id for member in records(readings, RosterStaff)] == ["oneroster:t1"]


def test_agents_that_are_no_contacts_or_not_there_are_named(oneroster):
    users = oneroster.files()["users.csv"].replace('"p1"', '"p1,t1,gone"')
    readings = oneroster.read({"users.csv": users})

    assert refused(readings) == [("users.csv", 2, "agent-not-in-set")]
    assert ignored(readings) == [("users.csv", 2, "agent-not-contact")]


def test_a_contact_of_a_student_elsewhere_is_unmatched_with_its_record(oneroster):
    users = oneroster.files()["users.csv"].replace('"s1"', '"s1,other"')
    (unmatched,) = [
        reading for reading in oneroster.read({"users.csv": users}) if isinstance(reading, Unmatched)
    ]

    assert unmatched.record.student_external_id == "oneroster:other"


def test_a_contact_without_student_is_counted_and_left(oneroster):
    users = oneroster.files()["users.csv"].replace('"s1"', "").replace('"p1"', "")

    assert ignored(oneroster.read({"users.csv": users})) == [("users.csv", 3, "contact-without-student")]


def test_of_two_users_with_one_id_neither_is_taken_and_both_are_named(oneroster):
    users = oneroster.files()["users.csv"] + oneroster.user("s1", given="Barbara")
    readings = oneroster.read({"users.csv": users})

    assert [place for place in refused(readings) if place[2] == "duplicate-key"] == [
        ("users.csv", 2, "duplicate-key"),
        ("users.csv", 5, "duplicate-key"),
    ]
    assert records(readings, RosterStudent) == records(readings, RosterContact) == []


def test_the_same_user_twice_over_is_one_user(oneroster):
    users = oneroster.files()["users.csv"] + oneroster.user("s1", agents="p1")
    readings = oneroster.read({"users.csv": users})

    assert len(records(readings, RosterStudent)) == 1
    assert ignored(readings) == [("users.csv", 5, "repeated")]


def test_two_schools_with_one_id_are_both_refused_and_the_same_one_twice_is_one(oneroster):
    orgs = oneroster.files()["orgs.csv"]
    same = oneroster.read({"orgs.csv": orgs + "o1,,,Example School,school,9001,\n"})
    other = oneroster.read({"orgs.csv": orgs + "o1,,,Another School,school,9002,\n"})

    assert ignored(same) == [("orgs.csv", 3, "repeated")]
    assert refused(other)[:2] == [("orgs.csv", 2, "duplicate-key"), ("orgs.csv", 3, "duplicate-key")]


@pytest.mark.parametrize(
    ("file", "row", "code"),
    [
        ("roles.csv", "r9,,,t1,primary,janitor,,,o1,", "unknown-value"),
        ("roles.csv", "r9,,,t1,first,teacher,,,o1,", "unknown-value"),
        ("roles.csv", "r9,,,t1,primary,teacher,2026-08-01,2026-07-31,o1,", "dates-contradict"),
        ("roles.csv", "r9,,,t1,primary,teacher,01.08.2026,,o1,", "bad-date"),
        ("roles.csv", "r9,,,t1,primary,teacher,,,nowhere,", "org-not-in-set"),
        ("roles.csv", "r9,,,,primary,teacher,,,o1,", "missing-value"),
        ("orgs.csv", "o9,,,,school,,", "missing-value"),
        ("orgs.csv", "o9,,,Nine,castle,,", "unknown-value"),
        ("orgs.csv", ",,,Nine,school,,", "missing-value"),
        ("orgs.csv", "o9,inactive,,Nine,school,,", "unknown-value"),
        ("demographics.csv", "s9,,,2014-02-30,", "bad-date"),
        ("demographics.csv", "s9,,,2027-01-01,", "absurd-date"),
        ("demographics.csv", "s9,,,1914-01-01,", "absurd-date"),
        ("demographics.csv", "s9,,,,F", "unknown-value"),
        ("users.csv", "x1,,", "wrong-cells"),
        ("users.csv", "x1,,,true,,,,,,,,,,,,,,,,,,", "role-missing"),
        ("users.csv", ",,,true,,,Ada,Example,,,,,,,,,,,,,,", "missing-value"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_line_and_the_rest_is_read(oneroster, file, row, code):
    before = oneroster.files()[file]
    readings = oneroster.read({file: f"{before}{row}\n"})

    assert refused(readings) == [(file, before.count("\n") + 1, code)]
    assert len(records(readings, RosterStudent)) == len(records(readings, RosterContact)) == 1


def test_a_role_or_birth_date_of_nobody_in_the_set_is_counted_and_left(oneroster):
    files = oneroster.files()
    readings = oneroster.read(
        {
            "roles.csv": files["roles.csv"] + "r9,,,nobody,primary,student,,,o1,\n",
            "demographics.csv": files["demographics.csv"] + "nobody,,,2014-05-06,\n",
        }
    )

    assert ignored(readings) == [
        ("roles.csv", 5, "user-not-in-set"),
        ("demographics.csv", 3, "user-not-in-set"),
    ]


def test_nobody_loses_a_parent_over_a_slip_in_an_email_address(oneroster):
    users = oneroster.USERS + oneroster.user("s1", agents="p1") + oneroster.user(
        "p1", email="Mc Mahon@example.org", phone="555 0100"
    )  # fmt: skip
    roles = oneroster.ROLES + "r1,,,s1,primary,student,,,o1,\nr2,,,p1,primary,parent,,,o1,\n"
    readings = oneroster.read({"users.csv": users, "roles.csv": roles})

    (contact,) = records(readings, RosterContact)
    assert contact.emails == ()
    assert contact.phones == (RosterPhone(number="555 0100", kind="unspecified"),)
    assert ignored(readings) == [("users.csv", 3, "unusable-email")]


@pytest.mark.parametrize(
    ("from_", "to", "said"),
    [
        ("sourcedId,status", "sourcedid,status", "sourcedId"),
        ("familyName", "lastName", "familyName"),
        ("givenName,familyName", "familyName,givenName", "familyName stands where givenName belongs"),
        ("email,sms", "Email,sms", "email"),
        ("sms,phone", "sms,sms", "sms twice"),
        ("username", " username", "username"),
    ],
)
def test_a_wrong_header_refuses_the_file_and_names_the_column(oneroster, from_, to, said):
    users = oneroster.files()["users.csv"].replace(from_, to, 1)
    (refusal,) = [reading for reading in oneroster.read({"users.csv": users}) if isinstance(reading, Refusal)]

    assert (refusal.file, refusal.line, refusal.code) == ("users.csv", 1, "wrong-header")
    assert said in refusal.reason


def test_a_file_without_header_does_not_put_a_name_into_the_reason(oneroster):
    users = oneroster.user("s1", given="Quinlan")
    refusals = [reading for reading in oneroster.read({"users.csv": users}) if isinstance(reading, Refusal)]

    assert [refusal.code for refusal in refusals] == ["wrong-header"]
    assert "Quinlan" not in refusals[0].reason


def test_unknown_columns_are_accepted_and_ignored_and_optional_ones_may_be_missing(oneroster):
    orgs = 'sourcedId,status,dateLastModified,metadata.x,name,type\no1,,,"a,b",Example School,school\n'

    readings = oneroster.read({"orgs.csv": orgs})

    assert [school.identifier for school in records(readings, RosterSchool)] == [None]


def test_users_cannot_be_read_without_usable_roles(oneroster):
    readings = oneroster.read({"roles.csv": "sourcedId,role\n"})

    assert refused(readings) == [("roles.csv", 1, "wrong-header"), ("users.csv", None, "missing-file")]


@pytest.mark.parametrize(
    ("grades", "grade"), [("KG", "kindergarten"), ("05", "grade_5"), ("5", "grade_5"), ("", None)]
)
def test_a_grade_becomes_our_code(oneroster, grades, grade):
    users = oneroster.files()["users.csv"].replace('"p1",,', f'"p1",{grades},')
    readings = oneroster.read({"users.csv": users})

    assert records(readings, RosterStudent)[0].grade == grade
    assert ignored(readings) == []


@pytest.mark.parametrize("grades", ["fifth", '"05,06"'])
def test_a_grade_nobody_knows_costs_the_grade_not_the_student(oneroster, grades):
    users = oneroster.files()["users.csv"].replace('"p1",,', f'"p1",{grades},')
    readings = oneroster.read({"users.csv": users})

    assert records(readings, RosterStudent)[0].grade is None
    assert ignored(readings) == [("users.csv", 2, "unusable-grade")]


# The manifest


def test_without_a_manifest_nothing_is_read(oneroster):
    (refusal,) = oneroster.read({"manifest.csv": None})

    assert refusal.code == "no-manifest"


@pytest.mark.parametrize(
    ("manifest", "line", "code"),
    [
        ("propertyName,value\noneroster.version,1.0\n", 2, "wrong-version"),
        ("propertyName,value\nfile.users,bulk\n", None, "wrong-version"),
        ("propertyName,value\noneroster.version,1.2\nfile.users,all\n", 3, "unknown-value"),
        ("propertyName,value\noneroster.version,1.2\noneroster.version,1.1\n", 3, "duplicate-key"),
        ("name,value\noneroster.version,1.2\n", 1, "wrong-header"),
        ("propertyName,value\noneroster.version\n", 2, "wrong-cells"),
        ("", None, "empty-file"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_refuses_the_set(oneroster, manifest, line, code):
    assert refused(oneroster.read({"manifest.csv": manifest})) == [("manifest.csv", line, code)]


def test_a_file_the_manifest_promises_but_the_set_lacks_is_refused_by_name(oneroster):
    readings = oneroster.read({"demographics.csv": None})

    assert refused(readings) == [("demographics.csv", None, "missing-file")]
    assert records(readings, RosterStudent)[0].birth_date is None


def test_a_file_the_manifest_calls_absent_is_not_read(oneroster):
    readings = oneroster.read({"manifest.csv": oneroster.manifest(demographics="absent")})

    assert ignored(readings) == [("demographics.csv", None, "not-read")]
    assert records(readings, RosterStudent)[0].birth_date is None


# Deltas


def test_in_a_delta_status_and_date_must_be_there(oneroster):
    manifest = oneroster.manifest(orgs="delta")
    orgs = (
        oneroster.ORGS
        + "o1,,,Example School,school,,\no2,active,,Two,school,,\no3,active,2026-11-01,Three,school,,\n"
    )
    readings = oneroster.read({"manifest.csv": manifest, "orgs.csv": orgs})

    assert refused(readings) == [("orgs.csv", 2, "missing-value"), ("orgs.csv", 3, "missing-value")]
    assert [school.external_id for school in records(readings, RosterSchool)] == ["oneroster:o3"]


def test_to_be_deleted_means_unlink(oneroster):
    manifest = oneroster.manifest(users="delta", roles="delta", orgs="delta", demographics="absent")
    files = {
        "orgs.csv": oneroster.ORGS + "o1,tobedeleted,2026-11-01,Example School,school,,\n",
        "roles.csv": oneroster.ROLES
        + "r1,active,2026-11-01,s1,primary,student,,,o1,\nr3,tobedeleted,2026-11-01,t1,primary,teacher,,,o1,\n",
        "users.csv": oneroster.USERS
        + oneroster.user("s1", status="tobedeleted")
        + oneroster.user("t1", status="tobedeleted"),
    }
    readings = oneroster.read({"manifest.csv": manifest, **files})

    assert [(gone.kind, gone.external_id) for gone in records(readings, RosterUnlinked)] == [
        ("school", "oneroster:o1"),
        ("role", "oneroster:r3"),
        ("student", "oneroster:s1"),
        ("person", "oneroster:t1"),
    ]
    assert refused(readings) == []


def test_an_agent_a_delta_does_not_repeat_is_no_fault(oneroster):
    manifest = oneroster.manifest(users="delta")
    users = oneroster.USERS + oneroster.user("s1", agents="p1", status="active")
    readings = oneroster.read({"manifest.csv": manifest, "users.csv": users})

    assert refused(readings) == []
    assert ("users.csv", 2, "agent-not-in-set") in ignored(readings)


# Version 1.1

USERS_1_1 = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n"
)


def test_a_1_1_set_says_the_role_in_users_csv(oneroster):
    users = USERS_1_1 + (
        's1,,,true,o1,student,,,Ada,Example,,,,,,"p1",05,hunter2\n'
        'p1,,,true,o1,guardian,,,Grace,Example,,,,,,"s1",,\n'
        't1,,,true,"o1,o2",administrator,,,Ida,Example,,,,,,,,\n'
    )
    readings = oneroster.read(
        {
            "manifest.csv": oneroster.manifest("1.1", roles="absent"),
            "roles.csv": None,
            "orgs.csv": oneroster.files()["orgs.csv"] + "o2,,,Second School,school,,\n",
            "users.csv": users,
        }
    )

    assert refused(readings) == []
    (student,), (contact,), (staff,) = (
        records(readings, kind) for kind in (RosterStudent, RosterContact, RosterStaff)
    )
    assert (student.school_external_id, student.grade) == ("oneroster:o1", "grade_5")
    assert contact.relation == "guardian"
    assert [(role.role, role.school_external_id) for role in staff.roles] == [
        ("administrator", "oneroster:o1"),
        ("administrator", "oneroster:o2"),
    ]


def test_a_1_2_users_file_behind_a_1_1_manifest_is_refused_by_its_missing_columns(oneroster):
    readings = oneroster.read({"manifest.csv": oneroster.manifest("1.1", roles="absent")})
    (refusal,) = [reading for reading in readings if isinstance(reading, Refusal)]

    assert "orgSourcedIds, role" in refusal.reason
