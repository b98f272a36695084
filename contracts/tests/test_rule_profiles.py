"""The federal floor and the states' profiles: what they say, what they may not say, and on which day it holds."""

from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from contracts.profile_check import Fault, check_profile, not_decided
from contracts.rule_profile import Due, RuleSet, RuleSetNotShipped, resolve
from contracts.shipped_profiles import read_profiles, shipped_profiles

SHIPPED = {file.name: file.read_text() for file in (files("contracts") / "profiles").iterdir()}
DAY = date(2026, 3, 2)
STATES = {"ca": "2026-1", "il": "2026-1", "ma": "2026-1", "mn": "2026-1", "tx": "2025-2"}

HEADING = """\
[profile]
id = "zz"
version = "2026-1"
floor = "federal@2026-1"
verified = false
"""
A_FLOOR = HEADING.replace('"zz"', '"federal"').replace('floor = "federal@2026-1"\n', "")
IEP_30, NOTICE, CLOCK = (f'[rule."idea.{name}"]' for name in ("iep-30", "pwn-before", "evaluation-60"))


def a_state(*lines: str, heading: str = HEADING) -> str:
    return "\n".join((heading, *lines))


def faults(text: str) -> list[Fault]:
    return check_profile(text, shipped_profiles())[1]


def of(state: str) -> RuleSet:
    return resolve(f"federal@2026-1+{state}@{STATES[state]}", DAY, shipped_profiles())


@pytest.mark.parametrize("file", sorted(SHIPPED))
def test_a_shipped_profile_has_nothing_wrong_and_its_files_name_says_which_it_is(file: str) -> None:
    profile, wrong = check_profile(SHIPPED[file], shipped_profiles())

    assert wrong == []
    assert profile is not None
    assert file == f"{profile.profile.id}-{profile.profile.version}.toml"


def test_the_floor_and_five_states_are_shipped() -> None:
    states = (f"federal@2026-1+{state}@{version}" for state, version in STATES.items())
    assert set(shipped_profiles().names) >= {"federal@2026-1", *states}


@pytest.mark.parametrize("name", shipped_profiles().names)
def test_every_rule_in_force_has_its_citation_and_its_severity(name: str) -> None:
    rules = resolve(name, DAY, shipped_profiles()).rules

    assert len(rules) >= 66
    assert [
        rule_id for rule_id, rule in rules.items() if not (rule.cite and rule.severity and rule.trigger)
    ] == []


@pytest.mark.parametrize("file", sorted(SHIPPED))
def test_no_profile_is_called_verified_before_counsel_has_signed(file: str) -> None:
    profile, _ = check_profile(SHIPPED[file], shipped_profiles())

    assert profile is not None
    assert not profile.profile.verified


@pytest.mark.parametrize(
    ("rule_id", "number", "cite"),
    [
        ("idea.evaluation-60", Due(count=60, kind="calendar"), "34 CFR 300.301(c)-(e)"),
        ("idea.reevaluation-3y", Due(count=3, kind="year"), "34 CFR 300.303(b)"),
        ("idea.iep-30", Due(count=30, kind="calendar"), "34 CFR 300.323(c)(1)"),
        ("idea.annual-review", Due(count=1, kind="year"), "34 CFR 300.324(b)(1)"),
        ("idea.majority-notice", Due(count=-1, kind="year"), "34 CFR 300.320(c)"),
        ("idea.missed-reason", Due(count=5, kind="school"), "practice"),
        ("idea.manifestation", Due(count=10, kind="school"), "34 CFR 300.530(e)-(f)"),
        ("idea.surrogate", Due(count=30, kind="calendar"), "34 CFR 300.519(h)"),
        ("rec.inspect", Due(count=45, kind="calendar"), "34 CFR 300.613, 99.10"),
        ("s504.review", Due(count=3, kind="year"), "34 CFR 104.35(d)"),
    ],
)
def test_the_floor_sets_the_federal_number(rule_id: str, number: Due, cite: str) -> None:
    rule = resolve("federal@2026-1", DAY, shipped_profiles()).rule(rule_id)
    assert (rule.due, rule.cite) == (number, cite)


