"""Answering a request, each kind by its own rule (34 CFR 300.613, 300.618-620, 300.502(b)); a late answer is still taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId, HolderId, MeetingId, NoticeId, StaffId
from contracts.problems import NotFound, Reason, Rejected
from contracts.requests import (
    AnswerPersonalData,
    RecordHearingAsked,
    RecordHearingDecided,
    RecordStatementPersonalData,
    RecordStatementPlaced,
    RequestAnswered,
    RequestEvent,
)
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import DisputeKind, DisputeParty, RequestKind, RequestOutcome, RequestVia
from plan_service.domain.identity import must_be_known
from plan_service.domain.request_state import Request
from plan_service.domain.rights_holder import holds_record_rights, must_be_around
from plan_service.domain.rules import UnmetRules, cannot_be_true, done_on, settle
from plan_service.domain.student import Student

GIVEN = frozenset({RequestOutcome.GRANTED, RequestOutcome.GRANTED_IN_PART})


class AnswerRefused(UnmetRules):
    """A request may not be answered like this."""

    code = "request-answer-refused"
    what = "This answer"


class RequestClosed(Rejected):
    """The request has been answered already."""

    code = "request-closed"


class HearingNotOwed(UnmetRules):
    """There is nothing to hear about, or it was not decided as it must be."""

    code = "record-hearing-refused"
    what = "This hearing"


class StatementRefused(UnmetRules):
    """The statement has no place here."""

    code = "record-statement-refused"
    what = "This statement"


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """The district answers."""

    request_id: UUID
    outcome: RequestOutcome
    today: date
    answered_on: date | None = None
    staff_id: StaffId | None = None
    notice_id: NoticeId | None = None
    meeting_id: MeetingId | None = None
    dispute_id: UUID | None = None
    hearing_right_told: bool = False
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


def answer_request(student: Student, command: AnswerRequest) -> list[RequestEvent]:
    """Record the answer, or every reason why it is none."""
    student_id = must_be_known(student)
    request = _request(student, command.request_id)
    answered_on = done_on(command.answered_on, command.reported, command.today, "answered")
    _after(request, answered_on, "/answered_on")
    if request.answer is not None:
        raise RequestClosed(f"This request was answered on {request.answer.answered_on}.")
    _could_be_true(student, request, command)
    unmet = (
        *record_shown_to_another(student, request, command, answered_on),
        *record_withheld(student, request, command, answered_on),
        *hearing_right_not_told(request, command),
        *evaluation_refused_without_hearing(student, request, command),
    )
    return [
        RequestAnswered(
            effective_on=answered_on, student_id=student_id, request_id=command.request_id, outcome=command.outcome,
            staff_id=command.staff_id, notice_id=command.notice_id, meeting_id=command.meeting_id,
            dispute_id=command.dispute_id, hearing_right_told=command.hearing_right_told or None,
            personal=AnswerPersonalData(words=command.words) if command.words else None, documents=command.documents,
            external_id=command.external_id, reported=settle(AnswerRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def record_shown_to_another(
    student: Student, request: Request, command: AnswerRequest, answered_on: date
) -> Iterator[Reason]:
    """34 CFR 300.613(a), 99.10: the record is shown to who holds the right over it."""
    if request.kind is not RequestKind.RECORDS or command.outcome not in GIVEN:
        return
    if request.holder_id is None or not holds_record_rights(student, request.holder_id, answered_on):
        yield Reason(
            "record-shown-to-another", f"Whoever asked holds no right over the record on {answered_on}.",
            "34 CFR 300.613(a), 99.10(a)",
            "Confirm this person's rights first; or let who holds them sign a release.", "/outcome",
        )  # fmt: skip


def record_withheld(
    student: Student, request: Request, command: AnswerRequest, answered_on: date
) -> Iterator[Reason]:
    """34 CFR 300.613(a), 99.10(a): who holds the right over the record inspects it."""
    if request.kind is not RequestKind.RECORDS or command.outcome is not RequestOutcome.REFUSED:
        return
    if request.holder_id is not None and holds_record_rights(student, request.holder_id, answered_on):
        yield Reason(
            "record-withheld", "Whoever asked holds the right over the record: it may not be withheld.",
            "34 CFR 300.613(a), 99.10(a)", "Show the record.", "/outcome",
        )  # fmt: skip


def hearing_right_not_told(request: Request, command: AnswerRequest) -> Iterator[Reason]:
    """34 CFR 300.618(c), 99.20(c): who is refused a change of the record is told of the right to a hearing."""
    refused = command.outcome in (RequestOutcome.REFUSED, RequestOutcome.GRANTED_IN_PART)
    if request.kind is RequestKind.AMENDMENT_OF_RECORD and refused and not command.hearing_right_told:
        yield Reason(
            "hearing-right-not-told", "It is not on record that the person was told of the right to a hearing.",
            "34 CFR 300.618(c), 99.20(c)", "Tell the person, and say so.", "/hearing_right_told",
        )  # fmt: skip


def evaluation_refused_without_hearing(
    student: Student, request: Request, command: AnswerRequest
) -> Iterator[Reason]:
    """34 CFR 300.502(b)(2): an independent evaluation is provided, or the district asks for a hearing; nothing else."""
    if request.kind is not RequestKind.INDEPENDENT_EVALUATION:
        return
    filed = student.disputes.get(command.dispute_id) if command.dispute_id else None
    by_district = filed is not None and (filed.kind, filed.filed_by) == (
        DisputeKind.DUE_PROCESS_COMPLAINT,
        DisputeParty.DISTRICT,
    )
    hearing = command.outcome is RequestOutcome.HEARING_FILED and by_district
    if hearing or command.outcome in (RequestOutcome.GRANTED, RequestOutcome.WITHDRAWN):
        return
    yield Reason(
        "independent-evaluation-refused", "An independent evaluation is provided, or the district files for a hearing.",
        "34 CFR 300.502(b)(2)",
        "Provide it at public expense; or record the district's due process complaint (POST .../disputes) and name it.",
        "/outcome",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskRecordHearing:
    """Somebody wants a hearing about what the record says."""

    request_id: UUID
    via: RequestVia
    today: date
    asked_on: date | None = None
    holder_id: HolderId | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


def ask_record_hearing(student: Student, command: AskRecordHearing) -> list[RequestEvent]:
    """Record that a hearing was asked for, by whoever asked."""
    student_id = must_be_known(student)
    request = _request(student, command.request_id)
    asked_on = done_on(command.asked_on, command.reported, command.today, "asked")
    _after(request, asked_on, "/asked_on")
    if command.holder_id is not None:
        must_be_around(student, command.holder_id)
    if request.hearing is not None:
        raise RequestClosed(f"A hearing was asked for on {request.hearing.asked_on} already.")
    unmet = tuple(nothing_was_refused(request))
    return [
        RecordHearingAsked(
            effective_on=asked_on, student_id=student_id, request_id=command.request_id, holder_id=command.holder_id,
            via=command.via, personal=AnswerPersonalData(words=command.words) if command.words else None,
            documents=command.documents, external_id=command.external_id,
            reported=settle(HearingNotOwed, unmet, command.reported),
        )
    ]  # fmt: skip


def nothing_was_refused(request: Request) -> Iterator[Reason]:
    """34 CFR 300.619, 99.21: a hearing is about a change of the record that was refused."""
    outcome = request.answer.outcome if request.answer else None
    if outcome in (RequestOutcome.REFUSED, RequestOutcome.GRANTED_IN_PART):
        return
    yield Reason(
        "nothing-was-refused", "No refusal to change the record has been recorded here.", "34 CFR 300.619, 99.21",
        "Answer the request first: POST .../answer.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DecideRecordHearing:
    """The hearing was held and decided."""

    request_id: UUID
    amended: bool
    today: date
    decided_on: date | None = None
    statement_right_told: bool = False
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


def decide_record_hearing(student: Student, command: DecideRecordHearing) -> list[RequestEvent]:
    """Record what the hearing decided."""
    student_id = must_be_known(student)
    request = _request(student, command.request_id)
    decided_on = done_on(command.decided_on, command.reported, command.today, "decided")
    if request.hearing is None:
        raise cannot_be_true("no-hearing-asked", "Nobody has asked for a hearing about this request.")
    if request.hearing.decided_on is not None:
        raise RequestClosed(f"The hearing was decided on {request.hearing.decided_on}.")
    if decided_on < request.hearing.asked_on:
        raise cannot_be_true(
            "decided-before-asked", f"It was asked for on {request.hearing.asked_on}.", "/decided_on"
        )
    unmet = tuple(statement_right_not_told(command))
    return [
        RecordHearingDecided(
            effective_on=decided_on, student_id=student_id, request_id=command.request_id, amended=command.amended,
            statement_right_told=command.statement_right_told or None,
            personal=AnswerPersonalData(words=command.words) if command.words else None, documents=command.documents,
            external_id=command.external_id, reported=settle(HearingNotOwed, unmet, command.reported),
        )
    ]  # fmt: skip


def statement_right_not_told(command: DecideRecordHearing) -> Iterator[Reason]:
    """34 CFR 300.620(b), 99.21(b)(2): where the record stays, the person is told that a statement may be placed in it."""
    if not command.amended and not command.statement_right_told:
        yield Reason(
            "statement-right-not-told",
            "It is not on record that the person was told of the right to place a statement.",
            "34 CFR 300.620(b), 99.21(b)(2)", "Tell the person, and say so.", "/statement_right_told",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlaceStatement:
    """A statement on what was not changed."""

    request_id: UUID
    record_statement_id: UUID
    holder_id: HolderId
    text: str
    today: date
    placed_on: date | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


def place_statement(student: Student, command: PlaceStatement) -> list[RequestEvent]:
    """Keep the statement with the record, in the writer's own words."""
    student_id = must_be_known(student)
    request = _request(student, command.request_id)
    must_be_around(student, command.holder_id)
    placed_on = done_on(command.placed_on, command.reported, command.today, "placed")
    _after(request, placed_on, "/placed_on")
    unmet = (
        *_of_a_changed_record(request),
        *not_by_record_holder(student, command.holder_id, placed_on),
    )
    return [
        RecordStatementPlaced(
            effective_on=placed_on, student_id=student_id, request_id=command.request_id,
            record_statement_id=command.record_statement_id, holder_id=command.holder_id,
            personal=RecordStatementPersonalData(text=command.text), documents=command.documents,
            external_id=command.external_id, reported=settle(StatementRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def _of_a_changed_record(request: Request) -> Iterator[Reason]:
    if request.hearing is not None and request.hearing.amended:
        yield Reason(
            "record-was-changed", "The record was changed as was asked.", "34 CFR 300.620(a)-(b)",
            "A statement on a plan has its own place: POST /plans/{id}/statements.",
        )  # fmt: skip
        return
    yield from nothing_was_refused(request)


def not_by_record_holder(student: Student, holder_id: HolderId, placed_on: date) -> Iterator[Reason]:
    """34 CFR 300.620(b): the statement is of who holds the right over the record."""
    if not holds_record_rights(student, holder_id, placed_on):
        yield Reason(
            "statement-not-by-rights-holder", f"Whoever writes holds no right over the record on {placed_on}.",
            "34 CFR 300.620(b), 99.21(b)(2)", "Confirm this person's rights first.", "/holder",
        )  # fmt: skip


def _request(student: Student, request_id: UUID) -> Request:
    known = student.requests.get(request_id)
    if known is None:
        raise NotFound("This student has no such request.")
    return known


def _after(request: Request, day: date, pointer: str) -> None:
    if day < request.made_on:
        raise cannot_be_true("before-the-request", f"The request was made on {request.made_on}.", pointer)


def _could_be_true(student: Student, request: Request, command: AnswerRequest) -> None:
    if command.dispute_id is not None and command.dispute_id not in student.disputes:
        raise cannot_be_true("unknown-dispute", "This student has no such dispute.", "/dispute")
    filed = command.outcome is RequestOutcome.HEARING_FILED
    if filed and request.kind is not RequestKind.INDEPENDENT_EVALUATION:
        raise cannot_be_true(
            "hearing-about-another-request",
            "Only of an independent evaluation does the district file instead of answering.", "/outcome",
        )  # fmt: skip
