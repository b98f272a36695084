"""Progress reports: drafted from everything known, typeset, frozen."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import reduce
from importlib.resources import files
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import text

from contracts.codes import label
from contracts.event import Event, EventClass, Json, Recorded
from contracts.fields import PlanId, StudentId
from contracts.goals.picture import picture, says, table_of
from contracts.goals.progress import POINTS_FOR_A_PICTURE, GoalProgress
from contracts.items import AnyItem, Goal, Objective, ProgressSchedule
from contracts.plan import PlanAdopted
from contracts.plan_history import Lines, fold, holding_on, in_force_on
from contracts.problems import NotFound, VersionConflict
from contracts.progress_reports import GoalPersonalData, GoalReported, ProgressReportIssued
from contracts.service_delivery import delivery
from contracts.streams import report as report_stream
from progress_service.application.known_plans import today_of
from progress_service.application.progress_of import progress_in
from progress_service.application.record_sessions import TRIES
from progress_service.application.recorded_facts import basis_of, facts_in
from progress_service.application.report_words import ENGLISH, ReportWords, in_language, words_in
from progress_service.application.student_record import StudentRecord, record_of
from progress_service.domain.known import Basis, Knowledge
from progress_service.domain.report import (
    Draft,
    IssueReport,
    Report,
    ReportAlreadyIssued,
    ReportDue,
    ReportPeriod,
    due_reports,
    evolve,
    goal_reported,
    issue_report,
    services_reported,
    void_report,
)
from runtime.append_request import AlreadyClaimed, Appended, Change, Claim, Context, Release
from runtime.call import Making
from runtime.event_store import EventStore
from runtime.resources import Shown
from runtime.stream_model import Model, Resource
from runtime.tagged_pdf import tagged_pdf
from runtime.vault import Vault

PDF = "application/pdf"
Draw = Callable[[dict[str, Any]], str]
_NAMED = text("""
    SELECT given_name, family_name FROM students
     WHERE tenant = current_setting('handrail.tenant') AND student = :student""")
_ISSUED = text("""
    SELECT id, document->>'due_on' AS due_on, document->>'issued_on' AS issued_on, document->>'plan' AS plan FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND kind = 'report' AND student = :student
       AND document->'voided' IS NULL AND document->>'due_on' IS NOT NULL""")

_STREAMS = text("""
    SELECT DISTINCT stream FROM resources
     WHERE tenant = current_setting('handrail.tenant') AND kind = 'report' AND student = :student""")


def _resources(report: Report, _event: Event) -> list[Resource]:
    if report.report_id is None:  # What was issued was lawfully destroyed.
        return []
    struck = {"voided": {"reason": report.voided}} if report.voided is not None else {}
    return [
        Resource("report", report.report_id, report.document | struck, report.student_id, report.external_id)
    ]


REPORT: Model[Report] = Model("report", "2", Report(), evolve, _resources)
"""Stream ``report/{id}``; its subject is the student."""


def schedule_in(record: StudentRecord, plan_id: PlanId, today: date) -> tuple[date, ...]:
    """The dates of the plan's own progress schedule: each by the text in force on it, those ahead by today's."""
    lines = fold(record.histories[plan_id].entries)
    texts = [change.item for line in lines.items.values() for change in line]
    named = {day for text_ in texts for day in _dates_of(text_)}
    return tuple(sorted(day for day in named if day in _dates_on(lines, min(day, today))))


def _dates_of(item: AnyItem | None) -> tuple[date, ...]:
    return (item.report_dates or ()) if isinstance(item, ProgressSchedule) else ()


def _dates_on(lines: Lines, day: date) -> set[date]:
    """What the plan in force on ``day`` names."""
    if not in_force_on(lines, day):
        return set()
    holding = (holding_on(line, day) for line in lines.items.values())
    return {each for change in holding if change is not None for each in _dates_of(change.item)}


def begun_on(record: StudentRecord, plan_id: PlanId) -> date:
    """The plan's first day; raises `NotFound` where none was adopted."""
    adopted = [
        entry.event.effective_on
        for entry in record.histories[plan_id].entries
        if isinstance(entry.event, PlanAdopted)
    ]
    if not adopted:
        raise NotFound("This plan has not been adopted.")
    return min(adopted)


