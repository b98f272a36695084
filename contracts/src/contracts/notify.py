"""Notices: what was owed, rendered, tried, given, opened, answered: ``notice/{id}`` and ``preferences/{holder}``.

Of what waits, lapses or comes back: `contracts.notice_hindrances`.
"""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.event import Event, EventClass, Value, event
from contracts.fields import (
    AmendmentId,
    Email,
    EventId,
    HolderId,
    ItemId,
    LanguageTag,
    Line,
    MeetingId,
    Name,
    Narrative,
    NoticeId,
    Phone,
    PlanId,
    StudentId,
)
from contracts.notice_hindrances import (
    NoticeBlocked,
    NoticeLapsed,
    NoticeReturned,
    NoticeUnaddressed,
    NoticeUnblocked,
)
from contracts.values import DocumentRef, PostalAddress, Reported
from contracts.vocabulary import (
    Channel,
    CommunicationMode,
    GivenBasis,
    InvitationPart,
    NoticeKind,
    NoticeOccasion,
    NoticePart,
    RequestVia,
    TranslationStatus,
)


@event("notice.owed", of=EventClass.PROOF)
class NoticeOwed(Event):
    """Something happened of which a rights holder must be given notice."""

    notice_id: NoticeId
    student_id: StudentId
    kind: NoticeKind
    holder_id: HolderId
    plan_id: PlanId | None = None
    amendment_id: AmendmentId | None = None
    caused_by: EventId
    """The event of which notice is owed."""
    language: LanguageTag
    occasion: NoticeOccasion | None = None
    """Why it is owed; absent on what was recorded before occasions were named."""
    due_on: date | None = None
    """The last day on which it may be given to be in time, where a number is set."""
    meeting_id: MeetingId | None = None
    """Of a meeting notice."""


class Readability(Value):
    """How hard the text is to read, in the language in which it is written (300.503(c)(1)(i))."""

    measure: Line
    """The formula: ``flesch_kincaid``, ``fernandez_huerta``, ..., or ``sentence_length`` where there is none."""
    grade: int | None = Field(default=None, ge=0, le=30)
    """The school grade for which it is written, where the formula gives one."""
    score: int | None = Field(default=None, ge=-200, le=300)
    """The formula's own number, rounded."""
    words: int = Field(ge=0)
    sentences: int = Field(ge=0)
    long_sentences: int = Field(ge=0)
    """Sentences that are longer than can be read at once."""


@event("notice.rendered", of=EventClass.PROOF)
class NoticeRendered(Event):
    """The notice's exact text is fixed, as a document kept in the vault."""

    notice_id: NoticeId
    document: DocumentRef
    template: Line
    """Which wording was used, with its version."""
    language: LanguageTag
    parts: tuple[NoticePart, ...] = ()
    """Which of the seven parts it says something in; ``none`` said is said."""
    invitation_parts: tuple[InvitationPart, ...] | None = None
    """Of a meeting notice: what it says of 300.322(b)."""
    translation: TranslationStatus | None = None
    """How far this wording was looked at."""
    reviewed_by: Line | None = None
    """Who reviewed the wording."""
    fallback_from: LanguageTag | None = None
    """The holder's language, in which there is no wording; a person sees to a translation or an interpreter."""
    readability: Readability | None = None
    template_id: UUID | None = None
    """The district's own wording, where it has one; absent: the one that comes with Handrail."""
    together_with: tuple[NoticeId, ...] | None = None
    """Other notices to the same person that the same letter gives: several changes of one day make one letter."""


class DeliveryPersonalData(Value):
    """To whom and where."""

    name: Name
    email: Email | None = None
    address: PostalAddress | None = None
    interpreter: Name | None = None
    """Who interpreted, where it was told and not written."""


class ToldOrally(Value):
    """The notice was told in the person's language or mode, and understood (300.503(c)(2))."""

    language: LanguageTag
    mode: CommunicationMode
    understood: bool
    """The person understood what it says."""
    evidence: DocumentRef | None = None
    """The written evidence of both."""


