"""Ed-Fi entries one by one: what is taken, what is refused, and in which words."""

import tracemalloc
from datetime import date

import pytest

from plan_service.adapters.rosters import (
    Found,
    Ignored,
    Limits,
    Refusal,
    RosterContact,
    RosterEmail,
    RosterParticipation,
    RosterSchool,
    RosterStaff,
    RosterStudent,
    Unmatched,
    read_edfi,
)

TODAY = date(2026, 11, 24)


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


def test_a_refused_student_does_not_keep_the_next_from_being_read(edfi):
    readings = edfi.read(
        {"Student.xml": edfi.interchange("Student", edfi.student("1", born="2014-02-30"), edfi.student("2"))}
    )

    assert refused(readings) == [("Student.xml", 3, "bad-date")]
    assert [student.identifier for student in records(readings, RosterStudent)] == ["2"]


@pytest.mark.parametrize(
    ("born", "code"),
    [
        ("2014-13-01", "bad-date"),
        ("13/01/2014", "bad-date"),
        ("2014-1-1", "bad-date"),
        ("٢٠١٤-٠١-٠١", "bad-date"),
        ("2026-11-25", "absurd-date"),
        ("1914-05-06", "absurd-date"),
        ("0001-01-01", "absurd-date"),
        ("", "missing-value"),
    ],
)
def test_a_day_of_birth_that_cannot_be_is_refused(edfi, born, code):
    readings = edfi.read({"Student.xml": edfi.interchange("Student", edfi.student(born=born))})

    assert refused(readings) == [("Student.xml", 3, code)]


@pytest.mark.parametrize("born", ["2014-05-06Z", "2014-05-06-06:00", " 2014-05-06 "])
def test_an_xml_date_may_carry_a_zone(edfi, born):
    readings = edfi.read({"Student.xml": edfi.interchange("Student", edfi.student(born=born))})

    assert records(readings, RosterStudent)[0].birth_date == date(2014, 5, 6)


def test_of_two_students_with_one_id_neither_is_taken_and_both_are_named(edfi):
    readings = edfi.read(
        {
            "Student.xml": edfi.interchange(
                "Student", edfi.student("1"), edfi.student("2"), edfi.student("1", given="Barbara")
            )
        }
    )

    assert refused(readings) == [("Student.xml", 3, "duplicate-key"), ("Student.xml", 5, "duplicate-key")]
    assert [student.identifier for student in records(readings, RosterStudent)] == ["2"]


def test_what_hangs_on_a_refused_student_is_unmatched(edfi):
    readings = edfi.read(
        {
            "Student.xml": edfi.interchange("Student", edfi.student("1", born="x"), edfi.student("2")),
            "Contact.xml": edfi.interchange("Contact", edfi.contact(), edfi.link("1"), edfi.link("2")),
            "StudentProgram.xml": edfi.interchange("StudentProgram", edfi.program(student="1")),
        }
    )

    unmatched = [reading for reading in readings if isinstance(reading, Unmatched)]
    assert [type(reading.record) for reading in unmatched] == [RosterParticipation, RosterContact]
    assert [contact.student_external_id for contact in records(readings, RosterContact)] == ["edfi:2"]


def test_the_same_student_twice_over_is_one_student(edfi):
    readings = edfi.read({"Student.xml": edfi.interchange("Student", edfi.student("1"), edfi.student("1"))})

    assert len(records(readings, RosterStudent)) == 1
    assert [(found.line, found.code) for found in readings if isinstance(found, Ignored)] == [(4, "repeated")]


def test_one_id_in_two_files_clashes_as_in_one(edfi):
    readings = edfi.read(
        {
            "North.xml": edfi.interchange("Student", edfi.student("1")),
            "South.xml": edfi.interchange("Student", edfi.student("1", given="Barbara")),
        }
    )

    assert refused(readings) == [("North.xml", 3, "duplicate-key"), ("South.xml", 3, "duplicate-key")]


