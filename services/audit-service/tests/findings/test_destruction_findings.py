"""Findings about holds and destruction: each rule by its sentence."""

from typing import Any

import pytest

from audit_service.application.judging import Known
from audit_service.domain.findings.finding import Finding, State
from audit_service.testing_findings import MIRA, MOTHER, History
from contracts.disputes import DisputeFiled
from contracts.event import EventClass
from contracts.records import (
    ContentsDestroyed,
    DestroyedKey,
    DestructionOrdered,
    DestructionRefused,
    DestructionRequested,
    DestructionStopped,
    FamilyTold,
    FindingKept,
    HoldOpened,
    HoldPersonalData,
    HoldReleased,
    HoldReleasePersonalData,
)
from contracts.requests import RequestAnswered
from contracts.students import RequestMade
from contracts.testing import an_id

OF = {"destruction_id": an_id("destruction"), "student_id": MIRA, "classes": (EventClass.RECORD,)}
HOLD = {"hold_id": an_id("hold"), "student_id": MIRA}
TOLD = FamilyTold(told_on="2030-07-01", channel="letter")


def held(on: str = "2030-06-15", history: History | None = None) -> History:
    personal = HoldPersonalData(reason="A case is before the court.")
    return (history or History().iep("12-9")).add(
        on, HoldOpened, ground="litigation", personal=personal, **HOLD
    )


def released(history: History, on: str) -> History:
    return history.add(on, HoldReleased, personal=HoldReleasePersonalData(reason="It is over."), **HOLD)


def asked(history: History, on: str, **more: Any) -> History:
    fields = {
        "ground": "no_longer_needed",
        "requested_by": "dana",
        "told": TOLD,
        "schedule": "federal",
    } | more
    return history.add(on, DestructionRequested, **fields, **OF)


def refused(history: History, on: str) -> History:
    return history.add(on, DestructionRefused, ground="no_longer_needed", unmet=(), **OF)


def destroyed(history: History, on: str, **more: Any) -> History:
    both = {"ground": "no_longer_needed", "requested_by": "dana", "approved_by": "ruth"} | more
    kept = both.pop("findings", None)
    history.add(on, DestructionOrdered, findings=kept, **both, **OF)
    keys = (DestroyedKey(contents=EventClass.RECORD, generation=1),)
    return history.add(on, ContentsDestroyed, keys=keys, ordered_on=on, final_on="2031-02-16", **both, **OF)


def test_what_is_held_is_not_destroyed_and_the_refusal_shows_it() -> None:
    history = refused(held(), "2030-07-02")
    assert history.one("rec.legal-hold", "2030-07-05") == (
        "met", "Asked 2030-07-02, hold of 2030-06-15: refused, nothing was destroyed.",
    )  # fmt: skip
    assert history.find("rec.legal-hold", "2030-07-01") == []


def test_a_request_that_is_not_refused_while_a_hold_stands_is_overdue_and_destroying_then_is_missed() -> None:
    history = asked(held(), "2030-07-02")
    assert history.one("rec.legal-hold", "2030-07-05") == (
        "overdue", "Asked 2030-07-02, hold of 2030-06-15: not refused yet.",
    )  # fmt: skip
    gone = destroyed(history, "2030-08-01")
    assert gone.one("rec.legal-hold", "2030-08-01") == (
        "missed", "Asked 2030-07-02, hold of 2030-06-15: destroyed 2030-08-01.",
    )  # fmt: skip


def test_a_request_that_nobody_refused_is_excused_once_nothing_keeps_the_record_any_more() -> None:
    history = released(asked(held(), "2030-07-02"), "2030-12-01")
    assert history.one("rec.legal-hold", "2030-12-02") == (
        "excused", "Asked 2030-07-02, hold of 2030-06-15: over before anything was destroyed.",
    )  # fmt: skip


def test_what_was_destroyed_while_a_hold_stood_is_missed_also_where_only_kept_findings_are_shown() -> None:
    gone = destroyed(asked(held(), "2030-07-02"), "2030-08-01")
    refused_before = Finding(rule="rec.legal-hold", about="kept 1", state=State.MET, severity="H", says="Gone.",
                             trigger_on="2029-01-02", rules="federal@2026-1")  # fmt: skip
    known = Known(gone.record("2030-08-02"), {}, None, (refused_before,))
    assert [(f.trigger_on.year, f.state) for f in known.judged("rec.legal-hold").findings] == [
        (2029, State.MET), (2030, State.MISSED),
    ]  # fmt: skip


