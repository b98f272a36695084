"""P1 and P4: the record only grows, and a tenant's rows are reached only with that tenant set. Tried by typed SQL."""

import asyncpg
import pytest

from contracts.ids import new_id
from runtime.testing import Cluster, open_test_tenant, opened, sequence, write_school

CHANGES = [
    "UPDATE plan.{table} SET tenant = tenant",
    "DELETE FROM plan.{table}",
    "TRUNCATE plan.{table}",
    "TRUNCATE plan.{table} CASCADE",
]


@pytest.mark.parametrize("table", ["events", "log"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["plan_app", "plan_owner", "plan_relay"])
async def test_no_role_of_the_service_can_change_or_remove_what_is_on_record(
    cluster: Cluster, table: str, change: str, role: str
) -> None:
    async with opened(cluster) as plan:
        school = new_id()
        await write_school(plan, school, "A")
        await sequence(plan)
        connection = await asyncpg.connect(plan.url(role))
        try:
            await connection.execute("SELECT set_config('handrail.tenant', $1, false)", plan.tenant)
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.PostgresError)) as refused:
                await connection.execute(change.format(table=table))
            assert refused.value.sqlstate in {"42501", "HR001"}
        finally:
            await connection.close()
        history = await plan.store.read(plan.tenant, f"school/{school}")
        assert [recorded.index for recorded in history] == [0]


async def test_the_owner_meets_the_trigger_even_with_rows_in_reach(cluster: Cluster) -> None:
    async with opened(cluster) as plan:
        await write_school(plan, new_id(), "A")
        connection = await asyncpg.connect(
            cluster.postgres.url(plan.name)
        )  # The superuser: row security does not apply.
        try:
            for statement in ("UPDATE plan.events SET tenant = 'x'", "DELETE FROM plan.events"):
                with pytest.raises(asyncpg.PostgresError, match="append-only"):
                    await connection.execute(statement)
        finally:
            await connection.close()


TENANT_TABLES = [
    "plan.tenants", "plan.events", "plan.log", "plan.unsequenced", "plan.kept_answers", "plan.claims", "plan.parked",
    "plan.access", "plan.documents", "plan.document_pieces", "plan_read.states", "plan_read.resources",
]  # fmt: skip


async def test_every_table_with_a_tenant_has_forced_row_level_security(cluster: Cluster) -> None:
    async with opened(cluster) as plan, plan.database.pool.acquire() as connection:
        tables = await connection.fetch(
            "SELECT c.oid::regclass::text AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped"
            " WHERE c.relkind IN ('r', 'p')"
            " AND c.relnamespace::regnamespace::text ~ '^(plan|progress|notify|audit|keyring)(_read)?$'"
        )
    assert len(tables) >= len(TENANT_TABLES) * 4
    assert [row["name"] for row in tables if not row["forced"]] == []


async def test_without_a_tenant_or_with_another_nothing_is_seen(cluster: Cluster) -> None:
    async with opened(cluster) as plan:
        await write_school(plan, new_id(), "A")
        await open_test_tenant(plan.database, "hillside")
        connection = await asyncpg.connect(plan.url("plan_app"))
        try:
            for tenant in ("", "hillside", "no-such"):
                await connection.execute("SELECT set_config('handrail.tenant', $1, false)", tenant)
                for table in ("plan.events", "plan_read.states", "plan_read.resources", "plan.unsequenced"):
                    assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, (tenant, table)
            await connection.execute("SELECT set_config('handrail.tenant', $1, false)", plan.tenant)
            assert await connection.fetchval("SELECT count(*) FROM plan.events") == 1
        finally:
            await connection.close()


async def test_a_row_for_another_tenant_is_refused(cluster: Cluster) -> None:
    async with opened(cluster) as plan, plan.database.lend(plan.tenant) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO plan.unsequenced (tenant, event_id) VALUES ('hillside', $1)", new_id()
            )


async def test_a_returned_connection_carries_no_tenant(cluster: Cluster) -> None:
    async with opened(cluster) as plan:
        async with plan.database.lend(plan.tenant):
            pass
        async with plan.database.pool.acquire() as connection:
            assert not await connection.fetchval("SELECT current_setting('handrail.tenant', true)")


async def test_the_clock_of_an_ordinary_tenant_cannot_be_moved_by_anyone(cluster: Cluster) -> None:
    async with opened(cluster) as plan:
        superuser = await asyncpg.connect(cluster.postgres.url(plan.name))
        try:
            with pytest.raises(asyncpg.PostgresError, match="sandbox"):
                await superuser.execute("UPDATE plan.tenants SET clock_ahead = '1 day'")
        finally:
            await superuser.close()


async def test_another_service_reads_the_journal_and_nothing_else(cluster: Cluster) -> None:
    async with opened(cluster) as plan:
        await write_school(plan, new_id(), "A")
        connection = await asyncpg.connect(plan.url("notify_app"))
        try:
            assert await connection.fetch("SELECT * FROM plan.journal") == []
            await sequence(plan)
            assert len(await connection.fetch("SELECT * FROM plan.journal")) == 1
            for table in ("events", "log", "tenants", "claims", "kept_answers", "access"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM plan.{table}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("SELECT * FROM plan_read.resources")
        finally:
            await connection.close()
