"""What is done on the page: opened, receipt confirmed, objected, asked for."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from uuid import uuid5

from contracts.event import Event
from contracts.fields import ItemId, LanguageTag, NoticeId
from contracts.notify import DeliveryPersonalData, NoticeGiven
from contracts.store import Seen as SeenThing
from contracts.vocabulary import AccessGround, RequestKind, RequestVia
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.at_hand import AtHand
from notify_service.adapters.mail_message import message_id
from notify_service.adapters.page.seeing import Seen
from notify_service.adapters.sending.steps import Work, step
from notify_service.domain.answers import BIRTH_DATE, acknowledge, ask_for, object_to, open_notice
from notify_service.domain.delivery import Mailed, mail_accepted
from notify_service.domain.notice import Notice, evolve
from runtime.access import AccessRecord, Look
from runtime.append_request import Answer, Appended, Request

NOTED = {
    RequestKind.LANGUAGE: "asked-for-language",
    RequestKind.INTERPRETER: "asked-for-interpreter",
    RequestKind.PAPER: "asked-for-paper",
}
"""What the office sees to itself; the other kinds are plan-service's to answer."""

Decide = Callable[[Work, Notice], Sequence[Event]]


async def opened(
    hand: AtHand, seen: Seen, language: LanguageTag, correlation: str, access: AccessRecord
) -> Notice:
    """Opened with the link and the check. Recorded, with the look into the record, before anything is shown."""
    what = (SeenThing(kind="notice", ids=(str(seen.link.notice),)),)
    await access.record(
        seen.link.tenant, seen.actor, AccessGround.OWN_RECORD, "Opened the notice with its link and the check",
        [Look(seen.entry.student, what)],
    )  # fmt: skip
    return await _do(
        hand, seen, correlation, lambda work, notice: open_notice(notice, BIRTH_DATE, language, seen.today)
    )


async def acknowledged(hand: AtHand, seen: Seen, correlation: str) -> Notice:
    """Receipt confirmed."""
    return await _do(
        hand, seen, correlation, lambda _, notice: acknowledge(notice, RequestVia.NOTICE_LINK, seen.today)
    )


async def objected(
    hand: AtHand,
    seen: Seen,
    correlation: str,
    key: str,
    meant: Mapping[NoticeId, tuple[ItemId, ...]],
    text: str | None,
) -> Notice:
    """An objection to each notice that is meant, of those the letter gives; the same form sent twice is one."""

    def of(notice: Notice) -> Sequence[Event]:
        about = notice.about
        if about.notice_id not in meant:
            return ()
        items = meant[about.notice_id]
        return object_to(notice, about.holder_id, items, text, RequestVia.NOTICE_LINK, seen.today)

    def decide(work: Work, notice: Notice) -> Sequence[Event]:
        work.also.update({other: of(state) for other, state in work.led.items()})
        return of(notice)

    return await _do(hand, seen, correlation, decide, key=f"objection {key}")


async def asked(
    hand: AtHand, seen: Seen, correlation: str, key: str, kind: RequestKind, text: str | None
) -> Notice:
    """A request; the same form sent twice is one."""
    request_id = uuid5(seen.link.link, key)

    def decide(_work: Work, notice: Notice) -> Sequence[Event]:
        return ask_for(notice, request_id, kind, text, RequestVia.NOTICE_LINK, seen.today)

    return await _do(hand, seen, correlation, decide, key=f"request {key}", note=NOTED.get(kind))


async def _do(
    hand: AtHand,
    seen: Seen,
    correlation: str,
    decide: Decide,
    *,
    key: str | None = None,
    note: str | None = None,
) -> Notice:
    after: list[Notice] = []

    async def run(work: Work) -> Sequence[Event]:
        before = await _doubt_resolved(hand, seen, work)
        notice = _folded(work.notice, before)
        events = [*before, *decide(work, notice)]
        if any(isinstance(event, NoticeGiven) for event in events) and work.entry.state not in (
            "given",
            "lapsed",
        ):
            kept = [reason for reason in work.entry.reasons if reason != "mail-in-doubt"]
            await outbox.settle(
                work.rows,
                seen.link.tenant,
                seen.link.notice,
                "given",
                reasons=kept,
                due_at=None,
                counts_on=seen.today,
            )
        if note is not None:
            await outbox.note(work.rows, seen.link.tenant, seen.link.notice, note)
        after[:] = [_folded(work.notice, events)]
        return events

    await _step(hand, seen, correlation, run, key)
    if after:
        return after[-1]
    return seen.notice


async def _step(
    hand: AtHand,
    seen: Seen,
    correlation: str,
    run: Callable[[Work], Awaitable[Sequence[Event]]],
    key: str | None,
) -> Appended:
    context = seen.context(correlation)
    answer = None
    if key is not None:
        digest = hashlib.sha256(key.encode()).digest()
        request = Request(str(seen.link.link), "POST", "/n", key, digest)
        context = replace(context, request=request)
        answer = Answer(200, "notice", seen.link.notice)
    return await step(hand.service, seen.link.tenant, seen.link.notice, run, context=context, answer=answer)


async def _doubt_resolved(hand: AtHand, seen: Seen, work: Work) -> list[Event]:
    """Whoever uses a mail's link has got the mail."""
    if work.entry.state != "in_doubt" or work.entry.delivery != seen.link.link:
        return []
    person = await known_facts.recipient(work.rows, seen.link.tenant, work.entry.student, work.entry.holder)
    to = DeliveryPersonalData(name=person.personal.name if person else "the addressee")
    mailed = Mailed(
        seen.link.link,
        to,
        message_id(seen.link.notice, hand.office.domain, work.notice.mails_sent),
        "the link in this mail was used",
        seen.today,
    )
    return mail_accepted(work.notice, mailed)


def _folded(notice: Notice, events: Sequence[Event]) -> Notice:
    for event in events:
        notice = evolve(notice, event)
    return notice
