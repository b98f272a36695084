"""Two states of a plan set beside each other: what differs, which event made it so, and a sentence a parent can read."""

from datetime import date
from decimal import Decimal

import pytest

from contracts.items import (
    Accommodation,
    Add,
    AnyItem,
    End,
    Objective,
    Placement,
    Replace,
    Service,
    read_item,
)
from contracts.plain_words import item_in_words
from contracts.plan import (
    AmendmentAdopted,
    AmendmentWithdrawn,
    CorrectedChange,
    CorrectionPersonalData,
    PlanAdopted,
    PlanCorrected,
    PlanEnded,
    PlanVoided,
    ReasonPersonalData,
)
from contracts.plan_diff import FieldDifference, ItemDifference, describe, diff
from contracts.plan_document import history_of, in_force
from contracts.testing import Log, an_id
from contracts.vocabulary import Period, PlanEnd, PlanKind, VoidGround

PLAN, SPEECH, EXTENDED_TIME = an_id("plan"), an_id("speech"), an_id("extended time")
DEC_9, MAR_9, MAR_20 = date(2025, 12, 9), date(2026, 3, 9), date(2026, 3, 20)


def speech(minutes: int, location: str | None = None) -> Service:
    return Service(
        id=SPEECH, service="speech_language_therapy", minutes=minutes, per=Period.WEEK, location=location
    )


def extended_time() -> Accommodation:
    return Accommodation(id=EXTENDED_TIME, what="time and a half", where=("test",))


def adopted_with(*items: AnyItem) -> Log:
    log = Log()
    log.append(PlanAdopted(effective_on=DEC_9, plan_id=PLAN, kind=PlanKind.IEP, items=items), on=DEC_9)
    return log


def amended(*changes: Add | Replace | End) -> AmendmentAdopted:
    return AmendmentAdopted(effective_on=MAR_9, plan_id=PLAN, amendment_id=an_id("a"), changes=changes)


def between(log: Log, one: date, two: date) -> tuple[ItemDifference, ...]:
    history = history_of(log.entries)
    return diff(in_force(history, one), in_force(history, two))


def test_a_changed_field_names_the_amendment_that_changed_it() -> None:
    log = adopted_with(speech(30), extended_time())
    amendment = log.append(amended(Replace(item=speech(60))))

    (difference,) = between(log, DEC_9, MAR_9)

    assert (difference.event_id, difference.cause, difference.since) == (amendment, "decision", MAR_9)
    assert [(field.field, field.before, field.after) for field in difference.fields] == [("minutes", 30, 60)]
    assert describe(difference) == (
        "Service: speech-language therapy, 60 minutes a week changes from March 9, 2026: minutes 60 instead of 30."
    )


def test_a_correction_names_itself_and_not_the_decision() -> None:
    log = adopted_with(speech(30, "Room 12"))
    before = in_force(history_of(log.entries), MAR_20)
    correction = log.append(
        PlanCorrected(
            effective_on=DEC_9,
            plan_id=PLAN,
            correction_id=an_id("c"),
            corrects=CorrectedChange(event_id=log.entries[0].id, item_id=SPEECH),
            item=speech(30, "Room 21"),
            personal=CorrectionPersonalData(what_was_wrong="the room", evidence="the minutes"),
            requested_by="teacher",
            approved_by="director",
        )
    )

    (difference,) = diff(before, in_force(history_of(log.entries), MAR_20))

    assert (difference.event_id, difference.cause) == (correction, "correction")
    assert "a correction" in describe(difference)


def test_a_withdrawal_names_itself() -> None:
    log = adopted_with(speech(30))
    log.append(amended(Replace(item=speech(60)), Add(item=extended_time())))
    before = in_force(history_of(log.entries), MAR_20)
    withdrawal = log.append(
        AmendmentWithdrawn(
            effective_on=MAR_20,
            plan_id=PLAN,
            amendment_id=an_id("a"),
            personal=ReasonPersonalData(reason="the family asked"),
        )
    )

    differences = diff(before, in_force(history_of(log.entries), MAR_20))

    assert [(difference.change, difference.cause, difference.event_id) for difference in differences] == [
        ("changed", "withdrawal", withdrawal),
        ("ended", "withdrawal", withdrawal),
    ]


