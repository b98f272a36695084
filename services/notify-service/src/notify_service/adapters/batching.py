"""Putting letters together, printing them and recording that they were posted."""

import hashlib
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid5

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.event import Event
from contracts.fields import Line, NoticeId
from contracts.letter_batches import BatchedLetter, LetterBatchMade, LetterBatchPosted
from contracts.problems import Invalid, NotFound, Reason
from contracts.vocabulary import Channel
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.at_hand import at_hand
from notify_service.adapters.handing import Delivered, deliver
from notify_service.adapters.sending import gathering
from notify_service.adapters.sending.steps import Decide, Work, step
from notify_service.adapters.tables import OUTBOX
from notify_service.application.batches import (
    BATCH,
    MOST_LETTERS,
    Batch,
    BatchPosted,
    Envelope,
    NothingToPost,
    WentOrLeftOut,
    manifest,
    said_of,
)
from notify_service.application.notice_text import address_lines
from notify_service.application.notices import NOTICE
from notify_service.domain.notice import Notice
from runtime import sight
from runtime.append_request import Appended, Change
from runtime.call import Call, Making
from runtime.database import driver
from runtime.tenants import subject_of

_PAGE = re.compile(rb"/Type\s*/Page[^s]")


async def make_batch(call: Call, batch_id: UUID, making: Making) -> Appended:
    """Every letter that waits and that the caller may see; each is in one batch only. Durable on return."""
    service = at_hand(call.request).service
    async with service.database.begin(call.tenant) as rows:
        waiting = await _waiting(rows, call)
        letters = [letter for notice in waiting if (letter := await _letter(call, rows, notice))]
        if not letters:
            raise NothingToPost("No letter waits to be posted that is not in another batch.")
        today = await known_facts.today_in(rows, call.tenant)
        connection = await driver(rows)
        stream = BATCH.stream(batch_id)
        loaded = (await service.store.load_many(call.tenant, [(BATCH, stream)], connection=connection))[
            stream
        ]
        made = LetterBatchMade(effective_on=today, batch_id=batch_id, letters=tuple(letters))
        appended = await service.store.append(
            call.context, [Change(loaded, await _subject(call), [made])], answer=making.answer,
            claims=making.claims, connection=connection,
        )  # fmt: skip
        if appended.replayed is None:
            named = [notice for letter in letters for notice in letter.notice_ids]
            await rows.execute(
                update(OUTBOX)
                .where(OUTBOX.c.tenant == call.tenant, OUTBOX.c.notice.in_(named))
                .values(batch=batch_id)
            )
    service.store.wake()
    return appended


@dataclass(frozen=True, slots=True)
class Posting:
    """What somebody says of a batch: when the carrier got it, and what was not as printed."""

    on: date
    carrier: Line | None = None
    left_out: Sequence[NoticeId] = ()
    went_anyway: Sequence[NoticeId] = ()


async def post_batch(call: Call, batch_id: UUID, said: Posting, making: Making) -> Appended:
    """The carrier has them: each letter's mailing days run from that day. Those left out wait for another batch.

    Whether a letter went that might not go any more today, only a person knows: unsaid, it is asked for (`WentOrLeftOut`).
    """
    service = at_hand(call.request).service
    loaded = await service.store.load(call.tenant, BATCH, batch_id)
    batch = loaded.state
    if batch.batch_id is None:
        raise NotFound("There is nothing here under this id that you may see.")
    if batch.posted_on is not None:
        raise BatchPosted(f"This batch was posted on {batch.posted_on}.")
    async with service.database.read(call.tenant) as rows:
        today = await known_facts.today_in(rows, call.tenant)
    if said.on > today or (batch.made_on is not None and said.on < batch.made_on):
        message = "A batch is posted between the day it was made and today."
        raise Invalid(message, reasons=(Reason("posted-on-no-such-day", message, pointer="/on"),))
    stay, went = said_of(batch, said.left_out, said.went_anyway)
    unsaid = [each for each in await _stopped(call, batch) if each not in stay and each not in went]
    if unsaid:
        raise WentOrLeftOut(unsaid)
    # Each letter on its own first: repeating it changes nothing, and the batch counts as posted once all of them are.
    for letter in sorted(batch.letters, key=lambda each: each.notice_ids[0]):
        if letter.notice_ids[0] not in stay:
            await _post(call, batch_id, letter, said, anyway=letter.notice_ids[0] in went)
    posted = LetterBatchPosted(
        effective_on=today, batch_id=batch_id, carrier=said.carrier, left_out=tuple(sorted(stay)),
        posted_on=said.on,
    )  # fmt: skip
    async with service.database.begin(call.tenant) as rows:
        await rows.execute(
            update(OUTBOX)
            .where(OUTBOX.c.tenant == call.tenant, OUTBOX.c.notice.in_(sorted(stay)), OUTBOX.c.batch == batch_id)
            .values(batch=None)
        )  # fmt: skip
        appended = await service.store.append(
            call.context, [Change(loaded, await _subject(call), [posted])], answer=making.answer,
            connection=await driver(rows),
        )  # fmt: skip
    service.store.wake()
    return appended


async def _stopped(call: Call, batch: Batch) -> list[NoticeId]:
    """Notices of letters whose people may not be written to any more, or that were taken back since the batch was made."""
    service, stopped = at_hand(call.request).service, list[NoticeId]()
    for letter in batch.letters:
        first = letter.notice_ids[0]
        notice = (await service.store.load(call.tenant, NOTICE, first)).state
        if batch.batch_id and notice.delivery(_sending(batch.batch_id, first)) is not None:
            continue  # This very posting was begun before.
        about = notice.about
        async with service.database.read(call.tenant) as rows:
            entry = await outbox.entry(rows, call.tenant, first)
            now = await gathering.situation(service, rows, call.tenant, about.student_id, about.holder_id)
        waits = entry is not None and entry.batch == batch.batch_id and entry.state in ("to_post", "given")
        if now.blocked or not waits:
            stopped += letter.notice_ids
    return stopped


