"""Reading an Ed-Fi Data Standard 5.2 interchange: students, staff, contacts, and who is in special education or 504."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import msgspec

from plan_service.adapters.rosters import edfi_people, edfi_programs
from plan_service.adapters.rosters.archive import RosterFile, open_set
from plan_service.adapters.rosters.fields import UNUSABLE_EMAIL, Fault, known_source
from plan_service.adapters.rosters.interchange import NAMESPACE, Element, entries, root_of
from plan_service.adapters.rosters.keys import Keys
from plan_service.adapters.rosters.records import (
    DEFAULT_LIMITS,
    Found,
    Ignored,
    Limits,
    Person,
    Progress,
    Reading,
    Refusal,
    RosterRole,
    Unmatched,
)

# In the order in which a reader of the stream can make use of them.
_INTERCHANGES = (
    "InterchangeEducationOrganization",
    "InterchangeStaffAssociation",
    "InterchangeStudent",
    "InterchangeStudentProgram",
    "InterchangeContact",
)


def read_edfi(
    path: Path,
    *,
    today: date,
    source: str = "edfi",
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Iterator[Reading]:
    """Every entry of a folder, a zip or one XML file: schools, staff, students, participations, then contacts.

    The set is read twice: first for its keys, so that of two students with one id neither is given away, then for its
    contents. Which interchange a file is, its root element says, not its name.
    """
    known_source(source)
    progress = progress or Progress()
    with open_set(path, limits) as (files, refusals):
        yield from refusals
        chosen: list[tuple[int, RosterFile]] = []
        for file in files:
            root = root_of(file, limits)
            namespace, name = root or (None, "")
            if name in _INTERCHANGES:
                chosen.append((_INTERCHANGES.index(name), file))
            elif namespace == NAMESPACE and name.startswith("Interchange"):
                yield Ignored(file.name, None, f"Handrail has no use for {name}.", "not-read")
            elif root is None and len(files) > 1 and not file.name.lower().endswith(".xml"):
                yield Ignored(file.name, None, "This is not XML; Ed-Fi interchanges are.", "not-read")
            elif namespace == NAMESPACE:
                yield Refusal(
                    file.name, None, "The root element is no interchange; send one.", "not-an-interchange"
                )
            else:
                chosen.append((len(_INTERCHANGES), file))  # to be refused with the line
        if not chosen and not refusals:
            nothing = (
                "There is no Ed-Fi interchange here that Handrail reads; send Student.xml and its companions."
            )
            yield Refusal(path.name, None, nothing, "nothing-to-read")
        ordered = [file for _, file in sorted(chosen, key=lambda pair: pair[0])]
        progress.total = 2 * sum(file.size for file in ordered)
        roster = _EdFiSet(ordered, today, source, limits, progress)
        roster.survey()
        yield from roster.readings()
        progress.done = progress.total


class _EdFiSet:
    """The files of one set, and what has to be known of all of them before any entry can be given away."""

    def __init__(
        self, files: list[RosterFile], today: date, source: str, limits: Limits, progress: Progress
    ) -> None:
        self._files = files
        self._today = today
        self._source = source
        self._limits = limits
        self._progress = progress
        self._keys = Keys()
        self._roles: dict[str, list[RosterRole]] = {}
        self._people: dict[str, bytes] = {}
        self._references: dict[tuple[str, str], str | None] = {}
        self._linked: set[str] = set()
        self._links_by_reference: set[tuple[str, str]] = set()
        self._read: Mapping[str, Callable[[str, Element], Iterator[Reading]]] = {
            **dict.fromkeys(edfi_people.ORGANIZATIONS, self._organization),
            "Staff": self._staff,
            "StaffEducationOrganizationAssignmentAssociation": self._assignment,
            "Student": self._student,
            **dict.fromkeys(edfi_programs.PARTICIPATIONS, self._participation),
            "Contact": self._contact,
            "StudentContactAssociation": self._link,
        }

    # First pass

    def survey(self) -> None:
        """Take note of keys, roles, contacts and links; say nothing yet."""
        for file in self._files:
            for entry in entries(file, self._limits, self._progress):
                if isinstance(entry, Element) and entry.name in self._read:
                    try:
                        self._note(file.name, entry)
                    except Fault:
                        continue  # the second pass names it

    def _note(self, file: str, entry: Element) -> None:
        source, keys = self._source, self._keys
        match entry.name:
            case "Student":
                student = edfi_people.student(entry, source, self._today)
                keys.note("student", student.external_id, student)
            case "Staff":
                member = edfi_people.staff(entry, source, ())
                keys.note("staff", member.external_id, member)
            case "StaffEducationOrganizationAssignmentAssociation":
                member_id, role = edfi_people.assignment(entry, source)
                known = self._roles.setdefault(member_id, [])
                if role not in known:
                    known.append(role)
            case "Contact":
                person = edfi_people.contact(entry, source, self._today)
                keys.note("contact", person.external_id, person)
                self._people.setdefault(person.external_id, msgspec.msgpack.encode(person))
                if entry.id is not None:
                    before = self._references.setdefault((file, entry.id), person.external_id)
                    if before != person.external_id:
                        self._references[file, entry.id] = None
            case "StudentContactAssociation":
                found = edfi_people.link(entry, source)
                keys.note("link", _link_key(file, found), found)
                if found.contact is not None:
                    self._linked.add(found.contact)
                elif found.reference is not None:
                    self._links_by_reference.add((file, found.reference))
            case name if name in edfi_people.ORGANIZATIONS:
                school = edfi_people.organization(entry, source)
                keys.note("school", school.external_id, school)
            case _:
                participation = edfi_programs.participation(entry, source)
                if participation is not None:
                    keys.note("participation", participation.key, participation)

    # Second pass

    def readings(self) -> Iterator[Reading]:
        """Every entry, as what it is."""
        for file in self._files:
            for entry in entries(file, self._limits, self._progress):
                if isinstance(entry, Refusal):
                    yield entry
                elif entry.name not in self._read:
                    yield Ignored(file.name, entry.line, f"Handrail has no use for {entry.name}.", "not-read")
                else:
                    try:
                        yield from self._read[entry.name](file.name, entry)
                    except Fault as fault:
                        yield Refusal(file.name, entry.line, fault.reason, fault.code)

    def _organization(self, file: str, entry: Element) -> Iterator[Reading]:
        school = edfi_people.organization(entry, self._source)
        yield self._keys.twice("school", school.external_id, "id", file, entry.line) or Found(
            file, entry.line, school
        )

    def _staff(self, file: str, entry: Element) -> Iterator[Reading]:
        member = edfi_people.staff(entry, self._source, ())
        twice = self._keys.twice("staff", member.external_id, "StaffUniqueId", file, entry.line)
        roles = tuple(self._roles.get(member.external_id, ()))
        yield twice or Found(file, entry.line, edfi_people.staff(entry, self._source, roles))
        if not twice:
            yield from _unusable_emails(file, entry)

    def _assignment(self, file: str, entry: Element) -> Iterator[Reading]:
        member_id, _ = edfi_people.assignment(entry, self._source)
        if not self._keys.holds("staff", member_id):
            reason = (
                "This role's member of staff is not in the set or was refused; send the Staff entry with it."
            )
            yield Refusal(file, entry.line, reason, "staff-not-in-set")

    def _student(self, file: str, entry: Element) -> Iterator[Reading]:
        student = edfi_people.student(entry, self._source, self._today)
        yield self._keys.twice("student", student.external_id, "StudentUniqueId", file, entry.line) or Found(
            file, entry.line, student
        )

    def _participation(self, file: str, entry: Element) -> Iterator[Reading]:
        found = edfi_programs.participation(entry, self._source)
        if found is None:
            reason = "This program is neither special education nor Section 504."
            yield Ignored(file, entry.line, reason, "other-program")
            return
        twice = self._keys.twice(
            "participation", found.key, "student, program and begin date", file, entry.line
        )
        if twice:
            yield twice
        elif self._is_of_another_set(found.student_external_id):
            yield Unmatched(file, entry.line, found, _NOT_HERE)
        else:
            yield Found(file, entry.line, found)

    def _contact(self, file: str, entry: Element) -> Iterator[Reading]:
        """Given away with each link; here only what no link will show."""
        person = edfi_people.contact(entry, self._source, self._today)
        twice = self._keys.twice("contact", person.external_id, "ContactUniqueId", file, entry.line)
        if twice:
            yield twice
            return
        yield from _unusable_emails(file, entry)
        if person.external_id not in self._linked and (file, entry.id) not in self._links_by_reference:
            yield Ignored(
                file, entry.line, "No student is linked with this contact.", "contact-without-student"
            )

    def _link(self, file: str, entry: Element) -> Iterator[Reading]:
        found = edfi_people.link(entry, self._source)
        twice = self._keys.twice("link", _link_key(file, found), "student and contact", file, entry.line)
        if twice:
            yield twice
            return
        contact_id = found.contact or self._references.get((file, found.reference or ""))
        if contact_id is None or not self._keys.holds("contact", contact_id):
            reason = "This link's contact is not in the set or was refused; send the Contact entry with it."
            yield Refusal(file, entry.line, reason, "contact-not-in-set")
            return
        record = found.to(msgspec.msgpack.decode(self._people[contact_id], type=Person))
        if self._is_of_another_set(found.student):
            yield Unmatched(file, entry.line, record, _NOT_HERE)
        else:
            yield Found(file, entry.line, record)

    def _is_of_another_set(self, student: str) -> bool:
        return self._keys.any("student") and not self._keys.holds("student", student)


def _unusable_emails(file: str, entry: Element) -> Iterator[Ignored]:
    for line in edfi_people.unusable_emails(entry):
        yield Ignored(file, line, UNUSABLE_EMAIL, "unusable-email")


def _link_key(file: str, link: edfi_people.Link) -> str:
    return f"{link.student} {link.contact or f'{file}#{link.reference}'}"


_NOT_HERE = "The student is not among the students read from this set."
