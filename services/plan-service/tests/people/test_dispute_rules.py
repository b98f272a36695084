"""Disputes and stay-put: each test's name is the rule's own sentence (34 CFR 300.151-153, 300.506-518)."""

from datetime import date
from typing import Any

import pytest

from contracts.disputes import DisputeFiled, DisputeStepTaken
from contracts.items import Add, End, Replace
from contracts.plan import AmendmentAdopted
from contracts.problems import Invalid, NotFound
from contracts.testing import an_id
from contracts.vocabulary import (
    DisputeKind,
    DisputeOutcome,
    DisputeParty,
    DisputeStep,
    PlanKind,
    StayPutGround,
)
from plan_service import testing_plans as plans
from plan_service.domain.adoption import AdoptionRefused, adopt_plan
from plan_service.domain.amendment import AmendmentRefused, adopt_amendment
from plan_service.domain.dispute import (
    CloseDispute,
    DisputeOver,
    ExceptionRefused,
    ExceptStayPut,
    FileDispute,
    TakeStep,
    close_dispute,
    except_stay_put,
    file_dispute,
    take_step,
)
from plan_service.domain.dispute_state import Dispute
from plan_service.domain.rules import Rules
from plan_service.domain.stay_put import StayPut, complaint_open_on
from plan_service.domain.student import Student
from plan_service.testing_people import (
    AUNT,
    MOTHER,
    all_rights,
    confirmed,
    contact,
    given,
    registered,
    reported,
)

TODAY, FILED_ON = date(2026, 6, 1), date(2026, 3, 2)
DISPUTE = an_id("dispute")
STATE, DUE_PROCESS, MEDIATION = (
    DisputeKind.STATE_COMPLAINT,
    DisputeKind.DUE_PROCESS_COMPLAINT,
    DisputeKind.MEDIATION,
)
FAMILY, DISTRICT = DisputeParty.FAMILY, DisputeParty.DISTRICT


def child(*events: Any) -> Student:
    born = date(2016, 6, 20)
    return given(registered(born), contact(), confirmed(MOTHER, rights=all_rights(born)), *events)


def file(kind: DisputeKind = DUE_PROCESS, by: DisputeParty = FAMILY, **fields: Any) -> FileDispute:
    return FileDispute(DISPUTE, kind, by, **{"today": TODAY, "filed_on": FILED_ON} | fields)


def filed(kind: DisputeKind = DUE_PROCESS, by: DisputeParty = FAMILY, **fields: Any) -> DisputeFiled:
    (event,) = file_dispute(child(), file(kind, by, **fields))
    assert isinstance(event, DisputeFiled)
    return event


def dispute(student: Student) -> Dispute:
    return student.disputes[DISPUTE]


def codes(refusal: Any) -> set[str]:
    assert all(reason.citation and reason.cure for reason in refusal.value.reasons)
    return {reason.code for reason in refusal.value.reasons}


# --- The days ---


def test_a_state_complaint_is_decided_within_60_days() -> None:
    event = filed(STATE)

    assert event.decision_due_on == date(2026, 5, 1)
    assert (event.resolution_meeting_due_on, event.resolution_ends_on) == (None, None)


def test_a_due_process_complaint_has_15_days_to_meet_30_to_resolve_and_45_to_decide() -> None:
    event = filed()

    assert (event.resolution_meeting_due_on, event.resolution_ends_on, event.decision_due_on) == (
        date(2026, 3, 17), date(2026, 4, 1), date(2026, 5, 16),
    )  # fmt: skip


def test_of_the_districts_own_complaint_nothing_is_to_resolve() -> None:
    event = filed(by=DISTRICT)

    assert (event.resolution_ends_on, event.decision_due_on) == (None, date(2026, 4, 16))


def test_mediation_has_no_number_of_days() -> None:
    assert filed(MEDIATION).decision_due_on is None


@pytest.mark.parametrize(
    ("kind", "fields", "in_time"),
    [
        (STATE, {"happened_on": date(2025, 3, 2)}, True),
        (STATE, {"happened_on": date(2025, 3, 1)}, False),
        (DUE_PROCESS, {"known_on": date(2024, 3, 2)}, True),
        (DUE_PROCESS, {"known_on": date(2024, 3, 1)}, False),
        (DUE_PROCESS, {"known_on": date(2024, 3, 1), "withheld": True}, True),
        (DUE_PROCESS, {}, None),
        (STATE, {"known_on": date(2020, 1, 1)}, None),
        (MEDIATION, {"happened_on": date(2020, 1, 1)}, None),
    ],
)
def test_a_complaint_looks_back_one_year_or_two_and_a_late_one_is_recorded_all_the_same(
    kind: DisputeKind, fields: Any, in_time: bool | None
) -> None:
    assert filed(kind, **fields).in_time is in_time


