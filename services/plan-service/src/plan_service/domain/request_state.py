"""Requests as decisions about them need them. Part of the student: see `domain.student`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from contracts.fields import ExternalId, HolderId, MeetingId, NoticeId, StaffId
from contracts.requests import (
    RecordHearingAsked,
    RecordHearingDecided,
    RecordStatementPlaced,
    RequestAnswered,
    RequestEvent,
)
from contracts.students import RequestMade
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import RequestKind, RequestOutcome, RequestVia


@dataclass(frozen=True, slots=True)
class RequestAnswer:
    """How a request was answered."""

    answered_on: date
    outcome: RequestOutcome
    staff_id: StaffId | None = None
    notice_id: NoticeId | None = None
    meeting_id: MeetingId | None = None
    dispute_id: UUID | None = None
    hearing_right_told: bool = False
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class RecordHearing:
    """A hearing about what the record says."""

    asked_on: date
    holder_id: HolderId | None = None
    words: str | None = None
    documents: tuple[DocumentRef, ...] = ()
    decided_on: date | None = None
    amended: bool | None = None
    statement_right_told: bool = False
    reasons: str | None = None
    decision: tuple[DocumentRef, ...] = ()
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class RecordStatement:
    """A statement on what was not changed."""

    record_statement_id: UUID
    holder_id: HolderId
    placed_on: date
    text: str
    documents: tuple[DocumentRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """Something somebody has asked for."""

    request_id: UUID
    kind: RequestKind
    via: RequestVia
    made_on: date
    holder_id: HolderId | None = None
    text: str | None = None
    notice_id: UUID | None = None
    due_on: date | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None
    answer: RequestAnswer | None = None
    hearing: RecordHearing | None = None
    statements: tuple[RecordStatement, ...] = ()

    @property
    def in_time(self) -> bool | None:
        """Whether it was answered by its day; ``None`` while it is not, and where no day is set."""
        return None if self.answer is None or self.due_on is None else self.answer.answered_on <= self.due_on


def requests_after(
    known: Mapping[UUID, Request], event: RequestMade | RequestEvent
) -> Mapping[UUID, Request]:
    """What follows from one more event."""
    if isinstance(event, RequestMade):
        return {**known, event.request_id: _made(event)}
    request = known.get(event.request_id)
    return known if request is None else {**known, event.request_id: _stepped(request, event)}


def _made(event: RequestMade) -> Request:
    return Request(
        event.request_id, event.kind, event.via, event.effective_on, event.holder_id,
        event.personal.text if event.personal else None, event.notice_id, event.due_on, event.documents or (),
        event.external_id, event.reported,
    )  # fmt: skip


def _stepped(request: Request, event: RequestEvent) -> Request:
    match event:
        case RequestAnswered():
            answer = RequestAnswer(
                event.effective_on, event.outcome, event.staff_id, event.notice_id, event.meeting_id, event.dispute_id,
                bool(event.hearing_right_told), event.personal.words if event.personal else None, event.documents,
                event.reported,
            )  # fmt: skip
            return replace(request, answer=answer)
        case RecordHearingAsked():
            words = event.personal.words if event.personal else None
            hearing = RecordHearing(
                event.effective_on, event.holder_id, words, event.documents, reported=event.reported
            )
            return replace(request, hearing=hearing)
        case RecordHearingDecided():
            before = request.hearing or RecordHearing(event.effective_on)
            decided = replace(
                before, decided_on=event.effective_on, amended=event.amended,
                statement_right_told=bool(event.statement_right_told),
                reasons=event.personal.words if event.personal else None, decision=event.documents,
                reported=event.reported or before.reported,
            )  # fmt: skip
            return replace(request, hearing=decided)
        case RecordStatementPlaced():
            placed = RecordStatement(
                event.record_statement_id,
                event.holder_id,
                event.effective_on,
                event.personal.text,
                event.documents,
            )
            return replace(request, statements=(*request.statements, placed))
        case _:
            assert_never(event)
