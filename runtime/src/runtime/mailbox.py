"""The built-in mailbox: for trying Handrail without a mail server. Everything sent to it is kept here and goes nowhere.

An SMTP server on loopback that takes every mail, a folder that keeps the newest of them, and a page that shows them to
somebody on this machine. A district names its own mail server instead, and this is not even started.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape
from ipaddress import ip_address
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

import structlog
from aiosmtpd.smtp import SMTP
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse

from contracts.ids import new_id
from runtime.http import take_in

log = structlog.get_logger()

MOST_MAILS = 500
MOST_BYTES = 100 * 1024 * 1024
LARGEST_MAIL = 25 * 1024 * 1024
NAME = re.compile(r"[0-9]{20}-[0-9a-f]{32}")
LINK = re.compile(r"https?://[^\s<>\"]+")
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
STYLE = """body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:start;padding:.4rem .6rem;border-bottom:1px solid #767676;
overflow-wrap:anywhere}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}a{color:#003d99}
button{font:inherit;padding:.4rem .8rem}"""


class MailOut(BaseModel):
    """A mail in the list."""

    name: str
    at: datetime
    sender: str
    to: list[str]
    subject: str
    message_id: str | None
    bytes: int


class AttachmentOut(BaseModel):
    """A file that came with a mail."""

    name: str
    media_type: str
    bytes: int
    href: str


class WholeMailOut(MailOut):
    """A mail with its text and its attachments."""

    text: str
    attachments: list[AttachmentOut]


class MailsOut(BaseModel):
    """All mails kept, newest first."""

    items: list[MailOut]


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail as it came."""

    name: str
    envelope_to: tuple[str, ...]
    raw: bytes

    @property
    def at(self) -> datetime:
        """When it came in."""
        return datetime.fromtimestamp(int(self.name[:20]) / 1e9, UTC)

    @property
    def message(self) -> EmailMessage:
        """Parsed."""
        parsed = message_from_bytes(self.raw, policy=default)
        if not isinstance(parsed, EmailMessage):
            raise TypeError("the default policy makes e-mail messages")
        return parsed

    def listed(self) -> MailOut:
        """As the list shows it."""
        return MailOut(**self._head())

    def whole(self) -> WholeMailOut:
        """As it is read."""
        body = self.message.get_body(("plain", "html"))
        files = [
            AttachmentOut(
                name=part.get_filename() or f"attachment-{number}", media_type=part.get_content_type(),
                bytes=len(_content(part)), href=f"/mailbox/mails/{self.name}/attachments/{number}",
            )
            for number, part in enumerate(self.message.iter_attachments())
        ]  # fmt: skip
        return WholeMailOut(**self._head(), text=str(body.get_content()) if body else "", attachments=files)

    def _head(self) -> dict[str, Any]:
        message = self.message
        return {
            "name": self.name, "at": self.at, "sender": str(message["from"] or ""), "to": list(self.envelope_to),
            "subject": str(message["subject"] or ""), "message_id": message["message-id"], "bytes": len(self.raw),
        }  # fmt: skip


def _content(part: Any) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


class Mailbox:
    """The mails, and the SMTP server that takes them in."""

    def __init__(self, folder: Path, *, most: int = MOST_MAILS, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self.port = 0
        self.router = mailbox_routes(self)
        self.app = FastAPI(title="Handrail mailbox", openapi_url=None, docs_url=None, redoc_url=None)
        take_in(self.app, self.router)
        self._most = most
        self._most_bytes = most_bytes
        self._sizes: dict[Path, int] = {}
        """Of what is kept, oldest first; the folder is looked at once, when it is prepared."""
        self._keeping = Lock()

    @classmethod
    @asynccontextmanager
    async def running(
        cls, folder: Path, *, host: str = "127.0.0.1", port: int = 0
    ) -> AsyncIterator["Mailbox"]:
        """Take mails in on loopback until the block ends. What was kept before is still there."""
        if not ip_address(host).is_loopback:
            raise ValueError("the built-in mailbox listens on loopback only")
        mailbox = cls(folder)
        mailbox.prepare()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(mailbox, hostname="mailbox.localhost", loop=loop, data_size_limit=LARGEST_MAIL,
                         enable_SMTPUTF8=True, ident="Handrail mailbox"), host, port,
        )  # fmt: skip
        mailbox.port = server.sockets[0].getsockname()[1]
        try:
            yield mailbox
        finally:
            server.close()

    def prepare(self) -> None:
        """Make the folder, for its owner alone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for half_written in self.folder.glob("*.part"):
            half_written.unlink(missing_ok=True)
        self._sizes = {path: path.stat().st_size for path in sorted(self.folder.glob("*.eml"))}

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep a mail; it is on the disk before the sender hears that it was accepted."""
        kept = await asyncio.to_thread(self.keep, tuple(envelope.rcpt_tos), envelope.content)
        return f"250 2.0.0 kept as {kept}"

    def keep(self, to: tuple[str, ...], raw: bytes) -> str:
        """Write one mail, whole or not at all; the oldest make room for it."""
        name = f"{int(datetime.now(UTC).timestamp() * 1e9):020d}-{new_id().hex}"
        head = "".join(f"X-Envelope-To: {address}\r\n" for address in to if address.isprintable()).encode()
        part = self.folder / f"{name}.part"
        with open(part, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            out.write(head + raw)
            out.flush()
            os.fsync(out.fileno())
        mail = part.rename(self.folder / f"{name}.eml")
        with self._keeping:
            self._sizes[mail] = len(head) + len(raw)
            self._make_room()
        return name

    def mails(self) -> list[Kept]:
        """Newest first."""
        return [mail for path in sorted(self.folder.glob("*.eml"), reverse=True) if (mail := _read(path))]

    def mail(self, name: str) -> Kept | None:
        """One mail."""
        return _read(self.folder / f"{name}.eml") if NAME.fullmatch(name) else None

    def clear(self) -> None:
        """Throw every mail away."""
        with self._keeping:
            for path in self._sizes:
                path.unlink(missing_ok=True)
            self._sizes.clear()

    def _make_room(self) -> None:
        total = sum(self._sizes.values())
        for path in list(self._sizes)[:-1]:
            if len(self._sizes) <= self._most and total <= self._most_bytes:
                return
            total -= self._sizes.pop(path)
            path.unlink(missing_ok=True)


def _read(path: Path) -> Kept | None:
    try:
        stored = path.read_bytes()
    except FileNotFoundError:
        return None
    to: list[str] = []
    while stored.startswith(b"X-Envelope-To: "):
        line, _, stored = stored.partition(b"\r\n")
        to.append(line.removeprefix(b"X-Envelope-To: ").decode(errors="replace"))
    return Kept(path.stem, tuple(to), stored)


def _on_this_machine(request: Request) -> None:
    """Mails are shown to this machine alone, however far the port is opened, and to no page of another origin."""
    client = request.client.host if request.client else ""
    try:
        near = ip_address(client).is_loopback
    except ValueError:
        near = False
    named = request.url.hostname or ""
    if not near or not (named == "localhost" or _is_address(named)):
        raise HTTPException(404)
    if request.method != "GET" and request.headers.get("sec-fetch-site", "same-origin") not in {
        "same-origin",
        "none",
    }:
        raise HTTPException(403)


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text.strip("[]")))
    except ValueError:
        return False


