"""The real app on a real PostgreSQL and a real mail server; plan-service's events arrive by the journal."""

import asyncio
import base64
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP
from fastapi import FastAPI

from contracts import streams
from contracts.event import Event, Recorded
from contracts.ids import new_id
from contracts.notify import NoticePreferencesSet
from contracts.vocabulary import Channel
from notify_service.adapters.tables import (
    notify_tables_1,
    notify_tables_2,
    notify_tables_3,
    notify_tables_4,
    notify_tables_5,
    notify_tables_6,
    notify_tables_7,
    notify_tables_8,
    notify_tables_9,
)
from notify_service.adapters.webhooks.tables import webhook_tables_1, webhook_tables_2, webhook_tables_3
from notify_service.application.notices import PREFERENCES
from notify_service.main import create_app
from notify_service.settings import Settings
from notify_service.testing_notices import Family, known_plan
from runtime.access import access_1
from runtime.append_request import Appended, Change, Context
from runtime.sight import sight_1
from runtime.stream_model import Model
from runtime.tenants import now_for
from runtime.testing import MASTER_KEY, PASSWORD, Cluster, Opened, opened, sequence
from runtime.testing_http import ISSUER, TestIssuer, client_of, looks_left_lying, no_row_differs

TENANT = "sandbox-lakeside"


@dataclass
class MailHost:
    """A real SMTP server that a test can make slow, refusing or forgetful."""

    port: int = 0
    taken: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    """From, to and the mail itself."""
    on_rcpt: Callable[[], str | None] = lambda: None
    on_data: Callable[[], str | None] = lambda: None
    """An answer instead of taking the mail."""
    on_mail: Callable[[], str | None] = lambda: None
    """An answer to who sends it."""
    before_rcpt: Callable[[], Any] = lambda: None
    """Awaited before the recipient is answered."""
    after_taking: Callable[[], Any] = lambda: None
    """Awaited after the mail was taken, before the answer goes out."""
    hangs_up: bool = False
    """The line breaks when ``after_taking`` is done."""

    async def handle_MAIL(
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        refusal = self.on_mail()
        if refusal:
            return refusal
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        waiting = self.before_rcpt()
        if waiting is not None:
            await waiting
        refusal = self.on_rcpt()
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        refusal = self.on_data()
        if refusal:
            return refusal
        self.taken.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        waiting = self.after_taking()
        if waiting is not None:
            await waiting
        if self.hangs_up:
            server.transport.abort()
        return "250 2.0.0 Ok: queued as TEST"

    def behave(self) -> None:
        """As a good server does."""
        self.on_mail = self.on_rcpt = self.on_data = self.before_rcpt = self.after_taking = lambda: None
        self.hangs_up = False


@asynccontextmanager
async def a_mail_host(port: int = 0) -> AsyncIterator[MailHost]:
    """Listening on loopback until the block ends."""
    host = MailHost()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(host, hostname="mail.test", loop=loop), "127.0.0.1", port)
    host.port = server.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.close()


@dataclass(frozen=True)
class Kept:
    """The smallest state a stream of plan-service can have."""

    events: int = 0


def a_model(name: str) -> Model[Kept]:
    """A stream of plan-service of which only the events matter."""
    return Model(name, "test", Kept(), lambda state, _event: Kept(state.events + 1))


