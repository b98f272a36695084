"""Issuing a transfer packet: the lawful ground first, then what may be in it, then the packet, then its events."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from audit_service.application.evidence import Copy, opened_events
from audit_service.application.packet_pdf import plan_pdf
from audit_service.application.proofs import cosigned_notes, proofs_of, verifier_keys
from audit_service.application.service import AuditService
from audit_service.domain.disclosed import Disclosed, evolve
from audit_service.domain.disclosure import Disclosure, record_rights, release_for
from audit_service.domain.goals_shown import goals_to_send
from audit_service.domain.notice_standing import notices_on
from audit_service.domain.packet import KEYS, OpenedEntry, keys_text, make_packet
from audit_service.domain.packet_scope import Scope, of_kinds, plan_to_send, scope_of, withheld_because
from audit_service.domain.packet_text import PacketFacts, packet_json, printed, readme, release_json
from audit_service.domain.replay import delivery_on, results_on
from contracts.audit import (
    DisclosurePersonalData,
    DisclosureRecorded,
    LogExtent,
    PacketIssued,
    RecipientPersonalData,
    WithheldEntry,
)
from contracts.event import Event, EventClass
from contracts.fields import ExternalId
from contracts.log.checkpoint import Checkpoint
from contracts.plan_document import history_of, versions
from contracts.problems import NotFound
from contracts.vocabulary import AccessGround, RecordKind, ReleasePurpose, ServiceName
from runtime.append_request import Answer, Appended, Change, Claim, Context
from runtime.drawing import drawn
from runtime.roles import SERVICES
from runtime.stream_model import Model, Resource

MEDIA_TYPE = "application/zip"


@dataclass(frozen=True, slots=True)
class IssuePacket:
    """Somebody asks for a packet."""

    packet: UUID
    disclosure: UUID
    student: UUID
    plan: UUID
    purpose: ReleasePurpose
    recipient: RecipientPersonalData
    release: UUID | None
    leave_out: Mapping[RecordKind, str]
    on: date
    external_id: ExternalId | None = None


def _resources(state: Disclosed, event: Event) -> list[Resource]:
    if isinstance(event, PacketIssued):
        document = event.model_dump(
            mode="json", exclude_none=True, exclude={"packet_id", "student_id", "plan_id", "logs"}
        )
        logs = [log.model_dump(mode="json") | {"withheld": len(log.withheld)} for log in event.logs]
        recipient = document.pop("personal")
        shown = {
            "student": str(event.student_id), "plan": str(event.plan_id), "issued_on": event.effective_on.isoformat(),
            "recipient": {"name": recipient.pop("recipient"), **recipient}, **document, "logs": logs,
        }  # fmt: skip
        return [Resource("packet", event.packet_id, shown, event.student_id, event.external_id)]
    if state.disclosure_id is None:  # What was recorded was lawfully destroyed.
        return []
    struck = {"voided": {"reason": state.voided}} if state.voided is not None else {}
    document = state.document | struck
    return [Resource("disclosure", state.disclosure_id, document, state.student_id, state.external_id)]


DISCLOSURE: Model[Disclosed] = Model("disclosure", "2", Disclosed(), evolve, _resources)
"""``disclosure/{id}``: one disclosure, with the packet that carried it."""


async def issue_packet(
    command: IssuePacket, context: Context, service: AuditService, *, claims: Sequence[Claim] = (),
    answer: Answer | None = None,
) -> Appended:  # fmt: skip
    """Make the packet, keep it, and record that it was issued and disclosed; durable on return.

    Raises `ReleaseRequired`, `NothingToSend`, `NotFound` for a plan that is not this student's, and `NotCosigned` while an entry
    of the student is not cosigned. A crash before the events leaves at most a sealed document that no event names.
    """
    evidence, store, vault = service.evidence, service.store, service.vault
    copies = await evidence.of_student(context.tenant, command.student)
    known = opened_events(copies)
    rights = record_rights(known)
    history = history_of(entry for entry in known if entry.stream == f"plan/{command.plan}")
    if rights.personal is None or not history.entries:
        raise NotFound("There is no such plan of this student here.")
    disclosure = Disclosure(
        command.student, command.release, command.purpose, command.recipient.recipient, command.on
    )
    release = release_for(disclosure, rights)
    scope = scope_of(plan_to_send(history, command.on), release, command.leave_out)
    # Also what is withheld is counted: the checkpoint has to hold it.
    notes = await cosigned_notes(service, context.tenant, copies)
    sizes = {source: Checkpoint.parse(note.text).size for source, note in notes.items()}
    logs, sent = _slice(copies, sizes, scope)
    proofs = await proofs_of(service, context.tenant, sent, notes)
    keys = await verifier_keys(service, context.tenant)
    holders = {str(release.holder_id), *(str(statement.holder_id) for statement in scope.document.statements)}
    released = of_kinds(known, scope)
    facts = PacketFacts(
        command.packet, command.disclosure, command.on, (await evidence.district(context.tenant)).name, command.student,
        rights.personal, command.purpose, command.recipient, scope, release, logs, versions(history),
        notices_on(released, command.on), delivery_on(released, command.on), results_on(released, command.on),
        await evidence.names(context.tenant, holders),
        goals_to_send(history, released, scope),
    )  # fmt: skip
    content = await asyncio.to_thread(_packet, facts, sent, proofs, keys)
    document = await vault.keep(context.tenant, command.student, content, MEDIA_TYPE, EventClass.PROOF)
    plan = scope.document
    assert plan.known_at is not None
    events = [
        PacketIssued(
            effective_on=command.on, packet_id=command.packet, student_id=command.student, plan_id=command.plan,
            purpose=command.purpose, personal=command.recipient, ground=AccessGround.CONSENT,
            release_id=release.release_id, external_id=command.external_id,
            plan_as_of_on=plan.effective_on, plan_known_at=plan.known_at, items=scope.sends,
            left_out=scope.left_out, document=document, logs=tuple(logs),
        ),
        DisclosureRecorded(
            effective_on=command.on, disclosure_id=command.disclosure, student_id=command.student,
            packet_id=command.packet, personal=DisclosurePersonalData(**dict(command.recipient)),
            purpose=command.purpose, ground=AccessGround.CONSENT,
            release_id=release.release_id, items=scope.sends, document=document,
        ),
    ]  # fmt: skip
    loaded = await store.load(context.tenant, DISCLOSURE, command.disclosure)
    return await store.append(
        context, [Change(loaded, command.student, events)], claims=claims, answer=answer
    )


def _packet(
    facts: PacketFacts, sent: Sequence[Copy], proofs: Mapping[str, bytes], keys: Sequence[str]
) -> bytes:
    opened = [OpenedEntry(c.source, c.index, c.entry_bytes, c.salt, c.plain) for c in sent]
    return make_packet(
        {
            "README.txt": readme(facts),
            "packet.json": packet_json(facts),
            "plan.pdf": plan_pdf(printed(facts, drawn)),
            "release.json": release_json(facts),
            "events.jsonl": b"".join(entry.line() for entry in opened),
            KEYS: keys_text(keys),
            **proofs,
        }
    )


def _slice(
    copies: Sequence[Copy], sizes: Mapping[str, int], scope: Scope
) -> tuple[list[LogExtent], list[Copy]]:
    """The entries that go in, and per log the ones that stay out, each with its reason."""
    sent: list[Copy] = []
    withheld: dict[str, list[WithheldEntry]] = {}
    for copy in copies:
        entry = copy.entry
        why = withheld_because(entry.type, entry.stream, copy.recorded, scope)
        if why is None:
            sent.append(copy)
        else:
            withheld.setdefault(copy.source, []).append(WithheldEntry(event_id=entry.id, reason=why))
    counted = {copy.source: sum(1 for each in copies if each.source == copy.source) for copy in copies}
    logs = [
        LogExtent(service=ServiceName(source), size=sizes.get(source, 0), nth=counted.get(source, 0),
                  withheld=tuple(withheld.get(source, ())))
        for source in SERVICES
    ]  # fmt: skip
    return logs, sent
