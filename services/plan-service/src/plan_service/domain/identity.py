"""Who a student is and which school they attend."""

from dataclasses import dataclass
from datetime import date

from contracts.fields import ExternalId, LanguageTag, SchoolId, StudentId
from contracts.problems import NotFound
from contracts.students import (
    StudentChanged,
    StudentEnrolled,
    StudentEvent,
    StudentPersonalData,
    StudentRegistered,
    StudentWithdrawn,
)
from contracts.values import Imported
from plan_service.domain.rules import cannot_be_true
from plan_service.domain.student import Student, birthday

OLDEST = 100


@dataclass(frozen=True, slots=True)
class DescribeStudent:
    """Everything known of who a student is."""

    student_id: StudentId
    personal: StudentPersonalData
    today: date
    home_language: LanguageTag | None = None
    external_ids: tuple[ExternalId, ...] = ()
    imported: Imported | None = None


@dataclass(frozen=True, slots=True)
class Enrol:
    """The student attends a school in a grade from a day on."""

    school_id: SchoolId
    grade: str | None
    starts_on: date
    imported: Imported | None = None


def describe_student(student: Student, command: DescribeStudent) -> list[StudentEvent]:
    """Register a student, or change what is known of them; the same once more is nothing."""
    _could_be_born_on(command.personal.birth_date, command.today)
    told = (command.personal, command.home_language, command.external_ids)
    if (
        student.student_id is not None
        and (student.personal, student.home_language, student.external_ids) == told
    ):
        return []
    of = StudentRegistered if student.student_id is None else StudentChanged
    return [
        of(effective_on=command.today, student_id=command.student_id, personal=command.personal,
           home_language=command.home_language, external_ids=command.external_ids, imported=command.imported)
    ]  # fmt: skip


def enrol(student: Student, command: Enrol) -> list[StudentEvent]:
    """Enrol the student; a later enrolment takes the place of the one before. The same once more is nothing."""
    registered = must_be_known(student)
    if student.personal is not None and command.starts_on <= student.personal.birth_date:
        raise cannot_be_true("enrolled-before-birth", "Nobody attends school before they are born.", "/from")
    current = student.enrolment
    if (
        current is not None
        and current.ends_on is None
        and (current.school_id, current.grade) == (command.school_id, command.grade)
        and current.starts_on <= command.starts_on
    ):
        return []
    return [
        StudentEnrolled(effective_on=command.starts_on, student_id=registered, school_id=command.school_id,
                        grade=command.grade, imported=command.imported)
    ]  # fmt: skip


def withdraw(
    student: Student, ends_on: date, *, reason: str | None = None, imported: Imported | None = None
) -> list[StudentEvent]:
    """The student leaves the school: ``ends_on`` is the first day without them."""
    registered = must_be_known(student)
    current = student.enrolment
    if current is None:
        raise NotFound("The student is enrolled at no school.")
    if current.ends_on is not None:
        return []
    if ends_on <= current.starts_on:
        raise cannot_be_true(
            "ends-before-it-begins", f"The student is enrolled since {current.starts_on}.", "/on"
        )
    return [
        StudentWithdrawn(effective_on=ends_on, student_id=registered, school_id=current.school_id, reason=reason,
                         imported=imported)
    ]  # fmt: skip


def must_be_known(student: Student) -> StudentId:
    """The student's id; refuse what is said about somebody who was never registered."""
    if student.student_id is None:
        raise NotFound("There is no such student here.")
    return student.student_id


def _could_be_born_on(born_on: date, today: date) -> None:
    if born_on > today:
        raise cannot_be_true("born-in-the-future", f"{born_on} is still to come.", "/birth_date")
    if birthday(born_on, OLDEST) <= today:
        raise cannot_be_true(
            "born-too-long-ago", f"Nobody born on {born_on} goes to school now.", "/birth_date"
        )
