"""The mail that carries a notice: a neutral cover, the notice as its attachment, the link to its page.

The subject and the first lines, which lock screens and mail lists show, say that there is a notice and from which
district, and nothing of the child. The same notice makes the same bytes, with the same Message-ID, at every try.
"""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from uuid import UUID

from contracts.shown_text import as_shown
from notify_service.application.notice_text import contact_line
from notify_service.application.wording import Wording
from notify_service.domain.facts import NoticeFacts


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends it, to whom, and by which name the mail is known."""

    sender: str
    to: str
    name: str
    message_id: str


def message_id(notice: UUID, domain: str, again: int = 0) -> str:
    """Derived from the notice, so that every try is the same mail; one that goes after others came back is another."""
    return f"<notice.{notice}{f'.{again}' if again else ''}@{domain.strip('[]')}>"


def link_message_id(link: UUID, domain: str) -> str:
    """Of a mail that brings a new link: no two are the same, or the later ones would count as doubles of the first."""
    return f"<link.{link}@{domain.strip('[]')}>"


def notice_mail(
    envelope: Envelope,
    facts: NoticeFacts,
    words: Wording,
    pdf: bytes,
    link: str,
    expires_at: datetime,
    at: datetime,
) -> bytes:
    """The whole mail."""
    paragraphs = [
        words("mail.greeting", name=facts.holder_name),
        words("mail.what", district=facts.district),
        *_about_the_link(facts, words, link, expires_at),
    ]
    mail = _mail(envelope, facts, words, paragraphs, link, at)
    mail.add_attachment(pdf, maintype="application", subtype="pdf", filename=words("mail.attachment"))
    return _bytes(mail, envelope)


def link_mail(
    envelope: Envelope, facts: NoticeFacts, words: Wording, link: str, expires_at: datetime, at: datetime
) -> bytes:
    """A new link to a notice whose old one no longer works."""
    paragraphs = [
        words("mail.greeting", name=facts.holder_name),
        *_about_the_link(facts, words, link, expires_at),
    ]
    return _bytes(_mail(envelope, facts, words, paragraphs, link, at), envelope)


def _about_the_link(facts: NoticeFacts, words: Wording, link: str, expires_at: datetime) -> list[str]:
    return [
        words("mail.link"),
        link,
        words("mail.check"),
        words("mail.until", date=words.day(expires_at.date())),
        words("mail.answers", contact=contact_line(facts.office, facts.district)),
        words("mail.number", number=facts.notice_id),
    ]


def _mail(
    envelope: Envelope, facts: NoticeFacts, words: Wording, paragraphs: list[str], link: str, at: datetime
) -> EmailMessage:
    paragraphs = [as_shown(paragraph) for paragraph in paragraphs]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(_one_line(facts.district), addr_spec=envelope.sender)
    mail["To"] = Address(_one_line(envelope.name), addr_spec=envelope.to)
    mail["Subject"] = _one_line(words("mail.subject", district=facts.district))
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = envelope.message_id
    mail["Content-Language"] = words.tag
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    mail.set_content("\n\n".join(paragraphs) + "\n", cte="quoted-printable")
    mail.add_alternative(_html(words, paragraphs, link), subtype="html", cte="quoted-printable")
    return mail


def _html(words: Wording, paragraphs: list[str], link: str) -> str:
    shown = escape(link)
    told = [f'<a href="{shown}">{shown}</a>' if text == link else escape(text) for text in paragraphs]
    body = "\n".join(f"<p>{text}</p>" for text in told)
    return (
        f'<!DOCTYPE html>\n<html lang="{words.tag}" dir="{words.direction}"><head><meta charset="utf-8">'
        f"<title>{escape(words('page.site'))}</title></head>\n<body>\n{body}\n</body></html>\n"
    )


def _bytes(mail: EmailMessage, envelope: Envelope) -> bytes:
    """Boundaries that follow from the message id: the standard library would draw new ones each time."""
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{number}.{envelope.message_id.strip('<>').replace('@', '.')}"[:70])
    return mail.as_bytes()


def _one_line(text: str) -> str:
    return " ".join(as_shown(text).split())
