"""``/audit/v1/findings`` and ``/audit/v1/rules``: what is due, late or unproven, and by which rule."""

import csv
import io
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from audit_service.adapters.routes.answers import CONTENTS_SCOPE, NOTHING_KNOWN, json_answer
from audit_service.adapters.routes.cursors import Basis, Cursor, KnownAt, Limit, list_cursor, read_list_cursor
from audit_service.application.findings import (
    FindingsPage,
    FindingTold,
    Wanted,
    findings_at,
    findings_today,
    students_of,
)
from audit_service.application.service import audit
from audit_service.domain.findings.engine import judgements
from audit_service.domain.findings.finding import State
from audit_service.domain.findings.rules import RulePage, rule_page, rule_pages
from audit_service.domain.moment import Moment, basis_text, day_asked, read_day, read_known
from contracts.problems import Invalid, NotFound, Reason
from contracts.shipped_profiles import shipped_profiles
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes

routes = Routes(prefix="/audit/v1", tags=["findings"])
Reader = Annotated[Principal, allow("audit.read")]
EVERY_CONTENTS = [allow(scope) for scope in CONTENTS_SCOPE.values()]
COLUMNS = (
    "student", "student_name", "rule", "cite", "severity", "state", "says", "trigger_on", "due_on", "done_on", "days_late",
    "cure", "rules", "plan", "item", "events",
)  # fmt: skip


class Findings(BaseModel):
    """A page of findings, those that are due first. They set facts beside rules and are no legal advice."""

    on: date = Field(description="The day they are as of.")
    known_at: str | None = Field(default=None, description="When the last entry used became known.")
    basis: dict[str, int] = Field(
        description="The last index of each log they rest on. Of one student: asked with `on` and it, the answer is the same."
    )
    nothing_known: str | None = Field(
        default=None, description="Of one student, when the moment lies before the first entry: says so."
    )
    waiting: int = Field(default=0, description="Students whose newest events are still to be judged.")
    items: list[FindingTold]
    next: str | None = None


class Rules(BaseModel):
    """Every rule as it holds on a day."""

    items: list[RulePage]


@routes.get("/findings", response_model=Findings, dependencies=EVERY_CONTENTS)
async def get_findings(
    who: Reader, asked: Asked,
    student: Annotated[UUID | None, Query(description="Of one student.")] = None,
    school: Annotated[UUID | None, Query(description="Of the students of a school.")] = None,
    rule: Annotated[str | None, Query(max_length=60, description="Of one rule.", examples=["idea.iep-30"])] = None,
    state: Annotated[list[State] | None, Query(max_length=8, description="In one of these states; may be given again.")] = None,
    case_manager: Annotated[UUID | None, Query(description="Of the students this staff member is case manager of today.")] = None,
    due_before: Annotated[date | None, Query(description="Due before this day.", examples=["2026-03-01"])] = None,
    on: Annotated[str | None, Query(max_length=40, description="As of this day; default today in the district's zone.",
                                    examples=["2026-02-12"])] = None,
    known_at: KnownAt = None, basis: Basis = None,
    format: Annotated[Literal["json", "csv"], Query(description="`csv`: a table, one line a finding.")] = "json",
    cursor: Cursor = None, limit: Limit = 100,
) -> Response:  # fmt: skip
    """List what is due, late or unproven, and what was done in time: each with its rule, facts, events and cure.

    A finding at (D, K) uses events effective on or before D and recorded on or before K, by the rules in force on the day
    that set the duty off. Of one student, or of another moment, it is judged from the logs themselves.
    """
    if student is not None:
        await asked.must_see(student)
        await audit(asked).evidence.must_be_known(who.tenant, student)
    if rule is not None and rule not in judgements():
        reason = Reason(
            "unknown-rule",
            "an id from GET /audit/v1/rules, like idea.iep-30, or access.unusual",
            pointer="/rule",
        )
        raise Invalid("There is no such rule.", reasons=(reason,))
    wanted = Wanted(student, school, rule, tuple(state or ()), case_manager, due_before)
    moment = await _moment(asked, who, on, known_at, basis)
    judging = audit(asked).judging
    moment_asked = student is not None or bool(on or known_at or basis)
    if not moment_asked:
        after = read_list_cursor("findings today", cursor)
        page = await findings_today(judging, who, wanted, after=after, limit=limit)
    else:
        after = read_list_cursor("findings", cursor)
        page = await findings_at(judging, who, wanted, moment, after=after, limit=limit)
    for each in students_of(page.items):
        asked.saw(each, "findings", (each,))
    listed = "findings" if moment_asked else "findings today"
    return _answer(asked.request.url.path, asked.request.query_params.multi_items(), page, format, listed)


