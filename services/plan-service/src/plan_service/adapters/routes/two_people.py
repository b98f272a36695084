"""What one person asks for and another approves, by HTTP: asked for, listed beside what stands, found by its id."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from starlette.responses import Response

from plan_service.application.approvals import Approvals, pending_fields
from plan_service.application.working_papers import Kind, Paper
from runtime import resources
from runtime.append_request import Appended
from runtime.auth import Principal
from runtime.call import Call, Fetch, Making
from runtime.paging import Listing
from runtime.resources import Shown


def person(who: Principal) -> str:
    """Who it is: the person for whom a system acts, or the caller."""
    return who.on_behalf_of or who.id


async def respond_waiting(
    asked: Call, kind: Kind, id_: UUID, request: Callable[[Making], Awaitable[Appended]], *,
    external_id: str | None, location: str,
) -> Response:  # fmt: skip
    """Answer with what waits now; a working paper is made without an event, which `respond` takes for nothing made."""
    kept = False

    async def do(making: Making) -> Appended:
        nonlocal kept
        appended = await request(making)
        kept = appended.replayed is None
        return appended

    response = await asked.respond(kind, id_, do, external_id=external_id)
    if kept:
        response.status_code = 201
        response.headers["Location"] = location
    return response


async def page_of_both(asked: Call, kind: Kind, plan_id: UUID, listing: Listing) -> Response:
    """In the order of ids, those that stand (``resources``) and those that wait (working papers) together."""
    waiting = await Approvals(asked.store, kind).papers.of_plan(asked.tenant, plan_id, kind)
    pending = [_shown(paper) for paper in waiting]
    fields: dict[str, str | None] = {"plan": str(plan_id)}
    of = f"{asked.tenant} {kind} of {plan_id}"
    after = listing.after(of)
    standing = listing
    if after is not None:
        of_standing = resources.list_name(asked.tenant, kind, fields)
        standing = replace(listing, cursor=listing.next_cursor(of_standing, after))
    async with asked.edge.service.database.read(asked.tenant) as rows:
        found, last = await resources.find_page(rows, asked.tenant, kind, standing, fields=fields)
    # One approved between the two readings stands.
    both = {each.id: each for each in (*filter(_wanted(listing, after), pending), *found)}
    shown: Sequence[Shown] = [both[id_] for id_ in sorted(both)]
    page = shown[: listing.limit]
    for each in page:
        asked.saw(each.student, kind, (each.id,))
    more = last is not None or len(shown) > len(page)
    return asked.listed([each.fields() for each in page], listing, of, page[-1].id if more else None)


def fetch_waiting(kind: Kind) -> Fetch:
    """How one that waits, or stands, is found."""

    async def fetch(call: Call, id_: UUID) -> Shown | None:
        paper = await Approvals(call.store, kind).papers.read(call.tenant, id_)
        if paper is not None and paper.kind == kind:
            return _shown(paper)
        async with call.store.database.read(call.tenant) as rows:
            return await resources.find(rows, call.tenant, kind, id_)

    return fetch


def _shown(paper: Paper) -> Shown:
    return Shown(
        paper.kind, paper.id, pending_fields(paper), paper.version, paper.updated_at, paper.student_id
    )


def _wanted(listing: Listing, after: UUID | None) -> Callable[[Shown], bool]:
    def wanted(shown: Shown) -> bool:
        return (
            (after is None or shown.id > after)
            and listing.student in (None, shown.student)
            and listing.external_id in (None, shown.document.get("external_id"))
            and (
                listing.updated_after is None
                or shown.updated_at is None
                or shown.updated_at > listing.updated_after
            )
        )

    return wanted
