"""What stood on a day, folded from events alone: what became of a notice, and what differs from another day."""

from datetime import date
from decimal import Decimal

import pytest

from audit_service.domain.notice_standing import NoticeStanding, notices_on
from audit_service.domain.replay import FindingStanding, StudentReplay, replay
from audit_service.domain.replay_diff import StudentDiff, student_diff
from audit_service.testing_facts import (
    FATHER,
    GOAL,
    JONAS,
    PLAN,
    adopted,
    amended,
    draft_opened,
    missed,
    notice,
    session,
    sorted_objects,
)
from contracts.event import Event
from contracts.items import Add, Goal
from contracts.notice_hindrances import (
    NoticeBlocked,
    NoticeLapsed,
    NoticeReturned,
    NoticeUnaddressed,
    NoticeUnblocked,
)
from contracts.plan import AmendmentAdopted
from contracts.progress import MeasurementVoided, ObjectiveMastered, VoidPersonalData
from contracts.testing import Log, an_id

OWED, SENT, GIVEN = notice(date(2025, 10, 2))
OF = {"notice_id": an_id("notice")}


def returned(on: date, *, undoes_given: bool) -> Event:
    return NoticeReturned(
        effective_on=on, kind="section_504_notice", holder_id=FATHER, delivery_id=an_id("mail"), channel="email",
        answer="550 no such user", permanent=True, undoes_given=undoes_given, **OF,
    )  # fmt: skip


def standing(*events: Event, on: date = date(2026, 6, 1)) -> NoticeStanding:
    log = Log()
    for event in events:
        log.append(event, stream=f"notice/{an_id('notice')}")
    (found,) = notices_on(log.entries, on)
    return found


def test_a_notice_that_came_back_counts_as_given_no_more() -> None:
    back = returned(date(2025, 10, 5), undoes_given=True)
    found = standing(OWED, SENT, GIVEN, back)
    assert (found.status, found.given_on, found.given_basis) == ("returned", None, None)
    assert (found.returned_on, found.sent_on) == (date(2025, 10, 5), date(2025, 10, 2))
    assert standing(OWED, SENT, GIVEN, back, on=date(2025, 10, 4)).status == "given", "not back yet"
    assert standing(OWED, SENT, GIVEN, back, SENT, GIVEN).status == "given", "sent anew"
    other = standing(OWED, SENT, GIVEN, returned(date(2025, 10, 5), undoes_given=False))
    assert (other.status, other.given_on) == ("given", date(2025, 10, 2)), "given in another way too"


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((OWED, NoticeBlocked(effective_on=date(2025, 10, 3), reasons=("part_missing",), **OF)), "blocked"),
        ((OWED, NoticeBlocked(effective_on=date(2025, 10, 3), reasons=("part_missing",), **OF),
          NoticeUnblocked(effective_on=date(2025, 10, 4), **OF)), "owed"),
        ((OWED, NoticeLapsed(effective_on=date(2025, 10, 3), reason="amendment_withdrawn", **OF)), "lapsed"),
        ((NoticeUnaddressed(effective_on=date(2025, 10, 3), student_id=JONAS, kind="section_504_notice",
                            occasion="amendment_proposed", caused_by=an_id("cause"), **OF),), "unaddressed"),
    ],
)  # fmt: skip
def test_a_notice_that_waits_or_is_owed_no_more_says_so(events: tuple[Event, ...], status: str) -> None:
    assert standing(*events).status == status


def at(on: date, *events: tuple[str, Event]) -> StudentReplay:
    log = Log()
    for stream, event in events:
        log.append(event, stream=stream)
    return replay(JONAS, log.entries, on)


A_YEAR = [
    *((f"plan/{PLAN}", each) for each in (draft_opened(), adopted(), amended())),
    *((f"notice/{an_id('notice')}", each) for each in (OWED, SENT, GIVEN)),
    ("item/nurse/2025-2026", session(date(2025, 9, 29))), ("item/nurse/2025-2026", missed(date(2025, 10, 6))),
]  # fmt: skip


