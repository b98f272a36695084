"""``/audit/v1/disclosures``: what of a record went to whom; the copy that a family gets of its own, among them."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.responses import Response

from audit_service.adapters.routes.packets import PacketRecipient, RecipientIn
from audit_service.application.disclosures import disclose, void
from audit_service.application.service import audit
from audit_service.domain.disclosed import PacketWentOut
from audit_service.domain.disclosing import DisclosureRefused, RecordDisclosure
from contracts.audit import DisclosurePersonalData
from contracts.fields import ExternalId, Name, Narrative
from contracts.ids import new_id
from contracts.values import Reported
from contracts.vocabulary import AccessGround, Channel, RecordKind, ReleasePurpose
from runtime.append_request import Appended
from runtime.auth import Forbidden, Principal, allow
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/audit/v1", tags=["disclosures"])
Discloser = Annotated[Principal, allow("packet.write")]
Reader = Annotated[Principal, allow("packet.write", "audit.read")]
Ground = Literal[
    AccessGround.OWN_RECORD, AccessGround.CONSENT, AccessGround.SCHOOL_OF_ENROLLMENT, AccessGround.AUDIT_OR_EVALUATION,
    AccessGround.PARENT_OF_DEPENDENT_STUDENT, AccessGround.ORDER_OR_SUBPOENA, AccessGround.HEALTH_OR_SAFETY_EMERGENCY,
]  # fmt: skip
REPORT = "plan.report"


class DisclosureReportedIn(BaseModel):
    """It has happened already and is recorded as it was. Needs the scope `plan.report`."""

    model_config = ConfigDict(extra="forbid")
    source: Name = Field(description="Who or what reports it: a system, a paper file, an office.")
    reason: Narrative = Field(description="Why it is reported and not decided here.")
    occurred_on: date


class DisclosureIn(BaseModel):
    """Part of a student's record, given to somebody."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "student": "5f0c7a52-6a5e-4f0e-9a57-1d6f2f8c0b11", "recipient": {"name": "Elena Quill"},
                    "holder": "9cd3652a-37a3-5368-90e4-b9c5d36ab37b", "ground": "own_record", "purpose": "other",
                    "interest": "Their copy of the evaluation report.", "items": ["evaluation_summary"],
                    "channel": "handed_over", "disclosed_on": "2025-11-19",
                    "external_id": "northwind:copy-1",
                }
            ]
        },
    )  # fmt: skip
    student: UUID
    recipient: RecipientIn
    purpose: ReleasePurpose
    ground: Ground = Field(
        description="Why they may have it. `own_record`: the parent or adult student themselves (34 CFR 99.10); the others "
                    "as 99.30 and 99.31 name them. What staff and contracted parties see is in the record of access."
    )  # fmt: skip
    interest: Narrative | None = Field(
        default=None,
        description="What they want it for, in words. Required with the purpose `other`, and with the ground "
                    "`health_or_safety_emergency`: there the threat that was seen (34 CFR 300.614, 99.32(a)(3), (5)).",
    )  # fmt: skip
    items: list[RecordKind] = Field(min_length=1, max_length=20, description="What was given.")
    holder: UUID | None = Field(
        default=None,
        description="With `own_record`: whose right to it this is, by the id of the rights holder.",
    )
    release: UUID | None = Field(default=None, description="With `consent`: the signed release it rests on.")
    channel: Channel | None = Field(default=None, description="How it was given.")
    disclosed_on: date | None = Field(default=None, description="Absent: today, in the district's zone.")
    external_id: ExternalId | None = Field(
        default=None,
        description="Your own id, `SOURCE:ID`. The same disclosure again answers 200 with the first.",
    )
    reported: DisclosureReportedIn | None = None

    @model_validator(mode="after")
    def _each_ground_has_its_own(self) -> "DisclosureIn":
        if (self.holder is not None) != (self.ground is AccessGround.OWN_RECORD):
            raise ValueError("`holder` is given with the ground own_record, and with no other")
        if self.release is not None and self.ground is not AccessGround.CONSENT:
            raise ValueError("`release` is given with the ground consent, and with no other")
        if self.interest is None and self.ground is AccessGround.HEALTH_OR_SAFETY_EMERGENCY:
            raise ValueError("`interest` says which threat was seen (34 CFR 99.32(a)(5))")
        if self.interest is None and self.purpose is ReleasePurpose.OTHER:
            raise ValueError(
                "`interest` says for what, where the purpose is other (34 CFR 300.614, 99.32(a)(3))"
            )
        return self

    def to_command(self, today: date) -> RecordDisclosure:
        """What the domain decides about."""
        to, told = self.recipient, self.reported
        return RecordDisclosure(
            new_id(), self.student,
            DisclosurePersonalData(recipient=to.name, address=to.address, email=to.email, interest=self.interest),
            self.purpose, self.ground, tuple(dict.fromkeys(self.items)), today, self.disclosed_on, self.holder, self.release,
            self.channel, self.external_id,
            Reported(source=told.source, reason=told.reason, occurred_on=told.occurred_on) if told else None,
        )  # fmt: skip


