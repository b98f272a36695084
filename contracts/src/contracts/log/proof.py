"""The proof file: one entry's place in a log, under a signed checkpoint (C2SP tlog-proof; extension ``.tlog-proof``)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.log.checkpoint import Checkpoint
from contracts.log.note import Note, NoteBroken, decoded, encoded
from contracts.log.tree import HASH_BYTES, ProofBroken, check_inclusion, leaf_hash

HEADER = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
_INDEX = re.compile("index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class LogProof:
    """Entry ``index`` stands in the log of the checkpoint. ``extra`` is ours to fill: the salt of the contents."""

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    @classmethod
    def parse(cls, content: bytes | str) -> "LogProof":
        """Raises `ProofBroken` or `NoteBroken`; what it proves, `check` tells."""
        try:
            text = content if isinstance(content, str) else content.decode()
        except UnicodeDecodeError:
            raise ProofBroken("the file is not text") from None
        head, gap, note = text.partition("\n\n")
        lines = head.split("\n")
        if lines[0] != HEADER:
            raise ProofBroken(f"this is no proof file: its first line is not {HEADER}")
        if not gap:
            raise ProofBroken("the proof is cut short: there is no checkpoint")
        lines = lines[1:]
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decoded(lines.pop(0).removeprefix("extra "), "`extra`")
        found = _INDEX.fullmatch(lines[0]) if lines else None
        if found is None:
            raise ProofBroken("the proof does not say which entry it is about: a line `index <n>` is missing")
        hashes = tuple(decoded(line, f"hash {number}") for number, line in enumerate(lines[1:], 1))
        if len(hashes) > MOST_HASHES or any(len(hash_) != HASH_BYTES for hash_ in hashes):
            raise ProofBroken("a hash of the proof is cut short or too long")
        return cls(int(found[1]), hashes, Note.parse(note), extra)

    def __str__(self) -> str:
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {encoded(self.extra)}")
        lines += [f"index {self.index}", *(encoded(hash_) for hash_ in self.hashes)]
        return "\n".join(lines) + f"\n\n{self.note}"

    @property
    def checkpoint(self) -> Checkpoint:
        """What it leads to; raises `NoteBroken`."""
        return Checkpoint.parse(self.note.text)

    def check(self, entry: bytes) -> Checkpoint:
        """The checkpoint under which ``entry`` stands; raises `ProofBroken` or `NoteBroken`. Who signed: `Note.signers`."""
        checkpoint = self.checkpoint
        check_inclusion(self.index, checkpoint.size, leaf_hash(entry), self.hashes, checkpoint.root)
        return checkpoint


def proof_file(index: int, hashes: Sequence[bytes], note: Note, salt: bytes | None) -> bytes:
    """The file's bytes."""
    return str(LogProof(index, tuple(hashes), note, salt)).encode()


__all__ = ["LogProof", "NoteBroken", "ProofBroken", "proof_file"]
