"""A session as findings ask for it: of what, when, how long, and when it was recorded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.progress import ServiceDelivered, SessionMissed, SessionVoided
from contracts.sessions import Session, session_of


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One session, given or missed."""

    session_id: UUID
    plan_id: UUID
    item_id: UUID
    on: date
    given: int
    """Minutes."""
    missed: bool
    reason: str | None
    makes_up: UUID | None
    entry: Recorded[Event]
    session: Session
    """As minutes are counted of it."""


def sessions_of(entries: Iterable[Recorded[Event]]) -> tuple[SessionFacts, ...]:
    """Every session that counts, in the order of their days."""
    known = list(entries)
    struck = {entry.event.session_id for entry in known if isinstance(entry.event, SessionVoided)}
    found: list[SessionFacts] = []
    for entry in known:
        event = entry.event
        if not isinstance(event, ServiceDelivered | SessionMissed) or event.session_id in struck:
            continue
        missed = isinstance(event, SessionMissed)
        found.append(
            SessionFacts(
                event.session_id, event.plan_id, event.item_id, entry.effective_on, 0 if missed else event.minutes, missed,
                event.reason, None if isinstance(event, SessionMissed) else event.makes_up, entry,
                session_of(event),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda session: session.on))
