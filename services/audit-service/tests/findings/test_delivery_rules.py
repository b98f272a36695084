"""Findings about services, records of them, benchmarks and reports: each rule by its sentence."""

from typing import Any

import pytest

from audit_service.domain.findings.rules import judge
from audit_service.testing_findings import GOAL, IEP, MIRA, MOTHER, SPEECH, STEP, History, day, service, usual
from contracts.carrying_out import ScheduleSet
from contracts.initial_services import ServicesConsentAnswered
from contracts.make_ups import MakeUpAgreed, MakeUpVoided
from contracts.minutes_convention import Convention
from contracts.progress import BenchmarkMeasured, ServiceDelivered, SessionMissed, SessionVoided
from contracts.progress_reports import ProgressReportIssued
from contracts.testing import an_id
from contracts.transfers import (
    ComparableServicesStarted,
    TransferReceived,
    TransferRecordsAnswered,
    TransferRecordsRequested,
    TransferSettled,
)

OF = {"plan_id": IEP, "item_id": SPEECH, "student_id": MIRA}


def given(
    history: History, on: str, minutes: int = 30, *, recorded: str | None = None, **more: Any
) -> History:
    return history.add(
        on,
        ServiceDelivered,
        recorded=recorded,
        session_id=an_id(f"session {on}"),
        minutes=minutes,
        **OF,
        **more,
    )


def missed(history: History, on: str, recorded: str | None = None) -> History:
    return history.add(on, SessionMissed, recorded=recorded, session_id=an_id(f"session {on}"), minutes=30,
                       reason="provider_absent", **OF)  # fmt: skip


def scheduled(history: History, on: str = "12-9") -> History:
    return history.add(on, ScheduleSet, schedule_id=an_id("Tuesdays"), weekdays=(2,), **OF)


def winter() -> History:
    """Speech on Tuesdays, held but on 3 February."""
    history = scheduled(History().iep("12-9"))
    for on in ("12-9", "12-16", "1-6", "1-13", "1-20", "1-27", "2-10"):
        given(history, on)
    return history


def test_a_silent_session_is_overdue_after_five_school_days_and_late_when_it_is_recorded() -> None:
    history = missed(winter(), "2-3", recorded="3-2")
    assert history.one("idea.missed-reason", "2-10", "2-12") == (
        "due",
        "speech, session of 2026-02-03: not recorded yet.",
    )
    silent = [f for f in history.find("idea.missed-reason", "2-12", "2-12") if f.state.value == "overdue"]
    assert [(f.due_on, f.trigger_on) for f in silent] == [(day("2-10"), day("2-3"))]
    assert history.one("idea.missed-reason", "2-12", "3-2")[0] == "met_late"
    assert "silent until 2026-03-02" in history.one("idea.missed-reason", "2-12", "3-2")[1]


def test_without_a_schedule_it_is_asked_when_the_period_ends() -> None:
    history = given(History().iep("12-8"), "12-9")
    assert history.one("idea.missed-reason", "12-20")[0] == "met"
    assert history.one("idea.missed-reason", "12-23") == (
        "due",
        "speech, 2025-12-15 to 2025-12-21: 30 minutes not recorded yet.",
    )
    assert history.one("idea.missed-reason", "2026-01-10") == (
        "overdue",
        "speech, 2025-12-15 to 2025-12-21: 30 minutes silent.",
    )


def test_minutes_that_were_missed_stay_short_until_they_are_made_up() -> None:
    history = missed(winter(), "2-3")
    short = [f for f in history.find("idea.minutes", "2-12") if f.state.value == "overdue"]
    assert [(f.facts["short"], f.facts["promised"], f.says) for f in short] == [
        ("30", "30", f"{{{SPEECH}}}, week of 2026-02-02: 0 of 30 min."),
    ]  # fmt: skip
    made_up = given(history, "2-12", makes_up=an_id("session 2-3"))
    assert {f.state.value for f in made_up.find("idea.minutes", "2-13")} == {"met"}


def test_a_session_under_an_agreement_counts_for_the_session_it_makes_up() -> None:
    history = missed(winter(), "2-3")
    history.add("2-11", MakeUpAgreed, agreement_id=an_id("agreed"), kind="make_up", ground="agreement", minutes=30,
                sessions=(an_id("session 2-3"),), **OF)  # fmt: skip
    assert {
        f.state.value
        for f in given(history, "2-12", agreement_id=an_id("agreed")).find("idea.minutes", "2-13")
    } == {"met"}


