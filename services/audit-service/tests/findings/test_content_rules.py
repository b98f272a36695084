"""Findings about what a plan says, and coming of age: each rule by its sentence."""

import pytest

from audit_service.testing_findings import (
    GOAL,
    IEP,
    MIRA,
    MOTHER,
    PLACE,
    TIME,
    History,
    day,
    transition,
    usual,
)
from audit_service.testing_findings_steps import met
from contracts.items import AssistiveTechnology, Goal, Placement, SpecialFactor
from contracts.plan import (
    AdoptionPersonalData,
    AmendmentAdopted,
    BesidePeers,
    ConsentAnswered,
    ExitSummaryGiven,
    PlanEnded,
    ReviewHeld,
    SameSetAsPeers,
)
from contracts.testing import an_id
from contracts.vocabulary import RightsGround

MEETING = an_id("meeting")


def amended(history: History, on: str, *changes: object) -> History:
    return history.add(
        on, AmendmentAdopted, plan_id=IEP, amendment_id=an_id(f"amendment {on}"), changes=changes
    )


def test_an_adopted_iep_says_what_the_law_asks_or_is_mended_later() -> None:
    assert History().iep("12-9").one("idea.content", "12-10") == ("met", "v1 lacks nothing of this.")
    bare = History().iep("12-9", *usual(day("12-9"), "progress_schedule"))
    state, says = bare.one("idea.content", "12-10")
    assert (state, says) == ("overdue", "v1: The plan does not say when reports of progress go out.")
    schedule = next(i for i in usual(day("12-9")) if i.kind == "progress_schedule")
    assert amended(bare, "1-15", {"op": "add", "item": schedule}).one("idea.content", "2-1")[0] == "met_late"
    assert (
        History().iep("12-9", *usual(day("12-9"), "goal")).iep("3-1").one("idea.content", "4-1")[0]
        == "missed"
    )


def test_every_special_factor_is_answered_with_its_reason() -> None:
    silent = [i for i in usual(day("12-9")) if not (isinstance(i, SpecialFactor) and i.factor == "braille")]
    assert History().iep("12-9", *silent).one("idea.special-factors", "12-10") == (
        "overdue", "v1: The plan is silent about blindness or visual impairment, and Braille.",
    )  # fmt: skip
    assert History().iep("12-9").one("idea.special-factors", "12-10")[0] == "met"


def test_assistive_technology_is_considered() -> None:
    without = History().iep("12-9", *usual(day("12-9"), "assistive_technology"))
    assert without.one("idea.at-considered", "12-10")[0] == "overdue"
    assert without.one("idea.at-considered", "12-10")[1].startswith("AT not considered in v1")
    needed = AssistiveTechnology(
        id=an_id("AT"), considered=True, need="Cannot write.", device_or_service="Tablet"
    )
    untrained = History().iep("12-9", *usual(day("12-9"), "assistive_technology"), needed)
    assert "training" in untrained.one("idea.at-considered", "12-10")[1]
    assert History().iep("12-9").one("idea.at-considered", "12-10")[0] == "met"


def test_time_apart_has_a_reason_and_was_decided_with_the_parents() -> None:
    def placed(percent: int, why: str | None) -> History:
        place = Placement(
            id=PLACE, setting="regular_class_40_to_79", percent_with_peers=percent, explanation=why
        )
        history = met(History(), "12-4")
        return history.iep("12-9", *usual(day("12-9"), "placement"), place, meeting_id=MEETING)

    assert placed(60, None).one("idea.lre", "12-10") == ("overdue", "v1: 40% apart, no reason.")
    assert placed(60, "Small group reading.").one("idea.lre", "12-10")[0] == "met"
    assert placed(100, None).one("idea.lre", "12-10")[0] == "not_applicable"
    assert History().iep("12-9").one("idea.lre", "12-10")[0] == "unproven", "no meeting is named"


def test_transition_is_in_the_version_in_force_at_16() -> None:
    history = History().iep("12-9")
    assert history.one("idea.transition-16", "6-20")[0] == "due"
    assert history.one("idea.transition-16", "7-1") == (
        "overdue",
        "No transition part in force at 16, 2026-06-20.",
    )
    history.iep("2026-09-21", *usual(day("12-9")), transition(), recorded="2026-09-21")
    assert history.one("idea.transition-16", "7-1", "2026-09-21")[0] == "overdue", "K does not make the past"
    assert history.one("idea.transition-16", "2026-09-21") == (
        "met_late", "No transition part in force at 16, 2026-06-20, one since 2026-09-21.",
    )  # fmt: skip
    assert (
        History().iep("12-9", *usual(day("12-9")), transition()).one("idea.transition-16", "7-1")[0] == "met"
    )


def test_transition_in_texas_is_due_at_14() -> None:
    texas = History("federal@2026-1+tx@2025-2").iep("12-9")
    assert texas.find("idea.transition-16", "12-20")[0].due_on == day("12-9"), (
        "the first IEP after the birthday"
    )
    assert texas.one("idea.transition-16", "12-20")[0] == "overdue"


