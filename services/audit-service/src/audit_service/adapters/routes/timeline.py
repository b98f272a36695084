"""A student found, told and replayed: ``/audit/v1/students``."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from audit_service.adapters.routes.answers import CONTENTS_SCOPE, NOTHING_KNOWN, json_answer
from audit_service.adapters.routes.cursors import (
    Basis,
    Cursor,
    EffectiveOn,
    KnownAt,
    Limit,
    page_cursor,
    read_page_cursor,
)
from audit_service.adapters.routes.plans import ComparedState, State
from audit_service.application.evidence import Narrowed
from audit_service.application.service import audit
from audit_service.application.students import StudentFound, find_students
from audit_service.application.timeline import student_at, timeline
from audit_service.domain.moment import (
    Moment,
    basis_text,
    day_asked,
    in_order,
    read_day,
    read_known,
    read_state,
)
from audit_service.domain.replay import StudentReplay
from audit_service.domain.replay_diff import PlanDifferences, StandingDifference, student_diff
from audit_service.domain.timeline import TimelineEntry
from contracts.event import EventClass
from contracts.problems import NotFound
from contracts.vocabulary import ServiceName
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes

routes = Routes(prefix="/audit/v1", tags=["evidence"])
Reader = Annotated[Principal, allow("audit.read")]
EVERY_CONTENTS = [allow(scope) for scope in CONTENTS_SCOPE.values()]
"""Sentences and replays show what stands in the events of every service."""


EventType = Annotated[
    str | None,
    Query(max_length=64, pattern=r"^[a-z_.]+$", description="An event's name, or a beginning: `plan.`, `notice.given`."),
]  # fmt: skip
OfService = Annotated[ServiceName | None, Query(description="Events of one service only.")]
FromOn = Annotated[date | None, Query(description="Effective on this day or later.")]
ToOn = Annotated[date | None, Query(description="Effective on this day or earlier.")]
By = Annotated[str | None, Query(max_length=64, description="Who acted, by id.")]


class StudentsFound(BaseModel):
    """Students that fit."""

    items: list[StudentFound]


class Timeline(BaseModel):
    """A page of a student's timeline."""

    student: UUID
    basis: dict[str, int] = Field(
        description="The last index of each log that all pages of this reading rest on."
    )
    items: list[TimelineEntry]
    nothing_known: str | None = Field(
        default=None, description="There when the moment lies before the first entry: says so."
    )
    destroyed: dict[EventClass, date] | None = Field(
        default=None, description="Classes of contents that were lawfully destroyed, each with its day."
    )
    next: str | None = None


