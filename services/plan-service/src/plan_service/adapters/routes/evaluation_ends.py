"""An evaluation that is not made: the referral is withdrawn, or the district refuses (34 CFR 300.301(b), 300.503)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, Narrative, NoticeId, StaffId
from contracts.rule_profile import RuleSetNotShipped
from plan_service.adapters.routes.about_student import respond_about_student
from plan_service.adapters.routes.forms import (
    Form,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import must_be_of_student
from plan_service.application.desk import Seen
from plan_service.application.shown_evaluations import EvaluationShown
from plan_service.domain.document import document_of
from plan_service.domain.evaluation import EvaluationClosed
from plan_service.domain.referral import (
    DeclineEvaluation,
    DeclineRefused,
    WithdrawalOfReferralRefused,
    WithdrawReferral,
    decline_evaluation,
    withdraw_referral,
)
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.http import IfMatch, Routes
from runtime.openapi import problems

routes = Routes(prefix="/plan/v1", tags=["evaluations"])
KIND = "evaluation"
WITHDRAWN: dict[str, Any] = {
    "holder": "d6a6d22f-75d0-5eef-af30-17c1a228c4c4",
    "withdrawn_on": "2025-09-18",
    "words": "We will wait until spring.",
}
DECLINED: dict[str, Any] = {
    "declined_on": "2025-09-18",
    "notice": "0d5a4b39-6a2f-5f43-8f0f-4f6a5d3c2b1a",
    "staff": "5e91a5c4-67b6-53dc-b6a6-3901406001c4",
    "reason": "Reads at grade level in three measures; nothing suggests a disability.",
}


class ReferralWithdrawalIn(Form):
    """Somebody takes the referral back."""

    holder: HolderId | None = None
    """Who referred the student, or holds the right to decide."""
    staff: StaffId | None = None
    """The staff member who referred the student."""
    withdrawn_on: date | None = None
    """Today where nothing is said."""
    words: Narrative | None = None
    """In the person's own words."""
    document: UUID | None = None
    """The letter, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id for the withdrawal. The same again answers 200 with the evaluation, and records nothing."""
    reported: ReportedIn | None = None

    def to_command(self, evaluation_id: UUID, seen: Seen[Student]) -> WithdrawReferral:
        """What the domain decides about."""
        return WithdrawReferral(
            evaluation_id=evaluation_id, today=seen.today, withdrawn_on=self.withdrawn_on, holder_id=self.holder,
            staff_id=self.staff, words=self.words, document=document_of(seen.state, self.document, "/document"),
            rules=seen.rules, external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


class EvaluationRefusalIn(Form):
    """The district refuses to evaluate."""

    reason: Narrative
    declined_on: date | None = None
    """Today where nothing is said."""
    notice: NoticeId | None = None
    """The prior written notice of the refusal."""
    staff: StaffId | None = None
    """Who decided it."""
    document: UUID | None = None
    external_id: ExternalId | None = None
    """Your own id for the refusal. The same again answers 200 with the evaluation, and records nothing."""
    reported: ReportedIn | None = None

    def to_command(self, evaluation_id: UUID, seen: Seen[Student]) -> DeclineEvaluation:
        """What the domain decides about."""
        return DeclineEvaluation(
            evaluation_id=evaluation_id, reason=self.reason, today=seen.today, declined_on=self.declined_on,
            notice_id=self.notice, staff_id=self.staff,
            document=document_of(seen.state, self.document, "/document"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


@routes.post(
    "/students/{student_id}/evaluations/{evaluation_id}/withdrawal", response_model=EvaluationShown,
    responses=problems(WithdrawalOfReferralRefused, EvaluationClosed, RuleSetNotShipped),
)  # fmt: skip
async def post_referral_withdrawal(
    asked: Asked, who: WritesOrReports, if_match: IfMatch, student_id: UUID, evaluation_id: UUID,
    body: Annotated[ReferralWithdrawalIn, Body(examples=[WITHDRAWN])],
) -> Response:  # fmt: skip
    """Take a referral back, as whoever made it or decides for the student: nothing more is owed on it."""
    may_write_or_report(who, body.reported)
    await must_be_of_student(asked, KIND, student_id, evaluation_id)

    return await respond_about_student(
        asked, KIND, evaluation_id, student_id,
        lambda seen: withdraw_referral(seen.state, body.to_command(evaluation_id, seen)),
        staff={"/staff": body.staff}, reported=reported_value(body.reported), if_match=if_match,
        external_id=body.external_id, claimed_as="referral_withdrawal",
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/evaluations/{evaluation_id}/refusal", response_model=EvaluationShown,
    responses=problems(DeclineRefused, EvaluationClosed),
)  # fmt: skip
async def post_evaluation_refusal(
    asked: Asked, who: WritesOrReports, if_match: IfMatch, student_id: UUID, evaluation_id: UUID,
    body: Annotated[EvaluationRefusalIn, Body(examples=[DECLINED])],
) -> Response:  # fmt: skip
    """Refuse, as the district, to evaluate: with the prior written notice that says so."""
    may_write_or_report(who, body.reported)
    await must_be_of_student(asked, KIND, student_id, evaluation_id)

    return await respond_about_student(
        asked, KIND, evaluation_id, student_id,
        lambda seen: decline_evaluation(seen.state, body.to_command(evaluation_id, seen)),
        staff={"/staff": body.staff}, reported=reported_value(body.reported), if_match=if_match,
        external_id=body.external_id, claimed_as="evaluation_refusal",
    )  # fmt: skip
