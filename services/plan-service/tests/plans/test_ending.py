"""The end of a plan and the summary at the end of school: 34 CFR 300.305(e), 300.300(b)(4), 300.503(a), 104.35(a)."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.plan import ExitSummaryGiven, ExitSummaryPersonalData, PlanEnded, Revocation
from contracts.problems import Invalid
from contracts.testing import an_id
from contracts.vocabulary import Channel, ConsentMethod, EvaluationKind, Law, PlanEnd, PlanKind
from plan_service.domain.amendment import NeverAdopted
from plan_service.domain.ending import EndPlan, EndRefused, GroundOfEnd, PlanHasEnded, end_plan
from plan_service.domain.evaluation import Completed, Determined, Evaluation, Evaluations
from plan_service.domain.exit_summary import GiveExitSummary, SummaryRefused, give_exit_summary
from plan_service.domain.plan import Plan
from plan_service.domain.rules import Rules
from plan_service.domain.stay_put import StayPut
from plan_service.testing_plans import (
    AUNT,
    BEGIN,
    MOTHER,
    TIME,
    TODAY,
    draft_opened,
    given,
    in_effect,
    notice,
    people,
    plan_504_items,
    plan_adopted,
    reported,
)

TOMORROW, NEXT_MONTH = TODAY + timedelta(days=1), TODAY + timedelta(days=30)
ADOPTED_ON, EVALUATED_ON, DETERMINED_ON = date(2025, 11, 19), date(2026, 2, 2), date(2026, 2, 9)
NOTICE = notice().notice_id
SAYS = ExitSummaryPersonalData(
    academic_achievement="Reads.", functional_performance="Plans.", recommendations="Time."
)


def known(*laws: Law, completed_on: date = EVALUATED_ON, eligible: bool = False) -> Evaluations:
    """Once eligible; evaluated anew; and found so or not."""
    of = laws or (Law.IDEA,)
    again = Evaluation(
        an_id("again"), EvaluationKind.REEVALUATION, of, BEGIN, "parent", completed=Completed(completed_on)
    )
    found = [
        Determined(law, each, on)
        for law in of
        for each, on in ((True, ADOPTED_ON), (eligible, DETERMINED_ON))
    ]
    return Evaluations({again.evaluation_id: again}, determined=tuple(found))


def end(reason: PlanEnd, on: date = NEXT_MONTH, **fields: Any) -> EndPlan:
    return EndPlan(reason, on, TODAY, **{"notice_ids": (NOTICE,)} | fields)


def ground(**fields: Any) -> GroundOfEnd:
    told: dict[str, Any] = {"people": people(), "notices": (notice(),), "rules": Rules(notice_days=10)}
    return GroundOfEnd(**told | fields)


def revoked(
    method: ConsentMethod = ConsentMethod.WRITTEN_MESSAGE, by: Any = MOTHER, on: date = TODAY
) -> Revocation:
    return Revocation(holder_id=by, revoked_on=on, method=method)


def a_504_plan() -> Plan:
    kind = PlanKind.SECTION_504
    return given(draft_opened(kind), plan_adopted(items=plan_504_items(), kind=kind, review_due_on=None))


def refusals(plan: Plan, command: EndPlan, on: GroundOfEnd | None = None) -> set[str]:
    with pytest.raises(EndRefused) as refusal:
        end_plan(plan, command, on or ground())
    return {reason.code for reason in refusal.value.reasons}


def test_a_plan_that_ends_binds_no_longer_from_that_day_and_its_history_stays() -> None:
    plan = in_effect()
    (event,) = end_plan(plan, end(PlanEnd.TRANSFERRED, TOMORROW))
    assert isinstance(event, PlanEnded)
    after = given(event, start=plan)
    assert (after.in_effect_on(TODAY), after.in_effect_on(TOMORROW), after.lines) == (True, False, plan.lines)
    assert end_plan(after, end(PlanEnd.TRANSFERRED, TOMORROW)) == []


def test_a_plan_does_not_end_in_the_past_unless_that_is_reported() -> None:
    assert refusals(in_effect(), end(PlanEnd.LEFT_SCHOOL, BEGIN)) == {"effective-in-the-past"}
    (event,) = end_plan(in_effect(), end(PlanEnd.LEFT_SCHOOL, BEGIN, reported=reported(BEGIN)))
    assert event.effective_on == BEGIN


def test_a_plan_that_has_ended_does_not_end_once_more() -> None:
    (event,) = end_plan(in_effect(), end(PlanEnd.TRANSFERRED, TOMORROW))
    with pytest.raises(PlanHasEnded) as refused:
        end_plan(given(event, start=in_effect()), end(PlanEnd.GRADUATED, NEXT_MONTH))
    assert refused.value.facts == {"ended_on": TOMORROW}


def test_a_plan_does_not_end_before_it_began_reported_or_not() -> None:
    before = BEGIN - timedelta(days=1)
    with pytest.raises(Invalid) as refused:
        end_plan(in_effect(), end(PlanEnd.LEFT_SCHOOL, before, reported=reported(before)))
    assert [reason.code for reason in refused.value.reasons] == ["ended-before-it-began"]
    assert str(BEGIN) in refused.value.message


def test_free_appropriate_public_education_ends_by_age_at_eighteen_at_the_earliest() -> None:
    born = TOMORROW.replace(year=TOMORROW.year - 18)
    assert refusals(in_effect(), end(PlanEnd.REACHED_MAXIMUM_AGE, TODAY), ground(birth_date=born)) == {
        "still-of-age"
    }
    assert end_plan(in_effect(), end(PlanEnd.REACHED_MAXIMUM_AGE, TOMORROW), ground(birth_date=born))
    (told,) = end_plan(
        in_effect(),
        end(PlanEnd.REACHED_MAXIMUM_AGE, TODAY, reported=reported(TODAY)),
        ground(birth_date=born),
    )
    assert isinstance(told, PlanEnded)
    assert told.reported is not None
    assert [unmet.code for unmet in told.reported.unmet] == ["still-of-age"]
    assert end_plan(a_504_plan(), end(PlanEnd.REACHED_MAXIMUM_AGE, TODAY), ground(birth_date=born))


@pytest.mark.parametrize(
    "reason", [PlanEnd.NO_LONGER_ELIGIBLE, PlanEnd.REPLACED, PlanEnd.GRADUATED, PlanEnd.OTHER]
)
def test_while_a_due_process_complaint_is_open_the_district_ends_no_iep(reason: PlanEnd) -> None:
    evaluated = ground(evaluations=known(), stay_put=StayPut(TODAY, 1))
    assert refusals(in_effect(), end(reason), evaluated) == {"stay-put"}
    assert end_plan(in_effect(), end(reason), ground(evaluations=known()))


def test_who_revokes_or_moves_away_is_not_held_by_the_complaint_and_a_504_plan_knows_none() -> None:
    pending = ground(evaluations=known(Law.SECTION_504), stay_put=StayPut(TODAY, 1))
    assert end_plan(in_effect(), end(PlanEnd.TRANSFERRED, TOMORROW), pending)
    assert end_plan(in_effect(), end(PlanEnd.CONSENT_REVOKED, revocation=revoked()), pending)
    assert end_plan(a_504_plan(), end(PlanEnd.NO_LONGER_ELIGIBLE), pending)


def test_what_was_never_adopted_does_not_end() -> None:
    with pytest.raises(NeverAdopted):
        end_plan(given(draft_opened()), end(PlanEnd.OTHER))


@pytest.mark.parametrize(
    "reason", [PlanEnd.TRANSFERRED, PlanEnd.LEFT_SCHOOL, PlanEnd.DEATH, PlanEnd.REACHED_MAXIMUM_AGE]
)
def test_who_moves_away_leaves_dies_or_is_too_old_is_not_evaluated_first(reason: PlanEnd) -> None:
    assert end_plan(in_effect(), end(reason, TOMORROW, notice_ids=()))


@pytest.mark.parametrize("reason", [PlanEnd.NO_LONGER_ELIGIBLE, PlanEnd.REPLACED, PlanEnd.OTHER])
def test_an_iep_does_not_end_for_who_stays_without_an_evaluation(reason: PlanEnd) -> None:
    assert refusals(in_effect(), end(reason)) == {"evaluation-before-exit"}
    assert end_plan(in_effect(), end(reason), ground(evaluations=known()))


@pytest.mark.parametrize(
    "evaluations",
    [known(eligible=True), known(completed_on=date(2025, 11, 14)), known(Law.SECTION_504)],
    ids=["found eligible", "not evaluated since found eligible", "under the other law"],
)
def test_an_evaluation_before_exit_is_a_new_one_and_finds_no_eligibility(evaluations: Evaluations) -> None:
    assert refusals(in_effect(), end(PlanEnd.NO_LONGER_ELIGIBLE), ground(evaluations=evaluations)) == {
        "evaluation-before-exit"
    }


def test_a_504_plan_ends_for_who_stays_after_an_evaluation_under_section_504() -> None:
    command = end(PlanEnd.NO_LONGER_ELIGIBLE)
    assert refusals(a_504_plan(), command, ground(evaluations=known())) == {"evaluation-before-exit"}
    assert end_plan(a_504_plan(), command, ground(evaluations=known(Law.SECTION_504)))


def test_a_504_plan_that_an_iep_replaces_needs_no_exit() -> None:
    assert end_plan(a_504_plan(), end(PlanEnd.REPLACED, notice_ids=()), GroundOfEnd(people=people()))


def test_graduation_from_an_iep_waits_for_prior_written_notice() -> None:
    assert refusals(in_effect(), end(PlanEnd.GRADUATED, notice_ids=())) == {"prior-written-notice-required"}
    assert refusals(in_effect(), end(PlanEnd.GRADUATED, TODAY + timedelta(days=9))) == {
        "prior-written-notice-required"
    }
    (event,) = end_plan(in_effect(), end(PlanEnd.GRADUATED, TODAY + timedelta(days=10)), ground())
    assert isinstance(event, PlanEnded)
    assert event.notice_ids == (NOTICE,)


def test_a_notice_of_something_else_is_no_notice_of_this_end() -> None:
    assert refusals(in_effect(), end(PlanEnd.GRADUATED, notice_ids=(an_id("another"),))) == {
        "prior-written-notice-required"
    }


def test_consent_to_all_services_is_revoked_in_writing_by_who_may_give_it_and_told_of_before_they_stop() -> (
    None
):
    ends = PlanEnd.CONSENT_REVOKED
    assert refusals(in_effect(), end(ends)) == {"revocation-required"}
    assert refusals(in_effect(), end(ends, revocation=revoked(ConsentMethod.ORAL))) == {
        "revocation-not-written"
    }
    assert refusals(in_effect(), end(ends, revocation=revoked(by=AUNT))) == {"revoked-by-nobody-who-decides"}
    assert refusals(in_effect(), end(ends, revocation=revoked(), notice_ids=())) == {
        "prior-written-notice-required"
    }
    (event,) = end_plan(in_effect(), end(ends, revocation=revoked()), ground())
    assert isinstance(event, PlanEnded)
    assert event.revocation == revoked()


def test_a_notice_from_before_the_revocation_is_not_of_it() -> None:
    earlier = notice(TODAY - timedelta(days=3))
    command = end(PlanEnd.CONSENT_REVOKED, revocation=revoked())
    assert refusals(in_effect(), command, ground(notices=(earlier,))) == {"prior-written-notice-required"}


def test_a_report_of_an_unlawful_end_says_what_was_unmet() -> None:
    command = end(
        PlanEnd.CONSENT_REVOKED, TODAY, revocation=revoked(ConsentMethod.ORAL), reported=reported(TODAY)
    )
    (event,) = end_plan(in_effect(), command, ground(notices=()))
    assert event.reported is not None  # type: ignore[union-attr]
    assert {each.code for each in event.reported.unmet} == {  # type: ignore[union-attr]
        "revocation-not-written", "prior-written-notice-required",
    }  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        end(PlanEnd.GRADUATED, revocation=revoked()),
        end(PlanEnd.CONSENT_REVOKED, revocation=revoked(on=TOMORROW)),
        end(PlanEnd.CONSENT_REVOKED, revocation=revoked(by=an_id("nobody"))),
    ],
    ids=["a diploma is not revoked", "a day to come", "somebody unknown"],
)
def test_a_revocation_has_to_be_possible(command: EndPlan) -> None:
    with pytest.raises(Invalid):
        end_plan(in_effect(), command, ground())


def summary(**fields: Any) -> GiveExitSummary:
    told: dict[str, Any] = {"to_student": True, "channel": Channel.HANDED_OVER, "today": TODAY, "says": SAYS}
    return GiveExitSummary(an_id("summary"), **told | fields)


def test_a_summary_of_performance_says_achievement_performance_and_recommendations() -> None:
    (event,) = give_exit_summary(in_effect(), summary(items=(TIME,)), people())
    assert isinstance(event, ExitSummaryGiven)
    assert (event.effective_on, event.items, event.personal) == (TODAY, (TIME,), SAYS)
    with pytest.raises(SummaryRefused) as refusal:
        only = ExitSummaryPersonalData(what_worked="Extended time.")
        give_exit_summary(in_effect(), summary(says=only, to_student=False, holder_ids=(MOTHER,)), people())
    assert [reason.code for reason in refusal.value.reasons] == [
        *["summary-lacks-a-part"] * 3, "summary-not-given-to-the-student",
    ]  # fmt: skip


def test_a_504_handover_says_what_there_is_to_say() -> None:
    only = ExitSummaryPersonalData(student_statement="The sensor is enough.")
    (event,) = give_exit_summary(a_504_plan(), summary(says=only), people())
    assert isinstance(event, ExitSummaryGiven)
    assert event.reported is None


@pytest.mark.parametrize(
    "command",
    [
        summary(says=None),
        summary(items=(an_id("no item"),)),
        summary(holder_ids=(an_id("nobody"),)),
        summary(given_on=TOMORROW),
        summary(to_student=False),
    ],
    ids=["nothing is said", "an unknown item", "an unknown holder", "a day to come", "given to nobody"],
)
def test_a_summary_that_cannot_be_true_is_not_recorded(command: GiveExitSummary) -> None:
    with pytest.raises(Invalid):
        give_exit_summary(in_effect(), command, people())