def draft_in(record: StudentRecord, plan_id: PlanId, period: ReportPeriod) -> Draft:
    """What the record says for the period: every goal and objective in force on its last day, every service in it."""
    day = period.last_on
    lines = fold(record.histories[plan_id].entries)
    binds = in_force_on(lines, day)
    holding = (holding_on(line, day) for line in lines.items.values()) if binds else iter(())
    items = [
        change.item for change in holding if change is not None and isinstance(change.item, Goal | Objective)
    ]
    items.sort(key=lambda item: (str(item.goal if isinstance(item, Objective) else item.id),
                                 isinstance(item, Objective), item.due_on or date.max))  # fmt: skip
    found = [progress_in(record, item.id, day) for item in items]
    goals = [goal_reported(each.progress, each.mastered_on) for each in found]
    services = delivery(
        record.plans,
        record.sessions,
        record.days,
        period.first_on,
        period.last_on,
        on=record.on,
        named=record.named,
    )
    return Draft(
        plan_id, record.student, period, tuple(goal for goal, _ in goals), tuple(told for _, told in goals),
        services_reported(services), tuple(each.progress for each in found), record.basis,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportsDue:
    """The answer, and what it rests on."""

    on: date
    """The day on which it was so."""
    reports: tuple[ReportDue, ...]
    basis: Basis


async def reports_due(
    store: EventStore, tenant: str, student: StudentId, today: date, knowledge: Knowledge
) -> ReportsDue:
    """Each date of each plan's schedule, and the report that answers it, as known then; raises `NotFound` for nobody's id."""
    record = await record_of(store, tenant, student, knowledge)
    day = knowledge.day(today, record.zone)
    async with store.database.read(tenant) as rows:
        streams = list((await rows.execute(_STREAMS, {"student": student})).scalars())
    facts = knowledge.of_progress(await facts_in(store, tenant, streams))
    issued = _issued_in(facts)
    found: list[ReportDue] = []
    for plan_id in record.histories:
        answered = issued.get(plan_id, {})
        found += due_reports(plan_id, {*schedule_in(record, plan_id, day), *answered}, answered, day)
    of_reports = basis_of((), facts)
    known = [index for index in (record.basis.progress, of_reports.progress) if index is not None]
    waiting = record.basis.waiting + of_reports.waiting
    basis = Basis(record.basis.plan, max(known, default=None), waiting, day)
    return ReportsDue(day, tuple(found), basis)


def _issued_in(facts: Iterable[Recorded[Event]]) -> dict[PlanId, dict[date, tuple[UUID, date]]]:
    """By plan and date of its schedule, the report that counts and its day; the facts stand stream by stream in order."""
    found: dict[PlanId, dict[date, tuple[UUID, date]]] = {}
    for _, of_stream in groupby(facts, key=lambda fact: fact.stream):
        report = reduce(evolve, (fact.event for fact in of_stream), Report())
        due_on = report.document.get("due_on")
        if (
            report.voided is None
            and due_on is not None
            and report.report_id
            and report.plan_id
            and report.issued_on
        ):
            answered = found.setdefault(report.plan_id, {})
            answered[date.fromisoformat(due_on)] = report.report_id, report.issued_on
    return found


async def _issued(
    store: EventStore, tenant: str, student: StudentId
) -> dict[PlanId, dict[date, tuple[UUID, date]]]:
    found: dict[PlanId, dict[date, tuple[UUID, date]]] = {}
    async with store.database.read(tenant) as rows:
        for row in await rows.execute(_ISSUED, {"student": student}):
            answered = found.setdefault(UUID(row.plan), {})
            answered[date.fromisoformat(row.due_on)] = row.id, date.fromisoformat(row.issued_on)
    return found


async def issue(
    store: EventStore, context: Context, draft: Draft, command: IssueReport, draw: Draw, making: Making
) -> Appended:
    """Typeset, keep and freeze the report. Durable on return; the PDF is kept before the event that names it."""
    async with store.database.read(context.tenant) as rows:
        today = await today_of(rows)
        named = (await rows.execute(_NAMED, {"student": draft.student_id})).one_or_none()
    issued = await _issued(store, context.tenant, draft.student_id)
    answered: Mapping[date, UUID] = {
        due_on: report for due_on, (report, _) in issued.get(draft.plan_id, {}).items()
    }
    called = {"given_name": named.given_name, "family_name": named.family_name} if named else {}
    command = replace(command, **called)
    draft = in_words_of(draft, command.language)
    (event,) = issue_report(command, draft, answered, None, today)
    pdf = await asyncio.to_thread(report_pdf, event, draft.pictures, draw)
    document = await Vault(store.database, store.keyring).keep(
        context.tenant, draft.student_id, pdf, PDF, EventClass.RECORD
    )
    events = issue_report(command, draft, answered, document, today)
    stream = report_stream(command.report_id)
    loaded = (await store.load_many(context.tenant, [(REPORT, stream)]))[stream]
    due_on = draft.period.due_on
    claims = [Claim(ANSWERS, _answers(draft.plan_id, due_on), command.report_id)] if due_on else []
    try:
        return await store.append(
            context, [Change(loaded, draft.student_id, events)], claims=[*making.claims, *claims], answer=making.answer
        )  # fmt: skip
    except AlreadyClaimed as taken:
        if taken.kind == ANSWERS and taken.owner is not None and due_on is not None:
            raise ReportAlreadyIssued(taken.owner, due_on) from taken  # Somebody was faster.
        raise


ANSWERS = "report_date"
"""What only one report at a time holds: a date of a plan's schedule. A void gives it back."""


def _answers(plan_id: PlanId, due_on: date | str) -> str:
    return f"{plan_id}/{due_on}"


def in_words_of(draft: Draft, language: str) -> Draft:
    """The draft with its sentences in the language the report is issued in."""
    words = words_in(language)
    drawn = {progress.item.id: progress for progress in draft.pictures}
    told = tuple(
        goal.model_copy(update={"in_words": words.sentences(drawn[goal.item_id])}) for goal in draft.told
    )
    return replace(draft, told=told)


async def void(store: EventStore, context: Context, shown: Shown, reason: str, making: Making) -> Appended:
    """Strike a report through. Durable on return; once more changes nothing."""
    assert shown.student is not None
    stream = report_stream(shown.id)
    for attempt in range(TRIES):
        loaded = (await store.load_many(context.tenant, [(REPORT, stream)]))[stream]
        events = void_report(loaded.state, reason)
        try:
            return await store.append(
                context, [Change(loaded, shown.student, events)], releases=_gives_back(loaded.state), answer=making.answer
            )  # fmt: skip
        except VersionConflict:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _gives_back(report: Report) -> list[Release]:
    due_on = report.document.get("due_on")
    if due_on is None or report.plan_id is None or report.voided is not None:
        return []
    return [Release(ANSWERS, _answers(report.plan_id, due_on))]


def report_pdf(event: ProgressReportIssued, pictures: tuple[GoalProgress, ...], draw: Draw) -> bytes:
    """The report as a tagged PDF (PDF/UA-1): the same bytes for the same report."""
    template = (files("progress_service") / "templates" / "report.typ").read_bytes()
    said = json.dumps(words_of(event, pictures, draw), ensure_ascii=False)
    return tagged_pdf(template, said, datetime.combine(event.effective_on, time(12), UTC))


def words_of(event: ProgressReportIssued, pictures: tuple[GoalProgress, ...], draw: Draw) -> Json:
    """Everything that stands in the PDF, in the report's language."""
    words = words_in(event.language)
    drawn = {progress.item.id: progress for progress in pictures}
    told = {each.item_id: each for each in event.personal.goals}
    name = " ".join(filter(None, (event.personal.given_name, event.personal.family_name)))
    headings = ("title", "stands", "measured_on", "result", "aim", "legend", "services", "service", "promised", "given",
                "made_up", "missed")  # fmt: skip
    return {
        "lang": words.tag,
        "direction": words("direction"),
        "words": {key: words(key) for key in headings},
        "note": words("note") if "note" in words.texts else None,
        "name": name or None,
        "number": str(event.report_id),
        "issued_on": words("issued_on", day=words.day(event.effective_on)),
        "period": words("period", first=words.day(event.first_on), last=words.day(event.last_on)),
        "due_on": words("due_on", day=words.day(event.due_on)) if event.due_on else None,
        "summary": event.personal.summary,
        "goals": [
            _goal(goal, told[goal.item_id], drawn[goal.item_id], draw, words)
            for goal in event.goals
            if goal.item_id in told
        ],
        "services": [
            {
                "service": label("service", each.service) if each.service else words("a_service"),
                "owed": str(each.owed) if each.owed is not None else words("not_said"),
                "delivered": str(each.delivered), "made_up": str(each.made_up), "missed": str(each.missed),
            }
            for each in event.services
        ],
    }  # fmt: skip


def _goal(
    goal: GoalReported, told: GoalPersonalData, progress: GoalProgress, draw: Draw, words: ReportWords
) -> Json:
    enough = progress.enough_for_a_picture
    heading = "goal" if goal.goal is None else "step"
    few = words("too_few", needed=POINTS_FOR_A_PICTURE, count=len(progress.points))
    return {
        "heading": words(heading, statement=told.statement or words("no_words")),
        "standing": words.standing(goal.standing),
        "in_words": told.in_words,
        "narrative": told.narrative,
        "alt": says(progress) if words.tag == ENGLISH else told.in_words,
        "picture": draw(in_language(picture(progress), words)) if enough and goal.goal is None else None,
        "too_few": None if enough else few,
        "rows": [
            [words.day(row.result.measured_on), f"{row.result.value} {row.result.unit}",
             "" if row.aim is None else f"{float(row.aim):.1f}"]
            for row in table_of(progress)[-12:]
        ],
    }  # fmt: skip
