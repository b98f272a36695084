"""Sealed contents: what the log commits to, and what no other key, event or byte opens."""

import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import new_event_id
from runtime.sealing import Key, KeyId, SealBroken, key_id_of, open_sealed, seal, unseal

KEY = Key(KeyId(b"k" * 16), AESGCM(b"1" * 32))
EVENT = new_event_id()


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens_to_the_same_bytes(plain: bytes) -> None:
    sealed = seal(KEY, EVENT, plain)
    assert unseal(KEY, EVENT, sealed.sealed, sealed.digest) == plain


def test_the_published_format() -> None:
    sealed = seal(KEY, EVENT, b'{"a":1}')
    salt, plain = open_sealed(KEY, EVENT, sealed.sealed)

    assert sealed.sealed[:1] == b"\x01"
    assert key_id_of(sealed.sealed) == KEY.id
    assert len(sealed.sealed) == 1 + 16 + 12 + 32 + len(plain) + 16
    assert sealed.digest == hashlib.sha256(b"\x48\x52\x01" + salt + plain).digest()
    nonce, body = sealed.sealed[17:29], sealed.sealed[29:]
    assert AESGCM(b"1" * 32).decrypt(nonce, body, b"\x01" + KEY.id + EVENT.bytes) == salt + plain


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_anywhere_is_noticed(place: int, change: int) -> None:
    sealed = seal(KEY, EVENT, b'{"minutes":45}')
    broken = bytearray(sealed.sealed)
    broken[place % len(broken)] ^= change
    with pytest.raises(SealBroken):
        unseal(KEY, EVENT, bytes(broken), sealed.digest)


def test_another_event_another_key_or_another_digest_opens_nothing() -> None:
    sealed = seal(KEY, EVENT, b"{}")
    with pytest.raises(SealBroken):
        unseal(KEY, new_event_id(), sealed.sealed, sealed.digest)
    with pytest.raises(SealBroken):
        unseal(Key(KEY.id, AESGCM(b"2" * 32)), EVENT, sealed.sealed, sealed.digest)
    with pytest.raises(SealBroken):
        unseal(KEY, EVENT, sealed.sealed, bytes(32))


def test_the_same_contents_are_sealed_differently_each_time() -> None:
    first, second = seal(KEY, EVENT, b"{}"), seal(KEY, EVENT, b"{}")
    assert first.digest != second.digest
    assert first.sealed != second.sealed
