"""A reopening and a void wait for their second person as a correction does: two more kinds of working paper.

Existing rows stay as they are.
"""

from runtime.migrations import run_script

revision, down_revision = "0009", "0008"

_KINDS = """
    SET LOCAL lock_timeout = '5s';
    ALTER TABLE plan.working_papers DROP CONSTRAINT working_papers_kind_check;
    ALTER TABLE plan.working_papers ADD CONSTRAINT working_papers_kind_check CHECK (kind IN ({kinds}));
"""


def upgrade() -> None:
    run_script([_KINDS.format(kinds="'draft', 'correction', 'reopening', 'void'")])


def downgrade() -> None:
    run_script(
        [
            "DELETE FROM plan.working_papers WHERE kind IN ('reopening', 'void')",
            _KINDS.format(kinds="'draft', 'correction'"),
        ]
    )
