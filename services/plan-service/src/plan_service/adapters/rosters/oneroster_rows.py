"""One OneRoster row each: what it says in our words, or the `Fault` in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from plan_service.adapters.rosters.csv_table import Row, Table
from plan_service.adapters.rosters.fields import (
    Fault,
    birth_day,
    day,
    in_order,
    is_email,
    one_of,
    required,
    text,
)
from plan_service.adapters.rosters.manifest import Mode, Version
from plan_service.adapters.rosters.records import (
    OrganizationKind,
    Person,
    RosterEmail,
    RosterName,
    RosterPhone,
    RosterRole,
    RosterSchool,
    RosterStaff,
    RosterStudent,
    Sex,
    StaffRole,
)

_ALWAYS = ("sourcedId", "status", "dateLastModified")
_USER_KEPT = (
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,"
    "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId"
)


def _table(columns: str, needed: str, kept: str) -> Table:
    needs = (*_ALWAYS, *needed.split(","))
    return Table(tuple(columns.split(",")), frozenset(needs), frozenset((*needs, *kept.split(","))))


ORGS = _table(
    columns="sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    needed="name,type",
    kept="identifier",
)
ROLES = _table(
    columns="sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "userProfileSourcedId",
    needed="userSourcedId,roleType,role,orgSourcedId",
    kept="beginDate,endDate",
)
DEMOGRAPHICS = _table(
    columns="sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,"
    "blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,"
    "hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus",
    needed="birthDate",
    kept="sex",
)
USERS: Mapping[Version, Table] = {
    "1.1": _table(
        columns="sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,"
        "familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password",
        needed="orgSourcedIds,role,givenName,familyName",
        kept=_USER_KEPT,
    ),
    "1.2": _table(
        columns="sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,"
        "identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,"
        "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
        needed="givenName,familyName",
        kept=_USER_KEPT,
    ),
}

_KINDS: Mapping[str, OrganizationKind] = {
    "school": "school",
    "district": "district",
    "department": "department",
    "local": "local",
    "state": "state",
    "national": "national",
}
# What a role makes of a user: the relation of a contact, a kind of staff, or a student.
_RELATIONS = ("parent", "guardian", "relative")
_STAFF: Mapping[str, StaffRole] = {
    "teacher": "teacher",
    "aide": "aide",
    "counselor": "counselor",
    "principal": "principal",
    "proctor": "proctor",
    "administrator": "administrator",
    "siteAdministrator": "site_administrator",
    "districtAdministrator": "district_administrator",
    "systemAdministrator": "system_administrator",
}
_ROLES = {name: name for name in ("student", *_RELATIONS, *_STAFF)}
_SEXES: Mapping[str, Sex] = {
    "female": "female",
    "male": "male",
    "other": "other",
    "unspecified": "not_selected",
}
# CEDS entry grade levels, as OneRoster asks for them, to our codes; a grade without its leading nought is no riddle.
_GRADES = {
    "IT": "infant_toddler",
    "PR": "preschool",
    "PK": "prekindergarten",
    "TK": "transitional_kindergarten",
    "KG": "kindergarten",
    **{f"{number:02}": f"grade_{number}" for number in range(1, 14)},
    **{str(number): f"grade_{number}" for number in range(1, 10)},
    "UG": "ungraded",
    "Other": "other",
}
_STATUSES = {"active": False, "tobedeleted": True}
_ROLE_TYPES = {"primary": True, "secondary": False}


@dataclass(frozen=True, slots=True)
class Role:
    """A row of roles.csv, or what a 1.1 user row says of itself."""

    id: str | None
    user: str
    name: str
    primary: bool
    org: str
    begin_on: date | None
    end_on: date | None


@dataclass(frozen=True, slots=True)
class Demographics:
    """What of demographics.csv Handrail keeps."""

    birth_date: date | None
    sex: Sex | None


def id_of(row: Row) -> str:
    """The row's own id."""
    return required(text(row["sourcedId"], "sourcedId"), "sourcedId")


def to_be_deleted(row: Row, mode: Mode) -> bool:
    """Whether the source wants the record unlinked. In a delta, status and date must be there."""
    deleted = one_of(row["status"], "status", _STATUSES)
    if mode == "delta":
        required(deleted, "status")
        required(text(row["dateLastModified"], "dateLastModified"), "dateLastModified")
    return bool(deleted)


def org(row: Row, source: str) -> RosterSchool:
    """A school or what stands above it."""
    return RosterSchool(
        external_id=f"{source}:{id_of(row)}",
        name=required(text(row["name"], "name"), "name"),
        identifier=text(row["identifier"], "identifier"),
        kind=required(one_of(row["type"], "type", _KINDS), "type"),
    )


