"""Who may say in which roles somebody works: a role opens students' records, so nobody gives more than is theirs.

Access follows legitimate educational interest (34 CFR 99.31(a)(1)), and the district decides who has it. The roster
(a vendor's client, the operator) and the district's administrators are not limited; a school's administrator is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.district import RoleHeld
from contracts.fields import SchoolId, StaffId
from contracts.problems import Reason, Rejected


class RoleNotTheirsToGive(Rejected):
    """Somebody would give, change or take away a role that is not theirs to decide about."""

    code = "role-not-theirs-to-give"


@dataclass(frozen=True, slots=True)
class Granting:
    """A signed-in person who is no administrator of the district, and how far they see."""

    staff_id: StaffId | None
    schools: frozenset[SchoolId]
    district: bool = False
    """Sees every school; even so, gives no role in the whole district."""
    office_roles: frozenset[str] = frozenset()
    """Roles of the district's office: with them come its rights, in whichever school they are held."""


def may_change_roles(
    by: Granting | None, of: StaffId, before: Sequence[RoleHeld], after: Sequence[RoleHeld]
) -> None:
    """Refuse what this person may not decide; ``None`` is somebody who is not limited."""
    changed = [held for held in (*before, *after) if before.count(held) != after.count(held)]
    if by is None or not changed:
        return
    if of == by.staff_id:
        raise RoleNotTheirsToGive(
            "Nobody changes their own roles.",
            reasons=(
                Reason("own-roles", "These are your own.", cure="Ask an administrator of the district.",
                       pointer="/roles"),
            ),
        )  # fmt: skip
    reasons = tuple(
        reason for held in dict.fromkeys(changed) if (reason := _why_not(by, held, _pointer(held, after)))
    )
    if reasons:
        raise RoleNotTheirsToGive(
            "You may give, change and take away roles in your own school only.", reasons=reasons
        )


def _why_not(by: Granting, held: RoleHeld, pointer: str) -> Reason | None:
    cure = "Ask an administrator of the district."
    if held.school_id is None:
        return Reason(
            "role-in-the-whole-district", "It is held in the whole district.", cure=cure, pointer=pointer
        )
    if held.role in by.office_roles:
        return Reason(
            "role-of-the-office", "It is a role of the district's office.", cure=cure, pointer=pointer
        )
    if not by.district and held.school_id not in by.schools:
        return Reason("another-school", "It is held in another school.", cure=cure, pointer=pointer)
    return None


def _pointer(held: RoleHeld, after: Sequence[RoleHeld]) -> str:
    return f"/roles/{after.index(held)}" if held in after else "/roles"
