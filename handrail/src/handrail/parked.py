"""`handrail parked`: events that could not be handled, and those of the same student that wait behind them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from contracts.event import Actor
from contracts.ids import new_id
from contracts.problems import NotFound
from handrail.operation import opened
from runtime.parked import parked_events, retry_parked, skip_parked
from runtime.projection import tenants
from runtime.roles import SERVICES
from runtime.service import Service

T = TypeVar("T")
OPERATOR = Actor(id="operator", role="operator", client="command-line")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One event that waits. Only the first of a queue has failed, and says with which error."""

    service: str
    tenant: str
    consumer: str
    source: str
    position: int
    subject: UUID
    event: UUID
    error: str | None
    parked_at: datetime

    @property
    def why(self) -> str:
        """Its own error, or that it waits for the one before it."""
        return self.error or "waits behind it"


@dataclass(frozen=True, slots=True)
class Queue:
    """All that waits of one subject for one consumer of a service."""

    service: str
    tenant: str
    consumer: str
    subject: UUID


def waiting(data: Path, tenant: str | None, subject: UUID | None = None) -> list[Waiting]:
    """What waits, in all four services: of one district or of all, of one subject or of all."""

    async def work() -> list[Waiting]:
        found: list[Waiting] = []
        for service in SERVICES:
            async with opened(service, data) as it:
                for slug in [tenant] if tenant else await tenants(it.database):
                    found += [
                        Waiting(service, slug, p.consumer, p.source, p.position, p.subject, p.event_id, p.error, p.parked_at)
                        for p in await parked_events(it.database, slug)
                        if subject is None or p.subject == subject
                    ]  # fmt: skip
        return found

    return asyncio.run(work())


def queues_of(data: Path, tenant: str | None, subject: UUID, service: str | None) -> list[Queue]:
    """A subject's queues; raises `NotFound` where nothing of it waits."""
    found = {
        Queue(one.service, one.tenant, one.consumer, one.subject): None
        for one in waiting(data, tenant, subject)
        if service in (None, one.service)
    }
    if not found:
        raise NotFound(f"Nothing of {subject} is parked: `handrail parked list` shows what is.")
    return list(found)


def retry(data: Path, queues: Sequence[Queue]) -> int:
    """Try the queues again, each in order; returns how many events were handled."""

    async def one(it: Service, queue: Queue) -> int:
        (consumer,) = (runner.consumer for runner in it.runners if runner.consumer.name == queue.consumer)
        return await retry_parked(consumer, it.database, it.store, queue.tenant, queue.subject)

    return sum(_each(data, queues, one))


def skip(data: Path, queues: Sequence[Queue], reason: str) -> list[UUID]:
    """Pass over the event that failed in each queue, by a decision that is an event; returns the skipped events' ids."""

    async def one(it: Service, queue: Queue) -> UUID:
        return await skip_parked(
            queue.consumer, it.database, it.store, queue.tenant, queue.subject, reason=reason, actor=OPERATOR,
            correlation=str(new_id()),
        )  # fmt: skip

    return _each(data, queues, one)


def _each(data: Path, queues: Sequence[Queue], do: Callable[[Service, Queue], Awaitable[T]]) -> list[T]:
    async def work() -> list[T]:
        done: list[T] = []
        for queue in queues:
            async with opened(queue.service, data) as it:
                done.append(await do(it, queue))
        return done

    return asyncio.run(work())
