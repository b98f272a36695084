"""The keyring: one key for each (tenant, subject, class of contents, generation), wrapped by a master key.

It is infrastructure as a KMS is: its own PostgreSQL connection, data folder and short-lived backups. Rows are wrapped
under the master key, so a copy of the table alone opens nothing; rotating the master key rewraps rows and touches no
event. Unwrapped keys stay in memory for minutes only.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.event import EventClass
from runtime.database import Once
from runtime.sealing import KEY_BYTES, KEY_ID_BYTES, NONCE_BYTES, Key, KeyId

CACHE_SECONDS = 300.0
SEAL_SECONDS = 10.0
"""How long a process seals with a key without asking whether it still may: what is to be destroyed waits for longer."""
CACHE_MOST = 50_000


class KeyGone(Exception):
    """The keyring has no such key, and knows of no lawful destruction: it lacks what it should have."""


class HoldStands(Exception):
    """A legal hold blocks it: nothing was destroyed."""

    def __init__(self, holds: Sequence[UUID]) -> None:
        super().__init__("a legal hold stands")
        self.holds = tuple(holds)


@dataclass(frozen=True, slots=True)
class DestroyedKeys:
    """Of one class of a subject's contents the last generation whose key is gone."""

    contents: EventClass
    generation: int


class Keyring(Protocol):
    """Where keys come from. Both calls answer from memory where they can."""

    async def current(
        self, tenant: str, wanted: Iterable[tuple[UUID, EventClass]]
    ) -> dict[tuple[UUID, EventClass], Key]:
        """The key to seal with now for each (subject, class), made on first use. Durable on return."""
        ...

    async def by_id(self, tenant: str, key_ids: Iterable[KeyId]) -> dict[KeyId, Key]:
        """The keys to open with; a key that is gone has no entry in the answer."""
        ...

    async def destroyed(self, tenant: str, key_ids: Iterable[KeyId]) -> dict[KeyId, date]:
        """Of keys that are gone those that were lawfully destroyed, each with its day."""
        ...


async def destroyed_among(
    keyring: Keyring, tenant: str, key_ids: Iterable[KeyId], found: Mapping[KeyId, Key]
) -> dict[KeyId, date]:
    """Of the keys that were not found those that were lawfully destroyed; raises `KeyGone` for any other."""
    missing = {key_id for key_id in key_ids if key_id not in found}
    if not missing:
        return {}
    gone = await keyring.destroyed(tenant, missing)
    if missing - gone.keys():
        raise KeyGone(f"the keyring lacks {len(missing - gone.keys())} keys and knows of no destruction")
    return gone


