"""The topics: created by command, never automatically; refilled from the store whenever that is wanted."""

import asyncio
from collections.abc import Iterable

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError

from runtime.transport.kafka import LARGEST_RECORD, Broker, publishing

PARTITIONS = 12
CONFIGURATION = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "max.message.bytes": str(LARGEST_RECORD),
    "message.timestamp.type": "CreateTime",
}


async def apply_topics(
    broker: Broker, sources: Iterable[str], *, partitions: int = PARTITIONS, replication: int = 1
) -> list[str]:
    """Create what is missing; returns the topics that were made. What exists is left as it is."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.servers)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        wanted = [broker.topic(source) for source in sources if broker.topic(source) not in existing]
        made = [NewTopic(name, partitions, replication, topic_configs=dict(CONFIGURATION)) for name in wanted]
        if made:
            answer = await admin.create_topics(made)
            for error in answer.topic_errors:
                if error[1] not in (0, TopicAlreadyExistsError.errno):
                    raise RuntimeError(
                        f"{error[0]} could not be created: {error[2] if len(error) > 2 else error[1]}"
                    )
        return wanted
    finally:
        await admin.close()


async def resize_topic(
    broker: Broker, source: str, relay_url: str, *, partitions: int, replication: int = 1
) -> None:
    """A topic with another number of partitions: removed, made anew, and refilled from the store by its publisher.

    Nothing is lost: the store is the record. Readers go on by position; what they had done they drop.
    """
    connection = await asyncpg.connect(relay_url)
    try:
        async with publishing(connection, source):
            await _make_anew(broker, source, partitions, replication)
            await connection.execute(f"UPDATE {source}.relay SET published = 0")
    finally:
        await connection.close()


async def _make_anew(broker: Broker, source: str, partitions: int, replication: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.servers)
    await admin.start()
    try:
        await admin.delete_topics([broker.topic(source)])
        async with asyncio.timeout(60):
            while broker.topic(source) in set(await admin.list_topics()):
                await asyncio.sleep(0.1)
    except UnknownTopicOrPartitionError:
        pass
    finally:
        await admin.close()
    async with asyncio.timeout(60):
        while not await apply_topics(broker, [source], partitions=partitions, replication=replication):
            await asyncio.sleep(0.2)


async def refill(source: str, relay_url: str) -> None:
    """Have the whole log published again; readers drop what they have."""
    connection = await asyncpg.connect(relay_url)
    try:
        async with publishing(connection, source):
            await connection.execute(f"UPDATE {source}.relay SET published = 0")
    finally:
        await connection.close()
