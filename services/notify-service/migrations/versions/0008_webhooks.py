"""Vendors' webhooks: endpoints with their sealed secrets, what is to be delivered, each attempt."""

from notify_service.adapters.webhooks.tables import NAMES, webhook_tables_1
from runtime.migrations import run_script

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    run_script(webhook_tables_1())


def downgrade() -> None:
    run_script(
        ["DROP FUNCTION notify.claim_webhooks", *(f"DROP TABLE notify.{name}" for name in reversed(NAMES))]
    )