@dataclass
class World:
    """notify-service as it runs, plan-service's store beside it, and the mail server."""

    plan: Opened
    notify: Opened
    app: FastAPI
    http: httpx.AsyncClient
    issuer: TestIssuer
    host: MailHost
    returns_port: int = 0
    """Where delivery reports are taken."""
    tenant: str = TENANT
    family: Family = field(default_factory=Family)
    written: list[Recorded[Event]] = field(default_factory=list)
    audit: Opened | None = None

    async def publish(self, stream: str, subject: UUID, *events: Event) -> Appended:
        """Put events on a stream of plan-service, with their index, for the journal to carry."""
        appended = await self.append(self.plan, stream, subject, *events)
        self.written += appended.events
        return appended

    async def append(self, of: Opened, stream: str, subject: UUID, *events: Event) -> Appended:
        """The same of any service's store."""
        kind, *rest = stream.split("/")
        loaded = await of.store.load(self.tenant, a_model(kind), *rest)
        context: Context = of.context(self.tenant)
        appended = await of.store.append(context, [Change(loaded, subject, list(events))])
        await sequence(of)
        return appended

    @property
    def mails(self) -> list[bytes]:
        """What this test's family was sent."""
        return [mail for _, to, mail in self.host.taken if self.family.email in to]

    def mail(self, number: int = -1) -> EmailMessage:
        """One of them, parsed."""
        parsed = message_from_bytes(self.mails[number], policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def text(self, number: int = -1) -> str:
        """Its plain text."""
        body = self.mail(number).get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    async def arrange(self, **family: Any) -> None:
        """A district, a student with a mother who may be told, and a plan in force."""
        self.family = Family(**{"email": f"{new_id().hex[:12]}@example.org", "holder": new_id()} | family)
        for stream, subject, events in known_plan(self.family):
            await self.publish(stream, subject, *events)

    async def taken_in(self) -> None:
        """Wait until the service knows what was arranged: nobody writes by hand about what has not come yet."""
        for recorded in self.written:
            answer = await self.get("/notify/v1/notices", after_event=str(recorded.id))
            assert answer.status_code == 200, answer.text

    async def elect_email(self, *, language: str | None = None, **fields: Any) -> None:
        """The mother elects e-mail for notices."""
        loaded = await self.notify.store.load(self.tenant, PREFERENCES, self.family.holder)
        elected = date(2025, 9, 10)
        told: dict[str, Any] = {"channels": (Channel.EMAIL,), "electronic_notice_elected_on": elected}
        event = NoticePreferencesSet(
            effective_on=elected, holder_id=self.family.holder, student_id=self.family.student,
            language=language or self.family.language, **told | fields,
        )  # fmt: skip
        await self.notify.store.append(self.notify.context(), [Change(loaded, self.family.student, [event])])

    async def propose(self, *, on: date = date(2026, 2, 24), **fields: Any) -> UUID:
        """An amendment is proposed; returns its event's id."""
        event = self.family.proposed(on=on, **fields)
        stream = streams.plan(self.family.plan)
        return (await self.publish(stream, self.family.student, event)).events[-1].id

    def vendor(self, *scopes: str, **headers: str) -> dict[str, str]:
        """A vendor that may read and write notices."""
        wanted = scopes or ("notice.read", "notice.write", "plan.report")
        return {
            **self.issuer.vendor(*wanted, tenant=self.tenant),
            "idempotency-key": str(new_id()),
            **headers,
        }

    def person(self, staff: UUID) -> dict[str, str]:
        """Somebody signed in."""
        return self.issuer.person(
            "case_manager", "notice.read", "notice.write", staff=staff, tenant=self.tenant
        )

    def operator(self) -> dict[str, str]:
        """Who runs the installation."""
        token = self.issuer.token(
            sub="operator", client_id="operator", role="operator", scope="operate", tenant=self.tenant
        )
        return {"authorization": f"Bearer {token}", "idempotency-key": str(new_id())}

    async def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        """As the vendor, unless other headers are given."""
        asked = {name: str(value) for name, value in params.items() if value is not None}
        return await self.http.get(path, params=asked, headers=headers or self.vendor())

    async def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        """As the vendor, unless other headers are given."""
        return await self.http.post(path, json=body, headers=headers or self.vendor())

    async def put(self, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        """As the vendor, unless other headers are given."""
        return await self.http.put(path, json=body, headers=headers or self.vendor())

    async def told_in_vain(self, notice: UUID, on: date) -> dict[str, Any]:
        """Somebody reports a telling that was not understood."""
        body = {
            "channel": "read_aloud", "told": {"language": "es", "mode": "oral", "understood": False},
            "reported": {"source": "call log", "reason": "told by phone", "occurred_on": str(on)},
        }  # fmt: skip
        answer = await self.post(f"/notify/v1/notices/{notice}/deliveries", body)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def today(self) -> date:
        """The district's day."""
        return (await now_for(self.notify.store, self.tenant)).astimezone(ZoneInfo("America/Chicago")).date()

    async def later(self, by: timedelta) -> None:
        """The sandbox's clock moves on; what waits for its time becomes due."""
        now = await now_for(self.notify.store, self.tenant)
        answer = await self.post("/notify/v1/clock", {"to": (now + by).isoformat()}, self.operator())
        assert answer.status_code == 200, answer.text

    async def history(self, notice: UUID) -> list[Event]:
        """What happened to a notice."""
        return [entry.event for entry in await self.notify.store.read(self.tenant, streams.notice(notice))]

    async def notices(self) -> list[UUID]:
        """Every notice about this test's student."""
        async with self.notify.database.lend(self.tenant) as connection:
            rows = await connection.fetch(
                "SELECT notice FROM notify.outbox WHERE student = $1 ORDER BY notice", self.family.student
            )
        return [row["notice"] for row in rows]

    async def state(self, notice: UUID) -> tuple[str, list[str]]:
        """Where the work on it stands, and why."""
        async with self.notify.database.lend(self.tenant) as connection:
            row = await connection.fetchrow(
                "SELECT state, reasons FROM notify.outbox WHERE notice = $1", notice
            )
        return row["state"], row["reasons"]

    async def reaches(self, state: str, notice: UUID | None = None, seconds: float = 15) -> UUID:
        """Wait until a notice (the only one, if none is named) stands so."""
        found: Any = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    known = [notice] if notice else await self.notices()
                    if known:
                        found = await self.state(known[0])
                        if found[0] == state:
                            return known[0]
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"still {found}, not {state}") from None


def settings_for(cluster: Cluster, database: str, **more: Any) -> Settings:
    """As the environment would say it."""
    at = cluster.url(database, "notify_app").partition("@")[2]
    return Settings(
        database_url=f"postgresql://{at}",
        database_app_password=PASSWORD,
        database_relay_password=PASSWORD,
        keyring_database_url=f"postgresql://{at}",
        keyring_password=PASSWORD,
        keyring_master_key=base64.b64encode(MASTER_KEY).decode(),
        log_host="test.handrail.invalid",
        issuer_url=ISSUER,
        public_url="http://test",
        **more,
    )


def a_free_port() -> int:
    """On loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def make_tables(plan: Opened) -> None:
    """What this service's own migrations would make."""
    owner = await asyncpg.connect(plan.url("notify_owner"))
    async with owner.transaction():
        for statement in [
            *notify_tables_1(),
            *notify_tables_2(),
            *notify_tables_3(),
            *notify_tables_4(),
            *notify_tables_5(),
            *notify_tables_6(),
            *notify_tables_7(),
            *notify_tables_8(),
            *webhook_tables_1(),
            *webhook_tables_2(),
            *notify_tables_9(),
            *webhook_tables_3(),
            *sight_1("notify"),
            *access_1("notify"),
        ]:
            await owner.execute(statement)
    await owner.close()


@asynccontextmanager
async def a_world(cluster: Cluster, **settings: Any) -> AsyncIterator[World]:
    """notify-service running on a database of its own, with its own mail server."""
    async with (
        opened(cluster, "plan", tenant=TENANT) as plan,
        opened(cluster, "notify", tenant=TENANT, name=plan.name) as notify,
        opened(cluster, "audit", tenant=TENANT, name=plan.name) as audit,
        a_mail_host() as mail,
    ):
        await make_tables(plan)
        returns = settings.setdefault("returns_port", a_free_port())
        settings.setdefault("mail_patience_seconds", 0)
        issuer = TestIssuer()
        app = create_app(settings_for(cluster, plan.name, smtp_port=mail.port, **settings), issuer.verifier())
        async with app.router.lifespan_context(app), client_of(app) as http:
            yield World(plan, notify, app, http, issuer, mail, returns_port=returns, audit=audit)
            await no_row_differs(app)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(cluster: Cluster) -> AsyncIterator[World]:
    """notify-service running on a database of its own, with its own mail server, for a module's tests."""
    with looks_left_lying():
        async with a_world(cluster, send_lease_seconds=0.6) as made:
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def world(running: World) -> AsyncIterator[World]:
    """A family of its own for each test; ``pytestmark = pytest.mark.asyncio(loop_scope="module")`` in the module."""
    running.host.behave()
    yield replace(running, family=Family(), written=[])
    running.host.behave()


@pytest.fixture
def helpers() -> Any:
    """What this file defines, for tests that put a world together themselves."""
    return sys.modules[__name__]


@pytest.fixture(scope="module")
def module_helpers() -> Any:
    """The same, for a module's own fixtures."""
    return sys.modules[__name__]
