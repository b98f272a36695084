"""The evaluation clock's exceptions, and evaluations that are not made: each test's name is the rule's own sentence."""

from datetime import date
from typing import Any

import pytest

from contracts.day_count import Pauses
from contracts.evaluations import EvaluationDeclined, EvaluationExtended, ReferralWithdrawn
from contracts.problems import Invalid
from contracts.rule_profile import Due
from contracts.testing import an_id
from contracts.vocabulary import ConsentDecision, ConsentMethod, ExtensionGround
from plan_service.domain.evaluation import EvaluationClosed, EvaluationStatus
from plan_service.domain.evaluation_completed import complete_evaluation
from plan_service.domain.evaluation_consent import answer_evaluation, ask_consent
from plan_service.domain.evaluation_extension import ExtendEvaluation, ExtensionRefused, extend_evaluation
from plan_service.domain.referral import (
    DeclineEvaluation,
    DeclineRefused,
    WithdrawalOfReferralRefused,
    WithdrawReferral,
    decline_evaluation,
    receive_referral,
    withdraw_referral,
)
from plan_service.domain.rules import EvaluationClock, Rules
from plan_service.domain.student import Student
from plan_service.testing_evaluations import (
    EVALUATION,
    NOV_14,
    NOV_21,
    SEPT_8,
    SEPT_15,
    SEPT_22,
    TODAY,
    answer,
    answered,
    ask,
    complete,
    refer,
    referred,
)
from plan_service.testing_people import (
    AUNT,
    FATHER,
    MOTHER,
    TEACHER,
    all_rights,
    confirmed,
    contact,
    given,
    registered,
    reported,
)

DEC_19 = date(2025, 12, 19)
TEXAS = Rules(evaluation=EvaluationClock(Due(count=45, kind="school"), pauses=Pauses(absences_from=3)))
THREE_DAYS = (date(2025, 10, 6), date(2025, 10, 7), date(2025, 10, 8))
NOT_PRODUCED, MOVED_IN, SLD, ABSENCES = (
    ExtensionGround.NOT_PRODUCED, ExtensionGround.MOVED_IN, ExtensionGround.LEARNING_DISABILITY, ExtensionGround.ABSENCES,
)  # fmt: skip


def child(*events: Any) -> Student:
    """A student with a mother who decides, and an aunt who holds no rights; referred by the mother."""
    born = date(2016, 6, 20)
    return given(
        registered(born),
        contact(),
        confirmed(MOTHER, rights=all_rights(born)),
        confirmed(FATHER, rights=all_rights(born)),
        referred(),
        *events,
    )


def evaluation(student: Student) -> Any:
    return student.evaluations.evaluation(EVALUATION)


def codes(refusal: Any) -> set[str]:
    assert all(reason.citation and reason.cure for reason in refusal.value.reasons)
    return {reason.code for reason in refusal.value.reasons}


def extend(ground: ExtensionGround = SLD, **fields: Any) -> ExtendEvaluation:
    told: dict[str, Any] = {"agreed_on": date(2025, 11, 10), "today": TODAY}
    if ground in (SLD, MOVED_IN):
        told |= {"due_on": DEC_19, "holder_id": MOTHER, "method": ConsentMethod.PAPER_SIGNATURE}
    return ExtendEvaluation(EVALUATION, an_id("extension"), ground, **told | fields)


def extended(student: Student, command: ExtendEvaluation) -> Student:
    return given(*extend_evaluation(student, command), start=student)


# --- 34 CFR 300.301(d)(1): not produced ---


def test_no_time_runs_any_more_for_a_child_who_is_repeatedly_not_produced() -> None:
    after = extended(child(answered()), extend(NOT_PRODUCED, days=THREE_DAYS))

    assert evaluation(after).due_on is None
    assert evaluation(given(*complete_evaluation(after, complete()), start=after)).in_time is None


def test_once_is_not_repeatedly() -> None:
    with pytest.raises(ExtensionRefused) as refusal:
        extend_evaluation(child(answered()), extend(NOT_PRODUCED, days=THREE_DAYS[:1]))

    assert codes(refusal) == {"not-repeatedly"}


# --- 34 CFR 300.301(d)(2), (e): moved in ---


def test_of_a_student_who_has_moved_in_mid_clock_parent_and_district_agree_on_a_day() -> None:
    after = extended(child(), extend(MOVED_IN, method=None))

    assert evaluation(after).due_on == DEC_19


def test_the_parent_who_agrees_is_one_who_decides() -> None:
    for ground in (MOVED_IN, SLD):
        with pytest.raises(ExtensionRefused) as refusal:
            extend_evaluation(child(answered()), extend(ground, holder_id=AUNT))
        assert codes(refusal) == {"extension-not-by-rights-holder"}


# --- 34 CFR 300.309(c): specific learning disability ---


def test_more_time_for_a_learning_disability_is_agreed_in_writing() -> None:
    after = extended(child(answered()), extend())
    with pytest.raises(ExtensionRefused) as refusal:
        extend_evaluation(child(answered()), extend(method=ConsentMethod.ORAL))

    assert evaluation(after).due_on == DEC_19
    assert codes(refusal) == {"extension-not-written"}


def test_a_time_that_has_passed_is_not_prolonged() -> None:
    with pytest.raises(ExtensionRefused) as refusal:
        extend_evaluation(child(answered()), extend(agreed_on=date(2025, 11, 22)))

    assert codes(refusal) == {"agreed-after-its-end"}
    assert extend_evaluation(child(answered()), extend(agreed_on=NOV_21))


def test_an_agreement_that_was_reported_and_does_not_count_moves_no_day() -> None:
    after = extended(
        child(answered()), extend(method=ConsentMethod.ORAL, reported=reported(date(2025, 11, 10)))
    )

    assert evaluation(after).due_on == NOV_21


