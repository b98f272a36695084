"""Preparing a notice: may it go, has every part content, its text fixed as a letter in the vault, the way it goes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from contracts.event import Event, EventClass
from contracts.ids import new_id
from contracts.notice_hindrances import NoticeLapsed
from contracts.notify import Readability
from contracts.values import DocumentRef
from contracts.vocabulary import NoticeLapse, TranslationStatus
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.outbox import Entry, Lease
from notify_service.adapters.sending import gathering
from notify_service.adapters.sending.gathering import NotGathered, Situation, Wanted
from notify_service.adapters.sending.joining import join
from notify_service.adapters.sending.steps import LostLease, Work, step, under_lease
from notify_service.adapters.templating import in_use, words_with
from notify_service.application.letter import PDF, letter_pdf
from notify_service.application.notice_text import compose
from notify_service.application.readability import readability
from notify_service.application.wording import LANGUAGES, Wording
from notify_service.domain.blocking import LETTERS_NOT_SHOWN, blocked, stays_noted, unblocked
from notify_service.domain.channels import CHANNELS
from notify_service.domain.delivery import FixText, fix_text
from notify_service.domain.facts import NoticeFacts, invitation_parts, parts_missing, parts_with_content
from notify_service.domain.languages import LanguageUsed, language_for
from notify_service.domain.notice import Notice
from notify_service.domain.preferences import Way
from notify_service.domain.together import has_its_text, leaves_at
from runtime.service import Service
from runtime.tagged_pdf import shows_every_letter

log = structlog.get_logger()
FACTS = "application/json"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text made and kept: the letter for the event, the facts for the page and for other languages."""

    document: DocumentRef
    facts_document: UUID
    facts: NoticeFacts
    language: LanguageUsed
    readability: Readability
    words: Wording
    boxed: bool = False
    """Some character of it is in no font here, and stands there as a box."""

    def events(self, notice: Notice, now: Situation) -> list[Event]:
        """``notice.rendered``, unless the notice has its text."""
        words, meeting = self.words, self.facts.meeting
        made = FixText(
            self.document, words.template(self.facts.kind), self.language.used, parts_with_content(self.facts), now.today,
            invitation_parts(meeting) if meeting else (), TranslationStatus(words.status), words.reviewed_by,
            self.language.wanted if self.language.fell_back else None, self.readability,
            self.facts.template_id, tuple(each.notice_id for each in self.facts.beside),
        )  # fmt: skip
        return fix_text(notice, made)


async def write(
    service: Service, tenant: str, student: UUID, facts: NoticeFacts, wanted_language: str
) -> Fixed:
    """Make the letter and keep it and its facts, sealed; durable on return. What no event names harms nobody."""
    language = language_for(wanted_language, LANGUAGES)
    async with service.database.read(tenant) as rows:
        profile = await known_facts.profile_on(rows, tenant, facts.written_on)
        own = await in_use(
            rows,
            tenant,
            facts.kind,
            language.used,
            facts.written_on,
            profile.state_profile if profile else "",
        )
    facts = facts.model_copy(update={"template_id": own})
    words = await words_with(service, tenant, facts, language.used, language.used)
    text = compose(facts, words, language.wanted)
    pdf = await asyncio.to_thread(letter_pdf, text, facts)
    document = await service.vault.keep(tenant, student, pdf, PDF, EventClass.PROOF)
    plain = facts.model_dump_json(exclude_none=True).encode()
    kept = await service.vault.keep(tenant, student, plain, FACTS, EventClass.PROOF)
    return Fixed(
        document, kept.document, facts, language, readability(text), words, not shows_every_letter(pdf)
    )


async def facts_kept(service: Service, tenant: str, document: UUID) -> NoticeFacts:
    """The facts as they were fixed with the text."""
    kept = await service.vault.fetch(tenant, document)
    return NoticeFacts.model_validate_json(kept.content, extra="ignore")


async def prepare(service: Service, lease: Lease, entry: Entry, patience: timedelta) -> None:
    """Take a notice from owed to ready, or say why it waits. Safe to repeat: a text that is fixed stays.

    A mail about a change waits for ``patience``, so that others of the same day may go with it.
    """
    await join(service, lease, entry)
    looked = await _look(service, lease)
    if looked.waits_for:
        await _wait(service, lease, looked.waits_for)
        return
    fixed = None
    if looked.facts is not None:
        language = looked.notice.about.language
        fixed = await write(service, lease.tenant, looked.entry.student, looked.facts, language)
    await _send_on_its_way(service, lease, fixed, patience)


async def look_at_letter(service: Service, lease: Lease, entry: Entry, patience: timedelta) -> None:
    """Something was said of the people of a letter that waits to be posted: may it still go?

    One that somebody may hold in hand, or that is in a batch, goes no other way instead.
    """
    if not entry.taken_out and entry.batch is None:
        await prepare(service, lease, entry, patience)
        return
    looked = await _look(service, lease)
    if looked.waits_for:
        await _wait(service, lease, looked.waits_for)
        return

    async def stays(work: Work) -> Sequence[Event]:
        await under_lease(work, lease, "to_post", due_at=None)
        return ()

    await step(service, lease.tenant, lease.notice, stays)


