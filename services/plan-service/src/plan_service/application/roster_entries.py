"""What an import is made of: a roster's rows in the words of the contracts, each with where it stands in the set.

A roster proposes. Nothing here confers a right and nothing puts a plan in force. Adapters read the formats of the trade
into these (`plan_service.adapters.rosters`); a new format is a new `RosterFormat` and no change to how an import works.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from contracts.district import StaffPersonalData
from contracts.fields import ExternalId
from contracts.students import (
    ContactPersonalData,
    Section504Facts,
    SpecialEducationFacts,
    StudentPersonalData,
)
from contracts.vocabulary import PlanKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeEntry:
    """What stands above schools: a district, a department. Known only so that a role there is no role in a school."""

    external_id: ExternalId


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolEntry:
    """A school; ``number`` is what the district or state knows it by, whichever system tells of it."""

    external_id: ExternalId
    number: str | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEntry:
    """A role of the list ``staff_role``, held in a school or office. Without ``starts_on`` the source does not say."""

    role: str
    held_in: ExternalId
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEntry:
    """Somebody who works for the district, with all their roles."""

    external_id: ExternalId
    number: str | None
    personal: StaffPersonalData
    roles: tuple[RoleEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentEntry:
    """A student, and where they go to school as far as the source says."""

    external_id: ExternalId
    number: str | None
    personal: StudentPersonalData
    school: ExternalId | None = None
    grade: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEntry:
    """One person as the contact of one student: a proposal."""

    external_id: ExternalId
    student: ExternalId
    personal: ContactPersonalData


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationEntry:
    """A student's time in special education or under Section 504, as another system says it."""

    external_id: ExternalId
    student: ExternalId
    kind: PlanKind
    program: str
    starts_on: date
    ends_on: date | None
    exit_reason: str | None
    special_education: SpecialEducationFacts | None = None
    section_504: Section504Facts | None = None

    @property
    def over_on(self) -> date | None:
        """The last day by either date a source may give; where both stand, the earlier."""
        exit_on = self.special_education.exit_on if self.special_education else None
        return min((day for day in (self.ends_on, exit_on) if day is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneEntry:
    """The source no longer keeps this record: unlink it, never erase what was recorded."""

    kind: Literal["school", "student", "staff", "contact", "role", "person"]
    external_id: ExternalId


Entry = OfficeEntry | SchoolEntry | StaffEntry | StudentEntry | ContactEntry | ParticipationEntry | GoneEntry


@dataclass(frozen=True, slots=True)
class Row:
    """An entry that can be used as it stands."""

    file: str
    line: int | None
    entry: Entry


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Something Handrail has no use for."""

    file: str
    line: int | None
    code: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that cannot be used, and what to do about it; the reason names columns, never what stood in them."""

    file: str
    line: int | None
    code: str
    reason: str


Reading = Row | PassedOver | Refused


class Progress(Protocol):
    """How far a reading has come, in bytes; looked at from another thread."""

    total: int
    done: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A set being read. Both iterate and block: not for an event loop."""

    readings: Iterator[Reading]
    progress: Progress


@dataclass(frozen=True, slots=True)
class RosterFormat:
    """One format of the trade. ``name`` is also the source in external ids."""

    name: str
    open: Callable[[Path, date], Opened]
    absent_are_gone: Callable[[Path], bool] = field(default=lambda _path: False)
    """Whether the set says of itself that it is whole: what is not in it is no longer so."""
