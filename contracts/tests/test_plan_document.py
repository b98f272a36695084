"""The pictures of eventlog.md 9, one test each."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from contracts.items import Accommodation, Add, AnyItem, End, Goal, Replace, Service
from contracts.plan import (
    AgreementSought,
    AmendmentAdopted,
    AmendmentAgreed,
    AmendmentPersonalData,
    AmendmentProposed,
    AmendmentWithdrawn,
    ConsentAnswered,
    CorrectedChange,
    CorrectionPersonalData,
    DraftDropped,
    DraftOpened,
    ItemHolderAssigned,
    ItemHolderEnded,
    PlanAdopted,
    PlanCorrected,
    PlanEnded,
    PlanReopened,
    PlanVoided,
    ReasonPersonalData,
    ReviewHeld,
    StatementAdded,
    StatementPersonalData,
    TeamMeeting,
    WrittenAgreement,
)
from contracts.plan_document import (
    PlanDocument,
    evolve,
    history_of,
    in_force,
    read_document,
    version_document,
    versions,
)
from contracts.testing import Log, an_id
from contracts.vocabulary import (
    ConsentDecision,
    ConsentMethod,
    Period,
    PlanEnd,
    PlanKind,
    PlanStatus,
    ReopeningGround,
    ReviewOutcome,
    VoidGround,
)

PLAN = an_id("plan")
SPEECH = an_id("speech")
READING = an_id("reading goal")
EXTENDED_TIME = an_id("extended time")

DEC_9, FEB_24, MAR_9, MAR_16, MAR_20 = (
    date(2025, 12, 9),
    date(2026, 2, 24),
    date(2026, 3, 9),
    date(2026, 3, 16),
    date(2026, 3, 20),
)
MAY_1, JUNE_1, SEPT_1 = date(2026, 5, 1), date(2026, 6, 1), date(2026, 9, 1)


def speech(minutes: int, location: str = "Room 12") -> Service:
    return Service(
        id=SPEECH, service="speech_language_therapy", minutes=minutes, per=Period.WEEK, location=location
    )


def reading_goal() -> Goal:
    return Goal(id=READING, statement="reads 60 words", target=Decimal(60), unit="words")


def extended_time() -> Accommodation:
    return Accommodation(id=EXTENDED_TIME, what="time and a half on tests")


def adopted(*items: AnyItem, from_: date = DEC_9, review_due_on: date | None = None) -> PlanAdopted:
    return PlanAdopted(
        effective_on=from_, plan_id=PLAN, kind=PlanKind.IEP, items=items, review_due_on=review_due_on
    )


def amended(
    *changes: Add | Replace | End, from_: date, amendment: str = "amendment", withheld: tuple[UUID, ...] = ()
) -> AmendmentAdopted:
    return AmendmentAdopted(
        effective_on=from_, plan_id=PLAN, amendment_id=an_id(amendment), changes=changes, withheld=withheld
    )


def proposed(*changes: Add | Replace | End, on: date, amendment: str = "amendment") -> AmendmentProposed:
    return AmendmentProposed(
        effective_on=on,
        plan_id=PLAN,
        amendment_id=an_id(amendment),
        basis=TeamMeeting(meeting_id=an_id("meeting")),
        changes=changes,
        personal=AmendmentPersonalData(reason="progress is slow"),
    )


def withdrawn(on: date, amendment: str = "amendment") -> AmendmentWithdrawn:
    return AmendmentWithdrawn(
        effective_on=on,
        plan_id=PLAN,
        amendment_id=an_id(amendment),
        personal=ReasonPersonalData(reason="another way was found"),
    )


def corrected(event_id: UUID, item: AnyItem, *, since: date, item_id: UUID | None = None) -> PlanCorrected:
    return PlanCorrected(
        effective_on=since,
        plan_id=PLAN,
        correction_id=an_id("correction"),
        corrects=CorrectedChange(event_id=event_id, item_id=item_id or item.id),
        item=item,
        personal=CorrectionPersonalData(what_was_wrong="the room", evidence="minutes of the meeting"),
        requested_by="teacher",
        approved_by="director",
    )


def plan_on(log: Log, day: date, known_at: datetime | None = None) -> PlanDocument:
    document = in_force(history_of(log.entries), day, known_at)
    assert document is not None
    return document


def minutes(document: PlanDocument) -> int | None:
    entry = document.item(SPEECH)
    assert entry is not None
    assert isinstance(entry.item, Service)
    return entry.item.minutes


def room(document: PlanDocument) -> str | None:
    entry = document.item(SPEECH)
    assert entry is not None
    assert isinstance(entry.item, Service)
    return entry.item.location


def test_nothing_known_of_a_plan_is_no_document() -> None:
    assert in_force(history_of([]), DEC_9) is None


def test_each_item_stands_since_the_change_that_gave_it_its_text() -> None:
    log = Log()
    adoption = log.append(adopted(speech(30), extended_time()), on=DEC_9)
    amendment = log.append(amended(Replace(item=speech(60)), from_=MAR_9), on=MAR_9)

    plan = plan_on(log, MAR_16)

    stands = {entry.item.id: (entry.since, entry.changed_by) for entry in plan.items}
    assert stands == {SPEECH: (MAR_9, amendment), EXTENDED_TIME: (DEC_9, adoption)}
    assert plan.version == 2


def test_a_change_for_a_later_day_waits_for_it() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    log.append(amended(Replace(item=speech(60)), from_=MAR_9), on=FEB_24)

    assert minutes(plan_on(log, FEB_24)) == 30
    assert minutes(plan_on(log, MAR_9)) == 60


def test_a_change_recorded_later_but_effective_earlier_does_not_push_out_one_that_starts_after_it() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    stands = log.append(amended(Replace(item=speech(60)), from_=MAR_16, amendment="first"), on=MAR_16)
    passed_over = log.append(amended(Replace(item=speech(45)), from_=MAR_9, amendment="second"), on=MAR_20)

    after = plan_on(log, MAR_20)

    assert minutes(after) == 60
    assert [(overlap.stands.event_id, overlap.passed_over.event_id) for overlap in after.overlaps] == [
        (stands, passed_over)
    ]
    between = plan_on(log, date(2026, 3, 10))
    assert minutes(between) == 45
    assert between.overlaps == ()


def test_on_equal_days_the_later_entry_holds() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    log.append(amended(Replace(item=speech(45)), from_=MAR_9, amendment="first"), on=FEB_24)
    log.append(amended(Replace(item=speech(60)), from_=MAR_9, amendment="second"), on=MAR_9)

    plan = plan_on(log, MAR_9)

    assert minutes(plan) == 60
    assert plan.overlaps == ()


def test_a_correction_holds_over_the_whole_span_of_the_change_it_names_once_it_is_known() -> None:
    log = Log()
    adoption = log.append(adopted(speech(30, "Room 3")), on=DEC_9)
    change = log.append(amended(Replace(item=speech(60, "Room 12")), from_=MAR_9), on=MAR_9)
    before = log.now
    correction = log.append(corrected(change, speech(60, "Room 21"), since=MAR_9), on=MAR_20)

    assert room(plan_on(log, MAR_9)) == "Room 21"
    assert room(plan_on(log, MAR_9, before)) == "Room 12"
    assert room(plan_on(log, DEC_9)) == "Room 3", "it corrects one change, not the item"
    entry = plan_on(log, MAR_9).item(SPEECH)
    assert entry is not None
    assert (entry.changed_by, entry.corrected_by) == (change, correction)
    assert adoption != change


def test_a_correction_does_not_outlive_the_change_it_names() -> None:
    log = Log()
    change = log.append(adopted(speech(30, "Room 12")), on=DEC_9)
    log.append(amended(Replace(item=speech(60, "Room 7")), from_=MAR_9), on=MAR_9)
    log.append(corrected(change, speech(30, "Room 21"), since=DEC_9), on=MAR_20)

    assert room(plan_on(log, FEB_24)) == "Room 21"
    assert room(plan_on(log, MAR_20)) == "Room 7"


def test_a_correction_with_the_text_of_another_item_corrects_nothing() -> None:
    log = Log()
    change = log.append(adopted(speech(30), extended_time()), on=DEC_9)
    log.append(corrected(change, extended_time(), since=DEC_9, item_id=SPEECH), on=MAR_20)

    assert minutes(plan_on(log, MAR_20)) == 30


def test_a_correction_never_brings_back_an_item_that_was_ended() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    end = log.append(amended(End(item=SPEECH), from_=MAR_9), on=MAR_9)
    log.append(corrected(end, speech(30), since=MAR_9), on=MAR_20)

    assert plan_on(log, MAR_20).item(SPEECH) is None


def test_a_withdrawn_amendment_leaves_no_change_once_the_withdrawal_is_known() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    adoption = log.append(amended(Replace(item=speech(60)), from_=MAR_9), on=MAR_9)
    before = log.now
    withdrawal = log.append(withdrawn(MAR_20), on=MAR_20)

    after = plan_on(log, MAR_16)

    assert minutes(after) == 30
    assert after.version == 1
    assert minutes(plan_on(log, MAR_16, before)) == 60
    assert [(entry.adopted_by, entry.withdrawn_by) for entry in after.withdrawn] == [(adoption, withdrawal)]


def test_an_amendment_adopted_after_its_withdrawal_stands() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    log.append(withdrawn(FEB_24), on=FEB_24)
    log.append(amended(Replace(item=speech(60)), from_=MAR_9), on=MAR_9)

    assert minutes(plan_on(log, MAR_9)) == 60


def test_an_ended_item_binds_until_the_day_before_its_end() -> None:
    log = Log()
    log.append(adopted(speech(30), extended_time()), on=DEC_9)
    end = log.append(amended(End(item=EXTENDED_TIME), from_=MAR_9), on=FEB_24)

    assert plan_on(log, date(2026, 3, 8)).item(EXTENDED_TIME) is not None
    plan = plan_on(log, MAR_9)
    assert plan.item(EXTENDED_TIME) is None
    assert [(entry.item.id, entry.ended_on, entry.ended_by) for entry in plan.ended_items] == [
        (EXTENDED_TIME, MAR_9, end)
    ]


def test_a_new_adoption_replaces_what_it_names_and_ends_what_it_leaves_out() -> None:
    log = Log()
    log.append(adopted(speech(30), extended_time(), review_due_on=date(2026, 12, 4)), on=DEC_9)
    second = log.append(
        adopted(speech(60), reading_goal(), from_=SEPT_1, review_due_on=date(2027, 9, 1)),
        on=date(2026, 8, 28),
    )

    plan = plan_on(log, SEPT_1)

    assert [entry.item.id for entry in plan.items] == [SPEECH, READING]
    assert [entry.item.id for entry in plan.ended_items] == [EXTENDED_TIME]
    assert {entry.changed_by for entry in plan.items} == {second}
    assert (plan.version, plan.review_due_on) == (2, date(2027, 9, 1))
    assert plan_on(log, JUNE_1).review_due_on == date(2026, 12, 4)


def test_an_amendment_does_not_move_the_annual_review() -> None:
    log = Log()
    log.append(adopted(speech(30), review_due_on=date(2026, 12, 4)), on=DEC_9)
    log.append(amended(Replace(item=speech(60)), from_=MAR_9), on=MAR_9)

    assert plan_on(log, MAR_20).review_due_on == date(2026, 12, 4)


def test_a_review_may_move_the_next_review() -> None:
    log = Log()
    log.append(adopted(speech(30), review_due_on=date(2026, 12, 4)), on=DEC_9)
    log.append(
        ReviewHeld(
            effective_on=MAY_1, plan_id=PLAN, outcome=ReviewOutcome.CONTINUED, review_due_on=date(2027, 5, 1)
        )
    )

    assert plan_on(log, MAY_1).review_due_on == date(2027, 5, 1)


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (date(2025, 12, 8), PlanStatus.NOT_YET_IN_FORCE),
        (DEC_9, PlanStatus.IN_FORCE),
        (date(2026, 5, 31), PlanStatus.IN_FORCE),
        (JUNE_1, PlanStatus.ENDED),
    ],
)
def test_a_plan_binds_from_its_first_day_until_the_day_before_its_end(day: date, status: PlanStatus) -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    end = log.append(PlanEnded(effective_on=JUNE_1, plan_id=PLAN, reason=PlanEnd.GRADUATED), on=MAY_1)

    plan = plan_on(log, day)

    assert plan.status is status
    assert bool(plan.items) is (status is PlanStatus.IN_FORCE)
    assert (plan.ending.event_id if plan.ending else None) == (end if status is PlanStatus.ENDED else None)


def test_a_plan_adopted_after_its_end_binds_again_with_what_it_says() -> None:
    log = Log()
    log.append(adopted(speech(30), extended_time()), on=DEC_9)
    log.append(PlanEnded(effective_on=MAR_9, plan_id=PLAN, reason=PlanEnd.LEFT_SCHOOL), on=MAR_9)
    log.append(adopted(speech(30), from_=SEPT_1), on=SEPT_1)

    assert plan_on(log, JUNE_1).status is PlanStatus.ENDED
    assert [entry.item.id for entry in plan_on(log, SEPT_1).items] == [SPEECH]


def reopened(end: UUID, on: date, ground: ReopeningGround) -> PlanReopened:
    return PlanReopened(
        effective_on=on, plan_id=PLAN, reopening_id=an_id("reopening"), ended_by=end, ground=ground,
        personal=ReasonPersonalData(reason="It was another student."), requested_by="one", approved_by="two",
    )  # fmt: skip


def test_a_plan_ended_by_mistake_never_ended_from_the_day_on_which_that_was_known() -> None:
    log = Log()
    adoption = log.append(adopted(speech(30)), on=DEC_9)
    end = log.append(PlanEnded(effective_on=MAR_9, plan_id=PLAN, reason=PlanEnd.GRADUATED), on=FEB_24)
    ended = log.now
    log.append(reopened(end, MAR_9, ReopeningGround.MISTAKE), on=MAR_20)

    plan = plan_on(log, MAR_16)
    assert (plan.status, plan.adopted_on, plan.ending) == (PlanStatus.IN_FORCE, DEC_9, None)
    assert [(entry.item.id, entry.changed_by) for entry in plan.items] == [(SPEECH, adoption)]
    assert plan_on(log, MAR_16, ended).status is PlanStatus.ENDED
    assert len(versions(history_of(log.entries))) == 1


def test_a_plan_of_a_student_who_is_back_did_not_bind_in_between() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    end = log.append(PlanEnded(effective_on=MAR_9, plan_id=PLAN, reason=PlanEnd.TRANSFERRED), on=MAR_9)
    log.append(reopened(end, MAY_1, ReopeningGround.STUDENT_RETURNED), on=MAY_1)

    assert [plan_on(log, day).status for day in (MAR_16, MAY_1)] == [PlanStatus.ENDED, PlanStatus.IN_FORCE]
    assert [entry.item.id for entry in plan_on(log, MAY_1).items] == [SPEECH]


def test_a_void_plan_never_bound_and_is_shown_struck_through() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    before = log.now
    void = log.append(
        PlanVoided(effective_on=MAR_16, plan_id=PLAN, void_id=an_id("void"), ground=VoidGround.WRONG_STUDENT,
                   personal=ReasonPersonalData(reason="Another June Weir."), requested_by="one", approved_by="two"),
        on=MAR_16,
    )  # fmt: skip

    plan = plan_on(log, MAR_9)
    assert (plan.status, plan.items, plan.adopted_on, plan.version) == (PlanStatus.VOID, (), None, None)
    assert [entry.item.id for entry in plan.struck] == [SPEECH]
    assert plan.voiding is not None
    assert (plan.voiding.event_id, plan.voiding.voided_on) == (void, MAR_16)
    assert plan_on(log, MAR_9, before).status is PlanStatus.IN_FORCE
    assert [version.voided_by for version in versions(history_of(log.entries))] == [void]


def test_a_draft_is_a_draft_until_adopted_or_dropped() -> None:
    log = Log()
    log.append(
        DraftOpened(effective_on=DEC_9, plan_id=PLAN, student_id=an_id("student"), kind=PlanKind.SECTION_504),
        on=DEC_9,
    )
    opened = log.now
    log.append(DraftDropped(effective_on=MAR_9, plan_id=PLAN), on=MAR_9)

    plan = plan_on(log, MAR_20, opened)
    assert (plan.status, plan.kind) == (PlanStatus.DRAFT, PlanKind.SECTION_504)
    assert plan_on(log, MAR_20).status is PlanStatus.DROPPED

    log.append(
        DraftOpened(effective_on=MAY_1, plan_id=PLAN, student_id=an_id("student"), kind=PlanKind.SECTION_504)
    )
    assert plan_on(log, MAY_1).status is PlanStatus.DRAFT


def test_items_withheld_for_want_of_consent_stay_and_are_named_until_decided() -> None:
    log = Log()
    log.append(adopted(speech(30), extended_time()), on=DEC_9)
    adoption = log.append(amended(Replace(item=speech(60)), from_=MAR_9, withheld=(EXTENDED_TIME,)), on=MAR_9)

    plan = plan_on(log, MAR_9)
    assert plan.item(EXTENDED_TIME) is not None
    assert [(entry.item_id, entry.event_id) for entry in plan.withheld] == [(EXTENDED_TIME, adoption)]

    log.append(amended(End(item=EXTENDED_TIME), from_=MAY_1, amendment="second"), on=MAY_1)
    assert plan_on(log, MAY_1).withheld == ()


def test_a_proposal_is_pending_with_each_holders_last_answer_until_adopted() -> None:
    log = Log()
    log.append(adopted(speech(30), extended_time()), on=DEC_9)
    log.append(proposed(Replace(item=speech(60)), End(item=EXTENDED_TIME), on=FEB_24), on=FEB_24)
    for decision in (ConsentDecision.REFUSED, ConsentDecision.ACCEPTED):
        log.append(
            ConsentAnswered(
                effective_on=date(2026, 2, 26),
                plan_id=PLAN,
                amendment_id=an_id("amendment"),
                consent_id=an_id(f"consent {decision}"),
                holder_id=an_id("mother"),
                items=(SPEECH,),
                decision=decision,
                method=ConsentMethod.PAPER_SIGNATURE,
            ),
            on=date(2026, 2, 26),
        )

    (pending,) = plan_on(log, MAR_9).pending
    assert [(answer.item_id, answer.decision) for answer in pending.answers] == [
        (SPEECH, ConsentDecision.ACCEPTED)
    ]
    log.append(amended(Replace(item=speech(60)), from_=MAR_9, withheld=(EXTENDED_TIME,)), on=MAR_9)
    assert plan_on(log, MAR_9).pending == ()


def test_a_pending_proposal_rests_on_an_agreement_from_the_day_on_which_somebody_who_may_gave_it() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    sought = proposed(Replace(item=speech(60)), on=FEB_24).model_copy(update={"basis": AgreementSought()})
    log.append(sought, on=FEB_24)
    for day, counts in ((date(2026, 2, 25), False), (date(2026, 2, 26), True), (date(2026, 2, 27), True)):
        agreed = AmendmentAgreed(
            effective_on=day, plan_id=PLAN, amendment_id=an_id("amendment"), holder_ids=(an_id("mother"),), counts=counts
        )  # fmt: skip
        log.append(agreed, on=day)

    bases = [plan_on(log, date(2026, 2, day)).pending[0].basis for day in (25, 27)]

    agreement = WrittenAgreement(agreed_on=date(2026, 2, 26), holder_ids=(an_id("mother"),))
    assert bases == [AgreementSought(), agreement]


def test_an_item_is_held_by_whom_it_was_last_assigned_to() -> None:
    log = Log()
    log.append(adopted(extended_time()), on=DEC_9)
    roe, ode = an_id("Ms. Roe"), an_id("Mr. Ode")
    log.append(
        ItemHolderAssigned(effective_on=DEC_9, plan_id=PLAN, item_id=EXTENDED_TIME, staff_id=roe), on=DEC_9
    )
    log.append(
        ItemHolderAssigned(
            effective_on=MAR_16, plan_id=PLAN, item_id=EXTENDED_TIME, staff_id=ode, ends_on=MAY_1
        )
    )
    log.append(ItemHolderEnded(effective_on=MAR_9, plan_id=PLAN, item_id=EXTENDED_TIME, staff_id=roe))

    def holders(day: date) -> list[UUID]:
        entry = plan_on(log, day).item(EXTENDED_TIME)
        assert entry is not None
        return [holder.staff_id for holder in entry.holders]

    assert [holders(day) for day in (FEB_24, MAR_9, MAR_16, MAY_1, JUNE_1)] == [[roe], [], [ode], [ode], []]


def test_a_statement_stays_with_the_plan() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    log.append(
        StatementAdded(
            effective_on=MAY_1,
            plan_id=PLAN,
            statement_id=an_id("statement"),
            holder_id=an_id("mother"),
            personal=StatementPersonalData(text="We asked for  more."),
        )
    )

    assert plan_on(log, MAR_9).statements == ()
    assert [statement.text for statement in plan_on(log, MAY_1).statements] == ["We asked for  more."]


def test_versions_keep_their_numbers_and_say_what_became_of_them() -> None:
    log = Log()
    first = log.append(adopted(speech(30), extended_time()), on=DEC_9)
    second = log.append(amended(Replace(item=speech(45)), from_=MAR_9, amendment="second"), on=MAR_9)
    third = log.append(amended(Replace(item=speech(60)), from_=MAR_16, amendment="third"), on=MAR_16)
    correction = log.append(corrected(third, speech(60, "Room 21"), since=MAR_16), on=MAR_20)
    withdrawal = log.append(withdrawn(MAR_20, "second"), on=MAR_20)

    one, two, three = versions(history_of(log.entries))

    assert [(version.number, version.event_id) for version in (one, two, three)] == [
        (1, first),
        (2, second),
        (3, third),
    ]
    assert two.withdrawn_by == withdrawal
    assert three.corrected_by == (correction,)
    assert one.items == (SPEECH, EXTENDED_TIME)
    assert two.items == (SPEECH,)
    document = version_document(history_of(log.entries), 3)
    assert document is not None
    assert (document.effective_on, room(document)) == (MAR_16, "Room 21")
    assert version_document(history_of(log.entries), 4) is None


def test_a_later_adoption_names_an_item_it_ends_only_once() -> None:
    log = Log()
    log.append(adopted(speech(30), extended_time()), on=DEC_9)
    log.append(adopted(speech(30), from_=MAR_9), on=MAR_9)
    log.append(adopted(speech(30), from_=SEPT_1), on=SEPT_1)

    assert [set(version.items) for version in versions(history_of(log.entries))] == [
        {SPEECH, EXTENDED_TIME},
        {SPEECH, EXTENDED_TIME},
        {SPEECH},
    ]
    assert [entry.ended_on for entry in plan_on(log, SEPT_1).ended_items] == [MAR_9]


def test_folding_an_entry_again_when_it_has_its_index_replaces_it() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    unsequenced = replace(log.entries[0], index=None, position=None, known_at=None)

    history = evolve(history_of([unsequenced]), log.entries[0])

    assert history == history_of(log.entries)


def test_an_entry_without_an_index_is_known_only_when_no_instant_is_asked_for() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    log.append(amended(Replace(item=speech(60)), from_=MAR_9), on=MAR_9)
    newest = replace(log.entries[1], index=None, position=None, known_at=None)
    history = history_of([log.entries[0], newest])

    now, then = in_force(history, MAR_9), in_force(history, MAR_9, log.now)

    assert now is not None
    assert then is not None
    assert (minutes(now), minutes(then)) == (60, 30)


def test_another_plans_events_change_nothing() -> None:
    log = Log()
    log.append(adopted(speech(30)), on=DEC_9)
    log.append(PlanEnded(effective_on=DEC_9, plan_id=an_id("other plan"), reason=PlanEnd.OTHER))

    assert plan_on(log, MAR_9).status is PlanStatus.IN_FORCE


def test_a_document_is_read_back_as_it_was_written_whatever_else_it_says() -> None:
    log = Log()
    log.append(adopted(speech(30), reading_goal()), on=DEC_9)
    document = plan_on(log, MAR_9)

    assert read_document(document.to_json() | {"added_later": 1}) == document
