"""Findings about education records: each rule by its sentence."""

from typing import Any
from uuid import UUID

import pytest

from audit_service.testing_findings import IEP, MIRA, MOTHER, SPEECH, History, day
from audit_service.testing_findings_steps import met
from contracts.audit import DisclosureRecorded, DisclosureVoided, PacketIssued
from contracts.meetings import MeetingScheduled
from contracts.progress import ServiceDelivered
from contracts.requests import RecordHearingAsked, RequestAnswered
from contracts.students import ReleaseRevoked, ReleaseSigned, RequestMade
from contracts.testing import an_id
from contracts.vocabulary import RightsGround

OF = {"student_id": MIRA, "request_id": an_id("request")}
COLLEGE = {"recipient": "Harbor College"}


def asked(kind: str, on: str = "10-6", history: History | None = None, **more: Any) -> History:
    return (history or History()).add(on, RequestMade, **{"kind": kind, "via": "letter", **OF, **more})


def answered(history: History, outcome: str, on: str = "10-20", **more: Any) -> History:
    return history.add(on, RequestAnswered, outcome=outcome, **OF, **more)


def test_the_record_is_shown_within_45_days_and_before_any_meeting() -> None:
    assert asked("records").one("rec.inspect", "11-20")[0] == "due"
    assert asked("records").one("rec.inspect", "11-21") == (
        "overdue",
        "Request 2025-10-06 open, 1 days late.",
    )
    assert answered(asked("records"), "granted").one("rec.inspect", "11-21")[0] == "met"
    before = met(asked("records", "11-24"), "12-4")
    assert before.find("rec.inspect", "12-5")[0].due_on == day("12-4")
    assert answered(before, "granted", "12-8").one("rec.inspect", "12-9")[0] == "met_late"
    ahead = asked("records", "11-24")
    ahead.add("11-25", MeetingScheduled, meeting_id=an_id("ahead"), student_id=MIRA, purpose="annual_review",
              starts_at=f"{day('12-4')}T21:30:00.000000Z", stream="meeting/ahead")  # fmt: skip
    assert ahead.one("rec.inspect", "11-24")[1] == "Request 2025-11-24 open, due 2026-01-08."
    assert (
        ahead.one("rec.inspect", "12-4")[1]
        == "Request 2025-11-24 open, due 2025-12-04, the day of a meeting."
    )
    assert ahead.find("rec.inspect", "12-4")[0].wakes_on == day("12-5")
    assert ahead.one("rec.inspect", "12-5")[1] == "Request 2025-11-24 open, due 2026-01-08.", (
        "it did not take place"
    )
    assert answered(ahead, "granted", "12-8").one("rec.inspect", "12-9")[0] == "met"
    assert answered(asked("records"), "withdrawn").one("rec.inspect", "12-31")[0] == "excused"


def test_a_copy_of_the_whole_record_shows_it_to_who_asked() -> None:
    def given(on: str, items: str, holder: UUID = MOTHER, history: History | None = None) -> str:
        return (history or asked("records")).add(
            on, DisclosureRecorded, disclosure_id=an_id("copy"), student_id=MIRA, holder_id=holder, items=(items,),
            personal={"recipient": "Elena Quill"}, purpose="records_request", ground="own_record",
        ).one("rec.inspect", "12-1")[0]  # fmt: skip

    assert given("11-1", "whole_record") == "met"
    assert given("11-25", "whole_record") == "met_late"
    father = asked("records", holder_id=an_id("father")).holder(an_id("father"))
    assert given("11-1", "whole_record", history=father) == "overdue", (
        "the mother's copy is none of the father's"
    )
    mother = asked("records", holder_id=MOTHER)
    assert given("11-1", "whole_record", history=mother) == "met"
    history = asked("records")
    history.add("11-1", DisclosureVoided, disclosure_id=an_id("copy"), personal={"reason": "Never given."})
    assert given("11-1", "whole_record", history=history) == "overdue", "struck out"
    assert {
        given("11-1", "plan"),
        given("10-1", "whole_record"),
        given("11-1", "whole_record", an_id("aunt")),
    } == {"overdue"}


def test_from_eighteen_on_their_own_copy_is_the_students_though_nobody_wrote_it_down() -> None:
    def given(holder: UUID) -> str:
        history = History(born=day("2008-03-03")).add(
            "5-4", DisclosureRecorded, disclosure_id=an_id("copy"), student_id=MIRA, holder_id=holder, items=("plan",),
            personal={"recipient": "Mira Quill" if holder == MIRA else "Elena Quill"}, purpose="records_request",
            ground="own_record",
        )  # fmt: skip
        return history.one("rec.disclosure-consent", "5-20")[0]

    assert (given(MIRA), given(MOTHER)) == ("excused", "missed")


def test_who_asks_to_change_the_record_is_answered_or_told_of_the_hearing() -> None:
    assert asked("amendment_of_record").one("rec.amend", "12-1") == ("due", "Open since 2025-10-06.")
    assert answered(asked("amendment_of_record"), "granted").one("rec.amend", "12-1")[0] == "met"
    untold = answered(asked("amendment_of_record"), "refused")
    assert untold.one("rec.amend", "12-1") == (
        "overdue",
        "Request 2025-10-06 refused, not told of the right to a hearing.",
    )
    told = answered(asked("amendment_of_record"), "refused", hearing_right_told=True)
    assert told.one("rec.amend", "12-1")[0] == "met"
    assert untold.add("11-1", RecordHearingAsked, via="letter", **OF).one("rec.amend", "12-1")[0] == "met"


@pytest.mark.parametrize(("outcome", "state"), [
    (None, "due"), ("granted", "met"), ("hearing_filed", "met"), ("refused", "overdue"), ("withdrawn", "excused"),
])  # fmt: skip
def test_an_independent_evaluation_is_provided_or_a_hearing_filed(outcome: str | None, state: str) -> None:
    history = asked("independent_evaluation")
    assert (answered(history, outcome) if outcome else history).one("idea.iee-answered", "12-1")[0] == state


def released(history: History, holder: object, on: str = "4-13", **more: Any) -> History:
    fields = {
        "purpose": "college",
        "records": ("plan", "accommodations"),
        "method": "paper_signature",
        "personal": COLLEGE,
    } | more
    return history.add(
        on, ReleaseSigned, student_id=MIRA, release_id=an_id("release"), holder_id=holder, **fields
    )


def disclosed(history: History, **more: Any) -> History:
    fields = {
        "purpose": "college",
        "ground": "consent",
        "release_id": an_id("release"),
        "items": ("plan",),
    } | more
    return history.add(
        "5-20",
        DisclosureRecorded,
        disclosure_id=an_id("disclosure"),
        student_id=MIRA,
        personal=COLLEGE,
        **fields,
    )


def packet(history: History, *, logged: bool = True, **more: Any) -> History:
    document = {
        "document": an_id("pdf"),
        "digest": "0" * 64,
        "salt": "0" * 64,
        "media_type": "application/pdf",
        "bytes": 9,
    }
    fields = {
        "purpose": "college",
        "ground": "consent",
        "release_id": an_id("release"),
        "items": ("plan",),
    } | more
    history.add("5-20", PacketIssued, packet_id=an_id("packet"), student_id=MIRA, plan_id=IEP, personal=COLLEGE,
                plan_as_of_on=day("5-20"), plan_known_at="2026-05-20T12:00:00.000000Z", document=document, logs=(),
                **fields)  # fmt: skip
    return disclosed(history, packet_id=an_id("packet"), **more) if logged else history


def adult() -> History:
    return History(born=day("2008-03-03")).holder(an_id("himself"), RightsGround.ADULT_STUDENT, "3-3")


def test_each_packet_is_on_record_as_a_disclosure() -> None:
    assert packet(released(adult(), an_id("himself"))).one("rec.access-log", "5-21")[0] == "met"
    assert packet(adult(), logged=False).one("rec.access-log", "5-21") == (
        "overdue",
        "Packet 2026-05-20 unlogged.",
    )


def test_nothing_is_disclosed_without_consent_or_a_named_ground() -> None:
    assert disclosed(released(History(), MOTHER)).one("rec.disclosure-consent", "5-21")[0] == "met"
    assert disclosed(History()).one("rec.disclosure-consent", "5-21") == (
        "missed",
        "Sent to Harbor College on 2026-05-20 without.",
    )
    more = disclosed(released(History(), MOTHER), items=("whole_record",))
    assert more.one("rec.disclosure-consent", "5-21")[0] == "missed"
    revoked = disclosed(
        released(History(), MOTHER).add("5-1", ReleaseRevoked, student_id=MIRA, release_id=an_id("release"))
    )
    assert revoked.one("rec.disclosure-consent", "5-21")[0] == "missed"
    assert (
        disclosed(History(), ground="order_or_subpoena").one("rec.disclosure-consent", "5-21")[0] == "excused"
    )


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        ({"purpose": "school"}, {}),
        ({"personal": {"recipient": "South College"}}, {}),
        ({"method": "oral"}, {}),
        ({}, {"items": ("notices",)}),
        (
            {},
            {
                "reported": {"source": "Paper", "reason": "It went out.", "occurred_on": day("5-20")},
                "items": ("notices",),
            },
        ),
    ],
)
def test_a_consent_that_does_not_serve_is_none(signed: dict[str, Any], sent: dict[str, Any]) -> None:
    history = disclosed(released(History(), MOTHER, **signed), **sent)
    assert history.one("rec.disclosure-consent", "5-21")[0] == "missed"


def test_a_college_packet_has_the_students_own_consent() -> None:
    assert packet(released(adult(), an_id("himself"))).one("rec.college", "5-21")[0] == "met"
    assert packet(released(adult(), MOTHER)).one("rec.college", "5-21") == (
        "missed",
        "Packet 2026-05-20: signed by parent.",
    )
    assert packet(adult()).one("rec.college", "5-21")[0] == "missed"
    assert packet(adult()).find("rec.college", "5-21")[0].severity == "H"
    assert packet(released(History(), MOTHER)).one("rec.college", "5-21")[0] == "met", "of a minor"
    assert packet(adult(), ground="school_of_enrollment").one("rec.college", "5-21")[0] == "excused"


@pytest.mark.parametrize("ground", ["own_record", "order_or_subpoena", "parent_of_dependent_student"])
def test_what_went_to_no_college_is_not_judged_as_if(ground: str) -> None:
    history = disclosed(adult(), ground=ground, holder_id=an_id("himself"), release_id=None)
    assert history.find("rec.college", "5-21") == []


def test_what_was_seen_is_entered_at_the_time() -> None:
    def entered(recorded: str, **more: Any) -> History:
        session = {
            "session_id": an_id("s"),
            "plan_id": IEP,
            "item_id": SPEECH,
            "student_id": MIRA,
            "minutes": 30,
        }
        return History().iep("12-9").add("2-3", ServiceDelivered, recorded=recorded, **session, **more)

    assert entered("2-10").find("rec.prompt-entry", "3-10") == []
    assert entered("3-2").one("rec.prompt-entry", "3-10") == (
        "met_late", "Service delivered of 2026-02-03: entered 2026-03-02, 27 days after.",
    )  # fmt: skip
    assert entered("3-2").find("rec.prompt-entry", "3-10")[0].severity == "L"
    assert (
        entered("3-2", personal={"late_because": "The provider was ill."}).one("rec.prompt-entry", "3-10")[0]
        == "excused"
    )
