"""``/health/live``, ``/health/ready`` and ``/metrics``.

Ready means: this process can answer requests. What works less than it should (broker away, lag, a parked student) is
told in a 200 that says so, because taking the service away would help nobody.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, FastAPI
from starlette.responses import JSONResponse, Response

from runtime import metrics
from runtime.call import Edge
from runtime.http import take_in

log = structlog.get_logger()

Check = Callable[[], Awaitable[None]]
KEPT_SECONDS = 1.0


class Health:
    """Remembers since when something works less than it should."""

    def __init__(self, edge: Edge, needed: Mapping[str, Check]) -> None:
        self._edge = edge
        self._needed = needed
        self._since: dict[str, datetime] = {}
        self._last: tuple[float, int, dict[str, object]] | None = None

    async def ready(self) -> Response:
        """503 only when this process cannot answer requests."""
        now = time.monotonic()
        if self._last is None or now - self._last[0] > KEPT_SECONDS:
            self._last = (now, *await self._look())
        return JSONResponse(self._last[2], self._last[1])

    async def _look(self) -> tuple[int, dict[str, object]]:
        failing: list[tuple[str, str]] = []
        for what, check in self._needed.items():
            try:
                await check()
            except Exception as error:  # Whatever it is, requests cannot be answered without it.
                failing.append((what, type(error).__name__))
        degraded = [] if failing else self._edge.service.degraded()
        told = self._told(failing or degraded)
        for what in self._since.keys() - {what for what, _ in failing or degraded}:
            del self._since[what]
            metrics.DEGRADED.labels(self._edge.service.name, what).set(0)
        if failing:
            return 503, {"status": "unavailable", "failing": told}
        return 200, {"status": "degraded" if told else "ready", "degraded": told}

    def _told(self, found: list[tuple[str, str]]) -> list[dict[str, str]]:
        for what, _ in found:
            if what not in self._since:
                self._since[what] = datetime.now(UTC)
                log.warning("degraded", service=self._edge.service.name, what=what)
            metrics.DEGRADED.labels(self._edge.service.name, what).set(1)
        return [
            {"what": what, "since": self._since[what].isoformat(), "detail": detail} for what, detail in found
        ]


def add_health(app: FastAPI, edge: Edge, needed: Mapping[str, Check]) -> None:
    """Serve health and metrics at the root, and under the service's own prefix where several share one origin.

    ``needed`` is what no request can do without (`Service.needed`), each check raising when it fails.
    """
    health = Health(edge, needed)
    routes = APIRouter(include_in_schema=False)

    async def live() -> dict[str, str]:
        return {"status": "live"}

    async def exposed() -> Response:
        await health.ready()  # So that what is told there is as true here, whoever asks for what.
        return metrics.exposition()

    for prefix in ("", f"/{edge.service.name}"):
        routes.add_api_route(f"{prefix}/health/live", live)
        routes.add_api_route(f"{prefix}/health/ready", health.ready)
        routes.add_api_route(f"{prefix}/metrics", exposed)
    take_in(app, routes)
