"""What the state asks: each indicator with the children behind it, on a history told in lines; and its route."""

from datetime import date
from typing import Any

import pytest

from audit_service.domain.indicators import INDICATORS, year_of
from audit_service.testing_findings import IEP, MIRA, History, day, transition, usual
from audit_service.testing_findings_steps import completed, consented, eligible, referred
from contracts.discipline import RemovalRecorded
from contracts.plan import PlanEnded
from contracts.testing import an_id


def counted(
    name: str, history: History, on: str = "2026-06-30", count_on: date | None = None
) -> list[tuple[str, bool]]:
    lines = INDICATORS[name].line(history.record(on), year_of(2025, count_on))
    return [(each.line, each.counted) for each in lines]


@pytest.mark.parametrize(("done", "counts"), [("11-14", True), ("11-25", False)])
def test_indicator_11_is_of_evaluations_whose_time_ran_out_in_the_year(done: str, counts: bool) -> None:
    assert counted("11", completed(consented(referred()), done)) == [("evaluated in time", counts)]
    assert counted("11", consented(referred()), on="11-1") == [], "not yet due"


def test_indicator_12_is_of_children_from_early_intervention_at_three() -> None:
    def child(adopted: str) -> History:
        born = History(born=date(2023, 1, 20))
        return eligible(referred("9-8", born, source="early_intervention"), "11-19").iep(adopted)

    assert counted("12", child("1-15")) == [("IEP in effect at three", True)]
    assert counted("12", child("2-9")) == [("IEP in effect at three", False)]
    assert counted("12", eligible(referred("9-8", History(born=date(2023, 1, 20)))).iep("1-15")) == [], (
        "not from Part C"
    )


def test_indicator_13_is_of_students_of_16_with_all_of_transition() -> None:
    def student(*more: Any) -> History:
        return History(born=date(2009, 6, 20)).iep("9-1", *usual(day("9-1")), *more)

    assert counted("13", student(transition())) == [("transition complete", True)]
    assert counted("13", student()) == [("transition complete", False)]
    assert counted("13", History().iep("9-1")) == [], "fifteen"
    assert counted("13", student(transition()), on="2025-11-30") == [], "the day of the count has not come"


def test_children_are_counted_on_the_day_by_category_and_setting() -> None:
    history = eligible(referred(), "10-1").iep("10-6")
    assert counted("child-count", history) == [("specific learning disability", True)]
    assert counted("settings", history) == [("inside regular class 80% or more of the day", True)]
    assert counted("child-count", history, count_on=date(2025, 10, 1)) == [], "no IEP yet"
    assert counted("child-count", History(born=date(2003, 1, 1)).iep("9-1")) == [], "older than 21"


def test_exits_are_by_reason_and_one_that_was_undone_is_none() -> None:
    left = History().iep("9-1").add("3-2", PlanEnded, plan_id=IEP, reason="left_school")
    assert counted("exits", left) == [("left school", True)]
    assert counted("exits", History().iep("9-1")) == []


def test_removals_are_counted_up_to_ten_days_and_beyond() -> None:
    def removed(last: str) -> History:
        return History().iep("9-1").add("2-2", RemovalRecorded, student_id=MIRA, removal_id=an_id("r"), setting="out_of_school",
                                        ends_on=day(last), counts=True)  # fmt: skip

    assert counted("removals", removed("2-6")) == [("10 days or fewer", True)]
    assert counted("removals", removed("2-26")) == [("more than 10 days", True)]


@pytest.mark.asyncio(loop_scope="module")
async def test_the_route_names_the_children_behind_each_number(world) -> None:
    answer = await world.get("/indicators/child-count", year="2025-2026")
    assert answer.status_code == 200
    assert answer.json()["counted_on"] == "2025-12-01"
    assert answer.json()["lines"] == []
    assert (await world.get("/indicators/14", year="2025-2026")).status_code == 404
    for wrong in ({"year": "2025-2027"}, {"year": "last"}, {"year": "2025", "counted_on": "2027-01-01"}):
        assert (await world.get("/indicators/11", **wrong)).status_code == 422
