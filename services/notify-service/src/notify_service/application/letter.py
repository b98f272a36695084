"""The notice as a letter: a tagged PDF (PDF/UA-1) made by Typst from the notice's text."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, time

from notify_service.application.notice_text import NoticeText
from notify_service.application.proof import ProofText
from notify_service.application.wording import template_file
from notify_service.domain.facts import NoticeFacts
from runtime.tagged_pdf import tagged_pdf

PDF = "application/pdf"


def proof_pdf(text: ProofText, at: datetime) -> bytes:
    """The proof of notice, likewise."""
    return tagged_pdf(template_file("proof.typ"), json.dumps(asdict(text), ensure_ascii=False), at)


def letter_pdf(text: NoticeText, facts: NoticeFacts) -> bytes:
    """The same bytes for the same text. Takes tens of milliseconds: call it in a thread."""
    written_at = datetime.combine(facts.written_on, time(12), UTC)
    return tagged_pdf(template_file("notice.typ"), json.dumps(asdict(text), ensure_ascii=False), written_at)
