"""Working papers: what is being written and binds nobody yet. One sealed row each, with a version of its own.

A draft has its plan's id; a correction, a void or a reopening that waits for the second person has its own. The row of
a paper that is done stays empty, so that versions go on and an old ETag never fits a new paper. A comment on a draft is
deleted with the draft.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec

from contracts.canonical import NotCanonical, refuse_uncarriable
from contracts.event import EventClass, Json
from contracts.problems import Destroyed, Invalid, Reason, VersionConflict
from plan_service.domain.draft_merge import Text, Touched
from runtime.append_rows import LARGEST_APPEND
from runtime.database import Database, driver
from runtime.keyring import Keyring, destroyed_among
from runtime.sealing import key_id_of, open_sealed, seal

Kind = Literal["draft", "correction", "reopening", "void", "comment"]
MOST_BEHIND = 1_000
"""Whoever read a draft longer ago than so many saved versions reads it again."""

Pointing: TypeAlias = Callable[[str, Json], str]
"""How a refusal points at a place of what was sent, by the place in what is kept."""


def _as_kept(pointer: str, content: Json) -> str:
    return pointer


def _by_ids(pointer: str, content: Json) -> str:
    """A patch sends a draft's items by their ids; they are kept in their order."""
    match pointer.split("/"):
        case ["", "items", place, *rest] if place.isdecimal():
            return "/".join(["", "items", content["items"][int(place)]["id"], *rest])
    return pointer


@dataclass(frozen=True, slots=True)
class Paper:
    """What is being written, at one version."""

    id: UUID
    kind: Kind
    plan_id: UUID
    student_id: UUID
    version: int
    content: Json
    updated_at: datetime | None = None
    """When it was last saved; ``None`` of one that was not read."""
    lacking: tuple[Reason, ...] | None = None
    """Of a draft that is about to be saved: its gaps. Kept beside it without their words, for lists of many drafts."""

    def must_be(self, version: int) -> None:
        """Raise `VersionConflict` unless the caller (If-Match) has read it as it stands."""
        if version != self.version:
            raise VersionConflict(f"{self.kind}/{self.id}", expected=version, actual=self.version)


