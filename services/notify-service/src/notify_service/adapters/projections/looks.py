"""The projection ``looks``: who saw or received a student's record, from every service, for the parent's page (300.614).

audit-service keeps the whole record of access and answers for it; a service asks no other one while somebody waits, so what
the page shows of it is read from the same events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.audit import ClientRegistered, DisclosureRecorded
from contracts.district import StaffAdded, StaffChanged
from contracts.event import Event, EventClass, Recorded, decode
from contracts.store import AccessRecorded
from notify_service.adapters.tables import LOOKS, NAMED
from notify_service.domain.looking import Looked, looked_at
from runtime.consumer import Consumer, Unit
from runtime.database import driver
from runtime.erasure import is_erased, rows_of

SOURCES = ("plan", "progress", "notify", "audit")
OF_A_RECORD = (AccessRecorded, DisclosureRecorded)
OF_A_NAME = (StaffAdded, StaffChanged, ClientRegistered)
MOST_EVENTS = 60
"""Of each kind, newest first."""


async def keep(recorded: Recorded[Event], unit: Unit) -> None:
    """Keep one more look, or whose name an id is."""
    event, tenant = recorded.event, recorded.tenant
    if isinstance(event, OF_A_RECORD) and await is_erased(await driver(unit.rows), "notify", recorded):
        return
    match event:
        case AccessRecorded() if not await _says_more(recorded, unit):
            # A program that polls looks every minute: its day is one line, and must not push a person's off the page.
            return
        case AccessRecorded() | DisclosureRecorded():
            row = {
                "tenant": tenant, "event_id": recorded.id, "student": recorded.subject, "type": recorded.type,
                "schema": event.schema_number, "effective_on": recorded.effective_on, "known_at": recorded.known_at,
                "contents": event.contents(), "source": recorded.source,
            }  # fmt: skip
            await unit.rows.execute(insert(LOOKS).values(row).on_conflict_do_nothing())
        case StaffAdded() | StaffChanged():
            name = f"{event.personal.given_name} {event.personal.family_name}"
            await _name(unit.rows, tenant, str(event.staff_id), name)
        case ClientRegistered():
            await _name(unit.rows, tenant, event.client_id, event.name)


async def _says_more(recorded: Recorded[Event], unit: Unit) -> bool:
    """Whether somebody is in it of whom this log does not say that they looked on that day for that purpose.

    Of its own log alone: only the order within a log is the same in every replay.
    """
    same_day = await unit.rows.execute(
        select(LOOKS).where(
            LOOKS.c.tenant == recorded.tenant, LOOKS.c.student == recorded.subject,
            LOOKS.c.effective_on == recorded.effective_on, LOOKS.c.type == AccessRecorded.type,
            LOOKS.c.source == recorded.source,
        )
    )  # fmt: skip
    before = [_event(row) for row in same_day]
    return len(looked_at([*before, (recorded.event, recorded.effective_on)])) > len(looked_at(before))


async def _name(rows: AsyncConnection, tenant: str, party: str, name: str) -> None:
    statement = insert(NAMED).values(tenant=tenant, party=party, name=name)
    await rows.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant", "party"], set_={"name": statement.excluded.name}
        )
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the record of access, with the name behind the id, where one is known."""

    look: Looked
    name: str | None


async def newest_looks(rows: AsyncConnection, tenant: str, student: UUID, most: int) -> Sequence[Shown]:
    """Who looked, and to whom it was given, ``most`` of each, newest first; the whole record is audit-service's."""
    wanted = select(LOOKS).where(LOOKS.c.tenant == tenant, LOOKS.c.student == student)
    newest = wanted.order_by(LOOKS.c.known_at.desc(), LOOKS.c.event_id).limit(MOST_EVENTS)
    looks: list[Looked] = []
    # What was given to somebody outside is shown however often those inside looked.
    for kind in OF_A_RECORD:
        found = await rows.execute(newest.where(LOOKS.c.type == kind.type))
        looks += looked_at([_event(row) for row in found])[:most]
    looks.sort(key=lambda look: look.on, reverse=True)
    parties = [look.party for look in looks if look.party is not None]
    named = await rows.execute(select(NAMED).where(NAMED.c.tenant == tenant, NAMED.c.party.in_(parties)))
    names = {row.party: row.name for row in named}
    return [Shown(look, names.get(look.party or "")) for look in looks]


def _event(row: Any) -> tuple[Event, date]:
    return decode(row.type, row.schema, row.contents, row.effective_on), row.effective_on


LOOKED = Consumer(
    "looks", SOURCES, handle=keep, projection=True, tables=("looks", "named"),
    types=frozenset(each.type for each in (*OF_A_RECORD, *OF_A_NAME)),
    erase=rows_of(looks=("student", EventClass.PROOF)),
)  # fmt: skip
