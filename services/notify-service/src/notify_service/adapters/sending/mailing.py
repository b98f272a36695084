"""Sending one notice by e-mail, once.

What can go wrong, and what is done:

- Killed before the mail begins to go over: the row still says ``to_send``; whoever takes it sends it.
- Killed while it goes over or before the answer is written down: the row says ``handing_over``. Nobody can know whether
  the server has the mail, so it is not sent again by itself. It becomes ``in_doubt``, a task for a person, who looks for
  the Message-ID in the server's log and says what it shows; the holder's own use of the mail's link answers it too.
- Refused for now: tried again with growing pauses, for about a day, then by letter. Refused for good: by letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from contracts.event import Event, EventClass
from contracts.notify import DeliveryPersonalData
from contracts.values import DocumentRef
from contracts.vocabulary import Channel
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.carrying import Answered, Outcome
from notify_service.adapters.link_rows import link_for
from notify_service.adapters.mail_message import Envelope, message_id, notice_mail
from notify_service.adapters.outbox import Entry, Lease
from notify_service.adapters.post_office import PostOffice
from notify_service.adapters.sending import gathering
from notify_service.adapters.sending.preparing import facts_kept
from notify_service.adapters.sending.steps import LostLease, Work, step, under_lease, until_done
from notify_service.adapters.smtp import on_envelope
from notify_service.application.wording import wording
from notify_service.domain.blocking import stays_noted
from notify_service.domain.delivery import Mailed, begins, mail_accepted, mail_failed
from notify_service.domain.fallback import letter_follows_on
from notify_service.domain.notice import Notice
from notify_service.domain.preferences import Way
from runtime.service import Service

log = structlog.get_logger()

PAUSES = tuple(
    timedelta(minutes=minutes) for minutes in (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 240, 240, 240, 240, 240)
)
"""Between tries, in the tenant's own time; about a day in all. After the last one the letter takes over."""


MAIL = "message/rfc822"
NO_ADDRESS = "this is no mail address that can be written to"


@dataclass(frozen=True, slots=True)
class Ready:
    """One mail, ready to go."""

    entry: Entry
    way: Way
    to: str
    delivery: UUID
    message_id: str
    message: bytes | None
    """Absent where the address is none."""
    return_to: str = ""
    kept: DocumentRef | None = None
    """The very mail, sealed."""


async def send(service: Service, office: PostOffice, lease: Lease) -> None:
    """Send it, or note why not. Never sends what is no longer to be sent, nor twice what may have arrived."""
    ready = await _make_ready(service, office, lease)
    if ready is None:
        return
    if ready.message is None:
        await _note(service, lease, ready, Answered(Outcome.REFUSED, NO_ADDRESS))
        return
    message, student = ready.message, ready.entry.student

    async def before() -> bool:
        return await _begin_handing_over(service, lease)

    answered = await office.server.hand_over(ready.return_to, ready.to, message, before)
    if answered.outcome is Outcome.ACCEPTED:
        kept = await until_done(
            lambda: service.vault.keep(lease.tenant, student, message, MAIL, EventClass.PROOF)
        )
        ready = replace(ready, kept=kept)
    log.info("notice_handed_over", notice=str(lease.notice), outcome=answered.outcome.value)
    if answered.outcome is not Outcome.NOT_OURS:
        await until_done(lambda: _note(service, lease, ready, answered))


async def doubt(service: Service, lease: Lease) -> None:
    """A sender died while the mail went over: a person decides."""

    async def decide(work: Work) -> Sequence[Event]:
        if work.entry.state == "handing_over":
            await under_lease(
                work,
                lease,
                "in_doubt",
                reasons=["mail-in-doubt", *stays_noted(work.entry.reasons)],
                due_at=None,
            )
        return ()

    await step(service, lease.tenant, lease.notice, decide)
    log.warning("notice_in_doubt", notice=str(lease.notice))


async def _make_ready(service: Service, office: PostOffice, lease: Lease) -> Ready | None:
    found: list[tuple[Entry, Notice, Way, datetime]] = []

    async def decide(work: Work) -> Sequence[Event]:
        found.clear()
        now = await gathering.situation(
            service, work.rows, lease.tenant, work.entry.student, work.entry.holder
        )
        way = now.way(work.notice) if not now.blocked else None
        if way is None or way.channel is not Channel.EMAIL:
            # Things have changed since it was prepared: look at it anew.
            await under_lease(work, lease, "to_prepare")
        elif work.entry.fence == lease.fence:
            at = await known_facts.now_of(work.rows, lease.tenant)
            found.append((work.entry, work.notice, way, at))
        return ()

    await step(service, lease.tenant, lease.notice, decide)
    if not found:
        return None
    entry, notice, way, at = found[0]
    if notice.text is None or entry.facts is None or entry.delivery is None or way.email is None:
        raise LookupError("a notice to be sent has no text, no delivery or no address")
    facts = await facts_kept(service, lease.tenant, entry.facts)
    pdf = await service.vault.fetch(lease.tenant, notice.text.document.document)
    to = on_envelope(way.email)
    if to is None:
        return Ready(entry, way, way.email, entry.delivery, "", None)
    link = await link_for(service.database, lease.tenant, lease.notice, entry.delivery, at, office.link_days)
    number = message_id(lease.notice, office.domain, notice.mails_sent)
    mail = notice_mail(
        Envelope(office.sender, to, way.name, number), facts, wording(notice.text.language), pdf.content,
        office.address_of(link), link.expires_at,
        link.expires_at - timedelta(days=office.link_days),
    )  # fmt: skip
    return_to = office.return_to(lease.notice, entry.delivery)
    return Ready(entry, way, to, entry.delivery, number, mail, return_to)


