"""What progress-service's ledger and audit-service's replay say of the same day, as known at the same moment, is one number."""

from datetime import date, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from audit_service.domain.replay import ItemDelivery, replay
from audit_service.testing_findings import IEP, MIRA, SPEECH, History, service
from contracts.make_ups import MakeUpAgreed, MakeUpVoided
from contracts.minutes_convention import conventions
from contracts.plan import PlanVoided, ReasonPersonalData
from contracts.plan_history import history_of
from contracts.progress import ServiceDelivered, SessionMissed, SessionVoided, VoidPersonalData
from contracts.promises import PromisedServices
from contracts.school_days import SchoolDays
from contracts.service_delivery import Figures, delivery, rounded
from contracts.shipped_profiles import shipped_profiles
from contracts.testing import an_id
from contracts.vocabulary import MakeUpKind, SessionStatus, VoidGround
from progress_service.application.student_record import StudentRecord
from progress_service.domain.item_year import ItemYear, evolve
from progress_service.domain.known import Basis

BEGIN = date(2025, 12, 9)
OF: dict[str, Any] = {"plan_id": IEP, "item_id": SPEECH}
WRONG = VoidPersonalData(reason="Another student's.")
days = st.integers(0, 120).map(lambda n: BEGIN + timedelta(days=n))


def replayed(history: History, on: date, known: date) -> ItemDelivery | None:
    """What audit-service says of speech on a day, as known at the end of another."""
    record = history.record(str(on), str(known))
    found = replay(MIRA, record.known, on, district=record.district)
    return next((each for each in found.delivery if each.item == SPEECH), None)


