"""The formats an import takes, and their rows in the words of the contracts: codes are mapped, never guessed."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from contracts.district import StaffPersonalData
from contracts.students import ContactPersonalData, StudentPersonalData
from contracts.values import PostalAddress
from contracts.vocabulary import PlanKind
from plan_service.adapters.rosters.archive import open_set
from plan_service.adapters.rosters.edfi import read_edfi
from plan_service.adapters.rosters.manifest import Manifest, read_manifest
from plan_service.adapters.rosters.oneroster import read_oneroster
from plan_service.adapters.rosters.records import (
    DEFAULT_LIMITS,
    Found,
    Ignored,
    Progress,
    Record,
    Refusal,
    RosterAddress,
    RosterContact,
    RosterParticipation,
    RosterRole,
    RosterSchool,
    RosterStaff,
    RosterStudent,
    RosterUnlinked,
    Sex,
    StaffRole,
)
from plan_service.adapters.rosters.records import Reading as Read
from plan_service.application.roster_entries import (
    ContactEntry,
    Entry,
    GoneEntry,
    OfficeEntry,
    Opened,
    ParticipationEntry,
    PassedOver,
    Reading,
    Refused,
    RoleEntry,
    RosterFormat,
    Row,
    SchoolEntry,
    StaffEntry,
    StudentEntry,
)

# A roster's "teacher" may be any teacher: the role that sees least. A person gives the others.
_ROLES: Mapping[StaffRole, str] = {
    "teacher": "regular_education_teacher",
    "aide": "paraprofessional",
    "counselor": "counselor",
    "principal": "principal",
    "proctor": "test_coordinator",
    "administrator": "other",
    "site_administrator": "site_administrator",
    "district_administrator": "district_administrator",
    "system_administrator": "other",
    "other": "other",
}
ROSTER_ROLES = frozenset(_ROLES.values()) - {"other"}
"""Roles that rosters tell of; all others are given by people."""
# Ed-Fi's own map to OneRoster: Non-binary is "other".
_SEXES: Mapping[Sex, str] = {
    "female": "female", "male": "male", "other": "nonbinary", "not_selected": "not_selected",
}  # fmt: skip


def _open_edfi(path: Path, today: date) -> Opened:
    progress = Progress()
    return Opened(_readings(read_edfi(path, today=today, progress=progress)), progress)


def _open_oneroster(path: Path, today: date) -> Opened:
    progress = Progress()
    return Opened(_readings(read_oneroster(path, today=today, progress=progress)), progress)


def _users_in_bulk(path: Path) -> bool:
    """In a bulk file absence means removal; in a delta it means nothing."""
    with open_set(path, DEFAULT_LIMITS) as (files, _):
        for file in files:
            if file.base_name == "manifest.csv":
                manifest = read_manifest(file, DEFAULT_LIMITS)
                return isinstance(manifest, Manifest) and manifest.mode("users") == "bulk"
    return False


FORMATS: Mapping[str, RosterFormat] = {
    "edfi": RosterFormat("edfi", _open_edfi),
    "oneroster": RosterFormat("oneroster", _open_oneroster, _users_in_bulk),
}
"""By the name in ``?format=``."""


def _readings(read: Iterator[Read]) -> Iterator[Reading]:
    for one in read:
        match one:
            case Refusal():
                yield Refused(one.file, one.line, one.code, one.reason)
            case Ignored():
                yield PassedOver(one.file, one.line, one.code)
            case Found() | _:
                # What no student of the set matches, the roster may: one way for both.
                yield _row(one.file, one.line, one.record)


def _row(file: str, line: int, record: Record) -> Reading:
    try:
        entry = _entry(record)
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in wrong["loc"]) for wrong in error.errors()})
        reason = f"Too long, or not of the form it must have: {', '.join(fields)}. Correct it at the source."
        return Refused(file, line, "unusable-value", reason)
    if entry is None:
        reason = (
            "The student's birth date is missing; without it no one can tell two children apart. Send it."
        )
        return Refused(file, line, "birth-date-missing", reason)
    return Row(file, line, entry)


def _entry(record: Record) -> Entry | None:
    match record:
        case RosterSchool():
            return _school(record)
        case RosterStaff():
            return _staff(record)
        case RosterStudent():
            return _student(record)
        case RosterContact():
            return _contact(record)
        case RosterParticipation():
            return _participation(record)
        case RosterUnlinked():
            return GoneEntry(kind=record.kind, external_id=record.external_id)


def _school(school: RosterSchool) -> Entry:
    if school.kind != "school":
        return OfficeEntry(external_id=school.external_id)
    return SchoolEntry(external_id=school.external_id, number=school.identifier, name=school.name[:200])


def _staff(staff: RosterStaff) -> StaffEntry:
    personal = StaffPersonalData(
        given_name=staff.name.given, family_name=staff.name.family, email=staff.email
    )
    return StaffEntry(
        external_id=staff.external_id,
        number=staff.identifier,
        personal=personal,
        roles=tuple(_role(role) for role in staff.roles),
    )


def _role(role: RosterRole) -> RoleEntry:
    return RoleEntry(
        role=_ROLES[role.role],
        held_in=role.school_external_id,
        starts_on=role.begin_on,
        ends_on=role.end_on,
    )


def _student(student: RosterStudent) -> StudentEntry | None:
    if student.birth_date is None:
        return None
    name = student.name
    personal = StudentPersonalData(
        given_name=name.given, middle_name=name.middle, family_name=name.family, suffix=name.suffix,
        preferred_given_name=name.preferred_given, preferred_family_name=name.preferred_family,
        birth_date=student.birth_date, sex=_SEXES[student.sex] if student.sex else None,
    )  # fmt: skip
    return StudentEntry(
        external_id=student.external_id, number=student.identifier, personal=personal,
        school=student.school_external_id, grade=student.grade,
    )  # fmt: skip


def _contact(contact: RosterContact) -> ContactEntry:
    priority = contact.priority
    if priority is None and contact.primary_contact:
        priority = 1
    personal = ContactPersonalData(
        given_name=contact.name.given, family_name=contact.name.family, relation=contact.relation,
        emails=tuple(email.address for email in contact.emails),
        # Nobody is reached by calling a fax.
        phones=tuple(phone.number for phone in contact.phones if phone.kind != "fax"),
        address=_address(contact.addresses[0]) if contact.addresses else None,
        legal_guardian=contact.legal_guardian, lives_with=contact.lives_with, emergency=contact.emergency_contact,
        priority=priority, restrictions=contact.restrictions,
    )  # fmt: skip
    return ContactEntry(
        external_id=contact.external_id, student=contact.student_external_id, personal=personal
    )


def _address(address: RosterAddress) -> PostalAddress:
    lines = (address.street, address.apartment) if address.apartment else (address.street,)
    return PostalAddress(lines=lines, city=address.city, state=address.state, postal_code=address.postal_code)


def _participation(record: RosterParticipation) -> ParticipationEntry:
    return ParticipationEntry(
        external_id=record.key,
        student=record.student_external_id,
        kind=PlanKind.IEP if record.program == "special_education" else PlanKind.SECTION_504,
        program=record.program_name[:200],
        starts_on=record.begin_on,
        ends_on=record.end_on,
        exit_reason=record.reason_exited,
        special_education=record.special_education,
        section_504=record.section_504,
    )
