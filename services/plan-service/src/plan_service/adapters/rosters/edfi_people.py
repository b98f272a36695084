"""Schools, staff, students and contacts of Ed-Fi 5.2: what one entry says in our words, or the `Fault` in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from contracts.codes import RELATION
from plan_service.adapters.rosters.edfi_values import (
    STUDENT_ID,
    day_on,
    descriptor,
    flag,
    id_of,
    whole_number,
    without_zone,
    words_of,
)
from plan_service.adapters.rosters.fields import Fault, birth_day, in_order, is_email, required
from plan_service.adapters.rosters.interchange import Element
from plan_service.adapters.rosters.records import (
    AddressUse,
    ContactPoint,
    OrganizationKind,
    Person,
    RosterAddress,
    RosterContact,
    RosterEmail,
    RosterName,
    RosterPhone,
    RosterRole,
    RosterSchool,
    RosterStaff,
    RosterStudent,
    StaffRole,
)

ORGANIZATIONS: Mapping[str, tuple[OrganizationKind, str]] = {
    "School": ("school", "SchoolId"),
    "LocalEducationAgency": ("district", "LocalEducationAgencyId"),
}
# After Ed-Fi's own map to OneRoster, but no clerk or system administrator becomes an administrator of the district:
# that role may open what the person needs not see. Whatever is not here is "other" and keeps its title.
_STAFF_ROLES: Mapping[str, StaffRole] = {
    "Teacher": "teacher",
    "Pre-Kindergarten Teacher": "teacher",
    "Kindergarten Teacher": "teacher",
    "Elementary Teacher": "teacher",
    "Secondary Teacher": "teacher",
    "Ungraded Teacher": "teacher",
    "Substitute Teacher": "teacher",
    "Instructional Aide": "aide",
    "Paraprofessional/Instructional Aide": "aide",
    "Counselor": "counselor",
    "School Counselor": "counselor",
    "Elementary School Counselor": "counselor",
    "Secondary School Counselor": "counselor",
    "Principal": "principal",
    "Assistant Principal": "principal",
    "School Administrator": "site_administrator",
    "School Leader": "site_administrator",
    "LEA Administrator": "district_administrator",
    "Superintendent": "district_administrator",
    "Assistant Superintendent": "district_administrator",
    "LEA System Administrator": "system_administrator",
}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Where our code is not Ed-Fi's own word.
_RELATIONS = {
    "Father, step": "stepfather",
    "Mother, step": "stepmother",
    "Parent, step": "stepparent",
    "FathersCivilPartner": "fathers_partner",
    "FathersSignificantOther": "fathers_partner",
    "MothersCivilPartner": "mothers_partner",
    "MothersSignificantOther": "mothers_partner",
}
_PHONE_KINDS: Mapping[str, ContactPoint] = {
    "Home": "home",
    "Work": "work",
    "Mobile": "mobile",
    "Fax": "fax",
    "Emergency 1": "emergency",
    "Emergency 2": "emergency",
}
_EMAIL_KINDS: Mapping[str, ContactPoint] = {
    "Home/Personal": "home",
    "Work": "work",
    "Organization": "organization",
}
# In the order in which a letter would go there.
_ADDRESS_USES: Mapping[str, AddressUse] = {
    "Mailing": "mailing",
    "Home": "home",
    "Physical": "physical",
    "Temporary": "temporary",
}
_ADDRESS_USES_LAST: Mapping[str, AddressUse] = {"Billing": "billing", "Work": "work"}
_USE_ORDER: tuple[AddressUse, ...] = (
    "mailing", "home", "physical", "temporary", "unspecified", "other", "work", "billing",
)  # fmt: skip


def organization(entry: Element, source: str) -> RosterSchool:
    """A school or a district."""
    kind, id_name = ORGANIZATIONS[entry.name]
    return RosterSchool(
        external_id=id_of(entry, id_name, source),
        name=required(words_of(entry, "NameOfInstitution"), "NameOfInstitution"),
        identifier=words_of(entry, id_name),
        kind=kind,
    )


def student(entry: Element, source: str, today: date) -> RosterStudent:
    """A student. Ed-Fi keeps school and grade in the enrolment, and here only the sex assigned at birth: left None."""
    born = birth_day(without_zone(entry.value("BirthData/BirthDate")), "BirthData/BirthDate", today)
    return RosterStudent(
        external_id=id_of(entry, "StudentUniqueId", source),
        identifier=words_of(entry, "StudentUniqueId"),
        name=_name(entry),
        birth_date=required(born, "BirthData/BirthDate"),
    )


def staff(entry: Element, source: str, roles: tuple[RosterRole, ...]) -> RosterStaff:
    """A member of staff with the roles that assignments elsewhere in the set give."""
    emails = _emails(entry)
    at_work = [found for found in emails if found.kind in ("work", "organization")] or emails
    return RosterStaff(
        external_id=id_of(entry, "StaffUniqueId", source),
        identifier=words_of(entry, "StaffUniqueId"),
        name=_name(entry),
        email=at_work[0].address if at_work else None,
        roles=roles,
    )


def unusable_emails(entry: Element) -> list[int]:
    """The lines of addresses no mail can be sent to. Nobody loses a parent over a slip in an e-mail address."""
    return [found.line for found in entry.all("ElectronicMail") if not is_email(_email(found))]


def assignment(entry: Element, source: str) -> tuple[str, RosterRole]:
    """Whose it is, and the role."""
    path = "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId"
    classification = required(
        descriptor(entry, "StaffClassification", "StaffClassification"), "StaffClassification"
    )
    begin, end = required(day_on(entry, "BeginDate"), "BeginDate"), day_on(entry, "EndDate")
    in_order(begin, end, "BeginDate", "EndDate")
    return id_of(entry, _STAFF_ID, source), RosterRole(
        role=_STAFF_ROLES.get(classification, "other"),
        title=words_of(entry, "PositionTitle") or classification,
        school_external_id=id_of(entry, path, source),
        begin_on=begin,
        end_on=end,
        external_id=None,
    )


_STAFF_ID = "StaffReference/StaffIdentity/StaffUniqueId"
_CONTACT_ID = "ContactReference/ContactIdentity/ContactUniqueId"


def contact(entry: Element, source: str, today: date) -> Person:
    """A contact before it is tied to students. Addresses that have ended are left out."""
    return Person(
        external_id=id_of(entry, "ContactUniqueId", source),
        name=_name(entry),
        emails=tuple(_emails(entry)),
        phones=tuple(
            RosterPhone(
                number=required(words_of(phone, "TelephoneNumber", longest=100), "TelephoneNumber"),
                kind=_kind(phone, "TelephoneNumberType", "TelephoneNumberType", _PHONE_KINDS),
            )
            for phone in sorted(entry.all("Telephone"), key=_priority)
        ),
        addresses=_addresses(entry, today),
    )


@dataclass(frozen=True, slots=True)
class Link:
    """Between a contact and a student, before the contact's own entry is looked up by id or by reference."""

    student: str
    contact: str | None
    reference: str | None
    relation: str | None
    legal_guardian: bool | None
    lives_with: bool | None
    primary_contact: bool | None
    emergency_contact: bool | None
    priority: int | None
    restrictions: str | None

    def to(self, person: Person) -> RosterContact:
        """The contact of this one student."""
        return RosterContact(
            external_id=person.external_id,
            student_external_id=self.student,
            name=person.name,
            emails=person.emails,
            phones=person.phones,
            addresses=person.addresses,
            relation=self.relation,
            legal_guardian=self.legal_guardian,
            lives_with=self.lives_with,
            primary_contact=self.primary_contact,
            emergency_contact=self.emergency_contact,
            priority=self.priority,
            restrictions=self.restrictions,
        )


