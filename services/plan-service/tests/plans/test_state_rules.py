"""What a state's rules change of a decision, and that a plan's past keeps the rules it was decided under."""

from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

import pytest

from contracts.district import DistrictProfileSet, SchoolYear
from contracts.notice_time import school_days_after
from contracts.plan import AmendmentAdopted, PlanAdopted, ReviewHeld
from contracts.rule_profile import Due
from contracts.shipped_profiles import read_profiles, shipped_profiles
from contracts.vocabulary import ConsentDecision, ConsentMethod, PlanKind, ReviewOutcome
from plan_service.domain.adoption import AdoptionRefused, adopt_plan, next_review
from plan_service.domain.amendment import AmendmentRefused, adopt_amendment
from plan_service.domain.notices import notice_standing
from plan_service.domain.plan import Plan
from plan_service.domain.review import HoldReview, hold_review
from plan_service.domain.rules import Profile, Profiles, Rules, profiles_after, rules_of
from plan_service.testing_plans import (
    MOTHER,
    SPEECH,
    TIME,
    TODAY,
    adopt,
    adoption,
    answered,
    draft_opened,
    given,
    ground,
    in_effect,
    meeting,
    notice,
    proposed,
    reported,
)

KNOWN = shipped_profiles()
FEDERAL, TEXAS = "federal@2026-1", "federal@2026-1+tx@2025-2"
YEAR = SchoolYear(
    first_on=date(2025, 8, 25),
    last_on=date(2026, 6, 12),
    days_off=(date(2026, 2, 27), *(date(2026, 3, 30) + timedelta(days=n) for n in range(5))),
    half_days=(date(2026, 2, 25),),
)
NEXT_YEAR = SchoolYear(first_on=date(2026, 8, 24), last_on=date(2027, 6, 11))
SCHOOL_DAYS = Due(count=-5, kind="school")


def under(name: str, day: date = TODAY, **fields: Any) -> Rules:
    """The rules of a district that waits three days of its own."""
    complete: dict[str, Any] = {"notice_days": 3, "calendar": (YEAR, NEXT_YEAR)}
    return rules_of(Profile(date(2025, 8, 1), "UTC", name, **complete | fields), day, KNOWN)


def pending() -> Plan:
    return given(proposed(), start=in_effect())


def standing(given_on: date, rules: Rules, kind: PlanKind = PlanKind.IEP) -> date | None:
    return notice_standing(kind, [MOTHER], [notice(given_on)], rules).earliest


def test_without_a_state_the_numbers_are_the_floors() -> None:
    assert under(FEDERAL, notice_days=0, calendar=()) == Rules()


def test_in_texas_a_change_waits_five_school_days_after_the_notice() -> None:
    # Tuesday; Friday 27 February is off: Wed (half a day counts), Thu, Mon, Tue, Wed.
    assert standing(TODAY, under(TEXAS)) == date(2026, 3, 4)


def test_a_district_that_waits_longer_than_its_state_still_does() -> None:
    assert standing(TODAY, under(TEXAS, notice_days=30)) == TODAY + timedelta(days=30)


def test_over_the_summer_no_school_day_passes() -> None:
    assert standing(date(2026, 6, 11), under(TEXAS)) == date(2026, 8, 27)


def test_where_the_calendar_does_not_reach_nothing_is_taken_for_granted() -> None:
    for calendar in ((), (YEAR,)):
        found = notice_standing(
            PlanKind.IEP, [MOTHER], [notice(date(2026, 6, 9))], under(TEXAS, calendar=calendar)
        )
        assert found.earliest is None
        assert [reason.code for reason in found.unmet] == ["school-calendar-too-short"]


def test_a_section_504_plan_has_no_number_of_days_in_any_state() -> None:
    assert standing(TODAY, under(TEXAS), PlanKind.SECTION_504) == TODAY


def test_the_last_school_day_of_a_calendar_still_counts() -> None:
    assert school_days_after((YEAR,), date(2026, 6, 5), 5) == YEAR.last_on
    assert school_days_after((YEAR,), date(2026, 6, 5), 6) is None


def test_a_state_may_count_calendar_days() -> None:
    rules = replace(under(FEDERAL), state_notice=Due(count=-10, kind="calendar"))
    assert standing(TODAY, rules) == TODAY + timedelta(days=10)


def test_a_refusal_cites_the_states_law_beside_the_federal() -> None:
    with pytest.raises(AmendmentRefused) as refusal:
        adopt_amendment(
            pending(), adoption(effective_on=date(2026, 3, 3)), ground(notice(), rules=under(TEXAS))
        )

    (reason,) = refusal.value.reasons
    assert (reason.code, reason.citation) == (
        "prior-written-notice-required",
        "19 TAC 89.1050; 34 CFR 300.503(a)",
    )


