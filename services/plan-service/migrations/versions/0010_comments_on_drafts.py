"""Comments on a draft: one more kind of working paper. Deleted with the draft, in the same transaction.

Existing rows stay as they are.
"""

from runtime.migrations import run_script

revision, down_revision = "0010", "0009"

_KINDS = """
    SET LOCAL lock_timeout = '5s';
    ALTER TABLE plan.working_papers DROP CONSTRAINT working_papers_kind_check;
    ALTER TABLE plan.working_papers ADD CONSTRAINT working_papers_kind_check CHECK (kind IN ({kinds}));
"""


def upgrade() -> None:
    run_script([_KINDS.format(kinds="'draft', 'correction', 'reopening', 'void', 'comment'")])


def downgrade() -> None:
    run_script(
        [
            "DELETE FROM plan.working_papers WHERE kind = 'comment'",
            _KINDS.format(kinds="'draft', 'correction', 'reopening', 'void'"),
        ]
    )
