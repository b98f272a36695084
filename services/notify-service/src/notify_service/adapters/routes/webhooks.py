"""Vendors' webhooks: registering, secrets, attempts, replay. Signed as Standard Webhooks says; thin: ids, no contents."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from contracts.event import Event
from contracts.fields import Email, Line
from contracts.ids import new_id
from contracts.problems import Invalid, Reason
from contracts.vocabulary import WebhookEnd
from contracts.webhooks import (
    WebhookDisabled,
    WebhookEnabled,
    WebhookPersonalData,
    WebhookRegistered,
    WebhookRemoved,
    WebhookReplayed,
    WebhookSecretRotated,
)
from notify_service.adapters.at_hand import AtHand, at_hand
from notify_service.adapters.routes.deciding import RowsFor, decide_for_district
from notify_service.adapters.routes.forms import Form
from notify_service.adapters.webhooks.delivering import overlap_until
from notify_service.adapters.webhooks.guard import NoAddress, NotAllowed, checked
from notify_service.adapters.webhooks.tables import ATTEMPTS, DELIVERIES, ENDPOINTS, HAPPENED
from notify_service.application.webhooks import (
    MOST_ENDPOINTS,
    WEBHOOK,
    TooManyWebhooks,
    Webhook,
    WebhookNotActive,
    wants,
)
from runtime.auth import Principal, allow
from runtime.call import Asked, Call
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.resources import encode

Writes = Annotated[Principal, allow("webhook.write")]
routes = Routes(prefix="/notify/v1", tags=["webhooks"])
EXAMPLE_URL = "https://sis.example.org/handrail"


class WebhookIn(Form):
    """An endpoint, and what it wants to be told of."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": EXAMPLE_URL, "event_types": ["plan.amendment_adopted"]}]}
    )

    url: Annotated[str, Field(min_length=8, max_length=1000)]
    """By https, at a public address: looked at now and before each call. A name may still be unknown."""
    event_types: Annotated[tuple[Line, ...], Field(max_length=100)] = ()
    """Names of events or their first words (`notice`); none: every event."""
    about: Line | None = None
    mail_to: Email | None = None
    """Who is told when the endpoint is stopped."""


class RotationIn(Form):
    """A new secret; for so long each delivery carries a signature by the earlier one too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: Annotated[int, Field(ge=0, le=720)] = 24


class ReplayIn(Form):
    """From where everything is told once more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": "plan", "after": 1051}]})

    source: Literal["plan", "progress", "notify", "audit"]
    after: Annotated[int, Field(ge=-1)] = -1
    """The last position that needs no telling; -1: from the first that was ever told."""


class WebhookOut(BaseModel):
    """One endpoint."""

    id: UUID
    version: int
    updated_at: datetime
    url: str
    event_types: list[str]
    about: str | None = None
    mail_to: str | None = None
    status: Literal["active", "disabled", "removed"]
    disabled_because: WebhookEnd | None = None
    last_answer: str | None = None


class SecretOut(BaseModel):
    """Shown once."""

    webhook: UUID
    secret: str
    """Standard Webhooks: `whsec_` and base64."""


class AttemptOut(BaseModel):
    """One try to tell an endpoint of one event."""

    id: UUID
    event: UUID
    at: datetime
    status: int | None = None
    """What it answered; absent: nothing went over, and `answer` says why."""
    answer: str
    ms: int


@routes.post("/webhooks", status_code=201, response_model=WebhookOut, responses=problems(TooManyWebhooks))
async def post_webhook(body: WebhookIn, who: Writes, asked: Asked) -> Response:
    """Register an endpoint. Ask for its secret next (`POST /webhooks/{id}/secret`): deliveries are signed with it."""
    hand = at_hand(asked.request)
    await _must_be_allowed(hand, body.url)
    webhook_id = new_id()
    personal = WebhookPersonalData(mail_to=body.mail_to) if body.mail_to else None

    async def rows_for(rows: AsyncConnection) -> None:
        active = await rows.scalar(
            select(func.count()).select_from(ENDPOINTS).where(ENDPOINTS.c.tenant == asked.tenant)
        )
        if (active or 0) >= MOST_ENDPOINTS:
            raise TooManyWebhooks(f"A district has at most {MOST_ENDPOINTS} webhooks: remove one first.")
        secret = hand.secrets.seal(asked.tenant, webhook_id, hand.secrets.new())
        await rows.execute(
            insert(ENDPOINTS)
            .values(tenant=asked.tenant, webhook=webhook_id, url=body.url, event_types=list(body.event_types), secret=secret)
            .on_conflict_do_nothing()
        )  # fmt: skip

    def decide(_webhook: Webhook, today: date) -> Sequence[Event]:
        return [
            WebhookRegistered(effective_on=today, webhook_id=webhook_id, url=body.url, event_types=body.event_types,
                              about=body.about, personal=personal)
        ]  # fmt: skip

    return await decide_for_district(asked, WEBHOOK, webhook_id, decide, rows_for, new=True)