def test_without_a_consent_no_time_runs_that_could_be_prolonged() -> None:
    for events in ((), (answered(ConsentDecision.REFUSED),)):
        with pytest.raises(ExtensionRefused) as refusal:
            extend_evaluation(child(*events), extend())
        assert codes(refusal) == {"no-time-runs"}


# --- Absences, where the state counts them ---


def test_where_the_state_says_so_absences_prolong_the_time_by_as_many_school_days() -> None:
    (event,) = extend_evaluation(child(answered()), extend(ABSENCES, days=THREE_DAYS, rules=TEXAS))

    assert isinstance(event, EvaluationExtended)
    assert (event.due_on, event.was_due_on, event.due_beyond_calendar) == (date(2025, 11, 26), NOV_21, True)


@pytest.mark.parametrize(
    ("rules", "days", "code"),
    [(TEXAS, THREE_DAYS[:2], "too-few-absences"), (Rules(), THREE_DAYS, "absences-do-not-count")],
)
def test_fewer_absences_or_another_state_prolong_nothing(rules: Rules, days: Any, code: str) -> None:
    with pytest.raises(ExtensionRefused) as refusal:
        extend_evaluation(child(answered()), extend(ABSENCES, days=days, rules=rules))

    assert codes(refusal) == {code}


@pytest.mark.parametrize(
    "command",
    [
        extend(due_on=None),
        extend(NOT_PRODUCED, days=THREE_DAYS, due_on=DEC_19),
        extend(due_on=NOV_21),
        extend(MOVED_IN, due_on=date(2025, 11, 9)),
        extend(NOT_PRODUCED, days=(date(2025, 9, 1),)),
        extend(agreed_on=date(2025, 9, 7)),
        extend(holder_id=an_id("nobody")),
    ],
)
def test_days_that_contradict_each_other_cannot_be_meant(command: ExtendEvaluation) -> None:
    with pytest.raises(Invalid):
        extend_evaluation(child(answered()), command)


# --- The referral is withdrawn, 300.301(b) ---


def withdraw(**fields: Any) -> WithdrawReferral:
    told: dict[str, Any] = {"today": TODAY, "withdrawn_on": SEPT_15}
    return WithdrawReferral(EVALUATION, **told | fields)


@pytest.mark.parametrize("who", [MOTHER, FATHER])
def test_a_referral_is_taken_back_by_who_made_it_or_decides(who: Any) -> None:
    student = child()
    (event,) = withdraw_referral(student, withdraw(holder_id=who))
    after = given(event, start=student)

    assert isinstance(event, ReferralWithdrawn)
    assert evaluation(after).status is EvaluationStatus.WITHDRAWN
    for decide in (lambda: ask_consent(after, ask()), lambda: answer_evaluation(after, answer()),
                   lambda: complete_evaluation(after, complete()),
                   lambda: withdraw_referral(after, withdraw(holder_id=who))):  # fmt: skip
        with pytest.raises(EvaluationClosed):
            decide()


@pytest.mark.parametrize("who", [{"holder_id": AUNT}, {"staff_id": TEACHER}, {}])
def test_nobody_takes_back_what_somebody_else_has_asked_for(who: Any) -> None:
    with pytest.raises(WithdrawalOfReferralRefused) as refusal:
        withdraw_referral(child(), withdraw(**who))

    assert codes(refusal) == {"withdrawn-by-another"}


def test_a_withdrawal_comes_after_the_referral() -> None:
    with pytest.raises(Invalid):
        withdraw_referral(child(), withdraw(holder_id=MOTHER, withdrawn_on=date(2025, 9, 7)))


# --- The district refuses, 300.503(a)(2) ---


def decline(**fields: Any) -> DeclineEvaluation:
    told: dict[str, Any] = {"today": TODAY, "declined_on": SEPT_15, "notice_id": an_id("notice")}
    return DeclineEvaluation(EVALUATION, "Nothing suggests a disability.", **told | fields)


def test_a_district_refuses_to_evaluate_with_prior_written_notice() -> None:
    student = child()
    (event,) = decline_evaluation(student, decline())

    assert isinstance(event, EvaluationDeclined)
    assert evaluation(given(event, start=student)).status is EvaluationStatus.DECLINED
    with pytest.raises(DeclineRefused) as refusal:
        decline_evaluation(student, decline(notice_id=None))
    assert codes(refusal) == {"declined-without-notice"}


def test_once_consent_is_there_the_evaluation_is_owed() -> None:
    with pytest.raises(DeclineRefused) as refusal:
        decline_evaluation(child(answered()), decline(declined_on=SEPT_22))

    assert codes(refusal) == {"declined-after-consent"}


def test_a_completed_evaluation_is_refused_by_nobody() -> None:
    student = child(answered())
    done = given(*complete_evaluation(student, complete()), start=student)

    with pytest.raises(EvaluationClosed):
        decline_evaluation(done, decline(declined_on=NOV_14))


# --- The answer to a referral ---


def test_a_state_names_a_time_for_the_answer_to_a_referral() -> None:
    rules = Rules(referral_answer=Due(count=15, kind="school"))
    (event,) = receive_referral(
        given(registered(date(2016, 6, 20)), confirmed(MOTHER)), refer(referred_on=SEPT_8, rules=rules)
    )
    (federal,) = receive_referral(
        given(registered(date(2016, 6, 20)), confirmed(MOTHER)), refer(referred_on=SEPT_8)
    )

    assert (event.answer_due_on, federal.answer_due_on) == (date(2025, 9, 29), None)  # type: ignore[union-attr]
