"""Delivery reports (DSN, RFC 3464): which mail of ours came back, and what the other side said.

A report counts only when it comes to the return address that we gave that very mail: the address carries the notice
and a seal, so that nobody can make a notice come back by writing to us. What cannot be read is no report, and harmless.
"""

import base64
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from uuid import UUID

SEAL_BYTES = 6
"""Guessing at it goes over the network, a mail a try; the whole has to fit into the 64 octets left of an @."""
LONGEST = 900
LONGEST_REPORT = 1024 * 1024
_TAG = re.compile(r"b-([a-z2-7]{61})")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Bounced:
    """The mail did not reach the person."""

    status: str | None
    answer: str


@dataclass(frozen=True, slots=True)
class ReturnTo:
    """Which sending a return address is of."""

    notice: UUID
    delivery: UUID


class ReturnAddresses:
    """Return addresses, as the envelopes of our mails carry them: ``b-<notice, delivery, seal>@domain``."""

    def __init__(self, key: bytes, domain: str) -> None:
        self._key = key
        self.domain = domain

    def of(self, to: ReturnTo) -> str:
        """Case does not matter: some servers write it small."""
        return f"b-{_text(to.notice.bytes + to.delivery.bytes + self._seal(to))}@{self.domain}"

    def read(self, address: str) -> ReturnTo | None:
        """``None`` for anything that is none of ours."""
        local, _, domain = address.lower().rpartition("@")
        found = _TAG.fullmatch(local)
        if found is None or domain != self.domain.lower():
            return None
        raw = _bytes(found[1])
        to = ReturnTo(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]))
        return to if hmac.compare_digest(self._seal(to), raw[32:]) else None

    def _seal(self, to: ReturnTo) -> bytes:
        return hmac.digest(self._key, b"return " + to.notice.bytes + to.delivery.bytes, "sha256")[:SEAL_BYTES]


def bounced(raw: bytes) -> Bounced | None:
    """What a delivery report says; ``None`` for a mere delay, a receipt, or any other mail."""
    report = message_from_bytes(raw[:LONGEST_REPORT], policy=compat32)
    if report.get_content_type() != "multipart/report":
        return None
    for fields in _recipients(report):
        if _one_line(fields.get("Action")).lower() != "failed":
            continue
        status = _STATUS.search(_one_line(fields.get("Status")))
        said = _one_line(fields.get("Diagnostic-Code")) or _one_line(fields.get("Status")) or "failed"
        return Bounced(status[0] if status else None, said[:LONGEST])
    return None


def _recipients(report: Message) -> Iterator[Message]:
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            yield from (
                (block for block in blocks if isinstance(block, Message)) if isinstance(blocks, list) else ()
            )


def _one_line(value: object) -> str:
    return " ".join(str(value).split()) if value is not None else ""


def _text(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _bytes(text: str) -> bytes:
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))
