"""Rules about the district's calendar, and who works and learns where."""

from datetime import date
from typing import Any

import pytest

from contracts.district import DistrictProfileSet, RoleHeld, SchoolYear, StaffPersonalData
from contracts.problems import Invalid
from contracts.rule_profile import RuleSetNotShipped
from contracts.shipped_profiles import shipped_profiles
from contracts.students import StudentPersonalData
from contracts.testing import an_id
from plan_service.domain.district import District, evolve, first_profile, set_profile
from plan_service.domain.identity import DescribeStudent, Enrol, describe_student, enrol, withdraw
from plan_service.domain.rules import rules_of
from plan_service.domain.staff import DescribeStaff, Staff, describe_staff, end_staff
from plan_service.domain.staff import evolve as evolve_staff
from plan_service.testing_people import STUDENT, TODAY, given, registered

KNOWN = shipped_profiles()
TEXAS, CALIFORNIA = "federal@2026-1+tx@2025-2", "federal@2026-1+ca@2026-1"
YEAR: dict[str, Any] = {"first_on": date(2025, 8, 25), "last_on": date(2026, 6, 12)}


def profile(*years: SchoolYear, **fields: Any) -> DistrictProfileSet:
    complete: dict[str, Any] = {
        "effective_on": TODAY, "name": "Lakeside", "time_zone": "America/Chicago", "state_profile": "federal@2026-1",
        "languages": ("en",), "partial_consent": False, "notice_days": 5, "mailing_days": 3, "calendar": years,
    }  # fmt: skip
    return DistrictProfileSet(**complete | fields)