def mailbox_routes(mailbox: Mailbox) -> APIRouter:
    """``/mailbox`` for people, ``/mailbox/mails`` as JSON. For the embedded default only."""
    routes = APIRouter(prefix="/mailbox", include_in_schema=False, dependencies=[Depends(_on_this_machine)])

    def one(name: str) -> Kept:
        mail = mailbox.mail(name)
        if mail is None:
            raise HTTPException(404)
        return mail

    Mail = Annotated[Kept, Depends(one)]

    @routes.get("", response_class=HTMLResponse)
    def show_list() -> Response:
        """All mails."""
        return _page("Mailbox", _list(mailbox.mails()))

    @routes.get("/mails")
    def list_mails() -> MailsOut:
        """All mails, newest first."""
        return MailsOut(items=[mail.listed() for mail in mailbox.mails()])

    @routes.get("/mails/{name}")
    def read_mail(mail: Mail) -> WholeMailOut:
        """One mail."""
        return mail.whole()

    @routes.get("/mails/{name}/raw")
    def read_raw(mail: Mail) -> Response:
        """One mail as it came."""
        return Response(mail.raw, media_type="text/plain", headers=PAGE_HEADERS)

    @routes.get("/mails/{name}/attachments/{number}")
    def read_attachment(mail: Mail, number: int) -> Response:
        """A file that came with a mail."""
        parts = list(mail.message.iter_attachments())
        if not 0 <= number < len(parts):
            raise HTTPException(404)
        shown = parts[number].get_content_type() == "application/pdf"
        headers = PAGE_HEADERS | {"Content-Disposition": "inline" if shown else "attachment"}
        kind = "application/pdf" if shown else "application/octet-stream"
        return Response(_content(parts[number]), media_type=kind, headers=headers)

    @routes.get("/{name}", response_class=HTMLResponse)
    def show_mail(mail: Mail) -> Response:
        """One mail for people."""
        return _page(mail.whole().subject or "Mail", _mail(mail.whole()))

    @routes.post("/clear")
    def clear() -> Response:
        """Throw every mail away."""
        mailbox.clear()
        return RedirectResponse("/mailbox", 303)

    @routes.delete("/mails", status_code=204)
    def clear_mails() -> Response:
        """Throw every mail away."""
        mailbox.clear()
        return Response(status_code=204)

    return routes


def _page(title: str, body: str) -> Response:
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>",
        headers=PAGE_HEADERS,
    )


def _list(mails: list[Kept]) -> str:
    told = "<h1>Mailbox</h1><p>Mails sent on this machine. They have gone to nobody else.</p>"
    if not mails:
        return told + "<p>No mail has come in yet.</p>"
    rows = "".join(
        f"<tr><td>{mail.at:%Y-%m-%d %H:%M:%S} UTC</td><td>{escape(', '.join(mail.to))}</td>"
        f'<td><a href="/mailbox/{mail.name}">{escape(mail.subject) or "(no subject)"}</a></td></tr>'
        for mail in (kept.listed() for kept in mails)
    )
    return (
        f"{told}<table><thead><tr><th>Came in</th><th>To</th><th>Subject</th></tr></thead><tbody>{rows}</tbody></table>"
        '<form method="post" action="/mailbox/clear"><p><button>Throw all mails away</button></p></form>'
    )


def _mail(mail: WholeMailOut) -> str:
    files = "".join(
        f'<li><a href="{escape(file.href)}">{escape(file.name)}</a> ({escape(file.media_type)}, {file.bytes} bytes)</li>'
        for file in mail.attachments
    )
    text = LINK.sub(lambda found: f'<a rel="noreferrer" href="{found[0]}">{found[0]}</a>', escape(mail.text))
    return (
        f'<p><a href="/mailbox">All mails</a></p><h1>{escape(mail.subject) or "(no subject)"}</h1>'
        f"<p>From {escape(mail.sender)}<br>To {escape(', '.join(mail.to))}<br>{mail.at:%Y-%m-%d %H:%M:%S} UTC</p>"
        f"<pre>{text}</pre>" + (f"<h2>Attachments</h2><ul>{files}</ul>" if files else "")
    )
