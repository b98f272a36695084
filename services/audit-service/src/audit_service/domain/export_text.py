"""What an export of evidence says: how to check it, what it holds and what not, and the text a custodian may sign."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from textwrap import fill
from typing import Any
from uuid import UUID

from audit_service.domain.offline import EXPORT_FORMAT
from audit_service.domain.offline_fold import FOLDED_BY
from audit_service.domain.packet import KEYS
from audit_service.domain.packet_text import WIDTH, item_lines
from audit_service.domain.replay import StudentReplay
from audit_service.domain.timeline import TimelineEntry
from contracts.audit import LogExtent
from contracts.canonical import instant
from contracts.codes import label
from contracts.log.checkpoint import Checkpoint
from contracts.plain_words import day_in_words, item_in_words
from contracts.plan_document import PlanDocument
from contracts.students import StudentPersonalData
from contracts.vocabulary import PlanKind


@dataclass(frozen=True)
class ExportFacts:
    """Everything an export says, gathered."""

    export: UUID
    made_at: datetime
    district: str
    student: UUID
    personal: StudentPersonalData | None
    purpose: str
    as_of_on: date | None
    as_known_at: datetime
    replay: StudentReplay
    timeline: Sequence[TimelineEntry]
    logs: Sequence[LogExtent]
    checkpoints: Mapping[str, Checkpoint]
    keys: Sequence[str]
    unread: Sequence[UUID] = ()
    """Entries whose contents are there, of a kind or with fields that this version of Handrail does not know."""

    @property
    def name(self) -> str:
        """The student's, where it could be read."""
        if self.personal is None:
            return "a student whose name is lawfully destroyed"
        return f"{self.personal.given_name} {self.personal.family_name}"

    @property
    def question(self) -> str:
        """What was asked, in words."""
        known = f"as known on {self.as_known_at:%Y-%m-%d at %H:%M:%S} UTC"
        if self.as_of_on is None:
            return f"the whole record, {known}"
        return f"what stood on {day_in_words(self.as_of_on)}, {known}"

    @property
    def entries(self) -> int:
        """Of the student, in all logs."""
        return sum(log.nth for log in self.logs)

    @property
    def withheld(self) -> int:
        """Those without contents."""
        return sum(len(log.withheld) for log in self.logs)


def export_json(facts: ExportFacts) -> bytes:
    """The question and the extent, as the verifier reads them."""
    said: dict[str, Any] = {
        "format": EXPORT_FORMAT,
        "export": str(facts.export),
        "made_at": instant(facts.made_at),
        "district": facts.district,
        "student": {"id": str(facts.student), "name": facts.name},
        "purpose": facts.purpose,
        "as_known_at": instant(facts.as_known_at),
        "logs": [log.model_dump(mode="json") for log in facts.logs],
        "folded_by": FOLDED_BY,
        "unread": [str(each) for each in facts.unread],
    }
    return _json(said | ({"as_of_on": facts.as_of_on.isoformat()} if facts.as_of_on else {}))


def timeline_json(facts: ExportFacts) -> bytes:
    """Every entry as a sentence, in the order in which it became known."""
    return _json([entry.model_dump(mode="json", exclude_none=True) for entry in facts.timeline])


def readme(facts: ExportFacts) -> bytes:
    """What somebody reads first, and how to check it."""
    lines = [
        "Evidence from the record of a student",
        "",
        f"About        {facts.name}",
        f"From         {facts.district}",
        f"Asked        {facts.question}",
        f"Purpose      {facts.purpose}",
        f"Made at      {facts.made_at:%Y-%m-%d %H:%M:%S} UTC",
        f"Holds        {facts.entries} entries of the student in the district's logs, {facts.withheld} of them without contents",
        "",
        "What is here",
        "  report.pdf         what stood on the day, and every entry as a sentence, to read and to print",
        "  replay.json        plans, notices, sessions and results as they stood, as data",
        "  timeline.json      every entry as a sentence, in the order in which it became known",
        "  events.jsonl       every entry exactly as logged, with its contents and their salt",
        "  proofs/            for each entry a proof of its place in the log (C2SP tlog-proof)",
        "  export.json        what was asked; per log its size, the student's entries there, which contents are not here and why",
        "                     (withheld); and by which fold replay.json was made",
        f"  {KEYS}           the keys to check with",
        "  CERTIFICATION.txt  a text for the custodian of the records to complete and sign; it is not signed",
        "  manifest.json      the SHA-256 of every file",
        "",
        "How to check it",
        "  With Handrail, on a machine with no network and no database:",
        "      handrail verify THIS-FILE.zip --keys KEYS-YOU-TRUST.txt      (or the folder it was unpacked into)",
        "  By hand, or with other programs:",
        "  1. The SHA-256 of each file must be the one in manifest.json.",
        "  2. For each line of events.jsonl: SHA-256 of the byte 00 and the text of `entry` is the leaf. With the hashes of",
        "     proofs/<source>-<index>.tlog-proof it leads to the root in the checkpoint at the end of that file (RFC 9162,",
        "     2.1.3.2). Any C2SP or Go sumdb/tlog verifier does this.",
        f"  3. The checkpoint must be signed by the log's key in {KEYS} (signed note; Ed25519), and by the cosigner's.",
        "  4. For each line with contents: SHA-256 of the bytes 48 52 01, the salt (from hex) and the text of `contents` must",
        "     be the `digest` inside `entry`.",
        "  5. For each log in export.json the `nth` of the entries here must run from 1 to its `nth` without a gap.",
        f"  6. replay.json is what the entries come to: `handrail verify` folds them anew, where it folds by {FOLDED_BY} too",
        "     (`folded_by` in export.json); another says that it cannot. No entry may have become known after `as_known_at`.",
        "  7. report.pdf and timeline.json say the same in words. They, export.json (so also the question that was asked), this",
        "     page and CERTIFICATION.txt are signed by nobody: where they differ from the entries, the entries count.",
        "",
        "What it proves, and what not",
        *(f"  {line}" for line in fill(
            "That these entries were recorded, by whom, in this order, at these times, and that none of them was changed or "
            "left out since; not that what was recorded is true. A key proves nothing by itself: take the keys from the "
            "district, not from this file. Where the district holds both the log's and the cosigner's key, nobody outside "
            "it has seen the log; a witness elsewhere changes that.", WIDTH - 4).split("\n")),
    ]  # fmt: skip
    return ("\n".join(lines) + "\n").encode()


