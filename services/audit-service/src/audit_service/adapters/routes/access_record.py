"""``GET /audit/v1/access-record``: who saw or received what of a student's record, when and why (300.614, 99.32)."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from audit_service.adapters.routes.answers import json_answer
from audit_service.adapters.routes.cursors import Cursor, Limit, page_cursor, read_page_cursor
from audit_service.application.access_record import TYPES, accesses
from audit_service.application.service import audit
from audit_service.domain.timeline import Who
from contracts.vocabulary import AccessGround
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes

routes = Routes(prefix="/audit/v1", tags=["evidence"])
Reader = Annotated[Principal, allow("audit.read")]


class Accessed(BaseModel):
    """One look, or one disclosure."""

    what: Literal["seen", "disclosed"]
    at: str = Field(description="When it was seen; of a disclosure its day.")
    who: Who | None = Field(default=None, description="Who looked, or who sent it.")
    recipient: str | None = None
    purpose: str
    ground: AccessGround
    parts: list[str]
    count: int = 1
    packet: UUID | None = None
    reported: bool = False
    source: str
    event_id: UUID


class AccessRecord(BaseModel):
    """A page of the record of access, in the order it was recorded. Looks of the last minute may still be missing."""

    student: UUID
    items: list[Accessed]
    next: str | None = None


@routes.get("/access-record", response_model=AccessRecord)
async def get_access_record(
    who: Reader, asked: Asked, student: Annotated[UUID, Query(description="Whose record.")], cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:  # fmt: skip
    """Read who saw or received a student's record."""
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
    body: dict[str, Any] = {"student": str(student), "items": await accesses(evidence, who.tenant, page)}
    headers = {}
    if len(copies) > limit:
        query = {"student": student, "limit": limit, "cursor": page_cursor(student, page[-1].place, fixed)}
        body["next"] = f"{asked.request.scope['path']}?{urlencode(query)}"
        headers["Link"] = f'<{body["next"]}>; rel="next"'
    return json_answer(body, headers)
