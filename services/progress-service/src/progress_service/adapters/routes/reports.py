"""Progress reports: drafted from the record, issued, read as JSON and as PDF, struck through."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from contracts.ids import new_id
from contracts.problems import Invalid, NotFound, Reason
from progress_service.adapters.routes.asking import BasisOut, KnownAt, UpTo
from progress_service.adapters.routes.forms import (
    VoidIn,
    may_report,
)
from progress_service.adapters.routes.report_form import (
    EXAMPLE,
    FREE,
    DraftOut,
    ReportDueOut,
    ReportIn,
    ReportOut,
    ReportsDueOut,
)
from progress_service.adapters.routes.sessions import Reads, Writes
from progress_service.application.knowledge import asked_text, knowledge_text, read_knowledge, zone_of
from progress_service.application.known_plans import known_plans, today_of
from progress_service.application.record_sessions import no_such_plan
from progress_service.application.reports import (
    begun_on,
    draft_in,
    issue,
    reports_due,
    schedule_in,
    void,
)
from progress_service.application.student_record import StudentRecord, record_of
from progress_service.domain.known import Knowledge
from progress_service.domain.refusals import CannotBeTrue
from progress_service.domain.report import (
    Draft,
    IssueReport,
    ReportAlreadyIssued,
    free_period,
    scheduled_period,
)
from runtime.append_request import Appended
from runtime.call import Asked, Call, Making
from runtime.drawing import drawn
from runtime.http import Routes
from runtime.keyring import KeyGone
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.vault import Vault

routes = Routes(prefix="/progress/v1", tags=["reports"])


async def _drafted(
    asked: Call, student: UUID, plan: UUID, due_on: date | None, first_on: date | None, last_on: date | None
) -> tuple[StudentRecord, Draft, date]:
    async with asked.store.database.read(asked.tenant) as rows:
        today = await today_of(rows)
    record = await record_of(asked.store, asked.tenant, student, Knowledge())
    if plan not in record.histories:
        raise no_such_plan()
    if (due_on is None) == (first_on is None):
        message = "Name due_on, a date of the plan's schedule, or from and until."
        raise Invalid(message, reasons=(Reason("which-period", message, pointer="/due_on"),))
    if due_on is not None:
        dates = schedule_in(record, plan, today)
        period = scheduled_period(dates, due_on, begun_on(record, plan), today)
    else:
        assert first_on is not None
        period = free_period(first_on, min(last_on or today, today))
    return record, draft_in(record, plan, period), today


@routes.get(
    "/students/{student_id}/report-draft", response_model=DraftOut, response_model_exclude_none=True,
    responses=problems(CannotBeTrue),
)  # fmt: skip
async def get_draft(
    student_id: UUID,
    asked: Asked,
    who: Reads,
    plan: Annotated[UUID, Query(description="The plan of which goals are reported.")],
    due_on: Annotated[date | None, Query(description="A date of the plan's progress schedule.")] = None,
    first_on: Annotated[
        date | None, Query(alias="from", description="Beside the schedule: first day.")
    ] = None,
    last_on: Annotated[
        date | None, Query(alias="until", description="Beside the schedule: last day.")
    ] = None,
) -> Response:
    """Read what a progress report would say, drafted from the record: how each goal stands, what was given."""
    _, draft, _ = await _drafted(asked, student_id, plan, due_on, first_on, last_on)
    asked.saw(student_id, "report_draft", [plan])
    answer = DraftOut.of(draft)
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


@routes.get(
    "/students/{student_id}/reports-due", response_model=ReportsDueOut, response_model_exclude_none=True
)
async def get_reports_due(
    student_id: UUID, asked: Asked, who: Reads, known_at: KnownAt = None, basis: UpTo = None
) -> Response:
    """Read every date on which a progress report is due by the plan's own schedule, and the report that answers it."""
    async with asked.store.database.read(asked.tenant) as rows:
        today = await today_of(rows)
        knowledge = read_knowledge(known_at, basis, await zone_of(rows))
    found = await reports_due(asked.store, asked.tenant, student_id, today, knowledge)
    asked.saw(student_id, "reports_due", [each.plan_id for each in found.reports])
    answer = ReportsDueOut(
        student=student_id,
        on=found.on,
        asked_known_at=asked_text(knowledge),
        basis=BasisOut.of(found.basis),
        basis_text=knowledge_text(found.basis),
        reports=[
            ReportDueOut(plan=each.plan_id, due_on=each.due_on, state=each.state, report=each.report,
                         issued_on=each.issued_on, days_late=each.days_late or None)
            for each in found.reports
        ],
    )  # fmt: skip
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


