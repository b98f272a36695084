"""What a roster says about schools, staff, students and families, in words of no vendor.

A roster proposes. A contact in it holds no educational rights until a person confirms the authority, and a
participation in it is a ground for a draft plan, never a plan in force.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from contracts.students import Section504Facts, SpecialEducationFacts

Sex = Literal["female", "male", "other", "not_selected"]
ContactPoint = Literal["home", "work", "mobile", "fax", "emergency", "organization", "other", "unspecified"]
AddressUse = Literal["mailing", "home", "physical", "temporary", "other", "billing", "work", "unspecified"]
OrganizationKind = Literal["school", "district", "department", "local", "state", "national"]
StaffRole = Literal[
    "teacher", "aide", "counselor", "principal", "proctor", "administrator", "site_administrator",
    "district_administrator", "system_administrator", "other",
]  # fmt: skip
Program = Literal["special_education", "section_504"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterName:
    """A person's name; the preferred one stands beside the legal one, never in its place."""

    given: str
    family: str
    middle: str | None = None
    suffix: str | None = None
    preferred_given: str | None = None
    preferred_middle: str | None = None
    preferred_family: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterSchool:
    """A school, or what stands above it; ``identifier`` is the number the district or state knows it by."""

    external_id: str
    name: str
    identifier: str | None
    kind: OrganizationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRole:
    """What somebody works as, where and when; ``external_id`` is None where the source gives the role no id."""

    role: StaffRole
    title: str | None
    school_external_id: str
    begin_on: date | None
    end_on: date | None
    external_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterStaff:
    """Somebody who works for the district, with every role the set names."""

    external_id: str
    identifier: str | None
    name: RosterName
    email: str | None
    roles: tuple[RosterRole, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterStudent:
    """A student. What the source does not say is None; ``grade`` is a code of `contracts.codes.GRADE`."""

    external_id: str
    identifier: str | None
    name: RosterName
    birth_date: date | None
    grade: str | None = None
    school_external_id: str | None = None
    sex: Sex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPhone:
    number: str
    kind: ContactPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEmail:
    address: str
    kind: ContactPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterAddress:
    street: str
    apartment: str | None
    city: str
    state: str
    postal_code: str
    use: AddressUse


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterContact:
    """One person as the contact of one student.

    A parent of two students comes twice: what is known about a parent for one child is not known for the other.
    ``addresses`` come with the one best fit for a letter first, ``emails`` and ``phones`` as the source orders them.
    ``relation`` is a code of `contracts.codes.RELATION`. Text in ``restrictions`` blocks automatic notices until
    somebody has reviewed it.
    """

    external_id: str
    student_external_id: str
    name: RosterName
    emails: tuple[RosterEmail, ...] = ()
    phones: tuple[RosterPhone, ...] = ()
    addresses: tuple[RosterAddress, ...] = ()
    relation: str | None = None
    legal_guardian: bool | None = None
    lives_with: bool | None = None
    primary_contact: bool | None = None
    emergency_contact: bool | None = None
    priority: int | None = None
    restrictions: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterParticipation:
    """A student's time in special education or under Section 504, with the facts in the source's own words.

    ``end_on`` is the last day of the participation. A source may instead, or besides, give the day and reason of leaving
    special education (``special_education.exit_on``). ``key`` is the source's natural key as an external id that tells
    nothing.
    """

    key: str
    student_external_id: str
    program: Program
    program_name: str
    begin_on: date
    end_on: date | None
    reason_exited: str | None
    special_education: SpecialEducationFacts | None
    section_504: Section504Facts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterUnlinked:
    """The source no longer keeps this record (`tobedeleted`). Unlink it; never erase what a plan's history holds."""

    kind: Literal["school", "student", "staff", "contact", "role", "person"]
    external_id: str


Record = RosterSchool | RosterStaff | RosterStudent | RosterContact | RosterParticipation | RosterUnlinked


@dataclass(frozen=True, slots=True)
class Found:
    """A record that can be used as it stands."""

    file: str
    line: int
    record: Record


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A sound record about a student who is not among the students of this set; the roster may know the student."""

    file: str
    line: int
    record: RosterContact | RosterParticipation
    reason: str
    code: str = "student-not-in-set"


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something Handrail has no use for, or has already: read, counted, left. ``line`` is None for a whole file."""

    file: str
    line: int | None
    reason: str
    code: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that cannot be used, and what to do about it. ``line`` is None for a whole file.

    The reason names columns and elements, never what stood in them.
    """

    file: str
    line: int | None
    reason: str
    code: str


Reading = Found | Unmatched | Ignored | Refusal


@dataclass(slots=True)
class Progress:
    """How far a reader has come, to look at between two readings. ``total`` is 0 until the set is open."""

    total: int = 0
    done: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a set may be at most: far above any real district, far below what would hurt the machine."""

    files: int = 500
    file_bytes: int = 2 * 1024**3
    set_bytes: int = 4 * 1024**3
    ratio: int = 200
    record_characters: int = 100_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Person:
    """What one entry says about a contact, before it is tied to students."""

    external_id: str
    name: RosterName
    emails: tuple[RosterEmail, ...] = ()
    phones: tuple[RosterPhone, ...] = ()
    addresses: tuple[RosterAddress, ...] = ()
