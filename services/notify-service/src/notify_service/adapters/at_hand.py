"""What routes and pages of this service have at hand beside the call itself."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from notify_service.adapters.post_office import PostOffice
from notify_service.adapters.webhooks.secrets import Secrets
from runtime.service import Service


@dataclass(frozen=True, slots=True)
class AtHand:
    """The running service, the post office, and a way to wake the sender."""

    service: Service
    office: PostOffice
    wake: Callable[[], None]
    secrets: Secrets
    """Of vendors' endpoints."""
    wake_webhooks: Callable[[], None]
    private_webhooks: bool = False
    """The operator allows endpoints at addresses that are not public."""


def at_hand(request: Request) -> AtHand:
    """Of the app that answers this request."""
    found: AtHand = request.app.state.at_hand
    return found
