"""The projection ``known``: students, rights holders, restrictions, the district's profiles, meetings and plans' histories.

Rebuilding it sends nothing: what is owed and what was sent stands in events and in the outbox.
"""

from collections.abc import Mapping
from typing import Any, cast, get_args
from uuid import UUID

from sqlalchemy import Table, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.discipline import RemovalDecided
from contracts.disputes import DisputeFiled
from contracts.district import DistrictProfileSet
from contracts.evaluations import (
    EligibilityDetermined,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    EvaluationDeclined,
    ReferralReceived,
)
from contracts.event import Event, EventClass, Recorded
from contracts.meetings import MeetingHeld, MeetingScheduled
from contracts.plan import PlanEvent
from contracts.progress_reports import ProgressReportIssued
from contracts.requests import RequestAnswered
from contracts.students import (
    ContactChanged,
    ContactProposed,
    ContactUnlinked,
    RequestMade,
    RightsHolderConfirmed,
    RightsHolderEnded,
    StudentChanged,
    StudentRegistered,
)
from notify_service.adapters.tables import (
    CONTACTS,
    HOLDERS,
    KNOWN_NOW,
    MEETINGS,
    OCCASIONS,
    PLAN_ENTRIES,
    PROFILES,
    STUDENTS,
)
from runtime.consumer import Consumer, Unit
from runtime.erasure import Erasure, rows_of

PLAN_EVENTS: tuple[type[Event], ...] = get_args(PlanEvent)
PEOPLE_EVENTS: tuple[type[Event], ...] = (
    StudentRegistered, StudentChanged, ContactProposed, ContactChanged, ContactUnlinked, RightsHolderConfirmed,
    RightsHolderEnded, DistrictProfileSet, MeetingHeld,
)  # fmt: skip


MATTERS: Mapping[type[Event], str | None] = {
    ReferralReceived: "evaluation_id", EvaluationConsentAsked: "evaluation_id", EvaluationDeclined: "evaluation_id",
    EligibilityDetermined: None, DisputeFiled: "dispute_id", RequestMade: "request_id", RequestAnswered: "request_id",
    RemovalDecided: "removal_decision_id", MeetingScheduled: "meeting_id", RightsHolderConfirmed: None,
    ProgressReportIssued: "report_id", EvaluationConsentAnswered: "evaluation_id", EvaluationCompleted: "evaluation_id",
}  # fmt: skip
"""What notice may be owed of beside what plans do, or which law protects by; and by which field its events belong together."""
WITHOUT_WORDS = (EvaluationConsentAnswered, EvaluationCompleted)
"""Of these no notice tells: only that they were is asked, and nobody's words are kept."""


async def know(recorded: Recorded[Event], unit: Unit) -> None:
    """Keep one more fact."""
    rows, tenant = unit.rows, recorded.tenant
    if type(recorded.event) in MATTERS:
        await rows.execute(insert(OCCASIONS).values(_occasion(recorded)).on_conflict_do_nothing())
    match recorded.event:
        case StudentRegistered() | StudentChanged() as student:
            await _put(rows, STUDENTS, tenant=tenant, student=student.student_id, contents=student.contents())
        case ContactProposed() | ContactChanged() as contact:
            restricted = contact.personal.restrictions is not None
            await _put(rows, CONTACTS, tenant=tenant, student=contact.student_id, contact=contact.contact_id,
                       restricted=restricted)  # fmt: skip
        case ContactUnlinked():
            # A restriction outlives the roster's line: a person has to lift it.
            return
        case RightsHolderConfirmed() as holder:
            await _put(rows, HOLDERS, tenant=tenant, student=holder.student_id, holder=holder.holder_id,
                       contact=holder.contact_id, contents=holder.contents(), confirmed_on=recorded.effective_on,
                       ended_on=None)  # fmt: skip
        case RightsHolderEnded() as ended:
            await rows.execute(
                update(HOLDERS)
                .where(HOLDERS.c.tenant == tenant, HOLDERS.c.student == ended.student_id,
                       HOLDERS.c.holder == ended.holder_id)
                .values(ended_on=recorded.effective_on)
            )  # fmt: skip
        case DistrictProfileSet() as profile:
            await _put(rows, PROFILES, tenant=tenant, effective_on=recorded.effective_on, version=recorded.version,
                       contents=profile.contents())  # fmt: skip
        case MeetingHeld() as meeting:
            await _put(rows, MEETINGS, tenant=tenant, meeting=meeting.meeting_id, student=recorded.subject,
                       held_on=recorded.effective_on)  # fmt: skip
        case event if isinstance(event, PLAN_EVENTS):
            await rows.execute(insert(PLAN_ENTRIES).values(_entry(recorded)))


def _occasion(recorded: Recorded[Event]) -> dict[str, Any]:
    event, field = recorded.event, MATTERS[type(recorded.event)]
    if isinstance(event, WITHOUT_WORDS):
        event = event.model_copy(update={"personal": None})
    return {
        "tenant": recorded.tenant, "event_id": recorded.id, "student": recorded.subject,
        "matter": getattr(event, field) if field else None, "type": recorded.type,
        "schema": event.schema_number, "effective_on": recorded.effective_on, "source": recorded.source,
        "position": recorded.position, "contents": event.contents(),
    }  # fmt: skip


def _entry(recorded: Recorded[Event]) -> dict[str, Any]:
    return {
        "tenant": recorded.tenant, "plan": _plan_of(recorded.event), "version": recorded.version,
        "student": recorded.subject, "event_id": recorded.id, "position": recorded.position, "index": recorded.index,
        "type": recorded.type, "schema": recorded.event.schema_number, "effective_on": recorded.effective_on,
        "recorded_at": recorded.recorded_at, "known_at": recorded.known_at,
        "actor": recorded.actor.model_dump_json(exclude_none=True), "correlation": recorded.correlation,
        "causation": recorded.causation, "rules": recorded.rules, "contents": recorded.event.contents(),
    }  # fmt: skip


def _plan_of(event: Event) -> UUID:
    plan_id: UUID = cast(PlanEvent, event).plan_id
    return plan_id


async def _put(rows: AsyncConnection, table: Table, **values: Any) -> None:
    key = [column.name for column in table.primary_key]
    statement = insert(table).values(**values)
    changed = {name: statement.excluded[name] for name in values if name not in key}
    await rows.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))


_OF_ONE_CLASS = rows_of(
    students=("student", EventClass.IDENTITY), contacts=("student", EventClass.IDENTITY),
    holders=("student", EventClass.IDENTITY), meetings=("student", EventClass.RECORD),
)  # fmt: skip


async def forget(erasure: Erasure, rows: Any) -> None:
    """What came of contents that were lawfully destroyed; plans' entries and occasions are of several classes."""
    await _OF_ONE_CLASS(erasure, rows)
    for table in ("plan_entries", "occasions"):
        await rows.execute(
            f"DELETE FROM {table} WHERE tenant = $1 AND student = $2 AND type = ANY ($3)",
            erasure.tenant, erasure.subject, erasure.types(),
        )  # fmt: skip


KNOWN_FACTS = Consumer(
    "known", ("plan", "progress"), handle=know, projection=True, tables=KNOWN_NOW,
    types=frozenset(each.type for each in (*PLAN_EVENTS, *PEOPLE_EVENTS, *MATTERS)), erase=forget,
)  # fmt: skip
