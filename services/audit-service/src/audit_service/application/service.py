"""audit-service as it runs: the service every other is, with the evidence it answers from."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from audit_service.application.cosigner import Checkpoints, Cosigner
from audit_service.application.evidence import Evidence
from audit_service.application.judging import MOST_REST_SECONDS, Judging
from audit_service.application.records import Records
from audit_service.application.taken_in import all_taken_in
from contracts.retention_schedule import Schedule
from runtime.call import Call
from runtime.projection import Difference, tenants
from runtime.service import SEEN_SECONDS, Service

JUDGED_SECONDS = 3 * MOST_REST_SECONDS
"""Longer than judging rests where other work goes first."""
NOT_COMPARED = "students still wait to be judged, so that nobody's findings could be compared: check again"


@dataclass
class AuditService(Service):
    """A `Service` that has seen an event only when it lies below the frontier, where reading begins."""

    checkpoints: Callable[["AuditService"], Checkpoints] = field(kw_only=True)
    """Where the other services' newest checkpoints come from."""
    evidence: Evidence = field(init=False)
    schedules: Sequence[Schedule] = ()
    """Districts' own retention schedules."""
    judging: Judging = field(init=False)
    cosigner: Cosigner = field(init=False)

    def __post_init__(self) -> None:
        self.evidence = Evidence(lambda: self.database, lambda: self.keyring)
        self.judging = Judging(self.evidence)
        self.cosigner = Cosigner(self, self.checkpoints)

    def degraded(self) -> list[tuple[str, str]]:
        """What works less than it should; a log that is not what it was, among it."""
        return super().degraded() + self.cosigner.degraded()

    async def compared_rows(self) -> list[Difference]:
        """As every service's, and every finding that is otherwise when it is judged anew."""
        found = await super().compared_rows()
        for tenant in await tenants(self.database):
            # While anything waits to be judged, nobody's findings can be compared. Another process may judge, and rest.
            if await self.judging.settled(tenant, JUDGED_SECONDS):
                found.append(Difference("findings", "live", NOT_COMPARED))
            else:
                found += await self.judging.differing(tenant)
        return found

    @property
    def records(self) -> Records:
        """Holds and destruction."""

        async def taken_in(tenant: str) -> None:
            await all_taken_in(self.evidence, self.checkpoints(self), tenant)

        return Records(self.judging, self.store, self.keyring, taken_in, self.schedules)

    async def seen(self, tenant: str, event_id: UUID, timeout: float = SEEN_SECONDS) -> bool:
        """Wait until the event's effect is in every answer."""
        deadline = asyncio.get_running_loop().time() + timeout
        if not await super().seen(tenant, event_id, timeout):
            return False
        while not await self.evidence.reached(tenant, event_id):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.01)
        return True


def audit(call: Call) -> AuditService:
    """The service behind a request."""
    return cast(AuditService, call.edge.service)
