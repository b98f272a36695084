"""The notice as a letter: a tagged PDF (PDF/UA-1) made by Typst from the notice's text."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path

import justmytype_intl_africa
import justmytype_intl_sea
import justmytype_intl_south_asia
import pylopdf_fonts_ar
import pylopdf_fonts_he
import pylopdf_fonts_hi
import pylopdf_fonts_ko
import pylopdf_fonts_th
import pylopdf_fonts_zh_cn
import typst

from notify_service.application.notice_text import NoticeText
from notify_service.application.proof import ProofText
from notify_service.application.wording import template_file
from notify_service.domain.facts import NoticeFacts
from runtime.tagged_pdf import tagged_pdf

PDF = "application/pdf"
_PACKAGES = (
    pylopdf_fonts_ar, pylopdf_fonts_zh_cn, pylopdf_fonts_ko, pylopdf_fonts_he, pylopdf_fonts_hi, pylopdf_fonts_th,
    justmytype_intl_africa, justmytype_intl_sea, justmytype_intl_south_asia,
)  # fmt: skip


@cache
def fonts() -> typst.Fonts:
    """Those that Typst brings (Latin, Vietnamese with it; Greek, Cyrillic), and those of `_PACKAGES`."""
    folders = [str(Path(package.__file__ or "").parent) for package in _PACKAGES]
    return typst.Fonts(include_system_fonts=False, font_paths=folders)


def proof_pdf(text: ProofText, at: datetime) -> bytes:
    """The proof of notice, likewise."""
    return tagged_pdf(template_file("proof.typ"), json.dumps(asdict(text), ensure_ascii=False), at, fonts())


def shows_every_letter(pdf: bytes) -> bool:
    """Whether each character stands there as itself: a PDF with one that no font has is not PDF/UA-1, and does not say so."""
    return b"pdfuaid" in pdf


def letter_pdf(text: NoticeText, facts: NoticeFacts) -> bytes:
    """The same bytes for the same text. Takes tens of milliseconds: call it in a thread."""
    written_at = datetime.combine(facts.written_on, time(12), UTC)
    return tagged_pdf(
        template_file("notice.typ"), json.dumps(asdict(text), ensure_ascii=False), written_at, fonts()
    )