@routes.post(
    "/reports",
    status_code=201,
    response_model=ReportOut,
    responses={
        200: {"description": "The first with this external id.", "model": ReportOut},
        **problems(ReportAlreadyIssued, CannotBeTrue),
    },
)
async def post_report(
    asked: Asked,
    who: Writes,
    body: Annotated[
        ReportIn, Body(openapi_examples={"on schedule": {"value": EXAMPLE}, "beside it": {"value": FREE}})
    ],
) -> Response:
    """Issue a progress report: drafted from the record, with the provider's own words, frozen as PDF and JSON.

    A report issued once is never made anew. For a date of the plan's schedule there is one report.
    """
    may_report(who, body.reported)
    again = await asked.kept_answer()
    if again is not None:
        return again
    async with asked.store.database.read(asked.tenant) as rows:
        plan = (await known_plans(rows, {body.plan})).get(body.plan)
    if plan is None:
        raise no_such_plan()
    try:
        student = await asked.must_see(plan.student_id)
    except NotFound as hidden:
        raise no_such_plan() from hidden
    report_id = new_id()

    async def make(making: Making) -> Appended:
        _, draft, today = await _drafted(asked, student, body.plan, body.due_on, body.first_on, body.last_on)
        command = IssueReport(
            report_id=report_id, on=body.on or today, narratives=body.narratives, summary=body.summary,
            language=body.language, external_id=body.external_id,
            reported=body.reported.to_value() if body.reported else None,
        )  # fmt: skip
        return await issue(asked.store, asked.context, draft, command, drawn, making)

    return await asked.respond("report", report_id, make, external_id=body.external_id)


@routes.get("/reports", response_model=Page[ReportOut])
async def get_reports(
    asked: Asked,
    who: Reads,
    listing: Listed,
    plan: Annotated[UUID | None, Query(description="Only reports on this plan.")] = None,
) -> Response:
    """List progress reports, a page at a time; voided ones say so."""
    return await asked.page("report", listing, fields={"plan": str(plan) if plan else None})


@routes.get(
    "/reports/{report_id}.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}}
)
async def get_report_pdf(report_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read a progress report as it was issued: the very bytes the log commits to."""
    shown = await asked.shown("report", report_id)
    try:
        document = UUID(shown.document["document"]["document"])
        kept = await Vault(asked.store.database, asked.store.keyring).fetch(asked.tenant, document)
    except KeyGone as gone:
        raise NotFound("The report was lawfully destroyed.") from gone
    headers = {"Content-Disposition": f'inline; filename="progress-report-{report_id}.pdf"'}
    return Response(kept.content, 200, headers, kept.media_type)


@routes.get("/reports/{report_id}", response_model=ReportOut)
async def get_report(report_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read a progress report as it was issued."""
    return await asked.one("report", report_id)


@routes.post("/reports/{report_id}/void", response_model=ReportOut)
async def post_report_void(report_id: UUID, body: VoidIn, asked: Asked, who: Writes) -> Response:
    """Strike a report through because it was wrong: it stays as it was issued, and answers no date."""
    shown = await asked.shown("report", report_id)

    async def strike(making: Making) -> Appended:
        return await void(asked.store, asked.context, shown, body.reason, making)

    return await asked.respond("report", report_id, strike)