def step(what: DisputeStep, **fields: Any) -> TakeStep:
    return TakeStep(DISPUTE, an_id("step"), what, **{"today": TODAY, "on": date(2026, 3, 12)} | fields)


def test_once_resolution_is_waived_45_days_are_left_to_decide() -> None:
    student = child(filed())
    after = given(*take_step(student, step(DisputeStep.RESOLUTION_WAIVED)), start=student)

    assert dispute(after).decision_due_on == date(2026, 4, 26)


def test_more_time_ends_on_a_day_and_no_other_step_moves_it() -> None:
    student = child(filed())
    extended = step(DisputeStep.TIME_EXTENDED, decision_due_on=date(2026, 6, 15))
    (met,) = take_step(student, step(DisputeStep.RESOLUTION_MEETING_HELD))

    assert dispute(given(*take_step(student, extended), start=student)).decision_due_on == date(2026, 6, 15)
    assert isinstance(met, DisputeStepTaken)
    assert met.decision_due_on is None
    for wrong in (
        step(DisputeStep.TIME_EXTENDED),
        step(DisputeStep.HEARING_HELD, decision_due_on=date(2026, 6, 15)),
        step(DisputeStep.TIME_EXTENDED, decision_due_on=date(2026, 3, 11)),
        step(DisputeStep.HEARING_HELD, on=date(2026, 3, 1)),
    ):
        with pytest.raises(Invalid):
            take_step(student, wrong)


def close(**fields: Any) -> CloseDispute:
    return CloseDispute(
        DISPUTE, DisputeOutcome.AGREED, **{"today": TODAY, "closed_on": date(2026, 3, 30)} | fields
    )


def test_after_its_end_nothing_about_a_dispute_is_decided() -> None:
    student = child(filed())
    over = given(*close_dispute(student, close()), start=student)

    for decide in (lambda: close_dispute(over, close()), lambda: take_step(over, step(DisputeStep.HEARING_HELD)),
                   lambda: except_stay_put(over, excepted())):  # fmt: skip
        with pytest.raises(DisputeOver):
            decide()
    late = step(DisputeStep.HEARING_HELD, reported=reported(date(2026, 3, 12)))
    assert take_step(over, late)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (DUE_PROCESS, DisputeOutcome.NO_AGREEMENT),
        (DisputeKind.STATE_COMPLAINT, DisputeOutcome.NO_AGREEMENT),
        (DisputeKind.MEDIATION, DisputeOutcome.DECIDED_FOR_DISTRICT),
    ],
)
def test_a_complaint_does_not_end_because_nobody_agrees_and_a_mediator_decides_nothing(
    kind: DisputeKind, outcome: DisputeOutcome
) -> None:
    with pytest.raises(Invalid) as refusal:
        close_dispute(child(filed(kind)), CloseDispute(DISPUTE, outcome, TODAY))
    assert refusal.value.reasons[0].code == "outcome-of-another-kind"


def test_only_due_process_has_a_resolution_period_and_a_hearing() -> None:
    for kind in (DisputeKind.STATE_COMPLAINT, DisputeKind.MEDIATION):
        for taken in (DisputeStep.RESOLUTION_MEETING_HELD, DisputeStep.HEARING_HELD):
            with pytest.raises(Invalid):
                take_step(child(filed(kind)), step(taken))


@pytest.mark.parametrize(
    "command",
    [
        file(by=DisputeParty.OTHER),
        file(holder_id=an_id("nobody")),
        file(known_on=date(2026, 3, 3)),
        file(filed_on=date(2026, 6, 2)),
    ],
)
def test_what_contradicts_itself_cannot_be_meant(command: FileDispute) -> None:
    with pytest.raises(Invalid):
        file_dispute(child(), command)


def test_a_dispute_there_is_not_is_not_found() -> None:
    with pytest.raises(NotFound):
        close_dispute(child(), close())


# --- Stay-put ---


def excepted(ground: StayPutGround = StayPutGround.AGREED, **fields: Any) -> ExceptStayPut:
    told: dict[str, Any] = {"today": TODAY, "starts_on": date(2026, 3, 20), "holder_id": MOTHER}
    return ExceptStayPut(DISPUTE, an_id("exception"), ground, **told | fields)


