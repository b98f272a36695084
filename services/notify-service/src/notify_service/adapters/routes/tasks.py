"""What waits for a person: notices that cannot go out, that nobody can be told of, or that need a translation."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from contracts.vocabulary import NoticeKind, NoticeOccasion
from notify_service.adapters.at_hand import at_hand
from notify_service.adapters.routes.forms import ReasonOut
from notify_service.adapters.showing import REASONS
from notify_service.adapters.tables import OUTBOX, UNADDRESSED
from runtime import sight
from runtime.auth import Principal, allow
from runtime.call import Asked, Call
from runtime.http import Routes
from runtime.paging import Listed, Listing, Page

Reads = Annotated[Principal, allow("notice.read")]
routes = Routes(prefix="/notify/v1", tags=["notices"])
WAITS = ("blocked", "in_doubt", "to_post")
BESIDE = (
    "unopened",
    "language-fallback",
    "letters-not-shown",
    "asked-for-language",
    "asked-for-interpreter",
    "asked-for-paper",
)
NAME = "tasks"


class TaskOut(BaseModel):
    """One thing for a person to see to."""

    id: UUID
    """Of the notice; of one that nobody holds the right to there is no notice to read yet."""
    student: UUID
    holder: UUID | None = None
    kind: NoticeKind | None = None
    occasion: NoticeOccasion | None = None
    due_on: date | None = None
    """The last day on which the notice is in time, where a number is set."""
    reasons: list[ReasonOut]


@routes.get("/tasks", response_model=Page[TaskOut])
async def get_tasks(who: Reads, asked: Asked, listing: Listed) -> Response:
    """List what waits for a person: each notice that is owed and cannot go out by itself, and why."""
    service = at_hand(asked.request).service
    async with service.database.read(asked.tenant) as rows:
        found = sorted(
            [*await _notices(rows, asked, listing), *await _nobodys(rows, asked, listing)],
            key=lambda task: str(task["id"]),
        )
    shown = found[: listing.limit]
    for task in shown:
        asked.saw(UUID(task["student"]), "notice", (UUID(task["id"]),))
    last = UUID(shown[-1]["id"]) if len(found) > listing.limit else None
    return asked.listed(shown, listing, NAME, last)


async def _notices(rows: AsyncConnection, call: Call, listing: Listing) -> Sequence[dict[str, Any]]:
    table = OUTBOX.c
    wanted = select(
        table.notice,
        table.student,
        table.holder,
        table.kind,
        table.occasion,
        table.due_on,
        table.reasons,
        table.state,
    ).where(
        or_(table.state.in_(WAITS), table.reasons.overlap(list(BESIDE))),
        table.state != "lapsed",
        table.leader.is_(None),
    )
    found = await rows.execute(await _narrowed(rows, call, listing, wanted, table))
    return [
        _task(row, [*row.reasons, *(["to-be-posted"] if row.state == "to_post" else [])], str(row.holder))
        for row in found
    ]


async def _nobodys(rows: AsyncConnection, call: Call, listing: Listing) -> Sequence[dict[str, Any]]:
    table = UNADDRESSED.c
    wanted = select(table.notice, table.student, table.kind, table.occasion, table.due_on).where(table.open)
    found = await rows.execute(await _narrowed(rows, call, listing, wanted, table))
    return [_task(row, ["nobody-holds-the-right"], None) for row in found]


async def _narrowed(rows: AsyncConnection, call: Call, listing: Listing, wanted: Any, table: Any) -> Any:
    wanted = wanted.where(table.tenant == call.tenant)
    if listing.student is not None:
        wanted = wanted.where(table.student == listing.student)
    after = listing.after(NAME)
    if after is not None:
        wanted = wanted.where(table.notice > after)
    how_far = await sight.reach(rows, call.who)
    if how_far is not None:
        wanted = wanted.where(sight.visible(how_far, call.tenant, table.student))
    return wanted.order_by(table.notice).limit(listing.limit + 1)


def _task(row: Any, reasons: Sequence[str], holder: str | None) -> dict[str, Any]:
    told = {
        "id": str(row.notice), "student": str(row.student), "holder": holder, "kind": row.kind, "occasion": row.occasion,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "reasons": [{"code": code, "message": REASONS.get(code, code)} for code in reasons],
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}
