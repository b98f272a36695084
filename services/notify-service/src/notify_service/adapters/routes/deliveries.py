"""What people do with a notice: post it, hand it over, say what was missing, let one go that waited."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from starlette.responses import Response

from contracts.event import Event
from contracts.ids import new_id
from contracts.notify import ToldOrally
from contracts.problems import NotFound
from notify_service.adapters import handing, known_facts
from notify_service.adapters.at_hand import at_hand
from notify_service.adapters.making import NoticeCannotBeWritten, TextIsFixed, complete_notice
from notify_service.adapters.returns import take_back
from notify_service.adapters.routes.forms import (
    DeliveryIn,
    DeliveryOut,
    DispatchIn,
    NoticeOut,
    PartsIn,
    ReturnIn,
    may_report,
)
from notify_service.adapters.sending.steps import Work, step
from notify_service.domain.delivery import (
    DeliveredBeforeOwed,
    MailGoesByItself,
    NoticeNotRendered,
    NotUnderstood,
)
from notify_service.domain.notice import in_vain
from notify_service.domain.returning import CameBack, NothingSentThatWay
from notify_service.domain.together import known_by
from notify_service.domain.waiting import NothingToDecide
from runtime.append_request import Appended
from runtime.auth import Principal, allow
from runtime.call import Asked, Call, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

KIND = "delivery"
Reads = Annotated[Principal, allow("notice.read")]
Writes = Annotated[Principal, allow("notice.write")]
routes = Routes(prefix="/notify/v1", tags=["notices"])


@routes.post(
    "/notices/{notice_id}/deliveries",
    response_model=NoticeOut,
    responses=problems(NoticeNotRendered, MailGoesByItself, NotUnderstood, DeliveredBeforeOwed),
)
async def post_delivery(notice_id: UUID, body: DeliveryIn, who: Writes, asked: Asked) -> Response:
    """Record that the notice was posted, handed over, read aloud, or that a doubtful mail was found delivered.

    A letter counts as given once the district's mailing days have passed; what was handed over or read aloud at once.
    A day before the notice was owed is refused, and so is a telling of which nothing says that it was understood; reported,
    it is recorded with what was unmet, and what was not understood is sent and not given.
    """
    reported = may_report(who, body.reported)
    service = at_hand(asked.request).service
    told = body.told
    orally = ToldOrally(language=told.language, mode=told.mode, understood=told.understood) if told else None
    done = handing.Delivered(
        new_id(), body.channel, body.on, body.note, reported, orally, told.interpreter if told else None
    )
    # What was done outside Handrail was done with this notice: nobody says that it was our letter, with all that it gives.
    return await _step(
        asked, notice_id, lambda work: handing.deliver(service, work, done), alone=reported is not None,
        parted=not in_vain(orally),
    )  # fmt: skip


@routes.get("/notices/{notice_id}/deliveries", response_model=Page[DeliveryOut])
async def get_deliveries(notice_id: UUID, who: Reads, asked: Asked, listing: Listed) -> Response:
    """List a notice's sendings and the tries that failed, a page at a time."""
    if await asked.fetch("notice", notice_id) is None:
        raise NotFound("There is nothing here under this id that you may see.")
    return await asked.page(KIND, listing, fields={"notice": str(notice_id)})


@routes.get("/notices/{notice_id}/deliveries/{delivery_id}", response_model=DeliveryOut)
async def get_delivery(notice_id: UUID, delivery_id: UUID, who: Reads, asked: Asked) -> Response:
    """Read one sending, with the other side's answer."""
    shown = await asked.fetch(KIND, delivery_id)
    if shown is None or shown.document["notice"] != str(notice_id):
        raise NotFound("This notice has nothing under this id.")
    return await asked.one(KIND, delivery_id)


@routes.post(
    "/notices/{notice_id}/parts",
    response_model=NoticeOut,
    responses=problems(NoticeCannotBeWritten, TextIsFixed),
)
async def post_parts(notice_id: UUID, body: PartsIn, who: Writes, asked: Asked) -> Response:
    """Say what a notice's parts are to say where the amendment does not; with it the text is fixed and goes its way."""
    hand = at_hand(asked.request)

    async def complete(making: Making) -> Appended:
        made = await complete_notice(hand.service, asked.context, notice_id, body.to_reasons(), making.answer)
        hand.wake()
        return replace(made, resources={})

    return await asked.respond("notice", notice_id, complete)


@routes.post("/notices/{notice_id}/dispatch", response_model=NoticeOut, responses=problems(NothingToDecide))
async def post_dispatch(notice_id: UUID, body: DispatchIn, who: Writes, asked: Asked) -> Response:
    """Send a notice that waited for a person's decision: of a proposal reported, or whose mail was in doubt."""
    hand = at_hand(asked.request)
    return await _step(asked, notice_id, lambda work: handing.dispatch_now(hand, work, body.reason))


@routes.post("/notices/{notice_id}/returns", response_model=NoticeOut, responses=problems(NothingSentThatWay))
async def post_return(notice_id: UUID, body: ReturnIn, who: Writes, asked: Asked) -> Response:
    """Record that a sending came back. Nothing else showing that it arrived, the notice counts as given no more.

    A mail becomes a letter; a letter waits for another address.
    """
    reported = may_report(who, body.reported)

    async def decide(work: Work) -> Sequence[Event]:
        today = await known_facts.today_in(work.rows, asked.tenant)
        on = reported.occurred_on if reported else today
        sending = known_by(work.notice, notice_id, body.delivery)
        return await take_back(work, CameBack(sending, body.answer, on, reported=reported))

    return await _step(asked, notice_id, decide)


class _GivenBy(Exception):
    """Seen under the lock: this notice is given by another's letter, or by that one's no more."""

    def __init__(self, notice: UUID) -> None:
        super().__init__()
        self.notice = notice


async def _step(
    asked: Call, notice_id: UUID, decide: Callable[[Work], Awaitable[Sequence[Event]]], *, alone: bool = False,
    parted: bool = True,
) -> Response:  # fmt: skip
    """What is done with a letter is done with every notice that it gives; ``alone``, with this one only (see `step`)."""
    hand = at_hand(asked.request)

    async def of_letter(work: Work) -> Sequence[Event]:
        if not alone and work.entry.leader is not None:
            raise _GivenBy(work.entry.leader)
        if notice_id != work.entry.notice and notice_id not in work.led:
            raise _GivenBy(notice_id)
        return await decide(work)

    async def run(making: Making) -> Appended:
        made, letter = None, notice_id
        while made is None:
            try:
                made = await step(
                    hand.service, asked.tenant, letter, of_letter, context=asked.context, answer=making.answer,
                    alone=alone, parted=parted,
                )  # fmt: skip
            except _GivenBy as by:
                letter = by.notice
        hand.wake()
        return replace(made, resources={})

    return await asked.respond("notice", notice_id, run)
