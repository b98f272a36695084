"""An append may name streams that were only seen (see `runtime.store_schema`)."""

from runtime.migrations import run_script
from runtime.store_schema import event_store_3

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    run_script(event_store_3("notify"))


def downgrade() -> None:
    """The function stays: it is no part of the record, and asked by nobody before."""
