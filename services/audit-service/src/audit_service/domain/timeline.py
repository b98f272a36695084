"""The timeline: every event about a student as a sentence, with all that lets a reader ask on."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.canonical import Instant
from contracts.event import Event, Recorded, Value
from contracts.fields import EventId
from contracts.streams import school_year
from contracts.timeline import sentence


class Who(Value):
    """Who acted, as what, through which client, for whom."""

    id: str
    name: str | None = None
    role: str
    client: str | None = None
    on_behalf_of: str | None = None


class TimelineEntry(Value):
    """One event. ``what`` is a whole sentence; where the contents are gone, it says so."""

    event_id: EventId
    source: str
    index: int
    type: str
    what: str
    who: Who
    why: str | None = None
    effective_on: date
    school_year: str
    """Of the day it was effective: ``2025-2026``, from July on."""
    recorded_at: Instant
    known_at: Instant
    rules: str | None = None
    causation: EventId | None = None
    reported: bool = False
    """It was reported as having happened already, not decided here."""
    contents: str = "read"
    """``destroyed``: lawfully, the entry stands; ``altered``, ``unknown``, ``lost``: they cannot be read."""


def told(recorded: Recorded[Event], names: Mapping[str, str]) -> TimelineEntry:
    """An event whose contents could be read."""
    assert recorded.index is not None
    assert recorded.known_at is not None
    return TimelineEntry(
        event_id=recorded.id,
        source=recorded.source,
        index=recorded.index,
        type=recorded.type,
        what=sentence(recorded, names),
        who=who(recorded.actor.model_dump(), names),
        why=why(recorded.event),
        effective_on=recorded.effective_on,
        school_year=school_year(recorded.effective_on),
        recorded_at=recorded.recorded_at,
        known_at=recorded.known_at,
        rules=recorded.rules,
        causation=recorded.causation,
        reported=getattr(recorded.event, "reported", None) is not None,
    )


def who(actor: Mapping[str, Any], names: Mapping[str, str]) -> Who:
    """Who acted, by name where there is one."""
    fields = {key: value for key, value in actor.items() if value is not None}
    return Who(**fields, name=names.get(str(actor["id"])))


def why(event: Event) -> str | None:
    """The reason that the event itself gives: of the decision, or of reporting it."""
    personal = getattr(event, "personal", None)
    reported = getattr(event, "reported", None)
    for given in (personal, event, reported):
        reason = getattr(given, "reason", None)
        if isinstance(reason, str):
            return str(reason).replace("_", " ") if given is event else str(reason)
    return None
