"""The consumer ``owed``: what happened elsewhere, and who must therefore be given notice.

Each notice's id follows from the event and the holder, and its first event commits with the consumer's position: the
same proposal read again, by whatever accident, makes nothing owed twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from contracts.discipline import RemovalDecided
from contracts.disputes import DisputeFiled
from contracts.district import DistrictProfileSet
from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationConsentAsked,
    EvaluationDeclined,
    ReferralReceived,
)
from contracts.event import Event, Recorded
from contracts.lanes import lane_of
from contracts.meetings import HolderPerson, MeetingInvitationRecorded, MeetingScheduled
from contracts.plan import (
    AmendmentProposed,
    AmendmentWithdrawn,
    PlanAdopted,
    PlanCorrected,
    PlanEnded,
    PlanVoided,
)
from contracts.plan_document import in_force
from contracts.progress_reports import ProgressReportIssued
from contracts.records import DestructionRefused, DestructionRequested, FamilyTold
from contracts.requests import RequestAnswered
from contracts.students import (
    ContactChanged,
    ContactProposed,
    RequestMade,
    RightsHolderConfirmed,
    RightsHolderEnded,
    StudentChanged,
    StudentRegistered,
)
from contracts.vocabulary import NoticeKind, NoticeLapse, NoticeOccasion
from notify_service.adapters import known_facts, outbox, unaddressed
from notify_service.adapters.booklets import Stand, owe_of_plan, year_of
from notify_service.adapters.consumers.owing import Cause, lapse_open, lapse_told, owe
from notify_service.adapters.known_for_rules import known_for
from notify_service.adapters.projections.known import KNOWN_FACTS
from notify_service.domain.owing import Known, Obligation, owed_of
from notify_service.domain.recipients import Recipient, is_owed_notice, owed_to
from runtime.consumer import Consumer, Unit
from runtime.database import driver

WAKES: tuple[type[Event], ...] = (
    StudentRegistered, StudentChanged, ContactProposed, ContactChanged, RightsHolderConfirmed, RightsHolderEnded,
    DistrictProfileSet,
)  # fmt: skip
"""What may unblock a notice that waits."""
OWES: tuple[type[Event], ...] = (
    AmendmentProposed, PlanAdopted, PlanEnded, PlanCorrected, PlanVoided, MeetingScheduled, RightsHolderConfirmed,
    ReferralReceived, EvaluationConsentAsked, EvaluationDeclined, EligibilityDetermined, RequestMade, RequestAnswered,
    DisputeFiled, RemovalDecided, ProgressReportIssued,
)  # fmt: skip
"""Of what notice may be owed."""
LAPSES: tuple[type[Event], ...] = (AmendmentWithdrawn, MeetingInvitationRecorded)
"""What makes a notice needless."""

PATIENCE_SECONDS = 5.0
_FOLLOWING = "SELECT next FROM notify_read.positions WHERE consumer = $1 AND source = $2 AND lane = $3"
_PARKED = "SELECT EXISTS (SELECT FROM notify.parked WHERE consumer = $1 AND tenant = $2 AND subject = $3)"

_DESTROYED = "SELECT EXISTS (SELECT FROM notify.erasures WHERE tenant = $1 AND subject = $2)"


class NotKnownYet(Exception):
    """The projection beside this consumer has not come as far; tried again in a moment."""


class PeopleParked(LookupError):
    """What is known of this student's people stands still: their notices wait with them."""


def owed_consumer(wake: Callable[[], None]) -> Consumer:
    """``wake`` tells a sender in this process that there may be work."""

    async def handle(recorded: Recorded[Event], unit: Unit) -> None:
        await _known_first(recorded, unit)
        await _lapse(recorded.event, unit)
        if isinstance(recorded.event, OWES):
            await _owe_all(unit, recorded.event)
        if isinstance(recorded.event, RightsHolderConfirmed):
            await _owe_pending(unit, recorded.event.holder_id)
        if isinstance(recorded.event, RightsHolderConfirmed | PlanAdopted):
            await _owe_booklet_of_year(unit)
        if isinstance(recorded.event, WAKES):
            everybody = isinstance(recorded.event, DistrictProfileSet)
            now = await known_facts.now_of(unit.rows, recorded.tenant)
            await outbox.look_again(
                unit.rows, recorded.tenant, now, student=None if everybody else recorded.subject
            )
        wake()

    types = frozenset(each.type for each in (*OWES, *LAPSES, *WAKES))
    return Consumer("owed", ("plan", "progress"), handle=handle, types=types)


