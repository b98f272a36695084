"""The log's tree, its signing keys and its checkpoints (see `runtime.log_schema`).

Tables of record. A log that was begun before gets its tree and first checkpoint from the sequencer at its next start.
"""

from runtime.log_schema import log_tables_1
from runtime.migrations import run_script

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    run_script(log_tables_1("progress"))


def downgrade() -> None:
    raise RuntimeError("the record is not removed; drop the database if it was only a trial")
