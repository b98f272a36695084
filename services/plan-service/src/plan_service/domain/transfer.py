"""Transfers from elsewhere as decisions about them need them. Part of the student: see `domain.student`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from contracts.fields import ExternalId, PlanId, StudentId
from contracts.problems import NotFound
from contracts.transfers import (
    ComparableServicesStarted,
    ServiceInWords,
    TransferEvent,
    TransferPersonalData,
    TransferReceived,
    TransferRecordsAnswered,
    TransferRecordsRequested,
    TransferSettled,
)
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Channel, PlanKind, RecordsAnswer, TransferOutcome


@dataclass(frozen=True, slots=True)
class Requested:
    """The former school was asked for the records."""

    records_request_id: UUID
    requested_on: date
    recipient: str
    channel: Channel
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None
    answered_on: date | None = None
    answer: RecordsAnswer | None = None
    documents: tuple[DocumentRef, ...] = ()
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What took the place of comparable services."""

    settled_on: date
    outcome: TransferOutcome
    plan_id: PlanId | None = None
    eligibility_id: UUID | None = None
    reason: str | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A student who came with a plan from elsewhere."""

    transfer_id: UUID
    student_id: StudentId
    kind: PlanKind
    same_state: bool
    same_year: bool
    received_on: date
    personal: TransferPersonalData
    services: tuple[ServiceInWords, ...] = ()
    plan_starts_on: date | None = None
    review_due_on: date | None = None
    evaluated_on: date | None = None
    owed_on: date | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None
    comparable_from: date | None = None
    """The first day of comparable services."""
    requests: Mapping[UUID, Requested] = field(default_factory=dict)
    settled: Settled | None = None


def transfer_of(transfers: Mapping[UUID, Transfer], transfer_id: UUID) -> Transfer:
    """The transfer by its id; raises `NotFound`."""
    known = transfers.get(transfer_id)
    if known is None:
        raise NotFound("This student has no such transfer.")
    return known


def transfers_after(known: Mapping[UUID, Transfer], event: TransferEvent) -> Mapping[UUID, Transfer]:
    """What follows from one more event."""
    if isinstance(event, TransferReceived):
        return {**known, event.transfer_id: _received(event)}
    transfer = known.get(event.transfer_id)
    return known if transfer is None else {**known, event.transfer_id: _stepped(transfer, event)}


def _received(event: TransferReceived) -> Transfer:
    return Transfer(
        event.transfer_id, event.student_id, event.kind, event.same_state, event.same_year, event.effective_on,
        event.personal, event.services, event.plan_starts_on, event.review_due_on, event.evaluated_on, event.owed_on,
        event.documents, event.external_id, event.reported,
    )  # fmt: skip


def _stepped(
    transfer: Transfer,
    event: ComparableServicesStarted | TransferRecordsRequested | TransferRecordsAnswered | TransferSettled,
) -> Transfer:
    match event:
        case ComparableServicesStarted():
            first = min(filter(None, (transfer.comparable_from, event.effective_on)))
            return replace(transfer, comparable_from=first)
        case TransferRecordsRequested():
            asked = Requested(
                event.records_request_id, event.effective_on, event.personal.recipient, event.channel, event.document,
                event.external_id, event.reported,
            )  # fmt: skip
            return replace(transfer, requests={**transfer.requests, event.records_request_id: asked})
        case TransferRecordsAnswered():
            earlier = transfer.requests.get(event.records_request_id)
            if earlier is None:
                return transfer
            words = event.personal.words if event.personal else None
            answered = replace(
                earlier, answered_on=event.effective_on, answer=event.answer, documents=event.documents, words=words
            )  # fmt: skip
            return replace(transfer, requests={**transfer.requests, event.records_request_id: answered})
        case TransferSettled():
            settled = Settled(
                event.effective_on, event.outcome, event.plan_id, event.eligibility_id,
                event.personal.reason if event.personal else None, event.reported,
            )  # fmt: skip
            return replace(transfer, settled=settled)
        case _:
            assert_never(event)