@routes.get("/webhooks", response_model=Page[WebhookOut])
async def get_webhooks(who: Writes, asked: Asked, listing: Listed) -> Response:
    """List the endpoints, a page at a time."""
    return await asked.page("webhook", listing)


@routes.get("/webhooks/{webhook_id}", response_model=WebhookOut)
async def get_webhook(webhook_id: UUID, who: Writes, asked: Asked) -> Response:
    """Read one endpoint, and whether it is told of what happens."""
    return await asked.one("webhook", webhook_id)


@routes.delete("/webhooks/{webhook_id}", response_model=WebhookOut)
async def delete_webhook(webhook_id: UUID, who: Writes, asked: Asked) -> Response:
    """Remove an endpoint: it is told nothing more, and what was still to be told is dropped."""

    async def rows_for(rows: AsyncConnection) -> None:
        for table in (ENDPOINTS, DELIVERIES):
            await rows.execute(
                delete(table).where(table.c.tenant == asked.tenant, table.c.webhook == webhook_id)
            )

    def decide(webhook: Webhook, today: date) -> Sequence[Event]:
        return [] if webhook.removed else [WebhookRemoved(effective_on=today, webhook_id=webhook_id)]

    return await decide_for_district(asked, WEBHOOK, webhook_id, decide, rows_for)


@routes.post("/webhooks/{webhook_id}/secret", response_model=SecretOut, responses=problems(WebhookNotActive))
async def post_secret(webhook_id: UUID, body: RotationIn, who: Writes, asked: Asked) -> Response:
    """Get a new secret, shown this once. The earlier one stays good for a while, so that nothing is refused meanwhile."""
    hand = at_hand(asked.request)
    secret = hand.secrets.new()

    async def rows_for(rows: AsyncConnection) -> None:
        until = overlap_until(datetime.now(UTC), body.overlap_hours)
        await rows.execute(
            update(ENDPOINTS)
            .where(ENDPOINTS.c.tenant == asked.tenant, ENDPOINTS.c.webhook == webhook_id)
            .values(earlier_secret=ENDPOINTS.c.secret, earlier_until=until,
                    secret=hand.secrets.seal(asked.tenant, webhook_id, secret))
        )  # fmt: skip

    def decide(webhook: Webhook, today: date) -> Sequence[Event]:
        if webhook.removed:
            raise WebhookNotActive("This endpoint has been removed.")
        return [
            WebhookSecretRotated(effective_on=today, webhook_id=webhook_id, overlap_hours=body.overlap_hours)
        ]

    answered = await decide_for_district(asked, WEBHOOK, webhook_id, decide, rows_for)
    if answered.headers.get("Idempotent-Replayed"):
        raise WebhookNotActive("A secret is shown once: ask for another one with another Idempotency-Key.")
    return Response(
        encode({"webhook": str(webhook_id), "secret": secret}),
        200,
        dict(_event_header(answered)),
        "application/json",
    )


@routes.post("/webhooks/{webhook_id}/disabling", response_model=WebhookOut)
async def post_disabling(webhook_id: UUID, who: Writes, asked: Asked) -> Response:
    """Stop telling an endpoint; what happens meanwhile can be replayed."""

    def decide(webhook: Webhook, today: date) -> Sequence[Event]:
        stopped = WebhookDisabled(effective_on=today, webhook_id=webhook_id, reason=WebhookEnd.BY_HAND)
        return [stopped] if webhook.active else []

    return await decide_for_district(
        asked, WEBHOOK, webhook_id, decide, _set_active(asked, webhook_id, active=False)
    )


@routes.post(
    "/webhooks/{webhook_id}/enabling", response_model=WebhookOut, responses=problems(WebhookNotActive)
)
async def post_enabling(webhook_id: UUID, who: Writes, asked: Asked) -> Response:
    """Tell an endpoint again that had been stopped; what was still to be told goes first."""

    def decide(webhook: Webhook, today: date) -> Sequence[Event]:
        if webhook.removed:
            raise WebhookNotActive("This endpoint has been removed.")
        return [] if webhook.active else [WebhookEnabled(effective_on=today, webhook_id=webhook_id)]

    return await decide_for_district(
        asked, WEBHOOK, webhook_id, decide, _set_active(asked, webhook_id, active=True)
    )


