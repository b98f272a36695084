"""Plans: listed, adopted, reviewed; and statements beside them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Body, Query
from starlette.responses import Response

from contracts.fields import ExternalId, Narrative
from contracts.ids import new_id
from contracts.plan import NoticeWordsPersonalData, PlanEvent
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import PlanKind, RequestVia, ReviewOutcome
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.of_a_plan import list_of_plan, one_of_plan
from plan_service.adapters.routes.shapes import PlanOut, ReviewOut, StatementOut
from plan_service.application.adopting import Adoption, AnotherPlanInEffect, adopt_draft
from plan_service.application.drafts import Drafts
from plan_service.application.situation import Situation, decide
from plan_service.domain.adoption import AdoptionRefused
from plan_service.domain.amendment import NeverAdopted
from plan_service.domain.draft import NoDraft
from plan_service.domain.review import HoldReview, ReviewRefused, hold_review
from plan_service.domain.statement import AddStatement, add_statement
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["plans"])
MEETING = "7d1e5b8c-9d04-4a1f-8a44-c2b7d9a41f6a"
HOLDER = "5b8c9d04-4a1f-4a44-82b7-d9a41f6a7d1e"
ADOPTION = {
    "effective_on": "2026-11-24",
    "meeting": MEETING,
    "notice": {
        "explanation": "He reads on the level of second grade and asks for help with every text.",
        "evaluations_used": "The evaluation of October 2026; the reading log.",
        "options_considered": "Help in class only was tried in September; he still fell behind.",
        "other_factors": "None.",
    },
}


class AdoptionIn(Form):
    """From when the draft binds."""

    effective_on: date
    """The first day."""
    meeting: UUID | None = None
    """The meeting that decided it. An IEP needs one: held, with its attendance recorded."""
    review_due_on: date | None = None
    """504: the day the district's policy sets. An IEP is due a year after its meeting, at the latest."""
    individual_reason: Narrative | None = None
    """Where the draft's advice finds the set of most plans around it: why it is this student's own, from their data."""
    notice: NoticeWordsPersonalData | None = None
    """Words for the notice that is owed of it: it goes out at once where every part then says something. What is not
    said here can be said of the notice itself: `POST /notify/v1/notices/{id}/parts`."""
    reported: ReportedIn | None = None


class ReviewIn(Form):
    """What a review came to."""

    outcome: ReviewOutcome
    meeting: UUID | None = None
    """The meeting in which it was held. An IEP needs one."""
    held_on: date | None = None
    """504 without a meeting on record: the day; today where nothing is said."""
    review_due_on: date | None = None
    """504: the next one, by the district's policy."""
    reason: Narrative | None = None
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the plan, and records nothing."""
    reported: ReportedIn | None = None


class StatementIn(Form):
    """Somebody's own words, kept as they are."""

    holder: UUID
    """Whose statement it is."""
    text: Narrative
    made_on: date | None = None
    """The day on the statement; today where nothing is said."""
    via: RequestVia | None = None
    document: UUID | None = None
    """Its scan, among the student's documents."""
    external_id: ExternalId | None = None
    reported: ReportedIn | None = None


@routes.get("/plans", response_model=Page[PlanOut])
async def get_plans(
    asked: Asked, who: Reads, listing: Listed,
    kind: Annotated[PlanKind | None, Query(description="Only IEPs, or only Section 504 plans.")] = None,
) -> Response:  # fmt: skip
    """List plans, a page at a time; drafts and ended ones too. What a plan says is read singly."""
    return await asked.page("plan", listing, fields={"kind": kind.value if kind else None})


