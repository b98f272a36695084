"""Who works for the district, in which roles and with which credentials (34 CFR 300.156, 300.321)."""

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from contracts.district import (
    Credential,
    RoleHeld,
    StaffAdded,
    StaffChanged,
    StaffEnded,
    StaffEvent,
    StaffPersonalData,
)
from contracts.fields import ExternalId, StaffId
from contracts.problems import NotFound
from contracts.values import Imported
from plan_service.domain.rules import cannot_be_true


@dataclass(frozen=True, slots=True)
class Staff:
    """One staff member, as last described."""

    staff_id: StaffId | None = None
    personal: StaffPersonalData | None = None
    roles: tuple[RoleHeld, ...] = ()
    credentials: tuple[Credential, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()
    added_on: date | None = None
    ended_on: date | None = None
    """The first day without them."""

    def works_on(self, day: date) -> bool:
        """Still works here on ``day``."""
        return self.staff_id is not None and (self.ended_on is None or day < self.ended_on)


@dataclass(frozen=True, slots=True)
class DescribeStaff:
    """Everything known about a staff member."""

    staff_id: StaffId
    personal: StaffPersonalData
    today: date
    roles: tuple[RoleHeld, ...] = ()
    credentials: tuple[Credential, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()
    imported: Imported | None = None


def evolve(staff: Staff, event: StaffEvent) -> Staff:
    """The newest description holds; somebody added again after an end works here again."""
    match event:
        case StaffAdded() | StaffChanged():
            comes_back = isinstance(event, StaffAdded)
            return Staff(
                event.staff_id, event.personal, event.roles, event.credentials, event.external_ids,
                staff.added_on or event.effective_on, None if comes_back else staff.ended_on,
            )  # fmt: skip
        case StaffEnded():
            return replace(staff, ended_on=event.effective_on)
        case _:
            assert_never(event)


def must_work_here(staff: Staff, day: date, pointer: str) -> None:
    """Refuse the id of somebody who does not work here on ``day``."""
    if staff.staff_id is None:
        raise cannot_be_true("unknown-staff", "There is no such staff member here.", pointer)
    if not staff.works_on(day):
        raise cannot_be_true(
            "staff-has-left", f"The staff member has not worked here since {staff.ended_on}.", pointer
        )


def describe_staff(staff: Staff, command: DescribeStaff) -> list[StaffEvent]:
    """Add somebody, or somebody who had left; change what is known. The same once more is nothing."""
    _dates_agree(command)
    known = (staff.personal, staff.roles, staff.credentials, staff.external_ids)
    told = (command.personal, command.roles, command.credentials, command.external_ids)
    works_here = staff.works_on(command.today)
    if works_here and known == told:
        return []
    of = StaffChanged if works_here else StaffAdded
    return [
        of(effective_on=command.today, staff_id=command.staff_id, personal=command.personal, roles=command.roles,
           credentials=command.credentials, external_ids=command.external_ids, imported=command.imported)
    ]  # fmt: skip


def end_staff(staff: Staff, staff_id: StaffId, ends_on: date) -> list[StaffEvent]:
    """Somebody leaves: ``ends_on`` is the first day without them."""
    if staff.staff_id is None or staff.added_on is None:
        raise NotFound("There is no such staff member here.")
    if staff.ended_on == ends_on:
        return []
    if staff.roles and ends_on <= min(role.starts_on for role in staff.roles):
        raise cannot_be_true(
            "ends-before-it-begins",
            f"The first role begins on {min(role.starts_on for role in staff.roles)}.",
            "/on",
        )
    return [StaffEnded(effective_on=ends_on, staff_id=staff_id)]


def _dates_agree(command: DescribeStaff) -> None:
    for place, role in enumerate(command.roles):
        if role.ends_on is not None and role.ends_on < role.starts_on:
            raise cannot_be_true(
                "ends-before-it-begins", "The role ends before it begins.", f"/roles/{place}/until"
            )
    for place, credential in enumerate(command.credentials):
        starts_on, ends_on = credential.starts_on, credential.ends_on
        if starts_on is not None and ends_on is not None and ends_on < starts_on:
            raise cannot_be_true(
                "ends-before-it-begins",
                "The credential ends before it begins.",
                f"/credentials/{place}/until",
            )
