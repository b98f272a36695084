"""Endpoints' secrets: made here, shown once, kept sealed under a key derived from the keyring's master key."""

import base64
import os
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "whsec_"
BYTES = 32
NONCE = 12


class Secrets:
    """Makes and seals secrets."""

    def __init__(self, master_key: bytes) -> None:
        self._cipher = AESGCM(
            HKDF(SHA256(), 32, salt=None, info=b"handrail webhook secret 1").derive(master_key)
        )

    def new(self) -> str:
        """As Standard Webhooks writes one."""
        return PREFIX + base64.b64encode(os.urandom(BYTES)).decode()

    def seal(self, tenant: str, webhook: UUID, secret: str) -> bytes:
        """For the row of this endpoint alone."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), _bound(tenant, webhook))

    def open(self, tenant: str, webhook: UUID, sealed: bytes) -> str:
        """The secret again; raises `cryptography.exceptions.InvalidTag` for another row's."""
        return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _bound(tenant, webhook)).decode()


def _bound(tenant: str, webhook: UUID) -> bytes:
    return tenant.encode() + webhook.bytes
