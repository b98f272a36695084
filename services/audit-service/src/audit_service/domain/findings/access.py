"""Unusual access among the findings: looks of the staff that no role explains (34 CFR 99.31(a)(1)(ii))."""

from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from audit_service.domain.findings.engine import rule
from audit_service.domain.findings.finding import Finding, State
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.unusual_access import Look, around, unusual_access
from contracts.district import StaffAdded, StaffChanged, StaffEnded
from contracts.problems import Reason
from contracts.rule_profile import Rule

UNUSUAL = "access.unusual"
MOST_EVENTS = 20
_OWN = Rule(
    cite="34 CFR 99.31(a)(1)(ii)", severity="M", trigger="one of the staff looks at the student's record",
    satisfied_by="assigned to the student, or a role at their school or in the whole district, on that day",
    excused_by="parents, vendors, Handrail's own work: they have another ground",
    finding="{p} looked on {d} without any role for this student",
)  # fmt: skip


@rule(UNUSUAL, _OWN)
def looked_with_a_role_for_the_student(record: StudentRecord) -> Iterator[Finding]:
    """Who of the staff looks at a record has to do with the student on that day: assigned to them, or with a role at their
    school or in the whole district. A look that nothing on record explains is `unproven`, by what is known now, and goes once
    the role is on record with its true days. It is set beside facts and calls nobody guilty. A rule of Handrail's own: it is
    not in the law's table."""
    if not record.looks:
        return
    parties = {look.party.id for look in record.looks}
    staff = [
        entry for entry in record.district.entries
        if isinstance(entry.event, StaffAdded | StaffChanged | StaffEnded) and str(entry.event.staff_id) in parties
    ]  # fmt: skip
    known = around([*record.entries, *staff])
    unusual: dict[tuple[str, str], list[tuple[Look, Reason]]] = defaultdict(list)
    for look in sorted(record.looks, key=lambda each: each.on):
        why = unusual_access(look.party, look.on, known) if look.on <= record.today else None
        if why is not None:
            unusual[look.party.id, why.code].append((look, why))
    for (party, code), looks in unusual.items():
        (first, why), days = looks[0], len(looks)
        when = f"on {first.on}" if days == 1 else f"on {days} days from {first.on} to {looks[-1][0].on}"
        finding = record.finding(
            UNUSUAL, f"{party} {code}", first.on, f"{{{UUID(party)}}} looked {when}, and {why.message}", state=State.UNPROVEN,
            severity=_OWN.severity, facts={"why": code, "first_on": first.on, "last_on": looks[-1][0].on, "days": days},
            cure="If they had a role, record it with its true days. If not, ask them why they looked.",
        )  # fmt: skip
        yield finding.model_copy(update={"events": tuple(look.event_id for look, _ in looks[:MOST_EVENTS])})
