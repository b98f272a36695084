"""What the runtime of every service emits: a tenant's beginning and end, its sandbox clock, who saw what, a skipped event."""

from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.canonical import Instant
from contracts.event import Actor, Event, EventClass, Value, event
from contracts.fields import Code, EventId, Line, Name, Narrative
from contracts.vocabulary import AccessGround


@event("tenant.opened")
class TenantOpened(Event):
    """A district's log of this service begins: the first event of its stream ``tenant``."""

    name: Name
    time_zone: Name
    """IANA name, e.g. ``America/Chicago``: dates are days in this zone."""
    sandbox: bool
    """Fixed for ever; a sandbox's slug starts with ``sandbox-``."""


@event("tenant.clock_moved")
class TenantClockMoved(Event):
    """A sandbox's clock was moved forward. No other tenant has a clock that can be moved."""

    from_at: Instant
    to_at: Instant


@event("tenant.ended")
class TenantEnded(Event):
    """The district's contract with whoever runs this installation is over: nothing more is decided or sent here.

    What may still follow in this log is in `contracts.after_the_end`.
    """

    reason: Narrative


class Seen(Value):
    """What was shown: kind and ids, no contents."""

    kind: Code
    """E.g. ``plan``, ``student``, ``timeline``, ``notice``, ``packet``."""
    ids: tuple[Annotated[str, Field(max_length=100)], ...] = ()


class Read(Value):
    """One look into a student's record."""

    at: Instant
    party: Actor
    purpose: Line
    """The route or use, in words a parent can follow, e.g. ``read the plan``."""
    ground: AccessGround
    what: tuple[Seen, ...]
    count: int = Field(default=1, ge=1)
    """How many times the same party saw the same things in the minute from ``at``."""


@event("access.recorded", of=EventClass.PROOF)
class AccessRecorded(Event):
    """Who saw what of one student's record, when and why (34 CFR 300.614, 99.32); stream ``access/{subject}/{day}``."""

    reads: tuple[Read, ...]


@event("parked.skipped")
class ParkedSkipped(Event):
    """An operator decided that a consumer passes over an event it could not handle."""

    consumer: Name
    source: Name
    """The service whose event it is."""
    subject: UUID
    """Whose events were waiting."""
    position: int = Field(ge=0)
    event_id: EventId
    error: Line | None = None
    """The error's type, never its text."""
    reason: Narrative
    """Why it is right to go on without it."""


StoreEvent: TypeAlias = TenantOpened | TenantClockMoved | TenantEnded | AccessRecorded | ParkedSkipped
