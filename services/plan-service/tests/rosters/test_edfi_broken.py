"""Ed-Fi files that are cut off, broken, hostile or something else: named with their line, what is sound is still read."""

import tracemalloc

import pytest

from plan_service.adapters.rosters import Found, Ignored, Refusal, RosterStudent

BILLION_LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE lolz [
  <!ENTITY a "aaaaaaaaaa">
  <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
  <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
]>
<InterchangeStudent xmlns="http://ed-fi.org/5.2.0"><Student>&c;</Student></InterchangeStudent>
"""
FETCHED = """<?xml version="1.0"?>
<!DOCTYPE InterchangeStudent [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<InterchangeStudent xmlns="http://ed-fi.org/5.2.0"><Student>&secret;</Student></InterchangeStudent>
"""
FETCHED_DTD = """<!DOCTYPE InterchangeStudent SYSTEM "http://127.0.0.1:9/x.dtd">
<InterchangeStudent xmlns="http://ed-fi.org/5.2.0"/>
"""


def refused(readings):
    return [
        (reading.file, reading.line, reading.code) for reading in readings if isinstance(reading, Refusal)
    ]


def students(readings):
    return [
        reading.record.identifier
        for reading in readings
        if isinstance(reading, Found) and isinstance(reading.record, RosterStudent)
    ]


@pytest.mark.parametrize("hostile", [BILLION_LAUGHS, FETCHED, FETCHED_DTD])
def test_entity_bombs_and_fetched_entities_are_refused_unread(edfi, hostile):
    readings = edfi.read({"Student.xml": hostile, "More.xml": edfi.interchange("Student", edfi.student())})

    assert [(file, code) for file, _, code in refused(readings)] == [("Student.xml", "xml-entities")]
    assert students(readings) == ["1"]


def test_what_stands_before_the_break_is_read_and_the_break_is_named_with_its_line(edfi):
    whole = edfi.interchange("Student", edfi.student("1"), edfi.student("2"), edfi.student("3"))
    readings = edfi.read({"Student.xml": whole.replace("<StudentUniqueId>3</StudentUniqueId>", "<Student<")})

    assert students(readings) == ["1", "2"]
    assert refused(readings) == [("Student.xml", 5, "not-well-formed")]


def test_a_file_cut_off_in_the_middle_gives_what_it_holds_and_says_so(edfi):
    whole = edfi.interchange("Student", edfi.student("1"), edfi.student("2"))
    readings = edfi.read({"Student.xml": whole[: whole.index("<StudentUniqueId>2") + 5]})

    assert students(readings) == ["1"]
    assert refused(readings) == [("Student.xml", 4, "not-well-formed")]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_are_counted_alike_with_either_line_ending_and_a_byte_order_mark(edfi, ending):
    whole = edfi.interchange("Student", edfi.student("1"), "", edfi.student("2", born="x"))
    readings = edfi.read({"Student.xml": b"\xef\xbb\xbf" + whole.replace("\n", ending).encode()})

    assert students(readings) == ["1"]
    assert refused(readings) == [("Student.xml", 5, "bad-date")]


def test_bytes_that_are_not_utf_8_end_the_reading_at_their_line(edfi):
    whole = edfi.interchange("Student", edfi.student("1"), edfi.student("2", given="Ren\xe9"))
    readings = edfi.read({"Student.xml": whole.encode("latin-1")})

    assert students(readings) == ["1"]
    assert refused(readings) == [("Student.xml", 4, "not-well-formed")]


def test_another_encoding_is_read_when_the_file_declares_it(edfi):
    whole = edfi.interchange("Student", edfi.student(given="Ren\xe9")).replace("UTF-8", "ISO-8859-1")
    readings = edfi.read({"Student.xml": whole.encode("latin-1")})

    assert [found.record.name.given for found in readings] == ["Ren\xe9"]


@pytest.mark.parametrize("encoding", ["rot13", "base64", "utf-7", "undefined", "idna", "no-such"])
def test_an_encoding_nobody_uses_is_refused(edfi, encoding):
    whole = edfi.interchange("Student", edfi.student()).replace("UTF-8", encoding)

    assert [code for _, _, code in refused(edfi.read({"Student.xml": whole}))] == ["not-well-formed"]


@pytest.mark.parametrize(
    ("namespace", "code"),
    [
        ("http://ed-fi.org/4.0.0", "wrong-version"),
        ("http://ed-fi.org/6.0.0", "wrong-version"),
        ("http://example.org/", "wrong-namespace"),
        ("", "wrong-namespace"),
    ],
)
def test_another_version_or_namespace_is_refused_by_name(edfi, namespace, code):
    readings = edfi.read(
        {
            "Contact.xml": edfi.interchange("Contact", edfi.contact(), edfi.link(), namespace=namespace),
            "Student.xml": edfi.interchange("Student", edfi.student()),
        }
    )

    assert refused(readings) == [("Contact.xml", 2, code)]
    assert students(readings) == ["1"]


def test_the_refusal_of_another_version_says_which_it_is_and_which_is_wanted(edfi):
    parents = edfi.interchange("Parent", namespace="http://ed-fi.org/3.3.1-b")
    (refusal,) = edfi.read({"Parent.xml": parents})

    assert "3.3.1-b" in refusal.reason
    assert "5.2" in refusal.reason


@pytest.mark.parametrize(
    "content", [b"", b"   \n", b"sourcedId,status\n", b"\x00" * 2000, b"{}", b"PK nothing"]
)
def test_a_file_that_is_no_xml_is_refused(edfi, content):
    (refusal,) = edfi.read({"Student.xml": content})

    assert isinstance(refusal, Refusal)
    assert refusal.file == "Student.xml"


def test_an_interchange_of_no_use_is_counted_and_an_empty_folder_refused(edfi):
    assert [code for _, _, code in refused(edfi.read({}))] == ["nothing-to-read"]

    calendar, nothing = edfi.read(
        {"EducationOrgCalendar.xml": edfi.interchange("EducationOrgCalendar", "<Session/>")}
    )

    assert isinstance(calendar, Ignored)
    assert nothing.code == "nothing-to-read"


def test_a_tag_that_never_ends_is_given_up_before_it_fills_the_memory(edfi):
    endless = edfi.interchange("Student", edfi.student()).replace(
        "</InterchangeStudent>", '<Student id="' + "x" * 30_000_000
    )
    (edfi.folder / "Student.xml").write_text(endless)
    tracemalloc.start()
    readings = edfi.read({})
    top = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert students(readings) == ["1"]
    assert [code for _, _, code in refused(readings)] == ["too-long"]
    assert top < 5_000_000


def test_elements_without_end_inside_each_other_are_given_up(edfi):
    deep = edfi.interchange("Student", edfi.student(), "<a>" * 100_000)
    readings = edfi.read({"Student.xml": deep})

    assert students(readings) == ["1"]
    assert [code for _, _, code in refused(readings)] == ["too-deep"]
