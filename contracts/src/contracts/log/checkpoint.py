"""The checkpoint: a log's name, its size and its root, in three lines (C2SP tlog-checkpoint)."""

import re
from dataclasses import dataclass

from contracts.log.note import Note, NoteBroken, NoteSigner, Signature, VerifierKey, decoded, encoded
from contracts.log.tree import EMPTY_ROOT, HASH_BYTES

_SIZE = re.compile("0|[1-9][0-9]{0,18}")


def origin_of(host: str, tenant: str, service: str) -> str:
    """A log's name: ``<host>/<tenant>/<service>/log``."""
    return f"{host}/{tenant}/{service}/log"


def cosigner_name(host: str) -> str:
    """The name under which audit-service cosigns."""
    return f"{host}/cosigner"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log of ``size`` entries has this root."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Of a note's text; raises `NoteBroken`. Ours have no further lines; another log's may."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] != "" or not lines[0]:
            raise NoteBroken("a checkpoint is three lines: the log's name, its size, its root")
        origin, size, root = lines[:3]
        if not _SIZE.fullmatch(size):
            raise NoteBroken("the checkpoint's size is not a number")
        hash_ = decoded(root, "the checkpoint's root")
        if len(hash_) != HASH_BYTES or (int(size) == 0 and hash_ != EMPTY_ROOT):
            raise NoteBroken("the checkpoint's root is not one")
        return cls(origin, int(size), hash_)

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"

    def signed(self, signer: NoteSigner) -> Note:
        """The note of the log itself."""
        return Note(self.text, (signer.sign(self.text),))

    def note(self, key: VerifierKey, signature: bytes) -> Note:
        """The note with a signature that was kept."""
        return Note(self.text, (Signature(key.name, key.key_id, signature),))


def opened(note: Note, key: VerifierKey) -> Checkpoint:
    """The checkpoint of the log that ``key`` names, signed by it; raises `NoteBroken`."""
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != key.name:
        raise NoteBroken(f"the checkpoint is of the log {checkpoint.origin}, not of {key.name}")
    if key not in note.signers([key]):
        raise NoteBroken(f"the checkpoint is not signed by the key {key.key_id.hex()} of {key.name}")
    return checkpoint
