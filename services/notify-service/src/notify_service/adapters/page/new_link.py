"""A new link, to the address on file, when the old one has expired or was closed."""

from datetime import timedelta

import structlog
from sqlalchemy import func, select

from contracts.ids import new_id
from notify_service.adapters.at_hand import AtHand
from notify_service.adapters.carrying import Outcome
from notify_service.adapters.link_rows import make_link, replace_links
from notify_service.adapters.mail_message import Envelope, link_mail, link_message_id
from notify_service.adapters.page.seeing import Seen
from notify_service.adapters.sending import gathering
from notify_service.adapters.sending.preparing import facts_kept
from notify_service.adapters.smtp import on_envelope
from notify_service.adapters.tables import LINKS
from notify_service.application.wording import wording

log = structlog.get_logger()
MOST_A_DAY = 3


async def send_new_link(hand: AtHand, seen: Seen) -> bool:
    """Make a link and mail it; the old ones no longer work. Nothing is sent to whoever may not be contacted.

    Of a mail that the server may or may not have taken, another may be asked for: it carries no notice, only a link.
    """
    tenant, notice, entry = seen.link.tenant, seen.link.notice, seen.entry
    async with hand.service.database.begin(tenant) as rows:
        now = await gathering.situation(hand.service, rows, tenant, entry.student, entry.holder)
        preference, person = now.preference, now.recipient
        email = (preference.email if preference else None) or (person.personal.email if person else None)
        to = on_envelope(email) if email is not None else None
        made = await rows.scalar(
            select(func.count()).where(
                LINKS.c.tenant == tenant,
                LINKS.c.notice == notice,
                LINKS.c.made_at > seen.now - timedelta(days=1),
            )
        )
        if now.blocked or person is None or to is None or (made or 0) > MOST_A_DAY:
            log.info("new_link_not_sent", notice=str(notice))
            return False
        await replace_links(rows, tenant, notice)
        link = await make_link(rows, tenant, notice, new_id(), seen.now, hand.office.link_days)
    if entry.facts is None or seen.notice.text is None:
        return False
    facts = await facts_kept(hand.service, tenant, entry.facts)
    number = link_message_id(link.link, hand.office.domain)
    mail = link_mail(
        Envelope(hand.office.sender, to, person.personal.name, number), facts, wording(seen.notice.text.language),
        hand.office.address_of(link), link.expires_at, seen.now,
    )  # fmt: skip

    async def go_on() -> bool:
        return True

    answered = await hand.office.server.hand_over(hand.office.sender, to, mail, go_on)
    log.info("new_link_sent", notice=str(notice), outcome=answered.outcome.value)
    return answered.outcome is Outcome.ACCEPTED
