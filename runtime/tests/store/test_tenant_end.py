"""A district that has ended: nothing new is recorded of its students, and what goes on goes on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest

from contracts import streams
from contracts.event import Actor
from contracts.ids import new_id
from contracts.store import AccessRecorded, Read, TenantEnded
from contracts.vocabulary import AccessGround
from runtime.access import ACCESS
from runtime.append_request import Answer, Change, Request, TenantHasEnded, TenantNotOpen
from runtime.database import driver
from runtime.stream_model import Loaded
from runtime.tenants import TENANT, end_tenant, move_clock, open_tenant
from runtime.testing import SCHOOL, Cluster, Opened, opened, school_named, sequence, write_school

SOMEBODY = Actor(id="somebody", role="operator")
DAY = date(2026, 9, 1)


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


async def end(plan: Opened, tenant: str | None = None, reason: str = "The contract is over.") -> None:
    await end_tenant(plan.store, tenant or plan.tenant, reason, actor=SOMEBODY, correlation="test")


async def look_recorded(plan: Opened, student: UUID) -> None:
    loaded = await plan.store.load(plan.tenant, ACCESS, student, DAY)
    read = Read(at=datetime(2026, 9, 1, 12, tzinfo=UTC), party=SOMEBODY, purpose="read the plan",
                ground=AccessGround.SCHOOL_OFFICIAL, what=())  # fmt: skip
    event = AccessRecorded(effective_on=DAY, reads=(read,))
    assert loaded.stream == streams.access(student, DAY)
    await plan.store.append(plan.context(), [Change(loaded, student, [event])])


async def types(plan: Opened) -> list[str]:
    """What the log holds, in its order."""
    await sequence(plan)
    async with plan.database.lend(plan.tenant) as connection:
        rows = await connection.fetch(
            "SELECT e.type FROM plan.log l JOIN plan.events e ON e.id = l.event_id ORDER BY l.index"
        )
    return [row["type"] for row in rows]


async def test_after_the_end_nothing_new_is_recorded_but_who_looked(plan: Opened) -> None:
    school, student = new_id(), new_id()
    await write_school(plan, school, "Lakeside Elementary")
    await end(plan)

    with pytest.raises(TenantHasEnded, match=r"ended here on .* can be read") as refused:
        await write_school(plan, school, "Another name")
    await look_recorded(plan, student)

    assert refused.value.on == (await plan.store.read(plan.tenant, TENANT.name))[-1].effective_on
    assert await types(plan) == ["plan.school_added", "tenant.ended", "access.recorded"]
    async with plan.database.lend(plan.tenant) as connection:
        assert await connection.fetchval("SELECT count(*) FROM plan.claims") == 0


async def test_what_goes_on_takes_nothing_else_with_it(plan: Opened) -> None:
    await end(plan)
    school, student = new_id(), new_id()
    looked = await plan.store.load(plan.tenant, ACCESS, student, DAY)
    read = Read(at=datetime(2026, 9, 1, 12, tzinfo=UTC), party=SOMEBODY, purpose="read the plan",
                ground=AccessGround.SCHOOL_OFFICIAL, what=())  # fmt: skip
    added = await plan.store.load(plan.tenant, SCHOOL, school)

    with pytest.raises(TenantHasEnded):
        await plan.store.append(
            plan.context(),
            [Change(looked, student, [AccessRecorded(effective_on=DAY, reads=(read,))]),
             Change(added, school, [school_named(school)])],
        )  # fmt: skip
    assert await types(plan) == ["tenant.ended"]


async def test_ending_again_changes_nothing(plan: Opened) -> None:
    await end(plan)
    await end(plan, reason="Another reason.")

    history = await plan.store.read(plan.tenant, TENANT.name)
    assert [entry.event for entry in history] == [
        TenantEnded(effective_on=history[0].effective_on, reason="The contract is over.")
    ]
    with pytest.raises(TenantNotOpen):
        await end(plan, tenant="hillside")


async def test_the_end_waits_for_what_was_begun_before_and_nothing_comes_behind_it(plan: Opened) -> None:
    school = new_id()
    loaded = Loaded(SCHOOL, SCHOOL.stream(school), 0, SCHOOL.initial)
    async with plan.database.begin(plan.tenant) as rows:
        await plan.store.append(
            plan.context(), [Change(loaded, school, [school_named(school)])], connection=await driver(rows)
        )
        ending = asyncio.create_task(end(plan))
        await asyncio.sleep(0.3)
        assert not ending.done()
    await ending

    assert await types(plan) == ["plan.school_added", "tenant.ended"]


async def test_a_command_that_comes_while_the_end_is_made_is_refused(plan: Opened) -> None:
    async with plan.database.lend(plan.tenant) as held, held.transaction():
        await held.execute("SELECT FROM plan.tenants WHERE tenant = $1 FOR UPDATE", plan.tenant)
        ending = asyncio.create_task(end(plan))
        await asyncio.sleep(0.3)
        writing = asyncio.create_task(write_school(plan, new_id(), "Lakeside Elementary"))
        await asyncio.sleep(0.3)
        assert not ending.done()
        assert not writing.done()

    with pytest.raises(TenantHasEnded):
        await writing
    await ending
    assert await types(plan) == ["tenant.ended"]


async def test_a_request_that_was_answered_before_the_end_is_answered_again(plan: Opened) -> None:
    school = new_id()
    context = replace(plan.context(), request=Request("client", "POST", "/schools", "key", b"1" * 32))

    async def ask() -> Answer | None:
        loaded = Loaded(SCHOOL, SCHOOL.stream(school), 0, SCHOOL.initial)
        done = await plan.store.append(
            context, [Change(loaded, school, [school_named(school)])], answer=Answer(201, "school", school)
        )
        return done.replayed

    assert await ask() is None
    await end(plan)

    again = await ask()
    assert again is not None
    assert again.id == school


async def test_the_end_cannot_be_taken_back_in_the_row(plan: Opened) -> None:
    await end(plan)

    for role, change in (
        ("plan_app", "ended_on = NULL"), ("plan_app", "ended_on = '2020-01-01'"), ("plan_owner", "ended_on = NULL"),
    ):  # fmt: skip
        connection = await asyncpg.connect(plan.url(role))
        await connection.execute("SELECT set_config('handrail.tenant', $1, false)", plan.tenant)
        if role == "plan_owner":
            await connection.execute("ALTER TABLE plan.tenants NO FORCE ROW LEVEL SECURITY")
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.execute(f"UPDATE plan.tenants SET {change} WHERE tenant = $1", plan.tenant)
        await connection.close()
        assert refused.value.sqlstate == "HR001"


async def test_a_sandbox_ends_too_and_its_clock_still_moves_so_that_time_can_run_out(
    cluster: Cluster,
) -> None:
    async with opened(cluster, tenant="hillside") as it:
        sandbox = "sandbox-hillside"
        await open_tenant(it.store, sandbox, name="Hillside", time_zone="America/Chicago", actor=SOMEBODY,
                          correlation="test", clock_from=datetime(2026, 6, 30, 12, tzinfo=UTC))  # fmt: skip
        await end(it, sandbox)
        await sequence(it)

        await move_clock(
            it.store, sandbox, datetime(2030, 6, 30, 12, tzinfo=UTC), actor=SOMEBODY, correlation="test"
        )

        history = await it.store.read(sandbox, TENANT.name)
        assert [(each.type, each.effective_on) for each in history] == [
            ("tenant.opened", date(2026, 6, 30)),
            ("tenant.ended", date(2026, 6, 30)),
            ("tenant.clock_moved", date(2030, 6, 30)),
        ]
