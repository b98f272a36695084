"""The port: records of a source's log, delivered per lane in position order, at least once."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record as it travels: the entry's bytes and the sealed contents."""

    source: str
    position: int
    tenant: str
    index: int
    subject: UUID
    lane: int
    entry: bytes
    sealed: bytes


class StopFollowing(Exception):
    """Raised by ``handle`` to end the following for good; every other error is tried again."""


Handle = Callable[[Sequence[Delivery], Collection[int]], Awaitable[None]]
"""Makes the effect of the deliveries durable, with their positions, before it returns.

The second argument names lanes of which these deliveries are all there is up to the last one's position."""

NextPositions = Callable[[Collection[int]], Awaitable[dict[int, int]]]
"""For each of these lanes the position that the consumer wants next (1 when it has none yet)."""


class Transport(Protocol):
    """Follows one source for one consumer."""

    async def follow(self, consumer: str, source: str, next_positions: NextPositions, handle: Handle) -> None:
        """Deliver for ever, from what ``next_positions`` says, in order per lane; runs until cancelled.

        A delivery may come twice, and to two instances during a hand-over: ``handle`` drops by position. An error of
        ``handle`` is tried again after a pause; nothing behind it on the lane is delivered before it has worked.
        """
        ...

    async def waiting(self, source: str, done: int) -> int | None:
        """About how many records the log has behind position ``done``, where that can be told."""
        ...
