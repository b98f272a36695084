"""The console's pages: find a student, read the timeline, see the plan at (D, K), compare two such states."""

from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import Request
from starlette.responses import HTMLResponse, Response

from audit_service.adapters.console.asked import Text, asked_for, frame, student_of
from audit_service.adapters.console.findings_pages import open_findings
from audit_service.adapters.console.render import HEADERS, PICTURE, STYLE, page
from audit_service.adapters.console.route import Pages, SignedIn
from audit_service.adapters.console.session import SignIn
from audit_service.adapters.routes.cursors import page_cursor, read_page_cursor
from audit_service.application.evidence import Narrowed
from audit_service.application.goals_at import goals_at
from audit_service.application.service import audit
from audit_service.application.students import StudentFound, find_students, student_about
from audit_service.application.timeline import opened_entry, plan_at, student_at, timeline
from audit_service.domain.goals_shown import one_of, shown
from audit_service.domain.moment import basis_text, in_order, read_day
from audit_service.domain.packet_text import item_lines
from contracts.canonical import instant
from contracts.goals.picture import picture
from contracts.plain_words import item_in_words
from contracts.plan_diff import describe, diff
from contracts.plan_document import PlanDocument
from contracts.problems import Invalid, NotFound
from contracts.telling_records import CLASS_IN_WORDS
from contracts.vocabulary import ServiceName
from runtime.auth import Forbidden
from runtime.drawing import svg_of

pages = Pages()
ENTRIES = 50


@pages.get("/")
async def find_page(asked: SignedIn, name: Text = "") -> HTMLResponse:
    """Find a student."""
    found: list[StudentFound] = []
    if name.strip():
        number = name.strip() if ":" in name else None
        found = await find_students(
            audit(asked).database, asked.who, name=None if number else name, external_id=number, limit=50
        )
        for student in found:
            asked.saw(student.id, "student", (student.id,), purpose="Find a student in the console")
    return page("find.html", name=name, found=found, **await frame(asked))


@pages.get("/students/{student_id}")
async def student_page(
    student_id: UUID, asked: SignedIn, known_at: Text = "", cursor: Text = "", type: Text = "", service: Text = "",
    from_on: Text = "", to_on: Text = "", by: Text = "",
) -> HTMLResponse:  # fmt: skip
    """A student's timeline."""
    student = await student_of(asked, student_id)
    evidence = audit(asked).evidence
    when = await asked_for(evidence, asked.tenant, "", known_at)
    after, basis = read_page_cursor(student_id, cursor or None)
    chosen = {"type": type, "service": service, "from_on": from_on, "to_on": to_on, "by": by}
    chosen = {name: value.strip() for name, value in chosen.items() if value.strip()}
    told = await timeline(
        evidence, asked.tenant, student_id, known_at=when.known_at, basis=basis, after=after, limit=ENTRIES,
        narrowed=_narrowed(chosen),
    )  # fmt: skip
    open_ = [] if cursor else await open_findings(asked, student_id, when.moment)
    asked.saw(student_id, "timeline", (student_id,), purpose="Read a student's timeline in the console")
    next_ = None
    if told.next is not None:
        known = {"known_at": when.known_text} if when.known_text else {}
        next_ = "?" + urlencode({**known, **chosen, "cursor": page_cursor(student_id, told.next, told.basis)})
    return page(
        "student.html", student=student, when=when, next=next_, later=bool(cursor), instant=instant,
        chosen={name: chosen.get(name, "") for name in ("type", "service", "from_on", "to_on", "by")},
        narrowed=bool(chosen),
        services=[each.value for each in ServiceName], basis=basis_text(told.basis),
        years=[(year, list(entries)) for year, entries in groupby(told.entries, key=lambda each: each.school_year)],
        destroyed=await evidence.destroyed_on(asked.tenant, student_id), in_words=CLASS_IN_WORDS, open=open_,
        **await frame(asked),
    )  # fmt: skip


def _narrowed(chosen: dict[str, str]) -> Narrowed:
    """As the form says it; raises `Invalid` for what is no day and no service."""
    service = chosen.get("service")
    if service is not None and service not in set(ServiceName):
        raise Invalid("There is no such service.")
    from_on, to_on = (
        read_day(chosen[name], date.min, field=name) if name in chosen else None
        for name in ("from_on", "to_on")
    )
    in_order(from_on, to_on)
    return Narrowed(chosen.get("type"), service, from_on, to_on, chosen.get("by"))


@pages.get("/events/{event_id}")
async def event_page(event_id: UUID, asked: SignedIn) -> HTMLResponse:
    """One entry, opened: its contents, its proof, what led to it and what it led to."""
    evidence = audit(asked).evidence
    opened = await opened_entry(evidence, asked.tenant, event_id)
    entry = opened.copy.entry
    student = await student_of(asked, await student_about(evidence, asked.tenant, entry) or entry.subject)
    asked.saw(student.id, "event", (event_id,), purpose="Open an event in the console")
    contents = msgspec.json.format(opened.copy.plain, indent=2).decode() if opened.copy.plain else None
    return page(
        "event.html", student=student, opened=opened, entry=opened.copy.entry, contents=contents, instant=instant,
        **await frame(asked),
    )  # fmt: skip


