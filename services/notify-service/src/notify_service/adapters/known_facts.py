"""What is known of students, rights holders, plans and the district, as a decision about a notice asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Text, and_, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.district import DistrictProfileSet
from contracts.event import Actor, Event, Recorded, decode
from contracts.plan_history import History, history_of
from contracts.students import RightsHolderConfirmed, StudentPersonalData, StudentRegistered
from notify_service.adapters.tables import (
    CONTACTS,
    HOLDERS,
    MEETINGS,
    OCCASIONS,
    PLAN_ENTRIES,
    PROFILES,
    STUDENTS,
)
from notify_service.domain.recipients import Recipient

NO_DAY = date(1970, 1, 1)


async def recipients_of(rows: AsyncConnection, tenant: str, student: UUID) -> list[Recipient]:
    """Every rights holder ever confirmed for the student."""
    found = await rows.execute(
        _HOLDERS.where(HOLDERS.c.tenant == tenant, HOLDERS.c.student == student).order_by(HOLDERS.c.holder)
    )
    return [_recipient(row) for row in found]


async def recipient(rows: AsyncConnection, tenant: str, student: UUID, holder: UUID) -> Recipient | None:
    """One of them."""
    found = await rows.execute(
        _HOLDERS.where(HOLDERS.c.tenant == tenant, HOLDERS.c.student == student, HOLDERS.c.holder == holder)
    )
    row = found.one_or_none()
    return None if row is None else _recipient(row)


async def students_of_holder(rows: AsyncConnection, tenant: str, holder: UUID) -> list[UUID]:
    """For whom this holder was ever confirmed."""
    found = await rows.execute(
        select(HOLDERS.c.student).where(HOLDERS.c.tenant == tenant, HOLDERS.c.holder == holder)
    )
    return [row.student for row in found]


async def student(rows: AsyncConnection, tenant: str, student_id: UUID) -> StudentPersonalData | None:
    """Who the student is."""
    contents = await rows.scalar(
        select(STUDENTS.c.contents).where(STUDENTS.c.tenant == tenant, STUDENTS.c.student == student_id)
    )
    if contents is None:
        return None
    event = decode(StudentRegistered.type, StudentRegistered.schema_number, contents, NO_DAY)
    return event.personal if isinstance(event, StudentRegistered) else None


async def profile_on(rows: AsyncConnection, tenant: str, day: date) -> DistrictProfileSet | None:
    """The district's profile in force on ``day``."""
    found = await rows.execute(
        select(PROFILES.c.contents, PROFILES.c.effective_on)
        .where(PROFILES.c.tenant == tenant, PROFILES.c.effective_on <= day)
        .order_by(PROFILES.c.effective_on.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return None if row is None else _profile(row)


_NEWEST_PROFILE = (
    select(PROFILES.c.contents, PROFILES.c.effective_on).where(PROFILES.c.tenant == bindparam("tenant"))
    .order_by(PROFILES.c.version.desc()).limit(1).subquery()
)  # fmt: skip
_NOW = select(func.notify.now_for(bindparam("tenant", type_=Text)).label("now")).subquery()
_NOW_AND_PROFILE = select(_NOW.c.now, _NEWEST_PROFILE).select_from(_NOW.outerjoin(_NEWEST_PROFILE, true()))


async def today_in(rows: AsyncConnection, tenant: str) -> date:
    """The tenant's own day (its clock, or a sandbox's) in the district's zone; without a profile yet, in UTC."""
    known = (await rows.execute(_NOW_AND_PROFILE, {"tenant": tenant})).one()
    now: datetime = known.now
    return now.astimezone(_zone_said_by(known)).date()


async def now_of(rows: AsyncConnection, tenant: str) -> datetime:
    """The tenant's own time."""
    now: datetime = (await rows.execute(select(func.notify.now_for(tenant)))).scalar_one()
    return now


async def zone_of(rows: AsyncConnection, tenant: str) -> ZoneInfo:
    """The district's zone, as its newest profile says."""
    return _zone_said_by((await rows.execute(_NOW_AND_PROFILE, {"tenant": tenant})).one())


def _zone_said_by(known: Any) -> ZoneInfo:
    return ZoneInfo("UTC" if known.contents is None else _profile(known).time_zone)


async def held_on(rows: AsyncConnection, tenant: str, meeting: UUID) -> date | None:
    """When a meeting took place."""
    day: date | None = await rows.scalar(
        select(MEETINGS.c.held_on).where(MEETINGS.c.tenant == tenant, MEETINGS.c.meeting == meeting)
    )
    return day


async def plan_history(
    rows: AsyncConnection, tenant: str, plan: UUID, *, before: int | None = None
) -> History:
    """Everything recorded of one plan; with ``before`` only what stood in the log before that position."""
    wanted = select(PLAN_ENTRIES).where(PLAN_ENTRIES.c.tenant == tenant, PLAN_ENTRIES.c.plan == plan)
    if before is not None:
        wanted = wanted.where(PLAN_ENTRIES.c.position < before)
    found = await rows.execute(wanted.order_by(PLAN_ENTRIES.c.version))
    return history_of(_recorded(row) for row in found)


async def plans_of_student(rows: AsyncConnection, tenant: str, student_id: UUID) -> Sequence[UUID]:
    """Every plan of a student."""
    found = await rows.execute(
        select(PLAN_ENTRIES.c.plan)
        .distinct()
        .where(PLAN_ENTRIES.c.tenant == tenant, PLAN_ENTRIES.c.student == student_id)
    )
    return sorted(row.plan for row in found)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What notice is owed of, as it was recorded."""

    event_id: UUID
    student: UUID
    event: Event
    on: date
    position: int


async def occasion(rows: AsyncConnection, tenant: str, event_id: UUID) -> Occasion | None:
    """The event notice is owed of, whether a plan's or another."""
    wanted = select(OCCASIONS).where(OCCASIONS.c.tenant == tenant, OCCASIONS.c.event_id == event_id)
    row = (await rows.execute(wanted)).one_or_none()
    if row is not None:
        return _occasion(row)
    of_plan = select(PLAN_ENTRIES).where(PLAN_ENTRIES.c.tenant == tenant, PLAN_ENTRIES.c.event_id == event_id)
    entry = (await rows.execute(of_plan)).one_or_none()
    return None if entry is None else _occasion(entry)


async def of_matter(rows: AsyncConnection, tenant: str, matter: UUID) -> list[Occasion]:
    """Everything recorded of one evaluation, dispute, request or meeting, in its order."""
    wanted = select(OCCASIONS).where(OCCASIONS.c.tenant == tenant, OCCASIONS.c.matter == matter)
    return [_occasion(row) for row in await rows.execute(wanted.order_by(OCCASIONS.c.position))]


async def occasions_of(rows: AsyncConnection, tenant: str, student_id: UUID, type_: str) -> list[Occasion]:
    """Everything of one type recorded of a student."""
    wanted = select(OCCASIONS).where(
        OCCASIONS.c.tenant == tenant, OCCASIONS.c.student == student_id, OCCASIONS.c.type == type_
    )
    return [_occasion(row) for row in await rows.execute(wanted.order_by(OCCASIONS.c.position))]


def _occasion(row: Any) -> Occasion:
    event = decode(row.type, row.schema, row.contents, row.effective_on)
    return Occasion(row.event_id, row.student, event, row.effective_on, row.position)


_HOLDERS = select(
    HOLDERS.c.contents, HOLDERS.c.confirmed_on, HOLDERS.c.ended_on, CONTACTS.c.restricted
).select_from(
    HOLDERS.outerjoin(
        CONTACTS,
        and_(CONTACTS.c.tenant == HOLDERS.c.tenant, CONTACTS.c.student == HOLDERS.c.student,
             CONTACTS.c.contact == HOLDERS.c.contact),
    )
)  # fmt: skip


def _recipient(row: Any) -> Recipient:
    event = decode(
        RightsHolderConfirmed.type, RightsHolderConfirmed.schema_number, row.contents, row.confirmed_on
    )
    if not isinstance(event, RightsHolderConfirmed):
        raise TypeError("the read model holds another event than a confirmed rights holder")
    return Recipient(
        event.student_id,
        event.holder_id,
        event.personal,
        event.rights,
        event.language,
        row.ended_on,
        bool(row.restricted),
    )


def _profile(row: Any) -> DistrictProfileSet:
    event = decode(DistrictProfileSet.type, DistrictProfileSet.schema_number, row.contents, row.effective_on)
    if not isinstance(event, DistrictProfileSet):
        raise TypeError("the read model holds another event than a district's profile")
    return event


def _recorded(row: Any) -> Recorded[Event]:
    entry = row._mapping
    return Recorded(
        event=decode(entry["type"], entry["schema"], entry["contents"], entry["effective_on"]),
        id=entry["event_id"], source="plan", tenant=entry["tenant"], subject=entry["student"],
        stream=f"plan/{entry['plan']}", version=entry["version"], recorded_at=entry["recorded_at"],
        actor=Actor.model_validate_json(entry["actor"]), correlation=entry["correlation"],
        causation=entry["causation"], rules=entry["rules"], position=entry["position"], index=entry["index"],
        known_at=entry["known_at"],
    )  # fmt: skip
