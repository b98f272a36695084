"""Somebody enrols with a plan from elsewhere: comparable services at once, the old records, then a plan of the district's own.

34 CFR 300.323(e) (from within the state), (f) (from another), (g) (records). Section 504 names no such duty; what the
student needs they need from the first day all the same (104.33).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from uuid import UUID

from contracts.district import SchoolYear
from contracts.fields import ExternalId, HolderId, PlanId
from contracts.notice_time import is_school_day
from contracts.problems import NotFound, Reason, Rejected
from contracts.transfers import (
    ComparablePersonalData,
    ComparableServicesStarted,
    RecordsAnswerPersonalData,
    RecordsRequestPersonalData,
    ServiceInWords,
    SettlementPersonalData,
    TransferEvent,
    TransferPersonalData,
    TransferReceived,
    TransferRecordsAnswered,
    TransferRecordsRequested,
    TransferSettled,
)
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import Channel, Law, PlanKind, RecordsAnswer, TransferOutcome
from plan_service.domain.adoption import already_past
from plan_service.domain.identity import must_be_known
from plan_service.domain.plan import Plan
from plan_service.domain.rights_holder import decides_on, must_be_around
from plan_service.domain.rules import (
    FEDERAL,
    Rules,
    UnmetRules,
    cannot_be_true,
    done_on,
    not_in_the_future,
    settle,
)
from plan_service.domain.student import Student
from plan_service.domain.transfer import Transfer, transfer_of

BY_A_PLAN = frozenset({TransferOutcome.PLAN_ADOPTED, TransferOutcome.NEW_PLAN})


class ComparableServicesRefused(UnmetRules):
    """What is to be given is not comparable, or nobody was asked."""

    code = "comparable-services-refused"
    what = "Giving these services"


class SettlementRefused(UnmetRules):
    """Nothing of the district's own stands in their place yet."""

    code = "settlement-refused"
    what = "Settling this transfer"


class TransferIsSettled(Rejected):
    """It has been settled already."""

    code = "transfer-settled"

    def __init__(self) -> None:
        super().__init__("This transfer has been settled already.")


@dataclass(frozen=True, slots=True)
class ReceiveTransfer:
    """A student enrols with a plan from elsewhere."""

    transfer_id: UUID
    kind: PlanKind
    same_state: bool
    same_year: bool
    personal: TransferPersonalData
    today: date
    calendar: Sequence[SchoolYear] = ()
    received_on: date | None = None
    services: tuple[ServiceInWords, ...] = ()
    plan_starts_on: date | None = None
    review_due_on: date | None = None
    evaluated_on: date | None = None
    documents: tuple[DocumentRef, ...] = ()
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class StartComparableServices:
    """Services comparable to those they come with are given from a day on."""

    transfer_id: UUID
    comparable_services_id: UUID
    services: tuple[ServiceInWords, ...]
    starts_on: date
    today: date
    rules: Rules
    holder_ids: tuple[HolderId, ...] = ()
    words: str | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class RequestRecords:
    """The former school is asked for the records."""

    transfer_id: UUID
    records_request_id: UUID
    recipient: str
    channel: Channel
    today: date
    requested_on: date | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class AnswerRecords:
    """The former school has answered."""

    transfer_id: UUID
    records_request_id: UUID
    answer: RecordsAnswer
    today: date
    answered_on: date | None = None
    documents: tuple[DocumentRef, ...] = ()
    words: str | None = None
    reported: Reported | None = None


@dataclass(frozen=True, slots=True)
class SettleTransfer:
    """Comparable services are owed no longer."""

    transfer_id: UUID
    outcome: TransferOutcome
    today: date
    settled_on: date | None = None
    plan_id: PlanId | None = None
    plan: Plan | None = None
    """The plan named."""
    eligibility_id: UUID | None = None
    reason: str | None = None
    reported: Reported | None = None
    rules: Rules = FEDERAL


def receive_transfer(student: Student, command: ReceiveTransfer) -> list[TransferEvent]:
    """Record with what the student comes: in words, by services, as documents."""
    student_id = must_be_known(student)
    received_on = done_on(command.received_on, command.reported, command.today, "received")
    personal = command.personal
    if not (command.services or personal.says or personal.accommodations or command.documents):
        raise cannot_be_true("says-nothing", "Say what the plan gives, or name the document.", "/services")
    for name in ("plan_starts_on", "evaluated_on"):
        day = getattr(command, name)
        if day is not None and day > command.today:
            raise cannot_be_true(
                f"{name.replace('_', '-')}-in-the-future", f"{day} is still to come.", f"/{name}"
            )
    return [
        TransferReceived(
            effective_on=received_on, student_id=student_id, transfer_id=command.transfer_id, kind=command.kind,
            same_state=command.same_state, same_year=command.same_year, personal=personal, services=command.services,
            plan_starts_on=command.plan_starts_on, review_due_on=command.review_due_on, evaluated_on=command.evaluated_on,
            owed_on=first_school_day(received_on, command.calendar), documents=command.documents,
            external_id=command.external_id, reported=settle(UnmetRules, (), command.reported),
        )
    ]  # fmt: skip