@pytest.mark.parametrize("state", ["ca@2026-1", "ma@2026-1"])
def test_where_the_state_honours_consent_in_part_nothing_changes_without_it(state: str) -> None:
    rules = under(f"{FEDERAL}+{state}")

    with pytest.raises(AmendmentRefused) as refusal:
        adopt_amendment(pending(), adoption(effective_on=date(2026, 3, 6)), ground(notice(), rules=rules))

    reason = refusal.value.reasons[0]
    assert reason.code == "consent-required"
    assert reason.citation == rules.consent_cite
    assert str(reason.citation).endswith("; 34 CFR 300.9")


MASSACHUSETTS, MINNESOTA = f"{FEDERAL}+ma@2026-1", f"{FEDERAL}+mn@2026-1"


def codes(plan: Plan, rules: Rules, **fields: Any) -> list[str]:
    with pytest.raises(AmendmentRefused) as refusal:
        adopt_amendment(plan, adoption(**fields), ground(notice(), rules=rules))
    assert all(reason.citation and reason.cure for reason in refusal.value.reasons)
    return [reason.code for reason in refusal.value.reasons]


def first_day(plan: Plan, rules: Rules, **fields: Any) -> date:
    (event,) = adopt_amendment(plan, adoption(**fields), ground(notice(), rules=rules))
    assert isinstance(event, AmendmentAdopted)
    return event.effective_on


def test_in_massachusetts_each_item_may_be_answered_for_thirty_days() -> None:
    half = given(answered(SPEECH), start=pending())

    assert codes(half, under(MASSACHUSETTS), today=TODAY + timedelta(days=30)) == ["answer-awaited"]


def test_in_massachusetts_silence_for_thirty_days_is_a_rejection() -> None:
    half = given(answered(SPEECH), start=pending())
    late = adoption(today=TODAY + timedelta(days=31))
    (event,) = adopt_amendment(half, late, ground(notice(), rules=under(MASSACHUSETTS)))

    assert isinstance(event, AmendmentAdopted)
    assert ([change.item_id for change in event.changes], event.withheld) == ([SPEECH], (TIME,))


def test_in_massachusetts_nothing_is_waited_for_once_every_item_is_answered() -> None:
    refused_one = given(answered(SPEECH), answered(TIME, decision=ConsentDecision.REFUSED), start=pending())

    assert first_day(refused_one, under(MASSACHUSETTS)) == TODAY + timedelta(days=3)


def test_in_minnesota_silence_lets_a_change_go_on_fourteen_days_after_the_notice() -> None:
    assert first_day(pending(), under(MINNESOTA)) == TODAY + timedelta(days=14)


def test_in_minnesota_who_agrees_in_writing_need_not_wait_for_silence() -> None:
    agreed = given(answered(), start=pending())

    assert first_day(agreed, under(MINNESOTA)) == TODAY + timedelta(days=3)
    oral = given(answered(method=ConsentMethod.ORAL), start=pending())
    assert first_day(oral, under(MINNESOTA)) == TODAY + timedelta(days=14)


def test_in_minnesota_an_objection_stops_the_change() -> None:
    objected = given(answered(TIME, decision=ConsentDecision.REFUSED, counts=True), start=pending())

    assert codes(objected, under(MINNESOTA)) == ["change-objected-to"]


def test_in_minnesota_an_objection_on_the_notice_s_page_is_no_silence() -> None:
    objected = ground(notice(), rules=under(MINNESOTA), objected=True)
    with pytest.raises(AmendmentRefused) as refusal:
        adopt_amendment(pending(), adoption(), objected)
    assert [reason.code for reason in refusal.value.reasons] == ["change-objected-to"]
    agreed = given(answered(), start=pending())
    assert adopt_amendment(agreed, adoption(), objected), "who agrees in writing afterwards lets it go on"


def test_silence_never_stands_for_consent_to_an_initial_placement() -> None:
    refusal = [codes_of_adoption(under(name)) for name in (FEDERAL, MINNESOTA)]

    assert refusal[0] == refusal[1] == ["meeting-required"]


def codes_of_adoption(rules: Rules) -> list[str]:
    with pytest.raises(AdoptionRefused) as refusal:
        adopt_plan(given(draft_opened()), adopt(rules=rules, meeting=None))
    return [reason.code for reason in refusal.value.reasons]


def test_in_texas_who_consents_in_writing_may_let_the_change_begin_at_once() -> None:
    waived = given(answered(waives_time=True), start=pending())

    assert first_day(waived, under(TEXAS)) == TODAY + timedelta(days=3)
    assert first_day(waived, under(TEXAS, notice_days=0)) == TODAY
    assert first_day(given(answered(), start=pending()), under(TEXAS)) == date(2026, 3, 4)


