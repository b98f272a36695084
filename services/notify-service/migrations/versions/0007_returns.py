"""A mail that bounces finds its notice, and letters know the batch they were printed with.

``batch`` is null for letters that were posted alone.
"""

from notify_service.adapters.tables import notify_tables_3
from runtime.migrations import run_script

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    run_script(notify_tables_3())


def downgrade() -> None:
    run_script(["DROP FUNCTION notify.tenant_of_notice", "ALTER TABLE notify.outbox DROP COLUMN batch"])