def certification(facts: ExportFacts, manifest_of: Mapping[str, str]) -> bytes:
    """The kind of certification that Fed. R. Evid. 902(11), (13) and (14) describe: for a named person to complete."""
    paragraphs = [
        "CERTIFICATION OF RECORDS - not signed. To be read, corrected, completed and signed by the custodian of the records or "
        "another qualified person, who alone answers for it. This is no legal advice; notice to the other side and the "
        "rules of the forum are for counsel.",
        "I, ______________________________ (name), am ______________________________ (position) of "
        f"{facts.district}. I am a custodian of its records of special education and Section 504 plans, or otherwise qualified "
        "to make this certification.",
        "1. Records of a regularly conducted activity (Fed. R. Evid. 803(6), 902(11)). The entries in this export were made at "
        "or near the time of what they record, by or from information transmitted by somebody with knowledge, or say "
        "themselves how much later and from which source they were reported; they were kept in the course of a regularly "
        "conducted activity; and making them was a regular practice of that activity.",
        "2. A process or system that produces an accurate result (Fed. R. Evid. 902(13)). The district keeps these records in "
        "Handrail. It writes each fact once, gives it the next number of an append-only log, and signs the log's size and the "
        "root of a Merkle tree over all its entries (RFC 9162). A second service with a copy and a key of its own compares and "
        "cosigns. The export was generated by that system.",
        "3. A copy authenticated by a process of digital identification (Fed. R. Evid. 902(14)). The files of the export have "
        "these SHA-256 values, and the logs had these roots:",
    ]
    files = [
        f"    {digest}  {name}"
        for name, digest in sorted(manifest_of.items())
        if not name.startswith("proofs/")
    ]
    roots = [
        f"    {c.root.hex()}  {c.origin}, {c.size} entries" for _, c in sorted(facts.checkpoints.items())
    ]
    open_points = [
        f"4. The export was made on {facts.made_at:%Y-%m-%d at %H:%M:%S} UTC and answers: {facts.question}. It holds "
        f"{facts.entries} entries of the student; the contents of {facts.withheld} are withheld, each named with its reason.",
        "I certify under penalty of perjury that the foregoing is true and correct.",
    ]
    body = "\n\n".join([*(fill(each, WIDTH) for each in paragraphs), "\n".join(files + roots),
                        *(fill(each, WIDTH) for each in open_points)])  # fmt: skip
    sign = "\n\nDate ____________________    Signature ________________________________________\n"
    return (body + sign).encode()


def printed(facts: ExportFacts) -> str:
    """What the report shows, as JSON: words only."""
    said = {
        "title": "Evidence from the record of a student",
        "student": facts.name,
        "district": facts.district,
        "facts": [
            ["Student", facts.name],
            ["District", facts.district],
            ["Asked", facts.question],
            ["Purpose", facts.purpose],
            ["Made at", f"{facts.made_at:%Y-%m-%d %H:%M:%S} UTC"],
            ["Export", str(facts.export)],
        ],
        "plans": [
            {
                "title": _plan_title(plan),
                "items": [
                    {"title": item_in_words(entry.item), "fields": item_lines(entry.item),
                     "since": day_in_words(entry.since), "event": str(entry.changed_by)}
                    for entry in plan.items
                ],
            }
            for plan in facts.replay.plans
        ],
        "entries": [
            {"when": f"{entry.known_at:%Y-%m-%d %H:%M:%S}", "what": entry.what, "place": f"{entry.source} {entry.index}"}
            for entry in facts.timeline
        ],
        "logs": [
            [log.service.value, str(log.size), str(log.nth), str(len(log.withheld)),
             facts.checkpoints[log.service.value].root.hex() if log.service.value in facts.checkpoints else ""]
            for log in facts.logs
        ],
        "withheld": [
            [f"{log.service.value} {each.event_id}", label("withheld_reason", each.reason)]
            for log in facts.logs for each in log.withheld
        ],
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False)


def _plan_title(plan: PlanDocument) -> str:
    kind = "IEP" if plan.kind is PlanKind.IEP else "Section 504 plan"
    return f"{kind}, version {plan.version}, {plan.status.replace('_', ' ')}"


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
