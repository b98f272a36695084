"""The log's tree: growing it and signing it, one proof out of it, and checking all of it.

Sizes: a history as `bench.read` has it (1,000,000 entries; with ``--quick`` 40,000), or ``HANDRAIL_BENCH_LEAVES`` for the proof.

Floors: SHA-256 of the same bytes, once. What is above it: a leaf has a prefix, a tree of n leaves has n - 1 nodes more, and each
batch is signed once (Ed25519). Checking reads every entry with its event, makes the entry anew from the stored event
(JCS) and compares, beside hashing leaf and tree; its floor reads the same entries in the same pages and hashes them.
"""

import hashlib
import os
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import floors
from bench.ground import TENANT, Ground, Urls, administrator, opened
from bench.measure import Path, Row, take_turns
from contracts.log.checkpoint import Checkpoint, cosigner_name
from contracts.log.note import COSIGNATURE, NoteSigner, VerifierKey
from contracts.log.tiles import runs_for
from contracts.log.tree import GrowingTree, inclusion_proof, leaf_hash
from runtime.log_check import Cosigned, LogCheck, Received
from runtime.log_tree import LogTree, fill
from runtime.sequencer import BATCH
from runtime.testing import LOG_HOST

PROOFS = 300
MILLISECONDS_WANTED = 5.0
_LEAVES = """
    INSERT INTO progress.log (position, tenant, index, event_id, known_at, subject, nth, lane, entry, leaf)
    SELECT n + 1, $1, n, gen_random_uuid(), now(), s, n + 1, 0, e, sha256('\\x00'::bytea || e)
      FROM (SELECT n, '00000000-0000-4000-8000-000000000000'::uuid AS s, int8send(n) AS e
              FROM generate_series(0, $2::bigint - 1) AS n) AS made"""


async def bench(ground: Ground) -> list[Row]:
    """Each path against its floor."""
    few, many = floors.sizes(ground)
    at_few, at_many = await floors.filled(ground, few), await floors.filled(ground, many)
    rounds = 3 if ground.quick else 5
    return [
        *await _growing(at_few, rounds),
        *await _proving(ground, int(os.environ.get("HANDRAIL_BENCH_LEAVES", many))),
        *await _checking(at_few, few, at_many, many, rounds),
    ]


async def _entries(urls: Urls) -> list[bytes]:
    async with administrator(urls) as admin:
        return [
            row["entry"]
            for row in await admin.fetch(f"SELECT entry FROM {urls.service}.log ORDER BY position")
        ]


async def _growing(urls: Urls, rounds: int) -> list[Row]:
    entries = await _entries(urls)
    signer = NoteSigner(f"{LOG_HOST}/{TENANT}/progress/log", Ed25519PrivateKey.generate())

    async def ours(_: object) -> int:
        tree = GrowingTree()
        for start in range(0, len(entries), BATCH):
            for entry in entries[start : start + BATCH]:
                tree.append(leaf_hash(entry))
            checkpoint = Checkpoint(signer.name, tree.size, tree.root)
            signer.sign(checkpoint.text)
        return len(entries)

    async def floor(_: object) -> int:
        for entry in entries:
            hashlib.sha256(entry).digest()
        return len(entries)

    rates = await take_turns({"floor": Path(floor), "ours": Path(ours)}, rounds)
    told = f"leaf, tree, and a signature every {BATCH:,}"
    return [Row("log", told, "entries/s", rates["ours"], "SHA-256 of the same bytes", rates["floor"])]


