"""Waiting until audit-service knows all that had been settled anywhere when it was asked.

What destroys rests on it: a request about the record that another service has accepted keeps the record, also when its event
has not arrived, or has not even got its index.
"""

import asyncio
from collections.abc import Awaitable, Callable

from audit_service.application.cosigner import Checkpoints
from audit_service.application.evidence import Evidence
from runtime.database import UNREACHABLE
from runtime.problem_details import NotYet
from runtime.roles import SERVICES

SECONDS, PAUSE_SECONDS = 5.0, 0.05

TakenIn = Callable[[str], Awaitable[None]]
"""Of a district; raises `NotTakenIn`."""


class NotTakenIn(NotYet):
    """audit-service does not know yet what has been recorded elsewhere (503): nothing was done, ask again in a moment."""

    code = "not-taken-in-yet"


async def all_taken_in(evidence: Evidence, checkpoints: Checkpoints, tenant: str) -> None:
    """Wait, for `SECONDS` at most, until each log's every entry of this moment lies below the frontier. Raises `NotTakenIn`."""
    heads = {}
    for source in SERVICES:
        try:
            heads[source] = await checkpoints.head(source, tenant)
        except UNREACHABLE as error:
            raise _not_yet(f"{source}-service cannot be asked") from error
    deadline = asyncio.get_running_loop().time() + SECONDS
    while True:
        here = await evidence.sizes(tenant)
        behind = [source for source, head in heads.items() if here.get(source, 0) < head]
        if not behind:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise _not_yet(f"entries of {', '.join(behind)} have not arrived")
        await asyncio.sleep(PAUSE_SECONDS)


def _not_yet(why: str) -> NotTakenIn:
    return NotTakenIn(
        f"What was recorded until now is not all known here yet ({why}), and it could keep the record. Nothing was done. "
        "Ask again in a moment; GET /audit/health/ready says what is behind."
    )
