"""Secrets and passwords as they are kept: scrypt with a salt of their own, so that the stored form opens nothing."""

import asyncio
import base64
import os
from functools import cache

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

COST, BLOCK, PARALLEL = 2**14, 8, 1
SALT_BYTES = 16
_AT_ONCE = 4
"""Each try takes 16 MiB and some 50 ms of a core: more at a time would be a way to hurt us."""


async def kept_form(secret: str) -> str:
    """What to store: ``scrypt$<cost>$<salt>$<hash>``."""
    async with _slots():
        return await asyncio.to_thread(_hash, secret)


async def matches(secret: str, kept: str | None) -> bool:
    """Whether this is the secret. Takes as long when there is none to compare with, so that time tells nothing."""
    async with _slots():
        return await asyncio.to_thread(_verify, secret, kept or _nobodys()) and kept is not None


@cache
def _slots_of(_loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(_AT_ONCE)


def _slots() -> asyncio.Semaphore:
    return _slots_of(asyncio.get_running_loop())


@cache
def _nobodys() -> str:
    return _hash(base64.b64encode(os.urandom(24)).decode())


def _kdf(salt: bytes, cost: int) -> Scrypt:
    return Scrypt(salt=salt, length=32, n=cost, r=BLOCK, p=PARALLEL)


def _hash(secret: str) -> str:
    salt = os.urandom(SALT_BYTES)
    made = _kdf(salt, COST).derive(secret.encode())
    return f"scrypt${COST}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"


def _verify(secret: str, kept: str) -> bool:
    _, cost, salt, made = kept.split("$")
    try:
        _kdf(base64.b64decode(salt), int(cost)).verify(secret.encode(), base64.b64decode(made))
    except InvalidKey:
        return False
    return True
