"""States that were read lately, so that they need not be sent and parsed again."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from runtime.stream_model import KeptState, Loaded, Model, S

STATE_SECONDS = 60.0
MOST_STATES = 2_000
LATELY = 16
"""Of so many decisions made from memory it is known whether what was remembered still stood."""
WORTH_IT = 0.75
"""So many of them must have: a decision made anew costs about three times what asking would have."""
TENANT_STREAM = "tenant"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a decision is made on, all of one moment."""

    streams: dict[str, Loaded[Any]]
    now: datetime | None
    """The tenant's time: the clock, or a sandbox's; ``None`` where the tenant is not open here."""
    remembered: bool = False
    """Whether this is what memory holds: an append must be told of all of it, and a refusal is no answer yet."""


class RecentStates:
    """States that were read lately, so that they need not be sent and parsed again; for minutes only, as keys are.

    A stream only grows, so the state at a version is the same for ever; only what was committed comes here.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], tuple[float, KeptState[Any]]] = {}
        self._times: dict[str, tuple[float, datetime]] = {}
        self._stood = 1.0
        """The share of what was remembered that still stood, lately: other processes move the same streams on."""
        self._asked = 0

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

    def stood(self, whether: bool) -> None:
        """What was remembered did or did not still stand when the append named it."""
        self._stood += (whether - self._stood) / LATELY

    def _worth_it(self) -> bool:
        """Whether to decide from memory; where it is not, it is tried now and then."""
        self._asked += 1
        return self._stood >= WORTH_IT or self._asked % LATELY == 0

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
        if not self._worth_it():
            return None
        since, then = noted
        return Looked(streams, then + timedelta(seconds=time.monotonic() - since), remembered=True)
