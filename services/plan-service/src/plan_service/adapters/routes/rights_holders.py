"""Who holds a student's educational rights: confirmed by a person, with the ground."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from starlette.responses import Response

from contracts.fields import Email, ExternalId, HolderId, LanguageTag, Name, Phone, StaffId
from contracts.ids import new_id
from contracts.problems import NotFound
from contracts.rule_profile import RuleSetNotShipped
from contracts.students import HolderPersonalData, Rights
from contracts.vocabulary import RightsEnd, RightsGround
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
from plan_service.adapters.routes.reading import of_this_student, one_of_student, page_of_student
from plan_service.application.desk import Desk, Seen
from plan_service.application.models import STAFF, STUDENT
from plan_service.application.shown import RightsHolderShown
from plan_service.domain.document import document_of
from plan_service.domain.rights_holder import (
    ConfirmRightsHolder,
    RightsNotConfirmed,
    confirm_rights_holder,
    end_rights_holder,
)
from plan_service.domain.staff import must_work_here
from plan_service.domain.student import Student
from runtime.append_request import Appended
from runtime.auth import Principal
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["rights holders"])
KIND = "rights_holder"
HELD = {"starts_on": "2010-06-20"}
EXAMPLE: dict[str, Any] = {
    "name": "Ana Quill",
    "email": "ana.quill@example.org",
    "ground": "biological_parent",
    "rights": {"decision": HELD, "record": HELD, "notice": HELD, "contact": HELD},
    "language": "es",
    "confirmed_by": "5e91a5c4-67b6-53dc-b6a6-3901406001c4",
}
ENDED = {"on": "2026-05-04", "reason": "court_order", "confirmed_by": EXAMPLE["confirmed_by"]}


class RightsHolderIn(Form):
    """Somebody whose authority a person has confirmed."""

    name: Name
    """As it stands on a letter."""
    email: Email | None = None
    phone: Phone | None = None
    address: AddressIn | None = None
    ground: RightsGround
    rights: Rights
    """Four rights apart, each from a first to a last day: what is absent is not held."""
    language: LanguageTag
    """In which notices are given."""
    confirmed_by: StaffId | None = None
    """The staff member who has looked at the ground. Whoever is signed in where nobody is named; a client must say."""
    contact: UUID | None = None
    """The proposed contact this person is."""
    holder: HolderId | None = None
    """A rights holder who is known already: the details are stated anew, in full."""
    evidence: UUID | None = None
    """The order, certificate or appointment that was seen, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. One person for two students is confirmed for each, and may have one id."""
    reported: ReportedIn | None = None

    def to_command(self, holder_id: UUID, seen: Seen[Student], by: str | None) -> ConfirmRightsHolder:
        """What the domain decides about."""
        return ConfirmRightsHolder(
            holder_id=holder_id,
            personal=HolderPersonalData(
                name=self.name, email=self.email, phone=self.phone, address=address_value(self.address)
            ),
            ground=self.ground,
            rights=self.rights,
            language=self.language,
            confirmed_by=by,
            today=seen.today,
            rules=seen.rules,
            contact_id=self.contact,
            evidence=document_of(seen.state, self.evidence, "/evidence"),
            external_id=self.external_id,
            reported=reported_value(self.reported),
        )


class RightsHolderEndIn(OnIn):
    """All of the holder's rights end; `on` is the first day without them."""

    reason: RightsEnd
    confirmed_by: StaffId | None = None


@routes.get("/rights-holders", response_model=Page[RightsHolderShown])
async def get_all_rights_holders(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the rights holders of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/rights-holders", response_model=Page[RightsHolderShown])
async def get_rights_holders(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List who holds, or held, a student's rights."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/rights-holders/{holder_id}", response_model=RightsHolderShown)
async def get_rights_holder(asked: Asked, who: Reads, student_id: UUID, holder_id: UUID) -> Response:
    """Read a rights holder."""
    return await one_of_student(asked, KIND, student_id, holder_id)


@routes.post(
    "/students/{student_id}/rights-holders", response_model=RightsHolderShown, status_code=201,
    responses=problems(RightsNotConfirmed, RuleSetNotShipped), dependencies=[GOES_ON],
)  # fmt: skip
async def post_rights_holder(
    asked: Asked, who: WritesOrReports, student_id: UUID,
    body: Annotated[RightsHolderIn, Body(examples=[EXAMPLE])],
) -> Response:  # fmt: skip
    """Confirm that somebody holds rights, with the ground. At majority the student's own end the parents' to decide."""
    may_write_or_report(who, body.reported)
    adult = body.ground is RightsGround.ADULT_STUDENT
    holder_id = body.holder or (student_id if adult else new_id())
    by = _by(who, body.confirmed_by)

    def confirm(seen: Seen[Student]) -> Any:
        if body.holder is not None and body.holder not in seen.state.holders and not adult:
            raise NotFound("This student has no such rights holder.")
        if body.confirmed_by is not None:
            must_work_here(seen.of(STAFF, body.confirmed_by), seen.today, "/confirmed_by")
        return confirm_rights_holder(seen.state, body.to_command(holder_id, seen, by))

    async def do(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id, confirm, beside=staff_of(body.confirmed_by),
            claims=making.claims, answer=making.answer, reported=reported_value(body.reported),
        )  # fmt: skip

    return await asked.respond(KIND, holder_id, do, external_id=of_this_student(student_id, body.external_id))


@routes.post(
    "/students/{student_id}/rights-holders/{holder_id}/end", response_model=RightsHolderShown, dependencies=[GOES_ON]
)  # fmt: skip
async def post_rights_holder_end(
    asked: Asked,
    who: Writes,
    student_id: UUID,
    holder_id: UUID,
    body: Annotated[RightsHolderEndIn, Body(examples=[ENDED])],
) -> Response:
    """End all of a holder's rights: `on` is the first day without them."""
    by = _by(who, body.confirmed_by) or who.id

    def end(seen: Seen[Student]) -> Any:
        if body.confirmed_by is not None:
            must_work_here(seen.of(STAFF, body.confirmed_by), seen.today, "/confirmed_by")
        return end_rights_holder(seen.state, holder_id, body.reason, body.on, by)

    async def do(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id, end, beside=staff_of(body.confirmed_by),
            answer=making.answer,
        )  # fmt: skip

    return await asked.respond(KIND, holder_id, do)


def staff_of(staff_id: UUID | None) -> list[tuple[Any, str]]:
    """The staff member's stream, where one is named."""
    return [(STAFF, STAFF.stream(staff_id))] if staff_id else []


def _by(who: Principal, named: UUID | None) -> str | None:
    """Whoever is named, or else the person who is signed in; a client alone confirms nothing."""
    if named is not None:
        return str(named)
    return who.id if who.is_person else who.on_behalf_of
