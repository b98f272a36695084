"""Opaque cursors: where a page goes on, and the basis that all pages of one reading rest on."""

import base64
import binascii
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Query

from audit_service.application.evidence import Place
from audit_service.domain.moment import SOURCES
from contracts.canonical import instant, parse_instant
from contracts.problems import Invalid, Reason

Cursor = Annotated[str | None, Query(max_length=600, description="From `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=500)]
EffectiveOn = Annotated[
    str | None,
    Query(
        max_length=40,
        description="The day asked about; default today in the district's zone.",
        examples=["2026-03-09"],
    ),
]
KnownAt = Annotated[
    str | None,
    Query(max_length=40, description="As known at this instant; a date means the end of that day in the district's zone. "
                                     "Default: everything indexed.", examples=["2026-03-09"]),
]  # fmt: skip
Basis = Annotated[
    str | None,
    Query(max_length=200, description="The last index of each log that an earlier answer named: gives the same answer again.",
          examples=["plan:120,notify:33"]),
]  # fmt: skip


def page_cursor(of: UUID, place: Place, basis: dict[str, int]) -> str:
    """For the page behind ``place`` in the reading of ``of``."""
    return _packed([str(of), instant(place.known_at), place.source, place.index, basis])


def read_page_cursor(of: UUID, cursor: str | None) -> tuple[Place | None, dict[str, int] | None]:
    """What `page_cursor` made; raises `Invalid` for a cursor of another reading."""
    if cursor is None:
        return None, None
    try:
        whose, known_at, source, index, basis = _unpacked(cursor)
        if (
            whose != str(of)
            or not set(basis) <= set(SOURCES)
            or not all(map(_whole, (index, *basis.values())))
        ):
            raise ValueError(whose)
        return Place(parse_instant(known_at), str(source), index), dict(basis)
    except (ValueError, TypeError, AttributeError) as error:
        raise _not_ours() from error


def feed_cursor(after: dict[str, int]) -> str:
    """How far each source of the feed has been read."""
    return _packed([after[source] for source in SOURCES])


def read_feed_cursor(cursor: str | None) -> dict[str, int]:
    """What `feed_cursor` made; without one the beginning."""
    if cursor is None:
        return dict.fromkeys(SOURCES, 0)
    try:
        positions = _unpacked(cursor)
        if len(positions) != len(SOURCES) or not all(map(_whole, positions)):
            raise ValueError(cursor)
        return dict(zip(SOURCES, positions, strict=True))
    except (ValueError, TypeError) as error:
        raise _not_ours() from error


def list_cursor(of: str, place: list[Any]) -> str:
    """For the page behind ``place`` in a list."""
    return _packed([of, *place])


def read_list_cursor(of: str, cursor: str | None) -> list[str] | None:
    """What `list_cursor` made; raises `Invalid` for a cursor of another list."""
    if cursor is None:
        return None
    try:
        whose, *place = _unpacked(cursor)
        days, ids = (place[:1], place[1:2]) if len(place) == 4 else ([], place[:1])
        if whose != of or not ids or not all(isinstance(each, str) for each in place):
            raise ValueError(whose)
        for each in days:
            date.fromisoformat(each)
        for each in ids:
            UUID(each)
        return list(place)
    except (ValueError, TypeError, AttributeError) as error:
        raise _not_ours() from error


def looks_cursor(stream: str, version: int, source: str) -> str:
    """For the page behind one day's looks of one service."""
    return _packed(["looks", stream, version, source])


def read_looks_cursor(cursor: str | None) -> tuple[str, int, str] | None:
    """What `looks_cursor` made; raises `Invalid` for another list's."""
    if cursor is None:
        return None
    try:
        whose, stream, version, source = _unpacked(cursor)
        if whose != "looks" or not _whole(version):
            raise ValueError(whose)
        return str(stream), version, str(source)
    except (ValueError, TypeError) as error:
        raise _not_ours() from error


def _whole(value: object) -> bool:
    """A number that a column of places can hold."""
    return type(value) is int and 0 <= value < 2**62


def _packed(value: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


def _unpacked(cursor: str) -> Any:
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        if b"\\u0000" in packed:  # PostgreSQL carries it in no text.
            raise ValueError("not a cursor")
        return msgspec.json.decode(packed)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError("not a cursor") from error


def _not_ours() -> Invalid:
    reason = Reason("cursor-invalid", "use the address in `next` as it is, or begin again without a cursor")
    return Invalid("This cursor does not belong to this list.", reasons=(reason,))
