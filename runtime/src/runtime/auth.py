"""Who calls, and what for: the principal behind a verified token, and the guards that stand in a route's signature.

``who: Annotated[Principal, allow("plan.write")]`` says in the route itself who may call it; an endpoint without such a
parameter is visibly public, and `runtime.testing_http.unguarded` lists those.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import isfunction
from typing import Any, Literal, Protocol, get_args, get_type_hints

from fastapi import Request, Security
from fastapi.openapi.models import OAuth2 as OAuth2Model
from fastapi.openapi.models import OAuthFlowAuthorizationCode, OAuthFlowClientCredentials, OAuthFlows
from fastapi.security.base import SecurityBase

from contracts.event import Actor
from contracts.problems import Problem
from runtime.scopes import CLIENT_SCOPES, OPERATOR, PEOPLE_ONLY, ROLE_SCOPES, SCOPES, VENDOR

REALM = 'Bearer realm="handrail"'


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody whose token was verified. ``scopes`` are those of the token that the role or kind really gives."""

    id: str
    """A person's staff id, or the client's id: random, never a login."""
    tenant: str
    """Empty only for an operator who asked for no district's token."""
    scopes: frozenset[str]
    kind: Literal["client", "person"]
    role: str
    client_id: str | None = None
    """Through which client the person signed in, or the client itself."""
    on_behalf_of: str | None = None

    @property
    def actor(self) -> Actor:
        """As it stands on events."""
        return Actor(
            id=self.id, role=self.role, client=self.client_id or "handrail", on_behalf_of=self.on_behalf_of
        )

    @property
    def is_person(self) -> bool:
        """Signed in, not a client credential."""
        return self.kind == "person"


def given(asked: frozenset[str], kind: str, role: str) -> frozenset[str]:
    """Of the scopes in a token those that its holder's role (or being a vendor's client) really gives."""
    if kind == "person":
        return asked & ROLE_SCOPES.get(role, frozenset())
    return asked & (ROLE_SCOPES[OPERATOR] if role == OPERATOR else CLIENT_SCOPES)


class NotAuthenticated(Problem):
    """No token, or one that does not count (401). ``reason`` goes into ``WWW-Authenticate``."""

    code = "not-authenticated"

    def __init__(self, message: str, *, error: str | None = "invalid_token") -> None:
        super().__init__(message)
        self.challenge = (
            REALM if error is None else f'{REALM}, error="{error}", error_description="{message}"'
        )


class Forbidden(Problem):
    """The token counts, but not for this (403)."""

    code = "forbidden"

    def __init__(self, message: str, *, scopes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        needed = f', scope="{" ".join(scopes)}"' if scopes else ""
        self.challenge = f'{REALM}, error="insufficient_scope"{needed}'


class Verifier(Protocol):
    """Turns a bearer token into a principal."""

    async def verify(self, token: str) -> Principal:
        """Raises `NotAuthenticated` for a token that does not count, `IssuerAway` when its keys cannot be had."""
        ...


class IssuerAway(Exception):
    """The issuer's keys cannot be fetched: nobody's fault who calls (503)."""


def bearer_token(request: Request) -> str:
    """The token of the one ``Authorization: Bearer`` header; raises `NotAuthenticated`."""
    headers = request.headers.getlist("authorization")
    if not headers:
        raise NotAuthenticated("Send a bearer token: POST /oauth/token gives one.", error=None)
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("Send one header 'Authorization: Bearer <token>'.", error="invalid_request")
    return token.strip()


class Allow(SecurityBase):
    """A guard: the caller needs one of ``scopes``; with ``person`` it must be somebody signed in.

    ``everywhere`` lets in an operator whose token is for no one district.
    """

    def __init__(self, scopes: tuple[str, ...], *, person: bool = False, everywhere: bool = False) -> None:
        unknown = set(scopes) - SCOPES.keys()
        if unknown or not scopes:
            raise ValueError(f"no such scopes: {sorted(unknown)}")
        self.scopes = scopes
        self.person = person
        self.everywhere = everywhere
        self.scheme_name = "oauth2"
        self.model = OAuth2Model(
            flows=OAuthFlows(
                clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth/token", scopes=dict(SCOPES)),
                authorizationCode=OAuthFlowAuthorizationCode(
                    authorizationUrl="/oauth/authorize", tokenUrl="/oauth/token", scopes=dict(SCOPES)
                ),
            )
        )

    def check(self, principal: Principal) -> None:
        """Raises `Forbidden`."""
        if self.person and not principal.is_person:
            raise Forbidden("A signed-in person decides this, not a client.", scopes=self.scopes)
        if principal.scopes.isdisjoint(self.scopes):
            needed = " or ".join(self.scopes)
            raise Forbidden(
                f"This needs the scope {needed}, which this token does not have.", scopes=self.scopes
            )
        if not principal.tenant and not self.everywhere:
            raise Forbidden("This token is for no district: ask for one with the form field tenant.")

    async def __call__(self, request: Request) -> Principal:
        """The principal; verified and checked already by the route before the body was read."""
        principal: Principal = request.state.call.who
        return principal


def allow(*scopes: str, person: bool = False, everywhere: bool = False) -> Any:
    """For ``who: Annotated[Principal, allow("plan.write")]``: one of the scopes is needed.

    With ``person=True`` no client credential will do (holds, destructions, approvals). ``everywhere=True`` is for the
    operator's questions about the whole installation.
    """
    person = person or bool(PEOPLE_ONLY.intersection(scopes))
    return Security(Allow(scopes, person=person, everywhere=everywhere), scopes=list(scopes))


def is_guarded(endpoint: Callable[..., Any]) -> bool:
    """Whether a guard stands in the endpoint's signature, or in that of something it depends on."""
    for hint in get_type_hints(endpoint, include_extras=True).values():
        for said in get_args(hint)[1:]:
            needs = getattr(said, "dependency", None)
            if isinstance(needs, Allow) or (isfunction(needs) and is_guarded(needs)):
                return True
    return False


def guards(dependant: Any) -> Iterator[Allow]:
    """Every guard of a route."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, Allow):
            yield inner.call
        yield from guards(inner)


__all__ = [
    "OPERATOR", "VENDOR", "Allow", "Forbidden", "IssuerAway", "NotAuthenticated", "Principal", "Verifier", "allow",
    "bearer_token", "given", "guards", "is_guarded",
]  # fmt: skip
