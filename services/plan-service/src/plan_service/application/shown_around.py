"""What is answered of everything that belongs to a student: contacts, rights holders, assignments, papers, requests."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from uuid import UUID, uuid5

from contracts.event import Event
from contracts.requests import (
    RecordHearingAsked,
    RecordHearingDecided,
    RecordStatementPlaced,
    RequestAnswered,
)
from contracts.students import (
    AssignmentEnded,
    ContactChanged,
    ContactProposed,
    ContactUnlinked,
    DocumentAdded,
    ProgramParticipationReported,
    ReleaseRevoked,
    ReleaseSigned,
    RequestMade,
    RightsHolderConfirmed,
    RightsHolderEnded,
    StudentAssigned,
    StudentEnrolled,
    StudentWithdrawn,
)
from contracts.values import DocumentRef, Reported
from plan_service.application.shown import (
    AssignmentShown,
    ContactShown,
    DocumentRefShown,
    DocumentShown,
    EnrolmentOfStudentShown,
    OfStudent,
    ParticipationShown,
    RecordHearingShown,
    RecordStatementShown,
    ReleaseShown,
    ReportedShown,
    RequestAnswerShown,
    RequestShown,
    RightsHolderShown,
)
from plan_service.domain.request_state import RecordHearing, RequestAnswer
from plan_service.domain.student import Student
from runtime.stream_model import Resource


def around_student(state: Student, event: Event) -> Iterator[Resource]:
    """The one thing an event of the student's stream changes."""
    match event:
        case ContactProposed() | ContactChanged() | ContactUnlinked():
            yield from _contact(state, event.contact_id)
        case RightsHolderConfirmed() | RightsHolderEnded():
            yield from _holder(state, event.holder_id)
        case StudentEnrolled() | StudentWithdrawn():
            yield from _enrolments(state, event)
        case StudentAssigned() | AssignmentEnded():
            yield from _assignment(state, event.assignment_id)
        case ReleaseSigned() | ReleaseRevoked():
            yield from _release(state, event.release_id)
        case (
            RequestMade()
            | RequestAnswered()
            | RecordHearingAsked()
            | RecordHearingDecided()
            | RecordStatementPlaced()
        ):
            yield from _request(state, event.request_id)
        case DocumentAdded():
            yield _resource("document", event.document.document, _document(event))
        case ProgramParticipationReported():
            yield _resource("participation", event.participation_id, _participation(event))
        case _:
            pass


def reported_shown(reported: Reported | None) -> ReportedShown | None:
    """A report, and the rules it left unmet."""
    if reported is None:
        return None
    return ReportedShown(
        source=reported.source, reason=reported.reason, occurred_on=reported.occurred_on, unmet=reported.unmet
    )


def document_shown(document: DocumentRef | None) -> DocumentRefShown | None:
    """A document that an event names."""
    return DocumentRefShown.model_validate(document.model_dump()) if document else None


def _resource(kind: str, id: UUID, shown: OfStudent) -> Resource:
    return Resource(kind, id, shown.kept(), shown.student, shown.external_id)


def _student(state: Student) -> UUID:
    assert state.student_id is not None
    return state.student_id


def _contact(state: Student, contact_id: UUID) -> Iterator[Resource]:
    known = state.contacts.get(contact_id)
    if known is not None:
        fields = known.personal.model_dump()
        shown = ContactShown(
            student=_student(state), external_id=known.external_id, linked=known.linked, **fields
        )
        yield _resource("contact", contact_id, shown)


def _holder(state: Student, holder_id: UUID) -> Iterator[Resource]:
    known = state.holders.get(holder_id)
    if known is None:
        return
    shown = RightsHolderShown(
        student=_student(state), external_id=known.external_id, **known.personal.model_dump(), ground=known.ground,
        rights=known.rights, language=known.language, contact=known.contact_id, confirmed_by=known.confirmed_by,
        confirmed_on=known.confirmed_on, evidence=document_shown(known.evidence), ended_on=known.ended_on,
        reported=reported_shown(known.reported),
    )  # fmt: skip
    yield _resource("rights_holder", holder_id, shown)