@routes.post("/webhooks/{webhook_id}/replay", response_model=WebhookOut, responses=problems(WebhookNotActive))
async def post_replay(webhook_id: UUID, body: ReplayIn, who: Writes, asked: Asked) -> Response:
    """Have everything of one log after a position told once more, under the ids it had."""

    async def rows_for(rows: AsyncConnection) -> None:
        types = await rows.scalar(
            select(ENDPOINTS.c.event_types).where(
                ENDPOINTS.c.tenant == asked.tenant, ENDPOINTS.c.webhook == webhook_id
            )
        )
        told = await rows.execute(
            select(HAPPENED.c.event_id, HAPPENED.c.position, HAPPENED.c.type).where(
                HAPPENED.c.tenant == asked.tenant,
                HAPPENED.c.source == body.source,
                HAPPENED.c.position > body.after,
            )
        )
        again = [
            {"tenant": asked.tenant, "webhook": webhook_id, "event_id": row.event_id, "source": body.source,
             "position": row.position}
            for row in told if wants(types or (), row.type)
        ]  # fmt: skip
        for start in range(0, len(again), 1000):
            statement = insert(DELIVERIES).values(again[start : start + 1000])
            anew = {"state": "due", "tries": 0, "due_at": func.clock_timestamp(), "lease_until": None}
            await rows.execute(
                statement.on_conflict_do_update(index_elements=["tenant", "webhook", "event_id"], set_=anew)
            )

    def decide(webhook: Webhook, today: date) -> Sequence[Event]:
        if not webhook.active:
            raise WebhookNotActive("This endpoint is told nothing at the moment: enable it first.")
        return [
            WebhookReplayed(
                effective_on=today, webhook_id=webhook_id, source=body.source, after_position=body.after
            )
        ]

    answered = await decide_for_district(asked, WEBHOOK, webhook_id, decide, rows_for)
    at_hand(asked.request).wake_webhooks()
    return answered


@routes.get("/webhooks/{webhook_id}/attempts", response_model=Page[AttemptOut])
async def get_attempts(webhook_id: UUID, who: Writes, asked: Asked, listing: Listed) -> Response:
    """List the tries to tell an endpoint, the oldest of those kept first, a page at a time."""
    await asked.shown("webhook", webhook_id)
    name = f"attempts {webhook_id}"
    table = ATTEMPTS.c
    wanted = select(ATTEMPTS).where(table.tenant == asked.tenant, table.webhook == webhook_id)
    after = listing.after(name)
    if after is not None:
        wanted = wanted.where(table.id > after)
    async with at_hand(asked.request).service.database.read(asked.tenant) as rows:
        found = (await rows.execute(wanted.order_by(table.id).limit(listing.limit + 1))).all()
    shown = [
        {"id": str(row.id), "event": str(row.event_id), "at": row.at.astimezone(UTC).isoformat(), "status": row.status,
         "answer": row.answer, "ms": row.ms}
        for row in found[: listing.limit]
    ]  # fmt: skip
    shown = [{key: value for key, value in each.items() if value is not None} for each in shown]
    last = found[listing.limit - 1].id if len(found) > listing.limit else None
    return asked.listed(shown, listing, name, last)


async def _must_be_allowed(hand: AtHand, url: str) -> None:
    try:
        # A name that leads nowhere today may be in use tomorrow; where it leads is looked at again before each call.
        with contextlib.suppress(NoAddress):
            await checked(url, private_allowed=hand.private_webhooks)
    except NotAllowed as error:
        message = f"This endpoint cannot be called: {error}."
        raise Invalid(message, reasons=(Reason("endpoint-not-allowed", message, pointer="/url"),)) from error


def _set_active(asked: Call, webhook_id: UUID, *, active: bool) -> RowsFor:
    async def rows_for(rows: AsyncConnection) -> None:
        await rows.execute(
            update(ENDPOINTS)
            .where(ENDPOINTS.c.tenant == asked.tenant, ENDPOINTS.c.webhook == webhook_id)
            .values(active=active)
        )
        if active:
            await rows.execute(
                update(DELIVERIES)
                .where(DELIVERIES.c.tenant == asked.tenant, DELIVERIES.c.webhook == webhook_id,
                       DELIVERIES.c.state != "delivered")
                .values(state="due", tries=0, due_at=func.clock_timestamp())
            )  # fmt: skip

    return rows_for


def _event_header(answered: Response) -> Iterator[tuple[str, str]]:
    named = answered.headers.get("handrail-event")
    if named is not None:
        yield "Handrail-Event", named
