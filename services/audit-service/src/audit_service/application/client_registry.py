"""Registering and revoking clients: the event and the secret's row commit together."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from audit_service.application.credentials import drop_client, keep_client
from audit_service.application.secret_hash import kept_form
from audit_service.domain.clients import Client, ClientEvent, evolve, register_client, revoke_client
from contracts.event import Event
from runtime.append_request import Answer, Appended, Change, Context
from runtime.auth import Principal
from runtime.database import driver
from runtime.event_store import EventStore
from runtime.scopes import CLIENT_SCOPES, OPERATOR
from runtime.stream_model import Loaded, Model, Resource
from runtime.tenants import TENANT

SECRET_BYTES = 32


def _evolve(client: Client, event: Event) -> Client:
    return evolve(client, cast(ClientEvent, event))


def _shown(client: Client, event: Event) -> list[Resource]:
    client_id = cast(ClientEvent, event).client_id
    document = {
        "client_id": client_id,
        "name": client.name,
        "scopes": list(client.scopes),
        "revoked": client.revoked,
    }
    return [Resource("client", UUID(client_id), document)]


CLIENT: Model[Client] = Model("client", "1", Client(), _evolve, _shown)


@dataclass(frozen=True, slots=True)
class NewClient:
    """What an administrator asks for."""

    client_id: UUID
    name: str
    scopes: tuple[str, ...]


def grantable(who: Principal) -> frozenset[str]:
    """The scopes this caller may give to a client: a client never more than its own, and never the giving itself."""
    if who.is_person or who.role == OPERATOR:
        return CLIENT_SCOPES
    return (CLIENT_SCOPES & who.scopes) - {"admin"}


async def register(
    store: EventStore, context: Context, who: Principal, new: NewClient, subject: UUID, answer: Answer
) -> tuple[Appended, str]:
    """The events, and the secret that is shown this once. Durable on return, both or neither."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    kept = await kept_form(secret)
    async with store.database.begin(context.tenant) as rows:
        connection = await driver(rows)
        loaded, today = await _load(store, context.tenant, new.client_id, connection)
        events = register_client(
            loaded.state, str(new.client_id), new.name, new.scopes, grantable=grantable(who), today=today
        )
        appended = await store.append(
            context, [Change(loaded, subject, events)], answer=answer, connection=connection
        )
        if appended.replayed is None:
            await keep_client(connection, context.tenant, new.client_id, kept, new.scopes)
    store.wake()
    return appended, secret


async def revoke(store: EventStore, context: Context, client_id: UUID, subject: UUID) -> Appended:
    """No more tokens for this client. Durable on return."""
    async with store.database.begin(context.tenant) as rows:
        connection = await driver(rows)
        loaded, today = await _load(store, context.tenant, client_id, connection)
        events = revoke_client(loaded.state, str(client_id), today=today)
        appended = await store.append(context, [Change(loaded, subject, events)], connection=connection)
        await drop_client(connection, client_id)
    store.wake()
    return appended


async def _load(
    store: EventStore, tenant: str, client_id: UUID, connection: Any
) -> tuple[Loaded[Client], date]:
    """The client, and today in the district's own zone and by its own clock."""
    stream = CLIENT.stream(client_id)
    loaded = await store.load_many(tenant, [(CLIENT, stream), (TENANT, TENANT.name)], connection=connection)
    now: datetime = await connection.fetchval("SELECT audit.now_for($1)", tenant)
    return loaded[stream], now.astimezone(ZoneInfo(loaded[TENANT.name].state.time_zone)).date()
