"""The topics: created by command, never automatically; refilled from the store whenever that is wanted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from runtime.transport.kafka import LARGEST_RECORD, Broker, publishing

PARTITIONS = 12
CONFIGURATION = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "max.message.bytes": str(LARGEST_RECORD),
    "message.timestamp.type": "CreateTime",
}


class TopicRefused(RuntimeError):
    """The cluster will not make the topic; the message says why. Nothing has changed."""


async def apply_topics(
    broker: Broker, sources: Iterable[str], *, partitions: int = PARTITIONS, replication: int = 1
) -> list[str]:
    """Create what is missing; returns the topics that were made. What exists is left as it is."""
    async with _admin(broker) as admin:
        existing = set(await admin.list_topics())
        wanted = [broker.topic(source) for source in sources if broker.topic(source) not in existing]
        if wanted:
            await _create(admin, [_topic(name, partitions, replication) for name in wanted])
        return wanted


@asynccontextmanager
async def _admin(broker: Broker) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


def _topic(name: str, partitions: int, replication: int) -> NewTopic:
    return NewTopic(name, partitions, replication, topic_configs=dict(CONFIGURATION))


async def _create(admin: Any, topics: list[NewTopic], *, only_ask: bool = False) -> None:
    answer = await admin.create_topics(topics, validate_only=only_ask)
    for error in answer.topic_errors:
        if error[1] not in (0, TopicAlreadyExistsError.errno):
            why = error[2] if len(error) > 2 and error[2] else for_code(error[1]).__name__
            raise TopicRefused(f"{error[0]} cannot be created: {why}")


async def resize_topic(
    broker: Broker, source: str, relay_url: str, *, partitions: int, replication: int = 1
) -> None:
    """A topic with another number of partitions under the same name, refilled from the store by its publisher.

    Kafka neither renames a topic nor cuts one into fewer partitions, and readers know it by its name: the old one has to
    go before the new one comes. It only goes when the cluster would take the new one, and after the refill has been
    ordered: broken off at any point, nobody can publish past a gap; say it again (or `handrail topics apply`). Nothing
    is lost: the store is the record. Readers go on by position; what they had done they drop.
    """
    connection = await asyncpg.connect(relay_url)
    try:
        async with publishing(connection, source):
            await _must_be_possible(broker, source, partitions, replication)
            await connection.execute(f"UPDATE {source}.relay SET published = 0")
            await _make_anew(broker, source, partitions, replication)
    finally:
        await connection.close()


async def _must_be_possible(broker: Broker, source: str, partitions: int, replication: int) -> None:
    async with _admin(broker) as admin:
        await _create(admin, [_topic(f"{broker.topic(source)}.next", partitions, replication)], only_ask=True)


async def _make_anew(broker: Broker, source: str, partitions: int, replication: int) -> None:
    async with _admin(broker) as admin:
        with contextlib.suppress(UnknownTopicOrPartitionError):
            await admin.delete_topics([broker.topic(source)])
        async with asyncio.timeout(60):
            while broker.topic(source) in set(await admin.list_topics()):
                await asyncio.sleep(0.1)
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
