"""Making tokens: fifteen minutes, for one district, signed with Ed25519 (RFC 9068 access tokens, OIDC id tokens)."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from contracts.ids import new_id
from runtime.scopes import OPERATOR, VENDOR

SECONDS = 900
ALGORITHM = "Ed25519"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in."""

    tenant: str
    login: str
    staff: UUID
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Minted:
    """A token and what it may be used for."""

    token: str
    scope: str


class Mint:
    """Makes the tokens of one issuer."""

    def __init__(self, key: OKPKey, issuer: str, audience: str) -> None:
        self._key = key
        self.issuer = issuer
        self._audience = audience

    @property
    def keys(self) -> KeySet:
        """The public key, for ``jwks.json``."""
        return KeySet([OKPKey.import_key(self._key.as_dict(private=False))])

    def for_client(self, client_id: str, tenant: str, scopes: frozenset[str]) -> Minted:
        """A vendor's client acting for itself."""
        said = {"sub": client_id, "client_id": client_id, "kind": "client", "role": VENDOR, "tenant": tenant}
        return self._access(said, scopes)

    def for_operator(self, client_id: str, tenant: str | None, scopes: frozenset[str]) -> Minted:
        """The operator; with a district, or with none for what concerns the whole installation."""
        said = {"sub": client_id, "client_id": client_id, "kind": "client", "role": OPERATOR}
        return self._access(said | ({"tenant": tenant} if tenant else {}), scopes)

    def for_person(self, person: Person, client_id: str, scopes: frozenset[str]) -> Minted:
        """Somebody who signed in through a client."""
        said = {"sub": str(person.staff), "client_id": client_id, "kind": "person", "role": person.role,
                "tenant": person.tenant}  # fmt: skip
        return self._access(said, scopes)

    def id_token(self, person: Person, client_id: str, nonce: str | None, signed_in_at: float) -> str:
        """Tells the client who signed in."""
        said: dict[str, Any] = {
            "aud": client_id, "sub": str(person.staff), "auth_time": int(signed_in_at), "name": person.name,
            "preferred_username": person.login, "role": person.role, "tenant": person.tenant,
        }  # fmt: skip
        return self._signed(said | ({"nonce": nonce} if nonce else {}), "JWT")

    def _access(self, said: dict[str, str], scopes: frozenset[str]) -> Minted:
        scope = " ".join(sorted(scopes))
        return Minted(self._signed(said | {"aud": self._audience, "scope": scope}, "at+jwt"), scope)

    def _signed(self, said: dict[str, Any], kind: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "iat": now, "exp": now + SECONDS, "jti": str(new_id())} | said
        header = {"alg": ALGORITHM, "kid": self._key.kid, "typ": kind}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
