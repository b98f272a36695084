"""Another master key for the keyring: every row is wrapped anew, no event is touched, and nothing stands still.

Services are started with the new key and the old ones beside it; then rows are rewrapped, page by page, each page in one
transaction. Broken off, it goes on where it was: a row says which master key it is wrapped under. When none is left under
an old key, that key opens nothing any more.
"""

from collections.abc import Awaitable, Callable, Sequence

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.event import EventClass
from runtime.keyring import bound_to, master_name, unwrap, wrap

PAGE = 500
Report = Callable[[int, int], Awaitable[None] | None]
"""Rows rewrapped so far, of those there were."""


async def rewrap(
    owner_url: str, master_key: bytes, older: Sequence[bytes], report: Report = lambda _done, _total: None
) -> int:
    """Wrap every row under ``master_key``, as ``keyring_owner``; durable page by page. Returns how many rows changed.

    Raises ``cryptography.exceptions.InvalidTag`` for a row that none of the keys opens: nothing of its page has changed.
    """
    masters = {master_name(key): AESGCM(key) for key in (master_key, *older)}
    name, done = master_name(master_key), 0
    connection = await asyncpg.connect(owner_url)
    try:
        total: int = await connection.fetchval("SELECT count(*) FROM keyring.keys WHERE master <> $1", name)
        while True:
            async with connection.transaction():
                rows = await connection.fetch(
                    "SELECT key_id, tenant, subject, class, master, wrapped FROM keyring.keys WHERE master <> $1"
                    f" ORDER BY key_id LIMIT {PAGE} FOR UPDATE", name,
                )  # fmt: skip
                if not rows:
                    return done
                fresh = []
                for row in rows:
                    place = bound_to(row["tenant"], row["key_id"], (row["subject"], EventClass(row["class"])))
                    key = unwrap(masters, row["master"], row["wrapped"], place)
                    fresh.append(wrap(masters[name], place, key))
                await connection.execute(
                    "UPDATE keyring.keys AS k SET wrapped = fresh.wrapped, master = $3"
                    "  FROM unnest($1::bytea[], $2::bytea[]) AS fresh (key_id, wrapped) WHERE k.key_id = fresh.key_id",
                    [row["key_id"] for row in rows], fresh, name,
                )  # fmt: skip
            done += len(rows)
            waiting = report(done, max(total, done))
            if waiting is not None:
                await waiting
    finally:
        await connection.close()
