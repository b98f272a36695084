"""progress-service without its HTTP surface: the streams that it keeps, and what follows the logs."""

from collections.abc import Sequence
from typing import Any

from progress_service.adapters.projections.plans import PLANS
from progress_service.application.item_streams import ITEM
from progress_service.application.reports import REPORT
from progress_service.settings import Settings
from runtime.access import ACCESS
from runtime.consumer import Consumer
from runtime.service import Service
from runtime.sight import SIGHT
from runtime.stream_model import Model
from runtime.tenants import TENANT

MODELS: Sequence[Model[Any]] = (ITEM, REPORT, TENANT, ACCESS)
"""Every kind of stream that is appended to here."""

CONSUMERS: Sequence[Consumer] = (PLANS, SIGHT)
"""What follows plan-service's log."""


def service_of(settings: Settings) -> Service:
    """The service without its HTTP surface: for the command line's work on it."""
    return Service("progress", settings.addresses("progress"), MODELS, lambda _service: CONSUMERS)