@routes.post(
    "/plans/{plan_id}/adoption", response_model=PlanOut,
    responses=problems(AdoptionRefused, AnotherPlanInEffect, NoDraft, RuleSetNotShipped),
)  # fmt: skip
async def post_adoption(
    plan_id: UUID, if_match: IfMatch, asked: Asked, who: WritesOrReports,
    body: Annotated[
        AdoptionIn,
        Body(openapi_examples={"IEP": {"value": ADOPTION}}),
    ],
) -> Response:  # fmt: skip
    """Adopt the draft as it stands: it binds from a day on. If-Match is the draft's ETag: what binds is what you read.

    Refused with everything that is missing at once, each with its citation and what would cure it.
    """
    may_write_or_report(who, body.reported)
    wanted = Adoption(
        body.effective_on, body.meeting, body.review_due_on, body.individual_reason, reported_value(body.reported),
        body.notice,
    )  # fmt: skip

    async def adopt(making: Making) -> Appended:
        drafts = Drafts(asked.store)
        return await adopt_draft(
            drafts, asked.context, plan_id, wanted, if_match=if_match, answer=making.answer
        )

    return await asked.respond("plan", plan_id, adopt)


@routes.post(
    "/plans/{plan_id}/reviews",
    response_model=PlanOut,
    responses=problems(ReviewRefused, NeverAdopted, RuleSetNotShipped),
)
async def post_review(
    plan_id: UUID,
    if_match: IfMatch,
    asked: Asked,
    who: WritesOrReports,
    body: Annotated[
        ReviewIn, Body(openapi_examples={"IEP": {"value": {"outcome": "continued", "meeting": MEETING}}})
    ],
) -> Response:
    """Record a review of the plan; the next one is due from there. What it changes is adopted or amended apart."""
    may_write_or_report(who, body.reported)

    def review(seen: Situation) -> list[PlanEvent]:
        command = HoldReview(
            body.outcome, seen.today, seen.rules, body.held_on, seen.meeting, body.review_due_on, body.reason,
            reported_value(body.reported), body.external_id,
        )  # fmt: skip
        return hold_review(seen.plan, command)

    return await asked.respond("plan", plan_id, lambda making: decide(
        asked.store, asked.context, plan_id, review, if_match=if_match, meeting_id=lambda _plan: body.meeting,
        claims=making.claims, answer=making.answer, reported=reported_value(body.reported)),
        external_id=body.external_id, claimed_as="review")  # fmt: skip


@routes.get("/plans/{plan_id}/reviews", response_model=Page[ReviewOut])
async def get_reviews(plan_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the reviews of the plan, a page at a time."""
    return await list_of_plan(asked, "review", plan_id, listing)


@routes.get("/plans/{plan_id}/reviews/{review_id}", response_model=ReviewOut)
async def get_review(plan_id: UUID, review_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one review."""
    return await one_of_plan(asked, "review", plan_id, review_id)


@routes.post("/plans/{plan_id}/statements", status_code=201, response_model=StatementOut)
async def post_statement(
    plan_id: UUID, asked: Asked, who: WritesOrReports,
    body: Annotated[StatementIn, Body(openapi_examples={"letter": {"value": {
        "holder": HOLDER, "text": "We asked for the reading teacher by name.", "via": "letter"}}})],
) -> Response:  # fmt: skip
    """Keep a parent's or adult student's statement with the plan, unedited, for as long as the record is kept."""
    may_write_or_report(who, body.reported)
    statement_id = new_id()

    def add(seen: Situation) -> list[PlanEvent]:
        command = AddStatement(
            statement_id, body.holder, body.text, seen.today, body.made_on, body.via,
            seen.people.document(body.document, "/document"), body.external_id, reported_value(body.reported),
        )  # fmt: skip
        return add_statement(seen.plan, command, seen.people)

    return await asked.respond("statement", statement_id, lambda making: decide(
        asked.store, asked.context, plan_id, add, claims=making.claims, answer=making.answer, void_too=True),
        external_id=body.external_id)  # fmt: skip


@routes.get("/plans/{plan_id}/statements", response_model=Page[StatementOut])
async def get_statements(plan_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the statements kept with the plan, a page at a time."""
    return await list_of_plan(asked, "statement", plan_id, listing)


@routes.get("/plans/{plan_id}/statements/{statement_id}", response_model=StatementOut)
async def get_statement(plan_id: UUID, statement_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one statement."""
    return await one_of_plan(asked, "statement", plan_id, statement_id)
