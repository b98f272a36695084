"""Who claims what is to be told, beside others at work on the same rows; and how the tables for it come to be beside them."""

import asyncio

import asyncpg
import pytest

from contracts.ids import new_id
from notify_service.adapters.webhooks.tables import _CLAIM_IN_TURN, webhook_tables_2
from runtime.store_schema import event_store_4
from runtime.testing import opened


async def test_what_another_process_delivered_in_the_meantime_is_not_claimed_again(cluster, helpers):
    """The other one commits between the claim's look and its lock."""
    slowly = _CLAIM_IN_TURN.format(of_whom="EXISTS (SELECT FROM pg_sleep(0.6)) AND ")
    webhook, event = new_id(), new_id()
    async with opened(cluster, "plan") as plan, opened(cluster, "notify", name=plan.name) as notify:
        await helpers.make_tables(plan)
        owner = await asyncpg.connect(notify.url("notify_owner"))
        await owner.execute(slowly.replace("notify.claim_webhooks", "notify.claim_slowly"))
        async with notify.database.lend(notify.tenant) as connection:
            await connection.execute(
                "INSERT INTO notify.webhook_endpoints (tenant, webhook, url, event_types, secret)"
                " VALUES ($1, $2, 'https://hooks.sis.invalid/', '{}', '')", notify.tenant, webhook,
            )  # fmt: skip
            await connection.execute(
                "INSERT INTO notify.webhook_deliveries (tenant, webhook, event_id, source, position)"
                " VALUES ($1, $2, $3, 'plan', 1)", notify.tenant, webhook, event,
            )  # fmt: skip
        claim = "SELECT event_id FROM notify.claim_slowly(0, 16)"
        assert [row["event_id"] for row in await owner.fetch(claim)] == [event], (
            "its lease has run out at once"
        )
        claiming = asyncio.create_task(owner.fetch(claim))
        await asyncio.sleep(0.2)
        async with notify.database.lend(notify.tenant) as connection:
            await connection.execute(
                "UPDATE notify.webhook_deliveries SET state = 'delivered', lease_until = NULL WHERE event_id = $1", event
            )  # fmt: skip
        claimed = await claiming
        await owner.close()
    assert claimed == []


@pytest.mark.parametrize(
    ("statements", "lock"),
    [(event_store_4("notify"), "LOCK notify.tenants IN ACCESS SHARE MODE"),
     (webhook_tables_2(), "LOCK notify.webhook_deliveries IN ROW EXCLUSIVE MODE")],
)  # fmt: skip
async def test_a_migration_does_not_queue_for_ever_behind_somebody_s_work(cluster, helpers, statements, lock):
    async with opened(cluster, "plan") as plan, opened(cluster, "notify", name=plan.name) as notify:
        await helpers.make_tables(plan)
        owner, at_work = [await asyncpg.connect(notify.url("notify_owner")) for _ in range(2)]
        async with at_work.transaction():
            await at_work.execute(lock)
            with pytest.raises(asyncpg.LockNotAvailableError):
                async with asyncio.timeout(8), owner.transaction():
                    for statement in statements:
                        await owner.execute(statement)
        await owner.close()
        await at_work.close()
