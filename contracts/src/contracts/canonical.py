"""Canonical bytes: JSON by RFC 8785, with our rules for what may stand in it.

Dates are ``YYYY-MM-DD``; instants are UTC with ``Z`` and exactly six decimals; decimals are strings; what is absent
has no key. What JSON by RFC 8785 or PostgreSQL cannot carry is refused before anything is written.
"""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import rfc8785
from pydantic import AfterValidator, PlainSerializer, WithJsonSchema

LARGEST_INTEGER = 2**53 - 1
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
"""No act of anybody's lies outside; every instant inside can be written, moved between zones, and read again."""


class NotCanonical(ValueError):
    """The value cannot be written as canonical JSON; ``pointer`` (RFC 6901) names the place."""

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer or '/'}: {reason}")
        self.pointer = pointer
        self.reason = reason


def canonical(value: Any) -> bytes:
    """The one byte sequence (RFC 8785) that stands for ``value``; raises `NotCanonical` where there is none."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise NotCanonical("", str(error)) from error


def refuse_uncarriable(value: Any) -> None:
    """Raise `NotCanonical` for U+0000, a lone surrogate, NaN, infinity or an integer beyond 2^53 anywhere inside."""
    for pointer, leaf in _leaves(value, ""):
        match leaf:
            case str():
                if "\x00" in leaf:
                    raise NotCanonical(pointer, "the character U+0000 cannot be stored; remove it")
                if any("\ud800" <= character <= "\udfff" for character in leaf):
                    raise NotCanonical(pointer, "a lone surrogate is not text; send well-formed Unicode")
            case bool():
                pass
            case int():
                if abs(leaf) > LARGEST_INTEGER:
                    raise NotCanonical(
                        pointer, "the integer is beyond 2^53 - 1; send a smaller one or a string"
                    )
            case float():
                if not math.isfinite(leaf):
                    raise NotCanonical(pointer, "NaN and infinity are not numbers; leave the field out")
            case Decimal():
                if not leaf.is_finite():
                    raise NotCanonical(pointer, "NaN and infinity are not numbers; leave the field out")


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            escaped = str(key).replace("~", "~0").replace("/", "~1")
            yield pointer, key
            yield from _leaves(inner, f"{pointer}/{escaped}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{pointer}/{number}")
    else:
        yield pointer, value


def instant(moment: datetime) -> str:
    """``2026-01-31T12:00:00.000000Z``: the only way an instant is written."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_instant(text: str) -> datetime:
    """The aware datetime of what `instant` wrote."""
    return datetime.fromisoformat(text)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant needs its offset, e.g. 2026-01-31T12:00:00Z")
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise ValueError(f"an instant lies between the years {EARLIEST_YEAR} and {LATEST_YEAR}")
    return moment.astimezone(UTC)


Instant = Annotated[
    datetime,
    AfterValidator(_aware),
    PlainSerializer(instant, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""An aware datetime that is written with ``Z`` and six decimals."""


def iso(day: date) -> str:
    """``2026-01-31``."""
    return day.isoformat()