def test_prior_written_notice_has_no_federal_number_but_a_reasonable_time() -> None:
    rule = resolve("federal@2026-1", DAY, shipped_profiles()).rule("idea.pwn-before")
    assert (rule.due, rule.reasonable_time) == (None, True)


def test_transition_is_in_the_plan_at_sixteen_and_rights_may_transfer_at_eighteen() -> None:
    rules = resolve("federal@2026-1", DAY, shipped_profiles())
    assert (rules.rule("idea.transition-16").age, rules.majority_age, rules.rights_transfer) == (16, 18, True)


@pytest.mark.parametrize(
    ("state", "number", "ends_at", "extends", "cite"),
    [
        ("ca", Due(count=60, kind="calendar"), "meeting_held", ("break>5s",), "Educ. Code 56344"),
        ("ma", Due(count=45, kind="school_working"), "plan_proposed", (), "603 CMR 28.05"),
        ("tx", Due(count=45, kind="school"), "evaluation_completed", ("absence>=3",), "TEC 29.004"),
        ("mn", Due(count=30, kind="school"), "evaluation_completed", (), "R. 3525.2550"),
        ("il", Due(count=60, kind="school"), "eligibility_determined", (), "secondary source"),
    ],
)
def test_a_state_has_its_own_evaluation_clock(
    state: str, number: Due, ends_at: str, extends: tuple[str, ...], cite: str
) -> None:
    rule = of(state).rule("idea.evaluation-60")

    assert (rule.due, rule.ends_at, rule.extends) == (number, ends_at, extends)
    assert rule.cite is not None
    assert rule.cite.startswith(cite)
    assert rule.cite.endswith("34 CFR 300.301(c)-(e)")


@pytest.mark.parametrize(
    ("state", "rule_id", "field", "value"),
    [
        ("tx", "idea.pwn-before", "due", Due(count=-5, kind="school")),
        ("tx", "idea.pwn-before", "waivable_by", "rights_holder"),
        ("tx", "idea.pwn-before", "reasonable_time", None),
        ("tx", "idea.referral-answered", "due", Due(count=15, kind="school")),
        ("tx", "idea.transition-16", "age", 14),
        ("tx", "idea.partial-consent", "enabled", False),
        ("ma", "idea.partial-consent", "enabled", True),
        ("ma", "idea.partial-consent", "due", Due(count=30, kind="calendar")),
        ("ma", "idea.partial-consent", "silence", "rejected"),
        ("ma", "idea.transition-16", "age", 14),
        ("ma", "ma.tests-30", "due", Due(count=30, kind="school_working")),
        ("ma", "ma.summaries-2", "due", Due(count=-2, kind="calendar")),
        ("ca", "idea.partial-consent", "enabled", True),
        ("ca", "idea.amendment-agreed", "signed_by", ("rights_holder", "agency")),
        ("ca", "ca.plan-15", "due", Due(count=15, kind="calendar")),
        ("ca", "ca.requested-meeting-30", "due", Due(count=30, kind="calendar")),
        ("mn", "idea.pwn-before", "silence", "proceed_after_14c"),
        ("mn", "idea.transition-16", "grade", 9),
        ("il", "il.in-effect-10", "due", Due(count=10, kind="school")),
        ("il", "il.service-not-begun", "due", Due(count=3, kind="school")),
        ("il", "il.material-3", "due", Due(count=-3, kind="school")),
        ("il", "idea.transition-16", "age", Decimal("14.5")),
    ],
)
def test_a_state_sets_over_the_floor_what_its_law_says(
    state: str, rule_id: str, field: str, value: Any
) -> None:
    assert getattr(of(state).rule(rule_id), field) == value


