"""What a file proves by itself, to somebody who has the file and the verifier keys they trust, and nothing else."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from audit_service.domain.moment import SOURCES
from audit_service.domain.offline_fold import FOLDED_BY, differs, unread
from audit_service.domain.packet import (
    DIGEST_PREFIX,
    FORMAT,
    KEYS,
    MANIFEST,
    WITHOUT_PROOFS,
    NotAPacket,
    unzipped,
    verify_packet,
    wrong_files,
)
from contracts.canonical import parse_instant
from contracts.log.checkpoint import Checkpoint, opened
from contracts.log.note import COSIGNATURE, ED25519, Note, NoteBroken, VerifierKey, signed_at
from contracts.log.proof import HEADER, LogProof
from contracts.log.tree import ProofBroken

EXPORT_FORMAT = "handrail-export@2"
"""The files and what they mean. By which fold ``replay.json`` was made stands in ``export.json`` (``folded_by``)."""
BEFORE = ("handrail-export@1",)
"""Formats that are read still; their ``replay.json`` was folded otherwise than today, and so proves nothing."""
PROOFS = "proofs/"


@dataclass
class Outcome:
    """Good only when nothing is wrong and nothing that was asked stays open."""

    proved: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """What the reader has to give, or the file would have to hold, before it proves anything."""
    beyond: list[str] = field(default_factory=list)
    """What no such file can prove."""

    @property
    def good(self) -> bool:
        """Everything holds."""
        return not self.wrong and not self.missing


def keys_in(text: str) -> list[VerifierKey]:
    """A key a line; empty lines and those that begin with ``#`` say nothing. Raises `NoteBroken`."""
    lines = [line.strip() for line in text.splitlines()]
    return [VerifierKey.parse(line) for line in lines if line and not line.startswith("#")]


def verify(
    content: bytes, keys: Sequence[VerifierKey], *, entry: bytes | None = None, contents: bytes | None = None
) -> Outcome:
    """A proof file, a signed checkpoint, a packet or an export: told apart by how it begins."""
    if content.startswith(b"PK"):
        return _zip(content, keys)
    if content.startswith(HEADER.encode()):
        return _proof_file(content, keys, entry, contents)
    if "— ".encode() in content:
        return _checkpoint(content, keys)
    return Outcome(wrong=["this is no proof file, no signed checkpoint, no packet and no export of ours"])


def compare(one: bytes, other: bytes, keys: Sequence[VerifierKey]) -> Outcome:
    """Whether two readers were shown the same log: two signed checkpoints, or proofs that end in one."""
    outcome = Outcome()
    try:
        first, second = (_signed(_note_of(content), keys, outcome) for content in (one, other))
    except (NoteBroken, ProofBroken) as error:
        outcome.wrong.append(str(error))
        return outcome
    if first is None or second is None:
        return outcome
    if first.origin != second.origin:
        outcome.wrong.append(f"they are of two logs: {first.origin} and {second.origin}")
    elif first.size != second.size:
        outcome.missing.append(
            f"a checkpoint of the same size: one is of {first.size} entries, the other of {second.size}; ask the log for the "
            "entries of both, or whoever cosigned them"
        )
    elif first.root != second.root:
        outcome.wrong.append(
            f"FORKED: the log {first.origin} signed two different histories of {first.size} entries. Keep both files: together "
            "they prove it to anybody."
        )
    else:
        outcome.proved.append(f"Both were shown the same {first.size} entries.")
    return outcome


def _note_of(content: bytes) -> Note:
    return LogProof.parse(content).note if content.startswith(HEADER.encode()) else Note.parse(content)


def _checkpoint(content: bytes, keys: Sequence[VerifierKey]) -> Outcome:
    outcome = Outcome()
    try:
        _signed(Note.parse(content), keys, outcome)
    except NoteBroken as error:
        outcome.wrong.append(str(error))
    return outcome


def _signed(note: Note, keys: Sequence[VerifierKey], outcome: Outcome) -> Checkpoint | None:
    """The checkpoint, if its log signed it; notes who else did."""
    checkpoint = Checkpoint.parse(note.text)
    named = [key for key in keys if key.kind == ED25519 and key.name == checkpoint.origin]
    if not named:
        outcome.missing.append(
            f"the key of the log {checkpoint.origin}: get it from the district, and give it with --key"
            if not keys else f"none of the keys given is that of the log {checkpoint.origin}"
        )  # fmt: skip
        return None
    opened(note, named[0])
    outcome.proved.append(f"The log {checkpoint.origin} signed that it had {checkpoint.size} entries.")
    cosigners = [key for key in note.signers(keys) if key.kind == COSIGNATURE]
    for key in cosigners:
        signature = note.signers([key])[key]
        at = datetime.fromtimestamp(signed_at(signature.blob), UTC)
        outcome.proved.append(f"{key.name} saw it so and cosigned it on {at:%Y-%m-%d %H:%M:%S} UTC.")
    if not cosigners:
        outcome.beyond.append(
            "No cosignature was checked: that everybody is shown this same log rests on the log alone."
        )
    return checkpoint


