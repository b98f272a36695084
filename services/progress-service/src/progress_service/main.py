"""progress-service put together: was the promise kept, and are the goals being reached."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from contracts.codes import MAKE_UP_GROUND, MISSED_REASON, PROMPT_LEVEL
from progress_service.adapters.projections.plans import PLANS
from progress_service.adapters.routes import (
    accommodations,
    ahead,
    delivery,
    item_progress,
    make_ups,
    measurements,
    reports,
    roll_up,
    schedules,
    sessions,
)
from progress_service.application.item_streams import ITEM
from progress_service.application.reports import REPORT
from progress_service.settings import Settings
from runtime.access import ACCESS
from runtime.auth import Verifier
from runtime.call import Edge, Fetch, Owner
from runtime.code_lists import code_list_routes
from runtime.consumer import Consumer
from runtime.cosigner_token import service_verifier
from runtime.health import add_health
from runtime.http import service_app, take_in
from runtime.log_routes import log_routes
from runtime.service import Service
from runtime.sight import SIGHT
from runtime.stream_model import Model
from runtime.tenant_routes import tenant_routes
from runtime.tenants import TENANT

PREFIX = "/progress/v1"

MODELS: Sequence[Model[Any]] = (ITEM, REPORT, TENANT, ACCESS)
"""Every kind of stream that is appended to here."""

ROUTERS: Sequence[APIRouter] = (
    tenant_routes("progress"),
    log_routes("progress"),
    schedules.routes,
    sessions.routes,
    make_ups.routes,
    accommodations.routes,
    measurements.routes,
    delivery.routes,
    ahead.routes,
    roll_up.routes,
    item_progress.routes,
    reports.routes,
    code_list_routes(PREFIX, [MISSED_REASON, MAKE_UP_GROUND, PROMPT_LEVEL], "progress.read"),
)

CONSUMERS: Sequence[Consumer] = (PLANS, SIGHT)
"""What follows plan-service's log."""

OWNERS: dict[str, Owner] = {"item": item_progress.owner_of_item, "staff": item_progress.of_no_student}
"""Whose a thing is whose id stands in a path, where no resource says so."""

FETCH: dict[str, Fetch] = {"measurement": measurements.shown_measurement}
"""What is said of a thing that its own stream does not know."""


def service_of(settings: Settings) -> Service:
    """The service without its HTTP surface: for the command line's work on it."""
    return Service("progress", settings.addresses("progress"), MODELS, lambda _service: CONSUMERS)


def create_app(settings: Settings, verifier: Verifier | None = None) -> FastAPI:
    """The whole service as one ASGI app; it runs for as long as the app's lifespan."""
    service = service_of(settings)
    edge = Edge(service, verifier or service_verifier(settings), fetch=FETCH, owners=OWNERS)
    service.tasks = lambda _service: (edge.access.run,)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = service_app(
        edge, PREFIX, title="Handrail progress-service", lifespan=lifespan,
        summary="Sessions delivered and missed, results of goals, and what they say of the promise.",
    )  # fmt: skip
    take_in(app, *ROUTERS)
    add_health(app, edge, service.needed)
    return app