def test_what_is_given_under_an_agreement_makes_every_session_whole_that_it_names_one_after_the_other() -> (
    None
):
    """Missed on 27 January and 3 February, 30 each: 45 given for both make the first week whole, and leave 15 of the second."""
    history = missed(missed(winter().without(ServiceDelivered), "1-27"), "2-3")
    for on in ("12-9", "12-16", "1-6", "1-13", "1-20"):
        given(history, on)
    agreed = {"agreement_id": an_id("agreed"), "kind": "compensatory", "ground": "agreement", "minutes": 60}
    history.add("2-4", MakeUpAgreed, sessions=(an_id("session 1-27"), an_id("session 2-3")), **agreed, **OF)
    given(history, "2-5", 45, agreement_id=an_id("agreed"))

    def short() -> list[str]:
        return [f.facts["short"] for f in history.find("idea.minutes", "2-9") if f.state.value == "overdue"]

    assert short() == ["15"]
    history.add(
        "2-4",
        MakeUpVoided,
        make_up_id=an_id("agreed"),
        plan_id=IEP,
        item_id=SPEECH,
        personal={"reason": "Not agreed."},
    )
    assert short() == ["30", "30"]


def half_missed_twice(reason: str) -> History:
    """30 owed in the week of 15 December: 15 missed on Monday for a reason, 15 on Tuesday by the provider's absence."""
    history = given(History().iep("12-8"), "12-9")
    for on, why in (("12-15", reason), ("12-16", "provider_absent")):
        history.add(on, SessionMissed, session_id=an_id(f"session {on}"), minutes=15, reason=why, **OF)
    return history.add("12-17", MakeUpAgreed, agreement_id=an_id("agreed"), kind="compensatory", ground="agreement",
                       minutes=60, sessions=(an_id("session 12-15"),), **OF)  # fmt: skip


def test_more_than_the_named_session_missed_makes_no_other_session_whole() -> None:
    history = given(half_missed_twice("provider_absent"), "12-18", 30, agreement_id=an_id("agreed"))
    short = [f for f in history.find("idea.minutes", "12-23") if f.state.value == "overdue"]
    assert [(f.facts["given"], f.facts["short"]) for f in short] == [("15", "15")]


def test_a_named_session_that_is_excused_and_made_up_counts_once() -> None:
    history = given(half_missed_twice("student_absent"), "12-18", 15, agreement_id=an_id("agreed"))
    assert excusing(history, "idea.minutes", "12-23") == [("overdue", "15")]


def test_a_remedy_beside_the_plan_makes_no_week_whole() -> None:
    history = missed(winter(), "2-3")
    history.add("2-2", MakeUpAgreed, agreement_id=an_id("agreed"), kind="compensatory", ground="state_complaint",
                minutes=600, **OF)  # fmt: skip
    remedied = given(history, "2-4", agreement_id=an_id("agreed"))
    short = [f for f in remedied.find("idea.minutes", "2-12") if f.state.value == "overdue"]
    assert [f.facts["short"] for f in short] == ["30"]


def away(history: History, on: str, minutes: int) -> History:
    return history.add(
        on, SessionMissed, session_id=an_id(f"away {on}"), minutes=minutes, reason="student_absent", **OF
    )


def excusing(history: History, rule: str, on: str) -> list[tuple[str, str]]:
    """Where the state takes a student's absence off what is owed: state and minutes short or silent."""
    record = history.record(on)
    record.district.__dict__["convention_on"] = lambda _day: Convention(
        not_owed=frozenset({"student_absent"})
    )
    found = judge(record, rule).findings
    return [
        (f.state.value, f.facts.get("short") or f.facts["minutes"])
        for f in found
        if {"short", "minutes"} & f.facts.keys()
    ]


def test_minutes_missed_for_a_reason_that_excuses_them_leave_no_week_short() -> None:
    """Week of 15 December: 30 owed; 10 missed by the student's absence are not owed, so 20 given are the whole of it."""
    history = given(away(given(History().iep("12-8"), "12-9"), "12-16", 10), "12-17", 20)

    assert excusing(history, "idea.minutes", "12-23") == []
    assert [f.facts["short"] for f in history.find("idea.minutes", "12-23") if "short" in f.facts] == ["10"]


