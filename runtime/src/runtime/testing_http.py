"""For tests of routes: tokens of an issuer made for the test, a service around a test's store, a walk over all routes."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from contracts.ids import new_id
from runtime import access
from runtime.auth import guards
from runtime.database import Database
from runtime.event_store import EventStore
from runtime.http import Route
from runtime.oidc import GivenKeys, TokenVerifier
from runtime.service import Service
from runtime.testing import Opened

ISSUER = "https://issuer.test/oauth"
AUDIENCE = "handrail"


class TestIssuer:
    """Makes tokens that count for its own `verifier`, and on request tokens that must not."""

    __test__ = False

    def __init__(self) -> None:
        self.key = OKPKey.generate_key("Ed25519")
        self.keys = KeySet([self.key])
        self.tenant = "lakeside"
        """Whose tokens it makes where none is named."""

    def of(self, tenant: str) -> "TestIssuer":
        """The same issuer, for tests in another district."""
        other = copy(self)
        other.tenant = tenant
        return other

    def verifier(self) -> TokenVerifier:
        """Trusts this issuer alone."""
        return TokenVerifier(GivenKeys(self.keys), issuer=ISSUER, audience=AUDIENCE)

    def token(self, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token with these claims over good ones; a claim of ``None`` is left out."""
        now = int(time.time())
        said: dict[str, Any] = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": "someone", "iat": now, "exp": now + 900, "tenant": self.tenant,
            "scope": "", "kind": "client", "client_id": "someone",
        } | claims  # fmt: skip
        said = {name: value for name, value in said.items() if value is not None}
        head = {"alg": "Ed25519", "typ": "at+jwt", "kid": self.key.kid} | (header or {})
        return jwt.encode(head, said, key or self.key, algorithms=[head["alg"]])

    def vendor(self, *scopes: str, client: str = "vendor-1", tenant: str | None = None) -> dict[str, str]:
        """Headers of a vendor's client."""
        token = self.token(sub=client, client_id=client, scope=" ".join(scopes), tenant=tenant or self.tenant)
        return {"authorization": f"Bearer {token}"}

    def person(
        self, role: str, *scopes: str, staff: UUID | None = None, tenant: str | None = None
    ) -> dict[str, str]:
        """Headers of somebody signed in."""
        token = self.token(
            sub=str(staff or new_id()),
            client_id="console",
            kind="person",
            role=role,
            scope=" ".join(scopes),
            tenant=tenant or self.tenant,
        )
        return {"authorization": f"Bearer {token}"}


@dataclass
class TestService:
    """What the edge needs of a service, around a test's store, without sequencer or consumers."""

    __test__ = False

    opened: Opened
    problems: list[tuple[str, str]] = field(default_factory=list)
    """What `degraded` says."""

    @property
    def name(self) -> str:
        """The service's name."""
        return self.opened.database.service

    @property
    def database(self) -> Database:
        """Its database."""
        return self.opened.database

    @property
    def store(self) -> EventStore:
        """Its store."""
        return self.opened.store

    async def seen(self, tenant: str, event_id: UUID, timeout: float = 5.0) -> bool:
        """Whether the event stands in this service's own store."""
        until = time.monotonic() + timeout
        while True:
            async with self.database.lend(tenant) as connection:
                if await connection.fetchval(
                    f"SELECT EXISTS (SELECT FROM {self.name}.events WHERE id = $1)", event_id
                ):
                    return True
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.01)

    def degraded(self) -> list[tuple[str, str]]:
        """See `problems`."""
        return self.problems


def client_of(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    """A client that speaks HTTP to the app without a socket; exceptions of the app stay inside, as on a server."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers, timeout=30)


async def no_row_differs(app: FastAPI, timeout: float = 10.0) -> None:
    """P12 at the end of a service's tests: what it keeps to read from is what a replay makes.

    The service runs on: a row that differs while something is still arriving must not differ for ``timeout`` seconds.
    """
    service: Service = app.state.edge.service
    until = time.monotonic() + timeout
    while differing := await service.compared_rows():
        assert time.monotonic() < until, differing[:5]
        await asyncio.sleep(0.1)


@contextmanager
def looks_left_lying() -> Iterator[None]:
    """So long as tests run, and however many there are, looks lie where they can be counted: no event is made of them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(access, "EVERY_SECONDS", 3_600.0)
        patched.setattr(access, "EVERY_ROWS", 1_000_000)
        yield


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Every route of an app, those of included routers with their full path."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            yield context


def unguarded(app: FastAPI) -> set[str]:
    """``GET /health/live`` and so on: every route that anybody may call. A service's test names what it expects."""
    return {
        f"{method} {context.path}"
        for context in routes_of(app)
        for method in sorted(context.methods or ())
        if not any(guards(context.dependant)) or not isinstance(context.original_route, Route)
    }
