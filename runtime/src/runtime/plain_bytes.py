"""An event's canonical bytes, quickly.

`contracts.canonical` says what they are and names what cannot be carried; it looks at every character. Nearly every
event needs no such look: strings, small integers, truth values, nothing else. For those ``msgspec`` writes the very
bytes of RFC 8785 in a fortieth of the time (`tests/store/test_plain_bytes.py` holds the two against each other).
"""

from typing import Any

import msgspec

from contracts.canonical import LARGEST_INTEGER
from contracts.event import Event

_encode = msgspec.json.Encoder(order="sorted").encode


def contents_of(event: Event) -> bytes:
    """What `contracts.event.Event.contents` answers; raises `contracts.canonical.NotCanonical` as it does."""
    plain = quick_canonical(event.model_dump(mode="json", exclude_none=True))
    return event.contents() if plain is None else plain


def quick_canonical(value: Any) -> bytes | None:
    """The canonical bytes where they are certain; ``None`` where `contracts.canonical` must look closer."""
    if not _plain(value):
        return None
    try:
        encoded = _encode(value)
    except UnicodeEncodeError:  # A lone surrogate.
        return None
    # U+0000 is the one character that is well-formed JSON and yet cannot be stored. (Or somebody wrote a backslash,
    # u0000: the closer look will tell.)
    return None if b"\\u0000" in encoded else encoded


def _plain(value: Any) -> bool:
    """Whether no number's form and no order of keys is in question: no float, no huge integer, keys of ASCII."""
    kind = type(value)
    if kind is dict:
        for key, inner in value.items():
            # Asked here and not by a call of its own: nearly every value is a string.
            if type(key) is not str or not key.isascii() or not (type(inner) is str or _plain(inner)):
                return False
        return True
    if kind is list:
        for inner in value:  # noqa: SIM110  # A generator would cost more than what it asks.
            if not (type(inner) is str or _plain(inner)):
                return False
        return True
    if kind is int:
        return bool(abs(value) <= LARGEST_INTEGER)
    return kind in (str, bool, type(None))
