"""Reading notices, and making one by hand."""

import asyncio
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from contracts.ids import new_id
from contracts.problems import NotFound
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.at_hand import at_hand
from notify_service.adapters.making import MakeNotice, NoticeCannotBeWritten, make_notice
from notify_service.adapters.routes.forms import LongSentencesOut, NoticeIn, NoticeOut
from notify_service.adapters.sending.preparing import facts_kept
from notify_service.adapters.showing import Status, names_for, page_of_notices
from notify_service.adapters.templating import words_with
from notify_service.application.letter import proof_pdf
from notify_service.application.notice_text import compose
from notify_service.application.notices import NOTICE
from notify_service.application.proof import proof_text
from notify_service.application.readability import long_sentences, readability
from notify_service.domain.delivery import NoticeNotRendered
from runtime.append_request import Appended
from runtime.auth import Principal, allow
from runtime.call import Asked, Making
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.resources import encode

Reads = Annotated[Principal, allow("notice.read")]
Writes = Annotated[Principal, allow("notice.write")]
routes = Routes(prefix="/notify/v1", tags=["notices"])


@routes.get("/notices", response_model=Page[NoticeOut])
async def get_notices(
    who: Reads, asked: Asked, listing: Listed,
    status: Annotated[
        str | None, Query(description="One status, or several with commas.", examples=["to_post", "blocked,in_doubt"])
    ] = None,
) -> Response:  # fmt: skip
    """List notices: who must be told what, where each stands, and why one waits."""
    return await page_of_notices(asked, listing, Status.read(status))


@routes.get(
    "/notices/{notice_id}.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, **problems(NoticeNotRendered)},
)
async def get_letter(notice_id: UUID, who: Reads, asked: Asked) -> Response:
    """Read the notice as the letter that was or is to be given: the very bytes the log commits to."""
    shown = await asked.shown("notice", notice_id)
    text = shown.document.get("text")
    if text is None:
        raise NoticeNotRendered("This notice's text is not made yet.")
    service = at_hand(asked.request).service
    async with service.database.begin(asked.tenant) as rows:
        await outbox.take_out(rows, asked.tenant, notice_id)
        entry = await outbox.entry(rows, asked.tenant, notice_id)
        if entry is not None and entry.state == "to_prepare" and not shown.document.get("deliveries"):
            raise NoticeNotRendered("The letter is just being written anew: read it again in a moment.")
    # From here on it is joined to nothing any more, as somebody may hold it in hand; so what stands now stays.
    stands = await asked.fetch("notice", notice_id)
    text = stands.document["text"] if stands else text
    kept = await service.vault.fetch(asked.tenant, UUID(text["document"]["document"]))
    headers = {"Content-Disposition": f'inline; filename="notice-{notice_id}.pdf"'}
    return Response(kept.content, 200, headers, kept.media_type)


@routes.get("/notices/{notice_id}", response_model=NoticeOut)
async def get_notice(notice_id: UUID, who: Reads, asked: Asked) -> Response:
    """Read one notice: its text's proof, every sending with the other side's answer, given, opened, answered."""
    return await asked.one("notice", notice_id)


@routes.get(
    "/notices/{notice_id}/proof.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def get_proof(notice_id: UUID, who: Reads, asked: Asked) -> Response:
    """Read the proof of notice: what was given to whom, each attempt with the other side's answer, and where each stands
    in the log, so that anybody can check it there.
    """
    shown = await asked.shown("notice", notice_id)
    service = at_hand(asked.request).service
    history = await service.store.read(asked.tenant, NOTICE.stream(notice_id))
    async with service.database.read(asked.tenant) as rows:
        names = await names_for(rows, asked.tenant, shown.document)
        profile = await known_facts.profile_on(
            rows, asked.tenant, await known_facts.today_in(rows, asked.tenant)
        )
    text = proof_text(history, names, profile.name if profile else asked.tenant)
    pdf = await asyncio.to_thread(proof_pdf, text, history[-1].recorded_at.replace(microsecond=0))
    headers = {"Content-Disposition": f'inline; filename="proof-{notice_id}.pdf"'}
    return Response(pdf, 200, headers, "application/pdf")


@routes.get("/notices/{notice_id}/readability", response_model=LongSentencesOut)
async def get_readability(notice_id: UUID, who: Reads, asked: Asked) -> Response:
    """Read how hard the notice is to read, with each sentence that is longer than can be read at once."""
    shown = await asked.shown("notice", notice_id)
    text = shown.document.get("text")
    service = at_hand(asked.request).service
    async with service.database.read(asked.tenant) as rows:
        entry = await outbox.entry(rows, asked.tenant, notice_id)
    if text is None or entry is None or entry.facts is None:
        raise NoticeNotRendered("This notice's text is not made yet.")
    facts = await facts_kept(service, asked.tenant, entry.facts)
    words = await words_with(service, asked.tenant, facts, text["language"], text["language"])
    composed = compose(facts, words, shown.document["language"])
    measured = readability(composed).model_dump(mode="json", exclude_none=True)
    body = {"notice": str(notice_id), **measured, "sentences_to_shorten": long_sentences(composed)}
    return Response(encode(body), 200, media_type="application/json")


@routes.post(
    "/notices", status_code=201, response_model=NoticeOut, responses=problems(NoticeCannotBeWritten, NotFound)
)
async def post_notice(body: NoticeIn, who: Writes, asked: Asked) -> Response:
    """Make a notice by hand. It is written, and goes its way by itself; a part without content refuses it."""
    await asked.must_see(body.student)
    hand = at_hand(asked.request)
    command = MakeNotice(
        new_id(), body.kind, body.student, body.holder, body.plan, body.amendment, body.caused_by, body.action,
        body.to_reasons(),
    )  # fmt: skip

    async def make(making: Making) -> Appended:
        made = await make_notice(hand.service, asked.context, command, making)
        hand.wake()
        return replace(made, resources={})

    return await asked.respond("notice", command.notice_id, make, external_id=body.external_id)
