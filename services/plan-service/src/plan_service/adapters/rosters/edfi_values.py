"""Values inside an Ed-Fi 5.2 entry: descriptors, dates that may carry a zone, booleans, numbers."""

import re
from datetime import date
from decimal import Decimal

from plan_service.adapters.rosters.fields import Fault, day, external_id, one_of, text
from plan_service.adapters.rosters.interchange import Element

STUDENT_ID = "StudentReference/StudentIdentity/StudentUniqueId"
ORGANIZATION_ID = "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId"

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_DESCRIPTOR = re.compile(r"uri://[^\s#/]+/(\w+)Descriptor#(\S.*)")
_ZONE = re.compile(r"(?<=\d)(?:Z|[+-]\d\d:\d\d)$", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)


def words_of(entry: Element, path: str, *, longest: int = 200) -> str | None:
    """The text on a path, or None."""
    return text(entry.value(path), path, longest=longest)


def id_of(entry: Element, path: str, source: str) -> str:
    """The external id of what a path names."""
    return external_id(source, entry.value(path), path)


def descriptor(entry: Element, path: str, kind: str) -> str | None:
    """The code of a descriptor; one that is none, or of another kind, is a mapping error and refused."""
    words = words_of(entry, path, longest=306)
    if words is None:
        return None
    parts = _DESCRIPTOR.fullmatch(words)
    if parts is None or parts[1] != kind:
        must = f"uri://NAMESPACE/{kind}Descriptor#CODE"
        raise Fault("unknown-value", f"{path} is not a {kind}Descriptor; write it as {must}.")
    return parts[2]


def day_on(entry: Element, path: str) -> date | None:
    """A calendar day; XML dates may carry a zone, a legal date has none."""
    return day(without_zone(entry.value(path)), path)


def without_zone(raw: str | None) -> str | None:
    """The date before the zone."""
    return None if raw is None else _ZONE.sub("", raw.strip())


def flag(entry: Element, path: str) -> bool | None:
    """True, false or not said."""
    return one_of(entry.value(path), path, _BOOLEANS)


def whole_number(entry: Element, path: str) -> int | None:
    """A whole number."""
    words = words_of(entry, path)
    if words is None:
        return None
    if not _WHOLE.fullmatch(words):
        raise Fault("bad-number", f"{path} is not a whole number; correct it or leave it out.")
    return int(words)


def measure(entry: Element, path: str) -> Decimal | None:
    """A number with a point, such as hours."""
    words = words_of(entry, path)
    if words is None:
        return None
    if not _DECIMAL.fullmatch(words):
        raise Fault("bad-number", f"{path} is not a number; correct it or leave it out.")
    return Decimal(words)
