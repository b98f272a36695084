"""Small rosters for tests, each sound but for what a test changes in it."""

import io
import zipfile
from collections.abc import Mapping

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def interchange(name: str, *entries: str) -> str:
    """One file of an Ed-Fi set."""
    return (
        f'{XML}<Interchange{name} xmlns="http://ed-fi.org/5.2.0">\n'
        + "\n".join(entries)
        + f"\n</Interchange{name}>\n"
    )


def student(id: str, given: str = "Ada", born: str = "2014-05-06") -> str:
    """One line."""
    return (
        f"<Student><StudentUniqueId>{id}</StudentUniqueId><Name><FirstName>{given}</FirstName>"
        f"<LastSurname>Example</LastSurname></Name><BirthData><BirthDate>{born}</BirthDate></BirthData></Student>"
    )


def students(*entries: str) -> str:
    """Student.xml; the first entry is on line 3."""
    return interchange("Student", *entries)


def contacts(*of: str) -> str:
    """Contact.xml: one parent of each of these students."""
    person = (
        '<Contact id="C_7"><ContactUniqueId>7</ContactUniqueId><Name><FirstName>Grace</FirstName>'
        "<LastSurname>Example</LastSurname></Name></Contact>"
    )
    links = [
        "<StudentContactAssociation><StudentReference><StudentIdentity>"
        f"<StudentUniqueId>{id}</StudentUniqueId></StudentIdentity></StudentReference>"
        '<ContactReference ref="C_7"/></StudentContactAssociation>'
        for id in of
    ]
    return interchange("Contact", person, *links)


USERS = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,"
    "email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,"
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
)
ROLES = (
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "userProfileSourcedId\n"
)
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
DEMOGRAPHICS = (
    "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,"
    "nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,"
    "countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus\n"
)


def manifest(mode: str = "bulk") -> str:
    """All four files of one mode."""
    files = "".join(f"file.{name},{mode}\n" for name in ("orgs", "roles", "demographics", "users"))
    return f"propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n{files}"


def user(
    id: str, given: str = "Ada", family: str = "Example", *, number: str = "", agents: str = "", grade: str = "",
    gone: bool = False, mode: str = "bulk",
) -> str:  # fmt: skip
    """One line of users.csv."""
    status = "tobedeleted" if gone else "active" if mode == "delta" else ""
    at = "2026-11-01T00:00:00Z" if status else ""
    return f'{id},{status},{at},true,,,{given},{family},,{number},,,,"{agents}",{grade},,,,,,,\n'


def role(id: str, user: str, role: str, org: str = "o1", begin: str = "2025-08-20") -> str:
    """One line of roles.csv."""
    begins = "" if role in {"student", "parent"} else begin
    return f"{id},,,{user},primary,{role},{begins},,{org},\n"


def born(id: str, on: str = "2014-05-06", sex: str = "female") -> str:
    """One line of demographics.csv."""
    return f"{id},,,{on},{sex}" + "," * 11 + "\n"


def oneroster() -> dict[str, str]:
    """A school with two children, the mother of one of them, and a teacher."""
    return {
        "manifest.csv": manifest(),
        "orgs.csv": ORGS + "o1,,,Example School,school,9001,\n",
        "roles.csv": ROLES
        + role("r1", "s1", "student") + role("r2", "s2", "student")
        + role("r3", "p1", "parent") + role("r4", "t1", "teacher"),
        "demographics.csv": DEMOGRAPHICS + born("s1") + born("s2", "2013-04-05", "male"),
        # The mother stands before her child.
        "users.csv": USERS
        + user("p1", "Grace", agents="s1") + user("s1", agents="p1", grade="05", number="1")
        + user("s2", "Alan", grade="06", number="2") + user("t1", "Edsger", number="900"),
    }  # fmt: skip


def zipped(files: Mapping[str, str | bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A set as it is sent."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packed) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
