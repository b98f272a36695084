"""The console's pages of findings: what is open, late or missed, of the district or of one student; and what a rule asks."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import HTMLResponse

from audit_service.adapters.console.asked import Text, asked_for, frame, student_of
from audit_service.adapters.console.render import page
from audit_service.adapters.console.route import Pages, SignedIn
from audit_service.adapters.routes.cursors import list_cursor, read_list_cursor
from audit_service.application.findings import FindingsPage, Wanted, findings_at, findings_today, students_of
from audit_service.application.service import audit
from audit_service.domain.findings.finding import State
from audit_service.domain.findings.rules import rule_page as page_of_rule
from audit_service.domain.findings.rules import rules_judged
from audit_service.domain.moment import basis_text, read_day
from contracts.problems import NotFound
from contracts.shipped_profiles import shipped_profiles
from runtime.call import Call

pages = Pages()
MANY = 50
OPEN_OR_MISSED = (State.OVERDUE, State.MISSED, State.UNPROVEN)
_STATES = {
    "": OPEN_OR_MISSED, "every": (), "due": (State.DUE,), "overdue": (State.OVERDUE,), "missed": (State.MISSED,),
    "unproven": (State.UNPROVEN,), "met_late": (State.MET_LATE,), "met": (State.MET,), "excused": (State.EXCUSED,),
    "not_applicable": (State.NOT_APPLICABLE,),
}  # fmt: skip
_WORDS = {"": "Overdue, missed or unproven", "every": "Every state"}


@pages.get("/findings")
async def findings_page(
    asked: SignedIn, state: Text = "", rule: Text = "", due_before: Text = "", on: Text = "", known_at: Text = "",
    cursor: Text = "",
) -> HTMLResponse:  # fmt: skip
    """What is open in the district, of the students one may see."""
    return await _shown(
        asked,
        None,
        {"state": state, "rule": rule, "due_before": due_before, "on": on, "known_at": known_at},
        cursor,
    )


@pages.get("/students/{student_id}/findings")
async def student_findings_page(
    student_id: UUID, asked: SignedIn, state: Text = "every", rule: Text = "", due_before: Text = "", on: Text = "",
    known_at: Text = "", cursor: Text = "",
) -> HTMLResponse:  # fmt: skip
    """Every finding of a student."""
    chosen = {"state": state, "rule": rule, "due_before": due_before, "on": on, "known_at": known_at}
    return await _shown(asked, student_id, chosen, cursor)


async def _shown(asked: Call, student_id: UUID | None, chosen: dict[str, str], cursor: str) -> HTMLResponse:
    student = await student_of(asked, student_id) if student_id else None
    judging = audit(asked).judging
    wanted = Wanted(
        student_id, None, chosen["rule"] or None, _STATES.get(chosen["state"], OPEN_OR_MISSED),
        due_before=read_day(chosen["due_before"], date.max) if chosen["due_before"] else None,
    )  # fmt: skip
    other = student_id is not None or bool(chosen["on"] or chosen["known_at"])
    listed = "findings" if other else "findings today"
    after = read_list_cursor(listed, cursor or None)
    if other:
        when = await asked_for(judging.evidence, asked.tenant, chosen["on"], chosen["known_at"])
        found = await findings_at(judging, asked.who, wanted, when.moment, after=after, limit=MANY)
    else:
        found = await findings_today(judging, asked.who, wanted, after=after, limit=MANY)
    for each in students_of(found.items):
        asked.saw(each, "findings", (each,), purpose="Read findings in the console")
    path = f"/students/{student_id}/findings" if student_id else "/findings"
    return page(
        "findings.html", student=student, page=found, chosen=chosen, path=path, rules=list(rules_judged()),
        states=[(value, _WORDS.get(value, value.replace("_", " ").capitalize())) for value in _STATES],
        next=_next(path, chosen, listed, found), basis=basis_text(found.basis), **await frame(asked),
    )  # fmt: skip


def _next(path: str, chosen: dict[str, str], listed: str, found: FindingsPage) -> str | None:
    if found.next is None:
        return None
    query = {name: value for name, value in chosen.items() if value}
    return f"{path}?{urlencode(query | {'cursor': list_cursor(listed, found.next)})}"


async def open_findings(asked: Call, student_id: UUID, moment: Any) -> Sequence[Any]:
    """What is open or missed of one student, for the student's own page."""
    wanted = Wanted(student_id, states=OPEN_OR_MISSED)
    found = await findings_at(audit(asked).judging, asked.who, wanted, moment, after=None, limit=MANY)
    return found.items


@pages.get("/rules/{rule_id}")
async def rule_page(rule_id: str, asked: SignedIn, on: Text = "") -> HTMLResponse:
    """What a rule asks, by which text, and how it is judged."""
    judging = audit(asked).judging
    when = await asked_for(judging.evidence, asked.tenant, on, "")
    name = (await judging.district(asked.tenant)).rules_on(when.effective_on).name
    rule = page_of_rule(rule_id, name, when.effective_on, shipped_profiles())
    if rule is None:
        raise NotFound("There is no such rule in this district's rule set.")
    lines = [
        ("Rule set", rule.rules), ("Where it stands", rule.cite), ("Severity", rule.severity), ("Set off by", rule.trigger),
        ("Due", rule.due), ("Satisfied by", rule.satisfied_by), ("Except", rule.excused_by), ("Reads", rule.finding),
        ("Set by the state", rule.set_by_state), ("In force from", rule.in_force_from), ("Note", rule.note),
    ]  # fmt: skip
    return page("rule.html", rule=rule, lines=[line for line in lines if line[1]], **await frame(asked))