def test_excused_minutes_that_were_made_up_excuse_no_others() -> None:
    """30 owed: 20 missed and excused, of them 20 made up; so the other 10 are still owed."""
    history = away(given(History().iep("12-8"), "12-9"), "12-16", 20)
    given(history, "12-18", 20, makes_up=an_id("away 12-16"))

    assert excusing(history, "idea.minutes", "12-23") == [("overdue", "10")]


def test_excused_minutes_are_not_silent_and_hide_none_that_are() -> None:
    """30 owed: 10 missed and excused are said, the other 20 are silent."""
    history = away(given(History().iep("12-8"), "12-9"), "12-16", 10)

    assert excusing(history, "idea.missed-reason", "2026-01-10") == [("overdue", "20")]


def test_a_session_that_was_struck_out_counts_no_more() -> None:
    history = winter().add("1-27", SessionVoided, session_id=an_id("session 1-27"), plan_id=IEP, item_id=SPEECH,
                           personal={"reason": "Another student's."})  # fmt: skip
    assert any(f.state.value == "overdue" for f in history.find("idea.minutes", "2-2"))


def test_a_week_without_school_owes_nothing() -> None:
    about = {f.about for f in winter().find("idea.minutes", "1-10")}
    assert not any("2025-12-22" in each or "2025-12-29" in each for each in about)


def test_services_begin_after_adoption_or_on_the_later_day_the_plan_names() -> None:
    assert History().iep("12-9").one("idea.services-start", "12-12") == (
        "due",
        "speech from 2025-12-09: no session.",
    )
    assert given(History().iep("12-9"), "12-16").one("idea.services-start", "1-10")[0] == "met"
    later = [*usual(day("12-9"), "service"), service(starts=day("1-12"))]
    assert History().iep("12-9", *later).one("idea.services-start", "12-12") == (
        "due",
        "speech begins on 2026-01-12.",
    )


def test_services_in_illinois_begin_within_ten_school_days() -> None:
    from contracts.shipped_profiles import shipped_profiles

    due = shipped_profiles().named("federal@2026-1+il@2026-1")
    assert due is not None
    history = History("federal@2026-1+il@2026-1").iep("12-9")
    limit = due.rule.get("idea.services-start")
    state = history.one("idea.services-start", "2-12")[0]
    assert state == ("overdue" if limit and limit.due else "due")


def test_an_objective_is_measured_by_its_date() -> None:
    def measured(on: str, item: object = STEP) -> str:
        history = History().iep("12-9").add(on, BenchmarkMeasured, measurement_id=an_id("m"), plan_id=IEP, item_id=item,
                                            student_id=MIRA, value=20, unit="objects")  # fmt: skip
        return history.one("idea.benchmark-measured", "2-20")[0]

    assert (measured("1-28"), measured("1-28", GOAL), measured("2-12")) == ("met", "met", "met_late")
    assert History().iep("12-9").one("idea.benchmark-measured", "1-30")[0] == "due"
    assert History().iep("12-9").one("idea.benchmark-measured", "2-1") == (
        "overdue",
        "20 of 60 objects passed 2026-01-30 unmeasured.",
    )


def test_an_objective_that_was_taken_out_before_is_not_asked() -> None:
    without = usual(day("1-15"), "objective")
    assert History().iep("12-9").iep("1-15", *without).find("idea.benchmark-measured", "2-1") == []


def test_reports_go_out_on_the_scheduled_days_with_every_goal() -> None:
    def issued(*goals: object, on: str = "4-24") -> History:
        said = tuple({"item_id": goal, "standing": "on_track"} for goal in goals)
        return History().iep("12-9").add(
            on, ProgressReportIssued, stream="report/1", report_id=an_id("report"), plan_id=IEP, student_id=MIRA,
            first_on=day("1-31"), last_on=day("4-10"), due_on=day("4-10"), goals=said, personal={},
        )  # fmt: skip

    def of_april(history: History, on: str) -> tuple[str, int | None, str]:
        found = next(f for f in history.find("idea.progress-report", on) if f.due_on == day("4-10"))
        return found.state.value, found.days_late(day(on)), found.told(day(on), {str(GOAL): "the goal"})

    assert of_april(History().iep("12-9"), "4-20") == ("overdue", 10, "Report due 2026-04-10, 10 days late.")
    assert of_april(issued(GOAL), "4-24") == (
        "met_late",
        14,
        "Report due 2026-04-10, sent 2026-04-24, 14 days late.",
    )
    assert of_april(issued(GOAL, on="4-9"), "4-24")[0] == "met"
    assert of_april(issued(), "4-24")[::2] == ("overdue", "Report due 2026-04-10 says nothing of the goal.")


