"""What plans have promised, the district's school days and its students: each plan's published history, entry by entry."""

from typing import cast

from sqlalchemy import text

from contracts.district import DistrictProfileSet
from contracts.event import Event, Recorded
from contracts.plan import AmendmentAdopted, PlanAdopted, PlanCorrected, PlanEvent
from contracts.plan_history import PLAN_EVENTS
from contracts.students import StudentChanged, StudentRegistered
from progress_service.adapters.tables import TABLES
from runtime.consumer import Consumer, Unit

TYPES = frozenset(
    {
        DistrictProfileSet.type,
        StudentRegistered.type,
        StudentChanged.type,
        *(event.type for event in PLAN_EVENTS),
    }
)

_ENTRY = text("""
    INSERT INTO plan_entries (tenant, plan_id, index, student, event_id, position, stream, version, type, schema,
                              effective_on, recorded_at, known_at, actor, correlation, causation, rules, contents)
    VALUES (:tenant, :plan_id, :index, :student, :event_id, :position, :stream, :version, :type, :schema,
            :effective_on, :recorded_at, :known_at, :actor, :correlation, :causation, :rules, :contents)
    ON CONFLICT DO NOTHING""")
_ITEM = text("""
    INSERT INTO plan_items (tenant, item_id, plan_id) VALUES (:tenant, :item_id, :plan_id) ON CONFLICT DO NOTHING""")
_PROFILE = text("""
    INSERT INTO district_profiles (tenant, index, event_id, effective_on, known_at, schema, contents)
    VALUES (:tenant, :index, :event_id, :effective_on, :known_at, :schema, :contents) ON CONFLICT DO NOTHING""")

_STUDENT = text("""
    INSERT INTO students (tenant, student, given_name, family_name, index)
    VALUES (:tenant, :student, :given_name, :family_name, :index)
    ON CONFLICT (tenant, student) DO UPDATE
       SET given_name = excluded.given_name, family_name = excluded.family_name, index = excluded.index
     WHERE students.index IS NULL OR students.index < excluded.index""")


async def keep_plans(recorded: Recorded[Event], unit: Unit) -> None:
    """Each entry of a plan's history as it came, the items it names, each profile of the district and each student."""
    event = recorded.event
    if isinstance(event, DistrictProfileSet):
        await unit.rows.execute(_PROFILE, _envelope(recorded))
    elif isinstance(event, StudentRegistered | StudentChanged):
        called = event.personal
        named = {
            "given_name": called.preferred_given_name or called.given_name,
            "family_name": called.preferred_family_name or called.family_name,
        }
        row = {"tenant": recorded.tenant, "student": event.student_id, "index": recorded.index}
        await unit.rows.execute(_STUDENT, row | named)
    elif isinstance(event, PLAN_EVENTS):
        plan_id = cast(PlanEvent, event).plan_id
        await unit.rows.execute(_ENTRY, _envelope(recorded) | {"plan_id": plan_id})
        items = _items(event)
        if items:
            await unit.rows.execute(
                _ITEM, [{"tenant": recorded.tenant, "item_id": item, "plan_id": plan_id} for item in items]
            )


def _items(event: Event) -> list[object]:
    match event:
        case PlanAdopted():
            return [item.id for item in event.items]
        case AmendmentAdopted():
            return [change.item_id for change in event.changes]
        case PlanCorrected():
            return [event.item.id]
    return []


def _envelope(recorded: Recorded[Event]) -> dict[str, object]:
    return {
        "tenant": recorded.tenant,
        "index": recorded.index,
        "student": recorded.subject,
        "event_id": recorded.id,
        "position": recorded.position,
        "stream": recorded.stream,
        "version": recorded.version,
        "type": recorded.type,
        "schema": recorded.event.schema_number,
        "effective_on": recorded.effective_on,
        "recorded_at": recorded.recorded_at,
        "known_at": recorded.known_at,
        "actor": recorded.actor.model_dump_json(exclude_none=True),
        "correlation": recorded.correlation,
        "causation": recorded.causation,
        "rules": recorded.rules,
        "contents": recorded.event.contents(),
    }


PLANS = Consumer("plans", ("plan",), keep_plans, projection=True, tables=TABLES, types=TYPES)
