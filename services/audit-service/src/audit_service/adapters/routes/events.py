"""``GET /audit/v1/events``: the change feed, for whoever wants every change in order."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from audit_service.adapters.routes.answers import CONTENTS_SCOPE
from audit_service.adapters.routes.cursors import Cursor, Limit, feed_cursor, read_feed_cursor
from audit_service.application.evidence import Copy
from audit_service.application.service import audit
from audit_service.application.students import student_about
from audit_service.application.timeline import opened_entry
from audit_service.domain.timeline import TimelineEntry
from contracts.problems import Invalid, NotFound, Reason
from contracts.vocabulary import ServiceName
from runtime.auth import Principal, allow
from runtime.call import Asked, Call
from runtime.http import Routes

routes = Routes(prefix="/audit/v1", tags=["change feed"])
Reader = Annotated[Principal, allow("audit.read")]


class FeedEvent(BaseModel):
    """One event of one log."""

    source: ServiceName
    position: int = Field(description="In the whole source; use it as `after`.")
    index: int = Field(description="In the district's own log.")
    entry: dict[str, Any] = Field(
        description="The entry as logged: ids, times, who, and the digest of the contents."
    )
    contents: dict[str, Any] | None = Field(default=None, description="The event's own fields.")
    contents_status: Literal["included", "not_in_scope", "destroyed", "altered", "unknown", "lost"]


class OneEvent(FeedEvent):
    """One event, opened: as the timeline tells it, with what led to it and what it led to."""

    told: TimelineEntry | None = Field(default=None, description="Within the token's scopes.")
    caused_by: TimelineEntry | None = Field(default=None, description="Of the same student.")
    caused: list[TimelineEntry] = Field(description="Of the same student; at most 200.")
    proof: str = Field(description="Where its proof is: a `.tlog-proof` that anybody can check offline.")


class Feed(BaseModel):
    """A page of the feed. Ask `next` again later for what has come since."""

    items: list[FeedEvent]
    next: str


@routes.get("/events", response_model=Feed)
async def get_events(
    who: Reader, asked: Asked,
    source: Annotated[ServiceName | None, Query(description="One service's log; without it all four, merged.")] = None,
    after: Annotated[int | None, Query(ge=0, lt=2**62, description="Only with `source`: the last position you have.")] = None,
    cursor: Cursor = None, limit: Limit = 100,
) -> Response:  # fmt: skip
    """Follow every change in the order it became known.

    Contents are there only for the sources that the token's scopes cover, and for students the caller may see. Nothing is
    ever inserted before what you have read.
    """
    if (after is not None and source is None) or (cursor is not None and source is not None):
        reason = Reason("conflicting", "send `source` with `after`, or `cursor` alone")
        raise Invalid("These parameters do not go together.", reasons=(reason,))
    wanted = {source.value: after or 0} if source else read_feed_cursor(cursor)
    evidence = audit(asked).evidence
    copies = await evidence.feed(who.tenant, wanted, limit)
    for copy in copies:
        wanted[copy.source] = copy.position
    subjects = {copy.entry.subject for copy in copies}
    students = await evidence.students_among(who.tenant, subjects)
    visible = {subject for subject in subjects if await _may_see(asked, subject)}
    items = [_item(copy, who) for copy in copies if copy.entry.subject in visible]
    for copy, item in zip([copy for copy in copies if copy.entry.subject in visible], items, strict=True):
        if copy.entry.subject in students and item["contents_status"] == "included":
            asked.saw(copy.entry.subject, "event", (copy.entry.id,))
    where = (
        {"source": source.value, "after": wanted[source.value]} if source else {"cursor": feed_cursor(wanted)}
    )
    address = f"{asked.request.scope['path']}?{urlencode(where | {'limit': limit})}"
    return _json({"items": items, "next": address}, {"Link": f'<{address}>; rel="next"'})


@routes.get("/events/{event_id}", response_model=OneEvent)
async def get_event(event_id: UUID, who: Reader, asked: Asked) -> Response:
    """Open one event: its contents, its proof, what led to it and what it led to."""
    evidence = audit(asked).evidence
    opened = await opened_entry(evidence, who.tenant, event_id)
    item = _item(opened.copy, who)
    told: dict[str, Any] = {"caused": []}
    if item["contents_status"] != "not_in_scope":
        told = {
            "told": _told(opened.told), "caused": [_told(each) for each in opened.caused],
            **({"caused_by": _told(opened.cause)} if opened.cause else {}),
        }  # fmt: skip
    student = await student_about(evidence, who.tenant, opened.copy.entry)
    if student is not None:
        asked.saw(student, "event", (event_id,))
    return _json(item | told | {"proof": f"/audit/v1/proofs/{event_id}"}, {})


def _told(entry: TimelineEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json", exclude_none=True)


async def _may_see(asked: Call, subject: UUID) -> bool:
    try:
        await asked.must_see(subject)
    except NotFound:
        return False
    return True


def _item(copy: Copy, who: Principal) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "source": copy.source, "position": copy.position, "index": copy.index,
        "entry": msgspec.Raw(copy.entry_bytes),
    }  # fmt: skip
    if CONTENTS_SCOPE[copy.source] not in who.scopes:
        return shown | {"contents_status": "not_in_scope"}
    if copy.plain is None or copy.closed in {"destroyed", "altered"}:
        return shown | {"contents_status": copy.closed or "unknown"}
    return shown | {"contents": msgspec.Raw(copy.plain), "contents_status": "included"}


def _json(body: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(msgspec.json.encode(body), 200, headers, "application/json")
