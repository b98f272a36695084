"""A staff member's roles after a roster has spoken: what it tells of holds, what people have given stays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from contracts.district import RoleHeld
from contracts.fields import ExternalId
from plan_service.application.roster_entries import RoleEntry

SCHOOL_NOT_KNOWN = "role-school-not-known"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one row says of somebody's roles."""

    roles: Sequence[RoleEntry]
    today: date
    roster_roles: frozenset[str]
    """Which roles rosters speak of at all."""
    tells_all: bool
    """No other source tells of this person: a role that is no longer told of is over."""
    in_whole_district: Callable[[ExternalId], bool]
    school: Callable[[ExternalId], UUID | None]


def roles_after(known: Sequence[RoleHeld], spoken: Spoken) -> tuple[tuple[RoleHeld, ...], tuple[str, ...]]:
    """All roles from now on, and codes of what had to be left out; ``known`` itself when nothing is new."""
    told, notes = _told(known, spoken)
    kept = [role for role in known if not any(_same(role, one) for one in told)]
    if spoken.tells_all and not notes:
        kept = [still for role in kept if (still := _ended(role, spoken)) is not None]
    roles = (*told, *kept)
    return (tuple(known) if set(roles) == set(known) else roles), notes


def _told(known: Sequence[RoleHeld], spoken: Spoken) -> tuple[list[RoleHeld], tuple[str, ...]]:
    told: list[RoleHeld] = []
    notes: tuple[str, ...] = ()
    for role in spoken.roles:
        school = None if spoken.in_whole_district(role.held_in) else spoken.school(role.held_in)
        if school is None and not spoken.in_whole_district(role.held_in):
            # Without its school it would be a role in the whole district, and show every child in it.
            notes = (SCHOOL_NOT_KNOWN,)
            continue
        before = next((one for one in known if (one.role, one.school_id) == (role.role, school)), None)
        starts_on = role.starts_on or (before.starts_on if before else spoken.today)
        if role.ends_on is not None and role.ends_on < starts_on:
            continue
        held = RoleHeld(role=role.role, school_id=school, starts_on=starts_on, ends_on=role.ends_on)
        if not any(_same(one, held) for one in told):
            told.append(held)
    return told, notes


def _ended(role: RoleHeld, spoken: Spoken) -> RoleHeld | None:
    yesterday = spoken.today - timedelta(days=1)
    if role.role not in spoken.roster_roles or (role.ends_on is not None and role.ends_on <= yesterday):
        return role
    return role.model_copy(update={"ends_on": yesterday}) if role.starts_on <= yesterday else None


def _same(one: RoleHeld, other: RoleHeld) -> bool:
    return (one.role, one.school_id) == (other.role, other.school_id)
