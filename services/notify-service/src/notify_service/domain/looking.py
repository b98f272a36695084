"""Who saw or received a student's record, as a family reads it: party, day, purpose (34 CFR 300.614, 99.32)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from contracts.audit import DisclosureRecorded
from contracts.event import Event
from contracts.store import AccessRecorded


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody saw or got something on one day, for one purpose."""

    on: date
    at: datetime | None
    """When first on that day; a disclosure has a day only."""
    party: str | None
    """By id; of a disclosure nobody here, but ``recipient``."""
    role: str
    purpose: str
    recipient: str | None = None


def looked_at(events: Iterable[tuple[Event, date]]) -> Sequence[Looked]:
    """One line for a party, purpose and day, however often they looked; newest first."""
    found: dict[tuple[date, str | None, str], Looked] = {}
    for event, on in events:
        for look in _looks(event, on):
            key = (look.on, look.party or look.recipient, look.purpose)
            before = found.get(key)
            if before is None or (look.at and before.at and look.at < before.at):
                found[key] = look
    return sorted(found.values(), key=lambda look: (look.on, look.at is not None, look.at), reverse=True)


def _looks(event: Event, on: date) -> Iterable[Looked]:
    match event:
        case AccessRecorded():
            for read in event.reads:
                yield Looked(on, read.at, read.party.id, read.party.role, read.purpose)
        case DisclosureRecorded():
            yield Looked(
                on, None, None, "recipient", event.purpose.value.replace("_", " "), event.personal.recipient
            )
