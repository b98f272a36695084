"""What a notice says that no amendment says: from the event it is owed of."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.discipline import RemovalDecided
from contracts.evaluations import EligibilityDetermined, EvaluationDeclined
from contracts.event import Event
from contracts.items import AnyItem
from contracts.meetings import MeetingScheduled, StudentPerson
from contracts.plan import AmendmentAdopted, PlanAdopted, PlanCorrected, PlanEnded, PlanVoided
from contracts.progress_reports import ProgressReportIssued
from contracts.requests import RequestAnswered
from contracts.students import RequestMade
from contracts.vocabulary import NoticeKind
from notify_service.adapters import known_facts
from notify_service.domain.facts import (
    GoalFacts,
    MeetingFacts,
    ProposedChange,
    Reasons,
    ReportFacts,
    has_place,
)


class SomethingMissing(LookupError):
    """The event does not say what the notice must say; the code names it."""


async def said_by(
    rows: AsyncConnection, tenant: str, kind: NoticeKind, caused_by: UUID, zone: ZoneInfo
) -> dict[str, Any]:
    """The fields of the facts that the event fills."""
    occasion = await known_facts.occasion(rows, tenant, caused_by)
    if occasion is None:
        return {}
    event = occasion.event
    match event:
        case MeetingScheduled() if kind is NoticeKind.MEETING_NOTICE:
            return {"meeting": _meeting(event, zone)}
        case ProgressReportIssued() if kind is NoticeKind.PROGRESS_REPORT:
            return {"report": _report(event), "written_in": event.language}
        case PlanCorrected():
            changes = await _corrected(rows, tenant, event)
            reasons = Reasons(explanation=event.personal.what_was_wrong)
            return {"changes": changes, "reasons": reasons, "evidence": event.personal.evidence}
    fields: dict[str, Any] = {"reasons": _reasons(event)}
    match event:
        case EligibilityDetermined():
            fields["eligible"] = event.determination.eligible
        case PlanEnded() | PlanAdopted():
            fields["starts_on"] = occasion.on
        case RequestAnswered():
            fields["asked"] = await _asked(rows, tenant, event.request_id)
    if kind is NoticeKind.RIGHTS_TRANSFER:
        fields["starts_on"] = occasion.on
    return fields


def _reasons(event: Event) -> Reasons:
    if isinstance(event, PlanAdopted) and event.notice is not None:
        return Reasons(**event.notice.model_dump())
    return Reasons(explanation=_why(event))


def _why(event: Event) -> str | None:
    """The reason, in the words in which it was recorded."""
    match event:
        case EvaluationDeclined():
            return event.personal.reason
        case EligibilityDetermined():
            return event.personal.basis if event.personal else None
        case PlanEnded() | PlanVoided():
            return event.personal.reason if event.personal else None
        case RequestAnswered():
            return event.personal.words if event.personal else None
        case RemovalDecided() if event.personal:
            said = event.personal
            return " ".join(filter(None, (said.behavior, said.length, said.total, said.closeness))) or None
    return None


def _meeting(event: MeetingScheduled, zone: ZoneInfo) -> MeetingFacts:
    facts = MeetingFacts(
        purpose=event.purpose, starts_at=event.starts_at.astimezone(zone), zone=zone.key, place=event.place, mode=event.mode,
        attendees=tuple(invitee.roles for invitee in event.invitees), transition=event.transition_discussed,
        student_invited=any(isinstance(invitee.person, StudentPerson) for invitee in event.invitees),
    )  # fmt: skip
    if not has_place(facts):
        raise SomethingMissing("meeting-without-a-place")
    if not facts.attendees:
        raise SomethingMissing("meeting-without-invitees")
    return facts


def _report(event: ProgressReportIssued) -> ReportFacts:
    said = event.personal
    goals = tuple(
        GoalFacts(statement=goal.statement, in_words=goal.in_words, narrative=goal.narrative)
        for goal in said.goals
    )
    return ReportFacts(first_on=event.first_on, last_on=event.last_on, goals=goals, summary=said.summary)


async def _corrected(rows: AsyncConnection, tenant: str, event: PlanCorrected) -> tuple[ProposedChange, ...]:
    """The wrong text beside the right one."""
    history = await known_facts.plan_history(rows, tenant, event.plan_id)
    entry = next((each for each in history.entries if each.id == event.corrects.event_id), None)
    wrong = _item_in(entry.event, event.corrects.item_id) if entry is not None else None
    return (ProposedChange(op="replace", item_id=event.corrects.item_id, before=wrong, after=event.item),)


def _item_in(event: Event, item_id: UUID) -> AnyItem | None:
    match event:
        case PlanAdopted():
            items = event.items
        case AmendmentAdopted():
            items = tuple(change.item for change in event.changes if change.op != "end")
        case _:
            return None
    return next((item for item in items if item.id == item_id), None)


async def _asked(rows: AsyncConnection, tenant: str, request: UUID) -> str | None:
    for each in await known_facts.of_matter(rows, tenant, request):
        if isinstance(each.event, RequestMade) and each.event.personal:
            return each.event.personal.text
    return None
