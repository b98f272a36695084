"""What audit-service received of a log and cosigned, for `handrail log verify`."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audit_service.application.cosigner import reached_of
from contracts.log.note import VerifierKey
from runtime.database import Database
from runtime.log_check import Cosigned, LogCheck, LogReport, Received
from runtime.log_keys import key_of

if TYPE_CHECKING:
    from audit_service.application.service import AuditService


async def check_log(
    database: Database, audit: "AuditService", tenant: str, told: Callable[[int], None] = lambda _done: None
) -> LogReport:
    """One district's log of the service behind ``database``, held against its store and against what is kept here."""
    name = database.service
    cosigner = (await audit.cosigner.signer()).key
    async with database.lend(tenant) as own, audit.database.lend(tenant) as copies:
        public = await own.fetchval(f"SELECT public FROM {name}.log_keys WHERE tenant = $1", tenant)
        key = key_of(audit.addresses.log_host, tenant, name, public) if public else None
        return await LogCheck(name, tenant, own, CopyWitness(copies, tenant, name, cosigner), key).run(told)


class CopyWitness:
    """`runtime.log_check.Witness` over audit-service's own tables; ``connection`` reaches the tenant's rows."""

    def __init__(self, connection: Any, tenant: str, source: str, cosigner: VerifierKey) -> None:
        self._connection = connection
        self._of = (tenant, source)
        self._cosigner = cosigner

    async def reached(self) -> int:
        """See `Witness.reached`."""
        return await reached_of(self._connection, *self._of)

    async def log_key(self) -> bytes | None:
        """See `Witness.log_key`."""
        found: bytes | None = await self._connection.fetchval(
            "SELECT public FROM audit.known_logs WHERE tenant = $1 AND source = $2", *self._of
        )
        return found

    async def cosigner_key(self) -> VerifierKey:
        """See `Witness.cosigner_key`."""
        return self._cosigner

    async def received(self, first: int, past: int) -> Mapping[int, Received]:
        """See `Witness.received`."""
        rows = await self._connection.fetch(
            "SELECT index, position, entry, sealed, subject, stream, version, type, effective_on, known_at, event_id"
            " FROM audit.copies WHERE tenant = $1 AND source = $2 AND index >= $3 AND index < $4", *self._of, first, past,
        )  # fmt: skip
        return {row["index"]: _received(row) for row in rows}

    async def cosigned(self, after: int, most: int) -> Sequence[Cosigned]:
        """See `Witness.cosigned`."""
        rows = await self._connection.fetch(
            "SELECT size, root, log_signature, cosignature FROM audit.cosigned WHERE tenant = $1 AND source = $2"
            " AND size > $3 AND size <= $4 ORDER BY size", *self._of, after, most,
        )  # fmt: skip
        return [Cosigned(**row) for row in rows]

    async def tiles(self) -> Mapping[tuple[int, int], bytes]:
        """See `Witness.tiles`."""
        rows = await self._connection.fetch(
            "SELECT level, place, hash FROM audit.copied_hashes WHERE tenant = $1 AND source = $2", *self._of
        )
        return {(row["level"], row["place"]): row["hash"] for row in rows}


def _received(row: Any) -> Received:
    filed = {name: row[name] for name in ("subject", "stream", "version", "type")}
    filed |= {
        "id": row["event_id"],
        "effective_on": row["effective_on"].isoformat(),
        "known": row["known_at"],
    }
    return Received(row["entry"], row["sealed"], row["position"], filed)
