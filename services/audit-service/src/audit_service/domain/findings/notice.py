"""A notice as findings ask for it: what it is about, in which language, with which parts, and from which day it counts."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.notice_hindrances import (
    NoticeBlocked,
    NoticeLapsed,
    NoticeReturned,
    NoticeUnaddressed,
    NoticeUnblocked,
)
from contracts.notify import NoticeGiven, NoticeOwed, NoticeRendered, NoticeSent
from contracts.vocabulary import NoticeHindrance, NoticeKind, NoticeOccasion


@dataclass
class NoticeFacts:
    """One notice to one holder."""

    notice_id: UUID
    kind: NoticeKind | None = None
    occasion: NoticeOccasion | None = None
    holder_id: UUID | None = None
    plan_id: UUID | None = None
    amendment_id: UUID | None = None
    meeting_id: UUID | None = None
    owed: Recorded[NoticeOwed] | None = None
    rendered: Recorded[NoticeRendered] | None = None
    """As it was rendered last."""
    given: Recorded[NoticeGiven] | None = None
    """The first time it counted as given; one that came back and counts no more is left out."""
    waits: Recorded[NoticeBlocked] | Recorded[NoticeUnaddressed] | None = None
    """The first time it could not go out; that it goes its way again does not undo that it waited."""
    hindered_by: tuple[str, ...] = ()
    """What keeps it now, by codes."""
    lapsed: Recorded[NoticeLapsed] | None = None
    told: bool = False
    """It was told and understood, where writing does not serve (300.503(c)(2))."""
    events: list[Recorded[Event]] = field(default_factory=list)

    @property
    def caused_by(self) -> UUID | None:
        """The event of which it is notice."""
        return self.owed.event.caused_by if self.owed else None

    @property
    def given_on(self) -> date | None:
        """From this day it counts as given."""
        return self.given.effective_on if self.given else None


def first_given(notices: Iterable[NoticeFacts], act: Recorded[Any], *kinds: NoticeKind) -> NoticeFacts | None:
    """The first notice of an act that counts as given: one that it names, one owed of it, one of its amendment."""
    named = {*getattr(act.event, "notice_ids", ()), getattr(act.event, "notice_id", None)}
    amendment = getattr(act.event, "amendment_id", None)
    given = (
        n for n in notices
        if n.given is not None and n.kind in kinds
        and (n.notice_id in named or n.caused_by == act.id or (amendment and n.amendment_id == amendment))
    )  # fmt: skip
    return min(given, key=lambda each: each.given_on or date.max, default=None)


def first_given_of_any(
    notices: Collection[NoticeFacts], acts: Iterable[Recorded[Any]], *kinds: NoticeKind
) -> NoticeFacts | None:
    """The first notice of any of these, which say the same once more: what is proposed is told once."""
    given = [n for act in acts if (n := first_given(notices, act, *kinds)) is not None]
    return min(given, key=lambda each: each.given_on or date.max, default=None)


_TELLING = (
    NoticeOwed, NoticeRendered, NoticeGiven, NoticeSent, NoticeReturned, NoticeBlocked, NoticeUnblocked,
    NoticeUnaddressed, NoticeLapsed,
)  # fmt: skip


def notices_of(entries: Iterable[Recorded[Event]]) -> dict[UUID, NoticeFacts]:
    """Every notice, by its id."""
    found: dict[UUID, NoticeFacts] = {}
    for entry in entries:
        event = entry.event
        if not isinstance(event, _TELLING):
            continue
        of = found.setdefault(event.notice_id, NoticeFacts(event.notice_id))
        of.events.append(entry)
        match event:
            case NoticeRendered():
                of.rendered = entry  # type: ignore[assignment]
            case NoticeSent():
                of.told = of.told or bool(event.told and event.told.understood)
            case NoticeUnaddressed():
                of.kind, of.plan_id, of.waits = event.kind, event.plan_id, of.waits or entry  # type: ignore[assignment]
                of.hindered_by = ("nobody holds the right",)
            case NoticeBlocked():
                of.waits = of.waits or entry  # type: ignore[assignment]
                parts = [f"part missing ({part.value.replace('_', ' ')})" for part in event.parts_missing]
                others = [
                    each for each in event.reasons if each is not NoticeHindrance.PART_MISSING or not parts
                ]
                of.hindered_by = (*(each.value.replace("_", " ") for each in others), *parts)
            case NoticeUnblocked():
                of.hindered_by = ()
            case NoticeLapsed():
                of.lapsed = entry  # type: ignore[assignment]
            case NoticeReturned():
                of.given = None if event.undoes_given else of.given
            case NoticeOwed() | NoticeGiven():
                _named(of, event)
                if isinstance(event, NoticeOwed):
                    of.owed = entry  # type: ignore[assignment]
                else:
                    of.given = of.given or entry  # type: ignore[assignment]
    return found


def _named(of: NoticeFacts, event: NoticeOwed | NoticeGiven) -> None:
    of.kind, of.holder_id, of.occasion = event.kind, event.holder_id, event.occasion or of.occasion
    of.plan_id, of.amendment_id = event.plan_id or of.plan_id, event.amendment_id or of.amendment_id
    of.meeting_id = event.meeting_id or of.meeting_id
