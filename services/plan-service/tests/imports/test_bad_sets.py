"""What is wrong in a set is named, with file and line, and refused; the rest is brought in, or with all_or_nothing nothing."""

import zipfile
from collections.abc import Callable

import pytest

from plan_service.testing_service import ON_ONE_SERVICE
from plan_service.testing_sets import contacts, interchange, oneroster, student, students, zipped

pytestmark = ON_ONE_SERVICE


def two_students_with_one_id() -> bytes:
    return zipped(
        {"Student.xml": students(student("1"), student("1", "Alan", "2012-03-04"), student("2", "Edsger"))}
    )


def bad_date() -> bytes:
    return zipped(
        {
            "Student.xml": students(student("1", born="2014-02-30"), student("2", "Edsger")),
            "Contact.xml": contacts("2"),
        }
    )


def xml_bomb() -> bytes:
    bomb = (
        '<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n'
        '<InterchangeContact xmlns="http://ed-fi.org/5.2.0">&b;</InterchangeContact>'
    )
    return zipped({"Contact.xml": bomb, "Student.xml": students(student("2", "Edsger"))})


def cut_off_inside() -> bytes:
    """The zip's end is there, and one of its files is damaged."""
    whole = zipped(
        {
            "Contact.xml": contacts(*(str(n) for n in range(200))),
            "Student.xml": students(student("2", "Edsger")),
        },
        packed=zipfile.ZIP_STORED,
    )
    place = whole.index(b"<ContactUniqueId>7")
    return whole[:place] + b"\x00" * 40 + whole[place + 40 :]


def broken_halfway() -> bytes:
    cut = students(student("2", "Edsger"), student("3", "Barbara"))
    return zipped({"Student.xml": cut[: cut.index("<FirstName>Barbara")]})


def wrong_header() -> bytes:
    files = oneroster()
    files["demographics.csv"] = files["demographics.csv"].replace("birthDate", "birthdate")
    return zipped(files)


def duplicate_key() -> bytes:
    files = oneroster()
    files["orgs.csv"] += "o1,,,Another School,school,9002,\n"
    return zipped(files)


def bad_date_of_one() -> bytes:
    files = oneroster()
    files["demographics.csv"] = files["demographics.csv"].replace("2014-05-06", "06.05.2014")
    return zipped(files)


Case = tuple[str, Callable[[], bytes], str, str, int | None, int]
CASES: dict[str, Case] = {
    # format, set, code of the refusal, its file and line, students that are brought in all the same
    "two students with one id": ("edfi", two_students_with_one_id, "duplicate-key", "Student.xml", 3, 1),
    "bad date": ("edfi", bad_date, "bad-date", "Student.xml", 3, 1),
    "XML bomb": ("edfi", xml_bomb, "xml-entities", "Contact.xml", 2, 1),
    "damaged file in a zip": ("edfi", cut_off_inside, "damaged-zip", "Contact.xml", None, 1),
    "XML that breaks off": ("edfi", broken_halfway, "not-well-formed", "Student.xml", None, 1),
    "bad date in CSV": ("oneroster", bad_date_of_one, "bad-date", "demographics.csv", 2, 1),
    "wrong header": ("oneroster", wrong_header, "wrong-header", "demographics.csv", 1, 0),
    "duplicate key": ("oneroster", duplicate_key, "duplicate-key", "orgs.csv", 2, 2),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


async def test_it_is_named_and_refused_and_the_rest_is_brought_in(district, case):
    format, make, code, file, line, kept = case

    job = await district.bring_in(format, make(), name="set.zip")

    print(job["refusals"])
    assert job["refused"] >= 1
    assert (code, file) in {(refusal["code"], refusal["file"]) for refusal in job["refusals"]}
    if line is not None:
        assert line in {refusal["line"] for refusal in job["refusals"] if refusal["code"] == code}
    assert len(await district.resources("student")) == kept
    assert job["status"] == ("done" if job["created"] else "failed")


async def test_with_all_or_nothing_nothing_is_brought_in(district, case):
    format, make, code, file, _, _ = case
    before = await district.events()

    job = await district.bring_in(format, make(), all_or_nothing=True, name="set.zip")

    assert (job["status"], job["created"], job["changed"]) == ("failed", 0, 0)
    assert (code, file) in {(refusal["code"], refusal["file"]) for refusal in job["refusals"]}
    assert await district.events() == before


async def test_a_cut_off_zip_is_named_and_nothing_can_be_used(district, grand_bend):
    whole = zipped({"Student.xml": students(*(student(str(n)) for n in range(100)))})

    job = await district.bring_in("edfi", whole[:-60], name="../../my set.zip")

    assert (job["status"], job["created"]) == ("failed", 0)
    (refusal,) = job["refusals"]
    assert (refusal["code"], refusal["file"], refusal["line"]) == ("damaged-zip", "my set.zip", None)
    assert "send it whole" in refusal["reason"]


async def test_refusals_are_counted_all_and_kept_to_a_thousand(district):
    rows = [student(str(n), born="tomorrow") for n in range(1_200)]

    job = await district.bring_in("edfi", {"Student.xml": students(*rows, student("x"))})

    assert (job["status"], job["refused"], job["created"]) == ("done", 1_200, 1)
    assert len(job["refusals"]) == 1_000


async def test_what_is_no_set_at_all_fails_and_says_so(district):
    for body in (b"hello", b"PK\x03\x04", b"\x00" * 100, interchange("Nothing").encode()):
        job = await district.bring_in("edfi", body)
        assert (job["status"], job["created"]) == ("failed", 0)
        assert job["refused"] == len(job["refusals"]) == 1


async def test_no_refusal_and_no_job_shows_a_name_or_a_birth_date(district):
    job = await district.bring_in("edfi", two_students_with_one_id())

    assert not any(
        word in str(job) for word in ("Ada", "Alan", "Edsger", "Example", "2012-03-04", "2014-05-06")
    )
