"""Requests of parents and adult students, and their answers: each test's name is the rule's own sentence."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.disputes import DisputeFiled
from contracts.problems import Invalid, NotFound
from contracts.profile_check import check_profile
from contracts.requests import (
    RecordHearingAsked,
    RecordHearingDecided,
    RecordStatementPlaced,
    RequestAnswered,
)
from contracts.rule_profile import Due, RuleProfiles
from contracts.shipped_profiles import shipped_profiles
from contracts.students import RequestMade, RequestPersonalData
from contracts.testing import an_id
from contracts.vocabulary import DisputeKind, DisputeParty, RequestKind, RequestOutcome, RequestVia
from plan_service.domain.request import MakeRequest, make_request, take_in_request
from plan_service.domain.request_answer import (
    AnswerRefused,
    AnswerRequest,
    AskRecordHearing,
    DecideRecordHearing,
    HearingNotOwed,
    PlaceStatement,
    RequestClosed,
    StatementRefused,
    answer_request,
    ask_record_hearing,
    decide_record_hearing,
    place_statement,
)
from plan_service.domain.rules import FEDERAL, Profile, Rules, rules_of
from plan_service.domain.student import Student
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

TODAY, MADE, DUE = date(2026, 6, 1), date(2026, 3, 2), date(2026, 4, 16)
REQUEST, DISPUTE = an_id("request"), an_id("dispute")
RECORDS, MEETING, AMENDMENT, INDEPENDENT = (
    RequestKind.RECORDS,
    RequestKind.MEETING,
    RequestKind.AMENDMENT_OF_RECORD,
    RequestKind.INDEPENDENT_EVALUATION,
)
GRANTED, REFUSED, FILED = RequestOutcome.GRANTED, RequestOutcome.REFUSED, RequestOutcome.HEARING_FILED


def made(kind: RequestKind = RECORDS, holder: Any = MOTHER, **fields: Any) -> RequestMade:
    return RequestMade(
        effective_on=MADE, student_id=STUDENT, request_id=REQUEST, kind=kind, holder_id=holder,
        via=RequestVia.LETTER, **fields,
    )  # fmt: skip


def child(*events: Any) -> Student:
    born = date(2016, 6, 20)
    return given(registered(born), contact(), confirmed(MOTHER, rights=all_rights(born)), *events)


def respond(outcome: RequestOutcome = GRANTED, **fields: Any) -> AnswerRequest:
    return AnswerRequest(REQUEST, outcome, **{"today": TODAY, "answered_on": date(2026, 3, 20)} | fields)


def refused_amendment() -> Student:
    student = child(made(AMENDMENT))
    return given(*answer_request(student, respond(REFUSED, hearing_right_told=True)), start=student)


def codes(refusal: Any) -> set[str]:
    assert all(reason.citation and reason.cure for reason in refusal.value.reasons)
    return {reason.code for reason in refusal.value.reasons}


def due(kind: RequestKind, rules: Rules = FEDERAL) -> date | None:
    (event,) = make_request(
        child(), MakeRequest(REQUEST, kind, RequestVia.LETTER, TODAY, made_on=MADE, rules=rules)
    )
    assert isinstance(event, RequestMade)
    return event.due_on


# --- The record ---


def test_the_record_is_shown_within_45_days() -> None:
    assert due(RECORDS) == DUE
    assert due(RECORDS, Rules(inspection=Due(count=5, kind="calendar"))) == date(2026, 3, 7)


def test_a_meeting_is_owed_in_a_number_of_days_where_the_state_names_one() -> None:
    california = rules_of(Profile(MADE, "UTC", "federal@2026-1+ca@2026-1"), MADE, shipped_profiles())

    assert (due(MEETING), due(MEETING, california)) == (None, date(2026, 4, 1))
    assert due(INDEPENDENT, california) is None


def test_a_state_names_a_time_for_an_independent_evaluation_and_for_a_change_of_the_record() -> None:
    """A state that nobody has heard of yet: its file alone says so."""
    text = """
        [profile]
        id = "zz"
        version = "2026-1"
        floor = "federal@2026-1"
        in_force_from = 2025-07-01
        as_of = 2026-01-01
        verified = false
        [rule."idea.iee-answered"]
        due = { count = 15, kind = "calendar" }
        cite = "ZZ Code 1"
        [rule."rec.amend"]
        due = { count = 20, kind = "calendar" }
        cite = "ZZ Code 2"
    """
    state, faults = check_profile(text, shipped_profiles())
    assert state is not None, faults
    known = RuleProfiles([*shipped_profiles(), state])
    rules = rules_of(Profile(MADE, "UTC", "federal@2026-1+zz@2026-1"), MADE, known)
    assert due(INDEPENDENT, rules) == MADE + timedelta(days=15)
    assert due(AMENDMENT, rules) == MADE + timedelta(days=20)


@pytest.mark.parametrize(("day", "in_time"), [(DUE, True), (date(2026, 4, 17), False)])
def test_whether_it_was_shown_in_time_stands_beside_it_and_refuses_nothing(day: date, in_time: bool) -> None:
    student = child(made(due_on=DUE))
    after = given(*answer_request(student, respond(answered_on=day)), start=student)

    assert after.requests[REQUEST].in_time is in_time


def test_the_record_is_shown_to_who_holds_the_right_over_it_and_to_nobody_else() -> None:
    with pytest.raises(AnswerRefused) as refusal:
        answer_request(child(made(holder=AUNT)), respond())

    assert codes(refusal) == {"record-shown-to-another"}
    assert answer_request(child(made(holder=AUNT)), respond(REFUSED))


def test_the_record_is_not_withheld_from_who_holds_the_right_over_it() -> None:
    with pytest.raises(AnswerRefused) as refusal:
        answer_request(child(made()), respond(REFUSED))

    assert codes(refusal) == {"record-withheld"}


# --- Its amendment ---


def test_who_is_refused_a_change_of_the_record_is_told_of_the_right_to_a_hearing() -> None:
    with pytest.raises(AnswerRefused) as refusal:
        answer_request(child(made(AMENDMENT)), respond(REFUSED))

    assert codes(refusal) == {"hearing-right-not-told"}
    assert answer_request(child(made(AMENDMENT)), respond(GRANTED))


def test_a_hearing_is_about_a_change_that_was_refused() -> None:
    asking = AskRecordHearing(REQUEST, RequestVia.LETTER, TODAY, date(2026, 3, 27), MOTHER)
    (event,) = ask_record_hearing(refused_amendment(), asking)
    with pytest.raises(HearingNotOwed) as refusal:
        ask_record_hearing(child(made(AMENDMENT)), asking)

    assert isinstance(event, RecordHearingAsked)
    assert codes(refusal) == {"nothing-was-refused"}


def heard() -> Student:
    student = refused_amendment()
    asking = AskRecordHearing(REQUEST, RequestVia.LETTER, TODAY, date(2026, 3, 27), MOTHER)
    return given(*ask_record_hearing(student, asking), start=student)


def decide(*, amended: bool = False, **fields: Any) -> DecideRecordHearing:
    return DecideRecordHearing(REQUEST, amended, **{"today": TODAY, "decided_on": date(2026, 5, 4)} | fields)


def test_where_the_record_stays_the_person_is_told_that_a_statement_may_be_placed_in_it() -> None:
    with pytest.raises(HearingNotOwed) as refusal:
        decide_record_hearing(heard(), decide())
    (event,) = decide_record_hearing(heard(), decide(statement_right_told=True))

    assert codes(refusal) == {"statement-right-not-told"}
    assert isinstance(event, RecordHearingDecided)
    assert decide_record_hearing(heard(), decide(amended=True))


def place(holder: Any = MOTHER, **fields: Any) -> PlaceStatement:
    told: dict[str, Any] = {"today": TODAY, "placed_on": date(2026, 5, 11)}
    return PlaceStatement(REQUEST, an_id("statement"), holder, "She was ill that day.", **told | fields)


def test_a_statement_is_kept_with_the_record_that_was_not_changed() -> None:
    student = heard()
    after = given(*decide_record_hearing(student, decide(statement_right_told=True)), start=student)
    (event,) = place_statement(after, place())

    assert isinstance(event, RecordStatementPlaced)
    assert given(event, start=after).requests[REQUEST].statements[0].text == "She was ill that day."


def test_a_statement_is_of_who_holds_the_right_over_the_record_and_on_what_stayed() -> None:
    student = heard()
    changed = given(*decide_record_hearing(student, decide(amended=True)), start=student)
    for of, who, code in (
        (refused_amendment(), AUNT, "statement-not-by-rights-holder"),
        (changed, MOTHER, "record-was-changed"),
        (child(made(AMENDMENT)), MOTHER, "nothing-was-refused"),
    ):
        with pytest.raises(StatementRefused) as refusal:
            place_statement(of, place(who))
        assert codes(refusal) == {code}


# --- Independent evaluation ---


def filed(by: DisputeParty = DisputeParty.DISTRICT) -> DisputeFiled:
    return DisputeFiled(
        effective_on=date(2026, 3, 10), student_id=STUDENT, dispute_id=DISPUTE, filed_by=by,
        kind=DisputeKind.DUE_PROCESS_COMPLAINT,
    )  # fmt: skip


def test_an_independent_evaluation_is_provided_or_the_district_files_for_a_hearing() -> None:
    asked = made(INDEPENDENT)

    assert answer_request(child(asked), respond(GRANTED))
    (event,) = answer_request(child(asked, filed()), respond(FILED, dispute_id=DISPUTE))
    assert isinstance(event, RequestAnswered)


@pytest.mark.parametrize(
    ("events", "fields"),
    [
        ((), {"outcome": REFUSED}),
        ((), {"outcome": FILED}),
        ((filed(DisputeParty.FAMILY),), {"outcome": FILED, "dispute_id": DISPUTE}),
    ],
)
def test_nothing_else_answers_a_request_for_one(events: Any, fields: Any) -> None:
    with pytest.raises(AnswerRefused) as refusal:
        answer_request(child(made(INDEPENDENT), *events), respond(**fields))

    assert codes(refusal) == {"independent-evaluation-refused"}


# --- Made on a notice's page ---


def on_a_page(kind: RequestKind = RequestKind.RECORDS) -> RequestMade:
    return RequestMade(
        effective_on=date(2026, 3, 2), student_id=STUDENT, request_id=REQUEST, kind=kind, holder_id=MOTHER,
        personal=RequestPersonalData(text="All of it."), via=RequestVia.NOTICE_LINK, notice_id=an_id("notice"),
    )  # fmt: skip


def test_what_is_asked_for_on_a_notices_page_is_owed_from_the_day_it_was_asked() -> None:
    (event,) = take_in_request(child(), on_a_page(), FEDERAL)

    assert event == on_a_page().model_copy(update={"due_on": date(2026, 4, 16)})


def test_it_is_taken_in_once_and_how_a_notice_is_given_the_office_sees_to_itself() -> None:
    student = given(*take_in_request(child(), on_a_page(), FEDERAL), start=child())

    assert take_in_request(student, on_a_page(), FEDERAL) == []
    for kind in (RequestKind.LANGUAGE, RequestKind.INTERPRETER, RequestKind.PAPER):
        assert take_in_request(child(), on_a_page(kind), FEDERAL) == []


# --- All of them ---


def test_what_was_answered_otherwise_is_reported_with_what_it_left_unmet() -> None:
    (event,) = answer_request(
        child(made(INDEPENDENT)), respond(REFUSED, reported=reported(date(2026, 3, 20)))
    )

    assert isinstance(event, RequestAnswered)
    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["independent-evaluation-refused"]


def test_a_request_is_answered_once_and_a_hearing_decided_once() -> None:
    student = heard()
    decided = given(*decide_record_hearing(student, decide(amended=True)), start=student)
    for again in (
        lambda: answer_request(student, respond()),
        lambda: decide_record_hearing(decided, decide(amended=True)),
        lambda: ask_record_hearing(student, AskRecordHearing(REQUEST, RequestVia.LETTER, TODAY)),
    ):
        with pytest.raises(RequestClosed):
            again()


@pytest.mark.parametrize(
    "command", [respond(answered_on=date(2026, 3, 1)), respond(FILED), respond(dispute_id=DISPUTE)]
)
def test_what_contradicts_the_request_cannot_be_meant(command: AnswerRequest) -> None:
    with pytest.raises(Invalid):
        answer_request(child(made()), command)


def test_nothing_is_answered_that_nobody_asked() -> None:
    with pytest.raises(NotFound):
        answer_request(child(), respond())
    with pytest.raises(Invalid):
        decide_record_hearing(refused_amendment(), decide())
