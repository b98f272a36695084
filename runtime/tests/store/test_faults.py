"""What the world does to a store: a database killed in mid-append, a full disk. Acknowledged is kept, the rest is not there."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from contracts.ids import new_id
from runtime.append_request import Answer, Appended, Change, Claim, Request
from runtime.database import UNREACHABLE
from runtime.stream_model import Loaded
from runtime.testing import SCHOOL, Cluster, Opened, opened, school_named, sequence


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


EVERY_TRACE = """
    SELECT subject, max(n) FILTER (WHERE what = 'event') AS events, max(n) FILTER (WHERE what = 'row') AS waiting,
           max(n) FILTER (WHERE what = 'state') AS states, max(n) FILTER (WHERE what = 'resource') AS resources,
           max(n) FILTER (WHERE what = 'claim') AS claims, max(n) FILTER (WHERE what = 'answer') AS answers
      FROM (SELECT 'event' AS what, substr(stream, 8) AS subject, count(*) AS n FROM plan.events GROUP BY 2
            UNION ALL SELECT 'row', substr(e.stream, 8), count(*)
              FROM plan.unsequenced u JOIN plan.events e ON e.id = u.event_id GROUP BY 2
            UNION ALL SELECT 'state', substr(stream, 8), max(version) FROM plan_read.states GROUP BY 2
            UNION ALL SELECT 'resource', id::text, max(version) FROM plan_read.resources GROUP BY 2
            UNION ALL SELECT 'claim', owner::text, count(*) FROM plan.claims GROUP BY 2
            UNION ALL SELECT 'answer', key, count(*) FROM plan.kept_answers GROUP BY 2) AS traces
     GROUP BY subject"""
"""Of each school whatever is there of it, in any table."""
WHOLE = (2, 2, 2, 2, 1, 1)


async def add_school(plan: Opened, school: UUID) -> Appended:
    """Two events, and with them everything an append can carry; safe to repeat."""
    seen = Loaded(SCHOOL, f"school/{school}", 0, SCHOOL.initial)
    request = Request("client-1", "POST", "/plan/v1/schools", str(school), school.bytes * 2)
    return await plan.store.append(
        replace(plan.context(), request=request),
        [Change(seen, school, [school_named(school, "A"), school_named(school, "B", first=False)])],
        claims=[Claim("external_id:school", f"sis:{school}", school)],
        answer=Answer(201, "school", school),
    )


@pytest.mark.slow
async def test_a_database_killed_in_mid_append_keeps_what_was_acknowledged_and_nothing_half(
    own_cluster: Cluster,
) -> None:
    async with opened(own_cluster, name=own_cluster.new_database()) as plan:
        acknowledged: set[UUID] = set()
        in_doubt: set[UUID] = set()
        stop = asyncio.Event()

        async def write() -> None:
            while not stop.is_set():
                school = new_id()
                try:
                    await add_school(plan, school)
                    acknowledged.add(school)
                except asyncpg.PostgresConnectionError:  # The answer to a sent append did not come.
                    in_doubt.add(school)
                except UNREACHABLE:
                    await asyncio.sleep(0.05)

        async with asyncio.TaskGroup() as writers:
            for _ in range(6):
                writers.create_task(write())
            for _ in range(3):
                await asyncio.sleep(0.7)
                await asyncio.to_thread(own_cluster.postgres.kill)
                await asyncio.to_thread(own_cluster.postgres.start)
            await asyncio.sleep(0.5)
            stop.set()
        superuser = await asyncpg.connect(own_cluster.postgres.url(plan.name))
        traces = {UUID(row["subject"]): tuple(row.values())[1:] for row in await superuser.fetch(EVERY_TRACE)}
        waiting = await superuser.fetchval("SELECT count(*) FROM plan.unsequenced")
        await superuser.close()

        assert len(acknowledged) > 20
        assert len(in_doubt) > 2
        assert acknowledged <= traces.keys() <= acknowledged | in_doubt
        assert {school: trace for school, trace in traces.items() if trace != WHOLE} == {}
        assert waiting == 2 * len(traces)
        for school in in_doubt:  # Whoever asks again with the same key gets it done, once.
            again = await add_school(plan, school)
            assert (again.replayed is not None) == (school in traces)
        assert await sequence(plan) == 2 * len(acknowledged | in_doubt)


async def test_a_full_disk_is_a_passing_trouble_and_nothing_half_done(plan: Opened) -> None:
    superuser = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    await superuser.execute("""
        CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON plan.unsequenced
            FOR EACH STATEMENT EXECUTE FUNCTION public.full()""")
    school = new_id()

    with pytest.raises(UNREACHABLE):
        await add_school(plan, school)

    assert await superuser.fetch(EVERY_TRACE) == []
    await superuser.execute("DROP TRIGGER full_disk ON plan.unsequenced")
    assert (await add_school(plan, school)).replayed is None
    traces = await superuser.fetch(EVERY_TRACE)
    await superuser.close()
    assert [tuple(row.values()) for row in traces] == [(str(school), *WHOLE)]
