"""Who looked without any role for that student: 34 CFR 99.31(a)(1)(ii), reasonable methods to keep officials to what they need.

Sight is decided when somebody asks. This looks back, by what is known now: an assignment that had ended and was entered
late, a school the student had left, a role that had run out. It sets a look beside facts, and calls nobody guilty.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from contracts.district import RoleHeld, StaffAdded, StaffChanged, StaffEnded
from contracts.event import Actor, Event, Recorded
from contracts.problems import Reason
from contracts.store import AccessRecorded, Read
from contracts.students import AssignmentEnded, StudentAssigned, StudentEnrolled, StudentWithdrawn
from contracts.vocabulary import AccessGround

NOT_STAFF = frozenset({"vendor", "system", "operator", "rights_holder", "parent"})
"""Parties whose ground is another: a contract, the installation's own work, their own record."""


@dataclass(frozen=True, slots=True)
class Span:
    """From a day to a day, both included; open where no end is known."""

    starts_on: date
    ends_on: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True)
class Around:
    """Who has to do with one student: facts of the student's stream and of the staff members'."""

    assignments: Mapping[str, tuple[str, Span]] = field(default_factory=dict)
    """By id: the staff member, and when."""
    schools: tuple[tuple[str, Span], ...] = ()
    """Attended, in order; a later one ends the one before."""
    roles: Mapping[str, tuple[RoleHeld, ...]] = field(default_factory=dict)
    gone_on: Mapping[str, date] = field(default_factory=dict)
    """First day on which a staff member no longer works here."""

    def school_on(self, day: date) -> str | None:
        """Where the student was enrolled."""
        return next((school for school, span in reversed(self.schools) if span.covers(day)), None)


def around(entries: Iterable[Recorded[Event]]) -> Around:
    """Fold the student's and the staff members' entries, each stream in its order."""
    known = Around()
    for entry in entries:
        known = _with(known, entry.event, entry.effective_on)
    return known


@dataclass(frozen=True, slots=True)
class Look:
    """One of the staff looked at a student's record on a day: the first look of that day, and the event it stands in."""

    party: Actor
    on: date
    event_id: UUID


def staff_looks(event: AccessRecorded) -> list[Actor]:
    """Of whom of the staff the event says that they looked."""
    return list(dict.fromkeys(read.party for read in event.reads if by_staff(read)))


def by_staff(read: Read) -> bool:
    """Whether somebody looked who may only for a role: a person of the district, and not the family by a notice's link."""
    try:
        UUID(read.party.id)
    except ValueError:
        return False
    return read.ground is AccessGround.SCHOOL_OFFICIAL and read.party.role not in NOT_STAFF


def looks_in(entries: Iterable[Recorded[Event]]) -> tuple[Look, ...]:
    """The first look of each of the staff on each day, entries in known order."""
    found: dict[tuple[str, date], Look] = {}
    for entry in entries:
        if isinstance(entry.event, AccessRecorded):
            for party in staff_looks(entry.event):
                found.setdefault((party.id, entry.effective_on), Look(party, entry.effective_on, entry.id))
    return tuple(found.values())


def _with(known: Around, event: Event, on: date) -> Around:
    match event:
        case StudentAssigned():
            given = (str(event.staff_id), Span(on, event.ends_on))
            return replace(known, assignments={**known.assignments, str(event.assignment_id): given})
        case AssignmentEnded() if str(event.assignment_id) in known.assignments:
            staff, span = known.assignments[str(event.assignment_id)]
            ended = (staff, Span(span.starts_on, on - timedelta(days=1)))
            return replace(known, assignments={**known.assignments, str(event.assignment_id): ended})
        case StudentEnrolled():
            return replace(known, schools=(*_until(known.schools, on), (str(event.school_id), Span(on))))
        case StudentWithdrawn():
            return replace(known, schools=_until(known.schools, on, str(event.school_id)))
        case StaffAdded() | StaffChanged():
            gone = {staff: day for staff, day in known.gone_on.items() if staff != str(event.staff_id)}
            still = gone if isinstance(event, StaffAdded) else known.gone_on
            return replace(known, roles={**known.roles, str(event.staff_id): event.roles}, gone_on=still)
        case StaffEnded():
            return replace(known, gone_on={**known.gone_on, str(event.staff_id): on})
    return known


def _until(
    schools: tuple[tuple[str, Span], ...], on: date, school: str | None = None
) -> tuple[tuple[str, Span], ...]:
    return tuple(
        (name, Span(span.starts_on, on - timedelta(days=1)))
        if span.ends_on is None and school in (None, name)
        else (name, span)
        for name, span in schools
    )


def unusual_access(party: Actor, on: date, known: Around) -> Reason | None:
    """Why a look of this party on this day stands out; ``None`` where a role for the student explains it."""
    if party.role in NOT_STAFF:
        return None
    gone_on = known.gone_on.get(party.id)
    if gone_on is not None and gone_on <= on:
        return Reason(
            "no-longer-works-here", f"no longer worked here from {gone_on} on.", "34 CFR 99.31(a)(1)"
        )
    if any(staff == party.id and span.covers(on) for staff, span in known.assignments.values()):
        return None
    school = known.school_on(on)
    for held in known.roles.get(party.id, ()):
        here = held.school_id is None or (school is not None and str(held.school_id) == school)
        if here and Span(held.starts_on, held.ends_on).covers(on):
            return None
    message = (
        f"was not assigned to the student on {on}, and held no role at their school or in the whole district."
    )
    return Reason("no-role-for-the-student", message, "34 CFR 99.31(a)(1)(ii)")