def test_nobody_is_served_before_consent_to_services() -> None:
    def consented(on: str) -> History:
        return History().add(on, ServicesConsentAnswered, student_id=MIRA, services_consent_id=an_id("yes"), holder_id=MOTHER,
                             counts=True, decision="accepted", method="paper_signature").iep("12-9")  # fmt: skip

    assert given(consented("12-8"), "12-9").one("idea.initial-consent", "12-10")[0] == "met"
    assert given(History().iep("12-9"), "12-9").one("idea.initial-consent", "12-10") == (
        "missed", "Served 2025-12-09 without consent.",
    )  # fmt: skip
    assert History().iep("12-9").one("idea.initial-consent", "12-10")[0] == "due"


TRANSFER = {"student_id": MIRA, "transfer_id": an_id("transfer")}


def transferred(**more: Any) -> History:
    return History().add("10-6", TransferReceived, kind="iep", same_state=True, same_year=True,
                         personal={"district": "Elsewhere"}, owed_on=day("10-6"), **TRANSFER, **more)  # fmt: skip


def test_who_comes_with_an_iep_is_given_comparable_services_at_once() -> None:
    assert transferred().one("idea.transfer", "10-6")[0] == "due"
    assert transferred().one("idea.transfer", "10-8") == ("overdue", "No services since 2025-10-06.")
    started = {
        "comparable_services_id": an_id("c"),
        "services": ({"service": "speech_language_therapy"},),
        **TRANSFER,
    }
    assert (
        transferred().add("10-6", ComparableServicesStarted, **started).one("idea.transfer", "10-8")[0]
        == "met"
    )
    assert (
        transferred().add("10-14", ComparableServicesStarted, **started).one("idea.transfer", "10-20")[0]
        == "met_late"
    )
    left = transferred().add("10-7", TransferSettled, outcome="left", **TRANSFER)
    assert left.one("idea.transfer", "10-20")[0] == "excused"


@pytest.mark.parametrize(
    ("outcome", "unmet", "state"),
    [
        ("services_refused", (), "excused"),
        ("services_refused", ("services-not-refused",), "overdue"),
        ("found_ineligible", ("not-found-ineligible",), "overdue"),
    ],
)
def test_comparable_services_stay_owed_where_what_ended_them_was_only_reported(
    outcome: str, unmet: tuple[str, ...], state: str
) -> None:
    report = {"source": "paper file", "reason": "Before Handrail.", "occurred_on": day("10-7"),
              "unmet": tuple({"code": code} for code in unmet)}  # fmt: skip
    settled = transferred().add("10-7", TransferSettled, outcome=outcome, reported=report, **TRANSFER)
    assert settled.one("idea.transfer", "10-20")[0] == state


def test_who_comes_with_an_iep_is_served_without_a_new_consent() -> None:
    assert given(transferred().iep("12-9"), "12-9").one("idea.initial-consent", "12-10")[0] == "excused"


def test_the_former_school_is_asked_for_the_record_and_answers() -> None:
    assert transferred().one("idea.records-request", "10-20") == ("due", "Enrolled 2025-10-06: not asked.")
    asked = {"records_request_id": an_id("r"), **TRANSFER}
    history = transferred().add(
        "10-7", TransferRecordsRequested, personal={"recipient": "Elsewhere"}, channel="letter", **asked
    )
    assert history.one("idea.records-request", "10-20") == ("due", "Asked 2025-10-07: not sent.")
    assert (
        history.add("10-24", TransferRecordsAnswered, answer="received", **asked).one(
            "idea.records-request", "11-1"
        )[0]
        == "met"
    )
