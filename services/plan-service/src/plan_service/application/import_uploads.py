"""What was uploaded for an import: sealed in pieces under the district's own key until its job has ended.

It holds personal data of many people at once, so it never lies open on a disk under a name: while a job runs, the set is
in a file that has no name any more and is gone with the process, however that ends.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from uuid import UUID, uuid5

from contracts.event import EventClass
from runtime.event_store import EventStore
from runtime.keyring import KeyGone
from runtime.sealing import key_id_of, open_sealed, seal

PIECE = 1024 * 1024


class ImportUploads:
    """Keeps uploads and gives them back as a file."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def keep(self, connection: Any, tenant: str, district: UUID, job: UUID, upload: BinaryIO) -> None:
        """Seal and store, in the caller's transaction."""
        wanted = (district, EventClass.IDENTITY)
        key = (await self._store.keyring.current(tenant, [wanted]))[wanted]
        upload.seek(0)
        number = 0
        while piece := upload.read(PIECE):
            id = _piece_id(job, number)
            await connection.execute(
                "INSERT INTO plan.import_pieces (tenant, import, number, id, sealed) VALUES ($1, $2, $3, $4, $5)",
                tenant, job, number, id, seal(key, id, piece).sealed,
            )  # fmt: skip
            number += 1

    async def drop(self, connection: Any, tenant: str, job: UUID) -> None:
        """Nothing is kept of it, in the caller's transaction."""
        await connection.execute(
            "DELETE FROM plan.import_pieces WHERE tenant = $1 AND import = $2", tenant, job
        )

    @asynccontextmanager
    async def unpacked(self, tenant: str, job: UUID, name: str) -> AsyncIterator[Path]:
        """The upload as a file of its own name, as long as the block runs."""
        with (
            tempfile.TemporaryFile() as unnamed,
            tempfile.TemporaryDirectory(prefix="handrail-import-") as folder,
        ):
            number = 0
            while (piece := await self._piece(tenant, job, number)) is not None:
                unnamed.write(piece)
                number += 1
            unnamed.flush()
            path = Path(folder) / file_name(name)
            path.symlink_to(f"/proc/self/fd/{unnamed.fileno()}")
            yield path

    async def _piece(self, tenant: str, job: UUID, number: int) -> bytes | None:
        async with self._store.database.lend(tenant) as connection:
            sealed: bytes | None = await connection.fetchval(
                "SELECT sealed FROM plan.import_pieces WHERE tenant = $1 AND import = $2 AND number = $3",
                tenant, job, number,
            )  # fmt: skip
        if sealed is None:
            return None
        key_id = key_id_of(sealed)
        keys = await self._store.keyring.by_id(tenant, [key_id])
        if key_id not in keys:
            raise KeyGone("the upload's key is gone")
        _, plain = open_sealed(keys[key_id], _piece_id(job, number), sealed)
        return plain


def file_name(name: str) -> str:
    """What refusals call the upload: the last part of its name, without anything that is no plain sign."""
    last = PurePosixPath(name.replace("\\", "/")).name.lstrip(".")
    return "".join(sign if sign.isprintable() and sign != "/" else "?" for sign in last)[:100] or "upload"


def _piece_id(job: UUID, number: int) -> UUID:
    """Bound to its place: pieces in another order do not open."""
    return uuid5(job, str(number))
