"""What the world does to a store: a database killed in mid-append, a full disk. Acknowledged is kept, the rest is not there."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from contracts.ids import new_id
from runtime.database import UNREACHABLE
from runtime.event_store import Answer, Change, Claim
from runtime.testing import SCHOOL, Cluster, Opened, opened, school_named, sequence, write_school


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A cluster that may be killed, with the durable settings of the product."""
    folder = Path(tempfile.mkdtemp(prefix="handrail-crash-"))
    folder.chmod(0o711)
    cluster = Cluster.start(folder / "postgres")
    cluster.postgres.stop()
    cluster.postgres.options = {}
    cluster.postgres.start()
    yield cluster
    cluster.postgres.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        yield it


@pytest.mark.slow
async def test_a_database_killed_in_mid_append_keeps_what_was_acknowledged_and_nothing_else(
    own_cluster: Cluster,
) -> None:
    async with opened(own_cluster) as plan:
        acknowledged: set[UUID] = set()
        refused = 0

        async def write() -> None:
            nonlocal refused
            while True:
                school = new_id()
                try:
                    await write_school(plan, school, "A", "B")
                    acknowledged.add(school)
                except UNREACHABLE:
                    refused += 1
                    await asyncio.sleep(0.05)

        writers = [asyncio.ensure_future(write()) for _ in range(6)]
        for _ in range(3):
            await asyncio.sleep(0.7)
            await asyncio.to_thread(own_cluster.postgres.kill)
            await asyncio.to_thread(own_cluster.postgres.start)
        await asyncio.sleep(0.5)
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        async with plan.database.lend(plan.tenant) as connection:
            rows = await connection.fetch(
                "SELECT e.stream, count(*) AS events, bool_and(s.version = 2) AS state,"
                " (SELECT count(*) FROM plan_read.resources r WHERE r.stream = e.stream) AS resources"
                " FROM plan.events e LEFT JOIN plan_read.states s USING (tenant, stream) GROUP BY e.stream"
            )
            events = await connection.fetchval("SELECT count(*) FROM plan.events")
            waiting = await connection.fetchval("SELECT count(*) FROM plan.unsequenced")
        streams = {row["stream"] for row in rows}
        assert {f"school/{school}" for school in acknowledged} <= streams
        assert all((row["events"], row["state"], row["resources"]) == (2, True, 1) for row in rows)
        assert waiting == events
        assert refused > 0
        assert len(acknowledged) > 20
        assert await sequence(plan) == events


async def test_a_full_disk_is_a_passing_trouble_and_nothing_half_done(plan: Opened) -> None:
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    await superuser.execute("""
        CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON plan.unsequenced
            FOR EACH STATEMENT EXECUTE FUNCTION public.full()""")
    school = new_id()
    seen = await plan.store.load(plan.tenant, SCHOOL, school)

    with pytest.raises(UNREACHABLE):
        await plan.store.append(
            plan.context(), [Change(seen, school, [school_named(school)])],
            claims=[Claim("external_id:school", "sis:1", school)], answer=Answer(201, "school", school),
        )  # fmt: skip

    async with plan.database.lend(plan.tenant) as connection:
        for table in ("plan.events", "plan.claims", "plan_read.states", "plan_read.resources"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
    await superuser.execute("DROP TRIGGER full_disk ON plan.unsequenced")
    await superuser.close()
    await write_school(plan, school, "A")