def _enrolments(state: Student, event: StudentEnrolled | StudentWithdrawn) -> Iterator[Resource]:
    """Those that begin, or end, with the event. An enrolment has no id of its own: its first day names it."""
    begins = isinstance(event, StudentEnrolled)
    for known in state.enrolments:
        if event.effective_on == (known.starts_on if begins else known.ends_on):
            shown = EnrolmentOfStudentShown(
                student=_student(state), school=known.school_id, grade=known.grade, from_=known.starts_on,
                until=known.ends_on - timedelta(days=1) if known.ends_on else None,
            )  # fmt: skip
            yield _resource("enrolment", uuid5(_student(state), f"enrolment {known.starts_on}"), shown)


def _assignment(state: Student, assignment_id: UUID) -> Iterator[Resource]:
    known = state.assignments.get(assignment_id)
    if known is not None:
        shown = AssignmentShown(
            student=_student(state), external_id=known.external_id, staff=known.staff_id, role=known.role,
            from_=known.starts_on, until=known.ends_on,
        )  # fmt: skip
        yield _resource("assignment", assignment_id, shown)


def _release(state: Student, release_id: UUID) -> Iterator[Resource]:
    known = state.releases.get(release_id)
    if known is not None:
        shown = ReleaseShown(
            student=_student(state), external_id=known.external_id, holder=known.holder_id,
            **known.personal.model_dump(), purpose=known.purpose, records=known.records, method=known.method,
            signed_on=known.signed_on, expires_on=known.expires_on, revoked_on=known.revoked_on, serves=known.serves,
            document=document_shown(known.document), reported=reported_shown(known.reported),
        )  # fmt: skip
        yield _resource("release", release_id, shown)


def documents_shown(documents: Iterable[DocumentRef]) -> tuple[DocumentRefShown, ...]:
    """The documents that an event names."""
    return tuple(DocumentRefShown.model_validate(each.model_dump()) for each in documents)


def _request(state: Student, request_id: UUID) -> Iterator[Resource]:
    known = state.requests.get(request_id)
    if known is None:
        return
    shown = RequestShown(
        student=_student(state), external_id=known.external_id, kind=known.kind, via=known.via, made_on=known.made_on,
        holder=known.holder_id, text=known.text, notice=known.notice_id, documents=documents_shown(known.documents),
        due_on=known.due_on, in_time=known.in_time, answer=_answer(known.answer), hearing=_hearing(known.hearing),
        statements=tuple(
            RecordStatementShown(
                id=each.record_statement_id, holder=each.holder_id, placed_on=each.placed_on, text=each.text,
                documents=documents_shown(each.documents),
            ) for each in known.statements
        ),
        reported=reported_shown(known.reported),
    )  # fmt: skip
    yield _resource("request", request_id, shown)


def _answer(known: RequestAnswer | None) -> RequestAnswerShown | None:
    if known is None:
        return None
    return RequestAnswerShown(
        answered_on=known.answered_on, outcome=known.outcome, staff=known.staff_id, notice=known.notice_id,
        meeting=known.meeting_id, dispute=known.dispute_id, hearing_right_told=known.hearing_right_told or None,
        words=known.words, documents=documents_shown(known.documents), reported=reported_shown(known.reported),
    )  # fmt: skip


def _hearing(known: RecordHearing | None) -> RecordHearingShown | None:
    if known is None:
        return None
    return RecordHearingShown(
        asked_on=known.asked_on, holder=known.holder_id, words=known.words, documents=documents_shown(known.documents),
        decided_on=known.decided_on, amended=known.amended, statement_right_told=known.statement_right_told or None,
        reasons=known.reasons, decision=documents_shown(known.decision), reported=reported_shown(known.reported),
    )  # fmt: skip


def _document(event: DocumentAdded) -> DocumentShown:
    ref = event.document
    return DocumentShown(
        student=event.student_id, external_id=event.external_id, title=event.personal.title, kind=event.kind,
        received_on=event.effective_on, media_type=ref.media_type, bytes=ref.bytes, digest=ref.digest, salt=ref.salt,
    )  # fmt: skip


def _participation(event: ProgramParticipationReported) -> ParticipationShown:
    return ParticipationShown(
        student=event.student_id, external_id=event.external_id, kind=event.kind, program=event.program,
        from_=event.starts_on, until=event.ends_on, source=event.source, plan=event.plan_id,
    )  # fmt: skip
