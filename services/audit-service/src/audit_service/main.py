"""audit-service put together: evidence from all four logs, packets, who may sign in, and the console."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

from fastapi import FastAPI

from audit_service.adapters.checkpoints import ByHttp, InOneDatabase
from audit_service.adapters.console import findings_pages
from audit_service.adapters.console.elsewhere import Elsewhere
from audit_service.adapters.console.pages import pages
from audit_service.adapters.console.session import SignIn
from audit_service.adapters.consumers.copies import Frontier, copies
from audit_service.adapters.consumers.dispute_holds import DISPUTE_HOLDS
from audit_service.adapters.consumers.findings import findings as findings_of
from audit_service.adapters.consumers.staff_looks import staff_looks_of
from audit_service.adapters.projections.people import PEOPLE
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
from audit_service.application.client_registry import CLIENT
from audit_service.application.cosigner import COSIGNER, LOG, Checkpoints
from audit_service.application.destroyer import Destroyer
from audit_service.application.exports import EXPORT
from audit_service.application.issuer import Issuer
from audit_service.application.packets import DISCLOSURE
from audit_service.application.records import DESTRUCTION, HOLD
from audit_service.application.service import AuditService
from audit_service.application.students import student_about
from audit_service.application.tokens import Mint
from audit_service.settings import Settings
from runtime.access import ACCESS
from runtime.auth import Verifier
from runtime.call import Call, Edge
from runtime.cosigner_token import ISSUER, SCOPES, cosigner_key, service_verifier
from runtime.health import add_health
from runtime.http import service_app, take_in
from runtime.log_routes import log_routes
from runtime.sight import SIGHT
from runtime.tenant_routes import tenant_routes
from runtime.tenants import TENANT

PREFIX = "/audit/v1"
MODELS = (DISCLOSURE, EXPORT, CLIENT, HOLD, DESTRUCTION, LOG, TENANT, ACCESS)
ROUTES = (
    events, timeline, plans, findings, indicators, access_record, packets, disclosures, exports, holds, destructions,
    verification, log,
)  # fmt: skip


def service_of(settings: Settings) -> AuditService:
    """The service without its HTTP surface: for the command line's work on it."""
    frontier = Frontier()
    return AuditService(
        "audit",
        settings.addresses("audit"),
        MODELS,
        lambda service: (
            copies(frontier),
            PEOPLE,
            SIGHT,
            DISPUTE_HOLDS,
            findings_of(cast(AuditService, service).judging),
            staff_looks_of(cast(AuditService, service).judging),
        ),
        lambda service: (
            frontier.task(service.database),
            cast(AuditService, service).judging.run,
            cast(AuditService, service).cosigner.run,
        ),
        schedules=settings.own_schedules(),
        checkpoints=checkpoints_for(settings),
    )


def checkpoints_for(settings: Settings) -> Callable[[AuditService], Checkpoints]:
    """The views where the services share a database; elsewhere their logs by HTTP, with a token made for that alone."""
    if not settings.kafka_bootstrap_servers:
        return lambda service: InOneDatabase(service.database, service.addresses.log_host)
    mint = Mint(cosigner_key(settings.master_key()), ISSUER, settings.audience)

    def token(tenant: str) -> str:
        return mint.for_client(COSIGNER.id, tenant, SCOPES).token

    return lambda service: ByHttp(service.database, settings.logs_address, token)


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
