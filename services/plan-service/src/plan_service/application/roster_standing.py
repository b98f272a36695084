"""What an import compares its rows with: the streams as they stand, and who holds which external id or number.

A trial writes nothing: it keeps what would stand by now on top of what stands, so that a later row meets what an earlier
one would have made.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from runtime.append_request import Claim
from runtime.event_store import EventStore
from runtime.stream_model import Loaded, Model


class Standing:
    """Asked once per batch, whatever the number of its rows."""

    def __init__(self, store: EventStore, tenant: str, *, trial: bool = False) -> None:
        self._store = store
        self._tenant = tenant
        self._trial = trial
        self._would_own: dict[tuple[str, str], UUID] = {}
        self._would_stand: dict[str, Loaded[Any]] = {}

    async def owners(self, wanted: Mapping[str, Iterable[str]]) -> dict[tuple[str, str], UUID]:
        """Of claims by kind those that are held, and whose they are."""
        owners: dict[tuple[str, str], UUID] = {}
        for kind, values in wanted.items():
            held = await self._store.held_many(self._tenant, kind, set(values))
            owners |= {(kind, value): owner for value, (owner, _) in held.items()}
            owners |= {
                (kind, value): self._would_own[kind, value]
                for value in values
                if (kind, value) in self._would_own
            }
        return owners

    async def load(self, wanted: Sequence[tuple[Model[Any], str]]) -> dict[str, Loaded[Any]]:
        """The streams, by name."""
        ahead = {stream: self._would_stand[stream] for _, stream in wanted if stream in self._would_stand}
        asked = [(model, stream) for model, stream in wanted if stream not in ahead]
        return ahead | (await self._store.load_many(self._tenant, asked) if asked else {})

    def would(self, streams: Iterable[Loaded[Any]], claims: Iterable[Claim]) -> None:
        """In a trial: this is how it would stand now."""
        if self._trial:
            self._would_stand |= {loaded.stream: loaded for loaded in streams}
            self._would_own |= {(claim.kind, claim.value): claim.owner for claim in claims}
