"""The event store of audit-service: record, working and read tables, roles' rights, the append.

Events and the log are never removed, so there is no way down.
"""

from runtime.migrations import run_script
from runtime.store_schema import event_store_1

revision, down_revision = "0001", None


def upgrade() -> None:
    run_script(event_store_1("audit"))


def downgrade() -> None:
    raise RuntimeError("the record is not removed; drop the database if it was only a trial")
