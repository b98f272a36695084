"""Let a tenant end: the day stands in its row, the append refuses what does not go on after it, and nothing of it is due.

No row changes: none has ended yet. The function is the same for all others, but for a lock that its appends share.
"""

from notify_service.adapters.tables import notify_tables_9
from notify_service.adapters.webhooks.tables import webhook_tables_3
from runtime.migrations import run_script
from runtime.store_schema import event_store_4

revision, down_revision = "0017", "0016"


def upgrade() -> None:
    run_script([*event_store_4("notify"), *notify_tables_9(), *webhook_tables_3()])


def downgrade() -> None:
    raise RuntimeError("it says who has ended, and is not removed")
