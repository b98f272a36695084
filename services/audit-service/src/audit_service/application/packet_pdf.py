"""The plan as a tagged PDF (PDF/UA-1), from the same facts as the data beside it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time
from datetime import date as date_
from pathlib import Path
from typing import Any

from runtime.tagged_pdf import shows_every_letter, tagged_pdf

_TEMPLATE = Path(__file__).with_name("packet.typ")


def plan_pdf(printed: Mapping[str, Any]) -> bytes:
    """The same words give the same bytes on one machine. Letters that no font here has are named by their number."""
    pdf = _set(printed)
    return pdf if shows_every_letter(pdf) else _set(_printable(printed))


def _set(printed: Mapping[str, Any]) -> bytes:
    made = datetime.combine(date_.fromisoformat(printed["date"]), time(12), UTC)
    return tagged_pdf(_TEMPLATE.read_bytes(), json.dumps(printed, ensure_ascii=False), made)


def _printable(value: Any) -> Any:
    """Everything a plain Latin, Greek or Cyrillic font has; the exact text stands in ``packet.json``."""
    match value:
        case dict():
            return {key: _printable(inner) for key, inner in value.items()}
        case list():
            return [_printable(inner) for inner in value]
        case str():
            return "".join(c if ord(c) < 0x530 or c in "–—‘’“”…•€" else f"[U+{ord(c):04X}]" for c in value)
    return value
