"""What another system says of a program: a ground for a draft plan, never proof of a plan."""

from contracts.students import ProgramParticipationReported, StudentEvent
from plan_service.domain.identity import must_be_known
from plan_service.domain.rules import cannot_be_true
from plan_service.domain.student import Student, participation_digest


def report_participation(student: Student, reported: ProgramParticipationReported) -> list[StudentEvent]:
    """Record what a source says; the same once more is nothing."""
    must_be_known(student)
    if reported.ends_on is not None and reported.ends_on < reported.starts_on:
        raise cannot_be_true("ends-before-it-begins", "The participation ends before it begins.", "/until")
    known = student.participations.get(reported.external_id)
    if known is not None and known.digest == participation_digest(reported):
        return []
    return [reported]
