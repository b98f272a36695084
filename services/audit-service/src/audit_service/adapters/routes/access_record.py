"""``GET /audit/v1/access-record``: who saw or received what of a student's record, when and why (300.614, 99.32)."""

from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from audit_service.adapters.routes.answers import json_answer
from audit_service.adapters.routes.cursors import (
    Cursor,
    Limit,
    looks_cursor,
    page_cursor,
    read_looks_cursor,
    read_page_cursor,
)
from audit_service.application.access_record import TYPES, accesses, in_sight, on_paper, unusual_looks
from audit_service.application.service import audit
from audit_service.domain.moment import in_order
from audit_service.domain.timeline import Who
from contracts.event import EventClass
from contracts.vocabulary import AccessGround, Channel
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes

routes = Routes(prefix="/audit/v1", tags=["evidence"])
Reader = Annotated[Principal, allow("audit.read")]


class Unusual(BaseModel):
    """What stands out about a look: set beside facts as they are known now, and no verdict."""

    code: Literal["no-role-for-the-student", "no-longer-works-here"]
    message: str
    citation: str | None = None


class Accessed(BaseModel):
    """One look, one disclosure, one that was struck out, or one export of evidence."""

    what: Literal["seen", "disclosed", "voided", "exported"]
    at: str = Field(
        description="When it was seen; of a disclosure or an export its day; of a striking out the day of it."
    )
    who: Who | None = Field(default=None, description="Who looked, or who sent it.")
    recipient: str | None = None
    purpose: str
    interest: str | None = Field(
        default=None, description="Of a disclosure by hand: what they want it for, in words."
    )
    ground: AccessGround
    parts: list[str]
    count: int = 1
    disclosure: UUID | None = None
    voided: str | None = Field(
        default=None, description="Why the disclosure was struck out: it had been entered by mistake."
    )
    packet: UUID | None = None
    channel: Channel | None = Field(default=None, description="Of a disclosure by hand: how it was given.")
    export: UUID | None = None
    unusual: Unusual | None = Field(
        default=None, description="The party had no role for this student on that day, by what is known now."
    )
    reported: bool = False
    source: str
    event_id: UUID


class AccessRecord(BaseModel):
    """A page of the record of access, in the order it was recorded. Looks of the last minute may still be missing."""

    student: UUID
    items: list[Accessed]
    destroyed_on: date | None = Field(
        default=None,
        description="What was on record until this day was lawfully destroyed, with the record it was of.",
    )
    next: str | None = None


@routes.get("/access-record", response_model=AccessRecord)
async def get_access_record(
    who: Reader, asked: Asked, student: Annotated[UUID, Query(description="Whose record.")],
    unusual: Annotated[bool, Query(description="Only looks that stand out; a page may then be empty and yet go on.")] = False,
    cursor: Cursor = None, limit: Limit = 100,
) -> Response:  # fmt: skip
    """Read who saw or received a student's record. That it was read is recorded too."""
    await asked.must_see(student)
    evidence = audit(asked).evidence
    await evidence.must_be_known(who.tenant, student)
    after, basis = read_page_cursor(student, cursor)
    fixed = basis or await evidence.basis(who.tenant, student, known_at=None, basis=None)
    copies = await evidence.of_student(
        who.tenant, student, basis=fixed, after=after, types=TYPES, limit=limit + 1
    )
    page = copies[:limit]
    asked.saw(student, "access_record", (student,))
    items = await accesses(evidence, who.tenant, page)
    items = [item for item in items if "unusual" in item] if unusual else items
    body: dict[str, Any] = {"student": str(student), "items": items}
    gone = await evidence.destroyed_on(who.tenant, student)
    if EventClass.PROOF in gone:
        body["destroyed_on"] = gone[EventClass.PROOF].isoformat()
    headers = {}
    if len(copies) > limit:
        query: dict[str, Any] = {
            "student": student, "limit": limit, **({"unusual": "true"} if unusual else {}),
            "cursor": page_cursor(student, page[-1].place, fixed),
        }  # fmt: skip
        body["next"] = f"{asked.request.scope['path']}?{urlencode(query)}"
        headers["Link"] = f'<{body["next"]}>; rel="next"'
    return json_answer(body, headers)


class UnusualLook(Accessed):
    """A look that stands out, and whose record it was."""

    student: UUID


class UnusualLooks(BaseModel):
    """A page of looks that stand out, student by student and day by day; it may be empty and yet go on."""

    items: list[UnusualLook]
    next: str | None = None


@routes.get("/access-record/unusual", response_model=UnusualLooks)
async def get_unusual_looks(
    who: Reader, asked: Asked,
    from_on: Annotated[date | None, Query(description="Looks of this day or later.")] = None,
    to_on: Annotated[date | None, Query(description="Looks of this day or earlier.")] = None,
    cursor: Cursor = None, limit: Limit = 100,
) -> Response:  # fmt: skip
    """Find looks that stand out, of every student one may see: by staff without a role for that student on that day."""
    in_order(from_on, to_on)
    evidence = audit(asked).evidence
    # By sight before the page is cut: its cursor names the last look's student.
    found = await evidence.looks(
        who.tenant, await in_sight(evidence, who), after=read_looks_cursor(cursor), from_on=from_on, to_on=to_on,
        limit=limit + 1,
    )  # fmt: skip
    page = found[:limit]
    items = await unusual_looks(evidence, who.tenant, page)
    for student in {UUID(item["student"]) for item in items}:
        asked.saw(student, "access_record", (student,))
    body: dict[str, Any] = {"items": items}
    headers = {}
    if len(found) > limit:
        last = page[-1].entry
        query: dict[str, Any] = {
            "from_on": from_on, "to_on": to_on, "limit": limit,
            "cursor": looks_cursor(last.stream, last.version, page[-1].source),
        }  # fmt: skip
        query = {name: value for name, value in query.items() if value is not None}
        body["next"] = f"{asked.request.scope['path']}?{urlencode(query)}"
        headers["Link"] = f'<{body["next"]}>; rel="next"'
    return json_answer(body, headers)


@routes.get(
    "/access-record.pdf", response_class=Response,
    responses={200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}},
)  # fmt: skip
async def get_access_record_pdf(
    who: Reader, asked: Asked, student: Annotated[UUID, Query(description="Whose record.")]
) -> Response:
    """Read who saw or received a student's record, as a page for the family: a tagged PDF in plain words."""
    await asked.must_see(student)
    evidence = audit(asked).evidence
    await evidence.must_be_known(who.tenant, student)
    content = await on_paper(evidence, who.tenant, student)
    asked.saw(student, "access_record", (student,), purpose="Print the record of access for the family")
    headers = {"Content-Disposition": f'attachment; filename="access-record-{student}.pdf"'}
    return Response(content, 200, headers, "application/pdf")