def first_school_day(day: date, calendar: Sequence[SchoolYear]) -> date | None:
    """That day or the first school day after it: in summer the first of the next year; ``None`` where no calendar says."""
    if not any(year.first_on <= day for year in calendar):
        return None
    last_known = max(year.last_on for year in calendar)
    while day <= last_known:
        if is_school_day(calendar, day):
            return day
        day += timedelta(days=1)
    return None


def start_comparable_services(student: Student, command: StartComparableServices) -> list[TransferEvent]:
    """Give services comparable to those of the plan they came with, consulted with the parents."""
    student_id, transfer = must_be_known(student), _open(student, command.transfer_id, command.reported)
    not_in_the_future(command.reported, command.today)
    for place, holder_id in enumerate(command.holder_ids):
        must_be_around(student, holder_id, f"/holders/{place}")
    if not (command.services or command.words or command.document):
        raise cannot_be_true("says-nothing", "Say what is given, or name the document.", "/services")
    if command.starts_on < transfer.received_on:
        raise cannot_be_true(
            "starts-before-enrolment", f"The student came on {transfer.received_on}.", "/starts_on"
        )
    unmet = (
        *(
            [already_past(command.today)]
            if command.starts_on < command.today and command.reported is None
            else []
        ),
        *less_than_before(transfer, command.services),
        *without_the_parents(student, transfer, command),
    )
    return [
        ComparableServicesStarted(
            effective_on=command.starts_on, student_id=student_id, transfer_id=command.transfer_id,
            comparable_services_id=command.comparable_services_id, services=command.services,
            holder_ids=command.holder_ids,
            personal=ComparablePersonalData(words=command.words) if command.words else None,
            document=command.document, external_id=command.external_id,
            reported=settle(ComparableServicesRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def less_than_before(transfer: Transfer, services: Sequence[ServiceInWords]) -> Iterator[Reason]:
    """34 CFR 300.323(e), (f): comparable to those of the plan; a service of it that is missing is not."""
    missing = {each.service for each in transfer.services} - {each.service for each in services}
    for code in sorted(missing):
        yield Reason(
            "not-comparable", f"The plan the student came with gives {code.replace('_', ' ')}; these services do not.",
            _citation(transfer), "Give it too, until the district has its own plan.", "/services",
        )  # fmt: skip


def without_the_parents(
    student: Student, transfer: Transfer, command: StartComparableServices
) -> Iterator[Reason]:
    """34 CFR 300.323(e), (f): in consultation with the parents."""
    if transfer.kind is PlanKind.SECTION_504:
        return
    if not any(decides_on(student, who, command.starts_on, command.rules) for who in command.holder_ids):
        yield Reason(
            "parents-not-consulted", "Nobody who decides for the student was consulted.", _citation(transfer),
            "Speak with a holder of the right to decide, and name them.", "/holders",
        )  # fmt: skip


def request_records(student: Student, command: RequestRecords) -> list[TransferEvent]:
    """Record that the former school was asked; once more is one more step taken."""
    student_id, transfer = must_be_known(student), transfer_of(student.transfers, command.transfer_id)
    requested_on = done_on(command.requested_on, command.reported, command.today, "requested")
    return [
        TransferRecordsRequested(
            effective_on=requested_on, student_id=student_id, transfer_id=transfer.transfer_id,
            records_request_id=command.records_request_id,
            personal=RecordsRequestPersonalData(recipient=command.recipient), channel=command.channel,
            document=command.document, external_id=command.external_id,
            reported=settle(UnmetRules, (), command.reported),
        )
    ]  # fmt: skip


def answer_records(student: Student, command: AnswerRecords) -> list[TransferEvent]:
    """Record what came; a later answer to the same request takes the place of the first."""
    student_id, transfer = must_be_known(student), transfer_of(student.transfers, command.transfer_id)
    request = transfer.requests.get(command.records_request_id)
    if request is None:
        raise NotFound("This transfer has no such request for records.")
    answered_on = done_on(command.answered_on, command.reported, command.today, "answered")
    if answered_on < request.requested_on:
        raise cannot_be_true(
            "answered-before-asked", f"The school was asked on {request.requested_on}.", "/answered_on"
        )
    return [
        TransferRecordsAnswered(
            effective_on=answered_on, student_id=student_id, transfer_id=transfer.transfer_id,
            records_request_id=command.records_request_id, answer=command.answer, documents=command.documents,
            personal=RecordsAnswerPersonalData(words=command.words) if command.words else None,
            reported=settle(UnmetRules, (), command.reported),
        )
    ]  # fmt: skip


def settle_transfer(student: Student, command: SettleTransfer) -> list[TransferEvent]:
    """Comparable services end when something of the district's own stands in their place."""
    student_id, transfer = must_be_known(student), _open(student, command.transfer_id, command.reported)
    settled_on = done_on(command.settled_on, command.reported, command.today, "settled")
    if settled_on < transfer.received_on:
        raise cannot_be_true(
            "settled-before-enrolment", f"The student came on {transfer.received_on}.", "/settled_on"
        )
    if (command.outcome in BY_A_PLAN) != (command.plan_id is not None):
        raise cannot_be_true(
            "plan-of-what", "Name the district's plan where one was adopted or made.", "/plan"
        )
    plan = command.plan
    if plan is not None and (plan.student_id, plan.kind) != (student_id, transfer.kind):
        raise cannot_be_true("unknown-plan", "This student has no plan of this kind by this id.", "/plan")
    unmet = (
        *_no_plan_yet(transfer, command, settled_on),
        *_not_found_ineligible(student, transfer, command, settled_on),
        *_not_refused(student, transfer, command, settled_on),
    )
    return [
        TransferSettled(
            effective_on=settled_on, student_id=student_id, transfer_id=transfer.transfer_id, outcome=command.outcome,
            plan_id=command.plan_id, eligibility_id=command.eligibility_id,
            personal=SettlementPersonalData(reason=command.reason) if command.reason else None,
            reported=settle(SettlementRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def _no_plan_yet(transfer: Transfer, command: SettleTransfer, settled_on: date) -> Iterator[Reason]:
    """34 CFR 300.323(e), (f): until the district adopts the plan or has its own in effect."""
    if command.plan is not None and not command.plan.in_effect_on(settled_on):
        yield Reason(
            "plan-not-in-effect", f"The district's plan is not in effect on {settled_on}.", _citation(transfer),
            "Adopt it first: POST /plans/{id}/adoption.", "/plan",
        )  # fmt: skip
    iep = transfer.kind is PlanKind.IEP  # Section 504 is the same in every state; its plan may be taken over.
    if iep and command.outcome is TransferOutcome.PLAN_ADOPTED and not transfer.same_state:
        yield Reason(
            "from-another-state", "A plan from another state is not adopted: the district makes its own.",
            "34 CFR 300.323(f)", "Evaluate if that is needed, and make a plan: outcome `new_plan`.", "/outcome",
        )  # fmt: skip


def _not_found_ineligible(
    student: Student, transfer: Transfer, command: SettleTransfer, settled_on: date
) -> Iterator[Reason]:
    if command.outcome is not TransferOutcome.FOUND_INELIGIBLE:
        return
    law = Law.IDEA if transfer.kind is PlanKind.IEP else Law.SECTION_504
    found = [
        each
        for each in student.evaluations.determined
        if each.law is law and each.determined_on <= settled_on
    ]
    if not found or max(found, key=lambda each: each.determined_on).eligible:
        yield Reason(
            "not-found-ineligible", f"By {settled_on} it was not determined that the student is not eligible.",
            "34 CFR 300.305(e)(1)" if law is Law.IDEA else "34 CFR 104.35(a)",
            "Evaluate, then determine eligibility: POST /students/{id}/eligibility.", "/outcome",
        )  # fmt: skip


def _not_refused(
    student: Student, transfer: Transfer, command: SettleTransfer, settled_on: date
) -> Iterator[Reason]:
    """34 CFR 300.300(b)(3): nobody is without services by refusal while nobody who decides has refused them."""
    if command.outcome is not TransferOutcome.SERVICES_REFUSED or transfer.kind is not PlanKind.IEP:
        return
    decide = partial(decides_on, student, rules=command.rules)
    if student.services_consents.refused_on(settled_on, decide) is None:
        yield Reason(
            "services-not-refused", f"By {settled_on} nobody who decides for the student had refused services.",
            "34 CFR 300.300(b)(3)", "Record the answer first: POST /students/{id}/services-consents.", "/outcome",
        )  # fmt: skip


def _open(student: Student, transfer_id: UUID, reported: Reported | None) -> Transfer:
    """What is decided after it was settled changes nothing; as a late entry it is taken."""
    transfer = transfer_of(student.transfers, transfer_id)
    if transfer.settled is not None and reported is None:
        raise TransferIsSettled
    return transfer


def _citation(transfer: Transfer) -> str:
    if transfer.kind is PlanKind.SECTION_504:
        return "34 CFR 104.33"
    return "34 CFR 300.323(e)" if transfer.same_state else "34 CFR 300.323(f)"
