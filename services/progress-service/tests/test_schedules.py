"""Schedules: which sessions they let expect, and which of those nobody has spoken of. Pure: no database, no clock."""

from dataclasses import replace
from datetime import date

import pytest
from msgspec.structs import replace as with_

from contracts.carrying_out import ScheduleSet
from contracts.school_days import SchoolDays
from contracts.sessions import Session, SessionOutcome
from contracts.testing import an_id
from progress_service.domain.carried import Schedule
from progress_service.domain.item_year import ItemYear
from progress_service.domain.known import KnownProfile
from progress_service.domain.refusals import CannotBeTrue, SessionNotPromised
from progress_service.domain.scheduled import SetSchedule, end_schedule, expected, set_schedule, silent
from progress_service.testing_promises import GOAL, PLAN, PROVIDER, SPEECH, STUDENT, known, profile, year

DAYS = SchoolDays([KnownProfile(an_id("profile"), 0, None, profile())])
JANUARY_6 = date(2026, 1, 6)
TUESDAYS = SetSchedule(
    schedule_id=an_id("schedule"), plan_id=PLAN, item_id=SPEECH, first_on=JANUARY_6, weekdays=(2,), staff=PROVIDER,
    minutes=30,
)  # fmt: skip


def scheduled(command: SetSchedule = TUESDAYS) -> list[ScheduleSet]:
    return set_schedule(command, known().on(command.item_id, command.first_on))


def after(*events: object) -> ItemYear:
    return year(*scheduled(), *events)  # type: ignore[arg-type]


def only(state: ItemYear) -> Schedule:
    return state.schedules[an_id("schedule")]


def on(schedule: Schedule, first: str, last: str) -> list[str]:
    found = expected([schedule], DAYS, date.fromisoformat(first), date.fromisoformat(last))
    return [str(each.on) for each in found]


def test_a_session_is_expected_on_each_of_its_weekdays_that_is_a_school_day() -> None:
    # 17 February lies in the winter break.
    assert on(only(after()), "2026-02-01", "2026-02-28") == ["2026-02-03", "2026-02-10", "2026-02-24"]


def test_nothing_is_expected_before_the_schedule_begins() -> None:
    assert on(only(after()), "2025-12-01", "2026-01-12") == ["2026-01-06"]


def test_an_ended_schedule_expects_nothing_from_its_first_day_without_it() -> None:
    ended = after(*end_schedule(after(), an_id("schedule"), date(2026, 2, 10)))

    assert on(only(ended), "2026-02-01", "2026-02-28") == ["2026-02-03"]
    assert end_schedule(ended, an_id("schedule"), date(2026, 2, 10)) == []


def test_a_schedule_cannot_end_before_it_begins() -> None:
    with pytest.raises(CannotBeTrue):
        end_schedule(after(), an_id("schedule"), date(2026, 1, 5))


def test_a_planned_session_of_which_nobody_has_spoken_is_silent_once_its_day_has_passed() -> None:
    planned = list(expected([only(after())], DAYS, date(2026, 1, 6), date(2026, 1, 31)))
    told = Session(
        an_id("told"), STUDENT, PLAN, SPEECH, date(2026, 1, 6), 30, SessionOutcome.MISSED, reason="testing"
    )
    voided = with_(told, id=an_id("voided"), on=date(2026, 1, 13), voided="another student's")

    assert [str(each.on) for each in silent(planned, [told, voided], date(2026, 1, 20))] == ["2026-01-13"]


@pytest.mark.parametrize(
    ("differs", "refusal"),
    [
        pytest.param({"first_on": date(2025, 12, 1)}, SessionNotPromised, id="before the plan"),
        pytest.param({"item_id": GOAL}, CannotBeTrue, id="of a goal"),
        pytest.param({"last_on": date(2026, 1, 5)}, CannotBeTrue, id="ending before it begins"),
    ],
)
def test_what_no_plan_promises_is_not_scheduled(differs: dict[str, object], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        scheduled(replace(TUESDAYS, **differs))  # type: ignore[arg-type]
