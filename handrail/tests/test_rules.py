"""`handrail rules`: a profile that is good takes one line, one that is not says everything that is wrong with it."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from handrail.main import app

NEW_STATE = """\
[profile]
id = "zz"
version = "2026-1"
floor = "federal@2026-1"
in_force_from = 2026-07-01
verified = false

[rule."idea.transition-16"]
age = 14
cite = "Stat. 1.2"
check = true
"""
# As law.md section 7 gives it.
TEXAS = """\
[profile]
id = "tx"
version = "2025-2"
floor = "federal@2026-1"
in_force_from = 2025-07-01
as_of = 2024-12-27            # age of the source text
verified = false
majority_age = 18
rights_transfer = true
[rule."idea.evaluation-60"]
due = { count = 45, kind = "school" }
ends_at = "evaluation_completed"   # CA: "meeting_held"; MA: "plan_proposed"
extends = ["absence>=3"]
cite = "TEC 29.004"
[rule."idea.pwn-before"]
due = { count = -5, kind = "school" }
waivable_by = "rights_holder"
silence = "no_consent"             # MN: "proceed_after_14c", never for initial
[rule."idea.transition-16"]
age = 14
[rule."idea.partial-consent"]
enabled = false                    # MA: true
"""


def check(file: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["rules", "check", str(file), *more])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "zz-2026-1.toml"


def test_a_good_profile_takes_one_line(file):
    file.write_text(NEW_STATE)

    done = check(file)

    assert done.exit_code == 0
    assert done.stdout == (
        "valid: federal@2026-1+zz@2026-1, from 2026-07-01, 1 rule, 1 uncertain, not verified by counsel\n"
    )


def test_the_example_of_the_rules_of_the_field_is_a_good_profile(file):
    file.write_text(TEXAS)

    assert check(file).exit_code == 0


def test_another_profile_of_a_shipped_name_and_rules_without_a_law_are_told(file):
    file.write_text(TEXAS)

    said = check(file).stdout

    assert "A profile of this name is shipped and says something else." in said
    assert 'rule."idea.transition-16": It names no law of the state.' in said
    shipped = Path(str(files("contracts") / "profiles" / "tx-2025-2.toml"))
    assert "A profile of this name" not in check(shipped).stdout


def test_everything_that_is_wrong_is_said_with_its_line_and_what_to_do(file):
    file.write_text(NEW_STATE.replace("age = 14", "age = 17") + '[rule."idea.iep-30"]\nenabled = false\n')

    done = check(file)

    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f'{file}: line 9, rule."idea.transition-16".age: 17 is later than 16 in idea.transition-16 of federal@2026-1,'
        " 34 CFR 300.320(b). 16 at the latest.",
        f'{file}: line 13, rule."idea.iep-30".enabled: false switches off idea.iep-30 of federal@2026-1,'
        " 34 CFR 300.323(c)(1), which holds everywhere. Take the line out, or keep to the floor.",
    ]


def test_a_program_gets_the_same_as_json(file):
    file.write_text(NEW_STATE.replace("age = 14", "age = 17"))

    done = check(file, "--json")

    found = json.loads(done.stdout)
    assert (done.exit_code, found["valid"], found["rule_set"]) == (1, False, None)
    assert [(fault["line"], fault["field"]) for fault in found["faults"]] == [
        (9, 'rule."idea.transition-16".age')
    ]
    file.write_text(NEW_STATE)
    good = json.loads(check(file, "--json").stdout)
    assert good == {
        "rule_set": "federal@2026-1+zz@2026-1",
        "valid": True,
        "faults": [],
        "not_decided": [],
    }


def test_of_a_good_profile_it_is_told_what_no_decision_asks_for(file):
    file.write_text(
        NEW_STATE + '[rule."idea.iep-30"]\ndue = { count = 20, kind = "calendar" }\ncite = "Stat. 3"\n'
    )

    done = check(file)

    assert done.exit_code == 0
    assert done.stdout.splitlines()[1:] == [
        f'{file}: line 13, rule."idea.iep-30".due: No decision asks for it. It is kept for findings.'
    ]


def test_a_file_that_is_not_text_is_a_fault_of_the_file(file):
    file.write_bytes(b'[profile]\nid = "\xff"\n')

    done = check(file)

    assert (done.exit_code, done.stdout) == (
        1,
        f"{file}: line 2, the file: This is not UTF-8. Save it as UTF-8.\n",
    )


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path):
    for missing in (tmp_path / "nothing.toml", tmp_path):
        done = check(missing)

        assert done.exit_code == 2
        assert done.stderr.startswith(f"{missing} cannot be read: ")
        assert done.stdout == ""


def test_what_is_shipped_is_listed_by_the_names_a_district_may_give():
    done = CliRunner().invoke(app, ["rules", "list"])
    rows = json.loads(CliRunner().invoke(app, ["rules", "list", "--json"]).stdout)

    assert done.exit_code == 0
    assert (
        "federal@2026-1+tx@2025-2, from 2025-07-01, 6 rules, 1 uncertain, not verified by counsel"
        in done.stdout
    )
    assert {"federal@2026-1", "federal@2026-1+ma@2026-1"} <= {row["rule_set"] for row in rows}
    assert all(row["verified"] is False for row in rows)
