"""What a parent or adult student asks for and must be answered (34 CFR 300.613, 300.618, 300.502, 99.10, 99.20)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.day_count import count_from
from contracts.fields import ExternalId, HolderId
from contracts.rule_profile import Due
from contracts.students import RequestMade, RequestPersonalData, StudentEvent
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import RequestKind, RequestVia
from plan_service.domain.identity import must_be_known
from plan_service.domain.rights_holder import must_be_around
from plan_service.domain.rules import FEDERAL, Rules, done_on
from plan_service.domain.student import Student


@dataclass(frozen=True, slots=True)
class MakeRequest:
    """Somebody asks."""

    request_id: UUID
    kind: RequestKind
    via: RequestVia
    today: date
    made_on: date | None = None
    holder_id: HolderId | None = None
    text: str | None = None
    notice_id: UUID | None = None
    documents: tuple[DocumentRef, ...] = ()
    rules: Rules = FEDERAL
    external_id: ExternalId | None = None
    reported: Reported | None = None


def make_request(student: Student, command: MakeRequest) -> list[StudentEvent]:
    """Record what was asked, by whoever asked it; whether the person may is for the answer to say."""
    student_id = must_be_known(student)
    made_on = done_on(command.made_on, command.reported, command.today, "made")
    if command.holder_id is not None:
        must_be_around(student, command.holder_id)
    due = time_to_answer(command.kind, command.rules)
    return [
        RequestMade(
            effective_on=made_on, student_id=student_id, request_id=command.request_id, kind=command.kind,
            holder_id=command.holder_id, personal=RequestPersonalData(text=command.text) if command.text else None,
            via=command.via, notice_id=command.notice_id,
            due_on=count_from(made_on, due, command.rules.calendar).on if due else None,
            documents=command.documents or None, external_id=command.external_id, reported=command.reported,
        )
    ]  # fmt: skip


SEEN_TO_BY_THE_OFFICE = frozenset({RequestKind.LANGUAGE, RequestKind.INTERPRETER, RequestKind.PAPER})
"""How a notice is to be given: notify-service's office sees to these itself, where the notice is."""


def take_in_request(student: Student, made: RequestMade, rules: Rules) -> list[StudentEvent]:
    """A request made on a notice's page becomes one of the student's: once, with its time from the day it was made."""
    if made.kind in SEEN_TO_BY_THE_OFFICE or made.request_id in student.requests:
        return []
    day = made.effective_on
    return make_request(
        student,
        MakeRequest(
            request_id=made.request_id, kind=made.kind, via=made.via, today=day, made_on=day, holder_id=made.holder_id,
            text=made.personal.text if made.personal else None, notice_id=made.notice_id, rules=rules,
        ),
    )  # fmt: skip


def time_to_answer(kind: RequestKind, rules: Rules) -> Due | None:
    """34 CFR 300.613(a), 99.10(b): the record within 45 days; all else in the state's time, or a reasonable one."""
    return {
        RequestKind.RECORDS: rules.inspection,
        RequestKind.MEETING: rules.requested_meeting,
        RequestKind.INDEPENDENT_EVALUATION: rules.independent_evaluation,
        RequestKind.AMENDMENT_OF_RECORD: rules.record_amendment,
    }.get(kind)
