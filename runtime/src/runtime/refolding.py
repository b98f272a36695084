"""Streams folded anew from their events alone, range by range: the rows of kept states and resources.

Streams lie in the order of the events table's key, so a range is one pass over it. Memory stays flat, contents are
unsealed page by page, and PostgreSQL reads the next page while one is folded.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from contracts.event import Event
from runtime.append_rows import encode, is_kept
from runtime.event_store import EventStore
from runtime.folding import Fold
from runtime.stream_model import Model, Resource

PAGE = 5_000
RANGE = 10_000
AT_ONCE = 250
"""Events opened and folded before others have their turn on the loop."""
STATE_COLUMNS = ("tenant", "stream", "version", "shape", "state")
RESOURCE_COLUMNS = (
    "tenant",
    "kind",
    "id",
    "student",
    "external_id",
    "stream",
    "version",
    "updated_at",
    "document",
)
_BEHIND_ALL = 2**62
# Without statistics (or with few rows left) the planner would sort all that is left for each page.
_IN_ORDER = "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off"
T = TypeVar("T")
StateRow = tuple[str, str, int, str, bytes]
ResourceRow = tuple[str, str, UUID, UUID | None, str | None, str, int, datetime, str]


class Range(msgspec.Struct, frozen=True):
    """A tenant's streams behind one up to another, which is in it; without that all that follow."""

    tenant: str
    after: str
    until: str | None = None


class Rows(msgspec.Struct, tag=True):
    """What was folded: of so many events, as the two tables take it."""

    events: int
    states: list[StateRow]
    resources: list[ResourceRow]


@dataclass
class Folding:
    """A stream in hand: its state, what of it is kept, what it shows."""

    model: Model[Any]
    kept: Any = None
    kept_at: int = 0
    """The version of the state that is kept; 0: none is."""
    resources: dict[tuple[str, UUID], tuple[Resource, int, Any]] = field(default_factory=dict)
    fold: Fold[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.fold = Fold(self.model, self.model.initial)

    def take(self, event: Event | None, version: int, recorded_at: datetime) -> None:
        """Fold one more event; ``None`` where its contents were lawfully destroyed."""
        if not self.fold.take(event) or event is None:
            if self.fold.unfounded and event is None:
                self.kept_at = 0
                self.resources.clear()
            return
        if is_kept(version):
            self.kept, self.kept_at = self.fold.state, version
        for resource in self.fold.resources(event):
            self.resources[resource.kind, resource.id] = (resource, version, recorded_at)


class Refolder:
    """Folds the streams of one service anew."""

    def __init__(self, store: EventStore, models: Sequence[Model[Any]]) -> None:
        self._store = store
        self._models = {model.name: model for model in models}
        self._events = f"{store.database.service}.events"

    async def ranges(self, tenant: str) -> AsyncGenerator[Range, None]:
        """The tenant's streams in ranges of about `RANGE` events; each is looked for when it is asked for."""
        after, until = "", ""
        while until is not None:
            async with self._store.database.lend(tenant) as connection, connection.transaction():
                await connection.execute(_IN_ORDER)
                until = await connection.fetchval(
                    f"SELECT stream FROM {self._events} WHERE tenant = $1 AND stream > $2"
                    f" ORDER BY stream, version OFFSET {RANGE} LIMIT 1", tenant, after,
                )  # fmt: skip
            yield Range(tenant, after, until)
            after = until

    async def rows_of(self, tenant: str, ranges: AsyncIterator[Range]) -> AsyncGenerator[Rows, None]:
        """Fold one range after the other; what comes next is read while a page is folded."""
        folding: dict[str, Folding] = {}
        async with aclosing(self._pages(ranges)) as pages, aclosing(_one_ahead(pages)) as in_turn:
            async for page in in_turn:
                yield await self._fold(tenant, page, folding)
        yield _rows(tenant, 0, folding.items())

    async def rows_of_stream(self, tenant: str, events: Sequence[Any]) -> Rows:
        """One stream, by all rows of its events."""
        folding: dict[str, Folding] = {}
        await self._fold(tenant, events, folding)
        return _rows(tenant, len(events), folding.items())

    async def _fold(self, tenant: str, page: Sequence[Any], folding: dict[str, Folding]) -> Rows:
        """Fold a page; what is left in ``folding`` is the last stream, which may go on in the next page."""
        finished: list[tuple[str, Folding]] = []
        for start in range(0, len(page), AT_ONCE):
            rows = page[start : start + AT_ONCE]
            events = await self._store.open_events(tenant, rows)
            for row, event in zip(rows, events, strict=True):
                stream = row["stream"]
                if stream not in folding:
                    finished += folding.items()
                    folding.clear()
                    model = self._models[stream.partition("/")[0]]
                    folding[stream] = Folding(model)
                folding[stream].take(event, row["version"], row["recorded_at"])
            # What has come in the meantime is taken off the wire, so that PostgreSQL goes on.
            await asyncio.sleep(0)
        return _rows(tenant, len(page), finished)

    async def _pages(self, ranges: AsyncIterator[Range]) -> AsyncGenerator[list[Any], None]:
        async for each in ranges:
            stream, version = each.after, _BEHIND_ALL
            while page := await self._page(each, stream, version):
                yield page
                if len(page) < PAGE:
                    break
                stream, version = page[-1]["stream"], page[-1]["version"]

    async def _page(self, of: Range, stream: str, version: int) -> list[Any]:
        end = () if of.until is None else (of.until,)
        async with self._store.database.lend(of.tenant) as connection, connection.transaction():
            await connection.execute(_IN_ORDER)
            rows: list[Any] = await connection.fetch(
                "SELECT stream, version, id, type, schema, effective_on, recorded_at, digest, sealed"
                f" FROM {self._events} WHERE tenant = $1 AND (stream, version) > ($2, $3)"
                f" {'AND stream <= $4' if end else ''} ORDER BY stream, version LIMIT {PAGE}",
                of.tenant, stream, version, *end,
            )  # fmt: skip
        return rows


async def only(one: Range) -> AsyncGenerator[Range, None]:
    """A range by itself, as `Refolder.rows_of` takes it."""
    yield one


def _rows(tenant: str, events: int, finished: Iterable[tuple[str, Folding]]) -> Rows:
    rows = Rows(events, [], [])
    for stream, folding in finished:
        model = folding.model
        if folding.kept_at:
            rows.states.append((tenant, stream, folding.kept_at, model.shape, model.dump(folding.kept)))
        for resource, version, updated_at in folding.resources.values():
            document = encode(resource.document).decode()
            rows.resources.append(
                (tenant, resource.kind, resource.id, resource.student, resource.external_id, stream, version,
                 updated_at, document)
            )  # fmt: skip
    return rows


async def _one_ahead(pages: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """The same pages; the next one is being fetched while one is in hand."""

    async def following() -> T | None:
        return await anext(pages, None)

    coming = asyncio.ensure_future(following())
    try:
        while (page := await coming) is not None:
            coming = asyncio.ensure_future(following())
            yield page
    finally:
        coming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await coming
