"""The own log's tree, key and checkpoints, and what the cosigner keeps of all four logs.

Tables of record. What was logged before gets its tree and first checkpoint, and its cosignature, after the next start.
"""

from audit_service.adapters.cosigning_tables import cosigning_1
from runtime.log_schema import log_tables_1
from runtime.migrations import run_script

revision, down_revision = "0006", "0005"


def upgrade() -> None:
    run_script([*log_tables_1("audit"), *cosigning_1()])


def downgrade() -> None:
    raise RuntimeError("the record is not removed; drop the database if it was only a trial")
