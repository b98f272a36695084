"""One guarded request as a route sees it: who calls, in which context to append, and how the answer is rendered.

A route asks for it as ``asked: Asked`` and is left with what is its own: the command, and the kind of thing it answers.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from contracts.canonical import NotCanonical, canonical
from contracts.event import Json
from contracts.ids import new_id
from contracts.problems import NotFound, Problem
from contracts.store import Seen
from contracts.vocabulary import AccessGround
from runtime import metrics, resources, sight
from runtime.access import AccessRecord, Look, Recording
from runtime.append_request import (
    Answer,
    Appended,
    Claim,
    Context,
    IdempotencyKeyReused,
    RequestStillRunning,
    TenantNotOpen,
)
from runtime.append_request import Request as KeyedRequest
from runtime.auth import Principal, Verifier
from runtime.event_store import EventStore, external_id_claim, first_with_external_id
from runtime.going_on import Ends
from runtime.paging import Listing
from runtime.resources import Shown
from runtime.scopes import OPERATOR
from runtime.tenants import subject_of


class Awaited(Protocol):
    """Lets a reader wait until a service has taken in an event."""

    async def seen(self, tenant: str, event_id: UUID, timeout: float = 5.0) -> bool:
        """Whether the event has taken effect here within ``timeout`` seconds."""
        ...


class Serving(Recording, Awaited, Protocol):
    """What the edge needs of its service (`runtime.service.Service` is one)."""

    def degraded(self) -> list[tuple[str, str]]:
        """What works less than it should."""
        ...


Fetch = Callable[["Call", UUID], Awaitable[Shown | None]]
Owner = Callable[["Call", UUID], Awaitable[UUID | None]]
AsNow = Callable[[AsyncConnection, list[Shown]], Awaitable[list[Shown]]]


@dataclass
class Edge:
    """The HTTP edge of one service; `runtime.http.install` puts it around an app."""

    service: Serving
    verifier: Verifier
    fetch: Mapping[str, Fetch] = field(default_factory=dict)
    """How to show kinds that are not in the ``resources`` table (drafts)."""
    owners: Mapping[str, Owner] = field(default_factory=dict)
    """Whose a thing is whose id stands in a path, by the parameter's name without ``_id``, where no resource says so.

    Answers the student, ``None`` for what belongs to none, or raises `NotFound`."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Where a kind is read that was made, where that is not the request's own path with the id behind it.

    With ``{id}``, and the request's own path parameters."""
    access: AccessRecord = field(init=False)
    ends: Ends = field(init=False)
    _subjects: dict[str, UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.access = AccessRecord(self.service)
        self.ends = Ends(self.service)

    async def district(self, tenant: str) -> UUID:
        """The tenant's own subject here; raises `TenantNotOpen`."""
        found = self._subjects.get(tenant) or await subject_of(self.service.store, tenant)
        if found is None:
            raise TenantNotOpen()
        self._subjects[tenant] = found
        return found


@dataclass(frozen=True, slots=True)
class Making:
    """What an append keeps beside the events of a request that makes or decides something."""

    answer: Answer
    claims: tuple[Claim, ...] = ()
    """The external id, when one came with the request."""


class Call:
    """See the module. Made by `runtime.http.Route` before anything of the request is read."""

    def __init__(
        self,
        request: Request,
        edge: Edge,
        who: Principal,
        status: int,
        purpose: str,
        *,
        streams: bool = False,
    ) -> None:
        self.request = request
        self.edge = edge
        self.who = who
        self.correlation: str = request.state.correlation
        self.status = status
        self.streams = streams
        """The route reads its body itself, piece by piece."""
        self.if_match: int | None = None
        self.key: str | None = None
        self._purpose = purpose
        self._looks: dict[UUID, list[Seen]] = {}
        self._visible: set[UUID] = set()
        self._fetched: dict[tuple[str, UUID], Shown | None] = {}

    @property
    def store(self) -> EventStore:
        """The service's event store."""
        return self.edge.service.store

    @property
    def tenant(self) -> str:
        """The token's district."""
        return self.who.tenant

    @property
    def context(self) -> Context:
        """Who acts, for the append; carries the Idempotency-Key, if one came."""
        return self.acting()

    def acting(self, *, rules: str | None = None, body_sha256: bytes | None = None) -> Context:
        """`context` with the rule set used; a route that streams its body gives the digest of what it read."""
        keyed = None
        if self.key is not None:
            if body_sha256 is None and self.streams:
                raise RuntimeError("a route that streams its body gives the digest of what it read")
            digest = body_sha256 or hashlib.sha256(self._body).digest()
            keyed = KeyedRequest(
                self.who.id, self.request.method, self.request.scope["path"], self.key, digest
            )
        return Context(self.tenant, self.who.actor, self.correlation, rules=rules, request=keyed)

    @property
    def _body(self) -> bytes:
        body: bytes = getattr(self.request, "_body", b"")
        return body

    def body_digest(self) -> bytes:
        """Tells another body from the same again."""
        return digest_of(self._body)

    async def district(self) -> UUID:
        """The subject for what concerns no student; raises `TenantNotOpen`."""
        return await self.edge.district(self.tenant)

    # --- Sight ---

    async def must_see(self, student: UUID) -> UUID:
        """The student, when the caller may see them; otherwise `NotFound`, as if there were none.

        Routes whose path names a student, or something of theirs, are checked already. Call this for ids in a body.
        """
        if self.who.is_person and student not in self._visible:
            async with self.edge.service.database.read(self.tenant) as rows:
                if not await sight.may_see(rows, self.who, student):
                    raise _not_found()
            self._visible.add(student)
        return student

    async def owner(self, name: str, id: UUID) -> UUID | None:
        """The student whose thing this is; ``None`` when it is nobody's; raises `NotFound`."""
        if name == "student":
            return id
        if name in self.edge.owners:
            return await self.edge.owners[name](self, id)
        shown = await self.fetch(name, id)
        if shown is None:
            raise _not_found()
        return shown.student

    def saw(
        self, student: UUID | None, kind: str, ids: Iterable[object] = (), *, purpose: str | None = None
    ) -> None:
        """Note that the answer shows this of a student; recorded before it leaves."""
        if student is not None:
            self._looks.setdefault(student, []).append(Seen(kind=kind, ids=tuple(str(id) for id in ids)))
        if purpose is not None:
            self._purpose = purpose

    @property
    def has_looks(self) -> bool:
        """Whether `saw` was told of anything."""
        return bool(self._looks)

    async def record_looks(self) -> None:
        """Make what was noted durable."""
        if self._looks:
            official = self.who.is_person or self.who.role == OPERATOR
            ground = AccessGround.SCHOOL_OFFICIAL if official else AccessGround.CONTRACTED_PARTY
            looks = [Look(student, tuple(seen)) for student, seen in self._looks.items()]
            self._looks = {}
            await self.edge.access.record(self.tenant, self.who.actor, ground, self._purpose, looks)

    # --- Reading ---

    async def fetch(self, kind: str, id: UUID) -> Shown | None:
        """The thing, whoever may see it; ``None`` when there is none."""
        reading = self.request.method == "GET"
        if reading and (kind, id) in self._fetched:
            return self._fetched[kind, id]
        if kind in self.edge.fetch:
            found = await self.edge.fetch[kind](self, id)
        else:
            async with self.edge.service.database.read(self.tenant) as rows:
                found = await resources.find(rows, self.tenant, kind, id)
        self._fetched[kind, id] = found
        return found

    async def shown(self, kind: str, id: UUID) -> Shown:
        """The thing, if the caller may see it; `NotFound` otherwise. Notes the look."""
        shown = await self.fetch(kind, id)
        if shown is None:
            raise _not_found()
        if shown.student is not None:
            await self.must_see(shown.student)
        self.saw(shown.student, kind, (id,))
        return shown

    async def one(self, kind: str, id: UUID) -> Response:
        """The answer to ``GET /<kind>s/{id}``."""
        shown = await self.shown(kind, id)
        return Response(shown.body(), 200, {"ETag": shown.etag}, "application/json")

    async def page(
        self, kind: str, listing: Listing, *, fields: Mapping[str, str | None] | None = None,
        tags: Mapping[str, str | None] | None = None, as_now: AsNow | None = None,
    ) -> Response:  # fmt: skip
        """The answer to ``GET /<kind>s``: only what the caller may see.

        ``fields`` narrow by a document's own fields, ``tags`` by what is in its lists, under the parameter's own name.
        ``as_now`` says what of the found things depends on more than their own streams.
        """
        async with self.edge.service.database.read(self.tenant) as rows:
            how_far = await sight.reach(rows, self.who)
            visible: ColumnElement[bool] | None = None
            if how_far is not None:
                visible = sight.visible(how_far, self.tenant, resources.RESOURCES.c.student)
            found, last = await resources.find_page(
                rows, self.tenant, kind, listing, visible=visible, fields=fields, tags=tags
            )
            if as_now is not None:
                found = await as_now(rows, found)
        for shown in found:
            self.saw(shown.student, kind, (shown.id,))
        narrowed = {**(fields or {}), **(tags or {})}
        of = resources.list_name(self.tenant, kind, narrowed)
        return self.listed([shown.fields() for shown in found], listing, of, last, narrowed)

    def listed(
        self, items: Sequence[Json], listing: Listing, of: str, last: UUID | None,
        fields: Mapping[str, str | None] | None = None, *, more: Mapping[str, Any] | None = None,
    ) -> Response:  # fmt: skip
        """A page of the list ``of``; ``last`` is the id behind which the next one starts, where there is one.

        ``more`` is said beside the items.
        """
        body: dict[str, Any] = {"items": items, **(more or {})}
        headers = {}
        if last is not None:
            narrowed = {name: value for name, value in (fields or {}).items() if value is not None}
            body["next"] = listing.address(
                self.request.scope["path"], listing.next_cursor(of, last), narrowed
            )
            headers["Link"] = f'<{body["next"]}>; rel="next"'
        return Response(resources.encode(body), 200, headers, "application/json")

    # --- Writing ---

    async def respond(
        self,
        kind: str,
        id: UUID,
        do: Callable[[Making], Awaitable[Appended]],
        *,
        external_id: str | None = None,
        claimed_as: str | None = None,
    ) -> Response:
        """Let ``do`` decide and append, and answer with the thing as it now stands.

        A request that was answered before gets its answer again. With ``external_id``, what already has it is answered
        with 200 when the body was the same, and refused with `ExternalIdTaken` when not; both before any rule speaks.
        ``claimed_as``: the kind whose id it is, where that is not the kind that is answered (a plan, answered as draft).
        """
        claims: tuple[Claim, ...] = ()
        if external_id is not None:
            claims = (external_id_claim(claimed_as or kind, external_id, id, self.body_digest()),)
        try:
            appended = await do(Making(Answer(self.status, kind, id), claims))
        except (IdempotencyKeyReused, RequestStillRunning, TenantNotOpen):
            raise
        except Problem:
            if external_id is None:
                raise
            if not self.streams and (again := await self.kept_answer()) is not None:
                return again
            first = await first_with_external_id(
                self.store, self.tenant, claimed_as or kind, external_id, self.body_digest()
            )
            if first is None:
                raise
            return self._answer(await self.shown(kind, first), 200)
        if appended.replayed is not None:
            return await self._again(appended.replayed)
        return await self.answer(appended, kind, id)

    async def answer(self, appended: Appended, kind: str, id: UUID) -> Response:
        """The thing as the append left it; 200 instead of 201 when nothing was left to do."""
        status = self.status if appended.events else 200
        resource = appended.resources.get((kind, id))
        if resource is None or len(appended.versions) != 1:
            shown = await self.shown(kind, id)
        else:
            (version,) = appended.versions.values()
            at = appended.events[-1].recorded_at
            shown = Shown(kind, id, resource.fields, version, at, resource.student)
        return self._answer(shown, status, event=appended.last_event)

    async def kept_answer(self, *, body_sha256: bytes | None = None) -> Response | None:
        """What this very request was answered before; ``None`` when it was not. Raises `IdempotencyKeyReused`."""
        keyed = self.acting(body_sha256=body_sha256).request
        kept = None if keyed is None else await self.store.kept_answer(self.tenant, keyed)
        return None if kept is None else await self._again(kept)

    async def _again(self, kept: Answer) -> Response:
        metrics.REPLAYED.labels(self.edge.service.name).inc()
        response = self._answer(await self.shown(kept.kind, kept.id), kept.status, event=kept.event)
        response.headers["Idempotent-Replayed"] = "true"
        return response

    def _answer(self, shown: Shown, status: int, *, event: UUID | None = None) -> Response:
        if status != 201:  # What was made just now shows its maker nothing that they did not send.
            self.saw(shown.student, shown.kind, (shown.id,))
        headers = {"ETag": shown.etag}
        if event is not None:
            headers["Handrail-Event"] = str(event)
        if status == 201:
            headers["Location"] = self._address(shown)
        return Response(shown.body(), status, headers, "application/json")

    def _address(self, shown: Shown) -> str:
        address = self.edge.addresses.get(shown.kind)
        if address is None:
            return f"{self.request.scope['path'].rstrip('/')}/{shown.id}"
        return address.format(**self.request.path_params, id=shown.id)


def digest_of(body: bytes) -> bytes:
    """Tells a body from another: by its JSON, whatever its spaces and order of fields."""
    try:
        return hashlib.sha256(canonical(json.loads(body))).digest()
    except (NotCanonical, ValueError):
        return hashlib.sha256(body).digest()


def _not_found() -> NotFound:
    return NotFound("There is nothing here under this id that you may see.")


def new_correlation() -> str:
    """For a request that brought no usable ``X-Request-Id``."""
    return str(new_id())


async def _call(request: Request) -> Call:
    call: Call = request.state.call
    return call


Asked = Annotated[Call, Depends(_call)]
"""``asked: Asked`` in a guarded route's signature."""
