"""What a schedule lets expect: a session on each of its weekdays that is a school day, and which of them nobody recorded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.carrying_out import ScheduleEnded, ScheduleSet
from contracts.fields import ItemId, PlanId, StaffId
from contracts.problems import Reason
from contracts.school_days import ONE_DAY, SchoolDays
from contracts.sessions import Session
from progress_service.domain.carried import Schedule
from progress_service.domain.item_year import ItemYear
from progress_service.domain.promised_item import ItemOnDay
from progress_service.domain.refusals import SessionNotPromised, cannot_be_true, settle

GIVEN_IN_SESSIONS = ("service", "school_services", "extended_school_year")
"""Kinds of items that are carried out in sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSchedule:
    """From a day on a service is given on these weekdays."""

    schedule_id: UUID
    plan_id: PlanId
    item_id: ItemId
    first_on: date
    weekdays: tuple[int, ...]
    staff: StaffId | None = None
    minutes: int | None = None
    last_on: date | None = None
    starts_at: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A session that the schedule lets expect."""

    on: date
    item: ItemId
    schedule: UUID
    staff: StaffId | None
    minutes: int | None
    starts_at: str | None


def set_schedule(command: SetSchedule, item: ItemOnDay) -> list[ScheduleSet]:
    """Schedule a service; refused before or after the time in which the plan promises it."""
    wrong = []
    if command.last_on is not None and command.last_on < command.first_on:
        wrong.append(Reason("ends-before-it-begins", "The schedule ends before it begins.", pointer="/until"))
    if item.item is not None and item.item.kind not in GIVEN_IN_SESSIONS:
        message = f"The item is of the kind {item.item.kind}: scheduled are services."
        wrong.append(Reason("not-a-service", message, pointer="/item"))
    cannot_be_true(wrong)
    settle(SessionNotPromised, [item.unmet] if item.unmet else [], None, plan=command.plan_id, item=command.item_id,
           on=command.first_on)  # fmt: skip
    return [
        ScheduleSet(
            effective_on=command.first_on,
            schedule_id=command.schedule_id,
            plan_id=command.plan_id,
            item_id=command.item_id,
            student_id=item.student_id,
            staff_id=command.staff,
            weekdays=tuple(sorted(set(command.weekdays))),
            minutes=command.minutes,
            ends_on=command.last_on,
            starts_at=command.starts_at,
            external_id=command.external_id,
        )
    ]


def end_schedule(year: ItemYear, schedule_id: UUID, on: date) -> list[ScheduleEnded]:
    """Let a schedule end: ``on`` is the first day without it. Once more on the same day changes nothing."""
    schedule = year.schedules[schedule_id]
    if schedule.ended_on == on:
        return []
    if on < schedule.first_on:
        message = f"The schedule begins on {schedule.first_on}; ended on that day it has never held."
        cannot_be_true([Reason("ends-before-it-begins", message, pointer="/on")])
    return [
        ScheduleEnded(effective_on=on, schedule_id=schedule_id, plan_id=schedule.plan, item_id=schedule.item)
    ]


def expected(
    schedules: Iterable[Schedule], days: SchoolDays, first_on: date, last_on: date
) -> Iterator[Expected]:
    """Every session planned from ``first_on`` to ``last_on``, in the order of days; nothing on a day without school."""
    planned = sorted(schedules, key=lambda each: (each.starts_at or "", str(each.id)))
    for number in range((last_on - first_on).days + 1):
        day = first_on + ONE_DAY * number
        if days.is_one(day):
            for each in planned:
                if each.holds_on(day):
                    yield Expected(day, each.item, each.id, each.staff, each.minutes, each.starts_at)


def silent(planned: Iterable[Expected], sessions: Iterable[Session], today: date) -> list[Expected]:
    """Planned sessions whose day has passed and of which nobody has said anything (the rule ``idea.missed-reason``)."""
    told = {(session.item, session.on) for session in sessions if session.counts}
    return [each for each in planned if each.on < today and (each.item, each.on) not in told]
