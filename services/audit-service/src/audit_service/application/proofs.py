"""What proves entries to a stranger: the cosigned checkpoints that hold them, their paths to it, and the keys to check with."""

import asyncio
from collections.abc import Mapping, Sequence

from audit_service.application.copied_tree import copied_tree
from audit_service.application.cosigner import known_key, newest_note
from audit_service.application.evidence import Copy
from audit_service.application.service import AuditService
from audit_service.domain.offline import proof_name
from contracts.log.checkpoint import Checkpoint
from contracts.log.note import Note
from contracts.log.proof import proof_file
from runtime.problem_details import NotYet
from runtime.roles import SERVICES

SECONDS, PAUSE_SECONDS = 5.0, 0.3
"""So long somebody waits for the cosigner at most, however slowly the services answer it; and between two looks."""


class NotCosigned(NotYet):
    """No cosigned checkpoint holds every entry that this is about yet (503): ask again in a moment."""

    code = "not-cosigned-yet"


async def cosigned_notes(service: AuditService, tenant: str, copies: Sequence[Copy]) -> dict[str, Note]:
    """Per log the cosigned checkpoint that holds every one of these entries.

    The cosigner is a moment behind: it is asked to look at once, and again, for `SECONDS` at most. Raises `NotCosigned`.
    """
    last: dict[str, int] = {}
    for copy in copies:
        last[copy.source] = max(last.get(copy.source, -1), copy.index)
    found: dict[str, Note] = {}
    pause = 0.0
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                found = await _holding(service, tenant, last)
                if found.keys() == last.keys():
                    return found
                await asyncio.sleep(pause)
                await service.cosigner.look(last.keys() - found.keys(), tenant)
                pause = PAUSE_SECONDS
    except TimeoutError as late:
        behind = ", ".join(sorted(last.keys() - found.keys()))
        raise NotCosigned(
            f"Not every entry is cosigned yet ({behind}). Ask again in a moment; GET /audit/v1/verification says more."
        ) from late


async def _holding(service: AuditService, tenant: str, last: Mapping[str, int]) -> dict[str, Note]:
    """Of each log the newest cosigned checkpoint, where it holds the log's last entry asked for."""
    host, signer = service.addresses.log_host, await service.cosigner.signer()
    async with service.database.lend(tenant) as connection:
        notes = {source: await newest_note(connection, host, tenant, source, signer) for source in last}
    return {
        source: note for source, note in notes.items()
        if note is not None and Checkpoint.parse(note.text).size > last[source]
    }  # fmt: skip


async def proofs_of(
    service: AuditService, tenant: str, copies: Sequence[Copy], notes: dict[str, Note]
) -> dict[str, bytes]:
    """The proof files by name. All of one log in one round trip: they share most of their hashes."""
    found = {}
    async with service.database.lend(tenant) as connection:
        for source, note in notes.items():
            of = [copy for copy in copies if copy.source == source]
            size = Checkpoint.parse(note.text).size
            hashes = await copied_tree(source, connection, tenant).inclusions(
                [copy.index for copy in of], size
            )
            for copy, path in zip(of, hashes, strict=True):
                found[proof_name(source, copy.index)] = proof_file(copy.index, path, note, copy.salt)
    return found


async def verifier_keys(service: AuditService, tenant: str) -> list[str]:
    """The keys of the district's logs as they were first seen, and at the end the cosigner's."""
    async with service.database.lend(tenant) as connection:
        keys = [
            await known_key(connection, service.addresses.log_host, tenant, source) for source in SERVICES
        ]
    return [str(key) for key in keys if key] + [str((await service.cosigner.signer()).key)]
