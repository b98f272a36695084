"""Reading what was rendered in the appends: one resource, or a page of them, by SQLAlchemy on the service's read schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Text, Uuid, any_, bindparam, cast, column, func, select, table, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.canonical import instant
from contracts.event import Json
from runtime.paging import Listing

RESOURCES = table(
    "resources",
    *(column(name) for name in ("tenant", "kind", "id", "student", "external_id", "stream", "version", "updated_at",
                                "document")),
)  # fmt: skip
"""Without a schema: the connection's search path says whose."""
EVENTS = table("events", column("tenant"), column("stream"), column("version"))


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing as an answer shows it. ``version`` is its stream's now: what If-Match is compared with."""

    kind: str
    id: UUID
    document: Json
    version: int
    updated_at: datetime | None = None
    student: UUID | None = None

    def fields(self) -> Json:
        """Its own fields with ``id``, ``version`` and ``updated_at``, which every resource has."""
        fields: Json = {"id": str(self.id), **self.document, "version": self.version}
        fields["id"] = str(self.id)
        if self.updated_at is not None:
            fields["updated_at"] = instant(self.updated_at)
        return fields

    def body(self) -> bytes:
        """The answer's body."""
        return msgspec.json.encode(self.fields())

    @property
    def etag(self) -> str:
        """``"<version>"``."""
        return f'"{self.version}"'


_SHOWN = select(
    RESOURCES.c.kind, RESOURCES.c.id, cast(RESOURCES.c.document, Text).label("document"), RESOURCES.c.updated_at,
    RESOURCES.c.student,
    select(func.max(EVENTS.c.version))
    .where(EVENTS.c.tenant == RESOURCES.c.tenant, EVENTS.c.stream == RESOURCES.c.stream)
    .scalar_subquery().label("version"),
)  # fmt: skip


def _shown(row: Any) -> Shown:
    document = msgspec.json.decode(row.document)
    return Shown(row.kind, row.id, document, row.version, row.updated_at.astimezone(UTC), row.student)


_NAMED = _SHOWN.where(
    RESOURCES.c.tenant == bindparam("tenant"), RESOURCES.c.kind == bindparam("kind"),
    RESOURCES.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
)  # fmt: skip


async def find(rows: AsyncConnection, tenant: str, kind: str, id: UUID) -> Shown | None:
    """The resource; ``None`` when there is none. Who may see it is the caller's question."""
    return (await find_many(rows, tenant, kind, [id])).get(id)


async def find_many(rows: AsyncConnection, tenant: str, kind: str, ids: Sequence[UUID]) -> dict[UUID, Shown]:
    """Those that there are, in one statement."""
    found = await rows.execute(_NAMED, {"tenant": tenant, "kind": kind, "ids": ids})
    return {row.id: _shown(row) for row in found}


async def find_page(
    rows: AsyncConnection, tenant: str, kind: str, listing: Listing, *,
    visible: ColumnElement[bool] | None = None, fields: Mapping[str, str | None] | None = None,
    tags: Mapping[str, str | None] | None = None,
) -> tuple[list[Shown], UUID | None]:  # fmt: skip
    """A page in the order of ids, and the last id when there is more behind it.

    ``visible`` limits it to students somebody may see; ``fields`` to documents whose top-level field has the value,
    ``tags`` to those whose top-level list has it.
    """
    wanted = _SHOWN.where(RESOURCES.c.tenant == tenant, RESOURCES.c.kind == kind)
    after = listing.after(list_name(tenant, kind, {**(fields or {}), **(tags or {})}))
    if after is not None:
        wanted = wanted.where(tuple_(RESOURCES.c.id) > tuple_(after))
    if listing.student is not None:
        wanted = wanted.where(RESOURCES.c.student == listing.student)
    if listing.external_id is not None:
        wanted = wanted.where(RESOURCES.c.external_id == listing.external_id)
    if listing.updated_after is not None:
        wanted = wanted.where(RESOURCES.c.updated_at > listing.updated_after)
    for name, value in (fields or {}).items():
        if value is not None:
            wanted = wanted.where(RESOURCES.c.document.op("->>")(name) == value)
    for name, value in (tags or {}).items():
        if value is not None:
            wanted = wanted.where(cast(RESOURCES.c.document.op("->")(name), JSONB).contains([value]))
    if visible is not None:
        wanted = wanted.where(RESOURCES.c.student.is_(None) | visible)
    found = (await rows.execute(wanted.order_by(RESOURCES.c.id).limit(listing.limit + 1))).all()
    shown = [_shown(row) for row in found[: listing.limit]]
    return shown, shown[-1].id if len(found) > listing.limit else None


def list_name(tenant: str, kind: str, fields: Mapping[str, str | None] | None = None) -> str:
    """What a cursor belongs to."""
    narrowed = sorted((name, value) for name, value in (fields or {}).items() if value is not None)
    return f"{tenant} {kind} {narrowed}"


def encode(body: Json) -> bytes:
    """JSON as every answer is written."""
    return msgspec.json.encode(body)