def test_added_and_ended_items_are_said_so() -> None:
    log = adopted_with(extended_time())
    amendment = log.append(amended(Add(item=speech(30)), End(item=EXTENDED_TIME)))

    added, ended = between(log, DEC_9, MAR_9)

    assert {added.event_id, ended.event_id} == {amendment}
    assert describe(added) == "New service: speech-language therapy, 30 minutes a week from March 9, 2026."
    assert describe(ended) == "Accommodation: time and a half ends from March 9, 2026."


def test_the_end_of_the_plan_ends_every_item() -> None:
    log = adopted_with(speech(30), extended_time())
    end = log.append(PlanEnded(effective_on=MAR_9, plan_id=PLAN, reason=PlanEnd.GRADUATED))

    assert [(difference.cause, difference.event_id) for difference in between(log, DEC_9, MAR_9)] == [
        ("plan_end", end),
        ("plan_end", end),
    ]


def test_a_void_strikes_out_every_item_whatever_the_day() -> None:
    log = adopted_with(speech(30))
    before = in_force(history_of(log.entries), MAR_9)
    void = log.append(
        PlanVoided(effective_on=MAR_9, plan_id=PLAN, void_id=an_id("void"), ground=VoidGround.DUPLICATE,
                   personal=ReasonPersonalData(reason="Entered twice."), requested_by="one", approved_by="two")
    )  # fmt: skip

    (difference,) = diff(before, in_force(history_of(log.entries), DEC_9))

    assert (difference.change, difference.cause, difference.event_id) == ("ended", "void", void)
    assert describe(difference).endswith("is struck out: the plan never bound.")


def test_looking_back_names_no_event() -> None:
    log = adopted_with(extended_time())

    (difference,) = between(log, DEC_9, date(2025, 12, 8))

    assert (difference.change, difference.cause, difference.event_id) == ("ended", "other_moment", None)
    assert describe(difference) == "Accommodation: time and a half is not in the plan."


def test_the_same_text_decided_anew_is_no_difference() -> None:
    log = adopted_with(speech(30))
    log.append(PlanAdopted(effective_on=MAR_9, plan_id=PLAN, kind=PlanKind.IEP, items=(speech(30),)))

    assert between(log, DEC_9, MAR_9) == ()


def test_a_difference_is_json_without_what_is_absent() -> None:
    log = adopted_with(speech(30))
    log.append(amended(Replace(item=speech(30, "Room 12"))))

    (difference,) = between(log, DEC_9, MAR_9)

    assert difference.to_json()["fields"] == [{"field": "location", "after": "Room 12"}]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (Service(id=SPEECH), "service: not named yet"),
        (
            Service(id=SPEECH, service="reading_instruction", minutes=225, per=Period.WEEK, sessions_per=5),
            "service: reading instruction, 225 minutes a week in 5 sessions",
        ),
        (
            Objective(id=SPEECH, statement="names 20 objects", target=Decimal(20)),
            "short-term objective: names 20 objects",
        ),
        (
            Placement(id=SPEECH, setting="regular_class_80_or_more"),
            "placement: inside regular class 80% or more of the day",
        ),
    ],
)
def test_an_item_is_known_by_one_line(item: AnyItem, words: str) -> None:
    assert item_in_words(item) == words


def difference(kind: str, title: str, *fields: FieldDifference) -> ItemDifference:
    return ItemDifference(
        item_id=an_id("item"), kind=kind, title=title, change="changed" if fields else "ended", fields=fields,
        cause="decision", since=date(2026, 3, 9),
    )  # fmt: skip


def test_what_people_speak_of_as_several_ends_as_several() -> None:
    assert (
        describe(difference("progress_schedule", "progress reports"))
        == "Progress reports end from March 9, 2026."
    )


def test_another_item_is_told_by_what_it_is_and_not_by_its_id() -> None:
    old, new = str(an_id("old goal")), str(an_id("new goal"))
    moved = difference(
        "objective", "short-term objective: 20 objects", FieldDifference(field="goal", before=old, after=new)
    )
    titles = {old: "annual goal: sorts objects", new: "annual goal: sorts by color"}
    assert describe(moved, titles).endswith(
        ": annual goal it belongs to annual goal: sorts by color instead of annual goal: sorts objects."
    )


def test_a_title_goes_on_within_a_sentence() -> None:
    item = read_item({"id": str(an_id("item")), "kind": "accommodation", "what": "Sits near the teacher."})
    assert item_in_words(item) == "accommodation: Sits near the teacher"
