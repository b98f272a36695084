"""One process of the consumer under test, to be killed: run by its path, told where everything is by its arguments."""

import asyncio
import json
import sys

from contracts.event import Event, Recorded
from runtime.consumer import ConsumerRunner, Unit
from runtime.database import Database, open_pool
from runtime.event_store import EventStore
from runtime.keyring import PostgresKeyring
from runtime.testing import MASTER_KEY
from runtime.testing_consumers import counting, leave_a_row
from runtime.transport.journal import JournalTransport
from runtime.transport.kafka import Broker, KafkaTransport
from runtime.transport.port import Transport


async def slowly(recorded: Recorded[Event], unit: Unit) -> None:
    """Most kills hit a transaction that is half done."""
    await leave_a_row(recorded, unit)
    await asyncio.sleep(0.003)


async def main(app_url: str, keyring_url: str, servers: str | None, prefix: str) -> None:
    """Follow until killed."""
    database = await Database.open("notify", app_url)
    keyring = PostgresKeyring(await open_pool(keyring_url, most=2), MASTER_KEY)
    transport: Transport
    if servers is None:
        transport = JournalTransport(database, lease_seconds=1.0)
    else:
        transport = KafkaTransport(database, Broker(servers, prefix), "test.handrail.invalid")
    await ConsumerRunner(counting(slowly), database, EventStore(database, keyring), transport).follow("plan")


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
