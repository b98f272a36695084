"""A district's own wordings: which is in use from which day. What each says stands in its stream."""

from notify_service.adapters.tables import notify_tables_4
from runtime.migrations import run_script

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    run_script(notify_tables_4())


def downgrade() -> None:
    run_script(["DROP TABLE notify.templates"])
