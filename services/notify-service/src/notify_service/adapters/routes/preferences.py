"""How a holder is given notice: language, mode, channels, election of e-mail (34 CFR 300.503(c), 300.505)."""

import asyncio
import contextlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Header
from starlette.responses import Response

from contracts.notify import PreferencesPersonalData
from contracts.problems import Invalid, NotFound, Reason
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.at_hand import AtHand, at_hand
from notify_service.adapters.routes.forms import PreferencesIn, PreferencesOut, may_report
from notify_service.application.notices import PREFERENCES
from notify_service.domain.preferences import SetPreferences, set_preferences
from runtime import resources
from runtime.append_request import Appended
from runtime.auth import Principal, allow
from runtime.call import Asked, Call, Making
from runtime.execute import execute
from runtime.http import Routes
from runtime.problem_details import Malformed, PreconditionRequired
from runtime.resources import Shown

Reads = Annotated[Principal, allow("notice.read")]
Writes = Annotated[Principal, allow("notice.write")]
routes = Routes(prefix="/notify/v1", tags=["preferences"])

PATIENCE_SECONDS = 3.0
_VERSION = re.compile(r'"(0|[1-9][0-9]{0,17})"')


@routes.get("/preferences/{holder_id}", response_model=PreferencesOut)
async def get_preferences(holder_id: UUID, who: Reads, asked: Asked) -> Response:
    """Read how a holder is given notice, for each student you may see, with every setting there was."""
    return await asked.one("preferences", holder_id)


@routes.put("/preferences/{holder_id}", response_model=PreferencesOut)
async def put_preferences(
    holder_id: UUID, body: PreferencesIn, who: Writes, asked: Asked,
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="The ETag you read; not needed for the first setting.")
    ] = None,
) -> Response:  # fmt: skip
    """Set how a holder is given notice about a student, in full, from today.

    E-mail is used only once it was elected (34 CFR 300.505); otherwise notices go by letter. Notices that wait are
    looked at again.
    """
    reported = may_report(who, body.reported)
    hand = at_hand(asked.request)
    student = await _student(asked, hand, holder_id, body.student)
    await asked.must_see(student)
    expected = await _expected_version(asked, holder_id, if_match)
    async with hand.service.database.read(asked.tenant) as rows:
        today = await known_facts.today_in(rows, asked.tenant)
    personal = PreferencesPersonalData(email=body.email, phone=body.phone, address=body.address)
    command = SetPreferences(
        holder_id, student, body.language, body.mode, body.channels, body.electronic_notice_elected_on,
        personal if personal != PreferencesPersonalData() else None, today, reported,
    )  # fmt: skip

    async def run(making: Making) -> Appended:
        appended = await execute(
            asked.store, asked.context, PREFERENCES, (holder_id,), student,
            lambda state: set_preferences(state, command), expected_version=expected, answer=making.answer,
        )  # fmt: skip
        await _look_again(hand, asked.tenant, student)
        return replace(
            appended, resources={}
        )  # Shown as it is read: without students the caller does not see.

    return await asked.respond("preferences", holder_id, run)


async def _look_again(hand: AtHand, tenant: str, student: UUID) -> None:
    async with hand.service.database.begin(tenant) as rows:
        now = await known_facts.now_of(rows, tenant)
        await outbox.look_again(rows, tenant, now, student=student)
    hand.wake()


async def _student(asked: Call, hand: AtHand, holder: UUID, named: UUID | None) -> UUID:
    """For whom this holder was confirmed; one who was confirmed a moment ago may still be on the way here."""
    waited = 0.0
    while True:
        async with hand.service.database.read(asked.tenant) as rows:
            known = await known_facts.students_of_holder(rows, asked.tenant, holder)
        if named in known:
            return named
        if named is None and len(known) == 1:
            return known[0]
        if named is None and len(known) > 1:
            message = "This person holds rights for several students: name the student."
            raise Invalid(message, reasons=(Reason("missing", message, pointer="/student"),))
        if waited >= PATIENCE_SECONDS:
            raise NotFound("There is nothing here under this id that you may see.")
        await asyncio.sleep(0.05)
        waited += 0.05


async def _expected_version(asked: Call, holder: UUID, if_match: str | None) -> int:
    """The first setting has nothing to match."""
    if if_match is None:
        if (await asked.store.load(asked.tenant, PREFERENCES, holder)).version:
            raise PreconditionRequired('Read it first and send its ETag as If-Match, e.g. If-Match: "3".')
        return 0
    matched = _VERSION.fullmatch(if_match.strip())
    if matched is None:
        raise Malformed('If-Match is the one ETag you read, with its quotation marks, e.g. If-Match: "3".')
    return int(matched[1])


async def owner_of_holder(call: Call, holder: UUID) -> UUID | None:
    """The student whose rights this person holds; of several one whom the caller may see, else `NotFound`.

    ``None`` for a person nobody was confirmed as yet: a confirmation may still be on the way here.
    """
    async with call.edge.service.database.read(call.tenant) as rows:
        students = await known_facts.students_of_holder(rows, call.tenant, holder)
    seen = await _those_seen(call, students)
    if students and not seen:
        raise NotFound("There is nothing here under this id that you may see.")
    return seen[0] if seen else None


async def fetch_preferences(call: Call, holder: UUID) -> Shown | None:
    """Of a person who holds rights for several students what is set for those the caller may see, each look noted."""
    async with call.edge.service.database.read(call.tenant) as rows:
        shown = await resources.find(rows, call.tenant, "preferences", holder)
    if shown is None:
        return None
    settings = shown.document["students"]
    seen = await _those_seen(call, [UUID(student) for student in settings])
    for student in seen:
        call.saw(student, "preferences", (holder,))
    narrowed = {str(student): settings[str(student)] for student in seen}
    return replace(shown, document={"students": narrowed}, student=None) if seen else None


async def _those_seen(call: Call, students: Iterable[UUID]) -> list[UUID]:
    seen = []
    for student in students:
        with contextlib.suppress(NotFound):
            seen.append(await call.must_see(student))
    return seen
