"""Where the cosigner gets the newest checkpoints from: the services' views in one database, or their logs by HTTP."""

from collections.abc import Callable, Sequence

import httpx

from audit_service.application.cosigner import CheckpointsAway, Offered
from contracts.log.checkpoint import Checkpoint
from contracts.log.note import Note, NoteBroken, VerifierKey
from runtime.database import Database
from runtime.log_keys import key_of
from runtime.log_routes import NotSigned, head_of
from runtime.log_schema import LOG_HEADS, NEWEST_CHECKPOINTS
from runtime.projection import tenants

TIMEOUT = httpx.Timeout(5.0)
NOT_YET = {"tenant-not-open", NotSigned.code}
"""The district is not open there, or its log not signed yet."""
_OWN = """
    SELECT k.tenant, k.public, c.size, c.root, c.signature FROM audit.log_keys k
      JOIN audit.checkpoints c ON c.tenant = k.tenant WHERE k.tenant = $1 ORDER BY c.size DESC LIMIT 1"""


class InOneDatabase:
    """Where the journal is the transport: a view that shows the newest checkpoint of each district, and nothing else."""

    pause_seconds = 1.0

    def __init__(self, database: Database, host: str) -> None:
        self._database = database
        self._host = host

    async def newest(self, source: str, tenant: str | None = None) -> Sequence[Offered]:
        """See `Checkpoints.newest`."""
        if source == self._database.source:
            rows = []
            for each in [tenant] if tenant else await tenants(self._database):
                async with self._database.lend(each) as connection:
                    rows += await connection.fetch(_OWN, each)
        else:
            async with self._database.pool.acquire() as connection:
                rows = await connection.fetch(
                    f"SELECT * FROM {source}.{NEWEST_CHECKPOINTS} WHERE $1::text IS NULL OR tenant = $1",
                    tenant,
                )
        found = []
        for row in rows:
            key = key_of(self._host, row["tenant"], source, row["public"])
            note = Checkpoint(key.name, row["size"], row["root"]).note(key, row["signature"])
            found.append(Offered(row["tenant"], source, note, key))
        return found

    async def head(self, source: str, tenant: str) -> int:
        """See `Checkpoints.head`."""
        async with self._database.lend(tenant) as connection:
            if source == self._database.source:
                return await head_of(connection, source, tenant)
            found = await connection.fetchval(
                f"SELECT entries FROM {source}.{LOG_HEADS} WHERE tenant = $1", tenant
            )
        return found or 0


class ByHttp:
    """Where the services share no database. ``where`` gives a service's address, ``token`` one for a district's logs."""

    pause_seconds = 5.0

    def __init__(self, database: Database, where: Callable[[str], str], token: Callable[[str], str]) -> None:
        self._database = database
        self._where = where
        self._token = token

    async def newest(self, source: str, tenant: str | None = None) -> Sequence[Offered]:
        """See `Checkpoints.newest`; a district whose log cannot be read yet is left for the next look."""
        found = []
        async with httpx.AsyncClient(base_url=self._where(source), timeout=TIMEOUT) as client:
            for each in [tenant] if tenant else await tenants(self._database):
                vkey, checkpoint = [
                    await self._asked(client, source, each, what) for what in ("vkey", "checkpoint")
                ]
                if vkey is None or checkpoint is None:
                    continue
                try:
                    note, key = Note.parse(checkpoint.content), VerifierKey.parse(vkey.text)
                except NoteBroken as error:
                    raise CheckpointsAway("what is served there is no checkpoint") from error
                found.append(Offered(each, source, note, key))
        return found

    async def head(self, source: str, tenant: str) -> int:
        """See `Checkpoints.head`."""
        async with httpx.AsyncClient(base_url=self._where(source), timeout=TIMEOUT) as client:
            answer = await self._asked(client, source, tenant, "head")
        if answer is None:
            return 0
        try:
            return int(answer.json()["entries"])
        except (ValueError, TypeError, KeyError) as error:
            raise CheckpointsAway("what is served there is no log's head") from error

    async def _asked(
        self, client: httpx.AsyncClient, source: str, tenant: str, what: str
    ) -> httpx.Response | None:
        """``None`` where the district is not open, or its log not signed yet."""
        headers = {"Authorization": f"Bearer {self._token(tenant)}"}
        try:
            answer = await client.get(f"/{source}/log/{what}", headers=headers)
        except httpx.HTTPError as error:
            raise CheckpointsAway(type(error).__name__) from error
        if answer.status_code == 200:
            return answer
        if _code(answer) in NOT_YET:
            return None
        where = "no such log there: is HANDRAIL_LOGS_URL right?" if answer.status_code == 404 else ""
        raise CheckpointsAway(f"HTTP {answer.status_code} {where}".strip())


def _code(answer: httpx.Response) -> object:
    """The code of a problem; a page of somebody else's has none."""
    try:
        said = answer.json()
    except ValueError:
        return None
    return said.get("code") if isinstance(said, dict) else None
