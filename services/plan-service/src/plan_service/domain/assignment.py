"""Who works with a student as what, and may therefore see the record (34 CFR 99.31(a)(1))."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId, StaffId
from contracts.problems import NotFound
from contracts.students import AssignmentEnded, StudentAssigned, StudentEvent
from plan_service.domain.identity import must_be_known
from plan_service.domain.rules import cannot_be_true
from plan_service.domain.staff import Staff, must_work_here
from plan_service.domain.student import Student


@dataclass(frozen=True, slots=True)
class Assign:
    """Somebody works with the student in a role from a day on."""

    assignment_id: UUID
    staff_id: StaffId
    role: str
    starts_on: date
    ends_on: date | None = None
    """The last day."""
    external_id: ExternalId | None = None


def assign(student: Student, command: Assign, staff: Staff) -> list[StudentEvent]:
    """Let a staff member see the record, for as long as they work with the student."""
    registered = must_be_known(student)
    if command.ends_on is not None and command.ends_on < command.starts_on:
        raise cannot_be_true("ends-before-it-begins", "The assignment ends before it begins.", "/until")
    must_work_here(staff, command.starts_on, "/staff")
    if assignment_like(student, command) is not None:
        return []
    return [
        StudentAssigned(
            effective_on=command.starts_on, student_id=registered, assignment_id=command.assignment_id,
            staff_id=command.staff_id, role=command.role, ends_on=command.ends_on, external_id=command.external_id,
        )
    ]  # fmt: skip


def assignment_like(student: Student, command: Assign) -> UUID | None:
    """The assignment that says the same already."""
    told = (command.staff_id, command.role, command.starts_on, command.ends_on)
    return next(
        (
            assignment_id
            for assignment_id, known in student.assignments.items()
            if (known.staff_id, known.role, known.starts_on, known.ends_on) == told
        ),
        None,
    )


def end_assignment(student: Student, assignment_id: UUID, ends_on: date) -> list[StudentEvent]:
    """``ends_on`` is the first day without it; an assignment that ends earlier already is left as it is."""
    registered = must_be_known(student)
    known = student.assignments.get(assignment_id)
    if known is None:
        raise NotFound("This student has no such assignment.")
    if ends_on <= known.starts_on:
        raise cannot_be_true("ends-before-it-begins", f"The assignment begins on {known.starts_on}.", "/on")
    if known.ends_on is not None and known.ends_on < ends_on:
        return []
    return [AssignmentEnded(effective_on=ends_on, student_id=registered, assignment_id=assignment_id)]
