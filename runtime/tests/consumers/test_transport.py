"""The contract of the port, the same over the journal and Apache Kafka (P10, P11)."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.event import Event, Recorded
from contracts.ids import new_id
from runtime.append_request import Change
from runtime.append_rows import LARGEST_APPEND, LARGEST_CONTENTS, plain_contents
from runtime.consumer import Consumer, ConsumerRunner, Unit
from runtime.entry import parse_entry
from runtime.parked import parked_events, retry_parked, skip_parked
from runtime.testing import SCHOOL, school_named, write_school
from runtime.testing_consumers import (
    ADD,
    counting,
    effects,
    in_order_and_once,
    leave_a_row,
    make_effects_table,
    reading,
    until,
)
from runtime.transport import topics
from runtime.transport.kafka import PARTITIONS_HEADER
from runtime.transport.port import Delivery
from runtime.transport.topics import TopicRefused, apply_topics, refill, resize_topic


async def write(rig, schools: list[UUID], each: int) -> int:
    for _ in range(each):
        for school in schools:
            await write_school(rig.plan, school, "A")
    return len(schools) * each


def all_there(rig, expected: int) -> Callable[[], Awaitable[bool]]:
    async def there() -> bool:
        return in_order_and_once(await effects(rig.plan), expected)

    return there


async def test_every_event_arrives_once_and_in_order_of_its_subject(rig) -> None:
    await make_effects_table(rig.plan)
    database, transport = await rig.instance()
    async with reading(rig.plan, transport, database, counting()):
        expected = await write(rig, [new_id() for _ in range(20)], each=5)
        await until(all_there(rig, expected))


async def test_a_reader_that_comes_later_gets_everything_and_after_a_restart_nothing_twice(rig) -> None:
    await make_effects_table(rig.plan)
    schools = [new_id() for _ in range(10)]
    expected = await write(rig, schools, each=3)
    for _ in range(3):
        database, transport = await rig.instance()
        async with reading(rig.plan, transport, database, counting()):
            await until(all_there(rig, expected), 30)
            expected += await write(rig, schools, each=1)
            await until(all_there(rig, expected), 30)


@pytest.mark.parametrize(
    "error", [ConnectionError("the other side is away"), asyncpg.DeadlockDetectedError("a lost race")]
)
async def test_an_error_of_the_transport_is_tried_again_until_it_works(rig, error: Exception) -> None:
    await make_effects_table(rig.plan)
    chance = random.Random(1)

    async def failing_often(recorded: Recorded[Event], unit: Unit) -> None:
        await leave_a_row(recorded, unit)
        if chance.random() < 0.05:
            raise error

    database, transport = await rig.instance()
    expected = await write(rig, [new_id() for _ in range(4)], each=5)
    async with reading(rig.plan, transport, database, counting(failing_often)):
        await until(all_there(rig, expected), 60)


@pytest.mark.slow
async def test_two_instances_share_the_lanes_and_one_that_dies_is_replaced(rig) -> None:
    await make_effects_table(rig.plan)
    handled: dict[str, int] = {"first": 0, "second": 0}

    def by(name: str) -> Callable[[Recorded[Event], Unit], Awaitable[None]]:
        async def handle(recorded: Recorded[Event], unit: Unit) -> None:
            await leave_a_row(recorded, unit)
            handled[name] += 1

        return handle

    schools = [new_id() for _ in range(40)]
    first, second = await rig.instance(), await rig.instance()
    async with reading(rig.plan, first[1], first[0], counting(by("first"))):
        async with reading(rig.plan, second[1], second[0], counting(by("second"))):
            expected = 0
            async with asyncio.timeout(60):
                while not (handled["first"] and handled["second"]):
                    expected += await write(rig, schools, each=1)
                    await asyncio.sleep(0.3)
            expected += await write(rig, schools, each=2)
        # The second is gone; what it had goes to the first.
        expected += await write(rig, schools, each=2)
        await until(all_there(rig, expected), 60)


async def test_a_poisoned_event_stops_its_student_alone(rig) -> None:
    await make_effects_table(rig.plan)
    sick, well = new_id(), new_id()
    cured = False

    async def choking(recorded: Recorded[Event], unit: Unit) -> None:
        if recorded.subject == sick and recorded.version == 2 and not cured:
            raise ValueError("a value nobody expected")
        await leave_a_row(recorded, unit)

    database, transport = await rig.instance()
    consumer = counting(choking)
    async with reading(rig.plan, transport, database, consumer) as runner:
        await write(rig, [sick, well], each=4)
        await until(all_there(rig, 5), 30)
        await until(lambda: _parked(rig, database, 3), 30)
        waiting = await parked_events(database, rig.plan.tenant)
        assert [(p.subject, p.error) for p in waiting] == [(sick, "ValueError"), (sick, None), (sick, None)]

        store = runner._store
        assert await retry_parked(consumer, database, store, rig.plan.tenant, sick) == 0
        cured = True
        assert await retry_parked(consumer, database, store, rig.plan.tenant, sick) == 3
        await write(rig, [sick, well], each=1)
        await until(all_there(rig, 10), 30)
        assert await parked_events(database, rig.plan.tenant) == []


async def _parked(rig, database, how_many: int) -> bool:
    return len(await parked_events(database, rig.plan.tenant)) == how_many


async def test_skipping_a_parked_event_is_itself_an_event(rig) -> None:
    await make_effects_table(rig.plan)
    sick = new_id()

    async def choking(recorded: Recorded[Event], unit: Unit) -> None:
        if recorded.version == 1:
            raise ValueError
        await leave_a_row(recorded, unit)

    database, transport = await rig.instance()
    async with database.lend(rig.plan.tenant) as connection:
        await connection.execute(
            "INSERT INTO notify.tenants (tenant, subject, sandbox) VALUES ($1, $2, false)",
            rig.plan.tenant,
            new_id(),
        )
    consumer = counting(choking)
    async with reading(rig.plan, transport, database, consumer) as runner:
        await write(rig, [sick], each=2)
        await until(lambda: _parked(rig, database, 2), 30)
        await skip_parked("counting", database, runner._store, rig.plan.tenant, sick, reason="a duplicate",
                          actor=rig.plan.context().actor, correlation="c")  # fmt: skip
        assert await retry_parked(consumer, database, runner._store, rig.plan.tenant, sick) == 1
    async with database.lend(rig.plan.tenant) as connection:
        assert await connection.fetchval("SELECT type FROM notify.events") == "parked.skipped"


async def test_the_largest_request_of_the_largest_events_arrives(rig) -> None:
    """4 MiB in one append, 256 KiB in each event: no limit of broker, producer or reader lies below ours."""
    await make_effects_table(rig.plan)
    school = new_id()
    seen = await rig.plan.store.load(rig.plan.tenant, SCHOOL, school)
    frame = len(plain_contents(school_named(school, "x"))) - 1
    largest = school_named(school).model_copy(update={"name": "x" * (LARGEST_CONTENTS - frame)})
    many = LARGEST_APPEND // LARGEST_CONTENTS
    lengths: set[int] = set()

    async def measuring(deliveries: Sequence[Delivery], rows: AsyncConnection) -> None:
        for delivery in deliveries:
            lengths.add(len(delivery.sealed))
            entry = parse_entry(delivery.entry)
            await rows.execute(ADD, {"tenant": delivery.tenant, "subject": delivery.subject, "version": entry.version,
                                     "position": delivery.position})  # fmt: skip

    database, transport = await rig.instance()
    as_it_came = Consumer("counting", ("plan",), handle_raw=measuring)
    async with reading(rig.plan, transport, database, as_it_came):
        await rig.plan.store.append(rig.plan.context(), [Change(seen, school, [largest] * many)])
        await until(all_there(rig, many), 30)
    assert lengths == {1 + 16 + 12 + 32 + LARGEST_CONTENTS + 16}


async def test_a_consumer_stops_rather_than_park_everything(rig) -> None:
    await make_effects_table(rig.plan)

    async def broken(recorded: Recorded[Event], unit: Unit) -> None:
        raise KeyError("a bug")

    database, transport = await rig.instance()
    async with reading(rig.plan, transport, database, counting(broken)) as runner:
        await write(rig, [new_id() for _ in range(40)], each=1)
        await until(lambda: _stopped(runner), 30)
    assert len(await parked_events(database, rig.plan.tenant)) <= 21


async def _stopped(runner: ConsumerRunner) -> bool:
    return runner.stopped is not None


async def test_the_topic_can_be_deleted_and_refilled_and_grown_from_3_to_5(rig) -> None:
    if rig.broker is None:
        return  # The journal is the store itself: there is nothing to refill.
    await make_effects_table(rig.plan)
    database, transport = await rig.instance()
    schools = [new_id() for _ in range(12)]
    expected = await write(rig, schools, each=3)
    async with reading(rig.plan, transport, database, counting()):
        await until(all_there(rig, expected), 30)
        await refill("plan", rig.plan.url("plan_relay"))
        expected += await write(rig, schools, each=1)
        await until(all_there(rig, expected), 30)
        await resize_topic(rig.broker, "plan", rig.plan.url("plan_relay"), partitions=5)
        expected += await write(rig, schools, each=1)
        await until(all_there(rig, expected), 60)
    # A reader that has nothing yet finds all of it on the new topic, per lane in position order.
    later = await rig.instance()
    async with later[0].engine.begin() as rows:
        await rows.execute(text("TRUNCATE effects"))
        await rows.execute(text("DELETE FROM notify.positions"))
    async with reading(rig.plan, later[1], later[0], counting()):
        await until(all_there(rig, expected), 60)


async def test_a_publisher_that_has_sent_nothing_yet_heeds_a_new_number_of_partitions(rig) -> None:
    if rig.broker is None:
        return
    await make_effects_table(rig.plan)
    database, transport = await rig.instance()
    await asyncio.sleep(0.5)  # The publisher has looked at the topic, and waits.
    await resize_topic(rig.broker, "plan", rig.plan.url("plan_relay"), partitions=5)
    expected = await write(rig, [new_id() for _ in range(12)], each=2)
    async with reading(rig.plan, transport, database, counting()):
        await until(all_there(rig, expected), 60)
    reader = AIOKafkaConsumer(rig.broker.topic("plan"), bootstrap_servers=rig.broker.servers, group_id=None,
                              auto_offset_reset="earliest")  # fmt: skip
    await reader.start()
    try:
        found = await reader.getmany(timeout_ms=5_000)
    finally:
        await reader.stop()
    said = {dict(record.headers)[PARTITIONS_HEADER] for records in found.values() for record in records}
    assert said == {b"5"}


async def test_a_topic_that_the_cluster_would_not_make_leaves_the_old_one_alone(rig) -> None:
    if rig.broker is None:
        return
    await make_effects_table(rig.plan)
    expected = await write(rig, [new_id() for _ in range(3)], each=2)
    with pytest.raises(TopicRefused, match=r"(?i)replication"):
        await resize_topic(rig.broker, "plan", rig.plan.url("plan_relay"), partitions=5, replication=7)
    database, transport = await rig.instance()
    async with reading(rig.plan, transport, database, counting()):
        await until(all_there(rig, expected), 30)


async def test_a_resize_broken_off_between_the_old_topic_and_the_new_leaves_no_gap(rig, monkeypatch) -> None:
    if rig.broker is None:
        return
    await make_effects_table(rig.plan)
    schools = [new_id() for _ in range(6)]
    expected = await write(rig, schools, each=2)
    database, transport = await rig.instance()
    async with reading(rig.plan, transport, database, counting()):
        await until(all_there(rig, expected), 30)  # Published, all of it.
        with monkeypatch.context() as broken:
            broken.setattr(topics, "apply_topics", _killed)
            with pytest.raises(InterruptedError):
                await resize_topic(rig.broker, "plan", rig.plan.url("plan_relay"), partitions=5)
        expected += await write(rig, schools, each=1)
        assert await apply_topics(rig.broker, ["plan"], partitions=5) == [rig.broker.topic("plan")]
        await until(all_there(rig, expected), 60)
    later = await rig.instance()
    async with later[0].engine.begin() as rows:
        await rows.execute(text("TRUNCATE effects"))
        await rows.execute(text("DELETE FROM notify.positions"))
    async with reading(rig.plan, later[1], later[0], counting()):
        await until(all_there(rig, expected), 60)


async def _killed(*_: object, **__: object) -> list[str]:
    raise InterruptedError
