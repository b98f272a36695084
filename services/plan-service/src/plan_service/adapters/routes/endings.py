"""The end of a plan, and what a student who leaves takes along (34 CFR 300.305(e), 300.300(b)(4))."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, ItemId, LanguageTag, Narrative, NoticeId
from contracts.ids import new_id
from contracts.plan import ExitSummaryPersonalData, PlanEvent, Revocation
from contracts.vocabulary import Channel, ConsentMethod, PlanEnd
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.of_a_plan import list_of_plan, one_of_plan
from plan_service.adapters.routes.shapes import ExitSummaryOut, PlanOut
from plan_service.application.notices_given import notices_given
from plan_service.application.situation import Situation, decide
from plan_service.domain.amendment import NeverAdopted
from plan_service.domain.ending import EndPlan, EndRefused, GroundOfEnd, PlanHasEnded, end_plan
from plan_service.domain.exit_summary import GiveExitSummary, SummaryRefused, give_exit_summary
from runtime.call import Asked
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["plans"])
KIND = "exit_summary"
GRADUATED: dict[str, Any] = {
    "reason": "graduated",
    "effective_on": "2026-06-12",
    "notices": ["019351f0-7c1d-7f5e-9b7a-2f4f1c9d8e07"],
}
SUMMARY: dict[str, Any] = {
    "to_student": True,
    "channel": "handed_over",
    "given_on": "2026-06-04",
    "academic_achievement": "Reads on grade level with audio; writes with a word processor.",
    "functional_performance": "Plans a week alone. Asks for help when it is loud.",
    "recommendations": "Time and a half for written examinations; a quiet room.",
    "what_worked": "Extended time, used in four of five tests.",
    "student_statement": "I work best when I know the plan of the day.",
}


class ConsentRevocationIn(Form):
    """Consent to all services was taken back."""

    holder: HolderId
    """Who revoked."""
    revoked_on: date
    """The day on the letter."""
    method: ConsentMethod
    document: UUID | None = None
    """The letter, among the student's documents."""


class PlanEndIn(Form):
    """Why and from when the plan binds no longer."""

    reason: PlanEnd
    effective_on: date
    """The first day without it."""
    explanation: Narrative | None = None
    revocation: ConsentRevocationIn | None = None
    """Of `consent_revoked`: who did, and how (34 CFR 300.300(b)(4))."""
    notices: tuple[NoticeId, ...] = ()
    """The notices of this end. An end that the district proposes waits for them."""
    reported: ReportedIn | None = None

    def to_command(self, seen: Situation) -> EndPlan:
        """What the domain decides about."""
        revocation = None
        if self.revocation is not None:
            told = self.revocation
            revocation = Revocation(
                holder_id=told.holder, revoked_on=told.revoked_on, method=told.method,
                document=seen.people.document(told.document, "/revocation/document"),
            )  # fmt: skip
        return EndPlan(
            self.reason, self.effective_on, seen.today, self.explanation, revocation,
            tuple(dict.fromkeys(self.notices)), reported_value(self.reported),
        )  # fmt: skip


class ExitSummaryIn(Form):
    """What the student who leaves was given, to whom and how. Say what it says, or name the document."""

    to_student: bool = True
    """The student was given it."""
    holders: tuple[HolderId, ...] = ()
    """Rights holders who were given it too."""
    channel: Channel
    given_on: date | None = None
    """Today where nothing is said."""
    language: LanguageTag | None = None
    academic_achievement: Narrative | None = None
    functional_performance: Narrative | None = None
    recommendations: Narrative | None = None
    """How to be helped towards the goals after school."""
    what_worked: Narrative | None = None
    """Which accommodations helped, and how they were used."""
    student_statement: Narrative | None = None
    """The student's own words."""
    items: tuple[ItemId, ...] = ()
    """The accommodations of the plan that worked."""
    document: UUID | None = None
    """The summary itself, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, summary_id: UUID, seen: Situation) -> GiveExitSummary:
        """What the domain decides about."""
        said = {name: getattr(self, name) for name in ExitSummaryPersonalData.model_fields}
        return GiveExitSummary(
            exit_summary_id=summary_id, to_student=self.to_student, channel=self.channel, today=seen.today,
            given_on=self.given_on, holder_ids=tuple(dict.fromkeys(self.holders)), language=self.language,
            items=tuple(dict.fromkeys(self.items)), says=ExitSummaryPersonalData(**said) if any(said.values()) else None,
            document=seen.people.document(self.document, "/document"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


@routes.post(
    "/plans/{plan_id}/end", response_model=PlanOut, responses=problems(EndRefused, NeverAdopted, PlanHasEnded)
)
async def post_end(
    plan_id: UUID, if_match: IfMatch, asked: Asked, who: WritesOrReports,
    body: Annotated[PlanEndIn, Body(openapi_examples={"graduated": {"value": GRADUATED}})],
) -> Response:  # fmt: skip
    """End the plan from a day on. Everything recorded of it stays.

    Without an evaluation first, only a diploma, the student's age or a revocation ends eligibility; what the district
    proposes waits for notice, and for the end of a due process complaint that is open; a revocation is in writing.
    """
    may_write_or_report(who, body.reported)
    notices = await notices_given(asked.store.database, asked.tenant, plan_id, None)

    def end(seen: Situation) -> list[PlanEvent]:
        student = seen.around.state
        ground = GroundOfEnd(
            seen.people, student.evaluations, notices, seen.rules, seen.stay_put,
            student.personal.birth_date if student.personal else None,
        )  # fmt: skip
        return end_plan(seen.plan, body.to_command(seen), ground)

    return await asked.respond("plan", plan_id, lambda making: decide(
        asked.store, asked.context, plan_id, end, if_match=if_match, answer=making.answer,
        reported=reported_value(body.reported)))  # fmt: skip


@routes.post(
    "/plans/{plan_id}/exit-summaries", status_code=201, response_model=ExitSummaryOut,
    responses=problems(SummaryRefused, NeverAdopted),
)  # fmt: skip
async def post_exit_summary(
    plan_id: UUID, asked: Asked, who: WritesOrReports,
    body: Annotated[ExitSummaryIn, Body(openapi_examples={"Summary of Performance": {"value": SUMMARY}})],
) -> Response:  # fmt: skip
    """Record that a student who leaves was given a Summary of Performance, or a Section 504 plan's handover."""
    may_write_or_report(who, body.reported)
    summary_id = new_id()

    def give(seen: Situation) -> list[PlanEvent]:
        return give_exit_summary(seen.plan, body.to_command(summary_id, seen), seen.people)

    return await asked.respond(KIND, summary_id, lambda making: decide(
        asked.store, asked.context, plan_id, give, claims=making.claims, answer=making.answer,
        reported=reported_value(body.reported)), external_id=body.external_id)  # fmt: skip


@routes.get("/plans/{plan_id}/exit-summaries", response_model=Page[ExitSummaryOut])
async def get_exit_summaries(plan_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the summaries given under the plan, a page at a time."""
    return await list_of_plan(asked, KIND, plan_id, listing)


@routes.get("/plans/{plan_id}/exit-summaries/{exit_summary_id}", response_model=ExitSummaryOut)
async def get_exit_summary(plan_id: UUID, exit_summary_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one summary."""
    return await one_of_plan(asked, KIND, plan_id, exit_summary_id)