class WorkingPapers:
    """Reads and writes papers. A write joins the transaction it is given (`writing`)."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    @asynccontextmanager
    async def writing(self, tenant: str) -> AsyncIterator[Any]:
        """A transaction on the driver's connection: what is appended and written inside commits together."""
        async with self._database.begin(tenant) as rows:
            yield await driver(rows)

    async def read(self, tenant: str, id_: UUID) -> Paper | None:
        """The paper as last saved; ``None`` when there is none or it is done."""
        async with self._database.lend(tenant) as connection:
            row = await connection.fetchrow(
                "SELECT id, kind, plan, subject, version, sealed, updated_at FROM plan.working_papers"
                " WHERE tenant = $1 AND id = $2 AND sealed IS NOT NULL", tenant, id_,
            )  # fmt: skip
        return None if row is None else await self._opened(tenant, row)

    async def of_plan(self, tenant: str, plan_id: UUID, kind: Kind) -> list[Paper]:
        """Every open paper of one kind, in the order of their ids."""
        async with self._database.lend(tenant) as connection:
            rows = await connection.fetch(
                "SELECT id, kind, plan, subject, version, sealed, updated_at FROM plan.working_papers"
                " WHERE tenant = $1 AND plan = $2 AND kind = $3 AND sealed IS NOT NULL ORDER BY id",
                tenant, plan_id, kind,
            )  # fmt: skip
        return [await self._opened(tenant, row) for row in rows]

    async def begin(self, connection: Any, tenant: str, paper: Paper) -> Paper:
        """Write a new paper; its version follows on what stood under this id before."""
        sealed = await self._sealed(tenant, paper)
        version: int = await connection.fetchval(
            "INSERT INTO plan.working_papers AS was (tenant, id, kind, plan, subject, version, sealed, lacking, updated_at)"
            " VALUES ($1, $2, $3, $4, $5, 1, $6, $7::text::jsonb, plan.now_for($1)) ON CONFLICT (tenant, id) DO UPDATE"
            " SET version = was.version + 1, sealed = excluded.sealed, lacking = excluded.lacking,"
            " updated_at = excluded.updated_at"
            " RETURNING version", tenant, paper.id, paper.kind, paper.plan_id, paper.student_id, sealed, _lacking(paper),
        )  # fmt: skip
        return replace(paper, version=version)

    async def save(
        self, connection: Any, tenant: str, paper: Paper, content: Json, before: Text, lacking: Sequence[Reason],
        changed: Touched,
    ) -> Paper:  # fmt: skip
        """The next version of ``paper``; raises `VersionConflict` when somebody has saved another meanwhile.

        ``changed`` is what it changes of the text ``before``: so much of that text is kept beside it.
        """
        new = replace(paper, version=paper.version + 1, content=content, lacking=tuple(lacking))
        sealed = await self._sealed(tenant, new, pointing=_by_ids)
        await self._replace(connection, tenant, paper, sealed, _lacking(new))
        names = {str(item_id): sorted(of) if of is not None else None for item_id, of in changed.items()}
        earlier = replace(paper, content={str(item_id): before.get(item_id) for item_id in changed})
        await connection.execute(
            "INSERT INTO plan.draft_changes (tenant, paper, version, touched, before) VALUES ($1, $2, $3, $4::text::jsonb, $5)",
            tenant, paper.id, new.version, msgspec.json.encode(names).decode(), await self._sealed(tenant, earlier),
        )  # fmt: skip
        return new

    async def text_at(self, tenant: str, paper: Paper, version: int, text: Text) -> Text | None:
        """What the draft said at an earlier version, from what it says now: each later one is taken back.

        ``None`` where that is not known: of a version that never was, or of a draft before this one.
        """
        if not 1 <= version < paper.version or paper.version - version > MOST_BEHIND:
            return None
        async with self._database.lend(tenant) as connection:
            rows = await connection.fetch(
                "SELECT paper AS id, before AS sealed FROM plan.draft_changes WHERE tenant = $1 AND paper = $2"
                " AND version > $3 AND version <= $4 AND before IS NOT NULL ORDER BY version DESC",
                tenant, paper.id, version, paper.version,
            )  # fmt: skip
        if len(rows) != paper.version - version:
            return None
        earlier = dict(text)
        for row in rows:
            for item_id, fields in (await self._plain(tenant, row)).items():
                if fields is None:
                    earlier.pop(UUID(item_id), None)
                else:
                    earlier[UUID(item_id)] = fields
        return earlier

    async def rewrite(self, connection: Any, tenant: str, paper: Paper, content: Json) -> None:
        """The next version of a paper that nobody merges; raises `VersionConflict`."""
        changed = replace(paper, version=paper.version + 1, content=content)
        await self._replace(connection, tenant, paper, await self._sealed(tenant, changed))

    async def hold_open(self, connection: Any, tenant: str, paper: Paper) -> bool:
        """Whether the paper is still open; if so nobody finishes it before this transaction has ended."""
        found = await connection.fetchval(
            "SELECT true FROM plan.working_papers WHERE tenant = $1 AND id = $2 AND sealed IS NOT NULL FOR SHARE",
            tenant, paper.id,
        )  # fmt: skip
        return bool(found)

    async def finish(self, connection: Any, tenant: str, paper: Paper) -> None:
        """Nothing is kept of the paper, nor of comments on it; raises `VersionConflict` when it has been changed meanwhile."""
        await self._replace(connection, tenant, paper, None)
        await connection.execute(
            "DELETE FROM plan.draft_changes WHERE tenant = $1 AND paper = $2", tenant, paper.id
        )
        if paper.kind == "draft":
            await connection.execute(
                "DELETE FROM plan.working_papers WHERE tenant = $1 AND plan = $2 AND kind = 'comment'",
                tenant, paper.plan_id,
            )  # fmt: skip

    async def _replace(
        self, connection: Any, tenant: str, paper: Paper, sealed: bytes | None, lacking: str | None = None
    ) -> None:
        found = await connection.fetchrow(
            "UPDATE plan.working_papers SET version = version + 1, sealed = $4, lacking = $5::text::jsonb,"
            " updated_at = plan.now_for($1)"
            " WHERE tenant = $1 AND id = $2 AND version = $3 AND sealed IS NOT NULL RETURNING version",
            tenant, paper.id, paper.version, sealed, lacking,
        )  # fmt: skip
        if found is None:
            actual: int = await connection.fetchval(
                "SELECT version FROM plan.working_papers WHERE tenant = $1 AND id = $2", tenant, paper.id
            )
            raise VersionConflict(f"{paper.kind}/{paper.id}", expected=paper.version, actual=actual)

    async def _sealed(self, tenant: str, paper: Paper, pointing: Pointing = _as_kept) -> bytes:
        key = (paper.student_id, EventClass.RECORD)
        keys = await self._keyring.current(tenant, [key])
        return seal(keys[key], paper.id, _carriable(paper.content, pointing)).sealed

    async def _opened(self, tenant: str, row: Any) -> Paper:
        return Paper(
            row["id"],
            row["kind"],
            row["plan"],
            row["subject"],
            row["version"],
            await self._plain(tenant, row),
            row["updated_at"],
        )

    async def _plain(self, tenant: str, row: Any) -> Json:
        key_id = key_id_of(row["sealed"])
        keys = await self._keyring.by_id(tenant, [key_id])
        if gone := await destroyed_among(self._keyring, tenant, [key_id], keys):
            raise Destroyed(gone[key_id])
        _, plain = open_sealed(keys[key_id], row["id"], row["sealed"])
        content: Json = msgspec.json.decode(plain)
        return content


def _lacking(paper: Paper) -> str | None:
    """The gaps without their words, which may quote what somebody wrote."""
    if paper.lacking is None:
        return None
    gaps = [{"code": gap.code, "citation": gap.citation, "pointer": gap.pointer} for gap in paper.lacking]
    return msgspec.json.encode(gaps).decode()


def _carriable(content: Json, pointing: Pointing) -> bytes:
    """The bytes; a paper can hold what an event can hold, so that what is saved can also be adopted."""
    try:
        refuse_uncarriable(content)
    except NotCanonical as error:
        pointer = pointing(error.pointer, content)
        raise Invalid("A value cannot be stored.",
                      reasons=(Reason("not-carriable", error.reason, pointer=pointer),)) from error  # fmt: skip
    plain = msgspec.json.encode(content)
    if len(plain) > LARGEST_APPEND:
        raise Invalid("The draft is too long: at most 4 MiB.",
                      reasons=(Reason("too-long", "put long texts into documents", pointer="/items"),))  # fmt: skip
    return plain
