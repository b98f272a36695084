"""What plans promise and which days are school days, as progress-service reads it from plan-service's events.

With the few facts by which sight is decided, and the way to find looks that wait to be recorded.
Read models only: filled by the consumers ``plans`` and ``sight`` from the first event on.
"""

from progress_service.adapters.tables import TABLES_1, read_tables_1
from runtime.access import access_1
from runtime.migrations import run_script
from runtime.sight import TABLES as SIGHT_TABLES
from runtime.sight import sight_1

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    run_script([*read_tables_1(), *sight_1("progress"), *access_1("progress")])


def downgrade() -> None:
    run_script(["DROP VIEW progress.access_waiting", "DROP POLICY waiting ON progress.access"])
    run_script([f"DROP TABLE progress_read.{table}" for table in (*TABLES_1, *SIGHT_TABLES)])
