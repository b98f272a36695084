"""Removing a student with a disability from their placement: 34 CFR 300.530(b), (d), (e), (g), 104.35.

Up to ten school days a school may remove as it removes anybody. More than ten in a row is a change of placement: the
review comes first, for an IEP as for a Section 504 plan, but for weapons, drugs and serious injury.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from contracts.discipline import (
    DisciplineEvent,
    RemovalEnded,
    RemovalEndedPersonalData,
    RemovalPersonalData,
    RemovalRecorded,
    RemovalServicesGiven,
    RemovalServicesPersonalData,
)
from contracts.district import SchoolYear
from contracts.fields import ExternalId, StaffId, StudentId
from contracts.problems import Reason
from contracts.removal_days import (
    LONGEST_ELSEWHERE,
    TEN,
    most_in_a_row,
    removed_days,
    school_year_of,
)
from contracts.transfers import ServiceInWords
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Law, RemovalSetting, SpecialCircumstance
from plan_service.domain.discipline import Discipline, Manifestation, Removal
from plan_service.domain.evaluation import Evaluations
from plan_service.domain.identity import must_be_known
from plan_service.domain.rules import UnmetRules, cannot_be_true, not_in_the_future, settle
from plan_service.domain.student import Student

MAY_KEEP_THE_PLACEMENT = frozenset({RemovalSetting.IN_SCHOOL, RemovalSetting.BUS})
A_YEAR, A_SCHOOL_LIFE = timedelta(days=400), timedelta(days=366 * 30)
TEN_SCHOOL_DAYS_AT_MOST = timedelta(days=14)
"""Whatever the calendar: a span of two weeks has no more than ten school days."""


class RemovalRefused(UnmetRules):
    """The removal would be a change of placement without its review."""

    code = "removal-refused"
    what = "This removal"


@dataclass(frozen=True, slots=True)
class RecordRemoval:
    """The student is removed, for some school days."""

    removal_id: UUID
    setting: RemovalSetting
    starts_on: date
    ends_on: date
    calendar: Sequence[SchoolYear]
    protected: frozenset[Law]
    """The laws that protect the student on the first day: see `protected`."""
    part_days: tuple[date, ...] = ()
    placement_kept: bool = False
    """In school: taking part, with the plan's services, among peers. Of the bus: it is no service of the plan."""
    code_of_conduct: str | None = None
    circumstance: SpecialCircumstance | None = None
    decided_by: StaffId | None = None
    behavior: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class EndRemoval:
    """The student is back sooner."""

    removal_id: UUID
    back_on: date
    reason: str | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class GiveRemovalServices:
    """What the student is given during a removal."""

    removal_id: UUID
    removal_services_id: UUID
    services: tuple[ServiceInWords, ...]
    starts_on: date
    ends_on: date
    decided_by: tuple[StaffId, ...] = ()
    words: str | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def protected(known: Evaluations, plans_in_effect: Iterable[Law], day: date) -> frozenset[Law]:
    """Who has a plan in effect, was found eligible, or is being evaluated: the district knew (300.530(a), 300.534, 104.35).

    Not whose evaluation was refused by who decides, nor who was found ineligible (300.534(c)).
    """
    tomorrow = min(day, date.max - timedelta(days=1)) + timedelta(days=1)
    eligible = {law for law in Law if known.eligible_before(law, tomorrow)}
    asked = {
        law
        for each in known.evaluations.values()
        if each.referred_on <= day and each.refusal is None and not each.completed_by(day)
        for law in each.laws
    }
    return frozenset({*plans_in_effect, *eligible, *asked})


