"""Small made-up rosters, and the way to the real ones."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from plan_service.adapters.rosters import Limits, Reading, read_edfi, read_oneroster

TODAY = date(2026, 11, 24)

Read = Callable[..., list[Reading]]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The open data beside the checkout; these tests mean nothing without it."""
    found = Path(__file__).resolve().parents[4].parent / "shared" / "data"
    if not found.is_dir():
        pytest.fail(f"the open data of Grand Bend is missing: expected it in {found}")
    return found


class EdFi:
    """Writes interchanges to a folder and reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def interchange(name: str, *entries: str, namespace: str = "http://ed-fi.org/5.2.0") -> str:
        lines = "\n".join(entries)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Interchange{name} xmlns="{namespace}">\n'
            f"{lines}\n</Interchange{name}>\n"
        )

    @staticmethod
    def student(id: str = "1", given: str = "Ada", born: str = "2014-05-06", more: str = "") -> str:
        return (
            f"<Student><StudentUniqueId>{id}</StudentUniqueId><Name><FirstName>{given}</FirstName>"
            f"<LastSurname>Example</LastSurname>{more}</Name>"
            f"<BirthData><BirthDate>{born}</BirthDate></BirthData></Student>"
        )

    @staticmethod
    def contact(id: str = "7", given: str = "Grace", more: str = "") -> str:
        return (
            f'<Contact id="C_{id}"><ContactUniqueId>{id}</ContactUniqueId><Name><FirstName>{given}</FirstName>'
            f"<LastSurname>Example</LastSurname></Name>{more}</Contact>"
        )

    @staticmethod
    def link(student: str = "1", reference: str = '<ContactReference ref="C_7"/>', more: str = "") -> str:
        return (
            "<StudentContactAssociation><StudentReference><StudentIdentity>"
            f"<StudentUniqueId>{student}</StudentUniqueId></StudentIdentity></StudentReference>"
            f"{reference}{more}</StudentContactAssociation>"
        )

    @staticmethod
    def program(
        element: str = "StudentSpecialEducationProgramAssociation",
        student: str = "1",
        type: str = "uri://ed-fi.org/ProgramTypeDescriptor#Special Education",
        begin: str = "2025-08-20",
        more: str = "",
    ) -> str:
        organization = (
            "<EducationOrganizationReference><EducationOrganizationIdentity>"
            "<EducationOrganizationId>255901</EducationOrganizationId>"
            "</EducationOrganizationIdentity></EducationOrganizationReference>"
        )
        return (
            f"<{element}><StudentReference><StudentIdentity><StudentUniqueId>{student}</StudentUniqueId>"
            f"</StudentIdentity></StudentReference><ProgramReference><ProgramIdentity>{organization}"
            f"<ProgramName>A program</ProgramName><ProgramType>{type}</ProgramType></ProgramIdentity>"
            f"</ProgramReference><BeginDate>{begin}</BeginDate>{organization}{more}</{element}>"
        )

    def read(self, files: Mapping[str, str | bytes], limits: Limits | None = None) -> list[Reading]:
        for name, content in files.items():
            (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_edfi(self.folder, today=TODAY, limits=limits or Limits()))


class OneRoster:
    """Writes CSV sets to a folder and reads them: a student, a parent and a teacher at one school, unless said otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def manifest(version: str = "1.2", **modes: str) -> str:
        modes = {"orgs": "bulk", "roles": "bulk", "demographics": "bulk", "users": "bulk"} | modes
        lines = "".join(f"file.{name},{mode}\n" for name, mode in modes.items())
        return f"propertyName,value\nmanifest.version,1.0\noneroster.version,{version}\n{lines}"

    ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    ROLES = (
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
        "userProfileSourcedId\n"
    )
    DEMOGRAPHICS = "sourcedId,status,dateLastModified,birthDate,sex\n"
    USERS = (
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,"
        "email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,"
        "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
    )

    @staticmethod
    def user(
        id: str, given: str = "Ada", agents: str = "", email: str = "", status: str = "", phone: str = ""
    ) -> str:
        changed = "2026-11-01T00:00:00Z" if status else ""
        return (
            f'{id},{status},{changed},true,,,{given},Example,,,{email},,{phone},"{agents}",,hunter2,,,,,,\n'
        )

    def files(self) -> dict[str, str]:
        return {
            "manifest.csv": self.manifest(),
            "orgs.csv": self.ORGS + "o1,,,Example School,school,9001,\n",
            "roles.csv": self.ROLES
            + "r1,,,s1,primary,student,,,o1,\nr2,,,p1,primary,parent,,,o1,\nr3,,,t1,primary,teacher,,,o1,\n",
            "demographics.csv": self.DEMOGRAPHICS + "s1,,,2014-05-06,female\n",
            "users.csv": self.USERS
            + self.user("s1", agents="p1")
            + self.user("p1", given="Grace", agents="s1")
            + self.user("t1", given="Edsger", email="t1@example.org"),
        }

    def read(self, changed: Mapping[str, str | bytes | None] | None = None) -> list[Reading]:
        for name, content in ({**self.files(), **(changed or {})}).items():
            if content is not None:
                (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_oneroster(self.folder, today=TODAY))


@pytest.fixture
def edfi(tmp_path: Path) -> EdFi:
    return EdFi(tmp_path)


@pytest.fixture
def oneroster(tmp_path: Path) -> OneRoster:
    return OneRoster(tmp_path)
