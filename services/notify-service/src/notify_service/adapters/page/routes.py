"""``/n/{token}``: one notice for whoever it was sent to, without an account.

Fetching a link shows nothing about the child and records nothing: mail scanners fetch links. The text opens by a POST
after the check, and every answer to the notice carries the proof that the check was passed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import Form, Query, Request
from pydantic import AfterValidator
from starlette.responses import Response

from contracts.problems import Destroyed
from contracts.vocabulary import RequestKind
from notify_service.adapters.at_hand import AtHand, at_hand
from notify_service.adapters.page import doing, rendering
from notify_service.adapters.page.draft import LONGEST_TEXT, Draft, draft_of
from notify_service.adapters.page.new_link import send_new_link
from notify_service.adapters.page.pace import Pace
from notify_service.adapters.page.seeing import (
    Seen,
    check,
    form_key,
    in_force_today,
    looked_at_record,
    proof_of,
    proven,
    see,
)
from notify_service.adapters.sending.preparing import facts_kept
from notify_service.adapters.templating import words_with
from notify_service.application.wording import Wording
from notify_service.domain.facts import NoticeFacts
from notify_service.domain.notice import Notice
from runtime.append_request import TenantHasEnded
from runtime.http import Routes

routes = Routes(prefix="/n", include_in_schema=False)

Language = Annotated[str | None, Form(max_length=35)]
Proof = Annotated[str, Form(max_length=200)]
Key = Annotated[str, Form(max_length=64)]
Text = Annotated[str, Form(), AfterValidator(lambda text: text.replace("\r\n", "\n"))]
"""What somebody typed: a browser sends the end of a line as two characters, and counts it as one."""
Items = Annotated[list[str] | None, Form(max_length=1000)]


class Paces:
    """How often one link may be used, and how often one caller may come with links that are none."""

    def __init__(self) -> None:
        self.link = Pace(60, 300)
        self.stranger = Pace(120, 300)
        self.new_link = Pace(3, 600)
        self.sending: set[asyncio.Task[bool]] = set()


@dataclass(frozen=True, slots=True)
class Reached:
    """A link that works, and what is needed to answer it."""

    request: Request
    hand: AtHand
    token: str
    seen: Seen
    words: Wording

    @property
    def correlation(self) -> str:
        """The request's."""
        correlation: str = self.request.state.correlation
        return correlation

    async def facts(self) -> NoticeFacts:
        """What the notice says, as it was fixed."""
        if self.seen.entry.facts is None:
            raise LookupError("a notice with a link has its facts")
        return await facts_kept(self.hand.service, self.seen.link.tenant, self.seen.entry.facts)

    async def show(
        self, notice: Notice, *, said: str | None = None, wrong: str | None = None, status: int | None = None,
        draft: Draft | None = None,
    ) -> Response:  # fmt: skip
        """The opened page."""
        seen = replace(self.seen, notice=notice)
        proof = proof_of(self.hand, seen.link.link)
        facts = await self.facts()
        own = notice.text.language if notice.text else None
        words = await words_with(self.hand.service, seen.link.tenant, facts, self.words.tag, own)
        return rendering.notice_page(
            seen,
            self.token,
            words,
            facts,
            proof,
            form_key(),
            said=said,
            wrong=wrong,
            plan=await in_force_today(self.hand, seen) if seen.inspects_record else (),
            looks=await looked_at_record(self.hand, seen) if seen.inspects_record else (),
            status=status,
            draft=draft,
        )


@routes.get("/{token}")
async def get_page(
    token: str, request: Request, lang: Annotated[str | None, Query(max_length=35)] = None
) -> Response:
    """Show district, kind of letter and language choice; nothing about the child."""
    reached = await _reach(request, token, lang)
    if isinstance(reached, Response):
        return reached
    return rendering.gate(reached.seen, token, reached.words)


@routes.post("/{token}")
async def post_page(
    token: str, request: Request, lang: Language = None, proof: Proof = "",
    month: Annotated[str, Form(max_length=4)] = "", day: Annotated[str, Form(max_length=4)] = "",
    year: Annotated[str, Form(max_length=8)] = "", form: Annotated[str, Form(max_length=20)] = "",
    items: Items = None, kind: Annotated[str, Form(max_length=50)] = "", text: Text = "",
) -> Response:  # fmt: skip
    """Open the notice after the check, or show it in another language. What was typed before goes along in the form."""
    reached = await _reach(request, token, lang)
    if isinstance(reached, Response):
        return reached
    hand, seen, words = reached.hand, reached.seen, reached.words
    draft = draft_of(form, text, items, kind)
    if proof:
        if proven(hand, seen.link.link, proof):
            return await reached.show(seen.notice)
        return rendering.gate(seen, token, words, wrong=words("page.session_over"))
    if draft and not (year or month or day):
        return rendering.gate(seen, token, words, draft=draft)
    birth_date = _date(year, month, day)
    if birth_date is None:
        return rendering.gate(seen, token, words, status=422, wrong=words("page.incomplete"), draft=draft)
    if not await check(hand, seen, birth_date):
        return await _wrong(request, token, lang, draft)
    access = request.app.state.edge.access
    notice = await doing.opened(hand, seen, words.tag, reached.correlation, access)
    return await reached.show(notice, said=words("page.kept") if draft else None, draft=draft)


@routes.post("/{token}/acknowledgement")
async def post_acknowledgement(
    token: str, request: Request, proof: Proof = "", lang: Language = None
) -> Response:
    """Confirm receipt. It is not consent."""

    async def confirm(reached: Reached) -> Notice:
        return await doing.acknowledged(reached.hand, reached.seen, reached.correlation)

    return await _answer(request, token, proof, lang, confirm)


