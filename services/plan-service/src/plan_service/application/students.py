"""Registering, changing and moving a student: what one request says of several things at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any, cast
from uuid import UUID

from contracts.event import Event
from contracts.fields import ExternalId, LanguageTag
from contracts.students import StudentEvent, StudentPersonalData
from plan_service.application.desk import Decided, Seen, claims_of
from plan_service.application.models import SCHOOL
from plan_service.domain.identity import DescribeStudent, Enrol, describe_student, enrol, must_be_known
from plan_service.domain.school import must_be_a_school
from plan_service.domain.student import Student, evolve


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Where the student goes to school; from today on where no day is said."""

    school: UUID
    grade: str | None = None
    starts_on: date | None = None


def register(
    seen: Seen[Student], student_id: UUID, personal: StudentPersonalData, home_language: LanguageTag | None,
    external_ids: tuple[ExternalId, ...], enrolled: Enrolled | None, *, claimed: ExternalId | None,
) -> Decided:  # fmt: skip
    """A student, and where they go to school."""
    command = DescribeStudent(student_id, personal, seen.today, home_language, external_ids)
    events: list[Event] = [*describe_student(seen.state, command)]
    if enrolled is not None:
        events += _enrolled(_after(seen.state, events), seen, enrolled)
    claims, _ = claims_of("student", student_id, external_ids, claimed=(claimed,) if claimed else ())
    return Decided(events, claims)


def change(seen: Seen[Student], said: Mapping[str, Any]) -> Decided:
    """What a merge patch says; what it does not say stays."""
    student = seen.state
    student_id = must_be_known(student)
    assert student.personal is not None
    fields = StudentPersonalData.model_fields
    personal = student.personal.model_copy(
        update={name: value for name, value in said.items() if name in fields}
    )
    external_ids: tuple[ExternalId, ...] = said.get("external_ids", student.external_ids)
    home_language = said.get("home_language", student.home_language)
    command = DescribeStudent(student_id, personal, seen.today, home_language, external_ids)
    events: list[Event] = [*describe_student(student, command)]
    if "school" in said or "grade" in said:
        events += _moved(student, seen, said)
    claims, releases = claims_of("student", student_id, external_ids, known=student.external_ids)
    return Decided(events, claims, releases) if events else Decided(())


def move(seen: Seen[Student], enrolled: Enrolled) -> Sequence[Event]:
    """Another school or grade from a day on."""
    return _enrolled(seen.state, seen, enrolled)


def _moved(student: Student, seen: Seen[Student], said: Mapping[str, Any]) -> Sequence[Event]:
    current = student.enrolment
    school = said.get("school", current.school_id if current else None)
    if school is None:
        return []
    grade = said.get("grade", current.grade if current else None)
    return _enrolled(student, seen, Enrolled(school, grade))


def _enrolled(student: Student, seen: Seen[Student], enrolled: Enrolled) -> Sequence[Event]:
    stream = SCHOOL.stream(enrolled.school)
    if stream in seen.beside:
        must_be_a_school(seen.of(SCHOOL, enrolled.school), "/school")
    return enrol(student, Enrol(enrolled.school, enrolled.grade, enrolled.starts_on or seen.today))


def _after(student: Student, events: Sequence[Event]) -> Student:
    return reduce(lambda state, event: evolve(state, cast(StudentEvent, event)), events, student)
