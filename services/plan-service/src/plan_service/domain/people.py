"""Who holds which educational right on a day, as the decisions about a plan need it (34 CFR 300.30, 300.520).

Made from the student's own stream; an append that rests on it names that stream, so that both agree at commit.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import HolderId, StudentId
from contracts.students import Held
from contracts.values import DocumentRef
from plan_service.domain.rights_holder import decides_on
from plan_service.domain.rules import Rules, cannot_be_true
from plan_service.domain.student import Student


@dataclass(frozen=True, slots=True)
class RightsHolder:
    """Somebody whom a person has confirmed to hold rights, and from when to when."""

    holder_id: HolderId
    decision: Held | None = None
    notice: Held | None = None
    contact: Held | None = None
    ended_on: date | None = None
    """The first day without any of them."""

    def decides_on(self, day: date) -> bool:
        """Consents and refusals of that day count."""
        return self._holds(self.decision, day)

    def is_told_on(self, day: date) -> bool:
        """Is to be given every notice, and may be contacted to be given it."""
        return self._holds(self.notice, day) and self._holds(self.contact, day)

    def _holds(self, right: Held | None, day: date) -> bool:
        if right is None or day < right.starts_on or (self.ended_on is not None and day >= self.ended_on):
            return False
        return right.ends_on is None or day <= right.ends_on


@dataclass(frozen=True, slots=True)
class People:
    """Everybody known around one student."""

    holders: tuple[RightsHolder, ...] = ()
    contacts: tuple[HolderId, ...] = ()
    """Named by a roster or a person and confirmed by nobody: their answers are kept and never count."""
    documents: tuple[DocumentRef, ...] = ()
    """Scans and files of the student's record, which an answer, an agreement or a statement may name."""
    student_id: StudentId | None = None
    """The student, who may answer for themselves."""
    deciding: Callable[[HolderId, date], bool] | None = None
    """Who decides, where the student's age and the state's rules are known; else by the rights of `holders` alone."""

    def decides_on(self, who: HolderId, day: date) -> bool:
        """Whether ``who`` holds the right to decide on ``day``."""
        if self.deciding is not None:
            return self.deciding(who, day)
        return any(holder.holder_id == who and holder.decides_on(day) for holder in self.holders)

    def told_on(self, day: date) -> tuple[HolderId, ...]:
        """Everybody who must be given notice of what is decided on ``day``."""
        return tuple(holder.holder_id for holder in self.holders if holder.is_told_on(day))

    def document(self, id_: UUID | None, pointer: str) -> DocumentRef | None:
        """The file by its id; refuses one that the student's record does not have."""
        if id_ is None:
            return None
        found = next((document for document in self.documents if document.document == id_), None)
        if found is None:
            raise cannot_be_true(
                "unknown-document", "The student's record has no document by this id.", pointer
            )
        return found

    def must_know(self, who: Iterable[HolderId], pointer: str) -> None:
        """Refuse an id that belongs to nobody around this student."""
        known = {holder.holder_id for holder in self.holders} | {*self.contacts, self.student_id}
        for place, holder_id in enumerate(who):
            if holder_id not in known:
                raise cannot_be_true(
                    "unknown-holder",
                    "Nobody by this id is known for this student. Confirm the person as a rights holder first.",
                    pointer.format(place=place),
                )


def people_of(student: Student, rules: Rules) -> People:
    """Who they are, as the student's own record knows them; who decides, by the rules that hold."""
    holders = (
        RightsHolder(id_, held.rights.decision, held.rights.notice, held.rights.contact, held.ended_on)
        for id_, held in student.holders.items()
    )
    return People(
        tuple(holders), tuple(student.contacts), tuple(student.documents.values()), student.student_id,
        lambda who, day: decides_on(student, who, day, rules),
    )  # fmt: skip
