"""Notices that are owed while nobody is known who holds the right to them: tasks, until somebody is confirmed."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.fields import EventId
from contracts.notice_hindrances import NoticeLapsed, NoticeUnaddressed
from contracts.vocabulary import NoticeLapse, NoticeOccasion
from notify_service.adapters import known_facts
from notify_service.adapters.tables import UNADDRESSED
from notify_service.application.notices import NOTICE
from notify_service.domain.owing import Obligation
from runtime.append_request import Change
from runtime.consumer import Unit


@dataclass(frozen=True, slots=True)
class Unaddressed:
    """One of them."""

    notice: UUID
    student: UUID
    kind: str
    occasion: str
    due_on: date | None
    since: date
    source_event: UUID


async def note(unit: Unit, obligation: Obligation, caused_by: EventId, on: date, student: UUID) -> None:
    """Said once for each cause and kind."""
    recorded = unit.recorded
    notice_id = uuid5(caused_by, f"nobody {obligation.kind.value}")
    loaded = await unit.load(NOTICE, notice_id)
    if loaded.version:
        return
    event = NoticeUnaddressed(
        effective_on=on, notice_id=notice_id, student_id=student, kind=obligation.kind,
        occasion=obligation.occasion, plan_id=obligation.plan_id, amendment_id=obligation.amendment_id,
        meeting_id=obligation.meeting_id, caused_by=caused_by, due_on=obligation.due_on,
    )  # fmt: skip
    await unit.append(Change(loaded, student, [event]))
    await unit.rows.execute(
        insert(UNADDRESSED)
        .values(tenant=recorded.tenant, notice=notice_id, student=student, kind=obligation.kind.value,
                occasion=obligation.occasion.value, source_event=caused_by, due_on=obligation.due_on, since=on)
        .on_conflict_do_nothing()
    )  # fmt: skip


async def of_student(rows: AsyncConnection, tenant: str, student: UUID) -> list[Unaddressed]:
    """What a student's people are still to be told."""
    found = await rows.execute(_select(tenant).where(UNADDRESSED.c.student == student))
    return [Unaddressed(*row) for row in found]


async def close(unit: Unit, student: UUID, occasion: NoticeOccasion | None = None) -> None:
    """There is somebody now, and notices of their own are owed; or the family was told already (of one occasion)."""
    tenant = unit.recorded.tenant
    wanted = update(UNADDRESSED).where(*_open(tenant), UNADDRESSED.c.student == student)
    if occasion is not None:
        wanted = wanted.where(UNADDRESSED.c.occasion == occasion.value)
    closed = await unit.rows.execute(wanted.values(open=False).returning(UNADDRESSED.c.notice))
    notices = sorted(row.notice for row in closed)
    today = await known_facts.today_in(unit.rows, tenant) if notices else unit.recorded.effective_on
    for notice in notices:
        loaded = await unit.load(NOTICE, notice)
        lapsed = NoticeLapsed(effective_on=today, notice_id=notice, reason=NoticeLapse.GIVEN_BY_ANOTHER)
        await unit.append(Change(loaded, student, [lapsed]))


async def of_tenant(rows: AsyncConnection, tenant: str) -> list[Unaddressed]:
    """All that are open, by their last day."""
    return [Unaddressed(*row) for row in await rows.execute(_select(tenant))]


def _select(tenant: str) -> Select[Any]:
    fields = [UNADDRESSED.c[name] for name in Unaddressed.__dataclass_fields__]
    found = select(*fields).where(*_open(tenant))
    return found.order_by(UNADDRESSED.c.due_on.nulls_last(), UNADDRESSED.c.notice)


def _open(tenant: str) -> tuple[ColumnElement[bool], ...]:
    return UNADDRESSED.c.tenant == tenant, UNADDRESSED.c.open
