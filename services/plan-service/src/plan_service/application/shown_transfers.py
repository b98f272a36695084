"""What is answered of a student who came with a plan from elsewhere, and of the steps taken since."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from contracts.event import Event
from contracts.transfers import (
    ComparableServicesStarted,
    ServiceInWords,
    TransferReceived,
    TransferRecordsAnswered,
    TransferRecordsRequested,
    TransferSettled,
)
from contracts.vocabulary import Channel, PlanKind, RecordsAnswer, TransferOutcome
from plan_service.application.shown import DocumentRefShown, OfStudent, Part, ReportedShown
from plan_service.application.shown_around import document_shown, reported_shown
from plan_service.domain.student import Student
from plan_service.domain.transfer import Requested, Settled, Transfer
from runtime.stream_model import Resource


class SettlementShown(Part):
    """What took the place of comparable services."""

    settled_on: date
    outcome: TransferOutcome
    plan: UUID | None = None
    eligibility: UUID | None = None
    reason: str | None = None
    reported: ReportedShown | None = None


class TransferShown(OfStudent):
    """A student who came with a plan from elsewhere."""

    kind: PlanKind
    same_state: bool
    same_year: bool
    received_on: date
    district: str
    school: str | None = None
    state: str | None = None
    says: str | None = None
    services: tuple[ServiceInWords, ...] = ()
    accommodations: tuple[str, ...] = ()
    plan_starts_on: date | None = None
    review_due_on: date | None = None
    evaluated_on: date | None = None
    owed_on: date | None = None
    """The first school day on which comparable services are owed."""
    comparable_from: date | None = None
    """Since when they are given."""
    documents: tuple[DocumentRefShown, ...] = ()
    settlement: SettlementShown | None = None
    reported: ReportedShown | None = None


class OfTransfer(OfStudent):
    """A step of a transfer."""

    transfer: UUID
    document: DocumentRefShown | None = None
    reported: ReportedShown | None = None


class ComparableServicesShown(OfTransfer):
    """Services comparable to those of the plan they came with."""

    services: tuple[ServiceInWords, ...]
    starts_on: date
    holders: tuple[UUID, ...] = ()
    """With whom it was consulted."""
    words: str | None = None


class RecordsRequestShown(OfTransfer):
    """The former school was asked for the records; and what it answered, once it has."""

    recipient: str
    channel: Channel
    requested_on: date
    answer: RecordsAnswer | None = None
    answered_on: date | None = None
    documents: tuple[DocumentRefShown, ...] = ()
    words: str | None = None


def of_transfers(state: Student, event: Event) -> Iterator[Resource]:
    """What an event changes of it: the transfer with its step."""
    match event:
        case TransferReceived() | TransferSettled():
            yield from _transfer(state, event.transfer_id)
        case ComparableServicesStarted():
            yield from _transfer(state, event.transfer_id)
            shown = ComparableServicesShown(
                student=event.student_id, external_id=event.external_id, transfer=event.transfer_id,
                services=event.services, starts_on=event.effective_on, holders=event.holder_ids,
                words=event.personal.words if event.personal else None, document=document_shown(event.document),
                reported=reported_shown(event.reported),
            )  # fmt: skip
            yield _resource("comparable_services", event.comparable_services_id, shown)
        case TransferRecordsRequested() | TransferRecordsAnswered():
            transfer = state.transfers.get(event.transfer_id)
            request = transfer.requests.get(event.records_request_id) if transfer else None
            if transfer is not None and request is not None:
                yield _resource("records_request", request.records_request_id, _request(transfer, request))
        case _:
            pass


def _resource(kind: str, id: UUID, shown: OfStudent) -> Resource:
    return Resource(kind, id, shown.kept(), shown.student, shown.external_id)


def _transfer(state: Student, transfer_id: UUID) -> Iterator[Resource]:
    known = state.transfers.get(transfer_id)
    if known is None:
        return
    shown = TransferShown(
        student=known.student_id, external_id=known.external_id, kind=known.kind, same_state=known.same_state,
        same_year=known.same_year, received_on=known.received_on, **known.personal.model_dump(),
        services=known.services, plan_starts_on=known.plan_starts_on, review_due_on=known.review_due_on,
        evaluated_on=known.evaluated_on, owed_on=known.owed_on, comparable_from=known.comparable_from,
        documents=tuple(DocumentRefShown.model_validate(each.model_dump()) for each in known.documents),
        settlement=_settlement(known.settled), reported=reported_shown(known.reported),
    )  # fmt: skip
    yield _resource("transfer", transfer_id, shown)


def _settlement(settled: Settled | None) -> SettlementShown | None:
    if settled is None:
        return None
    return SettlementShown(
        settled_on=settled.settled_on, outcome=settled.outcome, plan=settled.plan_id, eligibility=settled.eligibility_id,
        reason=settled.reason, reported=reported_shown(settled.reported),
    )  # fmt: skip


def _request(transfer: Transfer, request: Requested) -> RecordsRequestShown:
    return RecordsRequestShown(
        student=transfer.student_id, external_id=request.external_id, transfer=transfer.transfer_id,
        recipient=request.recipient, channel=request.channel, requested_on=request.requested_on, answer=request.answer,
        answered_on=request.answered_on, words=request.words, document=document_shown(request.document),
        documents=tuple(DocumentRefShown.model_validate(each.model_dump()) for each in request.documents),
        reported=reported_shown(request.reported),
    )  # fmt: skip