def test_a_parent_of_two_students_is_a_contact_of_each(edfi):
    mother = "<Relation>uri://ed-fi.org/RelationDescriptor#Mother</Relation>"
    readings = edfi.read(
        {
            "Student.xml": edfi.interchange("Student", edfi.student("1"), edfi.student("2")),
            "Contact.xml": edfi.interchange(
                "Contact",
                edfi.link("1", more=f"{mother}<LivesWith>true</LivesWith>"),
                edfi.link("2", more=f"{mother}<LivesWith>false</LivesWith>"),
                edfi.contact(),
            ),
        }
    )

    assert [
        (contact.external_id, contact.student_external_id, contact.relation, contact.lives_with)
        for contact in records(readings, RosterContact)
    ] == [("edfi:7", "edfi:1", "mother", True), ("edfi:7", "edfi:2", "mother", False)]


def test_a_link_may_name_its_contact_by_id(edfi):
    by_id = "<ContactReference><ContactIdentity><ContactUniqueId>7</ContactUniqueId></ContactIdentity></ContactReference>"
    readings = edfi.read({"Contact.xml": edfi.interchange("Contact", edfi.contact(), edfi.link("1", by_id))})

    assert [contact.external_id for contact in records(readings, RosterContact)] == ["edfi:7"]


def test_a_restriction_on_contact_comes_through_whole(edfi):
    more = (
        "<LegalGuardian>true</LegalGuardian><ContactPriority>2</ContactPriority>"
        "<ContactRestrictions>No contact\n  by court order</ContactRestrictions>"
    )
    readings = edfi.read({"Contact.xml": edfi.interchange("Contact", edfi.contact(), edfi.link(more=more))})

    contact = records(readings, RosterContact)[0]
    assert contact.restrictions == "No contact by court order"
    assert (contact.legal_guardian, contact.priority) == (True, 2)


@pytest.mark.parametrize(
    ("said", "relation"),
    [
        ("Father, step", "stepfather"),
        ("CourtAppointedGuardian", "court_appointed_guardian"),
        ("Great aunt", "great_aunt"),
        ("MothersCivilPartner", "mothers_partner"),
        ("BrotherInLaw", "other"),
    ],
)
def test_a_relation_becomes_our_code_and_one_without_becomes_other(edfi, said, relation):
    more = f"<Relation>uri://ed-fi.org/RelationDescriptor#{said}</Relation>"
    readings = edfi.read({"Contact.xml": edfi.interchange("Contact", edfi.contact(), edfi.link(more=more))})

    assert records(readings, RosterContact)[0].relation == relation


def test_a_link_to_a_contact_that_is_not_there_is_refused(edfi):
    readings = edfi.read({"Contact.xml": edfi.interchange("Contact", edfi.contact("8"), edfi.link())})

    assert refused(readings) == [("Contact.xml", 4, "contact-not-in-set")]


def test_nobody_loses_a_parent_over_a_slip_in_an_email_address(edfi):
    emails = "".join(
        f"<ElectronicMail><ElectronicMailAddress>{address}</ElectronicMailAddress><ElectronicMailType>"
        f"uri://ed-fi.org/ElectronicMailTypeDescriptor#Work</ElectronicMailType></ElectronicMail>\n"
        for address in ("Mc Mahon@example.org", "mahon@example.org")
    )
    readings = edfi.read({"Contact.xml": edfi.interchange("Contact", edfi.contact(more=emails), edfi.link())})

    assert records(readings, RosterContact)[0].emails == (
        RosterEmail(address="mahon@example.org", kind="work"),
    )
    assert [(found.line, found.code) for found in readings if isinstance(found, Ignored)] == [
        (3, "unusable-email")
    ]


def test_a_letter_would_go_to_the_mailing_address_and_never_to_one_that_has_ended(edfi):
    def address(street, use, period=""):
        return (
            f"<Address><StreetNumberName>{street}</StreetNumberName><City>Grand Bend</City>"
            "<StateAbbreviation>uri://ed-fi.org/StateAbbreviationDescriptor#TX</StateAbbreviation>"
            f"<PostalCode>78834</PostalCode>{period}"
            f"<AddressType>uri://ed-fi.org/AddressTypeDescriptor#{use}</AddressType></Address>"
        )

    ended = "<Period><BeginDate>2020-01-01</BeginDate><EndDate>2025-06-30</EndDate></Period>"
    more = address("Desk 4", "Work") + address("Old Street", "Mailing", ended) + address("Box 5", "Mailing")
    readings = edfi.read({"Contact.xml": edfi.interchange("Contact", edfi.contact(more=more), edfi.link())})

    addresses = records(readings, RosterContact)[0].addresses
    assert [(address.street, address.use) for address in addresses] == [
        ("Box 5", "mailing"),
        ("Desk 4", "work"),
    ]


