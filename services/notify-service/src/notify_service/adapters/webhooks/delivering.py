"""Telling endpoints: signed by Standard Webhooks, tried again over days, stopped when an endpoint is dead.

The same event goes out under the same id at every try and in every replay: whoever keeps the ids takes nothing twice.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import httpx
import structlog
from sqlalchemy import Update, delete, select, update
from standardwebhooks.webhooks import Webhook as Signer

from contracts.event import Actor
from contracts.ids import new_event_id, new_id
from contracts.vocabulary import WebhookEnd
from contracts.webhooks import WebhookDisabled
from notify_service.adapters import known_facts
from notify_service.adapters.carrying import Outcome
from notify_service.adapters.post_office import PostOffice
from notify_service.adapters.smtp import on_envelope
from notify_service.adapters.webhooks.guard import NotAllowed, Target, checked
from notify_service.adapters.webhooks.secrets import Secrets
from notify_service.adapters.webhooks.tables import ATTEMPTS, DELIVERIES, ENDPOINTS, HAPPENED
from notify_service.application.webhooks import RETRY_AFTER, WEBHOOK, Webhook
from runtime.append_request import Change, Context, TenantHasEnded
from runtime.database import UNREACHABLE, driver
from runtime.service import Service
from runtime.tenants import subject_of

log = structlog.get_logger()

AT_ONCE = 16
"""Of each endpoint four, so that three that never answer keep no other waiting."""
LEASE_SECONDS = 60.0
PATIENCE_SECONDS = 15.0
LONGEST_REST = 2.0
LONGEST_ANSWER = 300
GONE = 410
MOST_ATTEMPTS_KEPT = 2000
SENDER = Actor(id="notify-service", role="system")


@dataclass(frozen=True, slots=True)
class Due:
    """One event for one endpoint."""

    tenant: str
    webhook: UUID
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Message:
    """What goes over, and where."""

    due: Due
    url: str
    body: str
    secrets: tuple[str, ...]
    tries: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the endpoint said, or why nothing went."""

    status: int | None
    words: str
    ms: int

    @property
    def good(self) -> bool:
        """Any 2xx."""
        return self.status is not None and 200 <= self.status < 300