@event("notice.sent", of=EventClass.PROOF)
class NoticeSent(Event):
    """The notice left us by one channel, with what the other side answered. Sent is not yet given."""

    notice_id: NoticeId
    delivery_id: UUID
    channel: Channel
    personal: DeliveryPersonalData
    provider_message_id: Line | None = None
    answer: Line | None = None
    """The mail server's or carrier's answer, as it came."""
    reported: Reported | None = None
    told: ToldOrally | None = None
    """Of a notice that was read aloud or signed."""
    batch_id: UUID | None = None
    """The batch of letters it was posted with."""
    message: DocumentRef | None = None
    """The very mail, headers and all, as it was handed over."""


@event("notice.attempt_failed", of=EventClass.PROOF)
class NoticeAttemptFailed(Event):
    """One try to send the notice failed."""

    notice_id: NoticeId
    delivery_id: UUID
    channel: Channel
    personal: DeliveryPersonalData
    answer: Line
    """The other side's answer, or the error, as it came."""
    permanent: bool
    """It will not be tried again by this channel."""


@event("notice.given", of=EventClass.PROOF)
class NoticeGiven(Event):
    """The notice counts as given to the holder on ``effective_on``: waiting days run from there."""

    notice_id: NoticeId
    kind: NoticeKind
    holder_id: HolderId
    plan_id: PlanId | None = None
    amendment_id: AmendmentId | None = None
    channel: Channel
    basis: GivenBasis
    """What shows it."""
    delivery_id: UUID | None = None
    """The sending on which it rests."""
    reported: Reported | None = None
    occasion: NoticeOccasion | None = None
    """Why it was owed."""
    meeting_id: MeetingId | None = None


@event("notice.opened", of=EventClass.PROOF)
class NoticeOpened(Event):
    """The notice was opened with its link and the check; it does not say who read it."""

    notice_id: NoticeId
    check: Line
    """The check that was passed, e.g. ``birth_date``."""
    language: LanguageTag | None = None


@event("notice.acknowledged", of=EventClass.PROOF)
class NoticeAcknowledged(Event):
    """Somebody confirmed receipt. It is not consent."""

    notice_id: NoticeId
    holder_id: HolderId
    via: RequestVia
    document: DocumentRef | None = None
    reported: Reported | None = None


class ObjectionPersonalData(Value):
    """The objection, in the writer's own words."""

    text: Narrative


@event("notice.objected", of=EventClass.PROOF)
class NoticeObjected(Event):
    """Somebody objects to what the notice says."""

    notice_id: NoticeId
    holder_id: HolderId
    plan_id: PlanId | None = None
    amendment_id: AmendmentId | None = None
    items: tuple[ItemId, ...] = ()
    """The items objected to; none named means all of it."""
    personal: ObjectionPersonalData | None = None
    via: RequestVia
    reported: Reported | None = None


class PreferencesPersonalData(Value):
    """Where notices go; what is absent is taken from the rights holder's confirmation."""

    email: Email | None = None
    phone: Phone | None = None
    address: PostalAddress | None = None


@event("notice.preferences_set", of=EventClass.IDENTITY)
class NoticePreferencesSet(Event):
    """How a holder is given notice about one student from ``effective_on``, in full."""

    holder_id: HolderId
    student_id: StudentId
    language: LanguageTag
    mode: CommunicationMode = CommunicationMode.WRITTEN
    channels: tuple[Channel, ...] = ()
    """In order of preference."""
    electronic_notice_elected_on: date | None = None
    """When the parent elected e-mail for notices (300.505); absent: not elected."""
    personal: PreferencesPersonalData | None = None
    reported: Reported | None = None


NoticeEvent: TypeAlias = (
    NoticeOwed
    | NoticeUnaddressed
    | NoticeBlocked
    | NoticeUnblocked
    | NoticeLapsed
    | NoticeRendered
    | NoticeSent
    | NoticeAttemptFailed
    | NoticeGiven
    | NoticeOpened
    | NoticeAcknowledged
    | NoticeObjected
    | NoticeReturned
)
