"""What each saved version of a draft put another text in the place of, sealed: the base of a three-way merge.

Of versions saved before this there is none: who read one of those is told that the draft has changed, and reads it again.
"""

from runtime.migrations import run_script

revision, down_revision = "0013", "0012"


def upgrade() -> None:
    run_script(["ALTER TABLE plan.draft_changes ADD COLUMN before bytea"])


def downgrade() -> None:
    run_script(["ALTER TABLE plan.draft_changes DROP COLUMN before"])
