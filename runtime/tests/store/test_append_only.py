"""P1 and P4: the record only grows, and a tenant's rows are reached only with that tenant set. Tried by typed SQL.

On a database that every service has migrated, over every table with a tenant that is found there: a table added
tomorrow is tried as well.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec

import asyncpg
import pytest

from contracts.ids import new_id
from runtime.log_schema import LOG_TABLES
from runtime.migrations import migrate_keyring, migrate_service
from runtime.roles import SERVICES
from runtime.store_schema import APPEND_ONLY
from runtime.testing import PASSWORD, PASSWORDS, Cluster, opened, sequence, write_school

OWN, OTHER = "lakeside", "hillside"
NO_TENANT = [None, ""]
"""A connection on which none was ever set, and one on which it was cleared."""

WITH_A_TENANT = """
    SELECT c.oid::regclass::text AS name, c.relkind::text AS kind, c.relrowsecurity AND c.relforcerowsecurity AS forced
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p', 'f', 'm') AND c.relnamespace::regnamespace::text IN ($1, $1 || '_read')
     ORDER BY 1"""

NEEDED = """
    SELECT quote_ident(attname) AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef
       AND attidentity = ''"""

MAY_CHANGE = """
    SELECT quote_ident(attname) FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = ''
       AND has_column_privilege($1, attname, 'UPDATE')"""

OF_TYPE = {
    "text": "'x{n}'", "uuid": "gen_random_uuid()", "boolean": "false", "date": "'2026-01-0{n}'",
    "smallint": "{n}", "integer": "{n}", "bigint": "{n}", "timestamp with time zone": "now()", "text[]": "'{{}}'",
    "uuid[]": "'{{}}'",
    "json": "'{{}}'", "jsonb": "'{{}}'", "bytea": "decode(repeat('0{n}', 32), 'hex')",
}  # fmt: skip
OF_COLUMN = {
    "class": "'record'", "kind": "'draft'", "source": "'plan'", "key_id": "decode(repeat('0{n}', 16), 'hex')",
    "signature": "decode(repeat('0{n}', 64), 'hex')", "log_signature": "decode(repeat('0{n}', 64), 'hex')",
    "cosignature": "decode(repeat('0{n}', 72), 'hex')",
}  # fmt: skip
"""Where a check constraint asks for one of a few words, or another length."""

STORE = {"tenants", "events", "log", "unsequenced", "kept_answers", "claims", "parked", "access", "documents",
         "document_pieces"}  # fmt: skip
ROLES = (*SERVICES, "keyring")


@pytest.fixture(scope="module")
def migrated(cluster: Cluster) -> str:
    """A database that every service has migrated, with one row of each of two tenants in every table that has a tenant."""
    if missing := [service for service in SERVICES if find_spec(f"{service}_service") is None]:
        pytest.skip(f"the migrations are tried together, and not all services are installed: {missing}")
    name = "store_migrated"
    cluster.postgres.psql("postgres", f"CREATE DATABASE {name}")

    async def prepare() -> None:
        admin_url = cluster.postgres.url(name)
        for service in SERVICES:
            await migrate_service(
                service, admin_url, cluster.url(name, f"{service}_owner"), PASSWORDS, journal=True
            )
        await migrate_keyring(admin_url, cluster.url(name, "keyring_owner"), PASSWORD, PASSWORD)
        admin = await asyncpg.connect(admin_url)
        for role in ROLES:
            for table in await admin.fetch(WITH_A_TENANT, role):
                for n, tenant in enumerate((OWN, OTHER), 1):
                    await fill(admin, table["name"], n, tenant)
        await admin.close()

    asyncio.run(prepare())
    return name


OF_TABLE_COLUMN = {("audit_read.finding_queue", "kind"): "'student'"}


async def fill(admin: asyncpg.Connection, table: str, n: int, tenant: str) -> None:
    given = {"tenant": f"'{tenant}'"}
    for column in await admin.fetch(NEEDED, table):
        value = (
            OF_TABLE_COLUMN.get((table, column["name"]))
            or OF_COLUMN.get(column["name"])
            or OF_TYPE[column["type"]]
        )
        given.setdefault(column["name"], value.format(n=n))
    await admin.execute(f"INSERT INTO {table} ({', '.join(given)}) VALUES ({', '.join(given.values())})")


@asynccontextmanager
async def as_role(
    cluster: Cluster, database: str, role: str, tenant: str | None = None
) -> AsyncIterator[asyncpg.Connection]:
    """Somebody with the password of ``role`` who types SQL; an empty ``role`` is the superuser."""
    url = cluster.url(database, role) if role else cluster.postgres.url(database)
    connection = await asyncpg.connect(url)
    try:
        if tenant is not None:
            await connection.execute("SELECT set_config('handrail.tenant', $1, false)", tenant)
        yield connection
    finally:
        await connection.close()


async def tables_of(cluster: Cluster, database: str, role: str) -> dict[str, list[str]]:
    """Every table with a tenant, and the rows in it as they are now."""
    async with as_role(cluster, database, "") as superuser:
        names = [row["name"] for row in await superuser.fetch(WITH_A_TENANT, role)]
        return {
            name: [row[0] for row in await superuser.fetch(f"SELECT t::text FROM {name} t ORDER BY 1")]
            for name in names
        }


async def refusal(connection: asyncpg.Connection, statement: str) -> str:
    """How a statement ended: the code it was refused with, or what it did."""
    try:
        return await connection.execute(statement)
    except asyncpg.PostgresError as error:
        return error.sqlstate or ""


REFUSED = {"42501", "HR001"}
"""No right to, or the trigger."""


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("role", ["app", "owner", "relay", "superuser"])
async def test_nobody_can_change_or_remove_what_is_on_record(
    cluster: Cluster, migrated: str, service: str, role: str
) -> None:
    before = await tables_of(cluster, migrated, service)
    name = "" if role == "superuser" else f"{service}_{role}"
    async with as_role(cluster, migrated, name, OWN) as connection:
        if role == "superuser":  # As a restore or a replica would be: ordinary triggers sleep, these do not.
            await connection.execute("SET session_replication_role = replica")
        for table in (*APPEND_ONLY, *LOG_TABLES):
            assert before[f"{service}.{table}"]
            for statement in (
                "UPDATE {} SET tenant = tenant", "UPDATE {} SET tenant = 'x'", "DELETE FROM {}", "TRUNCATE {}",
                "TRUNCATE {} CASCADE",
            ):  # fmt: skip
                done = await refusal(connection, statement.format(f"{service}.{table}"))
                # Row security hides every row from the owner, so that there is nothing to refuse.
                assert done in REFUSED | ({"UPDATE 0", "DELETE 0"} if role == "owner" else set()), statement
    assert await tables_of(cluster, migrated, service) == before


async def test_what_was_appended_stays_as_it_was_for_its_readers(cluster: Cluster) -> None:
    async with opened(cluster) as plan:
        school = new_id()
        await write_school(plan, school, "A")
        await sequence(plan)
        for role in ("plan_app", "plan_owner", "plan_relay", ""):
            async with as_role(cluster, plan.name, role, plan.tenant) as connection:
                for table in (*APPEND_ONLY, "checkpoints"):
                    assert await refusal(connection, f"DELETE FROM plan.{table}") in REFUSED
        history = await plan.store.read(plan.tenant, f"school/{school}")
    assert [recorded.index for recorded in history] == [0]


@pytest.mark.parametrize("role", ROLES)
async def test_every_table_with_a_tenant_has_forced_row_level_security_and_one_rule(
    cluster: Cluster, migrated: str, role: str
) -> None:
    async with as_role(cluster, migrated, "") as superuser:
        tables = await superuser.fetch(WITH_A_TENANT, role)
        rules = await superuser.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name, cmd, qual, with_check FROM pg_policies"
            " WHERE schemaname IN ($1::text, $1 || '_read') AND roles && ARRAY[$1 || '_app', 'public']::name[] ORDER BY 1", role,
        )  # fmt: skip
    if role in SERVICES:
        assert {row["name"] for row in tables} >= {f"{role}.{table}" for table in STORE} | {
            f"{role}_read.states", f"{role}_read.resources"}  # fmt: skip
    assert [row["name"] for row in tables if not row["forced"] or row["kind"] not in "rp"] == []
    if role == "keyring":
        return  # Its rule is tried below; what it says is not written as the services' are.
    set_on_it = "(tenant = NULLIF(current_setting('handrail.tenant'::text, true), ''::text))"
    assert sorted(tuple(row.values()) for row in rules) == sorted(
        (row["name"], "ALL", set_on_it, set_on_it) for row in tables
    )


@pytest.mark.parametrize("service", SERVICES)
async def test_what_a_service_sees_of_all_its_tenants_is_that_there_is_work_for_them(
    cluster: Cluster, migrated: str, service: str
) -> None:
    """Views run as their owner, whom row security lets through: none of them may show a row's contents."""
    async with as_role(cluster, migrated, f"{service}_app") as connection:
        views = await connection.fetch(
            "SELECT c.oid::regclass::text AS name, array_agg(a.attname::text) AS columns FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relkind = 'v' AND c.relnamespace::regnamespace::text IN ($1, $1 || '_read')"
            " AND has_table_privilege(c.oid, 'SELECT') GROUP BY c.oid", service,
        )  # fmt: skip
    assert {
        view["name"]: view["columns"] for view in views if set(view["columns"]) - {"tenant", "rows"}
    } == {}


