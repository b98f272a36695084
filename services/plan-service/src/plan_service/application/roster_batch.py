"""One batch of a roster's rows, decided: each row against what stands after the row before it.

A row is found again by its source's own id. By the number that the district gives, another system's row of the same
child is found too, and only when birth date and given name agree: two children taken for one is the one mistake that
nobody can undo. Doubt is refused for a person to settle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

from contracts.event import Event
from contracts.fields import ExternalId
from contracts.ids import new_id
from contracts.students import ProgramParticipationReported, StudentPersonalData
from contracts.values import Imported
from plan_service.application.desk import NOT_A_REQUEST
from plan_service.application.models import SCHOOL, STAFF, STUDENT
from plan_service.application.plan_model import PLAN
from plan_service.application.roster_entries import (
    ContactEntry,
    ParticipationEntry,
    SchoolEntry,
    StaffEntry,
    StudentEntry,
)
from plan_service.application.roster_roles import Spoken, roles_after
from plan_service.application.roster_standing import Standing
from plan_service.application.roster_terms import (
    CannotUse,
    Done,
    Gone,
    Terms,
    Told,
    by_external_id,
    by_number,
)
from plan_service.application.working_papers import Paper
from plan_service.domain.completeness import missing
from plan_service.domain.contact import DescribeContact, describe_contact, unlink_contact
from plan_service.domain.draft import OpenDraft, open_draft
from plan_service.domain.identity import DescribeStudent, Enrol, describe_student, enrol, withdraw
from plan_service.domain.participation import report_participation
from plan_service.domain.school import DescribeSchool, describe_school
from plan_service.domain.staff import DescribeStaff, Staff, describe_staff, end_staff
from plan_service.domain.student import Student
from runtime.append_request import Change, Claim
from runtime.stream_model import Loaded, Model

Kind = Literal["school", "staff", "student"]
MODELS: Mapping[Kind, Model[Any]] = {"school": SCHOOL, "staff": STAFF, "student": STUDENT}
_KINDS: Mapping[type, Kind] = {SchoolEntry: "school", StaffEntry: "staff", StudentEntry: "student"}


class Batch:
    """Rows decided and not yet appended."""

    def __init__(self, terms: Terms, offices: frozenset[ExternalId] = frozenset()) -> None:
        self._terms = terms
        self._offices = offices
        self._ids: dict[tuple[str, str], UUID] = {}
        self._loaded: dict[str, Loaded[Any]] = {}
        self._now: dict[str, Any] = {}
        self._events: dict[str, list[Event]] = {}
        self._subjects: dict[str, UUID] = {}
        self.claims: list[Claim] = []
        self.papers: list[Paper] = []

    async def look_up(self, standing: Standing, rows: Iterable[Told]) -> None:
        """Two questions for the whole batch: whose the ids are, and how their streams stand."""
        rows = list(rows)
        wanted: dict[str, set[str]] = {}
        for row in rows:
            for kind, value in _named_in(row):
                wanted.setdefault(kind, set()).add(value)
        self._ids = await standing.owners(wanted)
        streams = {
            MODELS[kind].stream(id): MODELS[kind]
            for (claim, _), id in self._ids.items()
            for kind in MODELS
            if claim in (by_external_id(kind), by_number(kind))
        }
        for row in rows:
            if isinstance(row, Gone):
                model = STAFF if row.kind == "staff" else STUDENT
                streams[model.stream(row.id)] = model
        self._loaded = await standing.load([(model, stream) for stream, model in streams.items()])

    @property
    def changes(self) -> list[Change[Any]]:
        """One change for each stream that anything was said of."""
        return [
            Change(self._loaded[stream], self._subjects[stream], events)
            for stream, events in self._events.items()
        ]

    @property
    def standing_then(self) -> list[Loaded[Any]]:
        """How the changed streams would stand."""
        return [
            replace(
                self._loaded[stream],
                version=self._loaded[stream].version + len(events),
                state=self._now[stream],
            )
            for stream, events in self._events.items()
        ]

    def decide(self, row: Told) -> Done:
        """What follows from one row. Raises `CannotUse` or `Invalid`, and then nothing follows."""
        match row:
            case SchoolEntry():
                return self._school(row)
            case StaffEntry():
                return self._staff(row)
            case StudentEntry():
                return self._student(row)
            case ContactEntry():
                return self._contact(row)
            case ParticipationEntry():
                return self._participation(row)
            case Gone():
                return self._gone(row)

    # Schools and staff

    def _school(self, row: SchoolEntry) -> Done:
        id, school = self._find("school", row.external_id, row.number, lambda _school: True)
        command = DescribeSchool(
            id, row.name, self._terms.today, _with(school.external_ids, row.external_id),
            self._terms.imported(row.external_id),
        )  # fmt: skip
        return self._said("school", id, self._terms.district, describe_school(school, command), row)

    def _staff(self, row: StaffEntry) -> Done:
        def same(staff: Staff) -> bool:
            return staff.personal is not None and _alike(staff.personal.family_name, row.personal.family_name)

        id, staff = self._find("staff", row.external_id, row.number, same)
        spoken = Spoken(
            row.roles, self._terms.today, self._terms.roster_roles,
            tells_all=self._tells_all(staff.external_ids),
            in_whole_district=lambda held_in: held_in in self._offices, school=self._school_id,
        )  # fmt: skip
        roles, notes = roles_after(staff.roles, spoken)
        personal = row.personal
        if personal.email is None and staff.personal is not None and not spoken.tells_all:
            personal = personal.model_copy(update={"email": staff.personal.email})
        command = DescribeStaff(
            id, personal, self._terms.today, roles, staff.credentials,
            _with(staff.external_ids, row.external_id), self._terms.imported(row.external_id),
        )  # fmt: skip
        return self._said("staff", id, id, describe_staff(staff, command), row, notes)

    def _school_id(self, external_id: ExternalId) -> UUID | None:
        number = external_id.partition(":")[2]
        return self._ids.get((by_external_id("school"), external_id)) or self._ids.get(
            (by_number("school"), number)
        )

    # Students and who is around them

    def _student(self, row: StudentEntry) -> Done:
        def same(student: Student) -> bool:
            known = student.personal
            return known is not None and known.birth_date == row.personal.birth_date and (
                _alike(known.given_name, row.personal.given_name)
            )  # fmt: skip

        id, student = self._find("student", row.external_id, row.number, same)
        personal = row.personal
        if student.personal is not None and not self._tells_all(student.external_ids):
            personal = _filled(personal, student.personal)
        command = DescribeStudent(
            id, personal, self._terms.today, student.home_language, _with(student.external_ids, row.external_id),
            self._terms.imported(row.external_id),
        )  # fmt: skip
        events: list[Event] = [*describe_student(student, command)]
        notes: tuple[str, ...] = ()
        if row.school is not None and row.school not in self._offices:
            school = self._school_id(row.school)
            if school is None:
                notes = ("school-not-known",)
            else:
                registered = _after(STUDENT, student, events)
                grade = row.grade or (student.enrolment.grade if student.enrolment else None)
                events += enrol(
                    registered, Enrol(school, grade, self._terms.today, self._terms.imported(row.external_id))
                )
        return self._said("student", id, id, events, row, notes)

    def _contact(self, row: ContactEntry) -> Done:
        id = self._ids.get((by_external_id("student"), row.student))
        if id is None:
            return Done("unmatched", ("student-not-known",))
        student: Student = self._state(STUDENT, id)
        known = next(
            (key for key, each in student.contacts.items() if each.external_id == row.external_id), None
        )
        command = DescribeContact(
            known or new_id(),
            row.personal,
            self._terms.today,
            row.external_id,
            self._terms.imported(row.external_id),
        )
        events = describe_contact(student, command)
        self._emit(STUDENT, id, id, events)
        return _done(new=known is None, said=bool(events))

    def _participation(self, row: ParticipationEntry) -> Done:
        id = self._ids.get((by_external_id("student"), row.student))
        if id is None:
            return Done("unmatched", ("student-not-known",))
        student: Student = self._state(STUDENT, id)
        known = student.participations.get(row.external_id)
        opens = (known is None or known.plan_id is None) and self._opens_draft(row)
        plan_id = new_id() if opens else known.plan_id if known else None
        event = ProgramParticipationReported(
            effective_on=self._terms.today, student_id=id,
            participation_id=known.participation_id if known else new_id(), kind=row.kind, program=row.program,
            starts_on=row.starts_on, ends_on=row.ends_on, exit_reason=row.exit_reason, source=self._terms.source,
            external_id=row.external_id, special_education=row.special_education, section_504=row.section_504,
            plan_id=plan_id,
        )  # fmt: skip
        events = report_participation(student, event)
        if events and opens and plan_id is not None:
            self._open_draft(row, id, plan_id)
        self._emit(STUDENT, id, id, events)
        return _done(new=known is None, said=bool(events))

    def _opens_draft(self, row: ParticipationEntry) -> bool:
        return self._terms.drafts == "all" or row.over_on is None or row.over_on >= self._terms.today

    def _open_draft(self, row: ParticipationEntry, student_id: UUID, plan_id: UUID) -> None:
        """A working paper without any item: the source says that there is a plan, never what it holds."""
        imported = self._terms.imported(row.external_id, row.starts_on)
        command = OpenDraft(plan_id, student_id, row.kind, self._terms.today, row.external_id, imported)
        self._emit(PLAN, plan_id, student_id, open_draft(PLAN.initial, command))
        self.claims.append(Claim(by_external_id("plan"), row.external_id, plan_id, NOT_A_REQUEST))
        lacking = missing(row.kind, (), self._terms.today)
        self.papers.append(
            Paper(plan_id, "draft", plan_id, student_id, 0, {"items": []}, lacking=tuple(lacking))
        )

    # Who is gone

    def _gone(self, row: Gone) -> Done:
        if row.kind == "staff":
            staff: Staff = self._state(STAFF, row.id)
            if staff.staff_id is None or staff.ended_on is not None:
                return Done("unchanged")
            first = min((role.starts_on for role in staff.roles), default=self._terms.today)
            if first >= self._terms.today:
                return Done("unchanged", ("not-begun-yet",))
            events: Sequence[Event] = end_staff(staff, row.id, self._terms.today)
            self._emit(STAFF, row.id, row.id, events)
            return _done(new=False, said=bool(events))
        student: Student = self._state(STUDENT, row.id)
        if row.contact is not None:
            events = unlink_contact(student, row.contact, self._terms.today)
        elif student.enrolment is None or student.enrolment.starts_on >= self._terms.today:
            return Done("unchanged")
        else:
            imported = Imported(source=self._terms.source)
            events = withdraw(student, self._terms.today, imported=imported)
        self._emit(STUDENT, row.id, row.id, events)
        return _done(new=False, said=bool(events))

    # Finding and saying

    def _find(self, kind: Kind, external_id: ExternalId, number: str | None, same: Any) -> tuple[UUID, Any]:
        """Whom the row is about, and how they stand; somebody new when nobody is found."""
        model = MODELS[kind]
        id = self._ids.get((by_external_id(kind), external_id))
        if id is None and number is not None:
            id = self._ids.get((by_number(kind), number))
            if id is not None:
                known = self._state(model, id)
                if any(each.partition(":")[0] == self._terms.source for each in known.external_ids):
                    raise CannotUse(
                        "match-needed",
                        "This source has given the same number another id before; say which id is right, and send one.",
                    )
                if not same(known):
                    raise CannotUse(
                        "number-of-another",
                        "The record has somebody else under this number; correct the number, or the record.",
                    )
        if id is None:
            id = new_id()
        return id, self._state(model, id)

    def _state(self, model: Model[Any], id: UUID) -> Any:
        stream = model.stream(id)
        if stream in self._now:
            return self._now[stream]
        if stream not in self._loaded:  # A new random id: there can be nothing yet.
            self._loaded[stream] = Loaded(model, stream, 0, model.initial)
        return self._loaded[stream].state

    def _said(
        self, kind: Kind, id: UUID, subject: UUID, events: Sequence[Event],
        row: SchoolEntry | StaffEntry | StudentEntry, notes: tuple[str, ...] = (),
    ) -> Done:  # fmt: skip
        model = MODELS[kind]
        new = self._loaded[model.stream(id)].version == 0 and model.stream(id) not in self._events
        if events:
            self._claim(by_external_id(kind), row.external_id, id)
            if row.number is not None:
                self._claim(by_number(kind), row.number, id)
        self._emit(model, id, subject, events)
        return replace(_done(new=new, said=bool(events)), notes=notes)

    def _claim(self, kind: str, value: str, owner: UUID) -> None:
        if (kind, value) not in self._ids:
            self._ids[kind, value] = owner
            self.claims.append(Claim(kind, value, owner, NOT_A_REQUEST))

    def _emit(self, model: Model[Any], id: UUID, subject: UUID, events: Sequence[Event]) -> None:
        if not events:
            return
        stream = model.stream(id)
        self._now[stream] = _after(model, self._state(model, id), events)
        self._events.setdefault(stream, []).extend(events)
        self._subjects[stream] = subject

    def _tells_all(self, external_ids: Iterable[ExternalId]) -> bool:
        """No other source says anything of them: what this one leaves away is no longer so."""
        return all(each.partition(":")[0] == self._terms.source for each in external_ids)


def _named_in(row: Told) -> Iterable[tuple[str, str]]:
    """The claims whose holders a row needs to know."""
    match row:
        case SchoolEntry() | StaffEntry() | StudentEntry():
            kind = _KINDS[type(row)]
            yield by_external_id(kind), row.external_id
            if row.number is not None:
                yield by_number(kind), row.number
            schools = [role.held_in for role in row.roles] if isinstance(row, StaffEntry) else []
            if isinstance(row, StudentEntry) and row.school is not None:
                schools.append(row.school)
            for school in schools:
                yield by_external_id("school"), school
                yield by_number("school"), school.partition(":")[2]
        case ContactEntry() | ParticipationEntry():
            yield by_external_id("student"), row.student
        case Gone():
            return


def _after(model: Model[Any], state: Any, events: Sequence[Event]) -> Any:
    for event in events:
        state = model.evolve(state, event)
    return state


def _done(*, new: bool, said: bool) -> Done:
    if not said:
        return Done("unchanged")
    return Done("created" if new else "changed")


def _with(external_ids: tuple[ExternalId, ...], one: ExternalId) -> tuple[ExternalId, ...]:
    return external_ids if one in external_ids else (*external_ids, one)


def _filled(told: StudentPersonalData, known: StudentPersonalData) -> StudentPersonalData:
    """What this source leaves open, another has said."""
    said = told.model_dump(exclude_none=True)
    return StudentPersonalData.model_validate(known.model_dump(exclude_none=True) | said)


def _alike(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
