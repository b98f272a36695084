"""Publishing a log that waits to Apache Kafka: one publisher, acknowledged by all replicas.

Floor: bare aiokafka, idempotent, with the publisher's own settings, sends the same keys, values and headers, made
beforehand, to a topic with as many partitions, 500 at a time.
Ours: `KafkaTransport.publish` from a log of which nothing was published to the last position acknowledged and noted.
Both begin by connecting to the broker.
"""

import asyncio
import contextlib
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from bench import history
from bench.ground import Ground, Urls, administrator, opened
from bench.measure import Path, Row, take_turns
from contracts.lanes import record_key
from runtime.database import Database
from runtime.transport.kafka import (
    LARGEST_RECORD,
    PARTITIONS_HEADER,
    PUBLISH_PAGE,
    Broker,
    KafkaTransport,
    encode_value,
    headers,
)
from runtime.transport.topics import PARTITIONS, apply_topics

LOG_HOST = "bench.handrail.invalid"
LOOK_SECONDS = 0.005
_ROWS = """
    SELECT l.position, l.index, l.tenant, l.subject, l.lane, l.entry, e.sealed
      FROM progress.log l JOIN progress.events e ON e.id = l.event_id ORDER BY l.position"""


async def bench(ground: Ground) -> list[Row]:
    """The same history, published anew in every turn."""
    events = 6_000 if ground.quick else 60_000
    rounds = 3 if ground.quick else 7
    servers = await ground.kafka()
    urls = await ground.database()
    await history.fill(urls, events)
    name = f"bench{uuid4().hex[:8]}"
    ours, floor = Broker(servers, name), Broker(servers, f"{name}-floor")
    for broker in (ours, floor):
        await apply_topics(broker, [urls.service], partitions=PARTITIONS)
    async with opened(urls, most=2) as store, administrator(urls) as admin:
        records = [_record(row) for row in await admin.fetch(_ROWS)]
        paths = {
            "floor": Path(lambda _: _bare(floor.servers, floor.topic(urls.service), records)),
            "ours": Path(
                lambda _: _published(store.database, ours, urls, admin, len(records)), lambda: _unpublished(admin)
            ),
        }  # fmt: skip
        await take_turns(paths, 1)
        rates = await take_turns(paths, rounds)
    return [
        Row("relay", f"{len(records):,} waiting records", "records/s", rates["ours"],
            "bare aiokafka, idempotent, acks=all", rates["floor"])
    ]  # fmt: skip


def _record(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "key": record_key(row["tenant"], row["subject"]).encode(),
        "value": encode_value(row["position"], row["index"], row["entry"], row["sealed"]),
        "partition": row["lane"] % PARTITIONS,
        "headers": [*headers(LOG_HOST, "progress", row["entry"]), (PARTITIONS_HEADER, b"%d" % PARTITIONS)],
    }


async def _bare(servers: str, topic: str, records: list[dict[str, Any]]) -> int:
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, enable_idempotence=True, acks="all", linger_ms=2, max_request_size=LARGEST_RECORD
    )  # fmt: skip
    await producer.start()
    try:
        for start in range(0, len(records), PUBLISH_PAGE):
            page = records[start : start + PUBLISH_PAGE]
            await asyncio.gather(*[await producer.send(topic, **record) for record in page])
    finally:
        await producer.stop()
    return len(records)


async def _unpublished(admin: asyncpg.Connection) -> None:
    await admin.execute("UPDATE progress.relay SET published = 0")


async def _published(
    database: Database, broker: Broker, urls: Urls, admin: asyncpg.Connection, records: int
) -> int:
    publishing = asyncio.ensure_future(KafkaTransport(database, broker, LOG_HOST).publish(urls.relay))
    try:
        while await admin.fetchval("SELECT published FROM progress.relay") < records:
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        publishing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await publishing
    return records
