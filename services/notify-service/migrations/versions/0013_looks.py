"""Who looked at a student's record, for the parent's page.

Read model only: the projection ``looks`` fills it from the beginning of every log.
"""

from notify_service.adapters.tables import notify_tables_7
from runtime.migrations import run_script

revision, down_revision = "0013", "0012"


def upgrade() -> None:
    run_script(notify_tables_7())


def downgrade() -> None:
    run_script(["DROP TABLE notify_read.looks", "DROP TABLE notify_read.named"])
