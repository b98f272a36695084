"""Notices that are owed while nobody is known who holds the right to them: tasks, until somebody is confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.fields import EventId
from contracts.notice_hindrances import NoticeLapsed, NoticeUnaddressed
from contracts.vocabulary import NoticeLapse
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


async def causes(unit: Unit) -> Sequence[UUID]:
    """Of what a student's people are still to be told."""
    found = await unit.rows.execute(select(UNADDRESSED.c.source_event).distinct().where(*_open_of(unit)))
    return sorted(row.source_event for row in found)


async def close(unit: Unit) -> None:
    """There is somebody now: notices of their own are owed."""
    recorded = unit.recorded
    closed = await unit.rows.execute(
        update(UNADDRESSED).where(*_open_of(unit)).values(open=False).returning(UNADDRESSED.c.notice)
    )
    notices = sorted(row.notice for row in closed)
    today = await known_facts.today_in(unit.rows, recorded.tenant) if notices else recorded.effective_on
    for notice in notices:
        loaded = await unit.load(NOTICE, notice)
        lapsed = NoticeLapsed(effective_on=today, notice_id=notice, reason=NoticeLapse.GIVEN_BY_ANOTHER)
        await unit.append(Change(loaded, recorded.subject, [lapsed]))


async def of_tenant(rows: AsyncConnection, tenant: str) -> list[Unaddressed]:
    """All that are open, by their last day."""
    fields = [UNADDRESSED.c[name] for name in Unaddressed.__dataclass_fields__]
    wanted = select(*fields).where(UNADDRESSED.c.tenant == tenant, UNADDRESSED.c.open)
    found = await rows.execute(wanted.order_by(UNADDRESSED.c.due_on.nulls_last(), UNADDRESSED.c.notice))
    return [Unaddressed(*row) for row in found]


def _open_of(unit: Unit) -> tuple[ColumnElement[bool], ...]:
    recorded = unit.recorded
    return (
        UNADDRESSED.c.tenant == recorded.tenant,
        UNADDRESSED.c.student == recorded.subject,
        UNADDRESSED.c.open,
    )
