"""What the deciding of a roster's rows goes by, and what it comes to."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from contracts.fields import ExternalId
from contracts.values import Imported
from plan_service.application.roster_entries import (
    ContactEntry,
    ParticipationEntry,
    SchoolEntry,
    StaffEntry,
    StudentEntry,
)


def by_external_id(kind: str) -> str:
    """The claim that an external id of this kind is; the same as the routes'."""
    return f"external_id:{kind}"


def by_number(kind: str) -> str:
    """The claim that the district's own number of a school, staff member or student is."""
    return f"{kind}_number"


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody whom the source no longer keeps: a student leaves, a staff member ends, a contact is unlinked."""

    kind: Literal["student", "staff", "contact"]
    id: UUID
    contact: UUID | None = None


Told = SchoolEntry | StaffEntry | StudentEntry | ContactEntry | ParticipationEntry | Gone


@dataclass(frozen=True, slots=True)
class Done:
    """What a row did. ``notes`` are codes of what was left out of it."""

    what: Literal["created", "changed", "unchanged", "unmatched"]
    notes: tuple[str, ...] = ()


class CannotUse(Exception):
    """The row meets something in the record that it cannot be squared with; a person has to look."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every row of one import."""

    source: str
    today: date
    district: UUID
    """The tenant's own subject: a school's."""
    drafts: Literal["all", "current"] = "all"
    """Whether a participation that is over opens a draft as well."""
    roster_roles: frozenset[str] = frozenset()
    """Roles that a roster can tell of. All others are given by people and are none of its business."""

    def imported(self, external_id: ExternalId, recorded_on: date | None = None) -> Imported:
        """Where a fact came from."""
        return Imported(source=self.source, external_id=external_id, source_recorded_on=recorded_on)
