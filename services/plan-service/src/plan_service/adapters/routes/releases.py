"""Releases: signed consent to a disclosure, by the holder of the record rights (34 CFR 99.30)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import Email, ExternalId, HolderId, Name
from contracts.ids import new_id
from contracts.students import ReleasePersonalData
from contracts.vocabulary import ConsentMethod, RecordKind, ReleasePurpose
from plan_service.adapters.routes.bodies import AddressIn, OnIn, address_value
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    Writes,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import one_of_student, page_of_student
from plan_service.application.desk import Desk, Seen
from plan_service.application.models import STUDENT
from plan_service.application.shown import ReleaseShown
from plan_service.domain.document import document_of
from plan_service.domain.release import ReleaseRefused, SignRelease, revoke_release, sign_release
from plan_service.domain.student import Student
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["releases"])
KIND = "release"
EXAMPLE: dict[str, Any] = {
    "holder": "9cd3652a-37a3-5368-90e4-b9c5d36ab37b",
    "recipient": "Bayside College, Disability Office",
    "purpose": "college",
    "records": ["plan", "evaluation_summary"],
    "method": "paper_signature",
    "signed_on": "2026-04-13",
    "expires_on": "2026-12-31",
}
REVOKED = {"on": "2026-05-04", "holder": EXAMPLE["holder"]}


class ReleaseIn(Form):
    """Which records may go to whom, why, and who signed it."""

    holder: HolderId
    """Who signed. From 18 on the student alone: their own id."""
    recipient: Name
    address: AddressIn | None = None
    email: Email | None = None
    purpose: ReleasePurpose
    records: tuple[RecordKind, ...] = Field(min_length=1, max_length=20)
    method: ConsentMethod
    signed_on: date | None = None
    """The day of the signature; today where nothing is said."""
    expires_on: date | None = None
    """The last day on which it serves."""
    document: UUID | None = None
    """The signed page, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same release again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, release_id: UUID, seen: Seen[Student]) -> SignRelease:
        """What the domain decides about."""
        return SignRelease(
            release_id=release_id,
            holder_id=self.holder,
            personal=ReleasePersonalData(
                recipient=self.recipient, address=address_value(self.address), email=self.email
            ),
            purpose=self.purpose,
            records=tuple(dict.fromkeys(self.records)),
            method=self.method,
            today=seen.today,
            signed_on=self.signed_on,
            expires_on=self.expires_on,
            document=document_of(seen.state, self.document, "/document"),
            external_id=self.external_id,
            reported=reported_value(self.reported),
        )


class RevocationIn(OnIn):
    """The release no longer serves from `on`."""

    holder: HolderId | None = None
    """Who revoked it."""


@routes.get("/releases", response_model=Page[ReleaseShown])
async def get_all_releases(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the releases of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/releases", response_model=Page[ReleaseShown])
async def get_releases(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List a student's releases."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/releases/{release_id}", response_model=ReleaseShown)
async def get_release(asked: Asked, who: Reads, student_id: UUID, release_id: UUID) -> Response:
    """Read a release."""
    return await one_of_student(asked, KIND, student_id, release_id)


@routes.post(
    "/students/{student_id}/releases", response_model=ReleaseShown, status_code=201,
    responses=problems(ReleaseRefused), dependencies=[GOES_ON],
)  # fmt: skip
async def post_release(
    asked: Asked, who: WritesOrReports, student_id: UUID, body: Annotated[ReleaseIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Record a signed release. Of somebody without the record rights it is refused, or reported and opens nothing."""
    may_write_or_report(who, body.reported)
    release_id = new_id()

    async def sign(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id,
            lambda seen: sign_release(seen.state, body.to_command(release_id, seen)), claims=making.claims,
            answer=making.answer,
        )  # fmt: skip

    return await asked.respond(KIND, release_id, sign, external_id=body.external_id)


@routes.post(
    "/students/{student_id}/releases/{release_id}/revocation",
    response_model=ReleaseShown,
    dependencies=[GOES_ON],
)
async def post_revocation(
    asked: Asked,
    who: Writes,
    student_id: UUID,
    release_id: UUID,
    body: Annotated[RevocationIn, Body(examples=[REVOKED])],
) -> Response:
    """Revoke a release: `on` is the first day without it. What was disclosed before stays disclosed."""

    async def revoke(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id,
            lambda seen: revoke_release(seen.state, release_id, body.on, body.holder), answer=making.answer,
        )  # fmt: skip

    return await asked.respond(KIND, release_id, revoke)
