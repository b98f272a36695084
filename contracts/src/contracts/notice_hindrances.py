"""What keeps a notice from its reader: nobody to give it to, blocked, lapsed, come back. Part of stream ``notice/{id}``.

A notice that is owed and cannot go out is a task for a person, and a fact: it is never silence.
"""

from datetime import date
from uuid import UUID

from contracts.event import Event, EventClass, event
from contracts.fields import (
    AmendmentId,
    EventId,
    HolderId,
    Line,
    MeetingId,
    NoticeId,
    PlanId,
    StudentId,
)
from contracts.values import Reported
from contracts.vocabulary import (
    Channel,
    NoticeHindrance,
    NoticeKind,
    NoticeLapse,
    NoticeOccasion,
    NoticePart,
)


@event("notice.unaddressed", of=EventClass.PROOF)
class NoticeUnaddressed(Event):
    """Something happened of which notice is owed, and nobody is known who holds the right to it.

    Once somebody is confirmed, a notice to them is owed under an id of its own, and this one lapses.
    """

    notice_id: NoticeId
    student_id: StudentId
    kind: NoticeKind
    occasion: NoticeOccasion
    plan_id: PlanId | None = None
    amendment_id: AmendmentId | None = None
    meeting_id: MeetingId | None = None
    caused_by: EventId
    due_on: date | None = None


@event("notice.blocked", of=EventClass.PROOF)
class NoticeBlocked(Event):
    """The notice is owed and cannot go out: somebody has to see to it. Said again, the newer reasons hold."""

    notice_id: NoticeId
    reasons: tuple[NoticeHindrance, ...]
    parts_missing: tuple[NoticePart, ...] = ()
    """Of ``part_missing``: those without content."""


@event("notice.unblocked", of=EventClass.PROOF)
class NoticeUnblocked(Event):
    """What kept the notice is mended, or a person let it go: it goes its way."""

    notice_id: NoticeId
    reason: Line | None = None
    """Why it was right to let it go, where a person decided."""


@event("notice.lapsed", of=EventClass.PROOF)
class NoticeLapsed(Event):
    """The notice had not left, and need not or may not be given any more."""

    notice_id: NoticeId
    reason: NoticeLapse
    replaced_by: NoticeId | None = None
    """The notice that says it in its place."""


@event("notice.returned", of=EventClass.PROOF)
class NoticeReturned(Event):
    """A sending came back: the mail bounced after it had been accepted, or the letter was undeliverable."""

    notice_id: NoticeId
    kind: NoticeKind
    holder_id: HolderId
    plan_id: PlanId | None = None
    amendment_id: AmendmentId | None = None
    delivery_id: UUID
    channel: Channel
    status: Line | None = None
    """The status code of a delivery report, ``5.1.1`` (RFC 3463)."""
    answer: Line
    """What the other side said, as it came."""
    permanent: bool
    """It will not reach the person that way."""
    undoes_given: bool
    """The notice had counted as given by this sending alone, and counts as given no more."""
    reported: Reported | None = None
