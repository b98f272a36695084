"""One step of a notice's work: decide, append and move the outbox in one transaction, or nothing of it.

What happens to a letter happens to every notice that it gives, in that same transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.event import Actor, Event
from contracts.problems import NotFound, VersionConflict
from notify_service.adapters import outbox
from notify_service.adapters.outbox import Entry, Lease
from notify_service.application.notices import NOTICE
from notify_service.domain.notice import Notice
from notify_service.domain.together import mirrored
from runtime.append_request import Answer, Appended, Change, Context
from runtime.database import UNREACHABLE, driver
from runtime.service import Service

T = TypeVar("T")
SENDER = Actor(id="notify-service", role="system")
TRIES = 8


class _AnsweredBefore(Exception):
    """This very request was answered before: nothing of the step stands."""

    def __init__(self, appended: Appended) -> None:
        super().__init__()
        self.appended = appended


class LostLease(Exception):
    """Another sender has taken over, or what was to be done has changed: nothing of this step stands."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a step sees: the row, the notice, the transaction."""

    rows: AsyncConnection
    entry: Entry
    notice: Notice
    led: Mapping[UUID, Notice] = field(default_factory=dict)
    """The other notices that this one's letter gives."""
    also: dict[UUID, Sequence[Event]] = field(default_factory=dict)
    """What is decided of one of these alone."""


Decide = Callable[[Work], Awaitable[Sequence[Event]]]
"""Decides, and moves the outbox in the same transaction."""


async def step(
    service: Service, tenant: str, notice: UUID, decide: Decide, *, context: Context | None = None,
    answer: Answer | None = None, alone: bool = False, parted: bool = True,
) -> Appended:  # fmt: skip
    """Run ``decide`` and append what it says. Durable on return; decided again when somebody else was faster.

    ``alone``: of this notice only, which is first ``parted`` from the letter that gives it with others.
    """
    for attempt in range(TRIES):
        try:
            return await _step(service, tenant, notice, decide, context, answer, alone, parted)
        except _AnsweredBefore as before:
            return before.appended
        except VersionConflict:
            if attempt == TRIES - 1:
                raise
            await asyncio.sleep(0.01 * attempt)
    raise AssertionError("unreachable")


async def _step(
    service: Service,
    tenant: str,
    notice: UUID,
    decide: Decide,
    context: Context | None,
    answer: Answer | None,
    alone: bool,
    parted: bool,
) -> Appended:
    async with service.database.begin(tenant) as rows:
        if alone and parted:
            await outbox.part(rows, tenant, notice)
        entry, led = await outbox.letter(rows, tenant, notice)
        if alone:
            led = ()
        if entry is None:
            raise NotFound("There is no such notice here.")
        connection = await driver(rows)
        streams = {each: NOTICE.stream(each) for each in (notice, *(other.notice for other in led))}
        loaded = await service.store.load_many(
            tenant, [(NOTICE, stream) for stream in streams.values()], connection=connection
        )
        others = {other.notice: loaded[streams[other.notice]].state for other in led}
        work = Work(rows, entry, loaded[streams[notice]].state, others)
        events = await decide(work)
        changes = [Change(loaded[streams[notice]], entry.student, events)]
        for other, state in others.items():
            same = [*mirrored(events, notice, state), *work.also.get(other, ())]
            changes += [Change(loaded[streams[other]], entry.student, same)] if same else []
        context = context or Context(tenant, SENDER, entry.correlation, causation=entry.caused_by)
        appended = await service.store.append(context, changes, answer=answer, connection=connection)
        if appended.replayed is not None:
            raise _AnsweredBefore(appended)
        if led:
            await outbox.follow(rows, tenant, notice)
    if appended.events:
        service.store.wake()
    return appended


async def under_lease(work: Work, lease: Lease, state: str, **changes: object) -> None:
    """Move on; raises `LostLease` when the lease is no longer ours."""
    if not await outbox.move(work.rows, lease, state, **changes):
        raise LostLease


async def until_done(action: Callable[[], Awaitable[T]]) -> T:
    """What we know and must not forget (the server has the mail) is written as soon as the database is back."""
    while True:
        try:
            return await action()
        except UNREACHABLE:
            await asyncio.sleep(0.5)
