"""What audit-service records of its own: disclosures, packets, vendors' clients."""

from datetime import date
from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.canonical import Instant
from contracts.event import Event, EventClass, Value, event
from contracts.fields import (
    Code,
    Email,
    EventId,
    ExternalId,
    HolderId,
    Line,
    Name,
    Narrative,
    PersonRef,
    PlanId,
    Sha256Hex,
    StudentId,
)
from contracts.values import DocumentRef, PostalAddress, Reported, VoidPersonalData
from contracts.vocabulary import AccessGround, Channel, LogFault, RecordKind, ReleasePurpose, ServiceName


class RecipientPersonalData(Value):
    """Who receives."""

    recipient: Name
    address: PostalAddress | None = None
    email: Email | None = None


class DisclosurePersonalData(RecipientPersonalData):
    """Who receives, and for what."""

    interest: Narrative | None = None
    """The purpose, or the legitimate interest, in words (300.614, 99.32(a)(3)); with a health or safety emergency the
    articulable and significant threat (99.32(a)(5))."""


@event("disclosure.recorded", of=EventClass.PROOF)
class DisclosureRecorded(Event):
    """Part of a student's record went to somebody: party, day, purpose, ground, items (300.614, 99.32)."""

    disclosure_id: UUID
    student_id: StudentId
    packet_id: UUID | None = None
    """The packet that carried it; absent: it was made elsewhere and is reported."""
    personal: DisclosurePersonalData
    purpose: ReleasePurpose
    ground: AccessGround
    release_id: UUID | None = None
    """The consent it rests on."""
    items: tuple[RecordKind, ...]
    document: DocumentRef | None = None
    """What was sent."""
    external_id: ExternalId | None = None
    reported: Reported | None = None
    holder_id: HolderId | None = None
    """Of one's own record: whose right to it this was (99.10, 300.613)."""
    channel: Channel | None = None
    """How it was given, by hand or outside Handrail."""


@event("disclosure.voided", of=EventClass.PROOF)
class DisclosureVoided(Event):
    """The entry was wrong (another student, never given); it stays, struck through, and counts no more.

    ``effective_on`` is the disclosure's day. Never of a packet's own.
    """

    disclosure_id: UUID
    personal: VoidPersonalData


class LeftOut(Value):
    """A part of the record that is not in the packet."""

    what: RecordKind
    reason: Line


class WithheldEntry(Value):
    """An entry of the student's in that log that is not in the packet."""

    event_id: EventId
    reason: Code
    """Of the list ``withheld_reason``."""


class LogExtent(Value):
    """How far the packet reaches in one log, so that its completeness can be shown."""

    service: ServiceName
    size: int = Field(ge=0)
    """Entries in the log."""
    nth: int = Field(ge=0)
    """Of them, this student's."""
    withheld: tuple[WithheldEntry, ...] = ()


@event("packet.issued", of=EventClass.PROOF)
class PacketIssued(Event):
    """A transfer packet was made for a recipient, under a release or another lawful ground."""

    packet_id: UUID
    student_id: StudentId
    plan_id: PlanId
    purpose: ReleasePurpose
    personal: RecipientPersonalData
    ground: AccessGround
    release_id: UUID | None = None
    external_id: ExternalId | None = None
    plan_as_of_on: date
    """The plan as in force on this day,"""
    plan_known_at: Instant
    """as known at this instant."""
    items: tuple[RecordKind, ...]
    left_out: tuple[LeftOut, ...] = ()
    document: DocumentRef
    """The packet itself."""
    logs: tuple[LogExtent, ...]


@event("client.registered")
class ClientRegistered(Event):
    """A vendor's or office's client may ask for tokens within these scopes; once more: its new scopes, in full."""

    client_id: PersonRef
    name: Name
    scopes: tuple[Line, ...]


@event("client.revoked")
class ClientRevoked(Event):
    """The client gets no more tokens; those it holds run out."""

    client_id: PersonRef


@event("export.made", of=EventClass.PROOF)
class ExportMade(Event):
    """The evidence of one student's record was exported, whole or as of one question. Stream ``export/{id}``."""

    export_id: UUID
    student_id: StudentId
    as_of_on: date | None = None
    """The day that was asked about; absent: the whole record."""
    as_known_at: Instant
    """Nothing that became known later is in it."""
    purpose: Line
    """What it is for, in the words of whoever asked."""
    external_id: ExternalId | None = None
    document: DocumentRef
    """The export itself."""
    logs: tuple[LogExtent, ...]
    """Per log its size and how many entries of the student it holds, and of which the contents were withheld, and why."""


SignedNote = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
"""A checkpoint with its signatures, exactly as it was."""


@event("log.inconsistent", of=EventClass.PROOF)
class LogInconsistent(Event):
    """A service's log is not what it was: the cosigner stopped cosigning it. Stream ``log/{service}``."""

    service: ServiceName
    """Whose log."""
    fault: LogFault
    offered: SignedNote
    """The checkpoint that was not cosigned."""
    size: int = Field(ge=0)
    """The entries it names."""
    own_root: Sha256Hex | None = None
    """The root over as many of audit-service's own copies."""
    cosigned: SignedNote | None = None
    """The last checkpoint of this log that was cosigned."""


AuditEvent: TypeAlias = (
    DisclosureRecorded
    | DisclosureVoided
    | PacketIssued
    | ClientRegistered
    | ClientRevoked
    | ExportMade
    | LogInconsistent
)
