"""Rebuild and check over both transports; with Kafka without any grant on the other services' schemas."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text

from contracts.event import Event, Recorded
from contracts.ids import new_id
from runtime.consumer import Consumer, Unit
from runtime.projection import check, rebuild, tenants
from runtime.store_schema import journal_grants
from runtime.testing import PASSWORD, open_test_tenant, opened, write_school
from runtime.testing_consumers import reading, until
from runtime.transport.topics import refill

TALLIES = """
    CREATE TABLE {s}_read.tallies (
        tenant text NOT NULL, subject uuid NOT NULL, events int NOT NULL, PRIMARY KEY (tenant, subject));
    ALTER TABLE {s}_read.tallies ENABLE ROW LEVEL SECURITY;
    ALTER TABLE {s}_read.tallies FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON {s}_read.tallies TO {s}_app USING (tenant = current_setting('handrail.tenant', true))"""


async def tally(recorded: Recorded[Event], unit: Unit) -> None:
    await unit.rows.execute(
        text(
            "INSERT INTO tallies VALUES (:tenant, :subject, 1) ON CONFLICT (tenant, subject)"
            " DO UPDATE SET events = tallies.events + 1"
        ),
        {"tenant": recorded.tenant, "subject": recorded.subject},
    )


CONSUMER = Consumer("tallies", ("plan",), tally, projection=True, tables=("tallies",))


@pytest.fixture
async def apart(rig) -> AsyncIterator[object]:
    """The rig as a migration leaves it for its transport: with Kafka nobody reads another's schema."""
    owner = await asyncpg.connect(rig.plan.cluster.postgres.url(rig.plan.name, "plan_owner", PASSWORD))
    for statement in journal_grants("plan", journal=rig.broker is None):
        await owner.execute(statement)
    await owner.close()
    return rig


async def test_a_rebuild_and_a_check_read_by_the_transport(apart) -> None:
    rig = apart
    database, transport = await rig.instance()
    await open_test_tenant(database, rig.plan.tenant)
    async with database.pool.acquire() as connection:
        await connection.execute(TALLIES.format(s="notify"))
    schools = [new_id() for _ in range(30)]

    async def total() -> int:
        async with database.lend(rig.plan.tenant) as connection:
            return int(await connection.fetchval("SELECT coalesce(sum(events), 0) FROM tallies"))

    async def there(count: int) -> bool:
        return await total() == count

    for _ in range(3):
        for school in schools:
            await write_school(rig.plan, school, "A")
    async with reading(rig.plan, transport, database, CONSUMER) as runner:
        await until(lambda: there(90), 30)
        store = runner._store
        assert await check(CONSUMER, database, store, transport=transport) == []
        async with database.lend(rig.plan.tenant) as connection:
            await connection.execute("DELETE FROM tallies WHERE subject = $1", schools[0])
        assert len(await check(CONSUMER, database, store, transport=transport)) == 1

        if rig.broker is not None:  # Everything stands on the topic twice.
            await refill("plan", rig.plan.url("plan_relay"))
            await write_school(rig.plan, schools[0], "B")
            await until(lambda: there(88), 30)
        else:
            await write_school(rig.plan, schools[0], "B")
            await until(lambda: there(88), 30)
        assert await rebuild(CONSUMER, database, store, transport=transport) == 91
        assert await total() == 91
        await write_school(rig.plan, schools[1], "C")
        await until(lambda: there(92), 30)
        assert await check(CONSUMER, database, store, transport=transport) == []


async def test_a_service_knows_its_own_tenants_and_needs_nobody_elses_schema_for_it(apart) -> None:
    database, _ = await apart.instance()
    for tenant in ("lakeside", "hillside"):
        await open_test_tenant(database, tenant)
    await open_test_tenant(apart.plan.database, "sandbox-elsewhere")
    assert await tenants(database) == ["hillside", "lakeside"]


@pytest.mark.parametrize("rig", ["journal"], indirect=True)
async def test_a_service_follows_its_own_log_with_each_tenant_set(rig) -> None:
    plan = rig.plan
    async with plan.database.pool.acquire() as connection:
        await connection.execute(TALLIES.format(s="plan"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM plan.journal")
        assert await connection.fetchval("SELECT count(*) FROM plan.log") == 0
    async with opened(plan.cluster, tenant="hillside", name=plan.name) as other:
        for each in (plan, other):
            for _ in range(40):
                await write_school(each, new_id(), "A", "B")

        async def there() -> bool:
            found = []
            for each in (plan, other):
                async with plan.database.lend(each.tenant) as connection:
                    found.append(await connection.fetchval("SELECT coalesce(sum(events), 0) FROM tallies"))
            return found == [80, 80]

        transport = rig.own()
        async with reading(plan, transport, plan.database, CONSUMER) as runner:
            await until(there, 30)
            assert await transport.waiting("plan", 100) == 60
            assert await check(CONSUMER, plan.database, runner._store) == []
            assert await rebuild(CONSUMER, plan.database, runner._store) == 160
            assert await there()
