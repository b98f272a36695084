"""``/audit/v1/holds``: legal holds. A signed-in person sets and releases them; each stands in the keyring when it is answered."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from audit_service.application.service import audit
from audit_service.domain.holds import OpenHold
from contracts.fields import Line, Narrative
from contracts.ids import new_id
from contracts.vocabulary import HoldGround
from runtime.append_request import Appended
from runtime.auth import Principal, allow
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.paging import Listed, Page

routes = Routes(prefix="/audit/v1", tags=["holds and destruction"])
Holder = Annotated[Principal, allow("records.hold")]
Reader = Annotated[Principal, allow("records.hold", "records.destroy")]


class HoldIn(BaseModel):
    """A hold to set."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "student": "5f0c7a52-6a5e-4f0e-9a57-1d6f2f8c0b11", "ground": "litigation",
                    "reason": "Counsel expects a claim about the accommodations of 2025.", "matter": "Feld v. Lakeside",
                    "review_on": "2031-06-30",
                }
            ]
        },
    )  # fmt: skip
    student: UUID
    ground: HoldGround
    reason: Narrative
    matter: Line | None = Field(default=None, description="The case or request, by the name it goes by.")
    review_on: date | None = Field(
        default=None,
        description="When it is to be looked at again. The hold ends by a release, never by itself.",
    )


class ReleaseIn(BaseModel):
    """Why a hold is no longer needed."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "The time to file a claim has run out."}]}
    )
    reason: Narrative


class HoldOut(BaseModel):
    """A legal hold."""

    id: UUID
    version: int
    updated_at: str
    student: UUID
    status: Literal["open", "released"]
    ground: HoldGround
    reason: str
    matter: str | None = None
    set_on: date
    set_by: str | None = Field(
        default=None,
        description="Who set it; absent where a complaint's filing did, and of holds set before this was kept.",
    )
    review_on: date | None = Field(
        default=None, description="Until when, at least: then it is looked at again."
    )
    dispute: UUID | None = None
    released_on: date | None = None
    released_by: str | None = None
    release_reason: str | None = None


@routes.post("/holds", status_code=201, response_model=HoldOut, dependencies=[GOES_ON])
async def post_hold(body: HoldIn, who: Holder, asked: Asked) -> Response:
    """Set a legal hold: nothing of the student's record can be destroyed until it is released.

    It stands in the keyring before this is answered. A complaint that is filed sets one by itself.
    """
    await asked.must_see(body.student)
    service = audit(asked)
    await service.evidence.must_be_known(who.tenant, body.student)
    command = OpenHold(
        new_id(), body.student, body.ground, body.reason, body.matter, body.review_on, set_by=who.id
    )

    async def opening(making: Making) -> Appended:
        return await service.records.open_hold(asked.context, command, making.answer)

    return await asked.kept_answer() or await asked.respond("hold", command.hold_id, opening)


@routes.get("/holds", response_model=Page[HoldOut])
async def get_holds(who: Reader, asked: Asked, listing: Listed) -> Response:
    """List legal holds, a page at a time."""
    return await asked.page("hold", listing)


@routes.get("/holds/{hold_id}", response_model=HoldOut)
async def get_hold(hold_id: UUID, who: Reader, asked: Asked) -> Response:
    """Read a legal hold."""
    return await asked.one("hold", hold_id)


@routes.post("/holds/{hold_id}/release", response_model=HoldOut, dependencies=[GOES_ON])
async def post_release(hold_id: UUID, body: ReleaseIn, who: Holder, asked: Asked) -> Response:
    """Release a legal hold. What destroys is still decided by two people."""

    async def releasing(making: Making) -> Appended:
        return await audit(asked).records.release_hold(asked.context, hold_id, body.reason, making.answer)

    return await asked.respond("hold", hold_id, releasing)
