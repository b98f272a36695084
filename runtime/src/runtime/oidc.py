"""Verifying bearer tokens: signature, issuer, audience, time, tenant. Any OIDC provider's, by its issuer URL.

The algorithms that count are pinned, so that a token cannot choose ``none`` or pass a public key off as a shared secret.
"""

import asyncio
import base64
import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import Key, KeySet, OKPKey
from joserfc.jws import extract_compact

from runtime.auth import IssuerAway, NotAuthenticated, Principal, given
from runtime.scopes import OPERATOR, VENDOR, scopes_of
from runtime.settings import Settings

log = structlog.get_logger()

LEEWAY_SECONDS = 5
KEYS_SECONDS = 600.0
REFRESH_SECONDS = 10.0
MOST_CACHED = 10_000
LONGEST_TOKEN = 16_000
TENANT = re.compile(r"[a-z][a-z0-9-]{1,62}")
ID = re.compile(r"[\x21-\x7e]{1,64}")
TOKEN_TYPES = ("at+jwt", "application/at+jwt", "jwt", None)


class Keys(Protocol):
    """Where an issuer's public keys come from."""

    async def by_id(self, kid: str | None) -> Key:
        """The key; raises `NotAuthenticated` for an unknown one, `IssuerAway` when none can be had."""
        ...


class GivenKeys:
    """Keys known in this process: the built-in issuer's, where it runs beside us."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def by_id(self, kid: str | None) -> Key:
        """See `Keys.by_id`."""
        return _pick(self._keys, kid)


class FetchedKeys:
    """An issuer's published keys: kept ten minutes, fetched anew when a token names one we do not know."""

    def __init__(
        self, issuer: str, jwks_url: str | None = None, *, http: httpx.AsyncClient | None = None
    ) -> None:
        self._issuer = issuer
        self._url = jwks_url
        self._http = http or httpx.AsyncClient(timeout=5.0)
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def by_id(self, kid: str | None) -> Key:
        """See `Keys.by_id`."""
        keys = self._keys
        if keys is not None and time.monotonic() - self._fetched_at < KEYS_SECONDS:
            try:
                return _pick(keys, kid)
            except NotAuthenticated:
                # A new key is announced by its first token. Strangers' tokens must not make us ask at every call.
                if time.monotonic() - self._tried_at < REFRESH_SECONDS:
                    raise
        return _pick(await self._fetch(), kid)

    async def _fetch(self) -> KeySet:
        seen = self._fetched_at
        async with self._fetching:
            if self._keys is not None and self._fetched_at != seen:
                return self._keys
            if self._keys is None and time.monotonic() - self._tried_at < 1.0:
                raise IssuerAway
            self._tried_at = time.monotonic()
            try:
                self._url = self._url or await self._discover()
                answer = (await self._http.get(self._url)).raise_for_status()
                self._keys = KeySet.import_key_set(answer.json())
            except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
                log.warning("issuer_keys_not_fetched", error=type(error).__name__)
                if self._keys is None:
                    raise IssuerAway from error
                # Better the keys we had than nobody working while the issuer restarts.
            self._fetched_at = time.monotonic()
            return self._keys

    async def _discover(self) -> str:
        address = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = (await self._http.get(address)).raise_for_status().json()
        if found["issuer"] != self._issuer:
            raise ValueError("the discovery page names another issuer")
        return str(found["jwks_uri"])


def _pick(keys: KeySet, kid: str | None) -> Key:
    try:
        return keys.get_by_kid(kid)
    except InvalidKeyIdError as error:
        raise NotAuthenticated("The token is signed with a key this issuer does not have.") from error


@dataclass(frozen=True, slots=True)
class Claims:
    """In which claims a provider puts what we need."""

    tenant: str = "tenant"
    role: str = "role"
    staff: str = "sub"


