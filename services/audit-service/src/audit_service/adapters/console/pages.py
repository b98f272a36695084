"""The console's pages: find a student, read the timeline, see the plan at (D, K), compare two such states."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import Query, Request
from starlette.responses import HTMLResponse, Response

from audit_service.adapters.console.render import STYLE, page
from audit_service.adapters.console.route import Pages, SignedIn
from audit_service.adapters.console.session import SignIn
from audit_service.adapters.routes.cursors import page_cursor, read_page_cursor
from audit_service.application.evidence import Evidence, Narrowed
from audit_service.application.service import audit
from audit_service.application.students import PlanFound, StudentFound, find_students
from audit_service.application.timeline import opened_entry, plan_at, student_at, timeline
from audit_service.domain.moment import Moment, basis_text, read_basis, read_day, read_known
from audit_service.domain.packet_text import item_lines
from contracts.canonical import instant
from contracts.event import EventClass
from contracts.plain_words import item_in_words
from contracts.plan_diff import describe, diff
from contracts.plan_document import PlanDocument
from contracts.problems import Invalid, NotFound
from contracts.telling_records import CLASS_IN_WORDS
from contracts.vocabulary import ServiceName
from runtime.auth import Forbidden
from runtime.call import Call

pages = Pages()
ENTRIES = 50
Text = Annotated[str, Query(max_length=600)]


@dataclass(frozen=True)
class Asked:
    """The two times as somebody chose them, for the form and for the question."""

    effective_on: date
    known_at: datetime | None
    known_text: str
    zone: str
    basis: dict[str, int] | None = None

    @property
    def moment(self) -> Moment:
        """The question."""
        return Moment(self.effective_on, self.known_at, self.basis)

    @property
    def known_is_day(self) -> bool:
        """A date, or nothing: a date control shows it."""
        return len(self.known_text) in (0, len("2026-03-09"))

    def query(self) -> str:
        """As an address says it."""
        known = {"known_at": self.known_text} if self.known_text else {}
        return urlencode({"effective_on": self.effective_on.isoformat(), **known})


async def _asked(evidence: Evidence, tenant: str, effective_on: str, known_at: str, basis: str = "") -> Asked:
    zone = (await evidence.district(tenant)).time_zone
    today = (await evidence.now(tenant)).date()
    day, known = effective_on.strip(), known_at.strip()
    return Asked(read_day(day, today), read_known(known, zone), known, zone, read_basis(basis.strip()))


async def _frame(call: Call) -> dict[str, Any]:
    """What every page shows: the district, and who is signed in."""
    evidence = audit(call).evidence
    names = await evidence.names(call.tenant, {call.who.id})
    district = await evidence.district(call.tenant)
    return {
        "who": call.who,
        "who_name": names.get(call.who.id),
        "district": district.name,
        "zone": district.time_zone,
    }


@dataclass(frozen=True)
class Nameless:
    """A student as pages show them whose name was lawfully destroyed."""

    id: UUID
    name: str = "A student whose name was lawfully destroyed"
    birth_date: date | None = None
    school: str | None = None
    plans: tuple[PlanFound, ...] = ()


async def _student(call: Call, student: UUID) -> StudentFound | Nameless:
    await call.must_see(student)
    found = await find_students(audit(call).database, call.who, student=student, limit=1)
    if found:
        return found[0]
    gone = await audit(call).evidence.destroyed_on(call.tenant, student)
    if EventClass.IDENTITY not in gone:
        raise NotFound("There is no such student here.")
    return Nameless(student)


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
    return page("find.html", name=name, found=found, **await _frame(asked))


@pages.get("/students/{student_id}")
async def student_page(
    student_id: UUID, asked: SignedIn, known_at: Text = "", cursor: Text = "", type: Text = "", service: Text = "",
    from_on: Text = "", to_on: Text = "", by: Text = "",
) -> HTMLResponse:  # fmt: skip
    """A student's timeline."""
    student = await _student(asked, student_id)
    evidence = audit(asked).evidence
    when = await _asked(evidence, asked.tenant, "", known_at)
    after, basis = read_page_cursor(student_id, cursor or None)
    chosen = {"type": type, "service": service, "from_on": from_on, "to_on": to_on, "by": by}
    chosen = {name: value.strip() for name, value in chosen.items() if value.strip()}
    told = await timeline(
        evidence, asked.tenant, student_id, known_at=when.known_at, basis=basis, after=after, limit=ENTRIES,
        narrowed=_narrowed(chosen),
    )  # fmt: skip
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
        destroyed=await evidence.destroyed_on(asked.tenant, student_id), in_words=CLASS_IN_WORDS, **await _frame(asked),
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
    return Narrowed(chosen.get("type"), service, from_on, to_on, chosen.get("by"))


@pages.get("/events/{event_id}")
async def event_page(event_id: UUID, asked: SignedIn) -> HTMLResponse:
    """One entry, opened: its contents, its proof, what led to it and what it led to."""
    evidence = audit(asked).evidence
    opened = await opened_entry(evidence, asked.tenant, event_id)
    student = await _student(asked, opened.copy.entry.subject)
    asked.saw(student.id, "event", (event_id,), purpose="Open an event in the console")
    contents = msgspec.json.format(opened.copy.plain, indent=2).decode() if opened.copy.plain else None
    return page(
        "event.html", student=student, opened=opened, entry=opened.copy.entry, contents=contents, instant=instant,
        **await _frame(asked),
    )  # fmt: skip


@pages.get("/plans/{plan_id}")
async def plan_page(
    plan_id: UUID, asked: SignedIn, effective_on: Text = "", known_at: Text = "", basis: Text = ""
) -> HTMLResponse:
    """What bound us on a day, what we knew, who was told."""
    evidence = audit(asked).evidence
    student = await _student(asked, await evidence.student_of_plan(asked.tenant, plan_id))
    when = await _asked(evidence, asked.tenant, effective_on, known_at, basis)
    stood = await student_at(evidence, asked.tenant, student.id, when.moment)
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
        results=[each for each in stood.results if each.plan == plan_id], item_lines=item_lines, in_words=item_in_words,
        **await _frame(asked),
    )  # fmt: skip


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
    student = await _student(asked, await evidence.student_of_plan(asked.tenant, plan_id))
    before = await _asked(evidence, asked.tenant, from_on, from_known)
    after = await _asked(evidence, asked.tenant, to_on, to_known)
    states: list[PlanDocument | None] = [
        await plan_at(evidence, asked.tenant, plan_id, each.moment) for each in (before, after)
    ]
    asked.saw(student.id, "plan", (plan_id,), purpose="Compare two states of the plan in the console")
    differences = [(difference, describe(difference)) for difference in diff(*states)]
    return page(
        "compare.html", student=student, plan_id=plan_id, before=before, after=after, states=states,
        differences=differences, **await _frame(asked),
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
