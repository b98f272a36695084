"""notify-service put together: who must be told what, how it reaches them, and the proof of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import APIRouter, FastAPI

from notify_service.adapters.at_hand import AtHand
from notify_service.adapters.bounces import ReturnAddresses
from notify_service.adapters.links import LinkMaker
from notify_service.adapters.outbox import let_go
from notify_service.adapters.page import routes as page_routes
from notify_service.adapters.post_office import PostOffice
from notify_service.adapters.returns import ReturnsHost
from notify_service.adapters.routes import (
    batches,
    codes,
    deliveries,
    notices,
    preferences,
    tasks,
    templates,
    webhooks,
)
from notify_service.adapters.sending.sender import Sender
from notify_service.adapters.sending.yearly import YearlyBooklets
from notify_service.adapters.showing import fetch_notice
from notify_service.adapters.smtp import MailServer
from notify_service.adapters.webhooks.delivering import Teller
from notify_service.adapters.webhooks.secrets import Secrets
from notify_service.service import consumers_of, service_of
from notify_service.settings import Settings
from runtime.auth import Verifier
from runtime.call import Call, Edge, Fetch, Owner
from runtime.cosigner_token import service_verifier
from runtime.health import add_health
from runtime.http import service_app, take_in
from runtime.log_routes import log_routes
from runtime.tenant_routes import tenant_routes

PREFIX = "/notify/v1"


async def _let_go(asked: Call) -> None:
    """Of a district that has ended no mail is handed over that has not been begun."""
    async with asked.edge.service.database.begin(asked.tenant) as rows:
        await let_go(rows, asked.tenant)


ROUTERS: Sequence[APIRouter] = (
    tenant_routes("notify", ended=_let_go),
    log_routes("notify"),
    notices.routes,
    deliveries.routes,
    tasks.routes,
    batches.routes,
    templates.routes,
    webhooks.routes,
    preferences.routes,
    codes.routes,
    page_routes.routes,
)
FETCH: dict[str, Fetch] = {"notice": fetch_notice, "preferences": preferences.fetch_preferences}
OWNERS: dict[str, Owner] = {"holder": preferences.owner_of_holder}


def post_office(settings: Settings) -> PostOffice:
    """Where and as whom notices are handed in."""
    server = MailServer(
        host=settings.smtp_host, port=settings.smtp_port, tls=settings.smtp_tls, user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        timeout=settings.smtp_timeout_seconds,
    )  # fmt: skip
    links = LinkMaker(settings.master_key(), settings.older_master_keys())
    domain = settings.returns_domain or settings.mail_domain
    returns = ReturnAddresses(links.seal("return address", domain).encode(), domain)
    return PostOffice(
        server, links, settings.sender_address, settings.mail_domain, settings.public_url.rstrip("/"),
        settings.link_days, returns if settings.returns_port is not None else None,
    )  # fmt: skip


def create_app(settings: Settings, verifier: Verifier | None = None) -> FastAPI:
    """The whole service as one ASGI app; it runs for as long as the app's lifespan."""
    service = service_of(settings)
    office = post_office(settings)
    sender = Sender(
        service, office, lease_seconds=settings.send_lease_seconds,
        patience=timedelta(seconds=settings.mail_patience_seconds),
    )  # fmt: skip
    edge = Edge(service, verifier or service_verifier(settings), FETCH, OWNERS)
    service.consumers = lambda _service: consumers_of(sender.wake, lambda: teller.wake())
    teller = Teller(
        service,
        Secrets(settings.master_key()),
        office,
        private_allowed=settings.webhooks_to_private_addresses,
    )
    tasks: list[Callable[[], Awaitable[None]]] = [
        edge.access.run,
        sender.run,
        teller.run,
        YearlyBooklets(service).run,
    ]
    if office.returns is not None and settings.returns_port is not None:
        tasks.append(ReturnsHost(service, office.returns, settings.returns_port).run)
    service.tasks = lambda _service: tasks

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = service_app(
        edge, PREFIX, title="Handrail notify-service", lifespan=lifespan,
        summary="Notices: what was owed, what was sent by which channel in which language, delivered, opened, answered.",
    )  # fmt: skip
    app.state.at_hand = AtHand(
        service,
        office,
        sender.wake,
        Secrets(settings.master_key()),
        teller.wake,
        settings.webhooks_to_private_addresses,
    )
    app.state.sender = sender
    app.state.paces = page_routes.Paces()
    take_in(app, *ROUTERS)
    add_health(app, edge, service.needed)
    return app
