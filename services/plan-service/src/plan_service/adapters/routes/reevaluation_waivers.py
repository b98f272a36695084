"""Agreements that a reevaluation is unnecessary (34 CFR 300.303(b)(2))."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, StaffId
from contracts.ids import new_id
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import ConsentMethod
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
from plan_service.application.shown_evaluations import ReevaluationWaiverShown
from plan_service.domain.document import document_of
from plan_service.domain.reevaluation import WaiveReevaluation, WaiverRefused, waive_reevaluation
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["evaluations"])
KIND = "reevaluation_waiver"
EXAMPLE: dict[str, Any] = {
    "holder": "d6a6d22f-75d0-5eef-af30-17c1a228c4c4",
    "staff": "5e91a5c4-67b6-53dc-b6a6-3901406001c4",
    "method": "paper_signature",
    "agreed_on": "2025-11-03",
    "due_on": "2025-12-01",
}


class ReevaluationWaiverIn(Form):
    """A rights holder and the district agree that the reevaluation is unnecessary."""

    holder: HolderId
    staff: StaffId | None = None
    """Who agreed for the district."""
    method: ConsentMethod
    agreed_on: date | None = None
    """Today where nothing is said."""
    due_on: date | None = None
    """Which reevaluation; by default the next one due, where an evaluation is on record here."""
    document: UUID | None = None
    """The signed page, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, waiver_id: UUID, seen: Seen[Student]) -> WaiveReevaluation:
        """What the domain decides about."""
        return WaiveReevaluation(
            reevaluation_waiver_id=waiver_id, holder_id=self.holder, method=self.method, today=seen.today,
            agreed_on=self.agreed_on, due_on=self.due_on, staff_id=self.staff,
            document=document_of(seen.state, self.document, "/document"), rules=seen.rules, external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/reevaluation-waivers", response_model=Page[ReevaluationWaiverShown])
async def get_all_reevaluation_waivers(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the reevaluations waived of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/reevaluation-waivers", response_model=Page[ReevaluationWaiverShown])
async def get_reevaluation_waivers(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List a student's reevaluations that were waived."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get(
    "/students/{student_id}/reevaluation-waivers/{reevaluation_waiver_id}",
    response_model=ReevaluationWaiverShown,
)
async def get_reevaluation_waiver(
    asked: Asked, who: Reads, student_id: UUID, reevaluation_waiver_id: UUID
) -> Response:
    """Read who agreed that which reevaluation is unnecessary."""
    return await one_of_student(asked, KIND, student_id, reevaluation_waiver_id)


@routes.post(
    "/students/{student_id}/reevaluation-waivers", response_model=ReevaluationWaiverShown, status_code=201,
    responses=problems(WaiverRefused, RuleSetNotShipped),
)  # fmt: skip
async def post_reevaluation_waiver(
    asked: Asked, who: WritesOrReports, student_id: UUID,
    body: Annotated[ReevaluationWaiverIn, Body(examples=[EXAMPLE])],
) -> Response:  # fmt: skip
    """Record the agreement that a reevaluation is unnecessary: before it is due, by who holds the right to decide."""
    may_write_or_report(who, body.reported)
    waiver_id = new_id()

    return await respond_about_student(
        asked, KIND, waiver_id, student_id,
        lambda seen: waive_reevaluation(seen.state, body.to_command(waiver_id, seen)), staff={"/staff": body.staff},
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip
