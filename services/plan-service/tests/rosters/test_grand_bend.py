"""The open data of Grand Bend, as Ed-Fi 5.2 XML and as OneRoster 1.2 CSV: the same people through two doors."""

import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from contracts.students import Section504Facts
from plan_service.adapters.rosters import (
    Found,
    Ignored,
    Progress,
    Reading,
    Refusal,
    RosterContact,
    RosterParticipation,
    RosterSchool,
    RosterStaff,
    RosterStudent,
    Unmatched,
    read_edfi,
    read_oneroster,
)

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def edfi_readings(shared_data: Path) -> list[Reading]:
    return list(read_edfi(shared_data / "edfi-grand-bend", today=TODAY))


@pytest.fixture(scope="module")
def oneroster_readings(shared_data: Path) -> list[Reading]:
    return list(read_oneroster(shared_data / "oneroster12-grand-bend", today=TODAY))


def records(readings: list[Reading], kind: type) -> list:
    return [
        reading.record
        for reading in readings
        if isinstance(reading, Found) and isinstance(reading.record, kind)
    ]


def test_ed_fi_gives_every_student_contact_and_participation_and_refuses_nothing(edfi_readings):
    assert len(records(edfi_readings, RosterStudent)) == 480
    assert len(records(edfi_readings, RosterContact)) == 946
    programs = Counter(found.program for found in records(edfi_readings, RosterParticipation))
    assert programs == {"special_education": 51, "section_504": 1}
    assert [reading for reading in edfi_readings if isinstance(reading, Refusal)] == []


def test_ed_fi_names_what_it_leaves_out_and_why(edfi_readings):
    ignored = Counter(
        (reading.file, reading.code) for reading in edfi_readings if isinstance(reading, Ignored)
    )
    assert ignored == {
        ("StudentProgram.xml", "other-program"): 70,
        ("Contact.xml", "unusable-email"): 3,
        ("Contact.xml", "contact-without-student"): 1,
        ("Contact.xml", "not-read"): 1,
        ("SOURCE.md", "not-read"): 1,
    }


def test_links_to_the_other_half_of_the_students_are_counted_apart_with_their_record(edfi_readings):
    unmatched = [reading for reading in edfi_readings if isinstance(reading, Unmatched)]
    students = {student.external_id for student in records(edfi_readings, RosterStudent)}

    assert len(unmatched) == 926
    assert not {reading.record.student_external_id for reading in unmatched} & students


def test_a_student_comes_with_legal_and_preferred_names_and_the_line_of_the_entry(edfi_readings, shared_data):
    first = next(
        found for found in edfi_readings if isinstance(getattr(found, "record", None), RosterStudent)
    )
    lines = (shared_data / "edfi-grand-bend" / first.file).read_text().splitlines()

    assert (first.file, first.line) == ("Student.xml", 3)
    assert lines[first.line - 1].strip() == "<Student>"
    assert first.record.external_id == "edfi:604821"
    assert (first.record.name.given, first.record.name.preferred_given) == ("Tyrone", "Ty")
    assert first.record.birth_date == date(2014, 11, 13)
    with_suffix = [student for student in records(edfi_readings, RosterStudent) if student.name.suffix]
    assert len(with_suffix) == 8


def test_a_contact_keeps_what_the_link_says_about_this_student(edfi_readings):
    contacts = records(edfi_readings, RosterContact)
    guardian = [contact for contact in contacts if contact.legal_guardian is not None]

    assert [(contact.student_external_id, contact.legal_guardian) for contact in guardian] == [
        ("edfi:605460", True)
    ]
    assert Counter(contact.relation for contact in contacts) == {"father": 490, "mother": 456}
    assert all(contact.addresses[0].city == "Grand Bend" for contact in contacts)
    assert {contact.lives_with for contact in contacts} <= {True, False, None}


def test_a_participation_keeps_its_end_and_the_facts_in_the_sources_words(edfi_readings):
    participations = records(edfi_readings, RosterParticipation)
    special = [found for found in participations if found.special_education]
    (under_504,) = [found for found in participations if found.section_504]

    assert len(special) == 51
    assert len({found.key for found in participations}) == 52
    assert sum(found.end_on is not None for found in special) == 19
    assert sum(found.special_education.exit_on is not None for found in special) == 13
    assert {found.begin_on for found in special} == {date(2021, 8, 30)}
    assert {found.special_education.iep_begins_on for found in special} == {date(2021, 9, 1)}
    assert sum(bool(found.special_education.disabilities) for found in special) == 14
    hours = [found.special_education.special_education_hours_per_week for found in special]
    assert sorted(hour for hour in hours if hour is not None) == [18, 25, 25, 30]
    assert under_504.section_504 == Section504Facts(
        eligible=True,
        accommodation_plan=False,
        disability="Visual Impairment",
        eligibility_decided_on=date(2021, 11, 2),
        meeting_on=date(2021, 10, 29),
    )


