"""Rosters brought in: a set is uploaded, becomes a job, and the job says what came of every row."""

import hashlib
import tempfile
from datetime import datetime
from typing import Annotated, Any, BinaryIO, Literal
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from contracts.problems import Invalid, Reason
from plan_service.adapters.rosters.formats import FORMATS, ROSTER_ROLES
from plan_service.adapters.routes.bodies import ADMIN
from plan_service.application.imports import AnsweredBefore, AskedFor, ImportJobs, Job, Status
from runtime.auth import Forbidden, Principal, allow
from runtime.call import Asked, Call
from runtime.event_store import EventStore
from runtime.http import Routes, takes
from runtime.openapi import problems
from runtime.paging import DEFAULT_LIMIT, MOST, Listing, Page
from runtime.problem_details import TooLarge, UnsupportedMediaType
from runtime.resources import Shown

routes = Routes(prefix="/plan/v1", tags=["imports"])
MIB = 1024 * 1024
LARGEST = 512 * MIB
LIST = "import"
Imports = Annotated[Principal, allow("roster.write")]
MEDIA_TYPES = (
    "application/zip",
    "application/x-zip-compressed",
    "application/xml",
    "text/xml",
    "application/octet-stream",
)
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A zip of the set's files, or one XML file; 512 MiB at most.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES},
    }
}


class RefusalShown(BaseModel):
    """What could not be used, and what to do about it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    file: str
    line: int | None
    """Absent (null) for a whole file."""
    code: str
    reason: str
    """Names columns and elements, never what stood in them."""


class ImportShown(BaseModel):
    """One import. `total` and `done` are bytes, for a progress bar; all other counts are rows."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    version: int
    updated_at: datetime
    format: str
    name: str
    status: Status
    """`failed`: nothing of it was used. `interrupted`: it ended the service several times and is not tried again."""
    all_or_nothing: bool
    drafts: Literal["all", "current"]
    total: int
    done: int
    read: int
    created: int
    changed: int
    unchanged: int
    ignored: int
    """Rows and files that Handrail has no use for."""
    unmatched: int
    """Rows about students whom neither the set nor the record knows."""
    refused: int
    refusals: list[RefusalShown]
    """The first thousand; `refused` counts all."""
    left_out: dict[str, int]
    """Why something was passed over or left out, and how often."""
    after_event: UUID | None = Field(default=None, description="The last event written, for `?after_event=`.")
    made_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None


@routes.post(
    "/imports", status_code=202, response_model=ImportShown, dependencies=[takes(LARGEST)], openapi_extra=BODY,
    responses=problems(UnsupportedMediaType, TooLarge),
)  # fmt: skip
async def post_import(
    asked: Asked,
    who: Imports,
    format: Annotated[
        Literal["edfi", "oneroster"], Query(description="Ed-Fi 5.2 XML, or OneRoster 1.1/1.2 CSV.")
    ],
    all_or_nothing: Annotated[bool, Query(description="Write nothing when anything is refused.")] = False,
    drafts: Annotated[
        Literal["all", "current"],
        Query(description="Open a draft plan also for a participation that is over?"),
    ] = "all",
    name: Annotated[str, Query(max_length=200, description="What refusals call the set.")] = "upload",
) -> Response:
    """Bring in a roster: answers at once with a job; the same set again changes nothing.

    A set says who works in which role, so a person needs the scope `admin` for it; a vendor's client does not.
    """
    if who.is_person and ADMIN not in who.scopes:
        raise Forbidden(
            "A roster gives people their roles: bringing one in needs the scope admin.", scopes=(ADMIN,)
        )
    kind = asked.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise UnsupportedMediaType("Send a zip as application/zip, or one file as application/xml.")
    printable = "".join(sign if sign.isprintable() else "?" for sign in name) or "upload"
    wanted = AskedFor(format, printable, all_or_nothing, drafts)
    jobs = jobs_of(asked.store)
    with tempfile.TemporaryFile() as upload:
        digest = await _received(asked, upload, wanted)
        context = asked.acting(body_sha256=digest)
        kept = await asked.store.kept_answer(asked.tenant, context.request) if context.request else None
        if kept is not None:
            return _accepted(asked, await jobs.job(asked.tenant, kept.id), again=True)
        try:
            id = await jobs.ask(context, wanted, upload)
        except AnsweredBefore as before:
            return _accepted(asked, await jobs.job(asked.tenant, before.answer.id), again=True)
    return _accepted(asked, await jobs.job(asked.tenant, id))


@routes.get("/imports", response_model=Page[ImportShown])
async def get_imports(
    asked: Asked,
    who: Imports,
    limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=100, description="From `next` of the page before.")
    ] = None,
    updated_after: Annotated[
        AwareDatetime | None, Query(description="Only what changed after this instant.")
    ] = None,
) -> Response:
    """List the imports of the district. They are nobody's: there is no student and no external id to ask by."""
    listing = Listing(updated_after=updated_after, limit=limit, cursor=cursor)
    of = f"{asked.tenant} {LIST}"
    found = await jobs_of(asked.store).page(asked.tenant, listing.after(of), limit + 1, updated_after)
    last = found[limit - 1].id if len(found) > limit else None
    return asked.listed([_shown(job).fields() for job in found[:limit]], listing, of, last)


@routes.get("/imports/{import_id}", response_model=ImportShown)
async def get_import(asked: Asked, who: Imports, import_id: UUID) -> Response:
    """Read how far an import has come, and what was refused."""
    return await asked.one("import", import_id)


async def fetch_import(asked: Call, id: UUID) -> Shown:
    """An import belongs to no student; raises `NotFound`."""
    return _shown(await jobs_of(asked.store).job(asked.tenant, id))


def jobs_of(store: EventStore) -> ImportJobs:
    """The jobs of a service, with every format there is."""
    return ImportJobs(store, FORMATS, ROSTER_ROLES)


async def _received(asked: Call, upload: BinaryIO, wanted: AskedFor) -> bytes:
    """The digest of what came and how it is to be done: a repeated request is the same in both."""
    digest = hashlib.sha256(msgspec.json.encode(wanted))
    length = 0
    async for chunk in asked.request.stream():
        digest.update(chunk)
        length += len(chunk)
        upload.write(chunk)
    if not length:
        raise Invalid(
            "The body is empty: send the set as it is.", reasons=(Reason("empty", "there is nothing in it"),)
        )
    return digest.digest()


def _shown(job: Job) -> Shown:
    return Shown("import", job.id, job.to_json(), job.version, job.updated_at)


def _accepted(asked: Call, job: Job, *, again: bool = False) -> Response:
    shown = _shown(job)
    headers = {"ETag": shown.etag, "Location": f"{asked.request.scope['path'].rstrip('/')}/{job.id}"}
    if again:
        headers["Idempotent-Replayed"] = "true"
    return Response(shown.body(), 202, headers, "application/json")
