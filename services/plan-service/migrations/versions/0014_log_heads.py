"""Let it be seen how many entries a log has, those that wait for their index included.

A destruction waits until all that was settled before it began is known. A view alone: no row changes.
"""

from runtime.log_schema import log_heads_1
from runtime.migrations import run_script

revision, down_revision = "0014", "0013"


def upgrade() -> None:
    run_script(log_heads_1("plan"))


def downgrade() -> None:
    run_script(["DROP VIEW plan.log_heads", "DROP POLICY view ON plan.unsequenced"])
