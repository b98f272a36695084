"""Consent to the first services under IDEA: each time it was asked for, and each answer (34 CFR 300.300(b))."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, LanguageTag, Narrative, NoticeId
from contracts.ids import new_id
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import Channel, ConsentDecision, ConsentMethod, Law, PlanKind
from plan_service.adapters.routes.about_student import respond_about_student
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import one_of_student, page_of_student
from plan_service.application.desk import Seen
from plan_service.application.plan_model import PLAN
from plan_service.application.protection import plans_in_place
from plan_service.application.shown_initial_services import ServicesConsentRequestShown, ServicesConsentShown
from plan_service.domain.document import document_of
from plan_service.domain.initial_services import (
    AnswerServices,
    AskServicesConsent,
    ServicesConsentNotAsked,
    ServicesConsentRefused,
    answer_services,
    ask_services_consent,
)
from plan_service.domain.plan import Plan
from plan_service.domain.rules import cannot_be_true
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.stream_model import Model

routes = Routes(prefix="/plan/v1", tags=["initial services"])
REQUEST, ANSWER = "services_consent_request", "services_consent"
MOTHER = "d6a6d22f-75d0-5eef-af30-17c1a228c4c4"
ASKED: dict[str, Any] = {
    "holders": [MOTHER],
    "channel": "handed_over",
    "asked_on": "2025-12-05",
    "language": "es",
}
ANSWERED: dict[str, Any] = {
    "holder": MOTHER,
    "decision": "accepted",
    "method": "paper_signature",
    "answered_on": "2025-12-08",
}


class ServicesConsentRequestIn(Form):
    """Rights holders are asked to consent to the first services."""

    holders: tuple[HolderId, ...] = Field(min_length=1, max_length=20)
    """Who was asked; one at least holds the right to decide."""
    channel: Channel
    asked_on: date | None = None
    """Today where nothing is said."""
    plan: UUID | None = None
    """The IEP, still a draft, whose services were explained."""
    language: LanguageTag | None = None
    notice: NoticeId | None = None
    """The prior written notice of the proposal."""
    document: UUID | None = None
    """The letter, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, request_id: UUID, seen: Seen[Student]) -> AskServicesConsent:
        """What the domain decides about."""
        return AskServicesConsent(
            services_consent_request_id=request_id, holder_ids=tuple(dict.fromkeys(self.holders)),
            channel=self.channel, today=seen.today, asked_on=self.asked_on, plan_id=_iep(seen, self.plan),
            language=self.language, notice_id=self.notice,
            document=document_of(seen.state, self.document, "/document"), rules=seen.rules,
            external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


class ServicesConsentIn(Form):
    """Somebody consents to the first services, or refuses them."""

    holder: HolderId
    """Who answers: it counts from a holder of the right to decide."""
    decision: ConsentDecision
    method: ConsentMethod
    answered_on: date | None = None
    """The day of the answer; today where nothing is said."""
    plan: UUID | None = None
    """The IEP, still a draft, whose services were explained."""
    language: LanguageTag | None = None
    """In which it was explained and given."""
    document: UUID | None = None
    """The signed page, among the student's documents."""
    comment: Narrative | None = None
    """In the person's own words."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, consent_id: UUID, seen: Seen[Student], in_place: UUID | None) -> AnswerServices:
        """What the domain decides about."""
        return AnswerServices(
            services_consent_id=consent_id, holder_id=self.holder, decision=self.decision, method=self.method,
            today=seen.today, answered_on=self.answered_on, plan_id=_iep(seen, self.plan), language=self.language,
            document=document_of(seen.state, self.document, "/document"), comment=self.comment,
            served=_stands(seen, in_place), rules=seen.rules, external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/services-consent-requests", response_model=Page[ServicesConsentRequestShown])
async def get_all_services_consent_requests(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List when consent to first services was asked for, of the students you may see."""
    return await asked.page(REQUEST, listing)


@routes.get("/services-consents", response_model=Page[ServicesConsentShown])
async def get_all_services_consents(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the answers about first services of the students you may see."""
    return await asked.page(ANSWER, listing)


@routes.get(
    "/students/{student_id}/services-consent-requests", response_model=Page[ServicesConsentRequestShown]
)
async def get_services_consent_requests(
    asked: Asked, who: Reads, student_id: UUID, listing: Listed
) -> Response:  # fmt: skip
    """List when consent to a student's first services was asked for."""
    return await page_of_student(asked, REQUEST, student_id, listing)


@routes.get(
    "/students/{student_id}/services-consent-requests/{services_consent_request_id}",
    response_model=ServicesConsentRequestShown,
)
async def get_services_consent_request(
    asked: Asked, who: Reads, student_id: UUID, services_consent_request_id: UUID
) -> Response:
    """Read of whom, when and how consent was asked for."""
    return await one_of_student(asked, REQUEST, student_id, services_consent_request_id)


@routes.post(
    "/students/{student_id}/services-consent-requests", response_model=ServicesConsentRequestShown, status_code=201,
    responses=problems(ServicesConsentNotAsked, RuleSetNotShipped),
)  # fmt: skip
async def post_services_consent_request(
    asked: Asked, who: WritesOrReports, student_id: UUID,
    body: Annotated[ServicesConsentRequestIn, Body(examples=[ASKED])],
) -> Response:  # fmt: skip
    """Record that consent to the first services was asked for. Each time is one effort to obtain it."""
    may_write_or_report(who, body.reported)
    request_id = new_id()

    return await respond_about_student(
        asked, REQUEST, request_id, student_id,
        lambda seen: ask_services_consent(seen.state, body.to_command(request_id, seen)),
        beside=_beside(body.plan), reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.get("/students/{student_id}/services-consents", response_model=Page[ServicesConsentShown])
async def get_services_consents(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List the answers about a student's first services."""
    return await page_of_student(asked, ANSWER, student_id, listing)


@routes.get(
    "/students/{student_id}/services-consents/{services_consent_id}", response_model=ServicesConsentShown
)
async def get_services_consent(
    asked: Asked, who: Reads, student_id: UUID, services_consent_id: UUID
) -> Response:
    """Read an answer."""
    return await one_of_student(asked, ANSWER, student_id, services_consent_id)


@routes.post(
    "/students/{student_id}/services-consents", response_model=ServicesConsentShown, status_code=201,
    responses=problems(ServicesConsentRefused, RuleSetNotShipped),
)  # fmt: skip
async def post_services_consent(
    asked: Asked, who: WritesOrReports, student_id: UUID, body: Annotated[ServicesConsentIn, Body(examples=[ANSWERED])]
) -> Response:  # fmt: skip
    """Record an answer. A first IEP is adopted only with consent, and never while a refusal stands.

    Of somebody without the right to decide it is refused, or reported and never consent. Services that were adopted are
    not refused any more but revoked: `POST /plans/{id}/end`.
    """
    may_write_or_report(who, body.reported)
    consent_id = new_id()

    in_place = (await plans_in_place(asked.store, asked.tenant, student_id)).get(Law.IDEA)
    return await respond_about_student(
        asked, ANSWER, consent_id, student_id,
        lambda seen: answer_services(seen.state, body.to_command(consent_id, seen, in_place)),
        beside=_beside(body.plan, in_place), reported=reported_value(body.reported), external_id=body.external_id,
    )  # fmt: skip


def _beside(*plans: UUID | None) -> list[tuple[Model[Any], str]]:
    return [(PLAN, PLAN.stream(plan)) for plan in dict.fromkeys(plans) if plan is not None]


def _stands(seen: Seen[Student], in_place: UUID | None) -> bool:
    """The student has an IEP that was adopted and has not ended."""
    if in_place is None:
        return False
    plan: Plan = seen.of(PLAN, in_place)
    return plan.ever_adopted and not plan.void and not plan.ended_by(seen.today)


def _iep(seen: Seen[Student], plan: UUID | None) -> UUID | None:
    """The plan that is named; refuses another student's, and one that is no IEP."""
    if plan is None:
        return None
    named: Plan = seen.of(PLAN, plan)
    if named.student_id is None or named.student_id != seen.state.student_id:
        raise cannot_be_true("unknown-plan", "This student has no plan by this id.", "/plan")
    if named.kind is not PlanKind.IEP:
        raise cannot_be_true("not-an-iep", "Consent to first services is to those of an IEP.", "/plan")
    return plan
