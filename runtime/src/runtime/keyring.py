"""The keyring: one key for each (tenant, subject, class of contents, generation), wrapped by a master key.

It is infrastructure as a KMS is: its own PostgreSQL connection, data folder and short-lived backups. Rows are wrapped
under the master key, so a copy of the table alone opens nothing; rotating the master key rewraps rows and touches no
event. Unwrapped keys stay in memory for minutes only.
"""

import os
import time
from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.event import EventClass
from runtime.sealing import KEY_BYTES, KEY_ID_BYTES, NONCE_BYTES, Key, KeyId

CACHE_SECONDS = 300.0
CACHE_MOST = 50_000

KEYRING_1 = """
    CREATE TABLE keyring.keys (
        key_id bytea PRIMARY KEY CHECK (length(key_id) = 16),
        tenant text NOT NULL,
        subject uuid NOT NULL,
        class text NOT NULL,
        generation integer NOT NULL CHECK (generation > 0),
        master text NOT NULL,
        wrapped bytea NOT NULL,
        made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (tenant, subject, class, generation)
    );
    ALTER TABLE keyring.keys ENABLE ROW LEVEL SECURITY;
    ALTER TABLE keyring.keys FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON keyring.keys TO keyring_app
        USING (tenant = current_setting('handrail.tenant', true))
        WITH CHECK (tenant = current_setting('handrail.tenant', true));
    GRANT USAGE ON SCHEMA keyring TO keyring_app;
    GRANT SELECT, INSERT ON keyring.keys TO keyring_app;
    CREATE FUNCTION keyring.current_keys(p_tenant text, p_subject uuid[], p_class text[], p_fresh bytea[],
                                         p_wrapped bytea[], p_master text)
        RETURNS SETOF keyring.keys LANGUAGE plpgsql AS $$
    #variable_conflict use_column
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        INSERT INTO keyring.keys (key_id, tenant, subject, class, generation, master, wrapped)
        SELECT fresh, p_tenant, wanted.subject, wanted.class, 1, p_master, wanted.wrapped
          FROM unnest(p_subject, p_class, p_fresh, p_wrapped) AS wanted (subject, class, fresh, wrapped)
         WHERE NOT EXISTS (SELECT FROM keyring.keys k
                            WHERE k.tenant = p_tenant AND k.subject = wanted.subject AND k.class = wanted.class)
         ORDER BY 3, 4
        ON CONFLICT (tenant, subject, class, generation) DO NOTHING;
        RETURN QUERY
        SELECT DISTINCT ON (k.subject, k.class) k.*
          FROM unnest(p_subject, p_class) AS wanted (subject, class)
          JOIN keyring.keys k ON k.tenant = p_tenant AND k.subject = wanted.subject AND k.class = wanted.class
         ORDER BY k.subject, k.class, k.generation DESC;
    END $$;
    CREATE FUNCTION keyring.keys_by_id(p_tenant text, p_ids bytea[])
        RETURNS SETOF keyring.keys LANGUAGE plpgsql STABLE AS $$
    BEGIN
        PERFORM set_config('handrail.tenant', p_tenant, true);
        RETURN QUERY SELECT * FROM keyring.keys WHERE tenant = p_tenant AND key_id = ANY (p_ids);
    END $$;
"""


class KeyGone(Exception):
    """The key was lawfully destroyed (or never was): these contents can never be read again."""


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


class PostgresKeyring:
    """The first adapter: a table in a database of its own."""

    def __init__(self, pool: asyncpg.Pool, master_key: bytes, master_name: str = "1") -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError("the keyring's master key must be 32 bytes")
        self._pool = pool
        self._master = AESGCM(master_key)
        self._master_name = master_name
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
            rows = await self._pool.fetch(
                "SELECT * FROM keyring.current_keys($1, $2, $3, $4, $5, $6)",
                tenant, [subject for subject, _ in missing], [str(class_) for _, class_ in missing], fresh, wrapped,
                self._master_name,
            )  # fmt: skip
            for row in rows:
                pair = (row["subject"], EventClass(row["class"]))
                key = self._remember(tenant, row)
                self._current[(tenant, *pair)] = (now + CACHE_SECONDS, key)
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
            for row in await self._pool.fetch("SELECT * FROM keyring.keys_by_id($1, $2)", tenant, missing):
                found[KeyId(row["key_id"])] = self._remember(tenant, row)
        return found

    async def ready(self) -> None:
        """Raise when the keyring cannot be reached."""
        await self._pool.fetchval("SELECT 1")

    def _wrap(self, tenant: str, key_id: bytes, pair: tuple[UUID, EventClass], key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._master.encrypt(nonce, key, _bound_to(tenant, key_id, pair))

    def _remember(self, tenant: str, row: asyncpg.Record) -> Key:
        key_id, wrapped = KeyId(row["key_id"]), row["wrapped"]
        pair = (row["subject"], EventClass(row["class"]))
        plain = self._master.decrypt(
            wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound_to(tenant, key_id, pair)
        )
        key = Key(key_id, AESGCM(plain))
        if len(self._by_id) >= CACHE_MOST:
            self._by_id.clear()
            self._current.clear()
        self._by_id[tenant, key_id] = (time.monotonic() + CACHE_SECONDS, key)
        return key


def _bound_to(tenant: str, key_id: bytes, pair: tuple[UUID, EventClass]) -> bytes:
    """A wrapped key opens only in the row it was made for."""
    return key_id + tenant.encode() + b"/" + pair[0].bytes + pair[1].encode()