@pytest.mark.parametrize(
    ("element", "type", "program"),
    [
        ("StudentSpecialEducationProgramAssociation", "uri://state.example/ProgramTypeDescriptor#B", "special_education"),
        ("StudentSection504ProgramAssociation", "uri://ed-fi.org/ProgramTypeDescriptor#Section 504 Placement", "section_504"),
        ("StudentProgramAssociation", "uri://ed-fi.org/ProgramTypeDescriptor#Special Education", "special_education"),
        ("StudentProgramAssociation", "uri://ed-fi.org/ProgramTypeDescriptor#Section 504 Placement", "section_504"),
    ],
)  # fmt: skip
def test_special_education_and_504_become_participations(edfi, element, type, program):
    entry = edfi.program(element=element, type=type)
    readings = edfi.read({"StudentProgram.xml": edfi.interchange("StudentProgram", entry)})

    assert [found.program for found in records(readings, RosterParticipation)] == [program]


@pytest.mark.parametrize("type", ["Bilingual", "Early Intervention Services Part C"])
def test_another_program_is_counted_and_left(edfi, type):
    entry = edfi.program("StudentProgramAssociation", type=f"uri://ed-fi.org/ProgramTypeDescriptor#{type}")
    readings = edfi.read({"StudentProgram.xml": edfi.interchange("StudentProgram", entry)})

    assert [(found.line, found.code) for found in readings] == [(3, "other-program")]


@pytest.mark.parametrize(
    "more",
    [
        "<EndDate>2025-08-19</EndDate>",
        "<SpecialEducationExitDate>2025-08-19</SpecialEducationExitDate>",
    ],
)
def test_a_participation_that_ends_before_it_begins_is_refused(edfi, more):
    readings = edfi.read({"StudentProgram.xml": edfi.interchange("StudentProgram", edfi.program(more=more))})

    assert refused(readings) == [("StudentProgram.xml", 3, "dates-contradict")]


def test_the_same_participation_with_two_ends_is_refused(edfi):
    entries = [edfi.program(more=f"<EndDate>2026-0{month}-01</EndDate>") for month in (5, 6)]
    readings = edfi.read({"StudentProgram.xml": edfi.interchange("StudentProgram", *entries)})

    assert [code for _, _, code in refused(readings)] == ["duplicate-key", "duplicate-key"]


def test_a_participations_key_tells_nothing_and_stays_the_same(edfi):
    entry = edfi.program()
    first = edfi.read({"StudentProgram.xml": edfi.interchange("StudentProgram", entry)})
    again = edfi.read(
        {"StudentProgram.xml": edfi.interchange("StudentProgram", entry.replace("<EndDate/>", ""))}
    )

    key = records(first, RosterParticipation)[0].key
    assert key == records(again, RosterParticipation)[0].key
    assert key.startswith("edfi:")
    assert "special" not in key.lower()


@pytest.mark.parametrize(
    "value", ["Mother", "uri://ed-fi.org/SexDescriptor#Female", "uri://ed-fi.org/RelationDescriptor#"]
)
def test_a_value_that_is_not_the_descriptor_asked_for_is_refused_not_guessed(edfi, value):
    entry = edfi.link(more=f"<Relation>{value}</Relation>")
    readings = edfi.read({"Contact.xml": edfi.interchange("Contact", edfi.contact(), entry)})

    assert refused(readings) == [("Contact.xml", 4, "unknown-value")]