@pytest.mark.parametrize(
    ("state", "rule_id"),
    [
        ("ca", "idea.partial-consent"), ("ma", "idea.partial-consent"), ("il", "idea.evaluation-60"),
        ("il", "idea.transition-16"), ("ca", "idea.amendment-agreed"),
    ],
)  # fmt: skip
def test_what_is_uncertain_says_so(state: str, rule_id: str) -> None:
    assert of(state).rule(rule_id).check


def test_what_a_state_does_not_set_stays_the_floors() -> None:
    floor = resolve("federal@2026-1", DAY, shipped_profiles())
    assert of("mn").rule("idea.iep-30") == floor.rule("idea.iep-30")
    assert of("mn").rule("idea.transition-16").age == 16


@pytest.mark.parametrize(
    ("line", "rule_id", "said"),
    [
        ("age = 17", "idea.transition-16", "17 is later than 16"),
        ("enabled = false", "idea.pwn-content", "false switches off"),
        ("enabled = false", "idea.initial-consent", "false switches off"),
        ('silence = "proceed_after_14c"', "idea.initial-consent", "takes away consent"),
        ('severity = "L"', "idea.team-complete", "L is less than H"),
        ('due = { count = 31, kind = "calendar" }', "idea.iep-30", "31 calendar days may be more than 30 calendar days"),
        ('due = { count = 30, kind = "school" }', "idea.iep-30", "30 school days may be more than 30 calendar days"),
        ('due = { count = 13, kind = "month" }', "idea.annual-review", "13 months may be more than 1 year"),
        ('due = { count = 11, kind = "calendar" }', "idea.manifestation", "11 calendar days may be more than 10 school days"),
        ('due = { count = -11, kind = "month" }', "idea.majority-notice", "11 months before may be less than 1 year before"),
        ('due = { count = 1, kind = "year" }', "idea.majority-notice", "1 year may be less than 1 year before"),
        ('extends = ["absence>=3"]', "idea.iep-30", "would prolong 30 calendar days"),
        ('waivable_by = "rights_holder"', "idea.initial-consent", "Nobody can waive"),
        ("may_be_longer = true", "idea.iep-30", "Only the floor says"),
    ],
)  # fmt: skip
def test_a_state_never_goes_below_the_floor(line: str, rule_id: str, said: str) -> None:
    (fault,) = faults(a_state(f'[rule."{rule_id}"]', line))

    assert said in fault.what
    assert fault.field == f'rule."{rule_id}".{line.split(" = ")[0]}'
    assert fault.line == 8
    if "floor" not in said:
        assert f"{rule_id} of federal@2026-1, 34 CFR" in fault.what


@pytest.mark.parametrize(
    ("line", "rule_id"),
    [
        ("age = 14", "idea.transition-16"),
        ("enabled = true", "idea.partial-consent"),
        ('due = { count = 25, kind = "calendar" }', "idea.iep-30"),
        ('due = { count = 10, kind = "calendar" }', "idea.manifestation"),
        ('due = { count = 11, kind = "month" }', "idea.annual-review"),
        ('due = { count = -2, kind = "year" }', "idea.majority-notice"),
        ('due = { count = -10, kind = "calendar" }', "idea.pwn-before"),
    ],
)
def test_a_state_may_ask_for_more_than_the_floor(line: str, rule_id: str) -> None:
    assert faults(a_state(f'[rule."{rule_id}"]', line)) == []


