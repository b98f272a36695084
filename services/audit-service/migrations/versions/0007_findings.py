"""Findings as they stand today, the students they were judged of, and what waits to be judged.

Read models all three: made anew from the copies of the logs by `handrail projections rebuild findings`.
"""

from audit_service.adapters.tables import findings_1
from runtime.migrations import run_script

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    run_script(findings_1())


def downgrade() -> None:
    run_script(
        [f"DROP TABLE audit_read.{name}" for name in ("finding_queue", "finding_students", "findings")]
    )
