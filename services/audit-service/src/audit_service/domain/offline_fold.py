"""Folding an export's entries anew, offline: what stood on the day has to come out of them, byte for byte."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from pydantic import ValidationError

from audit_service.domain.moment import basis_of
from audit_service.domain.replay import StudentReplay, replay
from contracts.canonical import parse_instant
from contracts.event import Actor, Event, Recorded, UnknownEvent, decode

FOLDED_BY = 2
"""Which fold this is. Raised when the same entries come to something else (``tests/test_folds.py`` finds out): an export names
the fold it was made by, and is folded anew by that one alone."""


@dataclass(frozen=True, slots=True)
class _Logged:
    """A line of ``events.jsonl``."""

    source: str
    index: int
    entry: dict[str, Any]
    contents: str | None


def folded(lines: Iterable[dict[str, Any]], student: UUID, day: date) -> StudentReplay:
    """What the lines of ``events.jsonl`` come to.

    They have to be proved before: of others nothing is known, and they may raise anything.
    """
    logged = [
        _Logged(line["source"], line["index"], msgspec.json.decode(line["entry"]), line.get("contents"))
        for line in lines
    ]
    logged.sort(key=lambda each: (parse_instant(each.entry["known_at"]), each.source, each.index))
    opened = [_opened(each) for each in logged]
    closed = tuple(
        UUID(each.entry["id"]) for each, event in zip(logged, opened, strict=True) if event is None
    )
    known = [each for each in opened if each is not None]
    return replay(student, known, day, closed).model_copy(update={"basis": basis_of(logged)})


def differs(lines: Sequence[dict[str, Any]], stood: bytes) -> str | None:
    """What is wrong with ``replay.json``, said to be what the entries of ``events.jsonl`` come to; ``None``: nothing."""
    said = msgspec.json.decode(stood)
    answer = folded(lines, UUID(said["student"]), date.fromisoformat(said["effective_on"]))
    if answer.to_bytes() + b"\n" == stood:
        return None
    anew = answer.to_json()
    differ = sorted(name for name in anew.keys() | said.keys() if anew.get(name) != said.get(name))
    return f"replay.json is not what the entries come to ({', '.join(differ) or 'its form'})"


def read_wholly(type_: str, schema: int, contents: bytes, effective_on: date) -> bool:
    """Whether this version of Handrail knows the event and every field in it: else another one may fold it otherwise."""
    try:
        event = decode(type_, schema, contents, effective_on)
    except (UnknownEvent, ValidationError, msgspec.DecodeError):
        return False
    return schema < event.schema_number or _holds(
        event.model_dump(mode="json"), msgspec.json.decode(contents)
    )


def _holds(read: Any, written: Any) -> bool:
    """Whether every field that was written was read, at every depth."""
    match read, written:
        case dict(), dict():
            return all(name in read and _holds(read[name], value) for name, value in written.items())
        case list(), list():
            return len(read) == len(written) and all(map(_holds, read, written))
    return True


def unread(lines: Iterable[dict[str, Any]]) -> list[str]:
    """The ids of those lines' entries whose contents are there and not wholly known here."""
    found = []
    for line in lines:
        entry = msgspec.json.decode(line["entry"])
        day = date.fromisoformat(entry["effective_on"])
        if "contents" in line and not read_wholly(
            entry["type"], entry["schema"], line["contents"].encode(), day
        ):
            found.append(entry["id"])
    return found


def _opened(line: _Logged) -> Recorded[Event] | None:
    """``None`` where the contents are not there, or are of a kind that this version does not know."""
    entry = line.entry
    if line.contents is None:
        return None
    try:
        event = decode(
            entry["type"], entry["schema"], line.contents.encode(), date.fromisoformat(entry["effective_on"])
        )
    except (UnknownEvent, ValidationError, msgspec.DecodeError):
        return None
    causation = entry.get("causation")
    return Recorded(
        event=event, id=UUID(entry["id"]), source=line.source, tenant=entry["tenant"], subject=UUID(entry["subject"]),
        stream=entry["stream"], version=entry["version"], recorded_at=parse_instant(entry["recorded_at"]),
        actor=Actor.model_validate(entry["actor"]), correlation=entry["correlation"],
        causation=UUID(causation) if causation else None, rules=entry.get("rules"), index=line.index,
        known_at=parse_instant(entry["known_at"]),
    )  # fmt: skip
