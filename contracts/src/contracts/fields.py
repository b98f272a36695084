"""The types that fields are made of: what may stand in a name, a code, a measure, a document's digest.

A limit may only ever be raised: what was once accepted must decode for ever.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

ItemId: TypeAlias = UUID
PlanId: TypeAlias = UUID
AmendmentId: TypeAlias = UUID
StudentId: TypeAlias = UUID
StaffId: TypeAlias = UUID
SchoolId: TypeAlias = UUID
HolderId: TypeAlias = UUID
MeetingId: TypeAlias = UUID
NoticeId: TypeAlias = UUID
EventId: TypeAlias = UUID

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A name of a person, school, district or source."""

Email = Annotated[str, StringConstraints(pattern=r"^[^\s@]+@[^\s@]+$", max_length=320)]
Phone = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""A telephone number as people write it."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""One line of text: a place, a title, a source's own word for something."""

Narrative = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
"""Free text in somebody's own words; never trimmed or tidied."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
"""A code of an open list (`contracts.vocabulary`, and what a district or state adds)."""

TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of the day in the district's zone: ``09:05``."""

LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
"""A language by BCP 47: ``en``, ``es``, ``zh-Hant``."""

ExternalId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}:\S.{0,255}$", max_length=300)
]
"""``SOURCE:ID``: another system's key for the same thing."""

PersonRef = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""Who acted, as in the envelope's actor: a random id, never a mail address or a login."""

Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SaltHex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Minutes = Annotated[int, Field(ge=0, le=100_000)]

_DECIMAL_PATTERN = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"
_WRITTEN_DECIMAL = {"type": "string", "pattern": _DECIMAL_PATTERN}
_NOT_A_MEASURE = "a measure has at most twelve digits before the point and six after it"
_FLOAT_NOISE = 1e-9


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _exact(value: Any) -> Any:
    """A JSON number with up to six places is taken as it is written, not as binary floating point holds it."""
    if isinstance(value, bool):
        raise ValueError("a measure is a number")
    if isinstance(value, float):
        rounded = round(value, 6)
        if abs(rounded) >= 1e12 or not abs(rounded - value) <= _FLOAT_NOISE:
            raise ValueError(_NOT_A_MEASURE)
        return Decimal(f"{rounded:.6f}".rstrip("0").rstrip("."))
    if isinstance(value, str) and not re.fullmatch(_DECIMAL_PATTERN, value):
        raise ValueError(_NOT_A_MEASURE)
    return value


def _carriable(value: Decimal) -> Decimal:
    if not value.is_finite() or not re.fullmatch(_DECIMAL_PATTERN, _plain(value)):
        raise ValueError(_NOT_A_MEASURE)
    return value


def _measure(least: int, greatest: int) -> WithJsonSchema:
    number = {"type": "number", "minimum": least, "maximum": greatest, "multipleOf": 0.000001}
    return WithJsonSchema({"anyOf": [number, _WRITTEN_DECIMAL]}, mode="validation")


Measure = Annotated[
    Decimal,
    BeforeValidator(_exact),
    AfterValidator(_carriable),
    PlainSerializer(_plain, return_type=str, when_used="json"),
    _measure(-999_999_999_999, 999_999_999_999),
    WithJsonSchema(_WRITTEN_DECIMAL, mode="serialization"),
]
"""A measured or promised value, written as a plain decimal string: ``"60"``, ``"82.5"``."""

Percent = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(ge=0, le=100),
    AfterValidator(_carriable),
    PlainSerializer(_plain, return_type=str, when_used="json"),
    _measure(0, 100),
    WithJsonSchema(_WRITTEN_DECIMAL, mode="serialization"),
]
"""From 0 to 100, written like a measure."""


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Codes = Annotated[tuple[Code, ...], BeforeValidator(_one_or_many, json_schema_input_type=Code | list[Code])]
"""One or several codes; a single code may be sent as it is and is kept as a list of one."""
