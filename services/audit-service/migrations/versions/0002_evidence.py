"""Copies of all four logs, the frontier below which they are whole, and names for the timeline.

The copies are a table of record: what evidence was answered from may never change. The names are a read model, filled
from the plan log by the projection ``people``.
"""

from audit_service.adapters.tables import evidence_1
from runtime.migrations import run_script

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    run_script(evidence_1())


def downgrade() -> None:
    raise RuntimeError("the record is not removed; drop the database if it was only a trial")
