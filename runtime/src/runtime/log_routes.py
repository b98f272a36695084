"""``/<service>/log``: a log as other people's programs read it (C2SP tlog-tiles), for the token's district.

Whoever reads all tiles has every entry of the district: ids, times and digests, never contents. Full tiles never change.
"""

from typing import Annotated, Any, cast

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import Response

from contracts.log.checkpoint import Checkpoint
from contracts.log.note import VerifierKey
from contracts.log.tiles import Run, TileName, bundle, width_of
from contracts.log.tree import TILE_WIDTH
from contracts.problems import NotFound
from runtime.auth import Principal, allow
from runtime.call import Asked, Call
from runtime.http import Routes
from runtime.log_keys import key_of
from runtime.log_schema import entries_settled
from runtime.log_tree import LogTree
from runtime.openapi import problems
from runtime.problem_details import NotYet
from runtime.service import Service

Reader = Annotated[Principal, allow("log.read")]
TEXT = "text/plain; charset=utf-8"
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}


class NotSigned(NotYet):
    """The log has no signed checkpoint yet (503): its first is signed a moment after its first entry. Ask again in a moment."""

    code = "log-not-signed-yet"

    def __init__(self) -> None:
        super().__init__(
            "This district's log has no signed checkpoint yet: the first is signed a moment after the first entry. "
            "Ask again in a moment; /health/ready says whether the sequencer stands still."
        )


class LogHead(BaseModel):
    """How far the log goes."""

    entries: int


def answers(media_type: str, what: str) -> dict[int | str, dict[str, object]]:
    """For ``responses=``: the body is no JSON."""
    schema = {"type": "string"} | ({} if media_type == "text/plain" else {"format": "binary"})
    return {200: {"description": what, "content": {media_type: {"schema": schema}}}}


def log_routes(service: str) -> APIRouter:
    """The routes for ``service``'s own log."""
    routes = Routes(prefix=f"/{service}/log", tags=["log"])

    @routes.get(
        "/checkpoint", response_class=Response,
        responses={**answers("text/plain", "The newest checkpoint, a signed note."), **problems(NotSigned)},
    )  # fmt: skip
    async def get_log_checkpoint(asked: Asked, who: Reader) -> Response:
        """Read the newest checkpoint of the district's log: its size and root, signed with the log's own key."""
        await asked.district()
        async with asked.store.database.lend(who.tenant) as connection:
            row = await connection.fetchrow(
                f"SELECT size, root, signature FROM {service}.checkpoints WHERE tenant = $1 ORDER BY size DESC LIMIT 1",
                who.tenant,
            )
        if row is None:
            raise NotSigned()
        key = await log_key(asked, service)
        note = Checkpoint(key.name, row["size"], row["root"]).note(key, row["signature"])
        return Response(str(note), media_type=TEXT)

    @routes.get(
        "/vkey", response_class=Response,
        responses={**answers("text/plain", "The verifier key, on one line."), **problems(NotSigned)},
    )  # fmt: skip
    async def get_log_vkey(asked: Asked, who: Reader) -> Response:
        """Read the key that the checkpoints of the district's log are verified with. Keep it: it never changes."""
        await asked.district()
        return Response(f"{await log_key(asked, service)}\n", media_type=TEXT)

    @routes.get("/head", response_model=LogHead)
    async def get_log_head(asked: Asked, who: Reader) -> LogHead:
        """Read how many entries the district's log has, those included that are settled and wait for their index."""
        await asked.district()
        async with asked.store.database.lend(who.tenant) as connection:
            return LogHead(entries=await head_of(connection, service, who.tenant))

    @routes.get(
        "/tile/{tile:path}", response_class=Response,
        responses=answers("application/octet-stream", "The tile."),
    )  # fmt: skip
    async def get_log_tile(
        tile: Annotated[
            str,
            Path(max_length=60, examples=["0/000.p/12"],
                 description="`<L>/<N>` or `entries/<N>`, a part of it with `.p/<W>`; N in groups of three digits, "
                             "`x001/067`."),
        ],
        asked: Asked, who: Reader,
    ) -> Response:  # fmt: skip
        """Read one tile: 256 hashes of 32 bytes, or 256 entries, each after its length in two bytes.

        Level 0 are the leaves; level 1 and up hash full tiles below. A full tile never changes.
        """
        await asked.district()
        wanted = TileName.parse(tile)
        if wanted is None:
            raise NotFound(
                "No tile has that name. Ask for e.g. tile/0/000.p/12, tile/1/x001/067 or tile/entries/000."
            )
        return await _tile(asked, service, wanted)

    return routes


async def head_of(connection: Any, service: str, tenant: str) -> int:
    """How many entries the service's log of the district has as soon as all that is settled now has its index."""
    found: int = await connection.fetchval(f"SELECT {entries_settled(service, '$1')}", tenant)
    return found


async def log_key(asked: Call, service: str) -> VerifierKey:
    """The key of the district's own log in this service; raises `NotSigned` before there is one."""
    async with asked.store.database.lend(asked.tenant) as connection:
        public = await connection.fetchval(
            f"SELECT public FROM {service}.log_keys WHERE tenant = $1", asked.tenant
        )
    if public is None:
        raise NotSigned()
    return key_of(cast(Service, asked.edge.service).addresses.log_host, asked.tenant, service, public)


async def _tile(asked: Call, service: str, wanted: TileName) -> Response:
    first, past = wanted.first, wanted.first + wanted.width
    async with asked.store.database.lend(asked.tenant) as connection:
        size = await connection.fetchval(
            f"SELECT coalesce(max(index) + 1, 0) FROM {service}.log WHERE tenant = $1", asked.tenant
        )
        there = width_of(wanted.level, wanted.place, size)
        if there < wanted.width:
            part = f" Ask for tile/{TileName(wanted.level, wanted.place, there).path}." if there else ""
            raise NotFound(
                f"This tile is not there yet: the log has {size} entries, which give it {there} of {wanted.width}.{part}"
            )
        if wanted.level is not None:
            content = b"".join(
                await LogTree.own(service, connection, asked.tenant).hashes(Run(wanted.level, first, past))
            )
        else:
            rows = await connection.fetch(
                f"SELECT entry FROM {service}.log WHERE tenant = $1 AND index >= $2 AND index < $3 ORDER BY index",
                asked.tenant, first, past,
            )  # fmt: skip
            content = bundle([row["entry"] for row in rows])
    headers = FOR_EVER if wanted.width == TILE_WIDTH else {}
    return Response(content, 200, headers, "application/octet-stream")