def records_consumer(wake: Callable[[], None]) -> Consumer:
    """What audit-service decides of a record: it stands under the district's own subject, since it outlives the student's."""

    async def handle(recorded: Recorded[Event], unit: Unit) -> None:
        match recorded.event:
            case DestructionRefused() as refused:
                await _owe_of_record(unit, refused)
            case DestructionRequested(told=FamilyTold(notice_id=None)) as asked:
                await lapse_told(unit, asked.student_id, NoticeOccasion.RECORDS_NO_LONGER_NEEDED)
        wake()

    types = frozenset({DestructionRefused.type, DestructionRequested.type})
    return Consumer("owed-of-records", ("audit",), handle=handle, types=types)


async def _owe_of_record(unit: Unit, refused: DestructionRefused) -> None:
    recorded = unit.recorded
    cause = Cause(recorded.id, recorded.effective_on, _position(recorded))
    everybody = await _people_of(unit, refused.student_id)
    if everybody is None:
        return
    for obligation in owed_of(refused, cause.on, Known()):
        await owe(unit, owed_to(everybody, cause.on), obligation, cause, refused.student_id)


async def _people_of(unit: Unit, student: UUID) -> list[Recipient] | None:
    """Who holds rights over a record; nobody only once what plan-service says of the student has come.

    ``None``: the contents are lawfully destroyed since, and nobody is to be told that they could be.
    """
    tenant = unit.recorded.tenant
    everybody: list[Recipient] = []

    async def have_come() -> bool:
        everybody[:] = await known_facts.recipients_of(unit.rows, tenant, student)
        return bool(everybody)

    if await _comes(have_come) or await known_facts.student(unit.rows, tenant, student) is not None:
        return everybody
    if await (await driver(unit.rows)).fetchval(_DESTROYED, tenant, student):
        return None
    # Never parked: it stands under the district's subject, and would hold up what concerns everybody else.
    raise TimeoutError("what is known of this student has not come yet")


async def _known_first(recorded: Recorded[Event], unit: Unit) -> None:
    """Wait until what this event rests on is in the read model: the projection reads the same lane beside us."""
    connection = await driver(unit.rows)
    lane = lane_of(recorded.tenant, recorded.subject)

    async def is_known() -> bool:
        following = await connection.fetchval(_FOLLOWING, KNOWN_FACTS.name, recorded.source, lane)
        return (following or 0) > _position(recorded)

    if not await _comes(is_known):
        raise NotKnownYet
    if await connection.fetchval(_PARKED, KNOWN_FACTS.name, recorded.tenant, recorded.subject):
        raise PeopleParked("what is known of this student is parked")


async def _comes(true: Callable[[], Awaitable[bool]]) -> bool:
    """Whether it comes true within `PATIENCE_SECONDS`; each look is a statement of its own, and sees what is committed since."""
    pause, waited = 0.002, 0.0
    while not await true():
        if waited > PATIENCE_SECONDS:
            return False
        await asyncio.sleep(pause)
        waited += pause
        pause = min(pause * 1.5, 0.05)
    return True


def _position(recorded: Recorded[Event]) -> int:
    if recorded.position is None:
        raise ValueError("an event that was delivered has a position")
    return recorded.position


async def _lapse(event: Event, unit: Unit) -> None:
    match event:
        case AmendmentWithdrawn():
            await lapse_open(unit, NoticeLapse.AMENDMENT_WITHDRAWN, amendment=event.amendment_id)
        case MeetingScheduled():
            await lapse_open(unit, NoticeLapse.MEETING_MOVED, meeting=event.meeting_id)
        case MeetingInvitationRecorded() if isinstance(event.person, HolderPerson):
            await lapse_open(
                unit, NoticeLapse.GIVEN_BY_ANOTHER, meeting=event.meeting_id, holder=event.person.holder_id
            )


