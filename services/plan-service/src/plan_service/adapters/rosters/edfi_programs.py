"""What Ed-Fi 5.2 says of a student's time in special education or under Section 504.

It says that there is a plan, never what the plan holds: the facts are kept in the source's own words and dates.
"""

import hashlib
import json
from collections.abc import Mapping

from contracts.students import Section504Facts, SpecialEducationFacts
from plan_service.adapters.rosters.edfi_values import (
    ORGANIZATION_ID,
    STUDENT_ID,
    day_on,
    descriptor,
    flag,
    id_of,
    measure,
    whole_number,
    words_of,
)
from plan_service.adapters.rosters.fields import in_order, required
from plan_service.adapters.rosters.interchange import Element
from plan_service.adapters.rosters.records import Program, RosterParticipation

# The element itself says the program; the plain association says it by its program type.
PARTICIPATIONS: Mapping[str, Program | None] = {
    "StudentSpecialEducationProgramAssociation": "special_education",
    "StudentSection504ProgramAssociation": "section_504",
    "StudentProgramAssociation": None,
}
# Part C of IDEA (infants) has a family service plan, not an IEP: not here.
_PROGRAM_TYPES: Mapping[str, Program] = {
    "Special Education": "special_education",
    "Preschool Special Education": "special_education",
    "IDEA": "special_education",
    "Section 504 Placement": "section_504",
}
_PROGRAM = "ProgramReference/ProgramIdentity"


def participation(entry: Element, source: str) -> RosterParticipation | None:
    """Special education or Section 504; None for any other program."""
    program_type = required(
        descriptor(entry, f"{_PROGRAM}/ProgramType", "ProgramType"), f"{_PROGRAM}/ProgramType"
    )
    program = PARTICIPATIONS[entry.name] or _PROGRAM_TYPES.get(program_type)
    if program is None:
        return None
    begin, end = required(day_on(entry, "BeginDate"), "BeginDate"), day_on(entry, "EndDate")
    in_order(begin, end, "BeginDate", "EndDate")
    in_order(begin, day_on(entry, "SpecialEducationExitDate"), "BeginDate", "SpecialEducationExitDate")
    student_id = id_of(entry, STUDENT_ID, source)
    program_name = words_of(entry, f"{_PROGRAM}/ProgramName")
    natural_key = [
        student_id,
        begin.isoformat(),
        required(words_of(entry, ORGANIZATION_ID), ORGANIZATION_ID),
        words_of(entry, f"{_PROGRAM}/{ORGANIZATION_ID}"),
        program_name,
        program_type,
    ]
    return RosterParticipation(
        key=f"{source}:{hashlib.sha256(json.dumps(natural_key).encode()).hexdigest()[:32]}",
        student_external_id=student_id,
        program=program,
        program_name=program_name or program_type,
        begin_on=begin,
        end_on=end,
        reason_exited=descriptor(entry, "ReasonExited", "ReasonExited"),
        special_education=_special_education(entry) if program == "special_education" else None,
        section_504=_section_504(entry) if program == "section_504" else None,
    )


def _special_education(entry: Element) -> SpecialEducationFacts:
    iep_begins, iep_ends = day_on(entry, "IEPBeginDate"), day_on(entry, "IEPEndDate")
    in_order(iep_begins, iep_ends, "IEPBeginDate", "IEPEndDate")
    disabilities = sorted(
        entry.all("Disability"), key=lambda one: whole_number(one, "OrderOfDisability") or 10**9
    )
    service = "SpecialEducationProgramService"
    return SpecialEducationFacts(
        idea_eligible=flag(entry, "IdeaEligibility"),
        disabilities=tuple(
            required(descriptor(one, "Disability", "Disability"), "Disability") for one in disabilities
        ),
        setting=descriptor(entry, "SpecialEducationSetting", "SpecialEducationSetting"),
        services=tuple(required(descriptor(one, service, service), service) for one in entry.all(service)),
        special_education_hours_per_week=measure(entry, "SpecialEducationHoursPerWeek"),
        school_hours_per_week=measure(entry, "SchoolHoursPerWeek"),
        shortened_school_day=flag(entry, "ShortenedSchoolDayIndicator"),
        last_evaluation_on=day_on(entry, "LastEvaluationDate"),
        iep_begins_on=iep_begins,
        iep_ends_on=iep_ends,
        iep_review_on=day_on(entry, "IEPReviewDate"),
        exit_on=day_on(entry, "SpecialEducationExitDate"),
        exit_reason=descriptor(entry, "SpecialEducationExitReason", "SpecialEducationExitReason"),
    )


def _section_504(entry: Element) -> Section504Facts:
    return Section504Facts(
        eligible=flag(entry, "Section504Eligibility"),
        accommodation_plan=flag(entry, "AccommodationPlan"),
        disability=descriptor(entry, "Section504Disability", "Section504Disability"),
        eligibility_decided_on=day_on(entry, "Section504EligibilityDecisionDate"),
        meeting_on=day_on(entry, "Section504MeetingDate"),
    )
