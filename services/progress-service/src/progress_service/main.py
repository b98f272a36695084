"""progress-service put together: was the promise kept, and are the goals being reached."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from contracts.codes import MAKE_UP_GROUND, MISSED_REASON, PROMPT_LEVEL
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
from progress_service.service import service_of
from progress_service.settings import Settings
from runtime.auth import Verifier
from runtime.call import Edge, Fetch, Owner
from runtime.code_lists import code_list_routes
from runtime.cosigner_token import service_verifier
from runtime.health import add_health
from runtime.http import service_app, take_in
from runtime.log_routes import log_routes
from runtime.tenant_routes import tenant_routes

PREFIX = "/progress/v1"

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

OWNERS: dict[str, Owner] = {"item": item_progress.owner_of_item, "staff": item_progress.of_no_student}
"""Whose a thing is whose id stands in a path, where no resource says so."""

FETCH: dict[str, Fetch] = {"measurement": measurements.shown_measurement}
"""What is said of a thing that its own stream does not know."""


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
