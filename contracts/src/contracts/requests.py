"""Answers to what a parent or adult student has asked for: part of stream ``student/{id}`` of plan-service.

The request itself is `contracts.students.RequestMade`.
"""

from typing import TypeAlias
from uuid import UUID

from contracts.event import Event, Value, event
from contracts.fields import ExternalId, HolderId, MeetingId, Narrative, NoticeId, StaffId, StudentId
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import RequestOutcome, RequestVia


class AnswerPersonalData(Value):
    """What was answered, in words."""

    words: Narrative


@event("plan.request_answered")
class RequestAnswered(Event):
    """The district answered a request (300.613, 300.618, 300.502(b)); ``effective_on`` is the day of the answer."""

    student_id: StudentId
    request_id: UUID
    outcome: RequestOutcome
    staff_id: StaffId | None = None
    """Who answered."""
    notice_id: NoticeId | None = None
    """The notice in which it was answered."""
    meeting_id: MeetingId | None = None
    """The meeting that was asked for."""
    dispute_id: UUID | None = None
    """The due process complaint that the district filed."""
    hearing_right_told: bool | None = None
    """Of a refusal to change the record: the person was told of the right to a hearing (300.618(c))."""
    personal: AnswerPersonalData | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.record_hearing_asked")
class RecordHearingAsked(Event):
    """Somebody whose request to change the record was refused asks for a hearing about it (300.619, 99.21)."""

    student_id: StudentId
    request_id: UUID
    holder_id: HolderId | None = None
    via: RequestVia
    personal: AnswerPersonalData | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


@event("plan.record_hearing_decided")
class RecordHearingDecided(Event):
    """The hearing about the record was held and decided (300.620, 99.21-22)."""

    student_id: StudentId
    request_id: UUID
    amended: bool
    """The record was wrong and was changed; the person was told so in writing."""
    statement_right_told: bool | None = None
    """Where it was not: the person was told that a statement may be placed in the record (300.620(b))."""
    personal: AnswerPersonalData | None = None
    documents: tuple[DocumentRef, ...] = ()
    """The decision."""
    external_id: ExternalId | None = None
    reported: Reported | None = None


class RecordStatementPersonalData(Value):
    """The statement, in the writer's own words, unedited."""

    text: Narrative


@event("plan.record_statement_placed")
class RecordStatementPlaced(Event):
    """A statement on what was not changed: kept and disclosed with the record for as long as it is kept (300.620(c))."""

    student_id: StudentId
    request_id: UUID
    record_statement_id: UUID
    holder_id: HolderId
    personal: RecordStatementPersonalData
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


RequestEvent: TypeAlias = RequestAnswered | RecordHearingAsked | RecordHearingDecided | RecordStatementPlaced