def codes(refusal: Any) -> set[str]:
    return {reason.code for reason in refusal.value.reasons}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"last_on": date(2025, 8, 24)}, "ends-before-it-begins"),
        ({"last_on": date(2027, 6, 12)}, "school-year-too-long"),
        ({"weekdays": ()}, "no-weekdays"),
        ({"days_off": (date(2026, 7, 4),)}, "day-outside-school-year"),
        ({"half_days": (date(2025, 8, 1),)}, "day-outside-school-year"),
        ({"days_off": (date(2025, 12, 19),), "half_days": (date(2025, 12, 19),)}, "day-off-and-half-day"),
        ({"half_days": (date(2025, 12, 20),)}, "half-day-without-school"),
        ({"closures": (date(2026, 1, 14),)}, "closure-not-off"),
        (
            {"terms": ({"name": "Fall", "first_on": "2025-08-01", "last_on": "2025-12-19"},)},
            "term-outside-school-year",
        ),
        (
            {
                "terms": (
                    {"name": "Fall", "first_on": "2025-08-25", "last_on": "2025-12-19"},
                    {"name": "Spring", "first_on": "2025-12-19", "last_on": "2026-06-12"},
                )
            },
            "terms-overlap",
        ),
    ],
)
def test_a_school_year_does_not_contradict_itself(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        set_profile(District(), profile(SchoolYear(**YEAR | fields)), KNOWN)

    assert codes(refusal) == {code}


def test_school_years_follow_one_another() -> None:
    next_year = SchoolYear(first_on=date(2026, 6, 12), last_on=date(2027, 6, 11))

    with pytest.raises(Invalid) as refusal:
        set_profile(District(), profile(next_year, SchoolYear(**YEAR)), KNOWN)

    assert codes(refusal) == {"school-years-overlap"}
    assert refusal.value.reasons[0].pointer == "/calendar/0/first_on"


def test_setting_the_same_profile_once_more_is_nothing() -> None:
    (event,) = set_profile(District(), profile(SchoolYear(**YEAR)), KNOWN)

    assert set_profile(evolve(District(), event), profile(SchoolYear(**YEAR)), KNOWN) == []
    assert set_profile(evolve(District(), event), profile(SchoolYear(**YEAR), notice_days=10), KNOWN)


@pytest.mark.parametrize("name", ["tx@2025-2", "federal@2026-1+atlantis@2026-1", "federal@1999-1"])
def test_rules_nobody_knows_are_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        set_profile(District(), profile(state_profile=name), KNOWN)

    (reason,) = refusal.value.reasons
    assert (reason.code, reason.pointer) == ("unknown-state-profile", "/state_profile")
    assert "federal@2026-1+tx@2025-2" in str(reason.cure)


def test_a_district_is_under_rules_only_from_the_day_they_are_in_force() -> None:
    early, first = date(2025, 6, 30), date(2025, 7, 1)
    with pytest.raises(Invalid) as refusal:
        set_profile(District(), profile(state_profile=TEXAS, effective_on=early), KNOWN)

    assert codes(refusal) == {"state-profile-not-in-force"}
    assert set_profile(District(), profile(state_profile=TEXAS, effective_on=first), KNOWN)


def test_a_district_does_not_take_away_the_consent_in_part_that_its_state_gives() -> None:
    with pytest.raises(Invalid) as refusal:
        set_profile(District(), profile(state_profile=CALIFORNIA), KNOWN)

    (reason,) = refusal.value.reasons
    assert (reason.code, reason.pointer) == ("partial-consent-is-state-law", "/partial_consent")
    assert str(reason.citation).startswith("Educ. Code 56346")
    assert set_profile(District(), profile(state_profile=CALIFORNIA, partial_consent=True), KNOWN)


@pytest.mark.parametrize(("name", "in_part"), [(None, False), (TEXAS, False), (CALIFORNIA, True)])
def test_a_district_that_has_said_nothing_begins_with_what_its_state_sets(
    name: str | None, in_part: bool
) -> None:
    begun = first_profile("Lakeside", "America/Chicago", name, TODAY, KNOWN)

    assert (begun.state_profile, begun.partial_consent) == (name or "federal@2026-1", in_part)
    assert set_profile(District(), begun, KNOWN) == [begun]


def test_an_old_profile_under_rules_that_are_not_shipped_any_more_still_folds() -> None:
    old = profile(state_profile="federal@2019-1+xx@2019-1", effective_on=date(2020, 1, 1), notice_days=7)
    district = evolve(evolve(District(), old), profile())
    then = district.profiles.on(date(2021, 3, 1))

    assert (then.rule_set, then.notice_days) == ("federal@2019-1+xx@2019-1", 7)
    assert district.profiles.on(TODAY).rule_set == "federal@2026-1"


def test_nothing_is_decided_by_numbers_that_nobody_knows() -> None:
    old = profile(state_profile="federal@2019-1", effective_on=date(2020, 1, 1))

    with pytest.raises(RuleSetNotShipped, match="federal@2019-1"):
        rules_of(evolve(District(), old).profiles.on(TODAY), TODAY, KNOWN)


def test_a_student_was_born_before_today_and_not_a_century_ago() -> None:
    for born in (date(2026, 4, 21), date(1926, 4, 20)):
        personal = StudentPersonalData(given_name="A", family_name="B", birth_date=born)
        with pytest.raises(Invalid):
            describe_student(given(), DescribeStudent(STUDENT, personal, TODAY))


def test_a_later_enrolment_takes_the_place_of_the_one_before() -> None:
    student = given(registered())
    first = given(*enrol(student, Enrol(an_id("one"), "grade_9", date(2024, 8, 26))), start=student)
    second = given(*enrol(first, Enrol(an_id("two"), "grade_10", date(2025, 8, 25))), start=first)

    assert second.enrolment is not None
    assert second.enrolment.school_id == an_id("two")
    assert enrol(second, Enrol(an_id("two"), "grade_10", TODAY)) == []


def test_a_student_leaves_once_and_not_before_they_came() -> None:
    student = given(registered())
    there = given(*enrol(student, Enrol(an_id("one"), None, date(2024, 8, 26))), start=student)
    gone = given(*withdraw(there, date(2026, 1, 5)), start=there)

    assert withdraw(gone, date(2026, 1, 5)) == []
    with pytest.raises(Invalid):
        withdraw(there, date(2024, 8, 26))


def test_nobody_is_enrolled_before_they_are_born() -> None:
    with pytest.raises(Invalid):
        enrol(given(registered()), Enrol(an_id("one"), None, date(2008, 3, 3)))


def staff(*roles: RoleHeld) -> DescribeStaff:
    personal = StaffPersonalData(given_name="Carol", family_name="Roe")
    return DescribeStaff(an_id("carol"), personal, TODAY, roles)


def test_a_role_ends_after_it_begins() -> None:
    with pytest.raises(Invalid):
        describe_staff(Staff(), staff(RoleHeld(role="counselor", starts_on=TODAY, ends_on=date(2026, 4, 19))))


def test_somebody_who_left_may_come_back() -> None:
    (came,) = describe_staff(Staff(), staff())
    there = evolve_staff(Staff(), came)
    (left,) = end_staff(there, an_id("carol"), date(2026, 4, 1))
    gone = evolve_staff(there, left)

    assert not gone.works_on(TODAY)
    assert describe_staff(there, staff()) == []
    assert evolve_staff(gone, describe_staff(gone, staff())[0]).works_on(TODAY)


def test_a_change_of_details_does_not_bring_back_who_is_about_to_leave() -> None:
    (came,) = describe_staff(Staff(), staff())
    there = evolve_staff(Staff(), came)
    leaving = evolve_staff(there, end_staff(there, an_id("carol"), date(2026, 7, 1))[0])
    (changed,) = describe_staff(leaving, staff(RoleHeld(role="counselor", starts_on=TODAY)))

    assert evolve_staff(leaving, changed).ended_on == date(2026, 7, 1)
