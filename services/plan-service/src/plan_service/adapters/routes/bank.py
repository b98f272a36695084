"""The district's bank of goals, services and accommodations: who drafts a plan may begin with one of its texts."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Body, Query
from pydantic import Field
from starlette.responses import Response

from contracts.district import BankEvent
from contracts.fields import Code, ExternalId, Line, Narrative
from contracts.ids import new_id
from plan_service.adapters.routes.bodies import OnIn, SetsUp
from plan_service.adapters.routes.forms import Form, Reads
from plan_service.adapters.routes.reading import must_be
from plan_service.application.desk import Desk, Seen
from plan_service.application.models import BANK
from plan_service.application.shown import BankEntryShown
from plan_service.domain.bank import (
    BankEntry,
    BankEntryHasEnded,
    BankText,
    DescribeEntry,
    describe_entry,
    end_entry,
)
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["bank"])
BankKind = Literal["goal", "objective", "service", "accommodation", "modification", "school_services"]
EXAMPLE: dict[str, Any] = {
    "kind": "goal",
    "title": "Reading aloud, words a minute",
    "text": "{student} will read a text of the grade aloud, {words} words a minute, in three probes in a row.",
    "areas": ["reading"],
    "categories": ["specific_learning_disability"],
    "grades": ["grade_3", "grade_4"],
}
ENDED = {"on": "2027-06-12"}


class BankEntryIn(Form):
    """A text to begin with, in full. It names no student."""

    kind: BankKind
    """The kind of item it is for. It never changes."""
    title: Line
    text: Narrative
    """With a place to fill in braces."""
    areas: tuple[Code, ...] = Field(default=(), max_length=50)
    """Of the list `area`."""
    categories: tuple[Code, ...] = Field(default=(), max_length=50)
    """Of the list `idea_category`: where it is looked for. A category never decides what a student needs."""
    grades: tuple[Code, ...] = Field(default=(), max_length=50)
    """Of the list `grade`."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same entry again answers 200 with the first."""


@routes.get("/bank", response_model=Page[BankEntryShown])
async def get_bank(
    asked: Asked, who: Reads, listing: Listed,
    kind: Annotated[BankKind | None, Query(description="Only entries for this kind of item.")] = None,
    areas: Annotated[Code | None, Query(description="Only entries with this area.")] = None,
    categories: Annotated[Code | None, Query(description="Only entries with this IDEA category.")] = None,
    grades: Annotated[Code | None, Query(description="Only entries with this grade.")] = None,
) -> Response:  # fmt: skip
    """List the district's bank, ended entries with their last day included."""
    return await asked.page(
        "bank_entry",
        listing,
        fields={"kind": kind},
        tags={"areas": areas, "categories": categories, "grades": grades},
    )


@routes.get("/bank/{bank_entry_id}", response_model=BankEntryShown)
async def get_bank_entry(asked: Asked, who: Reads, bank_entry_id: UUID) -> Response:
    """Read an entry."""
    return await asked.one("bank_entry", bank_entry_id)


@routes.post("/bank", response_model=BankEntryShown, status_code=201)
async def post_bank_entry(
    asked: Asked, who: SetsUp, body: Annotated[BankEntryIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Add an entry. Who sets up the district writes its bank; everybody who reads plans reads it."""
    bank_entry_id = new_id()

    async def add(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, BANK, (bank_entry_id,), await asked.district(),
            lambda seen: _described(seen, bank_entry_id, body), claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond("bank_entry", bank_entry_id, add, external_id=body.external_id)


@routes.put("/bank/{bank_entry_id}", response_model=BankEntryShown, responses=problems(BankEntryHasEnded))
async def put_bank_entry(
    asked: Asked, who: SetsUp, if_match: IfMatch, bank_entry_id: UUID,
    body: Annotated[BankEntryIn, Body(examples=[EXAMPLE])],
) -> Response:  # fmt: skip
    """Change an entry, in full; its external id stays. Plans that began with the earlier text stay as they are."""
    await must_be(asked, "bank_entry", bank_entry_id)
    appended = await Desk(asked.store).decide(
        asked.context, BANK, (bank_entry_id,), await asked.district(),
        lambda seen: _described(seen, bank_entry_id, body), if_match=if_match,
    )  # fmt: skip
    return await asked.answer(appended, "bank_entry", bank_entry_id)


@routes.post(
    "/bank/{bank_entry_id}/end", response_model=BankEntryShown, responses=problems(BankEntryHasEnded)
)
async def post_bank_entry_end(
    asked: Asked, who: SetsUp, bank_entry_id: UUID, body: Annotated[OnIn, Body(examples=[ENDED])]
) -> Response:
    """Offer an entry no longer: `on` is the first day without it. It stays to be read."""
    await must_be(asked, "bank_entry", bank_entry_id)

    async def end(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, BANK, (bank_entry_id,), await asked.district(),
            lambda seen: end_entry(seen.state, bank_entry_id, body.on), answer=making.answer,
        )  # fmt: skip

    return await asked.respond("bank_entry", bank_entry_id, end)


def _described(seen: Seen[BankEntry], bank_entry_id: UUID, body: BankEntryIn) -> list[BankEvent]:
    said = BankText(body.title, body.text, body.areas, body.categories, body.grades)
    return describe_entry(
        seen.state, DescribeEntry(bank_entry_id, body.kind, said, seen.today, body.external_id)
    )