@routes.get("/students", response_model=StudentsFound, dependencies=[allow(CONTENTS_SCOPE["plan"])])
async def get_students(
    who: Reader, asked: Asked,
    name: Annotated[str | None, Query(max_length=200, description="Beginnings of names, in any order.")] = None,
    external_id: Annotated[str | None, Query(max_length=300, description="Another system's id, `SOURCE:ID`.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
) -> Response:  # fmt: skip
    """Find a student."""
    found = await find_students(audit(asked).database, who, name=name, external_id=external_id, limit=limit)
    for student in found:
        asked.saw(student.id, "student", (student.id,))
    return json_answer({"items": [student.model_dump(mode="json", exclude_none=True) for student in found]})


@routes.get("/students/{student_id}/timeline", response_model=Timeline, dependencies=EVERY_CONTENTS)
async def get_timeline(
    student_id: UUID, who: Reader, asked: Asked, known_at: KnownAt = None, basis: Basis = None, cursor: Cursor = None,
    type: EventType = None, service: OfService = None, from_on: FromOn = None, to_on: ToOn = None, by: By = None,
    limit: Limit = 100,
) -> Response:  # fmt: skip
    """Read a student's timeline: every event of every service, in the order it became known, as sentences.

    Narrowed by kind of event, service, day and who acted; each entry names its school year. `GET /events/{event_id}` opens one.
    """
    evidence = audit(asked).evidence
    zone = (await evidence.district(who.tenant)).time_zone
    in_order(from_on, to_on)
    after, fixed = read_page_cursor(student_id, cursor)
    page = await timeline(
        evidence, who.tenant, student_id, known_at=read_known(known_at, zone),
        basis=fixed if fixed is not None else await evidence.read_basis(who.tenant, basis), after=after, limit=limit,
        narrowed=Narrowed(type, service.value if service else None, from_on, to_on, by),
    )  # fmt: skip
    body: dict[str, Any] = {
        "student": str(student_id),
        "basis": page.basis,
        "items": [entry.model_dump(mode="json", exclude_none=True) for entry in page.entries],
    }
    if not page.basis:
        body["nothing_known"] = NOTHING_KNOWN
    if gone := await evidence.destroyed_on(who.tenant, student_id):
        body["destroyed"] = {each.value: on.isoformat() for each, on in gone.items()}
    headers = {}
    if page.next is not None:
        query: dict[str, Any] = {
            "limit": limit, "type": type, "service": service.value if service else None, "from_on": from_on, "to_on": to_on,
            "by": by, "cursor": page_cursor(student_id, page.next, page.basis),
        }  # fmt: skip
        query = {name: value for name, value in query.items() if value is not None}
        body["next"] = f"{asked.request.scope['path']}?{urlencode(query)}"
        headers["Link"] = f'<{body["next"]}>; rel="next"'
    return json_answer(body, headers)


class ReplayedStudent(StudentReplay):
    """A student's record as it stood on a day, as then known."""

    nothing_known: str | None = Field(
        default=None, description="There when the moment lies before the first entry: says so."
    )


@routes.get("/students/{student_id}/replay", response_model=ReplayedStudent, dependencies=EVERY_CONTENTS)
async def get_replay(
    student_id: UUID, who: Reader, asked: Asked, effective_on: EffectiveOn = None, known_at: KnownAt = None,
    basis: Basis = None,
) -> Response:  # fmt: skip
    """Replay a student's record as it stood on a day, as then known.

    Plans, notices, sessions against what was owed, results, reports and findings, folded from the logs themselves. Asked
    again with the `effective_on` and the `basis` it names, the answer is the same to the byte.
    """
    evidence = audit(asked).evidence
    now = await evidence.now(who.tenant)
    moment = Moment(
        day_asked(read_day(effective_on, now.date()), now.date()),
        read_known(known_at, (await evidence.district(who.tenant)).time_zone),
        await evidence.read_basis(who.tenant, basis),
    )
    answer = await student_at(evidence, who.tenant, student_id, moment, audit(asked).judging)
    query = {"effective_on": answer.effective_on.isoformat(), "basis": basis_text(answer.basis)}
    again = f"{asked.request.scope['path']}?{urlencode(query, safe=':,')}"
    if not answer.basis:
        return json_answer(answer.to_json() | {"nothing_known": NOTHING_KNOWN})
    headers = {"Link": f'<{again}>; rel="canonical"'}
    return Response(answer.to_bytes(), 200, headers, "application/json")


class StudentDiffOut(BaseModel):
    """What differs between two states of a student's record."""

    student: UUID
    from_: ComparedState = Field(alias="from")
    to: ComparedState
    plans: list[PlanDifferences]
    notices: list[StandingDifference]
    delivery: list[StandingDifference]
    results: list[StandingDifference]
    reports: list[StandingDifference]
    findings: list[StandingDifference]


@routes.get("/students/{student_id}/diff", response_model=StudentDiffOut, dependencies=EVERY_CONTENTS)
async def get_student_diff(
    student_id: UUID, who: Reader, asked: Asked, to: State, from_: Annotated[State, Query(alias="from")]
) -> Response:
    """Compare two states of a student's record: plans item by item, delivery, results, notices, reports and findings.

    The same day at two instants tells what became known in between; two days as known at one instant, what happened.
    """
    evidence = audit(asked).evidence
    today = (await evidence.now(who.tenant)).date()
    zone = (await evidence.district(who.tenant)).time_zone
    moments = [read_state(text, today, zone, field=field) for text, field in ((from_, "from"), (to, "to"))]
    before, after = [
        await student_at(evidence, who.tenant, student_id, each, audit(asked).judging) for each in moments
    ]
    if not before.basis and not after.basis:
        raise NotFound("Nothing was known of this student then.")
    sides = [
        {name: value for name, value in each.to_json().items() if name in ComparedState.model_fields}
        for each in (before, after)
    ]
    found = student_diff(before, after).model_dump(mode="json", exclude_none=True)
    return json_answer({"student": str(student_id), "from": sides[0], "to": sides[1], **found})
