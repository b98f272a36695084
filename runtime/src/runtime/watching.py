"""What waits in a running service, looked at from time to time: for an index, for consumers that lag, for a person."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from runtime import metrics
from runtime.consumer import ConsumerRunner
from runtime.database import Database
from runtime.projection import tenants
from runtime.transport.port import Transport

EVERY_SECONDS = 10.0
MANY_RECORDS = 1_000


@dataclass
class _InTheStore:
    """What waits in all districts."""

    first: dict[str, int] = field(default_factory=dict)
    """Of each district that has some, the first event that waits for its index."""
    unsequenced: int = 0
    parked: Counter[str] = field(default_factory=Counter)
    """For how many students each consumer waits for an operator."""


class Watch:
    """Keeps the metrics of what waits, and says what of it is a reason to look."""

    def __init__(self, database: Database, transport: Transport, runners: Sequence[ConsumerRunner]) -> None:
        self.waiting: list[tuple[str, str]] = []
        """As ``(what, detail)``."""
        self._database = database
        self._service = database.service
        self._transport = transport
        self._runners = runners

    async def run(self) -> None:
        """Look for as long as the service runs."""
        first_before: dict[str, int] = {}
        while True:
            store = await self._in_the_store()
            metrics.UNSEQUENCED.labels(self._service).set(store.unsequenced)
            found = await self._lags()
            if store.first.items() & first_before.items():  # What came first a while ago still does.
                detail = f"{store.unsequenced} events wait for their index: nothing new is shown anywhere"
                found.append(("sequencer stopped", detail))
            first_before = store.first
            for runner in self._runners:
                name = runner.consumer.name
                metrics.PARKED.labels(self._service, name).set(store.parked[name])
                if store.parked[name]:
                    detail = f"{store.parked[name]} students wait: `handrail parked list`"
                    found.append((f"parked {name}", detail))
            self.waiting = found
            await asyncio.sleep(EVERY_SECONDS)

    async def _in_the_store(self) -> _InTheStore:
        found = _InTheStore()
        for tenant in await tenants(self._database):
            async with self._database.lend(tenant) as connection:
                row = await connection.fetchrow(
                    f"SELECT min(seq) AS first, count(*) AS n FROM {self._service}.unsequenced WHERE tenant = $1", tenant
                )  # fmt: skip
                parked = await connection.fetch(
                    f"SELECT consumer, count(DISTINCT subject) AS students FROM {self._service}.parked"
                    " WHERE tenant = $1 GROUP BY consumer", tenant,
                )  # fmt: skip
            if row is not None and row["n"]:
                found.first[tenant] = row["first"]
                found.unsequenced += row["n"]
            found.parked.update({each["consumer"]: each["students"] for each in parked})
        return found

    async def _lags(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for runner in self._runners:
            name = runner.consumer.name
            for source in runner.consumer.sources:
                waiting = await self._transport.waiting(source, await runner.furthest(source))
                if waiting is None:
                    continue
                metrics.WAITING.labels(self._service, name, source).set(waiting)
                if waiting > MANY_RECORDS:
                    found.append((f"lag {name} {source}", f"{waiting} records wait"))
        return found
