"""Things that belong to a plan: one of them, or a page of them."""

from uuid import UUID

from starlette.responses import Response

from contracts.problems import NotFound
from runtime.call import Call
from runtime.paging import Listing


async def one_of_plan(asked: Call, kind: str, plan_id: UUID, id_: UUID) -> Response:
    """The thing, if it is this plan's; raises `NotFound`."""
    shown = await asked.shown(kind, id_)
    if shown.document["plan"] != str(plan_id):
        raise NotFound("There is nothing here under this id that you may see.")
    return Response(shown.body(), 200, {"ETag": shown.etag}, "application/json")


async def list_of_plan(asked: Call, kind: str, plan_id: UUID, listing: Listing, **narrowed: str) -> Response:
    """A page of this plan's things; raises `NotFound` for a plan there is not. ``narrowed``: by their other fields."""
    await must_be_a_plan(asked, plan_id)
    return await asked.page(kind, listing, fields={"plan": str(plan_id), **narrowed})


async def must_be_a_plan(asked: Call, plan_id: UUID) -> None:
    """Raise `NotFound` for a plan there is not."""
    if await asked.fetch("plan", plan_id) is None:
        raise NotFound("There is nothing here under this id that you may see.")