@pages.get("/plans/{plan_id}")
async def plan_page(
    plan_id: UUID, asked: SignedIn, effective_on: Text = "", known_at: Text = "", basis: Text = ""
) -> HTMLResponse:
    """What bound us on a day, what we knew, who was told."""
    evidence = audit(asked).evidence
    student = await student_of(asked, await evidence.student_of_plan(asked.tenant, plan_id))
    when = await asked_for(evidence, asked.tenant, effective_on, known_at, basis)
    stood = await student_at(evidence, asked.tenant, student.id, when.moment)
    goals = await goals_at(evidence, asked.tenant, student.id, plan_id, when.moment)
    document = next((plan for plan in stood.plans if plan.plan_id == plan_id), None)
    asked.saw(student.id, "plan", (plan_id,), purpose="Read the plan as of a day in the console")
    names = await evidence.names(asked.tenant, _named(stood.to_json()))
    again = urlencode(
        {"effective_on": when.effective_on.isoformat(), "basis": basis_text(stood.basis)}, safe=":,"
    )
    return page(
        "plan.html", student=student, plan_id=plan_id, plan=document, stood=stood, when=when, names=names, again=again,
        notices=[notice for notice in stood.notices if notice.plan in (None, plan_id)],
        delivery=[each for each in stood.delivery if each.plan == plan_id],
        results=[each for each in stood.results if each.plan == plan_id],
        goals=[shown(each) for each in goals], item_lines=item_lines, in_words=item_in_words,
        **await frame(asked),
    )  # fmt: skip


@pages.get("/plans/{plan_id}/goals/{item_id}.svg")
async def goal_picture(
    plan_id: UUID,
    item_id: UUID,
    asked: SignedIn,
    effective_on: Text = "",
    known_at: Text = "",
    basis: Text = "",
) -> Response:
    """A goal's results against the line aimed at, as in the progress report; its words and table stand on the plan's page."""
    evidence = audit(asked).evidence
    student = await student_of(asked, await evidence.student_of_plan(asked.tenant, plan_id))
    when = await asked_for(evidence, asked.tenant, effective_on, known_at, basis)
    goal = one_of(await goals_at(evidence, asked.tenant, student.id, plan_id, when.moment), item_id)
    if goal is None:
        raise NotFound("The plan had no such goal then.")
    asked.saw(student.id, "progress", (item_id,), purpose="See how a goal stands in the console")
    return Response(await svg_of(picture(goal)), 200, HEADERS | PICTURE, "image/svg+xml")


@pages.get("/plans/{plan_id}/compare")
async def compare_page(
    plan_id: UUID,
    asked: SignedIn,
    from_on: Text = "",
    from_known: Text = "",
    to_on: Text = "",
    to_known: Text = "",
) -> HTMLResponse:
    """What differs between two states of a plan."""
    evidence = audit(asked).evidence
    student = await student_of(asked, await evidence.student_of_plan(asked.tenant, plan_id))
    before = await asked_for(evidence, asked.tenant, from_on, from_known)
    after = await asked_for(evidence, asked.tenant, to_on, to_known)
    states: list[PlanDocument | None] = [
        await plan_at(evidence, asked.tenant, plan_id, each.moment) for each in (before, after)
    ]
    asked.saw(student.id, "plan", (plan_id,), purpose="Compare two states of the plan in the console")
    differences = [(difference, describe(difference)) for difference in diff(*states)]
    return page(
        "compare.html", student=student, plan_id=plan_id, before=before, after=after, states=states,
        differences=differences, **await frame(asked),
    )  # fmt: skip


def _named(value: Any) -> set[str]:
    """Every id in an answer."""
    match value:
        case dict():
            return {id_ for inner in value.values() for id_ in _named(inner)}
        case list():
            return {id_ for inner in value for id_ in _named(inner)}
        case str() if len(value) == 36:
            return {value}
    return set()


@pages.get("/sign-in")
async def sign_in(request: Request, to: Text = "/") -> Response:
    """To the issuer's page."""
    console: SignIn = request.app.state.console
    return console.begin(to)


@pages.get("/signed-in")
async def signed_in(request: Request, code: Text = "", state: Text = "") -> Response:
    """Back from the issuer's page."""
    console: SignIn = request.app.state.console
    return await console.finish(request, code, state)


@pages.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Sign out; only from a page of ours."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("Sign out on a page of Handrail.")
    console: SignIn = request.app.state.console
    return console.end()


@pages.get("/signed-out")
async def signed_out() -> Response:
    """After signing out."""
    return page("signed_out.html", who=None)


@pages.get("/console.css")
async def style() -> Response:
    """How it looks."""
    return Response(STYLE, headers={"Cache-Control": "max-age=3600"}, media_type="text/css")
