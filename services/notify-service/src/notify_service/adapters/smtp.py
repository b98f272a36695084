"""Handing a mail to a server by SMTP, with the one moment marked after which nobody can know who has it.

Until the mail itself begins to go over (``DATA``), a broken conversation means that nothing was delivered. From then on
only the server's answer tells. So the caller records durably, right before that moment, that the mail is being handed
over (``before``), and is told ``IN_DOUBT`` when the answer never came.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address

import aiosmtplib
import idna

from notify_service.adapters.carrying import Answered, Outcome

LONGEST_ANSWER = 900
LONGEST_ADDRESS = 254
PERMANENT_FROM = 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in: the `Carrier` of e-mail."""

    host: str
    port: int
    tls: str
    user: str | None = None
    password: str | None = None
    timeout: float = 120.0
    local_hostname: str = "localhost"

    async def hand_over(
        self, sender: str, to: str, message: bytes, before: Callable[[], Awaitable[bool]]
    ) -> Answered:
        """One try. Never raises for what a mail server can do to us."""
        client = aiosmtplib.SMTP(
            hostname=self.host, port=self.port, timeout=self.timeout, local_hostname=self.local_hostname,
            use_tls=self.tls == "tls", start_tls={"starttls": True, "offered": None}.get(self.tls, False),
            username=self.user, password=self.password, validate_certs=self.tls != "offered",
        )  # fmt: skip
        handing_over = False
        try:
            await client.connect()
            await client.mail(sender)
            refusal = await _rcpt(client, to)
            if refusal is not None:
                return refusal
            if not await before():
                return Answered(Outcome.NOT_OURS, "")
            handing_over = True
            said = await client.data(message)
            return Answered(Outcome.ACCEPTED, _line(said.code, said.message))
        except aiosmtplib.SMTPDataError as error:
            return Answered(_outcome(error.code), _line(error.code, error.message))
        except (aiosmtplib.SMTPException, OSError, TimeoutError, EOFError) as error:
            # Refused before the recipient was named, or cut off: ours or the server's trouble, not this recipient's.
            answer = _described(error)
            return Answered(Outcome.IN_DOUBT if handing_over else Outcome.REFUSED_FOR_NOW, answer)
        finally:
            client.close()


async def _rcpt(client: aiosmtplib.SMTP, to: str) -> Answered | None:
    try:
        await client.rcpt(to)
    except aiosmtplib.SMTPRecipientRefused as error:
        return Answered(_outcome(error.code), _line(error.code, error.message))
    return None


_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_ADDRESS = re.compile(rf"[\w.!#$%&'*+/=?^`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")


def on_envelope(text: str) -> str | None:
    """An address as every mail server takes it, its domain in ASCII (RFC 5891); ``None`` for what is not one address.

    No list, no comment, no trick with quotes or line ends. Quoted local parts are lawful, but no family has one, and much
    that could go wrong begins with them; one in other letters needs servers that few have. Their notices go by letter.
    """
    local, _, domain = text.rpartition("@")
    if not _ADDRESS.fullmatch(text):
        return None
    try:
        address = text if text.isascii() else f"{local}@{idna.encode(domain, uts46=True).decode()}"
        fits = len(address) <= LONGEST_ADDRESS and Address(addr_spec=address).addr_spec == address
    except (ValueError, HeaderParseError):
        return None
    return address if fits else None


def _outcome(code: int) -> Outcome:
    return Outcome.REFUSED if code >= PERMANENT_FROM else Outcome.REFUSED_FOR_NOW


def _line(code: int, message: str) -> str:
    return " ".join(f"{code} {message}".split())[:LONGEST_ANSWER]


def _described(error: BaseException) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _line(error.code, error.message)
    said: Sequence[object] = error.args
    return " ".join(f"{type(error).__name__} {said[0] if said else ''}".split())[:LONGEST_ANSWER]