class Teller:
    """One in each process; any number share the work."""

    def __init__(
        self, service: Service, secrets: Secrets, office: PostOffice, *, private_allowed: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._service = service
        self._secrets = secrets
        self._office = office
        self._private_allowed = private_allowed
        self._now = now
        self._woken = asyncio.Event()
        self._stopping = set[UUID]()
        self._under_way = 0

    def wake(self) -> None:
        """There is or will in a moment be something due."""
        self._woken.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        rest = 0.05
        async with asyncio.TaskGroup() as at_work:
            while True:
                due = await self._claim()
                for each in due:
                    self._under_way += 1
                    at_work.create_task(self._one(each))
                if due:
                    rest = 0.05
                    continue
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), rest)
                rest = 0.05 if self._woken.is_set() else min(rest * 1.5, LONGEST_REST)
                self._woken.clear()

    async def _claim(self) -> list[Due]:
        free = AT_ONCE - self._under_way
        if not free:
            return []
        try:
            return await self._claimed(free)
        except UNREACHABLE as error:
            log.warning("webhooks_interrupted", error=type(error).__name__)
            return []

    async def _claimed(self, most: int) -> list[Due]:
        async with self._service.database.pool.acquire() as connection:
            rows = await connection.fetch("SELECT * FROM notify.claim_webhooks($1, $2)", LEASE_SECONDS, most)
        return [Due(row["tenant"], row["webhook"], row["event_id"]) for row in rows]

    async def _one(self, due: Due) -> None:
        try:
            message = await self._message(due)
            if message is None:
                return
            answer = await self._tell(message)
            await self._note(message, answer)
        except UNREACHABLE as error:
            log.warning("webhooks_interrupted", error=type(error).__name__)
        except TenantHasEnded:
            log.info("webhook_of_ended_district", webhook=str(due.webhook))
        except Exception as error:
            log.error("webhook_step_failed", webhook=str(due.webhook), error=type(error).__name__)
        finally:
            self._under_way -= 1
            self._woken.set()

    async def _message(self, due: Due) -> Message | None:
        async with self._service.database.read(due.tenant) as rows:
            endpoint = (
                await rows.execute(
                    select(ENDPOINTS).where(
                        ENDPOINTS.c.tenant == due.tenant, ENDPOINTS.c.webhook == due.webhook
                    )
                )
            ).one_or_none()
            event = (
                await rows.execute(
                    select(HAPPENED, DELIVERIES.c.tries)
                    .join(DELIVERIES, (DELIVERIES.c.tenant == HAPPENED.c.tenant)
                          & (DELIVERIES.c.source == HAPPENED.c.source) & (DELIVERIES.c.position == HAPPENED.c.position))
                    .where(DELIVERIES.c.tenant == due.tenant, DELIVERIES.c.webhook == due.webhook,
                           DELIVERIES.c.event_id == due.event_id)
                )
            ).one_or_none()  # fmt: skip
        if endpoint is None or event is None or not endpoint.active:
            return None
        sealed = [endpoint.secret]
        if endpoint.earlier_secret is not None and endpoint.earlier_until > self._now():
            sealed.append(endpoint.earlier_secret)
        secrets = tuple(self._secrets.open(due.tenant, due.webhook, each) for each in sealed)
        return Message(due, endpoint.url, thin_body(due.tenant, event), secrets, event.tries)

    async def _tell(self, message: Message) -> Answer:
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                target = await checked(message.url, private_allowed=self._private_allowed)
                status, words = await post(target, message, self._now())
        except NotAllowed as error:
            status, words = None, f"not called: {error}"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            status, words = None, type(error).__name__
        return Answer(status, words, round((time.monotonic() - began) * 1000))

    async def _note(self, message: Message, answer: Answer) -> None:
        due = message.due
        tries = message.tries + 1
        last = not answer.good and tries > len(RETRY_AFTER)
        gone = answer.status == GONE
        pause = RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1]
        # The attempt first: whatever becomes of the stop, it was made. Until the stop stands the last try stays due.
        await self._note_attempt(message, answer, tries, pause)
        if gone or last:
            reason = WebhookEnd.GONE if gone else WebhookEnd.FAILING
            stopped = await self.stop(due.tenant, due.webhook, reason, str(answer.status or answer.words))
            if stopped and last:
                await self._give_up(due)
        log.info("webhook_told", webhook=str(due.webhook), status=answer.status, good=answer.good)

    async def _note_attempt(self, message: Message, answer: Answer, tries: int, pause: timedelta) -> None:
        due = message.due
        state = "delivered" if answer.good else "due"
        async with self._service.database.begin(due.tenant) as rows:
            await rows.execute(
                ATTEMPTS.insert().values(
                    tenant=due.tenant, id=new_event_id(), webhook=due.webhook, event_id=due.event_id, at=self._now(),
                    status=answer.status, answer=answer.words[:LONGEST_ANSWER], ms=answer.ms,
                )
            )  # fmt: skip
            await rows.execute(
                _delivery(due).values(state=state, tries=tries, due_at=self._now() + pause, lease_until=None)
            )
            oldest = (
                select(ATTEMPTS.c.id).where(ATTEMPTS.c.tenant == due.tenant, ATTEMPTS.c.webhook == due.webhook)
                .order_by(ATTEMPTS.c.id.desc()).offset(MOST_ATTEMPTS_KEPT)
            )  # fmt: skip
            await rows.execute(
                delete(ATTEMPTS).where(ATTEMPTS.c.tenant == due.tenant, ATTEMPTS.c.id.in_(oldest))
            )

    async def _give_up(self, due: Due) -> None:
        async with self._service.database.begin(due.tenant) as rows:
            await rows.execute(_delivery(due).where(DELIVERIES.c.state == "due").values(state="given_up"))

    async def stop(self, tenant: str, webhook: UUID, reason: WebhookEnd, answer: str) -> bool:
        """The endpoint is told nothing more until somebody enables it. Durable on return.

        Whoever is named for it gets a mail first: ``False``, and nothing is stopped, while the mail server takes none.
        So it is said while another task is at it: nobody waits for a slow one. Killed in between, they are told again.
        """
        if webhook in self._stopping:
            return False
        self._stopping.add(webhook)
        try:
            return await self._stop(tenant, webhook, reason, answer)
        finally:
            self._stopping.discard(webhook)

    async def _stop(self, tenant: str, webhook: UUID, reason: WebhookEnd, answer: str) -> bool:
        loaded = await self._service.store.load(tenant, WEBHOOK, webhook)
        subject = await subject_of(self._service.store, tenant)
        if not loaded.state.active or subject is None:
            return True
        if not await self._mail(loaded.state, reason, answer):
            return False
        async with self._service.database.begin(tenant) as rows:
            today = await known_facts.today_in(rows, tenant)
            await rows.execute(
                update(ENDPOINTS)
                .where(ENDPOINTS.c.tenant == tenant, ENDPOINTS.c.webhook == webhook)
                .values(active=False)
            )
            event = WebhookDisabled(
                effective_on=today, webhook_id=webhook, reason=reason, answer=answer[:LONGEST_ANSWER]
            )
            context = Context(tenant, SENDER, f"webhook-{new_id()}")
            await self._service.store.append(
                context, [Change(loaded, subject, [event])], connection=await driver(rows)
            )
        self._service.store.wake()
        return True

    async def _mail(self, webhook: Webhook, reason: WebhookEnd, answer: str) -> bool:
        to = on_envelope(webhook.mail_to or "")
        if to is None:
            return True
        mail = EmailMessage()
        mail["From"], mail["To"] = self._office.sender, to
        mail["Subject"] = "A webhook has been stopped"
        mail["Date"] = format_datetime(self._now())
        mail["Message-ID"] = (
            f"<webhook.{webhook.webhook_id}.{int(self._now().timestamp())}@{self._office.domain.strip('[]')}>"
        )
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(
            f"The endpoint {webhook.url} gets nothing any more: {reason.value.replace('_', ' ')}.\n"
            f"Its last answer was: {answer}\n\nMend it, then enable it (POST /notify/v1/webhooks/{webhook.webhook_id}/enabling)"
            " and have what it missed replayed.\n"
        )

        async def go_on() -> bool:
            return True

        answered = await self._office.server.hand_over(self._office.sender, to, mail.as_bytes(), go_on)
        log.info("webhook_stop_mailed", webhook=str(webhook.webhook_id), outcome=answered.outcome.value)
        return answered.outcome is not Outcome.REFUSED_FOR_NOW


