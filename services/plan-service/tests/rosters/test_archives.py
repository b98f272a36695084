"""Zips as they come: cut off, locked, twice the same name, made to burst. Nothing is unpacked to disk."""

import io
import warnings
import zipfile
from datetime import date

import pytest

from plan_service.adapters.rosters import Found, Ignored, Limits, Refusal, read_edfi, read_oneroster

TODAY = date(2026, 11, 24)


def packed(members, compression=zipfile.ZIP_DEFLATED):
    """A zip of (name, content) pairs."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same name twice is what some tests are about
        for name, content in members:
            archive.writestr(name, content)
    return whole.getvalue()


@pytest.fixture
def read(tmp_path):
    def read_zip(content, limits=None, name="set.zip"):
        (tmp_path / name).write_bytes(content)
        return list(read_edfi(tmp_path / name, today=TODAY, limits=limits or Limits()))

    return read_zip


@pytest.fixture
def student_xml(edfi):
    return edfi.interchange("Student", *(edfi.student(str(number)) for number in range(1, 400)))


def codes(readings):
    return [(reading.file, reading.code) for reading in readings if isinstance(reading, Refusal)]


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_off_zip_is_refused_by_name(read, student_xml, kept):
    whole = packed([("Student.xml", student_xml)])

    assert codes(read(whole[: int(len(whole) * kept)])) == [("set.zip", "damaged-zip")]


def test_a_member_damaged_inside_gives_what_can_be_read_of_it_and_the_other_files(read, edfi, student_xml):
    damaged = bytearray(
        packed(
            [("A.xml", student_xml), ("B.xml", edfi.interchange("Student", edfi.student("1000")))],
            zipfile.ZIP_STORED,
        )
    )
    damaged[damaged.index(b"<StudentUniqueId>350<") + 18] = ord("x")
    readings = read(bytes(damaged))

    assert codes(readings) == [("A.xml", "damaged-zip")]
    assert {found.file for found in readings if isinstance(found, Found)} == {"A.xml", "B.xml"}


def test_a_zip_is_known_by_its_content_not_its_name(read, student_xml):
    readings = read(packed([("Student.xml", student_xml)]), name="upload")

    assert sum(isinstance(reading, Found) for reading in readings) == 399


@pytest.mark.parametrize(
    "name", ["../Student.xml", "/etc/Student.xml", "a/../../Student.xml", "C:/Student.xml", "..\\S.xml"]
)
def test_a_path_out_of_the_zip_is_refused_and_nothing_written(read, student_xml, tmp_path, name):
    readings = read(packed([(name, student_xml), ("Good.xml", student_xml)]))

    assert [code for _, code in codes(readings)] == ["unsafe-path"]
    assert sum(isinstance(reading, Found) for reading in readings) == 399
    assert [found.name for found in tmp_path.iterdir()] == ["set.zip"]


def test_a_member_that_would_burst_is_refused_unread(read, student_xml):
    bomb = student_xml.encode() + b" " * 20_000_000
    readings = read(packed([("Bomb.xml", bomb), ("Student.xml", student_xml)]), Limits(ratio=30))

    assert codes(readings) == [("Bomb.xml", "zip-bomb")]


def test_a_zip_that_would_burst_as_a_whole_is_refused_unread(read):
    bomb = packed([(f"{number}.xml", b" " * 30_000_000) for number in range(10)])

    assert codes(read(bomb)) == [("set.zip", "zip-bomb")]


def test_too_many_and_too_large_files_are_refused(read, edfi):
    small = edfi.interchange("Student", edfi.student())
    members = [(f"{number}.xml", small) for number in range(4)]

    assert codes(read(packed(members), Limits(files=3))) == [("set.zip", "too-many-files")]
    assert codes(read(packed(members), Limits(set_bytes=1000))) == [("set.zip", "too-large")]
    large = read(packed([("A.xml", small), ("B.xml", small * 20)]), Limits(file_bytes=2000))
    assert codes(large) == [("B.xml", "too-large")]
    assert isinstance(large[-1], Found)


def test_one_name_twice_in_a_zip_is_refused_both_times(read, edfi):
    readings = read(
        packed(
            [
                (name, edfi.interchange("Student", edfi.student(id)))
                for name, id in [("A.xml", "1"), ("A.xml", "2")]
            ]
        )
    )

    assert codes(readings) == [("A.xml", "duplicate-file"), ("A.xml", "duplicate-file")]


def test_a_locked_member_and_an_uncommon_packing_are_refused(read, student_xml):
    locked = bytearray(packed([("Student.xml", student_xml)]))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + offset] |= 1

    assert codes(read(bytes(locked))) == [("Student.xml", "locked-zip")]
    assert codes(read(packed([("S.xml", student_xml)], zipfile.ZIP_LZMA))) == [("S.xml", "uncommon-zip")]


def test_an_empty_zip_has_nothing_to_read(read):
    assert codes(read(packed([]))) == [("set.zip", "nothing-to-read")]


def test_what_a_file_manager_leaves_in_a_zip_is_passed_over(read, student_xml):
    readings = read(
        packed(
            [
                ("roster/Student.xml", student_xml),
                ("__MACOSX/._Student.xml", b"\0"),
                ("roster/.DS_Store", b"\0"),
            ]
        )
    )

    assert all(isinstance(reading, Found) for reading in readings)
    assert readings[0].file == "roster/Student.xml"


def test_a_one_roster_zip_may_stand_in_one_folder_but_holds_each_file_once(oneroster, tmp_path):
    files = oneroster.files()
    (tmp_path / "set.zip").write_bytes(
        packed([(f"export/{name}", content) for name, content in files.items()])
    )
    readings = list(read_oneroster(tmp_path / "set.zip", today=TODAY))

    assert all(isinstance(reading, Found) for reading in readings)
    assert len(readings) == 4

    twice = [(f"export/{name}", content) for name, content in files.items()] + [
        ("users.csv", files["users.csv"])
    ]
    (tmp_path / "set.zip").write_bytes(packed(twice))
    readings = list(read_oneroster(tmp_path / "set.zip", today=TODAY))
    assert codes(readings) == [
        ("export/users.csv", "duplicate-file"),
        ("users.csv", "duplicate-file"),
        ("users.csv", "missing-file"),
    ]
    assert sum(isinstance(reading, Ignored) for reading in readings) == 4