async def _owe_all(unit: Unit, event: Event) -> None:
    recorded = unit.recorded
    known = await known_for(
        unit.rows, recorded.tenant, recorded.subject, event, recorded.effective_on, recorded.id
    )
    cause = Cause(recorded.id, recorded.effective_on, _position(recorded))
    everybody = await known_facts.recipients_of(unit.rows, recorded.tenant, recorded.subject)
    for obligation in owed_of(event, recorded.effective_on, known):
        told = await outbox.holders_of(unit.rows, recorded.tenant, obligation.said_by)
        recipients = [each for each in owed_to(everybody, cause.on) if each.holder_id not in told]
        if told and not recipients:
            continue
        await owe(unit, recipients, obligation, cause, recorded.subject)


async def _owe_pending(unit: Unit, holder: UUID) -> None:
    """Somebody confirmed while something waits for an answer, or had nobody to be told, must be told of it too."""
    recorded = unit.recorded
    tenant = recorded.tenant
    person = await known_facts.recipient(unit.rows, tenant, recorded.subject, holder)
    today = await known_facts.today_in(unit.rows, tenant)
    if person is None or not is_owed_notice(person, today):
        return
    for obligation, cause in [*await _pending(unit), *await _nobodys(unit)]:
        later = replace(cause, on=max(cause.on, today))
        if is_owed_notice(person, later.on):
            await owe(unit, [person], obligation, later, recorded.subject)
    await unaddressed.close(unit, recorded.subject)


async def _owe_booklet_of_year(unit: Unit) -> None:
    """A child who gets a plan, or whose parent is confirmed, in the course of a school year is a child of that year."""
    recorded = unit.recorded
    today = await known_facts.today_in(unit.rows, recorded.tenant)
    year = await year_of(unit.rows, recorded.tenant, today)
    if year is None:
        return
    stand = Stand(
        unit.rows, recorded.tenant, recorded.correlation, unit.load, lambda it, _of: unit.append(it)
    )
    for plan in await known_facts.plans_of_student(unit.rows, recorded.tenant, recorded.subject):
        await owe_of_plan(stand, recorded.subject, plan, year, today)


async def _pending(unit: Unit) -> Sequence[tuple[Obligation, Cause]]:
    """Amendments that wait."""
    recorded = unit.recorded
    found: list[tuple[Obligation, Cause]] = []
    tenant = recorded.tenant
    today = await known_facts.today_in(unit.rows, tenant)
    for plan in await known_facts.plans_of_student(unit.rows, tenant, recorded.subject):
        history = await known_facts.plan_history(unit.rows, tenant, plan, before=_position(recorded))
        document = in_force(history, today)
        for pending in document.pending if document else ():
            entry = next(entry for entry in history.entries if entry.id == pending.event_id)
            cause = Cause(entry.id, pending.proposed_on, entry.position or 0)
            found += await _again(unit, entry.event, cause)
    return found


async def _nobodys(unit: Unit) -> Sequence[tuple[Obligation, Cause]]:
    """What was owed while nobody was known: as it follows from its event, or, where that is none of the student's own
    (a decision about their record), as it was noted."""
    recorded = unit.recorded
    found: dict[UUID, Sequence[tuple[Obligation, Cause]]] = {}
    for each in await unaddressed.of_student(unit.rows, recorded.tenant, recorded.subject):
        occasion = await known_facts.occasion(unit.rows, recorded.tenant, each.source_event)
        if occasion is None:
            noted = Obligation(NoticeKind(each.kind), NoticeOccasion(each.occasion), each.due_on)
            found[each.notice] = [(noted, Cause(each.source_event, each.since, 0))]
        elif each.source_event not in found:
            cause = Cause(each.source_event, occasion.on, occasion.position)
            found[each.source_event] = await _again(unit, occasion.event, cause)
    return [owed for several in found.values() for owed in several]


async def _again(unit: Unit, event: Event, cause: Cause) -> Sequence[tuple[Obligation, Cause]]:
    recorded = unit.recorded
    known = await known_for(unit.rows, recorded.tenant, recorded.subject, event, cause.on, cause.event_id)
    return [(obligation, cause) for obligation in owed_of(event, cause.on, known)]
