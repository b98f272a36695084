"""``/audit/v1/exports``: the evidence of a student, or of one question about them, that anybody can check offline."""

from datetime import UTC, date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from audit_service.adapters.routes.answers import CONTENTS_SCOPE
from audit_service.application.exports import MakeExport, make_export
from audit_service.application.proofs import NotCosigned
from audit_service.application.service import audit
from audit_service.domain.moment import day_asked, read_known
from contracts.canonical import Instant
from contracts.fields import ExternalId, Line
from contracts.ids import new_id
from contracts.problems import Invalid, Reason
from contracts.vocabulary import ServiceName
from runtime.append_request import AlreadyClaimed, Appended
from runtime.auth import Principal, allow
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/audit/v1", tags=["exports"])
Maker = Annotated[Principal, allow("packet.write")]
EVERY_CONTENTS = [allow(scope) for scope in CONTENTS_SCOPE.values()]


class ExportIn(BaseModel):
    """What to export."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"student": "5f0c7a52-6a5e-4f0e-9a57-1d6f2f8c0b11", "effective_on": "2026-03-03",
                 "known_at": "2026-03-03", "purpose": "Due process hearing 26-114", "external_id": "northwind:export-4"}
            ]
        },
    )  # fmt: skip
    student: UUID
    effective_on: date | None = Field(
        default=None, description="The day asked about. Absent: the whole record, as it stands today."
    )
    known_at: str | None = Field(
        default=None, max_length=40,
        description="As known at this instant; a date means the end of that day in the district's zone. Absent: now.",
    )  # fmt: skip
    purpose: Line = Field(description="What it is for; it stands on the event and in the export.")
    external_id: ExternalId | None = None


class ExportLog(BaseModel):
    """How far the export reaches in one log."""

    service: ServiceName
    size: int
    nth: int
    withheld: int


class ExportOut(BaseModel):
    """An export. `download` gives the zip."""

    id: UUID
    version: int
    student: UUID
    made_on: date
    as_of_on: date | None = None
    as_known_at: Instant
    purpose: str
    external_id: str | None = None
    document: dict[str, Any]
    logs: list[ExportLog]


@routes.post(
    "/exports",
    status_code=201,
    response_model=ExportOut,
    responses=problems(NotCosigned),
    dependencies=[*EVERY_CONTENTS, GOES_ON],
)
async def post_export(body: ExportIn, who: Maker, asked: Asked) -> Response:
    """Export the evidence of a student's record, whole or as of one question.

    One zip: a tagged PDF to read, the same as data, every entry exactly as logged with a proof of its place, the keys to check
    them, a page in plain words on how, and a certification for the custodian to complete. `handrail verify` checks it with
    nothing else at hand. It is itself an event that names what was in it.
    """
    await asked.must_see(body.student)
    service = audit(asked)
    now = await service.evidence.now(who.tenant)
    zone = (await service.evidence.district(who.tenant)).time_zone
    known_at = read_known(body.known_at, zone) or now
    # The end of this day is still to come: as much as is known by now.
    if body.known_at == now.date().isoformat():
        known_at = now
    if known_at > now:
        reason = Reason("not-yet", "give a moment that has come, or leave it out", pointer="/known_at")
        raise Invalid("What will be known cannot be exported.", reasons=(reason,))
    if body.effective_on is not None:
        day_asked(body.effective_on, now.date())
    export = new_id()
    command = MakeExport(
        export, body.student, body.effective_on, known_at.astimezone(UTC), body.purpose, now.date(),
        now.astimezone(UTC), body.external_id,
    )  # fmt: skip

    async def make(making: Making) -> Appended:
        for claim in making.claims:  # Looked at before an export is made that nobody needs.
            if held := await service.store.held(who.tenant, claim.kind, claim.value):
                raise AlreadyClaimed(claim.kind, *held)
        return await make_export(command, asked.context, service, claims=making.claims, answer=making.answer)

    return await asked.kept_answer() or await asked.respond(
        "export", export, make, external_id=body.external_id
    )


@routes.get("/exports", response_model=Page[ExportOut])
async def get_exports(who: Maker, asked: Asked, listing: Listed) -> Response:
    """List the exports that were made, a page at a time."""
    return await asked.page("export", listing)


@routes.get("/exports/{export_id}", response_model=ExportOut)
async def get_export(export_id: UUID, who: Maker, asked: Asked) -> Response:
    """Read about an export."""
    return await asked.one("export", export_id)


@routes.get(
    "/exports/{export_id}/download", response_class=Response, dependencies=EVERY_CONTENTS,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)  # fmt: skip
async def get_export_download(export_id: UUID, who: Maker, asked: Asked) -> Response:
    """Download an export: a zip that opens and verifies itself offline."""
    shown = await asked.shown("export", export_id)
    document = await audit(asked).vault.fetch(who.tenant, UUID(shown.document["document"]["document"]))
    headers = {
        "Content-Disposition": f'attachment; filename="handrail-export-{export_id}.zip"', "ETag": shown.etag,
    }  # fmt: skip
    return Response(document.content, 200, headers, document.media_type)
