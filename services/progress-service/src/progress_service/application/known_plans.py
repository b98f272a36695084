"""What this service knows of plans and of the district's days, from the events plan-service published."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.district import DistrictProfileSet
from contracts.event import Actor, Event, Recorded, decode
from contracts.fields import ItemId, PlanId, StudentId
from contracts.plan_history import History, history_of
from progress_service.domain.known import KnownProfile
from progress_service.domain.promised_item import KnownPlan

_ENTRIES = "SELECT * FROM plan_entries WHERE tenant = current_setting('handrail.tenant')"
_OF_PLANS = text(f"{_ENTRIES} AND plan_id = ANY (:plans) ORDER BY plan_id, index")
_OF_STUDENT = text(f"{_ENTRIES} AND student = :student ORDER BY plan_id, index")
_OF_DISTRICT = text(f"{_ENTRIES} ORDER BY plan_id, index")
_WITH_ITEMS = text("""
    SELECT item_id, plan_id FROM plan_items
     WHERE tenant = current_setting('handrail.tenant') AND item_id = ANY (:items)""")
_STUDENT = text("""
    SELECT e.student FROM plan_items i JOIN plan_entries e ON e.tenant = i.tenant AND e.plan_id = i.plan_id
     WHERE i.tenant = current_setting('handrail.tenant') AND i.item_id = :item LIMIT 1""")
_KNOWN = text("""
    SELECT EXISTS (SELECT FROM students WHERE tenant = current_setting('handrail.tenant') AND student = :student)""")
_PROFILES = text("""
    SELECT * FROM district_profiles WHERE tenant = current_setting('handrail.tenant') ORDER BY index""")
_TODAY = text("""
    SELECT timezone(coalesce((SELECT time_zone FROM sight_districts
                               WHERE tenant = current_setting('handrail.tenant')), 'UTC'),
                    now_for(current_setting('handrail.tenant')))::date""")


async def known_plans(rows: AsyncConnection, plans: Collection[PlanId]) -> dict[PlanId, KnownPlan]:
    """Those of ``plans`` of which anything is known here, in the tenant the connection is lent for."""
    found = await rows.execute(_OF_PLANS, {"plans": list(plans)})
    return {plan_id: KnownPlan(history) for plan_id, history in _histories(found).items()}


async def histories_of_student(rows: AsyncConnection, student: StudentId) -> dict[PlanId, History]:
    """Every plan the student has or had."""
    return _histories(await rows.execute(_OF_STUDENT, {"student": student}))


async def all_histories(rows: AsyncConnection) -> dict[PlanId, tuple[StudentId, History]]:
    """Every plan of the district, with whose it is."""
    found = _histories(await rows.execute(_OF_DISTRICT))
    return {plan_id: (history.student, history) for plan_id, history in found.items() if history.student}


async def plans_with(rows: AsyncConnection, items: Collection[ItemId]) -> dict[ItemId, set[PlanId]]:
    """In which plans these items are, or were."""
    found: dict[ItemId, set[PlanId]] = defaultdict(set)
    for row in await rows.execute(_WITH_ITEMS, {"items": list(items)}):
        found[row.item_id].add(row.plan_id)
    return dict(found)


async def student_of_item(rows: AsyncConnection, item: ItemId) -> StudentId | None:
    """The student in whose plan the item is or was; ``None`` where it is unknown here."""
    student: StudentId | None = (await rows.execute(_STUDENT, {"item": item})).scalar()
    return student


async def is_a_student(rows: AsyncConnection, student: StudentId) -> bool:
    """Whether plan-service has registered a student by this id."""
    return bool((await rows.execute(_KNOWN, {"student": student})).scalar())


async def known_profiles(rows: AsyncConnection) -> list[KnownProfile]:
    """Every profile the district has set, in the order in which they were recorded."""
    return [_profile(row) for row in await rows.execute(_PROFILES)]


async def today_of(rows: AsyncConnection) -> date:
    """The tenant's day: its own clock in the district's zone."""
    today: date = (await rows.execute(_TODAY)).scalar_one()
    return today


def _histories(rows: Iterable[Any]) -> dict[PlanId, History]:
    entries: dict[PlanId, list[Recorded[Event]]] = defaultdict(list)
    for row in rows:
        entries[row.plan_id].append(_recorded(row))
    return {plan_id: history_of(of_plan) for plan_id, of_plan in entries.items()}


def _recorded(row: Any) -> Recorded[Event]:
    student: UUID = row.student
    return Recorded(
        event=decode(row.type, row.schema, bytes(row.contents), row.effective_on),
        id=row.event_id,
        source="plan",
        tenant=row.tenant,
        subject=student,
        stream=row.stream,
        version=row.version,
        recorded_at=row.recorded_at.astimezone(UTC),
        actor=Actor.model_validate_json(row.actor),
        correlation=row.correlation,
        causation=row.causation,
        rules=row.rules,
        position=row.position,
        index=row.index,
        known_at=row.known_at.astimezone(UTC),
    )


def _profile(row: Any) -> KnownProfile:
    profile = decode(DistrictProfileSet.type, row.schema, bytes(row.contents), row.effective_on)
    if not isinstance(profile, DistrictProfileSet):
        raise TypeError("a profile's contents are not a profile")
    return KnownProfile(row.event_id, row.index, row.known_at.astimezone(UTC), profile)
