"""What is wrong with services that have processes of their own, for the console: what each says of itself when it is asked."""

import asyncio
import time
from collections.abc import Callable, Collection

import httpx

from runtime.roles import SERVICES

KEPT_SECONDS = 5.0
TIMEOUT = httpx.Timeout(1.0)
Alarm = tuple[str, str, str]
"""Service, what, detail."""


class Elsewhere:
    """Asks services for their ``/health/ready``, now and then; ``where`` gives a service's address.

    A page waits a second at most: one that does not answer is an alarm itself.
    """

    def __init__(self, where: Callable[[str], str]) -> None:
        self._where = where
        self._asked_at = 0.0
        self._last: list[Alarm] = []

    async def alarms(self, here: Collection[str]) -> list[Alarm]:
        """Of all services but those ``here``."""
        now = time.monotonic()
        if not self._asked_at or now - self._asked_at > KEPT_SECONDS:
            async with httpx.AsyncClient(timeout=TIMEOUT) as client:
                others = [service for service in SERVICES if service not in here]
                told = await asyncio.gather(*(self._ask(client, service) for service in others))
            self._asked_at, self._last = now, [alarm for each in told for alarm in each]
        return self._last

    async def _ask(self, client: httpx.AsyncClient, service: str) -> list[Alarm]:
        try:
            answer = await client.get(f"{self._where(service)}/{service}/health/ready")
            said = answer.json()
            wrong = [*said.get("failing", ()), *said.get("degraded", ())]
            return [(service, each["what"], each["detail"]) for each in wrong]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            return [(service, "health", f"It does not say how it is: {type(error).__name__}.")]