@dataclass(frozen=True, slots=True)
class _Looked:
    entry: Entry
    notice: Notice
    facts: NoticeFacts | None = None
    """Absent where the text is fixed already."""
    waits_for: Sequence[str] = ()


async def _look(service: Service, lease: Lease) -> _Looked:
    found: list[_Looked] = []

    async def decide(work: Work) -> Sequence[Event]:
        if work.entry.fence != lease.fence:
            raise LostLease
        now = await _situation(service, work)
        if now.blocked:
            found.append(_Looked(work.entry, work.notice, waits_for=now.blocked))
        elif has_its_text(work.notice, sorted(work.led)):
            found.append(_Looked(work.entry, work.notice))
        else:
            found.append(await _gathered(service, work, now))
        return ()

    await step(service, lease.tenant, lease.notice, decide)
    return found[-1]


async def _gathered(service: Service, work: Work, now: Situation) -> _Looked:
    try:
        facts = await _facts_of(service, work, work.entry.notice, work.notice, now)
        beside = [
            await _facts_of(service, work, notice, state, now) for notice, state in sorted(work.led.items())
        ]
    except NotGathered as error:
        return _Looked(work.entry, work.notice, waits_for=[str(error)])
    missing = [f"part-missing:{part}" for part in parts_missing(facts)]
    return _Looked(work.entry, work.notice, facts.model_copy(update={"beside": tuple(beside)}), missing)


async def _facts_of(
    service: Service, work: Work, notice_id: UUID, notice: Notice, now: Situation
) -> NoticeFacts:
    """As they were fixed with a letter that has not left, since somebody may have added words; else from what happened."""
    tenant = work.entry.tenant
    entry = work.entry if notice_id == work.entry.notice else await outbox.entry(work.rows, tenant, notice_id)
    if notice.text is None or entry is None or entry.facts is None:
        return await gathering.gather(work.rows, tenant, Wanted.of(notice.about), now)
    kept = await facts_kept(service, tenant, entry.facts)
    own = next(each for each in kept.matters if each.notice_id == notice_id)
    return own.model_copy(update={"written_on": now.today})


async def _situation(service: Service, work: Work) -> Situation:
    entry = work.entry
    return await gathering.situation(service, work.rows, entry.tenant, entry.student, entry.holder)


async def _send_on_its_way(service: Service, lease: Lease, fixed: Fixed | None, patience: timedelta) -> None:
    async def decide(work: Work) -> Sequence[Event]:
        now = await _situation(service, work)
        way = now.way(work.notice) if not now.blocked else None
        waits_for = list(now.blocked) if way is None else list(way.needs)
        state = _next_state(way, waits_for)
        language = language_for(work.notice.about.language, LANGUAGES)
        noted = ["language-fallback"] if language.fell_back else []
        if fixed.boxed if fixed else LETTERS_NOT_SHOWN in work.entry.reasons:
            noted.append(LETTERS_NOT_SHOWN)
        due_at = work.entry.due_at
        if work.entry.amendment is not None and not work.notice.has_left:
            at, zone = (
                await known_facts.now_of(work.rows, lease.tenant),
                await known_facts.zone_of(work.rows, lease.tenant),
            )
            due_at = leaves_at(at.astimezone(zone), patience)
        await under_lease(
            work, lease, state, reasons=[*waits_for, *noted], channel=way.channel.value if way else None,
            facts=fixed.facts_document if fixed else work.entry.facts, delivery=work.entry.delivery or new_id(),
            due_at=due_at if state == "to_send" else None,
        )  # fmt: skip
        if fixed and work.led:
            await outbox.share_facts(work.rows, lease.tenant, lease.notice, fixed.facts_document)
        events = fixed.events(work.notice, now) if fixed else []
        waits = state == "blocked"
        more = blocked(work.notice, waits_for, now.today) if waits else unblocked(work.notice, now.today)
        return [*events, *more]

    await step(service, lease.tenant, lease.notice, decide)


def _next_state(way: Way | None, waits_for: Sequence[str]) -> str:
    if way is None or waits_for:
        return "blocked"
    return "to_send" if CHANNELS[way.channel].leaves_by_itself else "to_post"


async def _wait(service: Service, lease: Lease, reasons: Sequence[str]) -> None:
    async def decide(work: Work) -> Sequence[Event]:
        state = "lapsed" if "notice-right-ended" in reasons else "blocked"
        noted = stays_noted(work.entry.reasons) if state == "blocked" else []
        await under_lease(work, lease, state, reasons=[*reasons, *noted], due_at=None, batch=None)
        today = await known_facts.today_in(work.rows, lease.tenant)
        if state == "lapsed":
            lapsed = NoticeLapse.NOTICE_RIGHT_ENDED
            return [NoticeLapsed(effective_on=today, notice_id=lease.notice, reason=lapsed)]
        return blocked(work.notice, reasons, today)

    await step(service, lease.tenant, lease.notice, decide)
    log.info("notice_waits", notice=str(lease.notice), reasons=list(reasons))
