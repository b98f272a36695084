"""The consumer ``owed``: what plan-service decided, and who must therefore be given notice.

Each notice's id follows from the event and the holder, and its first event commits with the consumer's position: the
same proposal read again, by whatever accident, makes nothing owed twice.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from contracts.district import DistrictProfileSet
from contracts.event import Event, Recorded
from contracts.fields import AmendmentId, EventId, PlanId
from contracts.lanes import lane_of
from contracts.notify import NoticeOwed
from contracts.plan import AmendmentProposed, AmendmentWithdrawn
from contracts.plan_document import in_force
from contracts.students import (
    ContactChanged,
    ContactProposed,
    RightsHolderConfirmed,
    RightsHolderEnded,
    StudentChanged,
    StudentRegistered,
)
from contracts.vocabulary import NoticeKind, PlanKind
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.projections.known import KNOWN_FACTS
from notify_service.application.notices import NOTICE, PREFERENCES
from notify_service.domain.recipients import Recipient, owed_to
from runtime.consumer import Consumer, Unit
from runtime.database import driver
from runtime.event_store import Change

WAKES: tuple[type[Event], ...] = (
    StudentRegistered, StudentChanged, ContactProposed, ContactChanged, RightsHolderConfirmed, RightsHolderEnded,
    DistrictProfileSet,
)  # fmt: skip
"""What may unblock a notice that waits."""
REPORTED = "proposal-was-reported"
"""It had happened already: a person says whether notice was given on paper or is to go out now."""


PATIENCE_SECONDS = 5.0
_FOLLOWING = "SELECT next FROM notify_read.positions WHERE consumer = $1 AND source = $2 AND lane = $3"
_PARKED = "SELECT EXISTS (SELECT FROM notify.parked WHERE consumer = $1 AND tenant = $2 AND subject = $3)"


class NotKnownYet(Exception):
    """The projection beside this consumer has not come as far; tried again in a moment."""


class PeopleParked(LookupError):
    """What is known of this student's people stands still: their notices wait with them."""


def notice_id_for(caused_by: EventId, holder: UUID) -> UUID:
    """The one notice to this holder of this event."""
    return uuid5(caused_by, str(holder))


def owed_consumer(wake: Callable[[], None]) -> Consumer:
    """``wake`` tells a sender in this process that there may be work."""

    async def handle(recorded: Recorded[Event], unit: Unit) -> None:
        await _known_first(recorded, unit)
        match recorded.event:
            case AmendmentProposed() as proposed:
                await _owe(
                    unit,
                    owed_to(await known_facts.recipients_of(unit.rows, recorded.tenant, recorded.subject), recorded.effective_on),
                    Proposal(recorded.id, proposed.plan_id, proposed.amendment_id, recorded.effective_on,
                             proposed.reported is not None),
                )  # fmt: skip
            case AmendmentWithdrawn() as withdrawn:
                await outbox.lapse(unit.rows, recorded.tenant, withdrawn.amendment_id, "amendment-withdrawn")
            case RightsHolderConfirmed() as confirmed:
                await _owe_pending(unit, confirmed.holder_id)
        if isinstance(recorded.event, WAKES):
            everybody = isinstance(recorded.event, DistrictProfileSet)
            now = await known_facts.now_of(unit.rows, recorded.tenant)
            await outbox.look_again(
                unit.rows, recorded.tenant, now, student=None if everybody else recorded.subject
            )
        wake()

    heeded: tuple[type[Event], ...] = (AmendmentProposed, AmendmentWithdrawn, *WAKES)
    types = frozenset(each.type for each in heeded)
    return Consumer("owed", ("plan",), handle=handle, types=types)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What notice is owed of."""

    event_id: EventId
    plan: PlanId
    amendment: AmendmentId
    on: date
    reported: bool


async def _known_first(recorded: Recorded[Event], unit: Unit) -> None:
    """Wait until what this event rests on is in the read model: the projection reads the same lane beside us."""
    connection = await driver(unit.rows)
    lane = lane_of(recorded.tenant, recorded.subject)
    pause, waited = 0.002, 0.0
    # Each look is a statement of its own, and sees what the projection has committed since.
    while (await connection.fetchval(_FOLLOWING, KNOWN_FACTS.name, recorded.source, lane) or 0) <= _position(
        recorded
    ):
        if waited > PATIENCE_SECONDS:
            raise NotKnownYet
        await asyncio.sleep(pause)
        waited += pause
        pause = min(pause * 1.5, 0.05)
    if await connection.fetchval(_PARKED, KNOWN_FACTS.name, recorded.tenant, recorded.subject):
        raise PeopleParked("what is known of this student is parked")


def _position(recorded: Recorded[Event]) -> int:
    if recorded.position is None:
        raise ValueError("an event that was delivered has a position")
    return recorded.position


async def _owe(unit: Unit, recipients: Iterable[Recipient], proposal: Proposal) -> None:
    recorded = unit.recorded
    tenant, student = recorded.tenant, recorded.subject
    kind = await _kind(unit, proposal)
    for person in recipients:
        notice_id = notice_id_for(proposal.event_id, person.holder_id)
        loaded = await unit.load(NOTICE, notice_id)
        if loaded.version:
            continue
        preferences = (await unit.load(PREFERENCES, person.holder_id)).state
        preference = preferences.on(student, await known_facts.today_in(unit.rows, tenant))
        owed = NoticeOwed(
            effective_on=proposal.on, notice_id=notice_id, student_id=student, kind=kind, holder_id=person.holder_id,
            plan_id=proposal.plan, amendment_id=proposal.amendment, caused_by=proposal.event_id,
            language=preference.language if preference else person.language,
        )  # fmt: skip
        appended = await unit.append(Change(loaded, student, [owed]))
        now = await known_facts.now_of(unit.rows, tenant)
        await outbox.put(
            unit.rows, tenant, notice_id, student=student, holder=person.holder_id, amendment=proposal.amendment,
            correlation=recorded.correlation, caused_by=appended.events[-1].id,
            due_at=None if proposal.reported else now, state="blocked" if proposal.reported else "to_prepare",
            reasons=[REPORTED] if proposal.reported else [],
        )  # fmt: skip


async def _owe_pending(unit: Unit, holder: UUID) -> None:
    """Somebody confirmed while an amendment waits must be told of it too."""
    recorded = unit.recorded
    tenant = recorded.tenant
    person = await known_facts.recipient(unit.rows, tenant, recorded.subject, holder)
    today = await known_facts.today_in(unit.rows, tenant)
    if person is None:
        return
    for plan in await known_facts.plans_of_student(unit.rows, tenant, recorded.subject):
        history = await known_facts.plan_history(unit.rows, tenant, plan, before=_position(recorded))
        document = in_force(history, today)
        for pending in document.pending if document else ():
            proposed = next(entry.event for entry in history.entries if entry.id == pending.event_id)
            reported = isinstance(proposed, AmendmentProposed) and proposed.reported is not None
            on = max(pending.proposed_on, today)
            proposal = Proposal(pending.event_id, plan, pending.amendment_id, on, reported)
            await _owe(unit, owed_to([person], on), proposal)


async def _kind(unit: Unit, proposal: Proposal) -> NoticeKind:
    history = await known_facts.plan_history(unit.rows, unit.recorded.tenant, proposal.plan)
    document = in_force(history, proposal.on)
    is_504 = document is not None and document.kind is PlanKind.SECTION_504
    return NoticeKind.SECTION_504_NOTICE if is_504 else NoticeKind.PRIOR_WRITTEN_NOTICE
