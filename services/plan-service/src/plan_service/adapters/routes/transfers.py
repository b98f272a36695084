"""Students who come with a plan from elsewhere (34 CFR 300.323(e)-(g)): comparable services, records, what follows."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import Code, ExternalId, HolderId, Line, Name, Narrative, PlanId
from contracts.ids import new_id
from contracts.transfers import ServiceInWords, TransferPersonalData
from contracts.vocabulary import Channel, PlanKind, RecordsAnswer, TransferOutcome
from plan_service.adapters.routes.about_student import respond_about_student
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import (
    must_be_step,
    one_of_student,
    one_step,
    page_of_steps,
    page_of_student,
)
from plan_service.application.desk import Seen
from plan_service.application.plan_model import PLAN
from plan_service.application.shown_transfers import (
    ComparableServicesShown,
    RecordsRequestShown,
    TransferShown,
)
from plan_service.domain.coming_from_elsewhere import (
    AnswerRecords,
    ComparableServicesRefused,
    ReceiveTransfer,
    RequestRecords,
    SettlementRefused,
    SettleTransfer,
    StartComparableServices,
    TransferIsSettled,
    answer_records,
    receive_transfer,
    request_records,
    settle_transfer,
    start_comparable_services,
)
from plan_service.domain.document import document_of, documents_of
from plan_service.domain.rules import cannot_be_true
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["transfers"])
KIND, SERVICES, REQUEST = "transfer", "comparable_services", "records_request"
SPEECH = {"service": "speech_language_therapy", "minutes": 30, "per": "week"}
RECEIVED: dict[str, Any] = {
    "kind": "iep", "same_state": True, "same_year": True, "district": "Bayside Unified", "state": "tx",
    "received_on": "2026-01-12", "services": [SPEECH], "accommodations": ["extended time"], "plan_starts_on": "2025-09-02",
}  # fmt: skip
STARTED: dict[str, Any] = {
    "services": [SPEECH], "starts_on": "2026-01-13", "holders": ["d6a6d22f-75d0-5eef-af30-17c1a228c4c4"],
}  # fmt: skip
ASKED = {"recipient": "Bayside Elementary School", "channel": "email", "requested_on": "2026-01-12"}
ANSWERED = {"answer": "received", "answered_on": "2026-01-20"}
SETTLED: dict[str, Any] = {
    "outcome": "plan_adopted", "plan": "7b974bf6-412a-5696-b8cb-6f91cf6cb2f1", "settled_on": "2026-02-03",
}  # fmt: skip


class TransferIn(Form):
    """With what the student comes: by services, in words, or as documents."""

    kind: PlanKind
    same_state: bool
    """From within the state (34 CFR 300.323(e)); if not, from another (300.323(f))."""
    same_year: bool
    """The plan was in effect elsewhere in this very school year."""
    district: Name
    """From where."""
    school: Name | None = None
    state: Code | None = None
    """The state's postal code, in lower case."""
    received_on: date | None = None
    """The first day the student is this district's; today where nothing is said."""
    services: tuple[ServiceInWords, ...] = Field(default=(), max_length=100)
    accommodations: tuple[Line, ...] = Field(default=(), max_length=100)
    says: Narrative | None = None
    """What else the plan says."""
    plan_starts_on: date | None = None
    review_due_on: date | None = None
    evaluated_on: date | None = None
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    """The plan and what came with it, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, transfer_id: UUID, seen: Seen[Student]) -> ReceiveTransfer:
        """What the domain decides about."""
        personal = TransferPersonalData(
            district=self.district, school=self.school, state=self.state, says=self.says,
            accommodations=self.accommodations,
        )  # fmt: skip
        return ReceiveTransfer(
            transfer_id=transfer_id, kind=self.kind, same_state=self.same_state, same_year=self.same_year,
            personal=personal, today=seen.today, calendar=seen.day.profiles.on(seen.today).calendar,
            received_on=self.received_on, services=self.services, plan_starts_on=self.plan_starts_on,
            review_due_on=self.review_due_on, evaluated_on=self.evaluated_on,
            documents=documents_of(seen.state, self.documents, "/documents"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


class ComparableServicesIn(Form):
    """What is given from a day on, until the district has its own plan."""

    services: tuple[ServiceInWords, ...] = Field(default=(), max_length=100)
    """Of a Section 504 plan without services none: then say in `words` which accommodations are given."""
    starts_on: date
    holders: tuple[HolderId, ...] = Field(default=(), max_length=20)
    """The parents with whom it was consulted."""
    words: Narrative | None = None
    document: UUID | None = None
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, transfer_id: UUID, id: UUID, seen: Seen[Student]) -> StartComparableServices:
        """What the domain decides about."""
        return StartComparableServices(
            transfer_id=transfer_id, comparable_services_id=id, services=self.services, starts_on=self.starts_on,
            today=seen.today, rules=seen.day.rules, holder_ids=tuple(dict.fromkeys(self.holders)), words=self.words,
            document=document_of(seen.state, self.document, "/document"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


class RecordsRequestIn(Form):
    """The former school is asked for the student's records."""

    recipient: Name
    channel: Channel
    requested_on: date | None = None
    """Today where nothing is said."""
    document: UUID | None = None
    """The letter, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, transfer_id: UUID, id: UUID, seen: Seen[Student]) -> RequestRecords:
        """What the domain decides about."""
        return RequestRecords(
            transfer_id=transfer_id, records_request_id=id, recipient=self.recipient, channel=self.channel,
            today=seen.today, requested_on=self.requested_on,
            document=document_of(seen.state, self.document, "/document"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


class RecordsAnswerIn(Form):
    """What the former school answered."""

    answer: RecordsAnswer
    answered_on: date | None = None
    """Today where nothing is said."""
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    """What came, among the student's documents."""
    words: Narrative | None = None
    reported: ReportedIn | None = None

    def to_command(self, transfer_id: UUID, id: UUID, seen: Seen[Student]) -> AnswerRecords:
        """What the domain decides about."""
        return AnswerRecords(
            transfer_id=transfer_id, records_request_id=id, answer=self.answer, today=seen.today,
            answered_on=self.answered_on, documents=documents_of(seen.state, self.documents, "/documents"),
            words=self.words, reported=reported_value(self.reported),
        )  # fmt: skip


