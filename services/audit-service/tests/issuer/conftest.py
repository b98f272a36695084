"""The issuer on a real database, behind a real HTTP edge."""

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit_service.adapters.issuer_tables import issuer_1
from audit_service.adapters.routes.clients import account_routes, client_routes
from audit_service.adapters.routes.oauth import oauth_routes
from audit_service.adapters.routes.sign_in import sign_in_routes
from audit_service.application.issuer import Issuer
from contracts.district import RoleHeld, StaffAdded, StaffPersonalData
from contracts.event import Actor, Event, Recorded
from contracts.ids import new_event_id, new_id
from runtime.access import access_1
from runtime.call import Edge
from runtime.http import install, take_in
from runtime.oidc import verifier_for
from runtime.settings import Settings
from runtime.sight import sight, sight_1
from runtime.testing import Cluster, Opened, opened
from runtime.testing_http import TestService, client_of

SEED = base64.b64encode(bytes(range(32))).decode()
OPERATOR_SECRET = "the-operator's-own"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@dataclass
class Desk:
    """The issuer, and a browser and a vendor who talk to it."""

    audit: Opened
    issuer: Issuer
    app: FastAPI
    http: httpx.AsyncClient
    settings: Settings
    staff: UUID = field(default_factory=new_id)

    async def token(self, client_id: str, secret: str, **form: str) -> httpx.Response:
        """Ask for a token by HTTP Basic."""
        sent = {"grant_type": "client_credentials", **form}
        return await self.http.post("/oauth/token", data=sent, auth=(client_id, secret))

    async def operator(self, tenant: str | None = "lakeside") -> dict[str, str]:
        """The operator's headers."""
        form = {"tenant": tenant} if tenant else {}
        answer = await self.token("operator", OPERATOR_SECRET, **form)
        assert answer.status_code == 200, answer.text
        return {"authorization": f"Bearer {answer.json()['access_token']}", "idempotency-key": str(new_id())}

    async def client(self, *scopes: str, name: str = "Lakeside SIS") -> dict[str, str]:
        """Register a client; what the answer shows once."""
        answer = await self.http.post(
            "/audit/v1/clients", json={"name": name, "scopes": list(scopes)}, headers=await self.operator()
        )
        assert answer.status_code == 201, answer.text
        made: dict[str, str] = answer.json()
        return made

    async def account(
        self, login: str = "case.manager", role: str = "case_manager", password: str = "correct horse"
    ) -> None:
        """An account of a person."""
        answer = await self.http.put(
            f"/audit/v1/accounts/{login}", headers=await self.operator(),
            json={"staff": str(self.staff), "name": "Sam Rivera", "role": role, "password": password},
        )  # fmt: skip
        assert answer.status_code in (200, 201), answer.text

    async def works(self, role: str, school: UUID | None = None) -> None:
        """The district's record says in which role the person works, and where."""
        added = StaffAdded(
            effective_on=date(2020, 8, 1), staff_id=self.staff,
            personal=StaffPersonalData(given_name="Sam", family_name="Rivera"),
            roles=(RoleHeld(role=role, school_id=school, starts_on=date(2020, 8, 1)),),
        )  # fmt: skip
        recorded: Recorded[Event] = Recorded(
            event=added, id=new_event_id(), source="plan", tenant="lakeside", subject=self.staff, stream="any",
            version=1, recorded_at=datetime.now(UTC), actor=Actor(id="x", role="x"), correlation="x",
        )  # fmt: skip
        async with self.audit.database.begin("lakeside") as rows:
            await sight(recorded, rows)

    def asked(self, **other: str) -> dict[str, str]:
        """What the console sends with somebody to the sign-in page."""
        return {
            "response_type": "code", "client_id": "console", "redirect_uri": "http://test/signed-in",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256", "scope": "openid profile", "state": "s-1",
            "nonce": "n-1",
        } | other  # fmt: skip

    async def sign_in(
        self, login: str = "case.manager", password: str = "correct horse", **other: str
    ) -> httpx.Response:
        """Send the sign-in form."""
        form = self.asked(**other) | {"login": login, "password": password}
        return await self.http.post("/oauth/authorize", data=form)

    async def redeem(self, code: str, **other: str) -> httpx.Response:
        """Turn a code into tokens."""
        form = {
            "grant_type": "authorization_code", "code": code, "client_id": "console",
            "redirect_uri": "http://test/signed-in", "code_verifier": VERIFIER,
        } | other  # fmt: skip
        return await self.http.post("/oauth/token", data=form)


@pytest.fixture
async def desk(cluster: Cluster) -> AsyncIterator[Desk]:
    """An issuer with a district that is open and no client yet."""
    async with opened(cluster, "audit") as audit:
        owner = await asyncpg.connect(audit.url("audit_owner"))
        async with owner.transaction():
            for statement in issuer_1() + sight_1("audit") + access_1("audit"):
                await owner.execute(statement)
        await owner.close()
        settings = Settings(
            public_url="http://test", token_signing_key=SEED, operator_client_secret=OPERATOR_SECRET
        )
        issuer = Issuer(settings, lambda: audit.database)
        edge = Edge(TestService(audit), verifier_for(settings))
        app = FastAPI()
        install(app, edge)
        take_in(app, oauth_routes(issuer), sign_in_routes(issuer), client_routes(), account_routes())
        async with client_of(app) as http:
            yield Desk(audit, issuer, app, http, settings)
