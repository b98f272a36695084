"""Sealed contents: a commitment that anyone may keep, and bytes that only the student's key opens.

``digest = SHA-256("H" "R" 0x01 || salt || plain)`` is what the log commits to; ``sealed = 0x01 || key_id || nonce ||
AES-256-GCM(key, nonce, salt || plain, aad = 0x01 || key_id || event id)``. Formats are for ever.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import NewType
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KeyId = NewType("KeyId", bytes)
FORMAT = b"\x01"
DIGEST_PREFIX = b"HR\x01"
KEY_ID_BYTES, NONCE_BYTES, SALT_BYTES, KEY_BYTES, TAG_BYTES = 16, 12, 32, 32, 16


class SealBroken(Exception):
    """The sealed bytes do not open, or do not hold what was committed to: altered, or under another key."""


@dataclass(frozen=True, slots=True)
class Key:
    """One keyring row, unwrapped."""

    id: KeyId
    cipher: AESGCM


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the store keeps of an event's contents."""

    digest: bytes
    sealed: bytes


def seal(key: Key, event_id: UUID, plain: bytes) -> Sealed:
    """Seal ``plain`` for one event with a fresh salt and nonce."""
    salt = os.urandom(SALT_BYTES)
    nonce = os.urandom(NONCE_BYTES)
    head = FORMAT + key.id
    body = key.cipher.encrypt(nonce, salt + plain, head + event_id.bytes)
    return Sealed(commitment(salt, plain), head + nonce + body)


def unseal(key: Key, event_id: UUID, sealed: bytes, digest: bytes) -> bytes:
    """The plain bytes; raises `SealBroken` unless they are exactly what ``digest`` commits to."""
    salt, plain = open_sealed(key, event_id, sealed)
    if commitment(salt, plain) != digest:
        raise SealBroken("the contents are not what the log committed to")
    return plain


def open_sealed(key: Key, event_id: UUID, sealed: bytes) -> tuple[bytes, bytes]:
    """``(salt, plain)`` of sealed bytes; raises `SealBroken`."""
    body = 1 + KEY_ID_BYTES + NONCE_BYTES
    head = sealed[: 1 + KEY_ID_BYTES]
    if head != FORMAT + key.id:
        raise SealBroken("sealed in a format or under a key that is not this one")
    try:
        opened = key.cipher.decrypt(sealed[1 + KEY_ID_BYTES : body], sealed[body:], head + event_id.bytes)
    except InvalidTag as error:
        raise SealBroken("the sealed bytes were altered, or belong to another event") from error
    return opened[:SALT_BYTES], opened[SALT_BYTES:]


def commitment(salt: bytes, plain: bytes) -> bytes:
    """The digest that the log carries."""
    return hashlib.sha256(DIGEST_PREFIX + salt + plain).digest()


def key_id_of(sealed: bytes) -> KeyId:
    """Which keyring row opens these bytes; raises `SealBroken` for bytes of another format."""
    if len(sealed) < 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES or sealed[:1] != FORMAT:
        raise SealBroken("not sealed bytes of a known format")
    return KeyId(sealed[1 : 1 + KEY_ID_BYTES])