def _delivery(due: Due) -> Update:
    return update(DELIVERIES).where(
        DELIVERIES.c.tenant == due.tenant, DELIVERIES.c.webhook == due.webhook, DELIVERIES.c.event_id == due.event_id
    )  # fmt: skip


def thin_body(tenant: str, event: Any) -> str:
    """What an endpoint is told: no contents, no names."""
    return json.dumps(
        {
            "type": event.type,
            "timestamp": event.known_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": {
                "event": str(event.event_id), "tenant": tenant, "source": event.source, "position": event.position,
                "subject": str(event.subject), "effective_on": event.effective_on.isoformat(),
            },
        },
        separators=(",", ":"),
    )  # fmt: skip


async def post(target: Target, message: Message, now: datetime) -> tuple[int, str]:
    """One request to the very address that was looked at; redirects are not followed."""
    event_id = str(message.due.event_id)
    # The library reads a time without a zone as UTC.
    at = now.astimezone(UTC).replace(tzinfo=None)
    signatures = " ".join(Signer(secret).sign(event_id, at, message.body) for secret in message.secrets)
    host = f"[{target.address}]" if ":" in target.address else target.address
    url = f"{'https' if target.tls else 'http'}://{host}:{target.port}{target.path}"
    standard = target.port == (443 if target.tls else 80)
    headers = {
        "host": target.host if standard else f"{target.host}:{target.port}",
        "content-type": "application/json", "user-agent": "Handrail-Webhooks/1", "webhook-id": event_id,
        "webhook-timestamp": str(int(at.replace(tzinfo=UTC).timestamp())), "webhook-signature": signatures,
    }  # fmt: skip
    async with (
        httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False, follow_redirects=False) as client,
        client.stream("POST", url, content=message.body.encode(), headers=headers,
                      extensions={"sni_hostname": target.host}) as response,
    ):  # fmt: skip
        # What it says beside the status is of no use, and could be without end.
        return response.status_code, response.reason_phrase or str(response.status_code)


def overlap_until(now: datetime, hours: int) -> datetime:
    """Until when a signature by the earlier secret goes along."""
    return now + timedelta(hours=hours)