def ledger(history: History, on: date, known: date, first: date = BEGIN) -> Figures | None:
    """What progress-service says of speech from the first day of all to that day, as known then: as its ledger's route asks."""
    record = history.record(str(on), str(known))
    plan = history_of(entry for entry in record.known if entry.stream == f"plan/{IEP}")
    facts = [entry.event for entry in record.known if entry.event.type.startswith("progress.")]
    of = StudentRecord(
        MIRA, {IEP: plan}, [PromisedServices(plan)], SchoolDays(record.district.said),
        conventions(record.district.said, shipped_profiles()), [reduce(evolve, facts, ItemYear())], {}, Basis(),
        ZoneInfo("America/Chicago"),
    )  # fmt: skip
    found = delivery(of.plans, of.sessions, of.days, first, on, on=of.on, named=of.named)
    return next((each.total for each in found if each.item_id == SPEECH), None)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A year of speech: given, cut short, missed, made up, under agreements that name sessions or none, struck out."""
    history, missed = History().iep(str(BEGIN), service(starts=BEGIN)), list[Any]()
    agreements = [an_id("names some"), an_id("names none")]
    recorded = BEGIN
    for number in range(draw(st.integers(1, 20))):
        recorded += timedelta(days=draw(st.integers(0, 9)))
        day = min(draw(days), recorded)
        about = {**OF, "session_id": an_id(f"session {number}"), "minutes": draw(st.integers(1, 60))}
        say = {"recorded": str(recorded), **about}
        kind = draw(
            st.sampled_from(["given", "partial", "missed", "made up", "agreed", "agreement", "struck"])
        )
        if kind == "missed":
            history.add(str(day), SessionMissed, student_id=MIRA, reason="provider_absent", **say)
            missed.append(about["session_id"])
        elif kind == "agreement":
            agreement = draw(st.sampled_from(agreements))
            named = tuple(missed[:3]) if agreement == agreements[0] else ()
            history.add(
                str(day), MakeUpAgreed, recorded=str(recorded), agreement_id=agreement, minutes=60, sessions=named,
                student_id=MIRA, kind=MakeUpKind.COMPENSATORY, ground="agreement", **OF,
            )  # fmt: skip
            if draw(st.integers(0, 4)) == 0:
                history.add(str(day), MakeUpVoided, recorded=str(recorded), make_up_id=agreement, personal=WRONG,
                            **OF)  # fmt: skip
                agreements[agreements.index(agreement)] = an_id(f"another {number}")
        else:
            partial = kind == "partial"
            history.add(
                str(day), ServiceDelivered, student_id=MIRA,
                status=SessionStatus.PARTIAL if partial else SessionStatus.DELIVERED,
                planned_minutes=about["minutes"] + 10 if partial else None, reason="testing" if partial else None,
                makes_up=draw(st.sampled_from(missed)) if kind == "made up" and missed else None,
                agreement_id=draw(st.sampled_from(agreements)) if kind == "agreed" else None, **say,
            )  # fmt: skip
            if partial:
                missed.append(about["session_id"])
            if kind == "struck":
                history.add(str(day), SessionVoided, recorded=str(recorded), session_id=about["session_id"], personal=WRONG,
                            **OF)  # fmt: skip
    return history


@settings(max_examples=80, deadline=None)
@given(history=histories(), on=days, known=days)
def test_a_replay_says_of_any_day_and_knowledge_what_the_ledger_says(
    history: History, on: date, known: date
) -> None:
    said, total = replayed(history, on, known), ledger(history, on, known)
    if said is None or said.balance is None:
        return
    assert total is not None
    assert total.owed is not None
    assert total.balance is not None
    assert (said.minutes_owed, said.balance) == (rounded(total.owed), rounded(total.balance))


def test_a_remedy_beside_the_plan_lowers_no_balance_and_one_for_a_missed_session_does() -> None:
    """Six weeks of 30 without the winter break: 9 December to 30 January. One is missed; 45 are given for it, 60 beside."""
    history = History().iep("12-9", service(starts=BEGIN))
    for on in ("12-9", "12-16", "1-6", "1-13", "1-20"):
        history.add(on, ServiceDelivered, session_id=an_id(on), minutes=30, student_id=MIRA, **OF)
    history.add("1-27", SessionMissed, session_id=an_id("1-27"), minutes=30, reason="provider_absent", student_id=MIRA,
                **OF)  # fmt: skip
    for name, sessions in (("for it", (an_id("1-27"),)), ("beside", ())):
        history.add("1-28", MakeUpAgreed, agreement_id=an_id(name), minutes=60, sessions=sessions, student_id=MIRA,
                    kind=MakeUpKind.COMPENSATORY, ground="agreement", **OF)  # fmt: skip
    day = date(2026, 1, 30)
    before = replayed(history, day, day)
    history.add("1-29", ServiceDelivered, session_id=an_id("beside"), minutes=60, agreement_id=an_id("beside"),
                student_id=MIRA, **OF)  # fmt: skip
    beside = replayed(history, day, day)
    history.add("1-30", ServiceDelivered, session_id=an_id("for it"), minutes=45, agreement_id=an_id("for it"),
                student_id=MIRA, **OF)  # fmt: skip
    made_up = replayed(history, day, day)

    assert before is not None
    assert beside is not None
    assert made_up is not None
    assert before.balance == beside.balance
    assert float(str(beside.balance)) - float(str(made_up.balance)) == 30
    found = ledger(history, day, day)
    assert found is not None
    assert found.balance is not None
    assert (rounded(found.balance), found.given.under_agreement) == (made_up.balance, 75)


def test_a_plan_that_never_bound_has_no_balance_in_either() -> None:
    history = History().iep("12-9", service(starts=BEGIN))
    history.add("12-9", ServiceDelivered, session_id=an_id("12-9"), minutes=30, student_id=MIRA, **OF)
    history.add("1-9", PlanVoided, plan_id=IEP, void_id=an_id("void"), ground=VoidGround.DUPLICATE, requested_by="one",
                approved_by="two", personal=ReasonPersonalData(reason="Entered twice."))  # fmt: skip
    day = date(2025, 12, 16)

    said, total = replayed(history, day, date(2026, 1, 10)), ledger(history, day, date(2026, 1, 10))

    assert said is not None
    assert said.balance is None
    assert total is not None
    assert total.owed == 0
