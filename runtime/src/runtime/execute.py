"""The command path: load, let the domain decide, append what it said at the version it saw."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from contracts.event import Event
from contracts.problems import VersionConflict
from runtime.append_request import Answer, Appended, Change, Claim, Context, Release
from runtime.event_store import EventStore
from runtime.stream_model import Model

S = TypeVar("S")
TRIES = 5
FIRST_PAUSE_SECONDS = 0.01


async def give_way(attempt: int) -> None:
    """Wait a moment of chance after a lost race, on average twice as long after each, so that the same do not meet again."""
    await asyncio.sleep(random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt))


async def execute(
    store: EventStore, context: Context, model: Model[S], parts: Sequence[object], subject: UUID,
    decide: Callable[[S], Sequence[Event]], *, expected_version: int | None = None, claims: Sequence[Claim] = (),
    releases: Sequence[Release] = (), answer: Answer | None = None,
) -> Appended:  # fmt: skip
    """Decide about one stream. Durable on return; a crash before that leaves nothing; safe to repeat with its key.

    With ``expected_version`` (If-Match) a stream that has moved on raises `VersionConflict`; without it a lost race is
    decided again on the newer state.
    """
    for attempt in range(TRIES):
        loaded = (await store.load(context.tenant, model, *parts)).at_version(expected_version)
        try:
            return await store.append(
                context,
                [Change(loaded, subject, decide(loaded.state))],
                claims=claims,
                releases=releases,
                answer=answer,
            )
        except VersionConflict:
            if expected_version is not None or attempt == TRIES - 1:
                raise
            await give_way(attempt)
    raise AssertionError("unreachable")
