"""Each log's signing key: made when the log is first signed, kept beside the log, sealed as the keyring's rows are.

The private key lies in the service's own schema, wrapped by the keyring's master key, in a table only the sequencer's role
reads: a copy of the database alone signs nothing, and no service can sign for another.
"""

import os
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.log.checkpoint import origin_of
from contracts.log.note import ED25519, NoteSigner, VerifierKey
from runtime.keyring import master_name
from runtime.sealing import NONCE_BYTES

SEED_BYTES = 32


class Wrapping:
    """Seals private keys under the master key; what was sealed for one name opens under no other.

    Rows of logs' keys are never changed, so what was sealed under an ``older`` master key opens as long as that one is given.
    """

    def __init__(self, master_key: bytes, older: Sequence[bytes] = ()) -> None:
        self._master = AESGCM(master_key)
        self._older = [AESGCM(each) for each in older]
        self.name = "1" if not older else master_name(master_key)

    def sealed(self, name: str, seed: bytes) -> bytes:
        """As it is stored."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._master.encrypt(nonce, seed, b"signing key of " + name.encode())

    def opened(self, name: str, wrapped: bytes) -> Ed25519PrivateKey:
        """Raises ``cryptography.exceptions.InvalidTag`` for another name, another master key, or an altered row."""
        nonce, sealed, bound = (
            wrapped[:NONCE_BYTES],
            wrapped[NONCE_BYTES:],
            b"signing key of " + name.encode(),
        )
        for master in (self._master, *self._older):
            with suppress(InvalidTag):
                return Ed25519PrivateKey.from_private_bytes(master.decrypt(nonce, sealed, bound))
        raise InvalidTag


def fresh_key() -> Ed25519PrivateKey:
    """A new private key."""
    return Ed25519PrivateKey.from_private_bytes(os.urandom(SEED_BYTES))


class LogKeys:
    """The signers of one service's logs, by a connection of its sequencer's role."""

    def __init__(self, service: str, host: str, master_key: bytes, older: Sequence[bytes] = ()) -> None:
        self.service = service
        self._host = host
        self._wrapping = Wrapping(master_key, older)
        self._signers: dict[str, NoteSigner] = {}

    async def signer(self, connection: asyncpg.Connection, tenant: str) -> NoteSigner:
        """Who signs this tenant's log; its key is made, durably, before anything is signed with it."""
        known = self._signers.get(tenant)
        if known is not None:
            return known
        name = origin_of(self._host, tenant, self.service)
        row = await self._row(connection, tenant)
        if row is None:
            private = fresh_key()
            public = private.public_key().public_bytes_raw()
            # Another sequencer of this service cannot lead meanwhile; ON CONFLICT is for whoever does not lead.
            await connection.execute(
                f"WITH made AS (INSERT INTO {self.service}.log_keys (tenant, public) VALUES ($1, $2) ON CONFLICT DO NOTHING"
                f" RETURNING public) INSERT INTO {self.service}.log_secrets (public, master, wrapped)"
                " SELECT public, $3, $4 FROM made",
                tenant, public, self._wrapping.name, self._wrapping.sealed(name, private.private_bytes_raw()),
            )  # fmt: skip
            row = await self._row(connection, tenant)
        assert row is not None
        signer = NoteSigner(name, self._wrapping.opened(name, row["wrapped"]))
        self._signers[tenant] = signer
        return signer

    async def _row(self, connection: asyncpg.Connection, tenant: str) -> asyncpg.Record | None:
        found: asyncpg.Record | None = await connection.fetchrow(
            f"SELECT wrapped FROM {self.service}.log_keys JOIN {self.service}.log_secrets USING (public)"
            " WHERE tenant = $1", tenant,
        )  # fmt: skip
        return found


def key_of(host: str, tenant: str, service: str, public: bytes) -> VerifierKey:
    """What a log's checkpoints are verified with."""
    return VerifierKey(origin_of(host, tenant, service), ED25519, public)
