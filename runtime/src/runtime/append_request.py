"""What an append is told and what it tells: who acts, what changes, what only one may hold, and the problems."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic
from uuid import UUID

from contracts.event import Actor, Event, Recorded
from contracts.problems import Invalid, Problem, Rejected
from runtime.stream_model import Loaded, Resource, S


@dataclass(frozen=True, slots=True)
class Claim:
    """Something only one may hold in a tenant: an external id, the one active plan of a kind."""

    kind: str
    value: str
    owner: UUID
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Give a claim back."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Request:
    """What identifies a repeated request: RFC-draft Idempotency-Key within client, method and path."""

    client: str
    method: str
    path: str
    key: str
    body_sha256: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer: enough to render it again, no contents."""

    status: int
    kind: str
    id: UUID
    event: UUID | None = None

    def kept(self, event: UUID | None) -> str:
        """The kept form."""
        return json.dumps({"kind": self.kind, "id": str(self.id), "event": str(event) if event else None})


@dataclass(frozen=True, slots=True)
class Context:
    """Who acts, for which tenant, in which request, under which rules."""

    tenant: str
    actor: Actor
    correlation: str
    causation: UUID | None = None
    rules: str | None = None
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """New events on one loaded stream. ``subject`` is the student (or staff member, or the tenant's own subject)."""

    loaded: Loaded[S]
    subject: UUID
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Appended:
    """What the append did. ``replayed`` is the kept answer when this very request had been answered before."""

    events: tuple[Recorded[Event], ...] = ()
    resources: Mapping[tuple[str, UUID], Resource] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    replayed: Answer | None = None

    @property
    def last_event(self) -> UUID | None:
        """The id for ``Handrail-Event``."""
        return self.events[-1].id if self.events else None


class IdempotencyKeyReused(Invalid):
    """The same Idempotency-Key came with another body (422)."""

    code = "idempotency-key-reused"


class RequestStillRunning(Problem):
    """The same request is being worked on (409)."""

    code = "request-still-running"


class AlreadyClaimed(Problem):
    """Another thing holds what only one may hold (409); ``owner`` says which, when it may be told."""

    code = "already-claimed"

    def __init__(self, kind: str, owner: UUID | None, digest: bytes | None) -> None:
        super().__init__(f"Another {kind.partition(':')[0].replace('_', ' ')} stands already.", owner=owner)
        self.kind = kind
        self.owner = owner
        self.digest = digest


class TenantNotOpen(Problem):
    """The tenant was never opened in this service (404)."""

    code = "tenant-not-open"

    def __init__(self) -> None:
        super().__init__("This district is not open here; add it with `handrail tenants add`.")


class TenantHasEnded(Rejected):
    """The district has ended here: nothing new is decided, reported or sent (409)."""

    code = "tenant-ended"

    def __init__(self, on: date) -> None:
        super().__init__(
            f"This district ended here on {on}: nothing new is recorded of its students, and nothing is sent. What is kept "
            "can be read, exported, put into a packet and lawfully destroyed. One that comes back is opened under another "
            "slug, with `handrail tenants add`.",
            ended_on=on,
        )
        self.on = on
