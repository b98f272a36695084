"""Which notices of a plan's changes have been given: read from the projection of notify-service's events.

A projection and no event of the plan: that a notice was given is notify-service's fact, it stands in that service's log,
and the adoption that rests on it names it in ``notice_ids``. Copying it into the plan's stream would record it twice
and make every receipt a new version of the plan, on which somebody's If-Match fails.
"""

from uuid import UUID

from plan_service.domain.notices import NoticeGiven
from runtime.database import Database

OBJECTED = "objected"
"""Kind of the rows that say somebody objects to what a notice says."""


async def notices_given(
    database: Database, tenant: str, plan_id: UUID, amendment_id: UUID | None
) -> list[NoticeGiven]:
    """Of one amendment; without one, of the plan itself. Given facts only grow, so they may be read before the append."""
    async with database.lend(tenant) as connection:
        rows = await connection.fetch(
            "SELECT notice, holder, given_on, event_id FROM plan_read.notices_given"
            " WHERE tenant = $1 AND plan = $2 AND amendment IS NOT DISTINCT FROM $3 AND kind <> $4 ORDER BY position",
            tenant, plan_id, amendment_id, OBJECTED,
        )  # fmt: skip
    return [NoticeGiven(row["notice"], row["holder"], row["given_on"], row["event_id"]) for row in rows]


async def objected_to(database: Database, tenant: str, plan_id: UUID, amendment_id: UUID) -> bool:
    """Whether a rights holder objected to this amendment on the page of their notice."""
    async with database.lend(tenant) as connection:
        found: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM plan_read.notices_given"
            " WHERE tenant = $1 AND plan = $2 AND amendment = $3 AND kind = $4)",
            tenant, plan_id, amendment_id, OBJECTED,
        )  # fmt: skip
    return found