def _proof_file(
    content: bytes, keys: Sequence[VerifierKey], entry: bytes | None, contents: bytes | None
) -> Outcome:
    outcome = Outcome()
    try:
        proof = LogProof.parse(content)
        signed = _signed(proof.note, keys, outcome)
        if entry is None:
            outcome.missing.append(
                "the entry: get it beside the proof (.../proofs/ID/entry), and give it with --entry"
            )
            return outcome
        checkpoint = proof.check(entry)
        if signed is not None:
            outcome.proved.append(
                f"This entry, byte for byte, is entry {proof.index} of the log's first {checkpoint.size}: {_entry_told(entry)}."
            )
        if contents is None:
            outcome.beyond.append("What the event says was not given (--contents), so it was not compared.")
        elif proof.extra is None:
            outcome.missing.append("the salt (`extra`), without which contents cannot be compared")
        else:
            _opens(entry, proof.extra, contents, f"entry {proof.index}", outcome)
    except (ProofBroken, NoteBroken) as error:
        outcome.wrong.append(str(error))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, ValueError):
        outcome.wrong.append("the entry cannot be read: give the file as it was downloaded")
    return outcome


def _entry_told(entry: bytes) -> str:
    said = msgspec.json.decode(entry)
    what = f"{said['type']}, effective on {said['effective_on']}, known at {said['known_at']}"
    return f"{what}, number {said['nth']} of its subject"


def _opens(entry: bytes, salt: bytes, contents: bytes, which: str, outcome: Outcome) -> bool:
    digest = msgspec.json.decode(entry)["digest"]
    if hashlib.sha256(DIGEST_PREFIX + salt + contents).hexdigest() == digest:
        outcome.proved.append(f"The contents are exactly what {which} committed to.")
        return True
    outcome.wrong.append(f"the contents are not what {which} committed to")
    return False


def _zip(content: bytes, keys: Sequence[VerifierKey]) -> Outcome:
    try:
        files = unzipped(content)
        manifest = msgspec.json.decode(files.get(MANIFEST, b"{}"))
        format_ = manifest.get("format") if isinstance(manifest, dict) else None
    except NotAPacket as error:
        return Outcome(wrong=[str(error)])
    except msgspec.DecodeError as error:
        return Outcome(wrong=[f"{MANIFEST} was altered: {error}"])
    if format_ == EXPORT_FORMAT or format_ in BEFORE:
        return _export(files, keys, format_)
    if format_ not in (FORMAT, WITHOUT_PROOFS):
        return Outcome(
            wrong=[
                f"this zip is neither a packet nor an export of ours: its {MANIFEST} is missing, or names no format we know"
            ]
        )
    verified = verify_packet(content)
    outcome = Outcome(list(verified.said), list(verified.problems))
    if format_ == WITHOUT_PROOFS:
        outcome.missing.append(
            "proofs that its entries stand in the district's log: the first format carries none; ask the district for it anew"
        )
    elif verified.genuine:
        _packet(files, keys, outcome)
    return outcome


def _packet(files: dict[str, bytes], keys: Sequence[VerifierKey], outcome: Outcome) -> None:
    """That what a packet holds stands in the district's logs."""
    try:
        lines = [msgspec.json.decode(line) for line in files["events.jsonl"].splitlines() if line]
        said = msgspec.json.decode(files["packet.json"])
        checkpoints = _proofs(files, lines, list(keys) or keys_in(files[KEYS].decode()), outcome)
        student = said["student"]["id"]
        for line in lines:
            if msgspec.json.decode(line["entry"])["subject"] != student:
                outcome.wrong.append(f"{line['source']} entry {line['index']} is about somebody else")
        _names_every_log(said["logs"], "packet", outcome)
        for log in said["logs"]:
            checkpoint = checkpoints.get(log["service"])
            if checkpoint is not None and log["size"] > checkpoint.size:
                outcome.wrong.append(
                    f"{log['service']}'s log is said to have {log['size']} entries, and no checkpoint bears that out"
                )
    except NoteBroken as error:
        outcome.wrong.append(str(error))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        outcome.wrong.append(f"a file is missing or cannot be read ({type(error).__name__}: {error})")
    _limits(outcome, keys, "packet", "plan.pdf, packet.json and release.json")


