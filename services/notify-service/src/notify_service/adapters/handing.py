"""What people did with a notice, beside where the work on it stands: both change together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.event import Event
from contracts.notify import DeliveryPersonalData, ToldOrally
from contracts.values import Reported
from contracts.vocabulary import Channel
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.at_hand import AtHand
from notify_service.adapters.mail_message import message_id
from notify_service.adapters.sending import gathering
from notify_service.adapters.sending.steps import Work
from notify_service.domain.blocking import stays_noted
from notify_service.domain.channels import CHANNELS, given_on
from notify_service.domain.delivery import Mailed, RecordDelivery, begins, record_delivery
from notify_service.domain.notice import in_vain
from notify_service.domain.waiting import dispatch
from runtime.service import Service


@dataclass(frozen=True, slots=True)
class Delivered:
    """What somebody says was done."""

    delivery_id: UUID
    channel: Channel
    on: date | None
    note: str | None
    reported: Reported | None
    told: ToldOrally | None = None
    interpreter: str | None = None
    batch_id: UUID | None = None


async def deliver(service: Service, work: Work, done: Delivered) -> Sequence[Event]:
    """Record it, and stop whatever else was under way for this notice."""
    entry = work.entry
    now = await gathering.situation(service, work.rows, entry.tenant, entry.student, entry.holder)
    on = done.on or (done.reported.occurred_on if done.reported else now.today)
    mailing_days = now.profile.mailing_days if now.profile else 0
    of_doubt = entry.state == "in_doubt" and CHANNELS[done.channel].leaves_by_itself
    command = RecordDelivery(
        delivery_id=entry.delivery if of_doubt and entry.delivery else done.delivery_id,
        channel=done.channel, on=on,
        to=_to(now, done.channel).model_copy(update={"interpreter": done.interpreter}), told=done.told,
        batch_id=done.batch_id, today=now.today, mailing_days=mailing_days,
        in_doubt=of_doubt, answer=done.note, reported=done.reported,
    )  # fmt: skip
    events = record_delivery(work.notice, command)
    if not events or in_vain(done.told):
        return events  # What was not understood leaves everything else under way.
    counts_on = given_on(done.channel, on, mailing_days)
    if counts_on > now.today and work.notice.given is None:
        zone = await known_facts.zone_of(work.rows, entry.tenant)
        due = begins(counts_on, zone)
        await outbox.settle(
            work.rows, entry.tenant, entry.notice, "posted", channel=done.channel.value, counts_on=counts_on,
            due_at=due, reasons=stays_noted(entry.reasons),
        )  # fmt: skip
    else:
        await outbox.settle(
            work.rows, entry.tenant, entry.notice, "given", channel=done.channel.value, counts_on=counts_on,
            due_at=None, reasons=stays_noted(entry.reasons),
        )  # fmt: skip
    return events


async def dispatch_now(hand: AtHand, work: Work, reason: str) -> Sequence[Event]:
    """A person lets it go."""
    entry = work.entry
    now = await gathering.situation(hand.service, work.rows, entry.tenant, entry.student, entry.holder)
    doubtful = None
    if entry.delivery is not None:
        number = message_id(entry.notice, hand.office.domain, work.notice.mails_sent)
        doubtful = Mailed(entry.delivery, _to(now, Channel.EMAIL), number, reason, now.today)
    events = dispatch(work.notice, entry.state, entry.reasons, doubtful)
    at = await known_facts.now_of(work.rows, entry.tenant)
    state = "to_prepare" if work.notice.text is None or entry.state == "blocked" else "to_send"
    await outbox.settle(
        work.rows, entry.tenant, entry.notice, state, reasons=stays_noted(entry.reasons), due_at=at
    )
    return events


def _to(now: gathering.Situation, channel: Channel) -> DeliveryPersonalData:
    if now.recipient is None:
        return DeliveryPersonalData(name="a person who is no longer known here")
    personal, preference = now.recipient.personal, now.preference
    email = (preference.email if preference else None) or personal.email
    address = (preference.address if preference else None) or personal.address
    return DeliveryPersonalData(
        name=personal.name,
        email=email if CHANNELS[channel].goes_to == "email" else None,
        address=address if CHANNELS[channel].goes_to == "address" else None,
    )
