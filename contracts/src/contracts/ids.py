"""Ids: random or time-ordered UUIDs made at the edge and handed in; streams are named by what they hold."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7


def new_event_id() -> UUID:
    """A time-ordered id (UUIDv7) for an event."""
    return uuid7()


def made_at(event_id: UUID) -> datetime:
    """When an event's id was made: the first 48 bits of a UUIDv7 are milliseconds; an id of another kind is as of now."""
    if event_id.version != 7:
        return datetime.now(UTC)
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)


def new_id() -> UUID:
    """A random id (UUIDv4) for anything a person may see: it tells nothing, not even when it was made."""
    return uuid4()


DISTRICT = "district"
"""The one stream of each service for what concerns no student; its subject is the tenant's own random UUID."""
