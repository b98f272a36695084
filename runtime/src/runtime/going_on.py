"""Whether a district goes on: one that has ended is told so before any rule speaks.

What counts is the append, which refuses by the row itself (`runtime.store_schema`). Here it is said of everything else that
a route may do, without asking the database at each request: a district that ended a moment ago in another process may
change a working paper for so long.
"""

import time
from datetime import date
from typing import Any, Protocol

from fastapi import Depends

from runtime.append_request import TenantHasEnded
from runtime.auth import Forbidden, Principal
from runtime.database import Database
from runtime.scopes import VENDOR
from runtime.tenants import ended_on

ASK_AGAIN_SECONDS = 5.0
OF_THE_LOG = "log.read"


class HasDatabase(Protocol):
    """The service, which is opened after its routes are made."""

    database: Database


class Ends:
    """Which districts have ended in this service, for its routes."""

    def __init__(self, service: HasDatabase) -> None:
        self._service = service
        self._known: dict[str, tuple[float, date | None]] = {}

    async def of(self, tenant: str) -> date | None:
        """The day on which it ended; ``None`` while it goes on, which is asked again after `ASK_AGAIN_SECONDS`."""
        asked_at, known = self._known.get(tenant, (0.0, None))
        if known is None and asked_at + ASK_AGAIN_SECONDS < time.monotonic():
            async with self._service.database.lend(tenant) as connection:
                known = await ended_on(connection, self._service.database.service, tenant)
            self._known[tenant] = time.monotonic(), known
        return known

    def forget(self, tenant: str) -> None:
        """It was ended just now."""
        self._known.pop(tenant, None)

    async def check(self, who: Principal, scopes: tuple[str, ...], *, writes: bool) -> None:
        """Raises `TenantHasEnded` for what decides or reports, `Forbidden` for a vendor's client at anything but logs."""
        on = await self.of(who.tenant) if who.tenant else None
        if on is None:
            return
        if writes:
            raise TenantHasEnded(on)
        if who.role == VENDOR and not who.is_person and OF_THE_LOG not in scopes:
            raise Forbidden(
                f"This district ended here on {on}: its vendors' clients no longer get at its records."
            )


async def also_after_the_end() -> None:
    """Read by the route."""


GOES_ON: Any = Depends(also_after_the_end)
"""For ``dependencies=[GOES_ON]`` of a route that writes and is there also for a district that has ended."""
