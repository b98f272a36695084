"""Links to one notice: unguessable, for a time, nothing about the child in them, and nowhere kept.

``token = <tenant>.<base64url(notice(16) link(16) expiry(4))>.<base64url(HMAC-SHA-256)>``. It carries its tenant, so that
finding the notice needs no unrestricted look-up. The key is derived from the keyring's master key for this use alone.
What a link has been used for (wrong checks, a newer link) stands in its row; the token itself can be made again from the
row, and so a mail that has to be sent a second time is the same mail.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TENANT = re.compile(r"[a-z][a-z0-9-]{1,62}")
LONGEST = 200
BODY_BYTES = 36
MAC_BYTES = 32


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says, once its signature holds."""

    tenant: str
    notice: UUID
    link: UUID
    expires_at: datetime


class LinkMaker:
    """Makes and checks tokens."""

    def __init__(self, master_key: bytes, older: Sequence[bytes] = ()) -> None:
        self._key = _derived(master_key)
        self._older = [_derived(key) for key in older]
        """Links go on working while the master key is being replaced; a mail sent again is then another mail."""

    def token(self, link: Link) -> str:
        """The same token for the same link."""
        expiry = int(link.expires_at.timestamp()).to_bytes(4, "big")
        body = link.notice.bytes + link.link.bytes + expiry
        return f"{link.tenant}.{_text(body)}.{_text(_mac(self._key, link.tenant, body))}"

    def read(self, token: str) -> Link | None:
        """What the token says; ``None`` for anything we did not make. Takes as long for a near miss as for a far one."""
        parts = token.split(".")
        if len(token) > LONGEST or len(parts) != 3 or not TENANT.fullmatch(parts[0]):
            return None
        tenant, body, mac = parts[0], _bytes(parts[1]), _bytes(parts[2])
        if body is None or mac is None or len(body) != BODY_BYTES or len(mac) != MAC_BYTES:
            return None
        fits = [hmac.compare_digest(mac, _mac(key, tenant, body)) for key in (self._key, *self._older)]
        if not any(fits):
            return None
        expires_at = datetime.fromtimestamp(int.from_bytes(body[32:], "big"), UTC)
        return Link(tenant, UUID(bytes=body[:16]), UUID(bytes=body[16:32]), expires_at)

    def seal(self, purpose: str, text: str) -> str:
        """A short proof for a form or a session of the page: HMAC under the same key, by purpose."""
        return _text(hmac.digest(self._key, f"{purpose}\n{text}".encode(), hashlib.sha256))

    def sealed(self, purpose: str, text: str, proof: str) -> bool:
        """Whether we made the proof; in constant time."""
        return hmac.compare_digest(self.seal(purpose, text).encode(), proof.encode())


def _derived(master_key: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"handrail notice link 1").derive(master_key)


def _mac(key: bytes, tenant: str, body: bytes) -> bytes:
    return hmac.digest(key, tenant.encode() + b"\n" + body, hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    # Only the one way of writing it that we use: a second spelling of the same bytes is no token of ours.
    return raw if _text(raw) == text else None
