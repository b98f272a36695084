"""How often one caller, or one link, may try: kept in this process, forgotten when it ends."""

import time
from collections import OrderedDict, deque

MOST_KEPT = 20_000


class Pace:
    """At most ``most`` within ``seconds`` for each key."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str) -> int:
        """Count one more; 0, or how many seconds to wait before the next."""
        now = time.monotonic()
        times = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while times and times[0] <= now - self._seconds:
            times.popleft()
        while len(self._seen) > MOST_KEPT:
            self._seen.popitem(last=False)
        if len(times) >= self._most:
            return max(1, round(times[0] + self._seconds - now))
        times.append(now)
        return 0
