"""Lists a page at a time: what a caller may ask for, and the cursor that finds the next page.

A list is in the order of ids, which never changes: what stood there when somebody began to read is met once, however
much is added meanwhile. Who wants every change in order reads the change feed.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from contracts.problems import Invalid, Reason

T = TypeVar("T")
DEFAULT_LIMIT = 100
MOST = 500
VERSION = b"\x01"
ID_BYTES = 16
MARK_BYTES = 8


class Page(BaseModel, Generic[T]):
    """One page of a list. ``next`` is also sent as ``Link: rel="next"``; on the last page it is absent."""

    items: list[T]
    next: str | None = Field(default=None, description="Where the next page is; absent on the last one.")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list was asked for."""

    student: UUID | None = None
    external_id: str | None = None
    updated_after: datetime | None = None
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def filters(self) -> dict[str, str]:
        """What narrows the list, as it stands in its address."""
        asked: dict[str, object] = {
            "student": self.student,
            "external_id": self.external_id,
            "updated_after": self.updated_after.isoformat() if self.updated_after else None,
        }
        return {name: str(value) for name, value in asked.items() if value is not None}

    def after(self, of: str) -> UUID | None:
        """The id the page starts behind; raises `Invalid` for a cursor of another list."""
        if self.cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4))
        except (binascii.Error, ValueError):
            raw = b""
        place, mark = raw[1 : 1 + ID_BYTES], raw[1 + ID_BYTES :]
        if len(raw) != 1 + ID_BYTES + MARK_BYTES or raw[:1] != VERSION or mark != _mark(of, self.filters()):
            raise Invalid(
                "This cursor does not belong to this list with these filters.",
                reasons=(
                    Reason(
                        "cursor-invalid",
                        "use the address in `next` as it is, or begin again without a cursor",
                    ),
                ),
            )
        return UUID(bytes=place)

    def next_cursor(self, of: str, last: UUID) -> str:
        """The cursor for what follows ``last`` in the same list."""
        raw = VERSION + last.bytes + _mark(of, self.filters())
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def address(self, path: str, cursor: str, fields: dict[str, str]) -> str:
        """Where the next page is."""
        return f"{path}?{urlencode({**self.filters(), **fields, 'limit': str(self.limit), 'cursor': cursor})}"


def _mark(of: str, filters: dict[str, str]) -> bytes:
    return hashlib.sha256(repr((of, sorted(filters.items()))).encode()).digest()[:MARK_BYTES]


async def _listing(
    student: Annotated[UUID | None, Query(description="Only what is about this student.")] = None,
    external_id: Annotated[str | None, Query(max_length=300, description="Your own id, `SOURCE:ID`.")] = None,
    updated_after: Annotated[
        AwareDatetime | None, Query(description="Only what changed after this instant.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=100, description="From `next` of the page before.")
    ] = None,
) -> Listing:
    return Listing(student, external_id, updated_after, limit, cursor)


Listed = Annotated[Listing, Depends(_listing)]
"""``asked: Listed`` in a list's signature: the usual filters, ``limit`` and ``cursor``."""
