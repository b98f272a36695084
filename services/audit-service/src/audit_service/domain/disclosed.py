"""A disclosure that is on record: what a read shows of it, and striking it through where it was recorded by mistake."""

from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from contracts.audit import DisclosureRecorded, DisclosureVoided
from contracts.event import Event, Json
from contracts.fields import ExternalId, StudentId
from contracts.problems import Rejected
from contracts.values import VoidPersonalData


class PacketWentOut(Rejected):
    """A packet's own disclosure is no mistake of an entry: the packet went out."""

    code = "packet-went-out"


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One disclosure, folded."""

    disclosure_id: UUID | None = None
    """Absent while none is recorded, and where its contents were lawfully destroyed."""
    student_id: StudentId | None = None
    disclosed_on: date | None = None
    packet_id: UUID | None = None
    external_id: ExternalId | None = None
    document: Json = field(default_factory=dict)
    """What a read shows."""
    voided: str | None = None
    """Why the entry was wrong."""


_NAMED = {"student_id": "student", "packet_id": "packet", "release_id": "release", "holder_id": "holder"}


def evolve(state: Disclosed, event: Event) -> Disclosed:
    """What follows from one more event."""
    match event:
        case DisclosureRecorded():
            return Disclosed(event.disclosure_id, event.student_id, event.effective_on, event.packet_id, event.external_id,
                             _document(event))  # fmt: skip
        case DisclosureVoided():
            return replace(state, voided=event.personal.reason)
    return state


def void_disclosure(disclosed: Disclosed, reason: str) -> list[DisclosureVoided]:
    """Strike the entry through: it stays, and counts no more. Once more changes nothing.

    Raises `PacketWentOut` for the disclosure of a packet.
    """
    if disclosed.disclosure_id is None or disclosed.disclosed_on is None or disclosed.voided is not None:
        return []
    if disclosed.packet_id is not None:
        raise PacketWentOut(
            "A packet went out, and its disclosure stays on record. If it went to the wrong party, tell whoever holds the "
            "record rights.", packet=disclosed.packet_id,
        )  # fmt: skip
    return [
        DisclosureVoided(
            effective_on=disclosed.disclosed_on, disclosure_id=disclosed.disclosure_id,
            personal=VoidPersonalData(reason=reason),
        )
    ]  # fmt: skip


def _document(event: DisclosureRecorded) -> Json:
    said = event.model_dump(mode="json", exclude_none=True, exclude={"disclosure_id", "document"})
    party = said.pop("personal")
    shown = {_NAMED.get(name, name): value for name, value in said.items()}
    shown |= {"interest": party.pop("interest")} if "interest" in party else {}
    return shown | {
        "disclosed_on": event.effective_on.isoformat(),
        "recipient": {"name": party.pop("recipient"), **party},
    }
