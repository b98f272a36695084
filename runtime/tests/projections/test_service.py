"""A service put together on a real database."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from contracts.ids import new_id
from runtime import metrics
from runtime.consumer import Consumer, Unit
from runtime.service import Addresses, AnotherLogHost, Service
from runtime.store_address import StoreAddress
from runtime.testing import MASTER_KEY, SCHOOL, Cluster, Opened, opened, write_school


def addresses(plan: Opened, service: str) -> Addresses:
    return Addresses(
        StoreAddress(service, plan.url(f"{service}_app"), plan.url("keyring_app"), MASTER_KEY),
        plan.url(f"{service}_relay"),
        "a.handrail.invalid",
    )


async def test_logs_begun_under_one_host_are_not_continued_under_another(cluster: Cluster) -> None:
    async with opened(cluster) as plan:
        async with Service("plan", addresses(plan, "plan"), [SCHOOL]).running():
            pass
        other = replace(addresses(plan, "plan"), log_host="b.handrail.invalid")
        with pytest.raises(AnotherLogHost, match=r"HANDRAIL_LOG_HOST=a\.handrail\.invalid"):
            async with Service("plan", other, [SCHOOL]).running():
                pass


async def test_a_reader_may_wait_for_any_services_event_whether_or_not_it_is_followed(
    cluster: Cluster,
) -> None:
    handled: list[int] = []

    async def handle(_recorded: object, _unit: Unit) -> None:
        handled.append(1)

    async with opened(cluster) as plan:
        following = Service(
            "notify", addresses(plan, "notify"), consumers=lambda _s: [Consumer("c", ("plan",), handle)]
        )
        not_following = Service("progress", addresses(plan, "progress"))
        source_of = Service("plan", addresses(plan, "plan"), [SCHOOL])
        async with source_of.running() as source, following.running(), not_following.running():
            appended = await write_school(replace(plan, store=source.store), new_id(), "A")
            assert appended.last_event is not None
            assert await following.seen(plan.tenant, appended.last_event, 10)
            assert handled == [1]
            assert await not_following.seen(plan.tenant, appended.last_event, 10)
            assert not await following.seen(plan.tenant, new_id(), 0.2)


@pytest.mark.parametrize("stays", [True, False])
async def test_a_row_that_differs_is_one_that_still_does_a_moment_later(
    cluster: Cluster, stays: bool
) -> None:
    async with opened(cluster) as plan:
        superuser = await asyncpg.connect(cluster.postgres.url(plan.name))
        async with Service("plan", addresses(plan, "plan"), [SCHOOL]).running() as service:
            await write_school(replace(plan, store=service.store), new_id(), "A")
            assert await service.differing_rows() == []
            await superuser.execute("""UPDATE plan_read.resources SET document = '{"name": "Z"}'""")
            comparing = asyncio.create_task(service.differing_rows())
            await asyncio.sleep(0.5)
            if not stays:
                await superuser.execute(
                    """UPDATE plan_read.resources SET document = '{"name": "A", "changes": 1}'"""
                )
            found = await comparing
        await superuser.close()
    assert [each.where for each in found] == (["live", "replayed"] if stays else [])


async def test_a_sequencer_that_stands_still_is_told_and_nothing_is_refused(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.watching.EVERY_SECONDS", 0.2)
    async with opened(cluster) as plan:
        other = await asyncpg.connect(plan.url("plan_relay"))  # Somebody holds the lock, and does nothing.
        await other.execute("SELECT pg_advisory_lock(hashtextextended('sequencer/plan', 2))")
        async with Service("plan", addresses(plan, "plan"), [SCHOOL]).running() as service:
            await write_school(replace(plan, store=service.store), new_id(), "A", "B")
            async with asyncio.timeout(20):
                while not service.degraded():
                    await asyncio.sleep(0.05)
                ((what, detail),) = service.degraded()
                assert (what, detail[:34]) == ("sequencer stopped", "2 events wait for their index: not")
                await write_school(replace(plan, store=service.store), new_id(), "C")
                await other.close()
                while service.degraded():
                    await asyncio.sleep(0.05)


async def test_how_many_students_wait_for_a_person_is_told_until_none_does(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.watching.EVERY_SECONDS", 0.1)
    async with opened(cluster) as plan, opened(cluster, tenant="hillside", name=plan.name):
        superuser = await asyncpg.connect(cluster.postgres.url(plan.name))
        async with (
            Service("plan", addresses(plan, "plan"), [SCHOOL]).running() as service,
            asyncio.timeout(20),
        ):
            sick = new_id()
            for position, (tenant, subject) in enumerate(
                [("lakeside", sick), ("lakeside", sick), ("hillside", new_id())]
            ):
                await superuser.execute(
                    "INSERT INTO plan.parked (consumer, source, position, tenant, subject, lane, index, entry, sealed)"
                    " VALUES ('arrivals', 'notify', $1, $2, $3, 0, $1, '', '')", position, tenant, subject,
                )  # fmt: skip
            while not any(detail.startswith("2 students wait") for what, detail in service.degraded()
                          if what == "parked arrivals"):  # fmt: skip
                await asyncio.sleep(0.02)
            assert metrics.PARKED.labels("plan", "arrivals")._value.get() == 2
            await superuser.execute("DELETE FROM plan.parked")
            while service.degraded():
                await asyncio.sleep(0.02)
            assert metrics.PARKED.labels("plan", "arrivals")._value.get() == 0
        await superuser.close()


async def test_a_log_that_was_altered_is_told_by_its_own_service(cluster: Cluster) -> None:
    async with opened(cluster) as plan:
        async with Service("plan", addresses(plan, "plan"), [SCHOOL]).running() as service:
            await write_school(replace(plan, store=service.store), new_id(), "A", "B")
            superuser = await asyncpg.connect(cluster.postgres.url(plan.name))
            async with asyncio.timeout(20):
                while not await superuser.fetchval("SELECT max(size) = 2 FROM plan.checkpoints"):
                    await asyncio.sleep(0.02)
        await superuser.execute(
            "ALTER TABLE plan.log DISABLE TRIGGER ALL; DELETE FROM plan.log WHERE index = 1"
        )
        await superuser.close()
        async with (
            Service("plan", addresses(plan, "plan"), [SCHOOL]).running() as service,
            asyncio.timeout(20),
        ):
            while not service.degraded():
                await asyncio.sleep(0.02)
            assert [what for what, _ in service.degraded()] == ["log"]
