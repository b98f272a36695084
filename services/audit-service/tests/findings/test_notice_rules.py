"""Findings about notice, agreement, copies and who is told: each rule by its sentence."""

from typing import Any
from uuid import UUID

import pytest

from audit_service.testing_findings import (
    IEP,
    MIRA,
    MOTHER,
    SLP,
    SPEECH,
    TEACHER,
    TIME,
    History,
    day,
    service,
)
from audit_service.testing_findings_steps import EVALUATION, completed, eligible, met, referred
from contracts.audit import DisclosureRecorded
from contracts.discipline import RemovalDecided
from contracts.disputes import DisputeFiled
from contracts.evaluations import EligibilityDetermined, IdeaDetermination
from contracts.notice_hindrances import NoticeBlocked, NoticeLapsed, NoticeUnaddressed, NoticeUnblocked
from contracts.notify import NoticeGiven, NoticeOwed, NoticeRendered, NoticeSent
from contracts.plan import AmendmentAdopted, AmendmentProposed, ConsentAnswered, PlanEnded, StaffInformed
from contracts.progress import ResponsibilityAcknowledged, ServiceDelivered
from contracts.students import RequestMade, RightsHolderEnded
from contracts.testing import an_id
from contracts.vocabulary import NoticePart, RightsGround

AMENDMENT = an_id("amendment")
SEVEN = tuple(NoticePart)


def noticed(
    history: History, on: str, *, kind: str = "prior_written_notice", name: str = "notice", **more: Any
) -> History:
    return history.add(on, NoticeGiven, notice_id=an_id(name), kind=kind, holder_id=MOTHER, channel="email",
                       basis="email_accepted", **more)  # fmt: skip


def proposed(history: History, on: str = "2-24", basis: dict[str, Any] | None = None) -> History:
    agreed = {"kind": "written_agreement", "agreed_on": day(on), "holder_ids": (MOTHER,)}
    change = {"op": "replace", "item": service(minutes=60)}
    return history.add(on, AmendmentProposed, plan_id=IEP, amendment_id=AMENDMENT, basis=basis or agreed,
                       changes=(change, {"op": "end", "item": TIME}), personal={"reason": "More is needed."})  # fmt: skip


def adopted(history: History, on: str = "3-9", *, drop: bool = False) -> History:
    changes: list[dict[str, Any]] = [{"op": "replace", "item": service(minutes=60)}]
    changes += [{"op": "end", "item": TIME}] if drop else []
    return history.add(on, AmendmentAdopted, plan_id=IEP, amendment_id=AMENDMENT, changes=tuple(changes))


def answered(
    history: History, item: UUID, decision: str, method: str = "paper_signature", **more: Any
) -> History:
    return history.add("2-26", ConsentAnswered, plan_id=IEP, amendment_id=AMENDMENT, consent_id=an_id(f"{item}"),
                       holder_id=MOTHER, items=(item,), decision=decision, method=method, **more)  # fmt: skip


DOCUMENT = {
    "document": an_id("pdf"),
    "digest": "0" * 64,
    "salt": "0" * 64,
    "media_type": "application/pdf",
    "bytes": 9,
}


def told(history: History, who: UUID, on: str, *items: UUID) -> History:
    return history.add(on, StaffInformed, plan_id=IEP, staff_id=who, items=items, how="in person")


def test_notice_comes_before_a_plan_or_its_change_takes_effect() -> None:
    assert History().iep("12-9").one("idea.pwn-before", "12-10") == (
        "overdue",
        "Effective 2025-12-09, no notice.",
    )
    assert noticed(History(), "12-5", plan_id=IEP).iep("12-9").one("idea.pwn-before", "12-10")[0] == "met"
    late = noticed(History().iep("12-9", notice_ids=(an_id("notice"),)), "12-12", plan_id=IEP)
    assert late.one("idea.pwn-before", "12-20") == ("met_late", "Effective 2025-12-09, notice 2025-12-12.")
    changed = adopted(
        noticed(
            proposed(noticed(History(), "12-5", plan_id=IEP).iep("12-9")),
            "2-24",
            amendment_id=AMENDMENT,
            name="of it",
        )
    )
    assert {f.state.value for f in changed.find("idea.pwn-before", "3-10")} == {"met"}


def test_notice_in_texas_comes_five_school_days_before_unless_the_holder_waives_them() -> None:
    def changed(**waived: Any) -> str:
        texas = proposed(noticed(History("federal@2026-1+tx@2025-2"), "11-5", plan_id=IEP).iep("12-9"))
        answered(noticed(texas, "3-5", amendment_id=AMENDMENT, name="of it"), SPEECH, "accepted", **waived)
        return next(
            f.state.value
            for f in adopted(texas).find("idea.pwn-before", "3-10")
            if f.trigger_on == day("3-9")
        )

    assert changed() == "met_late"
    assert changed(waives_time=True) == "met"


def test_a_notice_says_seven_things() -> None:
    def rendered(*parts: NoticePart) -> tuple[str, str]:
        history = noticed(History(), "12-5", plan_id=IEP)
        history.add(
            "12-5",
            NoticeRendered,
            notice_id=an_id("notice"),
            document=DOCUMENT,
            template="pwn/1",
            language="es",
            parts=parts,
        )
        return history.one("idea.pwn-content", "12-6")

    assert rendered(*SEVEN)[0] == "met"
    assert rendered(*SEVEN[:5], SEVEN[6]) == ("missed", "Notice of 2025-12-05: part 6 (options) missing.")


def owed(history: History, **more: Any) -> History:
    about = {
        "notice_id": an_id("notice"),
        "student_id": MIRA,
        "kind": "prior_written_notice",
        "holder_id": MOTHER,
    }
    return history.add("2-24", NoticeOwed, caused_by=an_id("proposal"), language="es", **about | more)


def test_a_notice_that_cannot_go_out_is_a_finding_until_it_is_given() -> None:
    stuck = owed(History()).add(
        "2-24", NoticeBlocked, notice_id=an_id("notice"), reasons=("contact_restricted",)
    )
    assert stuck.one("idea.pwn-before", "2-24") == ("due", "Waits since 2026-02-24: contact restricted.")
    assert stuck.one("idea.pwn-before", "3-25")[0] == "due", (
        "it has no last day of its own: the change's rule has"
    )
    (waits,) = stuck.find("idea.pwn-before", "2-25")
    assert str(waits.cure).startswith("Review the restriction on contact first")
    stuck.add("2-26", NoticeUnblocked, notice_id=an_id("notice"))
    assert noticed(stuck, "2-26").one("idea.pwn-before", "2-27")[0] == "met"
    assert not owed(History()).find("idea.pwn-before", "2-25"), "what goes its way is no finding"


def test_a_notice_with_a_last_day_is_overdue_once_that_has_passed() -> None:
    stuck = owed(History(), due_on="2026-03-02")
    stuck.add("2-24", NoticeBlocked, notice_id=an_id("notice"), reasons=("no_postal_address",))
    assert [stuck.one("idea.pwn-before", on)[0] for on in ("3-2", "3-3")] == ["due", "overdue"]
    (waits,) = stuck.find("idea.pwn-before", "3-3")
    assert "give it by hand" in str(waits.cure)
    of = {
        "notice_id": an_id("notice"),
        "student_id": MIRA,
        "kind": "prior_written_notice",
        "caused_by": an_id("it"),
    }
    nobodys = History().add(
        "2-24", NoticeUnaddressed, occasion="amendment_proposed", due_on="2026-03-02", **of
    )
    assert nobodys.one("idea.pwn-before", "3-3")[0] == "overdue"


def test_a_notice_that_nobody_can_be_given_is_a_finding_until_it_is_owed_no_more() -> None:
    of = {
        "notice_id": an_id("notice"),
        "student_id": MIRA,
        "kind": "prior_written_notice",
        "caused_by": an_id("it"),
    }
    nobodys = History().add("2-24", NoticeUnaddressed, occasion="amendment_proposed", **of)
    assert nobodys.one("idea.pwn-before", "2-26") == (
        "due",
        "Waits since 2026-02-24: nobody holds the right.",
    )
    nobodys.add("2-27", NoticeLapsed, notice_id=an_id("notice"), reason="given_by_another")
    assert nobodys.one("idea.pwn-before", "2-28")[0] == "excused"


@pytest.mark.parametrize(
    ("language", "aloud", "state"), [("es", False, "met"), ("en", False, "missed"), ("en", True, "excused")]
)
def test_notices_are_in_the_language_of_the_home_or_told(language: str, aloud: bool, state: str) -> None:
    history = History().add("12-5", NoticeOwed, notice_id=an_id("n"), student_id=MIRA, kind="prior_written_notice",
                            holder_id=MOTHER, caused_by=an_id("cause"), language="es")  # fmt: skip
    history.add(
        "12-5",
        NoticeRendered,
        notice_id=an_id("n"),
        document=DOCUMENT,
        template="pwn/1",
        language=language,
        parts=SEVEN,
    )
    if aloud:
        understood = {"language": "es", "mode": "oral", "understood": True}
        history.add("12-6", NoticeSent, notice_id=an_id("n"), delivery_id=an_id("d"), channel="read_aloud",
                    personal={"name": "Elena Quill"}, told=understood)  # fmt: skip
    assert history.one("idea.language", "12-7")[0] == state
    if state == "missed":
        assert history.one("idea.language", "12-7")[1] == "Notice of 2025-12-05: English only; home es."


def test_somebody_interprets_at_a_meeting_with_a_parent_of_another_language() -> None:
    assert met(History(), "12-4").one("idea.language", "12-5") == (
        "missed",
        "Meeting of 2025-12-04: English only; home es.",
    )


def test_the_booklet_is_given_every_school_year() -> None:
    history = History().iep("12-9")
    assert history.one("idea.safeguards-yearly", "6-12")[0] == "due"
    assert history.one("idea.safeguards-yearly", "6-15") == ("missed", "None in 2025-2026.")
    given = noticed(History().iep("12-9"), "1-10", kind="procedural_safeguards")
    assert "met" in {f.state.value for f in given.find("idea.safeguards-yearly", "6-15")}


def test_the_booklet_is_given_upon_referral_and_complaint_and_request() -> None:
    assert referred().one("idea.safeguards-trigger", "9-9") == (
        "due",
        "Referral of 2025-09-08: no booklet yet.",
    )
    booklet = noticed(referred(), "9-10", kind="procedural_safeguards")
    assert booklet.one("idea.safeguards-trigger", "11-20") == (
        "met",
        "Booklet given 2025-09-10, referral of 2025-09-08.",
    )
    filed = {"student_id": MIRA, "filed_by": "family"}
    history = History().add(
        "1-5", DisputeFiled, dispute_id=an_id("one"), kind="due_process_complaint", **filed
    )
    history.add("2-5", DisputeFiled, dispute_id=an_id("two"), kind="due_process_complaint", **filed)
    assert len(history.find("idea.safeguards-trigger", "3-1")) == 1, "the first of the year"
    history.add(
        "2-6", RequestMade, student_id=MIRA, request_id=an_id("r"), kind="procedural_safeguards", via="phone"
    )
    assert len(history.find("idea.safeguards-trigger", "3-1")) == 2


def test_the_booklet_is_given_on_the_very_day_of_a_disciplinary_change() -> None:
    def decided(given: str) -> str:
        history = History().iep("12-9").add(
            "5-20", RemovalDecided, student_id=MIRA, removal_decision_id=an_id("d"), ground="pattern", removal_ids=(),
            school_days=11, change_of_placement=True,
        )  # fmt: skip
        return noticed(history, given, kind="procedural_safeguards").one("idea.safeguards-trigger", "6-1")[0]

    assert (decided("5-20"), decided("5-22")) == ("met", "met_late")


def test_copies_of_report_and_iep_are_shown_or_are_unproven() -> None:
    history = eligible(referred()).iep("12-9")
    assert {f.told(day("1-1"), {}) for f in history.find("idea.copies", "1-1")} == {
        "No proof of copy of evaluation report.", "No proof of copy of IEP of 2025-12-09.",
    }  # fmt: skip
    assert {f.state.value for f in copied(history, "12-12", "whole_record").find("idea.copies", "1-1")} == {
        "met"
    }


def copied(history: History, on: str, *items: str, holder: UUID = MOTHER) -> History:
    return history.add(
        on, DisclosureRecorded, disclosure_id=an_id(f"copy {on}"), student_id=MIRA, holder_id=holder, channel="handed_over",
        personal={"recipient": "Elena Quill"}, purpose="other", ground="own_record", items=items,
    )  # fmt: skip


@pytest.mark.parametrize(("on", "state"), [("12-3", "unproven"), ("12-4", "met"), ("12-8", "met")])
def test_a_copy_of_an_iep_counts_from_the_meeting_that_decided_it(on: str, state: str) -> None:
    history = copied(met(History(), "12-4").iep("12-9", meeting_id=an_id("meeting")), on, "plan")
    assert [f.state.value for f in history.find("idea.copies", "1-1")] == [state]


def test_a_copy_of_an_iep_counts_from_the_day_it_was_adopted() -> None:
    history = copied(History().iep("12-9", recorded="12-5"), "12-6", "plan")
    (found,) = history.find("idea.copies", "1-1")
    assert (found.state.value, found.done_on) == ("met", day("12-6"))


def test_a_copy_between_two_is_one_of_the_iep_that_was_decided_last() -> None:
    history = met(History().iep("12-9"), "2026-03-02").iep("2026-03-09", meeting_id=an_id("meeting"))
    found = copied(history, "3-5", "plan").find("idea.copies", "4-1")
    assert [(f.trigger_on, f.state.value) for f in found] == [(day("12-9"), "unproven"), (day("3-9"), "met")]


@pytest.mark.parametrize(("on", "state"), [("11-13", "unproven"), ("11-14", "met"), ("11-18", "met")])
def test_a_copy_of_the_report_counts_from_the_day_the_evaluation_was_complete(on: str, state: str) -> None:
    said = IdeaDetermination(
        eligible=True, categories=("specific_learning_disability",), needs_special_education=True
    )
    history = completed(referred(), "11-14").add(
        "11-19", EligibilityDetermined, student_id=MIRA, eligibility_id=an_id("eligibility"), evaluation_id=EVALUATION,
        determination=said,
    )  # fmt: skip
    found = copied(history, on, "evaluation_summary").find("idea.copies", "1-1")
    assert [f.state.value for f in found] == [state]


def test_a_copy_is_one_only_for_who_holds_the_right_to_the_record_on_that_day() -> None:
    history = eligible(referred()).holder(TEACHER, until=day("12-1"))
    assert (
        copied(history, "12-2", "evaluation_summary", holder=TEACHER).one("idea.copies", "1-1")[0]
        == "unproven"
    )
    assert history.one("rec.disclosure-consent", "1-1") == (
        "missed",
        "Sent to Elena Quill on 2025-12-02 without.",
    )
    assert copied(history, "12-3", "evaluation_summary").one("idea.copies", "1-1") == (
        "met", "Copy of evaluation report given 2025-12-03.",
    )  # fmt: skip


def test_a_copy_of_one_iep_is_none_of_another() -> None:
    history = History().iep("12-9").iep("2026-03-09")
    found = copied(history, "3-10", "plan").find("idea.copies", "4-1")
    assert [(f.trigger_on, f.state.value) for f in found] == [(day("12-9"), "unproven"), (day("3-9"), "met")]
    history = copied(history, "3-12", "plan_history")
    assert {f.state.value for f in history.find("idea.copies", "4-1")} == {"met"}


def test_no_copy_is_shown_by_one_of_something_else_or_of_before() -> None:
    history = copied(eligible(referred()), "8-2", "whole_record").iep("12-9")
    copied(history, "12-12", "progress")
    assert {f.state.value for f in history.find("idea.copies", "1-1")} == {"unproven"}


def test_staff_are_told_their_duties_before_a_version_takes_effect() -> None:
    history = told(
        told(met(History(), "12-4").iep("12-9", meeting_id=an_id("meeting")), SLP, "12-9", SPEECH),
        TEACHER,
        "12-9",
        TIME,
    )
    assert {f.state.value for f in history.find("idea.staff-informed", "12-10")} == {"met"}
    adopted(told(proposed(history), SLP, "3-6", SPEECH))
    late = told(history, TEACHER, "3-16", SPEECH)
    assert late.one("idea.staff-informed", "3-12", "3-25") == (
        "overdue",
        "Mr. Lee not told of speech before 2026-03-09.",
    )
    assert (
        late.one("idea.staff-informed", "3-25")[1]
        == "Mr. Lee not told of speech before 2026-03-09, told 2026-03-16."
    )
    assert late.one("idea.staff-informed", "3-25")[0] == "met_late"


def test_a_staff_members_own_acknowledgement_counts() -> None:
    history = told(History().iep("12-9"), SLP, "12-9", SPEECH)
    adopted(proposed(history)).add("3-8", ResponsibilityAcknowledged, acknowledgement_id=an_id("a"), plan_id=IEP, item_id=SPEECH,
                                   student_id=MIRA, staff_id=SLP, how="read it")  # fmt: skip
    assert {f.state.value for f in history.find("idea.staff-informed", "3-12")} == {"met"}


