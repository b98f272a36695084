"""The event store: load a stream, append to streams; each one round trip, each reaching one tenant only."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
import msgspec
import structlog
from pydantic import TypeAdapter, ValidationError

from contracts.canonical import NotCanonical
from contracts.event import Actor, Event, EventClass, Json, Recorded, Value, decode
from contracts.ids import new_event_id
from contracts.problems import Destroyed, ExternalIdTaken, Invalid, Problem, Reason, VersionConflict
from runtime.database import Database
from runtime.folding import fold_on
from runtime.keyring import KeyGone, Keyring, destroyed_among
from runtime.plain_bytes import contents_of
from runtime.sealing import Key, KeyId, key_id_of, seal, unseal

log = structlog.get_logger()

S = TypeVar("S")
LARGEST_CONTENTS = 256 * 1024
LARGEST_APPEND = 4 * 1024 * 1024
STATE_SECONDS = 60.0
MOST_STATES = 2_000
ONLY_SEEN = -1
TENANT_STREAM = "tenant"
KEPT_EVERY = 32


def is_kept(version: int) -> bool:
    """Whether the state at this version is written: of a short stream each, of a long one, whose state is long, few."""
    return version <= KEPT_EVERY or version % KEPT_EVERY == 0


@dataclass(frozen=True, slots=True)
class Resource:
    """What a read answers for one thing: rendered from a stream's state, kept current in the append's transaction."""

    kind: str
    id: UUID
    document: Json
    student: UUID | None = None
    external_id: str | None = None


@dataclass(frozen=True)
class Model(Generic[S]):
    """How one kind of stream folds: ``evolve`` never refuses; ``resources`` renders what an event touched.

    ``shape`` names the form of the state: change it whenever the state's class changes, and kept states are folded anew.
    """

    name: str
    shape: str
    initial: S
    evolve: Callable[[S, Event], S]
    resources: Callable[[S, Event], Iterable[Resource]] = lambda _state, _event: ()

    def stream(self, *parts: object) -> str:
        """``student/{id}``; for the one stream of its kind just the name."""
        return "/".join([self.name, *(str(part) for part in parts)])

    @cached_property
    def _codec(self) -> tuple[Callable[[S], bytes], Callable[[bytes], S]]:
        """msgspec's, which takes a tenth of pydantic's time; pydantic's where a field may be one of several models."""
        kind = type(self.initial)
        try:
            return msgspec.json.Encoder(enc_hook=_dumped).encode, msgspec.json.Decoder(
                kind, dec_hook=_validated
            ).decode
        except TypeError:
            adapter = TypeAdapter(kind)
            return adapter.dump_json, adapter.validate_json

    def dump(self, state: S) -> bytes:
        """The kept form of a state."""
        return self._codec[0](state)

    def parse(self, kept: bytes) -> S:
        """What `dump` wrote; raises one of `UNREADABLE` for another shape."""
        return self._codec[1](kept)


UNREADABLE = (msgspec.DecodeError, ValidationError)


def _dumped(value: Value) -> Json:
    return value.model_dump(mode="json")


def _validated(kind: type[Value], fields: Json) -> Value:
    return kind.model_validate(fields)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """A stream as a decision sees it: its version (0 = nothing yet) and its state."""

    model: Model[S]
    stream: str
    version: int
    state: S

    def at_version(self, expected: int | None) -> "Loaded[S]":
        """Itself; raises `VersionConflict` when the caller (If-Match) had read another version."""
        if expected is not None and expected != self.version:
            raise VersionConflict(self.stream, expected=expected, actual=self.version)
        return self


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


@dataclass(frozen=True, slots=True)
class Looked:
    """What a decision is made on, all of one moment."""

    streams: dict[str, Loaded[Any]]
    now: datetime | None
    """The tenant's time: the clock, or a sandbox's; ``None`` where the tenant is not open here."""
    remembered: bool = False
    """Whether this is what memory holds: an append must be told of all of it, and a refusal is no answer yet."""


@dataclass(frozen=True, slots=True)
class KeptState(Generic[S]):
    """A stream's state at a version."""

    version: int
    state: S


