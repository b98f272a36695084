"""What a packet says: as data (``packet.json``), and in plain words (``README.txt``)."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import fill
from typing import Any
from uuid import UUID

from audit_service.domain.goals_shown import shown
from audit_service.domain.notice_standing import NoticeStanding
from audit_service.domain.packet import FORMAT
from audit_service.domain.packet_scope import Scope
from audit_service.domain.replay import ItemDelivery, ItemResults
from contracts.audit import LogExtent, RecipientPersonalData
from contracts.goals.picture import picture
from contracts.goals.progress import GoalProgress
from contracts.items import BaseItem, item_fields
from contracts.plain_words import day_in_words, field_label, item_in_words, kind_label, value_in_words
from contracts.plan_document import PlanVersion
from contracts.students import ReleaseSigned, StudentPersonalData
from contracts.vocabulary import PlanKind, RecordKind, ReleasePurpose

NOT_A_PLAN_THERE = (
    "This is documentation of what was in force at school. It is not a plan in force at a college: an IEP and a 504 plan "
    "end when the student leaves school, and bind no college (34 CFR 104.44). The student discloses, asks and documents; "
    "the college decides on its own adjustments."
)
FOR_A_SCHOOL = (
    "This is documentation of the plan of the sending school. What the receiving school owes at once, and what it must "
    "decide itself, is said in 34 CFR 300.323(e)-(g) and 104.35."
)
REDISCLOSURE = (
    "Whoever receives this may not pass it on without the consent of whoever holds the record rights, and may use it only "
    "for the purpose named here (34 CFR 99.33)."
)
WIDTH = 110
_TITLES = {PlanKind.IEP: "Individualized Education Program (IEP)", PlanKind.SECTION_504: "Section 504 plan"}


@dataclass(frozen=True)
class PacketFacts:
    """Everything a packet says, gathered."""

    packet: UUID
    disclosure: UUID
    made_on: date
    district: str
    student: UUID
    personal: StudentPersonalData
    purpose: ReleasePurpose
    recipient: RecipientPersonalData
    scope: Scope
    release: ReleaseSigned
    logs: Sequence[LogExtent]
    versions: Sequence[PlanVersion]
    notices: Sequence[NoticeStanding]
    delivery: Sequence[ItemDelivery]
    results: Sequence[ItemResults]
    names: Mapping[str, str]
    goals: Sequence[GoalProgress] = ()
    """How each stood, where the release names the progress."""

    @property
    def student_name(self) -> str:
        """As on the student's own papers, without what they are called by."""
        parts = (
            self.personal.given_name,
            self.personal.middle_name,
            self.personal.family_name,
            self.personal.suffix,
        )
        return " ".join(part for part in parts if part)

    @property
    def title(self) -> str:
        """What kind of plan it is."""
        kind = self.scope.document.kind
        return _TITLES[kind] if kind else "Plan"

    @property
    def label(self) -> str:
        """What the receiver must know before anything else."""
        return NOT_A_PLAN_THERE if self.purpose is ReleasePurpose.COLLEGE else FOR_A_SCHOOL

    @property
    def signer(self) -> str:
        """Who signed the release."""
        return self.names.get(str(self.release.holder_id), "the holder of the record rights")


def packet_json(facts: PacketFacts) -> bytes:
    """The packet as data."""
    scope = facts.scope
    said: dict[str, Any] = {
        "format": FORMAT,
        "packet": str(facts.packet),
        "made_on": facts.made_on.isoformat(),
        "district": facts.district,
        "student": {"id": str(facts.student), "name": facts.student_name, "birth_date": facts.personal.birth_date.isoformat()},
        "purpose": facts.purpose.value,
        "recipient": facts.recipient.model_dump(mode="json", exclude_none=True),
        "label": facts.label,
        "redisclosure": REDISCLOSURE,
        "plan": scope.document.to_json(),
        "left_out": [left.model_dump(mode="json") for left in scope.left_out],
        "disclosure": {
            "id": str(facts.disclosure), "ground": "consent", "release": str(scope.release),
            "items": [kind.value for kind in scope.sends],
        },
        "logs": [log.model_dump(mode="json") for log in facts.logs],
    }  # fmt: skip
    parts: dict[RecordKind, tuple[str, Sequence[Any]]] = {
        RecordKind.PLAN_HISTORY: ("versions", facts.versions),
        RecordKind.NOTICES: ("notices", facts.notices),
        RecordKind.SERVICE_RECORD: ("service_record", facts.delivery),
        RecordKind.PROGRESS: ("progress", facts.results),
    }
    for kind, (name, values) in parts.items():
        if kind in scope:
            said[name] = [value.model_dump(mode="json", exclude_none=True) for value in values]
    return _json(said)


def release_json(facts: PacketFacts) -> bytes:
    """The consent this rests on, as recorded; its event is in ``events.jsonl``."""
    release = facts.release
    fields = release.model_dump(mode="json", exclude_none=True)
    return _json({**fields, "signed_on": release.effective_on.isoformat(), "signed_by": facts.signer})


