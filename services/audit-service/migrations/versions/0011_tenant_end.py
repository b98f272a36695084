"""Let a tenant end: the day stands in its row, and the append refuses what does not go on after it.

No row changes: none has ended yet. The function is the same for all others, but for a lock that its appends share.
"""

from runtime.migrations import run_script
from runtime.store_schema import event_store_4

revision, down_revision = "0011", "0010"


def upgrade() -> None:
    run_script(event_store_4("audit"))


def downgrade() -> None:
    raise RuntimeError("it says who has ended, and is not removed")
