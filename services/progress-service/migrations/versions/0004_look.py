"""What a decision is made on is read in one round trip."""

from runtime.migrations import run_script
from runtime.store_schema import event_store_2

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    run_script(event_store_2("progress"))


def downgrade() -> None:
    """The function stays: it is no part of the record, and asked by nobody before."""
