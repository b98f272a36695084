"""Letters that are printed and posted together, with the manifest for their envelopes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from contracts.fields import Line, Sha256Hex
from contracts.ids import new_id
from contracts.problems import NotFound
from notify_service.adapters.at_hand import at_hand
from notify_service.adapters.batching import Posting, envelopes, make_batch, post_batch, zipped
from notify_service.adapters.routes.forms import Form
from notify_service.application.batches import (
    BATCH,
    Batch,
    BatchPosted,
    NothingToPost,
    WentOrLeftOut,
    manifest,
)
from runtime import sight
from runtime.append_request import Appended
from runtime.auth import Forbidden, Principal, allow
from runtime.call import Asked, Call, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

Reads = Annotated[Principal, allow("notice.read")]
Writes = Annotated[Principal, allow("notice.write")]
routes = Routes(prefix="/notify/v1", tags=["batches"])


class BatchIn(Form):
    """Nothing to choose: every letter that waits, five hundred at most."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class PostedIn(Form):
    """The carrier has the batch."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"on": "2026-02-25", "carrier": "USPS, 9400 1000"}]}
    )

    on: date
    """The day on the carrier's receipt."""
    carrier: Line | None = None
    """Whom it was handed to, and under which number."""
    left_out: Annotated[tuple[UUID, ...], Field(max_length=500)] = ()
    """Notices whose letters were not posted after all."""
    went_anyway: Annotated[tuple[UUID, ...], Field(max_length=500)] = ()
    """Notices whose letters were posted although today they might not go any more."""


class LetterOut(BaseModel):
    """One envelope."""

    notices: list[UUID]
    digest: Sha256Hex
    """SHA-256 of the printed bytes."""
    pages: int


class BatchOut(BaseModel):
    """A batch of letters; names and addresses stand in its manifest alone."""

    id: UUID
    version: int
    made_on: date
    posted_on: date | None = None
    carrier: str | None = None
    letters: list[LetterOut]
    left_out: list[UUID] = []


@routes.post("/batches", status_code=201, response_model=BatchOut, responses=problems(NothingToPost))
async def post_batch_of_letters(body: BatchIn, who: Writes, asked: Asked) -> Response:
    """Put together every letter that waits to be posted. None of them gets into another batch."""
    await _of_the_office(asked)
    batch_id = new_id()

    async def make(making: Making) -> Appended:
        return await make_batch(asked, batch_id, making)

    return await asked.respond("batch", batch_id, make)


@routes.get("/batches", response_model=Page[BatchOut])
async def get_batches(who: Reads, asked: Asked, listing: Listed) -> Response:
    """List the batches, a page at a time."""
    await _of_the_office(asked)
    return await asked.page("batch", listing)


@routes.get("/batches/{batch_id}", response_model=BatchOut)
async def get_batch(batch_id: UUID, who: Reads, asked: Asked) -> Response:
    """Read one batch: which notices, with the digest of each letter."""
    await _of_the_office(asked)
    return await asked.one("batch", batch_id)


@routes.get(
    "/batches/{batch_id}/manifest.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def get_manifest(batch_id: UUID, who: Writes, asked: Asked) -> Response:
    """Read the manifest: a line an envelope, with name, address, pages and digest."""
    found = await envelopes(asked, await _batch(asked, batch_id))
    headers = {"Content-Disposition": f'attachment; filename="batch-{batch_id}.csv"'}
    return Response(manifest([envelope for envelope, _ in found]), 200, headers, "text/csv; charset=utf-8")


@routes.get(
    "/batches/{batch_id}/letters.zip", response_class=Response,
    responses={200: {"content": {"application/zip": {}}}},
)  # fmt: skip
async def get_letters(batch_id: UUID, who: Writes, asked: Asked) -> Response:
    """Read the letters to be printed, with their manifest. Whoever may not be written to any more is left out."""
    found = await envelopes(asked, await _batch(asked, batch_id))
    headers = {"Content-Disposition": f'attachment; filename="batch-{batch_id}.zip"'}
    return Response(zipped(found), 200, headers, "application/zip")


@routes.post(
    "/batches/{batch_id}/posting", response_model=BatchOut, responses=problems(BatchPosted, WentOrLeftOut)
)
async def post_posting(batch_id: UUID, body: PostedIn, who: Writes, asked: Asked) -> Response:
    """Record that the carrier has the batch: each letter counts once the district's mailing days have passed.

    Where people may not be written to any more since their letter was printed, or it was taken back, say whether it went.
    """
    await _of_the_office(asked)

    async def post(making: Making) -> Appended:
        said = Posting(body.on, body.carrier, body.left_out, body.went_anyway)
        return await post_batch(asked, batch_id, said, making)

    return await asked.respond("batch", batch_id, post)


async def _of_the_office(asked: Call) -> None:
    """A batch names notices of many students: it is for who sees the whole district."""
    async with at_hand(asked.request).service.database.read(asked.tenant) as rows:
        reach = await sight.reach(rows, asked.who)
    if reach is not None and not reach.district:
        raise Forbidden("Batches of letters are for who sees the whole district.")


async def _batch(asked: Call, batch_id: UUID) -> Batch:
    await _of_the_office(asked)
    batch = (await asked.store.load(asked.tenant, BATCH, batch_id)).state
    if batch.batch_id is None:
        raise NotFound("There is nothing here under this id that you may see.")
    return batch
