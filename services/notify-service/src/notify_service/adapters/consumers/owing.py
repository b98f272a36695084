"""Making a notice owed to each of its recipients, once; and letting one lapse that has become needless."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from contracts.evaluations import EvaluationConsentAsked
from contracts.fields import EventId
from contracts.notice_hindrances import NoticeLapsed
from contracts.notify import NoticeOwed
from contracts.vocabulary import NoticeKind, NoticeLapse, NoticeOccasion
from notify_service.adapters import known_facts, outbox, unaddressed
from notify_service.application.notices import NOTICE, PREFERENCES
from notify_service.domain.owing import Obligation
from notify_service.domain.recipients import Recipient
from runtime.append_request import Change
from runtime.consumer import Unit

REPORTED = "proposal-was-reported"
"""It had happened already: a person says whether notice was given on paper or is to go out now."""
REASONS = {
    NoticeLapse.AMENDMENT_WITHDRAWN: "amendment-withdrawn",
    NoticeLapse.MEETING_MOVED: "meeting-moved",
    NoticeLapse.GIVEN_BY_ANOTHER: "given-by-another",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """What notice is owed of: an event, the day it counts from, where it stands in its log."""

    event_id: EventId
    on: date
    position: int


def notice_id_for(caused_by: EventId, holder: UUID, kind: NoticeKind) -> UUID:
    """The one notice of this kind to this holder of this event."""
    beside = kind is NoticeKind.PROCEDURAL_SAFEGUARDS
    return uuid5(caused_by, f"{holder} {kind.value}" if beside else str(holder))


async def owe(
    unit: Unit, recipients: Sequence[Recipient], obligation: Obligation, cause: Cause, student: UUID
) -> None:
    """Owed to each of them from now on; to nobody, if there is none: a task, never silence."""
    if not recipients:
        await unaddressed.note(unit, obligation, cause.event_id, cause.on, student)
        return
    for person in recipients:
        await _owe_to(unit, person, obligation, cause)


async def _owe_to(unit: Unit, person: Recipient, obligation: Obligation, cause: Cause) -> None:
    recorded = unit.recorded
    tenant, student = recorded.tenant, person.student_id
    notice_id = notice_id_for(cause.event_id, person.holder_id, obligation.kind)
    loaded = await unit.load(NOTICE, notice_id)
    if loaded.version or await _told_already(unit, person, obligation, cause):
        return
    preferences = (await unit.load(PREFERENCES, person.holder_id)).state
    preference = preferences.on(student, await known_facts.today_in(unit.rows, tenant))
    owed = NoticeOwed(
        effective_on=cause.on, notice_id=notice_id, student_id=student, kind=obligation.kind,
        holder_id=person.holder_id, plan_id=obligation.plan_id, amendment_id=obligation.amendment_id,
        caused_by=cause.event_id, language=preference.language if preference else person.language,
        occasion=obligation.occasion, due_on=obligation.due_on, meeting_id=obligation.meeting_id,
    )  # fmt: skip
    appended = await unit.append(Change(loaded, student, [owed]))
    now = await known_facts.now_of(unit.rows, tenant)
    await outbox.put(
        unit.rows, tenant, notice_id, student=student, holder=person.holder_id, amendment=obligation.amendment_id,
        correlation=recorded.correlation, caused_by=appended.events[-1].id,
        due_at=None if obligation.reported else now, state="blocked" if obligation.reported else "to_prepare",
        reasons=[REPORTED] if obligation.reported else [], owed=obligation, source_event=cause.event_id,
    )  # fmt: skip


async def _told_already(unit: Unit, person: Recipient, obligation: Obligation, cause: Cause) -> bool:
    tenant, holder, kind = unit.recorded.tenant, person.holder_id, obligation.kind.value
    if await outbox.told_of(unit.rows, tenant, cause.event_id, holder, kind):
        return True
    if obligation.occasion is NoticeOccasion.RECORDS_NO_LONGER_NEEDED:
        return bool(await outbox.kind_of_holder(unit.rows, tenant, person.student_id, holder, kind))
    if obligation.occasion is NoticeOccasion.EVALUATION_PROPOSED:
        return await _proposed_before(unit, holder, kind, cause)
    if obligation.occasion is not NoticeOccasion.PLAN_ADOPTED or obligation.plan_id is None:
        return False
    since = await _last_version_on(unit, obligation.plan_id, cause)
    for notice in await outbox.told_of_plan(unit.rows, tenant, obligation.plan_id, holder, kind):
        owed = (await unit.load(NOTICE, notice)).state.owed
        if owed is not None and (since is None or owed.owed_on > since):
            return True
    return False


async def _proposed_before(unit: Unit, holder: UUID, kind: str, cause: Cause) -> bool:
    """Each asking for consent is one more effort to obtain it; what is proposed is told once (300.503(a)(1), 300.300(a)(1))."""
    rows, tenant = unit.rows, unit.recorded.tenant
    asked = await known_facts.occasion(rows, tenant, cause.event_id)
    if asked is None or not isinstance(asked.event, EvaluationConsentAsked):
        return False
    for earlier in await known_facts.of_matter(rows, tenant, asked.event.evaluation_id):
        if earlier.position < asked.position and isinstance(earlier.event, EvaluationConsentAsked):
            named = [earlier.event.notice_id] if earlier.event.notice_id else []
            if holder in await outbox.holders_of(rows, tenant, named):
                return True
            if await outbox.told_of(rows, tenant, earlier.event_id, holder, kind):
                return True
    return False


async def _last_version_on(unit: Unit, plan: UUID, cause: Cause) -> date | None:
    history = await known_facts.plan_history(unit.rows, unit.recorded.tenant, plan, before=cause.position)
    adopted = [entry.effective_on for entry in history.entries if entry.event.type == "plan.adopted"]
    return max(adopted, default=None)


async def lapse_open(
    unit: Unit, reason: NoticeLapse, *, amendment: UUID | None = None, meeting: UUID | None = None,
    holder: UUID | None = None,
) -> None:  # fmt: skip
    """Notices that have not left us need not leave any more: said of each in its own history."""
    recorded = unit.recorded
    gone = await outbox.lapse(
        unit.rows, recorded.tenant, REASONS[reason], amendment=amendment, meeting=meeting, holder=holder
    )
    await _say_lapsed(unit, gone, reason, recorded.subject)


async def lapse_told(unit: Unit, student: UUID, occasion: NoticeOccasion) -> None:
    """The family was told by a letter or talk that Handrail did not make: what has not left us of it need not any more."""
    reason = NoticeLapse.GIVEN_BY_ANOTHER
    gone = await outbox.lapse(
        unit.rows, unit.recorded.tenant, REASONS[reason], student=student, occasion=occasion.value
    )
    await _say_lapsed(unit, gone, reason, student)
    await unaddressed.close(unit, student, occasion)


async def _say_lapsed(unit: Unit, gone: Sequence[UUID], reason: NoticeLapse, student: UUID) -> None:
    recorded = unit.recorded
    today = await known_facts.today_in(unit.rows, recorded.tenant) if gone else recorded.effective_on
    for notice in gone:
        loaded = await unit.load(NOTICE, notice)
        lapsed = NoticeLapsed(effective_on=today, notice_id=notice, reason=reason)
        await unit.append(Change(loaded, student, [lapsed]))
