"""Rules about who comes with a plan from elsewhere: each test's name is the rule's own sentence (34 CFR 300.323(e)-(g))."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from contracts.district import SchoolYear
from contracts.initial_services import ServicesConsentAnswered
from contracts.plan import PlanAdopted
from contracts.problems import Invalid, NotFound
from contracts.testing import an_id
from contracts.transfers import ServiceInWords, TransferPersonalData
from contracts.vocabulary import (
    Channel,
    ConsentDecision,
    ConsentMethod,
    Law,
    PlanKind,
    RecordsAnswer,
    TransferOutcome,
)
from plan_service.domain.coming_from_elsewhere import (
    AnswerRecords,
    ComparableServicesRefused,
    ReceiveTransfer,
    RequestRecords,
    SettlementRefused,
    SettleTransfer,
    StartComparableServices,
    TransferIsSettled,
    answer_records,
    first_school_day,
    receive_transfer,
    request_records,
    settle_transfer,
    start_comparable_services,
)
from plan_service.domain.eligibility import determine_eligibility
from plan_service.domain.plan import Plan
from plan_service.domain.plan import evolve as plan_after
from plan_service.domain.rules import FEDERAL
from plan_service.domain.student import Student
from plan_service.testing_evaluations import completed, determine, idea, referred
from plan_service.testing_people import (
    AUNT,
    MOTHER,
    STUDENT,
    all_rights,
    confirmed,
    contact,
    given,
    registered,
    reported,
)

JAN_12, JAN_13, FEB_3 = date(2026, 1, 12), date(2026, 1, 13), date(2026, 2, 3)
TODAY = FEB_3
YEAR = SchoolYear(first_on=date(2025, 8, 25), last_on=date(2026, 6, 12), days_off=(date(2026, 1, 19),))
NEXT = SchoolYear(first_on=date(2026, 8, 24), last_on=date(2027, 6, 11))
SPEECH, COUNSELING = (
    ServiceInWords(service="speech_language_therapy", minutes=30),
    ServiceInWords(service="counseling"),
)
TIME = TransferPersonalData(district="Bayside Unified", accommodations=("Extended time",))
TRANSFER, REQUEST, PLAN = an_id("transfer"), an_id("records request"), an_id("plan")


def received(same_state: bool = True, kind: PlanKind = PlanKind.IEP, **fields: Any) -> ReceiveTransfer:
    told: dict[str, Any] = {
        "personal": TransferPersonalData(district="Bayside Unified"), "today": JAN_12, "services": (SPEECH, COUNSELING),
        "calendar": (YEAR, NEXT),
    }  # fmt: skip
    return ReceiveTransfer(TRANSFER, kind, same_state, True, **told | fields)


def newcomer(same_state: bool = True, kind: PlanKind = PlanKind.IEP) -> Student:
    born = date(2016, 6, 20)
    known = given(registered(born), contact(), confirmed(MOTHER, rights=all_rights(born)))
    return given(*receive_transfer(known, received(same_state, kind)), start=known)


def comparable(*services: ServiceInWords, **fields: Any) -> StartComparableServices:
    told: dict[str, Any] = {"today": JAN_12, "starts_on": JAN_13, "rules": FEDERAL, "holder_ids": (MOTHER,)}
    return StartComparableServices(
        TRANSFER, an_id("comparable"), services or (SPEECH, COUNSELING), **told | fields
    )


def settle(outcome: TransferOutcome = TransferOutcome.PLAN_ADOPTED, **fields: Any) -> SettleTransfer:
    by_a_plan = outcome in (TransferOutcome.PLAN_ADOPTED, TransferOutcome.NEW_PLAN)
    told: dict[str, Any] = {"today": TODAY} | ({"plan_id": PLAN, "plan": a_plan()} if by_a_plan else {})
    return SettleTransfer(TRANSFER, outcome, **told | fields)


def a_plan(since: date = FEB_3, student: Any = STUDENT, kind: PlanKind = PlanKind.IEP) -> Plan:
    adopted = PlanAdopted(effective_on=since, plan_id=PLAN, kind=kind, items=())
    return plan_after(Plan(student_id=student, kind=kind), adopted)


def refused(student: Student, command: SettleTransfer) -> set[str]:
    with pytest.raises(SettlementRefused) as refusal:
        settle_transfer(student, command)
    return {reason.code for reason in refusal.value.reasons}


@pytest.mark.parametrize(
    ("day", "owed_on"),
    [
        (JAN_12, JAN_12),
        (date(2026, 1, 17), date(2026, 1, 20)),
        (date(2026, 7, 4), date(2026, 8, 24)),
        (date(2027, 7, 1), None),
    ],
    ids=["at once", "after a holiday", "in summer the first day of the next year", "beyond the calendar"],
)
def test_comparable_services_are_owed_on_the_first_school_day(day: date, owed_on: date | None) -> None:
    assert first_school_day(day, (YEAR, NEXT)) == owed_on


def test_a_transfer_says_what_the_plan_from_elsewhere_gives() -> None:
    transfer = newcomer().transfers[TRANSFER]
    assert (transfer.received_on, transfer.owed_on, transfer.services) == (
        JAN_12,
        JAN_12,
        (SPEECH, COUNSELING),
    )
    with pytest.raises(Invalid):
        receive_transfer(newcomer(), received(services=()))
    with pytest.raises(Invalid):
        receive_transfer(newcomer(), received(plan_starts_on=JAN_13))


def test_comparable_services_leave_no_service_out() -> None:
    with pytest.raises(ComparableServicesRefused) as refusal:
        start_comparable_services(newcomer(), comparable(SPEECH))
    assert [(reason.code, reason.citation) for reason in refusal.value.reasons] == [
        ("not-comparable", "34 CFR 300.323(e)")
    ]
    student = newcomer()
    after = given(*start_comparable_services(student, comparable()), start=student)
    assert after.transfers[TRANSFER].comparable_from == JAN_13


def test_comparable_services_are_consulted_with_the_parents() -> None:
    with pytest.raises(ComparableServicesRefused) as refusal:
        start_comparable_services(newcomer(same_state=False), comparable(holder_ids=(AUNT,)))
    assert [(reason.code, reason.citation) for reason in refusal.value.reasons] == [
        ("parents-not-consulted", "34 CFR 300.323(f)")
    ]
    assert start_comparable_services(newcomer(kind=PlanKind.SECTION_504), comparable(holder_ids=()))


def test_comparable_services_begin_from_today_on_unless_that_is_reported() -> None:
    late = comparable(today=FEB_3)
    with pytest.raises(ComparableServicesRefused):
        start_comparable_services(newcomer(), late)
    (event,) = start_comparable_services(newcomer(), comparable(today=FEB_3, reported=reported(JAN_13)))
    assert event.effective_on == JAN_13
    with pytest.raises(Invalid):
        start_comparable_services(newcomer(), comparable(starts_on=date(2026, 1, 11)))


def test_the_former_school_is_asked_for_the_records_and_answers() -> None:
    student = newcomer()
    asked = RequestRecords(TRANSFER, REQUEST, "Bayside Elementary", Channel.EMAIL, JAN_13)
    student = given(*request_records(student, asked), start=student)
    answer = AnswerRecords(TRANSFER, REQUEST, RecordsAnswer.RECEIVED, FEB_3)
    student = given(*answer_records(student, answer), start=student)
    request = student.transfers[TRANSFER].requests[REQUEST]
    assert (request.requested_on, request.answered_on, request.answer) == (
        JAN_13,
        FEB_3,
        RecordsAnswer.RECEIVED,
    )
    with pytest.raises(Invalid):
        answer_records(student, AnswerRecords(TRANSFER, REQUEST, RecordsAnswer.REFUSED, FEB_3, JAN_12))
    with pytest.raises(NotFound):
        answer_records(student, AnswerRecords(TRANSFER, an_id("another"), RecordsAnswer.REFUSED, FEB_3))


def test_no_transfer_is_settled_before_the_student_came() -> None:
    with pytest.raises(Invalid):
        settle_transfer(newcomer(), settle(TransferOutcome.LEFT, settled_on=date(2026, 1, 11)))


def test_a_transfer_is_settled_by_a_plan_in_effect_and_only_once() -> None:
    student = newcomer()
    assert refused(student, settle(plan=a_plan(date(2026, 2, 4)))) == {"plan-not-in-effect"}
    after = given(*settle_transfer(student, settle()), start=student)
    assert after.transfers[TRANSFER].settled is not None
    with pytest.raises(TransferIsSettled):
        settle_transfer(after, settle())
    with pytest.raises(TransferIsSettled):
        start_comparable_services(after, comparable())


def test_a_plan_from_another_state_is_not_adopted_but_made_anew() -> None:
    student = newcomer(same_state=False)
    assert refused(student, settle()) == {"from-another-state"}
    assert settle_transfer(student, settle(TransferOutcome.NEW_PLAN))


def test_a_section_504_plan_from_another_state_may_be_taken_over() -> None:
    student = newcomer(same_state=False, kind=PlanKind.SECTION_504)
    plan = a_plan(kind=PlanKind.SECTION_504)
    assert settle_transfer(student, settle(plan=plan))


def test_ineligible_is_who_was_evaluated_and_found_so() -> None:
    student = newcomer()
    wanted = settle(TransferOutcome.FOUND_INELIGIBLE)
    assert refused(student, wanted) == {"not-found-ineligible"}
    evaluated = given(referred(), completed(), start=student)
    found = determine_eligibility(evaluated, determine(idea(eligible=False, needs=False)))
    assert evaluated.evaluations.last_completed_on(Law.IDEA)
    assert settle_transfer(given(*found, start=evaluated), wanted)


def test_services_are_refused_by_who_decides_before_a_transfer_is_settled_so() -> None:
    wanted = settle(TransferOutcome.SERVICES_REFUSED)
    assert refused(newcomer(), wanted) == {"services-not-refused"}
    answer = ServicesConsentAnswered(
        effective_on=JAN_13, student_id=STUDENT, services_consent_id=an_id("answer"), holder_id=MOTHER, counts=True,
        decision=ConsentDecision.REFUSED, method=ConsentMethod.PAPER_SIGNATURE,
    )  # fmt: skip
    assert settle_transfer(given(answer, start=newcomer()), wanted)
    assert settle_transfer(newcomer(kind=PlanKind.SECTION_504), wanted)


def test_what_a_504_plan_without_services_gives_is_said_in_words() -> None:
    student = newcomer(kind=PlanKind.SECTION_504)
    only = replace(received(kind=PlanKind.SECTION_504), services=(), documents=())
    student = given(
        *receive_transfer(student, replace(only, transfer_id=REQUEST, personal=TIME)), start=student
    )
    given_on = replace(comparable(), transfer_id=REQUEST, services=())
    with pytest.raises(Invalid):
        start_comparable_services(student, given_on)
    (event,) = start_comparable_services(student, replace(given_on, words="Extended time."))
    assert event.services == ()


@pytest.mark.parametrize(
    "command",
    [
        settle(plan_id=None, plan=None),
        settle(TransferOutcome.LEFT, plan_id=PLAN),
        settle(plan=a_plan(student=an_id("somebody else"))),
        settle(settled_on=date(2026, 2, 4)),
    ],
    ids=["by no plan", "left with a plan", "another student's", "a day to come"],
)
def test_a_settlement_that_cannot_be_is_not_recorded(command: SettleTransfer) -> None:
    with pytest.raises(Invalid):
        settle_transfer(newcomer(), command)
