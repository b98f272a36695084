"""How far each notice had come by a day: owed, sent, given, come back (34 CFR 300.503). Folded from its events alone."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal
from uuid import UUID

from contracts.event import Event, Recorded, Value
from contracts.fields import EventId
from contracts.notice_hindrances import (
    NoticeBlocked,
    NoticeLapsed,
    NoticeReturned,
    NoticeUnaddressed,
    NoticeUnblocked,
)
from contracts.notify import (
    NoticeAcknowledged,
    NoticeAttemptFailed,
    NoticeEvent,
    NoticeGiven,
    NoticeObjected,
    NoticeOpened,
    NoticeOwed,
    NoticeRendered,
    NoticeSent,
)
from contracts.vocabulary import Channel, GivenBasis, NoticeKind


class NoticeStanding(Value):
    """One notice as it stood."""

    notice: UUID
    kind: NoticeKind | None = None
    holder: UUID | None = None
    plan: UUID | None = None
    amendment: UUID | None = None
    status: Literal[
        "unaddressed", "owed", "blocked", "ready", "failed", "sent", "given", "returned", "lapsed"
    ]
    """``given``: it counts as given to the holder; ``sent`` alone does not, and what came back (``returned``) does no more.
    ``unaddressed``: nobody is known who holds the right to it; ``blocked``: it waits for a person; ``lapsed``: it had not left,
    and is owed no more."""
    owed_on: date | None = None
    sent_on: date | None = None
    channel: Channel | None = None
    failed_attempts: int = 0
    given_on: date | None = None
    given_basis: GivenBasis | None = None
    returned_on: date | None = None
    opened_on: date | None = None
    acknowledged_on: date | None = None
    objected_on: date | None = None
    events: tuple[EventId, ...] = ()


def notices_on(entries: Iterable[Recorded[Event]], day: date) -> tuple[NoticeStanding, ...]:
    """Every notice that was owed by the day, and how far it had come."""
    found: dict[UUID, NoticeStanding] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, NoticeEvent) and entry.effective_on <= day:
            before = found.get(event.notice_id) or NoticeStanding(notice=event.notice_id, status="owed")
            changed = {
                **_notice_fields(event, entry.effective_on, before),
                "events": (*before.events, entry.id),
            }
            found[event.notice_id] = before.model_copy(update=changed)
    return tuple(found.values())


def _notice_fields(event: Event, day: date, before: NoticeStanding) -> dict[str, Any]:
    given = before.status == "given"
    match event:
        case NoticeOwed():
            named = {"kind": event.kind, "holder": event.holder_id, "plan": event.plan_id}
            return {**named, "amendment": event.amendment_id, "owed_on": day}
        case NoticeRendered():
            return {"status": "ready"} if before.status == "owed" else {}
        case NoticeSent():
            return {"status": before.status if given else "sent", "sent_on": day, "channel": event.channel}
        case NoticeAttemptFailed():
            failed = {"failed_attempts": before.failed_attempts + 1}
            return failed if given or not event.permanent else {**failed, "status": "failed"}
        case NoticeGiven():
            named = {"kind": event.kind, "holder": event.holder_id, "plan": event.plan_id}
            return {
                **named, "amendment": event.amendment_id, "status": "given", "given_on": day, "channel": event.channel,
                "given_basis": event.basis,
            }  # fmt: skip
        case NoticeReturned():
            back = {"status": "returned", "given_on": None, "given_basis": None}
            return {"returned_on": day, **(back if event.undoes_given or not given else {})}
        case NoticeUnaddressed():
            named = {"kind": event.kind, "plan": event.plan_id, "amendment": event.amendment_id}
            return {**named, "status": "unaddressed", "owed_on": day}
        case NoticeBlocked() if not given:
            return {"status": "blocked"}
        case NoticeUnblocked() if before.status == "blocked":
            return {"status": "owed"}
        case NoticeLapsed() if not given:
            return {"status": "lapsed"}
        case NoticeOpened():
            return {"opened_on": before.opened_on or day}
        case NoticeAcknowledged():
            return {"acknowledged_on": before.acknowledged_on or day}
        case NoticeObjected():
            return {"objected_on": before.objected_on or day}
    return {}
