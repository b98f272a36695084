"""The built-in issuer: clients by their secrets, people by signing in, each to a token for one district (OAuth 2, OIDC).

For trying, and for districts without a provider of their own; one setting puts another provider in its place.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from audit_service.application.credentials import Granted, account, client_secret, make_code, use_code
from audit_service.application.rate_limit import RateLimit
from audit_service.application.secret_hash import matches
from audit_service.application.tokens import Mint, Minted, Person
from runtime import sight
from runtime.auth import Principal
from runtime.database import Database
from runtime.going_on import OF_THE_LOG
from runtime.oidc import TENANT, signing_key
from runtime.scopes import DISTRICT_WIDE, OPERATOR, ROLE_SCOPES, SCOPES, scopes_of
from runtime.settings import Settings

CONSOLE = "console"
"""The one client through which people sign in: public, so it proves itself by PKCE (RFC 7636)."""
CONSOLE_RETURNS_TO = "/signed-in"
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class OAuthError(Exception):
    """A refusal in OAuth's own words (RFC 6749 5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """What a client asks when it sends somebody to the sign-in page."""

    client_id: str
    redirect_uri: str
    challenge: str
    scope: str
    state: str | None = None
    nonce: str | None = None


class Issuer:
    """One issuer over audit-service's database, which is opened after the routes are made."""

    def __init__(self, settings: Settings, database: Callable[[], Database]) -> None:
        self.settings = settings
        self._database = database
        self.mint = Mint(signing_key(settings.signing_seed()), settings.issuer, settings.audience)
        self._wrong_secrets = RateLimit(10, 60)
        self._wrong_from_address = RateLimit(200, 60)
        self._tokens = RateLimit(120, 60)
        self._wrong_passwords = RateLimit(5, 300)

    @property
    def redirect_uris(self) -> frozenset[str]:
        """Where the console takes people back to."""
        return frozenset({self.settings.public_url.rstrip("/") + CONSOLE_RETURNS_TO})

    async def client_token(
        self, client_id: str, secret: str, *, scope: str | None, tenant: str | None, address: str
    ) -> Minted:
        """A token for a client that knows its secret. Raises `OAuthError` and `TooManyRequests`."""
        # By name and address together: nobody can lock a vendor out from elsewhere.
        tries = f"client {client_id} {address}"
        self._wrong_secrets.check(tries)
        self._wrong_from_address.check(address)
        self._tokens.check(f"token {client_id} {address}")
        if client_id == self.settings.operator_client_id and self.settings.operator_client_secret is not None:
            known = self._is_operator(secret)
            home, scopes, ended = tenant, ROLE_SCOPES[OPERATOR], None
        else:
            kept = await client_secret(self._database(), client_id)
            known = await matches(secret, kept.secret if kept else None)
            home, scopes, ended = (
                (kept.tenant, kept.scopes, kept.ended_on) if kept else (None, frozenset[str](), None)
            )
        if not known:
            self._wrong_secrets.count(tries)
            self._wrong_from_address.count(address)
            raise OAuthError("invalid_client", "The client is not known, or this is not its secret.")
        self._tokens.count(f"token {client_id} {address}")
        if tenant is not None and not TENANT.fullmatch(tenant):
            raise OAuthError("invalid_request", "tenant should be a district's slug.")
        if tenant is not None and tenant != home:
            raise OAuthError("invalid_request", "This client is another district's.")
        if ended is not None:  # Its logs are there to be verified; nothing else is for clients.
            scopes &= {OF_THE_LOG}
        if ended is not None and not scopes:
            raise OAuthError("unauthorized_client", f"The client's district ended here on {ended}.")
        granted = _asked(scope, scopes)
        if client_id == self.settings.operator_client_id:
            return self.mint.for_operator(client_id, home, granted)
        return self.mint.for_client(client_id, str(home), granted)

    def _is_operator(self, secret: str) -> bool:
        if self.settings.operator_client_secret is None:
            return False
        right = self.settings.operator_client_secret.get_secret_value()
        return bool(right) and hmac.compare_digest(_digest(secret), _digest(right))

    def check_sign_in(self, asked: SignInRequest) -> None:
        """Raises `OAuthError` for a client, address or challenge that cannot be answered."""
        if asked.client_id != CONSOLE or asked.redirect_uri not in self.redirect_uris:
            raise OAuthError("unauthorized_client", "This page was opened by a program we do not know.")
        if not CHALLENGE.fullmatch(asked.challenge):
            raise OAuthError("invalid_request", "code_challenge (S256) is missing.")

    async def sign_in(self, asked: SignInRequest, login: str, password: str, address: str) -> str | None:
        """A code for the client when the password is right; ``None`` otherwise. Raises `TooManyRequests`."""
        tries = (f"login {login.strip().lower()} {address}",)
        self._wrong_passwords.check(*tries)
        found = await account(self._database(), login)
        person, kept = found or (None, None)
        if not await matches(password, kept) or person is None:
            self._wrong_passwords.count(*tries)
            return None
        self._wrong_passwords.forget(*tries)
        return await make_code(
            self._database(), person, client_id=asked.client_id, redirect_uri=asked.redirect_uri,
            challenge=asked.challenge, scope=asked.scope, nonce=asked.nonce,
        )  # fmt: skip

    async def redeem(
        self, code: str, *, client_id: str, redirect_uri: str, verifier: str
    ) -> tuple[Minted, str | None]:
        """The access token and, when ``openid`` was asked for, the id token. Raises `OAuthError`."""
        granted = await use_code(self._database(), code) if TENANT.fullmatch(code.partition(".")[0]) else None
        if granted is None or not _fits(granted, client_id, redirect_uri, verifier):
            raise OAuthError(
                "invalid_grant", "The code is used up, too old, or was made for another request."
            )
        person = granted.person
        asked = frozenset(granted.scope.split())
        wanted = " ".join(sorted(asked & SCOPES.keys())) or None
        minted = self.mint.for_person(person, client_id, await self._of_role(wanted, person))
        if "openid" not in asked:
            return minted, None
        return minted, self.mint.id_token(person, client_id, granted.nonce, granted.signed_in_at.timestamp())

    async def _of_role(self, scope: str | None, person: Person) -> frozenset[str]:
        """A person asks for what a console may need, and gets of it what their role gives where they hold it."""
        given = ROLE_SCOPES.get(person.role, frozenset())
        given = given if scope is None else given & scopes_of(scope)
        if given & DISTRICT_WIDE and not await self._serves_the_district(person):
            given -= DISTRICT_WIDE
        return given

    async def _serves_the_district(self, person: Person) -> bool:
        """Whether they hold a role of the district's office today, and not in a school only."""
        who = Principal(str(person.staff), person.tenant, frozenset(), "person", person.role)
        async with self._database().read(person.tenant) as rows:
            reach = await sight.reach(rows, who)
        return reach is not None and reach.district


def _fits(granted: Granted, client_id: str, redirect_uri: str, verifier: str) -> bool:
    if not VERIFIER.fullmatch(verifier):
        return False
    challenge = base64.urlsafe_b64encode(_digest(verifier)).decode().rstrip("=")
    return (
        hmac.compare_digest(challenge, granted.challenge)
        and client_id == granted.client_id
        and redirect_uri == granted.redirect_uri
    )


def _asked(scope: str | None, granted: frozenset[str]) -> frozenset[str]:
    """All that was granted, or the part that was asked for."""
    if scope is None or not scope.split():
        return granted
    beyond = frozenset(scope.split()) - granted
    if beyond:
        raise OAuthError("invalid_scope", "Some of these scopes were not granted to this client.")
    return scopes_of(scope)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