async def _post(call: Call, batch_id: UUID, letter: BatchedLetter, said: Posting, *, anyway: bool) -> None:
    """One envelope is with the carrier, and all that it gives with it."""
    service, first = at_hand(call.request).service, letter.notice_ids[0]
    async with service.database.begin(call.tenant) as rows:
        whole = set(letter.notice_ids) == {first, *await outbox.followers(rows, call.tenant, first)}
    # As printed it gave these; what has become of one of them since changes nothing of that.
    apart = anyway and not whole
    for notice in letter.notice_ids if apart else (first,):
        await step(
            service, call.tenant, notice, _posted(call, batch_id, letter, said, anyway=anyway),
            context=replace(call.context, request=None), alone=apart,
        )  # fmt: skip


def _sending(batch_id: UUID, notice: NoticeId) -> UUID:
    return uuid5(batch_id, str(notice))


def _under_way(notice: Notice) -> bool:
    """A letter of it was sent that has not come back."""
    sent = notice.sent_by(Channel.LETTER)
    newest = notice.delivery(sent.delivery_id) if sent is not None else None
    return newest is not None and newest.outcome == "sent"


def _posted(call: Call, batch_id: UUID, letter: BatchedLetter, said: Posting, *, anyway: bool) -> Decide:
    async def decide(work: Work) -> Sequence[Event]:
        sending = _sending(batch_id, work.entry.notice)
        if work.notice.delivery(sending) is not None:
            return ()  # This very posting was begun before.
        waits = work.entry.batch == batch_id and work.entry.state in ("to_post", "given")
        if not anyway and (not waits or _under_way(work.notice)):
            raise WentOrLeftOut(letter.notice_ids)  # Stopped since the others were looked at.
        done = Delivered(sending, Channel.LETTER, said.on, said.carrier, None, batch_id=batch_id)
        return await deliver(at_hand(call.request).service, work, done)

    return decide


async def envelopes(call: Call, batch: Batch) -> list[tuple[Envelope, bytes]]:
    """Each letter's bytes with where it goes now."""
    service, found = at_hand(call.request).service, []
    for number, letter in enumerate(batch.letters, 1):
        first = (await service.store.load(call.tenant, NOTICE, letter.notice_ids[0])).state
        if first.text is None:
            continue
        about = first.about
        async with service.database.read(call.tenant) as rows:
            now = await gathering.situation(service, rows, call.tenant, about.student_id, about.holder_id)
        if now.blocked or now.recipient is None:
            continue
        address = (now.preference.address if now.preference else None) or now.recipient.personal.address
        kept = await service.vault.fetch(call.tenant, first.text.document.document)
        lines = tuple(address_lines(address))
        found.append((
            Envelope(f"{number:04}.pdf", now.recipient.personal.name, lines, letter.notice_ids, letter.pages, letter.digest),
            kept.content,
        ))  # fmt: skip
        call.saw(about.student_id, "notice", letter.notice_ids)
    return found


def zipped(found: Sequence[tuple[Envelope, bytes]]) -> bytes:
    """The letters and their manifest, for whoever prints."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", manifest([envelope for envelope, _ in found]))
        for envelope, content in found:
            archive.writestr(envelope.file, content)
    return out.getvalue()


async def _waiting(rows: AsyncConnection, call: Call) -> list[UUID]:
    unopened = (OUTBOX.c.state == "given") & OUTBOX.c.reasons.contains(["unopened"])
    by_letter = (OUTBOX.c.state == "to_post") & (OUTBOX.c.channel == Channel.LETTER.value)
    wanted = select(OUTBOX.c.notice).where(
        OUTBOX.c.tenant == call.tenant,
        OUTBOX.c.batch.is_(None),
        OUTBOX.c.leader.is_(None),
        or_(by_letter, unopened),
    )
    how_far = await sight.reach(rows, call.who)
    if how_far is not None:
        wanted = wanted.where(sight.visible(how_far, call.tenant, OUTBOX.c.student))
    found = await rows.execute(wanted.order_by(OUTBOX.c.due_on.nulls_last(), OUTBOX.c.notice).limit(MOST_LETTERS)
                               .with_for_update(skip_locked=True))  # fmt: skip
    return [row.notice for row in found]


async def _letter(call: Call, rows: AsyncConnection, notice: UUID) -> BatchedLetter | None:
    """``None`` where the person may not be written to now."""
    service = at_hand(call.request).service
    state = (await service.store.load(call.tenant, NOTICE, notice)).state
    if state.text is None:
        return None
    about = state.about
    now = await gathering.situation(service, rows, call.tenant, about.student_id, about.holder_id)
    if now.blocked:
        return None
    kept = await service.vault.fetch(call.tenant, state.text.document.document)
    pages = max(1, len(_PAGE.findall(kept.content)))
    digest = hashlib.sha256(kept.content).hexdigest()
    together = await outbox.followers(rows, call.tenant, notice)
    return BatchedLetter(notice_ids=(notice, *together), digest=digest, pages=pages)


async def _subject(call: Call) -> UUID:
    subject = await subject_of(call.store, call.tenant)
    if subject is None:
        raise LookupError("a tenant that is open here has its subject")
    return subject
