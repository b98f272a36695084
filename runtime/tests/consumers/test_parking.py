"""What parks whom: a record that cannot be read, a handler that fails, and who works at a queue when."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text

from contracts.event import Event, Recorded
from contracts.ids import new_id
from contracts.lanes import lane_of
from contracts.problems import NotFound
from runtime.append_request import Change, TenantNotOpen
from runtime.consumer import ConsumerRunner, Unit
from runtime.database import Database
from runtime.event_store import EventStore
from runtime.parked import parked_events, retry_parked, skip_parked
from runtime.tenants import end_tenant
from runtime.testing import (
    SCHOOL,
    Cluster,
    Opened,
    open_test_tenant,
    opened,
    school_named,
    sequence,
    write_school,
)
from runtime.testing_consumers import (
    counting,
    effects,
    in_order_and_once,
    leave_a_row,
    make_effects_table,
    reading,
    until,
)
from runtime.transport.journal import JournalTransport
from runtime.transport.port import Delivery


@pytest.fixture
async def plan(cluster: Cluster) -> AsyncIterator[Opened]:
    async with opened(cluster) as it:
        await make_effects_table(it)
        yield it


@pytest.fixture
async def notify(plan: Opened) -> AsyncIterator[Database]:
    database = await Database.open("notify", plan.url("notify_app"))
    await open_test_tenant(database, plan.tenant)
    yield database
    await database.close()


async def delivered(plan: Opened, notify: Database) -> list[Delivery]:
    await sequence(plan)
    async with JournalTransport(notify).records("plan") as records:
        return [delivery async for page in records.pages() for delivery in page.deliveries]


def runner_of(consumer, plan: Opened, notify: Database) -> ConsumerRunner:
    return ConsumerRunner(consumer, notify, EventStore(notify, plan.keyring), JournalTransport(notify))


async def waiting(notify: Database, tenant: str) -> list[tuple[UUID, str | None]]:
    return [(p.subject, p.error) for p in await parked_events(notify, tenant)]


@pytest.mark.parametrize("error", [TenantNotOpen(), NotFound("nothing"), RuntimeError("nobody expected it")])
async def test_a_failing_handler_holds_its_own_student_and_nobody_else(
    plan: Opened, notify: Database, error: Exception
) -> None:
    sick, well = new_id(), new_id()

    async def choking(recorded: Recorded[Event], unit: Unit) -> None:
        if recorded.subject == sick:
            raise error
        await leave_a_row(recorded, unit)

    for _ in range(2):
        await write_school(plan, sick, "A")
        await write_school(plan, well, "A")
    await runner_of(counting(choking), plan, notify).handle(await delivered(plan, notify))

    assert in_order_and_once(await effects(plan), 2)
    assert await waiting(notify, plan.tenant) == [(sick, type(error).__name__), (sick, None)]


async def test_a_state_that_passes_soon_parks_nobody(plan: Opened, notify: Database) -> None:
    tried = 0

    async def soon(recorded: Recorded[Event], unit: Unit) -> None:
        nonlocal tried
        tried += 1
        if tried < 4:
            raise TenantNotOpen()
        await leave_a_row(recorded, unit)

    await write_school(plan, new_id(), "A")
    await runner_of(counting(soon), plan, notify).handle(await delivered(plan, notify))

    assert in_order_and_once(await effects(plan), 1)
    assert await waiting(notify, plan.tenant) == []


async def test_what_would_follow_in_a_district_that_has_ended_is_passed_over_and_parks_nobody(
    plan: Opened, notify: Database
) -> None:
    store, going_on = EventStore(notify, plan.keyring), await other_tenant(plan, notify)

    async def follow(recorded: Recorded[Event], unit: Unit) -> None:
        await leave_a_row(recorded, unit)
        loaded = await unit.load(SCHOOL, recorded.subject)
        await unit.append(Change(loaded, recorded.subject, [school_named(recorded.subject)]))

    school = new_id()
    await write_school(plan, school, "A", "B")
    await write_school(plan, school, "A", context=plan.context(going_on))
    await end_tenant(store, plan.tenant, "Over.", actor=plan.context().actor, correlation="c")
    runner = runner_of(counting(follow), plan, notify)
    deliveries = await delivered(plan, notify)
    await runner.handle(deliveries)
    await runner.handle(deliveries)

    assert len(await effects(plan)) == 1, "only the other district's"
    assert (await store.load(plan.tenant, SCHOOL, school)).version == 0
    assert (await store.load(going_on, SCHOOL, school)).version == 1
    assert await waiting(notify, plan.tenant) == []
    lane = lane_of(plan.tenant, school)
    last = max(each.position for each in deliveries if each.lane == lane)
    assert await runner.next_positions("plan", [lane]) == {lane: last + 1}


async def test_what_waited_when_the_district_ended_can_be_let_go(plan: Opened, notify: Database) -> None:
    store, sick = EventStore(notify, plan.keyring), new_id()

    async def choking(recorded: Recorded[Event], unit: Unit) -> None:
        if recorded.event.name == "A" and not cured:
            raise ValueError
        loaded = await unit.load(SCHOOL, recorded.subject)
        await unit.append(Change(loaded, recorded.subject, [school_named(recorded.subject)]))

    cured, consumer = False, counting(choking)
    await write_school(plan, sick, "A", "B")
    await runner_of(consumer, plan, notify).handle(await delivered(plan, notify))
    assert len(await waiting(notify, plan.tenant)) == 2
    await end_tenant(store, plan.tenant, "Over.", actor=plan.context().actor, correlation="c")

    cured = True
    assert await retry_parked(consumer, notify, store, plan.tenant, sick) == 2
    assert await waiting(notify, plan.tenant) == []


async def other_tenant(plan: Opened, notify: Database) -> str:
    """A second district, which goes on."""
    for database in (plan.database, notify):
        await open_test_tenant(database, "hillside")
    return "hillside"


async def test_what_was_handled_before_the_last_hour_excuses_nothing(plan: Opened, notify: Database) -> None:
    async def broken(recorded: Recorded[Event], unit: Unit) -> None:
        raise KeyError("a bug")

    runner = runner_of(counting(broken), plan, notify)
    runner._handled._minutes.append((datetime.now(UTC) - timedelta(hours=2), 1_000_000))
    for _ in range(30):
        await write_school(plan, new_id(), "A")
    deliveries = await delivered(plan, notify)
    with pytest.raises(Exception, match="21 students would be parked"):
        await runner.handle(deliveries)

    # A million within the hour do: less than one in a hundred is parked.
    runner._handled.add(1_000_000)
    await runner.handle(deliveries)
    assert len(await waiting(notify, plan.tenant)) == 30


async def test_nothing_is_put_behind_a_queue_that_is_just_being_worked_off(
    plan: Opened, notify: Database
) -> None:
    sick, well = new_id(), new_id()
    cured, at_well, go_on = False, asyncio.Event(), asyncio.Event()

    async def choking(recorded: Recorded[Event], unit: Unit) -> None:
        if recorded.subject == sick and not cured:
            raise ValueError
        if recorded.subject == well:
            at_well.set()
            await go_on.wait()
        await leave_a_row(recorded, unit)

    consumer = counting(choking)
    runner = runner_of(consumer, plan, notify)
    await write_school(plan, sick, "A")
    await runner.handle(await delivered(plan, notify))
    cured = True
    await write_school(plan, sick, "B")
    await write_school(plan, well, "A")

    # The consumer has put the second event behind the first, and not committed yet, when the first is tried again.
    handling = asyncio.ensure_future(runner.handle(await delivered(plan, notify)))
    await asyncio.wait_for(at_well.wait(), 10)
    retrying = asyncio.ensure_future(retry_parked(consumer, notify, runner._store, plan.tenant, sick))
    await asyncio.sleep(0.5)
    go_on.set()
    await handling
    await retrying

    assert await waiting(notify, plan.tenant) == []
    assert in_order_and_once(await effects(plan), 3)


@pytest.mark.parametrize("rig", ["kafka"], indirect=True)
async def test_a_record_that_cannot_be_read_stops_its_student_alone(rig) -> None:
    await make_effects_table(rig.plan)
    tenant, sick, well = rig.plan.tenant, new_id(), new_id()
    database, transport = await rig.instance()
    await open_test_tenant(database, tenant)

    async def write(*schools: UUID) -> None:
        for school in schools:
            await write_school(rig.plan, school, "A")

    async def there(count: int) -> bool:
        return in_order_and_once(await effects(rig.plan), count)

    async def waits(count: int) -> bool:
        return len(await parked_events(database, tenant)) == count

    async with reading(rig.plan, transport, database, counting()) as runner:
        await write(sick, well)
        await until(lambda: there(2), 30)
        await _produce(rig, lane_of(tenant, sick) % 3, f"{tenant}/{sick}".encode(), b"\xff not a record")
        for partition in range(3):
            await _produce(rig, partition, None, b"whose is it")
        await write(sick, well, well)
        await until(lambda: there(4), 30)
        await until(lambda: waits(2), 30)
        assert await waiting(database, tenant) == [(sick, "Unreadable"), (sick, None)]
        assert "an unreadable record without a key: plan partition" in transport.problem

        store = runner._store
        assert await retry_parked(counting(), database, store, tenant, sick) == 0
        await skip_parked("counting", database, store, tenant, sick, reason="rubbish",
                          actor=rig.plan.context().actor, correlation="c")  # fmt: skip
        assert await retry_parked(counting(), database, store, tenant, sick) == 1
        await until(lambda: there(5), 30)

    # Read from the beginning it comes again, and what was decided about it stands.
    async with database.engine.begin() as rows:
        await rows.execute(text("TRUNCATE effects"))
        await rows.execute(text("DELETE FROM notify.positions"))
    again = await rig.instance()
    async with reading(rig.plan, again[1], again[0], counting()):
        await until(lambda: there(5), 60)
    assert await waiting(database, tenant) == []


async def _produce(rig, partition: int, key: bytes | None, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=rig.broker.servers)
    await producer.start()
    try:
        await producer.send_and_wait(rig.broker.topic("plan"), value, key=key, partition=partition)
    finally:
        await producer.stop()
