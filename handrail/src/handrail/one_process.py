"""Four services behind one origin in one process: what the gateway does in compose."""

from collections.abc import Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

PREFIXES: Sequence[tuple[str, str]] = (
    ("/plan", "plan"),
    ("/progress", "progress"),
    ("/notify", "notify"),
    ("/n", "notify"),
)
"""Everything else (console, sign-in, evidence) is audit-service's."""


class OneProcess:
    """Passes each request on as it is: every service knows its own prefix."""

    def __init__(self, services: dict[str, Any], extra: Sequence[tuple[str, ASGIApp]] = ()) -> None:
        self._services = services
        self._routes: list[tuple[str, ASGIApp]] = [
            *extra,
            *((prefix, services[name]) for prefix, name in PREFIXES),
        ]
        self._lifespans = Starlette(lifespan=self._all_open)

    def service(self, name: str) -> Any:
        """One of the four."""
        return self._services[name]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._lifespans(scope, receive, send)
            return
        path: str = scope["path"]
        for prefix, app in self._routes:
            if path == prefix or path.startswith(prefix + "/"):
                await app(scope, receive, send)
                return
        await self._services["audit"](scope, receive, send)

    @asynccontextmanager
    async def _all_open(self, _app: Starlette) -> Any:
        async with AsyncExitStack() as stack:
            for app in self._services.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield
