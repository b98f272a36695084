"""Slowing down who guesses secrets: a number of tries in a window, per name and per address, in this process."""

import time
from collections import OrderedDict
from collections.abc import Callable

from runtime.problem_details import TooManyRequests

MOST_KEYS = 50_000


class RateLimit:
    """At most ``most`` tries in ``seconds`` for each key."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._tries: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, *keys: str) -> None:
        """Raises `TooManyRequests` when one of the keys has no try left."""
        now = self._clock()
        for key in keys:
            recent = self._recent(key, now)
            if len(recent) >= self._most:
                wait = int(recent[0] + self._seconds - now) + 1
                raise TooManyRequests(f"Too many tries. Wait {wait} seconds.", retry_after=wait)

    def count(self, *keys: str) -> None:
        """One more try for each key."""
        now = self._clock()
        for key in keys:
            self._tries[key] = [*self._recent(key, now), now]
            self._tries.move_to_end(key)
        while len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)

    def forget(self, *keys: str) -> None:
        """It was the right one."""
        for key in keys:
            self._tries.pop(key, None)

    def _recent(self, key: str, now: float) -> list[float]:
        return [at for at in self._tries.get(key, ()) if at > now - self._seconds]
