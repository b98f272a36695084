"""A tagged PDF (PDF/UA-1) made by Typst, whatever people have written."""

import ctypes
import itertools
import unicodedata
from datetime import datetime
from typing import Literal

import structlog
import typst

from contracts.shown_text import as_shown

log = structlog.get_logger()
GIVE_BACK_EVERY = 64
"""Documents. Nothing of one is kept, but glibc holds on to 30 to 160 KiB a document of what was set free (from several
threads most), and uses it for nothing else; to give it back takes 2 to 8 ms."""
_made = itertools.count(1)
_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Of glibc only."""


def tagged_pdf(template: bytes, text: str, written_at: datetime, fonts: typst.Fonts | None = None) -> bytes:
    """``text`` (JSON) set by ``template``; the same bytes for the same text. Tens of milliseconds: call it in a thread.

    Control characters, which nobody can read, and those that turn the words around them are left out. A letter that none
    of our fonts has is shown as a box: then the PDF is tagged but not PDF/UA-1, because a letter that goes out late helps
    nobody. ``fonts``: beside Typst's own; kept by the caller, as reading them takes longer than a page.
    """
    readable = "".join(c for c in as_shown(text) if c in "\n\t" or unicodedata.category(c) != "Cc")
    attempts: tuple[Literal["ua-1"] | None, ...] = ("ua-1", None)
    for standards in attempts:
        try:
            made = typst.compile(template, format="pdf", sys_inputs={"text": readable}, pdf_standards=standards,
                                 ignore_system_fonts=True, timestamp=written_at, font_paths=fonts or [])  # fmt: skip
        except typst.TypstError as error:
            if standards is None or "could not be displayed" not in str(error):
                raise
            log.warning("letter_without_a_glyph")
            continue
        if not isinstance(made, bytes):
            raise TypeError("Typst made no document")
        if _malloc_trim is not None and next(_made) % GIVE_BACK_EVERY == 0:
            _malloc_trim(0)
        return made
    raise AssertionError("unreachable")
