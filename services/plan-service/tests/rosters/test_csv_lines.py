"""Lines of a CSV file: quoted line breaks, stray quotation marks, wrong bytes. Only the row at fault is lost."""

import pytest

from plan_service.adapters.rosters import Found, Refusal, RosterSchool


def read_orgs(oneroster, *rows, ending="\n", prefix=b""):
    header = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
    content = prefix + ending.join((header, *rows, "")).encode("utf-8", "surrogateescape")
    readings = oneroster.read(
        {
            "manifest.csv": oneroster.manifest(roles="absent", demographics="absent", users="absent"),
            "orgs.csv": content,
            "roles.csv": None,
            "demographics.csv": None,
            "users.csv": None,
        }
    )
    schools = [
        (found.line, found.record.name)
        for found in readings
        if isinstance(found, Found) and isinstance(found.record, RosterSchool)
    ]
    refusals = [(found.line, found.code) for found in readings if isinstance(found, Refusal)]
    return schools, refusals


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
def test_rows_have_the_lines_an_editor_shows(oneroster, ending, prefix):
    rows = [
        "o1,,,One,school,,",
        f'o2,,,Two,school,,"in two{ending}halves"',
        "",
        "o3,,,Three,school,,",
        "o4,,,,school,,",
    ]
    schools, refusals = read_orgs(oneroster, *rows, ending=ending, prefix=prefix)

    assert schools == [(2, "One"), (3, "Two"), (6, "Three")]
    assert refusals == [(7, "missing-value")]


def test_quotation_marks_inside_a_cell_are_doubled(oneroster):
    schools, refusals = read_orgs(oneroster, 'o1,,,"The ""Big"" School, East",school,,')

    assert schools == [(2, 'The "Big" School, East')]
    assert refusals == []


def test_a_quotation_mark_in_the_middle_of_a_bare_cell_is_itself(oneroster):
    assert read_orgs(oneroster, 'o1,,,5" School,school,,') == ([(2, '5" School')], [])


@pytest.mark.parametrize(
    "stray", ['o2,,,"Two,school,,', 'o2,,,"Two" East,school,,', 'o2,,,Two,school,,"', '"o2,,,Two,school,,']
)
def test_a_stray_quotation_mark_costs_one_row(oneroster, stray):
    schools, refusals = read_orgs(
        oneroster, "o1,,,One,school,,", stray, 'o3,,,"Three, East",school,,', "o4,,,Four,school,,"
    )

    assert schools == [(2, "One"), (4, "Three, East"), (5, "Four")]
    assert refusals == [(3, "stray-quote")]


def test_two_stray_quotation_marks_do_not_swallow_the_rows_between(oneroster):
    schools, refusals = read_orgs(
        oneroster, 'o1,,,"One,school,,', "o2,,,Two,school,,", 'o3,,,Three",school,,', "o4,,,Four,school,,"
    )

    assert [line for line, _ in schools] == [3, 4, 5]
    assert refusals == [(2, "stray-quote")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("o2,,,Caf\udce9,school,,", "not-utf-8"),
        ("o2,,,Two\0,school,,", "control-character"),
        ("o2,,,Two\x07,school,,", "control-character"),
        ("o2,,," + "x" * 201 + ",school,,", "too-long"),
        ("o2,,," + "x" * 300_000 + ",school,,", "too-long"),
        ("o2,,,Two,school,,,", "wrong-cells"),
    ],
)
def test_a_row_with_what_cannot_be_kept_is_refused_alone(oneroster, row, code):
    schools, refusals = read_orgs(oneroster, "o1,,,One,school,,", row, "o3,,,Three,school,,")

    assert schools == [(2, "One"), (4, "Three")]
    assert refusals == [(3, code)]


def test_what_stands_in_a_column_of_no_use_harms_nothing(oneroster):
    schools, refusals = read_orgs(
        oneroster, "o1,,,One,school,," + "p" * 5000, 'o2,,,Two,school,,"line\nbreak\x07"'
    )

    assert schools == [(2, "One"), (3, "Two")]
    assert refusals == []


def test_a_last_line_without_its_end_counts_and_one_cut_off_is_refused(oneroster):
    schools, refusals = read_orgs(oneroster, "o1,,,One,school,,", "o2,,,Tw")

    assert schools == [(2, "One")]
    assert refusals == [(3, "wrong-cells")]


def test_a_utf_16_file_is_refused_with_what_to_do(oneroster):
    whole = oneroster.files()["orgs.csv"].encode("utf-16")
    readings = oneroster.read({"orgs.csv": whole})
    (refusal,) = [found for found in readings if isinstance(found, Refusal) and found.file == "orgs.csv"]

    assert (refusal.line, refusal.code) == (1, "not-utf-8")


def test_an_empty_file_is_refused(oneroster):
    readings = oneroster.read({"orgs.csv": b""})

    assert [(found.file, found.code) for found in readings if isinstance(found, Refusal)] == [
        ("orgs.csv", "empty-file")
    ]
