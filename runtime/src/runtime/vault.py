"""Documents: scans, reports, issued PDFs, sent mails; sealed in pieces under the subject's key, named by their digest.

An event names a document as `contracts.values.DocumentRef`; the salt inside the event lets whoever may read it recompute
the digest of the bytes. Keep the document first, then append the event that names it: a document that no event names
proves nothing and harms nobody.
"""

import hashlib
import os
from dataclasses import dataclass
from uuid import UUID

from contracts.event import EventClass
from contracts.ids import new_id
from contracts.problems import Destroyed, NotFound
from contracts.values import DocumentRef
from runtime.database import Database
from runtime.keyring import Keyring, destroyed_among
from runtime.sealing import FORMAT, NONCE_BYTES, SALT_BYTES, SealBroken, key_id_of

PIECE = 1024 * 1024
HEAD = 17


@dataclass(frozen=True, slots=True)
class Document:
    """A document's bytes and what they are."""

    media_type: str
    content: bytes


class Vault:
    """The first adapter: PostgreSQL, in the service's own schema."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def keep(
        self, tenant: str, subject: UUID, content: bytes, media_type: str, class_: EventClass
    ) -> DocumentRef:
        """Seal and store ``content``; durable on return. The answer goes into an event."""
        key = (await self._keyring.current(tenant, [(subject, class_)]))[subject, class_]
        document = new_id()
        pieces = [content[start : start + PIECE] for start in range(0, len(content), PIECE)] or [b""]
        sealed = []
        for number, piece in enumerate(pieces):
            nonce = os.urandom(NONCE_BYTES)
            bound = _bound_to(key.id, document, number, len(pieces))
            sealed.append(FORMAT + key.id + nonce + key.cipher.encrypt(nonce, piece, bound))
        s = self._database.service
        async with self._database.lend(tenant) as connection:
            await connection.execute(
                f"WITH made AS (INSERT INTO {s}.documents (tenant, id, subject, media_type, bytes, pieces)"
                "  VALUES ($1, $2, $3, $4, $5, $6))"
                f" INSERT INTO {s}.document_pieces (tenant, document, number, sealed)"
                " SELECT $1, $2, place - 1, piece FROM unnest($7::bytea[]) WITH ORDINALITY AS sealed (piece, place)",
                tenant, document, subject, media_type, len(content), len(pieces), sealed,
            )  # fmt: skip
        salt = os.urandom(SALT_BYTES)
        digest = hashlib.sha256(salt + content).hexdigest()
        return DocumentRef(
            document=document, digest=digest, salt=salt.hex(), media_type=media_type, bytes=len(content)
        )

    async def fetch(self, tenant: str, document: UUID) -> Document:
        """The bytes again; raises `NotFound`, `SealBroken` for altered bytes, `Destroyed`, `KeyGone`."""
        s = self._database.service
        async with self._database.lend(tenant) as connection:
            rows = await connection.fetch(
                "SELECT document.media_type, document.pieces, piece.sealed"
                f" FROM {s}.documents AS document LEFT JOIN {s}.document_pieces AS piece"
                " ON piece.tenant = document.tenant AND piece.document = document.id"
                " WHERE document.tenant = $1 AND document.id = $2 ORDER BY piece.number", tenant, document,
            )  # fmt: skip
        if not rows:
            raise NotFound("There is no such document here.")
        pieces = [row["sealed"] for row in rows if row["sealed"] is not None]
        if len(pieces) != rows[0]["pieces"]:
            raise SealBroken("a piece of the document is missing")
        key_ids = {key_id_of(piece) for piece in pieces}
        if len(key_ids) != 1:  # Otherwise one altered key id would read as a lawful destruction.
            raise SealBroken("the pieces of the document are not sealed under one key")
        keys = await self._keyring.by_id(tenant, key_ids)
        if gone := await destroyed_among(self._keyring, tenant, key_ids, keys):
            raise Destroyed(max(gone.values()))
        content = bytearray()
        for number, sealed in enumerate(pieces):
            key = keys[key_id_of(sealed)]
            try:
                content += key.cipher.decrypt(
                    sealed[HEAD : HEAD + NONCE_BYTES], sealed[HEAD + NONCE_BYTES :],
                    _bound_to(key.id, document, number, len(pieces)),
                )  # fmt: skip
            except Exception as error:
                raise SealBroken("the document's bytes were altered") from error
        return Document(rows[0]["media_type"], bytes(content))


def _bound_to(key_id: bytes, document: UUID, number: int, pieces: int) -> bytes:
    return FORMAT + key_id + document.bytes + number.to_bytes(4, "big") + pieces.to_bytes(4, "big")
