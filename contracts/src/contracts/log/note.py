"""Signed notes (C2SP signed-note): a text, and who signed it; read by Go's ``golang.org/x/mod/sumdb/note`` as well.

A signature of a key that the reader does not know says nothing and is passed over. One that names a known key and does not
verify spoils the note.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
KEY_ID_BYTES = 4
LARGEST_NOTE = 1_000_000
MOST_SIGNATURES = 100
_LINE = "— "


class NoteBroken(ValueError):
    """It is not a signed note, or a known key's signature under it is false; the message says which."""


def decoded(text: str, what: str) -> bytes:
    """Base64 in its one spelling; raises `NoteBroken`."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteBroken(f"{what} is not base64") from None
    if encoded(raw) != text:
        raise NoteBroken(f"{what} is not base64 as it is written by everybody: a letter was altered")
    return raw


def encoded(raw: bytes) -> str:
    """Base64."""
    return base64.b64encode(raw).decode()


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and kind: ``name+key id+base64(kind || key)``."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Raises `NoteBroken` for what is no key, or whose key id is not its own."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise NoteBroken("a verifier key is written name+key id+key")
        name, key_id, key = parts
        raw = decoded(key, "the key")
        if not _good_name(name) or len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
            raise NoteBroken("this is not an Ed25519 verifier key")
        found = cls(name, raw[0], raw[1:])
        if key_id != found.key_id.hex():
            raise NoteBroken(
                f"the key id {key_id} is not that of this name and key, which is {found.key_id.hex()}"
            )
        return found

    @property
    def key_id(self) -> bytes:
        """``SHA-256(name || "\\n" || kind || key)[:4]``."""
        said = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(said).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encoded(bytes([self.kind]) + self.public)}"

    def has_signed(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature (without its key id) is this key's under the note's ``text``."""
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            text, signature = cosigned_message(signed_at(signature), text), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note."""

    name: str
    key_id: bytes
    blob: bytes

    def line(self) -> str:
        """``— <name> <base64(key id || signature)>``."""
        return f"{_LINE}{self.name} {encoded(self.key_id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text (it ends with a line feed) and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...] = ()

    @classmethod
    def parse(cls, content: bytes | str) -> "Note":
        """Raises `NoteBroken`; which signatures are true, `signers` tells."""
        raw = content.encode() if isinstance(content, str) else content
        try:
            whole = raw.decode()
        except UnicodeDecodeError:
            raise NoteBroken("the note is not UTF-8") from None
        if len(raw) > LARGEST_NOTE or any(ord(letter) < 0x20 and letter != "\n" for letter in whole):
            raise NoteBroken("a note is a short text without control characters")
        text, gap, lines = whole.rpartition("\n\n")
        if not gap or not lines or not lines.endswith("\n"):
            raise NoteBroken(
                "the note is cut short: signatures stand below an empty line, each on a line of its own"
            )
        signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
        if len(signatures) > MOST_SIGNATURES:
            raise NoteBroken(f"a note has at most {MOST_SIGNATURES} signatures")
        return cls(text + "\n", signatures)

    def signers(self, keys: Iterable[VerifierKey]) -> dict[VerifierKey, Signature]:
        """Of ``keys`` those that have signed; raises `NoteBroken` where one is named and has not."""
        by_name = {(key.name, key.key_id): key for key in keys}
        found: dict[VerifierKey, Signature] = {}
        for signature in self.signatures:
            key = by_name.get((signature.name, signature.key_id))
            if key is None or key in found:
                continue
            if not key.has_signed(self.text.encode(), signature.blob):
                raise NoteBroken(
                    f"the signature of {key.name} under it is false: the text or the signature was altered"
                )
            found[key] = signature
        return found

    def signed_by(self, signatures: Sequence[Signature]) -> "Note":
        """The same with further signatures."""
        return Note(self.text, (*self.signatures, *signatures))

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(signature.line() for signature in self.signatures)}"


def _signature(line: str) -> Signature:
    name, _, blob = line.removeprefix(_LINE).partition(" ")
    if not line.startswith(_LINE) or not _good_name(name):
        raise NoteBroken("a signature is written — <name> <base64>")
    raw = decoded(blob, f"the signature of {name}")
    if len(raw) <= KEY_ID_BYTES:
        raise NoteBroken(f"the signature of {name} is cut short")
    return Signature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def _good_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(letter.isspace() for letter in name)


def cosigned_message(at: int, text: bytes) -> bytes:
    """What a cosignature signs (C2SP tlog-cosignature)."""
    return b"cosignature/v1\ntime %d\n" % at + text


def signed_at(cosignature: bytes) -> int:
    """The Unix seconds that a cosignature names."""
    return int.from_bytes(cosignature[:8], "big")


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """Who signs: a private key under a name. Ed25519 is deterministic: the same text gets the same signature."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)
    kind: int = ED25519

    @property
    def key(self) -> VerifierKey:
        """What others verify with."""
        return VerifierKey(self.name, self.kind, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """A log's own signature."""
        return Signature(self.name, self.key.key_id, self.private.sign(text.encode()))

    def cosign(self, text: str, at: int) -> Signature:
        """A cosignature: seen at ``at`` (Unix seconds)."""
        made = self.private.sign(cosigned_message(at, text.encode()))
        return Signature(self.name, self.key.key_id, at.to_bytes(8, "big") + made)