@pytest.mark.parametrize("role", ROLES)
async def test_a_tenants_rows_are_seen_with_that_tenant_only(
    cluster: Cluster, migrated: str, role: str
) -> None:
    tables = await tables_of(cluster, migrated, role)
    app = f"{role}_app"
    for tenant, sees in [
        (OWN, {OWN}),
        (OTHER, {OTHER}),
        ("no-such", set()),
        *((no, set()) for no in NO_TENANT),
    ]:
        async with as_role(cluster, migrated, app, tenant) as connection:
            for table in tables:
                assert await connection.fetchval("SELECT has_table_privilege($1, 'SELECT')", table), table
                rows = await connection.fetch(f"SELECT tenant FROM {table}")
                assert {row["tenant"] for row in rows} == sees, (tenant, table)


@pytest.mark.parametrize("tenant", [*NO_TENANT, OTHER, "no-such"])
@pytest.mark.parametrize("role", ROLES)
async def test_a_tenants_rows_are_written_with_that_tenant_only(
    cluster: Cluster, migrated: str, role: str, tenant: str | None
) -> None:
    before = await tables_of(cluster, migrated, role)
    async with as_role(cluster, migrated, f"{role}_app", tenant) as connection:
        for table in before:
            columns = [row[0] for row in await connection.fetch(MAY_CHANGE, table)]
            for statement in (
                f"INSERT INTO {table} (tenant) VALUES ('{OWN}')",
                f"DELETE FROM {table} WHERE tenant = '{OWN}'",
                *(f"UPDATE {table} SET {column} = {column} WHERE tenant = '{OWN}'" for column in columns),
                f"SELECT FROM {table} WHERE tenant = '{OWN}' FOR UPDATE",
                *([f"UPDATE {table} SET tenant = '{OWN}'"] if "tenant" in columns else []),
            ):
                done = await refusal(connection, statement)
                assert done in {"42501", "UPDATE 0", "DELETE 0", "SELECT 0"}, statement
                # Another tenant's own row is there to be moved; it is the rule that refuses.
                if statement.endswith(f"SET tenant = '{OWN}'"):
                    assert done == ("42501" if tenant == OTHER else "UPDATE 0"), statement
    assert await tables_of(cluster, migrated, role) == before


