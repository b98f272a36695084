"""A connection that the database ends under us, at the worst moment: between the database's last word and the end of the line."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.database import (
    OLDEST_POSTGRESQL,
    UNREACHABLE,
    Database,
    DatabaseTooOld,
    must_be_new_enough,
    open_pool,
)
from runtime.problem_details import is_unreachable
from runtime.testing import PASSWORD, Cluster, Opened, opened


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


class Wire:
    """TCP to PostgreSQL's socket. What the database says last arrives at once, the end of the line when `end` says so."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._open: list[asyncio.StreamWriter] = []
        self.hung_up = asyncio.Event()

    async def take(self, ours: asyncio.StreamReader, ours_out: asyncio.StreamWriter) -> None:
        """One connection of the driver's."""
        theirs, theirs_out = await asyncio.open_unix_connection(self._socket)
        self._open.append(ours_out)
        there = asyncio.ensure_future(_carry(ours, theirs_out))
        await _carry(theirs, ours_out)
        self.hung_up.set()
        await there

    def end(self) -> None:
        """The driver hears that the database has hung up."""
        for out in self._open:
            out.close()


async def _carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while said := await source.read(65_536):
            to.write(said)
            await to.drain()


@asynccontextmanager
async def by_wire(plan: Opened) -> AsyncIterator[tuple[Database, Wire]]:
    """The service's database with the wire in between."""
    wire = Wire(f"{plan.cluster.postgres.socket_folder}/.s.PGSQL.5432")
    server = await asyncio.start_server(wire.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = await Database.open("plan", f"postgresql://plan_app:{PASSWORD}@127.0.0.1:{port}/{plan.name}")
    try:
        yield database, wire
    finally:
        wire.end()
        server.close()
        await database.close()


async def end(plan: Opened, pid: int, wire: Wire) -> None:
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    await superuser.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    await superuser.close()
    await asyncio.wait_for(wire.hung_up.wait(), 5)
    await asyncio.sleep(0.05)  # The driver has read the last word.
    asyncio.get_running_loop().call_later(0.2, wire.end)


async def test_a_statement_on_a_connection_that_was_just_ended_says_that_the_database_is_away(
    plan: Opened,
) -> None:
    async with by_wire(plan) as (database, wire):
        with pytest.raises(UNREACHABLE) as away:
            async with database.lend(plan.tenant) as connection:
                await end(plan, await connection.fetchval("SELECT pg_backend_pid()"), wire)
                await connection.fetchval("SELECT 1")
    assert is_unreachable(away.value)


async def test_so_it_does_by_way_of_sqlalchemy(plan: Opened) -> None:
    async with by_wire(plan) as (database, wire):
        with pytest.raises(Exception) as away:  # Which one it is is asked below.
            async with database.begin(plan.tenant) as connection:
                await end(plan, await connection.scalar(text("SELECT pg_backend_pid()")), wire)
                await connection.scalar(text("SELECT 1"))
    assert is_unreachable(away.value), repr(away.value)


async def test_a_transaction_is_not_begun_again_on_a_connection_that_was_ended(plan: Opened) -> None:
    async with by_wire(plan) as (database, wire):
        async with database.begin(plan.tenant) as connection:
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        await end(plan, pid, wire)
        with pytest.raises(UNREACHABLE):
            async with database.begin(plan.tenant):
                pass
        async with database.begin(plan.tenant) as connection:
            assert await connection.scalar(text("SELECT pg_backend_pid()")) != pid


async def test_broken_off_at_any_moment_a_transaction_leaves_no_connection_in_the_middle(
    plan: Opened,
) -> None:
    """One left in the middle would swallow all that is done in it later, and hold its locks for ever."""

    async def work(fails: bool = False) -> None:
        async with plan.database.begin(plan.tenant) as connection:
            await connection.execute(text("SELECT 1"))
            if fails:  # Then it is rolled back, which may be broken off as well.
                raise LookupError

    ends = Counter[str]()
    for number in range(300):
        await work()  # A connection is open, and waits to be lent.
        task = asyncio.create_task(work(fails=number % 2 == 1))
        await asyncio.sleep(number % 60 / 30_000)
        task.cancel()
        await asyncio.wait([task])
        error = None if task.cancelled() else task.exception()
        ends[
            "cancelled"
            if task.cancelled()
            else "failed"
            if error and not isinstance(error, LookupError)
            else "done"
        ] += 1
    assert ends["cancelled"]
    assert not ends["failed"], "what was broken off says so, and what comes after it works"

    async with contextlib.AsyncExitStack() as at_once:
        for _ in range(8):  # All that the pool has.
            connection = await at_once.enter_async_context(plan.database.begin(plan.tenant))
            await connection.execute(
                text("INSERT INTO plan.consumer_members VALUES ('c', gen_random_uuid(), now())")
            )
    async with plan.database.begin() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM plan.consumer_members")) == 8


@pytest.mark.parametrize(("snapshot", "seen"), [(True, 0), (False, 1)])
async def test_in_a_snapshot_every_statement_sees_the_rows_of_one_moment(
    plan: Opened, snapshot: bool, seen: int
) -> None:
    counted = text("SELECT count(*) FROM plan.consumer_members")
    async with plan.database.begin(plan.tenant, snapshot=snapshot) as rows:
        assert await rows.scalar(counted) == 0
        async with plan.database.begin(plan.tenant) as others:
            await others.execute(
                text("INSERT INTO plan.consumer_members VALUES ('c', gen_random_uuid(), now())")
            )
        assert await rows.scalar(counted) == seen


async def test_a_transaction_that_fails_leaves_nothing_and_neither_does_its_tenant(plan: Opened) -> None:
    made = text("INSERT INTO plan.consumer_members VALUES ('c', gen_random_uuid(), now())")
    with pytest.raises(LookupError):
        async with plan.database.begin(plan.tenant) as connection:
            await connection.execute(made)
            raise LookupError
    async with plan.database.begin() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM plan.consumer_members")) == 0
        assert await connection.scalar(text("SELECT current_setting('handrail.tenant')")) == ""


class _Server:
    """What the driver says of a server."""

    def __init__(self, major: int) -> None:
        self.major = major

    def get_server_version(self) -> "_Server":
        return self


def test_a_database_that_is_too_old_is_named_with_what_is_needed() -> None:
    must_be_new_enough(_Server(OLDEST_POSTGRESQL))
    with pytest.raises(DatabaseTooOld, match="PostgreSQL 18 or newer is needed, and this is 17"):
        must_be_new_enough(_Server(17))


@pytest.mark.parametrize(
    "tenant", ["lakeside", "o'brien", "a'; SET LOCAL handrail.tenant TO 'b", "back\\slash", ""]
)
async def test_a_transaction_is_of_exactly_the_tenant_that_was_named(plan: Opened, tenant: str) -> None:
    async with plan.database.begin(tenant) as rows:
        found = (await rows.execute(text("SELECT current_setting('handrail.tenant')"))).scalar_one()

    assert found == tenant


TENANT_THERE = "SELECT current_setting('handrail.tenant', true)"


async def test_what_was_lent_for_one_tenant_reaches_no_other_and_nobody_s_where_none_is_named(
    plan: Opened,
) -> None:
    database, pids = plan.database, set[int]()
    for tenant in ("lakeside", "lakeside", "harbor", "o'brien", "lakeside"):
        async with database.lend(tenant) as connection:
            assert await connection.fetchval(TENANT_THERE) == tenant
            pids.add(await connection.fetchval("SELECT pg_backend_pid()"))
        async with database.once() as connection:
            assert not await connection.fetchval(TENANT_THERE)
        async with database.pool.acquire() as connection:
            assert not await connection.fetchval(TENANT_THERE)
    assert len(pids) == 1, "one connection served all tenants"


async def test_a_tenant_is_named_once_for_those_who_are_lent_a_connection_one_after_the_other(
    plan: Opened,
) -> None:
    said: list[str] = []
    async with plan.database.lend("lakeside") as connection:
        connection.add_query_logger(lambda record: said.append(record.query))
        await connection.execute("SELECT 1")
    for _ in range(3):
        async with plan.database.lend("lakeside") as connection:
            await connection.execute("SELECT 2")
    assert said == ["SELECT 1", "SELECT 2", "SELECT 2", "SELECT 2"]


async def test_a_connection_whose_use_failed_keeps_nothing_of_it(plan: Opened) -> None:
    with pytest.raises(LookupError):
        async with plan.database.lend("lakeside") as connection:
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            await connection.execute("SET enable_sort = off; SELECT pg_advisory_lock(4)")
            raise LookupError
    async with plan.database.lend("lakeside") as connection:
        assert await connection.fetchval("SELECT pg_backend_pid()") == pid
        assert await connection.fetchval(TENANT_THERE) == "lakeside"
        assert await connection.fetchval("SHOW enable_sort") == "on"
    async with plan.database.once() as connection:
        assert await connection.fetchval("SELECT pg_try_advisory_lock(4)")


async def broken_off_at_any_moment(work: Callable[[str], Awaitable[None]]) -> None:
    """``work`` says itself whether it reaches the tenant that it is given: also right after one was broken off."""
    cancelled = 0
    for number in range(300):
        task = asyncio.ensure_future(work(f"district-{number % 3}"))
        await asyncio.sleep(number % 60 / 60_000)
        task.cancel()
        await asyncio.wait([task])
        cancelled += task.cancelled()
        assert task.cancelled() or task.exception() is None
        await work(f"district-{number % 2}")
    assert cancelled


async def test_broken_off_at_any_moment_a_connection_is_lent_next_for_the_tenant_that_is_named(
    plan: Opened,
) -> None:
    async def work(tenant: str) -> None:
        async with plan.database.lend(tenant) as connection:
            assert await connection.fetchval(TENANT_THERE) == tenant

    await broken_off_at_any_moment(work)


async def test_what_only_reads_is_of_its_tenant_alone_and_cannot_write(plan: Opened) -> None:
    database, there = plan.database, text(f"{TENANT_THERE}, pg_backend_pid()")
    pids = set[int]()
    for tenant in ("lakeside", "lakeside", "harbor", "lakeside"):
        async with database.read(tenant) as rows:
            found, pid = (await rows.execute(there)).one()
            assert found == tenant
            pids.add(pid)
        async with database.begin() as rows:
            assert (await rows.execute(there)).one() == ("", pid)
    assert len(pids) == 1, "one connection served all"

    made = text("INSERT INTO plan.consumer_members VALUES ('c', gen_random_uuid(), now())")
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with database.read("lakeside") as rows:
            await rows.execute(made)
    async with database.begin("lakeside") as rows:
        await rows.execute(made)
    async with database.begin("lakeside", snapshot=True) as rows:
        await rows.execute(made)


async def test_reading_broken_off_at_any_moment_leaves_every_tenant_to_its_own(plan: Opened) -> None:
    async def work(tenant: str) -> None:
        async with plan.database.read(tenant) as rows:
            assert await rows.scalar(text(TENANT_THERE)) == tenant

    await broken_off_at_any_moment(work)


async def test_a_transaction_that_could_not_be_begun_leaves_no_connection_in_the_middle(
    plan: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("runtime.database._begin", lambda *_given, **_more: "BEGIN; SELECT 1 / 0")
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with plan.database.begin(plan.tenant):
                pass

    async with plan.database.read(plan.tenant) as rows:
        assert await rows.scalar(text("SELECT 1")) == 1
    with pytest.raises(asyncpg.DataError):  # In the driver, before anything was said.
        async with plan.database.read("lone surrogate \ud800"):
            pass
    async with plan.database.read(plan.tenant) as rows:
        assert await rows.scalar(text(TENANT_THERE)) == plan.tenant


ASKED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE $1"
TYPES = "%typeinfo_tree%"


async def test_what_an_array_of_numbers_is_a_process_asks_once_and_what_another_type_is_each_connection(
    plan: Opened,
) -> None:
    plan.cluster.postgres.psql(plan.name, "CREATE TYPE plan.pair AS (one int, two text)")
    asked = []
    for _ in range(2):
        pool = await open_pool(plan.url("plan_app"), most=1)
        async with pool.acquire() as connection:
            assert await connection.fetchval("SELECT $1::smallint[]", [1, 2]) == [1, 2]
            numbers = await connection.fetchval(ASKED, TYPES)
            assert await connection.fetchval("SELECT '(1,x)'::plan.pair") == (1, "x")
            asked.append((numbers, await connection.fetchval(ASKED, TYPES) - numbers))
        await pool.close()

    assert asked[1] == (0, 1)