def _export(files: dict[str, bytes], keys: Sequence[VerifierKey], format_: str) -> Outcome:
    outcome = Outcome(wrong=list(wrong_files(files, format_)))
    if not outcome.wrong:
        outcome.proved.append(f"{len(files) - 1} files are as their manifest says.")
    try:
        enclosed = keys_in(files[KEYS].decode())
        lines = [msgspec.json.decode(line) for line in files["events.jsonl"].splitlines() if line]
        said = msgspec.json.decode(files["export.json"])
        checkpoints = _proofs(files, lines, list(keys) or enclosed, outcome)
        _names_every_log(said["logs"], "export", outcome)
        for log in said["logs"]:
            _complete(log, lines, checkpoints.get(log["service"]), said["student"]["id"], outcome)
        if format_ in BEFORE:
            outcome.missing.append(
                f"that replay.json is what the entries come to: an export of the format {format_} cannot be folded anew; ask "
                "the district for it anew, with the same question"
            )
        elif not outcome.wrong:
            _answered(lines, files["replay.json"], said, outcome)
    except NoteBroken as error:
        outcome.wrong.append(str(error))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        outcome.wrong.append(f"a file is missing or cannot be read ({type(error).__name__}: {error})")
    _limits(outcome, keys, "export", "report.pdf, timeline.json, README.txt and CERTIFICATION.txt")
    outcome.beyond.append(
        "That this is what was asked for: the question (its day and as known when), the purpose and the names stand in "
        "export.json, which no log signs. It only has to fit: no entry became known after it, and the answer is of its day."
    )
    return outcome


def _answered(lines: Sequence[dict[str, Any]], stood: bytes, said: dict[str, Any], outcome: Outcome) -> None:
    """That ``replay.json`` is the answer to the question asked, and what the entries come to."""
    answer, known_at = msgspec.json.decode(stood), parse_instant(said["as_known_at"])
    late = [
        f"{line['source']} entry {line['index']}"
        for line in lines
        if parse_instant(msgspec.json.decode(line["entry"])["known_at"]) > known_at
    ]
    if late:
        outcome.wrong.append(
            f"export.json says that it answers as known at {said['as_known_at']}, and {_named(late)} became known later"
        )
    elif answer["student"] != said["student"]["id"] or answer["effective_on"] != said.get(
        "as_of_on", answer["effective_on"]
    ):
        outcome.wrong.append("replay.json answers another question than export.json names")
    elif (folded_by := int(said["folded_by"])) != FOLDED_BY:
        outcome.missing.append(
            f"that replay.json is what the entries come to: it was folded by {folded_by}, and this Handrail folds by "
            f"{FOLDED_BY}. Check it with a Handrail that folds by {folded_by}, or ask the district for the export anew"
        )
    elif here := unread(lines):
        outcome.missing.append(
            f"that replay.json is what the entries come to: this Handrail does not wholly know {_named(here)}. Check it with a "
            "newer one"
        )
    elif there := said["unread"]:
        outcome.missing.append(
            f"that replay.json is what the entries come to: the Handrail that made it did not wholly know {_named(there)}. Ask "
            "the district for the export anew, with the same question"
        )
    elif wrong := differs(lines, stood):
        outcome.wrong.append(wrong)
    else:
        closed = sum("contents" not in line for line in lines)
        outcome.proved.append(
            f"replay.json is exactly what the entries come to as of {answer['effective_on']}: all {len(lines)} entries, "
            f"known by {said['as_known_at']}, were folded anew, {closed} of them without contents."
        )


def _named(entries: Sequence[str]) -> str:
    return f"{len(entries)} of the entries ({', '.join(map(str, entries[:3]))}{', ...' if len(entries) > 3 else ''})"


def _limits(outcome: Outcome, keys: Sequence[VerifierKey], what: str, texts: str) -> None:
    if not keys:
        outcome.beyond.append(
            f"The keys were those that the {what} itself carries: compare keys.txt with the keys that the district has "
            "published or given you before, or give yours with --key."
        )
    outcome.beyond.append(
        f"That {texts} say the same as the entries: they are for people to read, and no log signs them. Whoever has another "
        f"copy of this file from the district can compare; the {what} itself is an event that names its digest."
    )
    outcome.beyond.append(
        "That what was recorded is true: a log proves who recorded what when, and that nobody changed it."
    )


