"""Documents: what goes in comes out to the byte, whatever its length; what was touched in the database does not come out."""

import hashlib
import os
from collections.abc import AsyncIterator

import asyncpg
import pytest

from contracts.event import EventClass
from contracts.ids import new_id
from runtime.keyring import KeyGone
from runtime.sealing import SealBroken
from runtime.testing import Cluster, Opened, opened
from runtime.vault import PIECE, Vault


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


@pytest.fixture
async def superuser(plan: Opened) -> AsyncIterator[asyncpg.Connection]:
    """Full rights, and no trigger in the way."""
    connection = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


@pytest.mark.parametrize("length", [0, 1, 15, 16, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
async def test_a_document_of_any_length_comes_out_as_it_went_in(plan: Opened, length: int) -> None:
    vault, content = Vault(plan.database, plan.keyring), os.urandom(length)

    kept = await vault.keep(plan.tenant, new_id(), content, "application/pdf", EventClass.RECORD)
    found = await vault.fetch(plan.tenant, kept.document)

    assert (found.media_type, found.content) == ("application/pdf", content)
    assert kept.bytes == length
    assert kept.digest == hashlib.sha256(bytes.fromhex(kept.salt) + content).hexdigest()


async def test_one_altered_byte_anywhere_in_what_is_kept_is_found(
    plan: Opened, superuser: asyncpg.Connection
) -> None:
    vault, content = Vault(plan.database, plan.keyring), os.urandom(16)
    kept = await vault.keep(plan.tenant, new_id(), content, "text/plain", EventClass.RECORD)
    sealed = await superuser.fetchval("SELECT sealed FROM plan.document_pieces")
    assert len(sealed) == 1 + 16 + 12 + len(content) + 16

    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        await superuser.execute("UPDATE plan.document_pieces SET sealed = $1", bytes(altered))
        # Of a key that never was nobody can tell whether it was destroyed.
        with pytest.raises(KeyGone if 1 <= place < 17 else SealBroken):
            await vault.fetch(plan.tenant, kept.document)

    await superuser.execute("UPDATE plan.document_pieces SET sealed = $1", sealed)
    assert (await vault.fetch(plan.tenant, kept.document)).content == content


@pytest.mark.parametrize(
    "touched",
    [
        "UPDATE plan.document_pieces SET sealed = set_byte(sealed, 4, get_byte(sealed, 4) # 1) WHERE number = 1",
        "UPDATE plan.document_pieces SET sealed = set_byte(sealed, 1000, get_byte(sealed, 1000) # 1) WHERE number = 0",
        "UPDATE plan.document_pieces SET number = 1 - number",
        "DELETE FROM plan.document_pieces WHERE number = 1",
        "DELETE FROM plan.document_pieces WHERE number = 1; UPDATE plan.documents SET pieces = 1",
        "UPDATE plan.document_pieces p SET sealed ="
        " (SELECT sealed FROM plan.document_pieces o WHERE o.document <> p.document AND o.number = p.number)",
    ],
    ids=["key id of a piece", "byte of a piece", "swapped", "missing", "shortened", "another document's"],
)
async def test_pieces_that_were_altered_swapped_or_removed_are_found(
    plan: Opened, superuser: asyncpg.Connection, touched: str
) -> None:
    vault, subject = Vault(plan.database, plan.keyring), new_id()
    kept, _ = [
        await vault.keep(plan.tenant, subject, os.urandom(PIECE + 1), "text/plain", EventClass.RECORD)
        for _ in range(2)
    ]

    await superuser.execute("ALTER TABLE plan.document_pieces DROP CONSTRAINT document_pieces_pkey")
    await superuser.execute(touched)

    with pytest.raises(SealBroken):
        await vault.fetch(plan.tenant, kept.document)
