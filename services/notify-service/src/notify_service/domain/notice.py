"""One notice to one rights holder: what its stream says has happened to it.

The notice's own history is the proof (34 CFR 300.503): owed, its text fixed, each sending with the other side's answer,
given, opened, answered. Where the work on it stands at this moment is not here but in the outbox.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from contracts.event import Event
from contracts.fields import (
    AmendmentId,
    EventId,
    HolderId,
    ItemId,
    LanguageTag,
    MeetingId,
    NoticeId,
    PlanId,
    StudentId,
)
from contracts.notice_hindrances import NoticeBlocked, NoticeLapsed, NoticeReturned, NoticeUnblocked
from contracts.notify import (
    DeliveryPersonalData,
    NoticeAcknowledged,
    NoticeAttemptFailed,
    NoticeGiven,
    NoticeObjected,
    NoticeOpened,
    NoticeOwed,
    NoticeRendered,
    NoticeSent,
    Readability,
    ToldOrally,
)
from contracts.students import RequestMade
from contracts.values import DocumentRef, PostalAddress
from contracts.vocabulary import (
    Channel,
    GivenBasis,
    InvitationPart,
    NoticeHindrance,
    NoticeKind,
    NoticeLapse,
    NoticeOccasion,
    NoticePart,
    RequestKind,
    TranslationStatus,
)


@dataclass(frozen=True, slots=True)
class Owed:
    """To whom, about what and why."""

    notice_id: NoticeId
    kind: NoticeKind
    student_id: StudentId
    holder_id: HolderId
    plan_id: PlanId | None
    amendment_id: AmendmentId | None
    caused_by: EventId
    language: LanguageTag
    owed_on: date
    occasion: NoticeOccasion | None = None
    due_on: date | None = None
    meeting_id: MeetingId | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The exact text, kept in the vault."""

    document: DocumentRef
    template: str
    language: LanguageTag
    parts: tuple[NoticePart, ...]
    fixed_on: date
    invitation_parts: tuple[InvitationPart, ...] = ()
    translation: TranslationStatus | None = None
    reviewed_by: str | None = None
    fallback_from: LanguageTag | None = None
    readability: Readability | None = None
    together_with: tuple[NoticeId, ...] = ()


@dataclass(frozen=True, slots=True)
class Try:
    """One sending, or a try that failed."""

    delivery_id: UUID
    channel: Channel
    on: date
    outcome: Literal["sent", "not_understood", "failed", "failed_for_good", "returned"]
    to: str
    answer: str | None = None
    message_id: str | None = None
    message: DocumentRef | None = None
    """The very mail, kept in the vault."""


