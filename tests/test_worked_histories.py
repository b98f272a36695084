"""The two worked histories of law.md 8, told by HTTP on their days in sandbox districts, on both transports.

What was in force on D as known at K, minutes, days that are due, who may decide, what was refused, the packet. Findings on (D, K)
are asked of audit-service. Left to what has no route yet:

- A: the eleventh school day in a row (06-02) cannot be removed before the review: the removal ends on 06-01.
- B: the safeguards of 09-09; the college opening the packet offline (08-20).
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import jonas_feld
import mira_quill
import pytest
from aiosmtpd.controller import Controller
from running import Instance, four_processes, one_process
from traces import Traces
from worked import District, findings

from handrail.client import Refused
from runtime.testing import free_port
from runtime.testing_pytest_kafka import lacking

pytestmark = pytest.mark.slow
Told = dict[str, Any]


class MailServer:
    """A real SMTP server that takes everything."""

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        return "250 taken"


@pytest.fixture(scope="module", params=["journal", pytest.param("kafka", marks=pytest.mark.kafka)])
def instance(request: pytest.FixtureRequest) -> Iterator[Instance]:
    """One process on the journal, or four on Kafka."""
    if request.param == "journal":
        with one_process() as running:
            yield running
        return
    broker = request.getfixturevalue("_kafka_or_reason")
    if isinstance(broker, str):
        lacking("kafka", broker)
    controller = Controller(MailServer(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        with four_processes(broker.bootstrap_servers, controller.port) as running:
            yield running
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def mira(instance: Instance) -> tuple[District, Told]:
    """The first history."""
    return mira_quill.tell(instance)


@pytest.fixture(scope="module")
def jonas(instance: Instance) -> tuple[District, Told]:
    """The second."""
    return jonas_feld.tell(instance)


def test_mira_s_speech_of_3_february_was_silent_until_2_march(mira: tuple[District, Told]) -> None:
    at, told = mira
    asked = {"from": "2026-02-02", "to": "2026-02-08"}
    ledger = f"/progress/v1/students/{told['student']}/delivery"
    before = at.client.get(ledger, **asked, known_at="2026-02-12")
    assert [(each["on"], each["item"]) for each in before["silent"]] == [("2026-02-03", told["speech"])]
    after = at.client.get(ledger, **asked, known_at="2026-03-02")
    assert after["silent"] == []
    (speech,) = [each for each in after["services"] if each["item"] == told["speech"]]
    assert (speech["total"]["balance"], speech["total"]["missed"]) == ("30", {"provider_absent": 30})
    # From 4 February to 2 March lie 14 school days: 27 days with 19 weekdays, 5 of them the winter break.
    assert ("late_entry", "2026-02-03") in {(flag["code"], flag["on"]) for flag in after["flags"]}


def test_mira_s_second_report_came_two_weeks_late(mira: tuple[District, Told]) -> None:
    at, told = mira
    due = at.client.get(f"/progress/v1/students/{told['student']}/reports-due")["reports"]
    assert [(each["due_on"], each["state"], each.get("days_late")) for each in due] == [
        ("2026-01-30", "issued", None), ("2026-04-10", "issued_late", 14), ("2026-06-12", "issued", None),
    ]  # fmt: skip
    second = at.client.get(f"/progress/v1/reports/{told['report due 2026-04-10']}")
    assert (second["first_on"], second["last_on"], second["given_name"]) == (
        "2026-01-31",
        "2026-04-10",
        "Mira",
    )
    assert second["goals"]


def test_mira_was_evaluated_by_the_60th_day_and_told_in_spanish(mira: tuple[District, Told]) -> None:
    at, told = mira
    evaluation = at.client.get(f"{told['at']}/evaluations/{told['evaluation']}")
    assert (evaluation["due_on"], evaluation["clock_ended_on"], evaluation["in_time"]) == (
        "2025-11-21", "2025-11-14", True,
    )  # fmt: skip
    proposal = at.client.get(f"/notify/v1/notices/{told['proposal']}")
    assert (proposal["given"]["on"], proposal["language"]) == ("2025-09-15", "es")
    assert len(proposal["text"]["parts"]) == 7
    assert "plan" not in proposal


def test_miras_mother_was_given_the_booklet_and_told_of_the_meeting_in_spanish(
    mira: tuple[District, Told],
) -> None:
    _, told = mira
    booklet, meeting = told["booklet"], told["meeting_notice"]
    assert (booklet["given"]["on"], booklet["given"]["basis"]) == ("2025-09-10", "handed_over")
    assert (booklet["kind"], booklet["occasion"]) == ("procedural_safeguards", "referral")
    assert (meeting["given"]["on"], meeting["given"]["basis"]) == ("2025-11-21", "email_accepted")
    assert {"purpose", "time", "place", "attendees", "right_to_bring_others"} <= set(
        meeting["text"]["invitation_parts"]
    )
    assert booklet["text"]["language"] == meeting["text"]["language"] == "es"


def test_miras_mother_got_a_copy_of_the_report_on_the_day(mira: tuple[District, Told]) -> None:
    at, told = mira
    day = date(2025, 11, 19)
    (report,) = findings(at, told["student"], "idea.copies", day)
    assert (report["state"], report["says"]) == ("met", "Copy of evaluation report given 2025-11-19.")
    seen = at.client.get("/audit/v1/access-record", student=told["student"])["items"]
    given = [(each["at"], each["recipient"], each["channel"]) for each in seen if "channel" in each]
    assert given == [("2025-11-19", "Elena Quill", "handed_over")]


def test_miras_first_services_waited_for_her_mothers_consent(mira: tuple[District, Told]) -> None:
    at, told = mira
    consent = at.client.get(f"{told['at']}/services-consents/{told['services_consent']}")
    assert (consent["answered_on"], consent["counts"], consent["decision"]) == (
        "2025-12-08",
        True,
        "accepted",
    )
    assert told["first"]["bindings"] == [{"starts_on": "2025-12-09", "binds": True}]
    assert told["first"]["review_due_on"] == "2026-12-04"


@pytest.mark.parametrize(
    ("known", "missed", "unrecorded"),
    [(date(2026, 2, 12), {}, "30"), (date(2026, 3, 2), {"provider_absent": 30}, "0")],
)
def test_miras_session_of_3_february_was_silent_until_it_was_said_why(
    mira: tuple[District, Told], known: date, missed: dict[str, int], unrecorded: str
) -> None:
    at, told = mira
    answer = at.client.get(
        f"/progress/v1/students/{told['student']}/delivery",
        **{"from": "2026-02-02", "to": "2026-02-06", "known_at": known.isoformat()},
    )
    by_item = {each["item"]: each["total"] for each in answer["services"]}
    speech, reading = by_item[told["speech"]], by_item[told["reading"]]
    assert (speech["owed"], speech["delivered"], speech["balance"]) == ("30", 0, "30")
    assert (speech["missed"], speech["unrecorded"]) == (missed, unrecorded)
    assert (reading["owed"], reading["delivered"], reading["balance"]) == ("225", 225, "0")


@pytest.mark.parametrize(
    ("on", "known", "room", "minutes"),
    [
        (date(2026, 3, 8), date(2026, 3, 25), "Room 12", 30),
        (date(2026, 3, 12), date(2026, 3, 6), "Room 12", 30),
        (date(2026, 3, 12), date(2026, 3, 12), "Room 12", 60),
        (date(2026, 3, 12), date(2026, 3, 25), "Room 21", 60),
        (date(2026, 3, 25), date(2026, 3, 25), "Room 21", 60),
    ],
)
def test_miras_speech_as_it_bound_and_as_it_was_known_with_extended_time_in_force(
    mira: tuple[District, Told], on: date, known: date, room: str, minutes: int
) -> None:
    at, told = mira
    items = at.in_force(told["plan"], on, known)
    speech = items[told["speech"]]["item"]
    assert (speech["location"], speech["minutes"]) == (room, minutes)
    assert told["time"] in items, "extended time was withheld, and stays"


def test_miras_change_waited_for_the_agreement_not_to_meet_two_days_after_it_was_proposed(
    mira: tuple[District, Told],
) -> None:
    _, told = mira
    assert told["unagreed"].status == 409
    assert "agreement-awaited" in {each["code"] for each in told["unagreed"].problem["errors"]}
    assert (told["agreed"]["proposed_on"], told["agreed"]["basis"]["agreed_on"]) == (
        "2026-02-24",
        "2026-02-26",
    )


def test_what_miras_mother_refused_was_withheld_and_the_annual_date_did_not_move(
    mira: tuple[District, Told],
) -> None:
    at, told = mira
    assert told["second"]["withheld"] == [told["time"]]
    on = date(2026, 7, 1).isoformat()
    document = at.client.get(f"{told['path']}", effective_on=on, known_at=on)
    assert (document["version"], document["review_due_on"]) == (2, "2026-12-04")
    notice = at.client.get(f"/notify/v1/notices/{told['amendment_notice']}")
    assert (notice["given"]["on"], notice["language"]) == ("2026-02-24", "es")


def test_one_teacher_was_told_of_miras_speech_a_week_late(mira: tuple[District, Told]) -> None:
    at, told = mira
    rows = at.client.get(f"{told['path']}/informed", limit=100)["items"]
    when = {row["staff"]: row["on"] for row in rows if row["items"] == [told["speech"]]}
    assert when == {
        at.staff(mira_quill.SLP): "2026-03-06", at.staff(mira_quill.SPECIAL): "2026-03-06",
        at.staff(mira_quill.TEACHER): "2026-03-16",
    }  # fmt: skip


def test_miras_eleventh_day_was_20_may_and_the_review_due_on_4_june_was_held_on_the_2nd(
    mira: tuple[District, Told],
) -> None:
    at, told = mira
    counted = told["removal_days"]
    assert (float(counted["total"]), counted["eleventh_day"]) == (11, "2026-05-20")
    assert told["decision"]["due_on"] == "2026-06-04"
    review = at.client.get(f"{told['at']}/manifestations/{told['manifestation']}")
    assert (review["determined_on"], review["in_time"]) == ("2026-06-02", True)
    steps = at.client.get(f"{told['at']}/manifestations/{told['manifestation']}/steps")["items"]
    assert {(each["step"], each["done_on"]) for each in steps} == {
        ("behavior_assessment_started", "2026-06-03"), ("returned", "2026-06-03"),
    }  # fmt: skip


def test_no_transition_was_in_force_when_mira_turned_16_and_one_is_since_21_september(
    mira: tuple[District, Told],
) -> None:
    at, told = mira
    birthday, today = date(2026, 6, 20), date(2026, 9, 21)
    assert told["transition"] not in at.in_force(told["plan"], birthday, today)
    assert told["transition"] not in at.in_force(told["plan"], date(2026, 9, 20), today)
    assert told["transition"] in at.in_force(told["plan"], today, today)
    assert told["third"]["review_due_on"] == "2027-09-10"


def test_miras_timeline_tells_what_was_known_then(mira: tuple[District, Told]) -> None:
    at, told = mira

    def types(known_at: str) -> list[str]:
        path = f"/audit/v1/students/{told['student']}/timeline"
        return [each["type"] for each in at.client.every(path, known_at=known_at)]

    december, today = types("2025-12-08"), types("2026-09-21")
    assert december[-1] == "plan.services_consent_answered"
    assert {"plan.corrected", "plan.statement_added", "plan.manifestation_determined"} <= set(today)
    assert "plan.corrected" not in types("2026-03-12")


def test_jonass_review_was_due_by_policy_on_19_september_and_stood_open_on_the_22nd(
    jonas: tuple[District, Told],
) -> None:
    _, told = jonas
    line = told["due_on_2025_09_22"]
    assert (line["plan"], line["review_due_on"], line["state"]) == (told["plan"], "2025-09-19", "in_force")


def test_nobody_stopped_jonass_clock_from_1_to_20_october(jonas: tuple[District, Told]) -> None:
    at, told = jonas
    assert not told["a3_on_2025_10_15"].get("holders")
    for on, holders in ((date(2025, 9, 30), 1), (date(2025, 10, 19), 0), (date(2025, 10, 20), 1)):
        found = at.in_force(told["plan"], on)[told["a3"]].get("holders", [])
        assert len(found) == holders, on


def test_jonas_decides_from_his_18th_birthday_and_his_fathers_release_was_refused(
    jonas: tuple[District, Told],
) -> None:
    at, told = jonas
    before = at.client.get(f"{told['at']}/deciding", on="2026-03-02")["holders"]
    since = at.client.get(f"{told['at']}/deciding", on="2026-03-25")["holders"]
    assert before == [told["father"]]
    assert told["father"] not in since
    assert told["student"] in since or told["adult"] in since
    assert told["fathers_release"].status == 409


def test_the_college_gets_what_jonas_released_and_every_disclosure_is_on_record(
    jonas: tuple[District, Told],
) -> None:
    at, told = jonas
    packet = at.client.get(f"/audit/v1/packets/{told['packet']['id']}")
    assert (packet["release_id"], packet["purpose"]) == (told["release"], "college")
    assert set(packet["items"]) <= {"plan", "accommodations", "evaluation_summary"}
    assert told["without_release"].status == 409
    types = [each["type"] for each in at.client.every(f"/audit/v1/students/{told['student']}/timeline")]
    assert {"packet.issued", "disclosure.recorded"} <= set(types)
    ended = at.client.get("/plan/v1/plans", student=told["student"])["items"][0]
    assert ended["bindings"][-1] == {"starts_on": "2026-06-12", "binds": False}


@pytest.mark.parametrize(
    ("rule", "on", "known", "state", "due", "says"),
    [
        ("idea.evaluation-60", date(2025, 11, 20), None, "met", "2025-11-21", "day 53"),
        ("idea.safeguards-trigger", date(2025, 11, 20), None, "met", None, "Booklet given 2025-09-"),
        ("idea.iep-30", date(2025, 11, 20), None, "due", "2025-12-19", "IEP meeting due 2025-12-19."),
        ("idea.staff-informed", date(2026, 3, 12), None, "overdue", "2026-03-09", "not told of"),
        ("idea.staff-informed", date(2026, 3, 12), date(2026, 3, 25), "overdue", "2026-03-09", "not told of"),
        ("idea.staff-informed", date(2026, 3, 25), None, "met_late", "2026-03-09", "told 2026-03-16"),
        ("idea.progress-report", date(2026, 4, 20), None, "overdue", "2026-04-10", "10 days late"),
        ("idea.progress-report", date(2026, 4, 24), None, "met_late", "2026-04-10", "14 days late"),
        ("idea.manifestation", date(2026, 7, 1), None, "met", "2026-06-04", "held 2026-06-02"),
        ("idea.removal-services", date(2026, 7, 1), None, "missed", "2026-05-20", "Day 11, 2026-05-20: none."),
        ("idea.transition-16", date(2026, 7, 1), None, "overdue", "2026-06-20", "No transition part in force at 16"),
        ("idea.annual-review", date(2026, 7, 1), None, "due", "2026-12-04", "Review due 2026-12-04."),
        ("idea.transition-16", date(2026, 7, 1), date(2026, 9, 21), "overdue", "2026-06-20", "No transition part"),
        ("idea.transition-16", date(2026, 9, 21), None, "met_late", "2026-06-20", "one since 2026-09-21"),
    ],
)  # fmt: skip
def test_what_is_found_of_mira_on_a_day_as_then_known(
    mira: tuple[District, Told],
    rule: str,
    on: date,
    known: date | None,
    state: str,
    due: str | None,
    says: str,
) -> None:
    at, told = mira
    every = findings(at, told["student"], rule, on, known)
    found = [each for each in every if each["state"] == state and each.get("due_on") == due]
    assert len(found) >= 1, every
    assert says in found[0]["says"]
    assert found[0]["cite"]


def test_miras_notices_and_meeting_were_in_spanish(mira: tuple[District, Told]) -> None:
    at, told = mira
    found = findings(at, told["student"], "idea.language", date(2026, 9, 21))
    assert {each["state"] for each in found} == {"met"}
    assert len(found) >= 4


def test_miras_silent_session_became_a_late_record_and_thirty_minutes_stay_short(
    mira: tuple[District, Told],
) -> None:
    at, told = mira
    on, later = date(2026, 2, 12), date(2026, 3, 2)

    def of_february_3(rule: str, known: date) -> list[tuple[str, str | None]]:
        found = findings(at, told["student"], rule, on, known)
        return [
            (each["state"], each.get("due_on")) for each in found
            if each.get("item") == told["speech"] and ("2026-02-03" in each["about"] or "2026-02-03" in str(each["facts"])
                                                       or "2026-02-02" in each["about"])
        ]  # fmt: skip

    assert of_february_3("idea.missed-reason", on) == [("overdue", "2026-02-10")]
    assert of_february_3("idea.missed-reason", later) == [("met_late", "2026-02-10")]
    short = [
        f
        for f in findings(at, told["student"], "idea.minutes", on, later)
        if f["about"].endswith("2026-02-02")
    ]
    assert [(f["state"], f["facts"]["short"]) for f in short] == [("overdue", "30")]
    late = findings(at, told["student"], "rec.prompt-entry", on, later)
    assert any(each["severity"] == "L" and each["done_on"] == "2026-03-02" for each in late)


@pytest.mark.parametrize(
    ("rule", "on", "state", "severity", "says"),
    [
        ("s504.review", date(2025, 9, 22), "overdue", "L", "not a federal date"),
        ("s504.review", date(2025, 9, 25), "met_late", "L", "held 2025-09-25"),
        ("rec.college", date(2026, 5, 21), "met", "H", "signed by the student, 2026-04-13"),
        ("rec.access-log", date(2026, 5, 21), "met", "H", "on record"),
        ("s504.group", date(2024, 9, 20), "met", "M", "the group knew"),
    ],
)
def test_what_is_found_of_jonas_on_a_day(
    jonas: tuple[District, Told], rule: str, on: date, state: str, severity: str, says: str
) -> None:
    at, told = jonas
    found = findings(at, told["student"], rule, on)
    assert any(f["state"] == state and f["severity"] == severity and says in f["says"] for f in found), found


def test_nobody_was_responsible_for_jonass_stop_clock_tests_since_1_october(
    jonas: tuple[District, Told],
) -> None:
    at, told = jonas
    mine = [
        f
        for f in findings(at, told["student"], "s504.responsible", date(2025, 10, 15))
        if f["item"] == told["a3"]
    ]
    assert [(f["state"], f["due_on"]) for f in mine if f["state"] == "overdue"] == [("overdue", "2025-10-01")]
    later = [
        f
        for f in findings(at, told["student"], "s504.responsible", date(2025, 10, 21))
        if f["item"] == told["a3"]
    ]
    assert sorted(f["state"] for f in later) == ["met", "met_late"]


def test_what_is_kept_of_both_is_what_judging_anew_gives(
    mira: tuple[District, Told], jonas: tuple[District, Told]
) -> None:
    for at, told in (mira, jonas):
        kept = at.client.every("/audit/v1/findings")
        anew = at.client.get("/audit/v1/findings", student=told["student"], limit=500)["items"]

        def told_apart(items: list[dict[str, Any]]) -> set[tuple[str, ...]]:
            return {(f["rule"], f["about"], f["state"], f["says"]) for f in items}

        mine = [f for f in kept if f["student"] == told["student"]]
        assert told_apart(mine) == told_apart(anew)


@pytest.fixture(scope="module")
def jonas_held(jonas: tuple[District, Told]) -> tuple[District, Told]:
    """The second history in 2030."""
    jonas_feld.held_in_2030(*jonas)
    return jonas


@pytest.fixture(scope="module")
def traces(instance: Instance, jonas_held: tuple[District, Told]) -> Traces | None:
    """Of its contents, before they are destroyed; where an installation lies in one folder."""
    return None if instance.settings else Traces.taken(instance, "sandbox-jonas", jonas_held[1]["student"])


@pytest.fixture(scope="module")
def jonas_destroyed(
    traces: Traces | None,  # Taken before.
    jonas_held: tuple[District, Told],
) -> tuple[District, Told]:
    """And in 2031, after which nothing of it can be read: whatever asks for it stands above."""
    jonas_feld.destroyed_in_2031(*jonas_held)
    return jonas_held


def test_the_hold_of_2030_kept_jonass_record_and_the_refusal_is_on_record(
    jonas_held: tuple[District, Told],
) -> None:
    at, told = jonas_held
    (found,) = findings(at, told["student"], "rec.legal-hold", date(2030, 7, 5))
    assert found["state"] == "met"
    assert (told["kept"].status, told["kept"].problem["code"]) == (409, "may-not-be-destroyed")
    listed = told["clara"].get("/audit/v1/destructions", student=told["student"])["items"]
    refused = next(each for each in listed if each.get("refused_on") == "2030-07-02")
    assert (refused["status"], refused["holds"]) == ("refused", [told["hold"]["id"]])
    assert [unmet["code"] for unmet in refused["unmet"]] == ["legal-hold"]


def test_in_2031_jonass_contents_are_gone_by_two_people_and_everything_says_since_when(
    jonas_destroyed: tuple[District, Told],
) -> None:
    at, told = jonas_destroyed
    assert (told["released"]["status"], told["released"]["released_on"]) == ("released", "2031-02-01")
    assert (told["alone"].status, told["alone"].problem["code"]) == (409, "second-person-required")
    gone = told["destroyed"]
    assert (gone["ordered_on"], gone["destroyed_on"], gone["final_on"]) == (
        "2031-02-01", "2031-02-01", "2031-02-16",
    )  # fmt: skip
    assert gone["requested_by"] != gone["approved_by"]
    for path in (told["at"], told["path"], f"/audit/v1/packets/{told['packet']['id']}"):
        with pytest.raises(Refused) as refusal:
            at.client.get(path)
        assert (refusal.value.status, refusal.value.problem["code"]) == (410, "contents-destroyed")
        assert "2031-02-01" in str(refusal.value)
    entries = list(at.client.every(f"/audit/v1/students/{told['student']}/timeline"))
    assert all("Contents lawfully destroyed on February 1, 2031" in each["what"] for each in entries
               if each["contents"] == "destroyed")  # fmt: skip
    assert {each["type"] for each in entries if each["contents"] == "read"} >= {
        "destruction.requested", "destruction.refused", "destruction.ordered", "destruction.contents_destroyed",
    }  # fmt: skip


@pytest.mark.parametrize("instance", ["journal"], indirect=True, scope="module")
@pytest.mark.usefixtures("jonas_destroyed")
def test_what_two_people_destroyed_is_nowhere_any_more_and_every_proof_stands(traces: Traces) -> None:
    traces.must_be_gone()
    traces.must_stay_gone()