class _States:
    """States that were read lately, so that they need not be sent and parsed again; for minutes only, as keys are.

    A stream only grows, so the state at a version is the same for ever; only what was committed comes here.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], tuple[float, KeptState[Any]]] = {}
        self._times: dict[str, tuple[float, datetime]] = {}

    def get(self, tenant: str, stream: str, model: Model[S]) -> KeptState[S] | None:
        """The state in memory, if there is one."""
        found = self._kept.get((tenant, stream, model.shape))
        return None if found is None or found[0] < time.monotonic() else found[1]

    def keep(self, tenant: str, stream: str, model: Model[S], state: KeptState[S]) -> None:
        """Remember it, from now on for `STATE_SECONDS`."""
        if len(self._kept) >= MOST_STATES:
            self._kept.clear()
        self._kept[tenant, stream, model.shape] = time.monotonic() + STATE_SECONDS, state

    def forget(self, tenant: str) -> None:
        """Keep nothing of the tenant."""
        for place in [place for place in self._kept if place[0] == tenant]:
            del self._kept[place]

    def note_time(self, tenant: str, now: datetime) -> None:
        """It is ``now`` for this tenant."""
        self._times[tenant] = time.monotonic(), now

    def all(self, tenant: str, wanted: Sequence[tuple[Model[Any], str]]) -> "Looked | None":
        """What a look would have seen lately, if all of it is here, the stream that tells of a moved clock included."""
        noted = self._times.get(tenant)
        if noted is None or all(stream != TENANT_STREAM for _, stream in wanted):
            return None
        streams = {}
        for model, stream in wanted:
            kept = self.get(tenant, stream, model)
            if kept is None:
                return None
            streams[stream] = Loaded(model, stream, kept.version, kept.state)
        since, then = noted
        return Looked(streams, then + timedelta(seconds=time.monotonic() - since), remembered=True)


_ARGUMENTS = ", ".join(f"${n}" for n in range(2, 27))
_APPEND = f"SELECT * FROM {{service}}.append($1, {_ARGUMENTS})"
_LENT_APPEND = f"""
    WITH lent AS MATERIALIZED (SELECT set_config('handrail.tenant', $27, true) AS tenant)
    SELECT done.* FROM lent, {{service}}.append(CASE WHEN lent.tenant IS NOT NULL THEN $1::text[] END, {_ARGUMENTS}) AS done"""
"""The connection is lent to the tenant for this one statement: one round trip, and nothing to clear."""
_LOOK = "SELECT * FROM {service}.look($1, $2, $3)"
_READ = """
    SELECT e.*, l.position, l.index, l.known_at FROM {service}.events e
      LEFT JOIN {service}.log l ON l.event_id = e.id
     WHERE e.tenant = {tenant} AND e.stream = $1 AND e.version > $2 ORDER BY e.version"""
_TENANT = "current_setting('handrail.tenant')"


class EventStore:
    """The append-only store of one service."""

    def __init__(
        self, database: Database, keyring: Keyring, *, appended: Callable[[], None] = lambda: None
    ) -> None:
        self.database = database
        self.keyring = keyring
        self._appended = appended
        """Called after every commit, to wake a sequencer in the same process."""
        self._append_sql = _APPEND.format(service=database.service)
        self._lent_append_sql = _LENT_APPEND.format(service=database.service)
        self._look_sql = _LOOK.format(service=database.service)
        self._states = _States()

        self._read_sql = _READ.format(service=database.service, tenant=_TENANT)

    def wake(self) -> None:
        """Tell a sequencer in this process that something was committed; for appends that joined a transaction."""
        self._appended()

    async def load(self, tenant: str, model: Model[S], *parts: object) -> Loaded[S]:
        """The stream's version and state; a stream that holds nothing yet is version 0 and the initial state."""
        stream = model.stream(*parts)
        return (await self.load_many(tenant, [(model, stream)]))[stream]

    async def load_many(
        self, tenant: str, wanted: Sequence[tuple[Model[Any], str]], *, connection: Any = None
    ) -> dict[str, Loaded[Any]]:
        """Several streams in one round trip (and one more for each whose kept state is not current)."""
        return (await self.look(tenant, wanted, connection=connection)).streams

    async def look(
        self, tenant: str, wanted: Sequence[tuple[Model[Any], str]], *, connection: Any = None,
        memory_will_do: bool = False,
    ) -> Looked:  # fmt: skip
        """`load_many`, and the tenant's time at that moment.

        With ``memory_will_do`` no database is asked where all of it was seen in the last minute: right for a decision
        whose append names all that was seen, so that it is refused, and decided anew, where something has moved on.
        """
        if memory_will_do and (remembered := self._states.all(tenant, wanted)) is not None:
            return remembered
        models = {stream: model for model, stream in wanted}
        in_memory = {stream: self._states.get(tenant, stream, model) for stream, model in models.items()}
        known = {stream: kept or KeptState(0, models[stream].initial) for stream, kept in in_memory.items()}
        arguments = tenant, list(models), [state.version for state in known.values()]
        if connection is not None:
            rows = await connection.fetch(self._look_sql, *arguments)
        else:
            async with self.database.once() as lent:
                rows = await lent.fetch(self._look_sql, *arguments)
        streams = {}
        for row in rows:
            stream, head = row["stream"], row["head"] or 0
            model = models[stream]
            kept = self._kept(model, row, known[stream])
            state = kept.state
            if kept.version < head:
                following = await self._after(tenant, stream, kept.version, connection)
                state = fold_on(model, state, following, begun=kept.version > 0)
            if connection is None and (in_memory[stream] is None or head > known[stream].version):
                self._states.keep(tenant, stream, model, KeptState(head, state))
            streams[stream] = Loaded(model, stream, head, state)
        now: datetime | None = rows[0]["now"] if rows else None
        if connection is None and now is not None:
            self._states.note_time(tenant, now)
        return Looked(streams, now)

    def _kept(self, model: Model[S], row: asyncpg.Record, known: KeptState[S]) -> KeptState[S]:
        """The newest state that can be used: the row's, the one in memory, or the initial one."""
        head: int = row["head"] or 0
        if known.version > head:  # The database went back to a backup.
            known = KeptState(0, model.initial)
        if row["state"] is None or row["shape"] != model.shape or row["version"] > head:
            return known
        try:
            return KeptState(row["version"], model.parse(row["state"]))
        except UNREADABLE:  # Its class has changed, and its shape's name has not.
            log.warning("kept_state_unreadable", service=self.database.service, model=model.name)
            return known

    async def _after(self, tenant: str, stream: str, version: int, connection: Any) -> list[Event | None]:
        if connection is None:
            async with self.database.lend(tenant) as lent:
                return await self._after(tenant, stream, version, lent)
        return await self.open_events(tenant, await connection.fetch(self._read_sql, stream, version))

    async def read(self, tenant: str, stream: str, *, after: int = 0) -> list[Recorded[Event]]:
        """A stream's events in order, from the one after version ``after``; not yet indexed ones included.

        Those that were lawfully destroyed are left out; raises `Destroyed` where none is left.
        """
        async with self.database.lend(tenant) as connection:
            rows = await connection.fetch(self._read_sql, stream, after)
        opened = await self.open_rows(tenant, rows)
        if rows and not opened:
            gone = await self.keyring.destroyed(tenant, {key_id_of(row["sealed"]) for row in rows})
            raise Destroyed(max(gone.values()))
        return opened

    async def rows_of(self, connection: Any, stream: str) -> Sequence[asyncpg.Record]:
        """A stream's rows as they stand, on a connection with its tenant set."""
        rows: Sequence[asyncpg.Record] = await connection.fetch(self._read_sql, stream, 0)
        return rows

    def forget(self, tenant: str) -> None:
        """Keep nothing of the tenant in this process's memory: contents have been destroyed."""
        self._states.forget(tenant)

    async def open_rows(self, tenant: str, rows: Sequence[asyncpg.Record]) -> list[Recorded[Event]]:
        """Unseal and decode rows of the events table (joined with the log), but for what was lawfully destroyed."""
        source = self.database.source
        return [
            Recorded(
                event=event, id=row["id"], source=source, tenant=row["tenant"], subject=row["subject"],
                stream=row["stream"], version=row["version"], recorded_at=row["recorded_at"],
                actor=_actor(row["actor"]), correlation=row["correlation"], causation=row["causation"],
                rules=row["rules"], position=row["position"], index=row["index"], known_at=row["known_at"],
            )
            for row, event in zip(rows, await self.open_events(tenant, rows), strict=True)
            if event is not None
        ]  # fmt: skip

    async def open_events(self, tenant: str, rows: Sequence[asyncpg.Record]) -> list[Event | None]:
        """Only the events of these rows, for a fold that asks nothing of their envelopes.

        ``None`` for each that was lawfully destroyed; raises `KeyGone` where the keyring lacks a key without that.
        """
        key_ids = [key_id_of(row["sealed"]) for row in rows]
        keys = await self.keyring.by_id(tenant, key_ids)
        gone = await destroyed_among(self.keyring, tenant, key_ids, keys)
        return [
            None if key_id in gone else _open(row, key_id, keys)
            for row, key_id in zip(rows, key_ids, strict=True)
        ]

    async def append(
        self, context: Context, changes: Sequence[Change[Any]], *, claims: Sequence[Claim] = (),
        releases: Sequence[Release] = (), resting_on: Sequence[Loaded[Any]] = (), seen: Iterable[Loaded[Any]] = (),
        answer: Answer | None = None, connection: Any = None,
    ) -> Appended:  # fmt: skip
        """Make ``changes`` durable together, or nothing: events, states, resources, claims, kept answer.

        ``resting_on`` names further streams the decision read: the append refuses when one has moved on, and none moves
        until it is durable. Those of ``seen`` may move on in that very moment: what was remembered is named so. With
        ``connection`` the append joins that open transaction (a consumer's); otherwise it is durable on return.
        Raises `VersionConflict`, `AlreadyClaimed`, `IdempotencyKeyReused`, `RequestStillRunning`, `TenantNotOpen`,
        and `Invalid` for contents that are too long or cannot be carried.
        """
        changes = [change for change in changes if change.events]
        if not changes and (answer is None or context.request is None):
            return Appended()
        prepared = await self._prepare(context, changes)
        arguments = self._arguments(context, changes, prepared, claims, releases, resting_on, seen, answer)
        try:
            if connection is not None:
                row = await connection.fetchrow(self._append_sql, *arguments)
            else:
                async with self.database.once() as lent:
                    row = await lent.fetchrow(self._lent_append_sql, *arguments, context.tenant)
        except asyncpg.PostgresError as error:
            raise await self._as_problem(context.tenant, error, connection is None) from error
        if row["kept"]:
            return _replayed(context, row)
        if connection is None:
            for loaded, reached in prepared.reached:
                self._states.keep(context.tenant, loaded.stream, loaded.model, reached)
            self._appended()
        return prepared.appended(context, self.database.source, row["at"])

    async def _prepare(self, context: Context, changes: Sequence[Change[Any]]) -> "_Prepared":
        wanted = {(change.subject, event.event_class) for change in changes for event in change.events}
        keys = await self.keyring.current(context.tenant, wanted)
        prepared = _Prepared()
        for change in changes:
            prepared.add(change, keys)
        if prepared.size > LARGEST_APPEND:
            raise Invalid("The request's contents together are too long: at most 4 MiB.",
                          reasons=(Reason("too-long", "at most 4 MiB in one request; send it in parts"),))  # fmt: skip
        return prepared

    def _arguments(
        self, context: Context, changes: Sequence[Change[Any]], prepared: "_Prepared", claims: Sequence[Claim],
        releases: Sequence[Release], resting_on: Sequence[Loaded[Any]], seen: Iterable[Loaded[Any]],
        answer: Answer | None,
    ) -> list[Any]:  # fmt: skip
        heads = {loaded.stream: (loaded.version, ONLY_SEEN) for loaded in seen}
        heads |= {loaded.stream: (loaded.version, 0) for loaded in resting_on}
        heads |= {change.loaded.stream: (change.loaded.version, len(change.events)) for change in changes}
        request = context.request if answer is not None else None
        kept = answer.kept(prepared.last_id) if request and answer else None
        return [
            list(heads), [head for head, _ in heads.values()], [events for _, events in heads.values()],
            _encode(prepared.rows).decode(),
            context.actor.model_dump_json(exclude_none=True), context.correlation, context.causation, context.rules,
            prepared.state_streams or None, prepared.state_versions, prepared.state_shapes, prepared.states,
            _encode(list(prepared.resources.values())).decode() if prepared.resources else None,
            [c.kind for c in claims] or None, [_hashed(c.value) for c in claims] or None,
            [c.owner for c in claims] or None, [c.digest for c in claims] or None,
            [r.kind for r in releases] or None, [_hashed(r.value) for r in releases] or None,
            request.client if request else None, request.method if request else None,
            request.path if request else None, request.key if request else None,
            request.body_sha256 if request else None, answer.status if request and answer else None, kept,
        ]  # fmt: skip

    async def _as_problem(self, tenant: str, error: asyncpg.PostgresError, may_ask: bool) -> BaseException:
        match error.sqlstate:
            case "HR412":
                facts = json.loads(error.detail or "{}")
                return VersionConflict(facts["stream"], expected=facts["expected"], actual=facts["actual"])
            case "HR409":
                facts = json.loads(error.detail or "{}")
                held = (
                    await self._claim(tenant, facts["kind"], bytes.fromhex(facts["value"]))
                    if may_ask
                    else None
                )
                return AlreadyClaimed(facts["kind"], *(held or (None, None)))
            case "HR425":
                return RequestStillRunning(
                    "The same request is still being worked on; ask again in a moment."
                )
            case "HR404":
                return TenantNotOpen()
        return error

    async def held(self, tenant: str, kind: str, value: str) -> tuple[UUID, bytes | None] | None:
        """Who holds a claim, and the digest it was made with; ``None`` when it is free."""
        return await self._claim(tenant, kind, _hashed(value))

    async def held_many(
        self, tenant: str, kind: str, values: Iterable[str]
    ) -> dict[str, tuple[UUID, bytes | None]]:
        """Of many claims of one kind those that are held, in one round trip: by whom, and the digest each was made with."""
        by_hash = {_hashed(value): value for value in values}
        rows = await self._claims(tenant, kind, list(by_hash))
        return {by_hash[row["value"]]: (row["owner"], row["digest"]) for row in rows}

    async def _claim(self, tenant: str, kind: str, value: bytes) -> tuple[UUID, bytes | None] | None:
        rows = await self._claims(tenant, kind, [value])
        return (rows[0]["owner"], rows[0]["digest"]) if rows else None

    async def _claims(self, tenant: str, kind: str, values: list[bytes]) -> Sequence[asyncpg.Record]:
        async with self.database.lend(tenant) as connection:
            return await connection.fetch(
                f"SELECT value, owner, digest FROM {self.database.service}.claims"
                " WHERE tenant = current_setting('handrail.tenant') AND kind = $1 AND value = ANY ($2)",
                kind, values,
            )  # fmt: skip

    async def kept_answer(self, tenant: str, request: Request) -> Answer | None:
        """The answer this very request was given before; raises `IdempotencyKeyReused` for another body."""
        async with self.database.lend(tenant) as connection:
            row = await connection.fetchrow(
                "SELECT body_sha256 AS kept_body, status AS kept_status, answer AS kept_answer"
                f" FROM {self.database.service}.kept_answers"
                " WHERE tenant = current_setting('handrail.tenant')"
                " AND client = $1 AND method = $2 AND path = $3 AND key = $4",
                request.client, request.method, request.path, request.key,
            )  # fmt: skip
        return _kept(request, row) if row else None