def role(row: Row) -> Role:
    """What a user is, where and when."""
    begin, end = day(row["beginDate"], "beginDate"), day(row["endDate"], "endDate")
    in_order(begin, end, "beginDate", "endDate")
    return Role(
        id=id_of(row),
        user=required(text(row["userSourcedId"], "userSourcedId"), "userSourcedId"),
        name=required(one_of(row["role"], "role", _ROLES), "role"),
        primary=required(one_of(row["roleType"], "roleType", _ROLE_TYPES), "roleType"),
        org=required(text(row["orgSourcedId"], "orgSourcedId"), "orgSourcedId"),
        begin_on=begin,
        end_on=end,
    )


def own_roles(row: Row) -> list[Role]:
    """The roles a 1.1 user row gives: one role, at each of its organizations."""
    user = id_of(row)
    name = required(one_of(row["role"], "role", _ROLES), "role")
    orgs = ids(row, "orgSourcedIds")
    if not orgs:
        raise Fault("missing-value", "orgSourcedIds is missing; fill it in.")
    return [Role(None, user, name, True, org_id, None, None) for org_id in orgs]


def demographics(row: Row, today: date) -> Demographics:
    """Birth date and sex; the rest of the file is not kept."""
    return Demographics(birth_day(row["birthDate"], "birthDate", today), one_of(row["sex"], "sex", _SEXES))


def student(
    row: Row,
    roles: list[Role],
    known: Demographics | None,
    kinds: Mapping[str, OrganizationKind],
    source: str,
) -> RosterStudent:
    """A student. The school is the first organization named for the student that is a school."""
    primary_org = text(row["primaryOrgSourcedId"], "primaryOrgSourcedId")
    enrolled = sorted((role for role in roles if role.name == "student"), key=lambda role: not role.primary)
    orgs = [*([primary_org] if primary_org else []), *(role.org for role in enrolled)]
    school = next((org_id for org_id in orgs if kinds.get(org_id, "school") == "school"), None)
    return RosterStudent(
        external_id=f"{source}:{id_of(row)}",
        identifier=text(row["identifier"], "identifier"),
        name=_name(row),
        birth_date=known.birth_date if known else None,
        sex=known.sex if known else None,
        grade=_GRADES.get(text(row["grades"], "grades") or ""),
        school_external_id=None if school is None else f"{source}:{school}",
    )


def staff(row: Row, roles: list[Role], source: str) -> RosterStaff | None:
    """A member of staff with every staff role, or None for somebody who has none."""
    held = [role for role in roles if role.name in _STAFF]
    if not held:
        return None
    return RosterStaff(
        external_id=f"{source}:{id_of(row)}",
        identifier=text(row["identifier"], "identifier"),
        name=_name(row),
        email=_email(row),
        roles=tuple(
            RosterRole(
                role=_STAFF[role.name],
                title=None,
                school_external_id=f"{source}:{role.org}",
                begin_on=role.begin_on,
                end_on=role.end_on,
                external_id=None if role.id is None else f"{source}:{role.id}",
            )
            for role in held
        ),
    )


def person(row: Row, source: str) -> Person:
    """A contact before it is tied to students."""
    address = _email(row)
    mobile, phone = text(row["sms"], "sms", longest=40), text(row["phone"], "phone", longest=40)
    return Person(
        external_id=f"{source}:{id_of(row)}",
        name=_name(row),
        emails=(RosterEmail(address=address, kind="unspecified"),) if address else (),
        phones=(
            *((RosterPhone(number=mobile, kind="mobile"),) if mobile else ()),
            *((RosterPhone(number=phone, kind="unspecified"),) if phone and phone != mobile else ()),
        ),
    )


def relation(roles: list[Role]) -> str | None:
    """How a contact is related, as far as a role says; None for somebody who is no contact."""
    names = [role.name for role in roles]
    return next((name for name in _RELATIONS if name in names), None)


def is_staff(role: Role) -> bool:
    """Whether a role is one of staff."""
    return role.name in _STAFF


def ids(row: Row, column: str) -> list[str]:
    """The ids of a list in one cell."""
    words = text(row[column], column, longest=20_000) or ""
    return list(dict.fromkeys(part.strip() for part in words.split(",") if part.strip()))


def unusable_email(row: Row) -> bool:
    """Whether an e-mail address is written that no mail can be sent to."""
    words = text(row["email"], "email")
    return words is not None and not is_email(words)


def unusable_grade(row: Row) -> bool:
    """Whether a grade is written that is none of the standard's, or several are."""
    words = text(row["grades"], "grades")
    return words is not None and words not in _GRADES


def _email(row: Row) -> str | None:
    words = text(row["email"], "email")
    return words if words is not None and is_email(words) else None


def _name(row: Row) -> RosterName:
    return RosterName(
        given=required(text(row["givenName"], "givenName"), "givenName"),
        family=required(text(row["familyName"], "familyName"), "familyName"),
        middle=text(row["middleName"], "middleName"),
        preferred_given=text(row["preferredGivenName"], "preferredGivenName"),
        preferred_middle=text(row["preferredMiddleName"], "preferredMiddleName"),
        preferred_family=text(row["preferredFamilyName"], "preferredFamilyName"),
    )
