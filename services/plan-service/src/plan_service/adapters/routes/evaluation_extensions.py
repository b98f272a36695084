"""Another last day for an evaluation, or none any more (34 CFR 300.301(d), 300.309(c))."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, Name, Narrative, StaffId
from contracts.ids import new_id
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import ConsentMethod, ExtensionGround
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
from plan_service.application.shown_evaluations import EvaluationExtensionShown
from plan_service.domain.document import document_of
from plan_service.domain.evaluation import EvaluationClosed
from plan_service.domain.evaluation_extension import (
    ExtendEvaluation,
    ExtensionRefused,
    extend_evaluation,
)
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["evaluations"])
KIND = "evaluation_extension"
AGREED: dict[str, Any] = {
    "ground": "learning_disability",
    "agreed_on": "2025-11-10",
    "due_on": "2025-12-19",
    "holder": "d6a6d22f-75d0-5eef-af30-17c1a228c4c4",
    "staff": "5e91a5c4-67b6-53dc-b6a6-3901406001c4",
    "method": "paper_signature",
    "words": "Six more weeks of reading instruction are to be measured.",
}
NOT_PRODUCED: dict[str, Any] = {"ground": "not_produced", "days": ["2025-10-06", "2025-10-14"]}


class EvaluationExtensionIn(Form):
    """Why the evaluation has another last day, or none any more."""

    ground: ExtensionGround
    agreed_on: date | None = None
    """When it was agreed, or found; today where nothing is said."""
    due_on: date | None = None
    """The day agreed on. Of absences it is counted, of a child who is not produced none is left."""
    days: tuple[date, ...] = Field(default=(), max_length=200)
    """Days on which the child was asked for and not produced; or school days of absence."""
    holder: HolderId | None = None
    """Who agreed, of those who decide for the student."""
    staff: StaffId | None = None
    """Who agreed for the district."""
    method: ConsentMethod | None = None
    words: Narrative | None = None
    previous_agency: Name | None = None
    """Where the time had begun, of a student who has moved in."""
    document: UUID | None = None
    """The signed agreement, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, evaluation_id: UUID, extension_id: UUID, seen: Seen[Student]) -> ExtendEvaluation:
        """What the domain decides about."""
        return ExtendEvaluation(
            evaluation_id=evaluation_id, evaluation_extension_id=extension_id, ground=self.ground, today=seen.today,
            agreed_on=self.agreed_on, due_on=self.due_on, days=tuple(sorted(set(self.days))), holder_id=self.holder,
            staff_id=self.staff, method=self.method, words=self.words, previous_agency=self.previous_agency,
            document=document_of(seen.state, self.document, "/document"), rules=seen.rules,
            external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/evaluation-extensions", response_model=Page[EvaluationExtensionShown])
async def get_all_evaluation_extensions(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List where an evaluation got another last day, of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get(
    "/students/{student_id}/evaluations/{evaluation_id}/extensions", response_model=Page[EvaluationExtensionShown]
)  # fmt: skip
async def get_evaluation_extensions(
    asked: Asked, who: Reads, student_id: UUID, evaluation_id: UUID, listing: Listed
) -> Response:
    """List where an evaluation got another last day."""
    return await page_of_steps(asked, KIND, "evaluation", student_id, evaluation_id, listing)


@routes.get(
    "/students/{student_id}/evaluations/{evaluation_id}/extensions/{evaluation_extension_id}",
    response_model=EvaluationExtensionShown,
)
async def get_evaluation_extension(
    asked: Asked, who: Reads, student_id: UUID, evaluation_id: UUID, evaluation_extension_id: UUID
) -> Response:
    """Read why an evaluation has another last day."""
    return await one_step(asked, KIND, "evaluation", student_id, evaluation_id, evaluation_extension_id)


@routes.post(
    "/students/{student_id}/evaluations/{evaluation_id}/extensions", response_model=EvaluationExtensionShown,
    status_code=201, responses=problems(ExtensionRefused, EvaluationClosed, RuleSetNotShipped),
)  # fmt: skip
async def post_evaluation_extension(
    asked: Asked, who: WritesOrReports, student_id: UUID, evaluation_id: UUID,
    body: Annotated[EvaluationExtensionIn, Body(examples=[AGREED, NOT_PRODUCED])],
) -> Response:  # fmt: skip
    """Give an evaluation another last day, or none: by agreement, for absences, or because the child is not produced."""
    may_write_or_report(who, body.reported)
    extension_id = new_id()

    return await respond_about_student(
        asked, KIND, extension_id, student_id,
        lambda seen: extend_evaluation(seen.state, body.to_command(evaluation_id, extension_id, seen)),
        staff={"/staff": body.staff}, reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip
