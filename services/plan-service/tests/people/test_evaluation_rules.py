"""Rules about referrals, consent to evaluate and evaluations: each test's name is the rule's own sentence."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from contracts.evaluations import EvaluationCompleted, EvaluationConsentAnswered
from contracts.problems import Invalid, NotFound
from contracts.rule_profile import Due
from contracts.students import Held, Rights
from contracts.testing import an_id
from contracts.vocabulary import ConsentDecision, ConsentMethod, EvaluationKind, Law, WithoutConsent
from plan_service.domain.ages import years_after
from plan_service.domain.evaluation import EvaluationClosed, EvaluationStatus
from plan_service.domain.evaluation_completed import EvaluationRefused, complete_evaluation
from plan_service.domain.evaluation_consent import (
    ConsentNotAsked,
    ConsentRefused,
    answer_evaluation,
    ask_consent,
    evaluation_due,
)
from plan_service.domain.reevaluation import (
    WaiverRefused,
    reevaluation_due_on,
    waive_reevaluation,
)
from plan_service.domain.referral import ReferralRefused, receive_referral
from plan_service.domain.rules import EvaluationClock, Rules
from plan_service.domain.student import Student
from plan_service.testing_evaluations import (
    EVALUATION,
    NOV_14,
    NOV_21,
    SEPT_8,
    SEPT_15,
    SEPT_22,
    answer,
    answered,
    ask,
    assessment,
    complete,
    completed,
    consent_asked,
    refer,
    referred,
    waive,
)
from plan_service.testing_people import (
    AUNT,
    FATHER,
    MOTHER,
    STUDENT,
    all_rights,
    confirmed,
    contact,
    given,
    registered,
    reported,
)

AGAIN = EvaluationKind.REEVALUATION
REFUSED = ConsentDecision.REFUSED
ORAL = ConsentMethod.ORAL


def child(*events: Any, born: date = date(2016, 6, 20)) -> Student:
    """A student with a mother who decides, and an aunt who holds no rights."""
    return given(registered(born), contact(), confirmed(MOTHER, rights=all_rights(born)), *events)


def evaluation(student: Student) -> Any:
    return student.evaluations.evaluation(EVALUATION)


def codes(refusal: Any) -> set[str]:
    assert all(reason.citation and reason.cure for reason in refusal.value.reasons)
    return {reason.code for reason in refusal.value.reasons}


# --- Consent: who, how, and the clock ---


def test_the_evaluation_is_completed_within_60_calendar_days_of_receiving_consent() -> None:
    assert evaluation_due(SEPT_22).on == NOV_21


def test_the_day_consent_is_received_is_day_0_and_summer_counts() -> None:
    assert evaluation_due(date(2026, 6, 1)).on == date(2026, 7, 31)


def test_a_state_sets_a_number_of_days_of_its_own() -> None:
    clock = EvaluationClock(Due(count=45, kind="calendar"))
    (event,) = answer_evaluation(child(referred()), answer(rules=Rules(evaluation=clock)))

    assert isinstance(event, EvaluationConsentAnswered)
    assert event.due_on == date(2025, 11, 6)


def test_the_clock_runs_from_the_day_the_district_received_the_consent() -> None:
    command = answer(answered_on=date(2025, 9, 19), received_on=SEPT_22)
    student = child(referred())
    after = given(*answer_evaluation(student, command), start=student)

    assert evaluation(after).due_on == NOV_21
    assert evaluation(after).status is EvaluationStatus.CONSENTED


@pytest.mark.parametrize(("kind", "law"), [(AGAIN, Law.IDEA), (EvaluationKind.INITIAL, Law.SECTION_504)])
def test_section_504_and_a_reevaluation_have_no_60_days(kind: EvaluationKind, law: Law) -> None:
    (event,) = answer_evaluation(child(referred(kind, law)), answer())

    assert isinstance(event, EvaluationConsentAnswered)
    assert (event.counts, event.due_on) == (True, None)


def test_consent_comes_from_a_holder_of_the_right_to_decide() -> None:
    with pytest.raises(ConsentRefused) as refusal:
        answer_evaluation(child(referred()), answer(AUNT))

    assert codes(refusal) == {"consent-not-by-rights-holder"}
    assert "34 CFR 300.300(a)" in str(refusal.value.reasons[0].citation)


def test_an_answer_of_somebody_without_the_right_is_kept_as_a_report_and_is_never_consent() -> None:
    student = child(referred())
    (event,) = answer_evaluation(student, answer(AUNT, reported=reported(SEPT_22)))
    after = given(event, start=student)

    assert isinstance(event, EvaluationConsentAnswered)
    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["consent-not-by-rights-holder"]
    assert (event.counts, event.due_on, evaluation(after).consent) == (False, None, None)


def test_at_majority_consents_come_from_the_student() -> None:
    adult_on = date(2025, 9, 20)
    until = Rights(decision=Held(starts_on=date(2007, 9, 20), ends_on=date(2025, 9, 19)))
    student = given(
        registered(date(2007, 9, 20)), confirmed(MOTHER, rights=until), confirmed(STUDENT, rights=all_rights(adult_on)),
        referred(),
    )  # fmt: skip
    with pytest.raises(ConsentRefused) as refusal:
        answer_evaluation(student, answer(MOTHER))

    assert codes(refusal) == {"consent-not-by-rights-holder"}
    assert len(answer_evaluation(student, answer(STUDENT))) == 1


def test_consent_is_written() -> None:
    with pytest.raises(ConsentRefused) as refusal:
        answer_evaluation(child(referred()), answer(method=ORAL))

    assert codes(refusal) == {"consent-not-written"}


def test_a_refusal_may_be_said() -> None:
    student = child(referred())
    after = given(*answer_evaluation(student, answer(decision=REFUSED, method=ORAL)), start=student)

    assert evaluation(after).status is EvaluationStatus.REFUSED


def test_every_reason_is_told_at_once() -> None:
    with pytest.raises(ConsentRefused) as refusal:
        answer_evaluation(child(referred()), answer(AUNT, method=ORAL))

    assert codes(refusal) == {"consent-not-by-rights-holder", "consent-not-written"}


def test_consent_is_asked_of_somebody_who_may_give_it() -> None:
    with pytest.raises(ConsentNotAsked) as refusal:
        ask_consent(child(referred()), ask(AUNT))

    assert codes(refusal) == {"consent-asked-of-nobody-who-decides"}
    after = given(*ask_consent(child(referred()), ask(AUNT, MOTHER)), start=child(referred()))
    assert evaluation(after).status is EvaluationStatus.CONSENT_ASKED


@pytest.mark.parametrize(
    "days",
    [
        {"answered_on": date(2025, 9, 7)},
        {"answered_on": date(2026, 1, 1)},
        {"received_on": date(2025, 9, 21)},
        {"received_on": date(2026, 1, 1)},
    ],
)
def test_an_answer_is_given_after_the_referral_and_received_after_it_was_given(days: dict[str, date]) -> None:
    with pytest.raises(Invalid):
        answer_evaluation(child(referred()), answer(**days, reported=reported(SEPT_22)))


def test_nothing_is_answered_about_an_evaluation_there_is_not() -> None:
    with pytest.raises(NotFound):
        answer_evaluation(child(), answer())


# --- A refusal ---


def test_a_refusal_stops_the_evaluation_and_only_due_process_overrides_it() -> None:
    student = child(referred(), answered(REFUSED))
    with pytest.raises(EvaluationRefused) as refusal:
        complete_evaluation(student, complete())

    assert codes(refusal) == {"refused-by-rights-holder"}
    assert [reason.citation for reason in refusal.value.reasons] == ["34 CFR 300.300(a)(3)"]


def test_an_override_rests_on_a_decision_somebody_can_show() -> None:
    student = child(referred(), answered(REFUSED))
    with pytest.raises(EvaluationRefused) as refusal:
        complete_evaluation(student, complete(without_consent=WithoutConsent.HEARING_DECISION))

    assert codes(refusal) == {"override-without-decision"}


def test_a_consent_after_a_refusal_lets_the_evaluation_go_on() -> None:
    student = child(referred(), answered(REFUSED, SEPT_15), answered())

    assert evaluation(student).due_on == NOV_21
    assert len(complete_evaluation(student, complete())) == 1


def test_one_parents_refusal_stops_what_the_other_consents_to() -> None:
    student = child(referred(), answered(), answered(REFUSED, date(2025, 10, 1), holder_id=FATHER))

    assert (evaluation(student).status, evaluation(student).due_on) == (EvaluationStatus.REFUSED, None)


def test_a_refusal_that_does_not_count_stops_nothing() -> None:
    student = child(
        referred(), answered(), answered(REFUSED, date(2025, 10, 1), holder_id=AUNT, counts=False)
    )

    assert evaluation(student).status is EvaluationStatus.CONSENTED


# --- Testing and consent ---


def test_testing_does_not_begin_without_consent() -> None:
    with pytest.raises(EvaluationRefused) as refusal:
        complete_evaluation(child(referred()), complete())

    assert codes(refusal) == {"testing-without-consent"}


def test_consent_is_there_on_the_day_testing_begins() -> None:
    student = child(referred(), answered())
    with pytest.raises(EvaluationRefused) as refusal:
        complete_evaluation(student, complete(assessment(date(2025, 9, 21)), assessment()))

    assert codes(refusal) == {"testing-before-consent"}
    assert len(complete_evaluation(student, complete(assessment(SEPT_22)))) == 1


def test_existing_data_and_tests_that_all_take_need_no_consent() -> None:
    assert len(complete_evaluation(child(referred()), complete(assessment(existing=True)))) == 1


def test_a_reevaluation_goes_on_after_reasonable_efforts_and_no_answer() -> None:
    student = child(referred(AGAIN), consent_asked())

    assert len(complete_evaluation(student, complete(without_consent=WithoutConsent.NO_ANSWER))) == 1


def test_no_answer_without_efforts_does_not_suffice() -> None:
    with pytest.raises(EvaluationRefused) as refusal:
        complete_evaluation(child(referred(AGAIN)), complete(without_consent=WithoutConsent.NO_ANSWER))

    assert codes(refusal) == {"efforts-not-recorded"}


def test_a_refusal_of_a_reevaluation_does_not_suffice() -> None:
    student = child(referred(AGAIN), consent_asked(), answered(REFUSED))
    with pytest.raises(EvaluationRefused) as refusal:
        complete_evaluation(student, complete(without_consent=WithoutConsent.NO_ANSWER))

    assert codes(refusal) == {"refused-by-rights-holder"}


def test_no_answer_is_no_consent_to_an_initial_evaluation() -> None:
    with pytest.raises(EvaluationRefused) as refusal:
        complete_evaluation(
            child(referred(), consent_asked()), complete(without_consent=WithoutConsent.NO_ANSWER)
        )

    assert codes(refusal) == {"no-answer-is-no-consent"}


def test_section_504_asks_for_consent_before_the_initial_evaluation_only() -> None:
    with pytest.raises(EvaluationRefused) as refusal:
        complete_evaluation(child(referred(EvaluationKind.INITIAL, Law.SECTION_504)), complete())

    assert [reason.citation for reason in refusal.value.reasons] == ["34 CFR 104.35(a)"]
    assert len(complete_evaluation(child(referred(AGAIN, Law.SECTION_504)), complete())) == 1


def test_what_was_done_without_consent_is_recorded_with_the_rule_beside_it() -> None:
    (event,) = complete_evaluation(child(referred()), complete(reported=reported(NOV_14)))

    assert isinstance(event, EvaluationCompleted)
    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["testing-without-consent"]


# --- In time or late ---


@pytest.mark.parametrize(("on", "in_time"), [(NOV_14, True), (NOV_21, True), (date(2025, 11, 22), False)])
def test_a_late_evaluation_is_still_owed_and_it_stands_that_it_is_late(on: date, in_time: bool) -> None:
    student = child(referred(), answered())
    after = given(*complete_evaluation(student, complete(completed_on=on)), start=student)

    assert (evaluation(after).in_time, evaluation(after).status) == (in_time, EvaluationStatus.COMPLETED)


def test_a_revocation_of_consent_is_not_retroactive() -> None:
    student = child(referred(), answered(), completed(), answered(REFUSED, date(2025, 12, 1)))

    assert (evaluation(student).in_time, evaluation(student).status) == (True, EvaluationStatus.COMPLETED)


def test_an_evaluation_is_completed_once() -> None:
    student = child(referred(), answered(), completed())
    with pytest.raises(EvaluationClosed):
        complete_evaluation(student, complete())
    with pytest.raises(EvaluationClosed):
        answer_evaluation(student, answer())
    assert len(answer_evaluation(student, answer(reported=reported(SEPT_22)))) == 1, "a late entry"


@pytest.mark.parametrize("on", [date(2025, 9, 7), date(2025, 12, 21)])
def test_an_evaluation_ends_between_its_referral_and_today(on: date) -> None:
    with pytest.raises(Invalid):
        complete_evaluation(child(referred(), answered()), complete(completed_on=on))


def test_nothing_is_assessed_after_the_end() -> None:
    with pytest.raises(Invalid):
        complete_evaluation(child(referred(), answered()), complete(assessment(date(2025, 11, 15))))


# --- Again ---


FIRST = an_id("first evaluation")


def evaluated(on: date, *events: Any) -> Student:
    """A student whose first evaluation was completed on a day."""
    first = referred(on=date(2022, 1, 10), evaluation=FIRST)
    return child(first, completed(on, FIRST), *events)


def test_a_reevaluation_is_due_three_years_after_the_last_evaluation() -> None:
    student = evaluated(date(2022, 12, 1))
    after = given(*receive_referral(student, refer(AGAIN, referred_on=SEPT_8)), start=student)

    assert reevaluation_due_on(student.evaluations) == date(2025, 12, 1)
    assert evaluation(after).due_on == date(2025, 12, 1)


def test_nobody_is_reevaluated_twice_in_a_year_unless_agreed() -> None:
    student = evaluated(date(2025, 2, 3))
    with pytest.raises(ReferralRefused) as refusal:
        receive_referral(student, refer(AGAIN, referred_on=SEPT_8))

    assert codes(refusal) == {"reevaluation-within-a-year"}
    assert len(receive_referral(student, refer(AGAIN, referred_on=SEPT_8, agreed_by=MOTHER))) == 1
    with pytest.raises(ReferralRefused):
        receive_referral(student, refer(AGAIN, referred_on=SEPT_8, agreed_by=AUNT))


@pytest.mark.parametrize("command", [refer(AGAIN), refer(AGAIN, Law.SECTION_504, referred_on=SEPT_8)])
def test_after_a_year_or_under_section_504_nobody_needs_to_agree(command: Any) -> None:
    assert len(receive_referral(evaluated(date(2024, 12, 20)), command)) == 1


def test_both_agree_that_the_reevaluation_is_unnecessary_before_it_is_due() -> None:
    student = evaluated(date(2022, 12, 1))
    after = given(*waive_reevaluation(student, waive(agreed_on=date(2025, 11, 30))), start=student)
    with pytest.raises(WaiverRefused) as refusal:
        waive_reevaluation(student, waive(agreed_on=date(2025, 12, 1)))

    assert codes(refusal) == {"waived-after-due"}
    assert reevaluation_due_on(after.evaluations) == date(2028, 12, 1)


def test_one_agreement_waives_one_reevaluation_and_the_next_only_once_that_has_come_due() -> None:
    student = evaluated(date(2022, 12, 1))
    agreed_on = date(2025, 11, 30)
    student = given(*waive_reevaluation(student, waive(agreed_on=agreed_on)), start=student)
    again = replace(waive(agreed_on=agreed_on), reevaluation_waiver_id=an_id("again"))

    with pytest.raises(WaiverRefused) as refusal:
        waive_reevaluation(student, again)
    told = waive_reevaluation(student, replace(again, reported=reported(agreed_on)))

    assert codes(refusal) == {"waived-too-early"}
    assert reevaluation_due_on(given(*told, start=student).evaluations) == date(2028, 12, 1)
    assert waive_reevaluation(student, replace(again, agreed_on=date(2025, 12, 1), today=date(2025, 12, 1)))


def test_a_reevaluation_is_waived_by_a_holder_of_the_right_to_decide() -> None:
    student = evaluated(date(2022, 12, 1))
    with pytest.raises(WaiverRefused) as refusal:
        waive_reevaluation(student, waive(AUNT, agreed_on=SEPT_8))
    told = waive_reevaluation(student, waive(AUNT, agreed_on=SEPT_8, reported=reported(SEPT_8)))

    assert codes(refusal) == {"waived-by-nobody-who-decides"}
    assert reevaluation_due_on(given(*told, start=student).evaluations) == date(2025, 12, 1)


@pytest.mark.parametrize(
    ("last", "latest"),
    [(date(2022, 12, 1), date(2025, 12, 1)), (None, date(2028, 9, 8))],
    ids=["the one that is due", "with no evaluation on record here three years on"],
)
def test_a_waiver_moves_no_reevaluation_farther_than_three_years(last: date | None, latest: date) -> None:
    student = evaluated(last) if last else child()
    assert waive_reevaluation(student, waive(agreed_on=SEPT_8, due_on=latest))
    with pytest.raises(Invalid) as refused:
        waive_reevaluation(student, waive(agreed_on=SEPT_8, due_on=latest + timedelta(days=1)))
    assert [reason.code for reason in refused.value.reasons] == ["no-reevaluation-due-then"]


def test_what_is_waived_is_a_reevaluation_whose_day_is_known() -> None:
    with pytest.raises(Invalid):
        waive_reevaluation(child(), waive())
    assert len(waive_reevaluation(child(), waive(due_on=date(2026, 1, 10)))) == 1


def test_years_after_a_leap_day() -> None:
    assert years_after(date(2024, 2, 29), 3) == date(2027, 2, 28)
    assert years_after(date(2024, 2, 29), 4) == date(2028, 2, 29)


# --- Referral ---


def test_a_referral_is_recorded_by_whoever_makes_it() -> None:
    (event,) = receive_referral(child(), refer(holder_id=AUNT, words="She reads slowly.", referred_on=SEPT_8))

    assert event.effective_on == SEPT_8


@pytest.mark.parametrize("fields", [{"referred_on": date(2026, 1, 1)}, {"holder_id": FATHER},
                                    {"agreed_by": FATHER}])  # fmt: skip
def test_a_referral_that_cannot_be_true_is_refused_even_as_a_report(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        receive_referral(child(), refer(**fields, reported=reported(SEPT_8)))


def test_nobody_is_referred_before_they_are_born() -> None:
    with pytest.raises(Invalid):
        receive_referral(child(), refer(referred_on=date(1900, 1, 1)))
