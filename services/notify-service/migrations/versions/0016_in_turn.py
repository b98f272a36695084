"""Tell endpoints in turn, and of each so many things at once: one that never answers kept the others waiting.

What is due stays due.
"""

from notify_service.adapters.webhooks.tables import webhook_tables_2
from runtime.migrations import run_script

revision, down_revision = "0016", "0015"


def upgrade() -> None:
    run_script(webhook_tables_2())


def downgrade() -> None:
    """The function stays: it needs no index, and what it leaves waiting is less."""
    run_script([
        "SET LOCAL lock_timeout = '5s'; DROP INDEX notify.webhook_due_of; DROP INDEX notify.webhook_under_way;"
        " CREATE INDEX webhook_due ON notify.webhook_deliveries (due_at) WHERE state = 'due'",
    ])  # fmt: skip