async def keep_answer(store: EventStore, tenant: str, request: Request, answer: Answer) -> None:
    """Keep the answer of a request that is done in many appends, each safe to repeat by itself."""
    async with store.database.lend(tenant) as connection:
        await connection.execute(
            f"INSERT INTO {store.database.service}.kept_answers (tenant, client, method, path, key, body_sha256, status,"
            " answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            tenant, request.client, request.method, request.path, request.key, request.body_sha256, answer.status,
            answer.kept(answer.event),
        )  # fmt: skip


def external_id_claim(kind: str, external_id: str, owner: UUID, digest: bytes) -> Claim:
    """A vendor's own id for a thing: unique per tenant, source and kind. ``digest`` is of the request that made it."""
    return Claim(f"external_id:{kind}", external_id, owner, digest)


async def first_with_external_id(
    store: EventStore, tenant: str, kind: str, external_id: str | None, digest: bytes
) -> UUID | None:
    """The id of what already has this external id; raises `ExternalIdTaken` when it came with another body."""
    if external_id is None:
        return None
    held = await store.held(tenant, f"external_id:{kind}", external_id)
    if held is None:
        return None
    owner, first_digest = held
    if first_digest is not None and first_digest != digest:
        raise ExternalIdTaken(
            "This external_id already names another of the same kind, sent with another body. "
            "Use a new external_id, or change the first one by its own route.",
            id=owner,
        )
    return owner


