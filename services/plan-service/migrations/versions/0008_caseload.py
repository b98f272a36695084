"""What a draft lacked when it was last saved: codes, citations and places, no words. For lists of many drafts at once."""

from runtime.migrations import run_script

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    run_script(["ALTER TABLE plan.working_papers ADD COLUMN lacking jsonb"])


def downgrade() -> None:
    run_script(["ALTER TABLE plan.working_papers DROP COLUMN lacking"])
