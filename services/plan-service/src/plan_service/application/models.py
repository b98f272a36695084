"""How the streams of people and places fold, and what each event changes of what is answered."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from contracts.district import DistrictProfileSet
from contracts.event import Event
from contracts.students import StudentChanged, StudentEnrolled, StudentRegistered, StudentWithdrawn
from plan_service.application.shown import (
    BankEntryShown,
    DistrictShown,
    EnrolmentShown,
    SchoolShown,
    StaffShown,
    StudentShown,
)
from plan_service.application.shown_around import around_student
from plan_service.application.shown_discipline import of_discipline
from plan_service.application.shown_disputes import of_disputes
from plan_service.application.shown_evaluations import of_evaluations
from plan_service.application.shown_initial_services import of_initial_services
from plan_service.application.shown_meetings import of_meeting
from plan_service.application.shown_transfers import of_transfers
from plan_service.domain import bank, district, meeting, school, staff, student
from plan_service.domain.bank import BankEntry
from plan_service.domain.district import District
from plan_service.domain.meeting import Meeting
from plan_service.domain.school import School
from plan_service.domain.staff import Staff
from plan_service.domain.student import Enrolment, Student
from runtime.stream_model import Model, Resource

DISTRICT_ID = uuid5(UUID("6d6f4ff5-5c7b-4d5c-9f0a-2b0f3f7f5a12"), "district")
"""There is one in a tenant: where a resource needs an id, it is this one."""


def _district(_state: District, event: Event) -> Iterator[Resource]:
    if isinstance(event, DistrictProfileSet):
        shown = DistrictShown(in_force_from=event.effective_on, **_fields(event))
        yield Resource("district", DISTRICT_ID, shown.kept())


def _school(state: School, _event: Event) -> Iterator[Resource]:
    if state.school_id is not None:
        shown = SchoolShown(name=state.name, external_ids=state.external_ids)
        yield Resource("school", state.school_id, shown.kept(), external_id=first_of(state.external_ids))


def _staff(state: Staff, _event: Event) -> Iterator[Resource]:
    if state.staff_id is None or state.personal is None:
        return
    shown = StaffShown(
        **_fields(state.personal), credentials=state.credentials, external_ids=state.external_ids,
        roles=state.roles, ended_on=state.ended_on,
    )  # fmt: skip
    yield Resource("staff", state.staff_id, shown.kept(), external_id=first_of(state.external_ids))


def _bank(state: BankEntry, _event: Event) -> Iterator[Resource]:
    if state.bank_entry_id is None or state.said is None or state.added_on is None:
        return
    said = {name: getattr(state.said, name) for name in ("title", "text", "areas", "categories", "grades")}
    shown = BankEntryShown(
        kind=state.kind,
        **said,
        external_id=state.external_id,
        added_on=state.added_on,
        ended_on=state.ended_on,
    )
    yield Resource("bank_entry", state.bank_entry_id, shown.kept(), external_id=state.external_id)


def _student(state: Student, event: Event) -> Iterator[Resource]:
    if state.student_id is None or state.personal is None:
        return
    if isinstance(event, SHOWN_IN_A_STUDENT):
        yield Resource(
            "student",
            state.student_id,
            student_shown(state).kept(),
            state.student_id,
            first_of(state.external_ids),
        )
    yield from around_student(state, event)
    yield from of_evaluations(state, event)
    yield from of_initial_services(event)
    yield from of_disputes(state, event)
    yield from of_transfers(state, event)
    yield from of_discipline(state, event)


SHOWN_IN_A_STUDENT = (StudentRegistered, StudentChanged, StudentEnrolled, StudentWithdrawn)
"""What a student is answered with is said by these alone: of the rest, ``updated_after`` finds what it is about."""


def student_shown(state: Student) -> StudentShown:
    """The student as answered."""
    assert state.personal is not None
    current = state.enrolment
    attends = current if current is not None and current.ends_on is None else None
    return StudentShown(
        **_fields(state.personal), home_language=state.home_language, external_ids=state.external_ids,
        school=attends.school_id if attends else None, grade=current.grade if current else None,
        enrolments=tuple(_enrolment(known) for known in state.enrolments),
    )  # fmt: skip


def _enrolment(known: Enrolment) -> EnrolmentShown:
    last = known.ends_on - timedelta(days=1) if known.ends_on else None
    return EnrolmentShown(school=known.school_id, grade=known.grade, from_=known.starts_on, until=last)


def first_of(external_ids: tuple[str, ...]) -> str | None:
    """The external id by which lists find a thing."""
    return external_ids[0] if external_ids else None


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).model_fields if name != "effective_on"}


DISTRICT: Model[District] = Model(
    "district",
    "4",
    District(),
    district.evolve,
    _district,
)
SCHOOL: Model[School] = Model("school", "1", School(), school.evolve, _school)
STAFF: Model[Staff] = Model("staff", "1", Staff(), staff.evolve, _staff)
BANK: Model[BankEntry] = Model("bank", "1", BankEntry(), bank.evolve, _bank)
STUDENT: Model[Student] = Model("student", "8", Student(), student.evolve, _student)
MEETING: Model[Meeting] = Model(
    "meeting",
    "3",
    Meeting(),
    meeting.evolve,
    of_meeting,
)

MODELS = (DISTRICT, SCHOOL, STAFF, BANK, STUDENT, MEETING)
