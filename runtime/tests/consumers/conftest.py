"""Each test of the port runs over both transports, with as many reading instances as it asks for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from contracts.ids import new_id
from runtime.database import Database
from runtime.sequencer import Sequencer
from runtime.testing import Cluster, Opened, opened
from runtime.transport.journal import JournalTransport
from runtime.transport.kafka import Broker, KafkaTransport
from runtime.transport.port import Transport
from runtime.transport.topics import apply_topics

LOG_HOST = "test.handrail.invalid"


class Rig:
    """A plan-service that writes, indexes and publishes, and instances of a reader in notify-service."""

    def __init__(self, plan: Opened, broker: Broker | None, stack: AsyncExitStack) -> None:
        self.plan = plan
        self.broker = broker
        self._stack = stack

    async def start_source(self) -> None:
        """The sequencer and, with Kafka, the publisher."""
        publish, wake = None, lambda: None
        if self.broker is not None:
            transport = KafkaTransport(self.plan.database, self.broker, LOG_HOST)
            url = self.plan.url("plan_relay")
            publish, wake = (lambda: transport.publish(url)), transport.wake
        sequencer = Sequencer("plan", self.plan.url("plan_relay"), sequenced=wake, publish=publish)
        task = asyncio.ensure_future(sequencer.run())
        self._stack.push_async_callback(_cancel, task)

    async def instance(self) -> tuple[Database, Transport]:
        """What one more process of the reader would have."""
        database = await Database.open("notify", self.plan.url("notify_app"))
        self._stack.push_async_callback(database.close)
        if self.broker is not None:
            return database, KafkaTransport(database, self.broker, LOG_HOST)
        journal = JournalTransport(database, lease_seconds=2.0)
        task = asyncio.ensure_future(journal.listen())
        self._stack.push_async_callback(_cancel, task)
        return database, journal

    def own(self) -> Transport:
        """What plan-service itself would follow its own log by."""
        return JournalTransport(self.plan.database, lease_seconds=2.0)


async def _cancel(task: "asyncio.Future[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(params=["journal", "kafka"])
async def rig(request: pytest.FixtureRequest, cluster: Cluster) -> AsyncIterator[Rig]:
    """A running source with the transport under test."""
    broker = None
    if request.param == "kafka":
        broker = Broker(request.getfixturevalue("kafka").bootstrap_servers, f"t{new_id().hex[:10]}")
        await apply_topics(broker, ["plan"], partitions=3)
    async with AsyncExitStack() as stack, opened(cluster) as plan:
        rig = Rig(plan, broker, stack)
        await rig.start_source()
        yield rig
        await stack.aclose()
