"""The entry: what the log commits to, made once by the sequencer and kept as bytes. No names, narrative or disability."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts.canonical import canonical, instant, parse_instant
from contracts.event import Json
from runtime.plain_bytes import quick_canonical

LARGEST_ENTRY = 65_535


def make_entry(row: Any, *, nth: int, known_at: datetime) -> bytes:
    """Canonical JSON of one stored event (a row of the events table) with its ``nth`` and ``known_at``."""
    fields: Json = {
        "v": 1,
        "id": str(row["id"]),
        "tenant": row["tenant"],
        "subject": str(row["subject"]),
        "class": row["class"],
        "nth": nth,
        "stream": row["stream"],
        "version": row["version"],
        "type": row["type"],
        "schema": row["schema"],
        "effective_on": row["effective_on"].isoformat(),
        "recorded_at": instant(row["recorded_at"]),
        "known_at": instant(known_at),
        "actor": msgspec.json.decode(row["actor"]),
        "correlation": row["correlation"],
        "digest": row["digest"].hex(),
        "sealed_sha256": hashlib.sha256(row["sealed"]).hexdigest(),
    }
    if row["causation"] is not None:
        fields["causation"] = str(row["causation"])
    if row["rules"] is not None:
        fields["rules"] = row["rules"]
    entry = quick_canonical(fields) or canonical(fields)
    if len(entry) > LARGEST_ENTRY:
        raise ValueError(f"the entry of event {row['id']} has {len(entry)} bytes")
    return entry


class Entry(msgspec.Struct, frozen=True):
    """A parsed entry."""

    v: int
    id: UUID
    tenant: str
    subject: UUID
    class_: str = msgspec.field(name="class")
    nth: int
    stream: str
    version: int
    type: str
    schema: int
    effective_on: str
    recorded_at: str
    known_at: str
    actor: Json
    correlation: str
    digest: str
    sealed_sha256: str
    causation: UUID | None = None
    rules: str | None = None

    @property
    def known(self) -> datetime:
        """``known_at`` as a datetime."""
        return parse_instant(self.known_at)

    @property
    def recorded(self) -> datetime:
        """``recorded_at`` as a datetime."""
        return parse_instant(self.recorded_at)


_decoder = msgspec.json.Decoder(Entry)


def parse_entry(entry: bytes) -> Entry:
    """Read an entry; raises ``msgspec.DecodeError``."""
    return _decoder.decode(entry)


class _Id(msgspec.Struct):
    id: UUID


_id_decoder = msgspec.json.Decoder(_Id)


def event_id_of(entry: bytes) -> UUID:
    """Only the event's id; raises ``msgspec.DecodeError``."""
    return _id_decoder.decode(entry).id
