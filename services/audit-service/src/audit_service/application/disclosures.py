"""Recording what somebody gave out by hand: who holds which rights looked up, the rule asked, the event appended."""

from collections.abc import Sequence
from uuid import UUID

from audit_service.application.evidence import opened_events
from audit_service.application.packets import DISCLOSURE
from audit_service.application.service import AuditService
from audit_service.domain.disclosed import void_disclosure
from audit_service.domain.disclosing import RecordDisclosure, record_disclosure
from audit_service.domain.disclosure import record_rights
from runtime.append_request import Answer, Appended, Change, Claim, Context

_RIGHTS = (
    "plan.student_registered", "plan.student_changed", "plan.rights_holder_confirmed", "plan.rights_holder_ended",
    "plan.release_signed", "plan.release_revoked",
)  # fmt: skip


async def disclose(
    command: RecordDisclosure, context: Context, service: AuditService, *, claims: Sequence[Claim] = (),
    answer: Answer | None = None,
) -> Appended:  # fmt: skip
    """Record the disclosure; durable on return. Raises `DisclosureRefused` with every reason, `Invalid` for what cannot be."""
    known = await service.evidence.of_student(context.tenant, command.student, types=_RIGHTS)
    events = record_disclosure(command, record_rights(opened_events(known)))
    loaded = await service.store.load(context.tenant, DISCLOSURE, command.disclosure)
    return await service.store.append(
        context, [Change(loaded, command.student, events)], claims=claims, answer=answer
    )


async def void(
    disclosure: UUID,
    student: UUID,
    reason: str,
    context: Context,
    service: AuditService,
    answer: Answer | None = None,
) -> Appended:
    """Strike a disclosure by hand through; durable on return, once more changes nothing. Raises `PacketWentOut`."""
    loaded = await service.store.load(context.tenant, DISCLOSURE, disclosure)
    events = void_disclosure(loaded.state, reason)
    return await service.store.append(context, [Change(loaded, student, events)], answer=answer)