def test_a_hold_that_is_released_no_longer_stands_in_the_way() -> None:
    asked_in_time = destroyed(asked(released(held(), "2030-12-01"), "2031-01-01"), "2031-02-01")
    assert asked_in_time.find("rec.legal-hold", "2031-02-02") == []
    asked_before = destroyed(released(asked(held(), "2030-07-02"), "2030-12-01"), "2031-02-01")
    assert asked_before.one("rec.legal-hold", "2031-02-02") == (
        "excused", "Asked 2030-07-02, hold of 2030-06-15: destroyed only after it was over.",
    )  # fmt: skip


def test_a_hold_that_comes_after_the_request_refuses_or_stops_it() -> None:
    refused_at_approval = refused(
        held("2030-07-10", asked(History().iep("12-9"), "2030-07-02")), "2030-07-12"
    )
    assert refused_at_approval.one("rec.legal-hold", "2030-07-12")[0] == "met"
    stopped = asked(History().iep("12-9"), "2030-07-02").add(
        "2030-07-12", DestructionStopped, destruction_id=OF["destruction_id"], student_id=MIRA, hold_ids=()
    )
    assert stopped.one("rec.legal-hold", "2030-07-12")[0] == "met"


@pytest.mark.parametrize(("kind", "keeps"), [("records", True), ("meeting", False)])
def test_an_open_request_about_the_record_keeps_it_as_a_hold_does(kind: str, keeps: bool) -> None:
    request = {"student_id": MIRA, "request_id": an_id("request")}
    history = History().iep("12-9").add("2030-06-20", RequestMade, kind=kind, via="letter", **request)
    asked(history, "2030-07-02")
    assert bool(history.find("rec.legal-hold", "2030-07-02")) is keeps
    history.add("2030-07-03", RequestAnswered, outcome="granted", **request)
    assert [f.state for f in destroyed(history, "2030-08-01").find("rec.legal-hold", "2030-08-01")] == (
        ["excused"] if keeps else []
    )


def test_an_open_dispute_keeps_the_record() -> None:
    filed = History().iep("12-9").add(
        "2030-06-20", DisputeFiled, student_id=MIRA, dispute_id=an_id("dispute"), kind="due_process_complaint", filed_by="family",
    )  # fmt: skip
    assert refused(filed, "2030-07-02").one("rec.legal-hold", "2030-07-02")[0] == "met"


def test_the_family_is_told_before_and_a_second_person_approves() -> None:
    waiting = asked(History().iep("12-9"), "2030-07-02")
    assert waiting.find("rec.destroy-notice", "2030-07-02") == []
    gone = destroyed(waiting, "2031-02-01")
    assert gone.one("rec.destroy-notice", "2031-02-01") == (
        "met", "Told 2030-07-01, destroyed 2031-02-01, approved by a second person.",
    )  # fmt: skip


@pytest.mark.parametrize(("more", "state", "says"), [
    ({}, "missed", "Destroyed untold 2031-02-01."),
    ({"ground": "court_order"}, "excused", "Destroyed 2031-02-01 by a court's order."),
    ({"approved_by": "dana"}, "missed", "Destroyed 2031-02-01 by one person alone."),
])  # fmt: skip
def test_destroyed_untold_is_missed_but_by_a_courts_order(
    more: dict[str, Any], state: str, says: str
) -> None:
    untold = asked(History().iep("12-9"), "2030-07-02", told=None, holder_id=MOTHER)
    assert destroyed(untold, "2031-02-01", **more).one("rec.destroy-notice", "2031-02-01") == (state, says)


def test_of_a_record_of_section_504_alone_the_states_schedule_speaks_also_when_nothing_else_is_left() -> None:
    said = {
        "rule": "s504.review",
        "state": "met",
        "severity": "L",
        "trigger_on": "2025-09-08",
        "rules": "federal@2026-1",
    }
    # The contents are gone: what was under IDEA only the order's own list says.
    for rule, state in (("s504.review", "not_applicable"), ("idea.annual-review", "missed")):
        kept = (FindingKept.model_validate(said | {"rule": rule}),)
        gone = destroyed(asked(History(), "2030-07-02", told=None), "2031-02-01", findings=kept)
        assert gone.one("rec.destroy-notice", "2031-02-01")[0] == state
