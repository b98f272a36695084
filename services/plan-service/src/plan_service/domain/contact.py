"""Contacts of a student: named by a roster or a person, holding no rights until a person confirms authority."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId
from contracts.problems import NotFound
from contracts.students import (
    ContactChanged,
    ContactPersonalData,
    ContactProposed,
    ContactUnlinked,
    StudentEvent,
)
from contracts.values import Imported
from plan_service.domain.identity import must_be_known
from plan_service.domain.student import Student


@dataclass(frozen=True, slots=True)
class DescribeContact:
    """Everything known of a contact."""

    contact_id: UUID
    personal: ContactPersonalData
    today: date
    external_id: ExternalId | None = None
    imported: Imported | None = None


def describe_contact(student: Student, command: DescribeContact) -> list[StudentEvent]:
    """Propose a contact, or change what is known of one; the same once more is nothing."""
    registered = must_be_known(student)
    known = student.contacts.get(command.contact_id)
    if known is not None and known.linked and known.personal == command.personal:
        return []
    of = ContactProposed if known is None else ContactChanged
    return [
        of(effective_on=command.today, student_id=registered, contact_id=command.contact_id, personal=command.personal,
           external_id=command.external_id, imported=command.imported)
    ]  # fmt: skip


def contact_with(student: Student, external_id: ExternalId | None) -> UUID | None:
    """The contact that has this external id; of another student the same person is another contact."""
    if external_id is None:
        return None
    return next((id for id, known in student.contacts.items() if known.external_id == external_id), None)


def unlink_contact(
    student: Student, contact_id: UUID, today: date, *, imported: Imported | None = None
) -> list[StudentEvent]:
    """The contact no longer belongs to the student; what was recorded of them stays. Rights end by their own act."""
    registered = must_be_known(student)
    known = student.contacts.get(contact_id)
    if known is None:
        raise NotFound("This student has no such contact.")
    if not known.linked:
        return []
    return [
        ContactUnlinked(effective_on=today, student_id=registered, contact_id=contact_id, imported=imported)
    ]
