"""The least it takes for one service's commit to become another's: the floor under a notice."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.ground import Ground, administrator
from runtime.transport.kafka import Broker
from runtime.transport.topics import apply_topics

Hop = Callable[[], Awaitable[float]]
"""Seconds from one commit to the other's."""

CONTENTS = "x" * 1_000
_TABLES = """
    CREATE TABLE public.floor_proposals (id uuid PRIMARY KEY, contents text NOT NULL);
    CREATE TABLE public.floor_notices (id uuid PRIMARY KEY, contents text NOT NULL)"""
_PROPOSE = "INSERT INTO public.floor_proposals VALUES ($1, $2)"
_NOTIFY = "INSERT INTO public.floor_notices SELECT id, contents FROM public.floor_proposals WHERE id = $1"


@asynccontextmanager
async def by_journal(ground: Ground) -> AsyncIterator[Hop]:
    """Commit, NOTIFY, hear of it on another connection, read the row and commit another."""
    async with AsyncExitStack() as stack:
        writer, reader = await _connections(ground, stack)
        heard: asyncio.Queue[str] = asyncio.Queue()
        await reader.add_listener("floor", lambda *told: heard.put_nowait(str(told[-1])))

        async def hop() -> float:
            proposal = uuid4()
            await writer.execute(_PROPOSE, proposal, CONTENTS)
            began = time.perf_counter()
            await writer.execute("SELECT pg_notify('floor', $1)", str(proposal))
            await reader.execute(_NOTIFY, UUID(await heard.get()))
            return time.perf_counter() - began

        yield hop


@asynccontextmanager
async def by_kafka(ground: Ground) -> AsyncIterator[Hop]:
    """Commit, produce with acks=all, consume, and commit another row."""
    servers = await ground.kafka()
    broker = Broker(servers, f"bench{uuid4().hex[:8]}")
    topic = broker.topic("plan")
    await apply_topics(broker, ["plan"], partitions=1)
    async with AsyncExitStack() as stack:
        writer, reader = await _connections(ground, stack)
        producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True, acks="all")
        consumer = AIOKafkaConsumer(bootstrap_servers=servers)
        for client in (producer, consumer):
            await client.start()
            stack.push_async_callback(client.stop)
        consumer.assign([TopicPartition(topic, 0)])

        async def hop() -> float:
            proposal = uuid4()
            await writer.execute(_PROPOSE, proposal, CONTENTS)
            began = time.perf_counter()
            await producer.send_and_wait(topic, proposal.bytes + CONTENTS.encode())
            record = await consumer.getone()
            await reader.execute(_NOTIFY, UUID(bytes=record.value[:16]))
            return time.perf_counter() - began

        yield hop


async def _connections(
    ground: Ground, stack: AsyncExitStack
) -> tuple[asyncpg.Connection, asyncpg.Connection]:
    urls = await ground.database("plan")
    writer, reader = [await stack.enter_async_context(administrator(urls)) for _ in range(2)]
    await writer.execute(_TABLES)
    return writer, reader