@dataclass(frozen=True, slots=True)
class Given:
    """From which day it counts, and what shows it."""

    on: date
    channel: Channel
    basis: GivenBasis
    delivery_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """Somebody objects; no items named means all of it."""

    on: date
    holder_id: HolderId
    items: tuple[ItemId, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks for something on the notice's page."""

    on: date
    kind: RequestKind


@dataclass(frozen=True, slots=True)
class Notice:
    """What decisions about a notice ask for."""

    owed: Owed | None = None
    text: Text | None = None
    tries: tuple[Try, ...] = ()
    given: Given | None = None
    opened_on: tuple[date, ...] = ()
    acknowledged_on: date | None = None
    objections: tuple[Objection, ...] = ()
    requests: tuple[Request, ...] = ()
    blocked: tuple[NoticeHindrance, ...] = ()
    """Why it waits for a person; empty where it does not."""
    parts_missing: tuple[NoticePart, ...] = ()
    lapsed: NoticeLapse | None = None

    @property
    def about(self) -> Owed:
        """To whom, about what and why; only for a notice that is there."""
        if self.owed is None:
            raise LookupError("nothing was ever owed under this id")
        return self.owed

    def gave_up(self, address: PostalAddress | None, name: str) -> frozenset[Channel]:
        """Channels that have failed for good; a letter only where it came back from this very address."""
        here = written_to(DeliveryPersonalData(name=name, address=address))
        over = [entry for entry in self.tries if entry.outcome in ("failed_for_good", "returned")]
        return frozenset(
            entry.channel for entry in over if entry.channel is not Channel.LETTER or entry.to == here
        )

    def sent_by(self, channel: Channel) -> Try | None:
        """The last sending by this channel that left us."""
        return next((t for t in reversed(self.tries) if t.channel is channel and t.outcome == "sent"), None)

    @property
    def has_left(self) -> bool:
        """Whether its text has gone out, or a try was made; what was told and not understood keeps no text as it is."""
        return any(t.outcome != "not_understood" for t in self.tries)

    @property
    def mails_sent(self) -> int:
        """How many mails have left us: the next is another one."""
        return sum(1 for t in self.tries if t.channel is Channel.EMAIL and t.outcome == "sent")

    def delivery(self, delivery_id: UUID) -> Try | None:
        """The newest that is known of one sending."""
        return next((t for t in reversed(self.tries) if t.delivery_id == delivery_id), None)


def in_vain(told: ToldOrally | None) -> bool:
    """Whether it was told and not understood: a try that leaves everything else as it is."""
    return told is not None and not told.understood


def evolve(notice: Notice, event: Event) -> Notice:
    """The notice after one more event of its stream."""
    on = event.effective_on
    match event:
        case NoticeOwed():
            return replace(notice, owed=_owed(event))
        case NoticeRendered():
            return replace(notice, text=_text(event))
        case NoticeSent() as sent:
            entry = Try(
                sent.delivery_id,
                sent.channel,
                on,
                "not_understood" if in_vain(sent.told) else "sent",
                written_to(sent.personal),
                sent.answer,
                sent.provider_message_id,
                sent.message,
            )
            return replace(notice, tries=(*notice.tries, entry))
        case NoticeAttemptFailed() as failed:
            outcome: Literal["failed", "failed_for_good"] = (
                "failed_for_good" if failed.permanent else "failed"
            )
            entry = Try(
                failed.delivery_id, failed.channel, on, outcome, written_to(failed.personal), failed.answer
            )
            return replace(notice, tries=(*notice.tries, entry))
        case NoticeGiven():
            return replace(notice, given=Given(on, event.channel, event.basis, event.delivery_id))
        case NoticeBlocked():
            return replace(notice, blocked=event.reasons, parts_missing=event.parts_missing)
        case NoticeUnblocked():
            return replace(notice, blocked=(), parts_missing=())
        case NoticeLapsed():
            return replace(notice, blocked=(), parts_missing=(), lapsed=event.reason)
        case NoticeReturned():
            back = next((t for t in notice.tries if t.delivery_id == event.delivery_id), None)
            entry = Try(
                event.delivery_id, event.channel, on, "returned", back.to if back else "", event.answer
            )
            return replace(
                notice, tries=(*notice.tries, entry), given=None if event.undoes_given else notice.given
            )
        case NoticeOpened():
            return replace(notice, opened_on=(*notice.opened_on, on))
        case NoticeAcknowledged():
            return replace(notice, acknowledged_on=notice.acknowledged_on or on)
        case NoticeObjected():
            objection = Objection(on, event.holder_id, event.items)
            return replace(notice, objections=(*notice.objections, objection))
        case RequestMade():
            return replace(notice, requests=(*notice.requests, Request(on, event.kind)))
        case _:
            return notice


def _owed(event: NoticeOwed) -> Owed:
    return Owed(
        event.notice_id, event.kind, event.student_id, event.holder_id, event.plan_id, event.amendment_id,
        event.caused_by, event.language, event.effective_on, event.occasion, event.due_on, event.meeting_id,
    )  # fmt: skip


def _text(event: NoticeRendered) -> Text:
    return Text(
        event.document, event.template, event.language, event.parts, event.effective_on, event.invitation_parts or (),
        event.translation, event.reviewed_by, event.fallback_from, event.readability, event.together_with or (),
    )  # fmt: skip


def written_to(personal: DeliveryPersonalData) -> str:
    """To whom and where, in one line."""
    if personal.email is not None:
        return f"{personal.name} <{personal.email}>"
    if personal.address is not None:
        place = ", ".join(
            filter(None, (personal.address.city, personal.address.state, personal.address.postal_code))
        )
        return ", ".join(filter(None, (personal.name, *personal.address.lines, place)))
    return personal.name