class _EventRow(msgspec.Struct):
    """A row of the events table on its way there."""

    id: UUID
    stream: str
    version: int
    subject: UUID
    type: str
    schema: int
    class_: str = msgspec.field(name="class")
    effective_on: date
    digest: bytes
    sealed: bytes


class _ResourceRow(msgspec.Struct):
    """A row of the resources table on its way there."""

    kind: str
    id: UUID
    student: UUID | None
    external_id: str | None
    stream: str
    version: int
    document: Json


_encode = msgspec.json.Encoder().encode


class _Prepared:
    """The rows of one append."""

    def __init__(self) -> None:
        self.rows: list[_EventRow] = []
        self.events: list[Event] = []
        self.state_streams: list[str] = []
        self.state_versions: list[int] = []
        self.state_shapes: list[str] = []
        self.states: list[bytes] = []
        self.reached: list[tuple[Loaded[Any], KeptState[Any]]] = []
        self.resources: dict[tuple[str, UUID], _ResourceRow] = {}
        self.touched: dict[tuple[str, UUID], Resource] = {}
        self.size = 0

    @property
    def last_id(self) -> UUID | None:
        return self.rows[-1].id if self.rows else None

    def add(self, change: Change[Any], keys: Mapping[tuple[UUID, EventClass], Key]) -> None:
        loaded, model, subject = change.loaded, change.loaded.model, change.subject
        stream, state, version = loaded.stream, loaded.state, loaded.version
        to_keep: KeptState[Any] | None = None
        for event in change.events:
            version += 1
            event_id = new_event_id()
            plain = plain_contents(event)
            sealed = seal(keys[subject, event.event_class], event_id, plain)
            self.size += len(plain)
            self.rows.append(
                _EventRow(event_id, stream, version, subject, event.type, event.schema_number, event.event_class,
                          event.effective_on, sealed.digest, sealed.sealed)
            )  # fmt: skip
            self.events.append(event)
            state = model.evolve(state, event)
            for resource in model.resources(state, event):
                key = (resource.kind, resource.id)
                self.touched[key] = resource
                self.resources[key] = _ResourceRow(
                    *key, resource.student, resource.external_id, stream, version, resource.document
                )
            if is_kept(version):
                to_keep = KeptState(version, state)
        if to_keep is not None:
            self.state_streams.append(stream)
            self.state_versions.append(to_keep.version)
            self.state_shapes.append(model.shape)
            self.states.append(model.dump(to_keep.state))
        self.reached.append((loaded, KeptState(version, state)))

    def appended(self, context: Context, source: str, at: datetime) -> Appended:
        events = tuple(
            Recorded(
                event=event, id=row.id, source=source, tenant=context.tenant, subject=row.subject,
                stream=row.stream, version=row.version, recorded_at=at, actor=context.actor,
                correlation=context.correlation, causation=context.causation, rules=context.rules,
            )
            for row, event in zip(self.rows, self.events, strict=True)
        )  # fmt: skip
        versions = {loaded.stream: reached.version for loaded, reached in self.reached}
        return Appended(events, self.touched, versions)


