"""Which of the staff looked at a student on which day: kept apart from all other looks, so that a finding is made of it.

What is new is noted as a look: its student is judged anew only where no role explains it. What a rebuild or a check replays is
not noted. A vendor's looks, and the same person's second one of a day, change no finding.
"""

from audit_service.adapters.consumers.findings import NOTE
from audit_service.application.judging import Judging
from audit_service.domain.unusual_access import staff_looks
from contracts.event import Event, EventClass, Recorded
from contracts.store import AccessRecorded
from runtime.consumer import Consumer, Unit
from runtime.database import driver
from runtime.erasure import is_erased, rows_of
from runtime.roles import SERVICES

_KEEP = """
    INSERT INTO staff_looks (tenant, student, staff, role, looked_on, source, event_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT DO NOTHING RETURNING NOT EXISTS (
        SELECT FROM audit_read.staff_looks live
         WHERE live.tenant = $1 AND live.student = $2 AND live.staff = $3 AND live.looked_on = $5 AND live.source = $6)"""


def staff_looks_of(judging: Judging) -> Consumer:
    """The consumer of all four services' record of access."""

    async def keep(recorded: Recorded[Event], unit: Unit) -> None:
        if not isinstance(recorded.event, AccessRecorded):
            return
        rows, tenant, student = await driver(unit.rows), recorded.tenant, recorded.subject
        if await is_erased(rows, "audit", recorded):
            return
        new = [
            await rows.fetchval(
                _KEEP, tenant, student, party.id, party.role, recorded.effective_on, recorded.source, recorded.id
            )
            for party in staff_looks(recorded.event)
        ]  # fmt: skip
        if any(new):
            await rows.execute(NOTE, tenant, student, recorded.source, "look", recorded.position)
            judging.wake([tenant])

    return Consumer(
        "staff-looks", SERVICES, keep, projection=True, types=frozenset({AccessRecorded.type}),
        tables=("staff_looks",), erase=rows_of(staff_looks=("student", EventClass.PROOF)),
    )  # fmt: skip
