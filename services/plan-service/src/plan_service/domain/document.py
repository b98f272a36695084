"""Scans and files that belong to a student's record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId
from contracts.students import DocumentAdded, DocumentPersonalData, StudentEvent
from contracts.values import DocumentRef
from plan_service.domain.identity import must_be_known
from plan_service.domain.rules import cannot_be_true
from plan_service.domain.student import Student


@dataclass(frozen=True, slots=True)
class AddDocument:
    """A file that is kept in the vault becomes part of the record."""

    document: DocumentRef
    kind: str
    title: str
    received_on: date
    today: date
    external_id: ExternalId | None = None


def add_document(student: Student, command: AddDocument) -> list[StudentEvent]:
    """Add a document to the record; the event holds what proves its bytes."""
    student_id = must_be_known(student)
    if command.received_on > command.today:
        raise cannot_be_true(
            "received-in-the-future", f"{command.received_on} is still to come.", "/received_on"
        )
    return [
        DocumentAdded(
            effective_on=command.received_on, student_id=student_id, document=command.document, kind=command.kind,
            personal=DocumentPersonalData(title=command.title), external_id=command.external_id,
        )
    ]  # fmt: skip


def document_of(student: Student, document: UUID | None, pointer: str) -> DocumentRef | None:
    """What an event names a document of this student by; refuses the id of another's or of none."""
    if document is None:
        return None
    known = student.documents.get(document)
    if known is None:
        raise cannot_be_true(
            "unknown-document", "This student has no document by this id: add it first.", pointer
        )
    return known


def documents_of(student: Student, documents: Sequence[UUID], pointer: str) -> tuple[DocumentRef, ...]:
    """Several of them, each once; see `document_of`."""
    found = (document_of(student, each, f"{pointer}/{place}") for place, each in enumerate(documents))
    return tuple(dict.fromkeys(each for each in found if each is not None))