def plain_contents(event: Event) -> bytes:
    """The canonical bytes of an event, or `Invalid` that names the field that cannot be carried or is too long."""
    try:
        plain = contents_of(event)
    except NotCanonical as error:
        raise Invalid("A value cannot be stored.",
                      reasons=(Reason("not-carriable", error.reason, pointer=error.pointer),)) from error  # fmt: skip
    if len(plain) > LARGEST_CONTENTS:
        fields = event.model_dump(mode="json", exclude_none=True)
        longest = max(fields, key=lambda name: len(json.dumps(fields[name])))
        raise Invalid("The contents are too long.",
                      reasons=(Reason("too-long", f"one event holds at most 256 KiB, this one {len(plain)} bytes; "
                                                  "put long texts into a document", pointer=f"/{longest}"),))  # fmt: skip
    return plain


@lru_cache(maxsize=1_000)
def _actor(kept: str) -> Actor:
    """Who acts does so again and again."""
    return Actor.model_validate_json(kept)


def _open(row: asyncpg.Record, key_id: KeyId, keys: Mapping[KeyId, Key]) -> Event:
    if key_id not in keys:
        raise KeyGone(f"the key for event {row['id']} is gone")
    plain = unseal(keys[key_id], row["id"], row["sealed"], row["digest"])
    return decode(row["type"], row["schema"], plain, row["effective_on"])


def _hashed(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()


def _replayed(context: Context, row: asyncpg.Record) -> Appended:
    if context.request is None:
        raise AssertionError("an answer was kept for a request without a key")
    return Appended(replayed=_kept(context.request, row))


def _kept(request: Request, row: asyncpg.Record) -> Answer:
    if bytes(row["kept_body"]) != request.body_sha256:
        raise IdempotencyKeyReused(
            "This Idempotency-Key came before with another body. Use a new key for a new request."
        )
    answer = row["kept_answer"]
    # Inside a transaction of SQLAlchemy the driver has its codec and gives the object; elsewhere the text.
    facts = json.loads(answer) if isinstance(answer, str) else answer
    event = UUID(facts["event"]) if facts["event"] else None
    return Answer(row["kept_status"], facts["kind"], UUID(facts["id"]), event)
