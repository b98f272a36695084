"""Several changes of one day in one letter: what may go together, and what happens to each when the letter moves.

34 CFR 300.503 asks for a notice of each proposal with every part of its own; it does not ask for an envelope of its own. A
letter may therefore give several, each set out with all its parts, to one holder about one student. Each stays a notice of
its own: with its own history, its own days, its own answers.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID, uuid5

from contracts.event import Event
from contracts.fields import NoticeId
from contracts.notice_hindrances import NoticeBlocked, NoticeLapsed, NoticeReturned, NoticeUnblocked
from contracts.notify import (
    NoticeAcknowledged,
    NoticeAttemptFailed,
    NoticeGiven,
    NoticeOpened,
    NoticeRendered,
    NoticeSent,
)
from contracts.vocabulary import NoticeKind, NoticeOccasion
from notify_service.domain.notice import Notice, evolve

BEFORE_MIDNIGHT = timedelta(minutes=5)
LETTERS_OF_CHANGES = frozenset({NoticeKind.PRIOR_WRITTEN_NOTICE, NoticeKind.SECTION_504_NOTICE})


def may_go_together(one: Notice, other: Notice) -> bool:
    """Changes of one plan, proposed on one day, told to one holder in one language, of which nothing has left yet.

    Whatever is told in another form or has a day of its own (an invitation, the booklet, a revocation, a removal) goes alone.
    """
    a, b = one.about, other.about
    return (
        a.kind is b.kind
        and a.kind in LETTERS_OF_CHANGES
        and a.occasion is b.occasion is NoticeOccasion.AMENDMENT_PROPOSED
        and (a.student_id, a.holder_id, a.plan_id) == (b.student_id, b.holder_id, b.plan_id)
        and a.owed_on == b.owed_on
        and a.language == b.language
        and not (one.has_left or other.has_left or one.given or other.given)
    )


def has_its_text(notice: Notice, together_with: Sequence[NoticeId]) -> bool:
    """Whether its text is fixed for good: of a letter that has not left, as long as the same go in it."""
    if notice.text is None:
        return False
    return notice.has_left or set(notice.text.together_with) == set(together_with)


def leaves_at(now: datetime, patience: timedelta) -> datetime:
    """When a mail about a change leaves, in the district's own time: never on a later day, which would cost days of notice."""
    end_of_day = datetime.combine(now.date() + timedelta(days=1), time.min, now.tzinfo) - BEFORE_MIDNIGHT
    return max(now, min(now + patience, end_of_day))


def delivery_of(delivery: UUID, notice: NoticeId) -> UUID:
    """The sending of a letter, as one notice of it knows it."""
    return uuid5(delivery, str(notice))


def known_by(leader: Notice, notice: NoticeId, delivery: UUID) -> UUID:
    """The letter's own sending behind one that a notice of it names; its own as it is."""
    own = (entry.delivery_id for entry in leader.tries)
    return next((each for each in own if delivery_of(each, notice) == delivery), delivery)


def mirrored(events: Sequence[Event], leader: NoticeId, notice: Notice) -> list[Event]:
    """What happened to the leader's letter, as it happened to a notice that the letter gives too."""
    said: list[Event] = []
    for event in events:
        for same in _same(event, leader, notice):
            said.append(same)
            notice = evolve(notice, same)
    return said


def _same(event: Event, leader: NoticeId, notice: Notice) -> Iterator[Event]:
    about = notice.about
    of = {"notice_id": about.notice_id}
    of_change = of | {"plan_id": about.plan_id, "amendment_id": about.amendment_id}
    match event:
        case NoticeRendered():
            others = (leader, *(each for each in event.together_with or () if each != about.notice_id))
            yield event.model_copy(update=of | {"together_with": others})
        case NoticeSent() | NoticeAttemptFailed():
            yield event.model_copy(
                update=of | {"delivery_id": delivery_of(event.delivery_id, about.notice_id)}
            )
        case NoticeGiven():
            if notice.given is None or notice.given.on > event.effective_on:
                sending = delivery_of(event.delivery_id, about.notice_id) if event.delivery_id else None
                more = {"delivery_id": sending, "occasion": about.occasion, "meeting_id": about.meeting_id}
                yield event.model_copy(update=of_change | more)
        case NoticeReturned():
            undoes = event.undoes_given and notice.given is not None
            sending = delivery_of(event.delivery_id, about.notice_id)
            yield event.model_copy(update=of_change | {"delivery_id": sending, "undoes_given": undoes})
        case NoticeOpened() | NoticeAcknowledged() | NoticeLapsed() | NoticeBlocked() | NoticeUnblocked():
            yield event.model_copy(update=of)