class DisclosureVoidIn(BaseModel):
    """Why the entry was wrong. It stays, struck through, and counts no more."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "Entered for another student."}]}
    )
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class DisclosureVoidedOut(BaseModel):
    """The entry was wrong: it stays, struck through, and counts no more."""

    reason: str


class DisclosureOut(BaseModel):
    """A disclosure, of a packet's or by hand."""

    id: UUID
    version: int
    updated_at: str
    student: UUID
    recipient: PacketRecipient
    purpose: ReleasePurpose
    interest: str | None = Field(default=None, description="What they want it for, in words.")
    ground: AccessGround
    items: list[RecordKind]
    disclosed_on: date
    holder: UUID | None = None
    release: UUID | None = None
    channel: Channel | None = None
    packet: UUID | None = Field(default=None, description="The packet that carried it.")
    external_id: str | None = None
    reported: Reported | None = None
    voided: DisclosureVoidedOut | None = None


@routes.post(
    "/disclosures", status_code=201, response_model=DisclosureOut, responses=problems(DisclosureRefused),
    dependencies=[GOES_ON],
)  # fmt: skip
async def post_disclosure(body: DisclosureIn, who: Discloser, asked: Asked) -> Response:
    """Record that part of a student's record was given to somebody: to whom, what, when, how, and on which ground.

    The copy of an evaluation report or an IEP that a family gets is one, with the ground `own_record` (34 CFR 300.306(a)(2),
    300.322(f)). Refused where the ground does not hold: with `reported` it is recorded as it happened, with the rules it
    left unmet. It stands in the record of access (34 CFR 300.614, 99.32). A packet records its own.
    """
    await asked.must_see(body.student)
    if body.reported is not None and REPORT not in who.scopes:
        raise Forbidden("Reporting what has happened needs the scope plan.report.", scopes=(REPORT,))
    service = audit(asked)
    await service.evidence.must_be_known(who.tenant, body.student)
    command = body.to_command((await service.evidence.now(who.tenant)).date())

    async def disclosing(making: Making) -> Appended:
        return await disclose(command, asked.context, service, claims=making.claims, answer=making.answer)

    return await asked.kept_answer() or await asked.respond(
        "disclosure", command.disclosure, disclosing, external_id=body.external_id
    )


@routes.get("/disclosures", response_model=Page[DisclosureOut])
async def get_disclosures(who: Reader, asked: Asked, listing: Listed) -> Response:
    """List what was disclosed, a page at a time; by packets too; voided ones say so."""
    return await asked.page("disclosure", listing)


@routes.get("/disclosures/{disclosure_id}", response_model=DisclosureOut)
async def get_disclosure(disclosure_id: UUID, who: Reader, asked: Asked) -> Response:
    """Read about a disclosure."""
    return await asked.one("disclosure", disclosure_id)


@routes.post(
    "/disclosures/{disclosure_id}/void", response_model=DisclosureOut, responses=problems(PacketWentOut),
    dependencies=[GOES_ON],
)  # fmt: skip
async def post_disclosure_void(
    disclosure_id: UUID, body: DisclosureVoidIn, who: Discloser, asked: Asked
) -> Response:
    """Strike a disclosure through that was recorded by mistake: it stays, and counts no more.

    The record of access shows both. A packet's own cannot be voided: the packet went out.
    """
    shown = await asked.shown("disclosure", disclosure_id)
    student = shown.student
    assert student is not None

    async def voiding(making: Making) -> Appended:
        return await void(disclosure_id, student, body.reason, asked.context, audit(asked), making.answer)

    return await asked.respond("disclosure", disclosure_id, voiding)