def open_on(day: date, *events: Any) -> bool:
    return complaint_open_on(child(*events).disputes, day) is not None


def test_a_due_process_complaint_holds_the_placement_from_its_filing_to_its_end() -> None:
    student = child(filed())
    (closed,) = close_dispute(student, close())

    assert [open_on(day, filed(), closed) for day in (date(2026, 3, 1), FILED_ON, date(2026, 3, 29))] == [
        False, True, True,
    ]  # fmt: skip
    assert not open_on(date(2026, 3, 30), filed(), closed)


@pytest.mark.parametrize("kind", [STATE, MEDIATION])
def test_no_other_dispute_holds_it(kind: DisputeKind) -> None:
    assert not open_on(TODAY, filed(kind))


@pytest.mark.parametrize("ground", [StayPutGround.AGREED, StayPutGround.DISCIPLINE])
def test_it_may_change_when_agreed_or_for_discipline(ground: StayPutGround) -> None:
    (event,) = except_stay_put(child(filed()), excepted(ground))

    assert open_on(date(2026, 3, 19), filed(), event)
    assert not open_on(date(2026, 3, 20), filed(), event)


def test_who_agrees_is_one_who_decides_and_an_order_can_be_shown() -> None:
    for command, code in (
        (excepted(holder_id=AUNT), "agreed-by-nobody-who-decides"),
        (excepted(StayPutGround.ORDERED), "ordered-without-an-order"),
    ):
        with pytest.raises(ExceptionRefused) as refusal:
            except_stay_put(child(filed()), command)
        assert codes(refusal) == {code}


def test_a_claim_that_was_reported_lets_nothing_change() -> None:
    told = excepted(StayPutGround.ORDERED, reported=reported(date(2026, 3, 20)))
    (event,) = except_stay_put(child(filed()), told)

    assert open_on(TODAY, filed(), event)


PLACEMENT = next(each for each in plans.iep_items() if each.kind == "placement")
MOVED = PLACEMENT.model_copy(update={"setting": "separate_class"})
STAYS = StayPut(plans.TODAY, 2, (PLACEMENT,))


def amend(*changes: Any, stay_put: StayPut | None = STAYS, agreed: bool = False) -> list[Any]:
    proposed = plans.proposed(changes=changes)
    answers = [plans.answered(changes[0].item_id)] if agreed else []
    plan = plans.given(proposed, *answers, start=plans.in_effect())
    ground = plans.ground(plans.notice(), rules=Rules(), stay_put=stay_put)
    return adopt_amendment(plan, plans.adoption(), ground)


@pytest.mark.parametrize(
    "change",
    [Replace(item=MOVED), End(item=PLACEMENT.id), Add(item=MOVED.model_copy(update={"id": an_id("new")}))],
)
def test_while_it_is_open_a_change_of_placement_is_refused_and_the_version_that_stays_is_named(
    change: Any,
) -> None:
    with pytest.raises(AmendmentRefused) as refusal:
        amend(change)

    assert "stay-put" in codes(refusal)
    assert "version 2" in refusal.value.reasons[0].message


def test_what_is_not_the_placement_may_change_and_so_may_what_is_agreed_in_writing() -> None:
    (other,) = amend(Replace(item=plans.speech(60)))
    (agreed,) = amend(Replace(item=MOVED), agreed=True)

    assert isinstance(other, AmendmentAdopted)
    assert isinstance(agreed, AmendmentAdopted)
    assert amend(Replace(item=MOVED), stay_put=None)


def test_a_new_version_keeps_the_placement_too() -> None:
    plan = plans.given(plans.draft_opened(), start=plans.in_effect())
    moved = plans.adopt(items=plans.iep_items(MOVED), stay_put=STAYS)
    with pytest.raises(AdoptionRefused) as refusal:
        adopt_plan(plan, moved)

    assert codes(refusal) == {"stay-put"}
    assert adopt_plan(plan, plans.adopt(stay_put=STAYS))
    assert adopt_plan(plan, plans.adopt(items=plans.iep_items(MOVED), stay_put=StayPut(plans.TODAY)))


def test_a_section_504_plan_knows_no_stay_put() -> None:
    draft = plans.draft_opened(PlanKind.SECTION_504)
    command = plans.adopt(items=plans.plan_504_items(), meeting=None, stay_put=STAYS)

    assert adopt_plan(plans.given(draft), command)
