"""What becomes of a notice on its way: fixed, sent, failed, given. From which day it counts depends on the channel.

E-mail: the day on which it was sent and the other side's server accepted it, for whoever elected e-mail (300.505).
A letter: ``mailing_days`` after it was posted, and only once they have passed: a letter that comes back before was never
given. Handed over or read aloud: that day. Opened with link and check, or acknowledged: that day, if nothing showed it
before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from uuid import UUID

from contracts.event import Event
from contracts.fields import LanguageTag, NoticeId
from contracts.notify import (
    DeliveryPersonalData,
    NoticeAttemptFailed,
    NoticeGiven,
    NoticeRendered,
    NoticeSent,
    Readability,
    ToldOrally,
)
from contracts.problems import Invalid, Reason, Rejected
from contracts.values import DocumentRef, Reported, Unmet
from contracts.vocabulary import (
    Channel,
    GivenBasis,
    InvitationPart,
    NoticeOccasion,
    NoticePart,
    TranslationStatus,
)
from notify_service.domain.channels import CHANNELS, given_on
from notify_service.domain.notice import Notice, in_vain
from notify_service.domain.together import has_its_text


class NoticeNotRendered(Rejected):
    """There is no text yet that could have been delivered."""

    code = "notice-not-rendered"


class NotUnderstood(Rejected):
    """What is told is given once something says that it was understood (34 CFR 300.503(c)(2)(ii), (iii))."""

    code = "notice-not-understood"


class DeliveredBeforeOwed(Rejected):
    """It is dated before the notice can have been there: it would make a late notice look early."""

    code = "delivered-before-owed"


class MailGoesByItself(Rejected):
    """Mails are sent by Handrail itself and recorded with the server's answer."""

    code = "mail-goes-by-itself"


TOLD = "34 CFR 300.503(c)(2)"
OWED_AHEAD = frozenset(
    {
        NoticeOccasion.PLAN_ADOPTED,
        NoticeOccasion.PLAN_ENDED,
        NoticeOccasion.CONSENT_REVOKED,
        NoticeOccasion.RIGHTS_TRANSFERRED,
    }
)
"""Owed on the day on which something begins or ends, and given before it: of these the text says since when it was there."""


@dataclass(frozen=True, slots=True)
class Mailed:
    """What the mail server said to one try."""

    delivery_id: UUID
    to: DeliveryPersonalData
    message_id: str
    answer: str
    on: date
    message: DocumentRef | None = None
    """The very mail, kept sealed."""


@dataclass(frozen=True, slots=True)
class RecordDelivery:
    """Somebody posted the letter, handed the notice over, read it aloud, or knows that the mail arrived."""

    delivery_id: UUID
    channel: Channel
    on: date
    to: DeliveryPersonalData
    today: date
    mailing_days: int
    in_doubt: bool = False
    """A mail of ours may or may not have arrived."""
    answer: str | None = None
    reported: Reported | None = None
    told: ToldOrally | None = None
    batch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FixText:
    """A text that was made: which bytes, in which wording, how good to read."""

    document: DocumentRef
    template: str
    language: LanguageTag
    parts: Sequence[NoticePart]
    today: date
    invitation_parts: tuple[InvitationPart, ...] = ()
    translation: TranslationStatus | None = None
    reviewed_by: str | None = None
    fallback_from: LanguageTag | None = None
    readability: Readability | None = None
    template_id: UUID | None = None
    together_with: tuple[NoticeId, ...] = ()


def fix_text(notice: Notice, made: FixText) -> list[Event]:
    """The text is fixed once; a notice that has one keeps it, unless before it left it was joined to others or parted."""
    if has_its_text(notice, made.together_with):
        return []
    return [
        NoticeRendered(
            effective_on=made.today, notice_id=notice.about.notice_id, document=made.document, template=made.template,
            language=made.language, parts=tuple(made.parts), invitation_parts=made.invitation_parts or None,
            translation=made.translation, reviewed_by=made.reviewed_by or None, fallback_from=made.fallback_from,
            readability=made.readability, template_id=made.template_id, together_with=made.together_with or None,
        )
    ]  # fmt: skip


def mail_accepted(notice: Notice, mailed: Mailed) -> list[Event]:
    """The holder elected e-mail and the mail server accepted it: sent, and given on that day."""
    sent = NoticeSent(
        effective_on=mailed.on, notice_id=notice.about.notice_id, delivery_id=mailed.delivery_id, channel=Channel.EMAIL,
        personal=mailed.to, provider_message_id=mailed.message_id, answer=mailed.answer, message=mailed.message,
    )  # fmt: skip
    return [sent, *_given(notice, Channel.EMAIL, GivenBasis.EMAIL_ACCEPTED, mailed.on, mailed.delivery_id)]


def mail_failed(notice: Notice, mailed: Mailed, *, permanent: bool) -> list[Event]:
    """One try failed, with the other side's own words."""
    return [
        NoticeAttemptFailed(
            effective_on=mailed.on, notice_id=notice.about.notice_id, delivery_id=mailed.delivery_id,
            channel=Channel.EMAIL, personal=mailed.to, answer=mailed.answer, permanent=permanent,
        )
    ]  # fmt: skip


