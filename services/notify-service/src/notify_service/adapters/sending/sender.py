"""The sender: takes what is due by lease and does the next step, until a notice is given or waits for a person."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from contracts.event import Event
from contracts.ids import new_id
from contracts.vocabulary import Channel
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.outbox import Lease
from notify_service.adapters.post_office import PostOffice
from notify_service.adapters.sending import mailing
from notify_service.adapters.sending.preparing import look_at_letter, prepare
from notify_service.adapters.sending.steps import LostLease, Work, step, under_lease
from notify_service.domain.blocking import stays_noted
from notify_service.domain.delivery import begins, mailing_days_passed
from runtime.append_request import TenantHasEnded
from runtime.database import UNREACHABLE
from runtime.logging import places
from runtime.service import Service

log = structlog.get_logger()

AT_ONCE = 8
SHORTEST_REST, LONGEST_REST = 0.02, 1.0
FAILED_PAUSE = timedelta(minutes=10)
LAST_SECONDS = 5.0


class Sender:
    """One in each process; any number share the work."""

    def __init__(
        self, service: Service, office: PostOffice, *, lease_seconds: float = 15.0,
        patience: timedelta = timedelta(0),
    ) -> None:  # fmt: skip
        self._service = service
        self._office = office
        self._lease_seconds = lease_seconds
        self.patience = patience
        self._owner = new_id()
        self._woken = asyncio.Event()
        self._at_work: dict[UUID, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """There is or will in a moment be something due (what woke us may still be committing)."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled. What is on its way to a mail server then gets a moment to hear the answer."""
        try:
            await self._work()
        finally:
            if self._at_work:
                _, left = await asyncio.wait(self._at_work.values(), timeout=LAST_SECONDS)
                for task in left:
                    task.cancel()

    async def _work(self) -> None:
        rest = SHORTEST_REST
        while True:
            leases = await self._claim()
            for lease in leases:
                task = asyncio.create_task(self._one(lease))
                self._at_work[lease.notice] = task
                task.add_done_callback(partial(self._done, lease.notice))
            if leases:
                rest = SHORTEST_REST
                await asyncio.sleep(0)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), rest)
            rest = SHORTEST_REST if self._woken.is_set() else min(rest * 1.5, LONGEST_REST)
            self._woken.clear()

    async def _claim(self) -> list[Lease]:
        free = AT_ONCE - len(self._at_work)
        if not free:
            return []
        return await outbox.claim(
            self._service.database,
            self._owner,
            seconds=self._lease_seconds,
            most=free,
            at_work=list(self._at_work),
        )

    def _done(self, notice: UUID, _task: "asyncio.Task[None]") -> None:
        self._at_work.pop(notice, None)
        self._woken.set()

    async def _one(self, lease: Lease) -> None:
        try:
            async with self._held(lease):
                await self._step(lease)
        except (LostLease, TenantHasEnded):  # Of a district that has just ended nothing more is done.
            log.info("notice_lease_lost", notice=str(lease.notice))
        except UNREACHABLE as error:
            log.warning("notice_interrupted", notice=str(lease.notice), error=type(error).__name__)
        except Exception as error:
            # Named by places alone: a message or a local variable may be a student's.
            log.error("notice_step_failed", notice=str(lease.notice), came_through=places(error))
            await self._pause(lease)

    async def _step(self, lease: Lease) -> None:
        async with self._service.database.read(lease.tenant) as rows:
            entry = await outbox.entry(rows, lease.tenant, lease.notice)
        if entry is None or entry.fence != lease.fence:
            return
        steps: dict[str, Callable[[], Awaitable[None]]] = {
            "to_prepare": lambda: prepare(self._service, lease, entry, self.patience),
            "blocked": lambda: prepare(self._service, lease, entry, self.patience),
            "to_post": lambda: look_at_letter(self._service, lease, entry, self.patience),
            "to_send": lambda: mailing.send(self._service, self._office, lease),
            "handing_over": lambda: mailing.doubt(self._service, lease),
            "posted": lambda: self._count_the_days(lease),
            "given": lambda: mailing.unopened(self._service, lease),
        }
        await steps[entry.state]()

    async def _count_the_days(self, lease: Lease) -> None:
        async def decide(work: Work) -> Sequence[Event]:
            today = await known_facts.today_in(work.rows, lease.tenant)
            counts_on = work.entry.counts_on or today
            if today < counts_on:
                # The clock was set back, or the district moved west: that day is still to come.
                zone = await known_facts.zone_of(work.rows, lease.tenant)
                await under_lease(work, lease, "posted", due_at=begins(counts_on, zone))
                return ()
            await under_lease(work, lease, "given", due_at=None)
            posted = work.notice.sent_by(Channel.LETTER)
            if posted is None:
                raise LookupError("a notice whose mailing days are counted was not posted")
            return mailing_days_passed(work.notice, today, (counts_on - posted.on).days)

        await step(self._service, lease.tenant, lease.notice, decide)

    async def _pause(self, lease: Lease) -> None:
        """Something of ours is wrong with this one: others go on, this one is looked at again later, and seen."""

        async def decide(work: Work) -> Sequence[Event]:
            if work.entry.state in ("to_prepare", "blocked", "to_send", "to_post", "posted"):
                due = (await known_facts.now_of(work.rows, lease.tenant)) + FAILED_PAUSE
                state = "blocked" if work.entry.state == "to_prepare" else work.entry.state
                await under_lease(
                    work, lease, state, reasons=["step-failed", *stays_noted(work.entry.reasons)], due_at=due
                )
            return ()

        with contextlib.suppress(LostLease, *UNREACHABLE):
            await step(self._service, lease.tenant, lease.notice, decide)

    @asynccontextmanager
    async def _held(self, lease: Lease) -> AsyncIterator[None]:
        """Renewed while the step takes its time: a slow mail server is no reason for another sender to step in."""
        renewing = asyncio.ensure_future(self._renew(lease))
        try:
            yield
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewing

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            with contextlib.suppress(*UNREACHABLE):
                if not await outbox.renew(self._service.database, lease, self._lease_seconds):
                    return