async def _proving(ground: Ground, leaves: int) -> list[Row]:
    """Proofs of entries anywhere in a log of so many, each as a request for one would build it."""
    urls = await ground.database()
    async with administrator(urls) as admin:
        await admin.execute(_LEAVES, TENANT, leaves)
        began = time.perf_counter()
        tree = LogTree.own(urls.service, admin, TENANT)
        await fill(tree, f"{urls.service}.tree_hashes", {}, leaves, admin, TENANT)
        filled = leaves / (time.perf_counter() - began)
        await admin.execute("VACUUM ANALYZE progress.log")
    chance, times, reads = random.Random(7), [], 0
    async with opened(urls, most=1) as store, store.database.lend(TENANT) as connection:
        counted = _Counted(connection)
        tree = LogTree.own(urls.service, counted, TENANT)
        await tree.inclusion(0, leaves)  # A service's connection has planned it before.
        counted.queries = 0
        for _ in range(PROOFS):
            index = chance.randrange(leaves)
            began = time.perf_counter()
            await tree.inclusion(index, leaves)
            times.append((time.perf_counter() - began) * 1000)
            reads = max(reads, len(runs_for(partial(inclusion_proof, index, leaves))))
    return [
        Row("log", f"one proof at {leaves:,} leaves", "ms", [statistics.median(times)], most=MILLISECONDS_WANTED,
            facts={"queries": counted.queries / PROOFS, "tiles at most": reads,
                   "95th": f"{sorted(times)[int(PROOFS * 0.95)]:.1f} ms",
                   "tree made anew": f"{filled:,.0f} leaves/s"}),
    ]  # fmt: skip


class _Counted:
    """A connection that counts what it is asked."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.queries = 0

    async def fetch(self, *asked: Any) -> Any:
        self.queries += 1
        return await self._connection.fetch(*asked)


class _Nobody:
    """No audit-service: only the service's own store is checked here."""

    async def reached(self) -> int:
        return 0

    async def log_key(self) -> bytes | None:
        return None

    async def cosigner_key(self) -> VerifierKey:
        return NoteSigner(cosigner_name(LOG_HOST), Ed25519PrivateKey.generate(), COSIGNATURE).key

    async def received(self, first: int, past: int) -> Mapping[int, Received]:
        return {}

    async def cosigned(self, after: int, most: int) -> Sequence[Cosigned]:
        return []

    async def tiles(self) -> Mapping[tuple[int, int], bytes]:
        return {}


async def _checking(at_few: Urls, few: int, at_many: Urls, many: int, rounds: int) -> list[Row]:
    for urls in (at_few, at_many):
        async with administrator(urls) as admin:
            size = await admin.fetchval(f"SELECT count(*) FROM {urls.service}.log")
            tree = LogTree.own(urls.service, admin, TENANT)
            await fill(tree, f"{urls.service}.tree_hashes", {}, size, admin, TENANT)

    async def ours(urls: Urls) -> int:
        async with opened(urls, most=1) as store, store.database.lend(TENANT) as connection:
            report = await LogCheck(urls.service, TENANT, connection, _Nobody(), None).run()
        assert report.faults == [], report.faults[:3]
        return report.size

    async def floor(urls: Urls) -> int:
        done = 0
        async with opened(urls, most=1) as store, store.database.lend(TENANT) as connection:
            while rows := await _page(connection, urls.service, done):
                for row in rows:
                    hashlib.sha256(row["entry"]).digest()
                done += len(rows)
        return done

    rates = await take_turns(
        {"floor": Path(lambda _: floor(at_many)), "ours": Path(lambda _: ours(at_many)),
         "few": Path(lambda _: ours(at_few))}, rounds,
    )  # fmt: skip
    told = f"checking {many:,} entries"
    return [
        Row("log", told, "entries/s", rates["ours"], "the same entries read and hashed", rates["floor"]),
        Row("log", told, "entries/s", rates["ours"], f"ours, of {few:,}", rates["few"]),
    ]


async def _page(connection: asyncpg.Connection, service: str, after: int) -> list[asyncpg.Record]:
    return await connection.fetch(
        f"SELECT entry FROM {service}.log WHERE tenant = $1 AND index >= $2 ORDER BY index LIMIT 2000",
        TENANT,
        after,
    )