def test_services_stop_after_notice_when_consent_is_revoked_in_writing() -> None:
    def ended(
        method: str = "paper_signature", notice: str | None = "4-1", served: bool = False
    ) -> tuple[str, str]:
        history = History().iep("12-9")
        if notice:
            noticed(history, notice, plan_id=IEP)
        revocation = {"holder_id": MOTHER, "revoked_on": day("3-30"), "method": method}
        history.add("4-8", PlanEnded, plan_id=IEP, reason="consent_revoked", revocation=revocation)
        if served:
            history.add(
                "4-9",
                ServiceDelivered,
                session_id=an_id("s"),
                plan_id=IEP,
                item_id=SPEECH,
                student_id=MIRA,
                minutes=30,
            )
        return history.one("idea.revocation", "5-1")

    assert ended()[0] == "met"
    assert ended(notice=None) == ("missed", "Stopped 2026-04-08 before PWN.")
    assert ended(served=True) == ("missed", "Stopped 2026-04-08; a service was given on 2026-04-09.")
    assert ended("oral")[0] == "not_applicable"


def test_an_amendment_without_a_meeting_was_agreed_in_writing() -> None:
    assert adopted(proposed(History().iep("12-9"))).one("idea.amendment-agreed", "3-10")[0] == "unproven"
    signed = adopted(answered(proposed(History().iep("12-9")), SPEECH, "accepted"))
    assert signed.one("idea.amendment-agreed", "3-10")[0] == "met"
    nobody = {"kind": "written_agreement", "agreed_on": day("2-24"), "holder_ids": ()}
    assert adopted(proposed(History().iep("12-9"), basis=nobody)).one("idea.amendment-agreed", "3-10") == (
        "missed", "No agreement for v2.",
    )  # fmt: skip
    meeting = {"kind": "meeting", "meeting_id": an_id("meeting")}
    assert adopted(proposed(History().iep("12-9"), basis=meeting)).find("idea.amendment-agreed", "3-10") == []


def test_the_team_is_told_of_an_amendment() -> None:
    from contracts.meetings import AttendanceRecorded, StaffPerson

    person = StaffPerson(staff_id=TEACHER)
    history = met(History(), "12-4").add("12-4", AttendanceRecorded, meeting_id=an_id("meeting"), person=person,
                                         roles=("regular_education_teacher",), attendance="present")  # fmt: skip
    adopted(proposed(history.iep("12-9")))
    assert history.one("idea.amendment-told", "3-12") == ("due", "Mr. Lee not told of v2 yet.")
    assert told(history, TEACHER, "3-16", SPEECH).one("idea.amendment-told", "3-20")[0] == "met"


def test_only_what_was_agreed_changes_where_an_answer_in_part_counts() -> None:
    def changed(*, drop: bool, partial: bool = True) -> History:
        history = proposed(History(partial_consent=partial).iep("12-9"))
        return adopted(answered(answered(history, SPEECH, "accepted"), TIME, "refused"), drop=drop)

    assert changed(drop=False).one("idea.partial-consent", "3-10") == (
        "met",
        "extended time refused and left as it was.",
    )
    assert changed(drop=True).one("idea.partial-consent", "3-10") == (
        "missed",
        "extended time changed though refused.",
    )
    assert changed(drop=True, partial=False).find("idea.partial-consent", "3-10") == []


def test_a_surrogate_is_assigned_within_30_days_where_nobody_decides() -> None:
    gone = (
        History()
        .iep("12-9")
        .add("1-5", RightsHolderEnded, student_id=MIRA, holder_id=MOTHER, reason="death", confirmed_by="x")
    )
    assert gone.one("idea.surrogate", "2-4") == ("due", "No rights holder since 2026-01-05.")
    assert gone.one("idea.surrogate", "2-5") == ("overdue", "No rights holder since 2026-01-05.")
    gone.holder(an_id("surrogate"), RightsGround.SURROGATE, "2-20")
    assert gone.one("idea.surrogate", "3-1")[0] == "met_late"
    found = (
        History()
        .iep("12-9")
        .add("1-5", RightsHolderEnded, student_id=MIRA, holder_id=MOTHER, reason="other", confirmed_by="x")
    )
    assert found.holder(an_id("father"), on="1-9").one("idea.surrogate", "3-1")[0] == "excused"