class PostgresKeyring:
    """The first adapter: a table in a database of its own."""

    def __init__(self, pool: asyncpg.Pool, master_key: bytes, older: Sequence[bytes] = ()) -> None:
        self._pool = pool
        self._masters = {master_name(key): AESGCM(key) for key in (master_key, *older)}
        self._master_name = master_name(master_key)
        self._current: dict[tuple[str, UUID, EventClass], tuple[float, Key]] = {}
        self._by_id: dict[tuple[str, KeyId], tuple[float, Key]] = {}

    async def current(
        self, tenant: str, wanted: Iterable[tuple[UUID, EventClass]]
    ) -> dict[tuple[UUID, EventClass], Key]:
        """See `Keyring.current`."""
        now = time.monotonic()
        found: dict[tuple[UUID, EventClass], Key] = {}
        missing: list[tuple[UUID, EventClass]] = []
        for pair in dict.fromkeys(wanted):
            kept = self._current.get((tenant, *pair))
            if kept is not None and kept[0] > now:
                found[pair] = kept[1]
            else:
                missing.append(pair)
        if missing:
            fresh = [os.urandom(KEY_ID_BYTES) for _ in missing]
            wrapped = [
                self._wrap(tenant, key_id, pair, os.urandom(KEY_BYTES))
                for key_id, pair in zip(fresh, missing, strict=True)
            ]
            async with Once(self._pool) as connection:
                rows = await connection.fetch(
                    "SELECT * FROM keyring.current_keys($1, $2, $3, $4, $5, $6)",
                    tenant, [subject for subject, _ in missing], [str(class_) for _, class_ in missing], fresh, wrapped,
                    self._master_name,
                )  # fmt: skip
            for row in rows:
                pair = (row["subject"], EventClass(row["class"]))
                key = self._remember(tenant, row)
                self._current[(tenant, *pair)] = (now + SEAL_SECONDS, key)
                found[pair] = key
        return found

    async def by_id(self, tenant: str, key_ids: Iterable[KeyId]) -> dict[KeyId, Key]:
        """See `Keyring.by_id`."""
        now = time.monotonic()
        found: dict[KeyId, Key] = {}
        missing: list[KeyId] = []
        for key_id in dict.fromkeys(key_ids):
            kept = self._by_id.get((tenant, key_id))
            if kept is not None and kept[0] > now:
                found[key_id] = kept[1]
            else:
                missing.append(key_id)
        if missing:
            async with Once(self._pool) as connection:
                rows = await connection.fetch("SELECT * FROM keyring.keys_by_id($1, $2)", tenant, missing)
            for row in rows:
                found[KeyId(row["key_id"])] = self._remember(tenant, row)
        return found

    async def ready(self) -> None:
        """Raise when the keyring cannot be reached."""
        await self._pool.fetchval("SELECT 1")

    # --- Holds and destruction: audit-service's alone ---

    async def set_hold(self, tenant: str, hold: UUID, subject: UUID) -> None:
        """From now on nothing of the subject's is destroyed; durable on return, safe to repeat."""
        await self._pool.execute("SELECT keyring.set_hold($1, $2, $3)", tenant, hold, subject)

    async def release_hold(self, tenant: str, hold: UUID) -> None:
        """It no longer stands; durable on return, safe to repeat."""
        await self._pool.execute("SELECT keyring.release_hold($1, $2)", tenant, hold)

    async def holds(self, tenant: str, subject: UUID | None = None) -> list[UUID]:
        """The holds that stand, of one subject or of all."""
        rows = await self._pool.fetch("SELECT keyring.holds_on($1, $2) AS hold", tenant, subject)
        return [row["hold"] for row in rows]

    async def retire(
        self, tenant: str, destruction: UUID, subject: UUID, classes: Sequence[EventClass]
    ) -> float | None:
        """Seal nothing more under the subject's keys; how many seconds ago that was. ``None``: there are none.

        After `SEAL_SECONDS` no process seals with them any more, and they may be destroyed.
        """
        since: float | None = await self._pool.fetchval(
            "SELECT keyring.retire($1, $2, $3, $4)",
            tenant,
            destruction,
            subject,
            [each.value for each in classes],
        )
        return since

    async def destroy(
        self, tenant: str, destruction: UUID, subject: UUID, classes: Sequence[EventClass], on: date
    ) -> tuple[tuple[DestroyedKeys, ...], date]:
        """Delete the retired keys, unless a hold stands (`HoldStands`); one transaction, safe to repeat.

        Says which went and on which day: ``on``, or the day of the time before.
        """
        try:
            rows = await self._pool.fetch(
                "SELECT * FROM keyring.destroy($1, $2, $3, $4, $5)",
                tenant, destruction, subject, [each.value for each in classes], on,
            )  # fmt: skip
        except asyncpg.PostgresError as error:
            if error.sqlstate != "HR423":
                raise
            detail: str | None = getattr(error, "detail", None)
            raise HoldStands([UUID(each) for each in json.loads(detail or "[]")]) from error
        self.forget(tenant)
        keys = tuple(DestroyedKeys(EventClass(row["class"]), row["generation"]) for row in rows)
        return keys, min((row["destroyed_on"] for row in rows), default=on)

    async def destroy_again(
        self, tenant: str, destruction: UUID, subject: UUID, keys: Sequence[DestroyedKeys], on: date
    ) -> int:
        """What the log says is gone goes again, where a backup brought it back; returns how many keys that were."""
        found: int = await self._pool.fetchval(
            "SELECT keyring.destroy_again($1, $2, $3, $4, $5, $6)", tenant, destruction, subject,
            [each.contents.value for each in keys], [each.generation for each in keys], on,
        )  # fmt: skip
        return found

    async def destroyed(self, tenant: str, key_ids: Iterable[KeyId]) -> dict[KeyId, date]:
        """See `Keyring.destroyed`."""
        rows = await self._pool.fetch("SELECT * FROM keyring.destroyed_keys($1, $2)", tenant, list(key_ids))
        return {KeyId(row["key_id"]): row["destroyed_on"] for row in rows}

    def forget(self, tenant: str) -> None:
        """Keep none of the tenant's keys in this process's memory: some are gone."""
        for place in [place for place in self._by_id if place[0] == tenant]:
            del self._by_id[place]
        for pair in [pair for pair in self._current if pair[0] == tenant]:
            del self._current[pair]

    def _wrap(self, tenant: str, key_id: bytes, pair: tuple[UUID, EventClass], key: bytes) -> bytes:
        return wrap(self._masters[self._master_name], bound_to(tenant, key_id, pair), key)

    def _remember(self, tenant: str, row: asyncpg.Record) -> Key:
        key_id = KeyId(row["key_id"])
        pair = (row["subject"], EventClass(row["class"]))
        plain = unwrap(self._masters, row["master"], row["wrapped"], bound_to(tenant, key_id, pair))
        key = Key(key_id, AESGCM(plain))
        if len(self._by_id) >= CACHE_MOST:
            self._by_id.clear()
            self._current.clear()
        self._by_id[tenant, key_id] = (time.monotonic() + CACHE_SECONDS, key)
        return key


def master_name(master_key: bytes) -> str:
    """What a row says of the master key it is wrapped under: a digest that tells nothing of the key."""
    if len(master_key) != KEY_BYTES:
        raise ValueError("the keyring's master key must be 32 bytes")
    return hashlib.sha256(b"handrail keyring master\n" + master_key).hexdigest()[:16]


def wrap(master: AESGCM, bound_to: bytes, key: bytes) -> bytes:
    """A key as its row keeps it."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + master.encrypt(nonce, key, bound_to)


def unwrap(masters: Mapping[str, AESGCM], name: str, wrapped: bytes, bound_to: bytes) -> bytes:
    """The key again; a row of before master keys had names (``1``) opens under the one that fits."""
    fitting = [masters[name]] if name in masters else list(masters.values())
    for place, master in enumerate(fitting):
        try:
            return master.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound_to)
        except InvalidTag:
            if place == len(fitting) - 1:
                raise
    raise InvalidTag


def bound_to(tenant: str, key_id: bytes, pair: tuple[UUID, EventClass]) -> bytes:
    """A wrapped key opens only in the row it was made for."""
    return key_id + tenant.encode() + b"/" + pair[0].bytes + pair[1].encode()
