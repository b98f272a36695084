"""What came back finds its notice: given no more, and sent another way or left to a person."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from aiosmtpd.smtp import SMTP

from contracts.event import Event
from contracts.problems import NotFound, Rejected
from contracts.vocabulary import Channel
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.bounces import LONGEST_REPORT, ReturnAddresses, ReturnTo, bounced
from notify_service.adapters.sending.steps import Work, step
from notify_service.domain.blocking import blocked, stays_noted
from notify_service.domain.returning import CameBack, come_back
from runtime.service import Service

log = structlog.get_logger()
_TENANT = "SELECT notify.tenant_of_notice($1)"
LETTER_RETURNED = "letter-returned"


async def take_back(work: Work, back: CameBack) -> Sequence[Event]:
    """Record it; a mail becomes a letter. A letter waits for another address, unless it can go by mail."""
    events = come_back(work.notice, back)
    if not events:
        return ()
    tenant, entry = work.entry.tenant, work.entry
    sending = work.notice.delivery(back.delivery_id)
    by_letter = sending is not None and sending.channel is Channel.LETTER
    if entry.state != "lapsed" and not work.notice.opened_on and work.notice.acknowledged_on is None:
        now = await known_facts.now_of(work.rows, tenant)
        if by_letter:
            reasons = [LETTER_RETURNED, *stays_noted(entry.reasons)]
            await outbox.settle(work.rows, tenant, entry.notice, "blocked", reasons=reasons,
                                due_at=now, delivery=None, counts_on=None)  # fmt: skip
            events = [*events, *blocked(work.notice, [LETTER_RETURNED], back.on)]
        else:
            await outbox.settle(
                work.rows, tenant, entry.notice, "to_prepare", due_at=now, delivery=None, counts_on=None
            )
    return events


class ReturnsHost:
    """A mail server for delivery reports alone: it takes what comes to our return addresses, and nothing else."""

    def __init__(self, service: Service, addresses: ReturnAddresses, port: int) -> None:
        self._service = service
        self._addresses = addresses
        self._port = port

    async def run(self) -> None:
        """Listen until cancelled."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(self, hostname=self._addresses.domain, data_size_limit=LONGEST_REPORT, loop=loop),
            "0.0.0.0",
            self._port,
        )
        async with server:
            await server.serve_forever()

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Only our own return addresses."""
        if self._addresses.read(address) is None:
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Taken once it is recorded; refused for now where that fails."""
        said = bounced(envelope.content)
        for address in envelope.rcpt_tos:
            to = self._addresses.read(address)
            if to is not None and said is not None:
                try:
                    await self.record(to, said.status, said.answer)
                except (Rejected, NotFound):
                    log.info("return_of_nothing_sent", notice=str(to.notice))
                except Exception as error:
                    log.error("return_not_recorded", notice=str(to.notice), error=type(error).__name__)
                    return "451 4.3.0 Try again later"
        return "250 2.0.0 Taken"

    async def record(self, to: ReturnTo, status: str | None, answer: str) -> None:
        """The sending came back."""
        tenant = await self._tenant_of(to.notice)
        if tenant is None:
            return

        async def decide(work: Work) -> Sequence[Event]:
            today = await known_facts.today_in(work.rows, tenant)
            return await take_back(work, CameBack(to.delivery, answer, today, status))

        await step(self._service, tenant, to.notice, decide)
        log.info("mail_came_back", notice=str(to.notice), status=status)

    async def _tenant_of(self, notice: UUID) -> str | None:
        async with self._service.database.pool.acquire() as connection:
            tenant: str | None = await connection.fetchval(_TENANT, notice)
        return tenant
