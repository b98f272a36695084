"""Findings from referral to the first meeting: each rule by its sentence."""

from typing import Any

import pytest

from audit_service.testing_findings import IEP, MIRA, MOTHER, History, day
from audit_service.testing_findings_steps import (
    OF,
    asked,
    completed,
    consented,
    eligible,
    met,
    referred,
)
from contracts.evaluations import (
    Assessment,
    EvaluationCompleted,
    EvaluationConsentAsked,
    EvaluationDeclined,
    EvaluationDeclinedPersonalData,
    EvaluationExtended,
    ReevaluationWaived,
    ReferralReceived,
    ReferralWithdrawn,
)
from contracts.initial_services import ServicesConsentAnswered
from contracts.notify import NoticeGiven, NoticeOwed
from contracts.plan import PlanEnded
from contracts.testing import an_id


def test_a_referral_is_answered_with_a_proposal_and_notice_or_refused_with_notice() -> None:
    assert referred().one("idea.referral-answered", "9-20") == ("due", "Referral 2025-09-08: no answer yet.")
    assert asked(referred()).one("idea.referral-answered", "9-20") == (
        "met",
        "Referral 2025-09-08: answered on 2025-09-15.",
    )
    assert asked(referred(), notice=None).one("idea.referral-answered", "9-20")[0] == "unproven"
    refused = referred().add(
        "9-12", EvaluationDeclined, personal=EvaluationDeclinedPersonalData(reason="No sign."), **OF
    )
    assert refused.one("idea.referral-answered", "9-20")[0] == "unproven"
    told_of(refused, "9-14")
    assert refused.one("idea.referral-answered", "9-20") == (
        "met",
        "Referral 2025-09-08: answered on 2025-09-14.",
    )


def asked_once_more(history: History, on: str) -> History:
    return history.add(on, EvaluationConsentAsked, consent_request_id=an_id(f"asked {on}"), holder_ids=(MOTHER,),
                       channel="letter", **OF)  # fmt: skip


def test_a_notice_of_any_asking_for_consent_is_notice_of_the_proposal() -> None:
    history = asked_once_more(asked(referred(laws=("idea", "504")), notice=None), "9-18")
    told_of(history, "9-19")
    assert history.one("idea.referral-answered", "9-20") == (
        "met",
        "Referral 2025-09-08: answered on 2025-09-19.",
    )
    of = {"notice_id": an_id("booklet"), "kind": "procedural_safeguards", "holder_id": MOTHER}
    history.add("9-10", NoticeGiven, channel="handed_over", basis="handed_over", **of)
    assert history.one("s504.safeguards", "9-20") == ("met", "Notice 2025-09-19, evaluation of 2025-09-15.")


def told_of(history: History, on: str) -> None:
    """notify-service owes notice of what was recorded last, and gives it: nothing names that notice but itself."""
    of = {"notice_id": an_id("owed of it"), "kind": "prior_written_notice", "holder_id": MOTHER}
    history.add(on, NoticeOwed, student_id=MIRA, caused_by=history.last, language="en", **of)
    history.add(on, NoticeGiven, channel="handed_over", basis="handed_over", **of)


def test_a_refusal_to_evaluate_is_told_under_the_law_under_which_it_was_asked_for() -> None:
    def refused(*laws: str) -> History:
        said = EvaluationDeclinedPersonalData(reason="No sign.")
        return referred(laws=laws).add("9-12", EvaluationDeclined, personal=said, **OF)

    untold, told = refused("idea", "504"), refused("idea", "504")
    told_of(told, "9-12")
    assert untold.one("idea.pwn-before", "9-20") == ("overdue", "Refused 2025-09-12, notice none.")
    assert told.one("idea.pwn-before", "9-20")[0] == "met"
    assert refused("504").find("idea.pwn-before", "9-20") == []


def test_a_referral_in_texas_is_answered_within_15_school_days() -> None:
    texas = referred(history=History("federal@2026-1+tx@2025-2"))
    assert texas.one("idea.referral-answered", "9-29") == ("due", "Referral 2025-09-08: no answer yet.")
    assert texas.one("idea.referral-answered", "9-30") == (
        "overdue",
        "Referral 2025-09-08: no proposal, no refusal.",
    )
    assert asked(texas, "10-1", "10-1").one("idea.referral-answered", "10-5")[0] == "met_late"


def test_a_referral_that_was_taken_back_owes_no_answer() -> None:
    assert (
        referred().add("9-10", ReferralWithdrawn, **OF).one("idea.referral-answered", "2026-01-01")[0]
        == "excused"
    )


def test_nothing_is_tested_before_consent() -> None:
    assert completed(consented(referred())).one("idea.evaluation-consent", "11-20")[0] == "met"
    late = consented(completed(referred()), "11-18")
    assert late.one("idea.evaluation-consent", "11-20") == (
        "missed",
        "Testing began 2025-10-20, consent came on 2025-11-18.",
    )
    assert completed(referred()).one("idea.evaluation-consent", "11-20") == (
        "missed",
        "Testing began 2025-10-20 without consent.",
    )


@pytest.mark.parametrize("more", [
    {"without_consent": "hearing_decision"},
    {"assessments": (Assessment(area="academic_performance", done_on=day("10-20"), existing=True),)},
])  # fmt: skip
def test_existing_data_and_a_hearing_need_no_consent(more: dict[str, Any]) -> None:
    assert completed(referred(), **more).one("idea.evaluation-consent", "11-20")[0] == "excused"


