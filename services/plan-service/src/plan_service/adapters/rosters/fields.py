"""One cell or element at a time: what may stand in it, and the words that refuse it.

No refusal repeats the value: a shifted column would put a child's name into a log.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import TypeVar

T = TypeVar("T")

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,135}")
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_OLDEST_YEARS = 100
_FIRST_YEAR = 1900


class Fault(Exception):
    """What is wrong with one value, record or file, before anybody says where it stands."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def text(raw: str | None, name: str, *, longest: int = 200) -> str | None:
    """The words of a value with single spaces, or None when blank."""
    words = " ".join((raw or "").split())
    if not words:
        return None
    if len(words) > longest:
        raise Fault("too-long", f"{name} is longer than {longest} characters; shorten it.")
    if not words.isprintable() and any(unicodedata.category(sign) == "Cc" for sign in words):
        raise Fault("control-character", f"{name} holds a control character; remove it.")
    return words


def required(value: T | None, name: str) -> T:
    """The value itself; refused when there is none."""
    if value is None:
        raise Fault("missing-value", f"{name} is missing; fill it in.")
    return value


def day(raw: str | None, name: str) -> date | None:
    """A calendar day as YYYY-MM-DD."""
    words = text(raw, name)
    if words is None:
        return None
    wrong = Fault("bad-date", f"{name} is not a day of the calendar; write it as YYYY-MM-DD.")
    parts = _DAY.fullmatch(words)
    if parts is None:
        raise wrong
    try:
        found = date(*(int(part) for part in parts.groups()))
    except ValueError:
        raise wrong from None
    if found.year < _FIRST_YEAR:
        raise Fault("absurd-date", f"{name} lies before {_FIRST_YEAR}; correct it or leave it blank.")
    return found


def birth_day(raw: str | None, name: str, today: date) -> date | None:
    """A student's day of birth: not in the future, and not so long ago that the century must be wrong."""
    born = day(raw, name)
    if born is None:
        return None
    if born > today:
        raise Fault("absurd-date", f"{name} lies in the future; correct it.")
    if today.year - born.year >= _OLDEST_YEARS:
        raise Fault(
            "absurd-date", f"{name} would make the student {_OLDEST_YEARS} or older; check the century."
        )
    return born


def in_order(begin: date | None, end: date | None, begin_name: str, end_name: str) -> None:
    """Nothing ends before it begins."""
    if begin is not None and end is not None and end < begin:
        raise Fault("dates-contradict", f"{end_name} lies before {begin_name}; correct one of them.")


def one_of(raw: str | None, name: str, known: Mapping[str, T]) -> T | None:
    """What a coded value stands for; a code that is not in the list is refused, never guessed."""
    words = text(raw, name)
    if words is None:
        return None
    if words not in known:
        raise Fault("unknown-value", f"{name} is not one of: {', '.join(known)}.")
    return known[words]


def is_email(words: str) -> bool:
    """Whether mail could be sent there, as far as its shape tells."""
    return bool(_EMAIL.fullmatch(words))


UNUSABLE_EMAIL = (
    "This is no e-mail address; the rest of the entry is read without it. Correct it at the source."
)


def external_id(source: str, raw: str | None, name: str) -> str:
    """``SOURCE:ID`` for an id that must be there."""
    return f"{source}:{required(text(raw, name, longest=255), name)}"


def known_source(source: str) -> str:
    """The SOURCE part of external ids; one that could not be told from the ID is the caller's mistake."""
    if not _SOURCE.fullmatch(source):
        raise ValueError("a source is up to 40 letters, digits, dots, hyphens and underscores")
    return source
