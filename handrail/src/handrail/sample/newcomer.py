"""Somebody moves in from another district, whose system exports what it knows by Ed-Fi."""

import io
import zipfile
from datetime import date, timedelta

from handrail.sample.documents import page
from handrail.sample.roster import imported
from handrail.sample.telling import Life, Scene
from handrail.sample.world import BEGINS, DIRECTOR, World

READING = {"service": "reading_instruction", "minutes": 45, "per": "day"}
COUNSELING = {"service": "counseling", "minutes": 30, "per": "week"}


def comes_from_elsewhere(scene: Scene, world: World, on: date) -> Life:
    """A boy moves in. His old district's export says that he is in special education: a draft, and nothing more yet."""
    yield on
    sis = scene.by()
    job = imported(sis, "edfi", _export())
    student = sis.client.get("/plan/v1/students", after_event=job["after_event"], external_id="edfi:604900")[
        "items"
    ][0]
    at = f"/plan/v1/students/{student['id']}"
    sis.client.post(
        f"{at}/enrolment", {"school": world.schools[0].id, "grade": "grade_4", "from": on.isoformat()}
    )
    came_with = page(sis, student["id"], "IEP of the former district", "plan_from_elsewhere", on)
    page(sis, student["id"], "Physician's report", "medical_report", on)
    yield from _transferred(scene, world, student["id"], came_with, on)


def _transferred(scene: Scene, world: World, student: str, came_with: str, on: date) -> Life:
    """Comparable services from the next day on, the old records asked for; then the family moves on again."""
    by, at = scene.by("director"), f"/plan/v1/students/{student}/transfers"
    mother = by.confirm_holder(
        student, "Noor Holm", since=on, email=None, language="en", confirmed_by=world.office[DIRECTOR]
    )
    transfer = by.client.post(
        at,
        {"kind": "iep", "same_state": False, "same_year": True, "district": "Bayside Unified", "state": "il",
         "received_on": on.isoformat(), "plan_starts_on": "2024-09-02", "review_due_on": "2025-05-15",
         "evaluated_on": "2024-05-20", "services": [READING, COUNSELING], "accommodations": ["extended time"],
         "documents": [came_with]},
    )["id"]  # fmt: skip
    scene.decide(
        by, f"{at}/{transfer}/comparable-services",
        {"services": [READING, COUNSELING], "starts_on": (on + timedelta(days=1)).isoformat(), "holders": [mother],
         "words": "In the group of the fourth grade, until the team meets."},
    )  # fmt: skip
    asked = by.client.post(
        f"{at}/{transfer}/records-requests",
        {"recipient": "Bayside Elementary School", "channel": "email", "requested_on": on.isoformat()},
    )["id"]
    yield on + timedelta(days=14)
    records = page(by, student, "Evaluation report of the former district", "evaluation_report", scene.day)
    by.client.post(
        f"{at}/{transfer}/records-requests/{asked}/answer",
        {"answer": "in_part", "answered_on": scene.day.isoformat(), "documents": [records],
         "words": "The test protocols are with the clinic."},
    )  # fmt: skip
    yield on + timedelta(days=42)
    by.client.post(
        f"{at}/{transfer}/settlement",
        {"outcome": "left", "settled_on": scene.day.isoformat(), "reason": "The family moved on before the team met."},
    )  # fmt: skip


def _export() -> bytes:
    """The three interchanges of Ed-Fi Data Standard 5.2 that Handrail reads, about one boy; the same bytes every time."""
    files = {"Student.xml": _STUDENT, "StudentProgram.xml": _PROGRAM, "Contact.xml": _CONTACT}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (BEGINS, 10, 1, 0, 0, 0)), text.strip())
    return packed.getvalue()


_STUDENT = """
<InterchangeStudent xmlns="http://ed-fi.org/5.2.0">
  <Student>
    <StudentUniqueId>604900</StudentUniqueId>
    <Name><FirstName>Ezra</FirstName><LastSurname>Holm</LastSurname></Name>
    <BirthData><BirthDate>2016-02-11</BirthDate></BirthData>
  </Student>
</InterchangeStudent>
"""
_PROGRAM = """
<InterchangeStudentProgram xmlns="http://ed-fi.org/5.2.0">
  <StudentSpecialEducationProgramAssociation>
    <StudentReference><StudentIdentity><StudentUniqueId>604900</StudentUniqueId></StudentIdentity></StudentReference>
    <ProgramReference><ProgramIdentity>
      <EducationOrganizationReference><EducationOrganizationIdentity>
        <EducationOrganizationId>255901</EducationOrganizationId>
      </EducationOrganizationIdentity></EducationOrganizationReference>
      <ProgramName>Special Education</ProgramName>
      <ProgramType>uri://ed-fi.org/ProgramTypeDescriptor#Special Education</ProgramType>
    </ProgramIdentity></ProgramReference>
    <BeginDate>2024-08-26</BeginDate>
    <EducationOrganizationReference><EducationOrganizationIdentity>
      <EducationOrganizationId>255901</EducationOrganizationId>
    </EducationOrganizationIdentity></EducationOrganizationReference>
    <IdeaEligibility>1</IdeaEligibility>
    <LastEvaluationDate>2024-05-20</LastEvaluationDate>
    <IEPReviewDate>2025-05-15</IEPReviewDate>
    <IEPBeginDate>2024-09-02</IEPBeginDate>
    <Disability><Disability>uri://ed-fi.org/DisabilityDescriptor#Specific Learning Disability</Disability></Disability>
  </StudentSpecialEducationProgramAssociation>
</InterchangeStudentProgram>
"""
_CONTACT = """
<InterchangeContact xmlns="http://ed-fi.org/5.2.0">
  <Contact id="PRNT_1">
    <ContactUniqueId>778393</ContactUniqueId>
    <Name><FirstName>Noor</FirstName><LastSurname>Holm</LastSurname></Name>
  </Contact>
  <StudentContactAssociation>
    <ContactReference><ContactIdentity><ContactUniqueId>778393</ContactUniqueId></ContactIdentity></ContactReference>
    <StudentReference><StudentIdentity><StudentUniqueId>604900</StudentUniqueId></StudentIdentity></StudentReference>
    <Relation>uri://ed-fi.org/RelationDescriptor#Mother</Relation>
  </StudentContactAssociation>
</InterchangeContact>
"""