class SettlementIn(Form):
    """What takes the place of comparable services."""

    outcome: TransferOutcome
    settled_on: date | None = None
    """Today where nothing is said."""
    plan: PlanId | None = None
    """Of `plan_adopted` and `new_plan`: the district's plan, in effect by then."""
    eligibility: UUID | None = None
    """Of `found_ineligible`: the determination."""
    reason: Narrative | None = None
    reported: ReportedIn | None = None

    def to_command(self, transfer_id: UUID, seen: Seen[Student]) -> SettleTransfer:
        """What the domain decides about."""
        return SettleTransfer(
            transfer_id=transfer_id, outcome=self.outcome, today=seen.today, rules=seen.day.rules, settled_on=self.settled_on,
            plan_id=self.plan, plan=seen.of(PLAN, self.plan) if self.plan else None,
            eligibility_id=self.eligibility, reason=self.reason, reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/transfers", response_model=Page[TransferShown])
async def get_all_transfers(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List who came with a plan from elsewhere, of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/transfers", response_model=Page[TransferShown])
async def get_transfers(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List with what a student came."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/transfers/{transfer_id}", response_model=TransferShown)
async def get_transfer(asked: Asked, who: Reads, student_id: UUID, transfer_id: UUID) -> Response:
    """Read a transfer: the plan they came with, since when something comparable is given, how it was settled."""
    return await one_of_student(asked, KIND, student_id, transfer_id)


@routes.post("/students/{student_id}/transfers", response_model=TransferShown, status_code=201)
async def post_transfer(
    asked: Asked,
    who: WritesOrReports,
    student_id: UUID,
    body: Annotated[TransferIn, Body(examples=[RECEIVED])],
) -> Response:
    """Record that a student enrols with an IEP or a Section 504 plan from elsewhere."""
    may_write_or_report(who, body.reported)
    transfer_id = new_id()

    return await respond_about_student(
        asked, KIND, transfer_id, student_id,
        lambda seen: receive_transfer(seen.state, body.to_command(transfer_id, seen)),
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.get(
    "/students/{student_id}/transfers/{transfer_id}/comparable-services",
    response_model=Page[ComparableServicesShown],
)
async def get_comparable_services(
    asked: Asked, who: Reads, student_id: UUID, transfer_id: UUID, listing: Listed
) -> Response:
    """List the comparable services that were begun."""
    return await page_of_steps(asked, SERVICES, KIND, student_id, transfer_id, listing)


@routes.get(
    "/students/{student_id}/transfers/{transfer_id}/comparable-services/{comparable_services_id}",
    response_model=ComparableServicesShown,
)
async def get_one_comparable_services(
    asked: Asked, who: Reads, student_id: UUID, transfer_id: UUID, comparable_services_id: UUID
) -> Response:
    """Read which comparable services are given from when."""
    return await one_step(asked, SERVICES, KIND, student_id, transfer_id, comparable_services_id)


@routes.post(
    "/students/{student_id}/transfers/{transfer_id}/comparable-services", response_model=ComparableServicesShown,
    status_code=201, responses=problems(ComparableServicesRefused, TransferIsSettled),
)  # fmt: skip
async def post_comparable_services(
    asked: Asked, who: WritesOrReports, student_id: UUID, transfer_id: UUID,
    body: Annotated[ComparableServicesIn, Body(examples=[STARTED])],
) -> Response:  # fmt: skip
    """Give services comparable to those of the plan the student came with, consulted with the parents."""
    may_write_or_report(who, body.reported)
    services_id = new_id()

    return await respond_about_student(
        asked, SERVICES, services_id, student_id,
        lambda seen: start_comparable_services(seen.state, body.to_command(transfer_id, services_id, seen)),
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.get(
    "/students/{student_id}/transfers/{transfer_id}/records-requests",
    response_model=Page[RecordsRequestShown],
)
async def get_records_requests(
    asked: Asked, who: Reads, student_id: UUID, transfer_id: UUID, listing: Listed
) -> Response:
    """List when the former school was asked for the records, and what it answered."""
    return await page_of_steps(asked, REQUEST, KIND, student_id, transfer_id, listing)


@routes.get(
    "/students/{student_id}/transfers/{transfer_id}/records-requests/{records_request_id}",
    response_model=RecordsRequestShown,
)
async def get_records_request(
    asked: Asked, who: Reads, student_id: UUID, transfer_id: UUID, records_request_id: UUID
) -> Response:
    """Read a request for records and its answer."""
    return await one_step(asked, REQUEST, KIND, student_id, transfer_id, records_request_id)


@routes.post(
    "/students/{student_id}/transfers/{transfer_id}/records-requests", response_model=RecordsRequestShown,
    status_code=201,
)  # fmt: skip
async def post_records_request(
    asked: Asked, who: WritesOrReports, student_id: UUID, transfer_id: UUID,
    body: Annotated[RecordsRequestIn, Body(examples=[ASKED])],
) -> Response:  # fmt: skip
    """Record that the former school was asked for the student's records. Each time is one step taken."""
    may_write_or_report(who, body.reported)
    request_id = new_id()

    return await respond_about_student(
        asked, REQUEST, request_id, student_id,
        lambda seen: request_records(seen.state, body.to_command(transfer_id, request_id, seen)),
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/transfers/{transfer_id}/records-requests/{records_request_id}/answer",
    response_model=RecordsRequestShown,
)
async def post_records_answer(
    asked: Asked, who: WritesOrReports, student_id: UUID, transfer_id: UUID, records_request_id: UUID,
    body: Annotated[RecordsAnswerIn, Body(examples=[ANSWERED])],
) -> Response:  # fmt: skip
    """Record what the former school answered. A later answer takes the place of the first."""
    may_write_or_report(who, body.reported)
    await must_be_step(asked, REQUEST, KIND, student_id, transfer_id, records_request_id)

    return await respond_about_student(
        asked, REQUEST, records_request_id, student_id,
        lambda seen: answer_records(seen.state, body.to_command(transfer_id, records_request_id, seen)),
        reported=reported_value(body.reported),
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/transfers/{transfer_id}/settlement", response_model=TransferShown,
    responses=problems(SettlementRefused, TransferIsSettled),
)  # fmt: skip
async def post_settlement(
    asked: Asked, who: WritesOrReports, student_id: UUID, transfer_id: UUID,
    body: Annotated[SettlementIn, Body(examples=[SETTLED])],
) -> Response:  # fmt: skip
    """Settle a transfer: comparable services are owed no longer, as something of the district's own stands there."""
    may_write_or_report(who, body.reported)
    if body.eligibility is not None:
        found = await asked.fetch("eligibility", body.eligibility)
        if found is None or found.student != student_id:
            raise cannot_be_true(
                "unknown-eligibility", "This student has no such determination.", "/eligibility"
            )
    beside = [(PLAN, PLAN.stream(body.plan))] if body.plan else []

    return await respond_about_student(
        asked, KIND, transfer_id, student_id,
        lambda seen: settle_transfer(seen.state, body.to_command(transfer_id, seen)), beside=beside,
        reported=reported_value(body.reported),
    )  # fmt: skip