def record_delivery(notice: Notice, command: RecordDelivery) -> list[Event]:
    """What a person did with the notice. Given at once, except a letter, whose mailing days must pass first."""
    if CHANNELS[command.channel].leaves_by_itself and not command.in_doubt and command.reported is None:
        raise MailGoesByItself(
            "Mails go out by themselves and are recorded with the server's answer. Record one only when it was in doubt, "
            "or, with `reported`, when it was sent outside Handrail."
        )
    if notice.text is None and command.reported is None:
        raise NoticeNotRendered(
            "The notice's text is not made yet, so it cannot have been delivered. Complete it first; a delivery made "
            "outside Handrail is recorded with `reported`."
        )
    if command.told is not None and command.channel is not Channel.READ_ALOUD:
        raise Invalid(
            "Only what is read aloud or signed is told.",
            reasons=(Reason("told-by-another-channel", "`told` goes with `read_aloud` alone.",
                            cure="Leave `told` out, or record the telling as a delivery of its own.", pointer="/told"),),
        )  # fmt: skip
    hearing = not_heard(command.channel, command.told)
    if hearing is not None and command.reported is None:
        raise NotUnderstood(hearing.message, reasons=(hearing,))
    if command.on > command.today:
        raise Invalid(
            "A delivery is recorded once it was made.",
            reasons=(Reason("delivered-in-the-future", f"{command.on} is still to come.", pointer="/on"),),
        )
    reported = _settled(command.reported, delivered_too_early(notice, command.on), hearing)
    if any(t.delivery_id == command.delivery_id and t.outcome == "sent" for t in notice.tries):
        return []
    sent = NoticeSent(
        effective_on=command.on, notice_id=notice.about.notice_id, delivery_id=command.delivery_id,
        channel=command.channel, personal=command.to, answer=command.answer, reported=reported,
        told=command.told, batch_id=command.batch_id,
    )  # fmt: skip
    counts_on = given_on(command.channel, command.on, command.mailing_days)
    if counts_on > command.today or in_vain(command.told):
        return [sent]
    basis = CHANNELS[command.channel].basis
    return [sent, *_given(notice, command.channel, basis, counts_on, command.delivery_id, reported)]


def there_since(notice: Notice) -> date | None:
    """The first day on which it can have been delivered: the day of what it tells of, or, told ahead, of its own text."""
    owed_on = notice.about.owed_on
    if notice.about.occasion not in OWED_AHEAD:
        return owed_on
    return min(owed_on, notice.text.fixed_on) if notice.text is not None else None


def delivered_too_early(notice: Notice, on: date) -> Reason | None:
    """What was not owed yet was not given yet: else a notice of what was done already would seem to come before it."""
    first = there_since(notice)
    if first is None or on >= first:
        return None
    return Reason(
        "delivered-before-owed", f"There was no such notice before {first}; this delivery is dated {on}.",
        cure="Say the day on which it was delivered. What told the family earlier was another notice.", pointer="/on",
    )  # fmt: skip


def mailing_days_passed(notice: Notice, today: date, mailing_days: int) -> list[Event]:
    """A posted letter counts as given once its days have passed, unless something showed it before."""
    posted = notice.sent_by(Channel.LETTER)
    if posted is None:
        return []
    counts_on = given_on(Channel.LETTER, posted.on, mailing_days)
    if counts_on > today:
        return []
    return _given(notice, Channel.LETTER, GivenBasis.MAILING_DAYS_PASSED, counts_on, posted.delivery_id)


def not_heard(channel: Channel, told: ToldOrally | None) -> Reason | None:
    """What is told is given once it was understood, and there is written evidence of it (34 CFR 300.503(c)(2))."""
    if in_vain(told):
        return Reason(
            "notice-not-understood", "A notice that was not understood was not given.",
            cure="Tell it again, with an interpreter.", pointer="/told/understood", citation=TOLD,
        )  # fmt: skip
    if told is None and channel is Channel.READ_ALOUD:
        return Reason(
            "telling-not-described", "Nothing says in which language and mode it was told, and that it was understood.",
            cure="Say it under `told`: it is the written evidence.", pointer="/told", citation=TOLD,
        )  # fmt: skip
    return None


def _settled(reported: Reported | None, early: Reason | None, unheard: Reason | None) -> Reported | None:
    if reported is None:
        if early is not None:
            raise DeliveredBeforeOwed(early.message, reasons=(early,))
        return None
    unmet = tuple(
        Unmet(code=each.code, message=each.message, citation=each.citation)
        for each in (early, unheard)
        if each is not None
    )
    return reported.model_copy(update={"unmet": unmet}) if unmet else reported


def begins(day: date, zone: tzinfo) -> datetime:
    """The first instant of a day in a district's zone, also where the clocks are moved that very night (RFC 5545, 3.3.5)."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _given(
    notice: Notice, channel: Channel, basis: GivenBasis, on: date, delivery_id: UUID | None,
    reported: Reported | None = None,
) -> list[Event]:  # fmt: skip
    """The earliest day that something shows; a later showing changes nothing."""
    if notice.given is not None and notice.given.on <= on:
        return []
    about = notice.about
    return [
        NoticeGiven(
            effective_on=on, notice_id=about.notice_id, kind=about.kind, holder_id=about.holder_id,
            plan_id=about.plan_id, amendment_id=about.amendment_id, channel=channel, basis=basis,
            delivery_id=delivery_id, reported=reported, occasion=about.occasion, meeting_id=about.meeting_id,
        )
    ]  # fmt: skip