def test_ed_fi_staff_come_with_their_roles_at_their_schools(shared_data):
    readings = list(read_edfi(shared_data / "edfi-grand-bend-more", today=TODAY))
    staff = records(readings, RosterStaff)

    assert len(staff) == 68
    assert Counter(role.role for member in staff for role in member.roles) == {
        "teacher": 55, "principal": 3, "site_administrator": 3, "other": 3, "counselor": 2,
        "system_administrator": 2, "district_administrator": 1,
    }  # fmt: skip
    assert [len(member.roles) for member in staff if len(member.roles) > 1] == [2]
    assert all(role.school_external_id.startswith("edfi:255901") for member in staff for role in member.roles)


def test_one_roster_gives_the_same_students_and_as_many_contacts(edfi_readings, oneroster_readings):
    by_edfi = {student.identifier: student for student in records(edfi_readings, RosterStudent)}
    by_oneroster = {student.identifier: student for student in records(oneroster_readings, RosterStudent)}

    assert by_edfi.keys() == by_oneroster.keys()
    for number, student in by_oneroster.items():
        assert student.birth_date == by_edfi[number].birth_date
        assert student.name.family == by_edfi[number].name.family
    assert (
        len(records(oneroster_readings, RosterContact)) == len(records(edfi_readings, RosterContact)) == 946
    )
    assert len(records(oneroster_readings, RosterStaff)) == 68
    assert Counter(school.kind for school in records(oneroster_readings, RosterSchool)) == {
        "school": 3,
        "district": 1,
    }
    assert [reading for reading in oneroster_readings if isinstance(reading, Refusal)] == []


def test_a_district_is_not_taken_for_a_students_school(oneroster_readings):
    assert {student.school_external_id for student in records(oneroster_readings, RosterStudent)} == {None}


@pytest.mark.parametrize(
    ("folder", "read"), [("edfi-grand-bend", read_edfi), ("oneroster12-grand-bend", read_oneroster)]
)
def test_a_zip_gives_what_the_folder_gives(shared_data, tmp_path, folder, read):
    packed = tmp_path / "set.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((shared_data / folder).iterdir()):
            archive.write(file, file.name)

    assert list(read(packed, today=TODAY)) == list(read(shared_data / folder, today=TODAY))


def test_one_file_alone_is_read_and_its_links_are_left_for_the_roster_to_match(shared_data):
    readings = list(read_edfi(shared_data / "edfi-grand-bend" / "StudentProgram.xml", today=TODAY))

    assert len(records(readings, RosterParticipation)) == 52
    assert not any(isinstance(reading, Unmatched) for reading in readings)


def test_another_source_name_goes_into_every_external_id(shared_data):
    readings = list(read_oneroster(shared_data / "oneroster12-grand-bend", today=TODAY, source="northside"))

    assert all(contact.external_id.startswith("northside:") for contact in records(readings, RosterContact))
    assert all(school.external_id.startswith("northside:") for school in records(readings, RosterSchool))


def test_a_source_name_with_a_colon_is_the_callers_mistake(shared_data):
    with pytest.raises(ValueError, match="source"):
        next(read_edfi(shared_data / "edfi-grand-bend", today=TODAY, source="a:b"))


@pytest.mark.parametrize(
    ("folder", "read"), [("edfi-grand-bend", read_edfi), ("oneroster12-grand-bend", read_oneroster)]
)
def test_progress_runs_from_nothing_to_the_whole(shared_data, folder, read):
    progress = Progress()
    seen = [progress.done for _ in read(shared_data / folder, today=TODAY, progress=progress)]

    assert seen == sorted(seen)
    assert 0 < seen[len(seen) // 2] <= progress.total
    assert progress.done == progress.total > 0


def test_no_reason_names_a_person(edfi_readings, oneroster_readings):
    names = {
        part
        for student in records(edfi_readings, RosterStudent) + records(edfi_readings, RosterContact)
        for part in (student.name.given, student.name.family)
        if len(part) > 3
    }
    spoken = {
        reading.reason for reading in edfi_readings + oneroster_readings if not isinstance(reading, Found)
    }
    assert not {word for reason in spoken for word in reason.split() if word.strip(".,;") in names}
