"""For which school years the yearly booklets have been made owed. A year without a row is looked through."""

from notify_service.adapters.tables import notify_tables_5
from runtime.migrations import run_script

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    run_script(notify_tables_5())


def downgrade() -> None:
    run_script(["DROP TABLE notify.booklet_years"])