def test_a_states_own_staff_classification_is_kept_as_the_title(edfi):
    staff = (
        "<Staff><StaffUniqueId>5</StaffUniqueId><Name><FirstName>Ida</FirstName><LastSurname>Example</LastSurname>"
        "</Name></Staff>"
    )
    assignment = (
        "<StaffEducationOrganizationAssignmentAssociation><StaffReference><StaffIdentity>"
        "<StaffUniqueId>5</StaffUniqueId></StaffIdentity></StaffReference><EducationOrganizationReference>"
        "<EducationOrganizationIdentity><EducationOrganizationId>9</EducationOrganizationId>"
        "</EducationOrganizationIdentity></EducationOrganizationReference>"
        "<StaffClassification>uri://state.example/StaffClassificationDescriptor#Brailler</StaffClassification>"
        "<BeginDate>2020-08-01</BeginDate></StaffEducationOrganizationAssignmentAssociation>"
    )
    stranger = assignment.replace("<StaffUniqueId>5<", "<StaffUniqueId>6<")
    readings = edfi.read({"Staff.xml": edfi.interchange("StaffAssociation", staff, assignment, stranger)})

    assert [(role.role, role.title) for role in records(readings, RosterStaff)[0].roles] == [
        ("other", "Brailler")
    ]
    assert refused(readings) == [("Staff.xml", 5, "staff-not-in-set")]


def test_schools_and_districts_are_read_where_the_set_has_them(edfi):
    entries = [
        "<LocalEducationAgency><NameOfInstitution>Example ISD</NameOfInstitution>"
        "<LocalEducationAgencyId>9</LocalEducationAgencyId></LocalEducationAgency>",
        "<School><NameOfInstitution>Example School</NameOfInstitution><SchoolId>91</SchoolId></School>",
        "<Course/>",
    ]
    readings = edfi.read({"EducationOrganization.xml": edfi.interchange("EducationOrganization", *entries)})

    assert [(school.external_id, school.kind) for school in records(readings, RosterSchool)] == [
        ("edfi:9", "district"),
        ("edfi:91", "school"),
    ]
    assert isinstance(readings[-1], Ignored)


def test_a_name_with_a_control_character_or_beyond_measure_is_refused(edfi):
    readings = edfi.read(
        {
            "Student.xml": edfi.interchange(
                "Student", edfi.student("1", given="A&#x85;&#x7f;B"), edfi.student("2", given="A" * 201)
            )
        }
    )

    assert refused(readings) == [("Student.xml", 3, "control-character"), ("Student.xml", 4, "too-long")]


def test_an_entry_beyond_measure_is_refused_and_the_next_is_read(edfi):
    huge = edfi.student("1", more="<X>" + "x" * 30_000 + "</X>")
    readings = edfi.read(
        {"Student.xml": edfi.interchange("Student", huge, edfi.student("2"))},
        Limits(record_characters=20_000),
    )

    assert refused(readings) == [("Student.xml", 3, "too-long")]
    assert [student.identifier for student in records(readings, RosterStudent)] == ["2"]


def test_elements_of_another_namespace_inside_an_entry_are_passed_over(edfi):
    extension = '<e:Extra xmlns:e="urn:x"><e:FirstName>Nobody</e:FirstName></e:Extra>'
    readings = edfi.read({"Student.xml": edfi.interchange("Student", edfi.student(more=extension))})

    assert records(readings, RosterStudent)[0].name.given == "Ada"


def test_memory_does_not_grow_with_the_file(edfi, tmp_path):
    """Ten times the file costs what ten times the keys cost, not ten times the contents."""

    def peak(students: int) -> int:
        filler = f"<Note>{'x' * 5_000}</Note>"
        file = tmp_path / f"{students}.xml"
        with file.open("w") as out:
            out.write('<InterchangeStudent xmlns="http://ed-fi.org/5.2.0">\n')
            out.writelines(edfi.student(str(number), more=filler) + "\n" for number in range(students))
            out.write("</InterchangeStudent>")
        tracemalloc.start()
        assert sum(isinstance(reading, Found) for reading in read_edfi(file, today=TODAY)) == students
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(10)  # what is made once, on first use
    assert peak(2_000) - peak(200) < 1_800 * 400