class TokenVerifier:
    """Verifies tokens of one issuer; what was verified is remembered until it expires."""

    def __init__(
        self, keys: Keys, *, issuer: str, audience: str, algorithms: tuple[str, ...] = ("Ed25519",),
        claims: Claims = Claims(),
    ) -> None:  # fmt: skip
        if any(name.startswith("HS") or name == "none" for name in algorithms):
            raise ValueError("tokens are signed with a private key, never with a shared secret or not at all")
        self._keys = keys
        self._algorithms = algorithms
        self._names = claims
        self._registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._known: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """See `runtime.auth.Verifier.verify`."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and known[0] > time.time():
            return known[1]
        claims = await self._claims(token)
        principal = self._principal(claims)
        self._known[digest] = (float(claims["exp"]) + LEEWAY_SECONDS, principal)
        while len(self._known) > MOST_CACHED:
            self._known.popitem(last=False)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > LONGEST_TOKEN:
            raise NotAuthenticated("The token is too long.")
        try:
            header = _header(token)
            if header.get("alg") not in self._algorithms or _type(header) not in TOKEN_TYPES:
                raise NotAuthenticated("The token is not of a kind that counts here.")
            key = await self._keys.by_id(header.get("kid"))
            decoded = jwt.decode(token, key, algorithms=self._algorithms)
            self._registry.validate(decoded.claims)
        except ExpiredTokenError as error:
            raise NotAuthenticated("The token has expired: ask for a new one.") from error
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise NotAuthenticated("The token is not one that counts here.") from error
        return decoded.claims

    def _principal(self, claims: dict[str, Any]) -> Principal:
        tenant, role = claims.get(self._names.tenant), claims.get(self._names.role)
        if tenant is None and role == OPERATOR:
            tenant = ""
        elif not isinstance(tenant, str) or not TENANT.fullmatch(tenant):
            raise NotAuthenticated("The token names no district.")
        client = claims.get("client_id") or claims.get("azp")
        kind = _kind(claims.get("kind"), role)
        who = claims.get(self._names.staff) if kind == "person" else client or claims["sub"]
        if kind == "client":
            role = role or VENDOR
        behalf = claims.get("on_behalf_of")
        texts = [who, role, *(text for text in (client, behalf) if text is not None)]
        if not all(isinstance(text, str) and ID.fullmatch(text) for text in texts):
            raise NotAuthenticated("The token does not say who calls and in which role.")
        scopes = scopes_of(claims["scope"]) if isinstance(claims.get("scope"), str) else frozenset[str]()
        return Principal(str(who), tenant, given(scopes, kind, str(role)), kind, str(role), client, behalf)


def _kind(said: object, role: object) -> Literal["client", "person"]:
    """Our own tokens say it; another provider's person is one who has a role."""
    if said == "client" or (said is None and role is None):
        return "client"
    return "person"


def _header(token: str) -> dict[str, Any]:
    return dict(extract_compact(token.encode()).protected)


def _type(header: dict[str, Any]) -> str | None:
    name = header.get("typ")
    return name.lower() if isinstance(name, str) else name


def signing_key(seed: bytes) -> OKPKey:
    """The built-in issuer's Ed25519 key from its 32 secret bytes; its id is its thumbprint (RFC 7638)."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _text(public), "d": _text(seed)})
    key.ensure_kid()
    return key


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def verifier_for(settings: Settings, http: httpx.AsyncClient | None = None) -> TokenVerifier:
    """The verifier the settings ask for. A process that holds the built-in issuer's key need not ask for it."""
    source: Keys
    if settings.token_signing_key is not None and settings.issuer_url is None:
        source = GivenKeys(KeySet([signing_key(settings.signing_seed())]))
    else:
        source = FetchedKeys(settings.issuer, settings.jwks_url, http=http)
    return TokenVerifier(
        source,
        issuer=settings.issuer,
        audience=settings.audience,
        algorithms=tuple(settings.token_algorithms.split()),
        claims=Claims(settings.claim_tenant, settings.claim_role, settings.claim_staff),
    )
