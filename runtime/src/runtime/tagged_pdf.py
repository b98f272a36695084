"""A tagged PDF (PDF/UA-1) made by Typst, whatever people have written."""

import ctypes
import itertools
import json
import unicodedata
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal

import justmytype_intl_africa
import justmytype_intl_sea
import justmytype_intl_south_asia
import pylopdf_fonts_ar
import pylopdf_fonts_he
import pylopdf_fonts_hi
import pylopdf_fonts_ko
import pylopdf_fonts_th
import pylopdf_fonts_zh_cn
import structlog
import typst

from contracts.shown_text import as_shown

log = structlog.get_logger()

FAMILIES = (
    "Libertinus Serif", "Noto Naskh Arabic", "Noto Serif SC", "Noto Serif KR", "Noto Serif Hebrew", "Noto Serif Devanagari",
    "Noto Serif Thai", "Noto Sans Khmer", "Noto Sans Lao", "Noto Sans Myanmar", "Noto Sans Bengali", "Noto Sans Tamil",
    "Noto Sans Telugu", "Noto Sans Ethiopic",
)  # fmt: skip
"""Every template's fonts, in the order in which they are asked for a letter."""
_PACKAGES = (
    pylopdf_fonts_ar, pylopdf_fonts_zh_cn, pylopdf_fonts_ko, pylopdf_fonts_he, pylopdf_fonts_hi, pylopdf_fonts_th,
    justmytype_intl_africa, justmytype_intl_sea, justmytype_intl_south_asia,
)  # fmt: skip
GIVE_BACK_EVERY = 64
"""Documents. Nothing of one is kept, but glibc holds on to 30 to 160 KiB a document of what was set free (from several
threads most), and uses it for nothing else; to give it back takes 2 to 8 ms."""
_made = itertools.count(1)
_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Of glibc only."""


@cache
def fonts() -> typst.Fonts:
    """Those that Typst brings (Latin, Vietnamese with it; Greek, Cyrillic), and those of `_PACKAGES`.

    Kept for the process: reading them takes longer than a page.
    """
    folders = [str(Path(package.__file__ or "").parent) for package in _PACKAGES]
    return typst.Fonts(include_system_fonts=False, font_paths=folders)


def shows_every_letter(pdf: bytes) -> bool:
    """Whether each character stands there as itself: a PDF with one that no font has is not PDF/UA-1, and does not say so."""
    return b"pdfuaid" in pdf


def tagged_pdf(template: bytes, text: str, written_at: datetime) -> bytes:
    """``text`` (JSON) set by ``template``; the same bytes for the same text. Tens of milliseconds: call it in a thread.

    The template reads ``text`` and ``fonts`` from its inputs. Control characters, which nobody can read, and those that turn
    the words around them are left out. A letter that none of our fonts has is shown as a box: then the PDF is tagged but not
    PDF/UA-1 (`shows_every_letter`), because a letter that goes out late helps nobody.
    """
    readable = "".join(c for c in as_shown(text) if c in "\n\t" or unicodedata.category(c) != "Cc")
    attempts: tuple[Literal["ua-1"] | None, ...] = ("ua-1", None)
    for standards in attempts:
        try:
            made = typst.compile(template, format="pdf", sys_inputs={"text": readable, "fonts": json.dumps(FAMILIES)},
                                 pdf_standards=standards, ignore_system_fonts=True, timestamp=written_at,
                                 font_paths=fonts())  # fmt: skip
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
