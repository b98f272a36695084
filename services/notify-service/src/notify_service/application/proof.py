"""Proof of notice: everything the log has of one notice, for a hearing: what, to whom, when, with which answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from contracts.event import Event, Recorded
from contracts.notify import NoticeGiven, NoticeOwed, NoticeRendered, NoticeSent
from contracts.plain_words import day_in_words
from contracts.timeline import sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log."""

    told: str
    recorded_at: str
    place: str
    """Its index in the district's log, and its id."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A document the log commits to."""

    what: str
    digest: str
    salt: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ProofText:
    """What the PDF says."""

    title: str
    district: str
    number: str
    about: str
    given: str
    entries: tuple[Entry, ...]
    digests: tuple[Digest, ...]
    how_to_check: str


def proof_text(history: Sequence[Recorded[Event]], names: Mapping[str, str], district: str) -> ProofText:
    """Of a notice's whole history; sets facts down and judges nothing."""
    owed = next((entry.event for entry in history if isinstance(entry.event, NoticeOwed)), None)
    given = [entry.event for entry in history if isinstance(entry.event, NoticeGiven)]
    kind = owed.kind.value.replace("_", " ") if owed else "notice"
    student = names.get(str(owed.student_id), str(owed.student_id)) if owed else ""
    holder = names.get(str(owed.holder_id), str(owed.holder_id)) if owed else ""
    counts = (
        f"It counts as given from {day_in_words(given[-1].effective_on)}."
        if given
        else "Nothing shows that it was given."
    )
    return ProofText(
        title="Proof of notice",
        district=district,
        number=str(owed.notice_id) if owed else "",
        about=f"A {kind} about {student}, owed to {holder}.",
        given=counts,
        entries=tuple(_entry(entry, names) for entry in history),
        digests=tuple(_digests(history)),
        how_to_check="Each entry is a leaf of the district's log, which cannot be altered unseen (RFC 9162, C2SP). "
        "Ask for its proof by its id: GET /audit/v1/proofs/{id}. A document is the one that was sent if SHA-256 of the "
        "salt, followed by its bytes, is the digest. This page sets down what the log holds; it is no legal advice.",
    )


def _entry(recorded: Recorded[Event], names: Mapping[str, str]) -> Entry:
    at = f"{recorded.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    index = f"entry {recorded.index}" if recorded.index is not None else "not yet numbered"
    return Entry(sentence(recorded, names), at, f"{index}, {recorded.id}")


def _digests(history: Sequence[Recorded[Event]]) -> list[Digest]:
    found = []
    for entry in history:
        match entry.event:
            case NoticeRendered(document=document):
                found.append(Digest("The letter", document.digest, document.salt, document.bytes))
            case NoticeSent(message=document) if document is not None:
                found.append(
                    Digest("The mail as it was handed over", document.digest, document.salt, document.bytes)
                )
    return found
