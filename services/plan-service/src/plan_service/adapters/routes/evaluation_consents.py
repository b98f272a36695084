"""Consent to an evaluation: each time it was asked for, and each answer (34 CFR 300.9, 300.300, 104.35)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, LanguageTag, Narrative, NoticeId
from contracts.ids import new_id
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import Channel, ConsentDecision, ConsentMethod
from plan_service.adapters.routes.about_student import respond_about_student
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import one_step, page_of_steps
from plan_service.application.desk import Seen
from plan_service.application.shown_evaluations import ConsentRequestShown, EvaluationConsentShown
from plan_service.domain.document import document_of
from plan_service.domain.evaluation import EvaluationClosed
from plan_service.domain.evaluation_consent import (
    AnswerEvaluation,
    AskConsent,
    ConsentNotAsked,
    ConsentRefused,
    answer_evaluation,
    ask_consent,
)
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["evaluations"])
REQUEST, ANSWER = "consent_request", "evaluation_consent"
MOTHER = "d6a6d22f-75d0-5eef-af30-17c1a228c4c4"
ASKED: dict[str, Any] = {"holders": [MOTHER], "channel": "letter", "asked_on": "2025-09-15", "language": "es"}
ANSWERED: dict[str, Any] = {
    "holder": MOTHER,
    "decision": "accepted",
    "method": "paper_signature",
    "answered_on": "2025-09-20",
    "received_on": "2025-09-22",
}


class ConsentRequestIn(Form):
    """Rights holders are asked to consent."""

    holders: tuple[HolderId, ...] = Field(min_length=1, max_length=20)
    """Who was asked; one at least holds the right to decide."""
    channel: Channel
    asked_on: date | None = None
    """Today where nothing is said."""
    language: LanguageTag | None = None
    notice: NoticeId | None = None
    """The prior written notice of the proposal to evaluate."""
    document: UUID | None = None
    """The letter, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, evaluation_id: UUID, request_id: UUID, seen: Seen[Student]) -> AskConsent:
        """What the domain decides about."""
        return AskConsent(
            evaluation_id=evaluation_id, consent_request_id=request_id, holder_ids=tuple(dict.fromkeys(self.holders)),
            channel=self.channel, today=seen.today, asked_on=self.asked_on, language=self.language,
            notice_id=self.notice, document=document_of(seen.state, self.document, "/document"),
            rules=seen.rules, external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


class EvaluationConsentIn(Form):
    """Somebody gives or refuses consent."""

    holder: HolderId
    """Who answers: it counts from a holder of the right to decide."""
    decision: ConsentDecision
    method: ConsentMethod
    answered_on: date | None = None
    """The day of the answer; today where nothing is said."""
    received_on: date | None = None
    """The day on which the district had it, from which the clock runs; the same day where nothing is said."""
    language: LanguageTag | None = None
    document: UUID | None = None
    """The signed page, among the student's documents."""
    comment: Narrative | None = None
    """In the person's own words."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, evaluation_id: UUID, consent_id: UUID, seen: Seen[Student]) -> AnswerEvaluation:
        """What the domain decides about."""
        return AnswerEvaluation(
            evaluation_id=evaluation_id, evaluation_consent_id=consent_id, holder_id=self.holder,
            decision=self.decision, method=self.method, today=seen.today, answered_on=self.answered_on,
            received_on=self.received_on, language=self.language,
            document=document_of(seen.state, self.document, "/document"), comment=self.comment,
            rules=seen.rules, external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/evaluation-consents", response_model=Page[EvaluationConsentShown])
async def get_all_evaluation_consents(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the answers about evaluations of the students you may see."""
    return await asked.page(ANSWER, listing)


@routes.get("/consent-requests", response_model=Page[ConsentRequestShown])
async def get_all_consent_requests(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List when consent to evaluate was asked for, of the students you may see."""
    return await asked.page(REQUEST, listing)


@routes.get(
    "/students/{student_id}/evaluations/{evaluation_id}/consent-requests",
    response_model=Page[ConsentRequestShown],
)
async def get_consent_requests(
    asked: Asked, who: Reads, student_id: UUID, evaluation_id: UUID, listing: Listed
) -> Response:
    """List when consent to an evaluation was asked for."""
    return await page_of_steps(asked, REQUEST, "evaluation", student_id, evaluation_id, listing)


@routes.get(
    "/students/{student_id}/evaluations/{evaluation_id}/consent-requests/{consent_request_id}",
    response_model=ConsentRequestShown,
)
async def get_consent_request(
    asked: Asked, who: Reads, student_id: UUID, evaluation_id: UUID, consent_request_id: UUID
) -> Response:
    """Read of whom, when and how consent was asked for."""
    return await one_step(asked, REQUEST, "evaluation", student_id, evaluation_id, consent_request_id)


@routes.post(
    "/students/{student_id}/evaluations/{evaluation_id}/consent-requests", response_model=ConsentRequestShown,
    status_code=201, responses=problems(ConsentNotAsked, EvaluationClosed, RuleSetNotShipped),
)  # fmt: skip
async def post_consent_request(
    asked: Asked, who: WritesOrReports, student_id: UUID, evaluation_id: UUID,
    body: Annotated[ConsentRequestIn, Body(examples=[ASKED])],
) -> Response:  # fmt: skip
    """Record that consent to an evaluation was asked for. Each time is one effort to obtain it."""
    may_write_or_report(who, body.reported)
    request_id = new_id()

    return await respond_about_student(
        asked, REQUEST, request_id, student_id,
        lambda seen: ask_consent(seen.state, body.to_command(evaluation_id, request_id, seen)),
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.get(
    "/students/{student_id}/evaluations/{evaluation_id}/consents", response_model=Page[EvaluationConsentShown]
)
async def get_evaluation_consents(
    asked: Asked, who: Reads, student_id: UUID, evaluation_id: UUID, listing: Listed
) -> Response:
    """List the answers to the question for consent."""
    return await page_of_steps(asked, ANSWER, "evaluation", student_id, evaluation_id, listing)


@routes.get(
    "/students/{student_id}/evaluations/{evaluation_id}/consents/{evaluation_consent_id}",
    response_model=EvaluationConsentShown,
)
async def get_evaluation_consent(
    asked: Asked, who: Reads, student_id: UUID, evaluation_id: UUID, evaluation_consent_id: UUID
) -> Response:
    """Read an answer."""
    return await one_step(asked, ANSWER, "evaluation", student_id, evaluation_id, evaluation_consent_id)


@routes.post(
    "/students/{student_id}/evaluations/{evaluation_id}/consents", response_model=EvaluationConsentShown,
    status_code=201, responses=problems(ConsentRefused, EvaluationClosed, RuleSetNotShipped),
)  # fmt: skip
async def post_evaluation_consent(
    asked: Asked, who: WritesOrReports, student_id: UUID, evaluation_id: UUID,
    body: Annotated[EvaluationConsentIn, Body(examples=[ANSWERED])],
) -> Response:  # fmt: skip
    """Record an answer. Of somebody without the right to decide it is refused, or reported and never consent."""
    may_write_or_report(who, body.reported)
    consent_id = new_id()

    return await respond_about_student(
        asked, ANSWER, consent_id, student_id,
        lambda seen: answer_evaluation(seen.state, body.to_command(evaluation_id, consent_id, seen)),
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip
