"""What the district's student information system hands over in August: a OneRoster 1.2 set of CSV files in a zip."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date

from handrail.sample.people import SCHOOLS, Child

_COLUMNS = {
    "orgs": "name,type,identifier,parentSourcedId",
    "roles": "userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId",
    "demographics": "birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,"
    "nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,"
    "countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus",
    "users": "enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,"
    "grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,"
    "primaryOrgSourcedId,pronouns",
}
"""By file, beside the three columns that every row has."""


def packed(children: Sequence[Child], since: date) -> bytes:
    """The set; of the same children the same bytes, so that it may be sent again."""
    files = {
        "orgs": [{"sourcedId": school(n), "name": name, "type": "school"} for n, name in enumerate(SCHOOLS)],
        "users": [row for child in children for row in _users(child)],
        "roles": [row for child in children for row in _roles(child, since)],
        "demographics": [{"sourcedId": student(child), "birthDate": child.birth_date.isoformat()} for child in children],
    }  # fmt: skip
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {
            "manifest": _manifest(files),
            **{n: _text(n, rows) for n, rows in files.items()},
        }.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.csv", (since.year, 8, 1, 0, 0, 0)), text)
    return made.getvalue()


def school(number: int) -> str:
    """The system's own key of a school."""
    return f"school-{number}"


def student(child: Child) -> str:
    """The system's own key of a student."""
    return f"student-{child.number}"


def parent(child: Child) -> str:
    """The system's own key of the contact it names first."""
    return f"parent-{child.number}"


def _users(child: Child) -> list[dict[str, str]]:
    grade = "KG" if child.grade_number == 0 else f"{child.grade_number:02}"
    return [
        {"sourcedId": student(child), "enabledUser": "true", "username": student(child), "givenName": child.given,
         "familyName": child.family, "identifier": str(100_000 + child.number), "agentSourcedIds": parent(child),
         "grades": grade, "primaryOrgSourcedId": school(child.school)},
        {"sourcedId": parent(child), "enabledUser": "true", "username": parent(child), "givenName": child.parent_given,
         "familyName": child.family, "email": child.parent_email or "", "phone": f"(555) 010-{child.number:04}"},
    ]  # fmt: skip


def _roles(child: Child, since: date) -> list[dict[str, str]]:
    return [
        {"sourcedId": f"role-{user}", "userSourcedId": user, "roleType": "primary", "role": role,
         "beginDate": since.isoformat(), "orgSourcedId": school(child.school)}
        for user, role in ((student(child), "student"), (parent(child), "parent"))
    ]  # fmt: skip


def _manifest(files: Iterable[str]) -> str:
    rows = [
        ("manifest.version", "1.0"),
        ("oneroster.version", "1.2"),
        *((f"file.{name}", "bulk") for name in files),
    ]
    return "propertyName,value\n" + "".join(f"{name},{value}\n" for name, value in rows)


def _text(name: str, rows: Iterable[dict[str, str]]) -> str:
    columns = ["sourcedId", "status", "dateLastModified", *_COLUMNS[name].split(",")]
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