def test_a_diff_names_what_stands_otherwise_across_services_and_nothing_else() -> None:
    found = student_diff(at(date(2025, 9, 30), *A_YEAR), at(date(2025, 11, 1), *A_YEAR))
    ((plan, items),) = [(each.plan, each.items) for each in found.plans]
    assert (plan, [(each.change, each.fields[0].field) for each in items]) == (PLAN, [("changed", "what")])
    (told,) = found.notices
    assert (told.change, told.of) == ("added", {"notice": str(an_id("notice"))})
    assert {each.field: each.after for each in told.fields}["status"] == "given"
    (delivery,) = found.delivery
    assert (delivery.change, {each.field: (each.before, each.after) for each in delivery.fields}) == ("changed", {
        "missed": (0, 1), "minutes_missed": (0, 30), "missed_by_reason": ({}, {"provider_absent": 1}),
        "last_on": ("2025-09-29", "2025-10-06"),
    })  # fmt: skip
    assert (found.results, found.reports, found.findings) == ((), (), ())
    same = at(date(2025, 11, 1), *A_YEAR)
    assert student_diff(same, same) == StudentDiff(
        plans=(), notices=(), delivery=(), results=(), reports=(), findings=()
    )
    back = student_diff(same, at(date(2025, 9, 30), *A_YEAR))
    assert [each.change for each in back.notices] == ["gone"]


def test_a_finding_that_is_a_day_later_and_otherwise_the_same_is_no_difference() -> None:
    def found(state: str, late: int) -> StudentReplay:
        finding = FindingStanding(rule="idea.iep-30", about="x", state=state, severity="H", says=f"{late} late", days_late=late,
                                  rules="federal@2026-1")  # fmt: skip
        return at(date(2025, 11, 1)).model_copy(update={"findings": (finding,)})

    assert student_diff(found("overdue", 1), found("overdue", 2)).findings == ()
    (one,) = student_diff(found("overdue", 1), found("met_late", 2)).findings
    assert (one.of, [each.field for each in one.fields]) == (
        {"rule": "idea.iep-30", "about": "x"}, ["state", "says", "days_late"],
    )  # fmt: skip


def test_a_run_of_which_a_result_was_struck_out_masters_nothing_and_the_next_one_does() -> None:
    """60 twice in a row: 61 and 62 mastered on 14 November; without the 61 it is the 63 of 5 December that completes a run."""
    first, second, third = (
        sorted_objects(on, value)
        for on, value in ((date(2025, 11, 7), 61), (date(2025, 11, 14), 62), (date(2025, 12, 5), 63))
    )
    twice = Goal(id=GOAL, statement="Sorts 60 objects by kind.", baseline=Decimal(0), target=Decimal(60), unit="objects",
                 results_needed=2, due_on=date(2026, 6, 15))  # fmt: skip
    of = {"plan_id": PLAN, "item_id": GOAL}
    agreed = AmendmentAdopted(effective_on=date(2025, 10, 20), plan_id=PLAN, amendment_id=an_id("a goal"),
                              changes=(Add(item=twice),))  # fmt: skip
    mastered = ObjectiveMastered(
        effective_on=date(2025, 11, 14), measurement_id=an_id(f"sorted {date(2025, 11, 14)}"), **of
    )
    struck = MeasurementVoided(effective_on=date(2025, 11, 7), measurement_id=an_id(f"sorted {date(2025, 11, 7)}"),
                               personal=VoidPersonalData(reason="Another student's."), **of)  # fmt: skip
    anew = ObjectiveMastered(
        effective_on=date(2025, 12, 5), measurement_id=an_id(f"sorted {date(2025, 12, 5)}"), **of
    )
    plan = [(f"plan/{PLAN}", each) for each in (draft_opened(), adopted(), agreed)]

    def stood(*events: Event, on: date = date(2026, 1, 9)) -> date | None:
        (found,) = at(on, *plan, *(("item/sorting/2025-2026", each) for each in events)).results
        return found.mastered_on

    assert stood(first, second, mastered) == date(2025, 11, 14)
    assert stood(first, second, mastered, struck) is None
    assert stood(first, second, mastered, struck, third, anew) == date(2025, 12, 5)
    assert stood(first, second, mastered, struck, third, anew, on=date(2025, 12, 4)) is None
