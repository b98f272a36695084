"""How the logs stand, and the proof of one entry."""

from dataclasses import dataclass
from datetime import UTC, datetime

from audit_service.application.copied_tree import copied_tree
from audit_service.application.cosigner import known_key, newest_note, reached_of
from audit_service.application.evidence import Copy
from audit_service.application.proofs import NotCosigned
from audit_service.application.service import AuditService
from contracts.canonical import Instant
from contracts.event import Value
from contracts.log.checkpoint import Checkpoint
from contracts.log.note import Note, signed_at
from contracts.log.proof import proof_file
from contracts.vocabulary import LogFault, ServiceName
from runtime.roles import SERVICES


class Cosigned(Value):
    """The newest checkpoint that was cosigned."""

    size: int
    at: Instant


class Alarm(Value):
    """What is wrong with a log now."""

    fault: LogFault
    since: Instant


class LogStanding(Value):
    """One log."""

    service: ServiceName
    origin: str | None = None
    vkey: str | None = None
    """The key that its checkpoints are verified with, as it was first seen."""
    size: int
    """Entries that audit-service holds without a gap."""
    root: str | None = None
    """The root over them, in hexadecimal, by audit-service's own reckoning; absent where copies are missing."""
    cosigned: Cosigned | None = None
    alarm: Alarm | None = None


@dataclass(frozen=True, slots=True)
class EntryProof:
    """An entry with what proves it."""

    copy: Copy
    file: bytes


async def standings(service: AuditService, tenant: str) -> list[LogStanding]:
    """Every log of the district."""
    found = []
    host, signer = service.addresses.log_host, await service.cosigner.signer()
    async with service.database.lend(tenant) as connection:
        faults = {
            row["source"]: Alarm(fault=LogFault(row["fault"]), since=row["since"])
            for row in await connection.fetch(
                "SELECT source, fault, since FROM audit.log_standing WHERE fault IS NOT NULL"
            )
        }
        for source in SERVICES:
            key = await known_key(connection, host, tenant, source)
            size = await reached_of(connection, tenant, source)
            note = await newest_note(connection, host, tenant, source, signer)
            root = await service.cosigner.own_root(connection, tenant, source, size)
            found.append(
                LogStanding(
                    service=ServiceName(source), origin=key.name if key else None, vkey=str(key) if key else None, size=size,
                    root=root.hex() if root else None, cosigned=_cosigned(note) if note else None,
                    alarm=faults.get(source),
                )
            )  # fmt: skip
    return found


def _cosigned(note: Note) -> Cosigned:
    at = datetime.fromtimestamp(signed_at(note.signatures[1].blob), UTC)
    return Cosigned(size=Checkpoint.parse(note.text).size, at=at)


async def proof_of(service: AuditService, tenant: str, copy: Copy, *, with_salt: bool) -> EntryProof:
    """The proof file under the newest cosigned checkpoint; raises `NotCosigned` before one holds the entry."""
    host, signer = service.addresses.log_host, await service.cosigner.signer()
    async with service.database.lend(tenant) as connection:
        note = await newest_note(connection, host, tenant, copy.source, signer)
        size = Checkpoint.parse(note.text).size if note else 0
        if note is None or copy.index >= size:
            raise NotCosigned("No cosigned checkpoint holds this entry yet. Ask again in a moment.")
        hashes = await copied_tree(copy.source, connection, tenant).inclusion(copy.index, size)
    return EntryProof(copy, proof_file(copy.index, hashes, note, copy.salt if with_salt else None))