def test_an_iep_tells_of_the_rights_a_year_before_majority() -> None:
    history = History(born=day("2009-01-10")).iep("12-9")
    assert history.one("idea.majority-notice", "1-10")[0] == "due"
    assert history.one("idea.majority-notice", "1-11")[0] == "overdue"
    told = History(born=day("2009-01-10")).iep("12-9", *usual(day("12-9")), transition(told=day("12-4")))
    assert told.one("idea.majority-notice", "1-11")[0] == "met"


def test_at_majority_the_rights_pass_and_the_student_signs() -> None:
    history = History(born=day("2008-01-10")).iep("12-9")
    assert history.one("idea.rights-transfer", "1-10")[0] == "due"
    assert history.one("idea.rights-transfer", "1-12")[0] == "overdue"
    answer = {
        "plan_id": IEP,
        "consent_id": an_id("answer"),
        "items": (TIME,),
        "decision": "accepted",
        "method": "paper_signature",
    }
    history.add("2-2", ConsentAnswered, holder_id=MOTHER, **answer)
    assert history.one("idea.rights-transfer", "2-3") == ("missed", "2026-02-02 signed by parent.")
    passed = History(born=day("2008-01-10")).iep("12-9").holder(MIRA, RightsGround.ADULT_STUDENT, "1-10")
    passed.add("2-2", ConsentAnswered, holder_id=MIRA, **answer)
    assert {f.state.value for f in passed.find("idea.rights-transfer", "2-3")} == {"met"}


def test_a_guardian_keeps_the_rights_after_majority() -> None:
    guarded = History(born=day("2008-01-10")).holder(an_id("guardian"), RightsGround.GUARDIAN).iep("12-9")
    assert guarded.one("idea.rights-transfer", "2-3")[0] == "excused"


@pytest.mark.parametrize(("reason", "given", "state"), [
    ("graduated", None, "overdue"), ("graduated", "6-12", "met"), ("reached_maximum_age", "6-20", "met_late"),
])  # fmt: skip
def test_who_leaves_with_a_diploma_or_by_age_gets_a_summary(
    reason: str, given: str | None, state: str
) -> None:
    history = History().iep("12-9").add("6-12", PlanEnded, plan_id=IEP, reason=reason)
    if given:
        history.add(
            given,
            ExitSummaryGiven,
            plan_id=IEP,
            exit_summary_id=an_id("SoP"),
            to_student=True,
            channel="handed_over",
        )
    assert history.one("idea.exit-summary", "7-1")[0] == state


def test_who_is_transferred_needs_no_summary() -> None:
    assert (
        History()
        .iep("12-9")
        .add("6-12", PlanEnded, plan_id=IEP, reason="transferred")
        .find("idea.exit-summary", "7-1")
        == []
    )


def test_goals_are_not_carried_over_word_for_word() -> None:
    history = History().iep("12-9").iep("2026-12-01")
    state, says = history.one("qual.carry-over", "2026-12-02")
    assert (state, says) == ("missed", "1 of 1 goals word for word those of 2025-12-09.")
    assert history.find("qual.carry-over", "2026-12-02")[0].severity == "L"
    other = [
        Goal(id=GOAL, statement="Reads 80 words a minute.") if i.id == GOAL else i for i in usual(day("12-9"))
    ]
    assert History().iep("12-9").iep("2026-12-01", *other).one("qual.carry-over", "2026-12-02")[0] == "met"
    why = {"reason": "Not reached for the operation in spring."}
    history = (
        History().iep("12-9").add("2026-11-30", ReviewHeld, plan_id=IEP, outcome="continued", personal=why)
    )
    assert history.iep("2026-12-01").one("qual.carry-over", "2026-12-02")[0] == "excused"


def beside(*same: tuple[str, int, int], peers: int = 11) -> BesidePeers:
    sets = tuple(SameSetAsPeers(section=section, same=n, nearly=nearly) for section, n, nearly in same)
    return BesidePeers(peers=peers, same=sets)


def test_a_plan_with_the_set_of_most_around_it_says_why_from_this_childs_data() -> None:
    standard = beside(("goals", 6, 2), ("services", 11, 0))
    history = History().iep("12-9", beside_peers=standard)
    assert history.one("qual.individual", "12-9") == (
        "unproven", "Same goals as 8 of 11, services as 11 of 11.",
    )  # fmt: skip
    assert history.find("qual.individual", "12-9")[0].severity == "L"
    why = AdoptionPersonalData(individual_reason="Her results of 14 November ask for it.")
    assert (
        History().iep("12-9", beside_peers=standard, personal=why).one("qual.individual", "12-9")[0]
        == "excused"
    )
    history.iep("2026-12-01", beside_peers=beside())
    assert [f.state for f in history.find("qual.individual", "2026-12-02")] == ["missed", "met"]
    assert History().iep("12-9", beside_peers=beside()).one("qual.individual", "12-9")[0] == "met"


def test_with_fewer_than_ten_peers_nothing_is_said_of_a_plan_being_individual() -> None:
    assert History().iep("12-9").find("qual.individual", "12-9") == []
