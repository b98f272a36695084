"""Vendors' endpoints that are told of events: stream ``webhook/{id}`` of notify-service; its subject is the tenant's own.

What was delivered to them is no event: a vendor reads it from the attempts, and the truth from the change feed.
"""

from typing import TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Value, event
from contracts.fields import Email, Line
from contracts.vocabulary import WebhookEnd


class WebhookPersonalData(Value):
    """Who is told when the endpoint stops."""

    mail_to: Email


@event("webhook.registered")
class WebhookRegistered(Event):
    """An endpoint is told of events from now on; once more: its address and events, in full."""

    webhook_id: UUID
    url: Line
    event_types: tuple[Line, ...] = ()
    """Names of events, or first words: ``plan.amendment_adopted``, ``notice``; none named: every event."""
    about: Line | None = None
    """What it is for."""
    personal: WebhookPersonalData | None = None


@event("webhook.secret_rotated")
class WebhookSecretRotated(Event):
    """The endpoint has a new secret; for a while each delivery carries a signature by the old one too."""

    webhook_id: UUID
    overlap_hours: int = Field(ge=0, le=720)


@event("webhook.disabled")
class WebhookDisabled(Event):
    """The endpoint gets nothing any more; what happens meanwhile can be replayed."""

    webhook_id: UUID
    reason: WebhookEnd
    answer: Line | None = None
    """What its last answer was, as a status or an error's name."""


@event("webhook.enabled")
class WebhookEnabled(Event):
    """The endpoint is told of events again."""

    webhook_id: UUID


@event("webhook.replayed")
class WebhookReplayed(Event):
    """Everything since a point is delivered once more, under the ids it had."""

    webhook_id: UUID
    source: Line
    """The log: ``plan``, ``progress``, ``notify``, ``audit``."""
    after_position: int = Field(ge=-1)


@event("webhook.removed")
class WebhookRemoved(Event):
    """The endpoint is no more."""

    webhook_id: UUID


WebhookEvent: TypeAlias = (
    WebhookRegistered
    | WebhookSecretRotated
    | WebhookDisabled
    | WebhookEnabled
    | WebhookReplayed
    | WebhookRemoved
)
