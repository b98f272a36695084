"""Reading a OneRoster CSV set, 1.2 or 1.1 as its manifest says: schools, staff, students and their contacts.

An agent in OneRoster relates to a student; it says nothing about who holds educational rights.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from plan_service.adapters.rosters import oneroster_rows
from plan_service.adapters.rosters.archive import RosterFile, open_set
from plan_service.adapters.rosters.csv_table import Row, Table, rows
from plan_service.adapters.rosters.fields import UNUSABLE_EMAIL, Fault, known_source
from plan_service.adapters.rosters.keys import Keys
from plan_service.adapters.rosters.manifest import Manifest, read_manifest
from plan_service.adapters.rosters.oneroster_rows import Demographics, Role
from plan_service.adapters.rosters.records import (
    DEFAULT_LIMITS,
    Found,
    Ignored,
    Limits,
    OrganizationKind,
    Person,
    Progress,
    Reading,
    Refusal,
    RosterContact,
    RosterSchool,
    RosterStaff,
    RosterStudent,
    RosterUnlinked,
    Unmatched,
)

T = TypeVar("T", RosterSchool, Role, Demographics)

_UNUSABLE_GRADE = (
    "grades is not one grade such as KG or 05; the student is read without it. Correct it at the source."
)
_WANTED = ("orgs", "roles", "demographics", "users")


def read_oneroster(
    path: Path,
    *,
    today: date,
    source: str = "oneroster",
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Iterator[Reading]:
    """Every entry of a folder or zip: schools first, then users in the order of users.csv with what they are.

    users.csv is read twice: first for its ids, so that of two users with one id neither is given away.
    """
    known_source(source)
    progress = progress or Progress()
    with open_set(path, limits) as (files, refusals):
        yield from refusals
        times = Counter(file.base_name for file in files)
        named: dict[str, RosterFile] = {}
        for file in files:
            if times[file.base_name] > 1:
                reason = "The set holds a file of this name more than once; keep the right one."
                yield Refusal(file.name, None, reason, "duplicate-file")
            else:
                named[file.base_name] = file
        if "manifest.csv" not in named:
            reason = "There is no manifest.csv, so version and kind of the set are unknown; send a OneRoster folder or zip."
            yield Refusal(path.name, None, reason, "no-manifest")
            return
        manifest = read_manifest(named.pop("manifest.csv"), limits)
        if isinstance(manifest, Refusal):
            yield manifest
            return
        chosen: dict[str, RosterFile] = {}
        for name, file in named.items():
            table = name.removesuffix(".csv")
            if name == f"{table}.csv" and table in _WANTED and manifest.mode(table) != "absent":
                chosen[table] = file
            elif table in _WANTED:
                yield Ignored(file.name, None, "The manifest calls this file absent.", "not-read")
            else:
                yield Ignored(file.name, None, "Handrail has no use for this file.", "not-read")
        for table in _WANTED:
            if manifest.mode(table) != "absent" and table not in chosen:
                reason = f"The manifest promises {table}.csv, but it is not in the set; send it."
                yield Refusal(f"{table}.csv", None, reason, "missing-file")
        progress.total = sum(file.size * (2 if table == "users" else 1) for table, file in chosen.items())
        yield from _OneRosterSet(chosen, manifest, today, source, limits, progress).readings()
        progress.done = progress.total


class _OneRosterSet:
    """The files of one set, and what has to be known of all of them before a user can be given away."""

    def __init__(
        self,
        files: Mapping[str, RosterFile],
        manifest: Manifest,
        today: date,
        source: str,
        limits: Limits,
        progress: Progress,
    ) -> None:
        self._files = files
        self._manifest = manifest
        self._today = today
        self._source = source
        self._limits = limits
        self._progress = progress
        self._keys = Keys()
        self._org_kinds: dict[str, OrganizationKind] = {}
        self._all_orgs_known = False
        self._roles: dict[str, list[Role]] = {}
        self._demographics: dict[str, tuple[int, Demographics]] = {}
        self._students: set[str] = set()
        self._contacts: set[str] = set()
        self._students_of: dict[str, list[str]] = {}

    def readings(self) -> Iterator[Reading]:
        """Schools, then users; every refusal with its file and line."""
        schools = yield from self._load("orgs", oneroster_rows.ORGS, self._org, "school")
        for id_, (line, school) in (schools or {}).items():
            self._org_kinds[id_] = school.kind
            yield Found(self._files["orgs"].name, line, school)
        self._all_orgs_known = schools is not None and self._manifest.mode("orgs") == "bulk"
        roles = None
        if self._manifest.version == "1.2":
            roles = yield from self._load("roles", oneroster_rows.ROLES, self._role, "role")
            for _, role in (roles or {}).values():
                self._roles.setdefault(role.user, []).append(role)
        people = yield from self._load("demographics", oneroster_rows.DEMOGRAPHICS, self._demographic, None)
        self._demographics = people or {}
        users = self._files.get("users")
        if users is not None and self._manifest.version == "1.2" and roles is None:
            reason = "users.csv can't be read without roles.csv, which says who is a student; send both."
            yield Refusal(users.name, None, reason, "missing-file")
            return
        if users is not None:
            self._survey(users)
            yield from self._users(users)
        for table, user_lines in (
            ("roles", [(line, role.user) for line, role in (roles or {}).values()]),
            ("demographics", [(line, user) for user, (line, _) in self._demographics.items()]),
        ):
            for line, user in user_lines:
                if not self._keys.holds("user", user):
                    reason = "This row's user is not in users.csv or was refused there."
                    yield Ignored(self._files[table].name, line, reason, "user-not-in-set")

    # Tables that are kept in memory

    def _load(
        self, name: str, table: Table, build: Callable[[Row], T], kind: Literal["school", "role"] | None
    ) -> Generator[Reading, None, dict[str, tuple[int, T]] | None]:
        """The rows of a file by id, each with its line; None when the file can't be used at all."""
        file = self._files.get(name)
        if file is None:
            return None
        seen: dict[str, tuple[int, T | None]] = {}
        clashing: set[str] = set()
        refused = read = False
        for row in rows(file, table, self._limits, self._progress):
            if isinstance(row, Refusal):
                refused = True
                yield row
                continue
            read = True
            try:
                id_ = oneroster_rows.id_of(row)
                deleted = oneroster_rows.to_be_deleted(row, self._manifest.mode(name))
                built = None if deleted else build(row)
            except Fault as fault:
                yield Refusal(file.name, row.line, fault.reason, fault.code)
                continue
            if id_ not in seen:
                seen[id_] = (row.line, built)
            elif seen[id_][1] == built:
                yield Ignored(file.name, row.line, "The same row stands further up.", "repeated")
            else:
                lines = [row.line] if id_ in clashing else [seen[id_][0], row.line]
                clashing.add(id_)
                for line in lines:
                    reason = "Another row has the same sourcedId and other contents; keep the right one."
                    yield Refusal(file.name, line, reason, "duplicate-key")
        kept: dict[str, tuple[int, T]] = {}
        for id_, (line, found) in seen.items():
            if id_ in clashing:
                continue
            if found is not None:
                kept[id_] = (line, found)
            elif kind is not None:
                yield Found(file.name, line, RosterUnlinked(kind=kind, external_id=f"{self._source}:{id_}"))
        return None if refused and not read else kept

    def _org(self, row: Row) -> RosterSchool:
        return oneroster_rows.org(row, self._source)

    def _role(self, row: Row) -> Role:
        role = oneroster_rows.role(row)
        self._check_org(role)
        return role

    def _demographic(self, row: Row) -> Demographics:
        return oneroster_rows.demographics(row, self._today)

    def _check_org(self, role: Role) -> None:
        if self._all_orgs_known and oneroster_rows.is_staff(role) and role.org not in self._org_kinds:
            raise Fault(
                "org-not-in-set", "The organization of this role is not in orgs.csv; send it with the set."
            )

    # Users

    def _survey(self, file: RosterFile) -> None:
        """Take note of ids and of who names whom as agent; say nothing yet."""
        for row in rows(file, self._table, self._limits, self._progress):
            if isinstance(row, Refusal):
                continue
            try:
                id_ = oneroster_rows.id_of(row)
                deleted = oneroster_rows.to_be_deleted(row, self._manifest.mode("users"))
                student, _, person, agents = self._read(row, deleted)
            except Fault:
                continue  # the second pass names it
            self._keys.note("user", id_, tuple(row.cells.values()))
            if student is not None:
                self._students.add(id_)
                for agent in agents:
                    self._students_of.setdefault(agent, []).append(id_)
            if person is not None:
                self._contacts.add(id_)

    def _read(
        self, row: Row, deleted: bool
    ) -> tuple[RosterStudent | None, RosterStaff | None, Person | None, list[str]]:
        if deleted:
            return None, None, None, []
        roles = self._roles_of(row)
        student = None
        if any(role.name == "student" for role in roles):
            _, known = self._demographics.get(oneroster_rows.id_of(row), (0, None))
            student = oneroster_rows.student(row, roles, known, self._org_kinds, self._source)
        person = oneroster_rows.person(row, self._source) if oneroster_rows.relation(roles) else None
        agents = oneroster_rows.ids(row, "agentSourcedIds")
        return student, oneroster_rows.staff(row, roles, self._source), person, agents

    def _roles_of(self, row: Row) -> list[Role]:
        if self._manifest.version == "1.2":
            roles = self._roles.get(oneroster_rows.id_of(row), [])
            if not roles:
                raise Fault("role-missing", "No usable row of roles.csv says what this user is; send one.")
            return roles
        roles = oneroster_rows.own_roles(row)
        for role in roles:
            self._check_org(role)
        return roles

    def _roles_of_deleted(self, row: Row) -> list[Role]:
        try:
            return self._roles_of(row)
        except Fault:
            return []  # its roles went before it

    def _users(self, file: RosterFile) -> Iterator[Reading]:
        for row in rows(file, self._table, self._limits, self._progress):
            if isinstance(row, Refusal):
                yield row
                continue
            try:
                id_ = oneroster_rows.id_of(row)
                deleted = oneroster_rows.to_be_deleted(row, self._manifest.mode("users"))
                student, member, person, agents = self._read(row, deleted)
                roles = self._roles_of_deleted(row) if deleted else self._roles_of(row)
            except Fault as fault:
                yield Refusal(file.name, row.line, fault.reason, fault.code)
                continue
            if twice := self._keys.twice("user", id_, "sourcedId", file.name, row.line):
                yield twice
                continue
            if deleted:
                yield Found(file.name, row.line, self._unlinked(id_, roles))
                continue
            if student is not None:
                yield Found(file.name, row.line, student)
                if oneroster_rows.unusable_grade(row):
                    yield Ignored(file.name, row.line, _UNUSABLE_GRADE, "unusable-grade")
                yield from self._agents_of_student(file.name, row.line, agents)
            if member is not None:
                yield Found(file.name, row.line, member)
            if person is not None:
                yield from self._links(file.name, row.line, id_, person, roles, agents)
            if (member is not None or person is not None) and oneroster_rows.unusable_email(row):
                yield Ignored(file.name, row.line, UNUSABLE_EMAIL, "unusable-email")

    @property
    def _table(self) -> Table:
        return oneroster_rows.USERS[self._manifest.version]

    def _unlinked(self, id_: str, roles: list[Role]) -> RosterUnlinked:
        external_id = f"{self._source}:{id_}"
        is_contact = oneroster_rows.relation(roles) is not None
        is_student = any(role.name == "student" for role in roles)
        is_staff = any(oneroster_rows.is_staff(role) for role in roles)
        match is_student, is_staff, is_contact:
            case True, False, False:
                return RosterUnlinked(kind="student", external_id=external_id)
            case False, True, False:
                return RosterUnlinked(kind="staff", external_id=external_id)
            case False, False, True:
                return RosterUnlinked(kind="contact", external_id=external_id)
            case _:
                return RosterUnlinked(kind="person", external_id=external_id)

    def _agents_of_student(self, file: str, line: int, agents: list[str]) -> Iterator[Reading]:
        """Links are given with the contact's row; here only agents that will not show there."""
        for agent in agents:
            if not self._keys.holds("user", agent):
                if self._manifest.mode("users") == "delta":
                    yield Ignored(
                        file, line, "An agent of this student is not in this delta.", "agent-not-in-set"
                    )
                else:
                    reason = "An agent of this student is not in users.csv or was refused there; send the agent's row."
                    yield Refusal(file, line, reason, "agent-not-in-set")
            elif agent not in self._contacts:
                reason = "An agent of this student is no parent, guardian or relative: not a contact."
                yield Ignored(file, line, reason, "agent-not-contact")

    def _links(
        self, file: str, line: int, id_: str, person: Person, roles: list[Role], agents: list[str]
    ) -> Iterator[Reading]:
        """One contact for each student that either side names."""
        claimed = list(dict.fromkeys((*agents, *self._students_of.get(id_, ()))))
        if not claimed:
            yield Ignored(file, line, "No student is linked with this contact.", "contact-without-student")
        for other in claimed:
            known = self._keys.holds("user", other)
            if known and other not in self._students:
                yield Ignored(file, line, "An agent of this contact is no student.", "agent-not-student")
                continue
            contact = RosterContact(
                external_id=person.external_id,
                student_external_id=f"{self._source}:{other}",
                name=person.name,
                emails=person.emails,
                phones=person.phones,
                relation=oneroster_rows.relation(roles),
            )
            if known:
                yield Found(file, line, contact)
            else:
                reason = "The student is not among the students read from this set."
                yield Unmatched(file, line, contact, reason)