def record_removal(student: Student, command: RecordRemoval, today: date) -> list[DisciplineEvent]:
    """Record the removal. One that makes more than ten school days in a row waits for the review."""
    student_id = must_be_known(student)
    not_in_the_future(command.reported, today)
    _could_be_true(command, today)
    removal = _removal(student_id, command)
    unmet = (
        tuple(_unmet(student.discipline, command, removal)) if command.protected and removal.counts else ()
    )
    return [
        RemovalRecorded(
            effective_on=command.starts_on, student_id=student_id, removal_id=command.removal_id, setting=command.setting,
            ends_on=command.ends_on, part_days=command.part_days, counts=removal.counts,
            code_of_conduct=command.code_of_conduct, circumstance=command.circumstance, decided_by=command.decided_by,
            personal=RemovalPersonalData(behavior=command.behavior) if command.behavior else None,
            documents=command.documents, external_id=command.external_id,
            reported=settle(RemovalRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def end_removal(student: Student, command: EndRemoval, today: date) -> list[DisciplineEvent]:
    """The student is back sooner than was decided; the same said twice is said once."""
    student_id, removal = must_be_known(student), student.discipline.removal(command.removal_id)
    not_in_the_future(command.reported, today)
    if removal.back_on == command.back_on:
        return []
    if not removal.starts_on <= command.back_on <= removal.ends_on:
        raise cannot_be_true(
            "back-on-no-such-day",
            f"The removal is from {removal.starts_on} to {removal.ends_on}.",
            "/back_on",
        )
    unmet = tuple(_was_back_before(removal, command.back_on))
    return [
        RemovalEnded(
            effective_on=command.back_on, student_id=student_id, removal_id=removal.removal_id,
            personal=RemovalEndedPersonalData(reason=command.reason) if command.reason else None,
            reported=settle(RemovalRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def _was_back_before(removal: Removal, back_on: date) -> Iterator[Reason]:
    """34 CFR 300.530(b)(1), 300.536: who is back is removed anew, and those days are counted anew."""
    if removal.back_on is not None and back_on > removal.back_on:
        yield Reason(
            "was-back-before", f"It is on record that the student was back on {removal.back_on}.", "34 CFR 300.530(b)(1)",
            "Record another removal; if the day on record is wrong, report the right one.", "/back_on",
        )  # fmt: skip


def give_removal_services(
    student: Student, command: GiveRemovalServices, today: date
) -> list[DisciplineEvent]:
    """Record what was given meanwhile (300.530(d)); from the eleventh day of the year on it is owed."""
    student_id, removal = must_be_known(student), student.discipline.removal(command.removal_id)
    not_in_the_future(command.reported, today)
    if not removal.starts_on <= command.starts_on <= command.ends_on <= removal.ends_on:
        raise cannot_be_true(
            "services-outside-the-removal", f"The removal is from {removal.starts_on} to {removal.ends_on}.",
            "/from",
        )  # fmt: skip
    return [
        RemovalServicesGiven(
            effective_on=command.starts_on, student_id=student_id, removal_id=removal.removal_id,
            removal_services_id=command.removal_services_id, ends_on=command.ends_on, services=command.services,
            decided_by=command.decided_by,
            personal=RemovalServicesPersonalData(words=command.words) if command.words else None,
            external_id=command.external_id, reported=settle(UnmetRules, (), command.reported),
        )
    ]  # fmt: skip


def changes_placement_unreviewed(
    known: Discipline, command: RecordRemoval, removal: Removal
) -> Iterator[Reason]:
    """34 CFR 300.530(c), (e), 300.536(a)(1), 104.35(a): more than ten school days in a row, before the review or against it."""
    run = _run_with(known, removal, command.calendar)
    if most_in_a_row(run, command.calendar) <= TEN:
        return
    found = _review_of(known, run)
    idea = Law.IDEA in command.protected
    if found is None:
        yield Reason(
            "manifestation-determination-required", "With it the student is removed for more than ten school days in a row.",
            "34 CFR 300.530(e), 300.536(a)(1)" if idea else "34 CFR 104.35(a)",
            "Remove for ten days at most, decide (POST /students/{id}/removal-decisions) and hold the review first.",
            "/until",
        )  # fmt: skip
    elif found.is_manifestation and not found.excepted:
        yield Reason(
            "behavior-is-a-manifestation", "The review found that the behavior is a manifestation of the disability.",
            "34 CFR 300.530(f)" if idea else "34 CFR 104.35(a)",
            "Let the student return, or agree with the parents on another placement.", "/until",
        )  # fmt: skip


def longer_than_45_days(command: RecordRemoval, removal: Removal) -> Iterator[Reason]:
    """34 CFR 300.530(g): 45 school days at most, whatever the review finds."""
    days = removed_days([removal], command.calendar)
    if len(days) > LONGEST_ELSEWHERE:
        yield Reason(
            "longer-than-45-school-days", f"It lasts {len(days)} school days.", "34 CFR 300.530(g)",
            f"Let it end on {list(days)[LONGEST_ELSEWHERE - 1]} at the latest.", "/until",
        )  # fmt: skip


def _unmet(known: Discipline, command: RecordRemoval, removal: Removal) -> Iterator[Reason]:
    covered = all(school_year_of(command.calendar, day) for day in (command.starts_on, command.ends_on))
    if not covered and command.ends_on - command.starts_on >= TEN_SCHOOL_DAYS_AT_MOST:
        yield Reason(
            "school-calendar-too-short", "How many school days it lasts cannot be said: the calendar does not reach.",
            "34 CFR 300.11", "Add the school year to the district's calendar: PUT /district.", "/until",
        )  # fmt: skip
    if command.circumstance is not None:
        yield from longer_than_45_days(command, removal)
    else:
        yield from changes_placement_unreviewed(known, command, removal)


def _run_with(known: Discipline, removal: Removal, calendar: Sequence[SchoolYear]) -> list[Removal]:
    """The removals that lie in one row with this one: school day after school day."""
    run = [removal]
    others = [
        each for each in known.removals.values() if each.counts and each.removal_id != removal.removal_id
    ]
    while True:
        longer = [
            other
            for other in others
            if other not in run and most_in_a_row([*run, other], calendar) > max(
                most_in_a_row(run, calendar), most_in_a_row([other], calendar)
            )
        ]  # fmt: skip
        if not longer:
            return run
        run += longer[:1]


def _review_of(known: Discipline, run: Sequence[Removal]) -> Manifestation | None:
    """What the review found about one of them; of several the newest."""
    ids = {removal.removal_id for removal in run}
    found = [
        review
        for decision in known.decisions.values()
        if ids.intersection(decision.removal_ids)
        and (review := known.review_of(decision.removal_decision_id))
    ]
    return max(found, key=lambda each: each.determined_on) if found else None


def _could_be_true(command: RecordRemoval, today: date) -> None:
    if not today - A_SCHOOL_LIFE <= command.starts_on <= today + A_YEAR:
        raise cannot_be_true(
            "removed-on-no-such-day", "Nobody is removed that long ago, or that far ahead.", "/from"
        )
    if command.ends_on < command.starts_on:
        raise cannot_be_true("ends-before-it-starts", "The last day lies before the first.", "/until")
    if any(not command.starts_on <= day <= command.ends_on for day in command.part_days):
        raise cannot_be_true("part-day-outside", "A part day is a day of the removal.", "/part_days")
    if command.placement_kept and command.setting not in MAY_KEEP_THE_PLACEMENT:
        raise cannot_be_true(
            "placement-not-kept", "Out of school nobody keeps their placement.", "/placement_kept"
        )
    if command.ends_on - command.starts_on > A_YEAR:
        raise cannot_be_true("removal-too-long", "A removal lasts a school year at most.", "/until")


def _removal(student_id: StudentId, command: RecordRemoval) -> Removal:
    return Removal(
        command.removal_id, student_id, command.setting, command.starts_on, command.ends_on, command.part_days,
        not command.placement_kept, circumstance=command.circumstance,
    )  # fmt: skip
