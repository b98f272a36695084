"""P10 and the wire's format: what stands on the topic, byte for byte, read by a reader that is not ours."""

import asyncio
import base64
import json
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.canonical import canonical
from contracts.ids import new_id
from contracts.lanes import lane_of
from runtime.testing import write_school

PARTITIONS = 3


async def on_the_topic(rig, count: int) -> list[Any]:
    """The first ``count`` records, in order per partition."""
    reader = AIOKafkaConsumer(bootstrap_servers=rig.broker.servers, auto_offset_reset="earliest")
    await reader.start()
    try:
        reader.assign([TopicPartition(rig.broker.topic("plan"), n) for n in range(PARTITIONS)])
        found: list[Any] = []
        async with asyncio.timeout(20):
            while len(found) < count:
                for records in (await reader.getmany(timeout_ms=200)).values():
                    found += records
        return found
    finally:
        await reader.stop()


async def stored(rig) -> list[Any]:
    async with rig.plan.database.lend(rig.plan.tenant) as connection:
        return list(
            await connection.fetch(
                "SELECT l.position, l.index, l.entry, e.id, e.type, e.subject, e.sealed"
                " FROM plan.log l JOIN plan.events e ON e.id = l.event_id ORDER BY position"
            )
        )


@pytest.mark.parametrize("rig", ["kafka"], indirect=True)
async def test_a_record_is_what_the_format_says_byte_for_byte(rig) -> None:
    school = new_id()
    await write_school(rig.plan, school, "Lakeside")
    (record,) = await on_the_topic(rig, 1)
    (row,) = await stored(rig)
    entry = json.loads(row["entry"])

    assert record.topic == rig.broker.topic("plan")
    assert record.topic.endswith(".plan.v1")
    assert record.key == f"lakeside/{school}".encode()
    assert record.headers == (
        ("ce_specversion", b"1.0"),
        ("ce_id", str(row["id"]).encode()),
        ("ce_source", b"test.handrail.invalid/lakeside/plan/log"),
        ("ce_type", b"plan.school_added"),
        ("ce_time", entry["recorded_at"].encode()),
        ("ce_subject", str(school).encode()),
        ("content-type", b"application/json"),
        ("partitions", b"3"),
    )
    assert record.value == canonical(
        {"position": 1, "index": 0, "entry": entry, "sealed": base64.b64encode(row["sealed"]).decode()}
    )
    assert row["entry"] in record.value
    assert record.partition == lane_of("lakeside", school) % PARTITIONS
    assert b"Lakeside" not in record.value + record.key + b"".join(value for _, value in record.headers)


@pytest.mark.parametrize("rig", ["kafka"], indirect=True)
async def test_order_on_the_topic_is_position_order_per_lane(rig) -> None:
    schools = [new_id() for _ in range(80)]
    for _ in range(3):
        for school in schools:
            await write_school(rig.plan, school, "A")
    lanes: dict[int, list[int]] = {}
    for record in await on_the_topic(rig, 240):
        entry = json.loads(record.value)
        lane = lane_of(entry["entry"]["tenant"], entry["entry"]["subject"])
        assert record.partition == lane % PARTITIONS
        lanes.setdefault(lane, []).append(entry["position"])
    assert sorted(position for positions in lanes.values() for position in positions) == [*range(1, 241)]
    assert all(positions == sorted(positions) for positions in lanes.values())
    assert len(lanes) > 20
