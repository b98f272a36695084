"""Contacts of a student: proposals of rosters and people, which confer no rights."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import Code, Email, ExternalId, Name, Narrative, Phone
from contracts.ids import new_id
from contracts.problems import ExternalIdTaken
from contracts.students import ContactPersonalData
from plan_service.adapters.routes.bodies import AddressIn, ReadsRoster, WritesAround, address_value
from plan_service.adapters.routes.forms import Form
from plan_service.adapters.routes.reading import of_this_student, one_of_student, page_of_student
from plan_service.application.desk import Decided, Desk, Seen
from plan_service.application.models import STUDENT
from plan_service.application.shown import ContactShown
from plan_service.domain.contact import DescribeContact, contact_with, describe_contact, unlink_contact
from plan_service.domain.student import Student
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.going_on import GOES_ON
from runtime.http import IfMatch, Routes
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["contacts"])
KIND = "contact"
EXAMPLE: dict[str, Any] = {
    "given_name": "Ana",
    "family_name": "Quill",
    "relation": "mother",
    "emails": ["ana.quill@example.org"],
    "phones": ["(555) 010-0123"],
    "legal_guardian": True,
    "external_id": "northwind:contact-778393",
}


class ContactIn(Form):
    """Somebody around the student."""

    given_name: Name
    family_name: Name
    relation: Code | None = None
    emails: tuple[Email, ...] = Field(default=(), max_length=10)
    phones: tuple[Phone, ...] = Field(default=(), max_length=10)
    address: AddressIn | None = None
    legal_guardian: bool | None = None
    """What your system says. It confers no right: `POST .../rights-holders` does."""
    lives_with: bool | None = None
    emergency: bool | None = None
    priority: Annotated[int, Field(ge=0, le=1000)] | None = None
    restrictions: Narrative | None = None
    """Limits on contact. Anything here blocks automatic notice until somebody has reviewed it."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. One person as the contact of two students is two contacts, and may have one id."""

    @property
    def personal(self) -> ContactPersonalData:
        """As it stands on events."""
        fields = {name: getattr(self, name) for name in ContactPersonalData.model_fields if name != "address"}
        return ContactPersonalData(**fields, address=address_value(self.address))


@routes.get("/contacts", response_model=Page[ContactShown])
async def get_all_contacts(asked: Asked, who: ReadsRoster, listing: Listed) -> Response:
    """List the contacts of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/contacts", response_model=Page[ContactShown])
async def get_contacts(asked: Asked, who: ReadsRoster, student_id: UUID, listing: Listed) -> Response:
    """List a student's contacts."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/contacts/{contact_id}", response_model=ContactShown)
async def get_contact(asked: Asked, who: ReadsRoster, student_id: UUID, contact_id: UUID) -> Response:
    """Read a contact."""
    return await one_of_student(asked, KIND, student_id, contact_id)


@routes.post("/students/{student_id}/contacts", response_model=ContactShown, status_code=201)
async def post_contact(
    asked: Asked, who: WritesAround, student_id: UUID, body: Annotated[ContactIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Propose a contact of the student. A contact holds no rights until a person has confirmed the ground."""
    contact_id = new_id()

    async def add(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id, lambda seen: _new(seen, contact_id, body),
            claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond(
        KIND, contact_id, add, external_id=of_this_student(student_id, body.external_id)
    )


@routes.put(
    "/students/{student_id}/contacts/{contact_id}", response_model=ContactShown, dependencies=[GOES_ON]
)
async def put_contact(
    asked: Asked,
    who: WritesAround,
    if_match: IfMatch,
    student_id: UUID,
    contact_id: UUID,
    body: Annotated[ContactIn, Body(examples=[EXAMPLE])],
) -> Response:
    """Change what is known of a contact, in full."""
    await one_of_student(asked, KIND, student_id, contact_id)
    appended = await Desk(asked.store).decide(
        asked.context, STUDENT, (student_id,), student_id, lambda seen: _described(seen, contact_id, body),
        if_match=if_match,
    )  # fmt: skip
    return await asked.answer(appended, KIND, contact_id)


@routes.post("/students/{student_id}/contacts/{contact_id}/unlink", response_model=ContactShown)
async def post_unlink(asked: Asked, who: WritesAround, student_id: UUID, contact_id: UUID) -> Response:
    """The contact no longer belongs to the student; nothing recorded before is touched."""

    async def unlink(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id,
            lambda seen: unlink_contact(seen.state, contact_id, seen.today), answer=making.answer,
        )  # fmt: skip

    return await asked.respond(KIND, contact_id, unlink)


def _new(seen: Seen[Student], contact_id: UUID, body: ContactIn) -> Decided:
    known = contact_with(seen.state, body.external_id)
    if known is not None:  # A roster brought it: no request claimed the id.
        raise ExternalIdTaken("This student has a contact with this external_id: change that one.", id=known)
    return _described(seen, contact_id, body)


def _described(seen: Seen[Student], contact_id: UUID, body: ContactIn) -> Decided:
    before = seen.state.contacts.get(contact_id)
    external_id = before.external_id if before else body.external_id
    return Decided(
        describe_contact(seen.state, DescribeContact(contact_id, body.personal, seen.today, external_id))
    )
