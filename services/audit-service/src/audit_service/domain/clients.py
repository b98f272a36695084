"""Vendors' clients: who may ask for tokens, within which scopes (34 CFR 99.31(a)(1)(i)(B): under the school's control)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from contracts.audit import ClientRegistered, ClientRevoked
from contracts.problems import NotFound, Reason, Rejected

ClientEvent = ClientRegistered | ClientRevoked


class ScopeNotForClients(Rejected):
    """A scope that no client may have, or that this caller may not give away."""

    code = "scope-not-for-clients"

    def __init__(self, scopes: Iterable[str]) -> None:
        reasons = tuple(
            Reason(
                self.code, f"{scope} cannot be given to this client", cure="leave it out", pointer="/scopes"
            )
            for scope in sorted(scopes)
        )
        super().__init__("Some of these scopes cannot be given to this client.", reasons=reasons)


@dataclass(frozen=True, slots=True)
class Client:
    """What decisions ask of a client."""

    name: str = ""
    scopes: tuple[str, ...] = ()
    registered: bool = False
    revoked: bool = False


def register_client(
    client: Client,
    client_id: str,
    name: str,
    scopes: Sequence[str],
    *,
    grantable: frozenset[str],
    today: date,
) -> list[ClientEvent]:
    """Let a client ask for tokens within ``scopes``, each of which its registrar may give."""
    if beyond := set(scopes) - grantable:
        raise ScopeNotForClients(beyond)
    wanted = tuple(sorted(set(scopes)))
    if client.registered and (client.name, client.scopes) == (name, wanted):
        return []
    return [ClientRegistered(effective_on=today, client_id=client_id, name=name, scopes=wanted)]


def revoke_client(client: Client, client_id: str, *, today: date) -> list[ClientEvent]:
    """No more tokens from now on."""
    if not client.registered:
        raise NotFound("There is no client with this id.")
    if client.revoked:
        return []
    return [ClientRevoked(effective_on=today, client_id=client_id)]


def evolve(client: Client, event: ClientEvent) -> Client:
    """The client after the event."""
    match event:
        case ClientRegistered():
            return Client(event.name, event.scopes, registered=True)
        case ClientRevoked():
            return replace(client, revoked=True)
        case _:
            assert_never(event)
