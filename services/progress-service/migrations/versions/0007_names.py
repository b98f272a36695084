"""What a student is called, so that a progress report names the child it is about.

Read model only. Filled by rebuilding ``plans``; null means not rebuilt yet, and a report then has no name on it.
"""

from progress_service.adapters.tables import read_tables_3
from runtime.migrations import run_script

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    run_script(read_tables_3())


def downgrade() -> None:
    run_script(
        [
            "ALTER TABLE progress_read.students DROP COLUMN given_name, DROP COLUMN family_name, DROP COLUMN index"
        ]
    )