def test_the_time_is_waived_for_every_change_or_for_none() -> None:
    one = given(answered(SPEECH, waives_time=True), answered(TIME), start=pending())

    assert first_day(one, under(TEXAS)) == date(2026, 3, 4)


def test_nobody_waives_the_time_who_does_not_decide_or_does_not_write() -> None:
    for fields in ({"counts": False}, {"method": ConsentMethod.ORAL}):
        said = given(answered(waives_time=True, **fields), start=pending())
        assert first_day(said, under(TEXAS)) == date(2026, 3, 4)


def test_where_the_state_lets_nobody_waive_its_time_a_waiver_changes_nothing() -> None:
    rules = replace(under(TEXAS), waivable=False)
    assert first_day(given(answered(waives_time=True), start=pending()), rules) == date(2026, 3, 4)


def test_a_district_may_honour_consent_in_part_where_its_state_does_not() -> None:
    assert not under(TEXAS).partial_consent
    assert under(TEXAS, partial_consent=True).partial_consent


@pytest.mark.parametrize(
    ("held_on", "due", "expected"),
    [
        (date(2025, 12, 4), Due(count=1, kind="year"), date(2026, 12, 4)),
        (date(2028, 2, 29), Due(count=1, kind="year"), date(2029, 2, 28)),
        (date(2025, 12, 31), Due(count=11, kind="month"), date(2026, 11, 30)),
        (date(2025, 12, 4), Due(count=300, kind="calendar"), date(2026, 9, 30)),
    ],
)
def test_the_next_annual_review_is_due_when_the_rules_say(held_on: date, due: Due, expected: date) -> None:
    assert next_review(held_on, Rules(annual_review=due)) == expected


def test_a_state_that_reviews_sooner_has_its_plans_reviewed_sooner() -> None:
    sooner = Rules(annual_review=Due(count=6, kind="month"))
    (adopted,) = adopt_plan(given(draft_opened()), adopt(rules=sooner))
    (held,) = hold_review(
        in_effect(), HoldReview(ReviewOutcome.CONTINUED, TODAY, sooner, meeting=meeting(TODAY))
    )

    assert isinstance(adopted, PlanAdopted)
    assert adopted.review_due_on == date(2026, 6, 9)
    assert isinstance(held, ReviewHeld)
    assert held.review_due_on == date(2026, 8, 24)


def profile_set(name: str, on: date) -> DistrictProfileSet:
    return DistrictProfileSet(
        effective_on=on, name="Lakeside", time_zone="UTC", state_profile=name, languages=("en",), partial_consent=False,
        notice_days=3, mailing_days=3, calendar=(YEAR, NEXT_YEAR),
    )  # fmt: skip


def test_what_was_decided_is_judged_by_its_own_rules_after_the_district_has_others() -> None:
    profiles = profiles_after(Profiles(), profile_set(TEXAS, date(2025, 8, 1)))
    changed = profiles_after(profiles, profile_set(FEDERAL, date(2026, 3, 1)))

    def first_day(of: Profiles, day: date) -> date:
        rules = rules_of(of.on(day), day, KNOWN)
        (event,) = adopt_amendment(pending(), adoption(), ground(notice(), rules=rules))
        assert isinstance(event, AmendmentAdopted)
        return event.effective_on

    assert first_day(profiles, TODAY) == first_day(changed, TODAY) == date(2026, 3, 4)
    assert first_day(changed, date(2026, 3, 1)) == TODAY + timedelta(days=3)


def test_a_newer_version_of_a_states_rules_leaves_what_the_older_one_judged() -> None:
    text = """
        profile = { id = "zz", version = "2026-%s", floor = "federal@2026-1", verified = false }
        rule."idea.pwn-before".due = { count = -%s, kind = "calendar" }
    """
    floor = (files("contracts") / "profiles" / "federal-2026-1.toml").read_text()
    known = read_profiles(
        [("federal-2026-1.toml", floor), ("zz-1.toml", text % (1, 10)), ("zz-2.toml", text % (2, 20))]
    )
    older, newer = (
        rules_of(Profile(TODAY, "UTC", f"{FEDERAL}+zz@2026-{number}"), TODAY, known) for number in (1, 2)
    )

    assert standing(TODAY, older) == TODAY + timedelta(days=10)
    assert standing(TODAY, newer) == TODAY + timedelta(days=20)


def test_a_fact_reported_late_is_judged_by_the_rules_of_its_day() -> None:
    happened = date(2026, 3, 3)
    at: dict[str, Any] = {"today": date(2026, 4, 20), "reported": reported(happened)}
    (event,) = adopt_amendment(pending(), adoption(**at), ground(notice(), rules=under(TEXAS, happened)))

    assert isinstance(event, AmendmentAdopted)
    assert event.reported is not None
    assert [unmet.citation for unmet in event.reported.unmet] == ["19 TAC 89.1050; 34 CFR 300.503(a)"]
