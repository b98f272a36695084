"""The port: records of a source's log, delivered per lane in position order, at least once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record as it travels: the entry's bytes and the sealed contents.

    A record that cannot be read at all has a made-up ``position`` below 0 (the same whenever it comes) and stands in
    ``entry`` as it came; whose it is was taken from its key.
    """

    source: str
    position: int
    tenant: str
    index: int
    subject: UUID
    lane: int
    entry: bytes
    sealed: bytes

    @property
    def unreadable(self) -> bool:
        """Only whose it is is known: it waits for an operator, and what follows of its subject behind it."""
        return self.position < 0


class StopFollowing(Exception):
    """Raised by ``handle`` to end the following for good; every other error is tried again."""


Handle = Callable[[Sequence[Delivery], Collection[int]], Awaitable[None]]
"""Makes the effect of the deliveries durable, with their positions, before it returns.

The second argument names lanes of which these deliveries are all there is up to the last one's position. An unreadable
delivery comes alone."""

NextPositions = Callable[[Collection[int]], Awaitable[dict[int, int]]]
"""For each of these lanes the position that the consumer wants next (1 when it has none yet)."""


@dataclass(frozen=True, slots=True)
class Page:
    """Records of a replay, in order per lane, and for each lane they say something about the next position to come."""

    deliveries: Sequence[Delivery]
    reached: Mapping[int, int]


class Records(Protocol):
    """Everything a source's log holds, for a replay. A record may come twice, as in following."""

    total: int
    """About how many there were at the beginning."""

    def pages(self) -> AsyncIterator[Page]:
        """All there is now; called again, what has come since."""
        ...


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

    def records(self, source: str) -> AbstractAsyncContextManager[Records]:
        """The source's log from its beginning: what a rebuild or a check reads."""
        ...
