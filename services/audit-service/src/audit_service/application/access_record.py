"""The record of access, from the events in which every service tells who looked, and from disclosures."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import column, select, table

from audit_service.application.evidence import Copy, Evidence, opened_events
from audit_service.domain.moment import Moment
from audit_service.domain.timeline import who
from audit_service.domain.unusual_access import Around, around, by_staff, unusual_access
from contracts import streams
from contracts.audit import DisclosureRecorded, DisclosureVoided, ExportMade
from contracts.canonical import instant
from contracts.event import Event, Recorded
from contracts.plain_words import day_in_words
from contracts.store import AccessRecorded
from contracts.vocabulary import AccessGround, Channel, ReleasePurpose
from runtime import sight
from runtime.auth import Principal
from runtime.scopes import VENDOR
from runtime.tagged_pdf import tagged_pdf

_STUDENTS = table("students", column("tenant"), column("student"))
_DISCLOSURES = ("disclosure.recorded", "disclosure.voided")
TYPES = ("access.recorded", *_DISCLOSURES, "export.made")
_AROUND = (
    "plan.student_assigned",
    "plan.assignment_ended",
    "plan.student_enrolled",
    "plan.student_withdrawn",
)
_TEMPLATE = Path(__file__).with_name("access_record.typ")
MOST_ON_PAPER = 20_000

GROUNDS = {
    AccessGround.OWN_RECORD: "your own right to see it",
    AccessGround.SCHOOL_OFFICIAL: "works for the school and needs it for that work",
    AccessGround.CONTRACTED_PARTY: "does work for the school under its control",
    AccessGround.CONSENT: "signed consent",
    AccessGround.SCHOOL_OF_ENROLLMENT: "the school where the student enrolls",
    AccessGround.AUDIT_OR_EVALUATION: "audit or evaluation of programs",
    AccessGround.PARENT_OF_DEPENDENT_STUDENT: "parent of a student who depends on them for tax",
    AccessGround.ORDER_OR_SUBPOENA: "court order or subpoena",
    AccessGround.HEALTH_OR_SAFETY_EMERGENCY: "emergency of health or safety",
}
"""The lawful grounds in words that a family can follow."""


async def accesses(evidence: Evidence, tenant: str, copies: Sequence[Copy]) -> list[dict[str, Any]]:
    """Each look, disclosure and export of these entries, with the names of who looked, and what stands out about it."""
    events = opened_events(copies)
    parties = {read.party.id for e in events if isinstance(e.event, AccessRecorded) for read in e.event.reads}
    names = await evidence.names(tenant, parties | {entry.actor.id for entry in events})
    zone = ZoneInfo((await evidence.district(tenant)).time_zone)
    known = await _around(evidence, tenant, events, parties)
    given = await _disclosures(evidence, tenant, events)
    return [told for entry in events for told in _told(entry, names, known, zone, given)]


@dataclass(frozen=True, slots=True)
class _Given:
    """The student's disclosures by id, and why some were struck out."""

    recorded: dict[UUID, DisclosureRecorded] = field(default_factory=dict)
    voided: dict[UUID, str] = field(default_factory=dict)


async def _disclosures(evidence: Evidence, tenant: str, events: Sequence[Recorded[Event]]) -> _Given:
    if not any(entry.type in _DISCLOSURES for entry in events):
        return _Given()
    copies = await evidence.of_student(tenant, events[0].subject, types=_DISCLOSURES)
    theirs = [entry.event for entry in opened_events(copies)]
    return _Given(
        {event.disclosure_id: event for event in theirs if isinstance(event, DisclosureRecorded)},
        {
            event.disclosure_id: event.personal.reason
            for event in theirs
            if isinstance(event, DisclosureVoided)
        },
    )


async def in_sight(evidence: Evidence, who: Principal) -> list[UUID] | None:
    """The students one may see; ``None``: every student of the district."""
    async with evidence.database.read(who.tenant) as rows:
        reach = await sight.reach(rows, who)
        if reach is None or reach.everybody:
            return None
        s = _STUDENTS.c
        asked = select(s.student).where(s.tenant == who.tenant, sight.visible(reach, who.tenant, s.student))
        return list((await rows.scalars(asked)).all())


async def unusual_looks(evidence: Evidence, tenant: str, copies: Sequence[Copy]) -> list[dict[str, Any]]:
    """Of these looks, student by student, those that stand out, each with its student."""
    found = []
    for student, theirs in groupby(copies, key=lambda copy: copy.entry.subject):
        told = await accesses(evidence, tenant, list(theirs))
        found += [{"student": str(student), **each} for each in told if "unusual" in each]
    return found


async def _around(
    evidence: Evidence, tenant: str, events: Sequence[Recorded[Event]], parties: set[str]
) -> Around:
    """What is known of the student's people and schools, and of those who looked."""
    if not events:
        return Around()
    copies = await evidence.of_student(tenant, events[0].subject, types=_AROUND)
    everything = Moment(date.max)
    for party in sorted(parties):
        try:
            copies += await evidence.of_stream(tenant, streams.staff(UUID(party)), everything)
        except ValueError:  # A client: not by a random id.
            continue
    return around(opened_events(copies))


