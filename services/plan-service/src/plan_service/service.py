"""plan-service without its HTTP surface: the streams that it keeps, and what follows the logs."""

from collections.abc import Sequence
from typing import Any

from plan_service.adapters.consumers.notices import NOTICES_GIVEN, forget_papers
from plan_service.adapters.consumers.requests import REQUESTS_ON_PAGES
from plan_service.application.models import MODELS as PEOPLE_MODELS
from plan_service.application.plan_model import PLAN
from plan_service.settings import Settings
from runtime.access import ACCESS
from runtime.consumer import Consumer
from runtime.service import Service
from runtime.sight import SIGHT
from runtime.stream_model import Model
from runtime.tenants import TENANT

# Whoever adds a kind of stream or a consumer adds here, and nowhere else; a route, in `plan_service.main`.
MODELS: Sequence[Model[Any]] = (*PEOPLE_MODELS, PLAN, TENANT, ACCESS)
"""Every kind of stream that is appended to here."""

CONSUMERS: Sequence[Consumer] = (SIGHT, NOTICES_GIVEN, REQUESTS_ON_PAGES)
"""What follows the logs: projections, and reactions to other services' events."""


def service_of(settings: Settings) -> Service:
    """The service without its HTTP surface: for the command line's work on it."""
    return Service(
        "plan",
        settings.addresses("plan"),
        MODELS,
        lambda _service: CONSUMERS,
        erasers=(forget_papers,),
    )