def _proofs(
    files: dict[str, bytes], lines: Iterable[dict[str, Any]], keys: Sequence[VerifierKey], outcome: Outcome
) -> dict[str, Checkpoint]:
    """Every entry under its checkpoint; the checkpoint of each log."""
    found: dict[str, Checkpoint] = {}
    proved = opened_ = closed = 0
    for line in lines:
        source, index, entry = line["source"], line["index"], line["entry"].encode()
        name = proof_name(source, index)
        try:
            proof = LogProof.parse(files[name])
            checkpoint = proof.check(entry)
        except (ProofBroken, NoteBroken) as error:
            outcome.wrong.append(f"{name}: {error}")
            continue
        if proof.index != index:
            outcome.wrong.append(f"{name} is of entry {proof.index}")
            continue
        if source not in found:
            signed = Outcome()
            if _signed(proof.note, keys, signed) is None or not checkpoint.origin.endswith(f"/{source}/log"):
                outcome.wrong.append(f"{name}: no key that was given is that of its log")
            outcome.proved += signed.proved
            outcome.beyond += signed.beyond
            found[source] = checkpoint
        elif checkpoint != found[source]:
            outcome.wrong.append(f"{name} leads to another checkpoint than the others of its log")
            continue
        proved += 1
        if "contents" not in line:
            closed += 1
        elif _opens(
            entry,
            bytes.fromhex(line["salt"]),
            line["contents"].encode(),
            f"{source} entry {index}",
            Outcome(),
        ):
            opened_ += 1
        else:
            outcome.wrong.append(f"the contents of {source} entry {index} are not what was committed to")
    outcome.proved.append(f"{proved} entries stand in their logs, each at its place, byte for byte.")
    outcome.proved.append(
        f"{opened_} of them open to exactly what was committed to; {closed} are without contents, as named."
    )
    return found


def proof_name(source: str, index: int) -> str:
    """``proofs/plan-000012.tlog-proof``."""
    return f"{PROOFS}{source}-{index:06d}.tlog-proof"


def _names_every_log(logs: Sequence[dict[str, Any]], what: str, outcome: Outcome) -> None:
    """A log that is left out with all its entries would not be missed otherwise."""
    named = [log["service"] for log in logs]
    if sorted(named) != sorted(SOURCES):
        left = ", ".join(source for source in SOURCES if source not in named)
        outcome.wrong.append(
            f"{what}.json names {', '.join(named) or 'no log'}, and each of {', '.join(SOURCES)} has to be named once"
            + (f": nothing says what of the student stands in {left}" if left else "")
        )
    if empty := [log["service"] for log in logs if not log["nth"]]:
        outcome.beyond.append(
            f"That the student has no entry in the log of {' and '.join(empty)}: {what}.json says so, and no log signs it."
        )


def _complete(
    log: dict[str, Any],
    lines: Sequence[dict[str, Any]],
    checkpoint: Checkpoint | None,
    student: str,
    outcome: Outcome,
) -> None:
    service, nth = log["service"], log["nth"]
    here = [msgspec.json.decode(line["entry"]) for line in lines if line["source"] == service]
    closed = {
        msgspec.json.decode(line["entry"])["id"]
        for line in lines
        if line["source"] == service and "contents" not in line
    }
    numbers = sorted(entry["nth"] for entry in here)
    gone = sorted(set(range(1, nth + 1)) - set(numbers))
    if gone:
        outcome.wrong.append(
            f"of {service}'s log the student's entries {', '.join(map(str, gone[:10]))} are missing"
        )
    if len(numbers) != len(set(numbers)) or any(number > nth for number in numbers):
        outcome.wrong.append(
            f"of {service}'s log an entry is there twice, or more than the {nth} that are named"
        )
    if any(entry["subject"] != student for entry in here):
        outcome.wrong.append(f"an entry of {service}'s log is about somebody else")
    if closed != {each["event_id"] for each in log["withheld"]}:
        outcome.wrong.append(
            f"of {service}'s log other contents are withheld than are named with their reason"
        )
    if nth and (checkpoint is None or log["size"] > checkpoint.size):
        outcome.wrong.append(
            f"{service}'s log is said to have {log['size']} entries, and no checkpoint bears that out"
        )
    if nth and not gone:
        last = max(parse_instant(entry["known_at"]) for entry in here)
        outcome.proved.append(
            f"Of {service}'s log it is complete up to {last:%Y-%m-%d %H:%M:%S} UTC: the student's entries 1 to {nth}, "
            f"{len(closed)} of them without contents."
        )
