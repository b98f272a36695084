"""A student who comes with a plan from elsewhere (34 CFR 300.323(e)-(g)): part of stream ``student/{id}`` of plan-service."""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from contracts.event import Event, EventClass, Value, event
from contracts.fields import (
    Code,
    ExternalId,
    HolderId,
    Line,
    Minutes,
    Name,
    Narrative,
    PlanId,
    StudentId,
)
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Channel, Period, PlanKind, RecordsAnswer, TransferOutcome


class ServiceInWords(Value):
    """A service as another plan says it, or one that is given beside any plan."""

    service: Code
    """Of the list ``service``."""
    minutes: Minutes | None = None
    per: Period | None = None
    words: Line | None = None
    """What else is said of it: where, by whom, in which group."""


class TransferPersonalData(Value):
    """Where the student comes from, and what the plan says beside its services."""

    district: Name
    school: Name | None = None
    state: Code | None = None
    """Postal code in lower case: ``tx``."""
    says: Narrative | None = None
    accommodations: tuple[Line, ...] = ()


@event("plan.transfer_received")
class TransferReceived(Event):
    """The student enrols with a plan of another district; ``effective_on`` is the first day they are this district's."""

    student_id: StudentId
    transfer_id: UUID
    kind: PlanKind
    same_state: bool
    """From within the state (300.323(e)); if not, from another (300.323(f))."""
    same_year: bool
    """The plan was in effect elsewhere in this very school year."""
    personal: TransferPersonalData
    services: tuple[ServiceInWords, ...] = ()
    plan_starts_on: date | None = None
    """The first day of the plan they come with."""
    review_due_on: date | None = None
    evaluated_on: date | None = None
    """When they were last evaluated."""
    owed_on: date | None = None
    """The first school day on which comparable services are owed; absent where no calendar says."""
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


class ComparablePersonalData(Value):
    """How the district goes about it, in words."""

    words: Narrative


@event("plan.comparable_services_started")
class ComparableServicesStarted(Event):
    """Services comparable to those the student comes with are given, until there is a plan of the district's own."""

    student_id: StudentId
    transfer_id: UUID
    comparable_services_id: UUID
    services: tuple[ServiceInWords, ...]
    holder_ids: tuple[HolderId, ...] = ()
    """The parents with whom it was consulted."""
    personal: ComparablePersonalData | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class RecordsRequestPersonalData(Value):
    """Who was asked."""

    recipient: Name


@event("plan.transfer_records_requested", of=EventClass.PROOF)
class TransferRecordsRequested(Event):
    """The former school was asked for the student's records (300.323(g)(1)); each time is one step taken."""

    student_id: StudentId
    transfer_id: UUID
    records_request_id: UUID
    personal: RecordsRequestPersonalData
    channel: Channel
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


class RecordsAnswerPersonalData(Value):
    """What the former school said."""

    words: Narrative


@event("plan.transfer_records_answered", of=EventClass.PROOF)
class TransferRecordsAnswered(Event):
    """The former school answered the request for records (300.323(g)(2))."""

    student_id: StudentId
    transfer_id: UUID
    records_request_id: UUID
    answer: RecordsAnswer
    documents: tuple[DocumentRef, ...] = ()
    """What came."""
    personal: RecordsAnswerPersonalData | None = None
    reported: Reported | None = None


class SettlementPersonalData(Value):
    """Why, in words."""

    reason: Narrative


@event("plan.transfer_settled")
class TransferSettled(Event):
    """Comparable services are owed no longer: from ``effective_on`` something of the district's own stands in their place."""

    student_id: StudentId
    transfer_id: UUID
    outcome: TransferOutcome
    plan_id: PlanId | None = None
    """Of ``plan_adopted`` and ``new_plan``: the district's plan."""
    eligibility_id: UUID | None = None
    """Of ``found_ineligible``: the determination."""
    personal: SettlementPersonalData | None = None
    reported: Reported | None = None


TransferEvent: TypeAlias = (
    TransferReceived
    | ComparableServicesStarted
    | TransferRecordsRequested
    | TransferRecordsAnswered
    | TransferSettled
)
