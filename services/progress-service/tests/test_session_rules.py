"""What may be recorded of a session. Pure: no database, no clock."""

from datetime import date
from typing import Any

import pytest

from contracts.items import End, Replace
from contracts.problems import Reason
from contracts.progress import ServiceDelivered, SessionMissed
from contracts.sessions import Session, SessionOutcome
from contracts.testing import an_id
from contracts.values import Reported
from contracts.vocabulary import PlanKind
from progress_service.domain.promised_item import KnownPlan
from progress_service.domain.refusals import CannotBeTrue, SessionNotPromised
from progress_service.domain.session import RecordSession, record_session, void_session
from progress_service.testing_promises import (
    GOAL,
    PLAN,
    READING,
    SPEECH,
    STUDENT,
    TODAY,
    adopted,
    amended,
    ended,
    item,
    known,
    missed,
    opened,
    proposed,
    reading,
    session,
    speech,
    voided,
    year,
)

DEC_16, DEC_23 = date(2025, 12, 16), date(2025, 12, 23)
PARTIAL = SessionOutcome.PARTIAL


def record(
    command: RecordSession, plan: KnownPlan | None = None, made_up: Session | None = None
) -> ServiceDelivered | SessionMissed:
    (event,) = record_session(command, (plan or known()).on(command.item_id, command.on), made_up, TODAY)
    return event


def refused(command: RecordSession, plan: KnownPlan) -> Reason:
    with pytest.raises(SessionNotPromised) as refusal:
        record(command, plan)
    (reason,) = refusal.value.reasons
    return reason


def impossible(command: RecordSession, made_up: Session | None = None) -> set[tuple[str, str | None]]:
    with pytest.raises(CannotBeTrue) as refusal:
        record(command, made_up=made_up)
    return {(reason.code, reason.pointer) for reason in refusal.value.reasons}


def reported(on: date = DEC_16) -> Reported:
    return Reported(source="paper log", reason="kept on paper", occurred_on=on)


def recorded_session(**fields: Any) -> Session:
    command = missed(**fields)
    return year(record(command)).sessions[command.session_id]


def test_a_session_the_plan_in_force_promises_is_recorded_for_its_student():
    event = record(session())

    assert isinstance(event, ServiceDelivered)
    assert (event.student_id, event.minutes, event.effective_on) == (STUDENT, 30, DEC_16)
    assert event.reported is None


def test_a_missed_session_keeps_the_owed_minutes_and_the_reason():
    event = record(missed("testing"))

    assert isinstance(event, SessionMissed)
    assert (event.minutes, event.reason) == (30, "testing")


@pytest.mark.parametrize("minutes", [0, -1, 1441])
def test_minutes_are_positive_and_within_a_day(minutes: int):
    assert impossible(session(minutes=minutes)) == {("impossible-minutes", "/minutes")}


def test_nothing_is_recorded_that_is_still_to_come():
    assert impossible(session(on=date(2026, 7, 1))) == {("in-the-future", "/on")}


@pytest.mark.parametrize("status", [SessionOutcome.MISSED, SessionOutcome.PARTIAL])
def test_a_missed_or_partial_session_has_a_reason_from_the_code_list(status: SessionOutcome):
    without = session(status=status, minutes=20)

    assert impossible(without) == {("reason-missing", "/reason")}
    assert impossible(session(status=status, minutes=20, reason="rainy")) == {("unknown-code", "/reason")}


def test_a_session_delivered_in_full_has_no_reason():
    assert impossible(session(reason="testing")) == {("reason-of-nothing", "/reason")}


def test_a_session_that_took_place_names_who_gave_it():
    assert impossible(session(provider=None)) == {("provider-missing", "/provider")}
    assert record(missed("no_provider")).provider is None
    assert record(session(provider=None, reported=reported())).provider is None


def test_fewer_minutes_than_planned_are_a_partial_session_and_nothing_else():
    assert impossible(session(minutes=20, planned_minutes=30)) == {("not-in-full", "/status")}
    whole = session(status=PARTIAL, minutes=30, planned_minutes=30, reason="testing")
    assert impossible(whole) == {("not-partial", "/status")}


def test_a_missed_session_has_no_group_and_makes_up_nothing():
    assert impossible(missed(group_size=3, makes_up=an_id("other"))) == {
        ("not-of-a-missed-session", "/group_size"),
        ("not-of-a-missed-session", "/makes_up"),
        ("nothing-to-make-up", "/makes_up"),
    }


def test_every_contradiction_is_named_at_once():
    assert impossible(session(minutes=0, provider=None, on=date(2027, 1, 1))) == {
        ("in-the-future", "/on"),
        ("impossible-minutes", "/minutes"),
        ("provider-missing", "/provider"),
    }


def test_a_make_up_points_at_a_missed_session_of_the_same_item():
    make_up = session(session_id=an_id("make-up"), on=DEC_23, makes_up=an_id("session"))

    event = record(make_up, made_up=recorded_session())

    assert isinstance(event, ServiceDelivered)
    assert event.makes_up == an_id("session")


