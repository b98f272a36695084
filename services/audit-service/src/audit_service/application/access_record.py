"""The record of access, from the events in which every service tells who looked, and from disclosures."""

from collections.abc import Iterator, Sequence
from typing import Any

from audit_service.application.evidence import Copy, Evidence, opened_events
from audit_service.domain.timeline import who
from contracts.audit import DisclosureRecorded
from contracts.canonical import instant
from contracts.event import Event, Recorded
from contracts.store import AccessRecorded

TYPES = ("access.recorded", "disclosure.recorded")


async def accesses(evidence: Evidence, tenant: str, copies: Sequence[Copy]) -> list[dict[str, Any]]:
    """Each look and each disclosure of these entries, with the names of who looked."""
    events = opened_events(copies)
    ids = {entry.actor.id for entry in events}
    ids |= {read.party.id for e in events if isinstance(e.event, AccessRecorded) for read in e.event.reads}
    names = await evidence.names(tenant, ids)
    return [told for entry in events for told in _told(entry, names)]


def _told(entry: Recorded[Event], names: dict[str, str]) -> Iterator[dict[str, Any]]:
    where = {"source": entry.source, "event_id": str(entry.id)}
    match entry.event:
        case AccessRecorded() as record:
            for read in record.reads:
                party = who(read.party.model_dump(), names).model_dump(exclude_none=True)
                parts = sorted({seen.kind for seen in read.what})
                yield {
                    "what": "seen", "at": instant(read.at), "who": party, "purpose": read.purpose,
                    "ground": read.ground.value, "parts": parts, "count": read.count, **where,
                }  # fmt: skip
        case DisclosureRecorded() as disclosure:
            party = who(entry.actor.model_dump(), names).model_dump(exclude_none=True)
            told = {
                "what": "disclosed", "at": entry.effective_on.isoformat(), "who": party,
                "recipient": disclosure.personal.recipient, "purpose": disclosure.purpose.value,
                "ground": disclosure.ground.value, "parts": [kind.value for kind in disclosure.items],
                "reported": disclosure.reported is not None, **where,
            }  # fmt: skip
            yield told | ({"packet": str(disclosure.packet_id)} if disclosure.packet_id else {})
