"""Say of each look for the parent's page of which log it is.

Whether a look says more is decided within its log, whose order is the same in every replay. Rows that are there have none:
`handrail projections rebuild looks` gives it to them; until then a day may have a line twice in the table, and once on the page.
"""

from notify_service.adapters.tables import notify_tables_8
from runtime.migrations import run_script

revision, down_revision = "0015", "0014"


def upgrade() -> None:
    run_script(notify_tables_8())


def downgrade() -> None:
    run_script(["ALTER TABLE notify_read.looks DROP COLUMN source"])
