"""A vendor's endpoint: how its stream folds, which events it is told of, and when it is tried again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from contracts.event import Event, Json
from contracts.problems import Rejected
from contracts.vocabulary import WebhookEnd
from contracts.webhooks import (
    WebhookDisabled,
    WebhookEnabled,
    WebhookRegistered,
    WebhookRemoved,
)
from runtime.stream_model import Model, Resource

RETRY_AFTER = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""As Standard Webhooks recommends: ten tries in about three days."""
MOST_ENDPOINTS = 20


class TooManyWebhooks(Rejected):
    """A district has so many endpoints at most."""

    code = "too-many-webhooks"


class WebhookNotActive(Rejected):
    """The endpoint has been removed, or gets nothing at the moment."""

    code = "webhook-not-active"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One endpoint."""

    webhook_id: UUID | None = None
    url: str = ""
    event_types: tuple[str, ...] = ()
    about: str | None = None
    mail_to: str | None = None
    ended: WebhookEnd | None = None
    answer: str | None = None
    removed: bool = False

    @property
    def active(self) -> bool:
        """It is told of what happens."""
        return self.webhook_id is not None and self.ended is None and not self.removed


def evolve(webhook: Webhook, event: Event) -> Webhook:
    """One more event of the stream."""
    match event:
        case WebhookRegistered():
            mail_to = event.personal.mail_to if event.personal else None
            return replace(
                webhook, webhook_id=event.webhook_id, url=event.url, event_types=event.event_types, about=event.about,
                mail_to=mail_to,
            )  # fmt: skip
        case WebhookDisabled():
            return replace(webhook, ended=event.reason, answer=event.answer)
        case WebhookEnabled():
            return replace(webhook, ended=None, answer=None)
        case WebhookRemoved():
            return replace(webhook, removed=True)
        case _:
            return webhook


def wants(event_types: Iterable[str], type_: str) -> bool:
    """``notice`` is every ``notice.*``; ``plan.adopted`` itself; nothing named is everything."""
    named = tuple(event_types)
    return not named or any(type_ == each or type_.startswith(f"{each}.") for each in named)


def _resources(webhook: Webhook, _event: Event) -> Iterable[Resource]:
    if webhook.webhook_id is None:
        return
    document: Json = {
        "url": webhook.url, "event_types": list(webhook.event_types), "about": webhook.about, "mail_to": webhook.mail_to,
        "status": "removed" if webhook.removed else "disabled" if webhook.ended else "active",
        "disabled_because": webhook.ended.value if webhook.ended else None, "last_answer": webhook.answer,
    }  # fmt: skip
    yield Resource(
        "webhook", webhook.webhook_id, {name: value for name, value in document.items() if value is not None}
    )


WEBHOOK = Model("webhook", "1", Webhook(), evolve, _resources)
