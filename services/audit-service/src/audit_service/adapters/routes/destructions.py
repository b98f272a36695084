"""``/audit/v1/destructions``: contents lawfully destroyed, by two different signed-in people; neither a client."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from audit_service.application.service import audit
from audit_service.application.taken_in import NotTakenIn
from audit_service.domain.destruction import (
    AskDestruction,
    MayNotBeDestroyed,
    NotWaiting,
    SecondPersonRequired,
)
from contracts.event import EventClass
from contracts.ids import new_id
from contracts.records import FamilyTold, FindingKept
from contracts.vocabulary import Channel, DestructionGround
from runtime.append_request import Appended
from runtime.auth import Principal, allow
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/audit/v1", tags=["holds and destruction"])
Destroyer = Annotated[Principal, allow("records.destroy")]
Reader = Annotated[Principal, allow("records.destroy", "records.hold")]


class ToldIn(BaseModel):
    """How the family was told that the information is no longer needed (34 CFR 300.624(a))."""

    model_config = ConfigDict(extra="forbid")
    told_on: date
    notice: UUID | None = Field(default=None, description="The notice of notify-service that says so.")
    channel: Channel | None = Field(
        default=None, description="Of a letter or talk that was not made with Handrail."
    )


class DestructionIn(BaseModel):
    """Contents to be destroyed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "student": "5f0c7a52-6a5e-4f0e-9a57-1d6f2f8c0b11", "classes": ["identity", "record", "proof"],
                    "ground": "no_longer_needed", "told": {"told_on": "2030-07-01", "channel": "letter"},
                }
            ]
        },
    )  # fmt: skip
    student: UUID
    classes: list[EventClass] = Field(
        min_length=1, max_length=3,
        description="`identity`: who the student and their people are; `record`: plans, meetings, services; `proof`: "
                    "notices, consents, disclosures, who has seen it.",
    )  # fmt: skip
    ground: DestructionGround
    holder: UUID | None = Field(default=None, description="Who of the family asked for it (300.624(b)).")
    asked_on: date | None = None
    told: ToldIn | None = None


class DestroyedKeyOut(BaseModel):
    """A key that is gone."""

    contents: EventClass
    generation: int


class ToldOut(BaseModel):
    """How the family was told."""

    told_on: date
    notice_id: UUID | None = None
    channel: Channel | None = None


class UnmetOut(BaseModel):
    """A rule that kept the record."""

    code: str
    citation: str | None = None
    message: str | None = None


class DestructionOut(BaseModel):
    """A destruction, from its request to its end."""

    id: UUID
    version: int
    updated_at: str
    student: UUID
    status: Literal["requested", "refused", "ordered", "stopped", "destroyed"] = Field(
        description="`ordered`: two people have decided, and it is being carried out; `stopped`: a hold came before."
    )
    classes: list[EventClass]
    ground: DestructionGround
    requested_by: str | None = None
    requested_on: date | None = None
    holder: UUID | None = None
    asked_on: date | None = None
    told: ToldOut | None = None
    schedule: str | None = Field(default=None, description="The retention schedule that counts.")
    schedule_ends_on: date | None = None
    refused_on: date | None = None
    unmet: list[UnmetOut] | None = None
    holds: list[UUID] | None = None
    approved_by: str | None = None
    ordered_on: date | None = None
    findings: list[FindingKept] | None = Field(
        default=None, description="What each rule had found when the order was given: states and days alone."
    )
    stopped_on: date | None = None
    destroyed_on: date | None = None
    final_on: date | None = Field(
        default=None, description="From this day on no backup of the keyring holds the keys either."
    )
    keys: list[DestroyedKeyOut] | None = None


@routes.post(
    "/destructions",
    status_code=201,
    response_model=DestructionOut,
    responses=problems(MayNotBeDestroyed, NotTakenIn),
    dependencies=[GOES_ON],
)
async def post_destruction(body: DestructionIn, who: Destroyer, asked: Asked) -> Response:
    """Ask that contents of a student's record be destroyed. Nothing is, until a second person approves.

    Refused while a hold, a dispute or a request about the record is open, a plan is in force, the retention schedule
    runs, or the family was not told (34 CFR 300.624, 99.10(e)). The refusal is on record.
    """
    await asked.must_see(body.student)
    service = audit(asked)
    await service.evidence.must_be_known(who.tenant, body.student)
    told = body.told
    command = AskDestruction(
        new_id(), body.student, tuple(each for each in EventClass if each in body.classes), body.ground, who.id,
        body.holder, body.asked_on,
        FamilyTold(told_on=told.told_on, notice_id=told.notice, channel=told.channel) if told else None,
    )  # fmt: skip

    async def asking(making: Making) -> Appended:
        return await service.records.ask(asked.context, command, await asked.district(), making.answer)

    return await asked.kept_answer() or await asked.respond("destruction", command.destruction_id, asking)


@routes.get("/destructions", response_model=Page[DestructionOut])
async def get_destructions(who: Reader, asked: Asked, listing: Listed) -> Response:
    """List destructions, refused ones included."""
    return await asked.page("destruction", listing)


@routes.get("/destructions/{destruction_id}", response_model=DestructionOut)
async def get_destruction(destruction_id: UUID, who: Reader, asked: Asked) -> Response:
    """Read how far a destruction has come."""
    return await asked.one("destruction", destruction_id)


@routes.post(
    "/destructions/{destruction_id}/approval", response_model=DestructionOut,
    responses=problems(MayNotBeDestroyed, SecondPersonRequired, NotWaiting, NotTakenIn), dependencies=[GOES_ON],
)  # fmt: skip
async def post_approval(destruction_id: UUID, who: Destroyer, asked: Asked) -> Response:
    """Approve what somebody else has asked for. From here on it is carried out, whatever fails in between.

    The keys go within a minute; every service then erases what was readable. Proofs still verify.
    """

    async def approving(making: Making) -> Appended:
        return await audit(asked).records.approve(
            asked.context, destruction_id, who.id, await asked.district(), making.answer
        )

    return await asked.respond("destruction", destruction_id, approving)