async def _moment(
    asked: Any, who: Principal, on: str | None, known_at: str | None, basis: str | None
) -> Moment:
    evidence = audit(asked).evidence
    zone = (await evidence.district(who.tenant)).time_zone
    today = (await evidence.now(who.tenant)).date()
    day = day_asked(read_day(on, today, field="on"), today, field="on")
    return Moment(day, read_known(known_at, zone), await evidence.read_basis(who.tenant, basis))


def _answer(
    path: str, asked: list[tuple[str, str]], page: FindingsPage, format_: str, listed: str
) -> Response:
    links = []
    body: dict[str, Any] = {
        "on": page.on, "basis": page.basis, "waiting": page.waiting,
        "items": [item.model_dump(mode="json", exclude_none=True) for item in page.items],
    }  # fmt: skip
    if page.known_at is not None:
        body["known_at"] = page.known_at.isoformat().replace("+00:00", "Z")
    if not page.basis and any(name == "student" for name, _ in asked):
        body["nothing_known"] = NOTHING_KNOWN
    if page.next is not None:
        again = [(name, value) for name, value in asked if name not in ("cursor", "after_event")]
        body["next"] = f"{path}?{urlencode([*again, ('cursor', list_cursor(listed, page.next))])}"
        links.append(f'<{body["next"]}>; rel="next"')
    of_one = [
        (name, value)
        for name, value in asked
        if name not in ("cursor", "after_event", "on", "known_at", "basis")
    ]
    if page.basis and any(name == "student" for name, _ in of_one):
        fixed = urlencode(
            [*of_one, ("on", page.on.isoformat()), ("basis", basis_text(page.basis))], safe=":,"
        )
        links.append(f'<{path}?{fixed}>; rel="canonical"')
    headers = {"Link": ", ".join(links)} if links else {}
    if format_ == "csv":
        return Response(_csv(page.items), 200, headers | {"Content-Disposition": 'attachment; filename="findings.csv"'},
                        "text/csv; charset=utf-8")  # fmt: skip
    return json_answer(body, headers)


def _csv(items: tuple[FindingTold, ...]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for item in items:
        said = item.model_dump(mode="json")
        said["events"] = " ".join(said["events"])
        writer.writerow([_cell(said[name]) for name in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> str:
    """A cell no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@routes.get("/rules", response_model=Rules)
async def get_rules(
    who: Reader, asked: Asked,
    on: Annotated[str | None, Query(max_length=40, description="As they hold on this day; default today.")] = None,
) -> Response:  # fmt: skip
    """List the rules of the district's own rule set, as they hold on a day: citation, trigger, time, evidence, exceptions.

    Handrail's own, `access.unusual` (a look into a record that no role explains), is none of them, and is read by its id.
    """
    pages = rule_pages(*await _rule_set(asked, who, on), shipped_profiles())
    return json_answer({"items": [page.model_dump(mode="json", exclude_none=True) for page in pages]})


@routes.get("/rules/{rule_id}", response_model=RulePage)
async def get_rule(
    rule_id: str, who: Reader, asked: Asked,
    on: Annotated[str | None, Query(max_length=40, description="As it holds on this day; default today.")] = None,
) -> Response:  # fmt: skip
    """Read what one rule asks, by which text, and how it is judged here."""
    page = rule_page(rule_id, *await _rule_set(asked, who, on), shipped_profiles())
    if page is None:
        raise NotFound("There is no such rule in this district's rule set. See `GET /audit/v1/rules`.")
    return json_answer(page.model_dump(mode="json", exclude_none=True))


async def _rule_set(asked: Any, who: Principal, on: str | None) -> tuple[str, date]:
    moment = await _moment(asked, who, on, None, None)
    district = await audit(asked).judging.district(who.tenant)
    return district.rules_on(moment.effective_on).name, moment.effective_on