async def _begin_handing_over(service: Service, lease: Lease) -> bool:
    """Durable on return: from here on only the server's answer tells whether the mail arrived."""
    begun: list[bool] = []

    async def decide(work: Work) -> Sequence[Event]:
        now = await gathering.situation(
            service, work.rows, lease.tenant, work.entry.student, work.entry.holder
        )
        begun.clear()
        if work.entry.state != "to_send" or work.entry.fence != lease.fence:
            begun.append(False)
        elif now.blocked:
            await under_lease(work, lease, "to_prepare")
            begun.append(False)
        else:
            await under_lease(work, lease, "handing_over", keep=True, attempts=work.entry.attempts + 1)
            begun.append(True)
        return ()

    await step(service, lease.tenant, lease.notice, decide)
    return begun[-1]


async def _note(service: Service, lease: Lease, ready: Ready, answered: Answered) -> None:
    async def decide(work: Work) -> Sequence[Event]:
        today = await known_facts.today_in(work.rows, lease.tenant)
        noted = stays_noted(work.entry.reasons)
        personal = DeliveryPersonalData(name=ready.way.name, email=ready.to)
        mailed = Mailed(
            ready.delivery, personal, ready.message_id, answered.answer or "no answer", today, ready.kept
        )
        match answered.outcome:
            case Outcome.ACCEPTED:
                if work.notice.sent_by(Channel.EMAIL) is not None:
                    return ()
                # The server has it: that is certain, whoever holds the lease by now.
                await outbox.settle(work.rows, lease.tenant, lease.notice, "given", reasons=noted,
                                    due_at=await _followed_at(work, today), counts_on=today)  # fmt: skip
                return mail_accepted(work.notice, mailed)
            case Outcome.IN_DOUBT:
                await under_lease(
                    work,
                    lease,
                    "in_doubt",
                    reasons=["mail-in-doubt", *noted],
                    due_at=None,
                )
                return ()
            case Outcome.REFUSED:
                # Prepared anew, which passes over the channel that failed for good.
                await under_lease(work, lease, "to_prepare", reasons=noted, delivery=None)
                return mail_failed(work.notice, mailed, permanent=True)
        return await _try_again_later(work, lease, mailed)

    try:
        await step(service, lease.tenant, lease.notice, decide)
    except LostLease:
        log.warning("notice_taken_over", notice=str(lease.notice))


async def unopened(service: Service, lease: Lease) -> None:
    """The mail has lain unopened for so long: a letter follows, and the office is told."""

    async def decide(work: Work) -> Sequence[Event]:
        opened = work.notice.opened_on or work.notice.acknowledged_on or work.notice.objections
        reasons = list(work.entry.reasons)
        follows = not opened and work.notice.sent_by(Channel.LETTER) is None
        await under_lease(
            work, lease, "given", due_at=None, reasons=[*reasons, "unopened"] if follows else reasons
        )
        return ()

    await step(service, lease.tenant, lease.notice, decide)


async def _followed_at(work: Work, mailed_on: date) -> datetime:
    """When to look whether it was opened."""
    profile = await known_facts.profile_on(work.rows, work.entry.tenant, mailed_on)
    mailing_days = profile.mailing_days if profile else 0
    day = letter_follows_on(mailed_on, work.entry.due_on, mailing_days)
    return begins(day, await known_facts.zone_of(work.rows, work.entry.tenant))


async def _try_again_later(work: Work, lease: Lease, mailed: Mailed) -> Sequence[Event]:
    tries = sum(1 for entry in work.notice.tries if entry.outcome == "failed")
    if tries >= len(PAUSES):
        await under_lease(work, lease, "to_prepare", delivery=None)
        return mail_failed(work.notice, mailed, permanent=True)
    now = await known_facts.now_of(work.rows, lease.tenant)
    await under_lease(work, lease, "to_send", due_at=now + PAUSES[tries])
    return mail_failed(work.notice, mailed, permanent=False)
