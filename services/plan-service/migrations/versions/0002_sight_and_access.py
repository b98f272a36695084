"""The few facts by which sight is decided, and the way to find looks that wait to be recorded.

Sight is a read model: filled by the consumer ``sight`` from the first event on.
"""

from runtime.access import access_1
from runtime.migrations import run_script
from runtime.sight import TABLES, sight_1

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    run_script([*sight_1("plan"), *access_1("plan")])


def downgrade() -> None:
    run_script(["DROP VIEW plan.access_waiting", "DROP POLICY waiting ON plan.access"])
    run_script([f"DROP TABLE plan_read.{table}" for table in TABLES])
