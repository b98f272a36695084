"""An export of evidence: what stood, every entry with its proof, the keys, and the event that says what was in it."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from audit_service.application.evidence import Copy, opened_events
from audit_service.application.proofs import cosigned_notes, proofs_of, verifier_keys
from audit_service.application.service import AuditService
from audit_service.application.timeline import sentences
from audit_service.domain.disclosure import record_rights
from audit_service.domain.export_text import (
    ExportFacts,
    certification,
    export_json,
    printed,
    readme,
    timeline_json,
)
from audit_service.domain.moment import basis_of
from audit_service.domain.offline import EXPORT_FORMAT
from audit_service.domain.offline_fold import read_wholly
from audit_service.domain.packet import KEYS, OpenedEntry, keys_text, make_packet
from audit_service.domain.replay import replay
from contracts import streams
from contracts.audit import ExportMade, LogExtent, WithheldEntry
from contracts.event import Event, EventClass
from contracts.fields import ExternalId
from contracts.log.checkpoint import Checkpoint
from contracts.vocabulary import ServiceName
from runtime.append_request import Answer, Appended, Change, Claim, Context
from runtime.roles import SERVICES
from runtime.stream_model import Model, Resource
from runtime.tagged_pdf import tagged_pdf

MEDIA_TYPE = "application/zip"
_TEMPLATE = Path(__file__).with_name("export.typ")


@dataclass(frozen=True, slots=True)
class MakeExport:
    """Somebody asks for the evidence of a student, whole or as of one question."""

    export: UUID
    student: UUID
    as_of_on: date | None
    as_known_at: datetime
    purpose: str
    today: date
    made_at: datetime
    external_id: ExternalId | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """The state of an export's stream: nothing is decided about it."""

    events: int = 0


def _shown(_state: Exported, event: Event) -> list[Resource]:
    if not isinstance(event, ExportMade):
        return []
    document = event.model_dump(mode="json", exclude_none=True, exclude={"export_id", "student_id", "logs"})
    logs = [log.model_dump(mode="json") | {"withheld": len(log.withheld)} for log in event.logs]
    shown = {
        "student": str(event.student_id),
        "made_on": event.effective_on.isoformat(),
        **document,
        "logs": logs,
    }
    return [Resource("export", event.export_id, shown, event.student_id, event.external_id)]


def _one_more(state: Exported, _event: Event) -> Exported:
    return Exported(state.events + 1)


EXPORT: Model[Exported] = Model("export", "1", Exported(), _one_more, _shown)
"""``export/{id}``: one export."""


async def make_export(
    command: MakeExport, context: Context, service: AuditService, *, claims: Sequence[Claim] = (),
    answer: Answer | None = None,
) -> Appended:  # fmt: skip
    """Make the export, keep it sealed, and record it; durable on return.

    Raises `NotFound` for a student of whom nothing was known then, `NotCosigned` while an entry is not cosigned. A crash before
    the event leaves at most a sealed document that no event names.
    """
    tenant, evidence = context.tenant, service.evidence
    await evidence.must_be_known(tenant, command.student)
    copies = await evidence.of_student(tenant, command.student, known_at=command.as_known_at)
    notes = await cosigned_notes(service, tenant, copies)
    proofs = await proofs_of(service, tenant, copies, notes)
    checkpoints = {source: Checkpoint.parse(note.text) for source, note in notes.items()}
    known = opened_events(copies)
    closed = tuple(copy.entry.id for copy in copies if copy.recorded is None)
    day = command.as_of_on or command.today
    answered = replay(command.student, known, day, closed).model_copy(update={"basis": basis_of(copies)})
    facts = ExportFacts(
        command.export, command.made_at, (await evidence.district(tenant)).name, command.student,
        record_rights(known).personal, command.purpose, command.as_of_on, command.as_known_at, answered,
        await sentences(evidence, tenant, copies), _extents(copies, checkpoints), checkpoints,
        await verifier_keys(service, tenant), [copy.entry.id for copy in copies if not _read_wholly(copy)],
    )  # fmt: skip
    content = await asyncio.to_thread(_zip, facts, copies, proofs)
    document = await service.vault.keep(tenant, command.student, content, MEDIA_TYPE, EventClass.PROOF)
    made = ExportMade(
        effective_on=command.today, export_id=command.export, student_id=command.student, as_of_on=command.as_of_on,
        as_known_at=command.as_known_at, purpose=command.purpose, external_id=command.external_id, document=document,
        logs=tuple(facts.logs),
    )  # fmt: skip
    loaded = await service.store.load(tenant, EXPORT, command.export)
    assert loaded.stream == streams.export(command.export)
    return await service.store.append(
        context, [Change(loaded, command.student, [made])], claims=claims, answer=answer
    )


def _read_wholly(copy: Copy) -> bool:
    """Whether all that the contents say was read; without contents nothing was left unread."""
    entry = copy.entry
    day = date.fromisoformat(entry.effective_on)
    return copy.plain is None or read_wholly(entry.type, entry.schema, copy.plain, day)


def _extents(copies: Sequence[Copy], checkpoints: dict[str, Checkpoint]) -> list[LogExtent]:
    withheld: dict[str, list[WithheldEntry]] = {}
    counted = dict.fromkeys(SERVICES, 0)
    for copy in copies:
        counted[copy.source] += 1
        if copy.plain is None:
            why = copy.closed or "unknown"
            withheld.setdefault(copy.source, []).append(WithheldEntry(event_id=copy.entry.id, reason=why))
    return [
        LogExtent(service=ServiceName(source), size=checkpoints[source].size if source in checkpoints else 0,
                  nth=counted[source], withheld=tuple(withheld.get(source, ())))
        for source in SERVICES
    ]  # fmt: skip


def _zip(facts: ExportFacts, copies: Sequence[Copy], proofs: dict[str, bytes]) -> bytes:
    lines = [
        OpenedEntry(copy.source, copy.index, copy.entry_bytes, copy.salt, copy.plain).line()
        for copy in copies
    ]
    files = {
        "README.txt": readme(facts),
        "export.json": export_json(facts),
        "replay.json": facts.replay.to_bytes() + b"\n",
        "timeline.json": timeline_json(facts),
        "report.pdf": tagged_pdf(
            _TEMPLATE.read_bytes(), printed(facts), facts.made_at.replace(microsecond=0)
        ),
        "events.jsonl": b"".join(lines),
        KEYS: keys_text(facts.keys),
        **proofs,
    }
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return make_packet(files | {"CERTIFICATION.txt": certification(facts, digests)}, EXPORT_FORMAT)
