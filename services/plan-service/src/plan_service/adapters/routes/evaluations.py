"""Evaluations: a referral begins one, consent is asked and answered, then it is completed (34 CFR 300.300-300.303)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.evaluations import Assessment, AssessorPersonalData
from contracts.fields import Code, ExternalId, HolderId, Line, Name, Narrative, StaffId
from contracts.ids import new_id
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import EvaluationKind, Law, WithoutConsent
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
from plan_service.application.shown_evaluations import EvaluationShown
from plan_service.domain.document import document_of, documents_of
from plan_service.domain.evaluation import EvaluationClosed
from plan_service.domain.evaluation_completed import (
    CompleteEvaluation,
    EvaluationRefused,
    complete_evaluation,
)
from plan_service.domain.referral import ReceiveReferral, ReferralRefused, receive_referral
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["evaluations"])
KIND = "evaluation"
REFERRED: dict[str, Any] = {
    "kind": "initial",
    "laws": ["idea", "504"],
    "source": "parent",
    "holder": "d6a6d22f-75d0-5eef-af30-17c1a228c4c4",
    "referred_on": "2025-09-08",
    "words": "She reads slowly and is tired by it.",
}
COMPLETED: dict[str, Any] = {
    "completed_on": "2025-11-14",
    "assessments": [
        {
            "area": "academic_performance",
            "what": "Reading fluency, three passages",
            "on": "2025-10-20",
            "staff": "5e91a5c4-67b6-53dc-b6a6-3901406001c4",
        },
        {"area": "vision", "what": "Vision screening", "on": "2025-09-04", "existing": True,
         "by": {"name": "Dr. Imre Voss", "capacity": "optometrist"}},
    ],
    "summary": "Decoding is well below grade level; listening comprehension is not.",
}  # fmt: skip


class ReferralIn(Form):
    """Somebody asks that the student be evaluated."""

    kind: EvaluationKind
    laws: tuple[Law, ...] = Field(min_length=1, max_length=2)
    """Under which law, or under both."""
    source: Code
    """From whom: a code of `GET /codes/referral_source`."""
    holder: HolderId | None = None
    """The rights holder or contact who refers the student."""
    staff: StaffId | None = None
    """The staff member who does."""
    name: Name | None = None
    """Who does, where it is neither."""
    words: Narrative | None = None
    """In the person's own words."""
    referred_on: date | None = None
    """Today where nothing is said."""
    agreed_by: HolderId | None = None
    """Who agreed to a reevaluation less than a year after the last one (34 CFR 300.303(b)(1))."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same referral again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, evaluation_id: UUID, seen: Seen[Student]) -> ReceiveReferral:
        """What the domain decides about."""
        return ReceiveReferral(
            evaluation_id=evaluation_id, kind=self.kind, laws=tuple(dict.fromkeys(self.laws)), source=self.source,
            today=seen.today, referred_on=self.referred_on, holder_id=self.holder, staff_id=self.staff, name=self.name,
            words=self.words, agreed_by=self.agreed_by, rules=seen.rules, external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


class AssessorIn(Form):
    """Who assessed the student, where it was nobody of the staff."""

    name: Name
    capacity: Line | None = None
    """As what: a clinic's psychologist, a physician."""


class AssessmentIn(Form):
    """One thing that was assessed, by whom and when."""

    area: Code
    """A code of `GET /codes/assessment_area`."""
    what: Line | None = None
    """The test, scale, observation or record."""
    on: date
    existing: bool = False
    """Existing data, or a test that all take: needs no consent."""
    staff: StaffId | None = None
    by: AssessorIn | None = None
    document: UUID | None = None
    """The report, among the student's documents."""

    def to_value(self, place: int, student: Student) -> Assessment:
        """As it stands on the event."""
        by = AssessorPersonalData(name=self.by.name, capacity=self.by.capacity) if self.by else None
        return Assessment(
            area=self.area, what=self.what, done_on=self.on, existing=self.existing, staff_id=self.staff, personal=by,
            document=document_of(student, self.document, f"/assessments/{place}/document"),
        )  # fmt: skip


class EvaluationCompletionIn(Form):
    """What was assessed; with it the evaluation is complete."""

    completed_on: date | None = None
    """Today where nothing is said."""
    assessments: tuple[AssessmentIn, ...] = Field(min_length=1, max_length=100)
    without_consent: WithoutConsent | None = None
    """The exception it rests on, where there was no consent."""
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    """The reports, among the student's documents; with `hearing_decision` the decision."""
    summary: Narrative | None = None
    external_id: ExternalId | None = None
    """Your own id for the completion. The same again answers 200 with the evaluation, and records nothing."""
    reported: ReportedIn | None = None

    def to_command(self, evaluation_id: UUID, seen: Seen[Student]) -> CompleteEvaluation:
        """What the domain decides about."""
        return CompleteEvaluation(
            evaluation_id=evaluation_id,
            assessments=tuple(each.to_value(place, seen.state) for place, each in enumerate(self.assessments)),
            today=seen.today, completed_on=self.completed_on, without_consent=self.without_consent,
            documents=documents_of(seen.state, self.documents, "/documents"), summary=self.summary,
            external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/evaluations", response_model=Page[EvaluationShown])
async def get_all_evaluations(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the evaluations of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/evaluations", response_model=Page[EvaluationShown])
async def get_evaluations(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List a student's evaluations."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/evaluations/{evaluation_id}", response_model=EvaluationShown)
async def get_evaluation(asked: Asked, who: Reads, student_id: UUID, evaluation_id: UUID) -> Response:
    """Read an evaluation: how far it has come, by when it is due, what was assessed."""
    return await one_of_student(asked, KIND, student_id, evaluation_id)


@routes.post(
    "/students/{student_id}/evaluations", response_model=EvaluationShown, status_code=201,
    responses=problems(ReferralRefused, RuleSetNotShipped),
)  # fmt: skip
async def post_evaluation(
    asked: Asked,
    who: WritesOrReports,
    student_id: UUID,
    body: Annotated[ReferralIn, Body(examples=[REFERRED])],
) -> Response:
    """Record a referral: somebody asks that the student be evaluated, for the first time or again."""
    may_write_or_report(who, body.reported)
    evaluation_id = new_id()

    return await respond_about_student(
        asked, KIND, evaluation_id, student_id,
        lambda seen: receive_referral(seen.state, body.to_command(evaluation_id, seen)), staff={"/staff": body.staff},
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/evaluations/{evaluation_id}/completion", response_model=EvaluationShown,
    responses=problems(EvaluationRefused, EvaluationClosed),
)  # fmt: skip
async def post_completion(
    asked: Asked, who: WritesOrReports, student_id: UUID, evaluation_id: UUID,
    body: Annotated[EvaluationCompletionIn, Body(examples=[COMPLETED])],
) -> Response:  # fmt: skip
    """Complete an evaluation. It rests on consent or on an exception; late it is still taken, and `in_time` is false."""
    may_write_or_report(who, body.reported)
    staff = {f"/assessments/{place}/staff": each.staff for place, each in enumerate(body.assessments)}

    return await respond_about_student(
        asked, KIND, evaluation_id, student_id,
        lambda seen: complete_evaluation(seen.state, body.to_command(evaluation_id, seen)), staff=staff,
        reported=reported_value(body.reported),
        external_id=body.external_id, claimed_as="evaluation_completion",
    )  # fmt: skip
