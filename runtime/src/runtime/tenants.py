"""Opening and ending a tenant in one service's store, and moving a sandbox's clock: the rarest events of a log."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.event import Actor, Event
from contracts.ids import new_id
from contracts.problems import Rejected
from contracts.store import TenantClockMoved, TenantEnded, TenantOpened
from runtime.append_request import Change, Context, TenantNotOpen
from runtime.database import driver
from runtime.event_store import EventStore
from runtime.store_schema import the_end
from runtime.stream_model import Model

SANDBOX = "sandbox-"


@dataclass(frozen=True, slots=True)
class Tenant:
    """What the runtime itself needs to know of a tenant."""

    time_zone: str = "UTC"


def evolve(tenant: Tenant, event: Event) -> Tenant:
    """A tenant's zone is the one it was opened with; the district's profile may say another for its own dates."""
    return Tenant(event.time_zone) if isinstance(event, TenantOpened) else tenant


TENANT = Model("tenant", "1", Tenant(), evolve)
"""The one stream of what every service's runtime emits about a tenant; its subject is the tenant's own."""


class ClockGoesForward(Rejected):
    """A sandbox's clock never goes back, and no other clock moves at all."""

    code = "clock-goes-forward"


async def subject_of(store: EventStore, tenant: str) -> UUID | None:
    """The tenant's own random subject in this service; ``None`` when it is not open here."""
    async with store.database.lend(tenant) as connection:
        found: UUID | None = await connection.fetchval(
            f"SELECT subject FROM {store.database.service}.tenants WHERE tenant = $1", tenant
        )
    return found


async def ended_on(connection: Any, service: str, tenant: str) -> date | None:
    """The day on which the tenant ended in this service; ``None`` while it goes on. On a connection with its tenant set."""
    found: date | None = await connection.fetchval(
        f"SELECT ended_on FROM {service}.tenants WHERE tenant = $1", tenant
    )
    return found


async def now_for(store: EventStore, tenant: str) -> datetime:
    """The tenant's own time: the clock, or a sandbox's."""
    async with store.database.lend(tenant) as connection:
        now: datetime = await connection.fetchval(f"SELECT {store.database.service}.now_for($1)", tenant)
    return now


async def open_tenant(
    store: EventStore, tenant: str, *, name: str, time_zone: str, actor: Actor, correlation: str,
    subject: UUID | None = None, clock_from: datetime | None = None, clock_ahead: timedelta | None = None,
) -> UUID:  # fmt: skip
    """Open ``tenant`` here, once: repeating it changes nothing. Returns the tenant's own subject.

    Whether it is a sandbox is fixed for ever by its slug (``sandbox-...``). A sandbox's clock may begin at ``clock_from``,
    so that it can have a past; from there it only goes forward. ``subject`` and ``clock_ahead`` are what the tenant got in
    the service that opened it first: the clocks of all four go alike to the microsecond.

    Raises `ClockGoesForward` for an ordinary tenant with another clock.
    """
    if (clock_from is not None or clock_ahead) and not tenant.startswith(SANDBOX):
        raise ClockGoesForward("Only a sandbox tenant has a clock of its own.")
    s = store.database.service
    async with store.database.begin(tenant) as rows:
        connection = await driver(rows)
        made = await connection.fetchval(
            f"INSERT INTO {s}.tenants (tenant, subject, sandbox, clock_ahead)"
            " VALUES ($1, $2, $3, coalesce($5, $4::timestamptz - clock_timestamp(), '0')) ON CONFLICT DO NOTHING"
            " RETURNING subject", tenant, subject or new_id(), tenant.startswith(SANDBOX), clock_from, clock_ahead,
        )  # fmt: skip
        if made is None:
            found: UUID = await connection.fetchval(
                f"SELECT subject FROM {s}.tenants WHERE tenant = $1", tenant
            )
            return found
        now: datetime = await connection.fetchval(f"SELECT {s}.now_for($1)", tenant)
        loaded = (await store.load_many(tenant, [(TENANT, TENANT.name)], connection=connection))[TENANT.name]
        opened = TenantOpened(
            effective_on=now.astimezone(ZoneInfo(time_zone)).date(),
            name=name,
            time_zone=time_zone,
            sandbox=tenant.startswith(SANDBOX),
        )
        await store.append(
            Context(tenant, actor, correlation), [Change(loaded, made, [opened])], connection=connection
        )
    store.wake()
    opened_subject: UUID = made
    return opened_subject