def test_only_the_evaluation_clock_may_be_longer() -> None:
    longer = 'due = { count = 90, kind = "school" }'
    extended = 'extends = ["absence>=3"]'

    assert faults(a_state('[rule."idea.evaluation-60"]', longer, extended)) == []
    floor = resolve("federal@2026-1", DAY, shipped_profiles())
    assert [rule_id for rule_id, rule in floor.rules.items() if rule.may_be_longer] == ["idea.evaluation-60"]


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("[profile\n", 1, "the file", "not TOML"),
        (a_state("[rule", heading=HEADING), 7, "the file", "not TOML"),
        (HEADING.replace("verified = false\n", ""), 1, "profile.verified", "is missing"),
        (HEADING.replace('"zz"', '"Zed"'), 2, "profile.id", "should match pattern"),
        (HEADING.replace('"2026-1"\nfloor', '"new"\nfloor'), 3, "profile.version", "should match pattern"),
        (HEADING.replace('floor = "federal@2026-1"\n', ""), 1, "profile.floor", "is missing"),
        (HEADING.replace("federal@2026-1", "federal@1999-1"), 4, "profile.floor", "no federal rules federal@1999-1"),
        (HEADING.replace('"zz"', '"federal"'), 4, "profile.floor", "The floor stands on nothing"),
        (HEADING + "colour = 1\n", 6, "profile.colour", "no such field"),
        (HEADING + "in_force_from = 2026-07-01\nin_force_until = 2026-06-30\n", 7, "profile.in_force_until", "before it begins"),
        (a_state('[rule."idea.transition-15"]', "age = 14"), 7, 'rule."idea.transition-15"', "Was idea.transition-16 meant?"),
        (a_state('[rule."tx.own"]', 'cite = "x"'), 7, 'rule."tx.own"', "no such rule"),
        (a_state('[rule."zz.own"]', 'severity = "M"', 'trigger = "x"'), 7, 'rule."zz.own".cite', "is missing"),
        (a_state(IEP_30, 'due = { count = "30", kind = "calendar" }'), 8, 'rule."idea.iep-30".due.count', "valid integer"),
        (a_state(IEP_30, 'due = { count = 30, kind = "lunar" }'), 8, 'rule."idea.iep-30".due.kind', "'calendar'"),
        (a_state('[rule."idea.iep-30"]', "due == 1"), 8, "the file", "not TOML"),
        (a_state('[rule."idea.iep-30"]', "deu = 1"), 8, 'rule."idea.iep-30".deu', "no such field"),
        (a_state('[rule."idea.transition-16"]', 'age = "14"'), 8, 'rule."idea.transition-16".age', "valid"),
        (a_state(NOTICE, 'due = { count = -5, kind = "business" }'), 8, 'rule."idea.pwn-before".due', "cannot be counted"),
        (a_state(NOTICE, 'due = { count = 5, kind = "school" }'), 8, 'rule."idea.pwn-before".due', "is no notice of it"),
        (a_state(NOTICE, 'due = { count = -9999, kind = "school" }'), 8, 'rule."idea.pwn-before".due.count', "greater than"),
        (A_FLOOR, None, 'rule."idea.annual-review".due', "is missing"),
        (A_FLOOR, 1, "profile.majority_age", "is missing"),
        (a_state(CLOCK, 'due = { count = 60, kind = "business" }'), 8, 'rule."idea.evaluation-60".due', "cannot be counted"),
        (a_state(CLOCK, 'ends_at = "never"'), 8, 'rule."idea.evaluation-60".ends_at', "Nothing here is called never"),
        (a_state(CLOCK, 'extends = ["rain"]'), 8, 'rule."idea.evaluation-60".extends', "rain cannot be counted"),
        (a_state(NOTICE, 'silence = "maybe"'), 8, 'rule."idea.pwn-before".silence', "should match pattern"),
        ("", None, "profile", "is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_profile_is_said_with_its_line(
    text: str, line: int | None, field: str, said: str
) -> None:
    found = faults(text)

    assert (field, line) in {(fault.field, fault.line) for fault in found}
    assert any(said in fault.what for fault in found)