@routes.post("/{token}/objection")
async def post_objection(
    token: str, request: Request, proof: Proof = "", key: Key = "", lang: Language = None,
    items: Items = None, text: Text = "",
) -> Response:  # fmt: skip
    """Object to the notice, or to some of it, in one's own words."""

    async def say(reached: Reached) -> Notice:
        meant = rendering.meant(await reached.facts(), items or ())
        return await doing.objected(reached.hand, reached.seen, reached.correlation, key, meant, _said(text))

    return await _answer(request, token, proof, lang, say, draft_of("objection", text, items))


@routes.post("/{token}/request")
async def post_request(
    token: str, request: Request, kind: Annotated[RequestKind, Form()], proof: Proof = "", key: Key = "",
    lang: Language = None, text: Text = "",
) -> Response:  # fmt: skip
    """Ask for a meeting, the record, a correction, another language, an interpreter, paper."""

    async def ask(reached: Reached) -> Notice:
        return await doing.asked(reached.hand, reached.seen, reached.correlation, key, kind, _said(text))

    return await _answer(request, token, proof, lang, ask, draft_of("request", text, kind=kind))


@routes.post("/{token}/notice.pdf")
async def post_letter(token: str, request: Request, proof: Proof = "", lang: Language = None) -> Response:
    """The letter itself, after the check."""
    reached = await _reach(request, token, lang)
    if isinstance(reached, Response):
        return reached
    seen, words = reached.seen, reached.words
    if not proven(reached.hand, seen.link.link, proof) or seen.notice.text is None:
        return rendering.gate(seen, token, words, wrong=words("page.session_over"))
    kept = await reached.hand.service.vault.fetch(seen.link.tenant, seen.notice.text.document.document)
    name = words("mail.attachment")
    headers = rendering.headers() | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(kept.content, 200, headers, kept.media_type)


@routes.post("/{token}/link")
async def post_link(token: str, request: Request, lang: Language = None) -> Response:
    """Have a new link sent to the address on file; whether there is one is not told here."""
    hand, paces = at_hand(request), _paces(request)
    try:
        seen = await see(hand, token)
    except Destroyed as gone:
        return rendering.destroyed(rendering.words_for(lang, "en"), gone.on)
    words = _words(lang, seen)
    if seen is None:
        return _stranger(request, words)
    if not seen.closed:
        return rendering.gate(seen, token, words)
    if seen.withdrawn or seen.ended_on is not None:  # Nothing is sent any more.
        return rendering.closed(seen, token, words)
    seconds = paces.new_link.wait(str(seen.link.notice))
    if seconds:
        return rendering.slow_down(words, seconds)
    # In the background: how long it takes would tell whether there is an address.
    task = asyncio.create_task(send_new_link(hand, seen))
    paces.sending.add(task)
    task.add_done_callback(paces.sending.discard)
    return rendering.closed(seen, token, words, sent=True)


async def _reach(request: Request, token: str, lang: str | None) -> Reached | Response:
    hand = at_hand(request)
    try:
        seen = await see(hand, token)
    except Destroyed as gone:
        return rendering.destroyed(rendering.words_for(lang, "en"), gone.on)
    words = _words(lang, seen)
    if seen is None:
        return _stranger(request, words)
    seconds = _paces(request).link.wait(str(seen.link.link))
    if seconds:
        return rendering.slow_down(words, seconds)
    if seen.closed:
        return rendering.closed(seen, token, words)
    return Reached(request, hand, token, seen, words)


def _stranger(request: Request, words: Wording) -> Response:
    seconds = _paces(request).stranger.wait(request.client.host if request.client else "")
    return rendering.slow_down(words, seconds) if seconds else rendering.not_found(words)


async def _wrong(request: Request, token: str, lang: str | None, draft: Draft | None) -> Response:
    """What is left after a wrong check: some tries, or a closed link."""
    reached = await _reach(request, token, lang)
    if isinstance(reached, Response):
        return reached
    words = reached.words
    left = words.counted("page.tries", reached.seen.row.tries_left)
    wrong = f"{words('page.wrong')} {left}"
    return rendering.gate(reached.seen, token, words, status=422, wrong=wrong, draft=draft)


async def _answer(
    request: Request, token: str, proof: str, lang: str | None, do: Callable[[Reached], Awaitable[Notice]],
    draft: Draft | None = None,
) -> Response:  # fmt: skip
    reached = await _reach(request, token, lang)
    if isinstance(reached, Response):
        return reached
    seen, words = reached.seen, reached.words
    if not proven(reached.hand, seen.link.link, proof):
        return rendering.gate(seen, token, words, wrong=words("page.session_over"), draft=draft)
    if draft and len(draft.text) > LONGEST_TEXT:
        return await reached.show(seen.notice, wrong=words("page.too_long"), draft=draft)
    try:
        await do(reached)
    except TenantHasEnded as ended:
        ended_now = replace(reached, seen=replace(seen, ended_on=ended.on))
        return await ended_now.show(
            seen.notice, wrong=words("page.ended", on=words.day(ended.on)), status=409
        )
    seen = await see(reached.hand, token) or seen
    if seen.closed:  # Since it was answered: an order limiting contact, say.
        return rendering.closed(seen, token, words)
    return await replace(reached, seen=seen).show(seen.notice, said=words("page.thanks"))


def _said(text: str) -> str | None:
    """As it was written; only what no store can hold is taken out."""
    kept = text.replace("\x00", "")
    return kept if kept.strip() else None


def _words(lang: str | None, seen: Seen | None) -> Wording:
    words = rendering.words_for(lang, seen.notice.about.language if seen else "en")
    return words.to_student() if seen is not None and seen.to_student else words


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _paces(request: Request) -> Paces:
    paces: Paces = request.app.state.paces
    return paces
