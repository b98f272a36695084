"""``/audit/v1/packets``: the transfer packet a college or another school opens offline."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from audit_service.application.packets import IssuePacket, issue_packet
from audit_service.application.proofs import NotCosigned
from audit_service.application.service import audit
from audit_service.domain.disclosure import ReleaseRequired
from audit_service.domain.packet_scope import NothingToSend
from contracts.audit import LeftOut, RecipientPersonalData
from contracts.fields import Email, ExternalId, Line, Name
from contracts.ids import new_id
from contracts.values import PostalAddress
from contracts.vocabulary import AccessGround, RecordKind, ReleasePurpose, ServiceName
from runtime.append_request import AlreadyClaimed, Appended
from runtime.auth import Principal, allow
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/audit/v1", tags=["packets"])
Maker = Annotated[Principal, allow("packet.write")]
Purpose = Literal[ReleasePurpose.COLLEGE, ReleasePurpose.SCHOOL, ReleasePurpose.RECORDS_REQUEST]
_STUDENT = "5f0c7a52-6a5e-4f0e-9a57-1d6f2f8c0b11"


class RecipientIn(BaseModel):
    """To whom it goes: the party that the release names."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    address: PostalAddress | None = None
    email: Email | None = None


class LeaveOutIn(BaseModel):
    """A part of the record that is to stay out although the release names it."""

    model_config = ConfigDict(extra="forbid")
    what: RecordKind
    reason: Line


class PacketIn(BaseModel):
    """A packet to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "student": _STUDENT, "plan": "b1a7d7e4-3c55-4a43-8f0a-5a1f86a0c9d2", "purpose": "college",
                    "recipient": {"name": "North College, Disability Office"},
                    "release": "0d3a5d0e-5a35-4a0f-8d7c-6f3a9c1f2e44",
                    "leave_out": [{"what": "notices", "reason": "The student asked for it."}],
                    "external_id": "northwind:packet-9",
                }
            ]
        },
    )  # fmt: skip
    student: UUID
    plan: UUID
    purpose: Purpose
    recipient: RecipientIn
    release: UUID | None = Field(
        default=None, description="The signed release it rests on. Without one it is refused."
    )
    leave_out: list[LeaveOutIn] = Field(default_factory=list, max_length=20)
    external_id: ExternalId | None = Field(
        default=None,
        description="Your own id, `SOURCE:ID`. The same packet again answers 200 with the first.",
    )


class PacketRecipient(BaseModel):
    """To whom it went."""

    name: str
    address: PostalAddress | None = None
    email: str | None = None


class PacketLog(BaseModel):
    """How far the packet reaches in one log."""

    service: ServiceName
    size: int
    nth: int
    withheld: int


class PacketOut(BaseModel):
    """An issued packet. `download` gives the zip."""

    id: UUID
    version: int
    student: UUID
    plan: UUID
    purpose: ReleasePurpose
    recipient: PacketRecipient
    ground: AccessGround
    release_id: UUID | None = None
    external_id: str | None = None
    issued_on: str
    plan_as_of_on: str
    plan_known_at: str
    items: list[RecordKind]
    left_out: list[LeftOut] = []
    document: dict[str, Any]
    logs: list[PacketLog]


@routes.post(
    "/packets",
    status_code=201,
    response_model=PacketOut,
    responses=problems(ReleaseRequired, NothingToSend, NotCosigned),
    dependencies=[GOES_ON],
)
async def post_packet(body: PacketIn, who: Maker, asked: Asked) -> Response:
    """Make a transfer packet.

    Refused without a release, signed by whoever holds the record rights on that day, that names this recipient, this
    purpose and these records (34 CFR 99.30, 99.5). What the release does not name stays out, and the packet says so.
    Every entry in it comes with its proof: `handrail verify FILE` checks it with nothing else at hand.
    There is no reporting way here: a disclosure made elsewhere is reported as a disclosure.
    """
    await asked.must_see(body.student)
    service = audit(asked)
    packet = new_id()
    command = IssuePacket(
        packet, new_id(), body.student, body.plan, body.purpose,
        RecipientPersonalData(recipient=body.recipient.name, address=body.recipient.address, email=body.recipient.email),
        body.release, {each.what: each.reason for each in body.leave_out}, (await service.evidence.now(who.tenant)).date(),
        body.external_id,
    )  # fmt: skip

    async def issue(making: Making) -> Appended:
        for claim in making.claims:  # Looked at before a packet is made that nobody needs.
            if held := await service.store.held(who.tenant, claim.kind, claim.value):
                raise AlreadyClaimed(claim.kind, *held)
        return await issue_packet(command, asked.context, service, claims=making.claims, answer=making.answer)

    return await asked.kept_answer() or await asked.respond(
        "packet", packet, issue, external_id=body.external_id
    )


@routes.get("/packets", response_model=Page[PacketOut])
async def get_packets(who: Maker, asked: Asked, listing: Listed) -> Response:
    """List the packets that were issued, a page at a time."""
    return await asked.page("packet", listing)


@routes.get("/packets/{packet_id}", response_model=PacketOut)
async def get_packet(packet_id: UUID, who: Maker, asked: Asked) -> Response:
    """Read about an issued packet."""
    return await asked.one("packet", packet_id)


@routes.get(
    "/packets/{packet_id}/download", response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)  # fmt: skip
async def get_packet_download(packet_id: UUID, who: Maker, asked: Asked) -> Response:
    """Download an issued packet: a zip that opens and verifies itself offline."""
    shown = await asked.shown("packet", packet_id)
    document = await audit(asked).vault.fetch(who.tenant, UUID(shown.document["document"]["document"]))
    headers = {
        "Content-Disposition": f'attachment; filename="handrail-packet-{packet_id}.zip"',
        "ETag": shown.etag,
    }
    return Response(document.content, 200, headers, document.media_type)