def test_no_state_lets_rights_pass_before_eighteen() -> None:
    _, faults = check_profile(
        a_state('[rule."idea.transition-16"]', "age = 15", heading=HEADING + "majority_age = 12\n"),
        shipped_profiles(),
    )
    assert ["profile.majority_age" in str(fault) for fault in faults] == [True]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = faults(
        a_state('[rule."idea.iep-30"]', "enabled = false", '[rule."idea.transition-16"]', "age = 18")
    )
    assert [fault.line for fault in wrong] == [8, 10]


def test_each_wrong_number_of_a_rule_is_said_once() -> None:
    assert len(faults(a_state('[rule."idea.transition-16"]', 'age = "14"'))) == 1


def test_a_rule_holds_from_its_day_to_its_last_day() -> None:
    from_july = ("in_force_from = 2026-07-01", "in_force_until = 2027-06-30")
    texts = SHIPPED | {"zz.toml": a_state('[rule."idea.transition-16"]', "age = 14", *from_july)}
    profiles = read_profiles(texts.items())

    def age(day: date) -> object:
        return resolve("federal@2026-1+zz@2026-1", day, profiles).rule("idea.transition-16").age

    days = (date(2026, 6, 30), date(2026, 7, 1), date(2027, 6, 30), date(2027, 7, 1))
    assert [age(day) for day in days] == [16, 14, 14, 16]


def test_a_profile_is_in_force_from_its_day_to_its_last_day() -> None:
    days = "in_force_from = 2026-07-01\nin_force_until = 2027-06-30\n"
    profile, _ = check_profile(HEADING + days, shipped_profiles())

    assert profile is not None
    asked = (date(2026, 6, 30), date(2026, 7, 1), date(2027, 6, 30), date(2027, 7, 1))
    assert [profile.in_force_on(day) for day in asked] == [False, True, True, False]


def test_a_state_is_added_by_its_file_alone() -> None:
    text = a_state('[rule."idea.transition-16"]', "age = 15", heading=HEADING + "majority_age = 19\n")
    profiles = read_profiles([*SHIPPED.items(), ("zz-2026-1.toml", text)])
    rules = resolve("federal@2026-1+zz@2026-1", DAY, profiles)

    assert "federal@2026-1+zz@2026-1" in profiles.names
    assert (rules.rule("idea.transition-16").age, rules.majority_age) == (15, 19)


@pytest.mark.parametrize(
    "name", ["tx@2025-2", "federal@2026-1+zz@1", "federal@2020-1", "federal@2020-1+tx@2025-2", ""]
)
def test_rules_that_are_not_shipped_are_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(RuleSetNotShipped, match="federal@2026-1, federal@2026-1\\+ca@2026-1"):
        resolve(name, DAY, shipped_profiles())


def test_a_file_that_is_wrong_is_not_shipped_silently() -> None:
    with pytest.raises(ValueError, match=r"zz-2026-1\.toml: line 8, .*17 is later than 16"):
        read_profiles(
            [*SHIPPED.items(), ("zz-2026-1.toml", a_state('[rule."idea.transition-16"]', "age = 17"))]
        )


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("tx", []),
        ("mn", []),
        ("ca", ["idea.amendment-agreed.signed_by", "ca.plan-15.due"]),
        (
            "ma",
            ["idea.evaluation-60.due", "idea.evaluation-60.ends_at", "ma.tests-30.due", "ma.summaries-2.due"],
        ),
        ("il", ["il.in-effect-10.due", "il.service-not-begun.due", "il.material-3.due"]),
    ],
)
def test_what_a_profile_says_and_no_decision_asks_for_is_told(state: str, expected: list[str]) -> None:
    file = f"{state}-{STATES[state]}.toml"
    profile, _ = check_profile(SHIPPED[file], shipped_profiles())

    assert profile is not None
    told = not_decided(profile, SHIPPED[file])
    assert list(dict.fromkeys(note.field.removeprefix("rule.").replace('"', "") for note in told)) == sorted(
        expected,
        key=lambda name: next(note.line or 0 for note in told if name in note.field.replace('"', "")),
    )
    assert all(note.line and note.cure for note in told)
