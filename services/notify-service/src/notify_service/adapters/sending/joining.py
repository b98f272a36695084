"""Putting several changes of one day into one letter, before any of them has left.

Who leads and who goes along is made durable first; the letter is written after. Killed in between, the leader is prepared
again, and finds the same company.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from notify_service.adapters import outbox
from notify_service.adapters.outbox import Entry, Lease
from notify_service.adapters.sending import gathering
from notify_service.adapters.sending.gathering import NotGathered, Situation, Wanted
from notify_service.application.notices import NOTICE
from notify_service.domain.facts import parts_missing
from notify_service.domain.notice import Notice
from notify_service.domain.together import may_go_together
from runtime.database import driver
from runtime.service import Service


async def join(service: Service, lease: Lease, entry: Entry) -> None:
    """Take along whatever else of that day may go in this notice's letter. Durable on return; safe to repeat."""
    if entry.amendment is None or entry.taken_out or entry.batch is not None:
        return
    async with service.database.begin(lease.tenant) as rows:
        entries = {each.notice: each for each in await outbox.of_one_day(rows, entry)}
        own = entries.pop(lease.notice, None)
        if own is None or own.fence != lease.fence or own.leader is not None or not entries:
            return
        states = await _states(service, rows, lease.tenant, [lease.notice, *entries])
        leader = states[lease.notice]
        now = await gathering.situation(service, rows, lease.tenant, entry.student, entry.holder)
        if now.blocked or not await _complete(rows, own, leader, now):
            return
        led = [
            each.notice for each in entries.values()
            if each.leader != lease.notice and may_go_together(leader, states[each.notice])
            and await _complete(rows, each, states[each.notice], now)
        ]  # fmt: skip
        if led:
            await outbox.lead(rows, lease.tenant, lease.notice, led)


async def _complete(rows: AsyncConnection, entry: Entry, notice: Notice, now: Situation) -> bool:
    """Whether each part has content: what waits for words of its own holds nothing else up."""
    if notice.text is not None:
        return True
    try:
        facts = await gathering.gather(rows, entry.tenant, Wanted.of(notice.about), now)
    except NotGathered:
        return False
    return not parts_missing(facts)


async def _states(
    service: Service, rows: AsyncConnection, tenant: str, notices: list[UUID]
) -> dict[UUID, Notice]:
    streams = {each: NOTICE.stream(each) for each in notices}
    loaded = await service.store.load_many(
        tenant, [(NOTICE, stream) for stream in streams.values()], connection=await driver(rows)
    )
    return {each: loaded[stream].state for each, stream in streams.items()}