def readme(facts: PacketFacts) -> bytes:
    """What somebody reads first."""
    document = facts.scope.document
    sent = ", ".join(kind.value.replace("_", " ") for kind in facts.scope.sends)
    withheld = sum(len(log.withheld) for log in facts.logs)
    lines = [
        f"Transfer packet for {facts.recipient.recipient}",
        "",
        f"About        {facts.student_name}, born {day_in_words(facts.personal.birth_date)}",
        f"From         {facts.district}",
        f"Made on      {day_in_words(facts.made_on)}",
        f"Purpose      {facts.purpose.value.replace('_', ' ')}",
        f"Holds        {sent}",
        f"Consent      signed by {facts.signer} on {day_in_words(facts.release.effective_on)}",
        "",
        fill(facts.label, WIDTH),
        "",
        f"The plan is shown as it was in force on {day_in_words(document.effective_on)}.",
        "",
        fill(REDISCLOSURE, WIDTH),
        "",
        "What is here",
        "  plan.pdf       the plan to read and to print",
        "  packet.json    the same as data, with what was left out and why",
        "  release.json   the consent it rests on",
        "  events.jsonl   the entries of the district's logs behind it, one a line, with the contents that were released",
        "  proofs/        for each of them a proof of its place in the log (C2SP tlog-proof)",
        "  keys.txt       the keys to check with",
        "  manifest.json  the SHA-256 of every file",
        "",
        "What is not here, and why",
        *(f"  {left.what.value.replace('_', ' ')}: {left.reason}" for left in facts.scope.left_out),
        f"  {withheld} entries of the student in the district's logs: packet.json names each with its reason.",
        "",
        "How to check it",
        "  With Handrail, on a machine with no network and no database:",
        "      handrail verify THIS-FILE.zip --keys KEYS-YOU-TRUST.txt",
        "  By hand, or with other programs:",
        "  1. The SHA-256 of each file must be the one in manifest.json.",
        "  2. For each line of events.jsonl with contents: SHA-256 of the bytes 48 52 01, the salt (from hex) and the text",
        "     of `contents` must be the `digest` inside `entry`.",
        "  3. For each log in packet.json: the lines here and the entries named as withheld add up to `nth`.",
        "  4. SHA-256 of the byte 00 and the text of `entry` leads, with the hashes of its file in proofs/, to the",
        "     root in the checkpoint at the end of that file (RFC 9162, 2.1.3.2), signed by the log's key and the cosigner's.",
        "  A key proves nothing by itself: take the keys from the district, not from this file.",
        f"  Whoever wants to know that this is the packet the district made asks it for packet {facts.packet}.",
    ]
    return ("\n".join(lines) + "\n").encode()


def printed(facts: PacketFacts, draw: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """What the PDF shows: words, and the pictures that ``draw`` makes of the goals."""
    document = facts.scope.document
    return {
        "title": facts.title,
        "student": facts.student_name,
        "label": facts.label,
        "redisclosure": REDISCLOSURE,
        "facts": [
            ["Student", f"{facts.student_name}, born {day_in_words(facts.personal.birth_date)}"],
            ["From", facts.district],
            ["For", facts.recipient.recipient],
            ["Purpose", facts.purpose.value.replace("_", " ")],
            ["In force", f"as on {day_in_words(document.effective_on)}"],
            ["First day of this plan", day_in_words(document.adopted_on) if document.adopted_on else "not known"],
            ["Version", str(document.version)],
            ["Made on", day_in_words(facts.made_on)],
            ["Consent", f"signed by {facts.signer} on {day_in_words(facts.release.effective_on)}"],
            ["Packet", str(facts.packet)],
        ],
        "items": [
            {
                "title": _capital(item_in_words(entry.item)),
                "since": day_in_words(entry.since),
                "event": str(entry.changed_by),
                "corrected": entry.corrected_by is not None,
                "reported": entry.reported is not None,
                "fields": item_lines(entry.item),
            }
            for entry in document.items
        ],
        "statements": [
            {"on": day_in_words(statement.made_on), "text": statement.text,
             "by": facts.names.get(str(statement.holder_id), "a rights holder")}
            for statement in document.statements
        ],
        "goals": [
            shown(goal) | {"item": str(goal.item.id),
                           "picture": draw(picture(goal)) if goal.enough_for_a_picture else None}
            for goal in facts.goals
        ],
        "left_out": [[_capital(left.what.value.replace("_", " ")), left.reason] for left in facts.scope.left_out],
        "date": facts.made_on.isoformat(),
    }  # fmt: skip


def item_lines(item: BaseItem) -> list[list[str]]:
    """An item's fields as label and value, in words; ids and the kind are left to the data."""
    fields = item_fields(item)
    kind = fields["kind"]
    hidden = {"id", "kind", "external_id", "goal", "present_levels"}
    return [
        [_capital(field_label(name)), value_in_words(kind, name, value)]
        for name, value in fields.items()
        if name not in hidden
    ] or [[_capital(kind_label(kind)), "nothing more is said"]]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
