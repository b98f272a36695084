"""notify-service without its HTTP surface and its sender: the streams that it keeps, and what follows the logs."""

from collections.abc import Callable, Sequence
from typing import Any

from notify_service.adapters.consumers.owed import owed_consumer, records_consumer
from notify_service.adapters.outbox import lapse_destroyed
from notify_service.adapters.projections.known import KNOWN_FACTS
from notify_service.adapters.projections.looks import LOOKED
from notify_service.adapters.webhooks.following import webhook_consumer
from notify_service.application.batches import BATCH
from notify_service.application.notices import NOTICE, PREFERENCES
from notify_service.application.templates import TEMPLATE
from notify_service.application.webhooks import WEBHOOK
from notify_service.settings import Settings
from runtime.access import ACCESS
from runtime.consumer import Consumer
from runtime.service import Service
from runtime.sight import SIGHT
from runtime.stream_model import Model
from runtime.tenants import TENANT

MODELS: Sequence[Model[Any]] = (NOTICE, PREFERENCES, BATCH, TEMPLATE, WEBHOOK, TENANT, ACCESS)
"""Every kind of stream that is appended to here."""


def consumers_of(wake: Callable[[], None], wake_webhooks: Callable[[], None]) -> Sequence[Consumer]:
    """What follows the logs: three projections, two that make notices owed, what vendors are told."""
    return (
        KNOWN_FACTS,
        LOOKED,
        SIGHT,
        owed_consumer(wake),
        records_consumer(wake),
        webhook_consumer(wake_webhooks),
    )


def service_of(settings: Settings) -> Service:
    """The service without its HTTP surface and its sender: for the command line's work on it."""
    return Service(
        "notify",
        settings.addresses("notify"),
        MODELS,
        lambda _service: consumers_of(lambda: None, lambda: None),
        erasers=(lapse_destroyed,),
    )