def test_what_was_cut_short_of_a_partial_session_can_be_made_up():
    partial = record(session(status=PARTIAL, minutes=20, planned_minutes=30, reason="testing"))
    make_up = session(session_id=an_id("make-up"), on=DEC_23, minutes=10, makes_up=an_id("session"))

    assert record(make_up, made_up=year(partial).sessions[an_id("session")])


def test_a_make_up_of_an_unknown_delivered_or_voided_session_or_of_another_item_is_refused():
    make_up = session(session_id=an_id("make-up"), makes_up=an_id("session"))
    of_reading = recorded_session(item_id=READING)
    whole = year(record(session())).sessions[an_id("session")]
    before = year(record(missed()))
    voided = year(record(missed()), *void_session(before, an_id("session"), "twice")).sessions[
        an_id("session")
    ]

    for made_up in (None, of_reading, whole, voided):
        assert impossible(make_up, made_up) == {("nothing-to-make-up", "/makes_up")}


def test_a_session_is_of_a_service():
    assert impossible(session(item_id=GOAL)) == {("not-a-service", "/item")}


def test_a_session_of_an_item_that_was_never_in_the_plan_is_refused():
    assert refused(session(item_id=an_id("nowhere")), known()).code == "item-not-in-plan"


def test_a_session_before_the_plan_or_after_its_end_is_refused():
    plan = known(opened(), adopted(speech(starts_on=None)), ended(DEC_23))

    assert refused(session(on=date(2025, 12, 8)), plan).code == "plan-not-yet-in-force"
    assert refused(session(on=DEC_23), plan).code == "plan-ended"
    assert record(session(on=date(2025, 12, 22)), plan)


def test_a_session_of_a_plan_that_never_bound_is_refused():
    plan = known(opened(), adopted(speech(starts_on=None)), voided())

    assert refused(session(on=date(2025, 12, 22)), plan).code == "plan-void"


def test_a_session_of_a_draft_is_refused():
    plan = known(opened(), proposed(Replace(item=speech())))

    assert refused(session(), plan).code == "item-not-in-plan"


def test_a_session_outside_the_service_s_own_first_and_last_day_is_refused():
    plan = known(opened(), adopted(speech(starts_on="2026-01-12", ends_on="2026-02-27")))

    assert refused(session(), plan).code == "item-not-yet-in-force"
    assert refused(session(on=date(2026, 2, 28)), plan).code == "item-ended"
    assert record(session(on=date(2026, 2, 27)), plan)


def test_a_session_of_an_item_that_an_amendment_ended_or_will_add_is_refused():
    plan = known(opened(), adopted(speech()), amended(SPEECH, reading(), on=DEC_16))

    assert refused(session(), plan).code == "item-ended"
    assert refused(session(item_id=READING, on=date(2025, 12, 15)), plan).code == "item-not-yet-in-force"


def test_a_refusal_cites_the_rule_of_the_plan_s_kind_and_says_how_to_report():
    reason = refused(session(on=date(2025, 12, 8)), known())
    of_504 = refused(
        session(on=date(2025, 12, 8)), known(opened(PlanKind.SECTION_504), adopted(kind=PlanKind.SECTION_504))
    )

    assert (reason.citation, of_504.citation) == ("34 CFR 300.323(c)(2)", "34 CFR 104.33")
    assert "reported" in (reason.cure or "")


def test_a_session_that_took_place_without_a_promise_is_reported_with_the_rule_it_leaves_unmet():
    day = date(2025, 12, 8)

    event = record(session(on=day, reported=reported(day)))

    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["plan-not-yet-in-force"]


def test_a_session_reported_under_a_draft_is_recorded_although_its_item_is_not_known_yet():
    event = record(session(item_id=an_id("in a draft"), reported=reported()), known(opened()))

    assert event.reported is not None
    assert [unmet.code for unmet in event.reported.unmet] == ["item-not-in-plan"]


def test_a_report_speaks_of_the_day_of_the_session():
    late = session(reported=reported(DEC_23))

    assert impossible(late) == {("contradicting-days", "/reported/occurred_on")}


def test_a_session_reported_of_a_goal_is_refused_all_the_same():
    assert impossible(session(item_id=GOAL, reported=reported())) == {("not-a-service", "/item")}


def test_voiding_a_session_once_more_changes_nothing():
    before = year(record(session()))
    (voided,) = void_session(before, an_id("session"), "entered for another student")
    after = year(record(session()), voided)

    assert void_session(after, an_id("session"), "again") == []
    assert after.sessions[an_id("session")].voided == "entered for another student"
    assert voided.effective_on == DEC_16


def test_an_item_s_kind_is_known_from_a_proposal_although_no_text_binds():
    plan = known(opened(), proposed(Replace(item=speech()), End(item=READING)))

    event = record(session(reported=reported()), plan)

    assert event.plan_id == PLAN
    assert plan.on(SPEECH, DEC_16).item == speech()
    assert plan.on(READING, DEC_16).item is None


def test_services_of_a_504_plan_and_of_the_summer_are_given_in_sessions():
    summer = item("extended_school_year", an_id("summer"), considered=True, needed=True)
    aids = item("school_services", an_id("aids"), what="a nurse at hand")
    plan = known(opened(), adopted(summer, aids))

    assert record(session(item_id=an_id("summer")), plan)
    assert record(session(item_id=an_id("aids")), plan)