def link(entry: Element, source: str) -> Link:
    """What a student's association with a contact says."""
    referred = entry.find("ContactReference")
    reference = None if referred is None else referred.ref
    contact_id = words_of(entry, _CONTACT_ID)
    if contact_id is None and reference is None:
        raise Fault("missing-value", f"{_CONTACT_ID} is missing; say which contact this is.")
    return Link(
        student=id_of(entry, STUDENT_ID, source),
        contact=None if contact_id is None else f"{source}:{contact_id}",
        reference=reference,
        relation=_relation(entry),
        legal_guardian=flag(entry, "LegalGuardian"),
        lives_with=flag(entry, "LivesWith"),
        primary_contact=flag(entry, "PrimaryContactStatus"),
        emergency_contact=flag(entry, "EmergencyContactStatus"),
        priority=whole_number(entry, "ContactPriority"),
        restrictions=words_of(entry, "ContactRestrictions", longest=1000),
    )


def _name(entry: Element) -> RosterName:
    def part(name: str) -> str | None:
        return words_of(entry, f"Name/{name}")

    return RosterName(
        given=required(part("FirstName"), "Name/FirstName"),
        family=required(part("LastSurname"), "Name/LastSurname"),
        middle=part("MiddleName"),
        suffix=part("GenerationCodeSuffix"),
        preferred_given=part("PreferredFirstName"),
        preferred_family=part("PreferredLastSurname"),
    )


def _emails(entry: Element) -> list[RosterEmail]:
    return [
        RosterEmail(
            address=words, kind=_kind(found, "ElectronicMailType", "ElectronicMailType", _EMAIL_KINDS)
        )
        for found in entry.all("ElectronicMail")
        if is_email(words := _email(found))
    ]


def _email(entry: Element) -> str:
    return required(words_of(entry, "ElectronicMailAddress"), "ElectronicMailAddress")


def _addresses(entry: Element, today: date) -> tuple[RosterAddress, ...]:
    found: list[RosterAddress] = []
    for address in entry.all("Address"):
        ends = [day_on(period, "EndDate") for period in address.all("Period")]
        if ends and all(end is not None and end < today for end in ends):
            continue
        code = descriptor(address, "AddressType", "AddressType")
        uses = {**_ADDRESS_USES, **_ADDRESS_USES_LAST}
        found.append(
            RosterAddress(
                street=required(words_of(address, "StreetNumberName"), "StreetNumberName"),
                apartment=words_of(address, "ApartmentRoomSuiteNumber"),
                city=required(words_of(address, "City"), "City"),
                state=required(
                    descriptor(address, "StateAbbreviation", "StateAbbreviation"), "StateAbbreviation"
                ),
                postal_code=required(words_of(address, "PostalCode"), "PostalCode"),
                use="unspecified" if code is None else uses.get(code, "other"),
            )
        )
    return tuple(sorted(found, key=lambda address: _USE_ORDER.index(address.use)))


def _relation(entry: Element) -> str | None:
    code = descriptor(entry, "Relation", "Relation")
    if code is None:
        return None
    ours = _RELATIONS.get(code) or _CAMEL.sub("_", code).replace(" ", "_").lower()
    return ours if ours in RELATION.labels else "other"


def _kind(entry: Element, path: str, kind: str, known: Mapping[str, ContactPoint]) -> ContactPoint:
    code = descriptor(entry, path, kind)
    return "unspecified" if code is None else known.get(code, "other")


def _priority(phone: Element) -> int:
    return whole_number(phone, "OrderOfPriority") or 10**9
