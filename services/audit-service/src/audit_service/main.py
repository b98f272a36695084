"""audit-service put together: evidence from all four logs, packets, who may sign in, and the console."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from fastapi import FastAPI

from audit_service.adapters.console import findings_pages
from audit_service.adapters.console.elsewhere import Elsewhere
from audit_service.adapters.console.pages import pages
from audit_service.adapters.console.session import SignIn
from audit_service.adapters.routes import (
    access_record,
    destructions,
    disclosures,
    events,
    exports,
    findings,
    holds,
    indicators,
    log,
    packets,
    plans,
    tenants,
    timeline,
    verification,
)
from audit_service.adapters.routes.clients import account_routes, client_routes
from audit_service.adapters.routes.oauth import oauth_routes
from audit_service.adapters.routes.sign_in import sign_in_routes
from audit_service.application.destroyer import Destroyer
from audit_service.application.issuer import Issuer
from audit_service.application.students import student_about
from audit_service.service import service_of
from audit_service.settings import Settings
from runtime.auth import Verifier
from runtime.call import Call, Edge
from runtime.cosigner_token import service_verifier
from runtime.health import add_health
from runtime.http import service_app, take_in
from runtime.log_routes import log_routes
from runtime.tenant_routes import tenant_routes

PREFIX = "/audit/v1"
ROUTES = (
    events, timeline, plans, findings, indicators, access_record, packets, disclosures, exports, holds, destructions,
    verification, log,
)  # fmt: skip


def create_app(settings: Settings, verifier: Verifier | None = None) -> FastAPI:
    """The whole service as one ASGI app; it runs for as long as the app's lifespan."""
    service = service_of(settings)

    async def whose_event(call: Call, event: UUID) -> UUID | None:
        entry = (await service.evidence.one(call.tenant, event)).entry
        return await student_about(service.evidence, call.tenant, entry)

    async def whose_plan(call: Call, plan: UUID) -> UUID:
        return await service.evidence.student_of_plan(call.tenant, plan)

    owners = {"plan": whose_plan, "event": whose_event}
    edge = Edge(service, verifier or service_verifier(settings), owners=owners)
    own_tasks = service.tasks
    destroyer = Destroyer(lambda: service.records, backup_days=settings.keyring_backup_days)
    service.tasks = lambda running: (*own_tasks(running), edge.access.run, destroyer.run)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = service_app(
        edge, PREFIX, title="Handrail audit-service", lifespan=lifespan,
        summary="Timelines, replay, the change feed, the record of access, transfer packets.",
    )  # fmt: skip
    take_in(app, *(module.routes for module in ROUTES))
    take_in(app, client_routes(), tenant_routes("audit"), log_routes("audit"), tenants.routes)
    if settings.issuer_url is None:
        issuer = Issuer(settings, lambda: service.database)
        take_in(app, oauth_routes(issuer), sign_in_routes(issuer), account_routes())
        app.state.console = SignIn(issuer, edge.verifier)
        # With Kafka each service has a process of its own: what is wrong with the others has to be asked for.
        app.state.elsewhere = Elsewhere(settings.logs_address) if settings.kafka_bootstrap_servers else None
        take_in(app, pages, findings_pages.pages)
    add_health(app, edge, service.needed)
    return app
