"""The plan as a tagged PDF (PDF/UA-1), from the same facts as the data beside it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time
from datetime import date as date_
from pathlib import Path
from typing import Any

import typst

_TEMPLATE = Path(__file__).with_name("packet.typ")


def plan_pdf(printed: Mapping[str, Any]) -> bytes:
    """The same words give the same bytes on one machine. Letters that no font here has are named by their number."""
    try:
        return _compiled(printed)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        return _compiled(_printable(printed))


def _compiled(printed: Mapping[str, Any]) -> bytes:
    made = datetime.combine(date_.fromisoformat(printed["date"]), time(12), UTC)
    pdf = typst.compile(
        _TEMPLATE.read_bytes(), format="pdf", pdf_standards="ua-1", sys_inputs={"data": json.dumps(printed)},
        timestamp=int(made.timestamp()),
    )  # fmt: skip
    if not isinstance(pdf, bytes):
        raise TypeError("a document of one file was expected")
    return pdf


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