@pytest.mark.parametrize("role", ROLES)
async def test_it_is_the_tenant_and_not_a_lack_of_rights_that_refuses_a_row(
    cluster: Cluster, migrated: str, role: str
) -> None:
    """The control: with the tenant set, the same insert meets the table's own rules only."""
    tables = await tables_of(cluster, migrated, role)
    async with as_role(cluster, migrated, f"{role}_app", OWN) as connection:
        for table in tables:
            may = await connection.fetchval("SELECT has_table_privilege($1, 'INSERT')", table)
            transaction = connection.transaction()
            await transaction.start()
            done = await refusal(connection, f"INSERT INTO {table} (tenant) VALUES ('{OWN}')")
            await transaction.rollback()
            assert (done != "42501") == may, (table, done)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("tenant", "code"), [(None, "HR403"), ("", "HR403"), ("no-such", "HR404")])
async def test_the_append_writes_for_an_open_tenant_set_on_the_connection_only(
    cluster: Cluster, migrated: str, service: str, tenant: str | None, code: str
) -> None:
    nothing_else = ", ".join(["NULL"] * 20)
    async with as_role(cluster, migrated, f"{service}_app", tenant) as connection:
        statement = f"SELECT {service}.append('{{}}', '{{}}', '{{}}', '[]', '{{}}', 'c', {nothing_else})"
        assert await refusal(connection, statement) == code


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
