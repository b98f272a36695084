"""audit-service without its HTTP surface: the streams that it keeps, what follows the logs, and what it does by itself."""

from collections.abc import Callable
from typing import cast

from audit_service.adapters.checkpoints import ByHttp, InOneDatabase
from audit_service.adapters.consumers.copies import Frontier, copies
from audit_service.adapters.consumers.dispute_holds import DISPUTE_HOLDS
from audit_service.adapters.consumers.findings import findings as findings_of
from audit_service.adapters.consumers.staff_looks import staff_looks_of
from audit_service.adapters.projections.people import PEOPLE
from audit_service.application.client_registry import CLIENT
from audit_service.application.cosigner import COSIGNER, LOG, Checkpoints
from audit_service.application.exports import EXPORT
from audit_service.application.packets import DISCLOSURE
from audit_service.application.records import DESTRUCTION, HOLD
from audit_service.application.service import AuditService
from audit_service.application.tokens import Mint
from audit_service.settings import Settings
from runtime.access import ACCESS
from runtime.cosigner_token import ISSUER, SCOPES, cosigner_key
from runtime.sight import SIGHT
from runtime.tenants import TENANT

MODELS = (DISCLOSURE, EXPORT, CLIENT, HOLD, DESTRUCTION, LOG, TENANT, ACCESS)


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