async def ahead_of(store: EventStore, tenant: str) -> timedelta:
    """How far the tenant's clock is ahead of the database's (behind: negative); nothing but for a sandbox."""
    async with store.database.lend(tenant) as connection:
        ahead: timedelta | None = await connection.fetchval(
            f"SELECT clock_ahead FROM {store.database.service}.tenants WHERE tenant = $1", tenant
        )
    return ahead or timedelta()


async def move_clock(
    store: EventStore, tenant: str, to: datetime | timedelta, *, actor: Actor, correlation: str
) -> None:
    """Move a sandbox's clock forward, after all before it has its index. To where it stands: nothing.

    ``to`` is a moment, or how far ahead another service's clock of this tenant is by now: so that all four go alike.
    Raises `ClockGoesForward` for an ordinary tenant or an earlier moment.
    """
    s = store.database.service
    async with store.database.begin(tenant) as rows:
        connection = await driver(rows)
        # Before the row, as an append does: neither waits for an end that waits for it.
        await connection.execute(f"SELECT pg_advisory_xact_lock_shared({the_end(s, '$1::text')})", tenant)
        row = await connection.fetchrow(
            f"SELECT subject, sandbox, clock_ahead, {s}.now_for(tenant) AS now FROM {s}.tenants WHERE tenant = $1"
            " FOR UPDATE", tenant,
        )  # fmt: skip
        if row is None or not row["sandbox"]:
            raise ClockGoesForward("Only a sandbox tenant has a clock that can be moved.")
        now: datetime = row["now"]
        ahead = to if isinstance(to, timedelta) else row["clock_ahead"] + (to - now)
        moved_by = ahead - row["clock_ahead"]
        if moved_by <= timedelta():
            if moved_by > -timedelta(hours=1):
                return
            raise ClockGoesForward(f"The clock stands at {now.isoformat()} and only goes forward.")
        while await connection.fetchval(
            f"SELECT EXISTS (SELECT FROM {s}.unsequenced WHERE tenant = $1)", tenant
        ):
            store.wake()
            await asyncio.sleep(0.002)
        await connection.execute(f"UPDATE {s}.tenants SET clock_ahead = $2 WHERE tenant = $1", tenant, ahead)
        loaded = (await store.load_many(tenant, [(TENANT, TENANT.name)], connection=connection))[TENANT.name]
        then = now + moved_by
        moved = TenantClockMoved(
            effective_on=then.astimezone(ZoneInfo(loaded.state.time_zone)).date(), from_at=now, to_at=then
        )
        await store.append(
            Context(tenant, actor, correlation),
            [Change(loaded, row["subject"], [moved])],
            connection=connection,
        )
    store.wake()


async def end_tenant(store: EventStore, tenant: str, reason: str, *, actor: Actor, correlation: str) -> None:
    """End ``tenant`` here, for good: repeating it changes nothing. Durable on return.

    What an append had begun before comes before it in the log; behind it comes only what `contracts.after_the_end` names.
    Raises `TenantNotOpen`.
    """
    s = store.database.service
    async with store.database.begin(tenant) as rows:
        connection = await driver(rows)
        await connection.execute(f"SELECT pg_advisory_xact_lock({the_end(s, '$1::text')})", tenant)
        row = await connection.fetchrow(
            f"SELECT subject, ended_on, {s}.now_for(tenant) AS now FROM {s}.tenants WHERE tenant = $1", tenant
        )
        if row is None:
            raise TenantNotOpen()
        if row["ended_on"] is not None:
            return
        loaded = (await store.load_many(tenant, [(TENANT, TENANT.name)], connection=connection))[TENANT.name]
        today = row["now"].astimezone(ZoneInfo(loaded.state.time_zone)).date()
        ended = TenantEnded(effective_on=today, reason=reason)
        await store.append(
            Context(tenant, actor, correlation),
            [Change(loaded, row["subject"], [ended])],
            connection=connection,
        )
        await connection.execute(f"UPDATE {s}.tenants SET ended_on = $2 WHERE tenant = $1", tenant, today)
    store.wake()