def _told(
    entry: Recorded[Event], names: dict[str, str], known: Around, zone: ZoneInfo, given: _Given
) -> Iterator[dict[str, Any]]:
    where = {"source": entry.source, "event_id": str(entry.id)}
    match entry.event:
        case AccessRecorded() as record:
            for read in record.reads:
                party = who(read.party.model_dump(), names).model_dump(exclude_none=True)
                parts = sorted({seen.kind for seen in read.what})
                on = read.at.astimezone(zone).date()
                unusual = unusual_access(read.party, on, known) if by_staff(read) else None
                yield {
                    "what": "seen", "at": instant(read.at), "who": party, "purpose": read.purpose,
                    "ground": read.ground.value, "parts": parts, "count": read.count, **where,
                    **({"unusual": {"code": unusual.code, "message": unusual.message, "citation": unusual.citation}}
                       if unusual else {}),
                }  # fmt: skip
        case DisclosureRecorded() as disclosure:
            yield {
                "what": "disclosed", "at": entry.effective_on.isoformat(), "who": _by(entry, names),
                **_given(disclosure, given), **where,
            }  # fmt: skip
        case DisclosureVoided() as struck:
            was = given.recorded.get(struck.disclosure_id)
            if was is not None:
                day = entry.recorded_at.astimezone(zone).date()
                yield {
                    "what": "voided", "at": day.isoformat(), "who": _by(entry, names), **_given(was, given), **where
                }  # fmt: skip
        case ExportMade() as made:
            ours = entry.actor.role != VENDOR
            ground = AccessGround.SCHOOL_OFFICIAL if ours else AccessGround.CONTRACTED_PARTY
            yield {
                "what": "exported", "at": entry.effective_on.isoformat(),
                "who": _by(entry, names), "purpose": made.purpose,
                "ground": ground.value, "parts": ["whole_record"], "export": str(made.export_id), **where,
            }  # fmt: skip


def _by(entry: Recorded[Event], names: dict[str, str]) -> dict[str, Any]:
    return who(entry.actor.model_dump(), names).model_dump(exclude_none=True)


def _given(disclosure: DisclosureRecorded, given: _Given) -> dict[str, Any]:
    """What a disclosure says, and whether it was struck out."""
    said = {
        "disclosure": str(disclosure.disclosure_id), "recipient": disclosure.personal.recipient,
        "purpose": disclosure.purpose.value, "interest": disclosure.personal.interest, "ground": disclosure.ground.value,
        "parts": [kind.value for kind in disclosure.items], "reported": disclosure.reported is not None,
        "packet": str(disclosure.packet_id) if disclosure.packet_id else None,
        "channel": disclosure.channel.value if disclosure.channel else None,
        "voided": given.voided.get(disclosure.disclosure_id),
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


async def on_paper(evidence: Evidence, tenant: str, student: UUID) -> bytes:
    """The whole record for a family: a tagged PDF in plain words, oldest first."""
    copies = await evidence.of_student(tenant, student, types=TYPES, limit=MOST_ON_PAPER)
    items = await accesses(evidence, tenant, copies)
    names = await evidence.names(tenant, {str(student)})
    district, now = await evidence.district(tenant), await evidence.now(tenant)
    text = json.dumps(
        _printed(items, names.get(str(student), "a student"), district.name, now), ensure_ascii=False
    )
    return await asyncio.to_thread(
        tagged_pdf, _TEMPLATE.read_bytes(), text, now.astimezone(UTC).replace(microsecond=0)
    )


def _printed(items: Sequence[dict[str, Any]], name: str, district: str, now: datetime) -> dict[str, Any]:
    return {
        "title": f"Who has seen the record of {name}",
        "district": district,
        "intro": [
            f"{district} keeps this list of everybody who has seen or received the education record of {name}. "
            "You have the right to see it (34 CFR 99.32 and 300.614).",
            f"It says what was recorded by {day_in_words(now.date())}. Looks of the last minute may still be missing.",
        ],
        "columns": ["When", "Who", "What they saw or got", "What for", "Why they may"],
        "rows": [row_on_paper(item, now) for item in items],
        "end": ["If something here surprises you, ask the school: it must answer."],
    }


def row_on_paper(item: dict[str, Any], now: datetime) -> list[str]:
    """One entry as the family reads it: when, who, what they saw or got, what for, why they may."""
    person = item["who"]
    name = person.get("name") or ("a program" if person["role"] in ("vendor", "operator") else "somebody")
    seen = item["what"] == "seen"
    if seen:
        at = datetime.fromisoformat(item["at"]).astimezone(now.tzinfo)
        when = f"{day_in_words(at.date())}, {at:%H:%M}"
        who_ = f"{name} ({_words(person['role'])})"
    else:
        when = day_in_words(date.fromisoformat(item["at"]))
        who_ = f"{_verb(item)} by {name}"
    times = f", {item['count']} times" if item.get("count", 1) > 1 else ""
    parts = ", ".join(_words(part) for part in item["parts"])
    return [when, who_, parts + times, _what_for(item), GROUNDS[AccessGround(item["ground"])]]


def _verb(item: dict[str, Any]) -> str:
    if "recipient" not in item:
        return "exported as evidence"
    sent = "given" if item.get("channel") == Channel.HANDED_OVER else "sent"
    to = f"{sent} to {item['recipient']},"
    if item["what"] == "voided":
        return f"struck out, entered by mistake: {to} reason: {item['voided']},"
    return f"{to} struck out since," if "voided" in item else to


def _what_for(item: dict[str, Any]) -> str:
    """In the words that were given; beside them the purpose, where it says anything."""
    said = item.get("interest")
    if said is None:
        return _words(item["purpose"])
    return said if item["purpose"] == ReleasePurpose.OTHER else f"{_words(item['purpose'])}: {said}"


def _words(code: str) -> str:
    return code.replace("_", " ")
