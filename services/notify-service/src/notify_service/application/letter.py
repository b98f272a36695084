"""The notice as a letter: a tagged PDF (PDF/UA-1) made by Typst from the notice's text."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, time

import typst

from notify_service.application.notice_text import NoticeText
from notify_service.application.wording import template_file
from notify_service.domain.facts import NoticeFacts

PDF = "application/pdf"


def letter_pdf(text: NoticeText, facts: NoticeFacts) -> bytes:
    """The same bytes for the same text. Takes tens of milliseconds: call it in a thread."""
    written_at = datetime.combine(facts.written_on, time(12), UTC)
    made = typst.compile(
        template_file("notice.typ"),
        format="pdf",
        sys_inputs={"text": json.dumps(asdict(text), ensure_ascii=False)},
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=written_at,
    )
    if not isinstance(made, bytes):
        raise TypeError("Typst made no document")
    return made