def test_the_first_evaluation_is_done_within_60_days_of_consent() -> None:
    history = consented(referred())
    assert history.one("idea.evaluation-60", "11-20") == ("due", "Evaluation due 2025-11-21.")
    assert history.one("idea.evaluation-60", "11-25") == ("overdue", "Evaluation 4 days late.")
    done = completed(consented(referred()))
    assert done.one("idea.evaluation-60", "11-20") == (
        "met", "Evaluation done on 2025-11-14, day 53 after the consent, due 2025-11-21.",
    )  # fmt: skip
    late = completed(consented(referred()), "11-25")
    assert late.one("idea.evaluation-60", "2026-01-01")[0] == "met_late"
    assert late.find("idea.evaluation-60", "2026-01-01")[0].days_late(day("1-1")) == 4


def test_the_evaluation_clock_stops_where_the_child_is_not_produced_and_moves_where_it_was_agreed() -> None:
    history = consented(referred())
    extended = {"evaluation_extension_id": an_id("extension"), "counts": True, **OF}
    moved = consented(referred()).add(
        "11-1", EvaluationExtended, ground="learning_disability", due_on=day("12-20"), **extended
    )
    assert moved.one("idea.evaluation-60", "12-1") == ("due", "Evaluation due 2025-12-20.")
    history.add("11-1", EvaluationExtended, ground="not_produced", **extended)
    assert history.one("idea.evaluation-60", "12-1")[0] == "excused"


def test_an_iep_meeting_follows_within_30_days_of_eligibility() -> None:
    history = eligible(completed(consented(referred())))
    assert history.one("idea.iep-30", "11-20") == ("due", "IEP meeting due 2025-12-19.")
    assert history.one("idea.iep-30", "12-24") == ("overdue", "IEP meeting due 2025-12-19, 5 days late.")
    assert met(eligible(referred()), "12-4").one("idea.iep-30", "12-24")[0] == "met"
    assert met(eligible(referred()), "12-23").one("idea.iep-30", "12-24")[0] == "met_late"


def test_no_meeting_is_owed_where_the_services_were_refused() -> None:
    history = eligible(referred()).add(
        "11-24", ServicesConsentAnswered, student_id=MIRA, services_consent_id=an_id("no"), holder_id=MOTHER, counts=True,
        decision="refused", method="paper_signature",
    )  # fmt: skip
    assert history.one("idea.iep-30", "2026-01-10")[0] == "excused"


def test_who_has_an_iep_is_evaluated_again_within_three_years() -> None:
    history = completed(referred()).iep("12-9")
    assert history.one("idea.reevaluation-3y", "2028-11-14") == ("due", "Triennial due 2028-11-14.")
    assert history.one("idea.reevaluation-3y", "2028-11-15") == (
        "overdue",
        "Triennial due 2028-11-14, 1 days late.",
    )
    history.add(
        "2028-12-01", EvaluationCompleted, student_id=MIRA, evaluation_id=an_id("again"), assessments=()
    )
    assert history.one("idea.reevaluation-3y", "2028-12-02")[0] == "met_late"


def test_both_may_agree_before_that_a_reevaluation_is_unnecessary() -> None:
    history = completed(referred()).iep("12-9").add(
        "2028-10-01", ReevaluationWaived, student_id=MIRA, reevaluation_waiver_id=an_id("waiver"), holder_id=MOTHER,
        counts=True, due_on=day("2028-11-14"), method="paper_signature",
    )  # fmt: skip
    states = {f.due_on: f.state.value for f in history.find("idea.reevaluation-3y", "2029-01-01")}
    assert states == {day("2028-11-14"): "excused", day("2031-11-14"): "due"}


def test_a_student_is_not_evaluated_twice_in_a_year_unless_agreed() -> None:
    def again(**more: Any) -> History:
        other = {"student_id": MIRA, "evaluation_id": an_id("again")}
        history = completed(referred()).iep("12-9")
        history.add(
            "3-1", ReferralReceived, kind="reevaluation", laws=("idea",), source="teacher", **other, **more
        )
        return history.add("4-20", EvaluationCompleted, assessments=(), **other)

    assert again().one("idea.reevaluation-3y", "5-1")[0] == "missed"
    assert {f.state.value for f in again(agreed_by=MOTHER).find("idea.reevaluation-3y", "5-1")} == {
        "met",
        "due",
    }


@pytest.mark.parametrize(("reason", "evaluated", "state"), [
    ("no_longer_eligible", False, "missed"), ("no_longer_eligible", True, "met"), ("graduated", False, "not_applicable"),
    ("consent_revoked", False, "not_applicable"),
])  # fmt: skip
def test_eligibility_does_not_end_without_evaluation(reason: str, evaluated: bool, state: str) -> None:
    history = completed(referred()).iep("12-9")
    if evaluated:
        history.add(
            "4-20", EvaluationCompleted, student_id=MIRA, evaluation_id=an_id("again"), assessments=()
        )
    history.add("5-1", PlanEnded, plan_id=IEP, reason=reason)
    assert history.one("idea.evaluation-before-exit", "5-2")[0] == state


def test_an_iep_is_in_effect_on_the_first_school_day() -> None:
    history = eligible(referred())
    assert history.one("idea.in-effect-start", "2026-08-24") == ("due", "No IEP on 2026-08-24.")
    assert history.one("idea.in-effect-start", "2026-08-26") == ("overdue", "No IEP on 2026-08-24.")
    assert eligible(referred()).iep("2026-09-01").one("idea.in-effect-start", "2026-09-02")[0] == "met_late"
    assert eligible(referred()).iep("12-9").one("idea.in-effect-start", "2026-08-26")[0] == "met"
    left = eligible(referred()).iep("12-9").add("6-1", PlanEnded, plan_id=IEP, reason="transferred")
    assert left.one("idea.in-effect-start", "2026-08-26")[0] == "excused"
