"""The event store: load a stream, append to streams; each one round trip, each reaching one tenant only."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from contracts.event import Actor, Event, Recorded, decode
from contracts.problems import Destroyed, ExternalIdTaken, Invalid, Reason, VersionConflict
from runtime.append_request import (
    AlreadyClaimed,
    Answer,
    Appended,
    Change,
    Claim,
    Context,
    IdempotencyKeyReused,
    Release,
    Request,
    RequestStillRunning,
    TenantHasEnded,
    TenantNotOpen,
)
from runtime.append_rows import LARGEST_APPEND, Prepared, encode
from runtime.database import Database
from runtime.folding import fold_on
from runtime.keyring import KeyGone, Keyring, destroyed_among
from runtime.recent_states import Looked, RecentStates
from runtime.sealing import Key, KeyId, key_id_of, unseal
from runtime.stream_model import UNREADABLE, KeptState, Loaded, Model, S

log = structlog.get_logger()

ONLY_SEEN = -1
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
        self._states = RecentStates()

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
        `TenantHasEnded` for what is not recorded any more of one that has ended (`contracts.after_the_end`), and
        `Invalid` for contents that are too long or cannot be carried.
        """
        changes = [change for change in changes if change.events]
        if not changes and (answer is None or context.request is None):
            return Appended()
        prepared = await self._prepare(context, changes)
        seen = tuple(seen)
        arguments = self._arguments(context, changes, prepared, claims, releases, resting_on, seen, answer)
        try:
            if connection is not None:
                row = await connection.fetchrow(self._append_sql, *arguments)
            else:
                async with self.database.once() as lent:
                    row = await lent.fetchrow(self._lent_append_sql, *arguments, context.tenant)
        except asyncpg.PostgresError as error:
            problem = await self._as_problem(context.tenant, error, connection is None)
            if seen:
                self._states.stood(not isinstance(problem, VersionConflict))
            raise problem from error
        if row["kept"]:
            return _replayed(context, row)
        if seen:
            self._states.stood(True)
        if connection is None:
            for loaded, reached in prepared.reached:
                self._states.keep(context.tenant, loaded.stream, loaded.model, reached)
            self._appended()
        return prepared.appended(context, self.database.source, row["at"])

    async def _prepare(self, context: Context, changes: Sequence[Change[Any]]) -> "Prepared":
        wanted = {(change.subject, event.event_class) for change in changes for event in change.events}
        keys = await self.keyring.current(context.tenant, wanted)
        prepared = Prepared()
        for change in changes:
            prepared.add(change, keys)
        if prepared.size > LARGEST_APPEND:
            raise Invalid("The request's contents together are too long: at most 4 MiB.",
                          reasons=(Reason("too-long", "at most 4 MiB in one request; send it in parts"),))  # fmt: skip
        return prepared

    def _arguments(
        self, context: Context, changes: Sequence[Change[Any]], prepared: "Prepared", claims: Sequence[Claim],
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
            encode(prepared.rows).decode(),
            context.actor.model_dump_json(exclude_none=True), context.correlation, context.causation, context.rules,
            prepared.state_streams or None, prepared.state_versions, prepared.state_shapes, prepared.states,
            encode(list(prepared.resources.values())).decode() if prepared.resources else None,
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
            case "HR410":
                return TenantHasEnded(date.fromisoformat(error.detail or ""))
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
