"""When a log's checkpoint is cosigned, and what is wrong where it is not (eventlog.md 6).

Three things must hold: audit-service's own frontier has reached the size, the root over its own copies is the signed one, and
its copies still lead to what it cosigned last.
"""

from dataclasses import dataclass
from typing import Literal

from contracts.log.checkpoint import Checkpoint, opened
from contracts.log.note import Note, NoteBroken, VerifierKey
from contracts.vocabulary import LogFault

GRACE_SECONDS = 30.0
"""A sequencer that was killed may show an older checkpoint until its next one has signed what is there."""

Verdict = Literal["cosign", "wait", "known"] | LogFault


@dataclass(frozen=True, slots=True)
class Seen:
    """What was cosigned last of a log."""

    size: int
    root: bytes


def genuine(offered: Note, shown_key: VerifierKey, known_key: VerifierKey) -> Checkpoint | LogFault:
    """The checkpoint, when it is signed with the key that this log has always had."""
    if shown_key != known_key:
        return LogFault.ANOTHER_KEY
    try:
        return opened(offered, known_key)
    except NoteBroken:
        return LogFault.FALSE_SIGNATURE


def judge(
    checkpoint: Checkpoint, last: Seen | None, *, reached: int, own_root: bytes | None, own_root_at_last: bytes | None,
    seconds_back: float,
) -> Verdict:  # fmt: skip
    """What to do with a genuine checkpoint.

    ``own_root`` is that of as many of our copies as it names, ``own_root_at_last`` of as many as were cosigned last;
    ``None`` where the copies are not there. ``seconds_back``: for how long this log has been shorter than that.
    """
    if checkpoint.size > reached:
        return "wait"
    if own_root is None or (last is not None and own_root_at_last != last.root):
        return LogFault.COPIES_DIFFER
    if own_root != checkpoint.root:
        return LogFault.ROOT_DIFFERS
    if last is None or checkpoint.size > last.size:
        return "cosign"
    if checkpoint.size == last.size:
        return "known"
    return LogFault.WENT_BACK if seconds_back > GRACE_SECONDS else "wait"
